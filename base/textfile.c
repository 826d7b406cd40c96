/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reading text line by line: raw bytes of a file or of memory, then gzip (RFC 1952) or zstd (RFC 8878) where the first
 * bytes say so, then lines. Each stage has a buffer of fixed size; the last one grows to the longest line allowed.
 */
#include "base/textfile.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 64 << 10, TEXT_FIRST = 128 << 10 };

enum coding { PLAIN, GZIP, ZSTANDARD };

struct textfile {
    char *name;
    FILE *in;                    /* NULL: from memory */
    const unsigned char *memory;
    size_t memory_left;

    unsigned char raw[RAW_BYTES];
    size_t raw_at, raw_used;
    bool raw_end;

    enum coding coding;
    z_stream zlib;
    ZSTD_DStream *zstd;
    bool open_frame;             /* compressed data began and has not ended */

    char *text;                  /* decoded: text[at .. used) is not yet returned, text[at .. scanned) has no newline */
    size_t at, scanned, used, room;
    bool end;
    int line;
};

/* Reads on when the raw buffer is used up. */
static enum status fill_raw(struct textfile *f, struct error *err)
{
    if (f->raw_at < f->raw_used || f->raw_end)
        return STATUS_OK;
    f->raw_at = 0;
    if (f->in) {
        errno = 0;
        f->raw_used = fread(f->raw, 1, RAW_BYTES, f->in);
        if (f->raw_used < RAW_BYTES && ferror(f->in))
            return error_plain(err, errno == EISDIR ? STATUS_BAD_INPUT : STATUS_INTERNAL,
                               "%s: cannot read: %m, expected a readable file", f->name);
    } else {
        f->raw_used = f->memory_left < RAW_BYTES ? f->memory_left : RAW_BYTES;
        if (f->raw_used > 0)
            memcpy(f->raw, f->memory, f->raw_used);
        f->memory += f->raw_used;
        f->memory_left -= f->raw_used;
    }
    f->raw_end = f->raw_used == 0;
    return STATUS_OK;
}

static enum status damaged(const struct textfile *f, const char *kind, const char *why, struct error *err)
{
    return error_plain(err, STATUS_BAD_INPUT, "%s: damaged %s data after line %d: %s, expected a complete archive", f->name,
                       kind, f->line, why ? why : "invalid");
}

/* The three decoders: from raw to text[used .. room). `end` is set when there is no more. */

static void decode_plain(struct textfile *f)
{
    size_t n = f->raw_used - f->raw_at, left = f->room - f->used;

    if (n > left)
        n = left;
    memcpy(f->text + f->used, f->raw + f->raw_at, n);
    f->used += n;
    f->raw_at += n;
    f->end = f->raw_end;
}

static enum status decode_gzip(struct textfile *f, struct error *err)
{
    size_t before;
    int result;

    if (f->raw_end) {
        f->end = true;
        return f->open_frame ? damaged(f, "gzip", "cut short", err) : STATUS_OK;
    }
    if (!f->open_frame && inflateReset(&f->zlib) != Z_OK) /* the next member */
        return error_no_memory(err);
    before = f->raw_used - f->raw_at;
    f->zlib.next_in = f->raw + f->raw_at;
    f->zlib.avail_in = (uInt)before;
    f->zlib.next_out = (unsigned char *)f->text + f->used;
    f->zlib.avail_out = (uInt)(f->room - f->used);
    result = inflate(&f->zlib, Z_NO_FLUSH);
    f->raw_at += before - f->zlib.avail_in;
    f->used = f->room - f->zlib.avail_out;
    if (result == Z_MEM_ERROR)
        return error_no_memory(err);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return damaged(f, "gzip", f->zlib.msg, err);
    f->open_frame = result != Z_STREAM_END;
    return STATUS_OK;
}

static enum status decode_zstd(struct textfile *f, struct error *err)
{
    ZSTD_inBuffer in = { f->raw, f->raw_used, f->raw_at };
    ZSTD_outBuffer out = { f->text, f->room, f->used };
    size_t result, before = f->used;

    /* without input the decoder may still hold text that did not fit */
    if (f->raw_end && !f->open_frame) {
        f->end = true;
        return STATUS_OK;
    }
    result = ZSTD_decompressStream(f->zstd, &out, &in);
    if (ZSTD_isError(result))
        return damaged(f, "zstd", ZSTD_getErrorName(result), err);
    f->open_frame = result != 0;
    f->raw_at = in.pos;
    f->used = out.pos;
    if (f->raw_end && f->open_frame && f->used == before && f->used < f->room)
        return damaged(f, "zstd", "cut short", err);
    return STATUS_OK;
}

static enum status decode(struct textfile *f, struct error *err)
{
    enum status st = fill_raw(f, err);

    if (st)
        return st;
    switch (f->coding) {
    case GZIP:      return decode_gzip(f, err);
    case ZSTANDARD: return decode_zstd(f, err);
    default:        decode_plain(f); return STATUS_OK;
    }
}

