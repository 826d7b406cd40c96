/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formulas of synthesized datapaths: which terms an area grows with. A formula is a row here; its coefficients are fitted when a table is read.
 * n, m: bits of integers; s = (m1 + 1)(m2 + 1): product of significands; e: exponent bits; A: accumulator bits; M + 1: its significand;
 * b: table bits; W: width that a fused sum is aligned in, the wider of the product and the accumulator. docs/datapaths.md
 */
#include <math.h>

#include "costmodel/netlist.h"

static double significands(const struct datapath *d)
{
    return (d->activation.m + 1.0) * (d->weight.m + 1.0);
}

static double exponents(const struct datapath *d)
{
    return fmax(d->activation.e, d->weight.e);
}

static double entries(const struct datapath *d)
{
    return ldexp(1, d->k - (d->full ? 0 : 1));
}

static bool integers(const struct datapath *d) { return d->activation.kind == NUMBER_INT; }

static bool int_mul(const struct datapath *d) { return d->kind == DATAPATH_INT_MUL; }
static void int_mul_terms(double *x, const struct datapath *d)
{
    x[0] = (double)d->activation.bits * d->weight.bits;
    x[1] = d->activation.bits + d->weight.bits;
    x[2] = 1;
}

static bool float_mul(const struct datapath *d) { return d->kind == DATAPATH_FLOAT_MUL; }
static void float_mul_terms(double *x, const struct datapath *d)
{
    x[0] = significands(d);
    x[1] = (d->activation.m + d->weight.m) / 2.0 + 1;
    x[2] = exponents(d);
    x[3] = 1;
}

static bool int_dot(const struct datapath *d) { return d->kind == DATAPATH_INT_DOT; }
static void int_dot_terms(double *x, const struct datapath *d)
{
    x[0] = (double)d->k * d->activation.bits * d->weight.bits;
    x[1] = d->accumulator.bits;
    x[2] = d->k;
    x[3] = 1;
}

/* What toggles: bit products of magnitudes (the sign bits' rows of a two's-complement array are mostly constant), and k sums that carry the sign up
 * to the accumulator's width. */
static void int_dot_energy(double *x, const struct datapath *d)
{
    x[0] = d->k * (d->activation.bits - 1.0) * (d->weight.bits - 1.0);
    x[1] = (double)d->k * d->accumulator.bits;
}

static bool float_fma(const struct datapath *d) { return d->kind == DATAPATH_FLOAT_DOT && d->k == 1; }
static void float_fma_terms(double *x, const struct datapath *d)
{
    x[0] = significands(d);
    x[1] = d->accumulator.m + 1;
    x[2] = exponents(d);
    x[3] = 1;
}

static bool float_dot4(const struct datapath *d) { return d->kind == DATAPATH_FLOAT_DOT && d->k == 4; }
static void float_dot4_terms(double *x, const struct datapath *d)
{
    x[0] = significands(d);
    x[1] = fmax(d->activation.m + d->weight.m + 2, d->accumulator.m + 1);
    x[2] = d->accumulator.m + 1;
    x[3] = 1;
}

/* Multipliers, the accumulator's adder and normalization, and alignment, which goes with the exponents' spread. */
static void float_dot4_energy(double *x, const struct datapath *d)
{
    x[0] = significands(d);
    x[1] = d->accumulator.m + 1;
    x[2] = exponents(d);
}

static bool float_exact(const struct datapath *d) { return d->kind == DATAPATH_FLOAT_EXACT; }
static void float_exact_terms(double *x, const struct datapath *d)
{
    x[0] = significands(d);
    x[1] = d->accumulator.bits;
    x[2] = (double)d->accumulator.bits * exponents(d);
    x[3] = 1;
}

/* k - 1 adders of the activations' width, one of the accumulator's with its register. */
static bool add_dot_float(const struct datapath *d) { return d->kind == DATAPATH_ADD_DOT && !integers(d); }
static void add_dot_float_terms(double *x, const struct datapath *d)
{
    x[0] = (d->k - 1.0) * d->activation.bits;
    x[1] = d->accumulator.bits;
}

static bool add_dot_int(const struct datapath *d) { return d->kind == DATAPATH_ADD_DOT && integers(d); }
static void add_dot_int_terms(double *x, const struct datapath *d)
{
    x[0] = d->k * (d->activation.bits + 2.0) + d->accumulator.bits;
}

static bool lut_int(const struct datapath *d) { return d->kind == DATAPATH_LUT_DOT && d->k == 4 && !d->full && d->table.kind == NUMBER_INT; }
static void lut_int_terms(double *x, const struct datapath *d)
{
    x[0] = (double)d->planes * d->table.bits;
    x[1] = d->planes;
    x[2] = d->serial;
    x[3] = d->accumulator.bits;
}

