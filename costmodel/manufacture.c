/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cost of making a device. See manufacture.h. Low ends combine the low price with the low defect density, high ends the high ones.
 * A defect in a core costs that SM; anywhere else, the die (repair of cache rows is left out). Left out: masks, development, test yield.
 */
#include "costmodel/manufacture.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

static const double mm2_per_cm2 = 100, gib = 1024.0 * 1024 * 1024, pi = 3.14159265358979323846;

double yield_of(double mm2, double defects_per_cm2, double clusters)
{
    return pow(1 + mm2 / mm2_per_cm2 * defects_per_cm2 / clusters, -clusters);
}

double gross_dies(double mm2, double wafer_mm)
{
    double dies = pi * wafer_mm * wafer_mm / 4 / mm2 - pi * wafer_mm / sqrt(2 * mm2);

    return dies > 0 ? dies : 0;
}

/* At most `spare` of `built` SMs have a defect, and the rest of the die has none. */
static double sellable_of(double sm_mm2, double rest_mm2, double built, double needed, double defects, double clusters)
{
    double bad = 1 - yield_of(sm_mm2, defects, clusters), spare = built - needed;

    if (spare < 0)
        return 0;
    return yield_of(rest_mm2, defects, clusters) * gsl_cdf_binomial_P((unsigned)spare, bad, (unsigned)built);
}

static void yields(struct manufacture *m, const struct die_area *die, const struct arch_floorplan *plan, const struct hardware *hw,
                   const struct technology *t, const struct tech_node *node)
{
    double shrink = m->die_mm2 / die->total_mm2.likely; /* the model's shares, on the area that is known */
    double sm = die->sm_total_mm2.likely * shrink, rest = m->die_mm2 - sm * (double)plan->sms;
    double needed = (double)hw->sm.count / (double)plan->dies;
    struct tech_range d = node->defects_per_cm2;

    m->yield = (struct tech_range){ yield_of(m->die_mm2, d.high, t->yield_clusters), yield_of(m->die_mm2, d.likely, t->yield_clusters),
                                    yield_of(m->die_mm2, d.low, t->yield_clusters) };
    m->sellable = (struct tech_range){ sellable_of(sm, rest, (double)plan->sms, needed, d.high, t->yield_clusters),
                                       sellable_of(sm, rest, (double)plan->sms, needed, d.likely, t->yield_clusters),
                                       sellable_of(sm, rest, (double)plan->sms, needed, d.low, t->yield_clusters) };
}

enum status manufacture_of(struct manufacture *m, const struct die_area *die, const struct arch_floorplan *plan, const struct hardware *hw,
                           const struct technology *t, struct error *err)
{
    const struct tech_node *node;
    enum status st = technology_node(&node, t, hw->area.process_nm, err);
    double dies = (double)plan->dies, memory_gib = (double)hw->dram.bytes / gib;

    if (st)
        return st;
    *m = (struct manufacture){ .die_mm2 = die->known_mm2 > 0 ? die->known_mm2 : die->total_mm2.likely };
    if ((double)hw->sm.count > (double)plan->sms * dies)
        return error_plain(err, STATUS_BAD_INPUT, "'%s' has %lld SMs on, its floorplan builds %lld", hw->name, (long long)hw->sm.count,
                           (long long)(plan->sms * plan->dies));
    m->gross_dies = gross_dies(m->die_mm2, t->wafer_diameter_mm);
    yields(m, die, plan, hw, t, node);
    if (!(m->gross_dies * m->sellable.low > 0))
        return error_plain(err, STATUS_INFEASIBLE, "no die of %.0f mm2 comes out of a wafer of %.0f mm: largest that does is about %.0f mm2", m->die_mm2,
                           t->wafer_diameter_mm, t->wafer_diameter_mm * t->wafer_diameter_mm / 8);
    m->dies_usd = (struct tech_range){ node->wafer_usd.low / m->gross_dies / m->sellable.high * dies,
                                       node->wafer_usd.likely / m->gross_dies / m->sellable.likely * dies,
                                       node->wafer_usd.high / m->gross_dies / m->sellable.low * dies };
    m->memory_usd = tech_range_scaled(strncmp(hw->dram.type, "HBM", 3) == 0 ? t->hbm_usd_per_gib : t->other_memory_usd_per_gib, memory_gib);
    m->package_usd = tech_range_scaled(t->package_usd_per_mm2, m->die_mm2 * dies);
    m->board_usd = t->board_usd;
    m->total_usd = (struct tech_range){ m->dies_usd.low + m->memory_usd.low + m->package_usd.low + m->board_usd.low,
                                        m->dies_usd.likely + m->memory_usd.likely + m->package_usd.likely + m->board_usd.likely,
                                        m->dies_usd.high + m->memory_usd.high + m->package_usd.high + m->board_usd.high };
    double cm2 = m->die_mm2 / mm2_per_cm2 * dies;
    m->carbon_kg = (struct tech_range){ cm2 * node->carbon_kg_per_cm2.low / m->sellable.high + memory_gib * t->memory_carbon_kg_per_gib.low,
                                        cm2 * node->carbon_kg_per_cm2.likely / m->sellable.likely + memory_gib * t->memory_carbon_kg_per_gib.likely,
                                        cm2 * node->carbon_kg_per_cm2.high / m->sellable.low + memory_gib * t->memory_carbon_kg_per_gib.high };
    return STATUS_OK;
}
