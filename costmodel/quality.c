/* SPDX-License-Identifier: Apache-2.0 */
/* The table of quality.csv and the regression of quality.h. Least squares by GSL; sums in the order of the rows. */
#include "costmodel/quality.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit.h>

#include "arch/arch.h"
#include "base/csv.h"
#include "base/num.h"
#include "formats/quant_error.h"

enum { COLUMNS = 12, ROWS_MAX = 1 << 14, TERMS = 3, SAMPLE_ROWS = 64, SAMPLE_COLS = 4096, ROWS_MIN = 8, MODELS_MIN = 4 };

static const char *const columns[COLUMNS] = { "model", "parameters_billion", "weights", "activations", "kv", "method", "dataset", "context", "perplexity",
                                              "perplexity_16bit", "provenance", "source" };
static const char *const nearest_methods[] = { "rtn", "rtn blockwise 64", "bitsandbytes" };
static const char *const trained_methods[] = { "efficientqat", "aqlm", "aqlm+pv", "quip#", "bitdistiller", "llm-qat", "bitnet-b1.58" };

static enum quality_method kind_of(const char *method)
{
    for (size_t i = 0; i < sizeof nearest_methods / sizeof nearest_methods[0]; i++)
        if (strcmp(method, nearest_methods[i]) == 0)
            return QUALITY_NEAREST;
    for (size_t i = 0; i < sizeof trained_methods / sizeof trained_methods[0]; i++)
        if (strcmp(method, trained_methods[i]) == 0)
            return QUALITY_TRAINED;
    return QUALITY_CALIBRATED;
}

/* A number above 0; empty gives NaN where `optional`. */
static enum status positive(double *out, const char *text, const char *name, bool optional, struct source_pos at, struct error *err)
{
    *out = NAN;
    if (optional && *text == '\0')
        return STATUS_OK;
    if (num_parse_double(out, text) != 0 || !(*out > 0))
        return error_set(err, STATUS_BAD_INPUT, at, "%s is '%s', expected a number above 0%s", name, text, optional ? ", or nothing" : "");
    return STATUS_OK;
}

static enum status read_row(struct quality_row *out, const char *const *v, const int *at, struct source_pos pos, struct arena *arena, struct error *err)
{
    const char **texts[] = { &out->model, NULL, &out->weights, &out->activations, &out->kv, &out->method, &out->dataset, NULL, NULL, NULL, &out->provenance, &out->source };
    double context;
    enum status st;

    for (int i = 0; i < COLUMNS; i++)
        if (texts[i] != NULL && (*texts[i] = arena_strdup(arena, v[at[i]])) == NULL)
            return error_no_memory(err);
    if ((st = positive(&out->parameters_billion, v[at[1]], columns[1], true, pos, err)) || (st = positive(&context, v[at[7]], columns[7], false, pos, err)) ||
        (st = positive(&out->perplexity, v[at[8]], columns[8], false, pos, err)) || (st = positive(&out->perplexity_16bit, v[at[9]], columns[9], true, pos, err)))
        return st;
    out->context = context < 1e9 ? (int64_t)context : 0;
    out->kind = kind_of(out->method);
    out->has_scheme = quant_parse(&out->scheme, out->weights, pos, NULL) == STATUS_OK;
    return STATUS_OK;
}

enum status quality_load(struct quality_table *out, const char *path, struct arena *arena, struct error *err)
{
    struct quality_row *rows = arena_array(arena, ROWS_MAX, sizeof *rows);
    const char *const *v = NULL;
    int at[COLUMNS];
    int64_t count = 0;
    struct csv *csv;
    enum status st;

