/* SPDX-License-Identifier: Apache-2.0 */
/* Many runs of one trace on one chip: the trace is parsed once, and each degree of parallelism has one memo of timed kernels. See run.h. */
#include <stdlib.h>
#include <string.h>

#include "sim/layout.h"
#include "sim/lower_memo.h"
#include "sim/memory.h"
#include "sim/replay_state.h"
#include "sim/unit.h"

enum { MEMOS_MAX = 16, KNOWN_BYTES_MAX = 32 << 20 };

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
    struct { int64_t tp; struct memo *memo; struct lower_memo *lowered; int64_t runs; } memos[MEMOS_MAX];
    int64_t memos_count;
    size_t known_bytes_max;
    struct hasher *hasher;
    struct arena scratch;
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

static void forget(struct runner *r, int64_t i)
{
    memo_close(r->memos[i].memo);
    lower_memo_close(r->memos[i].lowered);
}

void runner_close(struct runner *r)
{
    for (int64_t i = 0; r != NULL && i < r->memos_count; i++)
        forget(r, i);
    if (r == NULL)
        return;
    arena_free(&r->scratch);
    hasher_close(r->hasher);
    free(r);
}

enum status runner_open(struct runner **out, const struct hardware *hw, const struct stack *stack, const struct run_trace *trace, const char *fidelity,
                        enum mapping_choice choice, struct error *err)
{
    struct runner *r = calloc(1, sizeof *r);
    enum status st = r != NULL && (r->hasher = hasher_open()) != NULL ? STATUS_OK : error_no_memory(err);

    *out = NULL;
    if (st) {
        free(r);
        return st;
    }
    r->known_bytes_max = KNOWN_BYTES_MAX;
    r->spec = (struct run_spec){ .hw = hw, .stack = stack, .fidelity = fidelity, .choice = choice };
    r->trace = trace;
    if ((st = fidelity_find(&r->fidelity, fidelity, err)) || (st = units_check(hw, err)))
        runner_close(r);
    else
        *out = r;
    if (!st)
        r->spec.fidelity = r->fidelity->name;
    return st;
}

void runner_limit(struct runner *r, size_t bytes)
{
    r->known_bytes_max = bytes;
}

static void remove_memo(struct runner *r, int64_t i)
{
    forget(r, i);
    r->memos_count--;
    memmove(&r->memos[i], &r->memos[i + 1], (size_t)(r->memos_count - i) * sizeof r->memos[0]);
}

/* Lets go of the largest where all is too much: what is known may change how long a sweep takes, not how much memory. */
static void trim(struct runner *r)
{
    for (;;) {
        size_t sum = 0, most = 0;
        int64_t largest = 0;
        for (int64_t i = 0; i < r->memos_count; i++) {
            size_t bytes = memo_bytes(r->memos[i].memo) + lower_memo_bytes(r->memos[i].lowered);
            sum += bytes;
            largest = bytes > most ? i : largest;
            most = bytes > most ? bytes : most;
        }
        if (sum <= r->known_bytes_max || r->memos_count == 0)
            return;
        remove_memo(r, largest);
    }
}

/* Index of what is known for a degree of parallelism; -1: no memory. */
static int64_t memos_of(struct runner *r, int64_t tp)
{
    struct timing_context ctx = { .hw = r->spec.hw, .stack = r->spec.stack, .choice = r->spec.choice, .ranks = tp };
    int64_t i = 0;

    while (i < r->memos_count && r->memos[i].tp != tp)
        i++;
    if (i < r->memos_count)
        return i;
    if (i == MEMOS_MAX) { /* the oldest makes room */
        remove_memo(r, 0);
        i = r->memos_count;
    }
    r->memos[i].tp = tp;
    r->memos[i].memo = memo_open(r->fidelity, &ctx);
    r->memos[i].lowered = lower_memo_open();
    r->memos[i].runs = 0;
    if (r->memos[i].memo == NULL || r->memos[i].lowered == NULL) {
        forget(r, i);
        return -1;
    }
    r->memos_count++;
    return i;
}

enum status runner_key(struct hash128 *out, const struct runner *r, const struct recipe *recipe, const struct layout *layout, struct error *err)
{
    struct run_spec spec = r->spec;

    spec.recipe = *recipe;
    spec.layout = *layout;
    (void)err;
    *out = run_key_with(r->hasher, &spec, r->trace->hash);
    return STATUS_OK;
}

enum status runner_run(struct result *out, struct runner *r, const struct hash128 *key, const struct recipe *recipe, const struct layout *layout,
                       struct arena *arena, const volatile sig_atomic_t *stop, struct error *err)
{
    struct run_spec spec = r->spec;
    struct result result = { .key = key ? *key : (struct hash128){ 0 } };
    enum status st;

    spec.recipe = *recipe;
    spec.layout = *layout;
    trim(r);
    int64_t at = memos_of(r, layout->tp);
    if (at < 0)
        return error_no_memory(err);
    struct lower_memo *lowered = r->memos[at].runs++ > 0 ? r->memos[at].lowered : NULL; /* a chip that runs once keeps nothing */
    struct step_source first = { .lowered = lowered, .scratch = &r->scratch, .model = trace_model(r->trace->trace), .steps = r->trace->steps, .count = r->trace->count }, again = first;
    if ((lowered != NULL && (st = lower_memo_recipe(lowered, recipe, err))) || (st = layout_check(layout, spec.hw, err)) || (!key && (st = run_key_of(&result.key, &spec, r->trace->hash, err))) ||
        (st = memory_account_steps(&result.memory, &spec, &first, r->trace->path, err)))
        return st;
    memo_begin(r->memos[at].memo);
    if (!(st = run_steps(&result, &spec, r->fidelity, r->memos[at].memo, &again, NULL, arena, stop, NULL, err)))
        *out = result;
    return st;
}
