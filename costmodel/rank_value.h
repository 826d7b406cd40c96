/* SPDX-License-Identifier: Apache-2.0 */
/** Inside costmodel/: values of a rank_table as less-is-better. */
#ifndef LLMSIM_COSTMODEL_RANK_VALUE_H
#define LLMSIM_COSTMODEL_RANK_VALUE_H

#include <math.h>

#include "costmodel/rank.h"

/** Value of which less is better; NaN: the design lacks it. */
static inline double rank_value(const struct rank_table *t, int64_t design, int64_t metric)
{
    double v = t->values[design * t->metrics + metric];

    if (!isfinite(v) || v < 0 || (t->higher_is_better[metric] && !(v > 0)))
        return NAN;
    return t->higher_is_better[metric] ? 1 / v : v;
}

#endif
