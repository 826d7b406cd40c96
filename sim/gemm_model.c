/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closed-form GEMM model: what a block needs of each resource in a step of its main loop, and what that makes of a whole
 * grid (docs/gemm.md, 2 to 5). The unit (tensor core, LUT, vector lanes) is seen only through struct unit_service.
 * Left out: bank conflicts (kernels swizzle), register bank conflicts, instruction issue slots, TLB misses; `cycle` has more.
 */
#include "sim/gemm_model.h"

#include <math.h>

#include "sim/account.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/grouped.h"
#include "sim/launch.h"

static double divide_up(double a, double b) { return ceil(a / b); }

/* Lane operations a clock that an SM's vector units give (FMA, conversion, shift: one each). */
static double vector_lanes(const struct hardware *hw)
{
    const struct arch_unit *vector = hardware_unit(hw, "vector");

    return vector && vector->fma_fp32_per_cycle_sm > 0.0 ? vector->fma_fp32_per_cycle_sm : 1.0;
}

/* Share of the tile's rows (columns) that hold data: edge tiles are predicated, they multiply zeros but fetch nothing. */
static double filled(int64_t extent, int64_t grid) { return (double)extent / (double)grid; }

/* Bytes of one K-deep column of an operand as stored, scales included. */
static double stored_bytes_per_element(int64_t bytes, int64_t rows, int64_t cols, int64_t batch)
{
    return (double)bytes / ((double)rows * (double)cols * (double)batch);
}

/* Operand reads of the multiply: through ldmatrix every warp reads its own A and B fragments; a unit that takes operands
 * straight from shared memory reads B once for each group of warp_m rows and A once for each group of warp_n columns.
 * Both are  sum over warp tiles (warp_m a + warp_n b). */
static double fragment_bytes(const struct gemm_mapping *map, const struct gemm_kernel_shape *g, double *a_part)
{
    double a = g->service.a_shared_bits / 8.0, b = g->service.b_shared_bits / 8.0;
    double warp_m = map->kernel->warp_m > 0 ? (double)map->kernel->warp_m : (double)map->tile_m;
    double warp_n = map->kernel->warp_n > 0 ? (double)map->kernel->warp_n : (double)map->tile_n;
    double parts;

    if (g->service.operands_from_shared && g->service.tile_m > 0) /* each instruction reads its own B */
        warp_m = at_most(warp_m, (double)g->service.tile_m);
    if (g->service.whole_passes) /* and an array both of them in each pass */
        warp_n = at_most(warp_n, (double)g->service.tile_n);
    parts = at_least((double)map->tile_m / warp_m, 1.0) * at_least((double)map->tile_n / warp_n, 1.0);
    if (g->service.whole_passes)
        parts = gemm_array_passes(map, g);

    if (map->paired) /* two SMs multiply as one: each holds and reads half of B */
        b *= 0.5;
    *a_part = parts * at_most(warp_m, (double)map->tile_m) * a * (double)map->tile_k;
    return *a_part + parts * at_most(warp_n, (double)map->tile_n) * b * (double)map->tile_k;
}

double gemm_array_passes(const struct gemm_mapping *map, const struct gemm_kernel_shape *g)
{
    double rows = at_most((double)map->tile_m, (double)g->m);

    return divide_up(rows, (double)g->service.tile_m) * divide_up((double)map->tile_n, (double)g->service.tile_n);
}

/* Multiply-adds that a step takes the time of. An array works in whole passes; where its sums take several clocks, the passes of a tile are taken in
 * turn, and too few of them leave it waiting. docs/datapaths.md, Eq. 8 */
static double step_fma(const struct gemm_mapping *map, const struct gemm_kernel_shape *g)
{
    const struct unit_service *u = &g->service;
    double passes, wait;

    if (!u->whole_passes)
        return (double)map->tile_m * (double)map->tile_n * (double)map->tile_k;
    passes = gemm_array_passes(map, g);
    wait = at_least(u->accumulate_cycles / passes, 1.0);
    return passes * (double)u->tile_m * (double)u->tile_n * (double)map->tile_k * wait;
}

