/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Die area by block. See die.h and docs/cost.md. Multipliers of a matrix unit serve all its formats, so the widest need decides; at the
 * upper end integers have multipliers of their own. Left out: power gating, redundancy of rows, analog blocks but PHYs.
 */
#include "costmodel/die.h"

#include <math.h>
#include <string.h>

#include "costmodel/netlist.h"

const char *const die_block_names[DIE_BLOCKS] = { "cores", "interconnect", "l2", "memory phy", "memory control", "link phy", "link control", "other" };
const char *const sm_part_names[SM_PARTS] = { "matrix", "fp64", "vector", "lut", "registers", "l1 and shared", "control" };

static const double um2_per_mm2 = 1e6;

static struct tech_range scaled(struct tech_range r, double by)
{
    return (struct tech_range){ r.low * by, r.likely * by, r.high * by };
}

static struct tech_range exactly(double v)
{
    return (struct tech_range){ v, v, v };
}

static void add(struct tech_range *sum, struct tech_range r)
{
    sum->low += r.low;
    sum->likely += r.likely;
    sum->high += r.high;
}

/* 45 nm netlist area to placed mm2 at the node; cells fill `utilization` of it. */
static struct tech_range placed(struct tech_range um2_45, const struct technology *t, const struct tech_node *node)
{
    struct tech_range f = scaled(node->logic_area_x, 1 / um2_per_mm2);

    return (struct tech_range){ um2_45.low * f.low / t->utilization.high, um2_45.likely * f.likely / t->utilization.likely, um2_45.high * f.high / t->utilization.low };
}

static struct tech_range transistors(struct tech_range millions, const struct tech_node *node)
{
    return scaled(millions, 1 / node->mtransistors_per_mm2);
}

/* Macros of `macro_bytes` each; array efficiency goes with the logarithm of their size between 4 KiB and 1 MiB. */
static double sram_mm2(double bytes, double macro_bytes, const struct technology *t, const struct tech_node *node)
{
    double doublings = macro_bytes > 4096 ? log2(macro_bytes / 4096) : 0, share = fmin(doublings / 8, 1);
    double efficiency = t->sram_efficiency_4kib + (t->sram_efficiency_1mib - t->sram_efficiency_4kib) * share;

    return bytes * 8 * t->sram_bit_um2_7nm * pow(node->nm / 7, t->sram_node_exponent) / efficiency / um2_per_mm2;
}

/* One part, all its copies; single-cycle netlists grow where they are pipelined to a clock of 1 GHz and more. */
static enum status part_area(struct tech_range *um2, const struct unit_part *p, const struct synthesis *s, struct error *err)
{
    struct tech_range by = p->what.activation.kind == NUMBER_FLOAT ? s->technology->float_pipelining : s->technology->integer_pipelining;
    struct netlist n;
    enum status st = netlist_of(&n, s, &p->what, err);

    *um2 = (struct tech_range){ n.area_um2.low * by.low * p->count, n.area_um2.likely * by.likely * p->count, n.area_um2.high * by.high * p->count };
    return st;
}

enum status unit_area_45(struct tech_range *um2, const struct unit_resources *r, const struct synthesis *s, struct error *err)
{
    struct tech_range rate[ARCH_RATES_MAX][2] = { 0 }, widest[2] = { 0 }, one;
    struct netlist registers;
    enum status st;

    netlist_registers(&registers, s, r->register_bits);
    *um2 = registers.area_um2;
    for (int64_t i = 0; i < r->parts_count; i++) {
        const struct unit_part *p = &r->parts[i];

        if ((st = part_area(&one, p, s, err)))
            return st;
        add(p->share == PART_OWN ? um2 : &rate[p->rate][p->share == PART_SHARED_INT], one);
    }
    for (int i = 0; i < ARCH_RATES_MAX; i++)
        for (int class = 0; class < 2; class++)
            if (rate[i][class].likely > widest[class].likely)
                widest[class] = rate[i][class];
    add(um2, (struct tech_range){ fmax(widest[0].low, widest[1].low), fmax(widest[0].likely, widest[1].likely), widest[0].high + widest[1].high });
    return STATUS_OK;
}

static const enum sm_part part_of_block[] = { [UNIT_BLOCK_LOOKUP] = SM_LUT, [UNIT_BLOCK_MATRIX] = SM_MATRIX, [UNIT_BLOCK_VECTOR] = SM_VECTOR };

