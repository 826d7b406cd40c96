/* SPDX-License-Identifier: Apache-2.0 */
/* One column over another, a line for each value of a third. Times carry the band of their 80 % interval (docs/intervals.md). */
#include "reports/figure_kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 7 };

static int by_group_and_x(const void *a, const void *b)
{
    const struct figure_run *p = *(const struct figure_run *const *)a, *q = *(const struct figure_run *const *)b;
    int order = strcmp(p->by ? p->by : "-", q->by ? q->by : "-");

    return order ? order : (p->x > q->x) - (p->x < q->x);
}

/* Ends of the interval of y over y; false: none is known. Tokens per second are the inverse of a time. */
static bool interval(double *low, double *high, const struct figure_run *run, const struct figure_input *in)
{
    struct run_interval v;
    int64_t of, from, to;

    if (!run->generation)
        return false;
    run_interval(&v, in->residuals, run->generation, &run->result);
    bool ttft = strcmp(in->y_name, "ttft_s") == 0, tpot = strcmp(in->y_name, "tpot_s") == 0, rate = strncmp(in->y_name, "tokens_per_s", 12) == 0;
    of = ttft ? run->result.ttft_ps : tpot ? run->result.tpot_ps : run->result.time_ps;
    from = ttft ? v.ttft_low_ps : tpot ? v.tpot_low_ps : v.time_low_ps;
    to = ttft ? v.ttft_high_ps : tpot ? v.tpot_high_ps : v.time_high_ps;
    if (!v.known || of <= 0 || from <= 0 || !(ttft || tpot || rate || strcmp(in->y_name, "time_s") == 0))
        return false;
    *low = rate ? (double)of / (double)to : (double)from / (double)of;
    *high = rate ? (double)of / (double)from : (double)to / (double)of;
    return true;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    size_t n = (size_t)in->count;
    const struct figure_run **sorted = arena_array(in->arena, n, sizeof *sorted);
    double *v = arena_array(in->arena, 6 * n, sizeof *v), *ends = arena_array(in->arena, 3 * n, sizeof *ends);
    struct figure_series lines[GROUPS_MAX];
    int64_t count = 0, bands = 0;
    int groups = 0;

    if (!sorted || !v || !ends)
        return error_no_memory(err);
    for (size_t i = 0; i < n; i++)
        if (isfinite(in->runs[i].x) && isfinite(in->runs[i].y))
            sorted[count++] = &in->runs[i];
    if (count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "line: no run has both %s and %s", in->x_name, in->y_name);
    qsort(sorted, (size_t)count, sizeof *sorted, by_group_and_x);
    for (int64_t first = 0, end; first < count; first = end, groups++) {
        const char *by = sorted[first]->by ? sorted[first]->by : "-";
        int64_t from = bands;

        if (groups == GROUPS_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "line: over %d lines, expected fewer (--where, --by)", GROUPS_MAX);
        for (end = first; end < count && strcmp(sorted[end]->by ? sorted[end]->by : "-", by) == 0; end++) {
            double low, high;

            if (end > first && sorted[end]->x == sorted[end - 1]->x)
                return error_plain(err, STATUS_BAD_INPUT, "line: several runs of '%s' with the same %s, expected one (--where, --by)", by, in->x_name);
            v[end] = sorted[end]->x;
            ends[end] = v[n + (size_t)end] = sorted[end]->y;
            if (interval(&low, &high, sorted[end], in)) {
                v[2 * n + (size_t)bands] = sorted[end]->x;
                ends[n + (size_t)bands] = v[3 * n + (size_t)bands] = low * sorted[end]->y;
                ends[2 * n + (size_t)bands] = v[4 * n + (size_t)bands] = high * sorted[end]->y;
                bands++;
            }
        }
        figure_add(page, (struct figure_series){ .mark = FIGURE_BAND, .colour = groups, .count = bands - from, .x = v + 2 * n + from, .y = v + 3 * n + from,
                                                 .high = v + 4 * n + from });
        lines[groups] = (struct figure_series){ .label = by, .mark = FIGURE_LINE_POINTS, .colour = groups, .shape = groups + 1, .dashed = groups % 2,
                                                .count = end - first, .x = v + first, .y = v + n + first };
    }
    for (int g = 0; g < groups; g++)
        figure_add(page, lines[g]);
    for (size_t i = 0; i < 3 * n; i++)
        ends[i] = ends[i] != 0 ? ends[i] : ends[0];
    if (bands)
        page->figure.caption = "Bands: 80 % intervals of the predictions.\n";
    figure_finish(page, in, arena_printf(in->arena, "%.*sover %.*s", (int)strcspn(in->y, "("), in->y, (int)strcspn(in->x, "("), in->x), figure_axis_around(in->x, v, count, in->arena),
                  figure_axis_around(in->y, ends, (int64_t)(3 * n), in->arena), FIGURE_KEY_ABOVE, 2.7);
    return STATUS_OK;
}

const struct figure_kind figure_line = {
    .name = "line", .summary = "one column over another, with the band of its interval", .x = "devices", .y = "time_s", .by = "arch", .rows = true, .draw = draw,
};
