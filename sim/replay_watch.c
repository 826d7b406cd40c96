/* SPDX-License-Identifier: Apache-2.0 */
/* What an observer is shown of an iteration: a row for each kernel of the step, of one launch, and the intervals in order. sim/observe.h */
#include "sim/clock.h"
#include "sim/replay_state.h"

enum status replay_watch_step(struct replay *r, int64_t count)
{
    r->watch->rows = arena_array(&r->scratch, (size_t)count, sizeof *r->watch->rows);
    return r->watch->rows != NULL ? STATUS_OK : error_no_memory(r->err);
}

/* Adds a share of a launch: all of it, or what one of two sampled iterations gives to one between them. */
static void add_share(struct breakdown_row *row, const struct replay *r, double share, const struct kernel *k, const struct ps_timing *p)
{
    replay_amounts_add(row, share, replay_kind(k, p->timing), p->timing);
    row->voltage_scale += share * clock_voltage_share(r->spec->hw, p->timing->clock_hz);
    row->simulated_fraction += share * p->timing->simulated_fraction;
}

/* Attention between two samples: amounts by the same line as its time, so that they sum to those of the run's row. */
static void fill_attention(struct breakdown_row *row, const struct replay *r, struct timed *t, const struct kernel *k, int64_t iteration)
{
    const struct attention_series *s = t->series;

    attention_series_at(&row->time_ps, row->parts_ps, s, iteration, &t->hint);
    const struct ps_timing *before = &s->at[t->hint];
    int64_t low = s->iteration[t->hint];
    double share = iteration > low ? (double)(iteration - low) / (double)(s->iteration[t->hint + 1] - low) : 0;

    add_share(row, r, 1 - share, k, before);
    if (share > 0)
        add_share(row, r, share, k, before + 1);
    mapping_format(row->mapping, sizeof row->mapping, &before->timing->mapping);
}

static void fill_row(struct breakdown_row *row, const struct replay *r, struct timed *t, const struct kernel *k, int64_t iteration)
{
    *row = (struct breakdown_row){ .role = k->role, .note = k->note, .count = k->count };
    if (k->kind == KERNEL_ATTENTION) {
        fill_attention(row, r, t, k, iteration);
    } else {
        row->time_ps = t->at.time_ps;
        for (int c = 0; c < CAUSES; c++)
            row->parts_ps[c] = t->at.parts_ps[c];
        add_share(row, r, 1, k, &t->at);
        if (k->kind == KERNEL_GEMM)
            mapping_format(row->mapping, sizeof row->mapping, &t->at.timing->mapping);
    }
    for (int c = 0; c < CAUSES; c++)
        if (row->parts_ps[c] > row->parts_ps[row->bound])
            row->bound = (enum cause)c;
}

static enum status show(struct replay *r, const struct breakdown_row *row, int64_t layer, int64_t idle_ps)
{
    struct replay_watch *w = r->watch;
    const struct run_launch launch = { .start_ps = w->at_ps + idle_ps, .idle_ps = idle_ps, .layer = layer, .row = row };

    w->at_ps = launch.start_ps + row->time_ps;
    return w->observer->launch(w->observer->context, &launch, r->err);
}

enum status replay_watch_begin(struct replay *r, const struct step *s, struct timed *timed, const struct lowered_step *low, int64_t n, int64_t host_ps)
{
    struct replay_watch *w = r->watch;
    enum status st;

    w->at_ps = r->out->time_ps;
    w->iteration = (struct run_iteration){
        .number = w->iteration.number + 1, .step = s, .repetition = n, .start_ps = r->out->time_ps,
        .rows_count = low->count, .rows = w->rows, .model = w->model, .memory = &r->out->memory,
    };
    for (int64_t i = 0; i < low->count; i++) {
        fill_row(&w->rows[i], r, &timed[i], &low->kernels[i].kernel, n);
        w->rows[i].phase = s->phase;
        w->iteration.launches += low->kernels[i].kernel.count;
    }
    w->unrolled = false;
    if ((st = w->observer->begin(w->observer->context, &w->iteration, &w->unrolled, r->err)) || !w->unrolled || host_ps == 0)
        return st;
    const struct breakdown_row host = {
        .phase = s->phase, .role = "host.step", .note = "scheduler and start of the step", .kind = "host", .count = 1, .time_ps = host_ps,
        .parts_ps = { [CAUSE_LAUNCH] = host_ps }, .bound = CAUSE_LAUNCH, .voltage_scale = 1, .simulated_fraction = 1,
    };
    return show(r, &host, 0, 0);
}

enum status replay_watch_launch(struct replay *r, int64_t i, int64_t layer, int64_t idle_ps)
{
    return show(r, &r->watch->rows[i], layer, idle_ps);
}

enum status replay_watch_end(struct replay *r, int64_t time_ps)
{
    r->watch->iteration.time_ps = time_ps;
    return r->watch->observer->end(r->watch->observer->context, &r->watch->iteration, r->err);
}
