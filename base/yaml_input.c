/* SPDX-License-Identifier: Apache-2.0 */
/** What comes before libyaml: the bytes of the file, its lines, and characters that must not be there. */
#include "base/yaml_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

size_t yaml_line_break(const char *p, const char *end)
{
    size_t left = (size_t)(end - p);

    if (left == 0)
        return 0;
    if (*p == '\r')
        return left > 1 && p[1] == '\n' ? 2 : 1;
    if (*p == '\n')
        return 1;
    if (left >= 2 && memcmp(p, "\xc2\x85", 2) == 0)
        return 2;
    if (left >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        return 3;
    return 0;
}

enum status yaml_check_bytes(const char *file, const char *text, const char *text_end, struct error *err)
{
    const unsigned char *p = (const unsigned char *)text, *end = (const unsigned char *)text_end;
    struct source_pos at = { file, 1, 1 };

    while (p < end) {
        uint32_t code = 0;
        size_t bytes = utf8_decode(&code, p, (size_t)(end - p));

        if (bytes == 0)
            return error_set(err, STATUS_BAD_INPUT, at, "byte 0x%02x is no UTF-8, expected UTF-8 text", *p);
        if ((code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7f ||
            (code >= 0x80 && code < 0xa0 && code != 0x85) || code == 0xfffe || code == 0xffff)
            return error_set(err, STATUS_BAD_INPUT, at, "%s U+%04X, expected printable text",
                             code == 0 ? "a NUL byte" : "control character", (unsigned)code);
        p += bytes;
        if (yaml_line_break((const char *)p - bytes, text_end) && !(code == '\r' && p < end && *p == '\n')) {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
    }
    return STATUS_OK;
}

enum status yaml_slurp(char **data, size_t *bytes, const char *path, struct error *err)
{
    FILE *in = fopen(path, "rb");
    size_t room = 0, used = 0, got;
    char *buffer = NULL;
    enum status st = STATUS_OK;

    if (!in)
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot open: %m, expected a readable file", path);
    do {
        if (used == room) {
            size_t grown_room = room ? 2 * room : 16384;
            char *grown = realloc(buffer, grown_room);

            if (!grown) {
                st = error_no_memory(err);
                goto out;
            }
            buffer = grown;
            room = grown_room;
        }
        errno = 0;
        got = fread(buffer + used, 1, room - used, in);
        used += got;
    } while (got > 0 && used <= YAML_FILE_BYTES_MAX);
    if (ferror(in)) {
        st = error_plain(err, errno == EISDIR ? STATUS_BAD_INPUT : STATUS_INTERNAL,
                         "%s: cannot read: %m, expected a readable file", path);
        goto out;
    }
    *data = buffer;
    *bytes = used;
    buffer = NULL;
out:
    free(buffer);
    fclose(in);
    return st;
}
