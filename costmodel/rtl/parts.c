/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of datapaths as Verilog text: extension, decoding, shifting, counting, rounding, addition of floats. */
#include "costmodel/rtl/parts.h"

#include <math.h>
#include <stdarg.h>

void put(FILE *v, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(v, format, args);
    va_end(args);
}

int bits_for(int64_t n)
{
    int bits = 0;

    while (((int64_t)1 << bits) < n)
        bits++;
    return bits;
}

int signed_bits(int64_t low, int64_t high)
{
    int bits = 1;

    while (low < -((int64_t)1 << (bits - 1)) || high > ((int64_t)1 << (bits - 1)) - 1)
        bits++;
    return bits;
}

void part_extend(FILE *v, const char *to, const char *from, int have, int want, bool is_signed)
{
    if (want == have)
        put(v, "  wire [%d:0] %s = %s;\n", want - 1, to, from);
    else if (want > have && is_signed)
        put(v, "  wire [%d:0] %s = {{%d{%s[%d]}}, %s};\n", want - 1, to, want - have, from, have - 1, from);
    else if (want > have)
        put(v, "  wire [%d:0] %s = {%d'd0, %s};\n", want - 1, to, want - have, from);
    else
        put(v, "  wire [%d:0] %s = %s[%d:0];\n  wire unused_%s = ^%s[%d:%d];\n", want - 1, to, from, want - 1, to, from, have - 1, want);
}

void part_lane(FILE *v, const char *name, const char *port, int lane, int bits)
{
    put(v, "  wire [%d:0] %s = %s[%d:%d];\n", bits - 1, name, port, (lane + 1) * bits - 1, lane * bits);
}

void part_register(FILE *v, const char *q, const char *d, int bits)
{
    put(v, "  reg [%d:0] %s;\n  always @(posedge clk) %s <= %s;\n", bits - 1, q, q, d);
}

/* ---- operands ------------------------------------------------------------------------------------------------------ */

bool is_integer(const struct format *f)
{
    return f->family == FORMAT_INT || f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY || f->family == FORMAT_TERNARY;
}

bool has_nan(const struct format *f)
{
    return f->family == FORMAT_FLOAT && f->specials != SPECIALS_FINITE && (f->specials != SPECIALS_IEEE || f->mantissa_bits > 0);
}

bool has_infinity(const struct format *f)
{
    return f->family == FORMAT_FLOAT && f->specials == SPECIALS_IEEE;
}

int integer_bits(const struct format *f)
{
    if (f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY || f->is_unsigned)
        return f->bits + 1;
    return f->bits;
}

void part_integer(FILE *v, const char *p, const struct format *f)
{
    int b = f->bits;

    if (f->family == FORMAT_TERNARY) { /* code - 1 */
        put(v, "  wire [1:0] %s_v = {~(%s[1] | %s[0]), ~%s[0]};\n", p, p, p, p);
    } else if (f->family != FORMAT_INT) { /* 2 code + 1 - 2^b: the top bit counts from the other side, a one below */
        if (b == 1)
            put(v, "  wire [1:0] %s_v = {~%s[0], 1'b1};\n", p, p);
        else
            put(v, "  wire [%d:0] %s_v = {~%s[%d], %s[%d:0], 1'b1};\n", b, p, p, b - 1, p, b - 2);
    } else {
        char name[RTL_NAME_MAX];
        snprintf(name, sizeof name, "%s_v", p);
        part_extend(v, name, p, b, integer_bits(f), !f->is_unsigned);
    }
}

void part_decode(FILE *v, const char *p, const struct format *f)
{
    int e = f->exponent_bits, m = f->mantissa_bits;
    char mantissa[RTL_NAME_MAX] = "";

    put(v, "  wire %s_s = %s[%d];\n", p, p, e + m);
    put(v, "  wire [%d:0] %s_c = %s[%d:%d];\n", e - 1, p, p, e + m - 1, m);
    put(v, "  wire %s_n = |%s_c;\n", p, p);
    if (e > 1)
        put(v, "  wire [%d:0] %s_e = %s_c | {%d'd0, ~%s_n};\n", e - 1, p, p, e - 1, p);
    else
        put(v, "  wire [0:0] %s_e = %s_c | ~%s_n;\n", p, p, p);
    if (m > 0)
        snprintf(mantissa, sizeof mantissa, ", %s[%d:0]", p, m - 1);
    put(v, "  wire [%d:0] %s_g = {%s_n%s};\n", m, p, p, mantissa);
    if (m > 0)
        snprintf(mantissa, sizeof mantissa, "%s[%d:0]", p, m - 1);
    switch (f->specials) {
    case SPECIALS_FINITE: put(v, "  wire %s_nan = 1'b0, %s_inf = 1'b0;\n", p, p); break;
    case SPECIALS_IEEE:
        if (m > 0)
            put(v, "  wire %s_nan = (&%s_c) & (|%s), %s_inf = (&%s_c) & ~(|%s);\n", p, p, mantissa, p, p, mantissa);
        else
            put(v, "  wire %s_nan = 1'b0, %s_inf = &%s_c;\n", p, p, p);
        break;
    case SPECIALS_FN: put(v, "  wire %s_nan = &%s[%d:0], %s_inf = 1'b0;\n", p, p, e + m - 1, p); break;
    case SPECIALS_FNUZ: put(v, "  wire %s_nan = %s_s & ~(|%s[%d:0]), %s_inf = 1'b0;\n", p, p, p, e + m - 1, p); break;
    }
}

