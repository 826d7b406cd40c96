/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating the scoreboard (validate/scoreboard.h). Its file: scoreboard_file.c. */
#include "validate/scoreboard.h"

#include <math.h>
#include <string.h>

#include "base/glob.h"
#include "base/path.h"
#include "validate/where.h"

static double mape(const struct error_statistics *s) { return s->mape; }
static double median(const struct error_statistics *s) { return s->median_ape; }
static double p90(const struct error_statistics *s) { return s->p90_ape; }
static double time_weighted(const struct error_statistics *s) { return s->time_weighted; }

/* Rows without an interval are not covered. */
static double coverage(const struct error_statistics *s) { return s->judged ? (double)s->covered / (double)s->judged : NAN; }

const struct scoreboard_statistic scoreboard_statistics[] = {
    { "mape", "mean absolute error", mape, 0 },
    { "median", "median absolute error", median, 0 },
    { "p90", "90 % quantile of the absolute error", p90, 0 },
    { "time_weighted", "sum of absolute errors over sum of times", time_weighted, 0 },
    { "coverage", "share of measured values inside their 80 % interval", coverage, 80 },
    { NULL, NULL, NULL, 0 },
};

enum { PREDICTORS_MAX = 8 };

/* What entries share: predictors, one a fidelity and state of calibration, and the rows of folds. */
struct bench {
    struct { const char *fidelity; bool uncalibrated; struct predictor its; } predictors[PREDICTORS_MAX];
    int count;
    struct evaluation *folds;        /* of each set; no rows: not predicted yet */
    const char *folder;
    const volatile sig_atomic_t *stop;
    struct arena arena;
};

static enum status predictor_of(struct predictor **out, struct bench *b, const struct scoreboard_entry *e, struct error *err)
{
    int i = 0;
    enum status st;

    while (i < b->count && (strcmp(b->predictors[i].fidelity, e->fidelity) != 0 || b->predictors[i].uncalibrated != e->uncalibrated))
        i++;
    *out = &b->predictors[i].its;
    if (i < b->count)
        return STATUS_OK;
    if (i == PREDICTORS_MAX)
        return error_plain(err, STATUS_INTERNAL, "more fidelities than the scoreboard has room for");
    if ((st = predictor_open(*out, e->fidelity, err)))
        return st;
    if (e->uncalibrated)
        predictor_uncalibrate(*out);
    b->predictors[i].fidelity = e->fidelity;
    b->predictors[i].uncalibrated = e->uncalibrated;
    b->count++;
    return STATUS_OK;
}

/* Rows of the entry's file as its folds predict them; the list is the entry's own, since choosing shortens it. */
static enum status fold_rows(struct evaluation *out, struct bench *b, const struct scoreboard *board, const struct scoreboard_entry *entry,
                             struct arena *arena, struct error *err)
{
    struct evaluation *all = &b->folds[entry->folds - board->sets];
    enum status st;

    if (all->count == 0 && (st = fold_set_predict(all, entry->folds, b->folder, b->stop, &b->arena, err)))
        return st;
    if (!(out->rows = arena_array(arena, (size_t)all->count + 1, sizeof *out->rows)))
        return error_no_memory(err);
    out->capacity = all->count + 1;
    for (int64_t i = 0; i < all->count; i++)
        if (strcmp(path_name(all->rows[i].row.at.file), entry->file) == 0)
            out->rows[out->count++] = all->rows[i];
    return STATUS_OK;
}

static enum status evaluate(struct scoreboard_result *out, const struct scoreboard *board, const struct scoreboard_entry *entry, struct bench *bench,
                            struct arena *arena, struct error *err)
{
    const char *path = arena_printf(arena, "%s/%s", bench->folder, entry->file);
    struct error_statistics *groups, all;
    struct evaluation e = { 0 };
    struct predictor *p = NULL;
    int64_t count;
    enum status st;

