/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of predictions by group (validate/evaluate.h). */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "validate/evaluate.h"

static const char *const virtual_names[] = { "kind", "op", "dtype", "source", "size", "device", "label", "model" };
enum { VIRTUAL = sizeof virtual_names / sizeof virtual_names[0] };

enum status evaluation_by(const char **by, int *count, const char *text, struct arena *arena, struct error *err)
{
    *count = 0;
    for (const char *w = text; *w; w += strcspn(w, ","), w += *w == ',') {
        size_t n = strcspn(w, ",");

        if (n == 0)
            continue;
        if (*count == EVALUATE_BY_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "--by: more than %d names", EVALUATE_BY_MAX);
        if (!(by[(*count)++] = arena_strndup(arena, w, n)))
            return error_no_memory(err);
    }
    return STATUS_OK;
}

static const char *size_of(double us)
{
    return us < 10 ? "1 under 10 us" : us < 30 ? "2 10 to 30 us" : us < 100 ? "3 30 to 100 us" : us < 1000 ? "4 0.1 to 1 ms" : "5 over 1 ms";
}

const char *evaluation_key(const struct evaluated_row *r, const char *name, const struct predictor *p, struct arena *arena)
{
    const struct row *row = &r->row;

    if (strcmp(name, "kind") == 0)
        return row->kind->name;
    if (strcmp(name, "op") == 0)
        return row->kind->group_op ? row_text(row, row->kind->group_op) : row->kind->name;
    if (strcmp(name, "dtype") == 0 && row_has(row, "dtype_a"))
        return arena_printf(arena, "%s x %s", row_text(row, "dtype_a"), row_text(row, "dtype_b"));
    if (strcmp(name, "source") == 0) {
        const struct harness *h = harness_find(&p->harnesses, row_text(row, "source"), row->kind->name);

        return h ? h->name : row_text(row, "source");
    }
    if (strcmp(name, "model") == 0 && !row_has(row, "model"))
        return row_text(row, "source");
    if (strcmp(name, "size") == 0)
        return size_of(isnan(r->measured) ? r->value : r->measured);
    return row_text(row, name);
}

struct member { const struct evaluated_row *row; const char *keys[EVALUATE_BY_MAX]; int64_t order; };

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    for (int i = 0; i < EVALUATE_BY_MAX && x->keys[i] && y->keys[i]; i++) {
        int c = strcmp(x->keys[i], y->keys[i]);

        if (c)
            return c;
    }
    return x->order < y->order ? -1 : 1;
}

static bool same_group(const struct member *a, const struct member *b, int by_count)
{
    for (int i = 0; i < by_count; i++)
        if (strcmp(a->keys[i], b->keys[i]) != 0)
            return false;
    return true;
}

static double ape(const struct evaluated_row *r) { return fabs(r->value - r->measured) / r->measured; }
bool evaluated_row_judged(const struct evaluated_row *r) { return !r->reason && !isnan(r->measured); }

static void note_worst(struct error_statistics *s, const struct evaluated_row *r)
{
    int64_t at = s->worst_count < EVALUATE_WORST_MAX ? s->worst_count++ : EVALUATE_WORST_MAX;

    while (at > 0 && ape(s->worst[at - 1]) < ape(r)) {
        if (at < EVALUATE_WORST_MAX)
            s->worst[at] = s->worst[at - 1];
        at--;
    }
    if (at < EVALUATE_WORST_MAX)
        s->worst[at] = r;
}

/* errors: room for `count`. */
static void summarise(struct error_statistics *out, const struct member *members, int64_t count, int by_count, double *errors)
{
    double bias = 0.0, apart = 0.0, total = 0.0;
    size_t n = 0;

    *out = (struct error_statistics){ .rows = count, .mape = NAN, .median_ape = NAN, .bias = NAN, .p90_ape = NAN, .time_weighted = NAN };
    for (int i = 0; i < by_count && count; i++)
        out->keys[i] = members[0].keys[i];
    for (int64_t i = 0; i < count; i++) {
        const struct evaluated_row *r = members[i].row;

        out->misses += r->reason != NULL;
        if (!evaluated_row_judged(r))
            continue;
        errors[n++] = ape(r);
        bias += (r->value - r->measured) / r->measured;
        apart += fabs(r->value - r->measured);
        total += r->measured;
        if (!isnan(r->low)) {
            out->with_interval++;
            out->covered += r->measured >= r->low && r->measured <= r->high;
        }
        note_worst(out, r);
    }
    out->judged = (int64_t)n;
    if (n == 0)
        return;
    gsl_sort(errors, 1, n);
    out->mape = gsl_stats_mean(errors, 1, n);
    out->median_ape = gsl_stats_median_from_sorted_data(errors, 1, n);
    out->p90_ape = gsl_stats_quantile_from_sorted_data(errors, 1, n, 0.9);
    out->bias = bias / (double)n;
    out->time_weighted = apart / total;
}

static enum status unknown_name(const struct evaluation *e, const char *name, struct error *err)
{
    const char *near = nearest_name(name, virtual_names, VIRTUAL);

    for (size_t i = 0; i < VIRTUAL; i++)
        if (strcmp(name, virtual_names[i]) == 0)
            return STATUS_OK;
    for (int64_t i = 0; i < e->count; i++)
        for (int c = 0; c < e->rows[i].row.columns; c++)
            if (strcmp(e->rows[i].row.names[c], name) == 0)
                return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "--by: no column '%s'%s%s", name, near ? "; nearest is " : "", near ? near : "");
}

enum status evaluation_statistics(struct error_statistics **groups, int64_t *count, struct error_statistics *all, const struct evaluation *e,
                                  const char *const *by, int by_count, const struct predictor *p, struct arena *arena, struct error *err)
{
    struct member *members = arena_array(arena, (size_t)e->count + 1, sizeof *members);
    double *errors = arena_array(arena, (size_t)e->count + 1, sizeof *errors);
    struct error_statistics *out = arena_array(arena, (size_t)e->count + 1, sizeof *out);
    int64_t n = 0;
    enum status st;

    if (!members || !errors || !out)
        return error_no_memory(err);
    for (int k = 0; k < by_count; k++)
        if ((st = unknown_name(e, by[k], err)))
            return st;
    for (int64_t i = 0; i < e->count; i++) {
        if (!e->rows[i].selected)
            continue;
        members[n] = (struct member){ .row = &e->rows[i], .order = n };
        for (int k = 0; k < by_count; k++)
            if (!(members[n].keys[k] = evaluation_key(&e->rows[i], by[k], p, arena)))
                return error_no_memory(err);
        n++;
    }
    summarise(all, members, n, 0, errors);
    qsort(members, (size_t)n, sizeof *members, compare_members);
    *count = 0;
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first + 1; last < n && same_group(&members[first], &members[last], by_count); last++)
            ;
        summarise(&out[(*count)++], &members[first], last - first, by_count, errors);
    }
    *groups = out;
    return STATUS_OK;
}
