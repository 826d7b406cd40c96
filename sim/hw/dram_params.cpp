/* SPDX-License-Identifier: Apache-2.0 */
/* Checks on a DRAM timing set: what the channel model divides by or sizes arrays with must be sane. */
#include "sim/hw/dram_params.h"

#include <cmath>

#include "sim/hw/dram_channel.h"

namespace llmsim {

/// Clocks of a period `ratio` times as short that cover the same time. A hundredth of a clock is forgiven: rounding of tCK.
static int scaled(int64_t clocks, double ratio)
{
    return static_cast<int>(std::ceil(static_cast<double>(clocks) * ratio - 0.01));
}

DramParams DramParams::from_timing(const struct dram_timing &t, int64_t channels, double bandwidth_bytes_per_s)
{
    DramParams p;
    p.ranks = t.ranks > 0 ? static_cast<int>(t.ranks) : 1;
    p.bank_groups = static_cast<int>(t.bank_groups);
    p.banks_per_group = static_cast<int>(t.banks_per_group);
    p.rows = t.rows;
    p.bus_bits = static_cast<int>(t.bus_bits);
    p.row_bytes = t.columns * t.bus_bits / 8;
    p.BL = static_cast<int>(t.BL);
    p.beats_per_tCK = static_cast<int>(t.beats_per_clock);
    double tCK_s = t.tCK_s, ratio = 1;
    if (bandwidth_bytes_per_s > 0 && channels > 0) {
        tCK_s = static_cast<double>(channels * t.bus_bits) / 8.0 * static_cast<double>(t.beats_per_clock) / bandwidth_bytes_per_s;
        ratio = t.tCK_s / tCK_s;
    }
    p.tCK_fs = std::llround(tCK_s * 1e15);
    p.CL = scaled(t.CL, ratio), p.CWL = scaled(t.CWL, ratio);
    p.tRCDRD = scaled(t.tRCDRD, ratio), p.tRCDWR = scaled(t.tRCDWR, ratio);
    p.tRP = scaled(t.tRP, ratio), p.tRAS = scaled(t.tRAS, ratio);
    p.tRRD_S = scaled(t.tRRD_S, ratio), p.tRRD_L = scaled(t.tRRD_L, ratio), p.tFAW = scaled(t.tFAW, ratio);
    p.tWTR_S = scaled(t.tWTR_S, ratio), p.tWTR_L = scaled(t.tWTR_L, ratio), p.tWR = scaled(t.tWR, ratio);
    p.tRTP = scaled(t.tRTP_L > t.tRTP_S ? t.tRTP_L : t.tRTP_S, ratio);
    p.tRFC = scaled(t.tRFC, ratio), p.tREFI = scaled(t.tREFI, ratio), p.tRFCpb = scaled(t.tRFCpb, ratio);
    p.tCCD_S = static_cast<int>(t.tCCD_S), p.tCCD_L = static_cast<int>(t.tCCD_L);
    p.tRTW = scaled(t.tRTW, ratio);
    p.tRTRS = t.tRTRS > 0 ? static_cast<int>(t.tRTRS) : 1;
    p.dual_command_bus = t.dual_command_bus;
    p.refresh = t.per_bank_refresh ? RefreshPolicy::per_bank : RefreshPolicy::all_bank;
    return p;
}

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
