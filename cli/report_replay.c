/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a stored run to see what its steps hold in memory: the database keeps sums only. The replay's key must be the stored one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/report.h"
#include "sim/memory.h"
#include "sim/observe.h"

enum { CHANGES_MAX = 64 };

struct watch {
    struct figure_memory *memory;
    const struct run_spec *spec;
    struct memory_use step;           /* of the step that is repeated */
    struct arena scratch, *arena;
    int64_t room;
};

static enum status begin(void *context, const struct run_iteration *it, bool *unroll, struct error *err)
{
    struct watch *w = context;

    *unroll = false;
    if (interrupted)
        return error_plain(err, STATUS_INTERRUPTED, "interrupted");
    arena_reset(&w->scratch);
    return it->repetition > 0 ? STATUS_OK : memory_step(&w->step, w->spec, it->model, it->step, &w->scratch, err);
}

static enum status launch(void *context, const struct run_launch *l, struct error *err)
{
    (void)context, (void)l, (void)err;
    return STATUS_OK;
}

static enum status end(void *context, const struct run_iteration *it, struct error *err)
{
    struct watch *w = context;
    struct figure_memory *m = w->memory;

    if (m->count == w->room) {
        struct figure_memory_step *more = arena_array(w->arena, (size_t)(w->room = 2 * w->room + 1024), sizeof *more);

        if (!more)
            return error_no_memory(err);
        m->steps = memcpy(more, m->count ? m->steps : more, (size_t)m->count * sizeof *more);
    }
    m->steps[m->count++] = (struct figure_memory_step){ (double)it->start_ps * 1e-12, (double)(it->start_ps + it->time_ps) * 1e-12,
                                                        (double)memory_kv_iteration(it->model, w->spec, it->step, it->repetition),
                                                        (double)w->step.activations, (double)w->step.workspace };
    m->weights = (double)it->memory->weights;
    m->capacity = (double)it->memory->capacity;
    return STATUS_OK;
}

/* The trace as the run read it, where the database keeps it; else the file of its name. *temporary: to be removed. */
static enum status find_trace(const char **path, bool *temporary, struct store *from, const struct run_inputs *names, struct hash128 key, struct arena *arena,
                              struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char *text = NULL, *name = arena_printf(arena, "%s/llmsim-XXXXXX.trace", folder && *folder ? folder : "/tmp");
    size_t bytes = 0;
    enum status st = store_trace(&text, &bytes, from, key, err);
    int file;

    *temporary = false;
    if (st || !text)
        return st ? st : job_trace(path, names->trace_name, arena, err);
    if (!name || (file = mkstemps(name, 6)) < 0) {
        free(text);
        return name ? error_plain(err, STATUS_BAD_INPUT, "%s: cannot be written: %m", name) : error_no_memory(err);
    }
    *path = name;
    *temporary = true;
    for (size_t done = 0; done < bytes && !st; ) {
        ssize_t n = write(file, text + done, bytes - done);
        st = n < 0 ? error_plain(err, STATUS_INTERNAL, "%s: %m", name) : STATUS_OK;
        done += n < 0 ? 0 : (size_t)n;
    }
    close(file);
    free(text);
    return st;
}

static enum status load(struct job *job, const struct run_inputs *names, const struct figure_run *run, struct arena *arena, struct error *err)
{
    struct arch_override changes[CHANGES_MAX];
    const char *set[CHANGES_MAX];
    struct job_options o = { .recipe = names->recipe, .stack = names->stack_name, .fidelity = run->result.fidelity,
                             .mapping = names->mapping ? names->mapping : "picked", .tp = 1, .set = { set, 0 } };
    int n = figure_changes(changes, CHANGES_MAX, names->overrides, arena);

    for (int i = 0; i < n; i++)
        if (!(set[o.set.count++] = arena_printf(arena, "%s=%s", changes[i].key, changes[i].value)))
            return error_no_memory(err);
    if (strncmp(names->layout, "tp=", 3) == 0)
        o.tp = strtoll(names->layout + 3, NULL, 10);
    return job_load(job, &o, names->arch_name, arena, err);
}

static enum status replay(struct figure_memory *out, const struct job *job, struct hash128 key, struct arena *arena, struct error *err)
{
    struct watch w = { .memory = out, .spec = &job->spec, .arena = arena };
    const struct run_observer observer = { &w, begin, launch, end };
    struct hash128 found;
    struct result again;
    enum status st = run_key(&found, &job->spec, job->trace_path, err);

    if (!st && (found.high != key.high || found.low != key.low))
        st = error_plain(err, STATUS_BAD_INPUT, "the run cannot be replayed: its hardware, stack, trace or llmsim itself is not what it was ('llmsim run' again)");
    if (!st)
        st = run_observed(&again, &job->spec, job->trace_path, &observer, arena, &interrupted, NULL, err);
    arena_free(&w.scratch);
    return st;
}

enum status report_replay(struct figure_memory *out, const struct figure_run *run, struct store *from, const char *key_text, struct arena *arena,
                          struct error *err)
{
    struct run_inputs names;
    struct hash128 key;
    struct job job = { 0 };
    bool temporary = false;
    enum status st = store_find(&key, &names, from, key_text, arena, err);

    *out = (struct figure_memory){ 0 };
    if (!st && !(st = load(&job, &names, run, arena, err)))
        st = find_trace(&job.trace_path, &temporary, from, &names, key, arena, err);
    if (!st)
        st = replay(out, &job, key, arena, err);
    if (temporary)
        unlink(job.trace_path);
    return st;
}
