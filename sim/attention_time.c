/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention in closed form (docs/attention.md). Flash: each block walks the KV tiles that its queries may see; a tile costs two
 * matrix products, its exponentials on the special-function units and the rest of softmax on vector lanes. In flash2 form
 * softmax waits for the product and the product for softmax: the times add. Where the backend lets one warp group's
 * softmax run under another's product (split_softmax) they overlap: root of the sum of squares.
 * Unfused: scores go through memory between three kernels. Left out: page-table walks, uneven block order inside a wave.
 */
#include "sim/attention_model.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/account.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/l2_reuse.h"
#include "sim/launch.h"

struct lanes { double fma, sfu; };

static struct lanes vector_lanes(const struct hardware *hw)
{
    const struct arch_unit *vector = hardware_unit(hw, "vector");
    struct lanes out = { 1.0, 1.0 };

    if (vector && vector->fma_fp32_per_cycle_sm > 0.0)
        out.fma = vector->fma_fp32_per_cycle_sm;
    out.sfu = vector && vector->sfu_per_cycle_sm > 0.0 ? vector->sfu_per_cycle_sm : out.fma;
    return out;
}

/* Steps (KV tiles) of all blocks together and of the longest block. Causal: a tile of queries sees the keys up to its last row. */
struct walk { double steps, longest, tiles, filled; }; /* filled: steps by the share of their rows that are queries */

static void walk_group(struct walk *w, const struct attention_kernel_shape *a, const struct attention_mapping *map,
                       const struct attention_kernel *kernel, const struct seq_group *g)
{
    double packing = (double)attention_packed_heads(a, kernel), heads = (double)a->heads / packing;
    double rows = (double)g->q * packing, tiles = ceil(rows / (double)map->tile_q);
    double tile_q = (double)map->tile_q / packing, kv = (double)g->kv, reach = kv, sum, longest;
    double tile_kv = (double)map->tile_kv, last = kv;

    if (a->window > 0)
        reach = at_most(kv, (double)a->window + tile_q);
    last = at_most(kv, reach);
    if (a->causal && g->q > 1) { /* mean over tiles of the keys seen, each rounded up by half a tile */
        double first = at_most(kv - (double)g->q + at_most(tile_q, (double)g->q), reach);

        sum = tiles * ((first + last) / 2.0 / tile_kv + 0.5);
        if (a->window > 0 && kv > reach) /* most tiles see a full window */
            sum = tiles * ceil(last / tile_kv);
    } else {
        sum = tiles * ceil(last / tile_kv);
    }
    longest = ceil(ceil(last / tile_kv) / (double)map->split_kv);
    if (map->split_kv > 1 && tiles <= 1.0) /* equal parts, the last one padded */
        sum = at_least(sum, longest * (double)map->split_kv);
    w->steps += (double)g->count * heads * sum;
    w->filled += (double)g->count * heads * sum * rows / (tiles * (double)map->tile_q);
    w->tiles += (double)g->count * heads * tiles * (double)map->split_kv;
    w->longest = at_least(w->longest, longest);
}

/* What one KV tile of one block costs, in SM cycles. */
struct tile_cost { double matrix, softmax, shared, l2_bytes, shared_bytes, vector_ops, sfu_ops, fma; };