static void step_vector(struct gemm_step *s, const struct gemm_mapping *map, const struct gemm_kernel_shape *g)
{
    const struct unit_service *u = &g->service;
    double tile_k = (double)map->tile_k, outputs = (double)map->tile_m * (double)map->tile_n;
    double group = u->scale_group > 0 ? (double)u->scale_group : INFINITY;

    s->vector_ops = (double)map->tile_n * tile_k * u->vector_ops_per_weight + outputs * (tile_k / group) * u->vector_ops_per_scale_output;
    if (g->table_in_kernel)
        s->vector_ops += (double)map->tile_m * tile_k * g->table_build_ops_per_a;
    s->vector_cycles = s->vector_ops / s->vector_lanes;
}

/* A warp converts its weights or scales its partial sums before its next multiplication can start; only the other warps of its
 * sub-core keep the busier of the two units at work meanwhile. What they cannot cover lengthens the step, half of it: the other half
 * is covered by multiplications still in the pipe [assumption, 0 to 1]. */
static void serialise_vector_work(struct gemm_step *s, const struct gemm_mapping *map, const struct hardware *hw)
{
    double warps = (double)(map->blocks_per_sm * (map->warps - (map->kernel->warp_specialised ? 4 : 0))) / at_least((double)hw->sm.subcores, 1.0);
    double exposed = 0.5 * at_most(s->matrix_cycles, s->vector_cycles) / at_least(warps, 1.0);

    *(s->vector_cycles > s->matrix_cycles ? &s->vector_cycles : &s->matrix_cycles) += exposed;
}

/* Blocks of a cluster that share an operand: no more than there are. */
static double multicast(int64_t cluster, int64_t grid)
{
    return at_least(at_most((double)cluster, (double)grid), 1.0);
}

double gemm_edge_step_cycles(const struct gemm_mapping *map, const struct gemm_kernel_shape *g, double slots)
{
    double absent = (double)(map->grid_m * map->tile_m - g->m), blocks = at_most((double)(map->blocks / map->grid_m), slots);

    if (map->kernel->absent_rows_per_cycle <= 0.0 || absent <= 0.0 || g->grouped)
        return 0.0;
    return absent * blocks / multicast(map->kernel->cluster_n, map->grid_n) / map->kernel->absent_rows_per_cycle;
}

void gemm_step_of(struct gemm_step *s, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    const struct unit_service *u = &g->service;
    double rows = gemm_rows(g) / (double)gemm_row_tiles(g, map->tile_m), cols = filled(g->n, map->grid_n), tile_k = (double)map->tile_k;
    double a_stored = g->grouped ? quant_bits_per_element(&g->a) / 8.0 : (double)g->a_bytes / (gemm_rows(g) * (double)g->k); /* gathered rows are read again by each expert */
    double a_l2 = rows * tile_k * a_stored;
    double b_l2 = cols * tile_k * stored_bytes_per_element(g->b_bytes, g->n, g->k, g->batch);
    double a_part, reads = fragment_bytes(map, g, &a_part);
    double efficiency = g->unit->issue_efficiency > 0.0 ? g->unit->issue_efficiency : 1.0;
    /* Bulk copies (TMA) write through their own port, and only they multicast to a cluster; cp.async writes share the load path with ldmatrix. */
    bool bulk = u->operands_from_shared || map->kernel->cluster_m * map->kernel->cluster_n > 1;
    double writes = bulk ? 0.0 : a_l2 + b_l2;

    s->vector_lanes = vector_lanes(hw);
    s->matrix_cycles = step_fma(map, g) / (u->fma_per_cycle_sm * efficiency);
    s->shared_bytes = reads + a_l2 + b_l2;
    s->shared_cycles = (reads + writes) / hw->sm.shared_bytes_per_cycle;
    s->table_bytes = u->table_format ? a_part : 0.0;
    s->psum_bytes = u->psum_bits / 8.0 * (double)map->tile_m * (double)map->tile_n * tile_k / at_least((double)u->tile_k, 1.0);
    /* a lane reads three words and writes one a clock, unless the chip says otherwise */
    s->register_cycles = s->psum_bytes / (hw->sm.register_bytes_per_cycle > 0.0 ? hw->sm.register_bytes_per_cycle : 16.0 * s->vector_lanes);
    step_vector(s, map, g);
    serialise_vector_work(s, map, hw);
    s->l2_bytes = a_l2 / multicast(map->kernel->cluster_n, map->grid_n) + b_l2 / multicast(map->kernel->cluster_m, map->grid_m);
}

