/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writing a text file whole or not at all: to a temporary name beside the target, then fsync and rename.
 *
 * A target that is no regular file (a device, a pipe) is written directly, for it must not be replaced; a symbolic link is
 * followed. gzip is written without name and time, so that the same text gives the same bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/clocale.h"
#include "base/textfile.h"

enum { PACKED_BYTES = 64 << 10, ATTEMPTS = 1000, ZSTD_LEVEL = 9, GZIP_LEVEL = 9 };

enum coding { PLAIN, GZIP, ZSTANDARD };

struct outfile {
    char *path, *temporary; /* temporary: NULL when written directly */
    FILE *out;
    enum coding coding;
    z_stream zlib;
    ZSTD_CStream *zstd;
    int failure;            /* errno of the first failure, or 0 */
    unsigned char packed[PACKED_BYTES];
};

static void release(struct outfile *f)
{
    if (f->coding == GZIP)
        deflateEnd(&f->zlib);
    ZSTD_freeCStream(f->zstd);
    free(f->temporary);
    free(f->path);
    free(f);
}

static void fail(struct outfile *f, int number)
{
    if (!f->failure)
        f->failure = number ? number : EIO;
}

static void put(struct outfile *f, const void *data, size_t bytes)
{
    errno = 0;
    if (!f->failure && bytes > 0 && fwrite(data, 1, bytes, f->out) != bytes)
        fail(f, errno);
}

