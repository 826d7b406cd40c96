/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pareto fronts (costmodel/rank.h). Designs are taken in an order in which none stands before one that dominates it, by the first metric, then the second ...;
 * each is asked of the front so far, which only grows. Of two metrics the newest of the front answers for all. Of more, the front is kept as a few trees of
 * 32, 64, 128 ... points, each divided by one metric after the other (a k-d tree), that are built anew as they fill up (Bentley and Saxe, J. Algorithms 1(4), 1980):
 * a branch whose least values are above those of the design in any metric holds nothing that covers it. The time is thus near n log n, not n times the front.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "costmodel/rank.h"
#include "costmodel/rank_value.h"

enum { LEAF = 32, LEVELS = 40 };

/* Values of which less is better. */
struct candidate { const double *v; int64_t design; int64_t metrics; };

static int by_metrics(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    for (int64_t m = 0; m < x->metrics; m++)
        if (x->v[m] != y->v[m])
            return x->v[m] < y->v[m] ? -1 : 1;
    return (x->design > y->design) - (x->design < y->design);
}

/* ---- the front as trees ---- */

/* Nodes as in a heap: the children of i are 2 i + 1 and 2 i + 2; leaf k holds points[LEAF k] ... */
struct tree { const double **points; double *least; bool full; };

struct front { struct tree level[LEVELS]; const double *newest[LEAF]; int64_t newest_count, metrics; struct arena *arena; };

/* p is as good as c in everything but the first metric, in which all of the front are. */
static bool covers(const double *p, const double *c, int64_t metrics)
{
    for (int64_t m = 1; m < metrics; m++)
        if (p[m] > c[m])
            return false;
    return true;
}

static bool tree_covers(const struct tree *t, int64_t node, int64_t leaves, const double *c, int64_t metrics)
{
    if (!covers(&t->least[node * metrics], c, metrics))
        return false;
    if (node < leaves - 1)
        return tree_covers(t, 2 * node + 1, leaves, c, metrics) || tree_covers(t, 2 * node + 2, leaves, c, metrics);
    const double **points = &t->points[(node - (leaves - 1)) * LEAF];
    for (int k = 0; k < LEAF; k++)
        if (covers(points[k], c, metrics))
            return true;
    return false;
}

static bool front_covers(const struct front *f, const double *c)
{
    for (int64_t k = f->newest_count - 1; k >= 0; k--)
        if (covers(f->newest[k], c, f->metrics))
            return true;
    for (int l = 0; l < LEVELS; l++)
        if (f->level[l].full && tree_covers(&f->level[l], 0, (int64_t)1 << l, c, f->metrics))
            return true;
    return false;
}

/* The lesser half of p[n] by metric m in front (Hoare's selection). */
static void halve(const double **p, int64_t n, int64_t m)
{
    for (int64_t low = 0, high = n - 1; low < high;) {
        double pivot = p[low + (high - low) / 2][m];
        int64_t i = low, j = high;

        while (i <= j) {
            while (p[i][m] < pivot)
                i++;
            while (p[j][m] > pivot)
                j--;
            if (i <= j) {
                const double *swap = p[i];
                p[i++] = p[j];
                p[j--] = swap;
            }
        }
        if (n / 2 <= j)
            high = j;
        else if (n / 2 >= i)
            low = i;
        else
            return;
    }
}

static void build(struct tree *t, int64_t node, int64_t leaves_below, int64_t first, int64_t by, int64_t metrics)
{
    double *least = &t->least[node * metrics];
    int64_t n = leaves_below * LEAF;

    for (int64_t m = 0; m < metrics; m++) {
        least[m] = INFINITY;
        for (int64_t k = first; k < first + n; k++)
            least[m] = t->points[k][m] < least[m] ? t->points[k][m] : least[m];
    }
    if (leaves_below == 1)
        return;
    int64_t next = by + 1 < metrics ? by + 1 : 1;
    halve(t->points + first, n, by);
    build(t, 2 * node + 1, leaves_below / 2, first, next, metrics);
    build(t, 2 * node + 2, leaves_below / 2, first + n / 2, next, metrics);
}

/* A full buffer and all full trees below a free level become that level's tree. */
static enum status carry(struct front *f, struct error *err)
{
    int64_t n = LEAF, leaves;
    int l = 0;

