/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The difference of two runs, taken apart by phase and role and by cause. All in integer picoseconds, so that everything sums exactly:
 *
 *   time(B) - time(A) = sum over rows of (time_b - time_a) = sum over causes;  a row that one run lacks has time 0 there
 *   row: time_b - time_a = launches + each,   launches = (count_b - count_a) x mean time of A's launches (rounded), each = the rest
 *
 * docs/diff.md
 */
#ifndef LLMSIM_SIM_RUN_DIFF_H
#define LLMSIM_SIM_RUN_DIFF_H

#include "sim/run.h"

/** What one run has of a (phase, role), its notes together. */
struct diff_side {
    bool present;
    int64_t count, time_ps, parts_ps[CAUSES], roofline_time_ps;
    double flops, dram_bytes;
    const char *mapping, *note;      /* of the longest of its rows */
};

struct diff_row {
    enum phase phase;
    const char *role;
    struct diff_side a, b;
    int64_t difference_ps;           /* b - a */
    int64_t parts_ps[CAUSES];        /* of the difference: sum to it */
    int64_t launches_ps, each_ps;    /* of the difference: sum to it */
    enum cause cause;                /* largest part of the difference, by size */
};

struct run_diff {
    int64_t difference_ps, parts_ps[CAUSES]; /* whole run */
    int64_t launches_ps, each_ps;
    int64_t rows_count;
    struct diff_row *rows;           /* phases in order; in a phase by size of the difference, then in order of first appearance */
};

/** Rows point into the results. STATUS_BAD_INPUT: a sum overflows (a file that was edited). */
enum status run_diff(struct run_diff *out, const struct result *a, const struct result *b, struct arena *arena, struct error *err);

#endif
