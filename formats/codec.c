/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Decoding and rounding, one element at a time, for every format. docs/formats.md. The rounding of floats works on the integer
 * |value| / 2^q, q the exponent of the last place at that magnitude; a carry into the next binade needs no case of its own, because
 * the codes of one sign count up with the values. Faster forms for arrays: codec_fast.c.
 */
#include "formats/codec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

static uint32_t low_bits(int n)
{
    return n >= 32 ? UINT32_MAX : ((uint32_t)1 << n) - 1;
}

int format_code_bits(const struct format *f)
{
    return f->family == FORMAT_FLOAT ? 1 + f->exponent_bits + f->mantissa_bits : f->bits;
}

int format_bias(const struct format *f)
{
    if (f->family == FORMAT_SCALE)
        return 127;
    return (1 << (f->exponent_bits - 1)) - (f->specials == SPECIALS_FNUZ ? 0 : 1);
}

/* Code without sign of the largest finite number. */
static uint32_t largest_magnitude(const struct format *f)
{
    int y = f->mantissa_bits;

    switch (f->specials) {
    case SPECIALS_IEEE: return (low_bits(f->exponent_bits) << y) - 1;
    case SPECIALS_FN: return low_bits(f->exponent_bits + y) - 1;
    case SPECIALS_FINITE:
    case SPECIALS_FNUZ: break;
    }
    return low_bits(f->exponent_bits + y);
}

static double decode_float(const struct format *f, uint32_t code)
{
    int x = f->exponent_bits, y = f->mantissa_bits;
    uint32_t magnitude = code & low_bits(x + y), c = magnitude >> y, m = magnitude & low_bits(y);
    bool negative = code >> (x + y) & 1;
    double value;

    if (f->specials == SPECIALS_FNUZ && negative && magnitude == 0)
        return NAN;
    if (magnitude > largest_magnitude(f))
        return f->specials == SPECIALS_IEEE && m == 0 ? negative ? -INFINITY : INFINITY : NAN;
    value = c == 0 ? ldexp(m, 1 - format_bias(f) - y) : ldexp(m + ((uint32_t)1 << y), (int)c - format_bias(f) - y);
    return negative ? -value : value;
}

double format_decode(const struct format *f, uint32_t code)
{
    code &= low_bits(format_code_bits(f));
    switch (f->family) {
    case FORMAT_FLOAT: return decode_float(f, code);
    case FORMAT_INT: return f->is_unsigned || code >> (f->bits - 1) == 0 ? (double)code : (double)code - ldexp(1, f->bits);
    case FORMAT_BIPOLAR:
    case FORMAT_BINARY: return 2.0 * code - low_bits(f->bits);
    case FORMAT_TERNARY: return code < 3 ? (double)code - 1 : NAN;
    case FORMAT_SCALE: return code == 255 ? NAN : ldexp(1, (int)code - 127);
    case FORMAT_CODEBOOK: return f->codebook != NULL ? f->codebook[code] : NAN;
    }
    return NAN;
}

/* 53 uniform bits of (seed, counter): the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static double uniform(uint64_t seed, uint64_t counter)
{
    uint64_t z = seed + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* An exact non-negative double to an integer in double. */
static double round_magnitude(double v, const struct encode_rule *rule, uint64_t counter)
{
    double whole = floor(v), part = v - whole;

    switch (rule->rounding) {
    case ROUND_TOWARD_ZERO: return whole;
    case ROUND_STOCHASTIC: return whole + (uniform(rule->seed, counter) < part);
    case ROUND_NEAREST_EVEN: break;
    }
    return whole + (part > 0.5 || (part == 0.5 && fmod(whole, 2) != 0));
}

static uint32_t nan_code(const struct format *f)
{
    int x = f->exponent_bits, y = f->mantissa_bits;

    switch (f->specials) {
    case SPECIALS_IEEE: return (low_bits(x) << y) | (y > 0 ? (uint32_t)1 << (y - 1) : 0); /* quiet; without mantissa: infinity */
    case SPECIALS_FN: return low_bits(x + y);
    case SPECIALS_FNUZ: return (uint32_t)1 << (x + y);
    case SPECIALS_FINITE: break;
    }
    return largest_magnitude(f);
}

/* Beyond the largest: `infinite` tells a value that was infinity already. */
static uint32_t overflow_code(const struct format *f, bool negative, bool infinite, const struct encode_rule *rule)
{
    uint32_t sign = (uint32_t)negative << (f->exponent_bits + f->mantissa_bits);

    if (rule->saturate || f->specials == SPECIALS_FINITE || (rule->rounding == ROUND_TOWARD_ZERO && !infinite))
        return sign | largest_magnitude(f);
    if (f->specials == SPECIALS_IEEE)
        return sign | low_bits(f->exponent_bits) << f->mantissa_bits;
    return f->specials == SPECIALS_FNUZ ? nan_code(f) : sign | nan_code(f);
}

