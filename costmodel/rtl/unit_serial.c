/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units without multiplier and table. bit_serial: one plane of each operand a cycle, AND (bipolar: XNOR) and count, shifted and added (UNPU-like).
 * add_dot: one plane of the weights a cycle, each activation added or subtracted: the ADD baseline of arXiv 2408.06003.
 */
#include "costmodel/rtl/units.h"

static bool bipolar(const struct format *f)
{
    return f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY;
}

static bool top_negative(const struct format *f)
{
    return (f->family == FORMAT_INT && !f->is_unsigned) || f->family == FORMAT_TERNARY;
}

static struct dot_spec serial_of(const struct rtl_spec *s)
{
    return (struct dot_spec){ .kind = DOT_BIT_SERIAL, .a = s->a, .w = s->w, .lanes = (int)s->lanes, .width = (int)s->width, .saturate = s->saturate };
}

static enum status check_serial(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = serial_of(s);
    enum status st = check_integers(s, err);

    if (st == STATUS_OK && bipolar(s->a) != bipolar(s->w))
        return error_plain(err, STATUS_BAD_INPUT, "a=%s w=%s: planes of 0/1 and of -1/+1 do not mix", s->a->name, s->w->name);
    return st ? st : dot_check(&d, s->lanes, err);
}

static int shift_bits(const struct rtl_spec *s)
{
    return bits_for(s->a->bits + s->w->bits - 1);
}

static int ports_serial(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes, false);

    n = port(p, n, "w", (int)s->lanes, false);
    if (shift_bits(s) > 0)
        n = port(p, n, "plane", shift_bits(s), false);
    n = port(p, n, "minus", 1, false);
    return port(p, n, "q", (int)s->width, true);
}

/* The plane's sum, at its place (plane NULL: there is one), into the accumulator. */
static void add_plane(const struct rtl_spec *s, FILE *v, const char *wire, const char *plane, int wide)
{
    char sum[64], clear[32];

    put(v, "  wire [%d:0] sum = %s%s%s;\n", wide - 1, wire, plane ? " << " : "", plane ? plane : "");
    staged(sum, s, v, 1, "sum", wide);
    part_accumulate(s, v, sum, wide, delayed_clear(clear, s, v));
}

static void body_serial(const struct rtl_spec *s, FILE *v)
{
    int k = (int)s->lanes, cb = bits_for(k + 1) + 1, wide = cb + 1 + s->a->bits + s->w->bits - 2;
    char a[64], w[64], plane[64] = "plane", minus[64];

    staged(a, s, v, 2, "a", k);
    staged(w, s, v, 2, "w", k);
    staged(minus, s, v, 2, "minus", 1);
    if (shift_bits(s) > 0)
        staged(plane, s, v, 2, "plane", shift_bits(s));
    put(v, "  wire [%d:0] hit = %s %s %s;\n  wire [%d:0] ones =", k - 1, a, bipolar(s->a) ? "^" : "&", w, cb - 1);
    for (int i = 0; i < k; i++)
        put(v, " %s{%d'd0, hit[%d]}", i > 0 ? "+ " : "", cb - 1, i);
    put(v, ";\n");
    if (bipolar(s->a)) /* equal bits less unequal ones */
        put(v, "  wire [%d:0] count = %d'd%d - {ones, 1'b0};\n", cb, cb + 1, k);
    else
        put(v, "  wire [%d:0] count = {1'b0, ones};\n", cb);
    put(v, "  wire [%d:0] x = (count ^ {%d{%s}}) + {%d'd0, %s};\n", cb, cb + 1, minus, cb, minus);
    part_extend(v, "y", "x", cb + 1, wide, true);
    add_plane(s, v, "y", shift_bits(s) > 0 ? plane : NULL, wide);
}

static int schedule_serial(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles)
{
    int k = (int)s->lanes, sb = shift_bits(s), n = 0;

    for (int p = 0; p < s->a->bits; p++)
        for (int q = 0; q < s->w->bits; q++)
            for (int g = 0; g < groups; g++) {
                struct rtl_cycle *c = &cycles[n++];
                *c = (struct rtl_cycle){ .groups = 0 };
                for (int i = 0; i < k; i++) {
                    uint32_t ca = a[g * k + i], cw = w[g * k + i];
                    ca = s->a->family == FORMAT_TERNARY ? ca + 3 : ca; /* code - 1 in two's complement */
                    cw = s->w->family == FORMAT_TERNARY ? cw + 3 : cw;
                    vector_set(c->in, i, 1, ca >> p & 1);
                    vector_set(c->in, k + i, 1, cw >> q & 1);
                }
                vector_set(c->in, 2 * k, sb, (uint64_t)(p + q));
                vector_set(c->in, 2 * k + sb, 1, (top_negative(s->a) && p == s->a->bits - 1) != (top_negative(s->w) && q == s->w->bits - 1));
            }
    cycles[n - 1].groups = groups;
    return n;
}

