/* SPDX-License-Identifier: Apache-2.0 */
/** JSON writer (RFC 8259). Text that is no UTF-8 becomes U+FFFD, and control characters, also C1, are escaped. */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

enum { DEPTH_MAX = sizeof ((struct json *)0)->first / sizeof(bool) };

static void put(struct json *j, const char *text)
{
    if (fputs(text, j->out) == EOF)
        j->failed = true;
}

static void put_character(struct json *j, uint32_t code, const unsigned char *p, size_t bytes)
{
    char escaped[8];

    if (code == '"' || code == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", (char)code);
    else if (code == '\n')
        strcpy(escaped, "\\n");
    else if (code == '\t')
        strcpy(escaped, "\\t");
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)code & 0xffff);
    else {
        if (fwrite(p, 1, bytes, j->out) != bytes)
            j->failed = true;
        return;
    }
    put(j, escaped);
}

static void put_string(struct json *j, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text);

    put(j, "\"");
    while (left > 0) {
        uint32_t code;
        size_t bytes = utf8_decode(&code, p, left);

        if (bytes > 0) {
            put_character(j, code, p, bytes);
        } else {
            bytes = 1;
            put(j, "\\ufffd");
        }
        p += bytes;
        left -= bytes;
    }
    put(j, "\"");
}

static void indent(struct json *j)
{
    if (j->compact)
        return;
    put(j, "\n");
    for (int i = 0; i < j->depth; i++)
        put(j, "  ");
}

/* Comma, line and key before a value. */
static void before_value(struct json *j, const char *key)
{
    if (j->depth > 0) {
        if (!j->first[j->depth - 1])
            put(j, ",");
        j->first[j->depth - 1] = false;
        indent(j);
    }
    if (key) {
        put_string(j, key);
        put(j, ": ");
    }
}

static void begin(struct json *j, const char *key, const char *bracket)
{
    if (j->depth >= DEPTH_MAX) {
        j->failed = true;
        return;
    }
    before_value(j, key);
    put(j, bracket);
    j->first[j->depth++] = true;
}

static void end(struct json *j, const char *bracket)
{
    if (j->depth == 0) {
        j->failed = true;
        return;
    }
    j->depth--;
    if (!j->first[j->depth])
        indent(j);
    put(j, bracket);
}

void json_open(struct json *j, FILE *out)
{
    *j = (struct json){ .out = out };
}

void json_open_compact(struct json *j, FILE *out)
{
    *j = (struct json){ .out = out, .compact = true };
}

void json_object_begin(struct json *j, const char *key)
{
    begin(j, key, "{");
}

void json_object_end(struct json *j)
{
    end(j, "}");
}

void json_array_begin(struct json *j, const char *key)
{
    begin(j, key, "[");
}

void json_array_end(struct json *j)
{
    end(j, "]");
}

void json_text(struct json *j, const char *key, const char *value)
{
    before_value(j, key);
    if (value)
        put_string(j, value);
    else
        put(j, "null");
}

void json_i64(struct json *j, const char *key, int64_t value)
{
    before_value(j, key);
    if (fprintf(j->out, "%" PRId64, value) < 0)
        j->failed = true;
}

void json_double(struct json *j, const char *key, double value)
{
    char text[NUM_TEXT_MAX];

    before_value(j, key);
    put(j, value - value == 0.0 ? num_format_double(text, value) : "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
    before_value(j, key);
    put(j, value ? "true" : "false");
}

void json_time_ps(struct json *j, const char *key, int64_t time_ps)
{
    char text[NUM_TEXT_MAX];

    before_value(j, key);
    put(j, num_format_ps(text, time_ps));
}

bool json_close(struct json *j)
{
    put(j, "\n");
    if (fflush(j->out) != 0 || ferror(j->out) || j->depth != 0)
        j->failed = true;
    return !j->failed;
}
