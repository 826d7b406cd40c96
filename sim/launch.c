/* SPDX-License-Identifier: Apache-2.0 */
/* Launch overheads of a kernel, and closing of a breakdown (sim/launch.h). */
#include "sim/launch.h"

#include "sim/account.h"

static double gap_s(const struct timing_context *ctx)
{
    const struct arch_launch *launch = &ctx->hw->launch;

    return ctx->stack->launch_mode == LAUNCH_GRAPH ? launch->graph_gap_s + ctx->stack->node_gap_s : ctx->stack->launch_mode == LAUNCH_EAGER ? launch->stream_gap_s : 0.0;
}

/* A small program (few registers, one line of instructions, no shared memory to set up) starts sooner. Between nodes of a graph the gap
 * holds its start: a kernel of one block takes 1.3 us in all, which gap, drain and one memory round trip add up to (gpu-benches, H200 and A100).
 * Alone, by a profiler, such kernels take 1 to 2 us on A40, H100 and A100. */
static const double small_program_ramp = 0.5; /* share of the ramp: [F] those floors, 0.3 to 0.7 */

static double ramp_s(const struct timing_context *ctx, bool large_program)
{
    double ramp = ctx->hw->launch.block_launch_s;

    if (!large_program)
        ramp *= ctx->stack->launch_mode == LAUNCH_GRAPH ? 0.0 : small_program_ramp;
    return !ctx->stack->dependent_launch || ctx->stack->launch_mode == LAUNCH_KERNEL_ONLY ? ramp : 0.0;
}

static double cold_program_s(const struct timing_context *ctx, bool large_program)
{
    return large_program && !ctx->burst ? ctx->hw->launch.cold_program_s : 0.0;
}

double launch_overhead_s(const struct timing_context *ctx, bool large_program)
{
    return ctx->hw->launch.drain_s + gap_s(ctx) + ramp_s(ctx, large_program) + cold_program_s(ctx, large_program);
}

static void account_launch(const struct timing_context *ctx, bool large_program)
{
    account_part(ctx->account, "launch: gap before the kernel", CAUSE_LAUNCH, gap_s(ctx));
    account_part(ctx->account, "launch: first block starts", CAUSE_LAUNCH, ramp_s(ctx, large_program));
    account_part(ctx->account, "launch: program fetched", CAUSE_LAUNCH, cold_program_s(ctx, large_program));
    account_part(ctx->account, "launch: drain", CAUSE_LAUNCH, ctx->hw->launch.drain_s);
}

void launch_finish(struct timing *out, const struct timing_context *ctx, bool large_program)
{
    double total = 0.0;

    out->parts_s[CAUSE_LAUNCH] += launch_overhead_s(ctx, large_program);
    account_launch(ctx, large_program);
    for (int i = 0; i < CAUSES; i++)
        total += out->parts_s[i];
    out->time_s = total;
    out->bound = CAUSE_MATRIX;
    for (int i = 1; i < CAUSES; i++)
        if (out->parts_s[i] > out->parts_s[out->bound])
            out->bound = (enum cause)i;
    out->simulated_fraction = 1.0;
}
