/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search over a catalogue: what the library picks, and what is fastest. docs/gemm.md, 6
 *
 * Every legal mapping first gets a bound, which no evaluation can come below (gemm_cost_bound_s). The one of the least bound is evaluated
 * first; of the others only those whose bound is not above what was found already. The result is that of evaluating all: the least, and of
 * equal ones the first in the catalogue. Both questions share the bounds and the times at boost clock.
 */
#include <math.h>
#include <string.h>

#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/gemm_model.h"
#include "sim/grouped.h"

/* A bound and a time are rounded on their own: of two that should be equal the bound may come out above by a few ulps. */
static const double rounding = 1e-9;

/* What a kernel must be written for to take these operands; NULL: nothing special. */
const char *gemm_operand_class(const struct gemm_kernel_shape *g)
{
    const struct unit_service *u = &g->service;

    if (u->dequantize)
        return "widened";
    if (u->scale_group > 0)
        return "block_scaled";
    if (u->compute_a && u->compute_a->bits == 8)
        return u->compute_a->family == FORMAT_FLOAT ? "fp8" : "int8";
    return NULL;
}

/* The part of the catalogue that a library has for these operands: kernels of their own where there are any, else the general ones. */
struct catalogue { const struct gemm_kernel *kernels; int64_t count; const char *instruction, *operands; bool profiled; };

static bool catalogue_has(const struct catalogue *c, const struct gemm_kernel *kernel)
{
    return strcmp(kernel->instruction, c->instruction) == 0 && strcmp(kernel->operands ? kernel->operands : "any", c->operands) == 0;
}

static struct catalogue catalogue_for(const struct stack *stack, const struct gemm_kernel_shape *g)
{
    struct catalogue c = { stack->gemm_kernels, stack->gemm_kernels_count, gemm_instruction(g->unit), gemm_operand_class(g), false };

    for (int64_t i = 0; c.operands && i < c.count; i++)
        if (catalogue_has(&c, &c.kernels[i])) {
            c.profiled = c.kernels[i].profiled;
            return c;
        }
    c.operands = "any";
    return c;
}

enum { CANDIDATES_MAX = STACK_TILES_MAX * STACK_SPLITS_MAX };

/* A legal kernel of the catalogue, unsplit. */
struct entry { struct gemm_mapping map; struct gemm_step step; };

struct candidate {
    int32_t entry, split;  /* of the catalogue's legal kernels; of the stack's factors */
    double bound_s;        /* no clock up to boost makes it faster, launch aside */
    double boost_s;        /* its time at boost clock, launch aside; NaN: not evaluated yet */
};

struct gemm_search {
    const struct kernel *k;
    const struct hardware *hw;
    const struct stack *stack;
    bool profiled;         /* the library has timed its kernels */
    const char *why;       /* the last kernel that is not legal: what binds */
    int64_t count;
    struct entry entries[STACK_TILES_MAX];
    struct candidate candidates[CANDIDATES_MAX];
};

static int64_t split_factor(const struct stack *stack, int64_t i) { return stack->split_k_count > 0 ? stack->split_k[i] : 1; }

/* The mapping of a candidate, and its cost. */
static void mapping_of(struct gemm_mapping *map, struct gemm_cost *cost, const struct gemm_search *s, const struct candidate *c)
{
    const char *why;

    *map = s->entries[c->entry].map;
    gemm_mapping_split(map, split_factor(s->stack, c->split), &s->k->gemm, s->hw, &why);
    if (cost)
        gemm_cost_of_step(cost, &s->entries[c->entry].step, map, s->k, s->hw, s->stack);
}

static void add_splits(struct gemm_search *s, int32_t at)
{
    struct gemm_mapping map = s->entries[at].map;
    int32_t splits = s->stack->split_k_count > 0 ? (int32_t)s->stack->split_k_count : 1;
    struct gemm_cost cost;

    for (int32_t j = 0; j < splits; j++) {
        if (!gemm_mapping_split(&map, split_factor(s->stack, j), &s->k->gemm, s->hw, &s->why))
            return; /* factors rise */
        gemm_cost_of_step(&cost, &s->entries[at].step, &map, s->k, s->hw, s->stack);
        s->candidates[s->count++] = (struct candidate){ at, j, gemm_cost_bound_s(&cost, &map, s->hw, s->stack, s->hw->clock.boost_hz), NAN };
    }
}

static void search_open(struct gemm_search *s, const struct kernel *k, const struct hardware *hw, const struct stack *stack)
{
    const struct catalogue catalogue = catalogue_for(stack, &k->gemm);
    int32_t entries = 0;

    s->k = k;
    s->hw = hw;
    s->stack = stack;
    s->profiled = catalogue.profiled;
    s->why = "no kernel for the unit's instruction";
    s->count = 0;
    for (int64_t i = 0; i < stack->gemm_kernels_count && entries < STACK_TILES_MAX; i++) {
        struct entry *e = &s->entries[entries];

        if (!catalogue_has(&catalogue, &stack->gemm_kernels[i]) || !gemm_mapping_legal(&e->map, &stack->gemm_kernels[i], 1, k, hw, &s->why))
            continue;
        gemm_step_of(&e->step, &e->map, k, hw);
        add_splits(s, entries++);
    }
}

