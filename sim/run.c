/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replay engine: kernels of every step one after the other on one device (all ranks do the same), each timed once, sums in
 * integer picoseconds. docs/replay.md
 */
#include "sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/num.h"
#include "sim/clock.h"
#include "sim/layout.h"
#include "sim/memory.h"
#include "sim/replay.h"
#include "sim/unit.h"
#include "sim/warmth.h"

enum { WARNINGS_MAX = 32 };

struct replay {
    const struct run_spec *spec;
    const struct fidelity *fidelity;
    struct memo *memo;
    struct lower_context lower;
    struct arena *arena;      /* of the result */
    struct arena scratch;     /* of one step */
    struct result *out;
    struct breakdown_row *rows;
    int64_t rows_count, rows_capacity, *longest_ps;
    double *weighted_fraction, *weighted_scale; /* by launches x ps of each row */
    const char *warnings[WARNINGS_MAX];
    int64_t warnings_count;
    __int128 token_time_ps;   /* sum over decode iterations of step time x sequences */
    int64_t decode_tokens;
    bool weights_seen;
    struct error *err;
};

/* ---- warnings ---- */

static void warn(struct replay *r, const char *text)
{
    if (text == NULL || r->warnings_count == WARNINGS_MAX)
        return;
    for (int64_t i = 0; i < r->warnings_count; i++)
        if (strcmp(r->warnings[i], text) == 0)
            return;
    r->warnings[r->warnings_count++] = text;
}

static void warn_kernel(struct replay *r, const struct kernel *k)
{
    if (k->kind != KERNEL_GEMM && k->kind != KERNEL_ATTENTION)
        return;
    const struct arch_unit *unit = k->kind == KERNEL_GEMM ? k->gemm.unit : k->attention.unit;
    const struct unit_type *type = unit_type_find(unit->kind);
    if (type != NULL && type->last_resort)
        warn(r, arena_printf(r->arena, "%s: %s (no matrix unit of %s takes the pair)", k->role, k->note, r->spec->hw->name));
}

/* ---- rows ---- */

static struct breakdown_row *row_find(struct replay *r, enum phase phase, const char *role, const char *note)
{
    for (int64_t i = 0; i < r->rows_count; i++)
        if (r->rows[i].phase == phase && strcmp(r->rows[i].role, role) == 0 && strcmp(r->rows[i].note, note) == 0)
            return &r->rows[i];
    if (r->rows_count == r->rows_capacity) {
        int64_t grown = r->rows_capacity > 0 ? 2 * r->rows_capacity : 64;
        struct breakdown_row *rows = arena_array(r->arena, (size_t)grown, sizeof *rows);
        int64_t *longest = arena_array(r->arena, (size_t)grown, sizeof *longest);
        double *weighted = arena_array(r->arena, (size_t)grown, sizeof *weighted);
        double *scale = arena_array(r->arena, (size_t)grown, sizeof *scale);
        if (rows == NULL || longest == NULL || weighted == NULL || scale == NULL) {
            error_no_memory(r->err);
            return NULL;
        }
        if (r->rows_count > 0) {
            memcpy(rows, r->rows, (size_t)r->rows_count * sizeof *rows);
            memcpy(longest, r->longest_ps, (size_t)r->rows_count * sizeof *longest);
            memcpy(weighted, r->weighted_fraction, (size_t)r->rows_count * sizeof *weighted);
            memcpy(scale, r->weighted_scale, (size_t)r->rows_count * sizeof *scale);
        }
        r->rows = rows;
        r->longest_ps = longest;
        r->weighted_fraction = weighted;
        r->weighted_scale = scale;
        r->rows_capacity = grown;
    }
    struct breakdown_row *row = &r->rows[r->rows_count];
    *row = (struct breakdown_row){ .phase = phase, .role = arena_strdup(r->arena, role), .note = arena_strdup(r->arena, note) };
    r->longest_ps[r->rows_count] = -1;
    r->weighted_fraction[r->rows_count] = r->weighted_scale[r->rows_count] = 0;
    if (row->role == NULL || row->note == NULL) {
        error_no_memory(r->err);
        return NULL;
    }
    r->rows_count++;
    return row;
}

static enum status too_long(struct replay *r)
{
    return error_plain(r->err, STATUS_BAD_INPUT, "the run lasts over 100 days of simulated time; expected a shorter trace");
}

