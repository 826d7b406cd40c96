/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stages of a pipeline over an iteration of training: forward and backward passes of each micro-batch where the schedule puts them
 * (sim/training_schedule.h); what is white is the bubble. Passes of later chunks are lighter; a pass that is wide enough carries its micro-batch's number.
 */
#include "reports/figure_kinds.h"

#include <math.h>

enum { STAGES_MAX = 64, NUMBERS_MAX = 2000 };

static const double digit_pt = 3.4, number_pt = 7.0, fine_pt = 1.6; /* of a number's digit, its height; a box narrower than this has no border */

struct drawing {
    const struct training_schedule *s;
    const struct training_pipeline *p;
    double unit_s, pt_per_s, row_pt;
};

/* Forward: sky blue, backward: vermilion, of which a chunk has less the later it is. */
static uint32_t colour_of(const struct training_slot *s, int64_t chunks)
{
    static const double base[2][3] = { { 0x8C, 0xC8, 0xEC }, { 0xD5, 0x5E, 0x00 } };
    double left = 1 - 0.7 * (double)s->chunk / (double)chunks;
    uint32_t rgb = 0;

    for (int c = 0; c < 3; c++)
        rgb = rgb << 8 | (uint32_t)(255 - left * (255 - base[s->backward][c]) + 0.5);
    return rgb;
}

static enum status add_boxes(struct figure_page *page, const struct figure_input *in, const struct drawing *d, bool backward, struct error *err)
{
    size_t n = (size_t)d->s->count / 2, at = 0;
    double *v = arena_array(in->arena, 4 * n, sizeof *v), least_s = HUGE_VAL;
    uint32_t *rgb = arena_array(in->arena, n, sizeof *rgb);
    const char **names = arena_array(in->arena, n, sizeof *names);

    if (!v || !rgb || !names)
        return error_no_memory(err);
    for (int64_t i = 0; i < d->s->count; i++) {
        const struct training_slot *s = &d->s->slots[i];
        double row = (double)(d->p->stages - s->stage);

        if (s->backward != backward)
            continue;
        v[at] = s->start_s / d->unit_s, v[n + at] = row - 0.42;
        v[2 * n + at] = (s->start_s + s->time_s) / d->unit_s, v[3 * n + at] = row + 0.42;
        rgb[at] = colour_of(s, d->p->chunks);
        least_s = fmin(least_s, s->time_s);
        if (!(names[at++] = arena_printf(in->arena, "stage %lld chunk %lld micro-batch %lld", (long long)s->stage + 1, (long long)s->chunk + 1,
                                         (long long)s->micro_batch + 1)))
            return error_no_memory(err);
    }
    figure_add(page, (struct figure_series){ .label = backward ? "backward" : "forward", .mark = FIGURE_BOXES, .colour = backward ? 1 : 5, .count = (int64_t)n, .x = v,
                                             .y = v + n, .x_high = v + 2 * n, .high = v + 3 * n, .texts = names, .rgb = rgb,
                                             .borderless = least_s * d->pt_per_s < fine_pt });
    return STATUS_OK;
}

/* Micro-batches from 1, where they fit. */
static enum status add_numbers(struct figure_page *page, const struct figure_input *in, const struct drawing *d, struct error *err)
{
    int64_t n = d->s->count < NUMBERS_MAX ? d->s->count : NUMBERS_MAX, at = 0;
    double *x = arena_array(in->arena, 2 * (size_t)n, sizeof *x), *y = x ? x + n : NULL;
    const char **texts = arena_array(in->arena, (size_t)n, sizeof *texts);
    uint32_t *white = arena_array(in->arena, (size_t)n, sizeof *white);

    if (!x || !texts || !white)
        return error_no_memory(err);
    for (int64_t i = 0; i < d->s->count && at < n; i++) {
        const struct training_slot *s = &d->s->slots[i];
        double digits = s->micro_batch < 9 ? 1 : s->micro_batch < 99 ? 2 : s->micro_batch < 999 ? 3 : 4;

        if (s->time_s * d->pt_per_s < (digits + 0.6) * digit_pt || 0.84 * d->row_pt < number_pt)
            continue;
        x[at] = (s->start_s + s->time_s / 2) / d->unit_s;
        y[at] = (double)(d->p->stages - s->stage);
        white[at] = s->backward && s->chunk == 0;
        if (!(texts[at++] = arena_printf(in->arena, "%lld", (long long)s->micro_batch + 1)))
            return error_no_memory(err);
    }
    figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .align = FIGURE_CENTRE, .count = at, .x = x, .y = y, .texts = texts, .rgb = white });
    return STATUS_OK;
}

static const char *caption(const struct figure_input *in, const struct training_schedule *s)
{
    const struct training_head *h = in->training_head;
    const struct training_pipeline *p = &in->training->pipeline;
    struct figure_scale unit = figure_scale_of("s", in->training->iteration_s);
    double rest_s = in->training->iteration_s - (double)p->micro_batches * (in->training->forward_s + in->training->backward_s) - in->training->bubble_s;

    return arena_printf(in->arena, "%s on %s, tp=%lld, pp=%lld, dp=%lld; %lld micro-batches%s.\n"
                                   "Idle: %.1f %% of the stages' time. Not shown: exchange and optimizer, %.3g %s.\n",
                        h->model, h->system, (long long)h->tp, (long long)h->pp, (long long)h->dp, (long long)p->micro_batches,
                        p->chunks > 1 ? ", later chunks lighter" : "", 100 * s->idle_share, fmax(rest_s, 0) / unit.of, unit.unit);
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    const struct training_pipeline *p = &in->training->pipeline;
    const char **names = arena_array(in->arena, STAGES_MAX, sizeof *names);
    struct training_schedule s;
    enum status st;

    if (!names)
        return error_no_memory(err);
    if (p->stages > STAGES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "pipeline: %lld stages, expected at most %d", (long long)p->stages, STAGES_MAX);
    if ((st = training_schedule(&s, p, in->arena, err)))
        return st;
    struct figure_scale unit = figure_scale_of("s", s.time_s);
    double row_pt = p->stages <= 16 ? 11 : 6.5;
    const struct drawing d = { &s, p, unit.of, (in->width_in * 72 - 60) / s.time_s, row_pt };
    for (int64_t i = 0; i < p->stages; i++)
        if (!(names[p->stages - 1 - i] = row_pt > 8 || i % 4 == 0 ? arena_printf(in->arena, "stage %lld", (long long)i + 1) : ""))
            return error_no_memory(err);
    if ((st = add_boxes(page, in, &d, false, err)) || (st = add_boxes(page, in, &d, true, err)) || (st = add_numbers(page, in, &d, err)))
        return st;
    if (!(page->figure.caption = caption(in, &s)))
        return error_no_memory(err);
    struct figure_axis x = { .label = arena_printf(in->arena, "time (%s)", unit.unit), .low = 0, .high = s.time_s / unit.of };
    figure_finish(page, in, "Pipeline schedule", x, figure_axis_names("", names, (int)p->stages), FIGURE_KEY_ABOVE, 1.05 + (double)(p->stages + 1) * row_pt / 72);
    return x.label ? STATUS_OK : error_no_memory(err);
}

const struct figure_kind figure_pipeline = {
    .name = "pipeline", .summary = "forward and backward passes of a pipeline's stages over an iteration of training", .training = true, .training_only = true,
    .draw = draw,
};
