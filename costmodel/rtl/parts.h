/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Pieces of datapaths as Verilog text. Each declares wires whose names begin with a prefix that the caller gives; every vector has an
 * explicit range, every expression its operands' exact widths (verilator -Wall). Bits that carry nothing are gathered in wires whose
 * names begin with "unused".
 */
#ifndef LLMSIM_COSTMODEL_RTL_PARTS_H
#define LLMSIM_COSTMODEL_RTL_PARTS_H

#include "costmodel/rtl/rtl.h"

void put(FILE *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Bits to count to n - 1: 0 for n = 1. */
int bits_for(int64_t n);

/** `to` = `from` brought from `have` to `want` bits: sign or zero extended, or its low bits. */
void part_extend(FILE *v, const char *to, const char *from, int have, int want, bool is_signed);

/** Wire `name` of n bits: lane `lane` of port `port`. */
void part_lane(FILE *v, const char *name, const char *port, int lane, int bits);

/** Bits of integer_value(): value of a code in two's complement. */
int integer_bits(const struct format *f);
/** P_v: value of code wire P of a two's complement, unsigned, bipolar, binary or ternary format, integer_bits() wide. */
void part_integer(FILE *v, const char *p, const struct format *f);
bool is_integer(const struct format *f);
bool has_nan(const struct format *f);
bool has_infinity(const struct format *f);

/** From float code wire P: P_s sign, P_e exponent field (at least 1: value = P_g 2^(P_e - bias - mantissa bits)), P_g significand with the
 *  hidden bit, P_nan and P_inf where the format has them (else 1'b0). */
void part_decode(FILE *v, const char *p, const struct format *f);

/** `name` = x y of xb + yb bits, both signed or both unsigned. */
void part_multiply(FILE *v, const char *name, const char *x, int xb, const char *y, int yb, bool is_signed, enum rtl_tree tree);

/** P_n: leading zeros of wire `x`; returns the bits of P_n. All zeros count as the most that fits. */
int part_leading_zeros(FILE *v, const char *p, const char *x, int bits);

/** P_t: `x` >> `by` (bits of `by` given), at least 2 bits; with `sticky` its lowest bit is ORed with all that was shifted out. */
void part_shift_right(FILE *v, const char *p, const char *x, int bits, const char *by, int by_bits, bool sticky);

/**
 * P_code: the magnitude bits (exponent and mantissa field) of wire `x`, a magnitude of `bits` bits whose top bit weighs
 * 2^(exponent + least normal exponent of f); wire `exponent` has exponent_bits, signed if `may_be_negative`, else >= 0.
 * P_zero: the magnitude is zero. Beyond the largest: as formats/codec.h has it for the rule.
 */
void part_round(FILE *v, const char *p, const char *x, int bits, const char *exponent, int exponent_bits, bool may_be_negative,
                const struct format *f, const struct encode_rule *rule);

/** Expression of a float's code with sign wire s and magnitude wire m, with what the format wants of negative zero. */
void part_pack(FILE *v, const char *to, const char *s, const char *m, const struct format *f);

/**
 * P_code = code of x + y rounded to nearest even, both terms (sign X_s, significand X_g of `bits` bits, exponent X_x of `exponent_bits`
 * signed: its top bit weighs 2^(X_x + least normal exponent of f), flags X_nan, X_inf). Term y is a number of format f, left aligned;
 * term x has its top bit set or is zero.
 */
void part_add(FILE *v, const char *p, const char *x, const char *y, int bits, int exponent_bits, const struct format *f);

/** Term P of part_add() from the decoded float Q of format `of` and a weight 2^shift (wire of shift_bits, or NULL), aligned for format f. */
struct term {
    int bits, exponent_bits; /* of part_add() */
};
/** Range of exponents: bits of a signed wire that holds low to high. */
int signed_bits(int64_t low, int64_t high);

/** Code of NaN, of infinity and of the largest number, without the sign; for a rule as in format_encode(). */
uint32_t magnitude_largest(const struct format *f);
uint32_t code_of(const struct format *f, double value, bool saturate);

/** Verilog register Q <= D, with Q declared, of `bits` bits, when the clock rises. */
void part_register(FILE *v, const char *q, const char *d, int bits);

#endif