/* Adds `launches` of a time and its parts. */
static enum status row_add_time(struct replay *r, struct breakdown_row *row, int64_t launches, int64_t time_ps, const int64_t parts_ps[CAUSES],
                                int64_t best_ps, int64_t roofline_ps)
{
    int64_t product;

    for (int c = 0; c < CAUSES; c++)
        if (!checked_mul_i64(&product, parts_ps[c], launches) || !checked_add_i64(&row->parts_ps[c], row->parts_ps[c], product))
            return too_long(r);
    if (!checked_mul_i64(&product, time_ps, launches) || !checked_add_i64(&row->time_ps, row->time_ps, product))
        return too_long(r);
    if (!checked_mul_i64(&product, best_ps, launches) || !checked_add_i64(&row->best_time_ps, row->best_time_ps, product))
        return too_long(r);
    if (!checked_mul_i64(&product, roofline_ps, launches) || !checked_add_i64(&row->roofline_time_ps, row->roofline_time_ps, product))
        return too_long(r);
    return STATUS_OK;
}

/* Energy of a switching event at a clock, over that at boost: V^2 goes as f^(x-1) above the knee and stands still below. docs/clock.md */
static double voltage_energy(const struct hardware *hw, double hz)
{
    double floor_hz = hz > hw->power.voltage_knee_hz ? hz : hw->power.voltage_knee_hz;

    if (!(hz > 0) || floor_hz >= hw->clock.boost_hz || hw->power.voltage_exponent <= 1)
        return 1;
    return power_half(floor_hz / hw->clock.boost_hz, hw->power.voltage_exponent - 1);
}

/* Adds the amounts (bytes, events) of `launches` launches; may be a fraction where iterations are interpolated. */
static void row_add_amounts(struct replay *r, struct breakdown_row *row, double launches, double simulated, const struct kernel *k,
                            const struct ps_timing *p)
{
    const struct timing *t = p->timing;
    int64_t index = row - r->rows;

    row->flops += launches * t->flops;
    for (int l = 0; l < LEVELS; l++)
        row->bytes[l] += launches * t->bytes[l];
    row->table_bytes += launches * t->table_bytes;
    row->psum_bytes += launches * t->psum_bytes;
    row->events.fma += launches * t->events.fma;
    row->events.unit_ops += launches * t->events.unit_ops;
    row->events.vector_ops += launches * t->events.vector_ops;
    row->events.sfu_ops += launches * t->events.sfu_ops;
    row->events.instructions += launches * t->events.instructions;
    row->events.table_entries += launches * t->events.table_entries;
    row->events.fma_op = t->events.fma_op != NULL ? t->events.fma_op : row->events.fma_op;
    row->simulated_events += t->simulated_events;
    r->weighted_fraction[index] += launches * (double)p->time_ps * t->simulated_fraction * simulated;
    r->weighted_scale[index] += launches * (double)p->time_ps * voltage_energy(r->spec->hw, t->clock_hz);
    if (p->time_ps > r->longest_ps[index]) {
        r->longest_ps[index] = p->time_ps;
        if (k->kind == KERNEL_GEMM || k->kind == KERNEL_ATTENTION)
            mapping_format(row->mapping, sizeof row->mapping, &t->mapping);
    }
}

static enum status add_idle(struct replay *r, struct breakdown_row *row, int64_t idle_ps)
{
    if (!checked_add_i64(&row->time_ps, row->time_ps, idle_ps) ||
        !checked_add_i64(&row->parts_ps[CAUSE_LAUNCH], row->parts_ps[CAUSE_LAUNCH], idle_ps) ||
        !checked_add_i64(&row->best_time_ps, row->best_time_ps, idle_ps))
        return too_long(r);
    return STATUS_OK;
}

/* ---- one step ---- */

struct timed {
    struct ps_timing at;              /* not attention */
    struct attention_series series;   /* attention */
    int64_t hint, row;
};

