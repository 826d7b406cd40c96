/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cycle` time of one launch: program of blocks, chip, prefix runs, extrapolation, breakdown. Entry point of the module; what it
 * models stands in docs/cycle.md.
 *
 * Breakdown. A run's slot-cycles are known by cause (struct SmStats). Waits for DRAM (L2) count as DRAM (L2) in the share that
 * its buses were busy, the rest is latency: stall. Starts, barriers, idle slots: stall. Shares are applied to the run's time.
 */
#include "sim/hw/cycle.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>

#include "sim/hw/chip_params.h"
#include "sim/hw/programs.h"
#include "sim/hw/simulate.h"

extern "C" {
#include "sim/launch.h"
}

namespace llmsim {

namespace {

// Breakdown ----------------------------------------------------------------------------------------------------------

double busy_share(double busy_ps, double cycles, double hz)
{
    const double run_ps = cycles / hz * 1e12;
    return run_ps > 0 ? std::min(busy_ps / run_ps, 1.0) : 0.0;
}

void fill(struct timing *out, const Simulated &s, const ChipParams &chip, int64_t slots)
{
    const Measure &m = s.value;
    const double slot_cycles = m[in_cycles] * static_cast<double>(slots), time_s = m[in_cycles] / chip.clock_hz;
    const double dram = busy_share(m[in_dram_busy], m[in_cycles], chip.clock_hz), l2 = busy_share(m[in_l2_busy], m[in_cycles], chip.clock_hz);
    double share[CAUSES] = {};
    share[CAUSE_MATRIX] = m[in_matrix];
    share[CAUSE_VECTOR] = m[in_vector];
    share[CAUSE_SHARED] = m[in_shared] + m[in_register];
    share[CAUSE_DRAM] = m[in_wait_dram] * dram;
    share[CAUSE_L2] = m[in_wait_l2] * l2 + m[in_epilogue];
    double known = 0;
    for (int i = 0; i < CAUSES; ++i)
        known += share[i];
    share[CAUSE_STALL] = std::max(slot_cycles - known, 0.0);
    known = std::max(known, slot_cycles);
    for (int i = 0; i < CAUSES; ++i)
        out->parts_s[i] = known > 0 ? time_s * share[i] / known : 0.0;
    out->bytes[LEVEL_L2] = m[in_l2_read] + m[in_l2_write];
    out->bytes[LEVEL_DRAM] = m[in_miss] + m[in_written_back];
    out->simulated_fraction = std::min(s.fraction, 1.0);
    out->simulated_events = s.events;
    out->extrapolation_error = s.error;
}

void finish(struct timing *out, const struct timing_context &ctx)
{
    const double fraction = out->simulated_fraction;
    launch_finish(out, &ctx, true);
    out->simulated_fraction = fraction;
}

// Kinds --------------------------------------------------------------------------------------------------------------

void time_gemm(struct timing *out, const struct kernel &k, const struct timing_context &ctx, const Effort &effort)
{
    const struct gemm_mapping &map = out->mapping.gemm;
    struct gemm_cost cost;
    gemm_cost_of(&cost, &map, &k, ctx.hw, ctx.stack);
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    GemmProgram program(k, map, cost, *ctx.hw);
    chip.sm.slots = std::max(program.blocks_per_sm(), 1);
    chip.sm.holds_stage = !k.gemm.service.whole_passes;   // an array takes its operands from a buffer that is free when it has them
    chip.sm.overlap_epilogue = map.kernel->persistent;
    if (ctx.hw->sm.epilogue_bytes_per_cycle > 0)
        chip.sm.write_bytes_per_cycle = std::min(chip.sm.write_bytes_per_cycle, ctx.hw->sm.epilogue_bytes_per_cycle);
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots;
    chip_set_rate(&chip, *ctx.hw, program.weights(slots));
    chip_add_pattern(&chip, program.weights(slots));
    chip_add_pattern(&chip, program.activations(slots));
    const Simulated s = simulate_gemm(chip, &program, slots, effort);
    fill(out, s, chip, std::min(slots, program.blocks()));
    out->parts_s[CAUSE_L2] += gemm_reduce_s(&cost, &ctx, out->clock_hz);
    out->bytes[LEVEL_L2] += cost.reduce_bytes;
    out->parts_s[CAUSE_LAUNCH] += map.kernel->gap_s;
    finish(out, ctx);
    gemm_settle(out, &k, &ctx);
}

/// Of the round trips that a block waits for one after the other, the first tile's and the results' are simulated; the others come before its
/// loop. Keys of a head lie in pieces, as rows of a tile do.
void set_chain(ChipParams *chip, const struct kernel &k, const struct attention_mapping &map, const struct timing_context &ctx)
{
    struct attention_tile tile;
    attention_tile_of(&tile, &k, &map, &ctx);
    chip->sm.in_turn = true;
    chip->sm.barrier_cycles *= 2;   // a tile is two products
    chip->sm.block_cycles = static_cast<int64_t>(tile.later_before_cycles);
    chip->sm.cold_cycles = static_cast<int64_t>(std::max(tile.first_before_cycles - tile.later_before_cycles, 0.0));
    if (ctx.hw->dram.tiled_efficiency > 0)
        chip->dram.read_bytes_per_s *= ctx.hw->dram.tiled_efficiency;
}

bool time_attention(struct timing *out, const struct kernel &k, const struct timing_context &ctx, const Effort &effort)
{
    const struct attention_mapping &map = out->mapping.attention;
    const struct attention_kernel *backend = attention_kernel_of(&k.attention, ctx.stack, ctx.hw);
    if (map.unfused || !backend)
        return false;
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    AttentionProgram program(k, map, ctx);
    set_chain(&chip, k, map, ctx);
    chip.sm.slots = static_cast<int>(std::max<int64_t>(std::min<int64_t>(program.blocks_per_sm(), (program.blocks() + chip.sms - 1) / chip.sms), 1));
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots, blocks = program.blocks();
    const Simulated s = simulate_attention(chip, &program, slots, effort);
    fill(out, s, chip, std::min(slots, blocks));
    attention_add_around(out->parts_s, &k, &map, &ctx, out->clock_hz);
    out->bytes[LEVEL_L2] += 2.0 * static_cast<double>(program.combine_bytes());
    finish(out, ctx);
    attention_settle(out, &k, &ctx);
    return true;
}

/// What streams have beside their rounds: a small program that finds its parameters (sim/launch.c), no barrier between rounds, dependent
/// loads and barriers of reductions at the start. In a sequence of kernels as many dirty lines leave L2 as results enter it, unless they were there before.
void set_rounds(ChipParams *chip, const struct kernel &k, const struct stream_shape &cut, const struct hardware &hw)
{
    const double l2 = 0.5 * (hw.l2.near_latency_cycles + hw.l2.far_latency_cycles), chain = cut.how ? static_cast<double>(cut.how->chain) : 0.0;
    chip->sm.block_cycles = static_cast<int64_t>(stream_start_cycles(&hw) + chain * l2 + (cut.passes - 1.0) * 2.0 * hw.sm.barrier_cycles);
    chip->sm.cold_cycles = 0;
    chip->sm.in_turn = true;
    chip->sm.barrier_cycles = 0;
    chip->sm.max_bytes_in_flight = 0;   // ordinary loads: bounded by the threads' registers, which the resident blocks are
    chip->l2.dirty_bytes = std::max<int64_t>(k.warm.out_bytes, 1);
}

/// Atomic additions to one place follow one another: those of a wave that ends together come after it, all of them take their time.
double atomics_s(const struct stream_shape &cut, double time_s, double hz)
{
    const double each = cut.how ? static_cast<double>(cut.how->atomic_cycles) / hz : 0.0, all = each * cut.blocks;
    return std::max(all / std::max(cut.waves, 1.0), all - time_s);
}

void time_stream(struct timing *out, const struct kernel &k, const struct timing_context &ctx, const Effort &effort)
{
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    const StreamProgram program(k, ctx);
    chip.sm.slots = static_cast<int>(std::max<int64_t>(std::min<int64_t>(program.blocks_per_sm(), (program.blocks() + chip.sms - 1) / chip.sms), 1));
    set_rounds(&chip, k, program.cut(), *ctx.hw);
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots, blocks = program.blocks();
    const Simulated s = simulate_stream(chip, program, slots, effort);
    fill(out, s, chip, std::min(slots, blocks));
    out->parts_s[CAUSE_STALL] += atomics_s(program.cut(), s.value[in_cycles] / out->clock_hz, out->clock_hz);
    const double fraction = out->simulated_fraction;
    stream_finish(out, &program.cut(), &ctx);
    out->simulated_fraction = fraction;
}

}  // namespace

enum status cycle_time_with(struct timing *out, const struct kernel *k, const struct timing_context *ctx, const Effort &effort, struct error *err)
{
    const enum status st = fidelity_analytic.time(out, k, ctx, err);   // mapping, clock and countable events are common
    if (st)
        return st;
    try {
        bool simulated = true;
        memset(out->parts_s, 0, sizeof out->parts_s);
        if (k->kind == KERNEL_GEMM)
            time_gemm(out, *k, *ctx, effort);
        else if (k->kind == KERNEL_STREAM)
            time_stream(out, *k, *ctx, effort);
        else
            simulated = k->kind == KERNEL_ATTENTION && time_attention(out, *k, *ctx, effort);
        if (!simulated) {
            const enum status again = fidelity_analytic.time(out, k, ctx, err);
            out->simulated_fraction = 0;
            return again;
        }
    } catch (const std::exception &e) {
        return error_plain(err, STATUS_INTERNAL, "cycle model of %s failed: %s", k->role ? k->role : "a kernel", e.what());
    }
    return STATUS_OK;
}

}  // namespace llmsim

extern "C" enum status llmsim_cycle_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    return llmsim::cycle_time_with(out, k, ctx, llmsim::Effort(), err);
}
