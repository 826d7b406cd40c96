/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search over a catalogue: what the library picks, and what is fastest. docs/gemm.md, 6
 *
 * Every legal mapping first gets a rough bound, which no evaluation can come below. They are taken up by bound: the least of all gets a closer one, or is
 * evaluated where it has the closest, until no bound is left below the least time found. Bounds are, each some five times as dear as the one before:
 * the busiest resource; resources joined in each step (gemm_cost_bound_s), each byte from memory once; the same with what its schedule reads again.
 * The result is that of evaluating all: the least, and of equal ones the first in the catalogue. Both questions share bounds and times at boost clock.
 */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/gemm_model.h"
#include "sim/grouped.h"
#include "sim/launch.h"

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
struct catalogue { const struct gemm_kernel *kernels; int64_t count; const char *instruction, *operands, *pick; };

bool gemm_kernel_is_for(const struct gemm_kernel *kernel, const char *instruction, const char *operands)
{
    return strcmp(kernel->instruction, instruction) == 0 && strcmp(kernel->operands ? kernel->operands : "any", operands) == 0;
}

static bool catalogue_has(const struct catalogue *c, const struct gemm_kernel *kernel) { return gemm_kernel_is_for(kernel, c->instruction, c->operands); }

static struct catalogue catalogue_for(const struct stack *stack, const struct gemm_kernel_shape *g)
{
    struct catalogue c = { stack->gemm_kernels, stack->gemm_kernels_count, gemm_instruction(g->unit), gemm_operand_class(g), NULL };

    for (int64_t i = 0; c.operands && i < c.count; i++)
        if (catalogue_has(&c, &c.kernels[i])) {
            c.pick = c.kernels[i].pick;
            return c;
        }
    c.operands = "any";
    return c;
}

enum { CANDIDATES_MAX = STACK_TILES_MAX * STACK_SPLITS_MAX };

/* A legal kernel of the catalogue, unsplit; what of a bound no split changes. Cycles. */
struct entry {
    struct gemm_mapping map;
    struct gemm_cost least;                   /* with the fewest bytes from memory and the fewest misses that a schedule has */
    double slots, hidden_by, efficiency;      /* blocks resident on the chip; blocks that hide one's start and flush; as gemm_mapping, 1 if unset */
    double sm_cycles, l2_cycles;              /* of a block's step: on its SM, on the chip's L2 */
    double wave_latency, round_latency;       /* of a step in each wave, by stages; of the bytes of one block on each SM, by bytes in flight */
    double chain_cycles;                      /* of a block's start and first loads */
    struct flush { double cycles, sm_cycles; } whole, part; /* results of a block, partial sums: at least; for each SM that writes at once */
};

enum bound { BOUND_ROUGH, BOUND_JOINED, BOUND_CLOSE };

struct candidate {
    int32_t entry, split;  /* of the catalogue's legal kernels; of the stack's factors */
    enum bound bound;      /* which one it has */
    double bound_s;        /* no clock up to boost makes it faster, launch aside */
    double boost_s;        /* its time at boost clock, launch aside; NaN: not evaluated yet */
};

struct gemm_search {
    const struct kernel *k;
    const struct hardware *hw;
    const struct stack *stack;
    const char *pick;      /* how the library picks one of this class: gemm_kernel.pick */
    const char *why;       /* the last kernel that is not legal: what binds */
    double dram_cycles, start_cycles; /* of every mapping at boost clock: bytes that must come and go; until the first ones are there */
    double dram_read_bytes, dram_write_bytes;
    double reduce_cycles, part_cycles; /* until a split's first sum; to write the partial sums of one part */
    int32_t count;
    int32_t heap[CANDIDATES_MAX]; /* of candidates by bound, the least at the top */
    struct entry entries[STACK_TILES_MAX];
    struct candidate candidates[CANDIDATES_MAX];
};

static int64_t split_factor(const struct stack *stack, int64_t i) { return stack->split_k_count > 0 ? stack->split_k[i] : 1; }

/* The busiest resource with perfect overlap, each byte from memory once, and what nothing hides: starts, results on their way out, sums of a split.
 * Called for every mapping there is: no more than a few dozen operations. */
