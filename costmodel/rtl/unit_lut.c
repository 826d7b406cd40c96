/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up mpGEMM unit (arXiv 2408.06003): a table of 2^(K-1) sums of K activations comes in by a port, shared by many such units; an index
 * of K bits selects an entry (low K - 1 bits) and its sign (top bit). The inversion of the low bits under the sign is done offline on the
 * weights: T[~i] = -T[i]. Bit planes one a cycle, or all at once (integers).
 */
#include <math.h>

#include "costmodel/rtl/float_term.h"
#include "costmodel/rtl/units.h"

bool lut_corrected(const struct format *w)
{
    return w->family == FORMAT_INT || w->family == FORMAT_TERNARY;
}

uint32_t lut_plane_code(const struct format *w, uint32_t code)
{
    if (w->family == FORMAT_TERNARY)
        return code + 1;
    return w->family == FORMAT_INT && !w->is_unsigned ? code ^ (uint32_t)1 << (w->bits - 1) : code;
}

/* Entries that are exact sums of integers: K times the largest magnitude, either sign. */
static int exact_bits(const struct rtl_spec *s)
{
    int64_t most = (int64_t)fmax(fabs(format_lowest(s->a)), format_largest(s->a)) * s->lanes;

    return signed_bits(-most, most);
}

int lut_entry_bits(const struct rtl_spec *s)
{
    return s->table != NULL ? format_code_bits(s->table) : exact_bits(s);
}

uint64_t lut_entry(const struct rtl_spec *s, const uint32_t *a, unsigned index)
{
    double sum = 0;

    for (int j = 0; j < s->lanes; j++)
        sum += index >> j & 1 ? format_decode(s->a, a[j]) : -format_decode(s->a, a[j]);
    return s->table != NULL ? code_of(s->table, sum, true) : (uint64_t)(int64_t)sum;
}

enum status check_lut_weights(const struct rtl_spec *s, struct error *err)
{
    if (is_integer(s->w) && s->w->bits <= 8 && !(s->w->family == FORMAT_INT && s->w->is_unsigned))
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "w=%s, expected int1 to int8, bipolar2 to bipolar8 or ternary (unsigned weights need a correction that is no power of two)",
                       s->w->name);
}

static struct dot_spec dot_of(const struct rtl_spec *s)
{
    return (struct dot_spec){ .kind = DOT_LUT, .a = s->a, .w = s->w, .accumulator = s->accumulator, .table = s->table, .lanes = (int)s->lanes,
                              .width = (int)s->width, .saturate = s->saturate };
}

void reference_lut(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS])
{
    struct dot_spec d = dot_of(s);
    int bits = s->accumulator != NULL ? format_code_bits(s->accumulator) : (int)s->width;

    vector_set(out, 0, bits, groups > 0 ? dot_run(&d, a, w, groups * s->lanes).bits[0] : 0);
}

static enum status check(struct rtl_spec *s, struct error *err)
{
    struct dot_spec d = dot_of(s);
    enum status st;

    if ((st = check_lut_weights(s, err)))
        return st;
    if (s->accumulator != NULL) {
        if (s->table == NULL || s->table->family != FORMAT_FLOAT || s->a->family != FORMAT_FLOAT)
            return error_plain(err, STATUS_BAD_INPUT, "a float accumulator needs a table of floats: a=fp16 table=fp16, or table=e4m3");
        if ((st = check_accumulator(s, err)))
            return st;
    } else if (!is_integer(s->a) || s->a->bits > 8 || (s->table != NULL && (s->table->family != FORMAT_INT || s->table->is_unsigned || s->table->bits > 16))) {
        return error_plain(err, STATUS_BAD_INPUT, "an integer accumulator needs integer activations and a table of int2 to int16, or exact (table=none)");
    }
    if (s->planes != 1 && (s->planes != s->w->bits || s->accumulator != NULL || s->saturate))
        return error_plain(err, STATUS_BAD_INPUT, "planes=%lld, expected 1, or all %d of %s with an integer accumulator that wraps", (long long)s->planes,
                           s->w->bits, s->w->name);
    return dot_check(&d, s->lanes, err);
}

static int entries_of(const struct rtl_spec *s)
{
    return 1 << (s->lanes - 1);
}

static int shift_bits(const struct rtl_spec *s)
{
    return s->planes == 1 ? bits_for(s->w->bits) : 0;
}

