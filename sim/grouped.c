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

/* The part of a catalogue for an instruction and a class of operands: kernels of their own where there are any, else the general ones. */
struct catalogue { const struct gemm_kernel *kernels; int64_t count; const char *instruction, *operands; };

static bool in_catalogue(const struct catalogue *c, const struct gemm_kernel *kernel)
{
    return gemm_kernel_is_for(kernel, c->instruction, c->operands);
}

static bool offers(const struct catalogue *c)
{
    for (int64_t i = 0; i < c->count; i++)
        if (in_catalogue(c, &c->kernels[i]))
            return true;
    return false;
}

/* The stack's grouped kernels, else its plain ones. */
static struct catalogue catalogue_of(const struct stack *stack, const struct gemm_kernel_shape *g)
{
    const char *own = gemm_operand_class(g);
    struct catalogue c = { stack->moe.kernels, stack->moe.kernels_count, gemm_instruction(g->unit), own ? own : "any" };

    if (own && !offers(&c))
        c.operands = "any";
    if (!offers(&c)) {
        c.kernels = stack->gemm_kernels;
        c.count = stack->gemm_kernels_count;
    }
    return c;
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

/* The shape that a library was tuned on: as many rows, evenly over all experts of the device. */
static struct kernel tuned_shape(struct gemm_grouping *even, struct gemm_group *group, const struct kernel *k)
{
    const struct gemm_grouping *g = k->gemm.grouped;
    struct kernel out = *k;

    *group = (struct gemm_group){ g->experts < g->rows ? g->experts : g->rows, 0 };
    group->rows = ceil_div_i64(g->rows, group->count);
    *even = *g;
    even->groups = group;
    even->groups_count = 1;
    even->rows = group->rows * group->count;
    out.gemm.grouped = even;
    out.gemm.batch = group->count;
    out.gemm.m = group->rows;
    out.gemm.b_bytes = k->gemm.b_bytes / k->gemm.batch * group->count;
    return out;
}

double grouped_search(struct gemm_mapping *out, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why)
{
    const struct stack_moe *moe = &ctx->stack->moe;
    const struct catalogue c = catalogue_of(ctx->stack, &k->gemm);
    const char *name = by_library ? named_kernel(moe, k->gemm.grouped) : NULL;
    const struct gemm_kernel *picked = NULL;
    double least = INFINITY;
    struct gemm_grouping even;
    struct gemm_group group;
    struct kernel shape = by_library ? tuned_shape(&even, &group, k) : *k;
    struct gemm_mapping map;

    *why = "no kernel for the unit's instruction";
    for (int pass = 0; pass < 2 && picked == NULL; pass++) /* a named kernel that does not fit this unit: the fastest */
        for (int64_t i = 0; i < c.count; i++) {
            if (!in_catalogue(&c, &c.kernels[i]) || !gemm_kernel_takes(&c.kernels[i], &shape.gemm) || (name != NULL && pass == 0 && strcmp(name, c.kernels[i].name) != 0) ||
                !gemm_mapping_legal(&map, &c.kernels[i], 1, &shape, ctx->hw, why))
                continue;
            double time_s = gemm_mapping_time_s(NULL, &map, &shape, ctx);
            if (time_s < least) {
                least = time_s;
                picked = &c.kernels[i];
            }
        }
    if (picked == NULL || !gemm_mapping_legal(out, picked, 1, k, ctx->hw, why))
        return INFINITY;
    return by_library ? gemm_mapping_time_s(NULL, out, k, ctx) : least;
}
