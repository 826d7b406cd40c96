/* SPDX-License-Identifier: Apache-2.0 */
/* Stacked bars: the time of each run by cause. The causes' parts sum to the run's time exactly. */
#include "reports/figure_kinds.h"

#include <math.h>

enum { BARS_MAX = 24 };

static double cause_s(const struct result *r, int cause)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < r->rows_count; i++)
        sum += r->rows[i].parts_ps[cause];
    return (double)sum * 1e-12;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    static const int colours[CAUSES] = { 0, 4, 3, 5, 1, 2, FIGURE_PALE, FIGURE_GREY }, patterns[CAUSES] = { 0, 1, 3, 0, 2, 4, 0, 5 };
    const char **names = arena_array(in->arena, (size_t)in->count, sizeof *names);
    double *base = arena_array(in->arena, (size_t)in->count, sizeof *base), top = 0;

    if (in->count > BARS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "breakdown: %lld runs, expected at most %d (--where, --limit)", (long long)in->count, BARS_MAX);
    if (!names || !base)
        return error_no_memory(err);
    for (int64_t i = 0; i < in->count; i++)
        top = fmax(top, (double)in->runs[i].result.time_ps * 1e-12);
    const struct figure_scale scale = figure_scale_of("s", top);
    top = 0;
    for (int c = 0; c < CAUSES; c++) {
        double *v = arena_array(in->arena, 4 * (size_t)in->count, sizeof *v), sum = 0;

        if (!v)
            return error_no_memory(err);
        for (int64_t i = 0; i < in->count; i++) {
            double part = cause_s(&in->runs[i].result, c) / scale.of;

            names[i] = in->runs[i].label;
            v[i] = (double)i + 0.65;
            v[in->count + i] = base[i];
            v[2 * in->count + i] = (double)i + 1.35;
            v[3 * in->count + i] = base[i] += part;
            sum += part;
            top = fmax(top, base[i]);
        }
        if (sum > 0)
            figure_add(page, (struct figure_series){ .label = cause_name((enum cause)c), .mark = FIGURE_BOXES, .colour = colours[c], .pattern = patterns[c],
                                                     .count = in->count, .x = v, .y = v + in->count, .x_high = v + 2 * in->count,
                                                     .high = v + 3 * in->count });
    }
    figure_finish(page, in, "Time by what it is spent on", figure_axis_names("", names, (int)in->count), figure_axis_zero(arena_printf(in->arena, "time (%s)", scale.unit), top),
                  FIGURE_KEY_ABOVE, 3.0);
    return STATUS_OK;
}

const struct figure_kind figure_breakdown = {
    .name = "breakdown", .summary = "stacked bars: time of each run by cause", .rows = true, .draw = draw,
};
