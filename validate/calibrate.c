/* SPDX-License-Identifier: Apache-2.0 */
/* Fitting free parameters to rows (validate/calibrate.h). */
#include "validate/calibrate.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/textfile.h"

enum { REWEIGHTINGS = 2, STEPS_MAX = 8, OVERRIDE_MAX = 96 };
static const double coordinate_shift = 10.0, difference = 0.04; /* GSL steps by difference x |coordinate| = 0.4 of the logistic's unit */
static const double cauchy_scale = 0.1, missed = 3.0; /* log error of a row that parameters make infeasible */

struct problem {
    struct calibration *c;
    struct evaluated_row **rows;
    size_t count;
    const char *fidelity;
    const volatile sig_atomic_t *stop;
    double *scratch;             /* count */
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
    struct arch_override overrides[CALIBRATE_PARAMETERS_MAX];
    char text[CALIBRATE_PARAMETERS_MAX][OVERRIDE_MAX], number[NUM_TEXT_MAX];
    struct arena scratch = { 0 };
    struct predictor p;
    enum status st = predictor_open(&p, "analytic", err);

    if (st)
        return st;
    for (int64_t i = 0; i < c->count; i++) {
        snprintf(text[i], sizeof text[i], "%s %s", num_format_double(number, values[i]), c->parameters[i].unit);
        overrides[i] = (struct arch_override){ c->parameters[i].key, text[i] };
    }
    p.overrides = overrides;
    p.overrides_count = c->count;
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
    double values[CALIBRATE_PARAMETERS_MAX];
    struct error err;

    for (int64_t i = 0; i < problem->c->count; i++)
        values[i] = from_coordinate(&problem->c->parameters[i], gsl_vector_get(x, (size_t)i));
    if (problem->stop && *problem->stop)
        return GSL_EFAILED;
    if (predict_with(problem->scratch, problem->rows, problem->count, problem->c, values, &err))
        return GSL_EFAILED;
    for (size_t i = 0; i < problem->count; i++) /* f may be a column of the Jacobian: strided */
        gsl_vector_set(f, i, problem->scratch[i]);
    return GSL_SUCCESS;
}

/* ---- the fit ---- */

