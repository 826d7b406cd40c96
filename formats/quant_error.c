/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Two passes over a source: the range of the whole (and of each column), then codes, values back, and sums. Pieces are whole rows, as many as keep second
 * scales unshared and about PIECE_ELEMENTS values; sums run in the order of the elements.
 */
#include "formats/quant_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "formats/gptq.h"

enum { PIECE_ELEMENTS = 1 << 18, PIECE_MAX = 1 << 24, BINS = 2048, TOKENS_MAX = 64 };

double error_mse(const struct error_sums *s)
{
    return s->count > 0 ? s->noise / (double)s->count : 0;
}

double error_sqnr_db(const struct error_sums *s)
{
    return s->signal == 0 ? NAN : s->noise == 0 ? INFINITY : 10 * log10(s->signal / s->noise);
}

double error_cosine(const struct error_sums *s)
{
    return s->signal > 0 && s->other > 0 ? s->cross / sqrt(s->signal) / sqrt(s->other) : s->signal == s->other ? 1 : 0;
}

static void error_add(struct error_sums *s, double x, double y)
{
    double e = x - y, size = fabs(e);

    s->count++;
    s->signal += x * x;
    s->noise += e * e;
    s->cross += x * y;
    s->other += y * y;
    s->largest = size > s->largest ? size : s->largest;
}

struct measure {
    const struct quant_error_spec *spec;
    const struct quant_source *source;
    struct quant_error *out;
    struct quant_range range;
    int64_t piece_rows;
    float *values, *changed, *back; /* [piece rows][cols]: as read, as quantized, as it comes back */
    float *column_largest;          /* [cols] of the changed values */
    double *smooth;                 /* [cols] or NULL */
    float *x, *x_back;              /* [tokens][k] activations, and as the scheme has them, both as the product takes them */
    struct gptq *gptq;              /* NULL: elements are rounded alone */
    double histogram[2][BINS];
    struct arena arena, piece;      /* of the whole measurement; of a piece */
};

/* ---- changes of basis ----------------------------------------------------------------------------------------------------- */

/* Sylvester's Hadamard matrix over sqrt(n), its own inverse, on each block of a row. */
static void rotate(float *row, int64_t cols, int64_t n)
{
    float unit = (float)(1 / sqrt((double)n));

    for (int64_t start = 0; start < cols; start += n) {
        for (int64_t half = 1; half < n; half *= 2)
            for (int64_t i = start; i < start + n; i += 2 * half)
                for (int64_t k = i; k < i + half; k++) {
                    float a = row[k], b = row[k + half];
                    row[k] = a + b;
                    row[k + half] = a - b;
                }
        for (int64_t k = start; k < start + n; k++)
            row[k] *= unit;
    }
}

/* Values to what is quantized. */
static void change(const struct measure *m, float *values, int64_t rows)
{
    int64_t cols = m->source->cols;

    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; m->smooth != NULL && c < cols; c++)
            values[r * cols + c] = (float)(values[r * cols + c] * m->smooth[c]);
        if (m->out->rotation > 0)
            rotate(values + r * cols, cols, m->out->rotation);
    }
}

static void change_back(const struct measure *m, float *values, int64_t rows)
{
    int64_t cols = m->source->cols;

    for (int64_t r = 0; r < rows; r++) {
        if (m->out->rotation > 0)
            rotate(values + r * cols, cols, m->out->rotation);
        for (int64_t c = 0; m->smooth != NULL && c < cols; c++)
            values[r * cols + c] = (float)(values[r * cols + c] / m->smooth[c]);
    }
}

/* ---- passes ----------------------------------------------------------------------------------------------------------------- */

static int64_t rows_at(const struct measure *m, int64_t row)
{
    return row + m->piece_rows < m->source->rows ? m->piece_rows : m->source->rows - row;
}

/* Range of all, and of columns, of the values as they will be quantized. */
static enum status range_pass(struct measure *m, struct error *err)
{
    int64_t cols = m->source->cols;

    m->range = (struct quant_range){ .column_largest = m->column_largest };
    memset(m->column_largest, 0, (size_t)cols * sizeof *m->column_largest);
    for (int64_t row = 0; row < m->source->rows; row += m->piece_rows) {
        int64_t n = rows_at(m, row);
        enum status st = m->source->read(m->changed, m->source->context, row, n, err);

        if (st)
            return st;
        change(m, m->changed, n);
        quant_range_add(&m->range, m->changed, n * cols);
        for (int64_t r = 0; r < n; r++)
            for (int64_t c = 0; c < cols; c++) {
                float size = fabsf(m->changed[r * cols + c]);
                m->column_largest[c] = size > m->column_largest[c] && isfinite(size) ? size : m->column_largest[c];
            }
    }
    return STATUS_OK;
}

