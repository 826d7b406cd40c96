/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a line and records of key=value. See trace_line.h. */
#include "workloads/trace_line.h"

#include <stdbool.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"

enum { FIELDS_MAX = 32 };

static enum status split(struct line *out, char *line, struct error *err)
{
    char *p = line;

    out->count = 0;
    for (;;) {
        while (*p == ' ' || *p == '\t')
            *p++ = '\0';
        out->columns = (int)(p - line) + 1;
        if (*p == '\0' || *p == '#')
            return STATUS_OK;
        if (out->count == LINE_WORDS_MAX)
            return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ out->at.file, out->at.line, out->columns },
                             "more than %d words in a line", LINE_WORDS_MAX);
        out->column[out->count] = out->columns;
        out->words[out->count++] = p;
        for (; *p != '\0' && *p != ' ' && *p != '\t'; p++)
            if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
                return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ out->at.file, out->at.line, (int)(p - line) + 1 },
                                 "byte 0x%02x, expected printable ASCII text", (unsigned char)*p);
    }
}

enum status line_next(struct line *out, struct textfile *f, struct error *err)
{
    char *text;
    enum status st;

    do {
        if ((st = textfile_next(f, &text, err)))
            return st;
        out->at = textfile_pos(f);
        out->at.column = 1;
        out->count = 0;
        out->columns = 1;
        if (text == NULL)
            return STATUS_OK;
        if ((st = split(out, text, err)))
            return st;
    } while (out->count == 0);
    out->at.column = out->column[0];
    return STATUS_OK;
}

struct source_pos line_pos(const struct line *l, int i)
{
    struct source_pos at = l->at;

    at.column = i < l->count ? l->column[i] : l->columns;
    return at;
}

enum status line_i64(int64_t *out, const struct line *l, int i, const char *text, int64_t min, int64_t max, const char *what,
                     struct error *err)
{
    int64_t value = 0;
    bool ok = *text != '\0';

    for (const char *p = text; ok && *p != '\0'; p++)
        ok = *p >= '0' && *p <= '9' && !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, *p - '0', &value);
    if (!ok || value < min || value > max)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "%s is '%s', expected an integer from %lld to %lld", what, text,
                         (long long)min, (long long)max);
    *out = value;
    return STATUS_OK;
}

static size_t word_count(const char *const *words)
{
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    return n;
}

/* "; nearest is 'x'" in pieces that are empty when there is none. */
#define NEAREST(n) (n) ? "; nearest is '" : "", (n) ? (n) : "", (n) ? "'" : ""

static enum status set_word(char *target, const struct field *f, const struct line *l, int i, const char *text, struct error *err)
{
    size_t n = word_count(f->words);

    for (size_t w = 0; w < n; w++)
        if (strcmp(f->words[w], text) == 0) {
            int index = (int)w;

            if (f->type == FIELD_ENUM)
                memcpy(target, &index, sizeof index);
            else
                memcpy(target, &f->words[w], sizeof f->words[w]);
            return STATUS_OK;
        }
    const char *near = nearest_name(text, f->words, n);
    return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "%s is '%s', expected %s%s%s%s%s%s", f->key, text, f->words[0],
                     n > 1 ? ", " : "", n > 1 ? "..." : "", NEAREST(near));
}

static enum status set_field(void *record, const struct field *f, const struct line *l, int i, const char *text, struct error *err)
{
    char *target = (char *)record + f->offset;
    enum status st = STATUS_OK;
    int64_t integer;
    double number;

    if (f->type == FIELD_FLAG) {
        if (text != NULL)
            return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "%s has a value, expected the bare word '%s'", f->key, f->key);
        memcpy(target, &(bool){ true }, sizeof(bool));
        return STATUS_OK;
    }
    if (text == NULL)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "'%s' without a value, expected %s=...", f->key, f->key);
    switch (f->type) {
    case FIELD_I64:
        if ((st = line_i64(&integer, l, i, text, f->minimum, f->maximum, f->key, err)) == STATUS_OK)
            memcpy(target, &integer, sizeof integer);
        return st;
    case FIELD_DOUBLE:
        if (num_parse_double(&number, text) || number < 0 || number > 1e6)
            return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "%s is '%s', expected a number from 0 to 1e6", f->key, text);
        memcpy(target, &number, sizeof number);
        return STATUS_OK;
    default:
        return set_word(target, f, l, i, text, err);
    }
}

static void set_defaults(void *record, const struct field *fields)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        char *target = (char *)record + f->offset;
        int index = (int)f->value;

        switch (f->type) {
        case FIELD_I64: memcpy(target, &f->value, sizeof f->value); break;
        case FIELD_DOUBLE: memcpy(target, &(double){ 0 }, sizeof(double)); break;
        case FIELD_FLAG: memcpy(target, &(bool){ false }, sizeof(bool)); break;
        case FIELD_ENUM: memcpy(target, &index, sizeof index); break;
        case FIELD_WORD: memcpy(target, &(const char *){ NULL }, sizeof(const char *)); break;
        }
    }
}

static enum status unknown_key(const struct field *fields, const struct line *l, int i, const char *key, const char *what, struct error *err)
{
    const char *keys[FIELDS_MAX], *near;
    size_t n = 0;

    for (; fields[n].key != NULL && n < FIELDS_MAX; n++)
        keys[n] = fields[n].key;
    near = nearest_name(key, keys, n);
    return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "unknown key '%s' of %s%s%s%s", key, what, NEAREST(near));
}

enum status line_fields(void *record, const struct field *fields, const struct line *l, int first, const char *what, struct error *err)
{
    unsigned seen = 0;
    enum status st;
    int f;

    set_defaults(record, fields);
    for (int i = first; i < l->count; i++) {
        char *value = strchr(l->words[i], '=');

        if (value != NULL)
            *value++ = '\0';
        for (f = 0; fields[f].key != NULL && strcmp(fields[f].key, l->words[i]) != 0; f++)
            ;
        if (fields[f].key == NULL)
            return unknown_key(fields, l, i, l->words[i], what, err);
        if (seen & 1u << f)
            return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "key '%s' of %s given twice", fields[f].key, what);
        seen |= 1u << f;
        if ((st = set_field(record, &fields[f], l, i, value, err)))
            return st;
    }
    for (f = 0; fields[f].key != NULL; f++)
        if (fields[f].required && !(seen & 1u << f))
            return error_set(err, STATUS_BAD_INPUT, line_pos(l, l->count), "%s without '%s', expected %s=...", what, fields[f].key,
                             fields[f].key);
    return STATUS_OK;
}
