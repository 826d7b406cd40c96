/* SPDX-License-Identifier: Apache-2.0 */
/* Fitting free parameters to rows (validate/calibrate.h). */
#include "validate/calibrate_internal.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum { REWEIGHTINGS = 2, STEPS_MAX = 8, OVERRIDE_MAX = 96 };
static const double coordinate_shift = 10.0, difference = 0.04; /* GSL steps by difference x |coordinate| = 0.4 of the logistic's unit */
static const double cauchy_scale = 0.1, missed = 3.0; /* log error of a row that parameters make infeasible */
static const double prior_width = 4.0;                /* of the logistic's unit around the value in the description: what rows cannot tell stays there */
static const double clock_guess = 0.94;               /* at boost the power cap hides it: no slope to follow */

struct problem {
    struct calibration *c;
    struct evaluated_row **rows;
    size_t count;
    const char *fidelity;
    const volatile sig_atomic_t *stop;
    double *scratch;             /* count */
    double prior[CALIBRATE_FREE_MAX]; /* coordinates of the description's values */
};

/* ---- coordinates: the logistic takes the line to the bounds ---- */

static double to_coordinate(const struct free_parameter *p, double value)
{
    double share = (value - p->low) / (p->high - p->low);

    share = share < 0.02 ? 0.02 : share > 0.98 ? 0.98 : share;
    return coordinate_shift + log(share / (1.0 - share));
}

static double from_coordinate(const struct free_parameter *p, double x)
{
    return p->low + (p->high - p->low) / (1.0 + exp(coordinate_shift - x));
}

/* ---- predictions with given values ---- */

static enum status predict_with(double *log_errors, struct evaluated_row **rows, size_t count, const struct calibration *c, const double *values,
                                struct error *err)
{
    struct arch_override overrides[CALIBRATE_FREE_MAX];
    char text[CALIBRATE_FREE_MAX][OVERRIDE_MAX], number[NUM_TEXT_MAX];
    struct arena scratch = { 0 };
    struct predictor p;
    enum status st = predictor_open(&p, "analytic", err);

    if (st)
        return st;
    if (!c->clocks_only)
        predictor_uncalibrate(&p);
    p.overrides = overrides;
    for (int64_t i = 0; i < c->count && !st; i++) {
        const struct free_parameter *q = &c->parameters[i];

        if (q->clock_device) {
            st = harness_clock_set(&p.harnesses, q->clock_source, q->clock_device, values[i], err);
            continue;
        }
        snprintf(text[i], sizeof text[i], "%s %s", num_format_double(number, values[i]), q->unit);
        overrides[p.overrides_count++] = (struct arch_override){ q->key, text[i] };
    }
    if (st) {
        predictor_close(&p);
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        struct prediction out;
        struct error why;
        bool ok = predict_row(&out, &rows[i]->row, &p, &scratch, &why) == STATUS_OK && out.value > 0.0;

        log_errors[i] = ok ? log(out.value / rows[i]->measured) : missed;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    predictor_close(&p);
    return STATUS_OK;
}

static int residuals(const gsl_vector *x, void *context, gsl_vector *f)
{
    struct problem *problem = context;
    double values[CALIBRATE_FREE_MAX];
    struct error err;

    for (int64_t i = 0; i < problem->c->count; i++)
        values[i] = from_coordinate(&problem->c->parameters[i], gsl_vector_get(x, (size_t)i));
    if (problem->stop && *problem->stop)
        return GSL_EFAILED;
    if (predict_with(problem->scratch, problem->rows, problem->count, problem->c, values, &err))
        return GSL_EFAILED;
    for (size_t i = 0; i < (size_t)problem->c->count; i++)
        gsl_vector_set(f, problem->count + i, cauchy_scale * (gsl_vector_get(x, i) - problem->prior[i]) / prior_width);
    for (size_t i = 0; i < problem->count; i++) /* f may be a column of the Jacobian: strided */
        gsl_vector_set(f, i, problem->scratch[i]);
    return GSL_SUCCESS;
}

/* ---- the fit ---- */

static void cauchy_weights(gsl_vector *weights, const gsl_vector *f, size_t rows)
{
    gsl_vector_set_all(weights, 1.0); /* the priors' */
    for (size_t i = 0; i < rows; i++) {
        double x = gsl_vector_get(f, i) / cauchy_scale;

        gsl_vector_set(weights, i, 1.0 / (1.0 + x * x));
    }
}

/* Intervals and remarks from the covariance at the optimum. */
static void identify(struct calibration *c, const gsl_matrix *covariance, const gsl_vector *x, double scale)
{
    double width = gsl_cdf_ugaussian_Pinv(0.9);

    for (int64_t i = 0; i < c->count; i++) {
        struct free_parameter *p = &c->parameters[i];
        double sigma = scale * sqrt(gsl_matrix_get(covariance, (size_t)i, (size_t)i)), at = gsl_vector_get(x, (size_t)i), range = p->high - p->low;

        p->low80 = from_coordinate(p, at - width * sigma);
        p->high80 = from_coordinate(p, at + width * sigma);
        p->remark = "";
        if (!(sigma > 0.0) || p->high80 - p->low80 > 0.6 * range)
            p->remark = "not identifiable from these rows";
        else if (p->value - p->low < 0.03 * range || p->high - p->value < 0.03 * range)
            p->remark = "at its bound";
        for (int64_t j = 0; j < c->count && p->remark[0] == '\0'; j++) {
            double other = sqrt(gsl_matrix_get(covariance, (size_t)j, (size_t)j));
            double r = gsl_matrix_get(covariance, (size_t)i, (size_t)j) * scale / (sigma * other);

            if (j != i && fabs(r) > 0.9)
                p->remark = "moves with another parameter";
        }
    }
}

static enum status fit(struct calibration *c, struct evaluated_row **rows, size_t count, double *scratch, const volatile sig_atomic_t *stop,
                       struct error *err)
{
    struct problem problem = { .c = c, .rows = rows, .count = count, .stop = stop, .scratch = scratch };
    size_t p = (size_t)c->count, n = count + p;
    gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf function = { .f = residuals, .n = n, .p = p, .params = &problem };
    gsl_vector *x = gsl_vector_alloc(p), *weights = gsl_vector_alloc(n), *f = gsl_vector_alloc(n);
    gsl_matrix *covariance = gsl_matrix_calloc(p, p);
    gsl_multifit_nlinear_workspace *w;
    enum status st = STATUS_OK;

