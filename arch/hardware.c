/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a resolved hardware description. See hardware.h. */
#include "arch/hardware.h"

#include <string.h>

const struct arch_unit *hardware_unit(const struct hardware *hw, const char *kind)
{
    for (int64_t i = 0; i < hw->units_count; i++)
        if (strcmp(hw->units[i].kind, kind) == 0)
            return &hw->units[i];
    return NULL;
}

double unit_fma_per_cycle_sm(const struct arch_unit *unit, const struct format *format, const struct format *accumulator)
{
    double best = 0;

    for (int64_t i = 0; i < unit->rates_count; i++) {
        const struct arch_rate *rate = &unit->rates[i];

        if (rate->format == format && (!accumulator || rate->accumulator == accumulator) && rate->fma_per_cycle_sm > best)
            best = rate->fma_per_cycle_sm;
    }
    return best;
}

double hardware_peak_ops_per_s(const struct hardware *hw, const struct arch_unit *unit, const struct format *format, const struct format *accumulator)
{
    return 2 * unit_fma_per_cycle_sm(unit, format, accumulator) * (double)hw->sm.count * hw->clock.peak_hz;
}

double energy_op_j(const struct arch_energy *e, const char *name)
{
    for (int64_t i = 0; i < e->ops_count; i++)
        if (e->ops[i].name == name || (e->ops[i].name[0] == name[0] && strcmp(e->ops[i].name, name) == 0))
            return e->ops[i].j;
    return -1;
}