static void tile_cost_of(struct tile_cost *t, const struct attention_kernel_shape *a, const struct attention_mapping *map, const struct attention_kernel *kernel,
                         const struct hardware *hw)
{
    struct lanes lanes = vector_lanes(hw);
    double q = (double)map->tile_q, kv = (double)map->tile_kv, d = (double)a->head_dim, dv = (double)a->v_head_dim;
    double kv_elements = a->mla ? d : d + dv, kv_bits = quant_bits_per_element(&a->kv);
    double operand = a->compute && a->compute->bits > 0 ? (double)a->compute->bits / 8.0 : 2.0;
    double efficiency = a->unit && a->unit->issue_efficiency > 0.0 ? a->unit->issue_efficiency : 1.0;
    bool convert = a->kv.format && a->compute && a->kv.format != a->compute;
    double readers;

    t->fma = q * kv * (d + dv);
    t->matrix = t->fma / (a->service.fma_per_cycle_sm * efficiency * kernel->matrix_share);
    if (kernel->warp_mma_cycles > 0.0) /* one group of warps takes QK^T while the other takes PV of the tile before */
        t->matrix = at_least(t->matrix, 0.5 * t->fma / (4096.0 / operand) * kernel->warp_mma_cycles / at_least(0.5 * (double)kernel->warps, 1.0));
    if (kernel->lane_ops > 0.0)
        t->matrix = kv * kv_elements * q * kernel->lane_ops / ((double)hw->sm.subcores * (double)hw->sm.warp_threads);
    t->sfu_ops = q * kv;
    /* per score: scale, maximum, sum, half a packed conversion; per output of the tile: rescale by the new maximum */
    t->vector_ops = q * kv * 3.5 + q * dv;
    t->softmax = t->sfu_ops / lanes.sfu + t->vector_ops / lanes.fma;
    if (convert && kernel->lane_ops <= 0.0) {
        double widen = kv * kv_elements * kernel->convert_ops;

        t->vector_ops += widen;
        *(kernel->convert_first ? &t->matrix : &t->softmax) += widen / lanes.fma;
    }
    t->l2_bytes = kv * kv_elements * kv_bits / 8.0;
    /* every warp (group of four where operands come from shared memory) reads all K and V fragments for its rows, 16 (64) at least; fills once */
    readers = a->service.operands_from_shared ? q / 64.0 : at_most((double)kernel->warps, q / 16.0);
    t->shared_bytes = kernel->lane_ops > 0.0 ? 0.0 : kv * (d + dv) * operand * at_least(readers, 1.0) + t->l2_bytes;
    t->shared = t->shared_bytes / hw->sm.shared_bytes_per_cycle;
}

enum { TERM_COMPUTE, TERM_SHARED, TERM_L2, TERM_LATENCY, TERMS };

struct flash {
    const struct attention_kernel *kernel;
    struct attention_work work;
    struct walk walk;
    struct tile_cost tile;
    double dram_bytes, spilled_bytes, combine_bytes;
    bool split_softmax;
    double resident; /* blocks on a busy SM */
    double rotary_loads; /* round trips to L2 of a block that rotates its queries, few at a time */
    double rounds;   /* tiles that the busiest slot walks */
    double small_kernels; /* launched before and after it */
};

/* Warps of a block that work on softmax: all of them, or all but the group that only loads. */
static double softmax_warps(const struct attention_kernel *kernel, const struct attention_kernel_shape *a)
{
    return (double)(a->service.operands_from_shared && kernel->warps > 4 ? kernel->warps - 4 : kernel->warps);
}