static double rough_bound_s(const struct gemm_search *s, const struct entry *e, int64_t split)
{
    double blocks = (double)(e->map.blocks * split), steps = (double)ceil_div_i64(e->map.k_steps, split), sms = (double)s->hw->sm.count;
    double rounds = blocks / sms, waves = blocks / e->slots, active = at_most(blocks, sms), busy, cycles;
    const struct flush *f = split > 1 ? &e->part : &e->whole;
    double flush = at_least(f->cycles, active * f->sm_cycles);

    if (!e->map.stream_k) { /* the last wave is as long as a full one, if no SM holds more than one block of it */
        rounds = at_least(rounds, 1.0);
        waves = ceil(waves);
    }
    busy = at_least(at_least(rounds * steps * e->sm_cycles, blocks * steps * e->l2_cycles), s->dram_cycles);
    busy = at_least(busy, steps * at_least(waves * e->wave_latency, rounds * e->round_latency));
    cycles = busy / e->efficiency + waves * steps * s->hw->sm.barrier_cycles + s->start_cycles + flush;
    if (waves > 1.0)
        cycles += (waves - 1.0) * (e->chain_cycles + flush) / e->hidden_by;
    if (split > 1 || e->map.stream_k)
        cycles += s->reduce_cycles + (double)(split + 1) * s->part_cycles;
    return cycles / s->hw->clock.boost_hz;
}

static void add_splits(struct gemm_search *s, int32_t at)
{
    const struct entry *e = &s->entries[at];
    int32_t splits = s->stack->split_k_count > 0 ? (int32_t)s->stack->split_k_count : 1;

    for (int32_t j = 0; j < splits; j++) {
        int64_t split = split_factor(s->stack, j);

        if (!gemm_mapping_splits(&e->map, split, &s->why))
            return; /* factors rise */
        s->candidates[s->count++] = (struct candidate){ at, j, BOUND_ROUGH, rough_bound_s(s, e, split), NAN };
    }
}

/* What every mapping takes: operands that are not in L2 come from memory once, results beyond it go there. */
static void set_floor(struct gemm_search *s)
{
    const struct gemm_kernel_shape *g = &s->k->gemm;
    const struct warmth *warm = &s->k->warm;
    const struct arch_dram *dram = &s->hw->dram;
    const struct timing_context plain = { .hw = s->hw, .stack = s->stack };
    double hz = s->hw->clock.boost_hz;

    s->dram_read_bytes = at_least((double)g->a_bytes - (double)warm->a_bytes, 0.0) + at_least((double)g->b_bytes - (double)warm->b_bytes, 0.0)
                       + at_least((double)g->epilogue_read_bytes - (double)warm->other_bytes, 0.0);
    s->dram_write_bytes = at_least((double)g->out_bytes - l2_shared_capacity_bytes(&s->hw->l2), 0.0);
    s->dram_cycles = (s->dram_read_bytes / (dram->bandwidth_bytes_per_s * dram->read_efficiency * at_least(dram->tiled_efficiency, 0.01))
                      + s->dram_write_bytes / (dram->bandwidth_bytes_per_s * dram->write_efficiency)) * hz;
    s->start_cycles = s->hw->launch.block_cycles + g->service.fill_cycles + at_least(dram->loaded_latency_cycles, dram->latency_cycles);
    s->reduce_cycles = gemm_reduce_start_s(&plain, hz) * hz;
    s->part_cycles = gemm_rows(g) * (double)g->n * GEMM_SUM_BYTES / s->hw->l2.write_bytes_per_cycle;
}

/* Share of the loads of weights that miss: those not in L2 come from DRAM once, and from L2 when the next panel of rows reads them again. */
static double least_miss_share(const struct gemm_search *s, const struct gemm_mapping *map)
{
    double b = (double)s->k->gemm.b_bytes;

    return at_least(b - (double)s->k->warm.b_bytes, 0.0) / (b * (double)map->grid_m + 1.0);
}

static void set_flush(struct flush *f, struct gemm_cost *cost, const struct gemm_search *s, const struct gemm_mapping *map)
{
    const struct hardware *hw = s->hw;

    gemm_cost_epilogue(cost, map, s->k);
    f->cycles = at_least(at_least(cost->epilogue_vector_cycles, cost->drain_cycles), cost->epilogue_bytes / hw->sm.l2_read_bytes_per_cycle);
    if (hw->sm.epilogue_bytes_per_cycle > 0.0)
        f->cycles = at_least(f->cycles, cost->epilogue_bytes / hw->sm.epilogue_bytes_per_cycle);
    f->sm_cycles = cost->epilogue_bytes / hw->l2.write_bytes_per_cycle;
}

