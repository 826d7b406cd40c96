/* SPDX-License-Identifier: Apache-2.0 */
/* Key of a run: everything that its result depends on, and nothing else. docs/results.md, "Key". */
#include <string.h>

#include "arch/hardware.h"
#include "arch/stack.h"
#include "base/version.h"
#include "sim/replay_state.h"

static enum status hash_trace(struct hash128 *out, int64_t *steps, const char *path, struct error *err)
{
    struct trace *t = NULL;
    struct arena arena = { 0 };
    const struct step *s = NULL;
    enum status st = trace_open(&t, path, err);

    if (st)
        return st;
    *steps = 0;
    do {
        arena_reset(&arena);
        st = trace_next(&s, t, &arena, err);
        *steps += st == STATUS_OK && s != NULL;
    } while (st == STATUS_OK && s != NULL);
    if (st == STATUS_OK)
        *out = trace_hash(t);
    trace_close(t);
    arena_free(&arena);
    return st;
}

static void feed_hash(struct hasher *h, struct hash128 v)
{
    hasher_i64(h, (int64_t)v.high);
    hasher_i64(h, (int64_t)v.low);
}

enum status run_key_and_steps(struct hash128 *out, int64_t *steps, const struct run_spec *spec, const char *trace_path, struct error *err)
{
    struct hash128 trace;
    enum status st;

    if (strcmp(trace_path, "-") == 0)
        return error_plain(err, STATUS_BAD_INPUT, "a run reads its trace more than once: expected a file, found standard input");
    if ((st = hash_trace(&trace, steps, trace_path, err)))
        return st;
    return run_key_of(out, spec, trace, err);
}

struct hash128 run_key_with(struct hasher *h, const struct run_spec *spec, struct hash128 trace)
{
    hasher_reset(h);
    hasher_text(h, "llmsim.run/1");
    hasher_text(h, version_model());
    feed_hash(h, spec->hw->hash);
    feed_hash(h, spec->stack->hash);
    recipe_hash(h, &spec->recipe);
    hasher_i64(h, spec->layout.tp);
    hasher_text(h, spec->fidelity);
    hasher_i64(h, spec->choice);
    feed_hash(h, trace);
    return hasher_value(h);
}

enum status run_key_of(struct hash128 *out, const struct run_spec *spec, struct hash128 trace, struct error *err)
{
    struct hasher *h = hasher_open();

    if (h == NULL)
        return error_no_memory(err);
    *out = run_key_with(h, spec, trace);
    hasher_close(h);
    return STATUS_OK;
}

enum status run_key(struct hash128 *out, const struct run_spec *spec, const char *trace_path, struct error *err)
{
    int64_t steps;

    return run_key_and_steps(out, &steps, spec, trace_path, err);
}
