/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A first-in first-out resource with known service times: a port, a pipe's issue slot, a data bus. Requests are made in the
 * order in which they reach it, so its whole state is the time at which it is free again:
 *   start = max(arrival, free);   free = start + service                                        docs/cycle.md, Eq. 1
 * The unit of time is the caller's (SM cycles or picoseconds).
 */
#ifndef LLMSIM_SIM_HW_SERVER_H
#define LLMSIM_SIM_HW_SERVER_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmsim {

class Server {
public:
    /// Takes `service` from `at` or from when it is free. Returns the start.
    int64_t reserve(int64_t at, int64_t service)
    {
        const int64_t start = std::max(at, free_);
        free_ = start + service;
        busy_ += service;
        return start;
    }
    int64_t free() const { return free_; }
    int64_t busy() const { return busy_; }
    void reset() { free_ = busy_ = 0; }

private:
    int64_t free_ = 0, busy_ = 0;
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
