/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microbenchmarks of the model itself, as one would run them on the chip: a pointer chase by one warp (latency by footprint), a
 * loop of all SMs over a footprint (bandwidth), and the bank model's sustained share.  docs/probe.md
 */
#include <algorithm>
#include <cmath>
#include <exception>

#include "sim/hw/chip_params.h"
#include "sim/hw/cycle.h"
#include "sim/hw/dram_device.h"

namespace llmsim {

namespace {

/// One block, one dependent load of a line a step, lines in an order that visits each once a lap.
class Chase : public Program {
public:
    /// Large footprints are walked in fewer places, each standing for the lines around it: it occupies L2 for all of them.
    Chase(int64_t footprint, int64_t line_bytes, int64_t steps)
        : lines_(places(footprint, line_bytes)), line_bytes_(line_bytes), place_bytes_(footprint / lines_), steps_(steps)
    {
        stride_ = std::max<int64_t>(lines_ * 5 / 8, 1) | 1;   // odd and far from the next line; coprime search below
        while (gcd(stride_, lines_) != 1)
            stride_ += 2;
    }
    int64_t blocks() const override { return 1; }
    int blocks_per_sm() const override { return 1; }
    BlockShape shape(int64_t) const override { return {steps_, 1}; }
    int loads(int64_t, int64_t step, Chunk out[max_chunks]) const override
    {
        const int64_t line = (step % lines_) * stride_ % lines_;
        out[0] = Chunk();
        out[0].key = static_cast<uint64_t>(line) + 1;
        out[0].address = static_cast<uint64_t>(line * place_bytes_);
        out[0].bytes = line_bytes_;
        out[0].fetch_bytes = place_bytes_;
        out[0].through_l1 = true;
        return 1;
    }
    StepCost cost(int64_t, int64_t) const override { return {}; }

    static int64_t places(int64_t footprint, int64_t line_bytes)
    {
        return std::max<int64_t>(std::min<int64_t>(footprint / line_bytes, 1 << 15), 1);
    }

private:
    static int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }
    int64_t lines_, line_bytes_, place_bytes_, steps_, stride_;
};

/// Every block reads the footprint in chunks, each from a place of its own, `laps` times.
class Loop : public Program {
public:
    Loop(int64_t chunks, int64_t chunk_bytes, int64_t blocks, int64_t steps)
        : chunks_(chunks), chunk_bytes_(chunk_bytes), blocks_(blocks), steps_(steps)
    {
    }
    int64_t blocks() const override { return blocks_; }
    int blocks_per_sm() const override { return 2; }
    BlockShape shape(int64_t) const override { return {steps_, 4}; }
    int loads(int64_t block, int64_t step, Chunk out[max_chunks]) const override
    {
        const int64_t at = (block * chunks_ / blocks_ + step) % chunks_;
        out[0] = Chunk();
        out[0].key = static_cast<uint64_t>(at) + 1;
        out[0].address = static_cast<uint64_t>(at * chunk_bytes_);
        out[0].bytes = chunk_bytes_;
        return 1;
    }
    StepCost cost(int64_t, int64_t) const override { return {}; }

private:
    int64_t chunks_, chunk_bytes_, blocks_, steps_;
};

/// Laps of a walk over `footprint` until a level of `capacity` that evicts at random keeps the same share from lap to lap. After a lap with hit rate h
/// the next one's is exp(-(1 - h) footprint / capacity) (docs/probe.md, Eq. 1); the first lap finds nothing. Close to the capacity many are needed.
int64_t laps_to_settle(double footprint, double capacity)
{
    enum { most = 40 };
    double h = 0, before = 1;
    int64_t laps = 1;
    while (footprint > capacity && std::fabs(h - before) > 0.005 && laps < most) {
        before = h;
        h = std::exp(-(1 - h) * footprint / capacity);
        ++laps;
    }
    return std::max<int64_t>(laps, 2);
}

double chase_latency_s(const ChipParams &base, const struct hardware &hw, int64_t footprint)
{
    ChipParams p = base;
    const int64_t line = std::max<int64_t>(hw.l2.line_bytes, 32), lap = Chase::places(footprint, line), timed = std::min<int64_t>(lap, 4096);
    p.sms = 1;
    p.sm.slots = 1;
    p.sm.barrier_cycles = 0;
    p.sm.block_cycles = 0;
    const int64_t laps = laps_to_settle(static_cast<double>(footprint), static_cast<double>(p.l2.bytes) / p.l2.partitions);
    const RunStats warm = chip_run(p, Chase(footprint, line, laps * lap)), all = chip_run(p, Chase(footprint, line, laps * lap + timed));
    return static_cast<double>(all.cycles - warm.cycles) / static_cast<double>(timed) / p.clock_hz;
}

double loop_bytes_per_s(const ChipParams &base, int64_t footprint)
{
    ChipParams p = base;
    const int64_t chunk = std::min<int64_t>(8192, footprint), chunks = std::max<int64_t>(footprint / chunk, 1);
    p.sm.slots = 2;
    p.sm.barrier_cycles = 0;
    p.sm.max_bytes_in_flight = 0;
    const int64_t blocks = static_cast<int64_t>(p.sms) * 2;
    const int64_t steps = std::max<int64_t>(64, std::min<int64_t>(2 * chunks / blocks + 1, 256));
    const RunStats one = chip_run(p, Loop(chunks, chunk, blocks, steps)), two = chip_run(p, Loop(chunks, chunk, blocks, 2 * steps));
    return static_cast<double>(blocks * steps * chunk) / (static_cast<double>(two.cycles - one.cycles) / p.clock_hz);
}

}  // namespace

}  // namespace llmsim