static void flash_prepare(struct flash *f, const struct kernel *k, const struct attention_mapping *map, const struct timing_context *ctx)
{
    const struct attention_kernel_shape *a = &k->attention;
    const struct attention_kernel *kernel = attention_kernel_of(a, ctx->stack, ctx->hw);
    const struct hardware *hw = ctx->hw;
    double warm = (double)k->warm.a_bytes + (double)k->warm.b_bytes + (double)k->warm.other_bytes;
    double capacity = l2_shared_capacity_bytes(&hw->l2), sms = (double)hw->sm.count, slots, even;

    memset(f, 0, sizeof *f);
    attention_work_of(&f->work, a);
    for (int64_t i = 0; i < a->groups_count; i++)
        walk_group(&f->walk, a, map, kernel, &a->groups[i]);
    tile_cost_of(&f->tile, a, map, kernel, hw);
    f->kernel = kernel;
    if (kernel->rotary_elements > 0)
        f->rotary_loads = ceil((double)(attention_packed_heads(a, kernel) * ceil_div_i64(a->head_dim, 128) * 128) / (double)kernel->rotary_elements); /* a warp a head, up to 128 elements */
    f->split_softmax = kernel->split_softmax;
    f->dram_bytes = at_least(f->work.q_bytes + f->work.kv_bytes - warm, 0.0);
    f->spilled_bytes = at_least(f->work.o_bytes - capacity, 0.0);
    if (map->split_kv > 1)
        f->combine_bytes = (double)map->split_kv * f->work.o_bytes * 2.0 * 2.0; /* fp32 partial results, written and read */
    f->resident = at_most(ceil(f->walk.tiles / sms), (double)map->blocks_per_sm);
    /* few warps cannot keep a sub-core's lanes busy: each waits for its own last result */
    f->tile.softmax /= at_most(f->resident * softmax_warps(kernel, a) / at_least((double)hw->sm.subcores, 1.0) * kernel->warp_issue, 1.0);
    f->small_kernels = (double)kernel->prepare_kernels;
    if (attention_packed_heads(a, kernel) > 1) {
        int64_t sequences = 0;

        for (int64_t i = 0; i < a->groups_count; i++)
            sequences += a->groups[i].count;
        f->small_kernels += (double)kernel->packed_kernels + (sequences > 1 && a->kv_heads > 1 ? (double)kernel->packed_copies : 0.0);
    }
    slots = sms * f->resident;
    even = f->walk.steps / slots;
    /* equal blocks: whole waves; causal: blocks shrink, the last to start adds half of the longest on average */
    f->rounds = at_least(even, f->walk.longest);
    if (f->walk.tiles > slots) {
        bool equal = f->walk.steps >= 0.999 * f->walk.longest * f->walk.tiles;

        f->rounds = equal ? ceil(f->walk.tiles / slots) * f->walk.longest
                          : at_least(even + 0.5 * f->walk.longest * at_most(slots / f->walk.tiles, 1.0), f->walk.longest);
    }
}

/* Time for DRAM to deliver what misses L2 and take what does not fit it. */
static double dram_seconds(const struct flash *f, const struct hardware *hw)
{
    double rate = hw->dram.bandwidth_bytes_per_s;

    return f->dram_bytes / (rate * hw->dram.read_efficiency * at_least(hw->dram.tiled_efficiency, 0.01)) + f->spilled_bytes / (rate * hw->dram.write_efficiency);
}

/* Cycles for the busiest SM to take one tile of each resident block, were DRAM free. */
static double round_cycles(enum cause *binding, const struct flash *f, const struct timing_context *ctx, double hz)
{
    static const enum cause term_cause[TERMS] = { CAUSE_MATRIX, CAUSE_SHARED, CAUSE_L2, CAUSE_STALL };
    static const char *const term_name[TERMS] = { "compute", "shared-memory port", "L2 to the SMs", "load latency" };
    const struct hardware *hw = ctx->hw;
    const struct tile_cost *t = &f->tile;
    double running = at_most(f->walk.tiles, (double)hw->sm.count * f->resident), terms[TERMS];
    double parts[2] = { f->resident * t->matrix, f->resident * t->softmax };
    double latency = at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles);
    int worst = 0;

    terms[TERM_COMPUTE] = f->split_softmax ? overlap_norm(parts, 2, 2.0) : parts[0] + parts[1];
    terms[TERM_SHARED] = f->resident * t->shared;
    terms[TERM_L2] = at_least(f->resident * t->l2_bytes / hw->sm.l2_read_bytes_per_cycle, running * t->l2_bytes / hw->l2.bytes_per_cycle);
    terms[TERM_LATENCY] = latency * f->kernel->tile_loads;
    for (int i = 1; i < TERMS; i++)
        if (terms[i] > terms[worst])
            worst = i;
    *binding = worst == TERM_COMPUTE && parts[1] > parts[0] ? CAUSE_VECTOR : term_cause[worst];
    account_resource(ctx->account, "products of a tile", CAUSE_MATRIX, parts[0] / hz);
    account_resource(ctx->account, "softmax of a tile", CAUSE_VECTOR, parts[1] / hz);
    for (int i = TERM_SHARED; i < TERMS; i++)
        account_resource(ctx->account, term_name[i], term_cause[i], terms[i] / hz);
    return overlap_norm(terms, TERMS, hw->sm.overlap_exponent);
}

