/* SPDX-License-Identifier: Apache-2.0 */
/* L2 partitions: hits near and far, misses, copies, write-back. See l2_module.h. */
#include "sim/hw/l2_module.h"

#include <algorithm>

namespace llmsim {

enum { slice_shift = 14 };   // slices of a port's calendar: 16 ns

static int64_t service_ps(int64_t bytes, double bytes_per_s)
{
    return static_cast<int64_t>(static_cast<double>(bytes) * 1e12 / bytes_per_s + 0.5);
}

L2Module::L2Module(const sc_core::sc_module_name &name, const L2Params &params) : sc_core::sc_module(name), params_(params)
{
    for (int p = 0; p < params.partitions; ++p) {
        tags_.emplace_back(params.bytes / params.partitions, TagStore::Replacement::random);
        port_.emplace_back(slice_shift);
    }
}

int L2Module::owner(const Chunk &chunk) const
{
    return static_cast<int>((chunk.key * 0x9e3779b97f4a7c15u >> 32) % static_cast<uint64_t>(params_.partitions));
}

int64_t L2Module::fill(int partition, const Chunk &chunk, int64_t at_ps, int64_t ready_ps, int64_t dirty_bytes)
{
    const int64_t evicted = tags_[static_cast<size_t>(partition)].insert(chunk.key, chunk.bytes, ready_ps, dirty_bytes, chunk.keep);
    if (evicted > 0) {
        Chunk out = chunk;   // where exactly the victim lies does not matter: addresses are hashed over channels
        out.bytes = evicted;
        stats_.written_back_bytes += evicted;
        dirty_ -= evicted;
        return dram->write(at_ps, partition, out);
    }
    return at_ps;
}

int64_t L2Module::read(int64_t at_ps, int requester, const Chunk &chunk)
{
    Chunk lines = chunk;   // what a miss fetches and L2 then holds
    lines.bytes = std::max(chunk.bytes, chunk.fetch_bytes);
    const int own = requester % params_.partitions, home = owner(chunk);
    const double rate = params_.read_bytes_per_s / params_.partitions;
    const int64_t service = service_ps(chunk.bytes, rate);
    const int64_t there = at_ps + params_.near_ps / 2;
    const int64_t through = port_[static_cast<size_t>(own)].reserve(there, service);
    const int64_t back = params_.near_ps - params_.near_ps / 2;
    stats_.read_bytes += chunk.bytes;
    last_missed_ = false;
    last_transfer_ps_ = service;
    int e = tags_[static_cast<size_t>(own)].find(chunk.key);
    if (e >= 0) {
        const int64_t ready = tags_[static_cast<size_t>(own)].ready(e);
        ++stats_.near_hits;
        stats_.waits += ready > through ? 1 : 0;
        last_missed_ = ready > through;
        return std::max(through, ready) + back;
    }
    const int64_t crossing = own == home ? 0 : params_.far_ps - params_.near_ps;
    e = own == home ? -1 : tags_[static_cast<size_t>(home)].find(chunk.key);
    int64_t ready;
    if (e >= 0) {
        ready = std::max(through, tags_[static_cast<size_t>(home)].ready(e)) + crossing;
        last_missed_ = tags_[static_cast<size_t>(home)].ready(e) > through;
        ++stats_.far_hits;
    } else if (chunk.warm) {
        ready = through + crossing;
        ++stats_.near_hits;
        ready = std::max(ready, fill(home, lines, there, ready, 0));
    } else {
        // DRAM is asked when the request arrives, not after the port has moved the answer.
        ready = dram->read(there, home, lines) + crossing;
        last_transfer_ps_ = std::max(last_transfer_ps_, dram->last_transfer_ps());
        ready = std::max(ready, through);
        ++stats_.misses;
        stats_.miss_bytes += lines.bytes;
        last_missed_ = true;
        ready = std::max(ready, fill(home, lines, there, ready, 0));
    }
    if (own != home && chunk.keep)
        fill(own, lines, there, ready, 0);
    return ready + back;
}

int64_t L2Module::write(int64_t at_ps, int requester, const Chunk &chunk)
{
    (void)requester;
    const int home = owner(chunk);
    const double rate = params_.write_bytes_per_s / params_.partitions;
    const int64_t service = service_ps(chunk.bytes, rate);
    int64_t done = port_[static_cast<size_t>(home)].reserve(at_ps + params_.near_ps / 2, service);
    stats_.write_bytes += chunk.bytes;
    const int e = tags_[static_cast<size_t>(home)].find(chunk.key);
    if (e >= 0)
        return done;   // written again while it is there
    const int64_t limit = params_.dirty_bytes > 0 ? params_.dirty_bytes : params_.bytes;
    const bool stays = dirty_ + chunk.bytes <= limit;
    if (stays) {
        dirty_ += chunk.bytes;
    } else {
        stats_.written_back_bytes += chunk.bytes;
        done = std::max(done, dram->write(at_ps, home, chunk));
    }
    return std::max(done, fill(home, chunk, at_ps, done, stays ? chunk.bytes : 0));
}

const L2Stats &L2Module::stats()
{
    stats_.busy_ps = 0;
    for (const Calendar &s : port_)
        stats_.busy_ps += s.busy() / params_.partitions;
    return stats_;
}

}  // namespace llmsim
