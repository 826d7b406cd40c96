/* SPDX-License-Identifier: Apache-2.0 */
/* The roofline of a run's chip with its operators: rate over operational intensity, one point a role and phase. Roofs are the datasheet's
 * peaks and bandwidth. Source: Williams, Waterman and Patterson, CACM 52(4), 2009. */
#include "reports/figure_kinds.h"

#include <math.h>
#include <string.h>

#include "arch/hardware.h"

enum { ROOFS_MAX = 4, NAMED_MAX = 1 };

struct points { double *x, *y; const char **names; int64_t *time_ps; int64_t count; };

/* Sums over the rows of a phase and role; those without arithmetic or traffic have no place. */
static int64_t add_points(struct points *p, const struct result *r, bool decode)
{
    int64_t first = p->count;

    for (int64_t i = 0; i < r->rows_count; i++) {
        double flops = 0, bytes = 0, time = 0;
        bool seen = false;

        for (int64_t k = 0; k < r->rows_count; k++) {
            const struct breakdown_row *row = &r->rows[k];

            if ((row->phase == PHASE_DECODE) != decode || (r->rows[i].phase == PHASE_DECODE) != decode || strcmp(row->role, r->rows[i].role) != 0)
                continue;
            seen = seen || k < i;
            flops += row->flops;
            bytes += row->bytes[LEVEL_DRAM];
            time += (double)row->time_ps;
        }
        if (seen || !(flops > 0) || !(bytes > 0) || !(time > 0))
            continue;
        p->x[p->count] = flops / bytes;
        p->y[p->count] = flops / time; /* FLOP a picosecond is a TFLOP a second */
        p->time_ps[p->count] = (int64_t)time;
        p->names[p->count++] = r->rows[i].role;
    }
    return first;
}

/* Peaks of the matrix units, distinct by 2 %, highest first. */
static int roofs(double *peaks, const char **names, const struct hardware *hw, struct arena *arena)
{
    int n = 0;

    for (int64_t u = 0; u < hw->units_count; u++)
        for (int64_t r = 0; r < hw->units[u].rates_count; r++) {
            const struct arch_rate *rate = &hw->units[u].rates[r];
            double peak = hardware_peak_ops_per_s(hw, &hw->units[u], rate->format, rate->accumulator) * 1e-12;
            bool near = false;

            for (int i = 0; i < n && !near; i++)
                near = fabs(peaks[i] / peak - 1) < 0.02;
            if (near || n == ROOFS_MAX || !(peak > 0))
                continue;
            peaks[n] = peak;
            names[n++] = arena_printf(arena, "%s %.4g", rate->format->name, peak);
        }
    return n;
}

/* Room right of the axes for the roofs' names. */
static double roof_margin_pt(const char *const *names, int count)
{
    size_t longest = 0;

    for (int i = 0; i < count; i++)
        longest = strlen(names[i]) > longest ? strlen(names[i]) : longest;
    return 3.2 * (double)longest;
}