/* Split KV: the parts, in fp32, are written, then read back one after the other (as many in flight as the kernel has) by a kernel of
 * its own or by the last block. docs/attention.md, Eq. 5 */
static void add_combine(double parts_s[CAUSES], const struct flash *f, const struct attention_mapping *map, const struct timing_context *ctx, double hz)
{
    const struct hardware *hw = ctx->hw;
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles);
    double bytes_s = f->combine_bytes / hw->l2.write_bytes_per_cycle / hz;
    double walk_s = ceil((double)map->split_kv / (double)f->kernel->combine_in_flight) * l2 / hz;

    if (f->combine_bytes <= 0.0)
        return;
    if (!f->kernel->combine_in_kernel) {
        walk_s += (hw->launch.block_cycles + 2.0 * l2) / hz;
        parts_s[CAUSE_LAUNCH] += launch_overhead_s(ctx, false);
        account_part(ctx->account, "split-KV: second kernel, launch", CAUSE_LAUNCH, launch_overhead_s(ctx, false));
    }
    parts_s[CAUSE_L2] += bytes_s;
    parts_s[CAUSE_STALL] += walk_s;
    account_part(ctx->account, "split-KV: bytes of the parts", CAUSE_L2, bytes_s);
    account_part(ctx->account, "split-KV: parts added up one after the other", CAUSE_STALL, walk_s);
}

/* Small kernels that the backend launches around its own: lengths read and a plan written, a few rows copied. */
static void add_prepare(double parts_s[CAUSES], const struct flash *f, const struct timing_context *ctx, double hz)
{
    const struct hardware *hw = ctx->hw;
    double count = f->small_kernels;
    double run_s = count * (hw->launch.block_cycles + 2.0 * hw->dram.latency_cycles) / hz, launch_s = count * launch_overhead_s(ctx, false);

    if (count <= 0.0)
        return;
    parts_s[CAUSE_STALL] += run_s;
    parts_s[CAUSE_LAUNCH] += launch_s;
    account_part(ctx->account, "kernels that prepare: latency", CAUSE_STALL, run_s);
    account_part(ctx->account, "kernels that prepare: launch", CAUSE_LAUNCH, launch_s);
}

static double fill_cycles(const struct flash *f)
{
    return f->kernel->warp_mma_cycles > 0.0 ? f->tile.matrix + f->tile.softmax : f->split_softmax ? 0.5 * f->tile.matrix + f->tile.softmax : 0.0;
}

/* Start of a block and the round trips that it waits for one after the other, but for `without` of them. */
static double dependent_cycles(const struct flash *f, double latency, bool later, double without, const struct hardware *hw)
{
    bool stays = later && f->kernel->chain_later > 0;
    double loads = (double)(stays ? f->kernel->chain_later : f->kernel->chain_loads);

    return (stays ? 0.0 : hw->launch.block_cycles) + at_least(loads - without, 0.0) * latency
         + f->rotary_loads * 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles);
}

/* SM cycles that a block's own chain takes beside its main loop: start; lengths and block table, queries and first keys, first values, results;
 * and, where softmax runs under another product, the first product and softmax that have nothing to run under. docs/attention.md, Eq. 4 */
static double chain_cycles(const struct flash *f, double latency, bool later, const struct hardware *hw)
{
    return dependent_cycles(f, latency, later, 0.0, hw) + fill_cycles(f);
}

/* Of blocks after the first wave: from L2 or from DRAM, as the launch misses, with the queues of a loaded memory. */
static double later_latency_cycles(const struct flash *f, const struct hardware *hw)
{
    double loaded = at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles);
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles) * loaded / at_least(hw->dram.latency_cycles, 1.0);
    double miss = at_most(f->dram_bytes / at_least(f->work.q_bytes + f->work.kv_bytes, 1.0), 1.0);

    return at_most(l2, loaded) + (loaded - at_most(l2, loaded)) * miss;
}

/* Parts of a flash launch at clock hz. Returns seconds. The SMs' own time (tiles, barriers, chains of all blocks but the first: blocks that
 * run together start and end together, so neither hides the other's) runs beside DRAM's: while a block of one SM waits, others read. */
