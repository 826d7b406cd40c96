/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim sweep: many designs of one file. docs/sweep_files.md */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/sweep_plan.h"
#include "cli/terminal.h"
#include "sweep/evaluate.h"
#include "sweep/sampler.h"
#include "sweep/work.h"

struct sweep_options {
    const char *db;
    int64_t workers, task, of;
    bool detail;
};

/* ---- run ---- */

static const struct option_spec run_table[] = {
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct sweep_options, db), .value = "FILE",
      .help = "database of results [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "jobs", .letter = 'j', .kind = OPTION_I64, .offset = offsetof(struct sweep_options, workers), .value = "N", .otherwise = "1", .min = 1, .max = 256,
      .help = "worker processes" },
    { .name = "detail", .kind = OPTION_FLAG, .offset = offsetof(struct sweep_options, detail), .help = "store the breakdown of every run" },
    { .name = "task", .kind = OPTION_I64, .offset = offsetof(struct sweep_options, task), .value = "K", .otherwise = "0", .min = 0, .max = 1000000,
      .help = "only slice K, counted from 0, of --of N" },
    { .name = "of", .kind = OPTION_I64, .offset = offsetof(struct sweep_options, of), .value = "N", .min = 1, .max = 1000000,
      .help = "slices into which the sweep is cut" },
    { 0 }
};

static enum status first_failure(void *context, const struct store_point *p, const struct result *r, struct error *err)
{
    bool all = *(const bool *)context;

    (void)r;
    if (p->status != STATUS_BAD_INPUT)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "%s: design %lld: %s", all ? "every design failed" : "some designs failed and are stored with the reason, the first",
                       (long long)p->ordinal, p->reason ? p->reason : "?");
}

/* Bad input of single designs (a value out of range) is told; where no design has another fate, the sweep file itself is bad input. */
static enum status tell_failures(const struct plan *plan, const struct sweep_options *o, const struct sweep_tally *t, struct error *err)
{
    bool all = t->failed == t->done;
    struct store *store;
    enum status st = store_open(&store, job_database(o->db), err);

    if (st)
        return st;
    st = store_sweep_points(store, plan->hash, first_failure, &all, err);
    store_close(store);
    if (st != STATUS_BAD_INPUT || all)
        return st;
    fprintf(stderr, "llmsim: %s\n", err->message);
    return STATUS_OK;
}

static enum status run_plan(const struct plan *plan, const char *file, const void *options, struct arena *arena, struct error *err)
{
    const struct sweep_options *o = options;
    struct progress progress;
    struct sweep_tally t = { 0 };
    struct sweep_job job = { .plan = plan, .database = job_database(o->db), .detail = o->detail, .workers = o->workers, .task = o->task, .tasks = o->of,
                             .stop = &interrupted, .progress = &progress, .clock_s = job_clock_s };
    bool terminal = isatty(STDERR_FILENO) == 1;

    (void)file;
    (void)arena;
    if (o->of ? o->task >= o->of : o->task != 0)
        return error_plain(err, STATUS_BAD_INPUT, "--task %lld: expected 0 to %lld, with --of N", (long long)o->task, (long long)(o->of ? o->of - 1 : 0));
    catch_stop();
    progress_begin(&progress, stderr, terminal, "designs", 0, job_clock_s());
    enum status st = sweep_run(&t, &job, err);
    progress_end(&progress, job_clock_s());
    if (!st || st == STATUS_PARTIAL || t.done > 0)
        terminal_printf("%s: %lld designs: %lld computed, %lld found, %lld infeasible, %lld failed, %lld excluded\n", plan->name, (long long)t.done,
                        (long long)t.computed, (long long)(t.done - t.computed - t.infeasible - t.failed), (long long)t.infeasible, (long long)t.failed,
                        (long long)t.excluded);
    if (!st && t.failed > 0)
        return tell_failures(plan, o, &t, err);
    return st == STATUS_PARTIAL && interrupted == SIGINT ? error_plain(err, STATUS_INTERRUPTED, "interrupted: what was done is stored, the same command goes on") : st;
}

static int run_main(const struct command *self, int argc, char **argv)
{
    struct sweep_options o = { 0 };

    return sweep_on_plan(self, argc, argv, &o, run_plan);
}

