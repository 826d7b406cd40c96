/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Die area by block. See die.h and docs/cost.md. Multipliers of a matrix unit serve all its formats, so the widest need decides; at the
 * upper end integers have multipliers of their own. Left out: power gating, redundancy of rows, analog blocks but PHYs.
 */
#include "costmodel/die.h"

#include <math.h>
#include <string.h>

#include "costmodel/netlist.h"

const char *const die_block_names[DIE_BLOCKS] = { "cores", "interconnect", "l2", "memory phy", "memory control", "link phy", "link control", "host phy", "other" };
const char *const sm_part_names[SM_PARTS] = { "matrix", "fp64", "vector", "lut", "registers", "l1 and shared", "control" };

const char *const die_memory_names[DIE_MEMORIES] = { "registers of a sub-core", "L1 and shared of an SM", "slice of L2" };

static const double um2_per_mm2 = 1e6;

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
    struct tech_range f = tech_range_scaled(node->logic_area_x, 1 / um2_per_mm2);

    return (struct tech_range){ um2_45.low * f.low / t->utilization.high, um2_45.likely * f.likely / t->utilization.likely, um2_45.high * f.high / t->utilization.low };
}

static struct tech_range transistors(struct tech_range millions, const struct tech_node *node)
{
    return tech_range_scaled(millions, 1 / node->mtransistors_per_mm2);
}

enum status die_memory_of(struct sram *out, double *bytes, double *port_bits, enum die_memory which, const struct hardware *hw, const struct synthesis *s,
                          const struct tech_node *node, struct error *err)
{
    const struct { double bytes, port_bits; } sizes[DIE_MEMORIES] = {
        [MEMORY_REGISTERS] = { (double)hw->sm.register_bytes / (double)hw->sm.subcores, (double)hw->sm.warp_threads * 32 },
        [MEMORY_L1] = { (double)hw->sm.l1_shared_bytes, hw->sm.shared_bytes_per_cycle * 8 },
        [MEMORY_L2] = { (double)hw->l2.bytes / (double)hw->l2.slices, (double)hw->l2.sector_bytes * 8 },
    };

    *out = (struct sram){ 0 };
    *bytes = sizes[which].bytes;
    *port_bits = sizes[which].port_bits;
    return *bytes > 0 ? sram_of(out, &s->sram, s->technology, node, *bytes, *port_bits, err) : STATUS_OK;
}

/* All memories of a die, beside the area that `count` of one take with what surrounds its bits. */
static enum status memory_area(struct die_area *a, enum die_memory which, double count, const struct hardware *hw, const struct synthesis *s, const struct tech_node *node,
                               struct tech_range *mm2_of_one, struct error *err)
{
    struct tech_range x = which == MEMORY_REGISTERS ? s->technology->register_area_x : s->technology->cache_area_x;
    enum status st = die_memory_of(&a->memory[which], &a->memory_bytes[which], &a->memory_port_bits[which], which, hw, s, node, err);
    struct tech_range sram = a->memory[which].area_mm2;

    a->memory_count[which] = count;
    *mm2_of_one = tech_range_product(sram, x);
    return st;
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
    struct tech_range um2[SM_LUT + 1] = { 0 }, unit, one = { 0 };
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
    if (!st)
        st = memory_area(a, MEMORY_REGISTERS, (double)(plan->sms * hw->sm.subcores), hw, s, node, &one, err);
    a->sm_mm2[SM_REGISTERS] = tech_range_scaled(one, (double)hw->sm.subcores);
    if (!st)
        st = memory_area(a, MEMORY_L1, (double)plan->sms, hw, s, node, &a->sm_mm2[SM_L1], err);
    a->sm_mm2[SM_CONTROL] = transistors(tech_range_scaled(t->subcore_control_mtransistors, (double)hw->sm.subcores), node);
    for (int p = 0; p < SM_PARTS; p++)
        add(&a->sm_total_mm2, a->sm_mm2[p]);
    return st;
}

