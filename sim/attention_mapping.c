/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention mapping: exact work of a launch, tiles that fit an SM, and split-KV as flash-decoding kernels choose it:
 * the fewest splits whose last wave is at least 85 % as full as the best split's.  docs/attention.md, 2
 * Source of the split rule: Dao et al., flash-attention, num_splits_heuristic (public repository).
 */
#include "sim/attention_model.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/bounds.h"

/* Keys that the queries of one sequence attend to, summed over queries: query i (0-based) of q sees kv - q + i + 1 keys when
 * causal, at most `window` of them. */
static double attended_pairs(const struct attention_kernel_shape *a, double q, double kv)
{
    double first, growing;

    if (!a->causal)
        return q * (a->window > 0 && (double)a->window < kv ? (double)a->window : kv);
    first = kv - q + 1.0;
    if (a->window <= 0 || kv <= (double)a->window)
        return q * first + q * (q - 1.0) / 2.0;
    if (first >= (double)a->window)
        return q * (double)a->window;
    growing = (double)a->window - first; /* queries before the window is full */
    return growing * first + growing * (growing - 1.0) / 2.0 + (q - growing) * (double)a->window;
}

void attention_work_of(struct attention_work *out, const struct attention_kernel_shape *a)
{
    double kv_bits = quant_bits_per_element(&a->kv), out_bytes = a->out ? (double)a->out->bits / 8.0 : 2.0;
    double q_element = a->compute && a->compute->bits > 0 ? (double)a->compute->bits / 8.0 : 2.0;
    double elements = a->mla ? (double)a->head_dim : (double)(a->head_dim + a->v_head_dim);

    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < a->groups_count; i++) {
        const struct seq_group *g = &a->groups[i];
        double count = (double)g->count, q = (double)g->q, kv = (double)g->kv, reach = kv;
        double pairs = count * attended_pairs(a, q, kv) * (double)a->heads;

        if (a->window > 0 && (double)a->window + q - 1.0 < kv)
            reach = (double)a->window + q - 1.0;
        out->pairs += pairs;
        out->fma += pairs * (double)(a->head_dim + a->v_head_dim);
        out->q_bytes += count * q * (double)a->heads * (double)a->head_dim * q_element;
        out->o_bytes += count * q * (double)a->heads * (double)a->v_head_dim * out_bytes;
        out->kv_bytes += count * reach * (double)a->kv_heads * elements * kv_bits / 8.0;
    }
}

/* Blocks that a library counts before it takes a kernel: a part of a KV head's context each. */
static double parts_of_context(const struct attention_kernel_shape *a, int64_t keys)
{
    double blocks = 0.0;

    for (int64_t i = 0; i < a->groups_count; i++)
        blocks += (double)a->groups[i].count * (double)a->kv_heads * (double)larger((a->groups[i].kv - a->groups[i].q) / keys, 1);
    return blocks;
}

const struct attention_kernel *attention_kernel_of(const struct attention_kernel_shape *a, const struct stack *stack, const struct hardware *hw)
{
    const char *instruction = a->unit && a->unit->instruction ? a->unit->instruction : "vector";
    int64_t longest = 1;

    for (int64_t i = 0; i < a->groups_count; i++)
        longest = larger(longest, a->groups[i].q);
    const char *phase = longest > 1 ? "prefill" : "decode";
    const struct attention_kernel *sliding = a->window > 0 ? stack_attention_windowed(stack, instruction, phase) : NULL;

    if (sliding)
        return sliding;
    const struct attention_kernel *kernel = stack_attention_for(stack, instruction, phase, a->kv.format ? a->kv.format->bits : 0, a->heads / larger(a->kv_heads, 1));
    const struct attention_kernel *other = kernel && kernel->fallback ? stack_attention_named(stack, kernel->fallback) : NULL;

    return other && parts_of_context(a, kernel->fill_keys) < kernel->fill_min * (double)hw->sm.count ? other : kernel;
}

