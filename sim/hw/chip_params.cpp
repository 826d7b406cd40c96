/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the modules from a hardware description. See chip_params.h. */
#include "sim/hw/chip_params.h"

#include <cstdio>
#include <cstring>
#include <map>

extern "C" {
#include "sim/l2_reuse.h"
}

namespace llmsim {

static int64_t to_ps(double seconds) { return static_cast<int64_t>(seconds * 1e12 + 0.5); }

/// Bytes of L2 that the model lets a kernel use. With partitions, duplication is in the modules, so the plateau that
/// microbenchmarks see (bytes / partitions) comes out of them; what the plateau lacks beyond that is left out here.
static int64_t l2_bytes(const struct arch_l2 &l2)
{
    const double partitions = static_cast<double>(std::max<int64_t>(l2.partitions, 1));
    const double share = l2.hash_capacity_share > 0 ? std::min(l2.hash_capacity_share * partitions, 1.0) : 1.0;
    return static_cast<int64_t>(static_cast<double>(l2.bytes) * share);
}

/// Writes leave a channel in batches of this size: assumption, bounded by copies that run 5 to 10 % below reads on real chips
/// (L2 collects dirty lines of a DRAM row before they are written).
enum { write_batch_bytes = 4096 };

static void set_dram(ChipParams *p, const struct hardware &hw)
{
    const struct arch_dram &d = hw.dram;
    // A description without timings has plain channels: 16 of them, no bank model.
    const bool timed = d.timing.bus_bits > 0 && d.channels > 0;
    p->dram_channels = timed ? static_cast<int>(d.channels) : 16;
    if (timed) {
        p->dram_timing = DramParams::from_timing(d.timing, d.channels, d.bandwidth_bytes_per_s);
        p->dram_mapping = d.timing.mapping;
        p->dram_interleave_bytes = d.timing.interleave_bytes;
        p->dram_hash = d.timing.hash;
    } else {
        p->dram_timing = DramParams();
        p->dram_mapping = "rorabacobgchcl";
        p->dram_interleave_bytes = 256;
        p->dram_hash = true;
    }
    const double channel = d.bandwidth_bytes_per_s / p->dram_channels;
    p->dram.even = true;   // until a pattern says otherwise
    p->dram.read_bytes_per_s = channel * (d.read_efficiency > 0 ? d.read_efficiency : 1.0);
    p->dram.write_bytes_per_s = p->dram.read_bytes_per_s;
    p->dram.turnaround_ps = timed ? dram_turnaround_cycles(p->dram_timing) * p->dram_timing.tCK_fs / 1000 : 0;
    p->dram.write_batch_bytes = write_batch_bytes;
    // The chip's figures are from SM to SM: less the way through L2, which crosses to the other partition every second time.
    const double partitions = static_cast<double>(std::max<int64_t>(hw.l2.partitions, 1));
    const double crossing = std::max(hw.l2.far_latency_cycles - hw.l2.near_latency_cycles, 0.0) * (partitions - 1) / partitions;
    const double through_l2 = hw.l2.near_latency_cycles + crossing;
    p->dram.latency_ps = to_ps(std::max(d.latency_cycles - through_l2, 0.0) / hw.clock.boost_hz);
    p->dram.loaded_latency_ps = to_ps(std::max(d.loaded_latency_cycles - through_l2, 0.0) / hw.clock.boost_hz);
}

ChipParams chip_params(const struct hardware &hw, double clock_hz)
{
    ChipParams p;
    p.sms = static_cast<int>(hw.sm.count);
    p.clock_hz = clock_hz;
    p.sm.block_cycles = static_cast<int64_t>(hw.launch.block_cycles);
    // Assumption: a dependent round trip to L2, for the kernel's parameters and the first address translation.
    p.sm.cold_cycles = static_cast<int64_t>(std::max(hw.l2.far_latency_cycles, hw.l2.near_latency_cycles));
    p.sm.barrier_cycles = static_cast<int64_t>(hw.sm.barrier_cycles);
    p.sm.read_bytes_per_cycle = hw.sm.l2_read_bytes_per_cycle > 0 ? hw.sm.l2_read_bytes_per_cycle : 64;
    p.sm.write_bytes_per_cycle = p.sm.read_bytes_per_cycle;
    p.sm.max_bytes_in_flight = static_cast<int64_t>(hw.sm.max_bytes_in_flight);
    p.sm.l1_bytes = hw.sm.l1_shared_bytes;
    p.sm.l1_latency_cycles = static_cast<int64_t>(hw.sm.l1_latency_cycles);
    p.l2.partitions = static_cast<int>(std::max<int64_t>(hw.l2.partitions, 1));
    p.l2.bytes = l2_bytes(hw.l2);
    p.l2.dirty_bytes = static_cast<int64_t>(l2_shared_capacity_bytes(&hw.l2));   // as in the closed forms
    p.l2.read_bytes_per_s = hw.l2.bytes_per_cycle * clock_hz;
    p.l2.write_bytes_per_s = hw.l2.write_bytes_per_cycle * clock_hz;
    p.l2.near_ps = to_ps(hw.l2.near_latency_cycles / clock_hz);
    p.l2.far_ps = to_ps(std::max(hw.l2.far_latency_cycles, hw.l2.near_latency_cycles) / clock_hz);
    set_dram(&p, hw);
    return p;
}

namespace {

/// All that the bank model's answer to a pattern depends on.
std::string key_of(const ChipParams &chip, const TilePattern &t)
{
    const DramParams &d = chip.dram_timing;
    char key[512];
    snprintf(key, sizeof key, "%lld %d %d %d %d %lld %lld %d %d %d|%d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d|%s %lld %d %d|%lld %lld %lld %lld %d",
             static_cast<long long>(d.tCK_fs), d.ranks, d.bank_groups, d.banks_per_group, d.bus_bits, static_cast<long long>(d.rows),
             static_cast<long long>(d.row_bytes), d.BL, d.beats_per_tCK, d.dual_command_bus, d.CL, d.CWL, d.tRCDRD, d.tRCDWR, d.tRP, d.tRAS,
             d.tRC, d.tRRD_S, d.tRRD_L, d.tFAW, d.tCCD_S, d.tCCD_L, d.tCCD_R, d.tWTR_S, d.tWTR_L, d.tWR, d.tRTP, d.tRTW, d.tRFC, d.tREFI,
             d.tRFCpb + 100000 * static_cast<int>(d.refresh), chip.dram_mapping, static_cast<long long>(chip.dram_interleave_bytes),
             chip.dram_hash, chip.dram_channels, static_cast<long long>(t.tiles), static_cast<long long>(t.rows),
             static_cast<long long>(t.row_bytes), static_cast<long long>(t.pitch_bytes), t.write);
    return key;
}

/// dram_pattern_efficiency() is a pure function that takes about a millisecond; kernels of a run ask for few patterns, again
/// and again. Its results are kept for the life of the module; they never change one.
double efficiency(const ChipParams &chip, const TilePattern &t)
{
    static std::map<std::string, double> known;
    const std::string key = key_of(chip, t);
    const auto found = known.find(key);
    if (found != known.end())
        return found->second;
    const DramParams &d = chip.dram_timing;
    const DramAddressMap map(d, chip.dram_channels, chip.dram_mapping, chip.dram_interleave_bytes, chip.dram_hash);
    return known[key] = map.problem().empty() && d.problem().empty() ? dram_pattern_efficiency(d, map, t) : 1.0;
}

/// The same for dram_pattern_even().
bool even(const ChipParams &chip, const TilePattern &t)
{
    static std::map<std::string, bool> known;
    const std::string key = key_of(chip, t);
    const auto found = known.find(key);
    if (found != known.end())
        return found->second;
    const DramAddressMap map(chip.dram_timing, chip.dram_channels, chip.dram_mapping, chip.dram_interleave_bytes, chip.dram_hash);
    return known[key] = !map.problem().empty() || dram_pattern_even(map, t);
}

/// What dram.tiled_efficiency was measured on: tiles of 128 rows of a matrix 5120 deep, two lines of a row in flight.
TilePattern rows_of_tiles()
{
    TilePattern p;
    p.tiles = 64;
    p.rows = 128;
    p.row_bytes = 256;
    p.pitch_bytes = 10240;
    return p;
}

}  // namespace

void chip_set_rate(ChipParams *chip, const struct hardware &hw, const TilePattern &reads)
{
    if (hw.dram.timing.bus_bits <= 0 || hw.dram.channels <= 0)
        return;
    const bool rows = reads.pitch_bytes > 0;
    const double known = rows && hw.dram.tiled_efficiency > 0 ? hw.dram.tiled_efficiency : 1.0;
    const double reference = efficiency(*chip, rows ? rows_of_tiles() : TilePattern());
    const double relative = reference > 0 ? std::min(known * efficiency(*chip, reads) / reference, 1.0) : 1.0;
    const double channel = hw.dram.bandwidth_bytes_per_s / chip->dram_channels * (hw.dram.read_efficiency > 0 ? hw.dram.read_efficiency : 1.0);
    chip->dram.read_bytes_per_s = channel * std::max(relative, 0.01);
}

void chip_add_pattern(ChipParams *chip, const TilePattern &reads)
{
    chip->dram.even = chip->dram.even && even(*chip, reads);
}

}  // namespace llmsim
