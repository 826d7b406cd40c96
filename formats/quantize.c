/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Values to codes: scales, zero points, second scales, learned levels, and the rounding of each element. docs/formats.md, 6.
 *
 * Three passes over the rows at hand: what is not dense is set apart (quant_places.c); a real scale for each group; second scales, then
 * the codes of scales and elements. A quotient value / scale is rounded once to a double before the format's own rounding; both have far
 * fewer bits than a double, so a quotient that is not a tie is never taken for one.
 * Sources: OCP Microscaling Formats 1.0, 6.3 (scale of a block); arXiv 2402.17764 (mean magnitude of ternary); arXiv 2310.04836 (DGQ: integer
 * scales on an int8 grid); arXiv 2307.09782 (ZeroQuant-FP: scales a power of two below the row's largest).
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "formats/encoder.h"
#include "formats/quant_parts.h"

enum { SEARCH_STEPS = 31 };
static const double search_step = 0.02; /* candidates 1, 0.98 ... 0.40 of the standard scale */
static const struct encode_rule nearest = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };

struct block {
    double lowest, highest, largest, mean; /* of finite dense values; lowest <= 0 <= highest */
};

struct work {
    struct quant_matrix *m;
    const float *values;
    const struct quantize_rule *rule;
    struct encoder narrow, wide;
    const struct quant_range *range;
    double *real;  /* [rows][groups] scales before they are rounded */
    int64_t first_element;
};

void quant_range_add(struct quant_range *range, const float *values, int64_t n)
{
    double sum = range->sum_magnitude;
    float low = (float)range->lowest, high = (float)range->highest;
    int64_t other = 0;

    for (int64_t i = 0; i < n; i++) {
        bool finite = fabsf(values[i]) <= FLT_MAX;
        float v = finite ? values[i] : 0; /* 0 is within any range here */
        low = v < low ? v : low;
        high = v > high ? v : high;
        sum += fabsf(v);
        other += !finite;
    }
    range->sum_magnitude = sum;
    range->not_finite += other;
    range->lowest = low;
    range->highest = high;
    range->count += n;
}

static struct block block_of_range(const struct quant_range *r)
{
    int64_t n = r->count - r->not_finite;
    double largest = r->highest > -r->lowest ? r->highest : -r->lowest;

    return (struct block){ r->lowest, r->highest, largest, n > 0 ? r->sum_magnitude / (double)n : 0 };
}

/* Columns of a group of a row. */
static int64_t group_start(const struct quant_matrix *m, int64_t g)
{
    return m->q->group > 0 ? g * m->q->group : 0;
}

static int64_t group_end(const struct quant_matrix *m, int64_t g)
{
    int64_t end = m->q->group > 0 ? (g + 1) * m->q->group : m->cols;

    return end < m->cols ? end : m->cols;
}

static bool is_dense(const struct quant_matrix *m, int64_t row, int64_t col)
{
    return m->place == NULL || m->place[row * m->cols + col] == PLACE_DENSE;
}

static struct block block_of_group(const struct work *w, int64_t row, int64_t g)
{
    struct quant_range r = { 0 };

    if (w->m->q->group == QUANT_PER_TENSOR)
        return block_of_range(w->range);
    if (w->m->place == NULL)
        quant_range_add(&r, w->values + row * w->m->cols + group_start(w->m, g), group_end(w->m, g) - group_start(w->m, g));
    else
        for (int64_t c = group_start(w->m, g); c < group_end(w->m, g); c++)
            if (is_dense(w->m, row, c))
                quant_range_add(&r, &w->values[row * w->m->cols + c], 1);
    return block_of_range(&r);
}

/* ---- scales -------------------------------------------------------------------------------------------------------- */

/* Integers under e8m0 are fixed-point numbers below 2, the binary point after the first digit (OCP MX: INT8 is 2^-6 of its code). */
static double implied_unit(const struct quant *q, const struct format *f)
{
    return q->scale->family == FORMAT_SCALE && q->scale2 == NULL && f->family == FORMAT_INT ? ldexp(1, (f->is_unsigned ? 1 : 2) - f->bits) : 1;
}

static double top_level(const struct format *f)
{
    double high = format_largest(f), low = -format_lowest(f);

    return f->family == FORMAT_CODEBOOK && low > high ? low : high;
}