static void put_gzip(struct outfile *f, const unsigned char *data, size_t bytes, bool last)
{
    do { /* avail_in is narrower than size_t */
        size_t part = bytes < (1u << 30) ? bytes : 1u << 30;

        f->zlib.next_in = (unsigned char *)data;
        f->zlib.avail_in = (uInt)part;
        data += part;
        bytes -= part;
        do {
            f->zlib.next_out = f->packed;
            f->zlib.avail_out = PACKED_BYTES;
            if (deflate(&f->zlib, last && bytes == 0 ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
                fail(f, EINVAL);
            put(f, f->packed, PACKED_BYTES - f->zlib.avail_out);
        } while (!f->failure && f->zlib.avail_out == 0);
    } while (!f->failure && bytes > 0);
}

static void put_zstd(struct outfile *f, const void *data, size_t bytes, bool last)
{
    ZSTD_inBuffer in = { data, bytes, 0 };
    size_t left;

    do {
        ZSTD_outBuffer out = { f->packed, PACKED_BYTES, 0 };

        left = ZSTD_compressStream2(f->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) {
            fail(f, ENOMEM);
            return;
        }
        put(f, f->packed, out.pos);
    } while (!f->failure && (last ? left != 0 : in.pos < in.size));
}

void outfile_write(struct outfile *f, const void *data, size_t bytes)
{
    if (bytes == 0 || f->failure)
        return;
    switch (f->coding) {
    case GZIP:      put_gzip(f, data, bytes, false); break;
    case ZSTANDARD: put_zstd(f, data, bytes, false); break;
    default:        put(f, data, bytes); break;
    }
}

enum status outfile_ready(const char *path, const char *const *inputs, int64_t count, struct error *err)
{
    struct outfile *out;
    struct stat there, input;
    enum status st;

    if (stat(path, &there) == 0) {
        if (!S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
            return STATUS_OK;
        for (int64_t i = 0; i < count; i++)
            if (stat(inputs[i], &input) == 0 && input.st_dev == there.st_dev && input.st_ino == there.st_ino)
                return error_plain(err, STATUS_BAD_INPUT, "%s: is read by this command, expected another name to write to", path);
    }
    if (strcmp(path, "-") == 0)
        return STATUS_OK;
    if (!(st = outfile_open(&out, path, err)))
        outfile_abandon(out);
    return st;
}

void outfile_printf(struct outfile *f, const char *format, ...)
{
    struct clocale locale = clocale_enter();
    char small[512], *text = small;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length >= (int)sizeof small && (text = malloc((size_t)length + 1))) {
        va_start(args, format);
        vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    clocale_leave(locale);
    if (length < 0 || !text)
        fail(f, length < 0 ? EINVAL : ENOMEM);
    else
        outfile_write(f, text, (size_t)length);
    if (text != small)
        free(text);
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);

    return n > m && strcmp(text + n - m, tail) == 0;
}

/* Opens PATH.tmp-PID-N, the first N that is free. */
static FILE *open_temporary(struct outfile *f, mode_t mode)
{
    size_t room = strlen(f->path) + 40;
    int fd = -1;
    FILE *out;

    f->temporary = malloc(room);
    if (!f->temporary) {
        errno = ENOMEM;
        return NULL;
    }
    for (int i = 0; fd < 0 && i < ATTEMPTS; i++) {
        snprintf(f->temporary, room, "%s.tmp-%ld-%d", f->path, (long)getpid(), i);
        fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!out) {
        int number = errno;

        if (fd >= 0) {
            close(fd);
            unlink(f->temporary);
        }
        free(f->temporary);
        f->temporary = NULL;
        errno = number;
    }
    return out;
}

static FILE *open_target(struct outfile *f)
{
    struct stat now;
    bool exists = stat(f->path, &now) == 0;
    char *target;

    if (exists && S_ISDIR(now.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    if (exists && !S_ISREG(now.st_mode))
        return fopen(f->path, "wb");
    if (exists && (target = realpath(f->path, NULL))) {
        free(f->path);
        f->path = target;
    }
    return open_temporary(f, exists ? now.st_mode & 0777 : 0666);
}

/* Chooses the coding by the name; false without memory. */
static bool open_coder(struct outfile *f, const char *path)
{
    if (ends_with(path, ".gz")) {
        if (deflateInit2(&f->zlib, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            return false;
        f->coding = GZIP;
    } else if (ends_with(path, ".zst")) {
        f->zstd = ZSTD_createCStream();
        if (!f->zstd)
            return false;
        f->coding = ZSTANDARD;
        ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
    }
    return true;
}

enum status outfile_open(struct outfile **out, const char *path, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct outfile *f = calloc(1, sizeof *f);
    enum status st;

    if (!f)
        return error_no_memory(err);
    f->path = strdup(standard ? "standard output" : path);
    if (!f->path || (!standard && !open_coder(f, path))) {
        release(f);
        return error_no_memory(err);
    }
    f->out = standard ? stdout : open_target(f);
    if (!f->out) {
        st = errno == ENOMEM ? error_no_memory(err)
                             : error_plain(err, STATUS_BAD_INPUT, "%s: cannot write: %m, expected a writable place", path);
        release(f);
        return st;
    }
    *out = f;
    return STATUS_OK;
}

/* Ends the stream; its failure counts. */
static void finish(struct outfile *f)
{
    if (!f->failure && f->coding == GZIP)
        put_gzip(f, (const unsigned char *)"", 0, true);
    if (!f->failure && f->coding == ZSTANDARD)
        put_zstd(f, "", 0, true);
    errno = 0;
    if (fflush(f->out) != 0)
        fail(f, errno);
    if (f->temporary && !f->failure && fsync(fileno(f->out)) != 0)
        fail(f, errno);
    if (f->out != stdout && fclose(f->out) != 0)
        fail(f, errno);
}

enum status outfile_commit(struct outfile *f, struct error *err)
{
    enum status st = STATUS_OK;

    finish(f);
    if (!f->failure && f->temporary && rename(f->temporary, f->path) != 0)
        fail(f, errno);
    if (f->failure) {
        if (f->temporary)
            unlink(f->temporary);
        errno = f->failure;
        st = error_plain(err, STATUS_INTERNAL, "%s: cannot write: %m, expected room and a writable place", f->path);
    }
    release(f);
    return st;
}

void outfile_abandon(struct outfile *f)
{
    if (!f)
        return;
    if (f->out != stdout)
        fclose(f->out);
    if (f->temporary)
        unlink(f->temporary);
    release(f);
}
