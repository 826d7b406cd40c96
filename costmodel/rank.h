/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Ranking of designs by one or several metrics, and those that no other beats in all of them. docs/rank.md
 *
 *   score(i) = prod_m (v_im / best_m)^(w_m / sum w),   best_m: the best value over all designs                               (Eq. 1)
 *
 * with v replaced by 1/v where more is better: 1 is best, and a metric's unit does not matter. A design that lacks a metric (NaN), or whose value
 * is not above zero where it would be divided, is left out of a ranking by it.
 */
#ifndef LLMSIM_COSTMODEL_RANK_H
#define LLMSIM_COSTMODEL_RANK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { RANK_METRICS_MAX = 8 };

struct rank_table {
    int64_t count, metrics;          /* designs; columns, 1..RANK_METRICS_MAX */
    const double *values;            /* [count][metrics] */
    bool higher_is_better[RANK_METRICS_MAX];
};

struct rank_place { int64_t design; double score; };

/** All ranked designs, best first; ties by place in the table. weights[metrics] >= 0, one at least > 0. In `arena`. */
enum status rank_by_weights(struct rank_place **out, int64_t *count, const struct rank_table *t, const double *weights, struct arena *arena, struct error *err);

/**
 * Designs that no other dominates (as good in all metrics and better in one), by the first metric, best first; of equal designs the first stays.
 * score: value of the first metric over its best.
 */
enum status rank_pareto(struct rank_place **out, int64_t *count, const struct rank_table *t, struct arena *arena, struct error *err);

#endif
