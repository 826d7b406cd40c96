/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rounding of whole arrays of fp32: the same codes as format_encode (nearest even, saturating), without a call an element.
 *
 * Minifloats: a normal number's code is its fp32 bits, rounded to y mantissa bits by an integer addition, less the difference of the
 * biases; a subnormal's is what adding 2^(23+q) leaves in the low mantissa bits (fp32 addition rounds to nearest even). Integers:
 * adding 1.5 x 2^23 rounds in the same way.
 */
#include <math.h>
#include <string.h>

#include "formats/codec.h"

static uint32_t bits_of(float v)
{
    uint32_t u;

    memcpy(&u, &v, sizeof u);
    return u;
}

void format_encode_array8(uint8_t *codes, const struct format *f, const float *values, int64_t n)
{
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };
    int y = f->mantissa_bits, lowest = 1 - format_bias(f), sign_at = f->exponent_bits + y;

    if (f->family != FORMAT_FLOAT || lowest <= -127 + 23 || y > 10) { /* its subnormals are too near fp32's own */
        for (int64_t i = 0; i < n; i++)
            codes[i] = (uint8_t)format_encode(f, values[i], &rule, 0);
        return;
    }
    const float magic = ldexpf(1, 23 + lowest - y), least = ldexpf(1, lowest);
    const uint32_t magic_bits = bits_of(magic), least_bits = bits_of(least), shift = 23 - (uint32_t)y;
    const uint32_t rebias = (uint32_t)(126 + lowest) << y, half = ((uint32_t)1 << (shift - 1)) - 1;
    const uint32_t nan = format_encode(f, NAN, &rule, 0), top = format_encode(f, INFINITY, &rule, 0);
    const uint32_t always = y == 0; /* the one digit of a power of two is odd: ties go up */
    const bool unsigned_zero = f->specials == SPECIALS_FNUZ;

    for (int64_t i = 0; i < n; i++) {
        uint32_t u = bits_of(values[i]), magnitude = u & 0x7fffffff;
        float v;
        memcpy(&v, &magnitude, sizeof v);
        uint32_t small = bits_of(v + magic) - magic_bits;
        uint32_t large = ((magnitude + half + ((magnitude >> shift & 1) | always)) >> shift) - rebias;
        uint32_t code = magnitude < least_bits ? small : large;
        code = code > top || magnitude >= 0x7f800000 ? top : code;
        code |= unsigned_zero && code == 0 ? 0 : (u >> 31) << sign_at;
        codes[i] = (uint8_t)(magnitude > 0x7f800000 ? nan : code);
    }
}

static float largest_of(const float *values, int64_t n)
{
    float most[8] = { 0 }, all = 0;
    int64_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) {
            float v = fabsf(values[i + j]);
            most[j] = v > most[j] ? v : most[j];
        }
    for (; i < n; i++)
        most[0] = fabsf(values[i]) > most[0] ? fabsf(values[i]) : most[0];
    for (int j = 0; j < 8; j++)
        all = most[j] > all ? most[j] : all;
    return all;
}

/* fp32 has no exact quotient; the product by the reciprocal is what a kernel computes, and is what both directions are defined by. */
static uint32_t int4_code(float v, float inverse)
{
    const float magic = 0x1.8p23f;
    float scaled = v * inverse;

    scaled = scaled > 7 ? 7 : scaled < -7 ? -7 : scaled == scaled ? scaled : 0;
    return bits_of(scaled + magic) & 15;
}

void int4_quantize_pack(uint8_t *packed, uint16_t *scales, const float *values, int64_t n, int64_t group)
{
    const struct format *half = format_find("fp16");
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };

    for (int64_t start = 0; start < n; start += group) {
        int64_t end = start + group < n ? start + group : n;
        uint32_t code = format_encode(half, largest_of(values + start, end - start) / 7, &rule, 0);
        float scale = (float)format_decode(half, code), inverse = scale > 0 ? 1 / scale : 0;

        *scales++ = (uint16_t)code;
        for (int64_t i = start; i < end; i += 2)
            packed[i / 2] = (uint8_t)(int4_code(values[i], inverse) | int4_code(values[i + 1], inverse) << 4);
    }
}

void int4_unpack_dequantize(float *values, const uint8_t *packed, const uint16_t *scales, int64_t n, int64_t group)
{
    const struct format *half = format_find("fp16");

    for (int64_t start = 0; start < n; start += group) {
        int64_t end = start + group < n ? start + group : n;
        float scale = (float)format_decode(half, *scales++);

        for (int64_t i = start; i < end; i += 2) {
            int low = packed[i / 2] & 15, high = packed[i / 2] >> 4;
            values[i] = (float)(low - (low & 8) * 2) * scale;
            values[i + 1] = (float)(high - (high & 8) * 2) * scale;
        }
    }
}