static void set_entry(struct entry *e, const struct gemm_search *s)
{
    const struct hardware *hw = s->hw;
    const struct gemm_step *step = &e->least.step;
    const struct gemm_mapping *map = &e->map;
    struct gemm_mapping split = *map;
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles), miss = least_miss_share(s, map), latency;

    e->least = (struct gemm_cost){ .dram_read_bytes = s->dram_read_bytes, .dram_write_bytes = s->dram_write_bytes, .fill_cycles = s->k->gemm.service.fill_cycles,
                                   .reuse = { .b_miss_share = miss } };
    gemm_step_of(&e->least.step, map, s->k, hw);
    e->slots = (double)hw->sm.count * (double)map->blocks_per_sm;
    e->hidden_by = (double)map->blocks_per_sm * (map->kernel->persistent ? 2.0 : 1.0);
    e->efficiency = map->efficiency > 0.0 ? map->efficiency : 1.0;
    e->sm_cycles = at_least(at_least(step->matrix_cycles, step->vector_cycles), at_least(step->shared_cycles, step->register_cycles));
    e->sm_cycles = at_least(e->sm_cycles, step->l2_bytes / hw->sm.l2_read_bytes_per_cycle);
    e->l2_cycles = step->l2_bytes / hw->l2.bytes_per_cycle;
    latency = l2 + at_least(hw->dram.latency_cycles - l2, 0.0) * miss;
    e->wave_latency = latency / at_least((double)(map->stages - 1), 1.0);
    e->round_latency = hw->sm.max_bytes_in_flight > 0.0 ? latency * step->l2_bytes / hw->sm.max_bytes_in_flight : 0.0;
    e->chain_cycles = hw->launch.block_cycles + e->least.fill_cycles + latency;
    split.split_k = 2;
    set_flush(&e->part, &e->least, s, &split);
    set_flush(&e->whole, &e->least, s, map);
}

static void search_open(struct gemm_search *s, const struct kernel *k, const struct hardware *hw, const struct stack *stack)
{
    const struct catalogue catalogue = catalogue_for(stack, &k->gemm);
    int32_t entries = 0;

    s->k = k;
    s->hw = hw;
    s->stack = stack;
    s->pick = catalogue.pick;
    s->why = "no kernel for the unit's instruction";
    s->count = 0;
    set_floor(s);
    for (int64_t i = 0; i < stack->gemm_kernels_count && entries < STACK_TILES_MAX; i++) {
        struct entry *e = &s->entries[entries];

        if (!catalogue_has(&catalogue, &stack->gemm_kernels[i]) || !gemm_kernel_takes(&stack->gemm_kernels[i], &k->gemm) ||
            !gemm_mapping_legal(&e->map, &stack->gemm_kernels[i], 1, k, hw, &s->why))
            continue;
        set_entry(e, s);
        add_splits(s, entries++);
    }
}

