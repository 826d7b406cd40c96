/* SPDX-License-Identifier: Apache-2.0 */
/* The figure of `llmsim validate --plot` (reports/validate_plot.h). */
#include "reports/validate_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "reports/figure.h"
#include "reports/text.h"
#include "validate/bands.h"

enum { GROUPS_MAX = FIGURE_COLOURS, BAND_ROWS_MIN = 5, GROUP_BAND_ROWS_MIN = 10, CELLS_MAX = 360, CELLS_MIN = 20, FIXED_SERIES = 4 };
static const double near_and_far = 0.10; /* the dashed lines */
static const double width_in = 6.9, height_in = 3.36, square_share = 0.464; /* makes the first panel square */

struct plot {
    const struct evaluated_row **rows; /* judged ones, in the order of reading */
    int *group;                        /* of each row */
    int64_t count, drawn;
    int cells;                         /* of a side of the grid that thins */
    const char *labels[GROUPS_MAX + 1];
    int groups;                        /* the last one may be "others" */
    bool others;
    double low, high;                  /* of both values: whole decades */
};

/* ---- groups ---- */

static int by_rows(const void *a, const void *b)
{
    const struct error_statistics *x = a, *y = b;

    if (x->judged != y->judged)
        return x->judged > y->judged ? -1 : 1;
    return strcmp(x->keys[0], y->keys[0]);
}

/* Groups, the largest first, so that smaller ones are drawn over them. */
static enum status group_rows(struct plot *plot, const struct evaluation *e, const char *by, const struct predictor *p, struct arena *arena,
                              struct error *err)
{
    struct error_statistics *groups, all;
    int64_t count;
    int named;
    enum status st = evaluation_statistics(&groups, &count, &all, e, &by, 1, p, arena, err);

    if (st)
        return st;
    qsort(groups, (size_t)count, sizeof *groups, by_rows);
    while (count > 0 && groups[count - 1].judged == 0)
        count--;
    plot->others = count > GROUPS_MAX;
    named = count > GROUPS_MAX ? GROUPS_MAX - 1 : (int)count;
    plot->groups = named + plot->others;
    for (int i = 0; i < named; i++)
        plot->labels[i] = arena_printf(arena, "%s: %.1f %%", *groups[i].keys[0] ? groups[i].keys[0] : "-", 100.0 * groups[i].mape);
    if (plot->others)
        plot->labels[named] = arena_printf(arena, "%lld others", (long long)count - named);
    for (int64_t i = 0; i < plot->count; i++) {
        const char *key = evaluation_key(plot->rows[i], by, p, arena);

        if (!key)
            return error_no_memory(err);
        while (plot->group[i] < named && strcmp(groups[plot->group[i]].keys[0], key) != 0)
            plot->group[i]++;
    }
    return STATUS_OK;
}

static int colour_of(const struct plot *plot, int group) { return plot->others && group == plot->groups - 1 ? FIGURE_GREY : group; }

/* ---- points ---- */

static int cell_of(const struct plot *plot, double value, int cells)
{
    int cell = (int)((double)cells * log(value / plot->low) / log(plot->high / plot->low));

    return cell < 0 ? 0 : cell >= cells ? cells - 1 : cell;
}

/* Marks the first row of each group in each cell; how many. seen: groups * cells * cells. */
static int64_t thin(bool *kept, const struct plot *plot, int cells, unsigned char *seen)
{
    size_t area = (size_t)cells * (size_t)cells;
    int64_t n = 0;

    memset(seen, 0, area * (size_t)plot->groups);
    for (int64_t i = 0; i < plot->count; i++) {
        size_t at = (size_t)plot->group[i] * area + (size_t)cell_of(plot, plot->rows[i]->measured, cells) * (size_t)cells +
                    (size_t)cell_of(plot, plot->rows[i]->value, cells);

        kept[i] = !seen[at];
        n += kept[i];
        seen[at] = 1;
    }
    return n;
}

/* One series a group, of the points that remain on the finest grid on which there are few enough. */
static enum status point_series(struct figure_series *out, struct plot *plot, struct arena *arena, struct error *err)
{
    unsigned char *seen = arena_array(arena, (size_t)CELLS_MAX * CELLS_MAX, (size_t)plot->groups);
    bool *kept = arena_array(arena, (size_t)plot->count, sizeof *kept);
    double *x = arena_array(arena, (size_t)plot->count, sizeof *x), *y = arena_array(arena, (size_t)plot->count, sizeof *y);
    int64_t n = 0;

