/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of the trace: lowered, its L2 warmth found, its iterations added up one by one (decode attention grows with each). Where a
 * whole iteration fits in L2 the first one is a step of its own, because it finds the weights cold.
 */
#include <string.h>

#include "base/checked.h"
#include "base/num.h"
#include "sim/lower_memo.h"
#include "sim/replay_state.h"
#include "sim/warmth.h"

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

/* Sums of `count` iterations into the result: time_ps in all. More than one only after the first, whose end is the time to first token. */
static enum status add_iterations(struct replay *r, const struct step *s, int64_t count, int64_t time_ps, bool tokens)
{
    struct result *out = r->out;
    struct phase_result *p = replay_phase(out, s->phase);

    if (!checked_add_i64(&out->time_ps, out->time_ps, time_ps) || !checked_add_i64(&p->time_ps, p->time_ps, time_ps))
        return replay_too_long(r);
    p->steps += count;
    p->tokens += count * (s->phase == PHASE_PREFILL ? s->tokens : s->sequences);
    if (!tokens)
        return STATUS_OK;
    if (out->ttft_ps == 0)
        out->ttft_ps = out->time_ps;
    out->generated_tokens += count * s->sequences;
    if (s->phase != PHASE_PREFILL) {
        r->token_time_ps += (__int128)time_ps * s->sequences;
        r->decode_tokens += count * s->sequences;
    }
    return STATUS_OK;
}

/* Time of all iterations; false: it has to be added up one by one. attention[]: those of the step, `count` of them. */
static bool sum_iterations(int64_t *time_ps, const struct timed *timed, const struct lowered_step *low, const int64_t *attention, int64_t count, int64_t each_ps,
                           int64_t iterations)
{
    bool fits = checked_mul_i64(time_ps, each_ps, iterations);

    for (int64_t a = 0; a < count && fits; a++) {
        int64_t i = attention[a], sum_ps;
        fits = timed[i].series->sum_ps > 0 && checked_mul_i64(&sum_ps, timed[i].series->sum_ps, low->kernels[i].kernel.count) &&
               checked_add_i64(time_ps, *time_ps, sum_ps);
    }
    return fits;
}

/* `iterations` of a lowered step, starting with context lengths of low's attention. */
static enum status replay_iterations(struct replay *r, const struct step *s, const struct lowered_step *low, int64_t iterations)
{
    struct timed *timed = arena_array(&r->scratch, (size_t)low->count, sizeof *timed);
    int64_t host_ps = step_host_ps(r->spec->stack), fixed_ps = 0;
    const int64_t host_parts[CAUSES] = { [CAUSE_LAUNCH] = host_ps };
    int64_t *attention = arena_array(&r->scratch, (size_t)low->count + 1, sizeof *attention), attentions = 0;
    int64_t all_ps = 0;
    bool tokens = gives_tokens(s), eager = r->spec->stack->launch_mode == LAUNCH_EAGER;
    enum status st;

    if (timed == NULL || attention == NULL)
        return error_no_memory(r->err);
    if ((st = replay_time_kernels(r, timed, low, iterations)) || (st = replay_add_rows(r, timed, low, s->phase, iterations)) ||
        (r->watch != NULL && (st = replay_watch_step(r, low->count))))
        return st;
    for (int64_t i = 0; i < low->count; i++) {
        int64_t product;
        if (low->kernels[i].kernel.kind == KERNEL_ATTENTION) {
            attention[attentions++] = i;
            continue;
        }
        if (!checked_mul_i64(&product, timed[i].at.time_ps, low->kernels[i].kernel.count) || !checked_add_i64(&fixed_ps, fixed_ps, product))
            return replay_too_long(r);
    }
    bool summed = !eager && r->watch == NULL && sum_iterations(&all_ps, timed, low, attention, attentions, fixed_ps + host_ps, iterations);
    for (int64_t n = 0; n < iterations; n++) {
        int64_t time_ps = fixed_ps + host_ps, waited_ps = 0;
        for (int64_t a = 0; a < attentions; a++) {
            int64_t i = attention[a];
            time_ps += replay_kernel_ps(&timed[i], &low->kernels[i].kernel, n) * low->kernels[i].kernel.count;
            timed[i].hint = eager ? 0 : timed[i].hint;
        }
        if (r->watch != NULL && (st = replay_watch_begin(r, s, timed, low, n, host_ps)))
            return st;
        if ((eager || (r->watch != NULL && r->watch->unrolled)) && (st = replay_launches(r, timed, low, n, &waited_ps)))
            return st;
        if (r->watch != NULL && (st = replay_watch_end(r, time_ps + waited_ps)))
            return st;
        if ((st = add_iterations(r, s, 1, time_ps + waited_ps, tokens)))
            return st;
        if (summed && time_ps > 0 && iterations > 1) {
            if ((st = add_iterations(r, s, iterations - 1, all_ps - time_ps, tokens)))
                return st;
            break;
        }
    }
    if (host_ps > 0) {
        struct breakdown_row *row = replay_row(r, s->phase, "host.step", "scheduler and start of the step", 0);
        if (row == NULL)
            return STATUS_INTERNAL;
        row->count += iterations;
        return replay_row_time(r, row, iterations, host_ps, host_parts, host_ps, 0);
    }
    return STATUS_OK;
}

enum status replay_step(struct replay *r, const struct step *s)
{
    struct lowered_step low;
    enum status st = r->lowered ? lower_memo_step(&low, r->lowered, s, &r->lower, &r->scratch, r->err)
                                : lower_step(&low, s, &r->lower, &r->scratch, r->err);

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