double gemm_reduce_bytes(const struct gemm_mapping *map, const struct kernel *k)
{
    const struct gemm_kernel_shape *g = &k->gemm;

    if (map->split_k <= 1 && !map->stream_k)
        return 0.0;
    return gemm_rows(g) * (double)g->n * GEMM_SUM_BYTES * ((double)map->split_k + 1.0);
}

void gemm_cost_of(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw,
                  const struct stack *stack)
{
    struct gemm_step step;

    gemm_step_of(&step, map, k, hw);
    gemm_cost_of_step(out, &step, map, k, hw, stack);
}

void gemm_cost_waves(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw)
{
    double blocks = (double)map->blocks;

    out->slots = (double)hw->sm.count * (double)map->blocks_per_sm;
    out->edge_step_cycles = gemm_edge_step_cycles(map, &k->gemm, out->slots);
    out->blocks_full = floor(blocks / out->slots);
    out->rest_blocks = blocks - out->blocks_full * out->slots;
    if (map->stream_k) { /* the last wave is spread over all slots */
        out->blocks_full = blocks / out->slots;
        out->rest_blocks = 0.0;
    }
    out->reduce_bytes = gemm_reduce_bytes(map, k);
}

void gemm_cost_epilogue(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    double tiles = (double)gemm_row_tiles(g, map->tile_m) * (double)map->grid_n, outputs = gemm_rows(g) * (double)g->n;

    out->epilogue_bytes = map->split_k > 1 ? outputs * GEMM_SUM_BYTES / tiles : ((double)g->out_bytes + (double)g->epilogue_read_bytes) / tiles;
    out->epilogue_vector_cycles = (outputs / tiles) * (g->epilogue_ops_per_output + 1.0) / out->step.vector_lanes;
    out->drain_cycles = g->service.whole_passes ? gemm_array_passes(map, g) * (double)g->service.tile_m : 0.0;
}

void gemm_cost_of_step(struct gemm_cost *out, const struct gemm_step *step, const struct gemm_mapping *map, const struct kernel *k,
                       const struct hardware *hw, const struct stack *stack)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    double blocks = (double)map->blocks, tiles = (double)gemm_row_tiles(g, map->tile_m) * (double)map->grid_n, concurrent;

    out->step = *step;
    gemm_cost_waves(out, map, k, hw);
    concurrent = at_least(at_most(out->slots, blocks) / ((double)map->split_k * at_most((double)g->batch, out->slots)), 1.0);
    if (g->grouped) /* experts come one after the other: a wave holds as many tiles of one as it has */
        concurrent = at_least(at_most(out->slots / (double)map->split_k, tiles / (double)g->batch), 1.0);
    l2_reuse_gemm(&out->reuse, g, &k->warm, &hw->l2, map->grid_m, map->grid_n, concurrent, map->tile_m, map->tile_n, stack->swizzle);
    /* an SM's next tile is a wave further on: of the same expert only where one has more tiles than a wave */
    out->regroup_cycles = g->grouped ? map->kernel->regroup_cycles * at_most((double)g->batch * out->slots / tiles, 1.0) : 0.0;
    gemm_cost_epilogue(out, map, k);
    out->fill_cycles = g->service.fill_cycles;
    out->dram_read_bytes = out->reuse.a_dram_bytes + out->reuse.b_dram_bytes
                         + at_least((double)g->epilogue_read_bytes - (double)k->warm.other_bytes, 0.0);
    out->dram_write_bytes = out->reuse.write_dram_bytes;
    out->l2_read_bytes = out->step.l2_bytes * blocks * (double)map->k_steps + (double)g->epilogue_read_bytes;
    out->l2_write_bytes = (double)g->out_bytes + out->reduce_bytes;
}

