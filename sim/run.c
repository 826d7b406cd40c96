/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replay engine: kernels of every step one after the other on one device (all ranks do the same), each timed once, sums in
 * integer picoseconds. docs/replay.md
 */
#include "sim/layout.h"
#include "sim/memory.h"
#include "sim/replay_state.h"
#include "sim/unit.h"

/* Of an FPGA, whose datapath is what one designs: does the board's memory alone take most of decode, so that no datapath would help much? */
static void warn_memory_bound(struct replay *r)
{
    const struct hardware *hw = r->spec->hw;
    double time_s = 0, memory_s = 0;

    for (int64_t i = 0; i < r->out->rows_count; i++)
        if (r->out->rows[i].phase == PHASE_DECODE) {
            time_s += (double)r->out->rows[i].time_ps * 1e-12;
            memory_s += r->out->rows[i].bytes[LEVEL_DRAM] / hw->dram.bandwidth_bytes_per_s;
        }
    if (hw->fpga.budget.lut > 0 && memory_s > 0.5 * time_s)
        replay_warn(r, arena_printf(r->arena, "decode is bound by memory: %.4g s of its %.4g s are what its bytes take at the %.4g GB/s of %s; no datapath makes it more than %.2f times as fast",
                                    memory_s, time_s, hw->dram.bandwidth_bytes_per_s * 1e-9, hw->dram.type, time_s / memory_s));
}

static enum status finish(struct replay *r)
{
    struct result *out = r->out;
    double time_s = (double)out->time_ps * 1e-12;
    enum status st;

    if ((st = replay_rows_sum(r)))
        return st;
    replay_rows_finish(r);
    warn_memory_bound(r);
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

static enum status replay_steps(struct replay *r, struct step_source *source, const volatile sig_atomic_t *stop, struct progress *progress)
{
    int64_t done = 0;
    enum status st;

    for (;;) {
        const struct step *s;
        arena_reset(&r->scratch);
        if (stop != NULL && *stop)
            return error_plain(r->err, STATUS_INTERRUPTED, "interrupted after %lld steps", (long long)done);
        if ((st = step_source_next(&s, source, &r->scratch, r->err)) || s == NULL)
            return st;
        if ((st = replay_step(r, s)))
            return st;
        done++;
        progress_tick(progress, done);
    }
}

static void warn_sources(struct replay *r, const struct model_info *model)
{
    replay_warn(r, layout_uneven(&r->spec->layout, model, r->arena));
    if (r->out->memory.capacity > 0 && (double)r->out->memory.total > 0.95 * (double)r->out->memory.capacity)
        replay_warn(r, "memory is over 95 % full: a real allocator may not place it");
}

enum status run_steps(struct result *out, const struct run_spec *spec, const struct fidelity *fidelity, struct memo *memo, struct step_source *source,
                      const struct run_observer *observer, struct arena *arena, const volatile sig_atomic_t *stop, struct progress *progress,
                      struct error *err)
{
    struct result result = *out;
    struct replay_watch watch = { .observer = observer, .model = source->model };
    struct replay r = { .spec = spec, .fidelity = fidelity, .memo = memo, .arena = arena, .out = &result, .watch = observer ? &watch : NULL, .err = err };
    enum status st;

    result.devices = spec->layout.tp;
    result.fidelity = fidelity->name;
    r.lower = (struct lower_context){ spec->hw, spec->stack, &spec->recipe, &spec->layout, source->model, NULL };
    r.lowered = source->lowered;
    if (source->scratch)
        r.scratch = *source->scratch;
    warn_sources(&r, source->model);
    if (!(st = replay_steps(&r, source, stop, progress)) && !(st = finish(&r)))
        *out = result;
    arena_reset(&r.scratch);
    if (source->scratch)
        *source->scratch = r.scratch;
    else
        arena_free(&r.scratch);
    return st;
}

enum status run(struct result *out, const struct run_spec *spec, const char *trace_path, struct arena *arena,
                const volatile sig_atomic_t *stop, struct progress *progress, struct error *err)
{
    return run_observed(out, spec, trace_path, NULL, arena, stop, progress, err);
}

enum status run_observed(struct result *out, const struct run_spec *spec, const char *trace_path, const struct run_observer *observer,
                         struct arena *arena, const volatile sig_atomic_t *stop, struct progress *progress, struct error *err)
{
    struct result result = { 0 };
    struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .choice = spec->choice, .ranks = spec->layout.tp };
    const struct fidelity *fidelity;
    struct trace *t = NULL;
    struct memo *memo;
    int64_t steps;
    enum status st;

    if ((st = fidelity_find(&fidelity, spec->fidelity, err)) || (st = units_check(spec->hw, err)) ||
        (st = layout_check(&spec->layout, spec->hw, err)) || (st = run_key_and_steps(&result.key, &steps, spec, trace_path, err)) ||
        (st = memory_account(&result.memory, spec, trace_path, err)))
        return st;
    if (progress != NULL)
        progress->total = steps;
    if ((memo = memo_open(fidelity, &ctx)) == NULL)
        return error_no_memory(err);
    if (!(st = trace_open(&t, trace_path, err))) {
        struct step_source source = { .model = trace_model(t), .trace = t };
        if (!(st = run_steps(&result, spec, fidelity, memo, &source, observer, arena, stop, progress, err)))
            *out = result;
    }
    trace_close(t);
    memo_close(memo);
    return st;
}