static enum status time_kernels(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iterations)
{
    for (int64_t i = 0; i < low->count; i++) {
        const struct kernel *k = &low->kernels[i].kernel;
        const struct timed_kernel *t;
        enum status st;

        warn_kernel(r, k);
        if (k->kind == KERNEL_ATTENTION)
            st = attention_series_time(&timed[i].series, r->memo, k, iterations, r->fidelity->costly, &r->scratch, r->err);
        else if (!(st = memo_time(&t, r->memo, k, r->err)))
            st = ps_from_timing(&timed[i].at, t, k->role, r->err);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* Rows of all kernels but for the host's waits; *gpu_ps: device time of every iteration, waits left out. */
static enum status add_rows(struct replay *r, struct timed *timed, const struct lowered_step *low, enum phase phase, int64_t iterations)
{
    for (int64_t i = 0; i < low->count; i++) {
        const struct kernel *k = &low->kernels[i].kernel;
        struct breakdown_row *row = row_find(r, phase, k->role, k->note);
        int64_t launches;
        enum status st;

        if (row == NULL)
            return STATUS_INTERNAL;
        timed[i].row = row - r->rows;
        if (!checked_mul_i64(&launches, k->count, iterations) || !checked_add_i64(&row->count, row->count, launches))
            return too_long(r);
        if (k->kind != KERNEL_ATTENTION) {
            const struct ps_timing *p = &timed[i].at;
            row_add_amounts(r, row, (double)launches, 1, k, p);
            if ((st = row_add_time(r, row, launches, p->time_ps, p->parts_ps, p->best_ps, p->roofline_ps)))
                return st;
            continue;
        }
        const struct attention_series *s = &timed[i].series;
        double roofline_ps = 0;
        for (int64_t n = 0; n < s->count; n++)
            roofline_ps += attention_series_weight(s, n) * (double)s->at[n].roofline_ps;
        row->roofline_time_ps += (int64_t)(roofline_ps * (double)k->count);
        for (int64_t n = 0; n < s->count; n++)
            row_add_amounts(r, row, attention_series_weight(s, n) * (double)k->count, s->simulated_fraction, k, &s->at[n]);
        for (int64_t n = 0, hint = 0; n < iterations; n++) {
            int64_t time_ps, parts_ps[CAUSES];
            attention_series_at(&time_ps, parts_ps, s, n, &hint);
            if ((st = row_add_time(r, row, k->count, time_ps, parts_ps, time_ps, 0)))
                return st;
        }
    }
    return STATUS_OK;
}

/* Device time of kernel i in an iteration. */
static int64_t kernel_ps(struct timed *t, const struct kernel *k, int64_t iteration)
{
    int64_t time_ps, parts_ps[CAUSES];

    if (k->kind != KERNEL_ATTENTION)
        return t->at.time_ps;
    attention_series_at(&time_ps, parts_ps, &t->series, iteration, &t->hint);
    return time_ps;
}

/* One iteration launched eagerly: layers are unfolded, kernels of one count in a row being the body. Gives what the device waits. */
static enum status wait_for_host(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iteration, int64_t *waited_ps)
{
    struct host_queue q = { .launch_ps = num_ps(r->spec->stack->host_launch_s) };
    enum status st;

    *waited_ps = 0;
    for (int64_t first = 0, end; first < low->count; first = end) {
        int64_t layers = low->kernels[first].kernel.count;
        for (end = first; end < low->count && low->kernels[end].kernel.count == layers; end++)
            ;
        for (int64_t layer = 0; layer < layers; layer++)
            for (int64_t i = first; i < end; i++) {
                int64_t idle = host_queue_launch(&q, kernel_ps(&timed[i], &low->kernels[i].kernel, iteration));
                if (idle == 0)
                    continue;
                *waited_ps += idle;
                if ((st = add_idle(r, &r->rows[timed[i].row], idle)))
                    return st;
            }
    }
    return STATUS_OK;
}

static int64_t step_host_ps(const struct stack *stack)
{
    switch (stack->launch_mode) {
    case LAUNCH_KERNEL_ONLY: return 0;
    case LAUNCH_GRAPH: return num_ps(stack->graph_launch_s) + num_ps(stack->step_host_s);
    default: return num_ps(stack->step_host_s);
    }
}

static bool gives_tokens(const struct step *s)
{
    for (int64_t i = 0; i < s->ops_count; i++)
        if (s->ops[i].kind == OP_SAMPLE || strcmp(s->ops[i].role, "lm_head") == 0)
            return true;
    return s->phase == PHASE_DECODE;
}

static struct phase_result *phase_of(struct result *out, enum phase phase)
{
    for (int64_t i = 0; i < out->phases_count; i++)
        if (out->phases[i].phase == phase)
            return &out->phases[i];
    out->phases[out->phases_count] = (struct phase_result){ .phase = phase };
    return &out->phases[out->phases_count++];
}

/* Sums of one iteration into the result. */
static enum status add_iteration(struct replay *r, const struct step *s, int64_t time_ps, bool tokens)
{
    struct result *out = r->out;
    struct phase_result *p = phase_of(out, s->phase);

    if (!checked_add_i64(&out->time_ps, out->time_ps, time_ps) || !checked_add_i64(&p->time_ps, p->time_ps, time_ps))
        return too_long(r);
    p->steps++;
    p->tokens += s->phase == PHASE_PREFILL ? s->tokens : s->sequences;
    if (!tokens)
        return STATUS_OK;
    if (out->ttft_ps == 0)
        out->ttft_ps = out->time_ps;
    out->generated_tokens += s->sequences;
    if (s->phase != PHASE_PREFILL) {
        r->token_time_ps += (__int128)time_ps * s->sequences;
        r->decode_tokens += s->sequences;
    }
    return STATUS_OK;
}

/* `iterations` of a lowered step, starting with context lengths of low's attention. */
static enum status replay_iterations(struct replay *r, const struct step *s, const struct lowered_step *low, int64_t iterations)
{
    struct timed *timed = arena_array(&r->scratch, (size_t)low->count, sizeof *timed);
    int64_t host_ps = step_host_ps(r->spec->stack), fixed_ps = 0;
    const int64_t host_parts[CAUSES] = { [CAUSE_LAUNCH] = host_ps };
    bool tokens = gives_tokens(s), eager = r->spec->stack->launch_mode == LAUNCH_EAGER;
    enum status st;

    if (timed == NULL)
        return error_no_memory(r->err);
    if ((st = time_kernels(r, timed, low, iterations)) || (st = add_rows(r, timed, low, s->phase, iterations)))
        return st;
    for (int64_t i = 0; i < low->count; i++) {
        int64_t product;
        if (low->kernels[i].kernel.kind == KERNEL_ATTENTION)
            continue;
        if (!checked_mul_i64(&product, timed[i].at.time_ps, low->kernels[i].kernel.count) || !checked_add_i64(&fixed_ps, fixed_ps, product))
            return too_long(r);
    }
    for (int64_t n = 0; n < iterations; n++) {
        int64_t time_ps = fixed_ps + host_ps, waited_ps = 0;
        for (int64_t i = 0; i < low->count; i++)
            if (low->kernels[i].kernel.kind == KERNEL_ATTENTION)
                time_ps += kernel_ps(&timed[i], &low->kernels[i].kernel, n) * low->kernels[i].kernel.count;
        for (int64_t i = 0; i < low->count; i++)
            timed[i].hint = eager ? 0 : timed[i].hint;
        if (eager && (st = wait_for_host(r, timed, low, n, &waited_ps)))
            return st;
        if ((st = add_iteration(r, s, time_ps + waited_ps, tokens)))
            return st;
    }
    if (host_ps > 0) {
        struct breakdown_row *row = row_find(r, s->phase, "host.step", "scheduler and start of the step");
        if (row == NULL)
            return STATUS_INTERNAL;
        row->count += iterations;
        return row_add_time(r, row, iterations, host_ps, host_parts, host_ps, 0);
    }
    return STATUS_OK;
}

static enum status replay_step(struct replay *r, const struct step *s)
{
    struct lowered_step low;
    enum status st = lower_step(&low, s, &r->lower, &r->scratch, r->err);

    if (st)
        return st;
    /* where a whole iteration fits in L2 the first one still finds the weights cold */
    bool resident = warmth_step_bytes(&low) <= warmth_capacity(r->spec->hw);
    if (!resident || r->weights_seen) {
        warmth_assign(&low, r->spec->hw, r->weights_seen);
        return replay_iterations(r, s, &low, s->repeat);
    }
    r->weights_seen = true;
    warmth_assign(&low, r->spec->hw, false);
    if ((st = replay_iterations(r, s, &low, 1)) || s->repeat == 1)
        return st;
    struct seq_group *later = arena_array(&r->scratch, (size_t)s->seq_groups, sizeof *later);
    if (later == NULL)
        return error_no_memory(r->err);
    for (int64_t i = 0; i < s->seq_groups; i++) {
        later[i] = s->seqs[i];
        later[i].kv += s->seqs[i].q;
    }
    struct step rest = *s;
    rest.seqs = later;
    rest.repeat = s->repeat - 1;
    if ((st = lower_step(&low, &rest, &r->lower, &r->scratch, r->err)))
        return st;
    warmth_assign(&low, r->spec->hw, true);
    return replay_iterations(r, &rest, &low, rest.repeat);
}

/* ---- the run ---- */

static void finish_rows(struct replay *r)
{
    struct result *out = r->out;
    double weighted = 0, weight = 0;

    for (int64_t i = 0; i < r->rows_count; i++) {
        struct breakdown_row *row = &r->rows[i];
        for (int c = 0; c < CAUSES; c++)
            if (row->parts_ps[c] > row->parts_ps[row->bound])
                row->bound = (enum cause)c;
        row->simulated_fraction = row->time_ps > 0 && row->mapping[0] != '\0' ? r->weighted_fraction[i] / (double)row->time_ps : 1;
        if (row->simulated_fraction > 1)
            row->simulated_fraction = 1;
        row->voltage_scale = row->time_ps > 0 && r->weighted_scale[i] > 0 ? r->weighted_scale[i] / (double)row->time_ps : 1;
        if (row->voltage_scale > 1 || r->weighted_scale[i] <= 0)
            row->voltage_scale = 1;
        weighted += row->simulated_fraction * (double)row->time_ps;
        weight += (double)row->time_ps;
        out->simulated_events += row->simulated_events;
        phase_of(out, row->phase)->flops += row->flops;
    }
    out->simulated_fraction = weight > 0 ? weighted / weight : 1;
    /* phases in order, rows inside a phase in order of first appearance */
    for (int64_t i = 1; i < r->rows_count; i++)
        for (int64_t j = i; j > 0 && r->rows[j].phase < r->rows[j - 1].phase; j--) {
            struct breakdown_row t = r->rows[j];
            r->rows[j] = r->rows[j - 1];
            r->rows[j - 1] = t;
        }
    for (int64_t i = 1; i < out->phases_count; i++)
        for (int64_t j = i; j > 0 && out->phases[j].phase < out->phases[j - 1].phase; j--) {
            struct phase_result t = out->phases[j];
            out->phases[j] = out->phases[j - 1];
            out->phases[j - 1] = t;
        }
    out->rows = r->rows;
    out->rows_count = r->rows_count;
}

static enum status finish(struct replay *r)
{
    struct result *out = r->out;
    double time_s = (double)out->time_ps * 1e-12;

    finish_rows(r);
    out->tpot_ps = r->decode_tokens > 0 ? (int64_t)(r->token_time_ps / r->decode_tokens) : 0;
    out->tokens_per_s = time_s > 0 ? (double)out->generated_tokens / time_s : 0;
    memo_counts(&out->memo_hits, &out->memo_misses, r->memo);
    out->warnings_count = r->warnings_count;
    out->warnings = arena_array(r->arena, (size_t)(r->warnings_count > 0 ? r->warnings_count : 1), sizeof *out->warnings);
    if (out->warnings == NULL)
        return error_no_memory(r->err);
    for (int64_t i = 0; i < r->warnings_count; i++)
        out->warnings[i] = r->warnings[i];
    return STATUS_OK;
}

static enum status replay_trace(struct replay *r, struct trace *t, const volatile sig_atomic_t *stop, struct progress *progress)
{
    int64_t done = 0;
    enum status st;

    for (;;) {
        const struct step *s;
        arena_reset(&r->scratch);
        if (stop != NULL && *stop)
            return error_plain(r->err, STATUS_INTERRUPTED, "interrupted after %lld steps", (long long)done);
        if ((st = trace_next(&s, t, &r->scratch, r->err)) || s == NULL)
            return st;
        if ((st = replay_step(r, s)))
            return st;
        done++;
        if (progress != NULL)
            progress_step(progress, done, progress->start_s); /* the clock is the caller's; steps alone move the bar */
    }
}

static void warn_sources(struct replay *r, const struct model_info *model)
{
    warn(r, layout_uneven(&r->spec->layout, model, r->arena));
    if (r->out->memory.capacity > 0 && (double)r->out->memory.total > 0.95 * (double)r->out->memory.capacity)
        warn(r, "memory is over 95 % full: a real allocator may not place it");
}

enum status run(struct result *out, const struct run_spec *spec, const char *trace_path, struct arena *arena,
                const volatile sig_atomic_t *stop, struct progress *progress, struct error *err)
{
    struct result result = { .devices = spec->layout.tp };
    struct replay r = { .spec = spec, .arena = arena, .out = &result, .err = err };
    struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .choice = spec->choice, .ranks = spec->layout.tp };
    struct trace *t = NULL;
    enum status st;

    if ((st = fidelity_find(&r.fidelity, spec->fidelity, err)) || (st = units_check(spec->hw, err)) ||
        (st = layout_check(&spec->layout, spec->hw, err)) || (st = run_key(&result.key, spec, trace_path, err)) ||
        (st = memory_account(&result.memory, spec, trace_path, err)))
        return st;
    result.fidelity = r.fidelity->name;
    if ((r.memo = memo_open(r.fidelity, &ctx)) == NULL)
        return error_no_memory(err);
    if ((st = trace_open(&t, trace_path, err)))
        goto out;
    r.lower = (struct lower_context){ spec->hw, spec->stack, &spec->recipe, &spec->layout, trace_model(t) };
    warn_sources(&r, trace_model(t));
    if ((st = replay_trace(&r, t, stop, progress)) || (st = finish(&r)))
        goto out;
    *out = result;
out:
    trace_close(t);
    arena_free(&r.scratch);
    memo_close(r.memo);
    return st;
}
