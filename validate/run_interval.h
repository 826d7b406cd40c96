/* SPDX-License-Identifier: Apache-2.0 */
/** Error bars of a whole run and of the ratio of two, from those of its kernels. docs/intervals.md, Eq. 3 and 4 */
#ifndef LLMSIM_VALIDATE_RUN_INTERVAL_H
#define LLMSIM_VALIDATE_RUN_INTERVAL_H

#include "sim/run.h"
#include "validate/interval.h"

/** 80 % intervals in picoseconds. known is false where some kernel's kind has no residuals at all: then the others are 0. */
struct run_interval {
    bool known;
    int64_t time_low_ps, time_high_ps, ttft_low_ps, ttft_high_ps, tpot_low_ps, tpot_high_ps;
    bool own_generation;           /* every kind has residuals of this generation; else they are other generations', spread */
};

/** `generation` of the hardware that ran it. TTFT and TPOT get the relative intervals of their phases (prefill, decode). */
void run_interval(struct run_interval *out, const struct residual_library *lib, const char *generation, const struct result *r);

/** 80 % interval of time(b) / time(a). Errors of one kind and one pair of formats are shared between two runs of one
 *  generation and cancel where both spend alike; int4's and fp8's kernels share nothing. */
bool run_ratio_interval(double *low, double *high, const struct residual_library *lib, const char *generation_a, const struct result *a,
                        const char *generation_b, const struct result *b);

#endif