/* Tells the coding by the first bytes. */
static enum status detect(struct textfile *f, struct error *err)
{
    static const unsigned char gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
    enum status st = fill_raw(f, err);

    if (st)
        return st;
    if (f->raw_used >= sizeof gzip && memcmp(f->raw, gzip, sizeof gzip) == 0) {
        if (inflateInit2(&f->zlib, 15 + 16) != Z_OK) /* 16: gzip framing */
            return error_no_memory(err);
        f->coding = GZIP;
    } else if (f->raw_used >= sizeof zstd && memcmp(f->raw, zstd, sizeof zstd) == 0) {
        f->zstd = ZSTD_createDStream();
        if (!f->zstd)
            return error_no_memory(err);
        f->coding = ZSTANDARD;
    }
    return STATUS_OK;
}

static enum status start(struct textfile **out, struct textfile *f, const char *name, struct error *err)
{
    enum status st;

    f->name = strdup(name);
    f->text = malloc(TEXT_FIRST);
    f->room = TEXT_FIRST;
    st = f->name && f->text ? detect(f, err) : error_no_memory(err);
    if (st) {
        textfile_close(f);
        return st;
    }
    *out = f;
    return STATUS_OK;
}

enum status textfile_open(struct textfile **out, const char *path, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct textfile *f = calloc(1, sizeof *f);

    if (!f)
        return error_no_memory(err);
    f->in = standard ? stdin : fopen(path, "rb");
    if (!f->in) {
        enum status st = error_plain(err, STATUS_BAD_INPUT, "%s: cannot open: %m, expected a readable file", path);

        free(f);
        return st;
    }
    return start(out, f, standard ? "standard input" : path, err);
}

enum status textfile_open_memory(struct textfile **out, const char *name, const void *data, size_t bytes, struct error *err)
{
    struct textfile *f = calloc(1, sizeof *f);

    if (!f)
        return error_no_memory(err);
    f->memory = data;
    f->memory_left = bytes;
    return start(out, f, name, err);
}

/* Room for more text: moves what is pending to the front, then grows. The line may take TEXTFILE_LINE_MAX and CR LF. */
static enum status make_room(struct textfile *f, struct error *err)
{
    char *grown;

    if (f->at > 0) {
        memmove(f->text, f->text + f->at, f->used - f->at);
        f->used -= f->at;
        f->scanned -= f->at;
        f->at = 0;
    }
    if (f->used < f->room)
        return STATUS_OK;
    grown = realloc(f->text, 2 * f->room);
    if (!grown)
        return error_no_memory(err);
    f->text = grown;
    f->room *= 2;
    return STATUS_OK;
}

/* Ends the line text[at .. stop) and checks it. */
static enum status take_line(struct textfile *f, char **line, size_t stop, struct error *err)
{
    size_t bytes = stop - f->at;
    const char *nul;

    *line = f->text + f->at;
    if (bytes > 0 && (*line)[bytes - 1] == '\r')
        bytes--;
    if (bytes > TEXTFILE_LINE_MAX)
        return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ f->name, f->line, 1 },
                         "a line of more than %d bytes, expected a shorter one", TEXTFILE_LINE_MAX);
    nul = memchr(*line, '\0', bytes);
    if (nul)
        return error_set(err, STATUS_BAD_INPUT,
                         (struct source_pos){ f->name, f->line, (int)(nul - *line) + 1 }, "a NUL byte, expected text");
    (*line)[bytes] = '\0';
    return STATUS_OK;
}

enum status textfile_next(struct textfile *f, char **line, struct error *err)
{
    enum status st;
    char *newline;
    size_t stop;

    while (!(newline = memchr(f->text + f->scanned, '\n', f->used - f->scanned))) {
        f->scanned = f->used;
        if (f->end || f->used - f->at > TEXTFILE_LINE_MAX + 1)
            break;
        /* one byte is kept free for the end of a last line without newline */
        if (f->used + 1 >= f->room && (st = make_room(f, err)))
            return st;
        if ((st = decode(f, err)))
            return st;
    }
    if (!newline && f->at == f->used) {
        *line = NULL;
        return STATUS_OK;
    }
    if (f->line < INT_MAX)
        f->line++;
    if (!newline && f->used == f->room && (st = make_room(f, err)))
        return st;
    stop = newline ? (size_t)(newline - f->text) : f->used;
    st = take_line(f, line, stop, err);
    f->at = f->scanned = newline ? stop + 1 : stop;
    return st;
}

struct source_pos textfile_pos(const struct textfile *f)
{
    return (struct source_pos){ f->name, f->line, 1 };
}

void textfile_close(struct textfile *f)
{
    if (!f)
        return;
    if (f->in && f->in != stdin)
        fclose(f->in);
    if (f->coding == GZIP)
        inflateEnd(&f->zlib);
    ZSTD_freeDStream(f->zstd);
    free(f->text);
    free(f->name);
    free(f);
}
