/* SPDX-License-Identifier: Apache-2.0 */
/** Objectives: figures of a run that a search makes small (or large). */
#ifndef LLMSIM_SWEEP_OBJECTIVE_H
#define LLMSIM_SWEEP_OBJECTIVE_H

#include "base/yaml.h"
#include "sim/run.h"

struct objective {
    const char *name, *unit, *summary;
    bool most;                                    /* the larger the better */
    double (*value)(const struct result *r);
};

/** Sorted by name; ends with NULL. */
extern const struct objective *const objectives[];
/** By name; the nearest is told. */
enum status objective_find(const struct objective **out, const char *name, struct source_pos at, struct error *err);
/** As a figure of which less is better. */
double objective_cost(const struct objective *o, const struct result *r);

/** Is a (of `count` costs) nowhere worse than b and somewhere better? */
bool pareto_dominates(const double *a, const double *b, int64_t count);
/** Marks the designs that no other one beats by more than the factor 1 + within in every objective (0: the Pareto front). costs[n][count]. */
void pareto_near(bool *near, const double *costs, int64_t n, int64_t count, double within);

#endif
