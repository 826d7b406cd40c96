/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating the scoreboard (validate/scoreboard.h). Its file: scoreboard_file.c. */
#include "validate/scoreboard.h"

#include <math.h>
#include <string.h>

#include "validate/where.h"

static double mape(const struct error_statistics *s) { return s->mape; }
static double median(const struct error_statistics *s) { return s->median_ape; }
static double p90(const struct error_statistics *s) { return s->p90_ape; }
static double time_weighted(const struct error_statistics *s) { return s->time_weighted; }

const struct scoreboard_statistic scoreboard_statistics[] = {
    { "mape", "mean absolute error", mape },
    { "median", "median absolute error", median },
    { "p90", "90 % quantile of the absolute error", p90 },
    { "time_weighted", "sum of absolute errors over sum of times", time_weighted },
    { NULL, NULL, NULL },
};

/* Predictors, one a fidelity. */
struct bench {
    const char *fidelities[4];
    struct predictor predictors[4];
    int count;
};

static enum status predictor_of(struct predictor **out, struct bench *b, const char *fidelity, struct error *err)
{
    int i = 0;
    enum status st;

    while (i < b->count && strcmp(b->fidelities[i], fidelity) != 0)
        i++;
    if (i == b->count) {
        if (i == (int)(sizeof b->predictors / sizeof b->predictors[0]))
            return error_plain(err, STATUS_INTERNAL, "more fidelities than the scoreboard has room for");
        if ((st = predictor_open(&b->predictors[i], fidelity, err)))
            return st;
        b->fidelities[b->count++] = fidelity;
    }
    *out = &b->predictors[i];
    return STATUS_OK;
}

static enum status evaluate(struct scoreboard_result *out, const struct scoreboard_entry *entry, const char *folder, struct bench *bench,
                            const volatile sig_atomic_t *stop, struct arena *arena, struct error *err)
{
    const char *path = arena_printf(arena, "%s/%s", folder, entry->file);
    struct error_statistics *groups, all;
    struct evaluation e = { 0 };
    struct predictor *p = NULL;
    int64_t count;
    enum status st;

    if (!path)
        return error_no_memory(err);
    if ((st = predictor_of(&p, bench, entry->fidelity, err)) || (st = evaluation_read(&e, path, arena, err)))
        return st;
    for (int i = 0; i < entry->where_count; i++)
        if ((st = evaluation_where(&e, entry->columns[i], entry->patterns[i], err)))
            return st;
    if (e.count == 0)
        return error_set(err, STATUS_BAD_INPUT, entry->at, "no row of %s is what '%s' asks for", path, entry->name);
    evaluation_sample(&e, entry->sample);
    if ((st = evaluation_predict(&e, p, arena, stop, NULL, err)) || (st = evaluation_statistics(&groups, &count, &all, &e, NULL, 0, p, arena, err)))
        return st;
    *out = (struct scoreboard_result){ 0.01 * round(1e4 * entry->statistic->of(&all)), all.rows, all.misses };
    return STATUS_OK;
}

enum status scoreboard_evaluate(struct scoreboard_result *out, const struct scoreboard *board, const char *folder, const volatile sig_atomic_t *stop,
                                struct error *err)
{
    struct bench bench = { .count = 0 };
    struct arena scratch = { 0 };
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < board->count && !st; i++) {
        st = evaluate(&out[i], &board->entries[i], folder, &bench, stop, &scratch, err);
        arena_reset(&scratch);
    }
    for (int i = 0; i < bench.count; i++)
        predictor_close(&bench.predictors[i]);
    arena_free(&scratch);
    return st;
}

enum scoreboard_verdict scoreboard_judge(const struct scoreboard_entry *e, const struct scoreboard_result *now)
{
    const double rounding = 1e-9;

    if (now->misses > e->misses || now->value > e->value + e->margin + rounding || (isnan(now->value) && !isnan(e->value)))
        return SCOREBOARD_WORSE;
    if (isnan(e->value) || now->misses < e->misses || now->rows != e->rows || now->value < e->value - e->margin - rounding)
        return SCOREBOARD_STALE;
    return SCOREBOARD_HOLDS;
}

bool scoreboard_reached(const struct scoreboard_entry *e) { return isnan(e->goal) || (e->misses == 0 && e->value <= e->goal); }
