/* SPDX-License-Identifier: Apache-2.0 */
/* Fused multiply-add into a float accumulator, rounded once (nearest even), and a float adder. NaN, infinity and subnormals as IEEE 754. */
#include <math.h>

#include "costmodel/rtl/float_term.h"
#include "costmodel/rtl/units.h"

static enum status check_mac(struct rtl_spec *s, struct error *err)
{
    if (s->a->family != FORMAT_FLOAT || s->w->family != FORMAT_FLOAT || s->a->mantissa_bits > 10 || s->w->mantissa_bits > 10)
        return error_plain(err, STATUS_BAD_INPUT, "a=%s w=%s, expected floats of at most 10 mantissa bits", s->a->name, s->w->name);
    return check_accumulator(s, err);
}

static int ports_mac(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", format_code_bits(s->a), false);

    n = port(p, n, "w", format_code_bits(s->w), false);
    return port(p, n, "q", format_code_bits(s->accumulator), true);
}

/* The product as a term not yet normalised: p_g0, p_e0, and its flags. */
static int product(const struct rtl_spec *s, FILE *v, const char *a, const char *w)
{
    int eb = (s->a->exponent_bits > s->w->exponent_bits ? s->a->exponent_bits : s->w->exponent_bits) + 1;

    part_lane(v, "a0", a, 0, format_code_bits(s->a));
    part_lane(v, "w0", w, 0, format_code_bits(s->w));
    part_decode(v, "a0", s->a);
    part_decode(v, "w0", s->w);
    part_extend(v, "a0_ex", "a0_e", s->a->exponent_bits, eb, false);
    part_extend(v, "w0_ex", "w0_e", s->w->exponent_bits, eb, false);
    put(v, "  wire [%d:0] p_e0 = a0_ex + w0_ex;\n", eb - 1);
    part_multiply(v, "p_g0", "a0_g", s->a->mantissa_bits + 1, "w0_g", s->w->mantissa_bits + 1, false, s->tree);
    put(v, "  wire p_s0 = a0_s ^ w0_s;\n");
    put(v, "  wire p_nan0 = a0_nan | w0_nan | (a0_inf & ~(|w0_g)) | (w0_inf & ~(|a0_g)), p_inf0 = a0_inf | w0_inf;\n");
    return eb;
}

static void body_mac(const struct rtl_spec *s, FILE *v)
{
    const struct format *f = s->accumulator;
    int n = s->a->mantissa_bits + s->w->mantissa_bits + 2;
    char a[64], w[64], wire[64], clear[32];

    staged(a, s, v, 2, "a", format_code_bits(s->a));
    staged(w, s, v, 2, "w", format_code_bits(s->w));
    int eb = product(s, v, a, w);
    /* p_e0 counts from 2; value = p_g0 2^(p_e0 - 2 + units) */
    int64_t k = -2 + unit_exponent(s->a) + unit_exponent(s->w) + n - 1 - (1 - format_bias(f));
    struct float_term t = float_term(n, ((int64_t)1 << s->a->exponent_bits) + ((int64_t)1 << s->w->exponent_bits) - 2, k, f);
    part_term(v, "p0", "p_g0", "p_e0", n, eb, k, &t);
    put(v, "  wire [%d:0] p_g = %s;\n", t.bits - 1, staged(wire, s, v, 1, "p0_g", t.bits));
    put(v, "  wire [%d:0] p_x = %s;\n", t.exponent_bits - 1, staged(wire, s, v, 1, "p0_x", t.exponent_bits));
    put(v, "  wire [2:0] p_flags = {p_s0, p_nan0, p_inf0};\n");
    staged(wire, s, v, 1, "p_flags", 3);
    put(v, "  wire p_s = %s[2], p_nan = %s[1], p_inf = %s[0];\n", wire, wire, wire);
    part_float_register(v, f, &t);
    part_add(v, "r", "p", "c", t.bits, t.exponent_bits, f);
    put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : r_code;\n", delayed_clear(clear, s, v), format_code_bits(f));
}

static void reference_mac(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = { .kind = DOT_FMA_CHAIN, .a = s->a, .w = s->w, .accumulator = s->accumulator };

    vector_set(out, 0, format_code_bits(s->accumulator), groups > 0 ? dot_run(&d, a, w, groups).bits[0] : 0);
}

static const struct rtl_param params_mac[] = { RTL_PARAM_A("e4m3"), RTL_PARAM_W("e4m3"), RTL_PARAM_ACC("fp32"), RTL_PARAM_TREE, RTL_PARAM_STAGES(2), { 0 } };

const struct rtl_unit unit_float_mac = {
    .name = "float_mac", .summary = "fused multiply-add of floats into a float accumulator, one rounding", .equals = "dot_run(), DOT_FMA_CHAIN (formats/dot.h)",
    .params = params_mac, .clocked = true, .check = check_mac, .ports = ports_mac, .body = body_mac, .schedule = schedule_dot, .reference = reference_mac,
};

/* ---- adder ----------------------------------------------------------------------------------------------------------- */

static enum status check_add(struct rtl_spec *s, struct error *err)
{
    s->accumulator = s->w = s->a;
    if (s->a->family == FORMAT_FLOAT && s->a->mantissa_bits > 0 && s->a->exponent_bits > 1)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "a=%s, expected a float with a mantissa, as fp16", s->a->name);
}

static int ports_add(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "a", format_code_bits(s->a), false);

    n = port(p, n, "w", format_code_bits(s->a), false);
    return port(p, n, "q", format_code_bits(s->a), true);
}

static void body_add(const struct rtl_spec *s, FILE *v)
{
    const struct format *f = s->a;
    int n = f->mantissa_bits + 1;
    struct float_term t = float_term(n, ((int64_t)1 << f->exponent_bits) - 1, -1, f);

    part_decode(v, "a", f);
    part_decode(v, "w", f);
    part_term(v, "x", "a_g", "a_e", n, f->exponent_bits, -1, &t);
    put(v, "  wire x_s = a_s, x_nan = a_nan, x_inf = a_inf, y_s = w_s, y_nan = w_nan, y_inf = w_inf;\n");
    part_aligned(v, "y", "w", f, &t);
    part_add(v, "r", "x", "y", t.bits, t.exponent_bits, f);
    put(v, "  assign q = r_code;\n");
}

static void reference_add(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    (void)groups;
    vector_set(out, 0, format_code_bits(s->a), code_of(s->a, dot_fma(s->a, format_decode(s->a, a[0]), 1, format_decode(s->a, w[0])), false));
}

static const struct rtl_param params_add[] = { RTL_PARAM_A("fp16"), { 0 } };

const struct rtl_unit unit_float_add = {
    .name = "float_add", .summary = "float adder, nearest even, combinational", .equals = "dot_fma(a, 1, w) (formats/dot.h)",
    .params = params_add, .check = check_add, .ports = ports_add, .body = body_add, .schedule = schedule_dot, .reference = reference_add,
};
