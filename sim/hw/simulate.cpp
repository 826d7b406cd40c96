/* SPDX-License-Identifier: Apache-2.0 */
/* Prefix runs and what follows from them, by kind of program. See simulate.h. */
#include "sim/hw/simulate.h"

#include <algorithm>
#include <cmath>

namespace llmsim {

namespace {

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

/// All waves of a program whose blocks are alike: few are simulated, many extrapolated.
/// @param steps  of one block
/// @param period  waves after which the order of the grid repeats
Extrapolation over_waves(const ChipParams &chip, const Program &program, int64_t slots, int64_t steps, double period, const Effort &effort, Simulated *out)
{
    const int64_t full = program.blocks() / slots;
    WavePlan plan;
    plan.whole = full;
    plan.slots = slots;
    plan.period = period;
    plan.longest = std::max<int64_t>(8, effort.steps / std::max<int64_t>(slots * std::max<int64_t>(steps, 1), 1));
    plan.tolerance = program.blocks() * std::max<int64_t>(steps, 1) <= effort.steps / 8 ? 0 : effort.tolerance;   // short grids whole
    Extrapolation e = extrapolate_waves([&](int64_t n) { return run_waves(chip, program, n, full, slots, out); }, plan);
    // What piles up before DRAM does not show in the pace of early waves: no grid ends before the buses have moved its bytes.
    e.value[in_cycles] = std::max(e.value[in_cycles], e.value[in_dram_busy] * 1e-12 * chip.clock_hz);
    return e;
}

}  // namespace

/// Waves beyond the first few are alike, and so are the steps of a loop: both are extrapolated, waves within loop lengths. L2 is cut
/// with the loop, so that what is reused between waves is as large against it as in the whole kernel; but never below what
/// blocks in flight hold together.
Simulated simulate_gemm(const ChipParams &chip, GemmProgram *program, int64_t slots, const Effort &asked)
{
    enum { few_steps = 8 };
    Simulated out;
    Effort effort = asked;
    const int64_t steps = program->full_steps(), full = std::max<int64_t>(program->blocks() / slots, 1);
    const int64_t at_once = slots * std::min<int64_t>(full, 8);
    // Blocks of few steps are mostly starts and results, whose queues build up slowly: the pace of early waves says little.
    if (steps <= few_steps && program->blocks() * steps <= effort.steps)
        effort.tolerance = 0;
    const int64_t shortest = effort.tolerance > 0 ? std::max({int64_t{12}, int64_t{2} * program->shape(0).stages + 2, effort.steps / at_once / 5}) : steps;
    const int64_t longest = std::max<int64_t>(3 * shortest, effort.steps / at_once);
    int64_t waves = full;
    double wave_error = 0;
    const auto at_steps = [&](int64_t k) {
        ChipParams p = chip;
        Effort e = effort;
        program->cut(k);
        if (k < steps) {
            const auto cut = static_cast<int64_t>(static_cast<double>(chip.l2.bytes) * static_cast<double>(k) / static_cast<double>(steps));
            p.l2.bytes = std::min(chip.l2.bytes, std::max(cut, 2 * chip.l2.partitions * program->window_bytes(slots)));
            p.l2.dirty_bytes = std::max<int64_t>(static_cast<int64_t>(static_cast<double>(chip.l2.dirty_bytes) * static_cast<double>(k) / static_cast<double>(steps)), 1);
            e.tolerance = 2 * effort.tolerance;
        }
        const Extrapolation w = over_waves(p, *program, slots, k, program->panel_waves(slots), e, &out);
        waves = std::max<int64_t>(w.simulated, 1);
        wave_error = w.error;
        return w.value;
    };
    const Extrapolation e = extrapolate(at_steps, steps, shortest, longest, effort.tolerance);
    program->cut(0);
    out.value = e.value;
    out.error = e.error + wave_error;
    out.fraction = static_cast<double>(e.simulated) / static_cast<double>(steps) * static_cast<double>(waves) / static_cast<double>(full);
    return out;
}

/// Blocks differ in length, so a long walk is cut in proportion, all blocks alike: order and imbalance of the grid stay as they are, and time
/// grows in a straight line with the length. L2 is cut with it, as a GEMM's.
static Simulated cut_attention(const ChipParams &chip, AttentionProgram *program, int64_t slots, const Effort &effort)
{
    Simulated s;
    const int64_t longest = program->longest();
    const int64_t affordable = std::max<int64_t>(effort.steps * longest / std::max<int64_t>(program->total_steps(), 1), 8);
    const auto at_length = [&](int64_t length) {
        ChipParams p = chip;
        program->cut(length);
        const auto l2 = static_cast<int64_t>(static_cast<double>(chip.l2.bytes) * static_cast<double>(length) / static_cast<double>(longest));
        p.l2.bytes = std::min(chip.l2.bytes, std::max(l2, 2 * chip.l2.partitions * program->window_bytes(slots)));
        const RunStats r = chip_run(p, *program);
        s.events += r.activations;
        return measure(r);
    };
    const Extrapolation e = extrapolate(at_length, longest, std::max<int64_t>(affordable / 4, 4), affordable, effort.tolerance);
    program->cut(0);
    s.value = e.value;
    s.error = e.error;
    s.fraction = static_cast<double>(e.simulated) / static_cast<double>(longest);
    return s;
}

/// Long grids of short blocks: prefixes of whole waves give the pace by step, and its two halves the error.
static Simulated prefix_attention(const ChipParams &chip, const AttentionProgram &program, int64_t slots)
{
    Simulated s;
    const auto run = [&](int64_t blocks) {
        const RunStats r = chip_run(chip, program, blocks);
        s.events += r.activations;
        return measure(r);
    };
    const auto total = static_cast<double>(program.total_steps());
    const int64_t some = std::max(program.blocks() / 8 / slots, int64_t{4}) * slots;
    const Measure a = run(some / 2), b = run(some / 4 * 3), c = run(some);
    const double left = total - c[in_steps];
    const double early = (b[0] - a[0]) / std::max(b[in_steps] - a[in_steps], 1.0), late = (c[0] - b[0]) / std::max(c[in_steps] - b[in_steps], 1.0);
    const double rest = left / std::max(c[in_steps] - a[in_steps], 1.0);
    for (size_t i = 0; i < measures; ++i)
        s.value[i] = c[i] + rest * std::max(c[i] - a[i], 0.0);
    s.error = 0.5 * std::fabs(late - early) * left / std::max(s.value[0], 1.0);
    s.fraction = c[in_steps] / total;
    return s;
}

Simulated simulate_attention(const ChipParams &chip, AttentionProgram *program, int64_t slots, const Effort &effort)
{
    enum { few_tiles = 16 };
    Simulated s;
    const bool can_cut = program->longest() >= few_tiles, can_stop = program->blocks() > 8 * slots;
    if (program->total_steps() > effort.steps && (can_cut || can_stop)) {   // the way that its own check finds better
        if (can_stop)
            s = prefix_attention(chip, *program, slots);
        if (!can_cut || (can_stop && s.error <= effort.tolerance))
            return s;
        Simulated c = cut_attention(chip, program, slots, effort);
        const int64_t events = c.events + s.events;
        c = can_stop && s.error <= c.error ? s : c;
        c.events = events;
        return c;
    }
    const RunStats r = chip_run(chip, *program);
    s.events = r.activations;
    s.value = measure(r);
    return s;
}

Simulated simulate_stream(const ChipParams &chip, const StreamProgram &program, int64_t slots, const Effort &effort)
{
    Simulated s;
    const int64_t full = std::max<int64_t>(program.blocks() / slots, 1);
    const Extrapolation e = over_waves(chip, program, slots, program.shape(0).steps, 1, effort, &s);
    s.value = e.value;
    s.error = e.error;
    s.fraction = program.blocks() < slots ? 1.0 : static_cast<double>(e.simulated) / static_cast<double>(full);
    return s;
}

}  // namespace llmsim
