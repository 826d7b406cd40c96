/* SPDX-License-Identifier: Apache-2.0 */
/* Error-compensating rounding; Cholesky factors by GSL. See gptq.h. */
#include "formats/gptq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_linalg.h>

#include "formats/encoder.h"
#include "formats/quant_parts.h"

enum { BLOCKS_MAX_DOUBLES = 1 << 23 };

struct gptq {
    int64_t cols, block, tokens;
    double *matrix; /* block b at b block^2: [size][size], H in the lower triangle, then L with H^-1 = L L^T, U = L^T */
};

static int64_t block_size(const struct gptq *g, int64_t b)
{
    int64_t rest = g->cols - b * g->block;

    return rest < g->block ? rest : g->block;
}

static int64_t block_count(const struct gptq *g)
{
    return (g->cols + g->block - 1) / g->block;
}

static double *block_at(const struct gptq *g, int64_t b)
{
    return g->matrix + b * g->block * g->block;
}

enum status gptq_open(struct gptq **out, int64_t cols, int64_t block, struct error *err)
{
    int64_t most = BLOCKS_MAX_DOUBLES / cols > 1 ? BLOCKS_MAX_DOUBLES / cols : 1;
    struct gptq *g = malloc(sizeof *g);

    *out = NULL;
    if (g == NULL)
        return error_no_memory(err);
    block = block < most ? block : most;
    *g = (struct gptq){ .cols = cols, .block = block < cols ? block : cols };
    g->matrix = calloc((size_t)(block_count(g) * g->block), (size_t)g->block * sizeof *g->matrix);
    if (g->matrix == NULL) {
        free(g);
        return error_no_memory(err);
    }
    *out = g;
    return STATUS_OK;
}

int64_t gptq_block(const struct gptq *g)
{
    return g->block;
}

void gptq_close(struct gptq *g)
{
    if (g != NULL)
        free(g->matrix);
    free(g);
}

/* h[i][j] += x_i x_j, j <= i */
static void add_token(double *h, const float *x, int64_t size)
{
    for (int64_t i = 0; i < size; i++) {
        double xi = isfinite(x[i]) ? x[i] : 0;

        for (int64_t j = 0; j <= i && xi != 0; j++)
            h[i * size + j] += xi * (isfinite(x[j]) ? x[j] : 0);
    }
}

void gptq_add(struct gptq *g, const float *x, int64_t tokens)
{
    for (int64_t t = 0; t < tokens; t++)
        for (int64_t b = 0; b < block_count(g); b++)
            add_token(block_at(g, b), x + t * g->cols + b * g->block, block_size(g, b));
    g->tokens += tokens;
}

/* H over its mean diagonal, damped: eigenvalues from `damping` to the number of columns, so that factors exist whatever the activations' scale. */
static void damp(double *h, int64_t size, double mean, double damping)
{
    for (int64_t i = 0; i < size; i++) {
        for (int64_t j = 0; j <= i; j++)
            h[i * size + j] /= mean;
        h[i * size + i] += damping;
    }
}

enum status gptq_factor(struct gptq *g, double damping, struct error *err)
{
    double sum = 0;

    if (!(damping >= 1e-4 && damping <= 1))
        return error_plain(err, STATUS_BAD_INPUT, "damping of %g, expected 1e-4 to 1", damping);
    for (int64_t b = 0; b < block_count(g); b++)
        for (int64_t i = 0, n = block_size(g, b); i < n; i++)
            sum += block_at(g, b)[i * n + i];
    if (!(sum > 0) || !isfinite(sum))
        return error_plain(err, STATUS_BAD_INPUT, "%lld calibration activations that are all zero or not finite, expected values", (long long)g->tokens);
    for (int64_t b = 0; b < block_count(g); b++) {
        int64_t n = block_size(g, b);
        gsl_matrix_view h;

        damp(block_at(g, b), n, sum / (double)g->cols, damping);
        h = gsl_matrix_view_array(block_at(g, b), (size_t)n, (size_t)n);
        if (gsl_linalg_cholesky_decomp1(&h.matrix) || gsl_linalg_cholesky_invert(&h.matrix) || gsl_linalg_cholesky_decomp1(&h.matrix))
            return error_plain(err, STATUS_INTERNAL, "the Hessian of columns %lld to %lld has no Cholesky factor", (long long)(b * g->block), (long long)(b * g->block + n - 1));
    }
    return STATUS_OK;
}