/* Latency of a step's loads, SM cycles: from DRAM or from L2 (mean of near and far) as the misses share them. Queues lengthen both
 * from idle to loaded as the level fills up (`dram_busy`, `l2_busy`, 0 to 1): a few blocks alone find the memory idle. */
static double load_latency_cycles(const struct gemm_cost *cost, const struct hardware *hw, double dram_busy, double l2_busy)
{
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles), idle = hw->dram.latency_cycles;
    double queue = at_least(hw->dram.loaded_latency_cycles - idle, 0.0);
    double miss = at_least(cost->reuse.a_miss_share, cost->reuse.b_miss_share);
    double from_l2 = l2 * (1.0 + queue / at_least(idle, 1.0) * l2_busy), from_dram = idle + queue * queue_filled(dram_busy);

    return from_l2 + at_least(from_dram - from_l2, 0.0) * miss;
}

enum { TERM_MATRIX, TERM_SHARED, TERM_VECTOR, TERM_REGISTER, TERM_L2, TERM_DRAM, TERM_LATENCY, TERMS };
static const enum cause term_cause[TERMS] = { CAUSE_MATRIX, CAUSE_SHARED, CAUSE_VECTOR, CAUSE_SHARED, CAUSE_L2, CAUSE_DRAM, CAUSE_STALL };
static const char *const term_name[TERMS] = { "matrix unit", "shared-memory port", "vector lanes", "partial-sum port", "L2 to the SMs", "DRAM",
                                              "load latency over bytes in flight" };

/* DRAM's time for a step of `running` blocks. */
static double dram_step_s(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, double running)
{
    double read_rate = hw->dram.bandwidth_bytes_per_s * hw->dram.read_efficiency * at_least(hw->dram.tiled_efficiency, 0.01);
    double write_rate = hw->dram.bandwidth_bytes_per_s * hw->dram.write_efficiency;

    return (cost->dram_read_bytes / read_rate + cost->dram_write_bytes / write_rate) / ((double)map->blocks * (double)map->k_steps) * running;
}

/* What one step needs of each resource, latency aside, when every active SM holds `resident` blocks and `running` blocks run on the chip. Cycles;
 * gives the bytes that an SM fetches, and those that it has under way at once. docs/gemm.md, Eq. 3 */
static void step_terms(double terms[TERMS], double *sm_bytes, double *in_flight, const struct gemm_cost *cost, const struct gemm_mapping *map,
                       const struct hardware *hw, double resident, double running, double hz)
{
    const struct gemm_step *s = &cost->step;

    *sm_bytes = resident * s->l2_bytes;
    *in_flight = at_least((double)(map->stages - 1), 1.0) * *sm_bytes;
    if (hw->sm.max_bytes_in_flight > 0.0)
        *in_flight = at_most(*in_flight, hw->sm.max_bytes_in_flight);
    terms[TERM_MATRIX] = resident * s->matrix_cycles;
    terms[TERM_SHARED] = resident * s->shared_cycles;
    terms[TERM_VECTOR] = resident * s->vector_cycles;
    terms[TERM_REGISTER] = resident * s->register_cycles;
    terms[TERM_L2] = at_least(*sm_bytes / hw->sm.l2_read_bytes_per_cycle, running * s->l2_bytes / hw->l2.bytes_per_cycle);
    terms[TERM_DRAM] = dram_step_s(cost, map, hw, running) * hz;
    terms[TERM_LATENCY] = 0.0;
}