    settings.h_df = difference;
    settings.solver = gsl_multifit_nlinear_solver_svd;
    w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, n, p);
    for (size_t i = 0; i < p; i++) {
        const struct free_parameter *q = &c->parameters[i];

        problem.prior[i] = to_coordinate(q, q->start);
        gsl_vector_set(x, i, to_coordinate(q, q->clock_device ? clock_guess : q->value));
    }
    for (int round = 0; round < REWEIGHTINGS && !st; round++) {
        int info;

        if (residuals(x, &problem, f) != GSL_SUCCESS)
            st = error_plain(err, stop && *stop ? STATUS_INTERRUPTED : STATUS_INTERNAL, "the fit was stopped");
        cauchy_weights(weights, f, count);
        if (st || gsl_multifit_nlinear_winit(x, weights, &function, w) != GSL_SUCCESS)
            break;
        gsl_multifit_nlinear_driver(STEPS_MAX, 1e-3, 1e-3, 1e-4, NULL, NULL, &info, w);
        gsl_vector_memcpy(x, gsl_multifit_nlinear_position(w));
    }
    if (!st && stop && *stop)
        st = error_plain(err, STATUS_INTERRUPTED, "the fit was stopped");
    if (!st) {
        double chi = gsl_blas_dnrm2(gsl_multifit_nlinear_residual(w));

        gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0.0, covariance);
        for (size_t i = 0; i < p; i++)
            c->parameters[i].value = from_coordinate(&c->parameters[i], gsl_vector_get(x, i));
        identify(c, covariance, x, chi / sqrt((double)(n > p ? n - p : 1)));
    }
    gsl_multifit_nlinear_free(w);
    gsl_matrix_free(covariance);
    gsl_vector_free(f);
    gsl_vector_free(weights);
    gsl_vector_free(x);
    return st;
}

/* ---- errors with the start values and the fitted ones ---- */

static double mean_error(const double *log_errors, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += fabs(exp(log_errors[i]) - 1.0);
    return n ? sum / (double)n : NAN;
}

/* Mean error of rows with the start values and with the fitted ones; the fitted predictions go into the rows when asked. */
static enum status errors_of(double *before, double *after, struct evaluated_row **rows, size_t n, const struct calibration *c, bool keep,
                             double *scratch, struct error *err)
{
    double values[2][CALIBRATE_FREE_MAX];
    enum status st;

    for (int64_t i = 0; i < c->count; i++) {
        values[0][i] = c->parameters[i].start;
        values[1][i] = c->parameters[i].value;
    }
    if (before && (st = predict_with(scratch, rows, n, c, values[0], err)))
        return st;
    if (before)
        *before = mean_error(scratch, n);
    if ((st = predict_with(scratch, rows, n, c, values[1], err)))
        return st;
    *after = mean_error(scratch, n);
    for (size_t i = 0; keep && i < n; i++)
        rows[i]->value = exp(scratch[i]) * rows[i]->measured;
    return STATUS_OK;
}

