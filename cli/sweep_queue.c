/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim sweep submit and status: slices of a sweep as a job array, and how far they are. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/job.h"
#include "cli/sweep_plan.h"
#include "sweep/queue.h"
#include "sweep/sampler.h"
#include "sweep/work.h"

struct submit_options {
    const char *queue, *db, *folder, *options;
    int64_t tasks, concurrent, minutes, memory_mib;
    bool dry_run, detail;
};

static const struct option_spec submit_table[] = {
    { .name = "queue", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, queue), .value = "Q", .otherwise = "slurm", .help = "slurm, pbs, sge or lsf" },
    { .name = "tasks", .kind = OPTION_I64, .offset = offsetof(struct submit_options, tasks), .value = "N", .otherwise = "20", .min = 1, .max = 100000,
      .help = "slices; the same number each time the sweep is submitted" },
    { .name = "concurrent", .kind = OPTION_I64, .offset = offsetof(struct submit_options, concurrent), .value = "N", .otherwise = "0", .min = 0, .max = 100000,
      .help = "at most N tasks at once; 0: as many as the queue gives" },
    { .name = "minutes", .kind = OPTION_I64, .offset = offsetof(struct submit_options, minutes), .value = "N", .otherwise = "60", .min = 1, .max = 100000,
      .help = "time limit of a task" },
    { .name = "memory", .kind = OPTION_I64, .offset = offsetof(struct submit_options, memory_mib), .value = "MIB", .otherwise = "1000", .min = 16, .max = 10000000,
      .help = "memory of a task in MiB" },
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, db), .value = "FILE",
      .help = "database that the merge job fills [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "folder", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, folder), .value = "DIR",
      .help = "shared folder of shards, scripts and logs [default: sweep-NAME in the current folder]" },
    { .name = "options", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, options), .value = "TEXT", .help = "one line more for the queue: \"--partition=long\"" },
    { .name = "detail", .kind = OPTION_FLAG, .offset = offsetof(struct submit_options, detail), .help = "store the breakdown of every run" },
    { .name = "dry-run", .kind = OPTION_FLAG, .offset = offsetof(struct submit_options, dry_run), .help = "print the scripts and submit nothing" },
    { 0 }
};

/* Slices of a sweep and the files of their shards. */
struct slicing { const char *folder; int64_t of; char sweep[9]; };

static struct slicing slicing_of(const struct plan *plan, const char *folder, int64_t tasks, int64_t designs)
{
    struct slicing s = { .folder = folder, .of = tasks < designs ? tasks : designs };
    char hex[HASH_TEXT_MAX];

    memcpy(s.sweep, hash_format(hex, plan->hash), sizeof s.sweep - 1);
    return s;
}

/* "/folder/12-of-20-0a1b2c3d.db": complete; ".partial": stopped, goes on. */
static bool shard_exists(const struct slicing *s, int64_t slice, const char *end)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%lld-of-%lld-%s.%s", s->folder, (long long)slice, (long long)s->of, s->sweep, end) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static bool is_shard(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot && (strcmp(dot, ".db") == 0 || strcmp(dot, ".partial") == 0);
}

enum status sweep_shards(struct text_list *out, const struct text_list *operands, struct arena *arena, struct error *err)
{
    enum { SHARDS_MAX = 200000 };

    *out = (struct text_list){ .items = arena_array(arena, SHARDS_MAX, sizeof *out->items) };
    if (!out->items)
        return error_no_memory(err);
    for (int64_t i = 0; i < operands->count; i++) {
        DIR *d = opendir(operands->items[i]);
        if (!d && out->count < SHARDS_MAX)
            out->items[out->count++] = operands->items[i];
        for (struct dirent *e; d && (e = readdir(d)) && out->count < SHARDS_MAX;)
            if (is_shard(e->d_name) && !(out->items[out->count++] = arena_printf(arena, "%s/%s", operands->items[i], e->d_name))) {
                closedir(d);
                return error_no_memory(err);
            }
        if (d)
            closedir(d);
    }
    return STATUS_OK;
}

static const char *absolute(const char *path, struct arena *arena)
{
    char folder[PATH_MAX];

    return path[0] == '/' ? path : getcwd(folder, sizeof folder) ? arena_printf(arena, "%s/%s", folder, path) : NULL;
}

/* The sweep's name as every queue takes it: "8B, fp8" is "s8B_fp8" there. */
static const char *job_name(const char *name, struct arena *arena)
{
    static const char taken[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    bool letter = (name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z');
    char *text = arena_printf(arena, "%s%s", letter ? "" : "s", name), *out = text;

    for (const char *c = text; c && *c; c++)
        if (strchr(taken, *c))
            *out++ = *c;
        else if (out[-1] != '_')
            *out++ = '_';
    if (text)
        *out = '\0';
    return text;
}

/* Of shards, scripts and logs. */
static const char *folder_of(const struct plan *plan, const struct submit_options *o, struct arena *arena)
{
    const char *name = o->folder ? NULL : job_name(plan->name, arena);

    return o->folder ? o->folder : name ? arena_printf(arena, "sweep-%s", name) : NULL;
}

static const char *own_path(struct arena *arena)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);

    return n > 0 && n < (ssize_t)sizeof path ? arena_strndup(arena, path, (size_t)n) : NULL;
}

static enum status submit_plan(const struct plan *plan, const char *file, const void *options, struct arena *arena, struct error *err)
{
    const struct submit_options *o = options;
    const char *folder = folder_of(plan, o, arena);
    const struct queue_type *q;
    int64_t *slices = arena_array(arena, (size_t)o->tasks, sizeof *slices), designs = plan->sampler->count ? plan->sampler->count(plan) : 0;
    struct queue_job job = { .name = job_name(plan->name, arena), .program = own_path(arena), .file = absolute(file, arena), .database = absolute(job_database(o->db), arena),
                             .folder = folder ? absolute(folder, arena) : NULL, .slices = slices,
                             .concurrent = o->concurrent, .minutes = o->minutes, .memory_mib = o->memory_mib,
                             .detail = o->detail, .options = o->options };
    struct slicing cut = slicing_of(plan, job.folder, o->tasks, designs);
    enum status st = queue_find(&q, o->queue, err);

