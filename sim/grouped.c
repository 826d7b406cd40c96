/* SPDX-License-Identifier: Apache-2.0 */
/* Grouped GEMM: tiles of experts, and which kernel the stack takes. See grouped.h. */
#include "sim/grouped.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/gemm_model.h"

double gemm_rows(const struct gemm_kernel_shape *g)
{
    return g->grouped ? (double)g->grouped->rows : (double)g->m * (double)g->batch;
}

int64_t gemm_row_tiles(const struct gemm_kernel_shape *g, int64_t tile_m)
{
    int64_t tiles = 0;

    if (!g->grouped)
        return ceil_div_i64(g->m, tile_m) * g->batch;
    for (int64_t i = 0; i < g->grouped->groups_count; i++)
        tiles += g->grouped->groups[i].count * ceil_div_i64(g->grouped->groups[i].rows, tile_m);
    return tiles;
}

static const char *instruction_of(const struct gemm_kernel_shape *g)
{
    return g->unit->instruction ? g->unit->instruction : "vector";
}

/* The catalogue for the unit's instruction: the stack's grouped kernels, else its plain ones. */
static const struct gemm_kernel *catalogue(int64_t *count, const struct stack *stack, const char *instruction)
{
    for (int64_t i = 0; i < stack->moe.kernels_count; i++)
        if (strcmp(stack->moe.kernels[i].instruction, instruction) == 0) {
            *count = stack->moe.kernels_count;
            return stack->moe.kernels;
        }
    *count = stack->gemm_kernels_count;
    return stack->gemm_kernels;
}

static bool is_tuned(const struct stack_moe *moe, const struct gemm_grouping *grouped)
{
    for (int64_t i = 0; i < moe->tuned_count; i++)
        if (moe->tuned[i].experts == grouped->experts && moe->tuned[i].inner == grouped->inner)
            return true;
    return false;
}

/* Name of the kernel that rule "tokens" takes; NULL: the fastest. */
static const char *named_kernel(const struct stack_moe *moe, const struct gemm_grouping *grouped)
{
    if (moe->pick_rule == NULL || strcmp(moe->pick_rule, "tokens") != 0 || is_tuned(moe, grouped))
        return NULL;
    return grouped->tokens <= grouped->experts ? moe->small : moe->large;
}

double grouped_search(struct gemm_mapping *out, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why)
{
    const struct stack_moe *moe = &ctx->stack->moe;
    const char *instruction = instruction_of(&k->gemm), *name = by_library ? named_kernel(moe, k->gemm.grouped) : NULL;
    double least = INFINITY;
    int64_t count;
    const struct gemm_kernel *kernels = catalogue(&count, ctx->stack, instruction);

    *why = "no kernel for the unit's instruction";
    for (int pass = 0; pass < 2 && isinf(least); pass++) /* a named kernel that does not fit this unit: the fastest */
        for (int64_t i = 0; i < count; i++) {
            struct gemm_mapping map;

            if ((name != NULL && pass == 0 && strcmp(name, kernels[i].name) != 0) || !gemm_mapping_legal(&map, &kernels[i], 1, k, ctx->hw, why))
                continue;
            double time_s = gemm_mapping_time_s(NULL, &map, k, ctx);
            if (time_s < least) {
                least = time_s;
                *out = map;
            }
        }
    return least;
}
