/* SPDX-License-Identifier: Apache-2.0 */
/* Service rate of a channel under an access pattern, from the bank model. See dram_pattern.h. */
#include "sim/hw/dram_pattern.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace llmsim {

namespace {

enum { sampled_channels = 2, accesses_wanted = 1536, pieces_at_most = 1 << 18 };

/// A few channels, each fed by itself: a full channel does not hold up the others (every SM has queues of its own).
class Feeder {
public:
    Feeder(const DramParams &params, const DramAddressMap &map, bool write) : map_(map), params_(params), write_(write)
    {
        for (int i = 0; i < channels(); ++i)
            channels_.push_back(std::make_unique<DramChannel>(params));
        taken_.resize(static_cast<size_t>(channels()));
        cycle_.resize(static_cast<size_t>(channels()));
    }
    int channels() const { return std::min<int>(sampled_channels, map_.channels()); }

    /// One access. Returns false when enough has been seen.
    bool feed(uint64_t address)
    {
        const DramAddress a = map_.decode(address);
        if (a.channel >= channels())
            return true;
        const auto c = static_cast<size_t>(a.channel);
        DramChannel &channel = *channels_[c];
        while (!channel.can_accept(write_))
            cycle_[c] = std::max(cycle_[c], channel.step());
        channel.enqueue(cycle_[c], {0, a.row, a.bank, a.column, 1, write_});
        channel.completions().clear();
        return ++taken_[c] < accesses_wanted;
    }

    double efficiency()
    {
        double busy = 0, total = 0;
        for (size_t c = 0; c < channels_.size(); ++c) {
            DramChannel &channel = *channels_[c];
            while (channel.queued() > 0)
                channel.step();
            if (taken_[c] == 0)
                continue;
            // The first access's latency is not part of the rate.
            const DramParams &p = params_;
            const int64_t first = p.tRCDRD + p.CL;
            busy += static_cast<double>(taken_[c]) * p.burst_cycles();
            total += static_cast<double>(std::max<int64_t>(channel.data_bus_free() - first, 1));
        }
        return total > 0 ? std::min(busy / total, 1.0) : 1.0;
    }

private:
    const DramAddressMap &map_;
    const DramParams &params_;
    const bool write_;
    std::vector<std::unique_ptr<DramChannel>> channels_;
    std::vector<int64_t> taken_, cycle_;
};

}  // namespace

/// Address of the first byte of a row of a tile in a step.
static int64_t address_of(const TilePattern &p, int64_t run, int64_t step, int64_t tile, int64_t row)
{
    return p.pitch_bytes > 0 ? (tile * p.rows + row) * p.pitch_bytes + step * run : ((step * p.tiles + tile) * p.rows + row) * run;
}

bool dram_pattern_even(const DramAddressMap &map, const TilePattern &pattern)
{
    enum { grain = 256, steps_at_once = 4, runs_a_channel = 64 };
    const int64_t wanted = int64_t{runs_a_channel} * map.channels(), run = std::max<int64_t>(pattern.row_bytes, 1);
    std::vector<int64_t> runs(static_cast<size_t>(map.channels()), 0);
    int64_t all = 0;
    for (int64_t step = 0; step < steps_at_once && all < wanted; ++step)
        for (int64_t tile = 0; tile < pattern.tiles && all < wanted; ++tile)
            for (int64_t row = 0; row < pattern.rows && all < wanted; ++row) {
                const int64_t base = address_of(pattern, run, step, tile, row);
                for (int64_t at = base / grain * grain; at < base + run; at += grain, ++all)
                    ++runs[static_cast<size_t>(map.channel(static_cast<uint64_t>(at)))];
            }
    const double mean = static_cast<double>(all) / static_cast<double>(runs.size());
    return static_cast<double>(*std::max_element(runs.begin(), runs.end())) <= mean + 4.5 * std::sqrt(mean) + 2.0;
}

double dram_pattern_efficiency(const DramParams &params, const DramAddressMap &map, const TilePattern &pattern)
{
    Feeder feeder(params, map, pattern.write);
    const auto access = static_cast<int64_t>(params.access_bytes());
    const int64_t run = std::max(pattern.row_bytes, access);
    int64_t pieces = 0;
    for (int64_t step = 0; pieces < pieces_at_most; ++step) {
        for (int64_t tile = 0; tile < pattern.tiles; ++tile) {
            for (int64_t row = 0; row < pattern.rows; ++row) {
                const int64_t base = address_of(pattern, run, step, tile, row);
                for (int64_t at = base / access * access; at < base + run; at += access, ++pieces)
                    if (!feeder.feed(static_cast<uint64_t>(at)))
                        return feeder.efficiency();
            }
        }
    }
    return feeder.efficiency();
}

int dram_turnaround_cycles(const DramParams &p)
{
    // Read command to write command, and write command to read command, beside the bursts that both move anyway.
    const int to_write = std::max(0, (p.tRTW > 0 ? p.tRTW : p.CL + p.burst_cycles() + p.tRTRS - p.CWL) - p.burst_cycles());
    const int to_read = std::max(0, p.CWL + p.burst_cycles() + p.tWTR_L - p.burst_cycles());
    return to_write + to_read;
}

}  // namespace llmsim
