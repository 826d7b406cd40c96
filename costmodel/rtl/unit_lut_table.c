/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of look-up units. lut_precompute: the 2^(K-1) signed sums of K activations, each exact and rounded once to the entries' format.
 * lut_conventional: the older unit, all 2^K sums of 0/1 subsets made beside each unit, all weight planes in one cycle.
 */
#include <math.h>

#include "costmodel/rtl/float_term.h"
#include "costmodel/rtl/units.h"

enum { DOUBLE_BITS = 53 }; /* the C model's sums are exact up to there */

/* ---- precompute ------------------------------------------------------------------------------------------------------ */

/* Activation in units of the least subnormal, sign included. */
static int fixed_bits(const struct format *f)
{
    return f->family == FORMAT_FLOAT ? f->mantissa_bits + (1 << f->exponent_bits) : integer_bits(f);
}

static enum status check(struct rtl_spec *s, struct error *err)
{
    bool fraction = s->a->family == FORMAT_FLOAT;

    s->w = s->a;
    if (fraction && (s->a->mantissa_bits > 10 || fixed_bits(s->a) + bits_for(s->lanes) > DOUBLE_BITS))
        return error_plain(err, STATUS_BAD_INPUT, "a=%s: sums of %lld such numbers take more than %d bits; fp16 and floats of at most 5 exponent bits fit", s->a->name,
                           (long long)s->lanes, DOUBLE_BITS);
    if (fraction && (s->table == NULL || s->table->family != FORMAT_FLOAT || s->table->mantissa_bits < 1))
        return error_plain(err, STATUS_BAD_INPUT, "activations %s need a table of floats: table=fp16, table=e4m3", s->a->name);
    if (!fraction && (!is_integer(s->a) || s->a->bits > 8 || (s->table != NULL && (s->table->family != FORMAT_INT || s->table->is_unsigned))))
        return error_plain(err, STATUS_BAD_INPUT, "a=%s: integers of 1 to 8 bits take a table of int2 to int16, or exact (table=none)", s->a->name);
    return STATUS_OK;
}

static int ports(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * format_code_bits(s->a), false);

    return port(p, n, "t", lut_entry_bits(s) << (s->lanes - 1), true);
}

/* v{j}: activation j in two's complement of `bits` bits. */
static void operand(const struct rtl_spec *s, FILE *v, int j, int bits)
{
    char n[32], m[64];

    part_lane(v, lane_name(n, "a", j), "a", j, format_code_bits(s->a));
    if (s->a->family != FORMAT_FLOAT) {
        part_integer(v, n, s->a);
        snprintf(m, sizeof m, "a%d_v", j);
        part_extend(v, lane_name(n, "v", j), m, integer_bits(s->a), bits, true);
        return;
    }
    int have = fixed_bits(s->a);
    part_decode(v, n, s->a);
    put(v, "  wire [%d:0] f%d = {%d'd0, a%d_g} << a%d_e;\n  wire unused_f%d = f%d[0]; // the exponent is at least 1\n", have, j, have - s->a->mantissa_bits, j, j, j, j);
    put(v, "  wire [%d:0] m%d = f%d[%d:1];\n", have - 1, j, j, have);
    snprintf(m, sizeof m, "m%d", j);
    snprintf(n, sizeof n, "x%d", j);
    part_extend(v, n, m, have, bits, false);
    put(v, "  wire [%d:0] v%d = (x%d ^ {%d{a%d_s}}) + {%d'd0, a%d_s};\n", bits - 1, j, j, bits, j, bits - 1, j);
}

/* Signed sums of activations from..to-1 as wires P_i, bit j of i the sign of activation from + j: negative where 0. Those with the top bit 0
 * are the others' negatives, so adders are made for the half with the top bit 1. */
static void sums(FILE *v, const char *p, int from, int to, int bits)
{
    int n = to - from;

    for (unsigned i = 1u << (n - 1); i < 1u << n; i++) {
        put(v, "  wire [%d:0] %s_%u = v%d", bits - 1, p, i, to - 1);
        for (int j = n - 2; j >= 0; j--)
            put(v, " %c v%d", i >> j & 1 ? '+' : '-', from + j);
        put(v, ";\n");
    }
}

/* s{i}: entry i, sums of the two halves. Its top bit is 0: the upper half counts negative. */
static void entry_sum(const struct rtl_spec *s, FILE *v, unsigned i, int bits)
{
    int k = (int)s->lanes, h = k / 2;
    unsigned upper = ~(i >> h) & ((1u << (k - h)) - 1), lower = i & ((1u << h) - 1), mask = (1u << h) - 1;
    bool plus = h > 0 && lower >> (h - 1);

    put(v, "  wire [%d:0] s%u = %d'd0 - u_%u", bits - 1, i, bits, upper);
    if (h > 0)
        put(v, " %c l_%u", plus ? '+' : '-', plus ? lower : ~lower & mask);
    put(v, ";\n");
}

