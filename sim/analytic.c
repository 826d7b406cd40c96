/* SPDX-License-Identifier: Apache-2.0 */
/* `analytic`: closed-form time of every kind of kernel: mapping first, then its model. docs/gemm.md, attention.md, streaming.md */
#include <string.h>

#include "sim/attention_model.h"
#include "sim/collective.h"
#include "sim/gemm_model.h"
#include "sim/stream_model.h"

const char *cause_name(enum cause cause)
{
    static const char *const names[CAUSES] = { "matrix", "vector", "shared", "l2", "dram", "link", "launch", "stall" };

    return (unsigned)cause < CAUSES ? names[cause] : "unknown";
}

const char *level_name(enum level level)
{
    static const char *const names[LEVELS] = { "register", "shared", "l2", "llc", "dram", "link" };

    return (unsigned)level < LEVELS ? names[level] : "unknown";
}

static enum status analytic_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    struct mapping map;
    double best_s = 0.0;
    enum status st;

    memset(out, 0, sizeof *out);
    if (k->kind == KERNEL_COLLECTIVE) {
        struct fabric fabric = fabric_of_context(ctx, k->collective.ranks);

        collective_timing(out, k, ctx->hw, &fabric, ctx->stack);
        return STATUS_OK;
    }
    if (k->kind == KERNEL_STREAM) {
        stream_time(out, k, ctx);
        return STATUS_OK;
    }
    if (k->kind == KERNEL_ATTENTION) {
        if ((st = mapping_choose(&map, k, ctx->hw, ctx->stack, ctx->choice, err)))
            return st;
        out->mapping = map;
        attention_time(out, k, ctx);
        return STATUS_OK;
    }
    bool best = ctx->choice == MAPPING_BEST;
    if ((st = mapping_choose_gemm(&map, best ? NULL : &best_s, k, ctx, err)))
        return st;
    gemm_mapping_time_s(out, &map.gemm, k, ctx);
    out->mapping = map;
    out->best_time_s = best ? out->time_s : best_s;
    return STATUS_OK;
}

const struct fidelity fidelity_analytic = {
    .name = "analytic",
    .summary = "closed form: tiles, waves, pipelines, shared bandwidths, sustained clock",
    .time = analytic_time,
};
