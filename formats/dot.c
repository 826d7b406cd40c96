/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dot products, one function a kind of unit. docs/formats.md, 5. Left out: the multiplier's own toggles (only the accumulator register
 * is followed), exception flags, and operand NaNs inside fixed-point units.
 *
 * Sources: Kulisch accumulators and their widths: arXiv 2311.12359; tensor cores' truncation: Fasi, Higham, Mikaitis, Pranesh,
 * "Numerical behavior of NVIDIA tensor cores", PeerJ CS 7:e330, 2021; arXiv 2403.00232 (FTTN); arXiv 2511.10909 (MMA-Sim).
 */
#include "formats/dot.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "format_tables.h"
#include "formats/dot_wide.h"

#define GENERATION(name, lanes, fraction_bits, accumulator, source) { name, lanes, fraction_bits, accumulator, source },
const struct dot_generation dot_generations[] = { DOT_GENERATION_ROWS(GENERATION) { NULL, 0, 0, NULL, NULL } };

/* ---- wide registers ------------------------------------------------------------------------------------------------ */

static void add_limb(struct wide *acc, int at, uint64_t value)
{
    for (unsigned carry = 0; at < DOT_LIMBS && (value != 0 || carry); at++, value = 0) {
        uint64_t sum = acc->limb[at] + value, next = sum + carry;
        carry = (sum < value) | (next < sum);
        acc->limb[at] = next;
    }
}

static void negate(struct wide *v)
{
    for (int i = 0; i < DOT_LIMBS; i++)
        v->limb[i] = ~v->limb[i];
    add_limb(v, 0, 1);
}

void wide_add_shifted(struct wide *acc, uint64_t value, int shift, bool negative)
{
    int at = shift / 64, by = shift % 64;

    if (negative)
        negate(acc);
    add_limb(acc, at, value << by);
    if (by > 0)
        add_limb(acc, at + 1, value >> (64 - by));
    if (negative)
        negate(acc);
}

void wide_wrap(struct wide *acc, int width)
{
    int at = (width - 1) / 64, by = (width - 1) % 64;
    bool negative = acc->limb[at] >> by & 1;
    uint64_t above = by == 63 ? 0 : ~(uint64_t)0 << (by + 1);

    acc->limb[at] = negative ? acc->limb[at] | above : acc->limb[at] & ~above;
    for (int i = at + 1; i < DOT_LIMBS; i++)
        acc->limb[i] = negative ? ~(uint64_t)0 : 0;
}

int wide_distance(const struct wide *a, const struct wide *b, int width)
{
    int sum = 0;

    for (int i = 0; i * 64 < width && i < DOT_LIMBS; i++) {
        uint64_t differ = a->limb[i] ^ b->limb[i];
        if (width - i * 64 < 64)
            differ &= ((uint64_t)1 << (width - i * 64)) - 1;
        sum += __builtin_popcountll(differ);
    }
    return sum;
}

double wide_to_double(const struct wide *v, int exponent, bool odd)
{
    struct wide m = *v;
    bool negative = m.limb[DOT_LIMBS - 1] >> 63, cut = false;
    uint64_t top;
    int at = DOT_LIMBS - 1, by;

    if (negative)
        negate(&m);
    while (at > 0 && m.limb[at] == 0)
        at--;
    if (m.limb[at] == 0)
        return 0;
    by = __builtin_clzll(m.limb[at]);
    top = m.limb[at] << by;
    if (by > 0 && at > 0) {
        top |= m.limb[at - 1] >> (64 - by);
        cut = m.limb[at - 1] << by != 0;
    } else if (at > 0) {
        cut = m.limb[at - 1] != 0;
    }
    for (int i = at - 2; i >= 0; i--)
        cut = cut || m.limb[i] != 0;
    if (odd)
        top = (top & ~(uint64_t)0x7ff) | ((top & 0x7ff) != 0 || cut ? 0x800 : 0);
    else
        top |= cut;
    return ldexp(negative ? -(double)top : (double)top, exponent + at * 64 - by);
}

void wide_result(struct dot_result *r, const struct wide *v, int width, int lsb_exponent)
{
    r->width = width;
    r->lsb_exponent = lsb_exponent;
    r->value = wide_to_double(v, lsb_exponent, false);
    for (int i = 0; i < DOT_LIMBS; i++)
        r->bits[i] = i * 64 >= width ? 0 : width - i * 64 >= 64 ? v->limb[i] : v->limb[i] & (((uint64_t)1 << (width - i * 64)) - 1);
}

/* ---- operands ------------------------------------------------------------------------------------------------------ */

