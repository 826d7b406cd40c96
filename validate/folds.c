/* SPDX-License-Identifier: Apache-2.0 */
/* Folds that are kept (validate/folds.h). */
#include "validate/folds.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

static enum status read_rows(struct evaluation *out, const struct fold_set *s, const char *folder, struct arena *arena, struct error *err)
{
    for (int i = 0; i < s->file_count; i++) {
        const char *path = arena_printf(arena, "%s/%s", folder, s->files[i]);
        enum status st;

        if (!path)
            return error_no_memory(err);
        if ((st = evaluation_read(out, path, arena, err)))
            return st;
    }
    return STATUS_OK;
}

/* As it stands in the file, so that judging now and judging what was kept is the same. */
static double as_kept(double value)
{
    char text[NUM_TEXT_MAX];

    snprintf(text, sizeof text, "%.4g", value);
    num_parse_double(&value, text);
    return value;
}

enum status fold_set_refit(struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop, struct arena *arena, struct error *err)
{
    struct calibrate_options o = { .rows = s->rows, .folds = s->folds, .by_shape = s->by_shape, .folds_only = true, .stop = stop };
    struct evaluation e = { 0 };
    struct calibration c;
    enum status st;

    if ((st = read_rows(&e, s, folder, arena, err)) || (st = calibrate(&c, &e, s->device, &o, arena, err)))
        return st;
    for (int64_t f = 0; f < s->folds; f++) {
        s->fits[f].count = c.count;
        for (int64_t i = 0; i < c.count; i++) {
            s->fits[f].keys[i] = c.parameters[i].key;
            s->fits[f].values[i] = as_kept(c.fold_values[f][i]);
        }
    }
    return STATUS_OK;
}

enum status residual_of_row(struct residual *out, const struct evaluated_row *r, struct arena *arena, struct error *err)
{
    const char *group = row_group(&r->row, arena);

    if (!group)
        return error_no_memory(err);
    *out = (struct residual){ r->row.kind->name, group, strcmp(r->row.kind->measured, "time_us") == 0 ? r->value * 1e-6 : 1.0, r->measured / r->value };
    return STATUS_OK;
}

/* Intervals of one fold's rows, by the residuals of the others'. */
static enum status fold_intervals(struct evaluation *e, int64_t fold, const char *generation, struct residual *rows, struct arena *arena,
                                  struct error *err)
{
    struct residual_library lib = { 0 };
    int64_t n = 0;
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < e->count && !st; i++)
        if (e->rows[i].selected && e->rows[i].fold != fold)
            st = residual_of_row(&rows[n++], &e->rows[i], arena, err);
    if (st || (st = residual_library_replace(&lib, generation, rows, n, arena, err)))
        return st;
    for (int64_t i = 0; i < e->count; i++) {
        struct evaluated_row *r = &e->rows[i];
        struct residual own;
        double low, median, high;
        bool known;

        if (!r->selected || r->fold != fold)
            continue;
        if ((st = residual_of_row(&own, r, arena, err)))
            return st;
        if (!interval_of(&low, &median, &high, &known, &lib, generation, own.kind, own.group, own.time_s))
            continue;
        r->low = r->value * low;
        r->high = r->value * high;
    }
    return STATUS_OK;
}

/* Rows of the set, those of its generation (selected) with the prediction of the fit that left them out. */
static enum status predict_kept(struct evaluation *out, struct calibration *c, const struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop,
                                struct arena *arena, struct error *err)
{
    struct calibrate_options o = { .folds = s->folds, .by_shape = s->by_shape, .folds_only = true, .kept = s->fits, .stop = stop };
    enum status st;

    for (int64_t f = 0; f < s->folds; f++)
        if (s->fits[f].count == 0)
            return error_set(err, STATUS_BAD_INPUT, s->at, "folds '%s': no fit is kept of fold %lld: fit them first (scoreboard --refit --write)", s->name,
                             (long long)f + 1);
    if ((st = read_rows(out, s, folder, arena, err)))
        return st;
    return calibrate(c, out, s->device, &o, arena, err);
}

enum status fold_set_residuals(struct residual_library *lib, const struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop,
                               struct arena *arena, struct error *err)
{
    struct evaluation e = { 0 };
    struct residual *rows;
    struct calibration c;
    int64_t n = 0;
    enum status st = predict_kept(&e, &c, s, folder, stop, arena, err);

    if (st)
        return st;
    if (!(rows = arena_array(arena, (size_t)e.count + 1, sizeof *rows)))
        return error_no_memory(err);
    for (int64_t i = 0; i < e.count; i++)
        if (e.rows[i].selected && (st = residual_of_row(&rows[n++], &e.rows[i], arena, err)))
            return st;
    return residual_library_replace(lib, c.generation, rows, n, arena, err);
}

enum status fold_set_predict(struct evaluation *out, const struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop,
                             struct arena *arena, struct error *err)
{
    struct residual *rows;
    struct calibration c;
    enum status st = predict_kept(out, &c, s, folder, stop, arena, err);

    if (st)
        return st;
    if (!(rows = arena_array(arena, (size_t)out->count + 1, sizeof *rows)))
        return error_no_memory(err);
    for (int64_t f = 0; f < s->folds; f++)
        if ((st = fold_intervals(out, f, c.generation, rows, arena, err)))
            return st;
    for (int64_t i = 0; i < out->count; i++) {
        if (!out->rows[i].selected && !out->rows[i].reason)
            out->rows[i].reason = "no fold leaves this row out: not of the generation, or not predicted";
        out->rows[i].selected = true;
    }
    return STATUS_OK;
}
