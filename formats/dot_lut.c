/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dot product by lookup (arXiv 2408.06003, section 3.1). docs/formats.md, 5.5.
 *
 * A weight of W bits is read as q' = sum over planes 2^b (2 q_b - 1), an odd integer; w = (q' + offset) / 2 for two's complement and
 * ternary, w = q' for bipolar. A table holds T[i] = sum over its K activations of +-a, the sign of each being one bit of i; T[~i] = -T[i],
 * so 2^(K-1) entries are stored, those with the top bit 0, and a look-up negates where it is 1. Then
 *     sum w a = (sum_b 2^b sum_groups T[plane b] + offset sum a) / 2        offset -1 (two's complement, ternary), 2^W - 1 (unsigned)
 * where sum a is - T[all zeros], one more entry read. Entries are rounded to the table's format after an exact sum, each table with a
 * scale of its own if asked for.
 */
#include <math.h>

#include "base/checked.h"
#include "formats/dot_wide.h"

enum { ENTRIES_MAX = 128 };

struct table {
    double entry[ENTRIES_MAX]; /* as stored, without the scale */
    double scale;
};

static double exact_entry(const double *a, int k, unsigned index)
{
    double sum = 0; /* at most 8 terms: exact for formats of at most 16 bits in like binades, else rounded as a double */

    for (int j = 0; j < k; j++)
        sum += index >> j & 1 ? a[j] : -a[j];
    return sum;
}

static void build(struct table *t, const struct dot_spec *s, const double *a, int k)
{
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };
    int entries = 1 << (k - 1);
    double most = 0;

    for (int i = 0; i < entries; i++) {
        t->entry[i] = exact_entry(a, k, (unsigned)i);
        most = fabs(t->entry[i]) > most ? fabs(t->entry[i]) : most;
    }
    t->scale = s->table_scale && s->table != NULL && most > 0 ? most / format_largest(s->table) : 1;
    for (int i = 0; s->table != NULL && i < entries; i++)
        t->entry[i] = format_decode(s->table, format_encode(s->table, t->entry[i] / t->scale, &rule, 0));
}

static double look_up(const struct table *t, int k, unsigned index)
{
    unsigned top = 1u << (k - 1), mask = (1u << k) - 1;

    return (index & top ? -t->entry[~index & mask] : t->entry[index]) * t->scale;
}

/* Weight as unsigned planes. */
static uint32_t plane_code(const struct format *f, uint32_t code)
{
    uint32_t top = (uint32_t)1 << (f->bits - 1);

    if (f->family == FORMAT_TERNARY) /* -1, 0, 1 are 1, 2, 3 of four levels from -2 */
        return code + 1;
    return f->family == FORMAT_INT && !f->is_unsigned ? code ^ top : code;
}

static double plane_offset(const struct format *f)
{
    return f->family == FORMAT_BIPOLAR || f->family == FORMAT_BINARY ? 0 : f->is_unsigned ? (double)(1 << f->bits) - 1 : -1;
}

struct lut_sum {
    const struct dot_spec *spec;
    struct dot_result r;
    int64_t integer; /* register of an integer accumulator */
};

static void add(struct lut_sum *u, double entry, double weight)
{
    const struct encode_rule rule = { .rounding = ROUND_TOWARD_ZERO };
    uint64_t before = u->r.bits[0];

    if (u->spec->accumulator != NULL) {
        u->r.value = dot_fma(u->spec->accumulator, entry, weight, u->r.value);
        u->r.bits[0] = u->r.code = format_encode(u->spec->accumulator, u->r.value, &rule, 0);
    } else {
        int64_t high = ((int64_t)1 << (u->r.width - 1)) - 1, next = u->integer + (int64_t)(entry * weight);
        if (u->spec->saturate)
            next = next > high ? high : next < -high - 1 ? -high - 1 : next;
        u->integer = (int64_t)((uint64_t)next << (64 - u->r.width)) >> (64 - u->r.width);
        u->r.bits[0] = (uint64_t)u->integer & (((uint64_t)1 << u->r.width) - 1);
        u->r.value = (double)u->integer;
    }
    u->r.toggles += __builtin_popcountll(before ^ u->r.bits[0]);
}

struct dot_result dot_run_lut(const struct dot_spec *s, const uint32_t *a, const uint32_t *w, int64_t n)
{
    int k = s->lanes > 0 ? s->lanes : 1, planes = s->w->bits;
    struct lut_sum u = { .spec = s };
    double offset = plane_offset(s->w);

    /* the sum before halving takes one bit more */
    u.r.width = s->accumulator != NULL ? format_code_bits(s->accumulator) : s->width > 0 ? s->width : dot_width(s->a, s->w, n) + 2;
    u.r.cycles = ceil_div_i64(n, k) * planes;
    for (int64_t i = 0; i < n; i += k) {
        struct table t;
        double va[8] = { 0 }; /* a last group that is short is filled with zeros */

        for (int j = 0; j < k && i + j < n; j++)
            va[j] = format_decode(s->a, a[i + j]);
        build(&t, s, va, k);
        for (int b = 0; b < planes; b++) {
            unsigned index = 0;
            for (int j = 0; j < k && i + j < n; j++)
                index |= (plane_code(s->w, w[i + j]) >> b & 1) << j;
            add(&u, look_up(&t, k, index), (double)(1 << b));
        }
        if (offset != 0)
            add(&u, -look_up(&t, k, 0), offset);
    }
    if (offset != 0) { /* the halving is part of the output's scale: the register keeps twice the sum */
        u.r.value /= 2;
        u.r.lsb_exponent = -1;
    }
    return u.r;
}
