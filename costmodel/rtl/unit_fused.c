/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fused dot product of a tensor core: products and accumulator aligned to the largest exponent, cut toward zero `fraction` bits below it,
 * added as integers, normalised once. Exponents are counted from `base`, the least of them, so that all are >= 0.
 */
#include <math.h>

#include "costmodel/rtl/float_term.h"
#include "costmodel/rtl/units.h"

static struct dot_spec dot_of(const struct rtl_spec *s)
{
    return (struct dot_spec){ .kind = DOT_FUSED, .a = s->a, .w = s->w, .accumulator = s->accumulator, .lanes = (int)s->lanes,
                              .fraction_bits = (int)s->fraction_bits, .fused_round_nearest = s->round_nearest };
}

static enum status check(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = dot_of(s);
    enum status st;

    if (s->a->family != FORMAT_FLOAT || s->w->family != FORMAT_FLOAT || s->a->mantissa_bits > 10 || s->w->mantissa_bits > 10)
        return error_plain(err, STATUS_BAD_INPUT, "a=%s w=%s, expected floats of at most 10 mantissa bits", s->a->name, s->w->name);
    st = check_accumulator(s, err);
    return st ? st : dot_check(&d, s->lanes, err);
}

static int ports(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * format_code_bits(s->a), false);

    n = port(p, n, "w", (int)s->lanes * format_code_bits(s->w), false);
    return port(p, n, "q", format_code_bits(s->accumulator), true);
}

struct sizes {
    int term;      /* bits of an aligned magnitude: two before the point, `fraction` after */
    int exponent;  /* bits of an exponent counted from base */
    int sum;       /* bits of the signed sum */
    int64_t product_offset, accumulator_offset; /* fields' sum and field to exponents from base */
    int64_t round_offset; /* exponent of the sum's top magnitude bit, from the largest exponent, counted from the accumulator's least normal */
};

static struct sizes sizes_of(const struct rtl_spec *s)
{
    int64_t a = 1 - format_bias(s->a), w = 1 - format_bias(s->w), c = 1 - format_bias(s->accumulator), base = a + w < c ? a + w : c, most, other;
    struct sizes z = { .term = 2 + (int)s->fraction_bits, .sum = 3 + (int)s->fraction_bits + bits_for(s->lanes + 1) };

    z.product_offset = a + w - base - 2;
    z.accumulator_offset = c - base - 1;
    most = ((int64_t)1 << s->a->exponent_bits) + ((int64_t)1 << s->w->exponent_bits) - 2 + z.product_offset;
    other = ((int64_t)1 << s->accumulator->exponent_bits) - 1 + z.accumulator_offset;
    z.exponent = bits_for((most > other ? most : other) + 1);
    z.round_offset = z.sum - 2 - s->fraction_bits + base - c;
    return z;
}

/* P_h: significand G of `have` bits, `point` of them after the point, with two before and `fraction` after; what is below is cut. */
static void align_point(FILE *v, const char *p, const char *g, int have, int point, int fraction, int term)
{
    char cut[RTL_NAME_MAX];

    if (fraction > point)
        snprintf(cut, sizeof cut, "{%s, %d'd0}", g, fraction - point);
    else if (fraction == point)
        snprintf(cut, sizeof cut, "%s", g);
    else {
        snprintf(cut, sizeof cut, "%s[%d:%d]", g, have - 1, point - fraction);
        put(v, "  wire unused_%s_h = ^%s[%d:0];\n", p, g, point - fraction - 1);
    }
    if (have - point < 2)
        put(v, "  wire [%d:0] %s_h = {1'b0, %s};\n", term - 1, p, cut);
    else
        put(v, "  wire [%d:0] %s_h = %s;\n", term - 1, p, cut);
}

/* Exponent `e` of eb bits plus an offset, zero where the significand is: a zero has no part in the largest. */
static void exponent(FILE *v, const char *p, const char *e, int eb, int64_t offset, const char *nonzero, const struct sizes *z)
{
    char name[64];

    snprintf(name, sizeof name, "%s_ee", p);
    part_extend(v, name, e, eb, z->exponent + 1, false);
    put(v, "  wire [%d:0] %s_eo = %s %s %d'd%lld;\n  wire unused_%s_eo = %s_eo[%d];\n", z->exponent, p, name, offset < 0 ? "-" : "+", z->exponent + 1,
        (long long)(offset < 0 ? -offset : offset), p, p, z->exponent);
    put(v, "  wire [%d:0] %s_x = %s ? %s_eo[%d:0] : %d'd0;\n", z->exponent - 1, p, nonzero, p, z->exponent - 1, z->exponent);
}