    if (rows == NULL)
        return error_no_memory(err);
    if (path == NULL && (path = data_path("costmodel/tables/quality.csv", arena)) == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "no costmodel/tables/quality.csv among llmsim's data, expected it below LLMSIM_DATA or where llmsim is installed");
    if ((st = csv_open(&csv, path, err)))
        return st;
    for (int i = 0; st == STATUS_OK && i < COLUMNS; i++)
        if ((at[i] = csv_column(csv, columns[i])) < 0)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "no column '%s'", columns[i]);
    while (st == STATUS_OK && (st = csv_next(csv, &v, err)) == STATUS_OK && v != NULL) {
        if (count == ROWS_MAX)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "more than %d rows", ROWS_MAX);
        else
            st = read_row(&rows[count++], v, at, csv_pos(csv), arena, err);
    }
    csv_close(csv);
    *out = (struct quality_table){ rows, count };
    return st;
}

static enum status read_gaussian(float *values, void *context, int64_t first_row, int64_t rows, struct error *err)
{
    const struct sample s = { .kind = SAMPLE_GAUSSIAN, .seed = 1 };

    (void)context;
    (void)err;
    sample_fill(values, &s, first_row * SAMPLE_COLS, rows * SAMPLE_COLS, SAMPLE_COLS);
    return STATUS_OK;
}

enum status quality_sqnr_db(double *out, const struct quant *scheme, struct error *err)
{
    const struct quant_source source = { .rows = SAMPLE_ROWS, .cols = SAMPLE_COLS, .read = read_gaussian };
    struct quant_error_spec spec = { .scheme = *scheme, .rule = { .encode = { .saturate = true } }, .smooth_alpha = -1 };
    struct quant_error e;
    enum status st = quant_error_measure(&e, &spec, &source, err);

    if (st == STATUS_OK)
        *out = error_sqnr_db(&e.values);
    return st;
}

/* ---- the regression ------------------------------------------------------------------------------------------------------------ */

struct point {
    double term[TERMS], y;
    const char *model, *weights;
};

/* Least squares over points whose model is not `without`. False: no memory, or too few. */
static bool solve(struct quality_fit *fit, const struct point *points, int64_t count, const char *without)
{
    size_t n = 0, k = 0;
    double chisq;
    bool ok = false;

    for (int64_t i = 0; i < count; i++)
        n += without == NULL || strcmp(points[i].model, without) != 0;
    if (n <= TERMS)
        return false;
    gsl_matrix *x = gsl_matrix_alloc(n, TERMS), *covariance = gsl_matrix_alloc(TERMS, TERMS);
    gsl_vector *y = gsl_vector_alloc(n), *c = gsl_vector_alloc(TERMS), *w = gsl_vector_alloc(n);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n, TERMS);
    if (x && covariance && y && c && w && work) {
        for (int64_t i = 0; i < count; i++) {
            if (without != NULL && strcmp(points[i].model, without) == 0)
                continue;
            for (int t = 0; t < TERMS; t++)
                gsl_matrix_set(x, k, (size_t)t, points[i].term[t]);
            gsl_vector_set(w, k, 1);
            gsl_vector_set(y, k++, points[i].y);
        }
        ok = gsl_multifit_wlinear(x, w, y, c, covariance, &chisq, work) == 0;
        fit->residual = sqrt(chisq / (double)(n - TERMS));
        for (size_t i = 0; i < TERMS; i++) {
            fit->coefficient[i] = gsl_vector_get(c, i);
            for (size_t j = 0; j < TERMS; j++)
                fit->covariance[i][j] = gsl_matrix_get(covariance, i, j); /* weights of 1: (X'X)^-1 */
        }
    }
    gsl_multifit_linear_free(work);
    gsl_vector_free(w);
    gsl_vector_free(c);
    gsl_vector_free(y);
    gsl_matrix_free(covariance);
    gsl_matrix_free(x);
    return ok;
}

static double predict(const struct quality_fit *fit, const double *term)
{
    return fit->coefficient[0] * term[0] + fit->coefficient[1] * term[1] + fit->coefficient[2] * term[2];
}

/* SQNR of a row's scheme, computed once for each text. */
static enum status point_of(struct point *out, const struct quality_row *r, const struct point *earlier, int64_t count, struct error *err)
{
    double sqnr = NAN;

