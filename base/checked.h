/* SPDX-License-Identifier: Apache-2.0 */
/** Overflow-checked arithmetic on sizes: true = ok, result stored; false = overflow, result untouched. */
#ifndef LLMSIM_BASE_CHECKED_H
#define LLMSIM_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add_i64(int64_t *out, int64_t a, int64_t b)
{
    int64_t r;

    if (__builtin_add_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

static inline bool checked_mul_i64(int64_t *out, int64_t a, int64_t b)
{
    int64_t r;

    if (__builtin_mul_overflow(a, b, &r))
        return false;
    *out = r;
    return true;
}

/** ceil(a / b) for a >= 0, b > 0. */
static inline int64_t ceil_div_i64(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

#endif
