/* SPDX-License-Identifier: Apache-2.0 */
/** Energy of a run: dynamic by operation and by byte and level, plus static power over time. Uncalibrated: no measured power row exists. docs/energy.md */
#ifndef LLMSIM_COSTMODEL_ENERGY_H
#define LLMSIM_COSTMODEL_ENERGY_H

#include "arch/hardware.h"
#include "sim/run.h"

/** Fills the energy_* fields and average_power_w of `result` (all devices together; power of one). */
void energy_account(struct result *result, const struct hardware *hw);

/** Dynamic energy (joules, one device) of the operations and bytes that a row holds: the terms of energy_account() but for static power. */
double energy_dynamic_j(const struct breakdown_row *row, const struct hardware *hw);

#endif
