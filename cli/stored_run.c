/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a stored run ready to be computed again. See stored_run.h. */
#include "cli/stored_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"

enum { CHANGES_MAX = 64 };

static enum status write_copy(struct stored_run *run, const char *text, size_t bytes, struct arena *arena, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char *name = arena_printf(arena, "%s/llmsim-XXXXXX.trace", folder && *folder ? folder : "/tmp");
    enum status st = STATUS_OK;
    int file;

    if (!name)
        return error_no_memory(err);
    if ((file = mkstemps(name, 6)) < 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot be written: %m", name);
    run->job.trace_path = name;
    run->temporary = true;
    for (size_t done = 0; done < bytes && !st;) {
        ssize_t n = write(file, text + done, bytes - done);
        st = n < 0 ? error_plain(err, STATUS_INTERNAL, "%s: %m", name) : STATUS_OK;
        done += n < 0 ? 0 : (size_t)n;
    }
    close(file);
    return st;
}

/* The trace as the run read it, where the database keeps it; else the file of its name. */
static enum status find_trace(struct stored_run *run, struct store *from, const struct run_inputs *names, struct hash128 key, struct arena *arena, struct error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    enum status st = store_trace(&text, &bytes, from, key, err);

    if (!st)
        st = text ? write_copy(run, text, bytes, arena, err) : job_trace(&run->job.trace_path, names->trace_name, arena, err);
    free(text);
    return st;
}

static enum status load(struct job *job, const struct run_inputs *names, const char *fidelity, struct arena *arena, struct error *err)
{
    struct arch_override changes[CHANGES_MAX];
    const char *set[CHANGES_MAX];
    struct job_options o = { .recipe = names->recipe, .stack = names->stack_name, .fidelity = fidelity,
                             .mapping = names->mapping ? names->mapping : "picked", .tp = 1, .set = { set, 0 } };
    int64_t n;
    enum status st = arch_overrides_read(changes, &n, CHANGES_MAX, names->overrides, arena, err);

    if (st)
        return st;
    for (int64_t i = 0; i < n; i++)
        if (!(set[o.set.count++] = arena_printf(arena, "%s=%s", changes[i].key, changes[i].value)))
            return error_no_memory(err);
    if (strncmp(names->layout, "tp=", 3) == 0)
        o.tp = strtoll(names->layout + 3, NULL, 10);
    return job_load(job, &o, names->arch_name, arena, err);
}

enum status stored_run_open(struct stored_run *out, struct store *from, const struct run_inputs *names, struct hash128 key, const char *fidelity,
                            struct arena *arena, struct error *err)
{
    struct hash128 found;
    enum status st;

    *out = (struct stored_run){ 0 };
    if ((st = load(&out->job, names, fidelity, arena, err)) || (st = find_trace(out, from, names, key, arena, err)) ||
        (st = run_key(&found, &out->job.spec, out->job.trace_path, err)))
        return st;
    if (found.high == key.high && found.low == key.low)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "the run cannot be replayed: its hardware, stack, trace or llmsim itself is not what it was ('llmsim run' again)");
}

void stored_run_close(struct stored_run *run)
{
    if (run->temporary)
        unlink(run->job.trace_path);
    run->temporary = false;
}

enum status stored_run_again(struct result *out, struct store *from, const struct run_inputs *names, struct hash128 key, const char *fidelity,
                             struct arena *arena, struct error *err)
{
    struct stored_run stored;
    enum status st = stored_run_open(&stored, from, names, key, fidelity, arena, err);

    if (!st)
        st = run(out, &stored.job.spec, stored.job.trace_path, arena, &interrupted, NULL, err);
    stored_run_close(&stored);
    return st;
}

enum status stored_run_whole(struct result *out, struct store *from, const char *key_text, struct arena *arena, struct error *err)
{
    struct run_inputs names;
    struct hash128 key;
    bool found;
    enum status st;

    if ((st = store_find(&key, &names, from, key_text, arena, err)) || (st = store_get_any(out, &found, from, key, arena, err)) || out->rows_count > 0)
        return st;
    if (strcmp(out->fidelity, "cycle") == 0)
        return error_plain(err, STATUS_BAD_INPUT, "run %.8s has no breakdown (a point of a sweep without it): 'llmsim run' with the same inputs completes it", key_text);
    return stored_run_again(out, from, &names, key, out->fidelity, arena, err);
}