/* Product i as p{i}_h, p{i}_x and flags {sign, nan, infinity}, each through the stage's register. */
static void product(const struct rtl_spec *s, FILE *v, const char *a, const char *w, int i, const struct sizes *z)
{
    int mm = s->a->mantissa_bits + s->w->mantissa_bits, eb = (s->a->exponent_bits > s->w->exponent_bits ? s->a->exponent_bits : s->w->exponent_bits) + 1;
    char an[32], wn[32], n[64], m[64], p[32], r[64];

    part_lane(v, lane_name(an, "a", i), a, i, format_code_bits(s->a));
    part_decode(v, an, s->a);
    part_lane(v, lane_name(wn, "w", i), w, i, format_code_bits(s->w));
    part_decode(v, wn, s->w);
    snprintf(n, sizeof n, "%s_e", an);
    snprintf(m, sizeof m, "%s_ex", an);
    part_extend(v, m, n, s->a->exponent_bits, eb, false);
    snprintf(n, sizeof n, "%s_e", wn);
    snprintf(m, sizeof m, "%s_ex", wn);
    part_extend(v, m, n, s->w->exponent_bits, eb, false);
    lane_name(p, "m", i);
    put(v, "  wire [%d:0] %s_e = %s_ex + %s_ex;\n  wire %s_nz = (|%s_g) & (|%s_g);\n", eb - 1, p, an, wn, p, an, wn);
    snprintf(n, sizeof n, "%s_e", p);
    snprintf(m, sizeof m, "%s_nz", p);
    exponent(v, p, n, eb, z->product_offset, m, z);
    snprintf(n, sizeof n, "%s_g", an);
    snprintf(m, sizeof m, "%s_g", wn);
    char g[64];
    snprintf(g, sizeof g, "%s_g", p);
    part_multiply(v, g, n, s->a->mantissa_bits + 1, m, s->w->mantissa_bits + 1, false, s->tree);
    align_point(v, p, g, mm + 2, mm, (int)s->fraction_bits, z->term);
    put(v, "  wire [2:0] %s_f = {%s_s ^ %s_s, %s_nan | %s_nan | (%s_inf & ~(|%s_g)) | (%s_inf & ~(|%s_g)), %s_inf | %s_inf};\n", p, an, wn, an, wn, an, wn, wn,
        an, an, wn);
    snprintf(n, sizeof n, "%s_h", p);
    put(v, "  wire [%d:0] p%d_h = %s;\n", z->term - 1, i, staged(r, s, v, 1, n, z->term));
    snprintf(n, sizeof n, "%s_x", p);
    put(v, "  wire [%d:0] p%d_x = %s;\n", z->exponent - 1, i, staged(r, s, v, 1, n, z->exponent));
    snprintf(n, sizeof n, "%s_f", p);
    put(v, "  wire [2:0] p%d_f = %s;\n", i, staged(r, s, v, 1, n, 3));
}

/* Largest of the exponents of terms 0 to count - 1, as a tree; returns its wire's name. */
static void largest(FILE *v, int count, const struct sizes *z)
{
    int made = count;

    for (int i = 0; i < count; i++)
        put(v, "  wire [%d:0] top%d = p%d_x;\n", z->exponent - 1, i, i);
    for (int at = 0; at + 1 < made; at += 2, made++)
        put(v, "  wire [%d:0] top%d = top%d > top%d ? top%d : top%d;\n", z->exponent - 1, made, at, at + 1, at, at + 1);
    put(v, "  wire [%d:0] top = top%d;\n", z->exponent - 1, made - 1);
}

static void accumulator(const struct rtl_spec *s, FILE *v, const struct sizes *z)
{
    const struct format *f = s->accumulator;
    char p[32];

    put(v, "  reg [%d:0] acc;\n  assign q = acc;\n", format_code_bits(f) - 1);
    part_decode(v, "acc", f);
    put(v, "  wire acc_nz = |acc_g;\n");
    lane_name(p, "p", (int)s->lanes);
    exponent(v, p, "acc_e", f->exponent_bits, z->accumulator_offset, "acc_nz", z);
    align_point(v, p, "acc_g", f->mantissa_bits + 1, f->mantissa_bits, (int)s->fraction_bits, z->term);
    put(v, "  wire [2:0] %s_f = {acc_s, acc_nan, acc_inf};\n", p);
}