extern "C" enum status llmsim_cycle_probe(struct cycle_probe *out, const struct hardware *hw, int what, int64_t footprint_bytes, struct error *err)
{
    using namespace llmsim;
    if (footprint_bytes < 4096)
        return error_plain(err, STATUS_BAD_INPUT, "footprint is %lld B, expected at least 4096 B", static_cast<long long>(footprint_bytes));
    if (footprint_bytes > hw->dram.bytes)
        return error_plain(err, STATUS_INFEASIBLE, "footprint of %lld B exceeds the memory of %s, %lld B", static_cast<long long>(footprint_bytes),
                           hw->name, static_cast<long long>(hw->dram.bytes));
    try {
        const ChipParams p = chip_params(*hw, hw->clock.boost_hz);
        struct cycle_probe result = {0, 0};
        if (what & CYCLE_PROBE_LATENCY)
            result.latency_s = chase_latency_s(p, *hw, footprint_bytes);
        if (what & CYCLE_PROBE_BANDWIDTH)
            result.bytes_per_s = loop_bytes_per_s(p, footprint_bytes);
        *out = result;
    } catch (const std::exception &e) {
        return error_plain(err, STATUS_INTERNAL, "probe failed: %s", e.what());
    }
    return STATUS_OK;
}

extern "C" double llmsim_cycle_dram_share(const struct hardware *hw, bool random, double write_share)
{
    using namespace llmsim;
    if (hw->dram.timing.bus_bits <= 0 || hw->dram.channels <= 0)
        return 0;
    const DramParams p = DramParams::from_timing(hw->dram.timing, hw->dram.channels, hw->dram.bandwidth_bytes_per_s);
    const DramAddressMap map(p, static_cast<int>(hw->dram.channels), hw->dram.timing.mapping, hw->dram.timing.interleave_bytes, hw->dram.timing.hash);
    if (!p.problem().empty() || !map.problem().empty())
        return 0;
    DramPattern pattern;
    pattern.random = random;
    pattern.write_share = write_share;
    pattern.cycles = 40000;
    pattern.offered_per_cycle = 2 * static_cast<int>(hw->dram.channels);
    if (random)
        pattern.columns = std::max(1, 64 / p.access_bytes());
    return DramDevice(p, map, true).measure(pattern).of_peak;
}