static void cauchy_weights(gsl_vector *weights, const gsl_vector *f)
{
    for (size_t i = 0; i < f->size; i++) {
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
    size_t n = count, p = (size_t)c->count;
    gsl_multifit_nlinear_parameters settings = gsl_multifit_nlinear_default_parameters();
    gsl_multifit_nlinear_fdf function = { .f = residuals, .n = n, .p = p, .params = &problem };
    gsl_vector *x = gsl_vector_alloc(p), *weights = gsl_vector_alloc(n), *f = gsl_vector_alloc(n);
    gsl_matrix *covariance = gsl_matrix_calloc(p, p);
    gsl_multifit_nlinear_workspace *w;
    enum status st = STATUS_OK;

    settings.h_df = difference;
    settings.solver = gsl_multifit_nlinear_solver_svd;
    w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &settings, n, p);
    for (size_t i = 0; i < p; i++)
        gsl_vector_set(x, i, to_coordinate(&c->parameters[i], c->parameters[i].value));
    for (int round = 0; round < REWEIGHTINGS && !st; round++) {
        int info;

        if (residuals(x, &problem, f) != GSL_SUCCESS)
            st = error_plain(err, stop && *stop ? STATUS_INTERRUPTED : STATUS_INTERNAL, "the fit was stopped");
        cauchy_weights(weights, f);
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

/* ---- declared parameters ---- */

static bool number_and_unit(double *value, const char **unit, const struct yaml_node *node, struct arena *arena)
{
    size_t n = node && node->kind == YAML_SCALAR ? num_decimal_length(node->text) : 0;
    char *number = n ? arena_strndup(arena, node->text, n) : NULL;

    if (!number || num_parse_double(value, number) != 0)
        return false;
    *unit = node->text + n + strspn(node->text + n, " ");
    return true;
}

static const struct yaml_node *node_at(const struct yaml_node *map, const char *path, struct arena *arena)
{
    while (map && map->kind == YAML_MAPPING) {
        size_t n = strcspn(path, ".");
        const char *key = arena_strndup(arena, path, n);

        map = key ? yaml_find(map, key) : NULL;
        if (path[n] == '\0')
            return map;
        path += n + 1;
    }
    return NULL;
}

static enum status declared_one(struct free_parameter *p, const char *key, const struct yaml_node *stanza, const struct hardware *hw,
                                struct arena *arena, struct error *err)
{
    static const char *const allowed[] = { "low", "high", "means" };
    const struct yaml_node *value = node_at(hw->tree, key, arena);
    const char *high_unit = "", *unit = "";
    enum status st;

    *p = (struct free_parameter){ .key = key, .remark = "" };
    if (stanza->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: '%s': expected {low: ..., high: ..., means: ...}", key);
    if ((st = yaml_check_keys(stanza, allowed, 3, err)) || (st = yaml_get_text(&p->means, stanza, "means", true, err)))
        return st;
    if (!number_and_unit(&p->low, &p->unit, yaml_find(stanza, "low"), arena) ||
        !number_and_unit(&p->high, &high_unit, yaml_find(stanza, "high"), arena) || strcmp(p->unit, high_unit) != 0 || p->low >= p->high)
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: '%s': expected low < high in one unit", key);
    if (!number_and_unit(&p->start, &unit, value, arena))
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: the description has no number '%s'", key);
    if (strcmp(unit, p->unit) != 0)
        return error_set(err, STATUS_BAD_INPUT, value->at, "'%s' is in '%s', but its bounds (%s:%d) in '%s'", key, unit, stanza->at.file,
                         stanza->at.line, p->unit);
    p->value = p->low80 = p->high80 = p->start;
    return STATUS_OK;
}

enum status calibrate_declared(struct calibration *out, const struct hardware *hw, struct arena *arena, struct error *err)
{
    const struct yaml_node *list = yaml_find(hw->tree, "calibrate");
    enum status st;

    memset(out, 0, sizeof *out);
    out->device = hw->name;
    out->generation = hw->generation ? hw->generation : "";
    if (!list || list->kind != YAML_MAPPING || list->count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s declares no free parameters ('calibrate:' of its generation's file)", hw->name);
    if (list->count > CALIBRATE_PARAMETERS_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "calibrate: %zu parameters, at most %d", list->count, CALIBRATE_PARAMETERS_MAX);
    for (size_t i = 0; i < list->count; i++)
        if ((st = declared_one(&out->parameters[out->count++], list->keys[i], list->items[i], hw, arena, err)))
            return st;
    return STATUS_OK;
}

/* ---- rows and folds ---- */

static uint64_t text_hash(uint64_t h, const char *text)
{
    for (; *text; text++) /* FNV-1a */
        h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
    return h;
}

/* What is left out together: a model where the source names one ... */
static bool model_key(uint64_t *key, const struct row *row)
{
    const char *source = row_text(row, "source"), *slash = strchr(source, '/');

    *key = text_hash(0xcbf29ce484222325ull, slash ? slash : source);
    return strncmp(source, "vidur:", 6) == 0 && strncmp(source, "vidur:network", 13) != 0;
}

/* ... else shapes, without the number of tokens. */
static uint64_t shape_key(const struct row *row)
{
    static const char *const shape[] = { "n", "k", "n_head", "n_kv_head", "head_dim", "op", "cols", "hidden", "inter", "n_expert", "moe_tp", "moe_ep", "ranks" };
    uint64_t h = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
        h = text_hash(text_hash(h, row_text(row, shape[i])), ",");
    return h ^ h >> 32; /* the low bits of FNV alone follow the last bytes */
}

static int64_t find_model(uint64_t *models, int64_t *known, uint64_t key)
{
    int64_t at = 0;

    while (at < *known && models[at] != key)
        at++;
    if (at == *known && *known < CALIBRATE_FOLDS_MAX)
        models[(*known)++] = key;
    return at;
}

/* Fold of each row. Where the rows name one model only, its shapes are parted instead. */
static void assign_folds(int64_t *fold, struct evaluated_row **rows, size_t n, int64_t folds)
{
    uint64_t models[CALIBRATE_FOLDS_MAX], key;
    int64_t known = 0;

    for (size_t i = 0; i < n; i++)
        if (model_key(&key, &rows[i]->row))
            find_model(models, &known, key);
    for (size_t i = 0; i < n; i++)
        fold[i] = (known > 1 && model_key(&key, &rows[i]->row) ? find_model(models, &known, key) : (int64_t)(shape_key(&rows[i]->row) % 3)) % folds;
}

static size_t thin(struct evaluated_row **out, struct evaluated_row **rows, size_t n, int64_t want)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (want <= 0 || (double)i * (double)want / (double)n >= (double)kept)
            out[kept++] = rows[i];
    return kept;
}

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
    double values[2][CALIBRATE_PARAMETERS_MAX];
    enum status st;

    for (int64_t i = 0; i < c->count; i++) {
        values[0][i] = c->parameters[i].start;
        values[1][i] = c->parameters[i].value;
    }
    if ((st = predict_with(scratch, rows, n, c, values[0], err)))
        return st;
    *before = mean_error(scratch, n);
    if ((st = predict_with(scratch, rows, n, c, values[1], err)))
        return st;
    *after = mean_error(scratch, n);
    for (size_t i = 0; keep && i < n; i++)
        rows[i]->value = exp(scratch[i]) * rows[i]->measured;
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
    kept = thin(used, part, kept, o->rows);
    if (kept <= (size_t)c.count)
        return error_plain(err, STATUS_BAD_INPUT, "fold %lld leaves %zu rows to fit %lld parameters", (long long)f, kept, (long long)c.count);
    if ((st = fit(&c, used, kept, scratch, o->stop, err)))
        return st;
    for (size_t i = 0; i < n; i++)
        if (fold[i] == f)
            part[left++] = rows[i];
    out->fold_rows[f] = (int64_t)left;
    return errors_of(&out->fold_error_before[f], &out->fold_error[f], part, left, &c, true, scratch, err);
}

/* Rows of devices of this generation that have a measured value and that the description predicts as it stands. */
static size_t usable_rows(struct evaluated_row **out, struct evaluation *e, const struct hardware *hw, struct predictor *p)
{
    struct arena scratch = { 0 };
    size_t n = 0;

    for (int64_t i = 0; i < e->count; i++) {
        struct evaluated_row *r = &e->rows[i];
        struct prediction its;
        struct error why;

        r->selected = !r->reason && !isnan(r->measured) && predict_row(&its, &r->row, p, &scratch, &why) == STATUS_OK && its.generation &&
                      strcmp(its.generation, hw->generation) == 0;
        if (r->selected)
            out[n++] = r;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return n;
}

enum status calibrate(struct calibration *out, struct evaluation *e, const char *device, const struct calibrate_options *o, struct arena *arena,
                      struct error *err)
{
    size_t room = (size_t)e->count + 1, n, kept;
    struct evaluated_row **rows = arena_array(arena, room, sizeof *rows), **part = arena_array(arena, room, sizeof *part),
                         **used = arena_array(arena, room, sizeof *used);
    double *scratch = arena_array(arena, room, sizeof *scratch);
    int64_t *fold = arena_array(arena, room, sizeof *fold);
    const struct hardware *hw;
    struct predictor p;
    enum status st;

    if (!rows || !part || !used || !scratch || !fold)
        return error_no_memory(err);
    gsl_set_error_handler_off();
    if ((st = predictor_open(&p, "analytic", err)))
        return st;
    if ((st = arch_load(&hw, device, NULL, 0, arena, err)) || (st = calibrate_declared(out, hw, arena, err))) {
        predictor_close(&p);
        return st;
    }
    n = usable_rows(rows, e, hw, &p);
    predictor_close(&p);
    if (n <= (size_t)out->count)
        return error_plain(err, STATUS_BAD_INPUT, "%zu rows of generation '%s' with a measured value, too few for %lld parameters", n, out->generation,
                           (long long)out->count);
    if (o->folds > 1) {
        assign_folds(fold, rows, n, o->folds);
        out->folds = o->folds;
        for (int64_t f = 0; f < out->folds; f++)
            if ((st = one_fold(out, f, fold, rows, n, o, part, used, scratch, err)))
                return st;
    }
    kept = thin(used, rows, n, o->rows);
    out->rows_used = (int64_t)kept;
    if ((st = fit(out, used, kept, scratch, o->stop, err)))
        return st;
    return errors_of(&out->error_before, &out->error_after, used, kept, out, o->folds <= 1, scratch, err);
}

/* ---- overlap of fit and judgement ---- */

static uint64_t row_hash(const struct row *row)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (int i = 0; i < row->columns; i++)
        if (strcmp(row->names[i], row->kind->measured) != 0)
            h = text_hash(text_hash(h, row->fields[i]), "\n");
    return h;
}

struct place { uint64_t hash; const struct evaluated_row *row; };

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct place *)a)->hash, y = ((const struct place *)b)->hash;

    return x < y ? -1 : x > y;
}

