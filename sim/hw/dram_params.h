/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DRAM channel as the standard describes it: organisation, JEDEC timing parameters by their names, and the memory
 * controller's queues and policies. Everything is counted in cycles of the command clock (tCK), as in a JEDEC table.
 *
 * A "channel" here is the smallest unit with a command bus and a data bus of its own: a pseudo channel of HBM2 and
 * HBM3, a 16-bit channel of GDDR6, a 32-bit half of a DDR5 module.
 *
 * Left out: self refresh, power-down, ECC and parity on the bus, temperature-dependent refresh rates.
 * Sources: JESD235 (HBM, HBM2), JESD238 (HBM3), JESD250 (GDDR6), JESD79-4 (DDR4): names and meaning of the parameters;
 * the values come from the files of arch/dram/.
 */
#ifndef LLMSIM_SIM_HW_DRAM_PARAMS_H
#define LLMSIM_SIM_HW_DRAM_PARAMS_H

#include <cstdint>
#include <string>

extern "C" {
#include "arch/hardware.h"
}

namespace llmsim {

enum class RefreshPolicy {
    all_bank,   ///< REFab: a whole rank stops for tRFC every tREFI
    per_bank,   ///< REFpb: one bank after the other stops for tRFCpb, one every tREFI / banks
};

struct DramParams {
    // Organisation of one channel.
    int ranks = 1;             ///< ranks or stack ids that share the channel
    int bank_groups = 4;       ///< a rank
    int banks_per_group = 4;
    int64_t rows = 32768;      ///< a bank
    int64_t row_bytes = 2048;  ///< page size of the channel
    int bus_bits = 128;        ///< data bits of the channel
    int BL = 4;                ///< burst length, beats
    int beats_per_tCK = 2;     ///< data beats a pin and command clock: 2 DDR, 8 GDDR6 (WCK at 4 CK, both edges)

    int64_t tCK_fs = 1000000;  ///< command clock period, femtoseconds

    // Timing, cycles of tCK. _S: other bank group; _L: same bank group.
    int CL = 14, CWL = 4;
    int tRCDRD = 14, tRCDWR = 14, tRP = 14, tRAS = 34;
    int tRC = 0;               ///< 0: tRAS + tRP
    int tRRD_S = 4, tRRD_L = 6, tFAW = 30;
    int tCCD_S = 1, tCCD_L = 2;
    int tCCD_R = 0;            ///< column to column, other rank; 0: burst + tRTRS
    int tWTR_S = 6, tWTR_L = 8, tWR = 16;
    int tRTP = 5;              ///< read to precharge, same bank
    int tRTW = 0;              ///< read to write command; 0: CL + burst + tRTRS - CWL
    int tRTRS = 2;             ///< bus turn-around gap
    int tRFC = 260, tREFI = 3900;
    int tRFCpb = 0;            ///< per-bank refresh
    bool dual_command_bus = true;  ///< row and column commands have a bus each (HBM)
    RefreshPolicy refresh = RefreshPolicy::all_bank;

    // Controller.
    int transaction_queue = 32;   ///< reads, and as many writes, before the per-bank queues
    int command_queue = 8;        ///< a bank
    int row_hit_cap = 4;          ///< hits served past an older miss before the row is closed
    int write_low_watermark = 16; ///< writes drained while no read waits

    int banks_per_rank() const { return bank_groups * banks_per_group; }
    int banks() const { return ranks * banks_per_rank(); }
    int burst_cycles() const { return BL / beats_per_tCK; }
    int access_bytes() const { return bus_bits / 8 * BL; }          ///< one column command
    int64_t columns() const { return row_bytes / access_bytes(); }  ///< accesses a row
    double peak_bytes_per_s() const { return bus_bits / 8.0 * beats_per_tCK * 1e15 / static_cast<double>(tCK_fs); }

    /// Timing set of a description at the data rate of a device: bandwidth / (channels x bytes x beats per clock) gives tCK.
    /// Where that differs from the set's own clock, nanoseconds are held and clocks rounded up; what standards fix in clocks
    /// (burst, tCCD, tRTRS) stays. docs/dram.md, 2.
    static DramParams from_timing(const struct dram_timing &timing, int64_t channels, double bandwidth_bytes_per_s);

    /// Empty when the set is usable, else what is wrong with it, in one line.
    std::string problem() const;
};

}  // namespace llmsim

#endif
