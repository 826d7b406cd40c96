/* SPDX-License-Identifier: Apache-2.0 */
/* Every dimension of every design by itself: bits of (seed, design, dimension). */
#include "sweep/sampler.h"

static int64_t count(const struct plan *plan) { return plan->points; }

static enum status at(int64_t *index, struct sampler *s, const struct plan *plan, int64_t i, struct error *err)
{
    (void)s;
    (void)err;
    for (int64_t d = 0; d < plan->dimensions_count; d++)
        index[d] = sample_below(sample_bits((uint64_t)plan->seed, (uint64_t)i, (uint64_t)d), plan->dimensions[d].count);
    return STATUS_OK;
}

const struct sampler_type sampler_random = { .name = "random", .summary = "independent, uniform", .sized = true, .count = count, .at = at };
