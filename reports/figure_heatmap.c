/* SPDX-License-Identifier: Apache-2.0 */
/* A value over two columns taken as names: cells coloured from dark (low) to light (high), with the value written in each. */
#include "reports/figure_kinds.h"

#include <math.h>
#include <string.h>

enum { SIDE_MAX = 24 };

static const double digit_pt = 3.4, row_in = 0.28; /* a digit of a value; height of a row */

static int place(const char **names, int *count, const char *name)
{
    for (int i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    if (*count == SIDE_MAX)
        return -1;
    names[*count] = name;
    return (*count)++;
}

/* Values of one column as names: numbers from small to large, texts in the order of the runs. Their count; -1: over SIDE_MAX. */
static int side(const char **names, const struct figure_input *in, bool of_x)
{
    double values[SIDE_MAX];
    int count = 0;

    for (int64_t i = 0; i < in->count; i++) {
        const struct figure_run *r = &in->runs[i];
        const char *name = of_x ? r->x_text : r->y_text;
        double value = of_x ? r->x : r->y;
        int before = count, at = place(names, &count, name ? name : "-");

        if (at < 0)
            return -1;
        if (count == before)
            continue;
        for (; at > 0 && values[at - 1] > value; at--) { /* never for texts, whose values are NaN */
            values[at] = values[at - 1];
            names[at] = names[at - 1];
        }
        values[at] = value;
        names[at] = name ? name : "-";
    }
    return count;
}

/* From dark blue over grey to yellow: lightness rises evenly, so that it reads in grey and with any colour vision (as cividis does). */
static uint32_t colour(double share)
{
    static const double stops[5][3] = { { 0, 34, 78 }, { 65, 77, 107 }, { 124, 123, 120 }, { 188, 175, 111 }, { 254, 232, 56 } };
    double at = 4 * share;
    int i = at >= 4 ? 3 : (int)at;
    uint32_t rgb = 0;

    for (int c = 0; c < 3; c++)
        rgb = rgb << 8 | (uint32_t)(stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c]) + 0.5);
    return rgb;
}

/* Do the values fit into their cells? */
static bool texts_fit(const char *const *texts, const struct figure_input *in, int columns, const char *const *rows, int rows_count)
{
    const struct figure_axis y = { .names = rows, .names_count = rows_count };
    double left = fmin(22 + figure_names_pt(&y), 0.5 * in->width_in * 72), cell_pt = (in->width_in * 72 - left - 9) / columns, widest = 0;

    for (int64_t i = 0; i < in->count; i++)
        widest = fmax(widest, digit_pt * (double)strlen(texts[i]));
    return widest < cell_pt;
}

static const char *caption(const struct figure_input *in, double low, double high, bool fit)
{
    const char *least = low <= high ? figure_number(low, in->arena) : NULL, *most = low <= high ? figure_number(high, in->arena) : NULL;

    return least && most ? arena_printf(in->arena, "Darkest %s, lightest %s.%s\n", least, most, fit ? "" : " Values: see the .csv.") : NULL;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    const char **x_names = arena_array(in->arena, SIDE_MAX, sizeof *x_names), **y_names = arena_array(in->arena, SIDE_MAX, sizeof *y_names);
    size_t n = (size_t)in->count;
    double *v = arena_array(in->arena, 6 * n, sizeof *v), low = HUGE_VAL, high = -HUGE_VAL;
    uint32_t *rgb = arena_array(in->arena, n, sizeof *rgb), *white = arena_array(in->arena, n, sizeof *white);
    const char **texts = arena_array(in->arena, n, sizeof *texts);
    bool (*taken)[SIDE_MAX] = arena_array(in->arena, SIDE_MAX, sizeof *taken);
    int nx, ny;

    if (!x_names || !y_names || !v || !rgb || !white || !texts || !taken)
        return error_no_memory(err);
    nx = side(x_names, in, true);
    ny = side(y_names, in, false);
    if (nx < 0 || ny < 0)
        return error_plain(err, STATUS_BAD_INPUT, "heatmap: over %d values of %s, expected fewer (--where)", SIDE_MAX, nx < 0 ? in->x_name : in->y_name);
    for (int64_t i = 0; i < in->count; i++)
        if (isfinite(in->runs[i].value)) {
            low = fmin(low, in->runs[i].value);
            high = fmax(high, in->runs[i].value);
        }
    for (size_t i = 0; i < n; i++) {
        const struct figure_run *r = &in->runs[i];
        int x = place(x_names, &nx, r->x_text ? r->x_text : "-"), y = place(y_names, &ny, r->y_text ? r->y_text : "-");

        if (taken[x][y])
            return error_plain(err, STATUS_BAD_INPUT, "heatmap: several runs of %s '%s' and %s '%s', expected one (--where chooses)", in->x_name, x_names[x],
                               in->y_name, y_names[y]);
        taken[x][y] = true;
        v[i] = x + 0.5, v[n + i] = y + 0.5, v[2 * n + i] = x + 1.5, v[3 * n + i] = y + 1.5, v[4 * n + i] = x + 1, v[5 * n + i] = y + 1;
        double share = isfinite(r->value) && high > low ? (r->value - low) / (high - low) : 0.5;
        rgb[i] = isfinite(r->value) ? colour(share) : 0xFFFFFF;
        white[i] = isfinite(r->value) && share < 0.5;
        if (!(texts[i] = isfinite(r->value) ? figure_number(r->value, in->arena) : "-"))
            return error_no_memory(err);
    }
    figure_add(page, (struct figure_series){ .mark = FIGURE_BOXES, .count = in->count, .x = v, .y = v + n, .x_high = v + 2 * n, .high = v + 3 * n, .rgb = rgb, .texts = texts });
    bool fit = texts_fit(texts, in, nx, y_names, ny);
    page->figure.caption = caption(in, low, high, fit);
    if (fit)
        figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .align = FIGURE_CENTRE, .count = in->count, .x = v + 4 * n, .y = v + 5 * n,
                                                 .texts = texts, .rgb = white });
    struct figure_axis x = figure_axis_names(in->x, x_names, nx), y = figure_axis_names(in->y, y_names, ny);
    x.low = y.low = 0.5, x.high = nx + 0.5, y.high = ny + 0.5;
    figure_finish(page, in, in->value, x, y, FIGURE_KEY_NONE, 1.05 + row_in * ny);
    return STATUS_OK;
}

const struct figure_kind figure_heatmap = {
    .name = "heatmap", .summary = "a value over two columns, as cells", .x = "layout", .y = "arch", .value = "tokens_per_s", .draw = draw,
};
