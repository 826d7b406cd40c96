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
        progress_tick(progress, done);
    }
}

static void warn_sources(struct replay *r, const struct model_info *model)
{
    replay_warn(r, layout_uneven(&r->spec->layout, model, r->arena));
    if (r->out->memory.capacity > 0 && (double)r->out->memory.total > 0.95 * (double)r->out->memory.capacity)
        replay_warn(r, "memory is over 95 % full: a real allocator may not place it");
}

enum status run(struct result *out, const struct run_spec *spec, const char *trace_path, struct arena *arena,
                const volatile sig_atomic_t *stop, struct progress *progress, struct error *err)
{
    struct result result = { .devices = spec->layout.tp };
    struct replay r = { .spec = spec, .arena = arena, .out = &result, .err = err };
    struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .choice = spec->choice, .ranks = spec->layout.tp };
    struct trace *t = NULL;
    int64_t steps;
    enum status st;

    if ((st = fidelity_find(&r.fidelity, spec->fidelity, err)) || (st = units_check(spec->hw, err)) ||
        (st = layout_check(&spec->layout, spec->hw, err)) || (st = run_key_and_steps(&result.key, &steps, spec, trace_path, err)) ||
        (st = memory_account(&result.memory, spec, trace_path, err)))
        return st;
    result.fidelity = r.fidelity->name;
    if (progress != NULL)
        progress->total = steps;
    if ((r.memo = memo_open(r.fidelity, &ctx)) == NULL)
        return error_no_memory(err);
    if ((st = trace_open(&t, trace_path, err)))
        goto out;
    r.lower = (struct lower_context){ spec->hw, spec->stack, &spec->recipe, &spec->layout, trace_model(t), NULL };
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
