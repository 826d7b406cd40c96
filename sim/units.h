/* SPDX-License-Identifier: Apache-2.0 */
/** The unit types, and what they share: conversion between formats on the vector lanes. */
#ifndef LLMSIM_SIM_UNITS_H
#define LLMSIM_SIM_UNITS_H

#include "sim/unit.h"

extern const struct unit_type unit_fpga_minifloat, unit_lut_mpgemm, unit_tensor_core, unit_vector;

/** Text of a key of the unit's stanza; NULL when it is absent. */
const char *unit_text(const struct arch_unit *unit, const char *key);

/** Is every value of `from` a value of `to`? (Integers, bipolar, ternary and binary by their magnitude bits; floats by exponent and mantissa.) */
bool format_fits(const struct format *from, const struct format *to);

/**
 * Vector lane operations (32-bit registers) to unpack one element of `from` into `to`:
 * each output register takes one extraction and one realignment, each second one of a word a shift. docs/recipes.md, Eq. 1.
 * Source of the counts: the interleaved converters of FasterTransformer (int4: 4 lop3, 1 shift, 4 arithmetic for 8 weights),
 * Kim et al., "Who Says Elephants Can't Run", arXiv 2211.10017.
 */
double format_unpack_ops(const struct format *from, const struct format *to);

/** Rate for a compute format: with the accumulator asked for, else with fp32's, else any; 0: the unit has none. `*got`: NULL or what it accumulates in. */
double unit_rate(const struct arch_unit *unit, const struct format *format, const struct format *accumulator);

#endif