static void longest_first(int64_t *order, const struct points *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        int64_t k = i;

        for (; k > 0 && p->time_ps[order[k - 1]] < p->time_ps[i]; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    const struct result *r = &in->runs[0].result;
    const struct hardware *hw;
    size_t n = 2 * (size_t)r->rows_count + 1;
    struct points p = { arena_array(in->arena, n, sizeof(double)), arena_array(in->arena, n, sizeof(double)), arena_array(in->arena, n, sizeof(char *)),
                        arena_array(in->arena, n, sizeof(int64_t)), 0 };
    double peaks[ROOFS_MAX], *lines = arena_array(in->arena, 8 * ROOFS_MAX + 2 * NAMED_MAX, sizeof *lines), top = 0;
    const char **names = arena_array(in->arena, ROOFS_MAX, sizeof *names), **texts = arena_array(in->arena, NAMED_MAX, sizeof *texts);
    int64_t *order = arena_array(in->arena, n, sizeof *order), decode;
    enum status st = figure_hardware(&hw, &in->runs[0], in->arena, err);

    if (st)
        return st;
    if (!p.x || !p.y || !p.names || !p.time_ps || !lines || !names || !texts || !order)
        return error_no_memory(err);
    add_points(&p, r, false);
    decode = add_points(&p, r, true);
    if (p.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "roofline: no operator of the run has arithmetic and traffic of memory (a JSON of an older llmsim?)");
    int count = roofs(peaks, names, hw, in->arena);
    struct figure_axis x = { .label = "operational intensity (FLOP/byte), log scale", .log = true, .low = 0.1, .high = 1e4 };
    struct figure_axis y = { .label = "TFLOP/s a device, log scale", .log = true, .low = 1e9 };
    for (int64_t i = 0; i < p.count; i++) {
        x.low = fmin(x.low, pow(10, floor(log10(p.x[i]))));
        x.high = fmax(x.high, pow(10, ceil(log10(p.x[i]))));
        y.low = fmin(y.low, pow(10, floor(log10(p.y[i]))));
    }
    for (int i = 0; i < count; i++)
        top = fmax(top, peaks[i]);
    y.high = pow(10, ceil(log10(1.5 * top)));
    double terabytes = hw->dram.bandwidth_bytes_per_s * 1e-12;
    for (int i = 0; i < count; i++) {
        double *l = lines + 6 * i, knee = peaks[i] / terabytes;

        l[0] = peaks[i] == top ? fmax(x.low, y.low / terabytes) : knee, l[1] = knee, l[2] = x.high;
        l[3] = fmin(l[0], knee) * terabytes, l[4] = l[5] = peaks[i];
        if (!names[i])
            return error_no_memory(err);
        figure_add(page, (struct figure_series){ .mark = FIGURE_LINE, .colour = i ? FIGURE_GREY : FIGURE_BLACK, .dashed = i > 0, .count = 3, .x = l, .y = l + 3 });
    }
    for (int i = 0; i < count; i++)
        lines[6 * ROOFS_MAX + 2 * NAMED_MAX + i] = x.high, lines[6 * ROOFS_MAX + 2 * NAMED_MAX + ROOFS_MAX + i] = peaks[i];
    figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .align = FIGURE_BESIDE, .count = count, .x = lines + 6 * ROOFS_MAX + 2 * NAMED_MAX,
                                             .y = lines + 6 * ROOFS_MAX + 2 * NAMED_MAX + ROOFS_MAX, .texts = names });
    figure_add(page, (struct figure_series){ .label = decode ? "prefill" : NULL, .mark = FIGURE_POINTS, .colour = 0, .shape = 1, .count = decode, .x = p.x, .y = p.y });
    figure_add(page, (struct figure_series){ .label = p.count > decode ? "decode" : NULL, .mark = FIGURE_POINTS, .colour = 1, .shape = 3, .count = p.count - decode,
                                             .x = p.x + decode, .y = p.y + decode });
    longest_first(order, &p);
    double *tx = lines + 6 * ROOFS_MAX, *ty = tx + NAMED_MAX;
    int64_t named = p.count < NAMED_MAX ? p.count : NAMED_MAX;
    for (int64_t i = 0; i < named; i++) {
        tx[i] = p.x[order[i]], ty[i] = p.y[order[i]];
        texts[i] = p.names[order[i]];
    }
    if (in->width_in > 4)
        figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .count = named, .x = tx, .y = ty, .texts = texts });
    page->figure.caption = arena_printf(in->arena, "%s, memory %.4g TB/s.\nA point is a role in a phase; traffic as predicted.\n", hw->name, terabytes);
    page->panel.margin_pt = roof_margin_pt(names, count);
    figure_finish(page, in, "Roofline", x, y, FIGURE_KEY_ABOVE, 3.0);
    return STATUS_OK;
}

const struct figure_kind figure_roofline = {
    .name = "roofline", .summary = "operators of one run under the peaks of its chip", .runs_max = 1, .rows = true, .draw = draw,
};
