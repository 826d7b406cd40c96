/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Die area by block. See die.h and docs/cost.md. Multipliers of a matrix unit serve all its formats, so the widest need decides; at the
 * upper end integers have multipliers of their own. Left out: power gating, redundancy of rows, analog blocks but PHYs.
 */
#include "costmodel/die.h"

#include <math.h>
#include <string.h>

#include "sim/unit.h"

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
    double f = node->logic_area_x / um2_per_mm2;

    return (struct tech_range){ um2_45.low * f / t->utilization.high, um2_45.likely * f / t->utilization.likely, um2_45.high * f / t->utilization.low };
}

static double mac_um2(const struct technology *t, const char *name)
{
    for (int64_t i = 0; i < t->macs_count; i++)
        if (strcmp(t->macs[i].name, name) == 0)
            return t->macs[i].um2;
    return 0;
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

/* Widest need of the unit's formats; integers beside floats at the upper end. */
static enum status matrix_um2(struct tech_range *out, const struct arch_unit *unit, const struct technology *t, struct error *err)
{
    struct tech_range floats = { 0 }, integers = { 0 };

    for (int64_t i = 0; i < unit->rates_count; i++) {
        const struct arch_rate *r = &unit->rates[i];
        bool is_float = r->format->family == FORMAT_FLOAT;
        double area = mac_um2(t, r->format->name) * r->fma_per_cycle_sm;
        struct tech_range *best = is_float ? &floats : &integers, now = scaled(is_float ? t->float_pipelining : t->integer_pipelining, area);

        if (!(area > 0))
            return error_plain(err, STATUS_BAD_INPUT, "%s: mac_um2_45nm has no '%s', which unit '%s' computes", t->path, r->format->name, unit->name);
        if (now.likely > best->likely)
            *best = now;
    }
    out->low = fmax(floats.low, integers.low);
    out->likely = fmax(floats.likely, integers.likely);
    out->high = floats.high + integers.high;
    return STATUS_OK;
}

static struct tech_range vector_um2(const struct arch_unit *unit, const struct technology *t)
{
    struct tech_range sum = scaled(t->float_pipelining, unit->fma_fp32_per_cycle_sm * mac_um2(t, "fp32"));

    add(&sum, scaled(t->integer_pipelining, unit->int32_ops_per_cycle_sm * mac_um2(t, "int32")));
    return sum;
}

/* Gate equivalents and registers that the unit's type counts. */
static struct tech_range counted_um2(const struct arch_unit *unit, const struct technology *t)
{
    const struct unit_type *type = unit_type_find(unit->kind);
    struct unit_resources r = { 0 };

    if (type != NULL && type->resources != NULL)
        type->resources(&r, unit);
    return scaled(t->integer_pipelining, (r.gate_equivalents + r.register_bits * t->register_bit_gates) * t->nand2_um2_45nm);
}

static enum status sm_area(struct die_area *a, const struct arch_floorplan *plan, const struct hardware *hw, const struct technology *t,
                           const struct tech_node *node, struct error *err)
{
    struct tech_range um2[SM_LUT + 1] = { 0 };
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < hw->units_count && !st; i++) {
        const struct arch_unit *u = &hw->units[i];
        struct tech_range unit = { 0 };

        if (strcmp(u->kind, "tensor_core") == 0) {
            st = matrix_um2(&unit, u, t, err);
            add(&um2[SM_MATRIX], unit);
        } else if (strcmp(u->kind, "vector") == 0)
            add(&um2[SM_VECTOR], vector_um2(u, t));
        else
            add(&um2[SM_LUT], counted_um2(u, t));
    }
    um2[SM_FP64] = scaled(t->float_pipelining, plan->fp64_fma_per_cycle_sm * mac_um2(t, "fp64"));
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

enum status die_area_of(struct die_area *out, const struct arch_floorplan *plan, const struct hardware *hw, const struct technology *t, struct error *err)
{
    const struct tech_node *node;
    enum status st;

    *out = (struct die_area){ .known_mm2 = hw->area.die_mm2 / (double)plan->dies };
    if ((st = technology_node(&node, t, hw->area.process_nm, err)) || (st = sm_area(out, plan, hw, t, node, err)))
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
