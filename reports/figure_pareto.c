/* SPDX-License-Identifier: Apache-2.0 */
/* Two columns of all runs as points, coloured and shaped by a third, with the front: runs that none beats in both. */
#include "reports/figure_kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/text.h"

enum { GROUPS_MAX = 8, NAMED_MAX = 8 };

static int by_x(const void *a, const void *b)
{
    const struct figure_run *p = *(const struct figure_run *const *)a, *q = *(const struct figure_run *const *)b;

    return p->x != q->x ? (p->x > q->x) - (p->x < q->x) : (p->y > q->y) - (p->y < q->y);
}

/* Runs of the front, by x. Less of x is better; of y less, or more where in->y_up. */
static int64_t front_of(const struct figure_run **sorted, const struct figure_input *in)
{
    int64_t n = 0, kept = 0;
    double best = in->y_up ? -HUGE_VAL : HUGE_VAL;

    for (int64_t i = 0; i < in->count; i++)
        if (isfinite(in->runs[i].x) && isfinite(in->runs[i].y))
            sorted[n++] = &in->runs[i];
    qsort(sorted, (size_t)n, sizeof *sorted, by_x);
    for (int64_t i = 0; i < n; i++) {
        int64_t last = i;

        while (in->y_up && last + 1 < n && sorted[last + 1]->x == sorted[i]->x)
            last++; /* of equal x the largest y */
        i = last;
        if (in->y_up ? sorted[i]->y > best : sorted[i]->y < best) {
            best = sorted[i]->y;
            sorted[kept++] = sorted[i];
        }
    }
    return kept;
}

static int group_of(const char **groups, int *count, const char *by)
{
    for (int g = 0; g < *count; g++)
        if (strcmp(groups[g], by ? by : "-") == 0)
            return g;
    if (*count == GROUPS_MAX)
        return GROUPS_MAX - 1;
    groups[*count] = by ? by : "-";
    return (*count)++;
}

/* Where a value stands on an axis, as a share of it. */
static double place(const struct figure_axis *a, double value)
{
    return a->log ? log(value / a->low) / log(a->high / a->low) : (value - a->low) / (a->high - a->low);
}

/* Keeps the names that no kept one before them covers; returns how many. */
static int64_t names_apart(double *x, double *y, const char **texts, int64_t count, const struct figure_axis *ax, const struct figure_axis *ay, double width_in)
{
    const double width_pt = width_in * 72 - 49, height_pt = 130, letter_pt = 3.3, line_pt = 8;
    int64_t kept = 0;

    for (int64_t i = 0; i < count; i++) {
        bool covered = false;

        for (int64_t k = 0; k < kept && !covered; k++) {
            double dx = (place(ax, x[i]) - place(ax, x[k])) * width_pt, dy = (place(ay, y[i]) - place(ay, y[k])) * height_pt;
            covered = fabs(dy) < line_pt && dx < letter_pt * text_width(texts[k]) && -dx < letter_pt * text_width(texts[i]);
        }
        if (!covered) {
            x[kept] = x[i];
            y[kept] = y[i];
            texts[kept++] = texts[i];
        }
    }
    return kept;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    size_t n = (size_t)in->count;
    const struct figure_run **sorted = arena_array(in->arena, n, sizeof *sorted);
    double *v = arena_array(in->arena, 6 * n + 8, sizeof *v), *all = arena_array(in->arena, 2 * n, sizeof *all);
    const char *groups[GROUPS_MAX] = { NULL }, **texts = arena_array(in->arena, n, sizeof *texts);
    int *group = arena_array(in->arena, n, sizeof *group), count = 0;
    int64_t front, at = 0;

    if (!sorted || !v || !all || !texts || !group)
        return error_no_memory(err);
    if ((front = front_of(sorted, in)) == 0)
        return error_plain(err, STATUS_BAD_INPUT, "pareto: no run has both %s and %s", in->x_name, in->y_name);
    double *fx = v + 2 * n, *fy = v + 3 * n, *tx = v + 4 * n, *ty = v + 5 * n;
    for (int64_t i = 0; i < in->count; i++) {
        group[i] = group_of(groups, &count, in->runs[i].by);
        all[i] = in->runs[i].x;
        all[n + (size_t)i] = in->runs[i].y;
    }
    for (int64_t i = 0; i < front; i++) {
        fx[i] = tx[i] = sorted[i]->x;
        fy[i] = ty[i] = sorted[i]->y;
        texts[i] = sorted[i]->label;
    }
    figure_add(page, (struct figure_series){ .label = "Pareto front", .mark = FIGURE_STEPS, .colour = FIGURE_BLACK, .dashed = true, .count = front, .x = fx, .y = fy });
    for (int g = 0; g < count; g++) {
        int64_t first = at;

        for (int64_t i = 0; i < in->count; i++)
            if (group[i] == g && isfinite(in->runs[i].x) && isfinite(in->runs[i].y)) {
                v[at] = in->runs[i].x;
                v[n + (size_t)at++] = in->runs[i].y;
            }
        figure_add(page, (struct figure_series){ .label = g == GROUPS_MAX - 1 && count == GROUPS_MAX ? "others" : groups[g], .mark = FIGURE_POINTS,
                                                 .colour = g, .shape = g + 1, .count = at - first, .x = v + first, .y = v + n + first });
    }
    const struct figure_axis ax = figure_axis_around(in->x, all, in->count, in->arena), ay = figure_axis_around(in->y, all + n, in->count, in->arena);
    if (front <= NAMED_MAX && in->width_in > 4) {
        int64_t named = names_apart(tx, ty, texts, front, &ax, &ay, in->width_in);

        figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .count = named, .x = tx, .y = ty, .texts = texts });
        if (named < front)
            page->figure.caption = arena_printf(in->arena, "Named: %lld of the %lld on the front, where there is room.\n", (long long)named, (long long)front);
    }
    figure_finish(page, in, "Designs and their Pareto front", ax, ay, FIGURE_KEY_ABOVE, 2.9);
    return STATUS_OK;
}

const struct figure_kind figure_pareto = {
    .name = "pareto", .summary = "points of two columns, and the runs that none beats in both", .x = "time_s", .y = "energy_j", .by = "arch", .draw = draw,
};
