/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a timeline shows. Process 1 is the run: a track of its phases, one of its steps. Then a process for each device: compute,
 * link and host tracks, and counters. A step is unrolled into its launches, or folded with its neighbours: one slice, counters at their mean.
 */
#include "reports/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "costmodel/energy.h"
#include "reports/trace_events.h"
#include "sim/memory.h"

enum { PROCESS_RUN = 1, PROCESS_DEVICE = 2 };
enum track { TRACK_PHASE = 1, TRACK_STEP, TRACK_COMPUTE, TRACK_LINK, TRACK_HOST, TRACKS };

static const char *const track_names[TRACKS] = {
    [TRACK_PHASE] = "phases", [TRACK_STEP] = "steps", [TRACK_COMPUTE] = "compute", [TRACK_LINK] = "link", [TRACK_HOST] = "host",
};

/* Levels that counters stand at; an event is written only where one changes. */
struct levels { double dram_gb_per_s, link_gb_per_s, power_w; int64_t kv_bytes; };

/* Steps of one phase that are shown as one. */
struct fold {
    int64_t count, first, start_ps, time_ps, kv_bytes;
    enum phase phase;
    double dram_bytes, link_bytes, dynamic_j;
};

struct timeline {
    struct timeline_options options;
    const struct run_spec *spec;
    const struct report_head *head;
    struct run_observer observer;
    struct outfile *out;
    struct trace_events events;
    bool named[TRACKS], full, unrolled, any_levels;
    struct levels levels;
    struct memory_use memory;
    int64_t kv_bytes;                  /* of the step that is unrolled */
    struct fold fold, phase;           /* phase: count, first, start, time of the phase that goes on */
    struct timeline_summary summary;
};

/* Names a track where it is first used: an empty one is not shown. */
static void name_track(struct timeline *t, enum track track)
{
    bool device = track >= TRACK_COMPUTE;

    if (t->named[track])
        return;
    t->named[track] = true;
    for (int64_t d = 0; d < (device ? t->spec->layout.tp : 1); d++)
        trace_events_name(&t->events, device ? PROCESS_DEVICE + d : PROCESS_RUN, track, track_names[track]);
}

static void name_processes(struct timeline *t)
{
    char name[160];

    snprintf(name, sizeof name, "run: %s on %s", t->head->trace, t->head->arch);
    trace_events_name(&t->events, PROCESS_RUN, 0, name);
    for (int64_t d = 0; d < t->spec->layout.tp; d++) {
        snprintf(name, sizeof name, "device %lld: %s", (long long)d, t->head->arch);
        trace_events_name(&t->events, PROCESS_DEVICE + d, 0, name);
    }
}

/* ---- counters ---- */

static void put_memory(struct timeline *t, int64_t device, int64_t at_ps, int64_t kv_bytes)
{
    trace_events_counter(&t->events, PROCESS_DEVICE + device, "memory in use (bytes)", at_ps);
    if (t->events.failed)
        return;
    json_i64(&t->events.json, "weights", t->memory.weights);
    json_i64(&t->events.json, "kv_cache", kv_bytes);
    json_i64(&t->events.json, "activations", t->memory.activations);
    json_i64(&t->events.json, "workspace", t->memory.workspace);
    trace_events_end(&t->events);
}

static void put_number(struct timeline *t, int64_t device, const char *name, const char *series, int64_t at_ps, double value)
{
    trace_events_counter(&t->events, PROCESS_DEVICE + device, name, at_ps);
    if (t->events.failed)
        return;
    json_double(&t->events.json, series, value);
    trace_events_end(&t->events);
}

