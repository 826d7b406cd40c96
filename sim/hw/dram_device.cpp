/* SPDX-License-Identifier: Apache-2.0 */
/* Sustained bandwidth of an access pattern on all channels of a device. Described in dram_device.h. */
#include "sim/hw/dram_device.h"

#include <algorithm>

namespace llmsim {

namespace {

/// splitmix64: one multiply-free state, good enough for addresses and for the read or write draw. Public domain, Vigna 2015.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next()
    {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
    uint64_t state_;
};

}  // namespace

DramDevice::DramDevice(const DramParams &params, const DramAddressMap &map, bool stagger_refresh) : params_(params), map_(map)
{
    channels_.reserve(static_cast<size_t>(map.channels()));
    for (int c = 0; c < map.channels(); ++c)
        channels_.emplace_back(params, stagger_refresh ? int64_t{params.tREFI} * c / map.channels() : 0);
}

int64_t DramDevice::offer(int64_t cycle, uint64_t address, bool write, int columns, uint64_t tag)
{
    const DramAddress a = map_.decode(address);
    DramChannel &channel = channels_[static_cast<size_t>(a.channel)];
    channel.advance(cycle - 1);
    while (!channel.can_accept(write))
        cycle = std::max(cycle, channel.step() + 1);
    channel.enqueue(cycle, {tag, a.row, a.bank, a.column, columns, write});
    return cycle;
}

DramMeasure DramDevice::measure(const DramPattern &pattern)
{
    const int64_t first = static_cast<int64_t>(static_cast<double>(pattern.cycles) * pattern.warm_up);
    const int64_t request_bytes = int64_t{params_.access_bytes()} * pattern.columns;
    const uint64_t stride = static_cast<uint64_t>(pattern.stride_bytes > 0 ? pattern.stride_bytes : request_bytes);
    Random random(pattern.seed);
    DramMeasure out;
    double latency = 0, reads = 0;
    int64_t moved_bytes = 0, cycle = 0;
    uint64_t address = 0;
    int this_cycle = 0;
    auto collect = [&](DramChannel &channel) {
        for (const DramCompletion &done : channel.completions()) {
            if (done.cycle < first || done.cycle >= pattern.cycles)
                continue;
            moved_bytes += request_bytes;
            if (!done.write) {
                latency += static_cast<double>(done.cycle - static_cast<int64_t>(done.tag));
                reads += 1;
            }
        }
        channel.completions().clear();
    };
    while (cycle < pattern.cycles) {
        if (pattern.random)
            address = random.next() % (pattern.footprint_bytes / static_cast<uint64_t>(request_bytes)) *
                      static_cast<uint64_t>(request_bytes);
        const bool write = pattern.write_share > 0 && random.uniform() < pattern.write_share;
        const int64_t taken = offer(cycle, address, write, pattern.columns, static_cast<uint64_t>(cycle));
        this_cycle = taken > cycle ? 1 : this_cycle + 1;
        cycle = this_cycle >= pattern.offered_per_cycle ? taken + 1 : taken;
        this_cycle = this_cycle >= pattern.offered_per_cycle ? 0 : this_cycle;
        address = (address + stride) % pattern.footprint_bytes;
        ++out.requests;
        if (out.requests % 4096 == 0)
            for (DramChannel &channel : channels_)
                collect(channel);
    }
    for (DramChannel &channel : channels_) {
        channel.advance(pattern.cycles);
        collect(channel);
        const DramStats &s = channel.stats();
        out.stats.read_accesses += s.read_accesses;
        out.stats.write_accesses += s.write_accesses;
        out.stats.activates += s.activates;
        out.stats.precharges += s.precharges;
        out.stats.refreshes += s.refreshes;
        out.stats.row_hits += s.row_hits;
        out.stats.commands += s.commands;
    }
    const double seconds = static_cast<double>(pattern.cycles - first) * static_cast<double>(params_.tCK_fs) * 1e-15;
    out.bytes_per_s = static_cast<double>(moved_bytes) / seconds;
    out.of_peak = out.bytes_per_s / (params_.peak_bytes_per_s() * channels());
    out.latency_cycles = reads > 0 ? latency / reads : 0;
    return out;
}

}  // namespace llmsim
