/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writing of error messages: place, text, and no byte that could confuse a terminal or a log.
 *
 * Names and values from the user's files end up in messages, so control bytes (also the C1 controls of Unicode and bytes
 * that are no UTF-8) are shown as \xNN, and a cut never splits a character.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clocale.h"
#include "base/utf8.h"

enum { RAW_MAX = 2 * ERROR_MESSAGE_MAX };

/* Appends one character or its escape; false when it does not fit in `room` bytes. */
static bool append(char *out, size_t *used, size_t room, const unsigned char *in, size_t bytes, bool printable)
{
    size_t need = printable ? bytes : 4 * bytes;

    if (*used + need > room)
        return false;
    if (printable) {
        memcpy(out + *used, in, bytes);
    } else {
        for (size_t i = 0; i < bytes; i++)
            snprintf(out + *used + 4 * i, 5, "\\x%02x", in[i]);
    }
    *used += need;
    return true;
}

/* out[ERROR_MESSAGE_MAX] = escaped form of raw, ending in "..." when something was cut. */
static void escape(char *out, const char *raw, bool cut)
{
    static const char dots[] = "...";
    size_t room = ERROR_MESSAGE_MAX - sizeof dots, used = 0;
    const unsigned char *p = (const unsigned char *)raw;
    size_t left = strlen(raw);

    while (left > 0) {
        uint32_t code = 0;
        size_t bytes = utf8_decode(&code, p, left);
        bool printable = bytes > 0 && code >= 0x20 && !(code >= 0x7f && code < 0xa0);

        if (bytes == 0)
            bytes = 1;
        if (!append(out, &used, room, p, bytes, printable)) {
            cut = true;
            break;
        }
        p += bytes;
        left -= bytes;
    }
    memcpy(out + used, cut ? dots : "", cut ? sizeof dots : 1);
}

static void write_message(struct error *err, struct source_pos at, const char *format, va_list args)
{
    struct clocale locale = clocale_enter();
    char raw[RAW_MAX];
    int used = 0, more;

    if (at.file && at.line > 0)
        used = snprintf(raw, sizeof raw, "%s:%d:%d: ", at.file, at.line, at.column);
    else if (at.file)
        used = snprintf(raw, sizeof raw, "%s: ", at.file);
    if (used < 0 || used >= RAW_MAX)
        used = RAW_MAX - 1;
    more = vsnprintf(raw + used, sizeof raw - (size_t)used, format, args);
    if (more < 0) {
        raw[used] = '\0';
        more = 0;
    }
    escape(err->message, raw, (size_t)used + (size_t)more >= sizeof raw);
    clocale_leave(locale);
}

enum status error_set(struct error *err, enum status status, struct source_pos at, const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    err->status = status;
    va_start(args, format);
    write_message(err, at, format, args);
    va_end(args);
    return status;
}

enum status error_plain(struct error *err, enum status status, const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    err->status = status;
    va_start(args, format);
    write_message(err, (struct source_pos){ 0 }, format, args);
    va_end(args);
    return status;
}

enum status error_no_memory(struct error *err)
{
    return error_plain(err, STATUS_INTERNAL, "out of memory");
}
