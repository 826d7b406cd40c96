/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device holds over time, stacked: weights, KV cache, activations and workspace of each step of a run; or of an iteration of training parameters,
 * gradients, optimizer states and the activations of the passes in flight on the first stage, which is the fullest. Within a step levels are its highest.
 */
#include "reports/figure_kinds.h"

#include <math.h>
#include <stdlib.h>

enum { PARTS_MAX = 5, POINTS_MAX = 600 };

/* Levels of each part from edge to edge: at[part][i] between edge_s[i] and edge_s[i + 1]. */
struct levels { int64_t count; double *edge_s, *at[PARTS_MAX]; };

static bool open_levels(struct levels *l, int64_t room, struct arena *arena)
{
    bool good = (l->edge_s = arena_array(arena, (size_t)room + 1, sizeof *l->edge_s)) != NULL;

    for (int p = 0; p < PARTS_MAX && good; p++)
        good = (l->at[p] = arena_array(arena, (size_t)room, sizeof *l->at[p])) != NULL;
    l->count = 0;
    return good;
}

/* Steps of a run, neighbours together where there are more than can be seen: their highest. */
static enum status of_run(struct levels *l, const struct figure_memory *m, struct arena *arena, struct error *err)
{
    int64_t each = (m->count + POINTS_MAX - 1) / POINTS_MAX;

    if (m->count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "memory: the run has no steps");
    if (!open_levels(l, m->count / each + 1, arena))
        return error_no_memory(err);
    for (int64_t i = 0; i < m->count; i += each, l->count++) {
        int64_t last = i + each < m->count ? i + each : m->count;

        for (int p = 0; p < PARTS_MAX; p++)
            l->at[p][l->count] = 0;
        l->edge_s[l->count] = m->steps[i].start_s;
        l->edge_s[l->count + 1] = m->steps[last - 1].end_s;
        l->at[0][l->count] = m->weights;
        for (int64_t k = i; k < last; k++) {
            l->at[1][l->count] = fmax(l->at[1][l->count], m->steps[k].kv);
            l->at[2][l->count] = fmax(l->at[2][l->count], m->steps[k].activations);
            l->at[3][l->count] = fmax(l->at[3][l->count], m->steps[k].workspace);
        }
    }
    return STATUS_OK;
}

struct change { double at_s; int by; };

static int by_time(const void *a, const void *b)
{
    const struct change *p = a, *q = b;

    return p->at_s != q->at_s ? (p->at_s > q->at_s) - (p->at_s < q->at_s) : p->by - q->by;
}

/* Passes in flight on the first stage: one more from the start of a forward pass to the end of its backward pass. */
static enum status of_training(struct levels *l, const struct training_result *r, struct arena *arena, struct error *err)
{
    const struct training_memory *m = &r->memory;
    struct training_schedule s;
    enum status st = training_schedule(&s, &r->pipeline, arena, err);
    int64_t n = 0, flying = 0;

    if (st)
        return st;
    struct change *changes = arena_array(arena, (size_t)s.count, sizeof *changes);
    if (!changes || !open_levels(l, s.count + 2, arena))
        return error_no_memory(err);
    for (int64_t i = 0; i < s.count; i++)
        if (s.slots[i].stage == 0)
            changes[n++] = s.slots[i].backward ? (struct change){ s.slots[i].start_s + s.slots[i].time_s, -1 } : (struct change){ s.slots[i].start_s, 1 };
    qsort(changes, (size_t)n, sizeof *changes, by_time);
    l->edge_s[0] = 0;
    for (int64_t i = 0; i <= n; i++) {
        double end_s = i < n ? changes[i].at_s : r->iteration_s;

        if (end_s > l->edge_s[l->count]) {
            const double levels[PARTS_MAX] = { m->parameters, m->gradients, m->optimizer, m->pass_activations * (double)flying, flying ? m->temporary : 0 };

            for (int p = 0; p < PARTS_MAX; p++)
                l->at[p][l->count] = levels[p];
            l->edge_s[++l->count] = end_s;
        }
        flying += i < n ? changes[i].by : 0;
    }
    return STATUS_OK;
}

