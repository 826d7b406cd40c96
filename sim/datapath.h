/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Datapaths as parts: what a unit is built of, said without a technology. A unit type lists its parts (sim/unit.h, unit_resources);
 * costmodel/ gives each part gates, area, delay and energy from synthesis. docs/datapaths.md
 */
#ifndef LLMSIM_SIM_DATAPATH_H
#define LLMSIM_SIM_DATAPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "formats/format.h"

/** Kinds of netlists that are characterised, each a row of datapath_kinds. */
enum datapath_kind {
    DATAPATH_INT_MUL,     /* activation x weight, signed integers */
    DATAPATH_FLOAT_MUL,   /* sign, exponent sum and exact product of two floats */
    DATAPATH_INT_DOT,     /* k products and the sum so far, one register; k = 1: multiply-accumulate */
    DATAPATH_FLOAT_DOT,   /* k products aligned to the largest exponent, one sum, one normalisation; k = 1: fused multiply-add */
    DATAPATH_FLOAT_EXACT, /* product of floats into a fixed-point register that holds it exactly (Kulisch) */
    DATAPATH_ADD_DOT,     /* k activations, each added or subtracted by a weight bit, one plane a clock */
    DATAPATH_LUT_DOT,     /* lookup in a table of 2^(k-1) sums, sign, plane shift, adder, register */
    DATAPATH_LUT_TABLE,   /* builds a table of 2^(k-1) (`full`: 2^k) sums of k activations; combinational */
    DATAPATH_LUT_SELECT,  /* multiplexer and sign of a lookup alone */
    DATAPATH_FLOAT_ADD,   /* one adder */
    DATAPATH_KINDS
};

enum number_kind { NUMBER_NONE, NUMBER_INT, NUMBER_FLOAT, NUMBER_FIXED };

/** Numbers at a port: "int8", "e4m3" (1 sign bit besides), "fixed45"; what codes are special costs next to nothing and is left out. */
struct datapath_number {
    enum number_kind kind;
    int bits; /* all of them */
    int e, m; /* float */
};

struct datapath {
    enum datapath_kind kind;
    int k;                   /* products, activations of a sum or of a table */
    struct datapath_number activation, weight, accumulator, table;
    int planes;              /* weight planes looked up or added in one clock, 1 or more; others 0 */
    bool serial;             /* one plane a clock, shifted by its index */
    bool full;               /* table of 2^k entries */
};

/** "int_dot", "lut_table" ... in the order of enum datapath_kind; ends with NULL. */
extern const char *const datapath_kinds[];

/** STATUS_BAD_INPUT for anything but intN (1 to 64), eXmY (x 1 to 15, y 0 to 112) or a float's name, fixedN (1 to 4096). "": NUMBER_NONE. */
enum status datapath_number_parse(struct datapath_number *out, const char *text, struct source_pos at, struct error *err);
/** Its inverse; returns `out`. A float by the name of the standard format of its exponent and mantissa, where there is one: fp16, not e5m10. */
const char *datapath_number_text(char *out, size_t bytes, struct datapath_number n);
/** What a datapath sees of a format: floats by exponent and mantissa, all else as integers of their bits. */
struct datapath_number datapath_number_of(const struct format *format);
bool datapath_number_equal(struct datapath_number a, struct datapath_number b);
/** "lut_dot k4 int8 x int1 table int8 into int32, serial" */
const char *datapath_text(char *out, size_t bytes, const struct datapath *d);
/** Additions that build a table of k activations by halves: entries + A(k/2) + A(k - k/2), A(1) = 0. A full table negates for nothing in floats. */
double datapath_table_adds(int k);

#endif