static enum status sm_area(struct die_area *a, const struct arch_floorplan *plan, const struct hardware *hw, const struct synthesis *s,
                           const struct tech_node *node, struct error *err)
{
    static const struct datapath_number fp64 = { .kind = NUMBER_FLOAT, .bits = 64, .e = 11, .m = 52 };
    const struct technology *t = s->technology;
    struct unit_part fma = { .what = { .kind = DATAPATH_FLOAT_DOT, .k = 1, .activation = fp64, .weight = fp64, .accumulator = fp64 }, .count = plan->fp64_fma_per_cycle_sm };
    struct tech_range um2[SM_LUT + 1] = { 0 }, unit;
    enum status st = part_area(&um2[SM_FP64], &fma, s, err);

    for (int64_t i = 0; i < hw->units_count && !st; i++) {
        const struct unit_type *type = unit_type_find(hw->units[i].kind);
        struct unit_resources r = { 0 };

        if (type == NULL || type->resources == NULL)
            continue;
        type->resources(&r, &hw->units[i]);
        st = unit_area_45(&unit, &r, s, err);
        add(&um2[part_of_block[type->block]], unit);
    }
    for (int p = 0; p <= SM_LUT; p++)
        a->sm_mm2[p] = placed(um2[p], t, node);
    double registers = (double)hw->sm.register_bytes, l1 = (double)hw->sm.l1_shared_bytes;
    a->sm_mm2[SM_REGISTERS] = exactly(sram_mm2(registers, registers / (double)hw->sm.subcores, t, node));
    a->sm_mm2[SM_L1] = exactly(sram_mm2(l1, l1, t, node));
    a->sm_mm2[SM_CONTROL] = transistors(scaled(t->subcore_control_mtransistors, (double)hw->sm.subcores), node);
    for (int p = 0; p < SM_PARTS; p++)
        add(&a->sm_total_mm2, a->sm_mm2[p]);
    return st;
}

static void interfaces(struct die_area *a, const struct arch_floorplan *plan, const struct hardware *hw, const struct technology *t,
                       const struct tech_node *node)
{
    bool hbm = strncmp(hw->dram.type, "HBM", 3) == 0;
    double sites = (double)plan->memory_sites, links = (double)plan->links;

    a->block_mm2[DIE_MEMORY_PHY] = exactly(sites * (hbm ? t->hbm_stack_mm2 : t->gddr_32bit_mm2));
    a->block_mm2[DIE_MEMORY_CONTROL] = transistors(exactly(sites * (hbm ? t->hbm_stack_mtransistors : t->gddr_32bit_mtransistors)), node);
    a->block_mm2[DIE_LINK_PHY] = exactly(links * plan->link_mm2 + (double)plan->pcie_lanes * t->pcie_lane_mm2);
    a->block_mm2[DIE_LINK_CONTROL] = transistors(exactly(links * t->link_mtransistors), node);
    a->block_mm2[DIE_OTHER] = t->other_mm2;
}

/* Wires of the L2 slices' ports (two sectors out, one in), laid over a share of the die's edge. */
static struct tech_range crossbar(const struct hardware *hw, const struct arch_floorplan *plan, const struct technology *t, double rest_mm2)
{
    double wires = (double)hw->l2.slices / (double)plan->dies * (double)hw->l2.sector_bytes * 3 * 8;
    double length_mm = t->crossbar_length_of_die * sqrt(rest_mm2);

    return scaled(t->crossbar_pitch_um, wires * 1e-3 * length_mm / t->crossbar_layers);
}

enum status die_area_of(struct die_area *out, const struct arch_floorplan *plan, const struct hardware *hw, const struct synthesis *s, struct error *err)
{
    const struct technology *t = s->technology;
    const struct tech_node *node;
    enum status st;

    *out = (struct die_area){ .known_mm2 = hw->area.die_mm2 / (double)plan->dies };
    if ((st = technology_node(&node, t, hw->area.process_nm, err)) || (st = sm_area(out, plan, hw, s, node, err)))
        return st;
    out->block_mm2[DIE_CORES] = scaled(out->sm_total_mm2, (double)plan->sms);
    out->block_mm2[DIE_L2] = exactly(sram_mm2((double)plan->l2_bytes, (double)hw->l2.bytes / (double)hw->l2.slices, t, node));
    interfaces(out, plan, hw, t, node);
    for (int b = 0; b < DIE_BLOCKS; b++)
        add(&out->total_mm2, out->block_mm2[b]);
    out->block_mm2[DIE_INTERCONNECT] = crossbar(hw, plan, t, out->total_mm2.likely);
    add(&out->total_mm2, out->block_mm2[DIE_INTERCONNECT]);
    return STATUS_OK;
}
