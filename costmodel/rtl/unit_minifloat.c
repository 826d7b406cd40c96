/* SPDX-License-Identifier: Apache-2.0 */
/* Minifloat multiplier (sign, exponent sum, exact significand product) and multiply-accumulate into an exact fixed-point register (Kulisch). */
#include <math.h>

#include "costmodel/rtl/units.h"

static int exponent_bits(const struct rtl_spec *s)
{
    return (s->a->exponent_bits > s->w->exponent_bits ? s->a->exponent_bits : s->w->exponent_bits) + 1;
}

static int product_bits(const struct rtl_spec *s)
{
    return s->a->mantissa_bits + s->w->mantissa_bits + 2;
}

static enum status check_floats(const struct rtl_spec *s, struct error *err)
{
    if (s->a->family == FORMAT_FLOAT && s->w->family == FORMAT_FLOAT && s->a->mantissa_bits <= 10 && s->w->mantissa_bits <= 10)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "a=%s w=%s, expected floats of at most 10 mantissa bits", s->a->name, s->w->name);
}

static enum status check_mul(struct rtl_spec *s, struct error *err)
{
    return check_floats(s, err);
}

/* P_g, P_x and P_s of one pair of decoded operands. */
static void multiply(const struct rtl_spec *s, FILE *v, const char *a, const char *w, const char *p)
{
    int xb = exponent_bits(s);
    char x[64], y[64], ga[64], gw[64], g[64];

    snprintf(x, sizeof x, "%s_e", a);
    snprintf(y, sizeof y, "%s_ex", a);
    part_extend(v, y, x, s->a->exponent_bits, xb, false);
    snprintf(x, sizeof x, "%s_e", w);
    snprintf(y, sizeof y, "%s_ex", w);
    part_extend(v, y, x, s->w->exponent_bits, xb, false);
    put(v, "  wire %s_s = %s_s ^ %s_s;\n  wire [%d:0] %s_x = %s_ex + %s_ex;\n", p, a, w, xb - 1, p, a, w);
    snprintf(ga, sizeof ga, "%s_g", a);
    snprintf(gw, sizeof gw, "%s_g", w);
    snprintf(g, sizeof g, "%s_g", p);
    part_multiply(v, g, ga, s->a->mantissa_bits + 1, gw, s->w->mantissa_bits + 1, false, s->tree);
}

static int ports_mul(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", format_code_bits(s->a), false);

    n = port(p, n, "w", format_code_bits(s->w), false);
    n = port(p, n, "s", 1, true);
    n = port(p, n, "x", exponent_bits(s), true);
    return port(p, n, "g", product_bits(s), true);
}

static void body_mul(const struct rtl_spec *s, FILE *v)
{
    part_decode(v, "a", s->a);
    part_decode(v, "w", s->w);
    put(v, "  wire unused_flags = a_nan | a_inf | w_nan | w_inf;\n");
    multiply(s, v, "a", "w", "p");
    put(v, "  assign s = p_s;\n  assign x = p_x;\n  assign g = p_g;\n");
}

/* Exponent field, at least 1; significand with its hidden bit. */
static int field_of(const struct format *f, uint32_t code, uint64_t *significand)
{
    int c = (int)(code >> f->mantissa_bits & (((uint32_t)1 << f->exponent_bits) - 1));

    *significand = (code & (((uint32_t)1 << f->mantissa_bits) - 1)) | (uint64_t)(c > 0) << f->mantissa_bits;
    return c > 0 ? c : 1;
}

static void reference_mul(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    uint64_t ga, gw;
    int xb = exponent_bits(s), x = field_of(s->a, a[0], &ga) + field_of(s->w, w[0], &gw);
    double product = format_decode(s->a, a[0]) * format_decode(s->w, w[0]);
    uint64_t g = ga * gw;

    (void)groups;
    if (isfinite(product)) /* the value decides, where the codes are numbers */
        g = (uint64_t)ldexp(fabs(product), format_bias(s->a) + format_bias(s->w) + s->a->mantissa_bits + s->w->mantissa_bits - x);
    vector_set(out, 0, 1, (a[0] >> (format_code_bits(s->a) - 1) ^ w[0] >> (format_code_bits(s->w) - 1)) & 1);
    vector_set(out, 1, xb, (uint64_t)x);
    vector_set(out, 1 + xb, product_bits(s), g);
}

static const struct rtl_param params_mul[] = { RTL_PARAM_A("e4m3"), RTL_PARAM_W("e4m3"), RTL_PARAM_TREE, { 0 } };

const struct rtl_unit unit_minifloat_mul = {
    .name = "minifloat_mul", .summary = "minifloat multiplier: |a w| = g 2^(x - biases - mantissa bits), not normalised; codes of NaN and infinity as fields",
    .equals = "format_decode(a) * format_decode(w) (formats/codec.h)",
    .params = params_mul, .check = check_mul, .ports = ports_mul, .body = body_mul, .schedule = schedule_dot, .reference = reference_mul,
};

/* ---- Kulisch accumulator -------------------------------------------------------------------------------------------- */

enum { TERMS_BY_DEFAULT = 256 }; /* 8 guard bits, as the published synthesis rows have */

static struct dot_spec dot_of(const struct rtl_spec *s)
{
    return (struct dot_spec){ .kind = DOT_KULISCH, .a = s->a, .w = s->w, .lanes = (int)s->lanes, .width = (int)s->width };
}

static bool has_specials(const struct rtl_spec *s)
{
    return has_nan(s->a) || has_nan(s->w) || has_infinity(s->a) || has_infinity(s->w);
}

