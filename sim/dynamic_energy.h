/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dynamic energy of operations and bytes: the one place that prices them, for the power cap (sim/clock.h) and for what a run reports
 * (costmodel/energy.h).  E = sum of operations x energy of one + sum of bytes x energy of a byte, level by level.       docs/energy.md, Eq. 1
 * Energies are the chip's, at the boost voltage; an operation that is not described costs nothing.
 */
#ifndef LLMSIM_SIM_DYNAMIC_ENERGY_H
#define LLMSIM_SIM_DYNAMIC_ENERGY_H

#include "arch/hardware.h"
#include "sim/timing.h"

/** Joules by where they go. Matrix, vector and on-chip terms go with the square of the core's voltage; memory and links have supplies of their own. */
struct dynamic_energy { double matrix_j, vector_j, on_chip_j, dram_j, link_j; };

/** Of `events` and `bytes`, `table_bytes` of which a LUT unit reads into its tables; at the boost voltage. */
struct dynamic_energy dynamic_energy_of(const struct events *events, const double bytes[LEVELS], double table_bytes, const struct hardware *hw);

/** Operations of a unit by their energy: `useful` of them, and `all` - `useful` on padding, whose zeros toggle little (energy.zero_operand). */
double dynamic_energy_ops(double useful, double all, const struct hardware *hw);

/** The share under the core's voltage, and the rest. Joules. */
double dynamic_energy_core_j(const struct dynamic_energy *e);
double dynamic_energy_other_j(const struct dynamic_energy *e);

#endif