static void reference_serial(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = serial_of(s);

    vector_set(out, 0, (int)s->width, groups > 0 ? dot_run(&d, a, w, groups * s->lanes).bits[0] : 0);
}

static const struct rtl_param params_serial[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_W("int2"), RTL_PARAM_LANES("16", RTL_LANES_MAX),
    RTL_PARAM_COUNT("width", width, "w", "32", 2, 63, "accumulator bits"), RTL_PARAM_OVERFLOW, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_bit_serial = {
    .name = "bit_serial", .summary = "bit-serial dot product: one plane of each operand a cycle", .equals = "dot_run(), DOT_BIT_SERIAL (formats/dot.h)",
    .params = params_serial, .clocked = true, .check = check_serial, .ports = ports_serial, .body = body_serial, .schedule = schedule_serial,
    .reference = reference_serial,
};

/* ---- additions and subtractions -------------------------------------------------------------------------------------- */

static enum status check_add(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = { .kind = DOT_LUT, .a = s->a, .w = s->w, .lanes = (int)s->lanes, .width = (int)s->width };
    enum status st = check_integers(s, err);

    if (st == STATUS_OK)
        st = check_lut_weights(s, err);
    return st ? st : dot_check(&d, s->lanes, err);
}

static int plane_bits(const struct rtl_spec *s)
{
    return bits_for(s->w->bits);
}

static int ports_add(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * s->a->bits, false);

    n = port(p, n, "w", (int)s->lanes, false);
    if (plane_bits(s) > 0)
        n = port(p, n, "plane", plane_bits(s), false);
    return port(p, n, "q", (int)s->width, true);
}

static void body_add(const struct rtl_spec *s, FILE *v)
{
    int k = (int)s->lanes, ib = integer_bits(s->a), bits = ib + 1 + bits_for(k), wide = bits + s->w->bits - 1;
    char a[64], w[64], plane[64] = "plane", n[32], m[64];

    staged(a, s, v, 2, "a", k * s->a->bits);
    staged(w, s, v, 2, "w", k);
    if (plane_bits(s) > 0)
        staged(plane, s, v, 2, "plane", plane_bits(s));
    for (int j = 0; j < k; j++) {
        part_lane(v, lane_name(n, "a", j), a, j, s->a->bits);
        part_integer(v, n, s->a);
        snprintf(m, sizeof m, "a%d_v", j);
        part_extend(v, lane_name(n, "x", j), m, ib, bits, true);
        put(v, "  wire [%d:0] v%d = %s[%d] ? x%d : ~x%d;\n", bits - 1, j, w, j, j, j);
    }
    put(v, "  wire [%d:0] y =", bits - 1);
    for (int j = 0; j < k; j++) /* minus x = ~x + 1 */
        put(v, " %sv%d + {%d'd0, ~%s[%d]}", j > 0 ? "+ " : "", j, bits - 1, w, j);
    put(v, ";\n");
    part_extend(v, "yy", "y", bits, wide, true);
    add_plane(s, v, "yy", plane_bits(s) > 0 ? plane : NULL, wide);
}

static int schedule_add(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles)
{
    int k = (int)s->lanes, ab = s->a->bits, passes = s->w->bits + lut_corrected(s->w), n = 0;

    for (int g = 0; g < groups; g++, a += k, w += k)
        for (int pass = 0; pass < passes; pass++) {
            struct rtl_cycle *c = &cycles[n++];
            *c = (struct rtl_cycle){ .groups = pass == passes - 1 ? g + 1 : 0 };
            for (int j = 0; j < k; j++) {
                vector_set(c->in, j * ab, ab, a[j]);
                vector_set(c->in, k * ab + j, 1, pass < s->w->bits && (lut_plane_code(s->w, w[j]) >> pass & 1)); /* the correction: all minus */
            }
            vector_set(c->in, k * ab + k, plane_bits(s), pass < s->w->bits ? (uint64_t)pass : 0);
        }
    return n;
}

static const struct rtl_param params_add[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_W("int2"), RTL_PARAM_COUNT("lanes", lanes, "k", "4", 1, 8, "activations added a cycle"),
    RTL_PARAM_COUNT("width", width, "w", "32", 2, 60, "accumulator bits"), RTL_PARAM_OVERFLOW, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_add_dot = {
    .name = "add_dot", .summary = "dot product by additions and subtractions: one plane of the weights a cycle",
    .equals = "dot_run(), DOT_LUT with exact tables: the register holds twice the sum where weights need the correction (formats/dot.h)",
    .params = params_add, .clocked = true, .check = check_add, .ports = ports_add, .body = body_add, .schedule = schedule_add, .reference = reference_lut,
};
