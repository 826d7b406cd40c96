/* SPDX-License-Identifier: Apache-2.0 */
/**
 * On-chip SRAM from compiled macros: area, energy of an access, leakage and access time of a memory of any size and port, at any node. docs/cost.md
 *
 * A macro of W words of B bits is fitted over the rows of costmodel/tables/sram_macros.csv (least squares of relative errors):
 *
 *   area = a0 + a1 B + a2 W + a3 W B     read, write = e0 + e1 B + e2 W B     leakage = l W B     access = t0 + t1 sqrt(W)          (Eq. 1)
 *
 * A memory is `lanes` macros side by side, as wide as its port, in `banks` that an address selects; wires reach the banks:
 *
 *   area = banks lanes area(W, B) cell(node) / cell(macros)
 *   read = lanes read(W, B) energy_x(node) + port_bits wire_j_per_bit_mm sqrt(area)                                              (Eq. 2)
 *
 * One port, read or write. Left out: ECC, redundant rows, power gating, clock tree between banks.
 */
#ifndef LLMSIM_COSTMODEL_SRAM_H
#define LLMSIM_COSTMODEL_SRAM_H

#include "arch/technology.h"

enum sram_quantity { SRAM_AREA, SRAM_READ, SRAM_WRITE, SRAM_ACCESS, SRAM_LEAKAGE, SRAM_QUANTITIES };
extern const char *const sram_quantity_names[SRAM_QUANTITIES], *const sram_quantity_terms[SRAM_QUANTITIES];

enum { SRAM_TERMS_MAX = 4 };

/** The fit of Eq. 1 to a table, at its library's node. */
struct sram_fit {
    double coefficients[SRAM_QUANTITIES][SRAM_TERMS_MAX]; /* um2, pJ, ns, nW */
    double worst[SRAM_QUANTITIES], left_out[SRAM_QUANTITIES]; /* largest error of a row in the fit, and of rows left out in turn: a factor either way, less 1 */
    int64_t rows;
    double words_min, words_max, bits_min, bits_max, capacity_bits_max; /* of the macros */
    const struct tech_library *library;
};

/** Reads and fits a table; `path` NULL: the shipped one. STATUS_BAD_INPUT with file, line and column: unknown library, two libraries, absurd numbers, rows
 * that do not determine the fit. */
enum status sram_load(struct sram_fit *out, const struct technology *t, const char *path, struct arena *arena, struct error *err);

/** Eq. 1, at the library's node, in the table's units. */
double sram_macro(const struct sram_fit *fit, enum sram_quantity q, double words, double bits);

struct sram {
    double words, bits;         /* of one macro */
    double lanes, banks;
    struct tech_range area_mm2, read_j, write_j, leakage_w; /* read, write: one access of the whole port */
    double access_s;
    bool extrapolated;          /* a macro smaller than any in the table */
};

/**
 * Memory of `bytes` with one port of `port_bits`, at a node: the fewest banks of macros no larger than the table's largest, which is the least area.
 * Ranges: the fit's error on rows left out, the node's factors, wires. STATUS_BAD_INPUT: the technology does not know the library's node, or no such
 * size; STATUS_INFEASIBLE: the fit gives nothing there (too few macros, or none alike).
 */
enum status sram_of(struct sram *out, const struct sram_fit *fit, const struct technology *t, const struct tech_node *node, double bytes, double port_bits,
                    struct error *err);

#endif