enum status calibrate_disjoint(const struct evaluation *fit_rows, const struct evaluation *judge, struct error *err)
{
    struct arena arena = { 0 };
    struct place *places = arena_array(&arena, (size_t)fit_rows->count + 1, sizeof *places);
    enum status st = STATUS_OK;

    if (!places)
        return error_no_memory(err);
    for (int64_t i = 0; i < fit_rows->count; i++)
        places[i] = (struct place){ row_hash(&fit_rows->rows[i].row), &fit_rows->rows[i] };
    qsort(places, (size_t)fit_rows->count, sizeof *places, by_hash);
    for (int64_t i = 0; i < judge->count && !st; i++) {
        struct place want = { row_hash(&judge->rows[i].row), NULL }, *found = bsearch(&want, places, (size_t)fit_rows->count, sizeof *places, by_hash);

        if (found)
            st = error_set(err, STATUS_BAD_INPUT, judge->rows[i].row.at, "this row is to judge, but stands in the fit too (%s:%d)",
                           found->row->row.at.file, found->row->row.at.line);
    }
    arena_free(&arena);
    return st;
}

/* ---- the file ---- */

enum status calibrate_write(const char *path, const struct calibration *c, const char *rows, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    outfile_printf(out, "# SPDX-License-Identifier: Apache-2.0\n# Written by `llmsim calibrate %s`: %lld rows of %s,\n"
                        "# mean error on them %.1f %% before, %.1f %% after.\n", c->device, (long long)c->rows_used, rows,
                   100.0 * c->error_before, 100.0 * c->error_after);
    for (int64_t f = 0; f < c->folds; f++)
        outfile_printf(out, "# left-out fold %lld: %lld rows, %.1f %% before, %.1f %% fitted without them.\n", (long long)f + 1,
                       (long long)c->fold_rows[f], 100.0 * c->fold_error_before[f], 100.0 * c->fold_error[f]);
    for (int64_t i = 0; i < c->count; i++) { /* one nested flow of mappings a key keeps each value on its line, with its source */
        const struct free_parameter *p = &c->parameters[i];
        size_t section = strcspn(p->key, ".");
        bool first = true;

        for (int64_t j = 0; j < i; j++)
            first = first && !(strcspn(c->parameters[j].key, ".") == section && strncmp(c->parameters[j].key, p->key, section) == 0);
        if (!first)
            continue;
        outfile_printf(out, "%.*s:\n", (int)section, p->key);
        for (int64_t j = i; j < c->count; j++) {
            const struct free_parameter *q = &c->parameters[j];
            const char *rest = q->key + section + 1;
            int depth = 1;

            if (strncmp(q->key, p->key, section + 1) != 0)
                continue;
            for (; strchr(rest, '.'); depth++) {
                size_t head = (size_t)(strchr(rest, '.') - q->key) + 1;

                if (j == i || strncmp(c->parameters[j - 1].key, q->key, head) != 0) /* keys of one mapping stand together */
                    outfile_printf(out, "%*s%.*s:\n", 2 * depth, "", (int)strcspn(rest, "."), rest);
                rest = q->key + head;
            }
            outfile_printf(out, "%*s%s: %.4g%s%s  # source: [F] 80 %% interval %.3g to %.3g within %.3g to %.3g%s%s\n", 2 * depth, "", rest, q->value,
                           q->unit[0] ? " " : "", q->unit, q->low80, q->high80, q->low, q->high, q->remark[0] ? "; " : "", q->remark);
        }
    }
    return outfile_commit(out, err);
}
