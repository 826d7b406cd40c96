/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of encoder.h. Levels are sorted by value; of two codes of one value the one that format_encode() gives is kept. */
#include "formats/encoder.h"

#include <math.h>
#include <stdlib.h>

struct level {
    double value;
    uint32_t code;
};

static int by_value(const void *a, const void *b)
{
    const struct level *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static int levels_of(struct level out[ENCODER_LEVELS], const struct format *f, const struct encode_rule *rule)
{
    uint32_t codes = (uint32_t)1 << (format_code_bits(f) - (f->family == FORMAT_FLOAT ? 1 : 0));
    int count = 0;

    for (uint32_t c = 0; c < codes; c++) {
        double v = format_decode(f, c);
        if (isfinite(v) && format_encode(f, v, rule, 0) == c)
            out[count++] = (struct level){ v, c };
    }
    qsort(out, (size_t)count, sizeof *out, by_value);
    return count;
}

void encoder_init(struct encoder *e, const struct format *f, const struct encode_rule *rule)
{
    struct level level[ENCODER_LEVELS];
    int count, padded = 1;

    *e = (struct encoder){ .format = f, .rule = *rule };
    if (format_code_bits(f) > 8 || rule->rounding != ROUND_NEAREST_EVEN || !rule->saturate || f->family == FORMAT_SCALE ||
        (f->family == FORMAT_CODEBOOK && f->codebook == NULL) || (count = levels_of(level, f, rule)) < 2)
        return;
    e->magnitude = f->family == FORMAT_FLOAT;
    e->sign = (uint32_t)1 << (format_code_bits(f) - 1);
    e->nan = format_encode(f, NAN, rule, 0);
    for (; padded < count; padded *= 2)
        e->steps++;
    for (int i = 0; i < padded; i++)
        e->code[i] = level[i < count ? i : count - 1].code;
    for (int i = 0; i < padded; i++) {
        double middle = i + 1 < count ? level[i].value / 2 + level[i + 1].value / 2 : INFINITY;
        bool up = i + 1 < count && format_encode(f, middle, rule, 0) == level[i + 1].code;
        e->threshold[i] = up || i + 1 >= count ? middle : nextafter(middle, INFINITY);
    }
}
