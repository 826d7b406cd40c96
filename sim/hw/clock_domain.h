/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock domain counts its own cycles; the kernel counts integer picoseconds. Edge n lies at round(n x period). Conversion is
 * by whole femtoseconds, so no drift: cycle_after(ps(n)) == n for every n of a run.
 */
#ifndef LLMSIM_SIM_HW_CLOCK_DOMAIN_H
#define LLMSIM_SIM_HW_CLOCK_DOMAIN_H

#include <cmath>
#include <cstdint>

namespace llmsim {

class ClockDomain {
public:
    explicit ClockDomain(double hz) : period_fs_(std::llround(1e15 / hz)) {}
    /// Time of edge `cycle`, picoseconds.
    int64_t ps(int64_t cycle) const { return (cycle * period_fs_ + 500) / 1000; }
    /// First edge at or after `ps`.
    int64_t cycle_at_or_after(int64_t ps) const
    {
        int64_t n = ps * 1000 / period_fs_;
        while (this->ps(n) < ps)
            ++n;
        while (n > 0 && this->ps(n - 1) >= ps)
            --n;
        return n;
    }
    int64_t period_fs() const { return period_fs_; }

private:
    int64_t period_fs_;
};

}  // namespace llmsim

#endif
