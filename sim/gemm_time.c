/* SPDX-License-Identifier: Apache-2.0 */
/* `analytic` time of a GEMM under one mapping: the cost at boost, the clock that holds the power cap, the cost at that clock. */
#include "sim/gemm_model.h"

#include <string.h>

#include "sim/account.h"
#include "sim/clock.h"
#include "sim/launch.h"

double gemm_around_s(const struct gemm_mapping *map, const struct timing_context *ctx)
{
    return launch_overhead_s(ctx, true) + map->kernel->gap_s;
}

static void fill_bytes(struct timing *out, const struct gemm_cost *cost, const struct gemm_mapping *map)
{
    double blocks_steps = (double)map->blocks * (double)map->k_steps;

    out->bytes[LEVEL_REGISTER] = cost->step.psum_bytes * blocks_steps;
    out->bytes[LEVEL_SHARED] = cost->step.shared_bytes * blocks_steps;
    out->bytes[LEVEL_L2] = cost->l2_read_bytes + cost->l2_write_bytes;
    out->bytes[LEVEL_DRAM] = cost->dram_read_bytes + cost->dram_write_bytes;
    out->psum_bytes = cost->step.psum_bytes * blocks_steps;
    out->table_bytes = cost->step.table_bytes * blocks_steps;
}

struct mapped { double *parts_s; const struct gemm_cost *cost; const struct gemm_mapping *map; const struct timing_context *ctx; double hz; };

/* Fills the parts too, which are those of the last clock asked for. */
static double launch_time_s(void *kernel, double hz)
{
    struct mapped *m = kernel;

    m->hz = hz;
    return gemm_cost_time_s(m->parts_s, m->cost, m->map, m->ctx, hz) + gemm_around_s(m->map, m->ctx);
}

double gemm_mapping_time_s(struct timing *out, const struct gemm_mapping *map, const struct kernel *k, const struct timing_context *ctx)
{
    struct gemm_cost cost;

    gemm_cost_of(&cost, map, k, ctx->hw, ctx->stack);
    return gemm_sustained_time_s(out, &cost, map, k, ctx);
}

double gemm_sustained_time_s(struct timing *out, const struct gemm_cost *cost, const struct gemm_mapping *map, const struct kernel *k,
                             const struct timing_context *ctx)
{
    struct timing local;
    struct mapped mapped = { .cost = cost, .map = map, .ctx = ctx };
    struct clock_load load = { .time_s = launch_time_s, .kernel = &mapped };

    if (!out)
        out = &local;
    memset(out, 0, sizeof *out);
    mapped.parts_s = out->parts_s;
    gemm_cost_events(&out->events, cost, map, k, ctx->hw);
    fill_bytes(out, cost, map);
    load.energy = dynamic_energy_of(&out->events, out->bytes, out->table_bytes, ctx->hw);
    out->clock_hz = clock_sustained_hz(ctx, clock_highest_hz(ctx), &load);
    if (mapped.hz != out->clock_hz)
        launch_time_s(&mapped, out->clock_hz);
    out->flops = k->flops;
    out->parts_s[CAUSE_LAUNCH] += map->kernel->gap_s;
    account_part(ctx->account, "launch: the engine around its plugin", CAUSE_LAUNCH, map->kernel->gap_s);
    launch_finish(out, ctx, true);
    return out->time_s;
}

void gemm_settle(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    struct timing_context unheard = *ctx;
    struct gemm_cost cost;
    double parts_s[CAUSES];
    struct mapped mapped = { .parts_s = parts_s, .cost = &cost, .map = &out->mapping.gemm, .ctx = &unheard };
    struct clock_load load = { dynamic_energy_of(&out->events, out->bytes, out->table_bytes, ctx->hw), launch_time_s, &mapped };

    unheard.account = NULL;
    gemm_cost_of(&cost, &out->mapping.gemm, k, ctx->hw, ctx->stack);
    clock_settle(out, ctx, &load);
}