static int bin_of(const struct quant_range *r, double v)
{
    double width = r->highest - r->lowest, at = width > 0 ? (v - r->lowest) / width * BINS : 0;

    return at < 0 ? 0 : at >= BINS ? BINS - 1 : (int)at;
}

static void compare_piece(struct measure *m, const struct quant_range *original, int64_t row, int64_t rows)
{
    int64_t cols = m->source->cols;

    for (int64_t r = 0; r < rows; r++) {
        struct error_sums one = { 0 };
        for (int64_t c = 0; c < cols; c++) {
            double x = m->values[r * cols + c], y = m->back[r * cols + c];
            if (!isfinite(x) || !isfinite(y)) {
                m->out->not_finite++;
                continue;
            }
            error_add(&one, x, y);
            m->histogram[0][bin_of(original, x)]++;
            m->histogram[1][bin_of(original, y)]++;
        }
        struct error_sums *all = &m->out->values;
        all->count += one.count;
        all->signal += one.signal;
        all->noise += one.noise;
        all->cross += one.cross;
        all->other += one.other;
        all->largest = one.largest > all->largest ? one.largest : all->largest;
        double db = error_sqnr_db(&one);
        if (db < m->out->worst_row_sqnr_db) {
            m->out->worst_row_sqnr_db = db;
            m->out->worst_row = row + r;
        }
    }
}

/* y[t][row] = sum over c < k of x[t][c] w[row][c], exact operands, doubles. */
static void multiply_piece(struct measure *m, int64_t rows)
{
    int64_t cols = m->source->cols, k = m->spec->gemm_k;

    for (int64_t r = 0; r < rows; r++)
        for (int64_t t = 0; t < m->spec->tokens; t++) {
            double y = 0, y_back = 0;
            for (int64_t c = 0; c < k; c++) {
                y += (double)m->x[t * k + c] * m->values[r * cols + c];
                y_back += (double)m->x_back[t * k + c] * m->back[r * cols + c];
            }
            if (isfinite(y) && isfinite(y_back))
                error_add(&m->out->product, y, y_back);
        }
}

static enum status error_pass(struct measure *m, const struct quant_range *original, struct error *err)
{
    int64_t cols = m->source->cols;

    for (int64_t row = 0; row < m->source->rows; row += m->piece_rows) {
        int64_t n = rows_at(m, row);
        struct quant_matrix q;
        enum status st = m->source->read(m->values, m->source->context, row, n, err);

        if (st)
            return st;
        memcpy(m->changed, m->values, (size_t)(n * cols) * sizeof *m->changed);
        change(m, m->changed, n);
        arena_reset(&m->piece);
        if ((st = quant_quantize(&q, &m->spec->scheme, m->changed, n, cols, &m->range, &m->spec->rule, row * cols, &m->piece, err)))
            return st;
        if (m->gptq != NULL && (st = gptq_round(&q, m->gptq, m->changed, &m->spec->rule.encode, row * cols, err)))
            return st;
        quant_dequantize(m->back, &q);
        change_back(m, m->back, n);
        compare_piece(m, original, row, n);
        if (m->spec->gemm_k > 0)
            multiply_piece(m, n);
    }
    return STATUS_OK;
}

/* KL(P || Q) of histograms of originals P and returned values Q, half a count added to each bin. */
static double kl_nats(const struct measure *m)
{
    double n = (double)m->out->values.count + 0.5 * BINS, sum = 0;

    for (int i = 0; i < BINS; i++) {
        double p = (m->histogram[0][i] + 0.5) / n, q = (m->histogram[1][i] + 0.5) / n;
        sum += p * log(p / q);
    }
    return sum > 0 ? sum : 0;
}

/* ---- preparation -------------------------------------------------------------------------------------------------------------- */

static enum status prepare_activations(struct measure *m, struct error *err)
{
    const struct quant_error_spec *s = m->spec;
    int64_t k = s->gemm_k, n = s->tokens * k;
    struct quant_matrix q;
    enum status st;

