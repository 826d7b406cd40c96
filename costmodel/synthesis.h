/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Table of synthesized datapaths: area, delay, leakage and switching energy of netlists mapped to standard cells. docs/datapaths.md
 *
 * Several files of one schema are read together (costmodel/tables/synthesis_*.csv and any that a user adds). Columns: unit, k, activation, weight,
 * accumulator, table, planes, schedule (parallel | serial | full: a table of 2^k entries), style (mapped: the synthesizer's own arithmetic; tree: explicit
 * columns of full adders), library (arch/technology/cmos.yaml, `libraries`), area_um2, delay_ps, leakage_nw, energy_fj (all inputs change),
 * energy_held_fj (activations held for 16 clocks), clock_fj, flip_flops, cells, tool, source. An empty number: not measured.
 */
#ifndef LLMSIM_COSTMODEL_SYNTHESIS_H
#define LLMSIM_COSTMODEL_SYNTHESIS_H

#include "arch/technology.h"
#include "costmodel/sram.h"
#include "sim/datapath.h"

struct synthesis_row {
    struct datapath what;
    bool tree;
    const struct tech_library *library;
    double area_um2;                                           /* of the netlist, cells alone */
    double delay_ps, leakage_nw, energy_fj, energy_held_fj, clock_fj; /* NaN: not measured. Energy of one clock */
    int64_t flip_flops;
    const char *tool, *source, *file;
    int line;
};

enum { FORMULA_TERMS_MAX = 4, FORMULAS_MAX = 20 };

/** A formula fitted to the rows it covers, least squares of relative errors. */
struct formula_fit {
    const struct netlist_formula *formula;
    int64_t rows, energy_rows;
    double area[FORMULA_TERMS_MAX], energy[FORMULA_TERMS_MAX]; /* um2 at 45 nm; fJ of the table's library */
    double area_worst, area_left_out;     /* largest error in the fit; of rows left out in turn: a factor either way, less 1, at least 0.3 where a row alone
                                             determines a coefficient; NaN: as many terms as rows; infinite: answers nothing */
    double energy_left_out;               /* the same of energy; NaN: too few rows */
};

struct synthesis {
    const struct technology *technology;
    struct sram_fit sram;                 /* of the shipped macros */
    const struct synthesis_row *rows;
    int64_t count;
    struct formula_fit fits[FORMULAS_MAX];
    int64_t fits_count;
    double energy_per_um2[2];             /* fJ per um2 and clock, 45 nm: median of rows of integers, of floats; and their spread as a factor */
    double energy_spread[2];
};

/**
 * The shipped tables and `extra` files, read and fitted. Errors name file, line and column: unknown unit, library, number, a field that is missing.
 * A row in an extra file replaces the shipped one of the same datapath, style and library.
 */
enum status synthesis_load(struct synthesis *out, const struct technology *t, const char *const *extra, int64_t extra_count, struct arena *arena,
                           struct error *err);

/** Row of exactly this datapath: trees before mapped arithmetic, the 45 nm library before others; NULL: none. */
const struct synthesis_row *synthesis_find(const struct synthesis *s, const struct datapath *what);
/** Area of the same netlist in the 45 nm library. */
double synthesis_area_45(const struct synthesis *s, const struct synthesis_row *row);
/** Is it the library that energies and factors of nodes refer to? */
bool synthesis_reference(const struct synthesis_row *row);

#endif