static void entry_float(const struct rtl_spec *s, FILE *v, unsigned i, int bits)
{
    const struct format *t = s->table;
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };
    int n = t->exponent_bits + t->mantissa_bits, top = bits - 2 + unit_exponent(s->a) - (1 - format_bias(t)), pad = top < 0 ? -top : 0, eb;
    char p[32], m[32], x[32], sign[48], code[64], packed[32];

    snprintf(m, sizeof m, "g%u", i);
    if (pad > 0)
        put(v, "  wire [%d:0] g%u = {%d'd0, s%u[%d] ? %d'd0 - s%u[%d:0] : s%u[%d:0]};\n", bits - 2 + pad, i, pad, i, bits - 1, bits - 1, i, bits - 2, i, bits - 2);
    else
        put(v, "  wire [%d:0] g%u = s%u[%d] ? %d'd0 - s%u[%d:0] : s%u[%d:0];\n", bits - 2, i, i, bits - 1, bits - 1, i, bits - 2, i, bits - 2);
    top += pad;
    eb = bits_for(top + 1) > 0 ? bits_for(top + 1) : 1;
    put(v, "  wire [%d:0] x%u_c = %d'd%d;\n", eb - 1, i, eb, top);
    snprintf(x, sizeof x, "x%u_c", i);
    snprintf(p, sizeof p, "r%u", i);
    part_round(v, p, m, bits - 1 + pad, x, eb, false, t, &rule);
    snprintf(sign, sizeof sign, "s%u[%d]", i, bits - 1);
    snprintf(code, sizeof code, "r%u_code", i);
    snprintf(packed, sizeof packed, "k%u", i);
    part_pack(v, packed, sign, code, t);
    put(v, "  wire plus%u = ", i);
    for (int sg = 0; sg < 2; sg++) {
        for (int j = 0; j < s->lanes; j++)
            put(v, "%s(a%d_inf & %sa%d_s)", j > 0 ? " | " : "", j, (i >> j & 1) != (unsigned)sg ? "~" : "", j);
        put(v, sg == 0 ? ", minus%u = " : ";\n", i);
    }
    put(v, "  assign t[%d:%d] = nan | (plus%u & minus%u) ? %d'd%u : plus%u | minus%u ? {minus%u, %d'd%u} : k%u;\n", (int)(i + 1) * (n + 1) - 1, (int)i * (n + 1), i, i,
        n + 1, code_of(t, NAN, true), i, i, i, n, magnitude_largest(t), i);
}

static void entry_integer(const struct rtl_spec *s, FILE *v, unsigned i, int bits)
{
    int want = lut_entry_bits(s), high = (int)(i + 1) * want - 1, low = (int)i * want;
    char from[32], to[32];

    if (want < bits) /* clamp */
        put(v, "  assign t[%d:%d] = ~s%u[%d] & (|s%u[%d:%d]) ? {1'b0, {%d{1'b1}}} : s%u[%d] & ~(&s%u[%d:%d]) ? {1'b1, %d'd%d} : s%u[%d:0];\n", high, low, i, bits - 1, i,
            bits - 2, want - 1, want - 1, i, bits - 1, i, bits - 2, want - 1, want - 1, s->table != NULL && s->table->symmetric, i, want - 1);
    else {
        snprintf(from, sizeof from, "s%u", i);
        snprintf(to, sizeof to, "k%u", i);
        part_extend(v, to, from, bits, want, true);
        put(v, "  assign t[%d:%d] = k%u;\n", high, low, i);
    }
}

static void body(const struct rtl_spec *s, FILE *v)
{
    bool fraction = s->a->family == FORMAT_FLOAT;
    struct rtl_spec exact = *s;
    int k = (int)s->lanes, h = k / 2, bits;

    exact.table = NULL;
    bits = fraction ? fixed_bits(s->a) + 1 + bits_for(k) : lut_entry_bits(&exact);
    for (int j = 0; j < k; j++)
        operand(s, v, j, bits);
    if (h > 0)
        sums(v, "l", 0, h, bits);
    sums(v, "u", h, k, bits);
    if (fraction) {
        put(v, "  wire nan = a0_nan");
        for (int j = 1; j < k; j++)
            put(v, " | a%d_nan", j);
        put(v, ";\n");
    }
    for (unsigned i = 0; i < 1u << (k - 1); i++) {
        entry_sum(s, v, i, bits);
        (fraction ? entry_float : entry_integer)(s, v, i, bits);
    }
}

static int schedule(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles)
{
    (void)w, (void)groups;
    cycles[0] = (struct rtl_cycle){ .groups = 1 };
    for (int i = 0; i < s->lanes; i++)
        vector_set(cycles[0].in, i * format_code_bits(s->a), format_code_bits(s->a), a[i]);
    return 1;
}

static void reference(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    (void)w, (void)groups;
    for (unsigned i = 0; i < 1u << (s->lanes - 1); i++)
        vector_set(out, (int)i * lut_entry_bits(s), lut_entry_bits(s), lut_entry(s, a, i));
}

static const struct rtl_param params[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_FORMAT("table", table, "none", "format of the entries; none: exact sums of integers"),
    RTL_PARAM_COUNT("lanes", lanes, "k", "4", 1, 6, "activations a table covers (K)"), { 0 },
};