static bool lut_float(const struct datapath *d) { return d->kind == DATAPATH_LUT_DOT && d->k == 4 && !d->full && d->table.kind == NUMBER_FLOAT && d->planes == 1; }
static void lut_float_terms(double *x, const struct datapath *d)
{
    x[0] = d->table.bits;
    x[1] = d->accumulator.m + 1;
    x[2] = d->serial;
    x[3] = 1;
}

/* Multiplexer and sign, and the float adder: constants and counters do not show. */
static void lut_float_energy(double *x, const struct datapath *d)
{
    x[0] = d->table.bits;
    x[1] = d->accumulator.m + 1;
}

/* Adders of a table by halves, each of a table's width. */
static bool table_float(const struct datapath *d) { return d->kind == DATAPATH_LUT_TABLE && !integers(d); }
static void table_float_terms(double *x, const struct datapath *d)
{
    x[0] = datapath_table_adds(d->k) * d->table.bits;
}

/* The other half of a full table of integers is negated. */
static bool table_int(const struct datapath *d) { return d->kind == DATAPATH_LUT_TABLE && integers(d); }
static void table_int_terms(double *x, const struct datapath *d)
{
    x[0] = datapath_table_adds(d->k) * d->table.bits;
    x[1] = d->full ? entries(d) * d->table.bits : 0;
}

static bool select_int(const struct datapath *d) { return d->kind == DATAPATH_LUT_SELECT && d->table.kind == NUMBER_INT; }
static bool select_float(const struct datapath *d) { return d->kind == DATAPATH_LUT_SELECT && d->table.kind == NUMBER_FLOAT; }
/* Multiplexer; a half table's entry is negated, an adder's row of cells in two's complement (a float's is one gate); drivers of the index. */
static void select_int_terms(double *x, const struct datapath *d)
{
    x[0] = (entries(d) - 1) * d->table.bits;
    x[1] = d->full ? 0 : d->table.bits;
    x[2] = d->table.bits;
}

static void select_float_terms(double *x, const struct datapath *d)
{
    x[0] = (entries(d) - 1) * d->table.bits;
    x[1] = d->table.bits;
    x[2] = entries(d); /* decoding of the index */
}

static bool float_add(const struct datapath *d) { return d->kind == DATAPATH_FLOAT_ADD; }
static void float_add_terms(double *x, const struct datapath *d)
{
    x[0] = d->activation.m + 1;
    x[1] = d->activation.e;
    x[2] = 1;
}

static const struct netlist_formula formulas[] = {
    { "int_mul", "n m, n + m, 1", false, 3, int_mul, int_mul_terms, NULL, 0, NULL },
    { "float_mul", "s, (m1 + m2) / 2 + 1, e, 1", false, 4, float_mul, float_mul_terms, NULL, 0, NULL },
    { "int_dot", "k n m, A, k, 1", true, 4, int_dot, int_dot_terms, "k (n - 1)(m - 1), k A", 2, int_dot_energy },
    { "float_fma", "s, M + 1, e, 1", false, 4, float_fma, float_fma_terms, NULL, 0, NULL },
    { "float_dot4", "s, W, M + 1, 1", false, 4, float_dot4, float_dot4_terms, "s, M + 1, e", 3, float_dot4_energy },
    { "float_exact", "s, A, A e, 1", false, 4, float_exact, float_exact_terms, NULL, 0, NULL },
    { "add_dot of floats", "(k - 1) a, A", false, 2, add_dot_float, add_dot_float_terms, NULL, 0, NULL },
    { "add_dot of integers", "k (n + 2) + A", false, 1, add_dot_int, add_dot_int_terms, NULL, 0, NULL },
    { "lut_dot of integers", "planes b, planes, serial, A", false, 4, lut_int, lut_int_terms, NULL, 0, NULL },
    { "lut_dot of floats", "b, M + 1, serial, 1", false, 4, lut_float, lut_float_terms, "b, M + 1", 2, lut_float_energy },
    { "lut_table of floats", "adds b", false, 1, table_float, table_float_terms, NULL, 0, NULL },
    { "lut_table of integers", "adds b, full entries b", false, 2, table_int, table_int_terms, NULL, 0, NULL },
    { "lut_select of integers", "(entries - 1) b, half b, b", false, 3, select_int, select_int_terms, NULL, 0, NULL },
    { "lut_select of floats", "(entries - 1) b, b, entries", false, 3, select_float, select_float_terms, NULL, 0, NULL },
    { "float_add", "M + 1, E, 1", false, 3, float_add, float_add_terms, NULL, 0, NULL },
};

const struct netlist_formula *netlist_formulas(int64_t *count)
{
    *count = sizeof formulas / sizeof formulas[0];
    return formulas;
}