/* ---- counting and shifting ------------------------------------------------------------------------------------------ */

int part_leading_zeros(FILE *v, const char *p, const char *x, int bits)
{
    int levels = bits_for(bits), padded = 1 << levels;

    if (padded > bits)
        put(v, "  wire [%d:0] %s_l%d = {%s, %d'd0};\n", padded - 1, p, levels, x, padded - bits);
    else
        put(v, "  wire [%d:0] %s_l%d = %s;\n", padded - 1, p, levels, x);
    for (int k = levels - 1; k >= 0; k--) {
        int half = 1 << k;
        put(v, "  wire %s_z%d = ~(|%s_l%d[%d:%d]);\n", p, k, p, k + 1, 2 * half - 1, half);
        if (k > 0)
            put(v, "  wire [%d:0] %s_l%d = %s_z%d ? %s_l%d[%d:0] : %s_l%d[%d:%d];\n", half - 1, p, k, p, k, p, k + 1, half - 1, p, k + 1,
                2 * half - 1, half);
    }
    put(v, "  wire unused_%s_l = %s_l1[0];\n  wire [%d:0] %s_n = {", p, p, levels - 1, p);
    for (int k = levels - 1; k >= 0; k--)
        put(v, "%s_z%d%s", p, k, k > 0 ? ", " : "};\n");
    return levels;
}

void part_shift_right(FILE *v, const char *p, const char *x, int bits, const char *by, int by_bits, bool sticky)
{
    bool may_be_far = by_bits > 30 || ((int64_t)1 << by_bits) > bits;
    int used = bits_for(bits) < by_bits ? bits_for(bits) : by_bits;

    if (may_be_far)
        put(v, "  wire %s_far = %s >= %d'd%d;\n", p, by, by_bits, bits);
    if (sticky) {
        put(v, "  wire [%d:0] %s_w = {%s, %d'd0} >> %s[%d:0];\n", 2 * bits - 1, p, x, bits, by, used - 1);
        put(v, "  wire [%d:0] %s_j = {%s_w[%d:%d], |%s_w[%d:0]};\n", bits - 1, p, p, 2 * bits - 1, bits + 1, p, bits);
        if (may_be_far)
            put(v, "  wire [%d:0] %s_t = %s_far ? {%d'd0, |%s} : %s_j;\n", bits - 1, p, p, bits - 1, x, p);
        else
            put(v, "  wire [%d:0] %s_t = %s_j;\n", bits - 1, p, p);
    } else if (may_be_far) {
        put(v, "  wire [%d:0] %s_t = %s_far ? %d'd0 : %s >> %s[%d:0];\n", bits - 1, p, p, bits, x, by, used - 1);
    } else {
        put(v, "  wire [%d:0] %s_t = %s >> %s;\n", bits - 1, p, x, by);
    }
}

/* ---- rounding ------------------------------------------------------------------------------------------------------- */

uint32_t code_of(const struct format *f, double value, bool saturate)
{
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = saturate };

    return format_encode(f, value, &rule, 0);
}

uint32_t magnitude_largest(const struct format *f)
{
    return code_of(f, format_largest(f), true);
}

/* Code beyond the largest, without sign where the sign is kept. FNUZ without saturation: its NaN, which holds the sign bit. */
static uint32_t overflow_magnitude(const struct format *f, const struct encode_rule *rule)
{
    bool to_largest = rule->saturate || rule->rounding == ROUND_TOWARD_ZERO;

    return to_largest ? magnitude_largest(f) : code_of(f, HUGE_VAL, false);
}