void attention_products(struct attention_kernel_shape *a, const struct stack *stack, const struct hardware *hw)
{
    const struct attention_kernel *kernel = attention_kernel_of(a, stack, hw);
    struct quant operand = { .format = a->kv.format, .group = QUANT_PER_CHANNEL };
    struct unit_request request = { .a = &operand, .b = &operand, .accumulator = format_find("fp32") };
    struct unit_service service;
    const struct arch_unit *unit;

    if (!kernel || !kernel->compute_kv || !a->kv.format || !a->compute || a->kv.format->bits >= a->compute->bits)
        return;
    unit = unit_choose(&service, hw, &request);
    if (!unit || service.compute_a != a->kv.format || service.compute_b != a->kv.format)
        return;
    a->unit = unit;
    a->service = service;
    a->compute = a->kv.format;
}

/* Shared memory of a block: its queries, and two tiles of K and V in flight between them. */
static double shared_bytes(const struct attention_kernel_shape *a, int64_t tile_q, int64_t tile_kv)
{
    double kv_element = a->kv.format ? (double)a->kv.format->bits / 8.0 : 2.0;
    double q_element = a->compute ? (double)a->compute->bits / 8.0 : 2.0;
    double kv_elements = a->mla ? (double)a->head_dim : (double)(a->head_dim + a->v_head_dim);

    return (double)tile_q * (double)a->head_dim * q_element + (double)tile_kv * kv_elements * kv_element;
}

/* Scores of a whole context, where the kernel keeps them: captured graphs reserve for the longest one. */
static double score_bytes(const struct attention_kernel *kernel, const struct timing_context *ctx)
{
    return 4.0 * (double)(ctx->context_max > 0 ? smaller(kernel->scores_max, ctx->context_max) : kernel->scores_max);
}

static int64_t residency(const struct attention_kernel_shape *a, const struct attention_kernel *kernel, const struct hardware *hw, int64_t tile_q, int64_t tile_kv, int64_t warps)
{
    double shared = shared_bytes(a, tile_q, kernel->kv_in_registers ? 0 : tile_kv);
    double sums = (double)tile_q * (double)(a->v_head_dim + tile_kv) * 4.0, registers = (double)(warps * hw->sm.warp_threads) * 60.0 * 4.0;
    bool apart = hw->sm.tensor_memory_bytes > 0 && a->unit != NULL && a->unit->operands_from_shared; /* scores and output in tensor memory */
    double blocks;

    if (apart && sums > (double)hw->sm.tensor_memory_bytes)
        return 0;
    registers += apart ? 0.0 : sums;
    if (shared > (double)hw->sm.shared_block_bytes || registers > (double)hw->sm.register_bytes)
        return 0;
    blocks = (double)hw->sm.shared_bytes / (shared + (double)hw->sm.shared_reserved_bytes);
    if ((double)hw->sm.register_bytes / registers < blocks)
        blocks = (double)hw->sm.register_bytes / registers;
    if (apart && (double)hw->sm.tensor_memory_bytes / sums < blocks)
        blocks = (double)hw->sm.tensor_memory_bytes / sums;
    return smaller(larger((int64_t)blocks, 1), larger(hw->sm.max_warps / larger(warps, 1), 1));
}

int64_t attention_packed_heads(const struct attention_kernel_shape *a, const struct attention_kernel *kernel)
{
    int64_t group = a->heads / larger(a->kv_heads, 1);

    return kernel->gqa_packing && (kernel->packing_max == 0 || group <= kernel->packing_max) ? larger(group, 1) : 1;
}

/* Rows of queries that one block works on: GQA packing puts the query heads of a KV head together. */
static int64_t rows_per_block_head(const struct attention_kernel_shape *a, const struct attention_kernel *kernel, int64_t q)
{
    return q * attention_packed_heads(a, kernel);
}

static int64_t block_heads(const struct attention_kernel_shape *a, const struct attention_kernel *kernel)
{
    return ceil_div_i64(a->heads, attention_packed_heads(a, kernel));
}

/* Blocks before splitting. */
static double base_blocks(const struct attention_kernel_shape *a, const struct attention_kernel *kernel, int64_t tile_q)
{
    double blocks = 0.0;

    for (int64_t i = 0; i < a->groups_count; i++)
        blocks += (double)a->groups[i].count * (double)block_heads(a, kernel)
                * (double)ceil_div_i64(rows_per_block_head(a, kernel, a->groups[i].q), tile_q);
    return blocks;
}

static int64_t longest_kv(const struct attention_kernel_shape *a)
{
    int64_t kv = 1;

    for (int64_t i = 0; i < a->groups_count; i++)
        kv = larger(kv, a->groups[i].kv);
    return a->window > 0 ? smaller(kv, a->window) : kv;
}

