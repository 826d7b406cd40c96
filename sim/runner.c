/* SPDX-License-Identifier: Apache-2.0 */
/* Many runs of one trace on one chip: the trace is parsed once, and each degree of parallelism has one memo of timed kernels. See run.h. */
#include <stdlib.h>
#include <string.h>

#include "sim/layout.h"
#include "sim/memory.h"
#include "sim/replay_state.h"
#include "sim/unit.h"

enum { MEMOS_MAX = 16 };

struct run_trace {
    struct trace *trace;           /* open: it holds the model */
    char *path;
    struct arena arena;
    const struct step **steps;
    int64_t count;
    struct hash128 hash;
};

struct runner {
    struct run_spec spec;
    const struct run_trace *trace;
    const struct fidelity *fidelity;
    struct { int64_t tp; struct memo *memo; } memos[MEMOS_MAX];
    int64_t memos_count;
};

static enum status read_steps(struct run_trace *t, struct error *err)
{
    int64_t capacity = 0;
    enum status st;

    for (;;) {
        const struct step *step;
        if ((st = trace_next(&step, t->trace, &t->arena, err)) || step == NULL)
            return st;
        if (t->count == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 64;
            const struct step **grown = realloc(t->steps, (size_t)capacity * sizeof *grown);
            if (grown == NULL)
                return error_no_memory(err);
            t->steps = grown;
        }
        t->steps[t->count++] = step;
    }
}

enum status run_trace_open(struct run_trace **out, const char *path, struct error *err)
{
    struct run_trace *t = calloc(1, sizeof *t);
    enum status st = t != NULL && (t->path = strdup(path)) != NULL ? STATUS_OK : error_no_memory(err);

    *out = NULL;
    if (!st && !(st = trace_open(&t->trace, path, err)) && !(st = read_steps(t, err))) {
        t->hash = trace_hash(t->trace);
        *out = t;
    } else {
        run_trace_close(t);
    }
    return st;
}

struct hash128 run_trace_hash(const struct run_trace *t)
{
    return t->hash;
}

void run_trace_close(struct run_trace *t)
{
    if (t == NULL)
        return;
    trace_close(t->trace);
    arena_free(&t->arena);
    free(t->steps);
    free(t->path);
    free(t);
}

enum status runner_open(struct runner **out, const struct hardware *hw, const struct stack *stack, const struct run_trace *trace, const char *fidelity,
                        enum mapping_choice choice, struct error *err)
{
    struct runner *r = calloc(1, sizeof *r);
    enum status st = r != NULL ? STATUS_OK : error_no_memory(err);

    *out = NULL;
    if (st)
        return st;
    r->spec = (struct run_spec){ .hw = hw, .stack = stack, .fidelity = fidelity, .choice = choice };
    r->trace = trace;
    if ((st = fidelity_find(&r->fidelity, fidelity, err)) || (st = units_check(hw, err)))
        free(r);
    else
        *out = r;
    if (!st)
        r->spec.fidelity = r->fidelity->name;
    return st;
}

void runner_close(struct runner *r)
{
    for (int64_t i = 0; r != NULL && i < r->memos_count; i++)
        memo_close(r->memos[i].memo);
    free(r);
}

static struct memo *memo_of(struct runner *r, int64_t tp)
{
    struct timing_context ctx = { .hw = r->spec.hw, .stack = r->spec.stack, .choice = r->spec.choice, .ranks = tp };
    int64_t i = 0;

    while (i < r->memos_count && r->memos[i].tp != tp)
        i++;
    if (i < r->memos_count)
        return r->memos[i].memo;
    if (i == MEMOS_MAX) /* the oldest makes room */
        memo_close(r->memos[i = 0].memo);
    r->memos[i].tp = tp;
    r->memos[i].memo = memo_open(r->fidelity, &ctx);
    r->memos_count = i < r->memos_count ? r->memos_count : i + 1;
    return r->memos[i].memo;
}

enum status runner_key(struct hash128 *out, const struct runner *r, const struct recipe *recipe, const struct layout *layout, struct error *err)
{
    struct run_spec spec = r->spec;

    spec.recipe = *recipe;
    spec.layout = *layout;
    return run_key_of(out, &spec, r->trace->hash, err);
}

enum status runner_run(struct result *out, struct runner *r, const struct recipe *recipe, const struct layout *layout, struct arena *arena,
                       const volatile sig_atomic_t *stop, struct error *err)
{
    struct run_spec spec = r->spec;
    struct result result = { 0 };
    struct memo *memo;
    enum status st;

    spec.recipe = *recipe;
    spec.layout = *layout;
    struct step_source first = { .model = trace_model(r->trace->trace), .steps = r->trace->steps, .count = r->trace->count }, again = first;
    if ((st = layout_check(layout, spec.hw, err)) || (st = run_key_of(&result.key, &spec, r->trace->hash, err)) ||
        (st = memory_account_steps(&result.memory, &spec, &first, r->trace->path, err)))
        return st;
    if ((memo = memo_of(r, layout->tp)) == NULL)
        return error_no_memory(err);
    memo_begin(memo);
    if (!(st = run_steps(&result, &spec, r->fidelity, memo, &again, NULL, arena, stop, NULL, err)))
        *out = result;
    return st;
}
