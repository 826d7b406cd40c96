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
const char *gemm_instruction(const struct arch_unit *unit)
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

static bool takes_split(const struct gemm_mapping *map, int64_t steps, int64_t split_k)
{
    return split_k <= 1 || (steps >= 4 * split_k && !map->stream_k && (map->kernel->split_k_max <= 0 || split_k <= map->kernel->split_k_max));
}

static const char too_few_steps[] = "too few steps of K to split";

bool gemm_mapping_splits(const struct gemm_mapping *unsplit, int64_t split_k, const char **why)
{
    return takes_split(unsplit, unsplit->k_steps, split_k) || (*why = too_few_steps, false);
}

bool gemm_mapping_split(struct gemm_mapping *map, int64_t split_k, const struct gemm_kernel_shape *g, const struct hardware *hw, const char **why)
{
    int64_t steps = ceil_div_i64(g->k, map->tile_k);

    if (!takes_split(map, steps, split_k))
        return *why = too_few_steps, false;
    map->split_k = split_k;
    map->k_steps = ceil_div_i64(steps, split_k);
    map->blocks = gemm_row_tiles(g, map->tile_m) * map->grid_n * split_k;
    map->waves = (double)map->blocks / ((double)hw->sm.count * (double)map->blocks_per_sm);
    return true;
}

bool gemm_kernel_takes(const struct gemm_kernel *kernel, const struct gemm_kernel_shape *g)
{
    if (kernel->weight_bits > 0 && g->b.format->bits != kernel->weight_bits)
        return false;
    return g->m >= kernel->rows_min && (kernel->rows_max == 0 || g->m <= kernel->rows_max);
}

bool gemm_mapping_legal(struct gemm_mapping *out, const struct gemm_kernel *kernel, int64_t split_k, const struct kernel *k,
                        const struct hardware *hw, const char **why)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    const struct unit_service *u = &g->service;

    memset(out, 0, sizeof *out);
    if (strcmp(kernel->instruction, gemm_instruction(g->unit)) != 0)
        return *why = "no kernel for the unit's instruction", false;
    if (kernel->cluster_m * kernel->cluster_n > hw->sm.cluster_blocks)
        return *why = "thread blocks of a cluster", false;
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
    return occupancy(out, g, hw, why) && gemm_mapping_split(out, split_k, g, hw, why);
}

enum status mapping_choose(struct mapping *out, const struct kernel *k, const struct hardware *hw, const struct stack *stack,
                           enum mapping_choice choice, struct error *err)
{
    struct timing_context ctx = { .hw = hw, .stack = stack, .choice = choice, .ranks = 1 };

    memset(out, 0, sizeof *out);
    out->kind = k->kind;
    if (k->kind == KERNEL_ATTENTION)
        return attention_mapping_choose(&out->attention, k, &ctx, err);
    return k->kind == KERNEL_GEMM ? mapping_choose_gemm(out, NULL, k, &ctx, err) : STATUS_OK;
}

enum status mapping_choose_gemm(struct mapping *out, double *best_s, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    const struct stack *stack = ctx->stack;
    bool best = ctx->choice == MAPPING_BEST || (stack->pick_rule && strcmp(stack->pick_rule, "best") == 0);
    const char *why = "empty catalogue";

    memset(out, 0, sizeof *out);
    out->kind = KERNEL_GEMM;
    if (k->gemm.m <= 0 || k->gemm.n <= 0 || k->gemm.k <= 0 || k->gemm.batch <= 0)
        return error_plain(err, STATUS_BAD_INPUT, "empty matrix product: m %lld, n %lld, k %lld, batch %lld, expected at least 1 each",
                           (long long)k->gemm.m, (long long)k->gemm.n, (long long)k->gemm.k, (long long)k->gemm.batch);
    if (!gemm_choose(&out->gemm, best_s, k, ctx, !best, &why))
        return error_plain(err, STATUS_INFEASIBLE, "no kernel of stack %s fits %s for %lld x %lld x %lld: %s", stack->name, ctx->hw->name,
                           (long long)k->gemm.m, (long long)k->gemm.n, (long long)k->gemm.k, why);
    return STATUS_OK;
}

/* A text that is cut where the buffer ends. Every design of a sweep has hundreds of these, for which printf() is slow. */
struct text { char *at, *end; };

static void add_text(struct text *t, const char *s)
{
    while (*s && t->at < t->end)
        *t->at++ = *s++;
    *t->at = '\0';
}

static void add_whole(struct text *t, const char *before, int64_t value)
{
    char digits[24], *first = digits + sizeof digits - 1;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    *first = '\0';
    do
        *--first = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        *--first = '-';
    add_text(t, before);
    add_text(t, first);
}

/* ", 1.23 waves", rounded as printf() rounds: where a hundredth is not plainly the nearest one, by it. */
static void add_waves(struct text *t, double waves)
{
    double hundredths = waves * 100.0, nearest = floor(hundredths + 0.5);
    char exact[64], last[3] = { 0 };

    if (!(waves >= 0.0 && waves < 1e9) || fabs(fabs(hundredths - nearest) - 0.5) < 1e-3) {
        snprintf(exact, sizeof exact, ", %.2f waves", waves);
        add_text(t, exact);
        return;
    }
    add_whole(t, ", ", (int64_t)nearest / 100);
    last[0] = (char)('0' + (int64_t)nearest / 10 % 10);
    last[1] = (char)('0' + (int64_t)nearest % 10);
    add_text(t, ".");
    add_text(t, last);
    add_text(t, " waves");
}

const char *mapping_format(char *out, size_t bytes, const struct mapping *m)
{
    const struct gemm_mapping *g = &m->gemm;
    const struct attention_mapping *a = &m->attention;
    struct text t = { out, out + bytes - 1 };

    if (bytes == 0)
        return out;
    out[0] = '\0';
    if (m->kind == KERNEL_GEMM && g->kernel) {
        add_whole(&t, "", g->tile_m);
        add_whole(&t, "x", g->tile_n);
        add_whole(&t, "x", g->tile_k);
        add_whole(&t, ", ", g->stages);
        add_text(&t, " stages");
        if (g->split_k > 1)
            add_whole(&t, ", split-K ", g->split_k);
        if (g->stream_k)
            add_text(&t, ", stream-K");
        add_waves(&t, g->waves);
    } else if (m->kind == KERNEL_ATTENTION) {
        add_whole(&t, a->unfused ? "unfused " : "", a->tile_q);
        add_whole(&t, "x", a->tile_kv);
        add_whole(&t, ", split-KV ", a->split_kv);
        add_waves(&t, a->waves);
    }
    return out;
}