/* The mapping of a candidate, and its cost. */
static void mapping_of(struct gemm_mapping *map, struct gemm_cost *cost, const struct gemm_search *s, const struct candidate *c)
{
    const char *why;

    *map = s->entries[c->entry].map;
    gemm_mapping_split(map, split_factor(s->stack, c->split), &s->k->gemm, s->hw, &why);
    if (cost)
        gemm_cost_of_step(cost, &s->entries[c->entry].least.step, map, s->k, s->hw, s->stack);
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

static bool is_above(double bound_s, double limit_s) { return bound_s * (1.0 - rounding) > limit_s; }

/* Who asks: the library by its own model, or the model in full. Gives INFINITY where it is above `limit_s` for sure. */
typedef double candidate_cost(struct gemm_search *s, struct candidate *c, const struct gemm_mapping *map, const struct gemm_cost *cost,
                              const struct timing_context *ctx, double limit_s);

static double boost_s(struct gemm_search *s, struct candidate *c, const struct gemm_mapping *map, const struct gemm_cost *cost, const struct timing_context *ctx)
{
    if (isnan(c->boost_s))
        c->boost_s = gemm_cost_time_s(NULL, cost, map, ctx, s->hw->clock.boost_hz);
    return c->boost_s;
}

static double cost_to_library(struct gemm_search *s, struct candidate *c, const struct gemm_mapping *map, const struct gemm_cost *cost,
                              const struct timing_context *ctx, double limit_s)
{
    (void)limit_s;
    return boost_s(s, c, map, cost, ctx) + held_against_s(map, s->stack, s->hw->clock.boost_hz);
}

static double cost_in_full(struct gemm_search *s, struct candidate *c, const struct gemm_mapping *map, const struct gemm_cost *cost,
                           const struct timing_context *ctx, double limit_s)
{
    double hz = clock_highest_hz(ctx), least_s = hz == s->hw->clock.boost_hz ? boost_s(s, c, map, cost, ctx) : gemm_cost_time_s(NULL, cost, map, ctx, hz);

    if (is_above(least_s + gemm_around_s(map, ctx), limit_s)) /* slower already before the power cap */
        return INFINITY;
    return gemm_sustained_time_s(NULL, cost, map, s->k, ctx);
}

static void sift_down(struct gemm_search *s, int32_t at, int32_t count)
{
    int32_t moved = s->heap[at];

    for (int32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && s->candidates[s->heap[child + 1]].bound_s < s->candidates[s->heap[child]].bound_s)
            child++;
        if (s->candidates[moved].bound_s <= s->candidates[s->heap[child]].bound_s)
            break;
        s->heap[at] = s->heap[child];
    }
    s->heap[at] = moved;
}

/* The cost of a candidate with the fewest bytes and misses: no more than any term of its own. */
static void least_cost_of(struct gemm_mapping *map, struct gemm_cost *cost, const struct gemm_search *s, const struct candidate *c)
{
    mapping_of(map, NULL, s, c);
    *cost = s->entries[c->entry].least;
    gemm_cost_waves(cost, map, s->k, s->hw);
    gemm_cost_epilogue(cost, map, s->k);
}

/* Of the candidate at the top; INFINITY where a closer bound comes first. *done: it need not be looked at again. */
static double evaluate(bool *done, struct gemm_search *s, struct candidate *c, candidate_cost *cost_of, const struct timing_context *ctx, double limit_s)
{
    double hz = s->hw->clock.boost_hz;
    struct gemm_mapping map;
    struct gemm_cost cost;

    *done = c->bound == BOUND_CLOSE;
    if (c->bound == BOUND_ROUGH)
        least_cost_of(&map, &cost, s, c);
    else
        mapping_of(&map, &cost, s, c);
    if (*done)
        return cost_of(s, c, &map, &cost, ctx, limit_s);
    c->bound_s = at_least(gemm_cost_bound_s(&cost, &map, s->hw, s->stack, hz), c->bound_s);
    c->bound++;
    return INFINITY;
}

/* Heap of the candidates that may cost no more than `limit_s`, but for `known`; returns how many they are. */
static int32_t heap_of(struct gemm_search *s, int32_t known, double around_s, double limit_s)
{
    int32_t count = 0;

    for (int32_t i = 0; i < s->count; i++)
        if (i != known && !is_above(s->candidates[i].bound_s + around_s, limit_s))
            s->heap[count++] = i;
    for (int32_t i = count / 2 - 1; i >= 0; i--)
        sift_down(s, i, count);
    return count;
}

/* The cheapest candidate, first of equal ones; its cost. -1: there is none. `around_s`: what the cost of each has beside its bound, at least.
 * `guess`: a candidate that is looked at first, so that most others need not be; -1: none. */
static int32_t search_least(double *least, struct gemm_search *s, candidate_cost *cost_of, double around_s, int32_t guess, const struct timing_context *ctx)
{
    int32_t at = guess, count;
    struct gemm_mapping map;
    struct gemm_cost guessed;

    *least = INFINITY;
    if (guess >= 0) {
        mapping_of(&map, &guessed, s, &s->candidates[guess]);
        *least = cost_of(s, &s->candidates[guess], &map, &guessed, ctx, INFINITY);
    }
    count = heap_of(s, guess, around_s, *least);
    while (count > 0 && !is_above(s->candidates[s->heap[0]].bound_s + around_s, *least)) {
        int32_t i = s->heap[0];
        bool done;
        double cost = evaluate(&done, s, &s->candidates[i], cost_of, ctx, *least);

        if (cost < *least || (cost == *least && at >= 0 && i < at)) {
            *least = cost;
            at = i;
        }
        if (done)
            s->heap[0] = s->heap[--count];
        sift_down(s, 0, count);
    }
    return at;
}

