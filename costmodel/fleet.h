/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Cheapest mix of GPU types for a stream of requests of many sizes, as an integer programme (GLPK). docs/fleet.md
 *
 *   minimise  sum_g y_g c_g                                         y_g >= 0 integer: devices (or groups of devices) of type g
 *   with      sum_g n_bg = slices                     for each b    n_bg >= 0 integer: slices of bucket b that go to g
 *             sum_b n_bg (r_b / slices) / M_bg <= y_g for each g    r_b: requests a second of bucket b; M_bg: most of them a second on one g (Eq. 2)
 *
 * Slices of one bucket are alike, so that their number stands for the binaries x_{s,g} of the source: the same programme, without its symmetry.
 * Source: Griggs et al., "Melange: Cost Efficient LLM Serving by Exploiting GPU Heterogeneity", arXiv 2404.14527, section 5.
 */
#ifndef LLMSIM_COSTMODEL_FLEET_H
#define LLMSIM_COSTMODEL_FLEET_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { FLEET_TYPES_MAX = 32, FLEET_BUCKETS_MAX = 1024, FLEET_SLICES_MAX = 1000 };

struct fleet_bucket {
    int64_t in_tokens, out_tokens;  /* size that stands for the bucket */
    double requests_per_s;
};

struct fleet_type {
    const char *name;
    double usd_per_hour;            /* of one unit: all devices of a group together; > 0 */
    int64_t most;                   /* units to be had; < 0: any number */
};

struct fleet_problem {
    int64_t types_count, buckets_count, slices; /* slices 1..FLEET_SLICES_MAX of each bucket */
    const struct fleet_type *types;
    const struct fleet_bucket *buckets;
    const double *max_rate;         /* [types][buckets], requests a second of one unit; 0: it cannot serve the bucket */
};

struct fleet_plan {
    double usd_per_hour;
    int64_t *units;                 /* [types] */
    double *share;                  /* [types][buckets]: of the bucket's requests */
    double *load;                   /* [types]: of its units together, 0..1 */
};

/** Optimal. Arrays in `arena`. STATUS_INFEASIBLE: a bucket that no type can serve (named), or too few units. STATUS_INTERNAL: the solver failed. */
enum status fleet_solve(struct fleet_plan *out, const struct fleet_problem *p, struct arena *arena, struct error *err);

/** The same with one type only: STATUS_INFEASIBLE where it cannot serve some bucket. */
enum status fleet_solve_single(struct fleet_plan *out, const struct fleet_problem *p, int64_t type, struct arena *arena, struct error *err);

#endif