static double power_of_two_scale(const struct block *b, double top, enum scale_choice choice)
{
    int exponent, e_top, e;

    if (b->largest == 0)
        return 0x1p-127;
    frexp(b->largest, &exponent);
    frexp(top, &e_top);
    e = exponent - e_top; /* floor(log2 largest) - floor(log2 top) */
    if (choice == SCALE_NO_CLIP && ldexp(top, e) < b->largest)
        e++;
    return ldexp(1, e < -127 ? -127 : e > 127 ? 127 : e);
}

/* The scale of a block as a real number; with an e8m0 scale already a power of two. */
static double real_scale(const struct quant *q, const struct format *f, const struct block *b, enum scale_choice choice)
{
    if (q->zero_point)
        return (b->highest - b->lowest) / (format_largest(f) - format_lowest(f));
    if (q->scale->family == FORMAT_SCALE && q->scale2 == NULL)
        return power_of_two_scale(b, top_level(f) * implied_unit(q, f), choice);
    if (f->family == FORMAT_TERNARY || f->family == FORMAT_BINARY)
        return b->mean;
    return b->largest / top_level(f);
}

static uint32_t encode_positive(const struct format *f, double v)
{
    uint32_t code = format_encode(f, v, &nearest, 0);

    return v > 0 && format_decode(f, code) == 0 ? format_encode(f, format_smallest(f), &nearest, 0) : code;
}

/* Code of a group's scale under its second scale `over` (1 without). */
static uint32_t scale_code(const struct quant *q, double real, double over)
{
    double ratio = over > 0 ? real / over : 0;
    int e;

    if (q->scale->family == FORMAT_SCALE && q->scale2 != NULL) { /* 2^-k of the largest, rounded up: nothing saturates */
        double fraction = frexp(ratio, &e);
        ratio = ratio > 0 ? ldexp(1, fraction == 0.5 ? e - 1 : e) : 0x1p-127;
    }
    if (q->scale->family == FORMAT_INT)
        ratio = ratio < 1 ? 1 : ratio;
    return encode_positive(q->scale, ratio);
}

/* Second scale from the largest of `n` real scales; integer scales share the grid of int8 with the row's largest value. */
static uint32_t second_code(const struct quant *q, double largest_scale, double largest_value)
{
    double top = q->scale->family == FORMAT_SCALE ? 1 : format_largest(q->scale);

    return encode_positive(q->scale2, q->scale->family == FORMAT_INT ? largest_value / 127 : largest_scale / top);
}

static double largest_of_row(const struct work *w, int64_t row)
{
    double largest = 0;

    for (int64_t g = 0; g < w->m->groups; g++) {
        struct block b = block_of_group(w, row, g);
        largest = b.largest > largest ? b.largest : largest;
    }
    return largest;
}

static void second_scales(struct work *w)
{
    struct quant_matrix *m = w->m;
    const struct quant *q = m->q;
    int64_t all = m->rows * m->groups, each = q->scale2_group > 0 ? q->scale2_group : m->groups;

    if (q->scale2_group == QUANT_PER_TENSOR) {
        struct block b = block_of_range(w->range);
        double most = q->zero_point ? (b.highest - b.lowest) / (format_largest(q->format) - format_lowest(q->format)) : b.largest / top_level(q->format);
        m->scales2[0] = second_code(q, most, b.largest);
        return;
    }
    for (int64_t start = 0, i = 0; start < all; start += each, i++) {
        double most = 0;
        for (int64_t k = start; k < start + each && k < all; k++)
            most = w->real[k] > most ? w->real[k] : most;
        m->scales2[i] = second_code(q, most, q->scale->family == FORMAT_INT ? largest_of_row(w, i) : 0);
    }
}

static double second_scale_at(const struct quant_matrix *m, int64_t row, int64_t group)
{
    const struct quant *q = m->q;
    int64_t at = row * m->groups + group;

    if (q->scale2 == NULL)
        return 1;
    at = q->scale2_group > 0 ? at / q->scale2_group : q->scale2_group == QUANT_PER_TENSOR ? 0 : row;
    return format_decode(q->scale2, m->scales2[at]);
}

static int64_t scale_index(const struct quant_matrix *m, int64_t row, int64_t group)
{
    return m->q->group == QUANT_PER_TENSOR ? 0 : row * m->groups + group;
}

const struct format *quant_format_at(const struct quant_matrix *m, int64_t row, int64_t col)
{
    return m->wide != NULL && m->wide[row * m->groups + col / m->q->group] ? m->q->mixed : m->q->format;
}

double quant_scale_at(const struct quant_matrix *m, int64_t row, int64_t group)
{
    const struct quant *q = m->q;

    if (q->scale == NULL)
        return 1;
    return format_decode(q->scale, m->scales[scale_index(m, row, group)]) * second_scale_at(m, row, group) *
           implied_unit(q, quant_format_at(m, row, group_start(m, group)));
}