int64_t gemm_candidates(struct gemm_candidate *out, int64_t room, const struct kernel *k, const struct timing_context *ctx)
{
    struct timing_context quiet = *ctx;
    struct gemm_search s;

    quiet.account = NULL;
    search_open(&s, k, ctx->hw, ctx->stack);
    for (int32_t i = 0; i < s.count && i < room; i++) {
        struct gemm_cost cost;

        mapping_of(&out[i].mapping, &cost, &s, &s.candidates[i]);
        out[i].rule_cycles = s.pick ? 0.0 : library_s(&cost, &out[i].mapping, &quiet) * ctx->hw->clock.boost_hz;
        out[i].time_s = gemm_mapping_time_s(NULL, &out[i].mapping, k, &quiet);
    }
    return s.count;
}

/* Rows of the product that an engine's builder timed in k's place: the next power of two, up to the most that it times. */
static int64_t timed_rows(int64_t rows, const struct stack *stack)
{
    int64_t timed = 1;

    if (stack->profile_rows_max == 0)
        return rows;
    while (timed < rows && timed < stack->profile_rows_max)
        timed *= 2;
    return timed;
}

/* The builder's choice for the timed product, put to the product itself. */
static bool choose_timed(struct gemm_mapping *picked, const struct kernel *k, const struct timing_context *ctx, const char **why)
{
    struct kernel timed = kernel_resized(k, timed_rows(k->gemm.m, ctx->stack), k->gemm.n);

    timed.warm = k->warm; /* the rows added were never touched */
    return gemm_choose(picked, NULL, &timed, ctx, false, why) && gemm_mapping_legal(picked, picked->kernel, picked->split_k, k, ctx->hw, why);
}

/* Fewest waves, then the fullest last one, then the fewest columns. */
static bool is_fuller(const struct gemm_mapping *a, const struct gemm_mapping *b, int64_t sms)
{
    int64_t waves_a = ceil_div_i64(a->blocks, sms), waves_b = ceil_div_i64(b->blocks, sms);

    if (waves_a != waves_b)
        return waves_a < waves_b;
    if (a->blocks != b->blocks) /* as many waves: more blocks in the last */
        return a->blocks > b->blocks;
    return a->tile_n < b->tile_n;
}

/* The fullest of the unsplit candidates; -1: none. */
static int32_t search_fullest(const struct gemm_search *s)
{
    const struct gemm_mapping *fullest = NULL;
    int32_t at = -1;

    for (int32_t i = 0; i < s->count; i++) {
        const struct gemm_mapping *map = &s->entries[s->candidates[i].entry].map;

        if (s->candidates[i].split > 0 || (fullest && !is_fuller(map, fullest, s->hw->sm.count)))
            continue;
        fullest = map;
        at = i;
    }
    return at;
}

static bool picks(const struct gemm_search *s, const char *how) { return s->pick != NULL && strcmp(s->pick, how) == 0; }

/* What the library picks without having timed it; with `by_library` false, the fastest. -1: none is legal. */
static int32_t choose_searched(struct gemm_mapping *picked, struct gemm_search *s, const struct timing_context *plain, bool by_library)
{
    double cost;
    int32_t at = by_library && picks(s, "fill") ? search_fullest(s)
               : by_library                     ? search_least(&cost, s, cost_to_library, 0.0, -1, plain)
                                                : search_least(&cost, s, cost_in_full, launch_overhead_s(plain, true), -1, plain);

    if (at >= 0)
        mapping_of(picked, NULL, s, &s->candidates[at]);
    return at;
}

bool gemm_choose(struct gemm_mapping *picked, double *best_s, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why)
{
    struct timing_context plain = { .hw = ctx->hw, .stack = ctx->stack, .choice = ctx->choice, .ranks = 1 }, quiet = *ctx;
    struct gemm_search s;
    int32_t at = -1;

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
    *why = s.why;
    if (by_library && picks(&s, "timed") ? !choose_timed(picked, k, &plain, why) : (at = choose_searched(picked, &s, &plain, by_library)) < 0)
        return false;
    if (best_s) /* what was picked is seldom far from the best */
        search_least(best_s, &s, cost_in_full, launch_overhead_s(&quiet, true), at, &quiet);
    return true;
}
