/* SPDX-License-Identifier: Apache-2.0 */
/** Shape of a LUT mpGEMM array and the identities that follow from it. docs/lut_mpgemm.md; arXiv 2408.06003, sections 3 and 4. */
#ifndef LLMSIM_SIM_LUT_H
#define LLMSIM_SIM_LUT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/hardware.h"
#include "formats/format.h"
#include "sim/datapath.h"

struct lut_shape {
    int64_t m, n, k;              /* tables, weight columns, activations of a table */
    int64_t entries;              /* of a table: 2^(k-1), or 2^k where full_table */
    int64_t reference_bits;       /* weight planes at which the stanza's rates hold */
    const struct format *table_format, *psum_format; /* psum_format NULL: what the recipe accumulates in */
    bool full_table, built_at_unit;
};

/** Array of a checked unit; tables take the activations' format where the stanza names none. */
struct lut_shape lut_shape_of(const struct arch_unit *unit, const struct format *activation);

/** Bit planes of a weight format, 0 when it has none. */
int64_t lut_planes(const struct format *weight);

/** Multiply-adds a clock of one array at `planes`: M N K / W. */
static inline double lut_fma_per_cycle(const struct lut_shape *s, int64_t planes)
{
    return (double)(s->m * s->n * s->k) / (double)planes;
}
/** Bits of one table. */
static inline int64_t lut_table_bits(const struct lut_shape *s) { return s->entries * s->table_format->bits; }
/** Bits through the ports of one array in a pass: tables in; weights in; partial sums, one direction. */
static inline int64_t lut_table_port_bits(const struct lut_shape *s) { return s->m * lut_table_bits(s); }
static inline int64_t lut_weight_port_bits(const struct lut_shape *s, int64_t planes) { return s->k * s->n * planes; }
static inline int64_t lut_psum_port_bits(const struct lut_shape *s, int64_t psum_bits) { return s->m * s->n * psum_bits; }

/** What the lookup units of one SM are built of where they serve activations of one rate's format. Datapaths: sim/datapath.h. */
struct lut_parts {
    struct datapath lookup, builder; /* M N elements of an array look up, add and keep their sum; a builder makes one table where tables are built at the unit */
    double lookups, builders;        /* copies */
    double entries;                  /* of a table */
    double register_bits;            /* tables, and index bits of a plane, at the arrays' edges */
};
void lut_parts_of(struct lut_parts *out, const struct arch_unit *unit, const struct arch_rate *rate);

/** Vector lane operations to build the tables of one activation, by halves: A(K) = entries + A(K/2) + A(K - K/2), A(1) = 0. */
double lut_build_ops_per_activation(const struct lut_shape *s);

#endif