static bool is_fixed(const struct format *f)
{
    return f->family == FORMAT_INT || f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY || f->family == FORMAT_TERNARY;
}

/* Exponent of the unit that all values of a format are multiples of. */
static int unit_exponent(const struct format *f)
{
    return f->family == FORMAT_FLOAT ? 1 - format_bias(f) - f->mantissa_bits : 0;
}

/* Significand and shift: |value| = significand 2^(shift + unit_exponent). False: NaN or infinity. */
static bool split(const struct format *f, uint32_t code, uint64_t *significand, int *shift, bool *negative)
{
    double value = format_decode(f, code);

    *negative = value < 0;
    *shift = 0;
    if (!isfinite(value))
        return false;
    if (f->family == FORMAT_FLOAT) {
        uint32_t c = code >> f->mantissa_bits & (((uint32_t)1 << f->exponent_bits) - 1);
        *significand = (code & (((uint32_t)1 << f->mantissa_bits) - 1)) | (uint32_t)(c > 0) << f->mantissa_bits;
        *shift = c > 0 ? (int)c - 1 : 0;
    } else {
        *significand = (uint64_t)fabs(value);
    }
    return true;
}

static int magnitude_bits(const struct format *f)
{
    return f->family == FORMAT_FLOAT ? (1 << f->exponent_bits) + f->mantissa_bits - 1 : is_fixed(f) ? f->bits : 0;
}

int dot_width(const struct format *a, const struct format *w, int64_t n)
{
    int terms = 0;

    if (magnitude_bits(a) == 0 || magnitude_bits(w) == 0)
        return 0;
    while (terms < 62 && (int64_t)1 << terms < n)
        terms++;
    return magnitude_bits(a) + magnitude_bits(w) + terms + 1;
}

static int width_of(const struct dot_spec *s, int64_t n)
{
    return s->width > 0 ? s->width : dot_width(s->a, s->w, n);
}

static int lanes_of(const struct dot_spec *s)
{
    return s->lanes > 0 ? s->lanes : 1;
}

enum status dot_check(const struct dot_spec *s, int64_t n, struct error *err)
{
    bool fixed = is_fixed(s->a) && is_fixed(s->w);
    int width = width_of(s, n);

    if (n < 1 || n > (int64_t)1 << 31)
        return error_plain(err, STATUS_BAD_INPUT, "a dot product of %lld terms, expected 1 to 2^31", (long long)n);
    if (dot_width(s->a, s->w, n) == 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s x %s: codebooks and scales are no operands of a dot product unit", s->a->name, s->w->name);
    if ((s->kind == DOT_INTEGER || s->kind == DOT_BIT_SERIAL) && !fixed)
        return error_plain(err, STATUS_BAD_INPUT, "%s x %s in an integer unit, expected integers", s->a->name, s->w->name);
    if ((s->kind == DOT_INTEGER || s->kind == DOT_BIT_SERIAL) && (width > 63 || width < 2))
        return error_plain(err, STATUS_BAD_INPUT, "an integer accumulator of %d bits, expected 2 to 63", width);
    if (s->kind == DOT_KULISCH && (width > 64 * DOT_LIMBS - 1 || width < 2))
        return error_plain(err, STATUS_BAD_INPUT, "an accumulator of %d bits, expected 2 to %d", width, 64 * DOT_LIMBS - 1);
    if ((s->kind == DOT_FMA_CHAIN || s->kind == DOT_FUSED) && (s->accumulator == NULL || s->accumulator->family != FORMAT_FLOAT))
        return error_plain(err, STATUS_BAD_INPUT, "this unit accumulates in a float, expected fp32, fp16 or another");
    if (s->kind == DOT_FUSED && (s->fraction_bits < 1 || s->fraction_bits > 48 || lanes_of(s) > 4096))
        return error_plain(err, STATUS_BAD_INPUT, "%d fraction bits, %d terms: expected 1 to 48 and 1 to 4096", s->fraction_bits, s->lanes);
    if (s->kind == DOT_LUT && (!is_fixed(s->w) || s->w->bits > 8 || lanes_of(s) > 8))
        return error_plain(err, STATUS_BAD_INPUT, "a lookup unit takes integer weights of at most 8 bits and tables of 1 to 8 activations");
    if (s->kind == DOT_LUT && s->accumulator == NULL && (!is_fixed(s->a) || (s->table != NULL && !is_fixed(s->table)) || s->table_scale))
        return error_plain(err, STATUS_BAD_INPUT, "an integer accumulator needs integer tables without scales of their own");
    if (s->kind == DOT_LUT && s->accumulator == NULL && width > 60)
        return error_plain(err, STATUS_BAD_INPUT, "an integer accumulator of %d bits, expected 2 to 60", width);
    return STATUS_OK;
}

/* ---- the units ----------------------------------------------------------------------------------------------------- */

static struct dot_result run_kulisch(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    struct dot_result r = { .cycles = ceil_div_i64(n, lanes_of(s)) };
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN };
    int width = width_of(s, n), lsb = unit_exponent(s->a) + unit_exponent(s->w);
    struct wide acc = { { 0 } }, before = acc;