    if (!path)
        return error_no_memory(err);
    if ((st = predictor_of(&p, bench, entry, err)) ||
        (st = entry->folds ? fold_rows(&e, bench, board, entry, arena, err) : evaluation_read(&e, path, arena, err)))
        return st;
    for (int i = 0; i < entry->where_count; i++)
        if ((st = evaluation_where(&e, entry->columns[i], entry->patterns[i], err)))
            return st;
    if (e.count == 0)
        return error_set(err, STATUS_BAD_INPUT, entry->at, "no row of %s is what '%s' asks for", path, entry->name);
    evaluation_sample(&e, entry->sample);
    if (!entry->folds && (st = evaluation_predict(&e, p, arena, bench->stop, NULL, err)))
        return st;
    if ((st = evaluation_statistics(&groups, &count, &all, &e, NULL, 0, p, arena, err)))
        return st;
    *out = (struct scoreboard_result){ 0.01 * round(1e4 * entry->statistic->of(&all)), all.rows, all.misses, false };
    return STATUS_OK;
}

static bool chosen(const struct scoreboard_entry *e, const char *only) { return !only || glob_any(e->name, only, '|'); }

static enum status any_chosen(const struct scoreboard *board, const char *only, struct error *err)
{
    for (int64_t i = 0; i < board->count; i++)
        if (chosen(&board->entries[i], only))
            return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "no figure has a name like '%s'", only ? only : "*");
}

enum status scoreboard_refit(struct scoreboard *board, const char *folder, const char *only, const volatile sig_atomic_t *stop, struct arena *arena,
                             struct error *err)
{
    enum status st = any_chosen(board, only, err);

    for (int64_t s = 0; s < board->set_count && !st; s++) {
        int64_t i = 0;

        while (i < board->count && !(board->entries[i].folds == &board->sets[s] && chosen(&board->entries[i], only)))
            i++;
        if (i < board->count)
            st = fold_set_refit(&board->sets[s], folder, stop, arena, err);
    }
    return st;
}

enum status scoreboard_residuals(const char *path, const struct scoreboard *board, const char *folder, const volatile sig_atomic_t *stop, struct arena *arena,
                                 struct error *err)
{
    struct residual_library lib;
    enum status st = residual_library_load(&lib, arena, err);

    for (int64_t s = 0; s < board->set_count && !st; s++)
        st = fold_set_residuals(&lib, &board->sets[s], folder, stop, arena, err);
    return st ? st : residual_library_write(path, &lib, "", NULL, 0, arena, err);
}

enum status scoreboard_evaluate(struct scoreboard_result *out, const struct scoreboard *board, const char *folder, const char *only,
                                const volatile sig_atomic_t *stop, struct error *err)
{
    struct bench bench = { .folder = folder, .stop = stop };
    struct arena scratch = { 0 };
    enum status st = any_chosen(board, only, err);

    if (!st && !(bench.folds = arena_array(&bench.arena, (size_t)board->set_count + 1, sizeof *bench.folds)))
        st = error_no_memory(err);
    for (int64_t i = 0; i < board->count && !st; i++) {
        const struct scoreboard_entry *e = &board->entries[i];

        out[i] = (struct scoreboard_result){ e->value, e->rows, e->misses, true };
        if (chosen(e, only))
            st = evaluate(&out[i], board, e, &bench, &scratch, err);
        arena_reset(&scratch);
    }
    for (int i = 0; i < bench.count; i++)
        predictor_close(&bench.predictors[i].its);
    arena_free(&bench.arena);
    arena_free(&scratch);
    return st;
}

enum scoreboard_verdict scoreboard_judge(const struct scoreboard_entry *e, const struct scoreboard_result *now)
{
    const double rounding = 1e-9, best = e->statistic ? e->statistic->best : 0.0;
    double kept = fabs(e->value - best), fresh = fabs(now->value - best);

    if (now->misses > e->misses || fresh > kept + e->margin + rounding || (isnan(now->value) && !isnan(e->value)))
        return SCOREBOARD_WORSE;
    if (isnan(e->value) || now->misses < e->misses || now->rows != e->rows || fresh < kept - e->margin - rounding)
        return SCOREBOARD_STALE;
    return SCOREBOARD_HOLDS;
}

bool scoreboard_reached(const struct scoreboard_entry *e)
{
    return isnan(e->goal) || (e->misses == 0 && e->value <= e->goal && !(e->value < e->goal_low));
}