/* Cycles of one step when every active SM holds `resident` blocks and `running` blocks run on the chip. docs/gemm.md, Eq. 3, 4 */
static double step_cycles(enum cause *binding, const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw,
                          double resident, double running, double hz, struct account *account)
{
    double terms[TERMS], in_flight, sm_bytes, chip_l2 = running * cost->step.l2_bytes / hw->l2.bytes_per_cycle, latency = 0.0;
    int worst = 0;

    step_terms(terms, &sm_bytes, &in_flight, cost, map, hw, resident, running, hz);
    if (in_flight > 0.0) {
        double busy = at_least(overlap_norm(terms, TERMS, hw->sm.overlap_exponent), sm_bytes * load_latency_cycles(cost, hw, 0.0, 0.0) / in_flight);

        latency = load_latency_cycles(cost, hw, terms[TERM_DRAM] / busy, chip_l2 / busy);
        terms[TERM_LATENCY] = sm_bytes * latency / in_flight;
    }
    if (map->kernel->step_loads > 0) /* nothing is fetched ahead: a block loads, waits and only then works */
        terms[TERM_LATENCY] = at_least(terms[TERM_LATENCY], (double)map->kernel->step_loads * latency + cost->step.matrix_cycles + cost->step.vector_cycles);
    for (int i = 1; i < TERMS; i++)
        if (terms[i] > terms[worst])
            worst = i;
    for (int i = 0; account && i < TERMS; i++)
        account_resource(account, term_name[i], term_cause[i], terms[i] / hz);
    *binding = term_cause[worst];
    return overlap_norm(terms, TERMS, hw->sm.overlap_exponent) / (map->efficiency > 0.0 ? map->efficiency : 1.0);
}

/* Results leave through L2's write port, shared by the SMs that write at once. Cycles of one block. */
static double epilogue_cycles(const struct gemm_cost *cost, const struct hardware *hw, double running)
{
    double sms = at_most(running, (double)hw->sm.count);
    double rate = at_most(hw->l2.write_bytes_per_cycle / at_least(sms, 1.0), hw->sm.l2_read_bytes_per_cycle);

    if (hw->sm.epilogue_bytes_per_cycle > 0.0)
        rate = at_most(rate, hw->sm.epilogue_bytes_per_cycle);

    return at_least(at_least(cost->epilogue_bytes / rate, cost->epilogue_vector_cycles), cost->drain_cycles);
}

/* What a later wave adds to its main loop, `loop` cycles with all blocks resident: blocks resident together (or a persistent kernel's
 * next tile) cover each other's start, fill and flush, but no block ends before its own chain of them and of its steps alone. */
static double wave_exposed_cycles(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, double chain, double loop,
                                  double hz)
{
    double hidden_by = (double)map->blocks_per_sm * (map->kernel->persistent ? 2.0 : 1.0), covered = chain / hidden_by, alone;
    enum cause binding;

    if (chain <= loop) /* steps enough to cover the rest, whatever they take alone */
        return covered;
    alone = (double)map->k_steps * step_cycles(&binding, cost, map, hw, 1.0, at_most((double)map->blocks, (double)hw->sm.count), hz, NULL);
    return at_least(covered, chain + alone - loop);
}

/* Fill, flush and block starts that no other block hides. The first wave waits for DRAM, later ones as their misses do. docs/gemm.md, Eq. 6 */
static double exposed_cycles(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, double waves, double loop,
                             double hz, struct account *account)
{
    double first = hw->launch.block_cycles + cost->fill_cycles + cost->regroup_cycles + at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles);
    double running = at_most((double)map->blocks, cost->slots);
    double epilogue = epilogue_cycles(cost, hw, running), later = 0.0;

    if (waves > 1.0)
        later = wave_exposed_cycles(cost, map, hw, hw->launch.block_cycles + cost->fill_cycles + cost->regroup_cycles + load_latency_cycles(cost, hw, 0.5, 0.5) + epilogue, loop, hz);
    account_part(account, "fill: first block and its first bytes", CAUSE_STALL, first / hz);
    account_part(account, "flush: results of the last block", CAUSE_STALL, epilogue / hz);
    account_part(account, "fill and flush of later waves, as far as exposed", CAUSE_STALL, at_least(waves - 1.0, 0.0) * later / hz);
    return first + epilogue + at_least(waves - 1.0, 0.0) * later;
}

