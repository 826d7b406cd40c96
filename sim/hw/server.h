/* SPDX-License-Identifier: Apache-2.0 */
/* Resources with known service times: units of an SM, ports, data buses. The unit of time is the caller's (SM cycles or picoseconds). */
#ifndef LLMSIM_SIM_HW_SERVER_H
#define LLMSIM_SIM_HW_SERVER_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmsim {

/*
 * A unit of an SM under its schedulers' rule: of the resident blocks' warps that could issue, the oldest block's goes first, and the younger take
 * what it leaves. So blocks that started together drift apart, and the last blocks of a grid find their SMs one after the other.
 * Preemptive priority: an older block's work starts when older blocks' is done, and postpones what younger ones have left:
 *   start = max(arrival, free of all blocks of no higher rank);   free = start + service                      docs/cycle.md, Eq. 1
 * Source of the rule: greedy-then-oldest warp scheduling (Rogers et al., MICRO 2012); NVIDIA's own is unpublished, but ranks warps, too.
 */
class RankedServer {
public:
    void set_lanes(size_t lanes) { free_.assign(lanes, 0); }
    void reset() { std::fill(free_.begin(), free_.end(), 0), busy_ = 0; }
    /// Takes `service` from `at` or from when the work of all blocks of no higher rank is done. Returns the start. Who needs nothing waits for nobody.
    /// @param ranks  of the lanes' blocks; lower goes first
    int64_t reserve(size_t lane, const std::vector<int64_t> &ranks, int64_t at, int64_t service)
    {
        int64_t start = at;
        if (service <= 0)
            return at;
        for (size_t i = 0; i < free_.size(); ++i)
            start = ranks[i] <= ranks[lane] ? std::max(start, free_[i]) : start;
        for (size_t i = 0; i < free_.size(); ++i)
            free_[i] += ranks[i] > ranks[lane] && free_[i] > start ? service : 0;
        free_[lane] = start + service;
        busy_ += service;
        return start;
    }
    int64_t free(size_t lane) const { return free_[lane]; }
    int64_t busy() const { return busy_; }

private:
    std::vector<int64_t> free_ = {0};
    int64_t busy_ = 0;
};

/*
 * A resource whose requests are not made in the order in which they reach it: an SM books a transfer that begins when its own port
 * is free, later than other SMs' next requests. Time is cut into slices; each holds as much service as it is long, and a request
 * takes what is left from its arrival on. So nobody waits for a request that arrives after his.
 *   end = max(arrival + service, end of the last slice's use)                                       docs/cycle.md, Eq. 2
 * A window of `slices` is kept, from the oldest arrival that can still come.
 */
class Calendar {
public:
    enum { slices = 512 };
    /// @param shift  a slice is 2^shift long
    explicit Calendar(int shift) : shift_(shift), slice_(slices) {}

    /// Returns the end of the service.
    int64_t reserve(int64_t at, int64_t service)
    {
        const int64_t length = int64_t{1} << shift_;
        int64_t i = open_from(std::max(at >> shift_, base_)), left = service, end = at + service;
        busy_ += service;
        while (left > 0) {
            Slice &s = slice_[static_cast<size_t>(i & (slices - 1))];
            const int64_t take = std::min(left, length - s.used);
            s.used += static_cast<int32_t>(take);
            left -= take;
            end = std::max(end, (i << shift_) + s.used);
            if (s.used >= length)
                s.hop = 1;
            if (left > 0)
                i = open_from(i + 1);
        }
        return end;
    }
    int64_t busy() const { return busy_; }

private:
    struct Slice {
        int32_t used = 0;
        int32_t hop = 0;   ///< 0: has room; else how many slices further to look
    };
    /// First slice from `i` on with room; paths over full slices are shortened on the way.
    int64_t open_from(int64_t i)
    {
        const int64_t first = i;
        for (;;) {
            if (i >= base_ + slices)
                slide(i - slices / 2);
            int32_t &hop = slice_[static_cast<size_t>(i & (slices - 1))].hop;
            if (hop == 0)
                break;
            if (i + hop < base_ + slices)   // halve the path: point past the next full slice, too
                hop += slice_[static_cast<size_t>((i + hop) & (slices - 1))].hop;
            i += hop;
        }
        if (i > first && first >= base_)
            slice_[static_cast<size_t>(first & (slices - 1))].hop = static_cast<int32_t>(i - first);
        return i;
    }
    void slide(int64_t base)
    {
        for (int64_t j = std::max(base_, base - slices); j < base; ++j)
            slice_[static_cast<size_t>(j & (slices - 1))] = Slice();
        base_ = std::max(base_, base);
    }
    int shift_;
    int64_t base_ = 0, busy_ = 0;
    std::vector<Slice> slice_;
};

}  // namespace llmsim

#endif
