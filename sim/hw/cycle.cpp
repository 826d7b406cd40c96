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
#include "sim/hw/extrapolate.h"
#include "sim/hw/programs.h"

extern "C" {
#include "sim/launch.h"
}

namespace llmsim {

namespace {

/// Places in a Measure. Time first.
enum {
    in_cycles, in_start, in_wait_dram, in_wait_l2, in_barrier, in_epilogue, in_matrix, in_vector, in_shared, in_register, in_steps,
    in_l2_read, in_l2_write, in_miss, in_written_back, in_dram_busy, in_l2_busy
};

/// Share of time by which the two rates of an extrapolation may differ.
const double tolerance = 0.01;

struct Simulated {
    Measure value{};
    double fraction = 1;   ///< of the steps
    int64_t events = 0;    ///< process activations
};

Measure measure(const RunStats &r)
{
    Measure m{};
    m[in_cycles] = static_cast<double>(r.cycles);
    m[in_start] = static_cast<double>(r.sm.start);
    m[in_wait_dram] = static_cast<double>(r.sm.wait_dram);
    m[in_wait_l2] = static_cast<double>(r.sm.wait_l2);
    m[in_barrier] = static_cast<double>(r.sm.barrier);
    m[in_epilogue] = static_cast<double>(r.sm.epilogue);
    m[in_matrix] = static_cast<double>(r.sm.run[static_cast<int>(Limiter::matrix)]);
    m[in_vector] = static_cast<double>(r.sm.run[static_cast<int>(Limiter::vector)]);
    m[in_shared] = static_cast<double>(r.sm.run[static_cast<int>(Limiter::shared)]);
    m[in_register] = static_cast<double>(r.sm.run[static_cast<int>(Limiter::register_file)]);
    m[in_steps] = static_cast<double>(r.sm.steps);
    m[in_l2_read] = static_cast<double>(r.l2.read_bytes);
    m[in_l2_write] = static_cast<double>(r.l2.write_bytes);
    m[in_miss] = static_cast<double>(r.l2.miss_bytes);
    m[in_written_back] = static_cast<double>(r.l2.written_back_bytes);
    m[in_dram_busy] = static_cast<double>(r.dram.mean_channel_ps);
    m[in_l2_busy] = static_cast<double>(r.l2.busy_ps);
    return m;
}

// GEMM ---------------------------------------------------------------------------------------------------------------

/// Runs the first `waves` whole waves (of `full`) and the rest of the grid.
WaveRun run_waves(const ChipParams &chip, const Program &program, int64_t waves, int64_t full, int64_t slots, Simulated *out)
{
    WaveRun w;
    const int64_t blocks = program.blocks();
    w.blocks = waves >= full ? blocks : waves * slots + blocks % slots;
    // What L2 may keep unwritten is cut with the grid: a prefix must not put away a larger share of its results than the whole.
    ChipParams p = chip;
    p.l2.dirty_bytes = std::max<int64_t>(static_cast<int64_t>(static_cast<double>(chip.l2.dirty_bytes) * static_cast<double>(w.blocks) /
                                                             static_cast<double>(blocks)), 1);
    const RunStats r = chip_run(p, program, w.blocks);
    out->events += r.activations;
    w.value = measure(r);
    w.wave_start = r.wave_start;
    return w;
}

/// All waves of a program whose blocks are whole: few are simulated, many extrapolated.
Extrapolation over_waves(const ChipParams &chip, const Program &program, int64_t slots, int64_t longest, double allowed, Simulated *out)
{
    const int64_t full = program.blocks() / slots;
    return extrapolate_waves([&](int64_t n) { return run_waves(chip, program, n, full, slots, out); }, full, slots, longest, allowed);
}

/// Waves beyond the first few are alike, and so are the steps of a loop: both are extrapolated, waves within loop lengths. L2 is cut
/// with the loop, so that what is reused between waves is as large against it as in the whole kernel; but never below what
/// blocks in flight hold together.
Simulated simulate_gemm(const ChipParams &chip, GemmProgram *program, int64_t slots)
{
    Simulated out;
    const int64_t steps = program->full_steps(), full = std::max<int64_t>(program->blocks() / slots, 1);
    const int64_t shortest = std::max<int64_t>(12, 2 * program->shape(0).stages + 2);
    int64_t waves = full;
    const auto at_steps = [&](int64_t k) {
        ChipParams p = chip;
        program->cut(k);
        if (k < steps) {
            const auto cut = static_cast<int64_t>(static_cast<double>(chip.l2.bytes) * static_cast<double>(k) / static_cast<double>(steps));
            p.l2.bytes = std::min(chip.l2.bytes, std::max(cut, 2 * chip.l2.partitions * program->window_bytes(slots)));
        }
        const Extrapolation e = over_waves(p, *program, slots, 8, k < steps ? 2 * tolerance : tolerance, &out);
        waves = std::max<int64_t>(e.simulated, 1);
        return e.value;
    };
    const Extrapolation e = extrapolate(at_steps, steps, shortest, 3 * shortest, tolerance);
    out.value = e.value;
    out.fraction = static_cast<double>(e.simulated) / static_cast<double>(steps) * static_cast<double>(waves) / static_cast<double>(full);
    return out;
}

double split_reduction_s(const struct gemm_cost &cost, const struct timing_context &ctx, double hz)
{
    const struct hardware &hw = *ctx.hw;
    double fixed = hw.dram.latency_cycles / hz;
    if (cost.reduce_bytes <= 0)
        return 0;
    if (ctx.stack->split_k_separate)
        fixed += launch_overhead_s(&ctx, false);
    return fixed + cost.reduce_bytes / (hw.l2.write_bytes_per_cycle * hz);
}

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
}

void finish(struct timing *out, const struct timing_context &ctx, bool large_program)
{
    const double fraction = out->simulated_fraction;
    launch_finish(out, &ctx, large_program);
    out->simulated_fraction = fraction;
}

// Kinds --------------------------------------------------------------------------------------------------------------

void time_gemm(struct timing *out, const struct kernel &k, const struct timing_context &ctx)
{
    const struct gemm_mapping &map = out->mapping.gemm;
    struct gemm_cost cost;
    gemm_cost_of(&cost, &map, &k, ctx.hw, ctx.stack);
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    GemmProgram program(k, map, cost, *ctx.hw);
    chip.sm.slots = std::max(program.blocks_per_sm(), 1);
    chip.sm.overlap_epilogue = map.kernel->persistent;
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots;
    chip_set_rate(&chip, *ctx.hw, program.weights(slots));
    chip_add_pattern(&chip, program.weights(slots));
    chip_add_pattern(&chip, program.activations(slots));
    const Simulated s = simulate_gemm(chip, &program, slots);
    fill(out, s, chip, std::min(slots, program.blocks()));
    out->parts_s[CAUSE_L2] += split_reduction_s(cost, ctx, out->clock_hz);
    out->bytes[LEVEL_L2] += cost.reduce_bytes;
    finish(out, ctx, true);
}

/// Blocks differ in length, so work is counted in steps. Long grids: two prefixes of whole waves give the pace by step.
Simulated simulate_attention(const ChipParams &chip, const AttentionProgram &program, int64_t slots)
{
    const int64_t whole = program.blocks(), affordable = 200000;
    Simulated s;
    const auto run = [&](int64_t blocks) {
        const RunStats r = chip_run(chip, program, blocks);
        s.events += r.activations;
        return measure(r);
    };
    if (program.total_steps() <= affordable || whole <= 8 * slots) {
        s.value = run(whole);
        return s;
    }
    const int64_t some = std::max(whole / 8 / slots, int64_t{4}) * slots;
    const Measure a = run(some / 2), b = run(some);
    const double rest = (static_cast<double>(program.total_steps()) - b[in_steps]) / std::max(b[in_steps] - a[in_steps], 1.0);
    for (size_t i = 0; i < measures; ++i)
        s.value[i] = b[i] + rest * std::max(b[i] - a[i], 0.0);
    s.fraction = b[in_steps] / static_cast<double>(program.total_steps());
    return s;
}

bool time_attention(struct timing *out, const struct kernel &k, const struct timing_context &ctx)
{
    const struct attention_mapping &map = out->mapping.attention;
    const struct attention_kernel *backend = attention_kernel_of(&k.attention, ctx.stack);
    if (map.unfused || !backend)
        return false;
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    const AttentionProgram program(k, map, *backend, *ctx.hw);
    chip.sm.slots = static_cast<int>(std::max<int64_t>(std::min<int64_t>(program.blocks_per_sm(), (program.blocks() + chip.sms - 1) / chip.sms), 1));
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots, blocks = program.blocks();
    const Simulated s = simulate_attention(chip, program, slots);
    fill(out, s, chip, std::min(slots, blocks));
    if (map.split_kv > 1) {   // a second kernel adds the partial results up
        const double bytes = 2.0 * static_cast<double>(program.combine_bytes());
        out->parts_s[CAUSE_L2] += bytes / ctx.hw->l2.write_bytes_per_cycle / out->clock_hz;
        out->parts_s[CAUSE_STALL] += 2.0 * ctx.hw->dram.latency_cycles / out->clock_hz;
        out->parts_s[CAUSE_LAUNCH] += launch_overhead_s(&ctx, false);
        out->bytes[LEVEL_L2] += bytes;
    }
    finish(out, ctx, true);
    return true;
}

void time_stream(struct timing *out, const struct kernel &k, const struct timing_context &ctx)
{
    ChipParams chip = chip_params(*ctx.hw, out->clock_hz);
    const StreamProgram program(k, ctx);
    chip.sm.slots = static_cast<int>(std::max<int64_t>(std::min<int64_t>(program.blocks_per_sm(), (program.blocks() + chip.sms - 1) / chip.sms), 1));
    chip.sm.max_bytes_in_flight = 0;   // ordinary loads: bounded by the threads' registers, which the resident blocks are
    const int64_t slots = static_cast<int64_t>(chip.sms) * chip.sm.slots, blocks = program.blocks(), full = std::max<int64_t>(blocks / slots, 1);
    Simulated s;
    chip_add_pattern(&chip, program.rows(slots));
    const Extrapolation e = over_waves(chip, program, slots, 20, tolerance, &s);
    s.value = e.value;
    s.fraction = blocks < slots ? 1.0 : static_cast<double>(e.simulated) / static_cast<double>(full);
    fill(out, s, chip, std::min(slots, blocks));
    finish(out, ctx, false);
}

}  // namespace

}  // namespace llmsim

extern "C" enum status llmsim_cycle_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    using namespace llmsim;
    const enum status st = fidelity_analytic.time(out, k, ctx, err);   // mapping, clock and countable events are common
    if (st)
        return st;
    try {
        bool simulated = true;
        memset(out->parts_s, 0, sizeof out->parts_s);
        if (k->kind == KERNEL_GEMM)
            time_gemm(out, *k, *ctx);
        else if (k->kind == KERNEL_STREAM)
            time_stream(out, *k, *ctx);
        else
            simulated = k->kind == KERNEL_ATTENTION && time_attention(out, *k, *ctx);
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
