/* SPDX-License-Identifier: Apache-2.0 */
/* Integer multiplier and dot product (one lane: a multiply-accumulate). Any pair of integer, bipolar, binary and ternary formats. */
#include "costmodel/rtl/columns.h"
#include "costmodel/rtl/units.h"

static enum status check_mul(struct rtl_spec *s, struct error *err)
{
    return check_integers(s, err);
}

static int product_bits(const struct rtl_spec *s)
{
    return integer_bits(s->a) + integer_bits(s->w);
}

static int ports_mul(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", s->a->bits, false);

    n = port(p, n, "w", s->w->bits, false);
    return port(p, n, "p", product_bits(s), true);
}

static void body_mul(const struct rtl_spec *s, FILE *v)
{
    part_integer(v, "a", s->a);
    part_integer(v, "w", s->w);
    part_multiply(v, "y", "a_v", integer_bits(s->a), "w_v", integer_bits(s->w), true, s->tree);
    put(v, "  assign p = y;\n");
}

static void reference_mul(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    (void)groups;
    vector_set(out, 0, product_bits(s), (uint64_t)(int64_t)(format_decode(s->a, a[0]) * format_decode(s->w, w[0])));
}

static const struct rtl_param params_mul[] = { RTL_PARAM_A("int8"), RTL_PARAM_W("int8"), RTL_PARAM_TREE, { 0 } };

const struct rtl_unit unit_int_mul = {
    .name = "int_mul", .summary = "integer multiplier, combinational", .equals = "format_decode(a) * format_decode(w) in two's complement (formats/codec.h)",
    .params = params_mul, .check = check_mul, .ports = ports_mul, .body = body_mul, .schedule = schedule_dot, .reference = reference_mul,
};

/* ---- dot product ---------------------------------------------------------------------------------------------------- */

static enum status check_dot(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = integer_dot(s);
    enum status st = check_integers(s, err);

    return st ? st : dot_check(&d, s->lanes, err);
}

static int ports_dot(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", (int)s->lanes * s->a->bits, false);

    n = port(p, n, "w", (int)s->lanes * s->w->bits, false);
    return port(p, n, "q", (int)s->width, true);
}

/* All partial products, and the accumulator where nothing stands between, in one tree. */
static void body_columns(const struct rtl_spec *s, FILE *v, int bits)
{
    bool all = !s->saturate && s->stages == 0;
    struct columns c;
    char a[32], w[32], sum[64], clear[32];

    columns_open(&c, v, "t", all ? (int)s->width : bits);
    if (all)
        put(v, "  reg [%d:0] acc;\n  assign q = acc;\n", (int)s->width - 1);
    for (int i = 0; i < s->lanes; i++) {
        snprintf(a, sizeof a, "a%d_v", i);
        snprintf(w, sizeof w, "w%d_v", i);
        columns_product(&c, a, integer_bits(s->a), true, w, integer_bits(s->w), true);
    }
    if (all)
        columns_add(&c, "acc", (int)s->width);
    columns_sum(&c);
    if (all) {
        put(v, "  always @(posedge clk) acc <= clr ? %d'd0 : t_sum;\n", (int)s->width);
        return;
    }
    staged(sum, s, v, 1, "t_sum", bits);
    part_accumulate(s, v, sum, bits, delayed_clear(clear, s, v));
}

static void body_dot(const struct rtl_spec *s, FILE *v)
{
    int pb = product_bits(s), bits = pb + bits_for(s->lanes);
    char a[64], w[64], n[32], sum[64], clear[32], product[32], wide[32];

    staged(a, s, v, 2, "a", (int)s->lanes * s->a->bits);
    staged(w, s, v, 2, "w", (int)s->lanes * s->w->bits);
    for (int i = 0; i < s->lanes; i++) {
        part_lane(v, lane_name(n, "a", i), a, i, s->a->bits);
        part_integer(v, n, s->a);
        part_lane(v, lane_name(n, "w", i), w, i, s->w->bits);
        part_integer(v, n, s->w);
    }
    if (s->tree == TREE_COLUMNS) {
        body_columns(s, v, bits);
        return;
    }
    for (int i = 0; i < s->lanes; i++) {
        char av[32], wv[32];
        snprintf(av, sizeof av, "a%d_v", i);
        snprintf(wv, sizeof wv, "w%d_v", i);
        part_multiply(v, lane_name(product, "p", i), av, integer_bits(s->a), wv, integer_bits(s->w), true, s->tree);
        part_extend(v, lane_name(wide, "e", i), product, pb, bits, true);
    }
    put(v, "  wire [%d:0] sum = e0", bits - 1);
    for (int i = 1; i < s->lanes; i++)
        put(v, " + e%d", i);
    put(v, ";\n");
    staged(sum, s, v, 1, "sum", bits);
    part_accumulate(s, v, sum, bits, delayed_clear(clear, s, v));
}

static void reference_dot(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = integer_dot(s);

    vector_set(out, 0, (int)s->width, groups > 0 ? dot_run(&d, a, w, groups * s->lanes).bits[0] : 0);
}

static const struct rtl_param params_dot[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_W("int8"), RTL_PARAM_LANES("1", RTL_LANES_MAX),
    RTL_PARAM_COUNT("width", width, "w", "32", 2, 63, "accumulator bits"), RTL_PARAM_OVERFLOW, RTL_PARAM_TREE, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_int_dot = {
    .name = "int_dot", .summary = "integer dot product into a register that wraps or saturates; one lane: a MAC", .equals = "dot_run(), DOT_INTEGER (formats/dot.h)",
    .params = params_dot, .clocked = true, .check = check_dot, .ports = ports_dot, .body = body_dot, .schedule = schedule_dot, .reference = reference_dot,
};
