/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Area and power of an M x N x K array of one kind of datapath: multiply-accumulate, bit-serial addition, table lookup, composed of netlists. docs/datapaths.md
 *
 * An array takes M rows of K activations and N columns of K weights. Kinds that take weights whole do M N K multiply-adds a clock, the bit-serial ones
 * M N K / W of W-bit weights (arXiv 2408.06003, section 3). Nothing is placed.
 */
#ifndef LLMSIM_COSTMODEL_ARRAY_H
#define LLMSIM_COSTMODEL_ARRAY_H

#include "costmodel/synthesis.h"

/** Where tables are built. */
enum array_builder {
    BUILDER_NONE,    /* no tables, or an operator before the array builds them */
    BUILDER_TABLE,   /* a builder a table: M, shared by the N columns */
    BUILDER_LOOKUP,  /* a builder beside each lookup unit: M N */
};

struct array_kind {
    const char *name, *summary;
    enum datapath_kind element;  /* of integers; floats take float_dot for int_dot */
    bool serial;                 /* one plane of the weights a clock */
    bool full;                   /* tables of 2^K entries; else 2^(K-1) */
    enum array_builder builder;
};

/** All kinds; ends with a NULL name. */
extern const struct array_kind array_kinds[];
/** By name; NULL with an error that names the nearest. */
const struct array_kind *array_kind_find(const char *name, struct error *err);

struct array_design {
    const struct array_kind *kind;
    struct datapath_number activation;
    struct datapath_number table, accumulator; /* NUMBER_NONE: array_defaults() */
    int weight_bits;                           /* planes W, 1 to 16 */
    int64_t m, n, k;                           /* 1 to 4096 each */
};

/** What the array takes at a node, netlists alone: no placement, no pipelining. */
struct array_cost {
    double macs_per_clock;                         /* activations by whole weights */
    struct tech_range element_um2, builder_um2, area_um2; /* area: with input registers */
    double register_um2;                           /* operands' and tables' registers at the array's edge */
    struct tech_range energy_fj;                   /* one clock, every input changing */
    double leakage_nw;
    double gates;                                  /* gate equivalents of all of it: area at 45 nm over that of a NAND2 */
    double delay_ps;                               /* of an element, single-cycle, no wires; NaN: not measured */
    bool extrapolated;                             /* some part is beyond the rows of its formula */
    const struct formula_fit *fit;                 /* of the elements' area, or NULL: a row */
};

/** Tables: exact sums where the array builds them (log2 K bits more), the activations' own format where an operator does. Sums: int32, or half precision. */
void array_defaults(struct array_design *d);

/**
 * Cost of `d` (defaults filled) at `node` (NULL: 45 nm). STATUS_BAD_INPUT: a size out of range; STATUS_INFEASIBLE: no such element (K of a
 * multiply-accumulate or adder is 1 or a multiple of 4; of a table 2 to 8), or no row or formula covers it.
 */
enum status array_cost_of(struct array_cost *out, const struct array_design *d, const struct synthesis *s, const struct tech_node *node, struct error *err);

/** Dynamic power and leakage, milliwatts. */
double array_power_mw(const struct array_cost *c, double clock_hz);
/** Operations (a multiply-add is two) a second and mm2; a second and watt, 10^12. */
double array_tops_per_mm2(const struct array_cost *c, double clock_hz);
double array_tops_per_w(const struct array_cost *c, double clock_hz);

#endif