static double flash_parts(double parts_s[CAUSES], const struct flash *f, const struct attention_mapping *map, const struct timing_context *ctx, double hz)
{
    const struct hardware *hw = ctx->hw;
    enum cause binding;
    double loaded = at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles), total = 0.0, terms[2], joint_s;
    double starts = at_least(f->walk.tiles / ((double)hw->sm.count * f->resident), 1.0);
    double later = later_latency_cycles(f, hw);
    double write_s = f->work.o_bytes / hw->l2.write_bytes_per_cycle / hz, first_s = chain_cycles(f, loaded, false, hw) / hz;
    double barrier_s = f->rounds * 2.0 * hw->sm.barrier_cycles / hz, later_s = (starts - 1.0) * chain_cycles(f, later, true, hw) / hz, cycles, loop_s;

    account_begin(ctx->account);
    cycles = round_cycles(&binding, f, ctx, hz);
    loop_s = f->rounds * cycles / hz;
    if (f->kernel->lane_ops > 0.0) { /* blocks do not wait for each other: one's chain lies under the others' issue */
        double under[2] = { loop_s + barrier_s, later_s + (loop_s + barrier_s) / f->resident };

        later_s = overlap_norm(under, 2, hw->sm.overlap_exponent) - loop_s - barrier_s;
    }
    terms[0] = loop_s + barrier_s + later_s;
    terms[1] = dram_seconds(f, hw);
    joint_s = overlap_norm(terms, 2, hw->sm.overlap_exponent);
    account_resource(ctx->account, "barriers, starts of blocks", CAUSE_STALL, (barrier_s + later_s) / f->rounds);
    account_resource(ctx->account, "DRAM", CAUSE_DRAM, terms[1] / f->rounds);
    account_step(ctx->account, "one tile of keys of every resident block", joint_s / f->rounds, f->rounds);
    for (int i = 0; i < CAUSES; i++)
        parts_s[i] = 0.0;
    if (terms[1] > terms[0]) {
        parts_s[CAUSE_DRAM] = joint_s;
        account_part(ctx->account, "keys and values from DRAM", CAUSE_DRAM, joint_s);
    } else {
        parts_s[binding] = joint_s - barrier_s - later_s;
        parts_s[CAUSE_STALL] += barrier_s + later_s;
        account_part(ctx->account, "main loop over tiles of keys", binding, joint_s - barrier_s - later_s);
        account_part(ctx->account, "main loop: barriers and pointers", CAUSE_STALL, barrier_s);
        account_part(ctx->account, "fill of later blocks", CAUSE_STALL, later_s);
    }
    parts_s[CAUSE_STALL] += first_s;
    parts_s[CAUSE_L2] += write_s;
    account_part(ctx->account, "fill: first block, queries, keys", CAUSE_STALL, first_s);
    account_part(ctx->account, "results written", CAUSE_L2, write_s);
    add_combine(parts_s, f, map, ctx, hz);
    add_prepare(parts_s, f, ctx, hz);
    for (int i = 0; i < CAUSES; i++)
        total += parts_s[i];
    return total;
}

static void flash_events(struct timing *out, const struct flash *f, const struct attention_kernel_shape *a, const struct hardware *hw)
{
    out->events.fma = f->work.fma;
    out->events.fma_op = a->service.energy_op;
    out->events.unit_ops = dynamic_energy_ops(f->tile.fma * f->walk.filled, f->tile.fma * f->walk.steps, hw) * at_least(a->service.energy_ops_per_fma, 1.0);
    out->events.vector_ops = f->tile.vector_ops * f->walk.steps;
    out->events.sfu_ops = f->tile.sfu_ops * f->walk.steps;
    out->events.instructions = out->events.vector_ops / 32.0 + f->tile.fma * f->walk.steps / 4096.0;
    out->bytes[LEVEL_SHARED] = f->tile.shared_bytes * f->walk.steps;
    out->bytes[LEVEL_L2] = f->tile.l2_bytes * f->walk.steps + f->work.q_bytes + f->work.o_bytes + f->combine_bytes;
    out->bytes[LEVEL_DRAM] = f->dram_bytes + f->spilled_bytes;
}

