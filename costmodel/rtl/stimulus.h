/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Input vectors of a unit and the outputs they must give, for co-simulation: first every pair of codes of the two operands where they have
 * at most 16 bits together (in one lane, from a cleared accumulator; the other lanes random), then random operands without end: a quarter
 * corner values (zeros, subnormals, largest, NaN, infinity), exponents near one another half of the time, and negated repeats that cancel.
 */
#ifndef LLMSIM_COSTMODEL_RTL_STIMULUS_H
#define LLMSIM_COSTMODEL_RTL_STIMULUS_H

#include "costmodel/rtl/rtl.h"

enum { STIMULUS_GROUPS_MAX = 4, STIMULUS_LATENCY_MAX = 4 };

struct expected {
    bool valid;
    uint64_t out[RTL_WORDS];
};

/** Zero but for `spec` and `seed` to begin with; the counters may be read at any time. About 600 KiB. */
struct stimulus {
    const struct rtl_spec *spec;
    uint64_t seed;
    int64_t vectors, random, checks, pairs, mismatches; /* cycles driven, those after the pairs, outputs compared, pairs of codes done, failures */
    uint64_t want[RTL_WORDS], got[RTL_WORDS];   /* of the first mismatch */
    /* private */
    struct rtl_cycle cycles[RTL_CYCLES_MAX];
    int at, count, groups;
    bool in_pairs;
    uint32_t a[STIMULUS_GROUPS_MAX * RTL_LANES_MAX], w[STIMULUS_GROUPS_MAX * RTL_LANES_MAX];
    struct expected queue[STIMULUS_LATENCY_MAX];
};

/** Pairs of codes that are driven in full; 0: operands too wide for that. */
int64_t stimulus_pairs(const struct rtl_spec *spec);
/** The next cycle's inputs. */
void stimulus_drive(struct stimulus *s, uint64_t in[RTL_WORDS], bool *clear);
/** The outputs after that cycle's clock edge (combinational units: after settling); false: not what they should be. */
bool stimulus_check(struct stimulus *s, const uint64_t out[RTL_WORDS]);

#endif