    while (f->level[l].full)
        l++;
    struct tree *t = &f->level[l];
    leaves = (int64_t)1 << l;
    if (!t->points && (!(t->points = arena_array(f->arena, (size_t)(leaves * LEAF), sizeof *t->points)) ||
                       !(t->least = arena_array(f->arena, (size_t)(2 * leaves * f->metrics), sizeof *t->least))))
        return error_no_memory(err);
    memcpy(t->points, f->newest, sizeof f->newest);
    f->newest_count = 0;
    for (int k = 0; k < l; k++, n *= 2) {
        memcpy(t->points + n, f->level[k].points, (size_t)n * sizeof *t->points);
        f->level[k].full = false;
    }
    build(t, 0, leaves, 0, 1, f->metrics);
    t->full = true;
    return STATUS_OK;
}

static enum status front_add(struct front *f, const double *v, struct error *err)
{
    f->newest[f->newest_count++] = v;
    if (f->metrics <= 2) { /* in this order the newest is the best in the second */
        f->newest_count = 0;
        f->newest[f->newest_count++] = v;
        return STATUS_OK;
    }
    return f->newest_count < LEAF ? STATUS_OK : carry(f, err);
}

/* ---- candidates ---- */

/* Designs with all metrics; values[metrics] of each. */
static int64_t collect(struct candidate *out, double *values, const struct rank_table *t)
{
    int64_t n = 0;

    for (int64_t i = 0; i < t->count; i++) {
        bool whole = true;

        for (int64_t m = 0; m < t->metrics; m++)
            whole = whole && !isnan(values[n * t->metrics + m] = rank_value(t, i, m));
        if (whole) {
            out[n] = (struct candidate){ &values[n * t->metrics], i, t->metrics };
            n++;
        }
    }
    return n;
}

static double sum_over_least(const struct candidate *c, const double *least)
{
    double sum = 0;

    for (int64_t m = 0; m < c->metrics; m++)
        sum += least[m] > 0 ? c->v[m] / least[m] : c->v[m];
    return sum;
}

/* Leaves out what one all-round good design beats: most of a large table, which then need not be sorted. */
static int64_t drop_beaten(struct candidate *c, int64_t n)
{
    double least[RANK_METRICS_MAX];
    int64_t best = 0, kept = 0;

    if (n == 0)
        return 0;
    memcpy(least, c[0].v, (size_t)c[0].metrics * sizeof least[0]);
    for (int64_t i = 1; i < n; i++)
        for (int64_t m = 0; m < c[0].metrics; m++)
            least[m] = c[i].v[m] < least[m] ? c[i].v[m] : least[m];
    double best_sum = sum_over_least(&c[0], least);
    for (int64_t i = 1; i < n; i++) {
        double sum = sum_over_least(&c[i], least);
        if (sum < best_sum) {
            best_sum = sum;
            best = i;
        }
    }
    const double *champion = c[best].v;
    for (int64_t i = 0; i < n; i++) {
        bool covered = champion[0] <= c[i].v[0] && covers(champion, c[i].v, c[i].metrics), equal = true;

        for (int64_t m = 0; m < c[i].metrics; m++)
            equal = equal && champion[m] == c[i].v[m];
        if (!covered || equal)
            c[kept++] = c[i];
    }
    return kept;
}

static enum status keep_front(struct rank_place *out, int64_t *count, const struct candidate *c, int64_t n, int64_t metrics, struct arena *arena, struct error *err)
{
    struct front f = { .metrics = metrics, .arena = arena };
    enum status st = STATUS_OK;

    *count = 0;
    for (int64_t i = 0; i < n && !st; i++) {
        double first = c[0].v[0], v = c[i].v[0];

        if (front_covers(&f, c[i].v))
            continue;
        out[(*count)++] = (struct rank_place){ c[i].design, v == first ? 1 : v / first };
        st = front_add(&f, c[i].v, err);
    }
    return st;
}

enum status rank_pareto(struct rank_place **out, int64_t *count, const struct rank_table *t, struct arena *arena, struct error *err)
{
    struct candidate *c = reallocarray(NULL, (size_t)t->count + 1, sizeof *c);
    double *values = reallocarray(NULL, (size_t)t->count + 1, (size_t)t->metrics * sizeof *values);
    struct rank_place *front = NULL;
    enum status st = STATUS_OK;

    if (!c || !values)
        st = error_no_memory(err);
    if (!st) {
        int64_t n = drop_beaten(c, collect(c, values, t));

        qsort(c, (size_t)n, sizeof *c, by_metrics);
        st = (front = arena_array(arena, (size_t)n + 1, sizeof *front)) ? keep_front(front, count, c, n, t->metrics, arena, err) : error_no_memory(err);
    }
    free(c);
    free(values);
    *out = front;
    return st;
}
