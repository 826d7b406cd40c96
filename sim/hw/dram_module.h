/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory channels of the chip as the cycle fidelity sees them. Each channel is a data bus that serves in order of arrival; a chunk is
 * cut into pieces by the address map, so that strides which camp on few channels queue there. Where the kernel's chunks fall evenly
 * on the channels (dram_pattern_even) their queues are alike, and one calendar of all buses together stands for them: a chunk
 * takes its bytes at the rate of all, but no less than a line takes on one bus. The buses' rate under the
 * kernel's access pattern comes from the bank model (dram_pattern.h); refresh is part of it. Writes wait in the channel's
 * write queue and leave in batches; a batch between reads costs a turn-around. docs/dram.md, 5 and 6.
 * Latency grows from idle to loaded (both measured on chips) in proportion to the buses' use over the last two microseconds.
 * Assumption: uneven chunks of more than `sampled_rows` rows are decoded at as many, each standing for its neighbours.
 */
#ifndef LLMSIM_SIM_HW_DRAM_MODULE_H
#define LLMSIM_SIM_HW_DRAM_MODULE_H

#include <vector>

#include "sim/hw/dram_address.h"
#include "sim/hw/memory_if.h"
#include "sim/hw/server.h"

namespace llmsim {

struct DramModuleParams {
    double read_bytes_per_s = 0;    ///< of one channel, under the kernel's pattern
    double write_bytes_per_s = 0;
    int64_t turnaround_ps = 0;      ///< reads to writes and back
    int64_t write_batch_bytes = 1024;   ///< write queue of one channel
    int64_t latency_ps = 0;         ///< idle latency from the request at the channel to its data
    int64_t loaded_latency_ps = 0;  ///< the same with the buses busy: queues of the controller, banks, refresh
    int sampled_rows = 256;
    bool even = false;              ///< the kernel's chunks fall evenly on the channels: one calendar for all
};

struct DramModuleStats {
    int64_t read_bytes = 0, write_bytes = 0, write_batches = 0;
    int64_t busiest_channel_ps = 0, mean_channel_ps = 0;
    int64_t last_write_ps = 0;      ///< end of the last batch of writes
};

class DramModule : public sc_core::sc_module, public MemoryIf {
public:
    DramModule(const sc_core::sc_module_name &name, const DramModuleParams &params, const DramAddressMap &map);

    int64_t read(int64_t at_ps, int requester, const Chunk &chunk) override;
    int64_t write(int64_t at_ps, int requester, const Chunk &chunk) override;
    bool last_from_dram() const override { return true; }
    int64_t last_transfer_ps() const override { return last_transfer_ps_; }

    DramModuleStats stats() const;

private:
    struct Piece {
        int channel;
        int64_t bytes;
    };
    int cut(const Chunk &chunk);
    int64_t read_together(int64_t at_ps, const Chunk &chunk);
    int64_t read_by_channel(int64_t at_ps, const Chunk &chunk);
    int64_t write_together(int64_t at_ps, const Chunk &chunk);
    int64_t write_by_channel(int64_t at_ps, const Chunk &chunk);
    int64_t batch_ps(bool turn) const;
    double use(int64_t at_ps, int64_t service_ps);

    DramModuleParams params_;
    const DramAddressMap map_;
    std::vector<Calendar> bus_;
    Calendar all_buses_;                    ///< of even chunks
    int64_t waiting_together_ = 0, batches_since_read_ = 0;
    std::vector<int64_t> waiting_writes_;   ///< bytes, a channel
    std::vector<char> read_since_;          ///< has the channel read since its last batch of writes?
    std::vector<Piece> pieces_;             ///< of the chunk at hand
    double use_ = 0;                        ///< of all buses, recent
    int64_t use_at_ps_ = 0;
    int64_t last_write_ps_ = 0, last_transfer_ps_ = 0;
    int64_t read_bytes_ = 0, write_bytes_ = 0, batches_ = 0;
};

}  // namespace llmsim

#endif
