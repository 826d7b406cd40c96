/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Line by line reading of a text file that may be gzip or zstd compressed (told by content, not by name), in constant memory,
 * and atomic writing: to a temporary name beside the target, fsync, rename.
 */
#ifndef LLMSIM_BASE_TEXTFILE_H
#define LLMSIM_BASE_TEXTFILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct textfile; /* handle */

enum { TEXTFILE_LINE_MAX = 1 << 20 };

/** "-" is standard input. */
enum status textfile_open(struct textfile **out, const char *path, struct error *err);
/** From memory, for tests and fuzzing; `data` is borrowed. */
enum status textfile_open_memory(struct textfile **out, const char *name, const void *data, size_t bytes, struct error *err);
/** Next line without its newline (CR LF accepted), valid until the next call; *line = NULL at the end.
 *  Errors: read or decompression failure, truncated archive, a NUL byte, a line over TEXTFILE_LINE_MAX. */
enum status textfile_next(struct textfile *f, char **line, struct error *err);
/** Place of the line last returned (column 1). */
struct source_pos textfile_pos(const struct textfile *f);
void textfile_close(struct textfile *f);

struct outfile; /* handle */
/** Opens PATH's temporary; a name in .gz or .zst compresses. "-" is standard output (not atomic). */
enum status outfile_open(struct outfile **out, const char *path, struct error *err);
/** Whether PATH can be written, told before long work: a regular file is opened and let go, a device or pipe is left alone.
 *  `inputs` (count of them): files that the command reads; PATH may be none of them, whatever it is called. */
enum status outfile_ready(const char *path, const char *const *inputs, int64_t count, struct error *err);
/** printf; a failure is remembered and told by outfile_commit(). */
void outfile_printf(struct outfile *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void outfile_write(struct outfile *f, const void *data, size_t bytes);
/** Flush, fsync, rename; closes the handle whatever happens. On failure the target is untouched and the temporary gone. */
enum status outfile_commit(struct outfile *f, struct error *err);
/** Drops the temporary. NULL is allowed. */
void outfile_abandon(struct outfile *f);

#endif