static uint32_t encode_float(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter)
{
    int y = f->mantissa_bits, lowest = 1 - format_bias(f), exponent;
    bool negative = signbit(value);
    double magnitude = fabs(value), code;

    if (isnan(value))
        return nan_code(f);
    if (isinf(value))
        return overflow_code(f, negative, true, rule);
    frexp(magnitude, &exponent); /* magnitude in [2^(exponent-1), 2^exponent) */
    exponent = magnitude == 0 || exponent - 1 < lowest ? lowest : exponent - 1;
    code = round_magnitude(ldexp(magnitude, y - exponent), rule, counter) + ldexp(exponent - lowest, y);
    if (code > largest_magnitude(f))
        return overflow_code(f, negative, false, rule);
    if (code == 0 && f->specials == SPECIALS_FNUZ)
        return 0;
    return (uint32_t)code | (uint32_t)negative << (f->exponent_bits + y);
}

static uint32_t encode_integer(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter)
{
    double low = format_lowest(f), high = format_largest(f), rounded, span = ldexp(1, f->bits);

    if (isnan(value))
        return 0;
    rounded = copysign(round_magnitude(fabs(value), rule, counter), value);
    if (isinf(value) || rule->saturate)
        rounded = rounded < low ? low : rounded > high ? high : rounded;
    rounded = fmod(rounded, span);
    return (uint32_t)(int64_t)(rounded < 0 ? rounded + span : rounded) & low_bits(f->bits);
}

/* Levels 2 code - (2^bits - 1), or code - 1 of ternary. */
static uint32_t encode_levels(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter)
{
    double top = f->family == FORMAT_TERNARY ? 2 : low_bits(f->bits), position;

    if (isnan(value))
        return f->family == FORMAT_TERNARY ? 1 : 0;
    if (f->family == FORMAT_TERNARY) {
        position = value > 1 ? 1 : value < -1 ? -1 : value;
        return (uint32_t)(1 + copysign(round_magnitude(fabs(position), rule, counter), position));
    }
    position = (value + top) / 2;
    if (position <= 0 || position >= top)
        return position <= 0 ? 0 : (uint32_t)top;
    if (rule->rounding == ROUND_TOWARD_ZERO && value < 0) /* toward zero is upward among the levels below it */
        return (uint32_t)ceil(position);
    if (rule->rounding == ROUND_NEAREST_EVEN) { /* beside a tie `position` may have lost what decides: compare with the middle itself */
        uint32_t below = (uint32_t)position;
        double middle = 2.0 * below + 1 - top;

        return below + (value > middle || (value == middle && below % 2 == 1));
    }
    return (uint32_t)round_magnitude(position, rule, counter);
}

static uint32_t encode_scale(double value, const struct encode_rule *rule, uint64_t counter)
{
    int exponent;

    if (isnan(value) || value < 0 || (isinf(value) && !rule->saturate))
        return 255;
    if (value <= 0x1p-127)
        return 0;
    if (value >= 0x1p127)
        return value >= 0x1.8p127 && !rule->saturate && rule->rounding == ROUND_NEAREST_EVEN ? 255 : 254;
    value = 2 * frexp(value, &exponent);
    exponent += 126; /* code of the power of two below */
    if (rule->rounding == ROUND_NEAREST_EVEN)
        return (uint32_t)(exponent + (value >= 1.5)); /* one digit is always odd: the larger (IEEE 754-2019, 4.3.1) */
    return (uint32_t)exponent + (uint32_t)round_magnitude(value - 1, rule, counter);
}

static uint32_t encode_codebook(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter)
{
    int count = 1 << f->bits, below = -1, above = -1;
    double down, up;

    if (isnan(value))
        value = 0;
    for (int i = 0; i < count; i++) {
        if (f->codebook[i] <= value && (below < 0 || f->codebook[i] > f->codebook[below]))
            below = i;
        if (f->codebook[i] >= value && (above < 0 || f->codebook[i] < f->codebook[above]))
            above = i;
    }
    if (below < 0 || above < 0)
        return (uint32_t)(below < 0 ? above : below);
    down = value - f->codebook[below];
    up = f->codebook[above] - value;
    if (rule->rounding == ROUND_TOWARD_ZERO)
        return (uint32_t)(value < 0 ? above : below);
    if (rule->rounding == ROUND_STOCHASTIC)
        return (uint32_t)(down + up > 0 && uniform(rule->seed, counter) < down / (down + up) ? above : below);
    return (uint32_t)(down < up || (down == up && (below % 2 == 0 || above == below)) ? below : above);
}

