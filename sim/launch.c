/* SPDX-License-Identifier: Apache-2.0 */
/* Launch overheads of a kernel, and closing of a breakdown (sim/launch.h). */
#include "sim/launch.h"

double launch_overhead_s(const struct timing_context *ctx, bool large_program)
{
    const struct arch_launch *launch = &ctx->hw->launch;
    double s = launch->drain_s;

    if (ctx->stack->launch_mode == LAUNCH_GRAPH)
        s += launch->graph_gap_s;
    else if (ctx->stack->launch_mode == LAUNCH_EAGER)
        s += launch->stream_gap_s;
    if (!ctx->stack->dependent_launch || ctx->stack->launch_mode == LAUNCH_KERNEL_ONLY)
        s += launch->block_launch_s;
    if (large_program && !ctx->burst)
        s += launch->cold_program_s;
    return s;
}

void launch_finish(struct timing *out, const struct timing_context *ctx, bool large_program)
{
    double total = 0.0, host = ctx->stack->launch_mode == LAUNCH_EAGER ? ctx->stack->host_launch_s : 0.0;

    out->parts_s[CAUSE_LAUNCH] += launch_overhead_s(ctx, large_program);
    for (int i = 0; i < CAUSES; i++)
        total += out->parts_s[i];
    if (total < host) {
        out->parts_s[CAUSE_LAUNCH] += host - total;
        total = 0.0;
        for (int i = 0; i < CAUSES; i++)
            total += out->parts_s[i];
    }
    out->time_s = total;
    out->bound = CAUSE_MATRIX;
    for (int i = 1; i < CAUSES; i++)
        if (out->parts_s[i] > out->parts_s[out->bound])
            out->bound = (enum cause)i;
    out->simulated_fraction = 1.0;
}
