/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crossbar and L2: partitions with slices, tags by chunk, latencies near and far.
 *
 * An SM's request goes to its own partition. Present there: a near hit. Present only in the partition that owns the address:
 * a far hit, which leaves a copy (so data that both halves read takes room in both). Absent: the owner fetches it from DRAM.
 * A chunk on its way is waited for, not fetched twice. Each partition moves bytes at its share of the chip's measured rate.
 * Results are written to the owner and stay dirty until they are evicted to DRAM. docs/cycle.md, 4.
 * Left out: bandwidth of the link between partitions (not published), slice conflicts within a partition (hashed).
 */
#ifndef LLMSIM_SIM_HW_L2_MODULE_H
#define LLMSIM_SIM_HW_L2_MODULE_H

#include <vector>

#include "sim/hw/memory_if.h"
#include "sim/hw/server.h"
#include "sim/hw/tag_store.h"

namespace llmsim {

struct L2Params {
    int partitions = 1;
    int64_t bytes = 0;                 ///< capacity that a kernel can count on, all partitions
    double read_bytes_per_s = 0;       ///< all partitions
    double write_bytes_per_s = 0;
    int64_t dirty_bytes = 0;           ///< results that may stay unwritten; beyond it they go on to DRAM at once. 0: all of `bytes`
    int64_t near_ps = 0, far_ps = 0;   ///< idle latency seen by an SM
};

struct L2Stats {
    int64_t read_bytes = 0, write_bytes = 0;
    int64_t near_hits = 0, far_hits = 0, misses = 0, waits = 0;   ///< waits: hits on a chunk still on its way
    int64_t miss_bytes = 0, written_back_bytes = 0;
    int64_t busy_ps = 0;               ///< mean of the partitions' ports
};

class L2Module : public sc_core::sc_module, public MemoryIf {
public:
    sc_core::sc_port<MemoryIf> dram{"dram"};

    L2Module(const sc_core::sc_module_name &name, const L2Params &params);

    int64_t read(int64_t at_ps, int requester, const Chunk &chunk) override;
    int64_t write(int64_t at_ps, int requester, const Chunk &chunk) override;

    bool last_from_dram() const override { return last_missed_; }
    int64_t last_transfer_ps() const override { return last_transfer_ps_; }
    const L2Stats &stats();

private:
    int owner(const Chunk &chunk) const;
    /// @return when the data it pushes out has been taken by DRAM's queues
    int64_t fill(int partition, const Chunk &chunk, int64_t at_ps, int64_t ready_ps, int64_t dirty_bytes);

    L2Params params_;
    std::vector<TagStore> tags_;
    std::vector<Calendar> port_;       ///< data arrays of a partition: reads and writes take turns
    bool last_missed_ = false;
    int64_t last_transfer_ps_ = 0;
    int64_t dirty_ = 0;                ///< bytes in L2 that DRAM does not have
    L2Stats stats_;
};

}  // namespace llmsim

#endif