static void any(FILE *v, const char *name, const char *format, int terms)
{
    put(v, "  wire %s = ", name);
    for (int i = 0; i < terms; i++) {
        put(v, "%s", i > 0 ? " | " : "");
        fprintf(v, "(");
        for (const char *c = format; *c != '\0'; c++)
            if (*c == '#')
                put(v, "p%d_f", i);
            else
                put(v, "%c", *c);
        fprintf(v, ")");
    }
    put(v, ";\n");
}

static void body(const struct rtl_spec *s, FILE *v)
{
    const struct format *f = s->accumulator;
    const struct encode_rule rule = { .rounding = s->round_nearest ? ROUND_NEAREST_EVEN : ROUND_TOWARD_ZERO };
    struct sizes z = sizes_of(s);
    int terms = (int)s->lanes + 1, n = f->exponent_bits + f->mantissa_bits, xb = z.exponent + 2;
    bool below = z.round_offset < 0;
    char a[64], w[64], clear[32];

    staged(a, s, v, 2, "a", (int)s->lanes * format_code_bits(s->a));
    staged(w, s, v, 2, "w", (int)s->lanes * format_code_bits(s->w));
    for (int i = 0; i < s->lanes; i++)
        product(s, v, a, w, i, &z);
    accumulator(s, v, &z);
    largest(v, terms, &z);
    for (int i = 0; i < terms; i++) {
        char p[32], d[32], h[32];
        snprintf(d, sizeof d, "p%d_d", i);
        snprintf(h, sizeof h, "p%d_h", i);
        put(v, "  wire [%d:0] %s = top - p%d_x;\n", z.exponent - 1, d, i);
        part_shift_right(v, lane_name(p, "p", i), h, z.term, d, z.exponent, false);
        put(v, "  wire [%d:0] v%d = ({%d'd0, p%d_t} ^ {%d{p%d_f[2]}}) + {%d'd0, p%d_f[2]};\n", z.sum - 1, i, z.sum - z.term, i, z.sum, i, z.sum - 1, i);
    }
    put(v, "  wire [%d:0] sum = v0", z.sum - 1);
    for (int i = 1; i < terms; i++)
        put(v, " + v%d", i);
    put(v, ";\n  wire [%d:0] mag = sum[%d] ? %d'd0 - sum[%d:0] : sum[%d:0];\n", z.sum - 2, z.sum - 1, z.sum - 1, z.sum - 2, z.sum - 2);
    put(v, "  wire [%d:0] ex = {2'd0, top} %s %d'd%lld;\n", xb - 1, below ? "-" : "+", xb, (long long)(below ? -z.round_offset : z.round_offset));
    part_round(v, "r", "mag", z.sum - 1, "ex", xb, below, f, &rule);
    any(v, "nan", "#[1]", terms);
    any(v, "plus", "#[0] & ~#[2]", terms);
    any(v, "minus", "#[0] & #[2]", terms);
    put(v, "  wire [%d:0] next = nan | (plus & minus) ? %d'd%u : plus | minus ? {minus, %d'd%u} : {sum[%d], r_code};\n", n, n + 1, code_of(f, NAN, false), n,
        code_of(f, HUGE_VAL, false), z.sum - 1);
    put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : next;\n", delayed_clear(clear, s, v), n + 1);
}

static void reference(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = dot_of(s);

    vector_set(out, 0, format_code_bits(s->accumulator), groups > 0 ? dot_run(&d, a, w, groups * s->lanes).bits[0] : 0);
}

static const struct rtl_param params[] = {
    RTL_PARAM_A("fp16"), RTL_PARAM_W("fp16"), RTL_PARAM_ACC("fp32"), RTL_PARAM_LANES("4", 32),
    RTL_PARAM_COUNT("fraction", fraction_bits, "f", "24", 1, 48, "bits kept below the largest exponent"),
    RTL_PARAM_CHOICE("round", round_nearest, "zero", words_round, "of the sum to the accumulator's format"), RTL_PARAM_TREE, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_fused_dot = {
    .name = "fused_dot", .summary = "fused multi-term dot product with alignment truncation, as tensor cores have it", .equals = "dot_run(), DOT_FUSED (formats/dot.h)",
    .params = params, .clocked = true, .check = check, .ports = ports, .body = body, .schedule = schedule_dot, .reference = reference,
};
