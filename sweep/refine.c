/* SPDX-License-Identifier: Apache-2.0 */
/* Local refinement: one step along each dimension from every design of the Pareto front. */
#include <stdlib.h>
#include <string.h>

#include "sweep/sampler.h"

/* Front of the feasible ones; *front is the caller's to free. */
static enum status find_front(bool **front, const struct archive *seen, struct error *err)
{
    bool *on = calloc((size_t)seen->count + 1, sizeof *on);

    if (!on)
        return error_no_memory(err);
    for (int64_t i = 0; i < seen->count; i++) {
        on[i] = seen->feasible[i];
        for (int64_t j = 0; j < seen->count && on[i]; j++)
            on[i] = !(seen->feasible[j] && pareto_dominates(&seen->cost[j * seen->objectives], &seen->cost[i * seen->objectives], seen->objectives));
    }
    *front = on;
    return STATUS_OK;
}

enum status refine_propose(struct archive *next, const struct plan *plan, const struct archive *seen, struct error *err)
{
    int64_t design[PLAN_NAMES_MAX], dimensions = plan->dimensions_count;
    bool *front = NULL;
    enum status st = find_front(&front, seen, err);

    if (st)
        return st;
    for (int64_t i = 0; i < seen->count && !st; i++) {
        if (!front[i])
            continue;
        memcpy(design, &seen->index[i * dimensions], (size_t)dimensions * sizeof *design);
        for (int64_t d = 0; d < dimensions && !st; d++)
            for (int64_t step = -1; step <= 1 && !st; step += 2) {
                design[d] += step;
                if (design[d] >= 0 && design[d] < plan->dimensions[d].count && !archive_holds(seen, design) && !archive_holds(next, design))
                    st = archive_add(next, design, err);
                design[d] -= step;
            }
    }
    free(front);
    return st;
}
