/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a code of a number format means, and how a value becomes a code. docs/formats.md, 2 to 4.
 *
 * A code is the element's bits, right aligned: a float is sign, exponent, mantissa from the top (tf32: 19 bits, although stored in
 * 32); an integer is two's complement in `bits`; bipolar and binary: value = 2 code - (2^bits - 1); ternary: value = code - 1, code
 * 0 to 2; a codebook's code is its index. A float's value, c the exponent field, m the mantissa field, y its bits:
 *     (-1)^s 2^(1 - bias - y) m                 c = 0    (subnormal)
 *     (-1)^s 2^(c - bias - y) (2^y + m)         c > 0                     bias = 2^(x-1) - 1, FNUZ 2^(x-1)
 * Doubles hold every value of every format here exactly.
 */
#ifndef LLMSIM_FORMATS_CODEC_H
#define LLMSIM_FORMATS_CODEC_H

#include "formats/format.h"

enum rounding {
    ROUND_NEAREST_EVEN, /* ties to the even last digit; between two powers of two of a format without mantissa to the larger, as
                           IEEE 754-2019, 4.3.1 has it where no digit is even */
    ROUND_STOCHASTIC,   /* up with the probability of the fraction; counter-based, the same seed and counter give the same bit */
    ROUND_TOWARD_ZERO,
};

struct encode_rule {
    enum rounding rounding;
    bool saturate; /* beyond the range: the largest number. Else infinity, or NaN where there is none, or (neither) the largest;
                      integers wrap. Toward zero a finite value never becomes infinity (IEEE 754, 4.3.2). */
    uint64_t seed; /* ROUND_STOCHASTIC */
};

/** Value of a code (bits above the format's are ignored); NaN also for codes without a meaning (ternary 3). Cannot fail. */
double format_decode(const struct format *f, uint32_t code);

/**
 * The code of `value`. NaN gives the format's NaN, where it has none the largest number (as PTX cvt.satfinite does for E2M1,
 * E2M3, E3M2) or 0 (integers). e8m0 gives NaN to negative values and 2^-127 to what is below it. `counter`: a number of its own for
 * each element, read by ROUND_STOCHASTIC only. Integers and codebooks round to the nearest level, ties to the even integer or code.
 */
uint32_t format_encode(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter);

/** Bits of a code: `bits`, but tf32 19. */
int format_code_bits(const struct format *f);
/** Exponent bias of a float or e8m0. */
int format_bias(const struct format *f);
/** Largest finite value, smallest (most negative) finite value, smallest positive value, smallest positive normal (floats; else the
 *  smallest positive). 0 where there is none. */
double format_largest(const struct format *f);
double format_lowest(const struct format *f);
double format_smallest(const struct format *f);
double format_smallest_normal(const struct format *f);

enum { FORMAT_DECIMAL_MAX = 512 };
/** Exact decimal text of a value, without exponent: "0.001953125", "-6", "-0", "nan", "inf", "-inf". */
const char *format_decimal(char out[FORMAT_DECIMAL_MAX], double value);

/** Bytes that `n` packed codes take; -1 on overflow. */
int64_t format_packed_bytes(const struct format *f, int64_t n);
/** Codes to a bit stream, first code in the lowest bits of the first byte; ternary: five base-3 digits a byte, first lowest. The last
 *  byte is padded with zeros. `out` has format_packed_bytes(f, n) bytes. */
void format_pack(uint8_t *out, const struct format *f, const uint32_t *codes, int64_t n);
void format_unpack(uint32_t *codes, const struct format *f, const uint8_t *packed, int64_t n);

/** Array form of format_encode, nearest even and saturating, a byte a code: floats of at most 8 bits. The same codes, faster. */
void format_encode_array8(uint8_t *codes, const struct format *f, const float *values, int64_t n);
/**
 * int4 groups: scale = fp16(largest magnitude / 7), code = nearest even of x / scale within -7 to 7 (0 where the scale is 0 or no
 * number), two in a byte. n and group are even; scales has ceil(n / group) fp16 codes, packed n / 2 bytes.
 */
void int4_quantize_pack(uint8_t *packed, uint16_t *scales, const float *values, int64_t n, int64_t group);
void int4_unpack_dequantize(float *values, const uint8_t *packed, const uint16_t *scales, int64_t n, int64_t group);

#endif
