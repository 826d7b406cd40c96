/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Energy of a LUT unit's operations from the synthesis tables, at a node: what `energy.ops` of a description says of them should follow. docs/cost.md
 *
 *   lane  = (E_lookup + E_clock + register_bits / lookups E_register) x_E(node) / K      one activation times one weight bit, one clock
 *   entry = E_builder x_E(node) / entries                                                one entry of a table that is built at the unit
 *
 * E of the netlists switching each clock on new operands (docs/datapaths.md, "ASIC"), x_E the node's logic_energy_x. Left out: wires between arrays,
 * broadcast of tables (shared memory and registers are priced by the byte), glitches, gating of idle planes.
 */
#ifndef LLMSIM_COSTMODEL_UNIT_ENERGY_H
#define LLMSIM_COSTMODEL_UNIT_ENERGY_H

#include "costmodel/netlist.h"
#include "sim/unit.h"

struct lut_energy { struct tech_range lane_j, entry_j; }; /* joules; entry: 0 where no tables are built at the unit */

/** `unit` of kind lut_mpgemm, activations of `rate`. STATUS_INFEASIBLE: a part that no row and no formula covers; STATUS_BAD_INPUT: no such node. */
enum status lut_energy_of(struct lut_energy *out, const struct arch_unit *unit, const struct arch_rate *rate, double nm, const struct synthesis *s,
                          struct error *err);

#endif
