/* SPDX-License-Identifier: Apache-2.0 */
/** Two's complement registers of up to 640 bits, for formats/dot*.c alone. Bits above the width repeat the sign. */
#ifndef LLMSIM_FORMATS_DOT_WIDE_H
#define LLMSIM_FORMATS_DOT_WIDE_H

#include "formats/dot.h"

struct wide {
    uint64_t limb[DOT_LIMBS];
};

/** acc += (negative ? -1 : 1) * value * 2^shift, modulo 2^640. */
void wide_add_shifted(struct wide *acc, uint64_t value, int shift, bool negative);
/** Wraps to `width` bits: the sign bit is repeated above. */
void wide_wrap(struct wide *acc, int width);
/** Bits below `width` in which two registers differ. */
int wide_distance(const struct wide *a, const struct wide *b, int width);
/** Value x 2^exponent as a double: nearest even, or with `odd` the truncation whose last bit is set if anything was cut (rounding
 *  that to a shorter format rounds once). */
double wide_to_double(const struct wide *v, int exponent, bool odd);
/** Register to the result: bits, width, value. */
void wide_result(struct dot_result *r, const struct wide *v, int width, int lsb_exponent);
/** The LUT unit (dot_lut.c). */
struct dot_result dot_run_lut(const struct dot_spec *spec, const uint32_t *a, const uint32_t *w, int64_t n);

#endif