static void put_levels(struct timeline *t, int64_t at_ps, struct levels now)
{
    for (int64_t d = 0; d < t->spec->layout.tp; d++) {
        if (!t->any_levels || now.dram_gb_per_s != t->levels.dram_gb_per_s)
            put_number(t, d, "DRAM bandwidth", "GB/s", at_ps, now.dram_gb_per_s);
        if (t->spec->layout.tp > 1 && (!t->any_levels || now.link_gb_per_s != t->levels.link_gb_per_s))
            put_number(t, d, "link bandwidth", "GB/s", at_ps, now.link_gb_per_s);
        if (!t->any_levels || now.power_w != t->levels.power_w)
            put_number(t, d, "power", "W", at_ps, now.power_w);
        if (!t->any_levels || now.kv_bytes != t->levels.kv_bytes)
            put_memory(t, d, at_ps, now.kv_bytes);
    }
    t->any_levels = true;
    t->levels = now;
}

/* Mean levels while `bytes` move and `dynamic_j` is spent in a time. */
static struct levels levels_over(const struct timeline *t, int64_t time_ps, double bytes, double link_bytes, double dynamic_j, int64_t kv_bytes)
{
    double time_s = (double)time_ps * 1e-12;

    return (struct levels){ time_ps > 0 ? bytes / time_s * 1e-9 : 0, time_ps > 0 ? link_bytes / time_s * 1e-9 : 0, t->spec->hw->power.idle_w + (time_ps > 0 ? dynamic_j / time_s : 0), kv_bytes };
}

/* ---- phases and steps ---- */

static void flush_phase(struct timeline *t)
{
    struct fold *p = &t->phase;

    if (p->count == 0)
        return;
    name_track(t, TRACK_PHASE);
    trace_events_slice(&t->events, PROCESS_RUN, TRACK_PHASE, phase_name(p->phase), "phase", p->start_ps, p->time_ps);
    if (!t->events.failed)
        json_i64(&t->events.json, "steps", p->count);
    trace_events_end(&t->events);
    p->count = 0;
}

static void add_phase(struct timeline *t, const struct run_iteration *it)
{
    if (t->phase.count > 0 && t->phase.phase != it->step->phase)
        flush_phase(t);
    if (t->phase.count++ == 0)
        t->phase = (struct fold){ .count = 1, .first = it->number, .start_ps = it->start_ps, .phase = it->step->phase };
    t->phase.time_ps += it->time_ps;
}

static void put_step(struct timeline *t, const char *name, const char *category, int64_t start_ps, int64_t time_ps, int64_t steps)
{
    name_track(t, TRACK_STEP);
    trace_events_slice(&t->events, PROCESS_RUN, TRACK_STEP, name, category, start_ps, time_ps);
    if (!t->events.failed)
        json_i64(&t->events.json, "steps", steps);
    trace_events_end(&t->events);
}

static void flush_fold(struct timeline *t)
{
    struct fold *f = &t->fold;
    char name[80];

    if (f->count == 0)
        return;
    if (f->count == 1)
        snprintf(name, sizeof name, "%s step %lld, folded", phase_name(f->phase), (long long)f->first);
    else
        snprintf(name, sizeof name, "%s steps %lld-%lld, folded", phase_name(f->phase), (long long)f->first, (long long)(f->first + f->count - 1));
    put_step(t, name, "folded", f->start_ps, f->time_ps, f->count);
    put_levels(t, f->start_ps, levels_over(t, f->time_ps, f->dram_bytes, f->link_bytes, f->dynamic_j, f->kv_bytes));
    f->count = 0;
}

static void add_fold(struct timeline *t, const struct run_iteration *it, int64_t kv_bytes)
{
    struct fold *f = &t->fold;

    if (f->count == TIMELINE_FOLD || f->phase != it->step->phase)
        flush_fold(t);
    if (f->count == 0)
        *f = (struct fold){ .first = it->number, .start_ps = it->start_ps, .phase = it->step->phase };
    f->count++;
    f->time_ps += it->time_ps;
    f->kv_bytes = kv_bytes > f->kv_bytes ? kv_bytes : f->kv_bytes;
    for (int64_t i = 0; i < it->rows_count; i++) {
        f->dram_bytes += (double)it->rows[i].count * it->rows[i].bytes[LEVEL_DRAM];
        f->link_bytes += (double)it->rows[i].count * it->rows[i].bytes[LEVEL_LINK];
        f->dynamic_j += (double)it->rows[i].count * energy_dynamic_j(&it->rows[i], t->spec->hw);
    }
}