/* Scores of a launch that no kernel fuses: whole rectangles (masked after), 16 bits each, written and read twice. */
static double score_bytes(const struct attention_kernel_shape *a)
{
    double scores = 0.0;

    for (int64_t i = 0; i < a->groups_count; i++)
        scores += (double)a->groups[i].count * (double)a->groups[i].q * (double)a->groups[i].kv * (double)a->heads;
    return scores * 2.0;
}

/* Three kernels: S = Q K^T, P = softmax(S), O = P V. docs/attention.md, Eq. 6 */
static double unfused_parts(double parts_s[CAUSES], struct timing *out, const struct kernel *k, const struct timing_context *ctx, double hz)
{
    const struct attention_kernel_shape *a = &k->attention;
    const struct hardware *hw = ctx->hw;
    struct lanes lanes = vector_lanes(hw);
    struct attention_work work;
    double one_pass = score_bytes(a), scores = one_pass / 2.0, sms = (double)hw->sm.count, capacity = l2_shared_capacity_bytes(&hw->l2);
    double efficiency = a->unit && a->unit->issue_efficiency > 0.0 ? a->unit->issue_efficiency : 1.0;
    double passes = one_pass > capacity ? 4.0 : 0.0; /* scores that fit stay in L2 */
    double rate = hw->dram.bandwidth_bytes_per_s * hw->dram.read_efficiency, total = 0.0, matrix_s, terms[3];

    attention_work_of(&work, a);
    out->events = (struct events){ .fma = work.fma, .fma_op = a->service.energy_op, .vector_ops = scores * 6.0, .sfu_ops = scores };
    out->events.unit_ops = scores * (double)(a->head_dim + a->v_head_dim) * at_least(a->service.energy_ops_per_fma, 1.0);
    matrix_s = scores * (double)(a->head_dim + a->v_head_dim) / (a->service.fma_per_cycle_sm * efficiency * sms * hz);
    terms[0] = matrix_s;
    terms[1] = (work.q_bytes + work.kv_bytes + work.o_bytes + 4.0 * one_pass) / (hw->l2.bytes_per_cycle * hz);
    terms[2] = (work.q_bytes + work.kv_bytes + passes * one_pass) / rate;
    for (int i = 0; i < CAUSES; i++)
        parts_s[i] = 0.0;
    parts_s[terms[0] >= terms[1] && terms[0] >= terms[2] ? CAUSE_MATRIX : terms[1] >= terms[2] ? CAUSE_L2 : CAUSE_DRAM]
        = overlap_norm(terms, 3, hw->sm.overlap_exponent);
    parts_s[CAUSE_VECTOR] = (scores * 6.0 / lanes.fma + scores / lanes.sfu) / (sms * hz);
    parts_s[CAUSE_STALL] = 3.0 * (hw->launch.block_cycles + 2.0 * at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles)) / hz;
    parts_s[CAUSE_LAUNCH] = 2.0 * launch_overhead_s(ctx, true);
    account_begin(ctx->account);
    account_resource(ctx->account, "both products", CAUSE_MATRIX, terms[0]);
    account_resource(ctx->account, "L2", CAUSE_L2, terms[1]);
    account_resource(ctx->account, "DRAM", CAUSE_DRAM, terms[2]);
    account_step(ctx->account, "both products, scores through memory", overlap_norm(terms, 3, hw->sm.overlap_exponent), 1.0);
    account_part(ctx->account, "both products, scores through memory", terms[0] >= terms[1] && terms[0] >= terms[2] ? CAUSE_MATRIX :
                 terms[1] >= terms[2] ? CAUSE_L2 : CAUSE_DRAM, overlap_norm(terms, 3, hw->sm.overlap_exponent));
    account_part(ctx->account, "softmax kernel", CAUSE_VECTOR, parts_s[CAUSE_VECTOR]);
    account_part(ctx->account, "fill of three kernels", CAUSE_STALL, parts_s[CAUSE_STALL]);
    account_part(ctx->account, "launch of two more kernels", CAUSE_LAUNCH, parts_s[CAUSE_LAUNCH]);
    out->bytes[LEVEL_L2] = work.q_bytes + work.kv_bytes + work.o_bytes + 4.0 * one_pass;
    out->bytes[LEVEL_DRAM] = work.q_bytes + work.kv_bytes + passes * one_pass;
    for (int i = 0; i < CAUSES; i++)
        total += parts_s[i];
    return total;
}