    job.of = cut.of;
    job.sweep = cut.sweep;
    if (st || !slices || !job.name || !job.program || !job.file || !job.database || !job.folder)
        return st ? st : error_no_memory(err);
    if (plan->sampler->propose)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %s goes by results, so it has no slices: run it on one machine with -j", file, plan->sampler->name);
    if ((st = queue_check(&job, err)))
        return st;
    for (int64_t i = 0; i < job.of; i++)
        if (!shard_exists(&cut, i, "db"))
            slices[job.count++] = i;
    if (job.count == 0) {
        puts("all slices are complete: nothing to submit");
        return STATUS_OK;
    }
    if (o->dry_run) {
        queue_print_array(stdout, q, &job);
        queue_print_merge(stdout, q, &job, NULL);
        return STATUS_OK;
    }
    if (mkdir(job.folder, 0777) && errno != EEXIST)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %s", job.folder, strerror(errno));
    return queue_submit(q, &job, err);
}

static int submit_main(const struct command *self, int argc, char **argv)
{
    struct submit_options o = { 0 };

    return sweep_on_plan(self, argc, argv, &o, submit_plan);
}

const struct command command_sweep_submit = {
    .name = "submit", .summary = "submits a sweep to a batch queue", .operands = "FILE", .operands_min = 1, .operands_max = 1, .options = submit_table,
    .about = "Cuts the sweep into slices and submits a job array, each task of which computes one slice into a shard of its own, then a merge job that begins when all of them "
             "have ended. Submitted again, only slices without a complete shard are computed; a slice that was stopped by its time limit goes on.",
    .examples = "  llmsim sweep submit experiments/formats.yaml --queue slurm --tasks 100 --db formats.db\n  llmsim sweep submit experiments/formats.yaml --queue pbs --dry-run\n",
    .run = submit_main,
};

/* ---- status ---- */

/* What the sampler's designs lack; those of later stages follow from results. Constraints are asked, design by design, up to a number. */
static enum status print_missing(const struct plan *plan, int64_t designs, int64_t there, struct error *err)
{
    enum { LOOK_MAX = 4000000 };
    int64_t valid;
    enum status st = sampler_valid(&valid, plan, LOOK_MAX, err);

    if (st)
        return st;
    if (designs > LOOK_MAX)
        printf("  missing     at most %lld of %lld designs (constraints were asked of the first %d only)\n", (long long)(valid + designs - LOOK_MAX - there),
               (long long)designs, LOOK_MAX);
    else if (valid < designs)
        printf("  missing     %lld of %lld designs (%lld more are excluded)\n", (long long)(valid - there), (long long)valid, (long long)(designs - valid));
    else
        printf("  missing     %lld of %lld designs\n", (long long)(valid - there), (long long)valid);
    return STATUS_OK;
}

static enum status show_status(const struct plan *plan, const char *file, const void *options, struct arena *arena, struct error *err)
{
    const struct submit_options *o = options;
    const char *path = job_database(o->db), *folder = folder_of(plan, o, arena);
    int64_t designs = plan->sampler->count ? plan->sampler->count(plan) : -1, complete = 0, partial = 0;
    struct slicing cut = slicing_of(plan, folder, o->tasks, designs);
    struct store_sweep_counts c = { 0 };
    struct store *store;
    enum status st = STATUS_OK;

    (void)file;
    if (!folder)
        return error_no_memory(err);
    if (access(path, F_OK) == 0 && !(st = store_open(&store, path, err))) {
        st = store_sweep_count(&c, store, plan->hash, designs, err);
        store_close(store);
    }
    if (st)
        return st;
    printf("%s in %s\n  done        %lld\n  infeasible  %lld\n  failed      %lld\n", plan->name, path, (long long)c.done, (long long)c.infeasible, (long long)c.failed);
    if (designs >= 0 && (st = print_missing(plan, designs, c.first, err)))
        return st;
    if (access(folder, F_OK))
        return STATUS_OK;
    for (int64_t i = 0; i < cut.of; i++) {
        bool whole = shard_exists(&cut, i, "db");

        complete += whole;
        partial += !whole && shard_exists(&cut, i, "partial");
    }
    printf("%s: of %lld slices %lld are complete, %lld were stopped, %lld are missing or running\n", folder, (long long)cut.of, (long long)complete, (long long)partial,
           (long long)(cut.of - complete - partial));
    return STATUS_OK;
}

static int status_main(const struct command *self, int argc, char **argv)
{
    struct submit_options o = { 0 };

    return sweep_on_plan(self, argc, argv, &o, show_status);
}

static const struct option_spec status_table[] = {
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, db), .value = "FILE",
      .help = "database [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "folder", .kind = OPTION_TEXT, .offset = offsetof(struct submit_options, folder), .value = "DIR", .help = "folder of shards [default: sweep-NAME]" },
    { .name = "tasks", .kind = OPTION_I64, .offset = offsetof(struct submit_options, tasks), .value = "N", .otherwise = "20", .min = 1, .max = 100000,
      .help = "slices, as submitted" },
    { 0 }
};

const struct command command_sweep_status = {
    .name = "status", .summary = "how far a sweep is", .operands = "FILE", .operands_min = 1, .operands_max = 1, .options = status_table,
    .examples = "  llmsim sweep status experiments/formats.yaml --db formats.db\n", .run = status_main,
};