    if (!seen || !kept || !x || !y)
        return error_no_memory(err);
    plot->cells = CELLS_MAX;
    while ((plot->drawn = thin(kept, plot, plot->cells, seen)) > VALIDATE_PLOT_POINTS_MAX && plot->cells > CELLS_MIN)
        plot->cells -= plot->cells / 8;
    for (int g = 0; g < plot->groups; g++) {
        int64_t first = n;

        for (int64_t i = 0; i < plot->count; i++)
            if (kept[i] && plot->group[i] == g) {
                x[n] = plot->rows[i]->measured;
                y[n++] = plot->rows[i]->value;
            }
        out[g] = (struct figure_series){ .label = plot->labels[g], .mark = FIGURE_POINTS, .colour = colour_of(plot, g), .count = n - first,
                                         .x = x + first, .y = y + first };
    }
    return STATUS_OK;
}

/* ---- errors by size ---- */

static enum status band_series(struct figure_series *line, struct figure_series *band, const struct evaluated_row *const *rows, int64_t n, int64_t rows_min,
                               struct arena *arena, struct error *err)
{
    struct error_band *bands;
    double *x, *low, *median, *high;
    int64_t count;
    enum status st = evaluation_bands(&bands, &count, rows, n, rows_min, arena, err);

    if (st)
        return st;
    x = arena_array(arena, (size_t)count + 1, sizeof *x);
    low = arena_array(arena, (size_t)count + 1, sizeof *low);
    median = arena_array(arena, (size_t)count + 1, sizeof *median);
    high = arena_array(arena, (size_t)count + 1, sizeof *high);
    if (!x || !low || !median || !high)
        return error_no_memory(err);
    for (int64_t i = 0; i < count; i++) {
        x[i] = bands[i].centre;
        low[i] = 100.0 * bands[i].low;
        median[i] = 100.0 * bands[i].median;
        high[i] = 100.0 * bands[i].high;
    }
    *line = (struct figure_series){ .mark = FIGURE_LINE_POINTS, .count = count, .x = x, .y = median };
    if (band)
        *band = (struct figure_series){ .mark = FIGURE_BAND, .colour = FIGURE_PALE, .count = count, .x = x, .y = low, .high = high };
    return STATUS_OK;
}

/* out: the band, three level lines, a line a group, the line of all rows; FIXED_SERIES + 1 + groups. */
static enum status size_series(struct figure_series *out, const struct plot *plot, const double *edges, const double levels[3][2], struct arena *arena,
                               struct error *err)
{
    const struct evaluated_row **of = arena_array(arena, (size_t)plot->count, sizeof *of);
    struct figure_series *all = &out[FIXED_SERIES + plot->groups];
    enum status st;

    if (!of)
        return error_no_memory(err);
    for (int i = 0; i < 3; i++)
        out[1 + i] = (struct figure_series){ .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .dashed = i != 1, .count = 2, .x = edges, .y = levels[i] };
    for (int g = 0; g < plot->groups; g++) {
        int64_t n = 0;

        for (int64_t i = 0; i < plot->count; i++)
            if (plot->group[i] == g)
                of[n++] = plot->rows[i];
        if ((st = band_series(&out[FIXED_SERIES + g], NULL, of, n, GROUP_BAND_ROWS_MIN, arena, err)))
            return st;
        out[FIXED_SERIES + g].colour = colour_of(plot, g);
    }
    if ((st = band_series(all, &out[0], plot->rows, plot->count, BAND_ROWS_MIN, arena, err)))
        return st;
    all->colour = FIGURE_BLACK;
    all->label = "median of all rows";
    out[0].label = "10 % to 90 % of all rows";
    return STATUS_OK;
}

/* Whole tens around what is drawn, at least 30 % either way, at most 200 %. */
static void error_range(struct figure_axis *axis, const struct figure_series *s, int count)
{
    axis->low = -30.0;
    axis->high = 30.0;
    for (int i = 0; i < count; i++)
        for (int64_t k = 0; k < s[i].count; k++) {
            double top = s[i].mark == FIGURE_BAND ? s[i].high[k] : s[i].y[k];

            axis->low = fmin(axis->low, 10.0 * floor(s[i].y[k] / 10.0));
            axis->high = fmax(axis->high, 10.0 * ceil(top / 10.0));
        }
    axis->low = fmax(axis->low, -100.0);
    axis->high = fmin(axis->high, 200.0);
    axis->high += 10.0 * ceil(0.015 * (axis->high - axis->low)); /* room for the key */
}

/* ---- the figure ---- */

/* "time (µs)", "value (s)", "value (each row's unit)". */
static const char *unit_of(const struct plot *plot, struct arena *arena)
{
    const char *unit = NULL;

    for (int64_t i = 0; i < plot->count; i++) {
        const struct row *row = &plot->rows[i]->row;
        const char *its = strcmp(row->kind->measured, "time_us") == 0 ? "µs" : row_text(row, "unit");

        if (unit && strcmp(unit, its) != 0)
            return "each row's unit";
        unit = its;
    }
    return arena_printf(arena, "%s", unit && *unit ? unit : "each row's unit");
}

