/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy of a run, first form: E = sum over rows (operations x energy of one + bytes x energy of a byte, level by level)
 * + idle power x time. Constants are the chip's (arch YAML, each with its source). Uncalibrated: no measured power enters.
 * On-chip energy falls with the square of the voltage where the power cap lowers the clock. Left out: data-dependent toggling, the host. docs/energy.md
 */
#include "costmodel/energy.h"

static double op_j(const struct arch_energy *e, const char *name)
{
    double j = name != NULL ? energy_op_j(e, name) : 0;
    return j > 0 ? j : 0;
}

static double matrix_j(const struct breakdown_row *r, const struct arch_energy *e)
{
    return r->events.unit_ops * op_j(e, r->events.fma_op);
}

static double vector_j(const struct breakdown_row *r, const struct arch_energy *e)
{
    return r->events.vector_ops * op_j(e, "fma_fp32_vector") + r->events.sfu_ops * op_j(e, "sfu") +
           r->events.instructions * e->instruction_j;
}

static double on_chip_j(const struct breakdown_row *r, const struct arch_energy *e)
{
    return r->bytes[LEVEL_REGISTER] * e->register_j_per_byte + r->bytes[LEVEL_SHARED] * e->shared_j_per_byte +
           r->bytes[LEVEL_L2] * e->l2_j_per_byte + r->bytes[LEVEL_LLC] * e->llc_j_per_byte;
}

/* Of a row on chip: memory and links have supplies of their own. */
static double voltage_scale(const struct breakdown_row *r)
{
    return r->voltage_scale > 0 ? r->voltage_scale : 1;
}

double energy_dynamic_j(const struct breakdown_row *row, const struct hardware *hw)
{
    const struct arch_energy *e = &hw->energy;

    return (matrix_j(row, e) + vector_j(row, e) + on_chip_j(row, e)) * voltage_scale(row) + row->bytes[LEVEL_DRAM] * e->dram_j_per_byte +
           row->bytes[LEVEL_LINK] * e->link_j_per_byte;
}

void energy_account(struct result *result, const struct hardware *hw)
{
    const struct arch_energy *e = &hw->energy;
    double time_s = (double)result->time_ps * 1e-12, devices = (double)result->devices;
    double matrix = 0, vector = 0, on_chip = 0, dram = 0, link = 0;

    for (int64_t i = 0; i < result->rows_count; i++) {
        const struct breakdown_row *r = &result->rows[i];
        double scale = voltage_scale(r);
        matrix += matrix_j(r, e) * scale;
        vector += vector_j(r, e) * scale;
        on_chip += on_chip_j(r, e) * scale;
        dram += r->bytes[LEVEL_DRAM] * e->dram_j_per_byte;
        link += r->bytes[LEVEL_LINK] * e->link_j_per_byte;
    }
    result->energy_matrix_j = matrix * devices;
    result->energy_vector_j = vector * devices;
    result->energy_onchip_j = on_chip * devices;
    result->energy_dram_j = dram * devices;
    result->energy_link_j = link * devices;
    result->energy_static_j = hw->power.idle_w * time_s * devices;
    result->energy_j = result->energy_matrix_j + result->energy_vector_j + result->energy_onchip_j + result->energy_dram_j +
                       result->energy_link_j + result->energy_static_j;
    result->average_power_w = time_s > 0 ? result->energy_j / (time_s * devices) : 0;
}
