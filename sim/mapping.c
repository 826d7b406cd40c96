/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel mapping for GEMM: which catalogue entries are legal, how many blocks an SM holds, and which one the library picks.
 * The library's rule is a coarse cost model that knows tiles, waves and split-K and nothing about DRAM, L2 hits, latency
 * or the power cap: what it picks is often not the fastest, as with real libraries. docs/gemm.md, 6
 */
#include "sim/mapping.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "sim/attention_model.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/gemm_model.h"
#include "sim/grouped.h"

/* The instruction that a catalogue entry must be written for: the unit's, or plain lanes. */
static const char *unit_instruction(const struct arch_unit *unit)
{
    return unit->instruction ? unit->instruction : "vector";
}

/* Catalogues give the depth of a K-step in bytes of the wider operand at the unit's ports. */
static int64_t tile_depth(const struct gemm_kernel *kernel, const struct unit_service *u)
{
    int64_t bits = larger(larger(u->compute_a ? u->compute_a->bits : 16, u->compute_b ? u->compute_b->bits : 16), 4);
    int64_t depth = kernel->tile_k_bytes * 8 / bits, step = larger(u->tile_k, 1);

    return larger(depth / step, 1) * step;
}

/* Warps that hold accumulators. Units fed from shared memory work in groups of four warps on `warp_m` rows (64 if unset). */
static int64_t compute_warps(const struct gemm_kernel *kernel, const struct unit_service *u)
{
    int64_t warp_m = kernel->warp_m > 0 ? kernel->warp_m : u->operands_from_shared ? 64 : 32;
    int64_t warp_n = kernel->warp_n > 0 ? kernel->warp_n : u->operands_from_shared ? kernel->tile_n : 64;
    int64_t parts = larger(kernel->tile_m / warp_m, 1) * larger(kernel->tile_n / warp_n, 1);

    return u->operands_from_shared ? 4 * parts : parts;
}

/* Registers of a thread: accumulators, fragments (double buffered where the unit reads registers), addresses and counters. */
static int64_t registers_per_thread(const struct gemm_mapping *map, const struct gemm_kernel *kernel, const struct gemm_kernel_shape *g,
                                    int64_t compute, const struct hardware *hw)
{
    const struct unit_service *u = &g->service;
    double threads = (double)(compute * hw->sm.warp_threads);
    double accumulator_bits = u->register_bits_per_output > 0.0 ? u->register_bits_per_output : 32.0;
    double words = (double)map->tile_m * (double)map->tile_n * accumulator_bits / 32.0 / threads;

    if (hw->sm.tensor_memory_bytes > 0 && u->operands_from_shared)
        words = (double)map->tile_n / 4.0; /* accumulators live in tensor memory; the epilogue drains a quarter at a time */
    if (!u->operands_from_shared && kernel->warp_m > 0) {
        double fragment = (double)kernel->warp_m * u->a_shared_bits + (double)kernel->warp_n * u->b_shared_bits;

        words += 2.0 * fragment * (double)larger(u->tile_k, 1) / 32.0 / (double)hw->sm.warp_threads;
    }
    return (int64_t)ceil(words / 8.0) * 8 + 32;
}

static bool occupancy(struct gemm_mapping *map, const struct gemm_kernel_shape *g, const struct hardware *hw, const char **why)
{
    const struct gemm_kernel *kernel = map->kernel;
    const struct unit_service *u = &g->service;
    const struct arch_sm *sm = &hw->sm;
    int64_t compute = compute_warps(kernel, u), words = sm->register_bytes / 4, used;
    double a = u->a_shared_bits, b = u->b_shared_bits;

    map->paired = sm->tensor_memory_bytes > 0 && u->operands_from_shared && kernel->cluster_m >= 2;
    if (map->paired)
        b *= 0.5;
    map->warps = compute + (kernel->warp_specialised ? 4 : 0);
    if (kernel->step_loads == 0) /* else operands go straight to registers */
        map->shared_bytes = map->stages * (int64_t)ceil(((double)map->tile_m * a + (double)map->tile_n * b) * (double)map->tile_k / 8.0);
    map->registers_per_thread = registers_per_thread(map, kernel, g, compute, hw);
    used = map->registers_per_thread * compute * sm->warp_threads + (kernel->warp_specialised ? 4 * sm->warp_threads * 40 : 0);
    if (map->shared_bytes > sm->shared_block_bytes)
        return *why = "shared memory of a block", false;
    if (map->registers_per_thread > sm->max_registers_per_thread + 8)
        return *why = "registers of a thread", false;
    if (used > words)
        return *why = "register file of an SM", false;
    if (sm->tensor_memory_bytes > 0 && u->operands_from_shared && map->tile_m * map->tile_n * 4 > sm->tensor_memory_bytes)
        return *why = "tensor memory", false;
    if (map->warps > sm->max_warps)
        return *why = "warps of an SM", false;
    map->blocks_per_sm = smaller(sm->shared_bytes / larger(map->shared_bytes + sm->shared_reserved_bytes, 1), words / used);
    map->blocks_per_sm = smaller(smaller(map->blocks_per_sm, sm->max_warps / map->warps), sm->max_blocks);
    map->blocks_per_sm = larger(kernel->persistent ? smaller(map->blocks_per_sm, 1) : map->blocks_per_sm, 1);
    return true;
}

