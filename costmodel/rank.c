/* SPDX-License-Identifier: Apache-2.0 */
/* Scores (costmodel/rank.h). */
#include "costmodel/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "costmodel/rank_value.h"

static bool complete(const struct rank_table *t, int64_t design, const double *weights)
{
    for (int64_t m = 0; m < t->metrics; m++)
        if ((!weights || weights[m] > 0) && isnan(rank_value(t, design, m)))
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
            if (complete(t, i, weights) && rank_value(t, i, m) < best[m])
                best[m] = rank_value(t, i, m);
    }
}

/* Eq. 1. Where the best value is 0 (no error at all), the designs that reach it score 1 and the others by how many there are: infinitely worse. */
static double score_of(const struct rank_table *t, int64_t design, const double *weights, const double best[RANK_METRICS_MAX])
{
    double sum = 0, total = 0;

    for (int64_t m = 0; m < t->metrics; m++) {
        double v = rank_value(t, design, m);

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
