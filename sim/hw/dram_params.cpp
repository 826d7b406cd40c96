/* SPDX-License-Identifier: Apache-2.0 */
/* Checks on a DRAM timing set: what the channel model divides by or sizes arrays with must be sane. */
#include "sim/hw/dram_params.h"

#include "sim/hw/dram_channel.h"

namespace llmsim {

std::string DramParams::problem() const
{
    if (ranks < 1 || bank_groups < 1 || banks_per_group < 1 || banks() > DramChannel::max_banks)
        return "ranks x bank groups x banks is not within 1 to " + std::to_string(DramChannel::max_banks);
    if (rows < 1 || bus_bits < 8 || bus_bits % 8 != 0 || BL < 1 || beats_per_tCK < 1)
        return "rows, bus width, burst length and beats per clock must be positive";
    if (BL % beats_per_tCK != 0)
        return "burst length is not a whole number of command clocks";
    if (row_bytes < access_bytes() || row_bytes % access_bytes() != 0)
        return "row size is not a multiple of one access";
    if (tCK_fs < 1 || CL < 1 || CWL < 0 || tRCDRD < 1 || tRCDWR < 1 || tRP < 1 || tRAS < 1)
        return "tCK, CL, tRCD, tRP and tRAS must be positive";
    if (tRRD_S < 1 || tRRD_L < 1 || tFAW < 0 || tCCD_S < 1 || tCCD_L < 1 || tWTR_S < 0 || tWTR_L < 0)
        return "tRRD, tFAW, tCCD and tWTR must not be negative";
    if (tRFC < 0 || tREFI < 0 || tRFCpb < 0 || (tREFI > 0 && tREFI <= tRP + tRFC && refresh == RefreshPolicy::all_bank))
        return "tRFC does not fit into tREFI";
    if (transaction_queue < 1 || transaction_queue > DramChannel::max_transactions || command_queue < 1 ||
        command_queue > DramChannel::max_commands)
        return "queue sizes are out of range";
    return "";
}

}  // namespace llmsim