/* What of a mapping depends on the split. */
static bool apply_split(struct gemm_mapping *map, int64_t split_k, const struct gemm_kernel_shape *g, const struct hardware *hw, const char **why)
{
    int64_t steps = ceil_div_i64(g->k, map->tile_k);

    if (split_k > 1 && (steps < 4 * split_k || map->stream_k || (map->kernel->split_k_max > 0 && split_k > map->kernel->split_k_max)))
        return *why = "too few steps of K to split", false;
    map->split_k = split_k;
    map->k_steps = ceil_div_i64(steps, split_k);
    map->blocks = gemm_row_tiles(g, map->tile_m) * map->grid_n * split_k;
    map->waves = (double)map->blocks / ((double)hw->sm.count * (double)map->blocks_per_sm);
    return true;
}

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

static bool is_for(const struct gemm_kernel *kernel, const char *instruction, const char *operands)
{
    return kernel->operands && strcmp(kernel->operands, operands) == 0 && strcmp(kernel->instruction, instruction) == 0;
}

/* The part of the catalogue that a library has for these operands: kernels of their own where there are any, else the general ones. */
struct catalogue { const struct gemm_kernel *kernels; int64_t count; const char *instruction, *operands; bool profiled; };

static struct catalogue catalogue_for(const struct stack *stack, const struct gemm_kernel_shape *g)
{
    struct catalogue c = { stack->gemm_kernels, stack->gemm_kernels_count, unit_instruction(g->unit), gemm_operand_class(g), false };
    bool own = false;

    for (int64_t i = 0; c.operands && i < c.count && !own; i++)
        if ((own = is_for(&c.kernels[i], c.instruction, c.operands)))
            c.profiled = c.kernels[i].profiled;
    if (!own)
        c.operands = "any";
    return c;
}

static bool catalogue_has(const struct catalogue *c, const struct gemm_kernel *kernel)
{
    if (strcmp(kernel->instruction, c->instruction) != 0)
        return false;
    return strcmp(kernel->operands ? kernel->operands : "any", c->operands) == 0;
}

bool gemm_mapping_legal(struct gemm_mapping *out, const struct gemm_kernel *kernel, int64_t split_k, const struct kernel *k,
                        const struct hardware *hw, const char **why)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    const struct unit_service *u = &g->service;

    memset(out, 0, sizeof *out);
    if (strcmp(kernel->instruction, unit_instruction(g->unit)) != 0)
        return *why = "no kernel for the unit's instruction", false;
    if (kernel->cluster_m * kernel->cluster_n > hw->sm.cluster_blocks)
        return *why = "thread blocks of a cluster", false;
    if (kernel->weight_bits > 0 && g->b.element && g->b.element->bits != kernel->weight_bits)
        return *why = "width of the weights", false;
    if (kernel->rows_max > 0 && g->m > kernel->rows_max)
        return *why = "rows of a kernel for few", false;
    if (u->tile_n > 0 && kernel->tile_n % u->tile_n != 0 && u->tile_n <= kernel->tile_n && !u->whole_passes)
        return *why = "tile is no multiple of the unit's", false;
    out->kernel = kernel;
    out->tile_m = kernel->tile_m;
    out->tile_n = kernel->tile_n;
    out->tile_k = tile_depth(kernel, u);
    out->stages = larger(kernel->stages, 1);
    out->stream_k = kernel->stream_k;
    out->efficiency = kernel->efficiency > 0.0 ? kernel->efficiency : 1.0;
    if (kernel->align_elements > 0 && g->k % kernel->align_elements != 0)
        out->efficiency *= kernel->unaligned_efficiency;
    out->grid_m = ceil_div_i64(gemm_row_tiles(g, out->tile_m), g->batch); /* grouped: of the mean expert */
    out->grid_n = ceil_div_i64(g->n, out->tile_n);
    return occupancy(out, g, hw, why) && apply_split(out, split_k, g, hw, why);
}

