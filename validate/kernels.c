/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of single kernels share (validate/kinds.h). */
#include <stdio.h>
#include <string.h>

#include "sim/l2_reuse.h"
#include "validate/kinds.h"

int64_t harness_warm_bytes(enum harness_cache cache, int64_t copies, int64_t bytes, const struct hardware *hw)
{
    if (cache == HARNESS_WARM)
        return (double)bytes < l2_shared_capacity_bytes(&hw->l2) ? bytes : 0;
    if (cache == HARNESS_ROTATING) /* the collector cycles until copies exceed L2, or has no more */
        return bytes <= hw->l2.bytes / copies ? bytes : 0;
    return 0;
}

enum status row_context(struct timing_context *out, const struct row *row, const struct harness *harness, struct predictor *p, struct error *err)
{
    double share;
    enum status st;

    *out = (struct timing_context){ .ranks = 1, .burst = !harness->sustained };
    if ((st = predictor_device(&out->hw, p, row_text(row, "device"), err)) || (st = predictor_stack(&out->stack, p, harness->stack, err)))
        return st;
    share = harness_clock_share(harness, out->hw->name);
    if (share > 0.0)
        out->clock_limit_hz = share * out->hw->clock.boost_hz;
    return STATUS_OK;
}

enum status predict_kernel(struct prediction *out, const struct kernel *k, const struct timing_context *ctx, struct predictor *p, struct error *err)
{
    struct timing t;
    enum status st = p->fidelity->time(&t, k, ctx, err);

    if (st)
        return st;
    out->value += t.time_s * 1e6;
    if (t.time_s > out->timing.time_s) {
        out->timing = t;
        out->bound = cause_name(t.bound);
        out->simulated_fraction = t.simulated_fraction;
        out->mapping[0] = '\0';
        if (k->kind == KERNEL_GEMM || k->kind == KERNEL_ATTENTION)
            mapping_format(out->mapping, sizeof out->mapping, &t.mapping);
    }
    return STATUS_OK;
}