    for (int64_t i = 0; i < n; i++) {
        uint64_t sa, sw;
        int ha, hw;
        bool na, nw;

        if (!split(s->a, a[i], &sa, &ha, &na) || !split(s->w, w[i], &sw, &hw, &nw)) {
            r.invalid = true;
            continue;
        }
        wide_add_shifted(&acc, sa * sw, ha + hw, na != nw);
        wide_wrap(&acc, width);
        if ((i + 1) % lanes_of(s) == 0 || i + 1 == n) { /* the register is written once a cycle */
            r.toggles += wide_distance(&acc, &before, width);
            before = acc;
        }
    }
    wide_result(&r, &acc, width, lsb);
    if (s->accumulator != NULL) {
        r.code = format_encode(s->accumulator, r.invalid ? NAN : wide_to_double(&acc, lsb, true), &rule, 0);
        r.value = format_decode(s->accumulator, r.code);
    } else if (r.invalid) {
        r.value = NAN;
    }
    return r;
}

double dot_fma(const struct format *f, double a, double b, double c)
{
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN };
    double p = a * b, sum = p + c, rest;
    uint64_t u;

    if (isfinite(sum)) { /* Knuth's two-sum: sum + rest = p + c exactly; then round to odd, so that f rounds once */
        double q = sum - p;
        rest = (p - (sum - q)) + (c - q);
        memcpy(&u, &sum, sizeof u);
        if (rest != 0 && (u & 1) == 0) {
            u = (rest > 0) == (sum > 0) ? u + 1 : u - 1;
            memcpy(&sum, &u, sizeof u);
        }
    }
    return format_decode(f, format_encode(f, sum, &rule, 0));
}

/* The float register took a new value. */
static void float_update(struct dot_result *r, const struct format *f, double value)
{
    const struct encode_rule rule = { .rounding = ROUND_TOWARD_ZERO }; /* value is exact in f */
    uint32_t code = format_encode(f, value, &rule, 0);

    r->toggles += __builtin_popcount(code ^ (uint32_t)r->bits[0]);
    r->bits[0] = r->code = code;
    r->value = value;
}

static struct dot_result run_fma_chain(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    struct dot_result r = { .cycles = n, .width = format_code_bits(s->accumulator) };

    for (int64_t i = 0; i < n; i++)
        float_update(&r, s->accumulator, dot_fma(s->accumulator, format_decode(s->a, a[i]), format_decode(s->w, w[i]), r.value));
    return r;
}

/* Exponent that alignment sees: of the fields, so a product 1.5 x 1.5 counts as 2^0; zero has none. */
static int field_exponent(const struct format *f, double value)
{
    int e;

    frexp(value, &e);
    if (f->family == FORMAT_FLOAT && e - 1 < 1 - format_bias(f))
        return 1 - format_bias(f);
    return e - 1;
}

/* One step of a fused unit: accumulator plus at most `count` products. */
static double fused_step(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t count, double c)
{
    const struct encode_rule rule = { .rounding = s->fused_round_nearest ? ROUND_NEAREST_EVEN : ROUND_TOWARD_ZERO };
    int top = INT32_MIN / 2, e;
    double sum = 0, plain = c;

    if (c != 0 && isfinite(c))
        top = field_exponent(s->accumulator, c);
    for (int64_t i = 0; i < count; i++) {
        double va = format_decode(s->a, a[i]), vw = format_decode(s->w, w[i]);
        plain += va * vw;
        if (va != 0 && vw != 0 && isfinite(va) && isfinite(vw) && (e = field_exponent(s->a, va) + field_exponent(s->w, vw)) > top)
            top = e;
    }
    if (!isfinite(plain)) { /* infinities and NaN as IEEE addition has them; a finite sum of doubles cannot overflow here */
        bool special = !isfinite(c);
        for (int64_t i = 0; i < count; i++)
            special = special || !isfinite(format_decode(s->a, a[i])) || !isfinite(format_decode(s->w, w[i]));
        if (special)
            return plain;
    }
    if (top == INT32_MIN / 2)
        return 0;
    /* integers of at most 48 + 3 bits each, 4097 of them: exact in a double up to 2^53 of the unit only for few; use 128 bits */
    __int128 total = (__int128)trunc(ldexp(c, s->fraction_bits - top));
    for (int64_t i = 0; i < count; i++)
        total += (__int128)trunc(ldexp(format_decode(s->a, a[i]) * format_decode(s->w, w[i]), s->fraction_bits - top));
    struct wide exact = { { 0 } };
    unsigned __int128 m = total < 0 ? -(unsigned __int128)total : (unsigned __int128)total;
    wide_add_shifted(&exact, (uint64_t)m, 0, total < 0);
    wide_add_shifted(&exact, (uint64_t)(m >> 64), 64, total < 0);
    sum = wide_to_double(&exact, top - s->fraction_bits, true);
    return format_decode(s->accumulator, format_encode(s->accumulator, sum, &rule, 0));
}