static int64_t kv_bytes_of(const struct timeline *t, const struct run_iteration *it)
{
    return memory_kv_iteration(it->model, t->spec, it->step, it->repetition);
}

/* ---- what the run shows ---- */

static enum track track_of(const struct breakdown_row *row)
{
    return strcmp(row->kind, "collective") == 0 ? TRACK_LINK : strcmp(row->kind, "host") == 0 ? TRACK_HOST : TRACK_COMPUTE;
}

/* Does the step fit? A launch takes a slice and two counters (between devices three), and where the device waited for the host as many again. */
static bool wanted(struct timeline *t, const struct run_iteration *it)
{
    int64_t each = t->spec->stack->launch_mode == LAUNCH_EAGER ? 6 : 3, more = t->spec->layout.tp > 1, rest = TIMELINE_EVENTS_MAX - t->events.count;

    if (t->options.first > 0)
        return it->number >= t->options.first && it->number <= t->options.last;
    if (it->launches > rest / ((each + more) * t->spec->layout.tp))
        t->full = true;
    return !t->full;
}

static enum status begin(void *context, const struct run_iteration *it, bool *unroll, struct error *err)
{
    struct timeline *t = context;

    if (t->options.stop != NULL && *t->options.stop)
        return error_plain(err, STATUS_INTERRUPTED, "interrupted");
    t->memory = *it->memory;
    t->summary.steps = it->number;
    *unroll = t->unrolled = wanted(t, it);
    if (!*unroll)
        return STATUS_OK;
    flush_fold(t);
    t->summary.first = t->summary.first > 0 ? t->summary.first : it->number;
    t->summary.last = it->number;
    t->kv_bytes = kv_bytes_of(t, it);
    return STATUS_OK;
}

static void put_launch(struct timeline *t, int64_t device, const struct run_launch *l)
{
    const struct breakdown_row *row = l->row;
    struct json *j = &t->events.json;

    trace_events_slice(&t->events, PROCESS_DEVICE + device, track_of(row), row->role, row->kind, l->start_ps, row->time_ps);
    if (t->events.failed)
        return;
    json_text(j, "bound", cause_name(row->bound));
    if (row->count > 1)
        json_i64(j, "layer", l->layer);
    if (row->mapping[0] != '\0')
        json_text(j, "mapping", row->mapping);
    if (row->note[0] != '\0')
        json_text(j, "note", row->note);
    if (row->flops > 0)
        json_double(j, "flops", row->flops);
    if (row->bytes[LEVEL_L2] > 0)
        json_double(j, "l2_bytes", row->bytes[LEVEL_L2]);
    if (row->bytes[LEVEL_DRAM] > 0)
        json_double(j, "dram_bytes", row->bytes[LEVEL_DRAM]);
    if (row->bytes[LEVEL_LINK] > 0)
        json_double(j, "link_bytes", row->bytes[LEVEL_LINK]);
    trace_events_end(&t->events);
}

static void put_wait(struct timeline *t, int64_t device, const struct run_launch *l)
{
    trace_events_slice(&t->events, PROCESS_DEVICE + device, TRACK_HOST, "host.launch", "host", l->start_ps - l->idle_ps, l->idle_ps);
    if (!t->events.failed)
        json_text(&t->events.json, "before", l->row->role);
    trace_events_end(&t->events);
}

static enum status launch(void *context, const struct run_launch *l, struct error *err)
{
    struct timeline *t = context;