/* Epilogues hide under other blocks' main loops only while those last: their vector work and writes of an SM must fit in the whole. */
static void add_epilogue_excess(double parts[CAUSES], const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw,
                                double hz, struct account *account)
{
    double sms = at_most((double)map->blocks, (double)hw->sm.count), total = 0.0;
    double vector = (double)map->blocks * cost->epilogue_vector_cycles / sms;
    double write = (double)map->blocks * cost->epilogue_bytes / hw->l2.write_bytes_per_cycle;

    for (int i = 0; i < CAUSES; i++)
        total += parts[i];
    if (vector > total && vector >= write) {
        parts[CAUSE_VECTOR] += vector - total;
        account_part(account, "results: vector work not hidden", CAUSE_VECTOR, (vector - total) / hz);
    } else if (write > total) {
        parts[CAUSE_L2] += write - total;
        account_part(account, "results: writes not hidden", CAUSE_L2, (write - total) / hz);
    }
}

/* Tiles at the lower edge, in kernels whose copies of rows beyond the matrix cost time: nothing hides it. */
static double edge_cycles(const struct gemm_cost *cost, const struct gemm_mapping *map, double hz, struct account *account)
{
    double rounds = at_least((double)(map->blocks / map->grid_m) / cost->slots, 1.0), cycles = rounds * (double)map->k_steps * cost->edge_step_cycles;

    account_part(account, "edge tiles: rows beyond the matrix", CAUSE_STALL, cycles / hz);
    return cycles;
}

double gemm_reduce_start_s(const struct timing_context *ctx, double hz)
{
    const struct hardware *hw = ctx->hw;
    struct timing_context small = *ctx;

    if (!ctx->stack->split_k_separate)
        return at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles) / hz;
    small.burst = true; /* a grid that fills the chip ramps up like the product's own; its program is small */
    return launch_overhead_s(&small, true) + hw->dram.latency_cycles / hz;
}

double gemm_reduce_s(const struct gemm_cost *cost, const struct timing_context *ctx, double hz)
{
    if (cost->reduce_bytes <= 0.0)
        return 0.0;
    return gemm_reduce_start_s(ctx, hz) + cost->reduce_bytes / (ctx->hw->l2.write_bytes_per_cycle * hz);
}

double gemm_cost_time_s(double *parts_s, const struct gemm_cost *cost, const struct gemm_mapping *map,
                        const struct timing_context *ctx, double hz)
{
    const struct hardware *hw = ctx->hw;
    double steps = (double)map->k_steps, parts[CAUSES] = { 0 }, total = 0.0;
    double waves = cost->blocks_full + (cost->rest_blocks > 0.0 ? 1.0 : 0.0), full_cycles = 0.0;
    struct account *account = ctx->account;
    enum cause binding;

    account_begin(account);
    if (cost->blocks_full > 0.0) {
        full_cycles = step_cycles(&binding, cost, map, hw, (double)map->blocks_per_sm, cost->slots, hz, account);
        parts[binding] += cost->blocks_full * steps * full_cycles;
        account_step(account, "tile_k deep, all blocks of a full wave", full_cycles / hz, cost->blocks_full * steps);
        account_part(account, "main loop: whole waves", binding, cost->blocks_full * steps * full_cycles / hz);
    }
    if (cost->rest_blocks > 0.0) {
        double resident = divide_up(cost->rest_blocks, (double)hw->sm.count);
        double rest_cycles = step_cycles(&binding, cost, map, hw, resident, cost->rest_blocks, hz, full_cycles > 0.0 ? NULL : account);
        double useful = full_cycles > 0.0 ? at_most(full_cycles * cost->rest_blocks / cost->slots, rest_cycles) : rest_cycles;

        parts[binding] += steps * useful;
        parts[CAUSE_STALL] += steps * (rest_cycles - useful);
        if (full_cycles <= 0.0)
            account_step(account, "tile_k deep, all blocks of the only wave", rest_cycles / hz, steps);
        account_part(account, "main loop: last, partial wave", binding, steps * useful / hz);
        account_part(account, "last wave: SMs without work", CAUSE_STALL, steps * (rest_cycles - useful) / hz);
    }
    parts[CAUSE_STALL] += edge_cycles(cost, map, hz, account);
    account_part(account, "main loop: barriers and pointers", CAUSE_STALL, waves * steps * hw->sm.barrier_cycles / hz);
    parts[CAUSE_STALL] += waves * steps * hw->sm.barrier_cycles + exposed_cycles(cost, map, hw, waves, steps * full_cycles, hz, account);
    add_epilogue_excess(parts, cost, map, hw, hz, account);
    for (int i = 0; i < CAUSES; i++)
        parts[i] /= hz;
    parts[CAUSE_L2] += gemm_reduce_s(cost, ctx, hz);
    account_part(account, "split-K: partial sums added up", CAUSE_L2, gemm_reduce_s(cost, ctx, hz));
    for (int i = 0; i < CAUSES; i++) {
        total += parts[i];
        if (parts_s)
            parts_s[i] = parts[i];
    }
    return total;
}