static const char *caption_of(const struct plot *plot, const struct evaluation *e, const char *fidelity, struct arena *arena)
{
    const char *files = "", *last = NULL;
    char judged[32], selected_text[32], drawn[32];
    int64_t selected = 0;

    for (int64_t i = 0; i < e->count && files; i++) {
        const char *file = e->rows[i].row.at.file;

        selected += e->rows[i].selected;
        if (file != last)
            files = arena_printf(arena, "%s%s%s", files, last ? ", " : "", path_name(file));
        last = file;
    }
    text_count(judged, sizeof judged, plot->count);
    text_count(selected_text, sizeof selected_text, selected);
    text_count(drawn, sizeof drawn, plot->drawn);
    return files ? arena_printf(arena, "%s, fidelity %s: %s of %s rows predicted and measured. Key: mean absolute error. Dashed: 10 %% above and below.\n"
                                       "(a) draws %s of them: one for each group and cell of a grid of %d x %d. (b) half decades with %d rows or more, %d for a group.\n",
                                files, fidelity, judged, selected_text, drawn, plot->cells, plot->cells, BAND_ROWS_MIN, GROUP_BAND_ROWS_MIN)
                 : NULL;
}

static enum status draw(const char *path, struct plot *plot, const struct evaluation *e, const char *fidelity, struct arena *arena, struct error *err)
{
    struct figure_series points[GROUPS_MAX + 3], sizes[FIXED_SERIES + GROUPS_MAX + 1];
    const double edges[2] = { plot->low, plot->high };
    const double lines[3][2] = { { plot->low * (1.0 - near_and_far), plot->high * (1.0 - near_and_far) }, { plot->low, plot->high },
                                 { plot->low * (1.0 + near_and_far), plot->high * (1.0 + near_and_far) } };
    const double levels[3][2] = { { -100.0 * near_and_far, -100.0 * near_and_far }, { 0.0, 0.0 }, { 100.0 * near_and_far, 100.0 * near_and_far } };
    const char *unit = unit_of(plot, arena), *measured = unit ? arena_printf(arena, "measured (%s)", unit) : NULL;
    const char *predicted = unit ? arena_printf(arena, "predicted (%s)", unit) : NULL;
    enum status st;

    if ((st = point_series(points, plot, arena, err)) || (st = size_series(sizes, plot, edges, levels, arena, err)))
        return st;
    for (int i = 0; i < 3; i++)
        points[plot->groups + i] =
            (struct figure_series){ .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .dashed = i != 1, .count = 2, .x = edges, .y = lines[i] };
    struct figure_axis values = { .label = measured, .log = true, .low = plot->low, .high = plot->high }, vertical = values, errors = { .label = "error (%)" };
    vertical.label = predicted;
    error_range(&errors, sizes, FIXED_SERIES + plot->groups + 1);
    const struct figure_panel panels[] = {
        { "(a) predicted against measured", square_share, values, vertical, FIGURE_KEY_TOP_LEFT, points, plot->groups + 3, 0 },
        { "(b) error by measured size", 1.0 - square_share, values, errors, FIGURE_KEY_TOP_RIGHT, sizes, FIXED_SERIES + plot->groups + 1, 0 },
    };
    const struct figure figure = { width_in, height_in, panels, 2, caption_of(plot, e, fidelity, arena) };
    if (!measured || !predicted || !figure.caption)
        return error_no_memory(err);
    return figure_write(path, &figure, err);
}

enum status report_validate_plot(const char *path, const struct evaluation *e, const char *by, const char *fidelity, const struct predictor *p,
                                 struct arena *arena, struct error *err)
{
    struct plot plot = { .low = HUGE_VAL };
    enum status st;

    plot.rows = arena_array(arena, (size_t)e->count + 1, sizeof *plot.rows);
    plot.group = arena_array(arena, (size_t)e->count + 1, sizeof *plot.group);
    if (!plot.rows || !plot.group)
        return error_no_memory(err);
    for (int64_t i = 0; i < e->count; i++) {
        const struct evaluated_row *r = &e->rows[i];

        if (!r->selected || !evaluated_row_judged(r))
            continue;
        plot.rows[plot.count++] = r;
        plot.low = fmin(plot.low, fmin(r->measured, r->value));
        plot.high = fmax(plot.high, fmax(r->measured, r->value));
    }
    if (plot.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--plot: no row was predicted that has a measured value, expected at least one");
    plot.low = pow(10.0, floor(log10(plot.low)));
    plot.high = pow(10.0, ceil(log10(plot.high * 1.0001)));
    st = group_rows(&plot, e, by, p, arena, err);
    return st ? st : draw(path, &plot, e, fidelity, arena, err);
}