/* The library's estimate in seconds: its own model of the kernel at the highest clock, power unknown to it, with a constant for each
 * wave and each split that it holds against the mapping. docs/gemm.md, Eq. 7 */
static double library_s(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct timing_context *ctx)
{
    const struct stack *stack = ctx->stack;
    double hz = ctx->hw->clock.boost_hz;

    return gemm_cost_time_s(NULL, cost, map, ctx, hz) + stack->pick_block_cycles / hz * ceil(map->waves)
         + (map->split_k > 1 ? stack->pick_split_s : 0.0);
}

/* No clock makes it faster than this: its multiplications spread evenly, or one block's alone. */
static double matrix_bound_s(const struct gemm_step *step, const struct gemm_mapping *map, const struct hardware *hw)
{
    double rounds = at_least((double)map->blocks / (double)hw->sm.count, 1.0);

    return rounds * (double)map->k_steps * step->matrix_cycles / hw->clock.boost_hz;
}

struct search {
    const struct kernel *k;
    const struct timing_context *ctx;
    bool by_library;
};

/* The product that a builder timed in k's place: as many rows as the next power of two, up to the most that it times. docs/gemm.md, 6 */
static struct kernel profiled_product(const struct kernel *k, const struct stack *stack)
{
    struct kernel timed = *k;
    int64_t rows = stack->profile_rows_max > 0 ? 1 : k->gemm.m;
    double ratio;

    while (rows < k->gemm.m && rows < stack->profile_rows_max)
        rows *= 2;
    ratio = (double)rows / (double)k->gemm.m;
    timed.gemm.m = rows;
    timed.gemm.a_bytes = (int64_t)((double)k->gemm.a_bytes * ratio);
    timed.gemm.out_bytes = (int64_t)((double)k->gemm.out_bytes * ratio);
    timed.gemm.epilogue_read_bytes = (int64_t)((double)k->gemm.epilogue_read_bytes * ratio);
    return timed;
}

static double search_best(struct gemm_mapping *out, const struct search *s, const char **why);

/* What the builder's choice takes on the product itself. */
static double search_profiled(struct gemm_mapping *out, const struct search *s, const char **why)
{
    const struct kernel timed = profiled_product(s->k, s->ctx->stack);
    const struct search at_build = { &timed, s->ctx, false };

    if (isinf(search_best(out, &at_build, why)) || !gemm_mapping_legal(out, out->kernel, out->split_k, s->k, s->ctx->hw, why))
        return INFINITY;
    return gemm_mapping_time_s(NULL, out, s->k, s->ctx);
}

/* First of the cheapest in catalogue order, so ties do not depend on anything else. */
static double search_best(struct gemm_mapping *out, const struct search *s, const char **why)
{
    const struct stack *stack = s->ctx->stack;
    const struct catalogue catalogue = catalogue_for(stack, &s->k->gemm);
    double best = INFINITY;

    *why = "no kernel for the unit's instruction";

    if (s->k->gemm.grouped)
        return grouped_search(out, s->k, s->ctx, s->by_library, why);
    if (s->by_library && catalogue.profiled)
        return search_profiled(out, s, why);
    for (int64_t i = 0; i < stack->gemm_kernels_count; i++) {
        struct gemm_mapping map;
        struct gemm_step step;

        if (!catalogue_has(&catalogue, &stack->gemm_kernels[i]) ||
            !gemm_mapping_legal(&map, &stack->gemm_kernels[i], 1, s->k, s->ctx->hw, why))
            continue;
        gemm_step_of(&step, &map, s->k, s->ctx->hw);
        for (int64_t j = 0; j < (stack->split_k_count > 0 ? stack->split_k_count : 1); j++) {
            struct gemm_cost parts;
            double cost;

            if (!apply_split(&map, stack->split_k_count > 0 ? stack->split_k[j] : 1, &s->k->gemm, s->ctx->hw, why))
                break; /* factors rise */
            if (matrix_bound_s(&step, &map, s->ctx->hw) >= best)
                continue;
            if (s->by_library) {
                gemm_cost_of(&parts, &map, s->k, s->ctx->hw, stack);
                cost = library_s(&parts, &map, s->ctx);
            } else if (gemm_mapping_least_s(&map, s->k, s->ctx) >= best) /* slower already before the power cap */
                continue;
            else
                cost = gemm_mapping_time_s(NULL, &map, s->k, s->ctx);
            if (cost < best) {
                best = cost;
                *out = map;
            }
        }
    }
    return best;
}

