/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a stored run to see what its steps hold in memory: the database keeps sums only. */
#include <string.h>

#include "cli/interrupt.h"
#include "cli/report.h"
#include "cli/stored_run.h"
#include "sim/memory.h"
#include "sim/observe.h"

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

enum status report_replay(struct figure_memory *out, const struct figure_run *run, struct store *from, const char *key_text, struct arena *arena,
                          struct error *err)
{
    struct stored_run stored = { 0 };
    struct run_inputs names;
    struct hash128 key;
    struct result again;
    struct watch w = { .memory = out, .spec = &stored.job.spec, .arena = arena };
    const struct run_observer observer = { &w, begin, launch, end };
    enum status st = store_find(&key, &names, from, key_text, arena, err);

    *out = (struct figure_memory){ 0 };
    if (!st && !(st = stored_run_open(&stored, from, &names, key, run->result.fidelity, arena, err)))
        st = run_observed(&again, &stored.job.spec, stored.job.trace_path, &observer, arena, &interrupted, NULL, err);
    stored_run_close(&stored);
    arena_free(&w.scratch);
    return st;
}
