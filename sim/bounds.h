/* SPDX-License-Identifier: Apache-2.0 */
/** Bounds as words, for closed forms: at_least(x, 1) reads better in an equation than a conditional. */
#ifndef LLMSIM_SIM_BOUNDS_H
#define LLMSIM_SIM_BOUNDS_H

#include <stdint.h>

static inline double at_least(double x, double low) { return x > low ? x : low; }
static inline double at_most(double x, double high) { return x < high ? x : high; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/** Share of a memory's queues that is filled when it is busy for a share of the time, both 0 to 1: requests wait in proportion to busy / (1 - busy), as in any
 * queue with random arrivals, until the queues are full, taken at 95 % [A]. Half-busy memory answers nearly as an idle one does. docs/gemm.md, 2 */
static inline double queue_filled(double busy)
{
    const double full = 0.95;

    return busy >= full ? 1.0 : busy / (1.0 - busy) * (1.0 - full) / full;
}

#endif
