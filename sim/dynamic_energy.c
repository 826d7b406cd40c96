/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic energy of operations and bytes (sim/dynamic_energy.h, docs/energy.md). Left out: data-dependent toggling, the host, regulators. */
#include "sim/dynamic_energy.h"

static double ops_j(double count, const struct arch_energy *e, const char *name)
{
    double j = count != 0 && name != NULL ? energy_op_j(e, name) : 0;

    return j > 0 ? count * j : 0;
}

struct dynamic_energy dynamic_energy_of(const struct events *events, const double bytes[LEVELS], double table_bytes, const struct hardware *hw)
{
    const struct arch_energy *e = &hw->energy;

    return (struct dynamic_energy){
        .matrix_j = ops_j(events->unit_ops, e, events->fma_op) + ops_j(events->table_entries, e, events->entry_op),
        .vector_j = ops_j(events->vector_ops, e, "fma_fp32_vector") + ops_j(events->sfu_ops, e, "sfu") + events->instructions * e->instruction_j,
        .on_chip_j = (bytes[LEVEL_REGISTER] + table_bytes) * e->register_j_per_byte + bytes[LEVEL_SHARED] * e->shared_j_per_byte +
                     bytes[LEVEL_L2] * e->l2_j_per_byte + bytes[LEVEL_LLC] * e->llc_j_per_byte,
        .dram_j = bytes[LEVEL_DRAM] * e->dram_j_per_byte,
        .link_j = bytes[LEVEL_LINK] * e->link_j_per_byte,
    };
}

double dynamic_energy_ops(double useful, double all, const struct hardware *hw)
{
    double zero = hw->energy.zero_operand > 0 ? hw->energy.zero_operand : 1;

    return all > useful ? useful + zero * (all - useful) : all;
}

double dynamic_energy_core_j(const struct dynamic_energy *e)
{
    return e->matrix_j + e->vector_j + e->on_chip_j;
}

double dynamic_energy_other_j(const struct dynamic_energy *e)
{
    return e->dram_j + e->link_j;
}
