/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well the banks serve an access pattern: the bank model (dram_channel.h) is fed the pattern's own addresses, channel by
 * channel, as fast as it accepts them, and timed. The cycle fidelity uses the result as the service rate of its channels, so
 * that a large transfer costs one reservation and not thousands of commands.                        docs/dram.md, 5
 */
#ifndef LLMSIM_SIM_HW_DRAM_PATTERN_H
#define LLMSIM_SIM_HW_DRAM_PATTERN_H

#include "sim/hw/dram_address.h"
#include "sim/hw/dram_channel.h"

namespace llmsim {

/// Tiles read side by side: `tiles` of them, each `rows` runs of `row_bytes` at `pitch_bytes`, all advancing along the row.
struct TilePattern {
    int64_t tiles = 1;
    int64_t rows = 1;
    int64_t row_bytes = 4096;
    int64_t pitch_bytes = 0;    ///< 0: tiles are contiguous and follow one another
    bool write = false;

    bool operator==(const TilePattern &o) const
    {
        return tiles == o.tiles && rows == o.rows && row_bytes == o.row_bytes && pitch_bytes == o.pitch_bytes && write == o.write;
    }
};

/// Share of the peak of the channels that the pattern touches, 0 to 1.
double dram_pattern_efficiency(const DramParams &params, const DramAddressMap &map, const TilePattern &pattern);

/// Do the runs that the tiles fetch side by side fall evenly on the channels? Counted from their addresses, the first few steps. Even:
/// no channel holds more than a throw of dice would give it, mean + 4.5 sqrt(mean) + 2 runs of 256 bytes.
bool dram_pattern_even(const DramAddressMap &map, const TilePattern &pattern);

/// Bus cycles lost by one turn from reads to writes and back: what a drain of queued writes costs beside its bursts.
int dram_turnaround_cycles(const DramParams &params);

}  // namespace llmsim

#endif