double quant_zero_at(const struct quant_matrix *m, int64_t row, int64_t group)
{
    return m->q->zero_point ? format_decode(quant_format_at(m, row, group_start(m, group)), m->zeros[scale_index(m, row, group)]) : 0;
}

/* ---- elements ------------------------------------------------------------------------------------------------------ */

/* Integers without a sign in the middle: level = value / scale + zero. */
static double zero_level(const struct format *f, const struct block *b, double scale)
{
    double zero = scale > 0 ? nearbyint(-b->lowest / scale) + format_lowest(f) : format_lowest(f);

    return zero > format_largest(f) ? format_largest(f) : zero;
}

static double squared_error(const struct work *w, const struct encoder *e, int64_t row, int64_t g, double scale, double zero)
{
    const struct quant_matrix *m = w->m;
    const float *x = w->values + row * m->cols;
    double sum = 0;

    for (int64_t c = group_start(m, g); c < group_end(m, g); c++) {
        if (!is_dense(m, row, c) || !isfinite(x[c]))
            continue;
        double level = scale > 0 ? format_decode(e->format, encoder_code(e, x[c] / scale + zero, 0)) - zero : 0;
        sum += (level * scale - x[c]) * (level * scale - x[c]);
    }
    return sum;
}

/* Best of a few scales for a group, by squared error of the elements under the rounded scale. */
static double searched_scale(const struct work *w, const struct encoder *e, int64_t row, int64_t g, const struct block *b, double standard, double over)
{
    const struct quant *q = w->m->q;
    bool power = q->scale->family == FORMAT_SCALE && q->scale2 == NULL;
    double best = standard, least = INFINITY;

    for (int i = 0; i < (power ? 3 : SEARCH_STEPS) && standard > 0; i++) {
        double try = power ? ldexp(standard, 1 - i) : standard * (1 - i * search_step);
        double scale = format_decode(q->scale, scale_code(q, try, over)) * over * implied_unit(q, e->format);
        double error = squared_error(w, e, row, g, scale, q->zero_point ? zero_level(e->format, b, scale) : 0);
        if (error < least) {
            least = error;
            best = try;
        }
    }
    return best;
}

/* Dense groups of minifloats under a power of two: the quotients are fp32 numbers, which the array form rounds to the same codes faster. (Those that
 * are too small for fp32 are below half the smallest number of any format that takes this way.) */
static bool encode_group_fast(const struct work *w, const struct encoder *e, int64_t row, int64_t g, double scale)
{
    enum { AT_ONCE = 256 };
    struct quant_matrix *m = w->m;
    int64_t start = row * m->cols + group_start(m, g), end = row * m->cols + group_end(m, g);
    float quotients[AT_ONCE];
    uint8_t codes[AT_ONCE];
    int exponent;

    if (!e->magnitude || m->place != NULL || !(scale > 0) || frexp(scale, &exponent) != 0.5 || format_bias(e->format) > 31)
        return false;
    double inverse = 1 / scale;
    for (int64_t i = start; i < end; i += AT_ONCE) {
        int64_t n = i + AT_ONCE < end ? AT_ONCE : end - i;
        for (int64_t k = 0; k < n; k++)
            quotients[k] = (float)(w->values[i + k] * inverse);
        format_encode_array8(codes, e->format, quotients, n);
        for (int64_t k = 0; k < n; k++)
            m->codes[i + k] = codes[k];
    }
    return true;
}

static void encode_group(const struct work *w, const struct encoder *e, int64_t row, int64_t g, double scale, double zero)
{
    struct quant_matrix *m = w->m;
    int64_t base = row * m->cols;

    if (zero == 0 && encode_group_fast(w, e, row, g, scale))
        return;
    for (int64_t c = group_start(m, g); c < group_end(m, g); c++) {
        double x = w->values[base + c];
        if (m->place != NULL && m->place[base + c] == PLACE_COLUMN)
            continue;
        if (m->place != NULL && m->place[base + c] != PLACE_DENSE)
            x = 0; /* left out, or held elsewhere: the dense part has its zero */
        double level = scale > 0 ? zero != 0 ? x / scale + zero : x / scale : zero; /* -0 + 0 would lose its sign */
        uint32_t code = encoder_code(e, level, (uint64_t)(w->first_element + base + c));
        if (m->place == NULL || m->place[base + c] != PLACE_OUTSIDE)
            m->codes[base + c] = code;
    }
}

