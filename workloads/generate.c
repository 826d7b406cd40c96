/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A scenario as steps: one packed prefill, then decode iterations in which every context grows by one. Iterations between two
 * departures are one step with `repeat`. docs/trace_format.md, "Scenarios".
 */
#include "workloads/generate.h"

#include <math.h>

#include "workloads/llm.h"
#include "workloads/op_table.h"
#include "workloads/trace_check.h"

/* What the scenario asks of request i. */
static int64_t context_of(const struct scenario *s, int64_t i)
{
    return s->prefill || s->context < 0 ? s->requests[i].in_tokens : s->context;
}

static int64_t iterations_of(const struct scenario *s, int64_t i)
{
    return s->decode ? s->requests[i].out_tokens - (s->prefill ? 1 : 0) : 0;
}

static enum status check_scenario(const struct scenario *s, struct error *err)
{
    if (s->count < 1 || s->count > TRACE_SEQ_GROUPS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "%lld requests, expected 1 to %d", (long long)s->count, TRACE_SEQ_GROUPS_MAX);
    if (!s->prefill && !s->decode)
        return error_plain(err, STATUS_BAD_INPUT, "neither prefill nor decode is asked for");
    if (s->layers < 0)
        return error_plain(err, STATUS_BAD_INPUT, "%lld layers, expected 0 (all) or more", (long long)s->layers);
    if (s->routing == ROUTING_POWER_LAW && !(s->skew > 0 && s->skew <= 1e3))
        return error_plain(err, STATUS_BAD_INPUT, "power-law exponent %g, expected more than 0", s->skew);
    for (int64_t i = 0; i < s->count; i++) {
        const struct request *r = &s->requests[i];

        if (r->in_tokens < 1 || r->in_tokens > TRACE_CONTEXT_MAX || r->out_tokens < 1 || r->out_tokens > TRACE_CONTEXT_MAX ||
            s->context > TRACE_CONTEXT_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "request %lld has %lld input and %lld output tokens, expected 1 to %lld",
                               (long long)i + 1, (long long)r->in_tokens, (long long)r->out_tokens, (long long)TRACE_CONTEXT_MAX);
    }
    return STATUS_OK;
}

/* Appends one sequence, merged into the last group when equal to it. */
static void add_sequence(struct seq_group *seqs, struct step *step, int64_t q, int64_t kv)
{
    if (step->seq_groups > 0 && seqs[step->seq_groups - 1].q == q && seqs[step->seq_groups - 1].kv == kv)
        seqs[step->seq_groups - 1].count++;
    else
        seqs[step->seq_groups++] = (struct seq_group){ 1, q, kv };
    step->sequences++;
    step->tokens += q;
}

static enum status finish_step(struct outfile *out, struct step *step, const struct llm *m, const struct scenario *s, struct arena *arena,
                               struct error *err)
{
    struct source_pos at = { m->name, 0, 0 };
    enum status st;

    if (step->tokens > TRACE_DIMENSION_MAX / 1024) /* so that tokens x top_k x heads stay within the format's dimensions */
        return error_set(err, STATUS_BAD_INPUT, at, "a step of %lld tokens is too large", (long long)step->tokens);
    for (int64_t i = 0; i < step->seq_groups; i++)
        if ((st = trace_check_seq(&step->seqs[i], step, at, err)))
            return st;
    if ((st = llm_step_ops(step, m, s, arena, err)))
        return st;
    trace_write_step(out, step);
    return STATUS_OK;
}

static enum status write_prefill(struct outfile *out, const struct llm *m, const struct scenario *s, struct arena *arena, struct error *err)
{
    struct step step = { .phase = PHASE_PREFILL, .repeat = 1 };
    struct seq_group *seqs = arena_array(arena, (size_t)s->count, sizeof *seqs);

    if (seqs == NULL)
        return error_no_memory(err);
    step.seqs = seqs;
    for (int64_t i = 0; i < s->count; i++)
        add_sequence(seqs, &step, s->requests[i].in_tokens, s->requests[i].in_tokens);
    return finish_step(out, &step, m, s, arena, err);
}

/* One decode step: every sequence with iterations left after `done` of them, until the next one leaves. @return its repeat, 0: none left */
static enum status write_decode(int64_t *repeat, struct outfile *out, const struct llm *m, const struct scenario *s, int64_t done,
                                struct arena *arena, struct error *err)
{
    struct step step = { .phase = PHASE_DECODE, .repeat = TRACE_REPEAT_MAX };
    struct seq_group *seqs = arena_array(arena, (size_t)s->count, sizeof *seqs);

    if (seqs == NULL)
        return error_no_memory(err);
    step.seqs = seqs;
    for (int64_t i = 0; i < s->count; i++) {
        int64_t left = iterations_of(s, i) - done;

        if (left <= 0)
            continue;
        step.repeat = left < step.repeat ? left : step.repeat;
        add_sequence(seqs, &step, 1, context_of(s, i) + done + 1);
    }
    *repeat = step.sequences > 0 ? step.repeat : 0;
    return step.sequences > 0 ? finish_step(out, &step, m, s, arena, err) : STATUS_OK;
}

static enum status write_steps(struct outfile *out, const struct llm *m, const struct scenario *s, struct arena *arena, struct error *err)
{
    int64_t steps = 0, done = 0, repeat = 0;
    enum status st;

    if (s->prefill) {
        if ((st = write_prefill(out, m, s, arena, err)))
            return st;
        steps++;
    }
    do {
        arena_reset(arena);
        if ((st = write_decode(&repeat, out, m, s, done, arena, err)))
            return st;
        steps += repeat > 0;
        done += repeat;
    } while (repeat > 0);
    trace_write_end(out, steps);
    return STATUS_OK;
}

enum status trace_generate(struct outfile *out, const char *config_path, const char *name, const struct scenario *scenario, struct error *err)
{
    struct arena model_arena = { 0 }, step_arena = { 0 };
    struct model_info info;
    struct llm m;
    enum status st;

    if ((st = check_scenario(scenario, err)) == STATUS_OK && (st = llm_read(&m, config_path, name, &model_arena, err)) == STATUS_OK &&
        (st = llm_model_info(&info, &m, scenario->layers, &model_arena, err)) == STATUS_OK) {
        trace_write_header(out, &info);
        if (scenario->note != NULL)
            outfile_printf(out, "# %s\n", scenario->note);
        st = write_steps(out, &m, scenario, &step_arena, err);
    }
    arena_free(&step_arena);
    arena_free(&model_arena);
    return st;
}