void part_round(FILE *v, const char *p, const char *x, int bits, const char *exponent, int exponent_bits, bool may_be_negative,
                const struct format *f, const struct encode_rule *rule)
{
    int e = f->exponent_bits, m = f->mantissa_bits, wide = bits > m + 3 ? bits : m + 3, xb = exponent_bits - may_be_negative;
    bool nearest = rule->rounding == ROUND_NEAREST_EVEN;
    char a[RTL_NAME_MAX], b[RTL_NAME_MAX];

    if (wide > bits)
        put(v, "  wire [%d:0] %s_m0 = {%s, %d'd0};\n", wide - 1, p, x, wide - bits);
    else
        put(v, "  wire [%d:0] %s_m0 = %s;\n", wide - 1, p, x);
    if (may_be_negative) { /* below the least normal exponent: to where subnormal numbers stand */
        put(v, "  wire [%d:0] %s_below = %s[%d] ? %d'd0 - %s[%d:0] : %d'd0;\n", xb - 1, p, exponent, xb, xb, exponent, xb - 1, xb);
        put(v, "  wire [%d:0] %s_x = %s[%d] ? %d'd0 : %s[%d:0];\n", xb - 1, p, exponent, xb, xb, exponent, xb - 1);
        snprintf(a, sizeof a, "%s_d", p);
        snprintf(b, sizeof b, "%s_below", p);
        char m0[RTL_NAME_MAX];
        snprintf(m0, sizeof m0, "%s_m0", p);
        part_shift_right(v, a, m0, wide, b, xb, nearest);
        put(v, "  wire [%d:0] %s_m = %s_d_t;\n", wide - 1, p, p);
    } else {
        put(v, "  wire [%d:0] %s_x = %s;\n  wire [%d:0] %s_m = %s_m0;\n", xb - 1, p, exponent, wide - 1, p, p);
    }
    snprintf(a, sizeof a, "%s_m", p);
    int levels = part_leading_zeros(v, p, a, wide), c = levels > xb ? levels : xb;
    snprintf(a, sizeof a, "%s_n", p);
    snprintf(b, sizeof b, "%s_lz", p);
    part_extend(v, b, a, levels, c, false);
    snprintf(a, sizeof a, "%s_x", p);
    snprintf(b, sizeof b, "%s_xx", p);
    part_extend(v, b, a, xb, c, false);
    put(v, "  wire [%d:0] %s_by = %s_lz > %s_xx ? %s_xx : %s_lz;\n", c - 1, p, p, p, p, p);
    put(v, "  wire [%d:0] %s_y = %s_m << %s_by;\n", wide - 1, p, p, p);
    put(v, "  wire [%d:0] %s_f = {1'b0, %s_xx} - {1'b0, %s_by} + {%d'd0, %s_y[%d]};\n", c, p, p, p, c, p, wide - 1);
    /* exponent field and mantissa as one integer: rounding up carries from one into the other */
    int rb = (c + 1 > e + 1 ? c + 1 : e + 1) + m;
    char pad[32] = "", mantissa[RTL_NAME_MAX] = "";
    if (rb - m > c + 1)
        snprintf(pad, sizeof pad, "%d'd0, ", rb - m - (c + 1));
    if (m > 0)
        snprintf(mantissa, sizeof mantissa, ", %s_y[%d:%d]", p, wide - 2, wide - 1 - m);
    if (nearest)
        put(v, "  wire %s_up = %s_y[%d] & (%s_y[%d] | (|%s_y[%d:0]));\n  wire [%d:0] %s_r = {%s%s_f%s} + {%d'd0, %s_up};\n", p, p, wide - 2 - m, p,
            wide - 1 - m, p, wide - 3 - m, rb - 1, p, pad, p, mantissa, rb - 1, p);
    else
        put(v, "  wire unused_%s_y = ^%s_y[%d:0];\n  wire [%d:0] %s_r = {%s%s_f%s};\n", p, p, wide - 2 - m, rb - 1, p, pad, p, mantissa);
    put(v, "  wire %s_zero = ~(|%s);\n", p, x);
    put(v, "  wire [%d:0] %s_code = %s_zero ? %d'd0 : %s_r > %d'd%u ? %d'd%u : %s_r[%d:0];\n", e + m - 1, p, p, e + m, p, rb, magnitude_largest(f), e + m,
        overflow_magnitude(f, rule) & (((uint32_t)1 << (e + m)) - 1), p, e + m - 1);
    if (has_nan(f) && !has_infinity(f) && !rule->saturate && nearest) /* overflows to its NaN */
        put(v, "  wire %s_over = ~%s_zero & (%s_r > %d'd%u);\n", p, p, p, rb, magnitude_largest(f));
}

