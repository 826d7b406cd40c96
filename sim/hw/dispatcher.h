/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grid dispatcher: hands out thread blocks in raster order, at most one a cycle, to the SM with the most free slots (lowest
 * index first), so the first wave fills breadth first and later blocks go where one has ended.
 * Source: the order is what microbenchmarks of block placement show (one block an SM before any SM gets a second); the rate of
 * one block a clock is in gpu_microarchitecture notes ([L]).
 */
#ifndef LLMSIM_SIM_HW_DISPATCHER_H
#define LLMSIM_SIM_HW_DISPATCHER_H

#include <systemc>
#include <vector>

#include "sim/hw/clock_domain.h"
#include "sim/hw/program.h"

namespace llmsim {

class Sm;

struct DispatcherStats {
    int64_t blocks = 0;
    int64_t last_cycle = 0;   ///< when the last block was handed out
    std::vector<int64_t> wave_start;   ///< when the first block of each wave was (a wave: as many blocks as slots)
};

class Dispatcher : public sc_core::sc_module {
public:
    Dispatcher(const sc_core::sc_module_name &name, const ClockDomain &clock);

    void connect(Sm *sm) { sms_.push_back(sm); }
    /// Blocks 0 to `blocks` - 1 of the program, from `first_cycle` on.
    void start(int64_t blocks, int slots_per_sm, int64_t first_cycle);
    /// An SM has a free slot.
    void slot_free(int sm, int64_t cycle);
    const DispatcherStats &stats() const { return stats_; }

private:
    SC_HAS_PROCESS(Dispatcher);
    void dispatch();   // one activity: while blocks and slots are left, one block a cycle

    const ClockDomain clock_;
    std::vector<Sm *> sms_;
    std::vector<int> free_;
    int64_t next_block_ = 0, blocks_ = 0, next_cycle_ = 0;
    int most_free_ = 0;
    int64_t slots_ = 1;
    sc_core::sc_event wake_;
    DispatcherStats stats_;
};

}  // namespace llmsim

#endif