uint32_t format_encode(const struct format *f, double value, const struct encode_rule *rule, uint64_t counter)
{
    switch (f->family) {
    case FORMAT_FLOAT: return encode_float(f, value, rule, counter);
    case FORMAT_INT: return encode_integer(f, value, rule, counter);
    case FORMAT_BIPOLAR:
    case FORMAT_BINARY:
    case FORMAT_TERNARY: return encode_levels(f, value, rule, counter);
    case FORMAT_SCALE: return encode_scale(value, rule, counter);
    case FORMAT_CODEBOOK: return f->codebook != NULL ? encode_codebook(f, value, rule, counter) : 0;
    }
    return 0;
}

double format_largest(const struct format *f)
{
    double best = 0;

    switch (f->family) {
    case FORMAT_FLOAT: return decode_float(f, largest_magnitude(f));
    case FORMAT_INT: return ldexp(1, f->bits - (f->is_unsigned ? 0 : 1)) - 1;
    case FORMAT_BIPOLAR:
    case FORMAT_BINARY: return low_bits(f->bits);
    case FORMAT_TERNARY: return 1;
    case FORMAT_SCALE: return 0x1p127;
    case FORMAT_CODEBOOK: break;
    }
    for (int i = 0; f->codebook != NULL && i < 1 << f->bits; i++)
        best = f->codebook[i] > best ? f->codebook[i] : best;
    return best;
}

double format_lowest(const struct format *f)
{
    double least = 0;

    if (f->family == FORMAT_SCALE)
        return 0x1p-127;
    if (f->family == FORMAT_INT)
        return f->is_unsigned ? 0 : -ldexp(1, f->bits - 1) + (f->symmetric ? 1 : 0);
    if (f->family != FORMAT_CODEBOOK)
        return -format_largest(f);
    for (int i = 0; f->codebook != NULL && i < 1 << f->bits; i++)
        least = f->codebook[i] < least ? f->codebook[i] : least;
    return least;
}

double format_smallest(const struct format *f)
{
    double least = 0;

    if (f->family == FORMAT_FLOAT)
        return largest_magnitude(f) > 0 ? decode_float(f, 1) : 0;
    if (f->family == FORMAT_SCALE)
        return 0x1p-127;
    if (f->family != FORMAT_CODEBOOK)
        return 1;
    for (int i = 0; f->codebook != NULL && i < 1 << f->bits; i++)
        if (f->codebook[i] > 0 && (least == 0 || f->codebook[i] < least))
            least = f->codebook[i];
    return least;
}

double format_smallest_normal(const struct format *f)
{
    uint32_t code = (uint32_t)1 << f->mantissa_bits;

    if (f->family != FORMAT_FLOAT)
        return format_smallest(f);
    return code <= largest_magnitude(f) ? decode_float(f, code) : 0;
}

const char *format_decimal(char out[FORMAT_DECIMAL_MAX], double value)
{
    size_t n;

    if (isnan(value))
        return strcpy(out, "nan");
    if (isinf(value))
        return strcpy(out, value < 0 ? "-inf" : "inf");
    /* a multiple of 2^-150 has at most 150 decimals; of what the formats here hold nothing is finer */
    n = (size_t)snprintf(out, FORMAT_DECIMAL_MAX, "%.150f", value);
    while (out[n - 1] == '0')
        n--;
    out[out[n - 1] == '.' ? n - 1 : n] = '\0';
    return out;
}

int64_t format_packed_bytes(const struct format *f, int64_t n)
{
    int64_t bits;

    if (n < 0 || !checked_mul_i64(&bits, ceil_div_i64(n, f->packed_elements), f->packed_bits) || bits > INT64_MAX - 7)
        return -1;
    return ceil_div_i64(bits, 8);
}

void format_pack(uint8_t *out, const struct format *f, const uint32_t *codes, int64_t n)
{
    uint64_t window = 0;
    int held = 0;

    if (f->packed_elements == 5) {
        for (int64_t i = 0; i < n; i += 5) {
            unsigned byte = 0;
            for (int64_t j = i + 4; j >= i; j--)
                byte = byte * 3 + (j < n ? codes[j] : 0);
            *out++ = (uint8_t)byte;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        window |= (uint64_t)(codes[i] & low_bits(f->bits)) << held;
        for (held += f->bits; held >= 8; held -= 8, window >>= 8)
            *out++ = (uint8_t)window;
    }
    /* storage units are whole: an odd count of ternary2in4 still ends in the same byte */
    if (held > 0)
        *out = (uint8_t)window;
}

void format_unpack(uint32_t *codes, const struct format *f, const uint8_t *packed, int64_t n)
{
    uint64_t window = 0;
    int held = 0;

    if (f->packed_elements == 5) {
        unsigned byte = 0;
        for (int64_t i = 0; i < n; i++) {
            byte = i % 5 == 0 ? *packed++ : byte / 3;
            codes[i] = byte % 3;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        for (; held < f->bits; held += 8)
            window |= (uint64_t)*packed++ << held;
        codes[i] = (uint32_t)window & low_bits(f->bits);
        window >>= f->bits;
        held -= f->bits;
    }
}
