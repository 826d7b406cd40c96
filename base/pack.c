/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in a zstd frame (base/pack.h). */
#include "base/pack.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/textfile.h"

enum { LEVEL = 9, ROOM_FIRST = 64 << 10 };

struct text { char *data; size_t used, room; };

/* Appends a line and LF. False: no memory. */
static int append(struct text *t, const char *line)
{
    size_t length = strlen(line), need = t->used + length + 2;

    if (need > t->room) {
        size_t room = need > 2 * t->room ? need + ROOM_FIRST : 2 * t->room;
        char *more = realloc(t->data, room);

        if (!more)
            return 0;
        t->data = more;
        t->room = room;
    }
    memcpy(t->data + t->used, line, length);
    t->used += length;
    t->data[t->used++] = '\n';
    return 1;
}

/* *whole 0: the limit was passed. */
static enum status read_text(struct text *t, int *whole, const char *path, size_t limit_bytes, struct error *err)
{
    struct textfile *f;
    char *line;
    enum status st = textfile_open(&f, path, err);

    *whole = 1;
    if (st)
        return st;
    while (*whole && !(st = textfile_next(f, &line, err)) && line) {
        if (!append(t, line)) {
            st = error_no_memory(err);
            break;
        }
        *whole = t->used <= limit_bytes;
    }
    textfile_close(f);
    return st;
}

static enum status compress(struct packed *out, const struct text *t, struct error *err)
{
    size_t room = ZSTD_compressBound(t->used), bytes;
    void *data = malloc(room);

    if (!data)
        return error_no_memory(err);
    bytes = ZSTD_compress(data, room, t->data ? t->data : "", t->used, LEVEL);
    if (ZSTD_isError(bytes)) {
        free(data);
        return error_plain(err, STATUS_INTERNAL, "compressing: %s", ZSTD_getErrorName(bytes));
    }
    *out = (struct packed){ data, bytes };
    return STATUS_OK;
}

enum status pack_file(struct packed *out, const char *path, size_t limit_bytes, struct error *err)
{
    struct text t = { 0 };
    int whole;
    enum status st = read_text(&t, &whole, path, limit_bytes, err);

    *out = (struct packed){ 0 };
    if (!st && whole)
        st = compress(out, &t, err);
    free(t.data);
    return st;
}

enum status pack_text(char **out, size_t *bytes, const void *data, size_t data_bytes, size_t limit_bytes, struct error *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(data, data_bytes);
    char *text;
    size_t got;

    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > limit_bytes)
        return error_plain(err, STATUS_BAD_INPUT, "no packed text, or one of over %zu bytes", limit_bytes);
    if (!(text = malloc((size_t)size + 1)))
        return error_no_memory(err);
    got = ZSTD_decompress(text, (size_t)size, data, data_bytes);
    if (ZSTD_isError(got) || got != size) {
        free(text);
        return error_plain(err, STATUS_BAD_INPUT, "a packed text is damaged%s%s", ZSTD_isError(got) ? ": " : "",
                           ZSTD_isError(got) ? ZSTD_getErrorName(got) : "");
    }
    text[got] = '\0';
    *out = text;
    *bytes = got;
    return STATUS_OK;
}