struct mapped { struct timing *out; const struct flash *flash; const struct kernel *k; const struct timing_context *ctx; double hz, work_s; }; /* the last clock asked for, 0: none */

/* Fills the parts too: the last clock asked for is the one they are of. */
static double work_time_s(struct mapped *m, double hz)
{
    const struct attention_mapping *map = &m->out->mapping.attention;

    if (hz == m->hz)
        return m->work_s;
    m->hz = hz;
    m->work_s = map->unfused ? unfused_parts(m->out->parts_s, m->out, m->k, m->ctx, hz) : flash_parts(m->out->parts_s, m->flash, map, m->ctx, hz);
    return m->work_s;
}

static double launch_time_s(void *kernel, double hz)
{
    return work_time_s(kernel, hz) + launch_overhead_s(((const struct mapped *)kernel)->ctx, true);
}

void attention_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    struct flash f;
    struct mapped mapped = { .out = out, .flash = &f, .k = k, .ctx = ctx };
    struct clock_load load = { .time_s = launch_time_s, .kernel = &mapped };

    if (!out->mapping.attention.unfused) {
        flash_prepare(&f, k, &out->mapping.attention, ctx);
        flash_events(out, &f, &k->attention, ctx->hw);
    }
    work_time_s(&mapped, clock_highest_hz(ctx)); /* unfused: its events and bytes too */
    load.energy = dynamic_energy_of(&out->events, out->bytes, out->table_bytes, ctx->hw);
    out->clock_hz = clock_sustained_hz(ctx, clock_highest_hz(ctx), &load);
    work_time_s(&mapped, out->clock_hz);
    out->flops = k->flops;
    launch_finish(out, ctx, true);
}

void attention_settle(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    struct timing_context unheard = *ctx;
    struct timing scratch = *out;
    struct flash f;
    struct mapped mapped = { .out = &scratch, .flash = &f, .k = k, .ctx = &unheard };
    struct clock_load load = { dynamic_energy_of(&out->events, out->bytes, out->table_bytes, ctx->hw), launch_time_s, &mapped };

    unheard.account = NULL;
    flash_prepare(&f, k, &scratch.mapping.attention, ctx);
    clock_settle(out, ctx, &load);
}

void attention_tile_of(struct attention_tile *out, const struct kernel *k, const struct attention_mapping *map, const struct timing_context *ctx)
{
    const struct hardware *hw = ctx->hw;
    struct flash f;
    double first;

    flash_prepare(&f, k, map, ctx);
    first = at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles);
    *out = (struct attention_tile){ .matrix_cycles = f.tile.matrix, .softmax_cycles = f.tile.softmax, .shared_cycles = f.tile.shared,
                                    .l2_bytes = f.tile.l2_bytes, .tile_loads = f.kernel->tile_loads,
                                    .first_before_cycles = dependent_cycles(&f, first, false, 2.0, hw),
                                    .later_before_cycles = dependent_cycles(&f, later_latency_cycles(&f, hw), true, 2.0, hw),
                                    .fill_cycles = fill_cycles(&f) };
}

void attention_add_around(double parts_s[CAUSES], const struct kernel *k, const struct attention_mapping *map, const struct timing_context *ctx, double hz)
{
    struct timing_context unheard = *ctx;
    struct flash f;

    unheard.account = NULL;
    flash_prepare(&f, k, map, ctx);
    add_combine(parts_s, &f, map, &unheard, hz);
    add_prepare(parts_s, &f, &unheard, hz);
}
