/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip: dispatcher, SMs, crossbar and L2, memory channels, wired together; and one run of a program on it.
 *
 * SystemC's kernel is one per process. chip_run() makes a simulation context of its own, runs in it and destroys it, so that
 * nothing of a run is left for the next (docs/cycle.md, 7 compares this with a forked worker). Not thread safe, as SystemC.
 */
#ifndef LLMSIM_SIM_HW_CHIP_H
#define LLMSIM_SIM_HW_CHIP_H

#include "sim/hw/dram_module.h"
#include "sim/hw/l2_module.h"
#include "sim/hw/sm.h"

namespace llmsim {

struct ChipParams {
    int sms = 1;
    double clock_hz = 1e9;
    SmParams sm;
    L2Params l2;
    DramModuleParams dram;
    DramParams dram_timing;
    int dram_channels = 1;
    const char *dram_mapping = "rorabgbachco";
    int64_t dram_interleave_bytes = 0;
    bool dram_hash = false;
};

struct RunStats {
    int64_t cycles = 0;          ///< first block handed out to last block's end, SM clock
    int64_t activations = 0;     ///< process activations of the kernel
    std::vector<int64_t> wave_start;   ///< cycle at which the first block of each wave was handed out
    SmStats sm;                  ///< summed
    L2Stats l2;
    DramModuleStats dram;
    int64_t matrix_busy = 0, vector_busy = 0, shared_busy = 0;
};

/// Runs the first `blocks` blocks of `program` (all when < 0).
RunStats chip_run(const ChipParams &params, const Program &program, int64_t blocks = -1);

}  // namespace llmsim

#endif
