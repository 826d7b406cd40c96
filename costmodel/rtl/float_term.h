/* SPDX-License-Identifier: Apache-2.0 */
/** Terms of a float addition: what part_add() takes. */
#ifndef LLMSIM_COSTMODEL_RTL_FLOAT_TERM_H
#define LLMSIM_COSTMODEL_RTL_FLOAT_TERM_H

#include "costmodel/rtl/parts.h"

struct float_term {
    int bits, exponent_bits; /* of significands and exponents */
};

/** Exponent of the unit that all values of a float are multiples of. */
int unit_exponent(const struct format *f);

/** Sizes for a term of `n` significand bits whose exponent wire reaches `most`, plus `k`, added to a number of f. */
struct float_term float_term(int n, int64_t most, int64_t k, const struct format *f);

/** P_g, P_x: wire `g` of n >= 2 bits brought to a leading one, its top bit weighing 2^(e + k + least normal exponent of f). */
void part_term(FILE *v, const char *p, const char *g, const char *e, int n, int eb, int64_t k, const struct float_term *t);

/** P_g, P_x from the decoded number D of format f. */
void part_aligned(FILE *v, const char *p, const char *d, const struct format *f, const struct float_term *t);

/** Register `acc` of format f, drives q, and its value as term c. */
void part_float_register(FILE *v, const struct format *f, const struct float_term *t);

#endif