    if ((m->x = arena_array(&m->arena, (size_t)n, sizeof *m->x)) == NULL || (m->x_back = arena_array(&m->arena, (size_t)n, sizeof *m->x_back)) == NULL)
        return error_no_memory(err);
    if (s->activation_source != NULL && (st = s->activation_source->read(m->x, s->activation_source->context, 0, s->tokens, err)))
        return st;
    if (s->activation_source == NULL)
        sample_fill(m->x, &s->activations, 0, n, k);
    memcpy(m->x_back, m->x, (size_t)n * sizeof *m->x);
    if (s->smooth_alpha >= 0) {
        if ((m->smooth = arena_array(&m->arena, (size_t)m->source->cols, sizeof *m->smooth)) == NULL)
            return error_no_memory(err);
        for (int64_t c = 0; c < m->source->cols; c++) {
            double most = 0, weight = m->column_largest[c];
            for (int64_t t = 0; t < s->tokens && c < k; t++)
                most = fmax(most, fabs(m->x[t * k + c]));
            m->smooth[c] = most > 0 && weight > 0 ? pow(most, s->smooth_alpha) / pow(weight, 1 - s->smooth_alpha) : 1;
        }
        for (int64_t i = 0; i < n; i++)
            m->x_back[i] = (float)(m->x_back[i] / m->smooth[i % k]);
    }
    if (!s->has_activation_scheme && m->smooth == NULL)
        return STATUS_OK;
    if (s->has_activation_scheme) {
        if ((st = quant_quantize(&q, &s->activation_scheme, m->x_back, s->tokens, k, NULL, &s->rule, 0, &m->piece, err)))
            return st;
        quant_dequantize(m->x_back, &q);
    }
    for (int64_t i = 0; m->smooth != NULL && i < n; i++) /* the weights come back unsmoothed */
        m->x_back[i] = (float)(m->x_back[i] * m->smooth[i % k]);
    return STATUS_OK;
}

/* Activations `first` to first + n - 1 over all columns of the weights. */
static enum status read_activations(float *x, const struct measure *m, int64_t first, int64_t n, struct error *err)
{
    int64_t cols = m->source->cols;

    if (m->spec->activation_source != NULL)
        return m->spec->activation_source->read(x, m->spec->activation_source->context, first, n, err);
    sample_fill(x, &m->spec->activations, first * cols, n * cols, cols);
    return STATUS_OK;
}

/* To the basis in which the weights are quantized: X W^T = (X / s) R (W s R)^T. */
static void change_activations(const struct measure *m, float *x, int64_t n)
{
    int64_t cols = m->source->cols;

    for (int64_t t = 0; t < n; t++) {
        for (int64_t c = 0; m->smooth != NULL && c < cols; c++)
            x[t * cols + c] = (float)(x[t * cols + c] / m->smooth[c]);
        if (m->out->rotation > 0)
            rotate(x + t * cols, cols, m->out->rotation);
    }
}

/* The Hessian of the activations that follow those of the product. */
static enum status prepare_gptq(struct measure *m, struct error *err)
{
    const struct quant_error_spec *s = m->spec;
    int64_t first = s->gemm_k > 0 ? s->tokens : 0, left = s->gptq_tokens, cols = m->source->cols, at_once = m->piece_rows;
    enum status st;

    if (s->activation_source != NULL && left > s->activation_source->rows - first)
        left = s->activation_source->rows - first;
    if (left < 1)
        return error_plain(err, STATUS_BAD_INPUT, "%lld rows of activations, of which %lld are the product's, expected more to calibrate on",
                           (long long)s->activation_source->rows, (long long)first);
    if ((st = gptq_open(&m->gptq, cols, s->gptq_block, err)))
        return st;
    m->out->gptq_tokens = left;
    m->out->gptq_block = gptq_block(m->gptq);
    for (int64_t n; left > 0; left -= n, first += n) {
        n = left < at_once ? left : at_once;
        if ((st = read_activations(m->changed, m, first, n, err)))
            return st;
        change_activations(m, m->changed, n);
        gptq_add(m->gptq, m->changed, n);
    }
    return gptq_factor(m->gptq, s->gptq_damping, err);
}

static enum status check(const struct measure *m, struct error *err)
{
    const struct quant_error_spec *s = m->spec;
    int64_t rows = m->source->rows, cols = m->source->cols, all;