static int ports(const struct rtl_spec *s, struct rtl_port p[RTL_PORTS_MAX])
{
    int n = port(p, 0, "t", entries_of(s) * lut_entry_bits(s), false);

    n = port(p, n, "w", (int)(s->planes * s->lanes), false);
    if (shift_bits(s) > 0)
        n = port(p, n, "plane", shift_bits(s), false);
    return port(p, n, "q", s->accumulator != NULL ? format_code_bits(s->accumulator) : (int)s->width, true);
}

/* Entry of plane b as wire e{b}, its sign flip as n{b}. */
static void look_up(const struct rtl_spec *s, FILE *v, const char *t, const char *w, int b)
{
    int k = (int)s->lanes, bits = lut_entry_bits(s), n = entries_of(s);

    put(v, "  wire n%d = %s[%d];\n", b, w, b * k + k - 1);
    if (n == 1) {
        put(v, "  wire [%d:0] e%d = %s;\n", bits - 1, b, t);
        return;
    }
    put(v, "  reg [%d:0] e%d;\n  always @(*)\n    case (%s[%d:%d])\n", bits - 1, b, w, b * k + k - 2, b * k);
    for (int i = 0; i < n; i++) {
        if (i + 1 < n)
            put(v, "      %d'd%d: e%d = %s[%d:%d];\n", k - 1, i, b, t, (i + 1) * bits - 1, i * bits);
        else
            put(v, "      default: e%d = %s[%d:%d];\n    endcase\n", b, t, (i + 1) * bits - 1, i * bits);
    }
}

static void body_integer(const struct rtl_spec *s, FILE *v, const char *t, const char *w, const char *plane)
{
    int bits = lut_entry_bits(s), most = s->w->bits - 1, wide = bits + 1 + most + bits_for(s->planes + 1);
    char clear[32], sum[64], x[32], y[32];

    for (int b = 0; b < s->planes; b++) {
        look_up(s, v, t, w, b);
        put(v, "  wire [%d:0] x%d = ({e%d[%d], e%d} ^ {%d{n%d}}) + {%d'd0, n%d};\n", bits, b, b, bits - 1, b, bits + 1, b, bits, b);
        part_extend(v, lane_name(y, "y", b), lane_name(x, "x", b), bits + 1, wide, true);
    }
    if (s->planes == 1 && shift_bits(s) > 0)
        put(v, "  wire [%d:0] sum = y0 << %s;\n", wide - 1, plane);
    else if (s->planes == 1)
        put(v, "  wire [%d:0] sum = y0;\n", wide - 1);
    else {
        if (lut_corrected(s->w)) { /* minus one half of the sum of activations, in units of one half: entry 0 is minus that sum */
            put(v, "  wire [%d:0] t0 = %s[%d:0];\n", bits - 1, t, bits - 1);
            part_extend(v, "half", "t0", bits, wide, true);
        }
        put(v, "  wire [%d:0] sum = y0", wide - 1);
        for (int b = 1; b < s->planes; b++)
            put(v, " + {y%d[%d:0], %d'd0}", b, wide - 1 - b, b);
        put(v, lut_corrected(s->w) ? " + half;\n" : ";\n");
        for (int b = 1; b < s->planes; b++)
            put(v, "  wire unused_y%d = ^y%d[%d:%d];\n", b, b, wide - 1, wide - b);
    }
    staged(sum, s, v, 1, "sum", wide);
    part_accumulate(s, v, sum, wide, delayed_clear(clear, s, v));
}