    (void)err;
    if (l->idle_ps > 0) {
        name_track(t, TRACK_HOST);
        put_levels(t, l->start_ps - l->idle_ps, levels_over(t, l->idle_ps, 0, 0, 0, t->kv_bytes));
        for (int64_t d = 0; d < t->spec->layout.tp; d++)
            put_wait(t, d, l);
    }
    if (l->row->time_ps == 0)
        return STATUS_OK;
    name_track(t, track_of(l->row));
    put_levels(t, l->start_ps, levels_over(t, l->row->time_ps, l->row->bytes[LEVEL_DRAM], l->row->bytes[LEVEL_LINK], energy_dynamic_j(l->row, t->spec->hw), t->kv_bytes));
    for (int64_t d = 0; d < t->spec->layout.tp; d++)
        put_launch(t, d, l);
    return STATUS_OK;
}

static enum status end(void *context, const struct run_iteration *it, struct error *err)
{
    struct timeline *t = context;
    char name[80];

    add_phase(t, it);
    if (!t->unrolled) {
        add_fold(t, it, kv_bytes_of(t, it));
    } else {
        snprintf(name, sizeof name, "%s step %lld", phase_name(it->step->phase), (long long)it->number);
        put_step(t, name, "step", it->start_ps, it->time_ps, 1);
    }
    return t->events.failed ? error_no_memory(err) : STATUS_OK;
}

/* ---- the file ---- */

enum status timeline_open(struct timeline **out, const struct timeline_options *options, const struct run_spec *spec, const struct report_head *head,
                          struct error *err)
{
    struct timeline *t = calloc(1, sizeof *t);
    enum status st;

    if (t == NULL)
        return error_no_memory(err);
    *t = (struct timeline){ .options = *options, .spec = spec, .head = head, .observer = { t, begin, launch, end } };
    if ((st = outfile_open(&t->out, options->path, err))) {
        free(t);
        return st;
    }
    if (!trace_events_open(&t->events, t->out)) {
        timeline_abandon(t);
        return error_no_memory(err);
    }
    name_processes(t);
    *out = t;
    return STATUS_OK;
}

const struct run_observer *timeline_observer(struct timeline *t)
{
    return &t->observer;
}

static void put_about(struct timeline *t, const struct result *r)
{
    struct json *j = &t->events.json;
    char key[HASH_TEXT_MAX];

    trace_events_about(&t->events);
    if (t->events.failed)
        return;
    json_text(j, "llmsim", version_model());
    json_text(j, "run", hash_format(key, r->key));
    json_text(j, "arch", t->head->arch);
    json_text(j, "stack", t->head->stack);
    json_text(j, "trace", t->head->trace);
    json_text(j, "recipe", t->head->recipe);
    json_text(j, "layout", t->head->layout);
    json_text(j, "fidelity", r->fidelity);
    json_i64(j, "time_ps", r->time_ps);
    json_i64(j, "steps", t->summary.steps);
    json_i64(j, "first_unrolled_step", t->summary.first);
    json_i64(j, "last_unrolled_step", t->summary.last);
}

enum status timeline_close(struct timeline_summary *out, struct timeline *t, const struct result *result, struct error *err)
{
    enum status st = STATUS_OK;

    flush_fold(t);
    flush_phase(t);
    if (t->any_levels)
        put_levels(t, result->time_ps, levels_over(t, 0, 0, 0, 0, t->levels.kv_bytes));
    t->summary.events = t->events.count;
    put_about(t, result);
    *out = t->summary;
    if (t->options.first > t->summary.steps)
        st = error_plain(err, STATUS_BAD_INPUT, "--steps: found %lld, expected steps from 1 to %lld, which the run has", (long long)t->options.first,
                         (long long)t->summary.steps);
    else if (!trace_events_close(&t->events))
        st = error_no_memory(err);
    if (st) {
        timeline_abandon(t);
        return st;
    }
    st = outfile_commit(t->out, err);
    free(t);
    return st;
}

void timeline_abandon(struct timeline *t)
{
    if (t == NULL)
        return;
    trace_events_close(&t->events);
    outfile_abandon(t->out);
    free(t);
}