    if (rows < 1 || cols < 1 || !checked_mul_i64(&all, rows, cols))
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld values, expected at least one", (long long)rows, (long long)cols);
    if (cols > PIECE_MAX || quant_piece_rows(&s->scheme, cols) > PIECE_MAX / cols)
        return error_plain(err, STATUS_BAD_INPUT, "rows of %lld values, %lld of them at a time, expected pieces of at most %d values", (long long)cols,
                           (long long)quant_piece_rows(&s->scheme, cols), PIECE_MAX);
    if (s->gemm_k < 0 || s->gemm_k > cols)
        return error_plain(err, STATUS_BAD_INPUT, "a product over %lld terms, expected at most the %lld columns", (long long)s->gemm_k, (long long)cols);
    if (s->activation_source != NULL && s->activation_source->cols != cols)
        return error_plain(err, STATUS_BAD_INPUT, "activations of %lld columns for weights of %lld, expected as many", (long long)s->activation_source->cols, (long long)cols);
    if (s->activation_source != NULL && s->gemm_k > 0 && s->gemm_k != cols)
        return error_plain(err, STATUS_BAD_INPUT, "a product over %lld terms of given activations, expected their %lld columns", (long long)s->gemm_k, (long long)cols);
    if (s->activation_source != NULL && s->gemm_k > 0 && s->activation_source->rows < s->tokens)
        return error_plain(err, STATUS_BAD_INPUT, "%lld rows of activations, expected the %lld that the product takes", (long long)s->activation_source->rows, (long long)s->tokens);
    if (s->gptq_tokens > 0 && s->gptq_block < 1)
        return error_plain(err, STATUS_BAD_INPUT, "blocks of %lld columns, expected 1 and more", (long long)s->gptq_block);
    if (s->gemm_k > 0 && (s->tokens < 1 || s->tokens > TOKENS_MAX))
        return error_plain(err, STATUS_BAD_INPUT, "%lld tokens, expected 1 to %d", (long long)s->tokens, TOKENS_MAX);
    if (s->smooth_alpha >= 0 && (s->gemm_k == 0 || s->smooth_alpha > 1))
        return error_plain(err, STATUS_BAD_INPUT, "smoothing by %g, expected 0 to 1 and a product to smooth for", s->smooth_alpha);
    if (s->hadamard && cols % 2 != 0)
        return error_plain(err, STATUS_BAD_INPUT, "a rotation of %lld columns, expected an even number", (long long)cols);
    if (s->rule.scale == SCALE_SEARCH && s->scheme.group == QUANT_PER_TENSOR && s->scheme.scale != NULL)
        return error_plain(err, STATUS_BAD_INPUT, "a search for the scale of a whole tensor, expected scales of rows or groups");
    return STATUS_OK;
}

static bool allocate(struct measure *m)
{
    int64_t step = quant_piece_rows(&m->spec->scheme, m->source->cols), cols = m->source->cols;
    int64_t pieces = PIECE_ELEMENTS / (step * cols);
    size_t n;

    m->piece_rows = step * (pieces > 0 ? pieces : 1);
    if (m->piece_rows > m->source->rows)
        m->piece_rows = m->source->rows;
    n = (size_t)(m->piece_rows * cols);
    m->values = arena_array(&m->arena, n, sizeof *m->values);
    m->changed = arena_array(&m->arena, n, sizeof *m->changed);
    m->back = arena_array(&m->arena, n, sizeof *m->back);
    m->column_largest = arena_array(&m->arena, (size_t)cols, sizeof *m->column_largest);
    return m->values && m->changed && m->back && m->column_largest;
}

static enum status measure(struct measure *m, struct error *err)
{
    struct quant_range original;
    enum status st = check(m, err);

    if (st)
        return st;
    if (!allocate(m))
        return error_no_memory(err);
    if ((st = range_pass(m, err)))
        return st;
    original = m->range;
    if (m->spec->gemm_k > 0 && (st = prepare_activations(m, err)))
        return st;
    if (m->spec->hadamard)
        for (m->out->rotation = 2; m->source->cols % (2 * m->out->rotation) == 0;)
            m->out->rotation *= 2;
    if ((m->smooth != NULL || m->out->rotation > 0) && (st = range_pass(m, err)))
        return st;
    if (m->spec->gptq_tokens > 0 && (st = prepare_gptq(m, err)))
        return st;
    if ((st = error_pass(m, &original, err)))
        return st;
    m->out->kl_nats = kl_nats(m);
    return STATUS_OK;
}

enum status quant_error_measure(struct quant_error *out, const struct quant_error_spec *spec, const struct quant_source *source, struct error *err)
{
    struct measure *m = calloc(1, sizeof *m);
    enum status st;

    if (m == NULL)
        return error_no_memory(err);
    *out = (struct quant_error){ .rows = source->rows, .cols = source->cols, .worst_row_sqnr_db = INFINITY };
    m->spec = spec;
    m->source = source;
    m->out = out;
    st = measure(m, err);
    gptq_close(m->gptq);
    arena_free(&m->arena);
    arena_free(&m->piece);
    free(m);
    return st;
}
