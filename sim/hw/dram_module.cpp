/* SPDX-License-Identifier: Apache-2.0 */
/* Channels of the chip: cutting chunks by the address map, queueing on data buses, draining writes. See dram_module.h. */
#include "sim/hw/dram_module.h"

#include "sim/bounds.h"

#include <algorithm>

namespace llmsim {

enum {
    slice_shift = 16,          // slices of a bus's calendar: 66 ns, about a kilobyte
    together_shift = 14,       // of the calendar of all: 16 ns
    grain = 256                // bytes that one bus moves at a time
};

static int64_t service_ps(int64_t bytes, double bytes_per_s)
{
    return static_cast<int64_t>(static_cast<double>(bytes) * 1e12 / bytes_per_s + 0.5);
}

DramModule::DramModule(const sc_core::sc_module_name &name, const DramModuleParams &params, const DramAddressMap &map)
    : sc_core::sc_module(name), params_(params), map_(map), bus_(static_cast<size_t>(map.channels()), Calendar(slice_shift)),
      all_buses_(together_shift), waiting_writes_(static_cast<size_t>(map.channels()), 0), read_since_(static_cast<size_t>(map.channels()), 0)
{
}

/// One of `n` places, by chunk and index: the same every time.
static int64_t draw(uint64_t key, int64_t index, int64_t n)
{
    if (n <= 1)
        return 0;
    const uint64_t mixed = (key + static_cast<uint64_t>(index)) * 0x9e3779b97f4a7c15u;
    return static_cast<int64_t>((mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9u >> 40) % n;
}

/// Fills pieces_ with the channels that hold the chunk. Long runs are cut at the interleave; of many rows a sample is decoded.
int DramModule::cut(const Chunk &chunk)
{
    pieces_.clear();
    const int64_t row_bytes = chunk.bytes / std::max(chunk.rows, 1);
    const int rows = std::min(chunk.rows, params_.sampled_rows);
    const int64_t runs = std::max<int64_t>(1, std::min<int64_t>((row_bytes + grain - 1) / grain,
                                                                std::max(1, params_.sampled_rows / rows)));
    const int64_t pieces = rows * runs, bytes = chunk.bytes / pieces;
    for (int r = 0; r < rows; ++r) {
        // A different place of each neighbourhood, so that a regular pitch is not sampled at a regular step.
        const int64_t first = int64_t{r} * chunk.rows / rows, last = int64_t{r + 1} * chunk.rows / rows;
        const int64_t row = first + draw(chunk.key, r, std::max<int64_t>(last - first, 1));
        const uint64_t base = chunk.address + static_cast<uint64_t>(row * chunk.pitch_bytes);
        for (int64_t i = 0; i < runs; ++i) {
            const int64_t from = row_bytes * i / runs / grain, to = std::max(row_bytes * (i + 1) / runs / grain, from + 1);
            const auto at = static_cast<uint64_t>((from + draw(chunk.key, r * 64 + i, to - from)) * grain);
            pieces_.push_back({map_.channel(base + at), bytes});
        }
    }
    pieces_[0].bytes += chunk.bytes - bytes * pieces;
    return static_cast<int>(pieces);
}

/// Mean use of the buses, forgotten with a time constant; takes in a transfer of `service_ps` bus time.
double DramModule::use(int64_t at_ps, int64_t service_ps)
{
    const double constant_ps = 2e6;
    const double passed = static_cast<double>(std::max<int64_t>(at_ps - use_at_ps_, 0)) / constant_ps;
    use_at_ps_ = std::max(use_at_ps_, at_ps);
    use_ = use_ / (1.0 + passed) + static_cast<double>(service_ps) / (constant_ps * static_cast<double>(bus_.size()));
    return std::min(use_, 1.0);
}

int64_t DramModule::read_together(int64_t at_ps, const Chunk &chunk)
{
    const double rate = params_.read_bytes_per_s * static_cast<double>(bus_.size());
    const int64_t one = service_ps(std::min<int64_t>(chunk.bytes, grain), params_.read_bytes_per_s);
    batches_since_read_ = 0;
    return std::max(all_buses_.reserve(at_ps, service_ps(chunk.bytes, rate)), at_ps + one);
}

int64_t DramModule::read_by_channel(int64_t at_ps, const Chunk &chunk)
{
    int64_t done = at_ps;
    cut(chunk);
    for (const Piece &p : pieces_) {
        const int64_t service = service_ps(p.bytes, params_.read_bytes_per_s);
        read_since_[static_cast<size_t>(p.channel)] = 1;
        done = std::max(done, bus_[static_cast<size_t>(p.channel)].reserve(at_ps, service));
    }
    return done;
}

int64_t DramModule::read(int64_t at_ps, int requester, const Chunk &chunk)
{
    (void)requester;
    const int64_t done = params_.even ? read_together(at_ps, chunk) : read_by_channel(at_ps, chunk);
    const int64_t one_bus_ps = service_ps(chunk.bytes, params_.read_bytes_per_s);
    read_bytes_ += chunk.bytes;
    last_transfer_ps_ = one_bus_ps / static_cast<int64_t>(bus_.size());
    const double busy = use(at_ps, one_bus_ps);
    const auto queues = static_cast<double>(std::max<int64_t>(params_.loaded_latency_ps - params_.latency_ps, 0));
    return done + params_.latency_ps + static_cast<int64_t>(queues * queue_filled(busy));
}

/// Time of one channel's bus that a batch of writes takes.
int64_t DramModule::batch_ps(bool turn) const
{
    return service_ps(params_.write_batch_bytes, params_.write_bytes_per_s) + (turn ? params_.turnaround_ps : 0);
}

/// Channels take turns: a channel turns round when any read came since its own last batch.
int64_t DramModule::write_together(int64_t at_ps, const Chunk &chunk)
{
    const auto channels = static_cast<int64_t>(bus_.size());
    int64_t drained = at_ps;
    waiting_together_ += chunk.bytes;
    while (waiting_together_ >= params_.write_batch_bytes) {
        const bool turn = read_bytes_ > 0 && batches_since_read_ < channels;
        drained = std::max(drained, all_buses_.reserve(at_ps, batch_ps(turn) / channels));
        waiting_together_ -= params_.write_batch_bytes;
        ++batches_since_read_;
        ++batches_;
    }
    return drained;
}

int64_t DramModule::write_by_channel(int64_t at_ps, const Chunk &chunk)
{
    int64_t drained = at_ps;
    cut(chunk);
    for (const Piece &p : pieces_) {
        const auto c = static_cast<size_t>(p.channel);
        waiting_writes_[c] += p.bytes;
        while (waiting_writes_[c] >= params_.write_batch_bytes) {
            drained = std::max(drained, bus_[c].reserve(at_ps, batch_ps(read_since_[c] != 0)));
            waiting_writes_[c] -= params_.write_batch_bytes;
            read_since_[c] = 0;
            ++batches_;
        }
    }
    return drained;
}

int64_t DramModule::write(int64_t at_ps, int requester, const Chunk &chunk)
{
    (void)requester;
    const int64_t drained = params_.even ? write_together(at_ps, chunk) : write_by_channel(at_ps, chunk);
    last_write_ps_ = std::max(last_write_ps_, drained);
    write_bytes_ += chunk.bytes;
    use(at_ps, service_ps(chunk.bytes, params_.write_bytes_per_s));
    // The queues hold a batch of each channel and one more on its way: who comes after that waits.
    return std::max(at_ps, drained - 2 * batch_ps(true));
}

DramModuleStats DramModule::stats() const
{
    DramModuleStats s;
    s.read_bytes = read_bytes_;
    s.write_bytes = write_bytes_;
    s.write_batches = batches_;
    s.last_write_ps = last_write_ps_;
    s.busiest_channel_ps = s.mean_channel_ps = all_buses_.busy();
    for (const Calendar &bus : bus_) {
        s.busiest_channel_ps = std::max(s.busiest_channel_ps, bus.busy());
        s.mean_channel_ps += bus.busy() / static_cast<int64_t>(bus_.size());
    }
    return s;
}

}  // namespace llmsim
