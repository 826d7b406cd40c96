/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output-stationary array of multiply-accumulate elements on an FPGA, with the operand buffers that feed it. docs/datapaths.md, 5
 *
 * A step of a tile is `passes`, one for each rows x columns part of it. The feed reads a pass's operands through the buffers' ports, `feed` clocks, and
 * may run one pass ahead: edge registers are double buffered. The wavefront of a pass enters behind the one before it without a gap once its first
 * operands are there, and cannot end before its last ones have come:
 *     start = max(array free, feed begun + 1)      end = max(start + pass, feed done + 1)
 * Skew and pipeline delay results, not the next wavefront: they are the latency of a block's last step (fill), and results leave through the drain,
 * which is the accumulators' port (epilogue). Policy class: time is an argument (clocks of the design).
 * Left out: stalls inside a pass, since buffers are filled a whole step ahead.
 */
#ifndef LLMSIM_SIM_HW_MAC_ARRAY_H
#define LLMSIM_SIM_HW_MAC_ARRAY_H

#include <algorithm>
#include <cstdint>

namespace llmsim {

struct MacArrayStats {
    int64_t passes = 0;
    int64_t starved = 0;   ///< clocks in which a pass waited for operands
};

class MacArray {
public:
    struct Work {
        int64_t passes, pass, feed;   ///< number; clocks of the array; clocks of the ports
    };

    /// Takes the passes of one step whose operands lie in the buffers at `t`; returns when the last wavefront has entered.
    int64_t run(int64_t t, const Work &w)
    {
        int64_t end = t;
        for (int64_t i = 0; i < w.passes; ++i) {
            const int64_t feed_begun = std::max({t, feed_free_, array_free_ - w.pass});   // at most one pass ahead
            feed_free_ = feed_begun + w.feed;
            const int64_t start = std::max(array_free_, feed_begun + 1);
            end = std::max(start + w.pass, feed_free_ + 1);
            stats_.starved += end - start - w.pass;
            ++stats_.passes;
            array_free_ = end;
        }
        return end;
    }
    void reset() { *this = MacArray(); }
    const MacArrayStats &stats() const { return stats_; }

private:
    int64_t array_free_ = 0, feed_free_ = 0;
    MacArrayStats stats_;
};

}  // namespace llmsim

#endif