    for (int64_t i = 0; i < count && isnan(sqnr); i++)
        if (strcmp(earlier[i].weights, r->weights) == 0)
            sqnr = earlier[i].term[1];
    if (isnan(sqnr)) {
        enum status st = quality_sqnr_db(&sqnr, &r->scheme, err);
        if (st)
            return st;
    }
    *out = (struct point){ { 1, sqnr, log(r->parameters_billion) }, log(log(r->perplexity / r->perplexity_16bit)), r->model, r->weights };
    return STATUS_OK;
}

static bool first_of_model(const struct point *points, int64_t i)
{
    for (int64_t k = 0; k < i; k++)
        if (strcmp(points[k].model, points[i].model) == 0)
            return false;
    return true;
}

enum status quality_fit_rows(struct quality_fit *out, const struct quality_table *table, enum quality_method kind, struct arena *arena, struct error *err)
{
    struct point *points = arena_array(arena, (size_t)table->count + 1, sizeof *points);
    struct quality_fit fit = { .kind = kind, .lowest_sqnr_db = INFINITY, .highest_sqnr_db = -INFINITY }, without;
    double squares = 0;
    enum status st;

    if (points == NULL)
        return error_no_memory(err);
    for (int64_t i = 0; i < table->count; i++) {
        const struct quality_row *r = &table->rows[i];
        if (r->kind != kind || !r->has_scheme || *r->activations || *r->kv || isnan(r->perplexity_16bit) || isnan(r->parameters_billion))
            continue;
        if (!(r->perplexity > r->perplexity_16bit)) {
            fit.passed_over++;
            continue;
        }
        if ((st = point_of(&points[fit.rows], r, points, fit.rows, err)))
            return st;
        fit.lowest_sqnr_db = fmin(fit.lowest_sqnr_db, points[fit.rows].term[1]);
        fit.highest_sqnr_db = fmax(fit.highest_sqnr_db, points[fit.rows].term[1]);
        fit.models += first_of_model(points, fit.rows);
        fit.rows++;
    }
    if (fit.rows < ROWS_MIN || fit.models < MODELS_MIN || !solve(&fit, points, fit.rows, NULL))
        return error_plain(err, STATUS_BAD_INPUT, "%lld rows of %lld models to fit a proxy on, expected at least %d of %d", (long long)fit.rows, (long long)fit.models, ROWS_MIN, MODELS_MIN);
    for (int64_t i = 0; i < fit.rows; i++) {
        without = fit;
        if (!solve(&without, points, fit.rows, points[i].model))
            return error_plain(err, STATUS_BAD_INPUT, "too few rows to fit a proxy without %s", points[i].model);
        squares += pow(points[i].y - predict(&without, points[i].term), 2);
    }
    fit.left_out = sqrt(squares / (double)fit.rows);
    *out = fit;
    return STATUS_OK;
}

void quality_estimate(struct quality_estimate *out, const struct quality_fit *fit, double sqnr_db, double parameters_billion)
{
    double term[TERMS] = { 1, sqnr_db, log(parameters_billion) }, leverage = 0, spread = fit->left_out > fit->residual ? fit->left_out : fit->residual, y = predict(fit, term), reach;

    for (int i = 0; i < TERMS; i++)
        for (int j = 0; j < TERMS; j++)
            leverage += term[i] * fit->covariance[i][j] * term[j];
    reach = gsl_cdf_tdist_Pinv(0.95, (double)(fit->rows - TERMS)) * spread * sqrt(1 + leverage);
    *out = (struct quality_estimate){ .sqnr_db = sqnr_db, .ratio = exp(exp(y)), .low = exp(exp(y - reach)), .high = exp(exp(y + reach)),
                                      .extrapolated = sqnr_db < fit->lowest_sqnr_db || sqnr_db > fit->highest_sqnr_db };
}