/* Rate of all memory sites of one die: those that the product has on carry its bandwidth; all are, where its bus is not described. */
static double built_rate(const struct hardware *hw, const struct arch_floorplan *plan, bool hbm)
{
    double site_bits = hbm ? 1024 : 32, on = (double)(hw->dram.channels * hw->dram.timing.bus_bits) / site_bits;

    return hw->dram.bandwidth_bytes_per_s * (on > 0 ? (double)plan->memory_sites / on : 1 / (double)plan->dies);
}

static void interfaces(struct die_area *a, const struct arch_floorplan *plan, const struct hardware *hw, const struct technology *t,
                       const struct tech_node *node)
{
    bool hbm = strncmp(hw->dram.type, "HBM", 3) == 0;
    double sites = (double)plan->memory_sites, links = (double)plan->links, rate = built_rate(hw, plan, hbm);

    a->block_mm2[DIE_MEMORY_PHY] = exactly(sites * (hbm ? t->hbm_stack_mm2 : t->gddr_32bit_mm2));
    double controllers = rate / (hbm ? t->hbm_controller_bytes_per_s : t->gddr_controller_bytes_per_s);
    a->block_mm2[DIE_MEMORY_CONTROL] = transistors(exactly(controllers * (hbm ? t->hbm_stack_mtransistors : t->gddr_32bit_mtransistors)), node);
    a->block_mm2[DIE_LINK_PHY] = exactly(links * plan->link_mm2);
    a->block_mm2[DIE_LINK_CONTROL] = transistors(exactly(links * t->link_mtransistors), node);
    a->block_mm2[DIE_HOST_PHY] = exactly((double)plan->pcie_lanes * t->pcie_lane_mm2);
    a->block_mm2[DIE_OTHER] = t->other_mm2;
}

/* Wires of the L2 slices' ports (two sectors out, one in), laid over a share of the die's edge. */
static struct tech_range crossbar(const struct hardware *hw, const struct arch_floorplan *plan, const struct technology *t, double rest_mm2)
{
    double wires = (double)hw->l2.slices / (double)plan->dies * (double)hw->l2.sector_bytes * 3 * 8;
    double length_mm = t->crossbar_length_of_die * sqrt(rest_mm2);

    return tech_range_scaled(t->crossbar_pitch_um, wires * 1e-3 * length_mm / t->crossbar_layers);
}

enum status die_area_of(struct die_area *out, const struct arch_floorplan *plan, const struct hardware *hw, const struct synthesis *s, struct error *err)
{
    const struct technology *t = s->technology;
    const struct tech_node *node;
    enum status st;

    *out = (struct die_area){ .known_mm2 = hw->area.die_mm2 / (double)plan->dies };
    if ((st = technology_node(&node, t, hw->area.process_nm, err)) || (st = sm_area(out, plan, hw, s, node, err)))
        return st;
    out->block_mm2[DIE_CORES] = tech_range_scaled(out->sm_total_mm2, (double)plan->sms);
    if ((st = memory_area(out, MEMORY_L2, (double)plan->l2_bytes * (double)hw->l2.slices / (double)hw->l2.bytes, hw, s, node, &out->block_mm2[DIE_L2], err)))
        return st;
    out->block_mm2[DIE_L2] = tech_range_scaled(out->block_mm2[DIE_L2], out->memory_count[MEMORY_L2]);
    interfaces(out, plan, hw, t, node);
    for (int b = 0; b < DIE_BLOCKS; b++)
        add(&out->total_mm2, out->block_mm2[b]);
    out->block_mm2[DIE_INTERCONNECT] = crossbar(hw, plan, t, out->total_mm2.likely);
    add(&out->total_mm2, out->block_mm2[DIE_INTERCONNECT]);
    double die_mm2 = out->known_mm2 > 0 ? out->known_mm2 : out->total_mm2.likely;
    out->across_j_per_byte = tech_range_scaled(t->wire_fj_per_bit_mm, 8e-15 * t->crossbar_length_of_die * sqrt(die_mm2));
    return STATUS_OK;
}
