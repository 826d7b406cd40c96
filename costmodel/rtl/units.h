/* SPDX-License-Identifier: Apache-2.0 */
/** Unit types, and what several of them share (unit_common.c): rows of parameter tables, schedules, references. */
#ifndef LLMSIM_COSTMODEL_RTL_UNITS_H
#define LLMSIM_COSTMODEL_RTL_UNITS_H

#include <stddef.h>

#include "costmodel/rtl/parts.h"

extern const struct rtl_unit unit_add_dot, unit_bit_serial, unit_float_add, unit_float_mac, unit_fused_dot, unit_int_dot, unit_int_mul, unit_kulisch,
    unit_lut_conventional, unit_lut_dot, unit_lut_precompute, unit_minifloat_mul;

/* Rows of parameter tables. */
#define RTL_PARAM_FORMAT(name, field, value, text) \
    { .key = name, .kind = RTL_FORMAT, .offset = offsetof(struct rtl_spec, field), .otherwise = value, .doc = text }
#define RTL_PARAM_COUNT(name, field, letter, value, low, high, text)                                                                \
    { .key = name, .kind = RTL_COUNT, .offset = offsetof(struct rtl_spec, field), .otherwise = value, .min = low, .max = high, \
      .tag = letter, .doc = text }
#define RTL_PARAM_CHOICE(name, field, value, words, text) \
    { .key = name, .kind = RTL_CHOICE, .offset = offsetof(struct rtl_spec, field), .otherwise = value, .choices = words, .doc = text }

extern const char *const words_tree[], *const words_overflow[], *const words_round[];

#define RTL_PARAM_A(value) RTL_PARAM_FORMAT("a", a, value, "activations")
#define RTL_PARAM_W(value) RTL_PARAM_FORMAT("w", w, value, "weights")
#define RTL_PARAM_ACC(value) RTL_PARAM_FORMAT("acc", accumulator, value, "float accumulator")
#define RTL_PARAM_LANES(value, most) RTL_PARAM_COUNT("lanes", lanes, "k", value, 1, most, "terms a cycle")
#define RTL_PARAM_STAGES(most) RTL_PARAM_COUNT("stages", stages, "s", "0", 0, most, "pipeline registers before the accumulator")
#define RTL_PARAM_TREE RTL_PARAM_CHOICE("tree", tree, "operator", words_tree, "how products are summed: the tool's way, rows of carry chains, columns of full adders")
#define RTL_PARAM_OVERFLOW RTL_PARAM_CHOICE("overflow", saturate, "wrap", words_overflow, "of the accumulator, at each addition")

/** Appends a port; returns the next index. */
int port(struct rtl_port *ports, int at, const char *name, int bits, bool output);

/** Bits [at, at + bits) of a vector of words. */
void vector_set(uint64_t *words, int at, int bits, uint64_t value);
void vector_set_wide(uint64_t *words, int at, int bits, const uint64_t *value);

/** Schedule of units that take lanes codes of a, then of w, each cycle: one cycle a group. */
int schedule_dot(const struct rtl_spec *spec, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles);

/** Names of lane i's wires: "a3". */
const char *lane_name(char out[32], const char *port, int lane);

/** `clr` delayed by the pipeline: emits the registers, writes the wire's name. */
const char *delayed_clear(char out[32], const struct rtl_spec *spec, FILE *v);
/** After `stage` of the unit's pipeline: P_p is wire P of `bits` bits, registered if the unit has that stage. Returns its name. */
const char *staged(char out[64], const struct rtl_spec *spec, FILE *v, int stage, const char *wire, int bits);

/**
 * The accumulator of integer units: q of spec->width bits takes q + `sum` (two's complement, `bits` bits), wrapping or clamped, and zero when
 * `clear` is set.
 */
void part_accumulate(const struct rtl_spec *spec, FILE *v, const char *sum, int bits, const char *clear);

/** The C reference of units that sum products of integers exactly: dot_run() with DOT_INTEGER. */
struct dot_spec integer_dot(const struct rtl_spec *spec);

/** Operands both of which are integers. */
enum status check_integers(const struct rtl_spec *spec, struct error *err);
/** An IEEE-like float accumulator. */
enum status check_accumulator(const struct rtl_spec *spec, struct error *err);

/* LUT units (unit_lut.c). */
/** Bits of an entry. */
int lut_entry_bits(const struct rtl_spec *spec);
/** Entry `index` (top bit 0) of the table over K activations, as its stored code. */
uint64_t lut_entry(const struct rtl_spec *spec, const uint32_t *a, unsigned index);
/** Weight code to planes without sign: docs/formats.md, 5.5. */
uint32_t lut_plane_code(const struct format *w, uint32_t code);
/** Two's complement and ternary weights need one more look-up a group: index 0 at plane 0. */
bool lut_corrected(const struct format *w);
enum status check_lut_weights(const struct rtl_spec *spec, struct error *err);
void reference_lut(const struct rtl_spec *spec, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS]);

#endif
