/* SPDX-License-Identifier: Apache-2.0 */
/* From a hardware description to the parameters of the modules. docs/cycle.md, 4 and docs/dram.md, 5. */
#ifndef LLMSIM_SIM_HW_CHIP_PARAMS_H
#define LLMSIM_SIM_HW_CHIP_PARAMS_H

#include "sim/hw/chip.h"
#include "sim/hw/dram_pattern.h"

namespace llmsim {

/// Everything that does not depend on the kernel. `clock_hz` is the sustained SM clock.
ChipParams chip_params(const struct hardware &hw, double clock_hz);

/// Sets the channels' rates for an access pattern: datasheet x measured streaming share x (bank model: pattern / streaming).
void chip_set_rate(ChipParams *chip, const struct hardware &hw, const TilePattern &reads);

/// Tells the channels of a pattern that the kernel fetches: they are told apart from the first one on that does not fall on them evenly.
void chip_add_pattern(ChipParams *chip, const TilePattern &reads);

}  // namespace llmsim

#endif