/* step_cycles() where the memory is idle. */
static double step_bound_cycles(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, double resident, double running, double hz)
{
    double terms[TERMS], sm_bytes, in_flight;

    step_terms(terms, &sm_bytes, &in_flight, cost, map, hw, resident, running, hz);
    if (in_flight > 0.0)
        terms[TERM_LATENCY] = sm_bytes * load_latency_cycles(cost, hw, 0.0, 0.0) / in_flight;
    return overlap_norm(terms, TERMS, hw->sm.overlap_exponent) / (map->efficiency > 0.0 ? map->efficiency : 1.0);
}

double gemm_cost_bound_s(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, const struct stack *stack, double hz)
{
    const struct timing_context plain = { .hw = hw, .stack = stack };
    double steps = (double)map->k_steps, sms = at_most((double)map->blocks, (double)hw->sm.count);
    double waves = cost->blocks_full + (cost->rest_blocks > 0.0 ? 1.0 : 0.0), epilogue = epilogue_cycles(cost, hw, at_most((double)map->blocks, cost->slots));
    double start = hw->launch.block_cycles + cost->fill_cycles + cost->regroup_cycles, cycles = waves * steps * hw->sm.barrier_cycles;

    if (cost->blocks_full > 0.0)
        cycles += cost->blocks_full * steps * step_bound_cycles(cost, map, hw, (double)map->blocks_per_sm, cost->slots, hz);
    if (cost->rest_blocks > 0.0)
        cycles += steps * step_bound_cycles(cost, map, hw, divide_up(cost->rest_blocks, (double)hw->sm.count), cost->rest_blocks, hz);
    cycles += start + at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles) + epilogue;
    if (waves > 1.0)
        cycles += (waves - 1.0) * (start + load_latency_cycles(cost, hw, 0.5, 0.5) + epilogue) / ((double)map->blocks_per_sm * (map->kernel->persistent ? 2.0 : 1.0));
    cycles = at_least(cycles, at_least((double)map->blocks * cost->epilogue_vector_cycles / sms, (double)map->blocks * cost->epilogue_bytes / hw->l2.write_bytes_per_cycle));
    return cycles / hz + gemm_reduce_s(cost, &plain, hz);
}

void gemm_cost_events(struct events *events, const struct gemm_cost *cost, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    double blocks_steps = (double)map->blocks * (double)map->k_steps;
    double outputs = gemm_rows(g) * (double)g->n;

    events->fma = outputs * (double)g->k;
    events->fma_op = g->service.energy_op;
    events->unit_ops = dynamic_energy_ops(events->fma, (double)map->tile_m * (double)map->tile_n * (double)map->tile_k * blocks_steps, hw)
                     * (g->service.energy_ops_per_fma > 0.0 ? g->service.energy_ops_per_fma : 1.0);
    events->vector_ops = cost->step.vector_ops * blocks_steps + outputs * (g->epilogue_ops_per_output + 1.0);
    events->sfu_ops = 0.0;
    events->entry_op = g->service.entry_op;
    if (g->service.table_at_unit) /* each pass of an array builds its tables anew */
        events->table_entries = (double)map->tile_m * (double)map->tile_n * (double)map->tile_k * blocks_steps * g->service.entries_per_fma;
    else
        events->table_entries = g->table_in_kernel ? (double)map->tile_m * (double)map->tile_k * blocks_steps * g->service.a_expand : 0.0;
    events->instructions = blocks_steps * (cost->step.shared_bytes / 512.0 + cost->step.vector_ops / 32.0
                         + (double)map->tile_m * (double)map->tile_n * (double)map->tile_k / 4096.0);
}
