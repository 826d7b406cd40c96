/* SPDX-License-Identifier: Apache-2.0 */
/* Speed-up of runs over the first one, with the 80 % interval of the ratio of their times (docs/intervals.md, Eq. 4). */
#include "reports/figure_kinds.h"

#include <math.h>

enum { BARS_MAX = 24 };

static const double value_pt = 17; /* width of a value beside a bar */

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    size_t n = (size_t)in->count;
    const char **names = arena_array(in->arena, n, sizeof *names), **values = arena_array(in->arena, n, sizeof *values);
    double *v = arena_array(in->arena, 9 * n + 4, sizeof *v), top = 0, *one = v + 9 * n;
    const struct figure_run *first = &in->runs[0];
    int64_t bars = 0;

    if (in->count > BARS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "speedup: %lld runs, expected at most %d (--where, --limit)", (long long)in->count, BARS_MAX);
    if (!names || !values || !v)
        return error_no_memory(err);
    for (int64_t i = 0; i < in->count; i++) {
        const struct figure_run *run = &in->runs[i];
        double low, high, ratio = (double)first->result.time_ps / (double)run->result.time_ps;

        names[i] = run->label;
        v[i] = (double)i + 0.7;
        v[2 * n + (size_t)i] = (double)i + 1.3;
        v[3 * n + (size_t)i] = ratio;
        values[i] = figure_number(ratio, in->arena);
        v[7 * n + (size_t)i] = (double)i + 1.0;
        v[8 * n + (size_t)i] = ratio;
        if (i > 0 && first->generation && run->generation &&
            run_ratio_interval(&low, &high, in->residuals, first->generation, &first->result, run->generation, &run->result) && low > 0) {
            v[4 * n + (size_t)bars] = (double)i + 1.0;
            v[5 * n + (size_t)bars] = 1.0 / high;
            v[6 * n + (size_t)bars++] = 1.0 / low;
            v[8 * n + (size_t)i] = 1.0 / low;
        }
        top = fmax(top, v[8 * n + (size_t)i]);
        if (!values[i])
            return error_no_memory(err);
    }
    bool upright = (in->width_in * 72 - 50) / (double)in->count < value_pt; /* of a bar's place: values would run into their neighbours */
    for (size_t i = 0; i < n; i++)
        v[8 * n + i] += (upright ? 0.03 : 0.07) * top;
    for (size_t i = 0; i < n; i++) /* not across the line at one */
        if (v[8 * n + i] > 1 - (upright ? 0.16 : 0.05) * top && v[8 * n + i] < 1 + (upright ? 0.02 : 0.05) * top)
            v[8 * n + i] = 1 + (upright ? 0.02 : 0.05) * top;
    one[0] = 0.4, one[1] = (double)in->count + 0.6, one[2] = one[3] = 1;
    figure_add(page, (struct figure_series){ .mark = FIGURE_BOXES, .colour = 5, .count = in->count, .x = v, .y = v + n, .x_high = v + 2 * n, .high = v + 3 * n });
    figure_add(page, (struct figure_series){ .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .dashed = true, .count = 2, .x = one, .y = one + 2 });
    figure_add(page, (struct figure_series){ .mark = FIGURE_ERRORS, .colour = FIGURE_BLACK, .count = bars, .x = v + 4 * n, .y = v + 5 * n, .high = v + 6 * n });
    figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .align = upright ? FIGURE_UPRIGHT : FIGURE_CENTRE, .count = in->count, .x = v + 7 * n, .y = v + 8 * n,
                                             .texts = values });
    page->figure.caption = arena_printf(in->arena, "Over %s.\n%s\n", first->label, bars ? "Whiskers: 80 % interval of the ratio." :
                                        "No intervals: kernels without residuals.");
    figure_finish(page, in, "Speed-up", figure_axis_names("", names, (int)in->count), figure_axis_zero("times faster", (upright ? 1.2 : 1.12) * top), FIGURE_KEY_NONE, 2.6);
    return STATUS_OK;
}

const struct figure_kind figure_speedup = {
    .name = "speedup", .summary = "bars: how much faster than the first run, with the interval of the ratio", .rows = true, .draw = draw,
};
