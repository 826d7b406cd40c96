/* SPDX-License-Identifier: Apache-2.0 */
/* Scores and fronts. See rank.h. */
#include "costmodel/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Value of which less is better; NaN: the design lacks it. */
static double value_of(const struct rank_table *t, int64_t design, int64_t metric)
{
    double v = t->values[design * t->metrics + metric];

    if (!isfinite(v) || v < 0 || (t->higher_is_better[metric] && !(v > 0)))
        return NAN;
    return t->higher_is_better[metric] ? 1 / v : v;
}

static bool complete(const struct rank_table *t, int64_t design, const double *weights)
{
    for (int64_t m = 0; m < t->metrics; m++)
        if ((!weights || weights[m] > 0) && isnan(value_of(t, design, m)))
            return false;
    return true;
}

static int by_score(const void *a, const void *b)
{
    const struct rank_place *x = a, *y = b;

    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->design > y->design) - (x->design < y->design);
}

static void best_values(double best[RANK_METRICS_MAX], const struct rank_table *t, const double *weights)
{
    for (int64_t m = 0; m < t->metrics; m++) {
        best[m] = INFINITY;
        for (int64_t i = 0; i < t->count; i++)
            if (complete(t, i, weights) && value_of(t, i, m) < best[m])
                best[m] = value_of(t, i, m);
    }
}

/* Eq. 1. Where the best value is 0 (no error at all), the designs that reach it score 1 and the others by how many there are: infinitely worse. */
static double score_of(const struct rank_table *t, int64_t design, const double *weights, const double best[RANK_METRICS_MAX])
{
    double sum = 0, total = 0;

    for (int64_t m = 0; m < t->metrics; m++) {
        double v = value_of(t, design, m);

        if (!(weights[m] > 0))
            continue;
        total += weights[m];
        if (v != best[m])
            sum += weights[m] * log(v / best[m]);
    }
    return exp(sum / total);
}

enum status rank_by_weights(struct rank_place **out, int64_t *count, const struct rank_table *t, const double *weights, struct arena *arena, struct error *err)
{
    struct rank_place *places = arena_array(arena, (size_t)t->count + 1, sizeof *places);
    double best[RANK_METRICS_MAX];
    int64_t n = 0;

    if (!places)
        return error_no_memory(err);
    best_values(best, t, weights);
    for (int64_t i = 0; i < t->count; i++)
        if (complete(t, i, weights))
            places[n++] = (struct rank_place){ i, score_of(t, i, weights, best) };
    qsort(places, (size_t)n, sizeof *places, by_score);
    *out = places;
    *count = n;
    return STATUS_OK;
}

/* a is as good as b in everything: b is dominated, or a later twin of a. */
static bool covers(const struct rank_table *t, int64_t a, int64_t b)
{
    for (int64_t m = 0; m < t->metrics; m++)
        if (value_of(t, a, m) > value_of(t, b, m))
            return false;
    return true;
}

/* In an order in which none stands before one that dominates it: by the first metric, then the second ... */
struct sorted { const struct rank_table *t; int64_t design; };

static int by_metrics(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;

    for (int64_t m = 0; m < x->t->metrics; m++) {
        double p = value_of(x->t, x->design, m), q = value_of(y->t, y->design, m);

        if (p != q)
            return p < q ? -1 : 1;
    }
    return (x->design > y->design) - (x->design < y->design);
}

enum status rank_pareto(struct rank_place **out, int64_t *count, const struct rank_table *t, struct arena *arena, struct error *err)
{
    struct sorted *order = arena_array(arena, (size_t)t->count + 1, sizeof *order);
    struct rank_place *front = arena_array(arena, (size_t)t->count + 1, sizeof *front);
    int64_t n = 0, kept = 0;

    if (!order || !front)
        return error_no_memory(err);
    for (int64_t i = 0; i < t->count; i++)
        if (complete(t, i, NULL))
            order[n++] = (struct sorted){ t, i };
    qsort(order, (size_t)n, sizeof *order, by_metrics);
    for (int64_t i = 0; i < n; i++) { /* the newest of the front covers most: two metrics need no more than that one */
        bool beaten = false;

        for (int64_t k = kept - 1; k >= 0 && !beaten; k--) {
            beaten = covers(t, front[k].design, order[i].design);
            if (t->metrics <= 2)
                break;
        }
        if (!beaten)
            front[kept++] = (struct rank_place){ order[i].design, 1 };
    }
    for (int64_t k = 0; k < kept; k++) {
        double first = value_of(t, front[0].design, 0), v = value_of(t, front[k].design, 0);

        front[k].score = v == first ? 1 : v / first;
    }
    *out = front;
    *count = kept;
    return STATUS_OK;
}
