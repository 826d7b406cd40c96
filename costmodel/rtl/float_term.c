/* SPDX-License-Identifier: Apache-2.0 */
#include "costmodel/rtl/float_term.h"

int unit_exponent(const struct format *f)
{
    return 1 - format_bias(f) - f->mantissa_bits;
}

struct float_term float_term(int n, int64_t most, int64_t k, const struct format *f)
{
    int64_t top = most + k, held = ((int64_t)1 << f->exponent_bits) - 1, low = k - n; /* normalising takes at most n */

    low = low < 0 ? low : 0;
    top = top > held ? top : held;
    return (struct float_term){ .bits = n > f->mantissa_bits + 1 ? n : f->mantissa_bits + 1, .exponent_bits = signed_bits(low - top - 2, top - low + 2) };
}

/* `to` = `from`, left aligned in `want` bits. */
static void left(FILE *v, const char *to, const char *from, int have, int want)
{
    if (want > have)
        put(v, "  wire [%d:0] %s = {%s, %d'd0};\n", want - 1, to, from, want - have);
    else
        put(v, "  wire [%d:0] %s = %s;\n", want - 1, to, from);
}

void part_term(FILE *v, const char *p, const char *g, const char *e, int n, int eb, int64_t k, const struct float_term *t)
{
    int xb = t->exponent_bits, levels = part_leading_zeros(v, p, g, n);
    unsigned constant = (unsigned)((uint64_t)k & (((uint64_t)1 << xb) - 1));
    char a[64], b[64];

    put(v, "  wire [%d:0] %s_w = %s << %s_n;\n", n - 1, p, g, p);
    snprintf(a, sizeof a, "%s_g", p);
    snprintf(b, sizeof b, "%s_w", p);
    left(v, a, b, n, t->bits);
    snprintf(a, sizeof a, "%s_ee", p);
    part_extend(v, a, e, eb, xb, false);
    snprintf(a, sizeof a, "%s_nn", p);
    snprintf(b, sizeof b, "%s_n", p);
    part_extend(v, a, b, levels, xb, false);
    put(v, "  wire [%d:0] %s_x = %s_ee + %d'd%u - %s_nn; // %+lld\n", xb - 1, p, p, xb, constant, p, (long long)k);
}

void part_aligned(FILE *v, const char *p, const char *d, const struct format *f, const struct float_term *t)
{
    int xb = t->exponent_bits;
    char a[64], b[64];

    snprintf(a, sizeof a, "%s_g", p);
    snprintf(b, sizeof b, "%s_g", d);
    left(v, a, b, f->mantissa_bits + 1, t->bits);
    snprintf(a, sizeof a, "%s_ee", p);
    snprintf(b, sizeof b, "%s_e", d);
    part_extend(v, a, b, f->exponent_bits, xb, false);
    put(v, "  wire [%d:0] %s_x = %s_ee - %d'd1;\n", xb - 1, p, p, xb);
}

void part_float_register(FILE *v, const struct format *f, const struct float_term *t)
{
    put(v, "  reg [%d:0] acc;\n  assign q = acc;\n", format_code_bits(f) - 1);
    part_decode(v, "acc", f);
    part_aligned(v, "c", "acc", f, t);
    put(v, "  wire c_s = acc_s, c_nan = acc_nan, c_inf = acc_inf;\n");
}
