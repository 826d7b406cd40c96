/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of single kernels share (validate/kinds.h). */
#include <stdio.h>
#include <string.h>

#include "sim/l2_reuse.h"
#include "validate/kinds.h"

int64_t harness_warm_bytes(enum harness_cache cache, int64_t copies, int64_t bytes, const struct hardware *hw)
{
    if (cache == HARNESS_WARM || cache == HARNESS_FRESH)
        return (double)bytes < l2_shared_capacity_bytes(&hw->l2) ? bytes : 0;
    if (cache == HARNESS_ROTATING) /* the collector cycles until copies exceed L2, or has no more */
        return bytes <= hw->l2.bytes / copies ? bytes : 0;
    return 0;
}

enum status row_context(struct timing_context *out, const struct row *row, const struct harness *harness, struct predictor *p, struct error *err)
{
    double share;
    enum status st;

    *out = (struct timing_context){ .ranks = 1, .burst = !harness->sustained, .repeats = harness->replays,
                                    .operand_activity = harness->operand_activity };
    if ((st = predictor_device(&out->hw, p, row_text(row, "device"), err)) || (st = predictor_stack(&out->stack, p, harness->stack, err)))
        return st;
    out->operand_activity = harness_activity(harness, out->hw);
    share = harness_clock_share(harness, out->hw->name);
    if (share > 0.0)
        out->clock_limit_hz = share * out->hw->clock.boost_hz;
    return STATUS_OK;
}

enum status watch_kernel(struct predictor *p, const struct kernel *k, const struct timing_context *ctx, double time_s, struct error *err)
{
    struct prediction_watch *w = p->watch;
    struct arena *arena = &p->arena;
    static const char *const names[KERNEL_KINDS] = { "gemm", "attention", "elementwise", "collective" };

    if (!w)
        return STATUS_OK;
    w->kernels++;
    w->kernels_s += time_s;
    if (w->kernels > 1 && time_s <= w->longest_s)
        return STATUS_OK;
    w->longest_s = time_s;
    w->kernel = *k;
    w->ctx = *ctx;
    w->kernel.count = 1;
    w->kernel.role = k->role ? arena_strdup(arena, k->role) : names[k->kind];
    w->kernel.note = k->note ? arena_strdup(arena, k->note) : "";
    if (!w->kernel.role || !w->kernel.note)
        return error_no_memory(err);
    if (k->kind == KERNEL_ATTENTION) {
        struct seq_group *groups = arena_array(arena, (size_t)k->attention.groups_count, sizeof *groups);

        if (!groups)
            return error_no_memory(err);
        memcpy(groups, k->attention.groups, (size_t)k->attention.groups_count * sizeof *groups);
        w->kernel.attention.groups = groups;
    }
    return STATUS_OK;
}

enum status predict_kernel(struct prediction *out, const struct kernel *k, const struct timing_context *ctx, struct predictor *p, struct error *err)
{
    struct timing t;
    enum status st = p->fidelity->time(&t, k, ctx, err);

    if (st)
        return st;
    if ((st = watch_kernel(p, k, ctx, t.time_s, err)))
        return st;
    out->value += t.time_s * 1e6;
    out->generation = ctx->hw->generation;
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
