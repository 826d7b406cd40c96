/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Inside costmodel/: the solver of fleet.h, in a module of its own (base/plugin.h): GLPK and the five libraries behind it cost a millisecond at the
 * start of every command. The module knows nothing of the rest of llmsim.
 */
#ifndef LLMSIM_COSTMODEL_FLEET_GLPK_H
#define LLMSIM_COSTMODEL_FLEET_GLPK_H

#include "costmodel/fleet.h"

enum { FLEET_GLPK_OPTIMAL = 0, FLEET_GLPK_INFEASIBLE = -1, FLEET_GLPK_UNSOLVED = -2, FLEET_GLPK_NO_MEMORY = -3 }; /* above 0: GLPK's own codes */

/** units[types], slices[types][buckets], filled where it returns FLEET_GLPK_OPTIMAL. The problem is one that fleet_solve() has checked. */
int llmsim_fleet_glpk(int64_t *units, int64_t *slices, const struct fleet_problem *p);
typedef int (*fleet_glpk_function)(int64_t *units, int64_t *slices, const struct fleet_problem *p);

/** Requests a second of one unit. */
static inline double rate_of(const struct fleet_problem *p, int64_t type, int64_t bucket)
{
    return p->max_rate[type * p->buckets_count + bucket];
}

#endif