void part_pack(FILE *v, const char *to, const char *s, const char *m, const struct format *f)
{
    int n = f->exponent_bits + f->mantissa_bits;

    if (f->specials == SPECIALS_FNUZ) /* no negative zero */
        put(v, "  wire [%d:0] %s = {%s & (|%s), %s};\n", n, to, s, m, m);
    else
        put(v, "  wire [%d:0] %s = {%s, %s};\n", n, to, s, m);
}

/* ---- addition ------------------------------------------------------------------------------------------------------- */

void part_add(FILE *v, const char *p, const char *x, const char *y, int bits, int exponent_bits, const struct format *f)
{
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN };
    int r = bits + 3, xb = exponent_bits, n = f->exponent_bits + f->mantissa_bits;
    char a[RTL_NAME_MAX], b[RTL_NAME_MAX], c[RTL_NAME_MAX], sign_of_infinity[RTL_NAME_MAX];

    put(v, "  // the term of the larger exponent first (l), the other (k) shifted to it: guard, round and sticky bit below\n");
    put(v, "  wire [%d:0] %s_d = %s_x - %s_x;\n", xb - 1, p, x, y);
    put(v, "  wire %s_first = ~%s_d[%d] & (|%s_d) & (|%s_g);\n", p, p, xb - 1, p, x);
    put(v, "  wire [%d:0] %s_by0 = %s_d[%d] ? %d'd0 - %s_d : %s_d;\n", xb - 1, p, p, xb - 1, xb, p, p);
    put(v, "  wire %s_ls = %s_first ? %s_s : %s_s, %s_ks = %s_first ? %s_s : %s_s;\n", p, p, x, y, p, p, y, x);
    put(v, "  wire [%d:0] %s_lg = %s_first ? %s_g : %s_g;\n", bits - 1, p, p, x, y);
    put(v, "  wire [%d:0] %s_kg = {%s_first ? %s_g : %s_g, 3'd0};\n", r - 1, p, p, y, x);
    put(v, "  wire [%d:0] %s_lx = (%s_first ? %s_x : %s_x) + %d'd1;\n", xb - 1, p, p, x, y, xb);
    snprintf(a, sizeof a, "%s_k", p);
    snprintf(b, sizeof b, "%s_kg", p);
    snprintf(c, sizeof c, "%s_by0", p);
    part_shift_right(v, a, b, r, c, xb, true);
    put(v, "  wire %s_sub = %s_ls ^ %s_ks;\n", p, p, p);
    put(v, "  wire [%d:0] %s_sum = {2'd0, %s_lg, 3'd0} + ({2'd0, %s_k_t} ^ {%d{%s_sub}}) + {%d'd0, %s_sub};\n", r + 1, p, p, p, r + 2, p, r + 1, p);
    put(v, "  wire [%d:0] %s_mag = %s_sum[%d] ? %d'd0 - %s_sum[%d:0] : %s_sum[%d:0];\n", r, p, p, r + 1, r + 1, p, r, p, r);
    snprintf(a, sizeof a, "%s_q", p);
    snprintf(b, sizeof b, "%s_mag", p);
    snprintf(c, sizeof c, "%s_lx", p);
    part_round(v, a, b, r + 1, c, xb, false, f, &rule);
    put(v, "  wire %s_sign = %s_q_zero ? %s_ls & %s_ks : %s_ls ^ %s_sum[%d];\n", p, p, p, p, p, p, r + 1);
    snprintf(c, sizeof c, "%s_finite", p);
    snprintf(a, sizeof a, "%s_sign", p);
    snprintf(b, sizeof b, "%s_q_code", p);
    part_pack(v, c, a, b, f);
    put(v, "  wire %s_nan = %s_nan | %s_nan | (%s_inf & %s_inf & (%s_s ^ %s_s));\n", p, x, y, x, y, x, y);
    snprintf(sign_of_infinity, sizeof sign_of_infinity, "%s_is", p);
    if (f->specials == SPECIALS_IEEE || f->specials == SPECIALS_FINITE)
        put(v, "  wire %s_is = %s_inf ? %s_s : %s_s;\n", p, x, x, y);
    put(v, "  wire [%d:0] %s_code = %s_nan ? %d'd%u\n    : %s_inf | %s_inf ? {%s, %d'd%u}\n    : ", n, p, p, n + 1, code_of(f, NAN, false), x, y,
        f->specials == SPECIALS_FNUZ ? "1'b1" : f->specials == SPECIALS_FN ? "1'b0" : sign_of_infinity, n, code_of(f, HUGE_VAL, false) & (((uint32_t)1 << n) - 1));
    if (has_nan(f) && !has_infinity(f))
        put(v, "%s_q_over ? %d'd%u : ", p, n + 1, code_of(f, NAN, false));
    put(v, "%s_finite;\n", p);
}
