/* SPDX-License-Identifier: Apache-2.0 */
/** Whole texts in a zstd frame (RFC 8878), to be kept in a database. Traces shrink to about a tenth. */
#ifndef LLMSIM_BASE_PACK_H
#define LLMSIM_BASE_PACK_H

#include <stddef.h>

#include "base/error.h"

/** Bytes given by malloc(); free(data). data NULL: nothing. */
struct packed { void *data; size_t bytes; };

/** Text of a file (gzip and zstd are read as they are), lines ended by LF. A text over `limit_bytes` leaves *out empty and is no error. */
enum status pack_file(struct packed *out, const char *path, size_t limit_bytes, struct error *err);

/** The text back, NUL-terminated, by malloc(). STATUS_BAD_INPUT: no such frame, or a text over `limit_bytes`. */
enum status pack_text(char **out, size_t *bytes, const void *data, size_t data_bytes, size_t limit_bytes, struct error *err);

#endif
