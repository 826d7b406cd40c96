/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All channels of a device behind one address map, with a source that offers requests in order: the sustained bandwidth of
 * an access pattern. A full channel stops the source (head-of-line blocking), as a processor's miss queue would.
 * Used by `llmsim probe` and by the tests; the cycle fidelity drives the channels itself.
 */
#ifndef LLMSIM_SIM_HW_DRAM_DEVICE_H
#define LLMSIM_SIM_HW_DRAM_DEVICE_H

#include <cstdint>
#include <vector>

#include "sim/hw/dram_address.h"
#include "sim/hw/dram_channel.h"

namespace llmsim {

struct DramPattern {
    bool random = false;                          ///< else sequential from address 0
    double write_share = 0;                       ///< of requests, drawn at random
    int64_t stride_bytes = 0;                     ///< sequential: step from request to request; 0 = request_bytes
    uint64_t footprint_bytes = uint64_t{4} << 30;
    int columns = 1;                              ///< accesses of one request, within a row
    int offered_per_cycle = 16;
    int64_t cycles = 300000;
    double warm_up = 0.1;                         ///< share of the cycles left out at the start
    uint64_t seed = 1;
};

struct DramMeasure {
    double bytes_per_s = 0;
    double of_peak = 0;
    double latency_cycles = 0;      ///< mean from offer to last data, reads
    int64_t requests = 0;           ///< simulated, warm-up included
    DramStats stats;                ///< summed over channels
};

class DramDevice {
public:
    DramDevice(const DramParams &params, const DramAddressMap &map, bool stagger_refresh = false);

    /// Offers one request in order: waits until its channel takes it. Returns the cycle at which it was taken (>= cycle).
    int64_t offer(int64_t cycle, uint64_t address, bool write, int columns, uint64_t tag);

    DramMeasure measure(const DramPattern &pattern);

    DramChannel &channel(int i) { return channels_[static_cast<size_t>(i)]; }
    int channels() const { return static_cast<int>(channels_.size()); }

private:
    const DramParams params_;
    const DramAddressMap map_;
    std::vector<DramChannel> channels_;
};

}  // namespace llmsim

#endif