/* A part as an area with steps: two points an interval. The line of all parts' top lies over it. */
static enum status add_parts(struct figure_page *page, const struct figure_input *in, const struct levels *l, const char *const *names, double time, double bytes,
                             double *top, struct error *err)
{
    static const int colours[PARTS_MAX] = { 0, 5, 4, FIGURE_PALE, 1 }, patterns[PARTS_MAX] = { 0, 0, 3, 0, 1 };
    size_t n = 2 * (size_t)l->count;
    double *base = arena_array(in->arena, n, sizeof *base), *x = arena_array(in->arena, n, sizeof *x);

    if (!base || !x)
        return error_no_memory(err);
    for (size_t i = 0; i < n; i++)
        x[i] = l->edge_s[(i + 1) / 2] / time;
    for (int p = 0; p < PARTS_MAX && names[p]; p++) {
        double *low = arena_array(in->arena, n, sizeof *low), *high = arena_array(in->arena, n, sizeof *high), most = 0;

        if (!low || !high)
            return error_no_memory(err);
        for (size_t i = 0; i < n; i++) {
            low[i] = base[i];
            high[i] = base[i] += l->at[p][i / 2] / bytes;
            most = fmax(most, l->at[p][i / 2]);
            *top = fmax(*top, high[i]);
        }
        if (!(most > 0))
            continue;
        figure_add(page, (struct figure_series){ .label = names[p], .mark = FIGURE_BAND, .colour = colours[p], .pattern = patterns[p], .count = (int64_t)n, .x = x,
                                                 .y = low, .high = high });
        figure_add(page, (struct figure_series){ .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .count = (int64_t)n, .x = x, .y = high });
    }
    return STATUS_OK;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    static const char *const run_parts[PARTS_MAX] = { "weights", "KV cache", "activations", "workspace" };
    static const char *const training_parts[PARTS_MAX] = { "parameters", "gradients", "optimizer states", "activations", "temporary" };
    const struct figure_memory *m = in->training ? NULL : &in->runs[0].memory;
    double capacity = m ? m->capacity : (double)in->training_head->capacity_bytes, most = 0, top = 0, *line = arena_array(in->arena, 4, sizeof *line);
    struct levels l = { 0 };
    enum status st = m ? of_run(&l, m, in->arena, err) : of_training(&l, in->training, in->arena, err);

    if (st || !line)
        return st ? st : error_no_memory(err);
    for (int64_t i = 0; i < l.count; i++) {
        double sum = 0;
        for (int p = 0; p < PARTS_MAX; p++)
            sum += l.at[p][i];
        most = fmax(most, sum);
    }
    struct figure_scale time = figure_scale_of("s", l.edge_s[l.count]), bytes = figure_scale_of("bytes", most);
    if ((st = add_parts(page, in, &l, m ? run_parts : training_parts, time.of, bytes.of, &top, err)))
        return st;
    bool near = capacity > 0 && most > 0.5 * capacity; /* far above it would flatten all else */
    if (near) {
        line[0] = 0, line[1] = l.edge_s[l.count] / time.of, line[2] = line[3] = capacity / bytes.of;
        figure_add(page, (struct figure_series){ .label = "device's memory", .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .dashed = true, .count = 2, .x = line,
                                                 .y = line + 2 });
        top = fmax(top, line[2]);
    }
    page->figure.caption = m ? arena_printf(in->arena, "%s, %s, %s, %lld steps.\nOne device, which has %.4g %s; a step at its highest.\n",
                                            in->runs[0].head.arch, in->runs[0].head.trace, in->runs[0].head.layout, (long long)m->count, capacity / bytes.of,
                                            bytes.unit)
                             : arena_printf(in->arena, "%s on %s, tp=%lld, pp=%lld, dp=%lld.\nFirst stage, the fullest, of devices with %.4g %s; an iteration and its optimizer.\n",
                                            in->training_head->model, in->training_head->system, (long long)in->training_head->tp,
                                            (long long)in->training_head->pp, (long long)in->training_head->dp, capacity / bytes.of, bytes.unit);
    struct figure_axis x = { .label = arena_printf(in->arena, "time (%s)", time.unit), .low = 0, .high = l.edge_s[l.count] / time.of };
    figure_finish(page, in, "Memory of a device", x, figure_axis_zero(arena_printf(in->arena, "memory (%s)", bytes.unit), top), FIGURE_KEY_ABOVE, 2.7);
    return x.label && page->figure.caption ? STATUS_OK : error_no_memory(err);
}

const struct figure_kind figure_memory = {
    .name = "memory", .summary = "what a device holds over the steps of one run, or over an iteration of training", .runs_max = 1, .memory = true, .training = true,
    .draw = draw,
};