static void body_float(const struct rtl_spec *s, FILE *v, const char *t, const char *w, const char *plane)
{
    const struct format *f = s->accumulator, *table = s->table;
    int m = table->mantissa_bits + 1, n = m < 2 ? 2 : m, eb, sb = shift_bits(s);
    char wire[64], clear[32];

    look_up(s, v, t, w, 0);
    part_decode(v, "e0", table);
    eb = (table->exponent_bits > sb ? table->exponent_bits : sb) + 1;
    part_extend(v, "e0_ex", "e0_e", table->exponent_bits, eb, false);
    if (sb > 0)
        part_extend(v, "by", plane, sb, eb, false);
    put(v, "  wire [%d:0] l_e = e0_ex%s; // times 2^plane\n", eb - 1, sb > 0 ? " + by" : "");
    if (n > m)
        put(v, "  wire [1:0] l_g0 = {e0_g, 1'b0};\n");
    else
        put(v, "  wire [%d:0] l_g0 = e0_g;\n", n - 1);
    int64_t k = -1 - format_bias(table) + 1 - (1 - format_bias(f));
    struct float_term term = float_term(n, ((int64_t)1 << table->exponent_bits) + s->w->bits, k, f);
    part_term(v, "l", "l_g0", "l_e", n, eb, k, &term);
    put(v, "  wire [2:0] l_flags = {e0_s ^ n0, e0_nan, e0_inf};\n");
    put(v, "  wire [%d:0] p_g = %s;\n", term.bits - 1, staged(wire, s, v, 1, "l_g", term.bits));
    put(v, "  wire [%d:0] p_x = %s;\n", term.exponent_bits - 1, staged(wire, s, v, 1, "l_x", term.exponent_bits));
    staged(wire, s, v, 1, "l_flags", 3);
    put(v, "  wire p_s = %s[2], p_nan = %s[1], p_inf = %s[0];\n", wire, wire, wire);
    part_float_register(v, f, &term);
    part_add(v, "r", "p", "c", term.bits, term.exponent_bits, f);
    put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : r_code;\n", delayed_clear(clear, s, v), format_code_bits(f));
}

static void body(const struct rtl_spec *s, FILE *v)
{
    char t[64], w[64], plane[64] = "plane";

    staged(t, s, v, 2, "t", entries_of(s) * lut_entry_bits(s));
    staged(w, s, v, 2, "w", (int)(s->planes * s->lanes));
    if (shift_bits(s) > 0)
        staged(plane, s, v, 2, "plane", shift_bits(s));
    (s->accumulator != NULL ? body_float : body_integer)(s, v, t, w, plane);
}

/* Index of one plane over a group, with the inversion under the sign. */
static uint64_t encoded_index(const struct rtl_spec *s, const uint32_t *w, int plane)
{
    int k = (int)s->lanes;
    uint64_t index = 0, low = ((uint64_t)1 << (k - 1)) - 1;

    for (int j = 0; j < k; j++)
        index |= (uint64_t)(lut_plane_code(s->w, w[j]) >> plane & 1) << j;
    return index >> (k - 1) & 1 ? (~index & low) | (low + 1) : index;
}

static int schedule(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles)
{
    int k = (int)s->lanes, bits = lut_entry_bits(s), at = entries_of(s) * bits, n = 0;
    int passes = s->planes == 1 ? s->w->bits + lut_corrected(s->w) : 1;

    for (int g = 0; g < groups; g++, a += k, w += k)
        for (int pass = 0; pass < passes; pass++) {
            struct rtl_cycle *c = &cycles[n++];
            *c = (struct rtl_cycle){ .groups = pass == passes - 1 ? g + 1 : 0 };
            for (int i = 0; i < entries_of(s); i++)
                vector_set(c->in, i * bits, bits, lut_entry(s, a, (unsigned)i));
            if (s->planes > 1)
                for (int b = 0; b < s->planes; b++)
                    vector_set(c->in, at + b * k, k, encoded_index(s, w, b));
            else if (pass < s->w->bits) {
                vector_set(c->in, at, k, encoded_index(s, w, pass));
                vector_set(c->in, at + k, shift_bits(s), (uint64_t)pass);
            } /* else: index 0, plane 0 */
        }
    return n;
}

static const struct rtl_param params[] = {
    RTL_PARAM_A("int8"), RTL_PARAM_W("int2"), RTL_PARAM_FORMAT("table", table, "none", "format of the entries; none: exact sums of integers"),
    RTL_PARAM_FORMAT("acc", accumulator, "none", "float accumulator; none: integer of `width` bits"),
    RTL_PARAM_COUNT("lanes", lanes, "k", "4", 1, 6, "activations a table covers (K)"),
    RTL_PARAM_COUNT("planes", planes, "p", "1", 1, 8, "bit planes a cycle: 1, or all"),
    RTL_PARAM_COUNT("width", width, "w", "32", 2, 60, "integer accumulator bits"), RTL_PARAM_OVERFLOW, RTL_PARAM_STAGES(2), { 0 },
};

const struct rtl_unit unit_lut_dot = {
    .name = "lut_dot", .summary = "look-up unit: symmetrised table, bit planes one a cycle or all at once", .equals = "dot_run(), DOT_LUT (formats/dot.h)",
    .params = params, .clocked = true, .check = check, .ports = ports, .body = body, .schedule = schedule, .reference = reference_lut,
};