int64_t gemm_candidates(struct gemm_candidate *out, int64_t room, const struct kernel *k, const struct timing_context *ctx)
{
    const struct stack *stack = ctx->stack;
    const struct catalogue catalogue = catalogue_for(stack, &k->gemm);
    struct timing_context quiet = *ctx;
    int64_t count = 0;
    const char *why;

    quiet.account = NULL;
    for (int64_t i = 0; i < stack->gemm_kernels_count; i++) {
        struct gemm_mapping map;

        if (!catalogue_has(&catalogue, &stack->gemm_kernels[i]) ||
            !gemm_mapping_legal(&map, &stack->gemm_kernels[i], 1, k, ctx->hw, &why))
            continue;
        for (int64_t j = 0; j < (stack->split_k_count > 0 ? stack->split_k_count : 1); j++, count++) {
            if (!apply_split(&map, stack->split_k_count > 0 ? stack->split_k[j] : 1, &k->gemm, ctx->hw, &why))
                break; /* factors rise */
            if (count < room) {
                struct gemm_cost parts;

                gemm_cost_of(&parts, &map, k, ctx->hw, stack);
                out[count] = (struct gemm_candidate){ map, library_s(&parts, &map, &quiet) * ctx->hw->clock.boost_hz,
                                                      gemm_mapping_time_s(NULL, &map, k, &quiet) };
            }
        }
    }
    return count;
}

double gemm_best_time_s(const struct kernel *k, const struct timing_context *ctx)
{
    struct gemm_mapping map;
    struct timing_context quiet = *ctx;
    struct search s = { k, &quiet, false };
    const char *why = NULL;
    double best;

    quiet.account = NULL; /* the account is the picked mapping's */
    best = search_best(&map, &s, &why);
    return isinf(best) ? 0.0 : best;
}

enum status mapping_choose(struct mapping *out, const struct kernel *k, const struct hardware *hw, const struct stack *stack,
                           enum mapping_choice choice, struct error *err)
{
    struct timing_context ctx = { .hw = hw, .stack = stack, .choice = choice, .ranks = 1 };
    bool best = choice == MAPPING_BEST || (stack->pick_rule && strcmp(stack->pick_rule, "best") == 0);
    struct search s = { k, &ctx, !best };
    const char *why = "empty catalogue";

    memset(out, 0, sizeof *out);
    out->kind = k->kind;
    if (k->kind == KERNEL_ATTENTION)
        return attention_mapping_choose(&out->attention, k, &ctx, err);
    if (k->kind != KERNEL_GEMM)
        return STATUS_OK;
    if (k->gemm.m <= 0 || k->gemm.n <= 0 || k->gemm.k <= 0 || k->gemm.batch <= 0)
        return error_plain(err, STATUS_BAD_INPUT, "empty matrix product: m %lld, n %lld, k %lld, batch %lld, expected at least 1 each",
                           (long long)k->gemm.m, (long long)k->gemm.n, (long long)k->gemm.k, (long long)k->gemm.batch);
    if (isinf(search_best(&out->gemm, &s, &why)))
        return error_plain(err, STATUS_INFEASIBLE, "no kernel of stack %s fits %s for %lld x %lld x %lld: %s", stack->name, hw->name,
                           (long long)k->gemm.m, (long long)k->gemm.n, (long long)k->gemm.k, why);
    return STATUS_OK;
}

const char *mapping_format(char *out, size_t bytes, const struct mapping *m)
{
    const struct gemm_mapping *g = &m->gemm;
    const struct attention_mapping *a = &m->attention;
    int used;

    if (bytes == 0)
        return out;
    out[0] = '\0';
    if (m->kind == KERNEL_GEMM && g->kernel) {
        used = snprintf(out, bytes, "%lldx%lldx%lld, %lld stages", (long long)g->tile_m, (long long)g->tile_n, (long long)g->tile_k, (long long)g->stages);
        if (g->split_k > 1 && used > 0 && (size_t)used < bytes)
            used += snprintf(out + used, bytes - (size_t)used, ", split-K %lld", (long long)g->split_k);
        if (g->stream_k && used > 0 && (size_t)used < bytes)
            used += snprintf(out + used, bytes - (size_t)used, ", stream-K");
        if (used > 0 && (size_t)used < bytes)
            snprintf(out + used, bytes - (size_t)used, ", %.2f waves", g->waves);
    } else if (m->kind == KERNEL_ATTENTION) {
        snprintf(out, bytes, "%s%lldx%lld, split-KV %lld, %.2f waves", a->unfused ? "unfused " : "", (long long)a->tile_q,
                 (long long)a->tile_kv, (long long)a->split_kv, a->waves);
    }
    return out;
}