/* Bits of an exact product's magnitude in units of the least product. */
static int fixed_bits(const struct rtl_spec *s)
{
    return product_bits(s) + (1 << s->a->exponent_bits) - 2 + (1 << s->w->exponent_bits) - 2;
}

static enum status check_kulisch(struct rtl_spec *s, struct error *err)
{
    enum status st = check_floats(s, err);
    struct dot_spec d;

    if (st)
        return st;
    if (s->width == 0)
        s->width = dot_width(s->a, s->w, TERMS_BY_DEFAULT);
    d = dot_of(s);
    return dot_check(&d, s->lanes, err);
}

static int ports_kulisch(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * format_code_bits(s->a), false);

    n = port(p, n, "w", (int)s->lanes * format_code_bits(s->w), false);
    n = port(p, n, "q", (int)s->width, true);
    return has_specials(s) ? port(p, n, "invalid", 1, true) : n;
}

/* Lane i: t_i + s_i is the product in two's complement, bad_i tells a NaN or an infinity. */
static void kulisch_lane(const struct rtl_spec *s, FILE *v, const char *a, const char *w, int i)
{
    int fb = fixed_bits(s), pb = product_bits(s), width = (int)s->width;
    char an[32], wn[32], p[32], f[32], m[64];

    part_lane(v, lane_name(an, "a", i), a, i, format_code_bits(s->a));
    part_decode(v, an, s->a);
    part_lane(v, lane_name(wn, "w", i), w, i, format_code_bits(s->w));
    part_decode(v, wn, s->w);
    multiply(s, v, an, wn, lane_name(p, "p", i));
    put(v, "  wire bad%d = a%d_nan | a%d_inf | w%d_nan | w%d_inf;\n", i, i, i, i, i);
    put(v, "  wire [%d:0] %s_f = {%d'd0, %s_g} << %s_x;\n", fb + 1, p, fb + 2 - pb, p, p);
    put(v, "  wire unused_%s_f = ^%s_f[1:0]; // both exponents are at least 1\n", p, p);
    if (has_specials(s))
        put(v, "  wire [%d:0] %s_m = %s_f[%d:2] & {%d{~bad%d}};\n  wire s%d = %s_s & ~bad%d;\n", fb - 1, p, p, fb + 1, fb, i, i, p, i);
    else
        put(v, "  wire [%d:0] %s_m = %s_f[%d:2];\n  wire s%d = %s_s;\n  wire unused_bad%d = bad%d;\n", fb - 1, p, p, fb + 1, i, p, i, i);
    snprintf(m, sizeof m, "%s_m", p);
    part_extend(v, lane_name(f, "f", i), m, fb, width, false);
    put(v, "  wire [%d:0] t%d = f%d ^ {%d{s%d}};\n", width - 1, i, i, width, i);
}

static void body_kulisch(const struct rtl_spec *s, FILE *v)
{
    int width = (int)s->width;
    char a[64], w[64], clear[32], sum[64], bad[64];

    staged(a, s, v, 2, "a", (int)s->lanes * format_code_bits(s->a));
    staged(w, s, v, 2, "w", (int)s->lanes * format_code_bits(s->w));
    for (int i = 0; i < s->lanes; i++)
        kulisch_lane(s, v, a, w, i);
    put(v, "  reg [%d:0] acc;\n  assign q = acc;\n", width - 1);
    delayed_clear(clear, s, v);
    if (s->stages > 0 || s->lanes > 1)
        put(v, "  wire [%d:0] sum =", width - 1);
    else
        put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : acc +", clear, width);
    for (int i = 0; i < s->lanes; i++)
        put(v, " %st%d + {%d'd0, s%d}", i > 0 ? "+ " : "", i, width - 1, i);
    put(v, ";\n");
    if (s->stages > 0 || s->lanes > 1)
        put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : acc + %s;\n", clear, width, staged(sum, s, v, 1, "sum", width));
    if (!has_specials(s))
        return;
    put(v, "  wire bad = bad0");
    for (int i = 1; i < s->lanes; i++)
        put(v, " | bad%d", i);
    put(v, ";\n  reg saw;\n  assign invalid = saw;\n");
    if (s->stages > 0)
        put(v, "  reg bad_r;\n  always @(posedge clk) bad_r <= bad;\n");
    snprintf(bad, sizeof bad, s->stages > 0 ? "bad_r" : "bad");
    put(v, "  always @(posedge clk) saw <= ~%s & (saw | %s);\n", clear, bad);
}

static void reference_kulisch(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = dot_of(s);
    struct dot_result r = { 0 };

    if (groups > 0)
        r = dot_run(&d, a, w, groups * s->lanes);
    vector_set_wide(out, 0, (int)s->width, r.bits);
    if (has_specials(s))
        vector_set(out, (int)s->width, 1, r.invalid);
}

static const struct rtl_param params_kulisch[] = {
    RTL_PARAM_A("e4m3fin"), RTL_PARAM_W("e4m3fin"), RTL_PARAM_LANES("1", RTL_LANES_MAX),
    RTL_PARAM_COUNT("width", width, "w", "0", 0, 639, "accumulator bits; 0: lossless over 256 terms"), RTL_PARAM_TREE, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_kulisch = {
    .name = "kulisch", .summary = "minifloat products, exact, in a fixed-point register that wraps (Kulisch accumulator)", .equals = "dot_run(), DOT_KULISCH (formats/dot.h)",
    .params = params_kulisch, .clocked = true, .check = check_kulisch, .ports = ports_kulisch, .body = body_kulisch, .schedule = schedule_dot,
    .reference = reference_kulisch,
};