/* ---- rounding ----------------------------------------------------------------------------------------------------------------- */

/* How the elements of one group of one row are rounded. */
struct grid {
    const struct encoder *encoder;
    double scale, zero;
};

struct rows {
    struct quant_matrix *m;
    struct encoder narrow, wide, learned;
    double levels[256];
    struct format codebook;
    const struct encode_rule *rule;
    int64_t first_element;
};

static void learned_levels(struct rows *w, int64_t row)
{
    const struct format *half = format_find("fp16");
    int count = 1 << w->m->q->format->bits;

    w->codebook = *w->m->q->format;
    for (int i = 0; i < count; i++)
        w->levels[i] = format_decode(half, w->m->levels[row * count + i]);
    w->codebook.codebook = w->levels;
    encoder_init(&w->learned, &w->codebook, w->rule);
}

static struct grid grid_at(const struct rows *w, int64_t row, int64_t col)
{
    const struct quant_matrix *m = w->m;
    int64_t group = m->q->group > 0 ? col / m->q->group : 0;

    if (m->levels != NULL)
        return (struct grid){ &w->learned, 1, 0 };
    if (m->q->scale == NULL)
        return (struct grid){ &w->narrow, 1, 0 };
    return (struct grid){ m->wide != NULL && m->wide[row * m->groups + group] ? &w->wide : &w->narrow, quant_scale_at(m, row, group), quant_zero_at(m, row, group) };
}

/* Rounds one element and gives back what it stands for. */
static double round_element(const struct rows *w, const struct grid *grid, int64_t at, double x)
{
    struct quant_matrix *m = w->m;
    enum quant_place place = m->place != NULL ? m->place[at] : PLACE_DENSE;

    if (place == PLACE_ZERO || !isfinite(x))
        return place == PLACE_ZERO ? 0 : x;
    if (place != PLACE_DENSE) {
        const struct format *half = format_find("fp16");
        m->codes[at] = format_encode(half, x, w->rule, (uint64_t)(w->first_element + at));
        return format_decode(half, m->codes[at]);
    }
    double level = grid->scale > 0 ? grid->zero != 0 ? x / grid->scale + grid->zero : x / grid->scale : grid->zero;
    m->codes[at] = encoder_code(grid->encoder, level, (uint64_t)(w->first_element + at));
    return (format_decode(grid->encoder->format, m->codes[at]) - grid->zero) * grid->scale;
}

/* One block of one row: x[size] holds what is left to be rounded; l[size][size]. */
static void round_block(const struct rows *w, int64_t row, int64_t first_col, const double *l, int64_t size, double *x)
{
    struct grid grid = { 0 };
    int64_t group = w->m->q->group > 0 ? w->m->q->group : w->m->cols;

    for (int64_t i = 0; i < size; i++) {
        int64_t col = first_col + i;

        if (i == 0 || col % group == 0)
            grid = grid_at(w, row, col);
        double error = (x[i] - round_element(w, &grid, row * w->m->cols + col, x[i])) / l[i * size + i];
        for (int64_t j = i + 1; j < size && error != 0 && isfinite(error); j++)
            x[j] -= error * l[j * size + i];
    }
}

enum status gptq_round(struct quant_matrix *m, const struct gptq *g, const float *values, const struct encode_rule *rule, int64_t first_element, struct error *err)
{
    double *x = malloc((size_t)g->block * sizeof *x);
    struct rows *w = malloc(sizeof *w);

    if (x == NULL || w == NULL) {
        free(x);
        free(w);
        return error_no_memory(err);
    }
    *w = (struct rows){ .m = m, .rule = rule, .first_element = first_element };
    encoder_init(&w->narrow, m->q->format, rule);
    if (m->q->mixed != NULL)
        encoder_init(&w->wide, m->q->mixed, rule);
    for (int64_t row = 0; row < m->rows; row++) {
        if (m->levels != NULL)
            learned_levels(w, row);
        for (int64_t b = 0; b < block_count(g); b++) {
            int64_t size = block_size(g, b), first = b * g->block;

            for (int64_t i = 0; i < size; i++)
                x[i] = values[row * m->cols + first + i];
            round_block(w, row, first, block_at(g, b), size, x);
        }
    }
    free(x);
    free(w);
    return STATUS_OK;
}