static void quantize_group(struct work *w, int64_t row, int64_t g)
{
    struct quant_matrix *m = w->m;
    const struct quant *q = m->q;
    const struct encoder *e = m->wide != NULL && m->wide[row * m->groups + g] ? &w->wide : &w->narrow;
    bool needs_block = q->zero_point || w->rule->scale == SCALE_SEARCH;
    struct block b = needs_block ? block_of_group(w, row, g) : (struct block){ 0 };
    double over = second_scale_at(m, row, g), real = w->real[row * m->groups + g], zero = 0;
    int64_t at = scale_index(m, row, g);

    if (w->rule->scale == SCALE_SEARCH && q->group != QUANT_PER_TENSOR)
        real = searched_scale(w, e, row, g, &b, real, over);
    m->scales[at] = scale_code(q, real, over);
    if (q->scale->family == FORMAT_INT && q->zero_point) { /* scale x (level - zero) stays within int8 */
        double scale = format_decode(q->scale, m->scales[at]);
        zero = zero_level(e->format, &b, scale * over) - format_lowest(e->format);
        double span = format_largest(e->format) - format_lowest(e->format), reach = zero > span - zero ? zero : span - zero;
        if (scale * reach > 127)
            m->scales[at] = encode_positive(q->scale, floor(127 / reach));
    }
    double scale = quant_scale_at(m, row, g);
    if (q->zero_point) {
        zero = zero_level(e->format, &b, scale);
        m->zeros[at] = format_encode(e->format, zero, &nearest, 0);
    }
    encode_group(w, e, row, g, scale, zero);
}

static bool quantize_learned_row(struct work *w, int64_t row, float *dense)
{
    struct quant_matrix *m = w->m;
    int count = 1 << m->q->format->bits;
    const struct format *half = format_find("fp16");
    double levels[256];
    struct format f = *m->q->format;
    struct encoder e;
    int64_t n = 0;

    for (int64_t c = 0; c < m->cols; c++)
        if (is_dense(m, row, c))
            dense[n++] = w->values[row * m->cols + c];
    if (!codebook_learn(levels, count, dense, n))
        return false;
    for (int i = 0; i < count; i++) {
        uint32_t code = format_encode(half, levels[i], &nearest, 0);
        m->levels[row * count + i] = code;
        levels[i] = format_decode(half, code);
    }
    f.codebook = levels;
    encoder_init(&e, &f, &w->rule->encode);
    encode_group(w, &e, row, 0, 1, 0);
    return true;
}

/* The groups that narrow elements serve worst become wide; ties to the first. */
static void choose_wide(struct work *w, int64_t row, double *errors)
{
    struct quant_matrix *m = w->m;
    int64_t count = quant_wide_groups(m->q, m->cols);

    for (int64_t g = 0; g < m->groups; g++) {
        struct block b = block_of_group(w, row, g);
        errors[g] = squared_error(w, &w->narrow, row, g, real_scale(m->q, m->q->format, &b, SCALE_STANDARD) * implied_unit(m->q, m->q->format), 0);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t worst = 0;
        for (int64_t g = 1; g < m->groups; g++)
            worst = errors[g] > errors[worst] ? g : worst;
        m->wide[row * m->groups + worst] = 1;
        errors[worst] = -1;
    }
}

static enum status check(const struct quant *q, int64_t rows, int64_t cols, struct error *err)
{
    int64_t all;

    if (rows < 1 || cols < 1 || !checked_mul_i64(&all, rows, cols) || all > INT64_MAX / 64)
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld values, expected 1 x 1 and more", (long long)rows, (long long)cols);
    if (q->scale != NULL && q->scale->family == FORMAT_INT && (q->scale2 == NULL || q->scale2_group > 0))
        return error_plain(err, STATUS_BAD_INPUT, "integer scales stand on a second scale of a row or tensor, expected '/ss=FORMATpc' or '/ss=FORMATpt'");
    return STATUS_OK;
}

static enum status quantize_rows(struct work *w, struct arena *arena, struct error *err)
{
    struct quant_matrix *m = w->m;
    const struct quant *q = m->q;
    float *dense = m->levels != NULL ? arena_array(arena, (size_t)m->cols, sizeof *dense) : NULL;
    double *errors = m->wide != NULL ? arena_array(arena, (size_t)m->groups, sizeof *errors) : NULL;