static enum status take_kept(struct calibration *c, const struct fold_fit *kept, int64_t f, struct error *err)
{
    for (int64_t i = 0; i < c->count; i++) {
        int64_t at = 0;

        while (at < kept->count && strcmp(kept->keys[at], c->parameters[i].key) != 0)
            at++;
        if (at == kept->count)
            return error_plain(err, STATUS_BAD_INPUT, "fold %lld of %s keeps no value of '%s': it is to be fitted anew", (long long)f + 1, c->device,
                               c->parameters[i].key);
        c->parameters[i].value = kept->values[at];
    }
    return STATUS_OK;
}

static enum status one_fold(struct calibration *out, int64_t f, const int64_t *fold, struct evaluated_row **rows, size_t n, const struct calibrate_options *o,
                            struct evaluated_row **part, struct evaluated_row **used, double *scratch, struct error *err)
{
    struct calibration c = *out;
    size_t kept = 0, left = 0;
    enum status st;

    for (size_t i = 0; i < n; i++)
        if (fold[i] != f)
            part[kept++] = rows[i];
    for (int64_t i = 0; i < c.count; i++)
        c.parameters[i].value = c.parameters[i].start;
    kept = calibrate_thin(used, part, kept, o->rows);
    if (kept <= (size_t)c.count)
        return error_plain(err, STATUS_BAD_INPUT, "fold %lld leaves %zu rows to fit %lld parameters", (long long)f, kept, (long long)c.count);
    if ((st = o->kept ? take_kept(&c, &o->kept[f], f, err) : fit(&c, used, kept, scratch, o->stop, err)))
        return st;
    for (size_t i = 0; i < n; i++)
        if (fold[i] == f) {
            rows[i]->fold = f;
            part[left++] = rows[i];
        }
    out->fold_rows[f] = (int64_t)left;
    for (int64_t i = 0; i < c.count; i++)
        out->fold_values[f][i] = c.parameters[i].value;
    return errors_of(o->kept ? NULL : &out->fold_error_before[f], &out->fold_error[f], part, left, &c, true, scratch, err);
}

enum status calibrate(struct calibration *out, struct evaluation *e, const char *device, const struct calibrate_options *o, struct arena *arena,
                      struct error *err)
{
    size_t room = (size_t)e->count + 1, n, kept;
    struct evaluated_row **rows = arena_array(arena, room, sizeof *rows), **part = arena_array(arena, room, sizeof *part),
                         **used = arena_array(arena, room, sizeof *used);
    double *scratch = arena_array(arena, room, sizeof *scratch);
    int64_t *fold = arena_array(arena, room, sizeof *fold);
    const struct arch_override uncalibrated = { "calibration", "none" };
    const struct hardware *hw;
    struct predictor p;
    enum status st;

    if (!rows || !part || !used || !scratch || !fold)
        return error_no_memory(err);
    gsl_set_error_handler_off();
    if ((st = predictor_open(&p, "analytic", err)))
        return st;
    if (!o->clocks_only)
        predictor_uncalibrate(&p);
    if ((st = arch_load(&hw, device, &uncalibrated, !o->clocks_only, arena, err)) || (st = calibrate_declared(out, hw, arena, err))) {
        predictor_close(&p);
        return st;
    }
    if ((out->clocks_only = o->clocks_only))
        out->count = 0;
    n = calibrate_usable_rows(rows, e, hw, &p);
    st = calibrate_clocks(out, rows, n, &p, arena, err);
    predictor_close(&p);
    if (st)
        return st;
    if (out->count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "no source has %d rows of single kernels or %d of training on a device of generation '%s': none tells its clock",
                           CALIBRATE_CLOCK_KERNELS_MIN, CALIBRATE_CLOCK_ITERATIONS_MIN, out->generation);
    if (n <= (size_t)out->count)
        return error_plain(err, STATUS_BAD_INPUT, "%zu rows of generation '%s' with a measured value, too few for %lld parameters", n, out->generation,
                           (long long)out->count);
    if (o->folds > 1) {
        calibrate_folds(fold, rows, n, o->folds, o->by_shape);
        out->folds = o->folds;
        for (int64_t f = 0; f < out->folds; f++)
            if ((st = one_fold(out, f, fold, rows, n, o, part, used, scratch, err)))
                return st;
    }
    if (o->folds_only)
        return STATUS_OK;
    kept = calibrate_thin(used, rows, n, o->rows);
    out->rows_used = (int64_t)kept;
    if ((st = fit(out, used, kept, scratch, o->stop, err)))
        return st;
    return errors_of(&out->error_before, &out->error_after, used, kept, out, o->folds <= 1, scratch, err);
}