static struct dot_result run_fused(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    struct dot_result r = { .cycles = ceil_div_i64(n, lanes_of(s)), .width = format_code_bits(s->accumulator) };

    for (int64_t i = 0; i < n; i += lanes_of(s)) {
        int64_t count = n - i < lanes_of(s) ? n - i : lanes_of(s);
        float_update(&r, s->accumulator, fused_step(s, a + i, w + i, count, r.value));
    }
    return r;
}

static int64_t integer_limit(int64_t v, int width, bool saturate)
{
    int64_t high = ((int64_t)1 << (width - 1)) - 1, low = -high - 1;

    if (saturate)
        return v > high ? high : v < low ? low : v;
    return (int64_t)((uint64_t)v << (64 - width)) >> (64 - width);
}

static void integer_update(struct dot_result *r, int64_t *acc, int64_t next)
{
    uint64_t mask = ((uint64_t)1 << r->width) - 1;

    r->toggles += __builtin_popcountll(((uint64_t)*acc ^ (uint64_t)next) & mask);
    *acc = next;
    r->bits[0] = (uint64_t)next & mask;
    r->value = (double)next;
}

static struct dot_result run_integer(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    struct dot_result r = { .cycles = ceil_div_i64(n, lanes_of(s)), .width = width_of(s, n) };
    int64_t acc = 0;

    for (int64_t i = 0; i < n; i += lanes_of(s)) {
        int64_t sum = 0;
        for (int64_t j = i; j < n && j < i + lanes_of(s); j++)
            sum += (int64_t)format_decode(s->a, a[j]) * (int64_t)format_decode(s->w, w[j]);
        integer_update(&r, &acc, integer_limit(acc + sum, r.width, s->saturate));
    }
    return r;
}

/* Weight of a plane, and what its bits mean: bipolar planes are -1 and +1, others 0 and 1; the top plane of two's complement is negative.
 * Ternary's planes are those of int2. */
static int64_t plane_weight(const struct format *f, int plane)
{
    bool negative = (f->family == FORMAT_INT && !f->is_unsigned && plane == f->bits - 1) || (f->family == FORMAT_TERNARY && plane == 1);

    return negative ? -((int64_t)1 << plane) : (int64_t)1 << plane;
}

static int plane_bit(const struct format *f, uint32_t code, int plane)
{
    if (f->family == FORMAT_TERNARY) /* code - 1 in two's complement */
        code = (code + 3) & 3;
    int bit = code >> plane & 1;
    return f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY ? 2 * bit - 1 : bit;
}

static struct dot_result run_bit_serial(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    struct dot_result r = { .width = width_of(s, n) };
    int64_t acc = 0;

    r.cycles = ceil_div_i64(n, lanes_of(s)) * s->a->bits * s->w->bits;
    for (int p = 0; p < s->a->bits; p++)
        for (int q = 0; q < s->w->bits; q++)
            for (int64_t i = 0; i < n; i += lanes_of(s)) {
                int64_t count = 0;
                for (int64_t j = i; j < n && j < i + lanes_of(s); j++)
                    count += plane_bit(s->a, a[j], p) * plane_bit(s->w, w[j], q);
                count *= plane_weight(s->a, p) * plane_weight(s->w, q);
                integer_update(&r, &acc, integer_limit(acc + count, r.width, s->saturate));
            }
    return r;
}

struct dot_result dot_run(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    switch (s->kind) {
    case DOT_KULISCH: return run_kulisch(s, a, w, n);
    case DOT_FMA_CHAIN: return run_fma_chain(s, a, w, n);
    case DOT_FUSED: return run_fused(s, a, w, n);
    case DOT_INTEGER: return run_integer(s, a, w, n);
    case DOT_LUT: return dot_run_lut(s, a, w, n);
    case DOT_BIT_SERIAL: return run_bit_serial(s, a, w, n);
    }
    return (struct dot_result){ .invalid = true };
}
