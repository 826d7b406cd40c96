/* SPDX-License-Identifier: Apache-2.0 */
/* Energy of a LUT unit's operations from synthesis. See unit_energy.h. */
#include "costmodel/unit_energy.h"

#include "sim/lut.h"

static const double joules_per_fj = 1e-15;

/* (netlist + fixed) x node factor x `by`, end by end. */
static struct tech_range at_node(struct tech_range fj, double fixed_fj, const struct tech_node *node, double by)
{
    double scale = joules_per_fj * by;

    return (struct tech_range){ (fj.low + fixed_fj) * node->logic_energy_x.low * scale, (fj.likely + fixed_fj) * node->logic_energy_x.likely * scale,
                                (fj.high + fixed_fj) * node->logic_energy_x.high * scale };
}

enum status lut_energy_of(struct lut_energy *out, const struct arch_unit *unit, const struct arch_rate *rate, double nm, const struct synthesis *s,
                          struct error *err)
{
    const struct tech_node *node;
    struct netlist lookup, builder, registers;
    struct lut_parts p;
    enum status st;

    *out = (struct lut_energy){ 0 };
    lut_parts_of(&p, unit, rate);
    if ((st = technology_node(&node, s->technology, nm, err)) || (st = netlist_of(&lookup, s, &p.lookup, err)))
        return st;
    netlist_registers(&registers, s, p.register_bits);
    out->lane_j = at_node(lookup.energy_fj, lookup.clock_fj + registers.clock_fj / p.lookups, node, 1.0 / p.lookup.k);
    if (p.builders > 0 && (st = netlist_of(&builder, s, &p.builder, err)) == STATUS_OK)
        out->entry_j = at_node(builder.energy_fj, 0, node, 1.0 / p.entries);
    return st;
}
