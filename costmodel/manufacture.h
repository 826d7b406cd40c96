/* SPDX-License-Identifier: Apache-2.0 */
/** What it costs to make a device: wafers, yield with and without harvesting, memory, package, board; and its embodied carbon. docs/cost.md */
#ifndef LLMSIM_COSTMODEL_MANUFACTURE_H
#define LLMSIM_COSTMODEL_MANUFACTURE_H

#include "costmodel/die.h"

struct manufacture {
    double die_mm2;                         /* what the cost rests on: the known area, else the model's */
    double gross_dies;                      /* on a wafer */
    struct tech_range yield, sellable;      /* share of dies without a defect; with at least the product's SMs good and the rest without a defect */
    struct tech_range dies_usd, memory_usd, package_usd, board_usd, total_usd; /* one device, before development, margin and masks */
    struct tech_range carbon_kg;            /* embodied, silicon and memory, CO2 equivalent */
};

/** Share of dies of `mm2` without a defect: negative binomial, (1 + A D / a)^-a. */
double yield_of(double mm2, double defects_per_cm2, double clusters);
/** Whole dies of `mm2` on a round wafer: pi (d/2)^2 / A - pi d / sqrt(2 A). */
double gross_dies(double mm2, double wafer_mm);

enum status manufacture_of(struct manufacture *out, const struct die_area *die, const struct arch_floorplan *plan, const struct hardware *hw,
                           const struct technology *t, struct error *err);

#endif