/* Flash-attention 2 leaves out parts that would be as long with one fewer; flash-attention 3 does not. */
static bool same_length(int64_t kv_tiles, int64_t s, bool skips)
{
    return skips && s > 1 && ceil_div_i64(kv_tiles, s) == ceil_div_i64(kv_tiles, s - 1);
}

static int64_t choose_split(double blocks, double slots, int64_t kv_tiles, int64_t most, int64_t least_tiles, bool skips)
{
    double best = 0.0;

    if (blocks >= 0.8 * slots || most <= 1 || kv_tiles < least_tiles)
        return 1;
    most = smaller(most, kv_tiles);
    for (int64_t s = 1; s <= most; s++) {
        double waves = blocks * (double)s / slots, full = waves / ceil(waves);

        if (full > best && !same_length(kv_tiles, s, skips))
            best = full;
    }
    for (int64_t s = 1; s <= most; s++) {
        double waves = blocks * (double)s / slots;

        if (same_length(kv_tiles, s, skips))
            continue;
        if (waves / ceil(waves) >= 0.85 * best)
            return s;
    }
    return larger(most, 1);
}

/* TensorRT-LLM's XQA: parts of 128 past keys, fewer of long contexts (the last block adds them up), until eight blocks an SM, 6000 in all. */
static int64_t split_by_history(int64_t sequences, int64_t kv_heads, int64_t past, int64_t sms)
{
    int64_t parts = past / 128;
    double waves;

    parts = larger(smaller(parts, (int64_t)floor(sqrt((double)parts * 8.0) + 0.5)), 1);
    waves = (double)sequences * (double)kv_heads * (double)parts / (double)sms;
    if (waves > 8.0)
        parts = (int64_t)floor((double)parts * 8.0 / waves);
    return larger(smaller(parts, 6000 / larger(sequences, 1)), 1);
}

/* TensorRT-LLM's masked attention: few blocks grow to two or four times their threads, then the context is split to fill the SMs, each part
 * at least one pass of a block's threads: eight keys for every head_dim / 8 of them. Returns the parts; blocks of an SM shrink as blocks grow. */
static int64_t split_by_balance(int64_t *blocks_per_sm, double blocks, const struct attention_kernel_shape *a, const struct attention_kernel *kernel, const struct hardware *hw)
{
    int64_t resident = larger(kernel->resident_max, 1), slots = hw->sm.count * resident, threads = kernel->warps * hw->sm.warp_threads, row = 1, grow, pass;
    int64_t factor = blocks >= (double)slots ? 1 : smaller(ceil_div_i64(slots, (int64_t)blocks), resident);

    grow = factor >= 4 ? 4 : factor >= 2 ? 2 : 1;
    *blocks_per_sm = larger(resident / grow, 1);
    while (row * 8 < a->head_dim)
        row *= 2;
    pass = larger(threads * grow / row, 1) * 8;
    if (blocks >= (double)(hw->sm.count * *blocks_per_sm))
        return 1;
    return larger(smaller(ceil_div_i64(hw->sm.count * *blocks_per_sm, (int64_t)blocks), ceil_div_i64(longest_kv(a), pass)), 1);
}

static int64_t sequences_of(const struct attention_kernel_shape *a)
{
    int64_t count = 0;

    for (int64_t i = 0; i < a->groups_count; i++)
        count += a->groups[i].count;
    return count;
}

static int64_t split_of(struct attention_mapping *out, double blocks, const struct attention_kernel_shape *a, const struct attention_kernel *kernel, const struct hardware *hw)
{
    int64_t tiles = ceil_div_i64(longest_kv(a), out->tile_kv), parts;

    if (strcmp(kernel->split_rule, "fill") == 0)
        return choose_split(blocks, (double)(hw->sm.count * out->blocks_per_sm), tiles, kernel->split_kv_max, kernel->split_tiles_min,
                            strcmp(kernel->backend, "flash2") == 0);
    parts = strcmp(kernel->split_rule, "history") == 0 ? split_by_history(sequences_of(a), a->kv_heads, longest_kv(a) - 1, hw->sm.count)
                                                       : split_by_balance(&out->blocks_per_sm, blocks, a, kernel, hw);
    return smaller(smaller(parts, tiles), larger(kernel->split_kv_max, 1));
}