    if ((m->levels != NULL && dense == NULL) || (m->wide != NULL && errors == NULL))
        return error_no_memory(err);
    for (int64_t row = 0; row < m->rows && q->scale != NULL; row++) {
        if (m->wide != NULL)
            choose_wide(w, row, errors);
        for (int64_t g = 0; g < m->groups; g++) {
            struct block b = block_of_group(w, row, g);
            w->real[row * m->groups + g] = real_scale(q, quant_format_at(m, row, group_start(m, g)), &b, w->rule->scale);
        }
    }
    if (q->scale2 != NULL)
        second_scales(w);
    for (int64_t row = 0; row < m->rows; row++) {
        if (m->levels != NULL && !quantize_learned_row(w, row, dense))
            return error_no_memory(err);
        else if (m->levels == NULL && q->scale == NULL)
            encode_group(w, &w->narrow, row, 0, 1, 0);
        else if (m->levels == NULL)
            for (int64_t g = 0; g < m->groups; g++)
                quantize_group(w, row, g);
    }
    return STATUS_OK;
}

int64_t quant_piece_rows(const struct quant *q, int64_t cols)
{
    int64_t a = q->scale2_group, b = quant_groups(q, cols), of = a;

    if (q->scale2 == NULL || a <= 0)
        return 1;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return of / a;
}

enum status quant_quantize(struct quant_matrix *out, const struct quant *q, const float *values, int64_t rows, int64_t cols, const struct quant_range *range,
                           const struct quantize_rule *rule, int64_t first_element, struct arena *arena, struct error *err)
{
    struct quant_range own = { 0 };
    struct work w = { .m = out, .values = values, .rule = rule, .range = range, .first_element = first_element };
    enum status st = check(q, rows, cols, err);

    if (st)
        return st;
    if (range == NULL) {
        quant_range_add(&own, values, rows * cols);
        w.range = &own;
    }
    if (!quant_matrix_alloc(out, q, rows, cols, arena) ||
        (q->scale != NULL && (w.real = arena_array(arena, (size_t)(rows * out->groups), sizeof *w.real)) == NULL))
        return error_no_memory(err);
    if (out->place != NULL && !quant_places(out, values, w.range->column_largest, arena))
        return error_no_memory(err);
    encoder_init(&w.narrow, q->format, &rule->encode);
    if (q->mixed != NULL)
        encoder_init(&w.wide, q->mixed, &rule->encode);
    return quantize_rows(&w, arena, err);
}

/* Levels of a format of at most 8 bits, by code; `levels`: fp16 codes of a learned row, or NULL. */
static bool level_table(double out[256], const struct format *f, const uint32_t *levels)
{
    const struct format *half = format_find("fp16");

    if (format_code_bits(f) > 8)
        return false;
    for (uint32_t c = 0; c < (uint32_t)1 << format_code_bits(f); c++)
        out[c] = levels != NULL ? format_decode(half, levels[c]) : format_decode(f, c);
    return true;
}

static void dequantize_group(float *values, const struct quant_matrix *m, int64_t row, int64_t g, const double *level)
{
    int64_t start = row * m->cols + group_start(m, g), end = row * m->cols + group_end(m, g);
    const struct format *f = quant_format_at(m, row, group_start(m, g)), *half = NULL;
    double scale = quant_scale_at(m, row, g), zero = quant_zero_at(m, row, g);

    for (int64_t i = start; i < end; i++) {
        enum quant_place place = m->place != NULL ? m->place[i] : PLACE_DENSE;

        if (place == PLACE_DENSE)
            values[i] = (float)(((level != NULL ? level[m->codes[i]] : format_decode(f, m->codes[i])) - zero) * scale);
        else if (place == PLACE_ZERO)
            values[i] = 0;
        else
            values[i] = (float)format_decode(half != NULL ? half : (half = format_find("fp16")), m->codes[i]);
    }
}

void quant_dequantize(float *values, const struct quant_matrix *m)
{
    double narrow[256], wide[256];
    bool has_narrow = m->levels == NULL && level_table(narrow, m->q->format, NULL), has_wide = m->q->mixed != NULL && level_table(wide, m->q->mixed, NULL);

    for (int64_t row = 0; row < m->rows; row++) {
        if (m->levels != NULL)
            has_narrow = level_table(narrow, m->q->format, m->levels + (row << m->q->format->bits));
        for (int64_t g = 0; g < m->groups; g++) {
            bool is_wide = m->wide != NULL && m->wide[row * m->groups + g];
            dequantize_group(values, m, row, g, is_wide ? has_wide ? wide : NULL : has_narrow ? narrow : NULL);
        }
    }
}
