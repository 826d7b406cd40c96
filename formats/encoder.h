/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rounding of many values to one format, prepared once: for codes of at most 8 bits, nearest even and saturating, a search among the
 * thresholds between neighbouring levels, each threshold placed by format_encode() itself, so that the codes are the same. Else format_encode().
 */
#ifndef LLMSIM_FORMATS_ENCODER_H
#define LLMSIM_FORMATS_ENCODER_H

#include "formats/codec.h"

enum { ENCODER_LEVELS = 256 };

struct encoder {
    const struct format *format; /* borrowed */
    struct encode_rule rule;
    int steps;                   /* halvings of the search; 0: no table */
    bool magnitude;              /* floats: search |value|, then set the sign */
    uint32_t sign, nan;
    double threshold[ENCODER_LEVELS]; /* from the i-th on the code is code[i + 1] */
    uint32_t code[ENCODER_LEVELS];
};

void encoder_init(struct encoder *e, const struct format *f, const struct encode_rule *rule);

static inline uint32_t encoder_code(const struct encoder *e, double value, uint64_t counter)
{
    double v = e->magnitude && value < 0 ? -value : value;
    int at = 0;

    if (e->steps == 0)
        return format_encode(e->format, value, &e->rule, counter);
    if (value != value)
        return e->nan;
    for (int step = 1 << (e->steps - 1); step > 0; step >>= 1)
        at += e->threshold[at + step - 1] <= v ? step : 0;
    return e->code[at] | (e->magnitude && __builtin_signbit(value) && (e->code[at] != 0 || e->format->specials != SPECIALS_FNUZ) ? e->sign : 0);
}

#endif
