/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dot products as hardware does them, bit for bit: sum over i of a[i] w[i]. docs/formats.md, 5.
 *
 *   DOT_KULISCH     products exact, added into a fixed-point register that holds every product (arXiv 2311.12359)
 *   DOT_FMA_CHAIN   one fused multiply-add after the other, each rounded to the accumulator's format
 *   DOT_FUSED       `lanes` products and the accumulator aligned to the largest exponent, cut to `fraction_bits` below it, added as
 *                   integers, and cut (toward zero) or rounded to the accumulator's format: tensor cores
 *   DOT_INTEGER     integers into a two's complement register of `width` bits that wraps or saturates at each addition
 *   DOT_LUT         a table of sums of `lanes` activations, looked up by a bit plane of the weights (arXiv 2408.06003)
 *   DOT_BIT_SERIAL  integers plane by plane: AND (or XNOR of bipolar planes) and count, shifted and added
 */
#ifndef LLMSIM_FORMATS_DOT_H
#define LLMSIM_FORMATS_DOT_H

#include "formats/codec.h"

enum dot_kind { DOT_KULISCH, DOT_FMA_CHAIN, DOT_FUSED, DOT_INTEGER, DOT_LUT, DOT_BIT_SERIAL };

struct dot_spec {
    enum dot_kind kind;
    const struct format *a, *w;       /* activations, weights */
    const struct format *accumulator; /* FMA_CHAIN, FUSED: float; LUT: float, or NULL for an integer register of `width`;
                                         KULISCH: format the sum is rounded to at the end, or NULL */
    const struct format *table;       /* LUT: format of the entries; NULL: exact */
    bool table_scale;                 /* LUT: each table has a scale of its own, largest entry / largest value of `table` */
    int lanes;                        /* terms a cycle; LUT: activations a table covers (K, 1 to 8). 0 counts as 1 */
    int width;                        /* INTEGER, BIT_SERIAL, KULISCH, LUT: accumulator bits; 0: dot_width(a, w, n) */
    bool saturate;                    /* INTEGER, LUT with integers: clamp at each addition, else wrap */
    int fraction_bits;                /* FUSED: bits kept below the largest exponent */
    bool fused_round_nearest;         /* FUSED: round the sum to nearest even, else toward zero */
};

enum { DOT_LIMBS = 10 }; /* 640 bits: two E8M10 factors (531) and 2^31 terms and more */

struct dot_result {
    double value;             /* of the result: rounded to a double (nearest even) where it has more than 53 bits */
    uint64_t bits[DOT_LIMBS]; /* the accumulator register, two's complement over `width` bits or the float's code; lowest first */
    int width;                /* bits of it that exist */
    int lsb_exponent;         /* fixed point: value = register x 2^lsb_exponent */
    bool invalid;             /* an operand was NaN or infinity and the unit (fixed point) has no way to say so */
    uint32_t code;            /* KULISCH with `accumulator`: the rounded code */
    int64_t cycles;           /* issue cycles: ceil(n / lanes), times the planes walked through */
    int64_t toggles;          /* bits of the accumulator register that changed, summed over its updates, from zero */
};

/**
 * Width of a lossless accumulator, n terms, sign included, no guard bits (arXiv 2311.12359):
 *     minifloats   2^xa + ya + 2^xw + yw + ceil(log2 n) - 1         integers   ra + rw + ceil(log2 n) + 1
 * A magnitude takes 2^x + y - 1 bits of a float, r of an integer of r bits (one more than needed where it is signed: the paper's form);
 * width = both magnitudes + ceil(log2 n) + 1, so pairs of a float and an integer have one too. n >= 1. 0: codebooks and scales.
 */
int dot_width(const struct format *a, const struct format *w, int64_t n);

/** Rules that a spec must keep: STATUS_BAD_INPUT with the reason. */
enum status dot_check(const struct dot_spec *spec, int64_t n, struct error *err);

/** a[n], w[n] are codes. The spec has passed dot_check(spec, n, ...). Starts from zero. */
struct dot_result dot_run(const struct dot_spec *spec, const uint32_t *a, const uint32_t *w, int64_t n);

/** Parameters of DOT_FUSED by generation and operand width, from formats/tables/fused_dot.csv; the list ends with name NULL. */
struct dot_generation {
    const char *name;     /* "volta", "ampere", "hopper", "hopper_fp8" ... */
    int lanes, fraction_bits;
    const char *accumulator; /* format the sum is cut to: "fp32", "e8m13" */
    const char *source;
};
extern const struct dot_generation dot_generations[];

/** a b + c rounded once to format f (nearest even, overflow to infinity): a b must be exact in a double (at most 26 bits each). */
double dot_fma(const struct format *f, double a, double b, double c);

#endif
