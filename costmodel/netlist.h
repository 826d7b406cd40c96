/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Area, delay, leakage and energy of a datapath at 45 nm: its row of the synthesis table, or a formula fitted to the rows of its kind. docs/datapaths.md
 *
 * A row is a fact (of that netlist, tool and library); a formula carries the largest error of rows left out of its fit. Nothing is placed, nothing is
 * pipelined: costmodel/die.c brings areas to a node.
 */
#ifndef LLMSIM_COSTMODEL_NETLIST_H
#define LLMSIM_COSTMODEL_NETLIST_H

#include "costmodel/synthesis.h"

/** A formula: which datapaths it covers, and its terms. Area and energy are sums of fitted coefficients times terms; energy has its own where what
 * toggles does not go with what is built. */
struct netlist_formula {
    const char *name, *text;         /* "int_dot", "k n m, A, k, 1" */
    bool tree;                       /* rows of style tree; else mapped */
    int terms;
    bool (*covers)(const struct datapath *d);
    void (*fill)(double *x, const struct datapath *d);
    const char *energy_text;         /* NULL: area's terms */
    int energy_terms;
    void (*energy_fill)(double *x, const struct datapath *d);
};
const struct netlist_formula *netlist_formulas(int64_t *count);

/** What one netlist takes, at 45 nm (reference library), not placed. */
struct netlist {
    struct tech_range area_um2, energy_fj; /* energy: one clock, all inputs change, clock pins apart */
    double clock_fj;                       /* clock pins of its registers, one clock */
    double leakage_nw;
    double delay_ps;                       /* NaN: not measured */
    const struct synthesis_row *row;       /* area's row, or NULL */
    const struct formula_fit *fit;         /* area's formula, or NULL */
    bool energy_by_area;                   /* no energy among its rows: area x median of its family */
    bool extrapolated;                     /* beyond the largest row of the fit */
};

/** STATUS_INFEASIBLE: no row and no formula covers it; the message says which units there are. */
enum status netlist_of(struct netlist *out, const struct synthesis *s, const struct datapath *what, struct error *err);
/** Registers alone: `bits` flip-flops, area, leakage and clock energy from the reference library. */
void netlist_registers(struct netlist *out, const struct synthesis *s, double bits);

/** Fits every formula to the rows in `s`. One whose rows do not determine its coefficients answers nothing. Called by synthesis_load(). */
void netlist_fit(struct synthesis *s);

#endif
