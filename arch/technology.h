/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What silicon costs: CMOS nodes, area of arithmetic and memories, interfaces, wafers, packages; and a chip's floorplan.
 * Data: arch/technology/ *.yaml, and the `floorplan:` section of a hardware description. docs/cost.md
 */
#ifndef LLMSIM_ARCH_TECHNOLOGY_H
#define LLMSIM_ARCH_TECHNOLOGY_H

#include "arch/arch.h"

/** An uncertain input or result: 0 <= low <= likely <= high. */
struct tech_range { double low, likely, high; };

static inline struct tech_range tech_range_scaled(struct tech_range r, double by) { return (struct tech_range){ r.low * by, r.likely * by, r.high * by }; }
static inline struct tech_range tech_range_product(struct tech_range a, struct tech_range b)
{
    return (struct tech_range){ a.low * b.low, a.likely * b.likely, a.high * b.high };
}

enum { TECH_NODES_MAX = 24, TECH_LIBRARIES_MAX = 16 };

struct tech_node {
    const char *name;
    double nm;
    struct tech_range logic_area_x, logic_energy_x, logic_delay_x, logic_leakage_x; /* of a netlist, over the same in the 45 nm library */
    double mtransistors_per_mm2;     /* of logic, as foundries count */
    double sram_cell_um2;            /* six-transistor bit cell */
    struct tech_range sram_energy_x; /* access of a macro, over the same macro in the library of costmodel/tables/sram_macros.csv */
    struct tech_range wafer_usd, defects_per_cm2, carbon_kg_per_cm2;
};

/** A cell library of the synthesis tables. */
struct tech_library {
    const char *name;
    double nm, nand2_um2;
    double area_x, area_spread;      /* its netlists' area over the 45 nm library's; one sigma of that factor, relative */
    bool reference;                  /* area_x is 1: the library that all factors refer to */
};

struct technology {
    const char *path;
    int64_t nodes_count, libraries_count;
    struct tech_node nodes[TECH_NODES_MAX];
    struct tech_library libraries[TECH_LIBRARIES_MAX];
    struct tech_range utilization, float_pipelining, integer_pipelining;
    double nand2_um2_45nm, register_bit_gates, register_clock_fj_45nm, leakage_nw_per_um2_45nm;
    struct tech_range wire_fj_per_bit_mm;
    double wire_ns_per_mm;
    struct tech_range cache_area_x, register_area_x; /* of a cache, a register file, over the SRAM of its bits alone */
    struct tech_range subcore_control_mtransistors;
    struct tech_range crossbar_pitch_um;
    double crossbar_layers, crossbar_length_of_die;
    double hbm_stack_mm2, gddr_32bit_mm2, hbm_stack_mtransistors, gddr_32bit_mtransistors, pcie_lane_mm2, link_mtransistors;
    double hbm_controller_bytes_per_s, gddr_controller_bytes_per_s; /* rate that the controllers' transistors are of */
    struct tech_range other_mm2;
    double wafer_diameter_mm, yield_clusters;
    struct tech_range hbm_usd_per_gib, other_memory_usd_per_gib, package_usd_per_mm2, board_usd, memory_carbon_kg_per_gib;
};

/** Physical inventory of one die; a product switches parts of it off. */
struct arch_floorplan {
    int64_t dies;                    /* equal dies of the device; 1 */
    int64_t sms;                     /* built, on one die */
    int64_t l2_bytes;                /* built, on one die */
    int64_t memory_sites;            /* HBM stacks, or 32-bit GDDR channels, that one die has PHYs for */
    int64_t links;                   /* ports of the device link on one die */
    double link_mm2;                 /* PHY of one port */
    int64_t pcie_lanes;
    double fp64_fma_per_cycle_sm;    /* widest units that are built: matrix or vector, whichever is more */
};

/** `path` NULL: the shipped arch/technology/cmos.yaml. STATUS_BAD_INPUT with place for unknown, missing or absurd values. */
enum status technology_load(const struct technology **out, const char *path, struct arena *arena, struct error *err);

/** The `floorplan:` of a device. STATUS_BAD_INPUT: it has none, or a bad one. */
enum status floorplan_read(struct arch_floorplan *out, const struct hardware *hw, struct error *err);

/** The list [low, likely, high] at a dotted path below `map`, checked to rise. */
enum status tech_range_read(struct tech_range *out, const struct yaml_node *map, const char *path, struct error *err);

/** Node of the device's area.process_nm, exactly; NULL with an error that names those known. */
enum status technology_node(const struct tech_node **out, const struct technology *t, double nm, struct error *err);

#endif
