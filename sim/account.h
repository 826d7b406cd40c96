/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a closed form came to its time, line by line: what `llmsim explain` shows. A timing model writes as it computes, if
 * timing_context.account is set; all functions take NULL and then cost nothing. A model begins anew each time it evaluates a kernel, so
 * that what stands there belongs to the last evaluation. docs/explain.md
 *
 *   resources  what one step of the steady state asks of each resource (seconds; they overlap: their p-norm is step_s)
 *   parts      the launch from its start to the start of the next; they sum to timing.time_s (tested)
 */
#ifndef LLMSIM_SIM_ACCOUNT_H
#define LLMSIM_SIM_ACCOUNT_H

#include "sim/timing.h"

enum { ACCOUNT_RESOURCES_MAX = 16, ACCOUNT_PARTS_MAX = 32 };

struct account_line {
    const char *name;      /* static text: "shared-memory port", "fill and flush of later waves" */
    enum cause cause;
    double time_s;
};

struct account {
    const char *step_name; /* what a step is: "tile_k of one wave" */
    double step_s, steps;  /* of one step, joined; how many follow one another */
    int64_t resources_count, parts_count;
    struct account_line resources[ACCOUNT_RESOURCES_MAX], parts[ACCOUNT_PARTS_MAX];
};

void account_begin(struct account *a);
void account_resource(struct account *a, const char *name, enum cause cause, double time_s);
void account_step(struct account *a, const char *step_name, double step_s, double steps);
/** Lines of no time are left out; what finds no room is added to the last line. */
void account_part(struct account *a, const char *name, enum cause cause, double time_s);

#endif