static const struct command command_sweep_run = {
    .name = "run", .summary = "computes the designs that the database lacks", .operands = "FILE", .operands_min = 1, .operands_max = 1, .options = run_table,
    .about = "Computes what is missing and stores it, a batch at a time. Stopped at any moment, the same command goes on; designs that do not fit are stored with "
             "the reason.\n\nExit code: 0 done, 2 bad usage or input (of the file, or of every design), 5 stopped by USR1 or TERM, 130 by Ctrl-C; what was done is stored.",
    .examples = "  llmsim sweep run experiments/formats.yaml -j 8 --db formats.db\n  llmsim sweep run experiments/formats.yaml --task 3 --of 20 --db shard3.db\n",
    .run = run_main,
};

/* ---- merge ---- */

static const struct option_spec merge_table[] = {
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct sweep_options, db), .value = "FILE",
      .help = "database to merge into [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { 0 }
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status merge_all(const struct text_list *shards, const char *path, struct error *err)
{
    struct store_merged sum = { 0 };
    struct store *store;
    double began_s = job_clock_s();
    enum status st = store_open(&store, path, err);

    if (st)
        return st;
    for (int64_t i = 0; i < shards->count && !st; i++) {
        struct store_merged m;
        if ((st = store_merge(&m, store, shards->items[i], err)))
            break;
        sum.runs += m.runs;
        sum.runs_new += m.runs_new;
        sum.points += m.points;
        sum.points_new += m.points_new;
    }
    store_close(store);
    printf("%lld of %lld runs and %lld of %lld points were new\n", (long long)sum.runs_new, (long long)sum.runs, (long long)sum.points_new, (long long)sum.points);
    fprintf(stderr, "%.3g rows/s\n", (double)(sum.runs + sum.points) / (job_clock_s() - began_s));
    return st;
}

static int merge_main(const struct command *self, int argc, char **argv)
{
    struct sweep_options o = { 0 };
    struct text_list operands, shards;
    struct arena arena = { 0 };
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st && !(st = sweep_shards(&shards, &operands, &arena, &err))) {
        qsort(shards.items, (size_t)shards.count, sizeof *shards.items, by_text);
        st = merge_all(&shards, job_database(o.db), &err);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command command_merge = {
    .name = "merge", .summary = "takes shards into a database", .operands = "SHARD|FOLDER...", .operands_min = 1, .operands_max = -1, .options = merge_table,
    .about = "Takes each shard whole or not at all; merging again changes nothing. A folder stands for the complete and partial shards in it. A row that is there with other "
             "values is an error that names it.",
    .examples = "  llmsim sweep merge sweep-formats --db formats.db\n", .run = merge_main,
};

/* ---- export ---- */

static enum status print_point(void *context, const struct store_point *p, const struct result *r, struct error *err)
{
    char key[HASH_TEXT_MAX];

    (void)context;
    (void)err;
    printf("{\"ordinal\": %lld, \"status\": %d, \"assignment\": %s", (long long)p->ordinal, (int)p->status, p->assignment);
    if (p->status == STATUS_OK)
        printf(", \"key\": \"%s\", \"time_ps\": %lld, \"ttft_ps\": %lld, \"tpot_ps\": %lld, \"energy_j\": %.17g, \"memory_bytes\": %lld}\n", hash_format(key, r->key),
               (long long)r->time_ps, (long long)r->ttft_ps, (long long)r->tpot_ps, r->energy_j, (long long)r->memory.total);
    else
        puts("}");
    return STATUS_OK;
}

static enum status export_plan(const struct plan *plan, const char *file, const void *options, struct arena *arena, struct error *err)
{
    const struct sweep_options *o = options;
    struct store *store;
    enum status st = store_open(&store, job_database(o->db), err);

    (void)file;
    (void)arena;
    if (st)
        return st;
    st = store_sweep_points(store, plan->hash, print_point, NULL, err);
    store_close(store);
    return st;
}

static int export_main(const struct command *self, int argc, char **argv)
{
    struct sweep_options o = { 0 };

    return sweep_on_plan(self, argc, argv, &o, export_plan);
}

static const struct command command_export = {
    .name = "export", .summary = "prints the points of a sweep in order, a JSON object a line", .operands = "FILE", .operands_min = 1, .operands_max = 1,
    .options = merge_table, .examples = "  llmsim sweep export experiments/formats.yaml --db formats.db\n", .run = export_main,
};

static const struct command *const subcommands[] = { &command_export, &command_merge, &command_sweep_plan, &command_sweep_run, &command_sweep_status, &command_sweep_submit, NULL };

const struct command command_sweep = {
    .name = "sweep", .summary = "many designs: plans, runs, submits, merges", .subcommands = subcommands,
    .about = "A sweep file names axes and their values (docs/sweep_files.md).",
    .examples = "  llmsim sweep plan experiments/formats.yaml\n  llmsim sweep run experiments/formats.yaml -j 4\n",
};
