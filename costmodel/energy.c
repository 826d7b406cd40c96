/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy of a run, first form: E = sum over rows (operations x energy of one + bytes x energy of a byte, level by level)
 * + idle power x time. Constants are the chip's (arch YAML, each with its source). Uncalibrated: no measured power enters.
 * On-chip energy falls with the square of the voltage where the power cap lowers the clock. Left out: data-dependent toggling, the host. docs/energy.md
 */
#include "costmodel/energy.h"

#include "sim/dynamic_energy.h"

/* Of a row on chip: memory and links have supplies of their own. */
static double voltage_scale(const struct breakdown_row *r)
{
    return r->voltage_scale > 0 ? r->voltage_scale : 1;
}

static struct dynamic_energy row_energy(const struct breakdown_row *r, const struct hardware *hw)
{
    struct dynamic_energy e = dynamic_energy_of(&r->events, r->bytes, r->table_bytes, hw);
    double scale = voltage_scale(r);

    e.matrix_j *= scale;
    e.vector_j *= scale;
    e.on_chip_j *= scale;
    return e;
}

double energy_dynamic_j(const struct breakdown_row *row, const struct hardware *hw)
{
    struct dynamic_energy e = row_energy(row, hw);

    return dynamic_energy_core_j(&e) + dynamic_energy_other_j(&e);
}

void energy_account(struct result *result, const struct hardware *hw)
{
    double time_s = (double)result->time_ps * 1e-12, devices = (double)result->devices;
    struct dynamic_energy sum = { 0 };

    for (int64_t i = 0; i < result->rows_count; i++) {
        struct dynamic_energy e = row_energy(&result->rows[i], hw);

        sum.matrix_j += e.matrix_j;
        sum.vector_j += e.vector_j;
        sum.on_chip_j += e.on_chip_j;
        sum.dram_j += e.dram_j;
        sum.link_j += e.link_j;
    }
    result->energy_matrix_j = sum.matrix_j * devices;
    result->energy_vector_j = sum.vector_j * devices;
    result->energy_onchip_j = sum.on_chip_j * devices;
    result->energy_dram_j = sum.dram_j * devices;
    result->energy_link_j = sum.link_j * devices;
    result->energy_static_j = hw->power.idle_w * time_s * devices;
    result->energy_j = result->energy_matrix_j + result->energy_vector_j + result->energy_onchip_j + result->energy_dram_j +
                       result->energy_link_j + result->energy_static_j;
    result->average_power_w = time_s > 0 ? result->energy_j / (time_s * devices) : 0;
}