const struct rtl_unit unit_lut_precompute = {
    .name = "lut_precompute", .summary = "table of a look-up unit: 2^(K-1) signed sums of K activations, combinational",
    .equals = "format_encode(exact sum), saturating (formats/codec.h), as dot_run() with DOT_LUT builds its tables",
    .params = params, .check = check, .ports = ports, .body = body, .schedule = schedule, .reference = reference,
};

/* ---- conventional ---------------------------------------------------------------------------------------------------- */

static enum status check_conventional(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = integer_dot(s);
    enum status st = check_integers(s, err);

    if (st == STATUS_OK && s->w->family != FORMAT_INT)
        return error_plain(err, STATUS_BAD_INPUT, "w=%s, expected int1 to int8 or uint2 to uint8: planes of 0 and 1", s->w->name);
    return st ? st : dot_check(&d, s->lanes, err);
}

static int ports_conventional(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * s->a->bits, false);

    n = port(p, n, "w", (int)s->lanes * s->w->bits, false);
    return port(p, n, "q", (int)s->width, true);
}

/* o{b}: sum of the activations whose weight has bit b, out of the full table. */
static void full_look_up(const struct rtl_spec *s, FILE *v, const char *w, int b, int bits)
{
    int k = (int)s->lanes;

    put(v, "  wire [%d:0] i%d = {", k - 1, b);
    for (int j = k - 1; j >= 0; j--)
        put(v, "%s[%d]%s", w, j * s->w->bits + b, j > 0 ? ", " : "};\n");
    put(v, "  reg [%d:0] o%d;\n  always @(*)\n    case (i%d)\n", bits - 1, b, b);
    for (unsigned i = 0; i < 1u << k; i++)
        if (i + 1 < 1u << k)
            put(v, "      %d'd%u: o%d = t%u;\n", k, i, b, i);
        else
            put(v, "      default: o%d = t%u;\n    endcase\n", b, i);
}

static void body_conventional(const struct rtl_spec *s, FILE *v)
{
    int k = (int)s->lanes, bits = integer_bits(s->a) + bits_for(k), wide = bits + s->w->bits + 1;
    char a[64], w[64], n[32], m[64], sum[64], clear[32];

    staged(a, s, v, 2, "a", k * s->a->bits);
    staged(w, s, v, 2, "w", k * s->w->bits);
    for (int j = 0; j < k; j++) {
        part_lane(v, lane_name(n, "a", j), a, j, s->a->bits);
        part_integer(v, n, s->a);
        snprintf(m, sizeof m, "a%d_v", j);
        part_extend(v, lane_name(n, "v", j), m, integer_bits(s->a), bits, true);
    }
    put(v, "  wire [%d:0] t0 = %d'd0;\n", bits - 1, bits);
    for (int j = 0; j < k; j++)
        for (unsigned i = 0; i < 1u << j; i++)
            put(v, "  wire [%d:0] t%u = t%u + v%d;\n", bits - 1, (1u << j) + i, i, j);
    for (int b = 0; b < s->w->bits; b++) {
        char o[32];
        full_look_up(s, v, w, b, bits);
        part_extend(v, lane_name(n, "y", b), lane_name(o, "o", b), bits, wide, true);
    }
    put(v, "  wire [%d:0] sum = ", wide - 1);
    for (int b = 0; b < s->w->bits; b++) {
        bool negative = b == s->w->bits - 1 && !s->w->is_unsigned;
        put(v, "%s", negative ? (b > 0 ? " - " : "-") : b > 0 ? " + " : "");
        if (b > 0)
            put(v, "{y%d[%d:0], %d'd0}", b, wide - 1 - b, b);
        else
            put(v, "y0");
    }
    put(v, ";\n");
    for (int b = 1; b < s->w->bits; b++)
        put(v, "  wire unused_y%d = ^y%d[%d:%d];\n", b, b, wide - 1, wide - b);
    staged(sum, s, v, 1, "sum", wide);
    part_accumulate(s, v, sum, wide, delayed_clear(clear, s, v));
}

static void reference_conventional(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = integer_dot(s);

    vector_set(out, 0, (int)s->width, groups > 0 ? dot_run(&d, a, w, groups * s->lanes).bits[0] : 0);
}

static const struct rtl_param params_conventional[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_W("int2"), RTL_PARAM_COUNT("lanes", lanes, "k", "4", 1, 6, "activations a table covers (K)"),
    RTL_PARAM_COUNT("width", width, "w", "32", 2, 63, "accumulator bits"), RTL_PARAM_OVERFLOW, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_lut_conventional = {
    .name = "lut_conventional", .summary = "look-up unit with the full table of 2^K sums made beside it, all planes in one cycle",
    .equals = "dot_run(), DOT_INTEGER (formats/dot.h)",
    .params = params_conventional, .clocked = true, .check = check_conventional, .ports = ports_conventional, .body = body_conventional,
    .schedule = schedule_dot, .reference = reference_conventional,
};
