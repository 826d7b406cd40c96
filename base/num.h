/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers as text, independent of the locale and of the host. */
#ifndef LLMSIM_BASE_NUM_H
#define LLMSIM_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

enum { NUM_TEXT_MAX = 32 };

/** Shortest decimal that reads back as the same double ("0.1", "1e-06", "2039000000000", "1e+21"). */
const char *num_format_double(char out[NUM_TEXT_MAX], double value);

/** Exact decimal seconds of integer picoseconds, trailing zeros cut: 1234567 -> "0.000001234567". */
const char *num_format_ps(char out[NUM_TEXT_MAX], int64_t time_ps);

/** Its inverse: decimal seconds, at most 12 decimals, as integer picoseconds, exactly; 0 = ok. */
int num_parse_ps(int64_t *out, const char *text);

/** Whole text as a double in the C locale; 0 = ok. Rejects empty, trailing bytes, NaN, infinity, hex. */
int num_parse_double(double *out, const char *text);

/** Bytes of the decimal number at the start of `text` ("-1.5e3 ms" -> 6), 0 where there is none. */
size_t num_decimal_length(const char *text);

/** Seconds to integer picoseconds, nearest, ties to even; negative, NaN or beyond 2^62 gives -1. */
int64_t num_ps(double seconds);

#endif