/* What the library adds to its own model of a kernel: a constant for each wave and each split that it holds against the mapping. */
static double held_against_s(const struct gemm_mapping *map, const struct stack *stack, double hz)
{
    return stack->pick_block_cycles / hz * ceil(map->waves) + (map->split_k > 1 ? stack->pick_split_s : 0.0);
}

/* The library's estimate in seconds: its own model of the kernel at the highest clock, power unknown to it. docs/gemm.md, Eq. 7 */
static double library_s(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct timing_context *ctx)
{
    double hz = ctx->hw->clock.boost_hz;

    return gemm_cost_time_s(NULL, cost, map, ctx, hz) + held_against_s(map, ctx->stack, hz);
}

/* Who asks: the library by its own model, or the model in full. Gives INFINITY where it is above `limit_s` for sure. */
typedef double candidate_cost(struct gemm_search *s, struct candidate *c, const struct timing_context *ctx, double limit_s);

static double boost_s(struct gemm_search *s, struct candidate *c, const struct gemm_mapping *map, const struct gemm_cost *cost, const struct timing_context *ctx)
{
    if (isnan(c->boost_s))
        c->boost_s = gemm_cost_time_s(NULL, cost, map, ctx, s->hw->clock.boost_hz);
    return c->boost_s;
}

static double cost_to_library(struct gemm_search *s, struct candidate *c, const struct timing_context *ctx, double limit_s)
{
    struct gemm_mapping map;
    struct gemm_cost cost;

    (void)limit_s;
    mapping_of(&map, &cost, s, c);
    return boost_s(s, c, &map, &cost, ctx) + held_against_s(&map, s->stack, s->hw->clock.boost_hz);
}

static double cost_in_full(struct gemm_search *s, struct candidate *c, const struct timing_context *ctx, double limit_s)
{
    struct gemm_mapping map;
    struct gemm_cost cost;
    double least_s;

    mapping_of(&map, &cost, s, c);
    least_s = clock_highest_hz(ctx) == s->hw->clock.boost_hz ? boost_s(s, c, &map, &cost, ctx) : gemm_cost_time_s(NULL, &cost, &map, ctx, clock_highest_hz(ctx));
    if ((least_s + gemm_around_s(&map, ctx)) * (1.0 - rounding) > limit_s) /* slower already before the power cap */
        return INFINITY;
    return gemm_mapping_time_s(NULL, &map, s->k, ctx);
}

/* The cheapest candidate, first of equal ones; its cost. -1: there is none. */
static int64_t search_least(double *least, struct gemm_search *s, candidate_cost *cost_of, const struct timing_context *ctx)
{
    int64_t at = -1, first = 0;

    *least = INFINITY;
    for (int64_t i = 1; i < s->count; i++)
        if (s->candidates[i].bound_s < s->candidates[first].bound_s)
            first = i;
    for (int64_t n = -1; n < s->count; n++) {
        int64_t i = n < 0 ? first : n;
        double cost;

        if (n == first || i >= s->count || s->candidates[i].bound_s * (1.0 - rounding) > *least)
            continue;
        cost = cost_of(s, &s->candidates[i], ctx, *least);
        if (cost < *least || (cost == *least && at >= 0 && i < at)) {
            *least = cost;
            at = i;
        }
    }
    return at;
}

int64_t gemm_candidates(struct gemm_candidate *out, int64_t room, const struct kernel *k, const struct timing_context *ctx)
{
    struct timing_context quiet = *ctx;
    struct gemm_search s;

    quiet.account = NULL;
    search_open(&s, k, ctx->hw, ctx->stack);
    for (int64_t i = 0; i < s.count && i < room; i++) {
        struct gemm_cost cost;

        mapping_of(&out[i].mapping, &cost, &s, &s.candidates[i]);
        out[i].rule_cycles = library_s(&cost, &out[i].mapping, &quiet) * ctx->hw->clock.boost_hz;
        out[i].time_s = gemm_mapping_time_s(NULL, &out[i].mapping, k, &quiet);
    }
    return s.count;
}

bool gemm_choose(struct gemm_mapping *picked, double *best_s, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why)
{
    struct timing_context plain = { .hw = ctx->hw, .stack = ctx->stack, .choice = ctx->choice, .ranks = 1 }, quiet = *ctx;
    struct gemm_search s;
    double cost;

    quiet.account = NULL; /* the account is the picked mapping's */
    if (k->gemm.grouped) {
        struct gemm_mapping map;

        if (isinf(grouped_search(picked, k, &plain, by_library, why)))
            return false;
        if (best_s)
            *best_s = grouped_search(&map, k, &quiet, false, why);
        return true;
    }
    search_open(&s, k, ctx->hw, ctx->stack);
    int64_t at = search_least(&cost, &s, by_library && !s.profiled ? cost_to_library : cost_in_full, &plain);
    *why = s.why;
    if (at < 0)
        return false;
    mapping_of(picked, NULL, &s, &s.candidates[at]);
    if (best_s)
        search_least(best_s, &s, cost_in_full, &quiet);
    return true;
}