enum status attention_mapping_choose(struct attention_mapping *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    const struct attention_kernel_shape *a = &k->attention;
    const struct attention_kernel *kernel = attention_kernel_of(a, ctx->stack, ctx->hw);
    const struct hardware *hw = ctx->hw;
    int64_t rows = 1, least = larger(a->service.tile_m, 16), warps;
    bool may_split;
    double blocks;

    memset(out, 0, sizeof *out);
    if (!kernel)
        return error_plain(err, STATUS_INFEASIBLE, "stack %s has no attention kernel for instruction %s of %s", ctx->stack->name,
                           a->unit && a->unit->instruction ? a->unit->instruction : "vector", hw->name);
    if (kernel->kv_in_registers) /* its products run on lanes: rows need not fill an instruction */
        least = kernel->lane_ops > 0.0 ? 1 : 16;
    if (kernel->warp_mma_cycles > 0.0 || kernel->swapped)
        least = 16;
    warps = larger(kernel->warps, 1);
    for (int64_t i = 0; i < a->groups_count; i++)
        if (a->groups[i].count <= 0 || a->groups[i].q <= 0 || a->groups[i].kv < a->groups[i].q)
            return error_plain(err, STATUS_BAD_INPUT, "attention over %lld sequences of %lld new tokens in a context of %lld: expected 0 < new tokens <= context",
                               (long long)a->groups[i].count, (long long)a->groups[i].q, (long long)a->groups[i].kv);
    if (a->groups_count <= 0 || a->heads <= 0 || a->kv_heads <= 0 || a->head_dim <= 0 || a->v_head_dim <= 0)
        return error_plain(err, STATUS_BAD_INPUT, "attention without sequences, heads or head dimension");
    for (int64_t i = 0; i < a->groups_count; i++)
        rows = larger(rows, rows_per_block_head(a, kernel, a->groups[i].q));
    out->unfused = strcmp(kernel->backend, "unfused") == 0;
    least = larger(least, kernel->tile_q_min);
    out->tile_q = larger(kernel->tile_q, least);
    while (out->tile_q / 2 >= larger(rows, least))
        out->tile_q /= 2;
    out->tile_kv = larger(kernel->tile_elements > 0 ? smaller(kernel->tile_elements / a->head_dim / 16 * 16, kernel->tile_kv) : kernel->tile_kv, 16);
    out->split_kv = 1;
    out->blocks_per_sm = 1;
    if (!out->unfused) {
        while ((out->blocks_per_sm = residency(a, kernel, hw, out->tile_q, out->tile_kv, warps)) == 0) {
            if (out->tile_kv > 16)
                out->tile_kv /= 2;
            else if (out->tile_q > 16)
                out->tile_q /= 2;
            else
                return error_plain(err, STATUS_INFEASIBLE, "attention with head dimension %lld fits no tile of 16 x 16 into an SM of %s: "
                                   "shared memory or registers", (long long)a->head_dim, hw->name);
        }
    }
    if (kernel->resident_max > 0)
        out->blocks_per_sm = smaller(out->blocks_per_sm, kernel->resident_max);
    if (kernel->resident_sums > 0)
        out->blocks_per_sm = larger(smaller(out->blocks_per_sm, kernel->resident_sums / (ceil_div_i64(smaller(rows, out->tile_q), 8) * 8 * a->v_head_dim)), 1);
    blocks = base_blocks(a, kernel, out->tile_q);
    may_split = (!kernel->split_needs_packing || attention_packed_heads(a, kernel) > 1) &&
                (kernel->split_blocks_max == 0 || blocks <= (double)kernel->split_blocks_max);
    if (kernel->scores_max > 0 && !may_split) /* a few words of reductions come to the scores, so whole multiples do not fit exactly */
        out->blocks_per_sm = larger(smaller(out->blocks_per_sm, (int64_t)(((double)hw->sm.shared_bytes - 1.0) / score_bytes(kernel, ctx))), 1);
    if ((rows <= out->tile_q || kernel->split_prefill) && !out->unfused && may_split)
        out->split_kv = split_of(out, blocks, a, kernel, hw);
    out->blocks = (int64_t)blocks * out->split_kv;
    out->waves = (double)out->blocks / (double)(hw->sm.count * out->blocks_per_sm);
    return STATUS_OK;
}
