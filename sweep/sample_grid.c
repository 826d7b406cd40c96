/* SPDX-License-Identifier: Apache-2.0 */
/* All combinations; the last dimension changes fastest. */
#include "sweep/sampler.h"

static enum status at(int64_t *index, struct sampler *s, const struct plan *plan, int64_t i, struct error *err)
{
    (void)s;
    (void)err;
    for (int64_t d = plan->dimensions_count; d-- > 0; i /= plan->dimensions[d].count)
        index[d] = i % plan->dimensions[d].count;
    return STATUS_OK;
}

const struct sampler_type sampler_grid = { .name = "grid", .summary = "all combinations", .count = plan_grid, .at = at };
