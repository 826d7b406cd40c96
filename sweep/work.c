/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running designs. Workers take chunks of designs from a shared counter, compute a batch of them in memory and store it in one transaction, so
 * that the database is locked for the write alone, memory is bounded by the batch, and what kills a worker loses one batch. A design whose run
 * is in the database is linked, not computed: that is resuming.
 */
#include "sweep/stage.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep/evaluate.h"

enum { CHUNK = 256, GROUP = EVALUATOR_AHEAD, BATCH = 4096, BATCH_BYTES = 16 << 20, WORKERS_MAX = 256 }; /* keys are random: the more designs a transaction has, the fewer times it writes each page of their index */
static const double batch_s = 2, group_s = 0.02; /* slow designs are stored after batch_s; a group that takes longer than group_s gives way to single designs */

/* Of all workers; in memory that they share. stop: what the parent was told (a signal may have reached it alone). */
struct board { _Atomic int64_t next, done, computed, infeasible, failed, excluded; volatile sig_atomic_t stop; };

/* A point of the batch until it is stored. */
struct pending { struct store_point point; struct result result; struct run_inputs inputs; bool computed; };

/* Designs that are looked up in the database together, and then run. */
struct group { int64_t count, most; struct prepared_point ready[GROUP]; struct hash128 keys[GROUP]; bool has[GROUP]; };

struct worker {
    pid_t parent;                        /* of a worker process; 0: it is this process that the user sees */
    const struct sweep_job *job;
    const struct stage *stage;
    struct board *board;
    struct store *store;
    struct store_batch *batch;
    struct evaluator *evaluator;
    struct sampler *sampler;
    struct arena arena;                  /* of the batch */
    struct pending *points;              /* of the batch: BATCH */
    int64_t count, excluded;
    double began_s;
    struct group *group;                 /* its points are the last of the batch */
    struct error *err;
};

/* Promoted designs are few, and those that are looked at. */
static bool keeps_rows(const struct worker *w)
{
    return w->job->detail || w->stage->fidelity;
}

static bool stopped(const struct worker *w)
{
    return w->job->stop && *w->job->stop;
}

/* Workers whose parent was killed end as if it had told them to: nobody waits for them, and a second start would run beside them. */
static void look_for_parent(struct worker *w)
{
    if (w->parent && getppid() != w->parent)
        w->board->stop = 1;
}

static enum status fail_point(struct pending *p, struct worker *w, enum status st, const struct error *why)
{
    if (st != STATUS_INFEASIBLE && st != STATUS_BAD_INPUT) {
        if (w->err)
            *w->err = *why;
        return st;
    }
    p->point.status = st;
    p->point.reason = arena_strdup(&w->arena, why->message);
    return p->point.reason ? STATUS_OK : error_no_memory(w->err);
}

/* From the ordinal to values and key. *kept false: the design is excluded by a constraint. */
static enum status make_ready(struct pending *p, struct prepared_point *ready, bool *kept, struct worker *w, int64_t at)
{
    const struct plan *plan = w->job->plan;
    struct value values[PLAN_NAMES_MAX];
    int64_t own[PLAN_NAMES_MAX], *index = own;
    struct error why = { 0 };
    enum status st;

    *kept = false;
    if (w->stage->list)
        memcpy(own, &w->stage->list->index[at * plan->dimensions_count], (size_t)plan->dimensions_count * sizeof *own);
    else if ((st = plan->sampler->at(index, w->sampler, plan, at, w->err)))
        return st;
    if ((st = plan_assign(values, kept, plan, index, &w->arena, w->err)) || !*kept)
        return st;
    *p = (struct pending){ .point = { .ordinal = w->stage->list ? w->stage->ordinal + at : at } };
    if (!(p->point.assignment = plan_assignment(plan, values, w->stage->fidelity, &w->arena)))
        return error_no_memory(w->err);
    if ((st = evaluator_prepare(ready, w->evaluator, values, w->stage->fidelity, &w->arena, &why)))
        return fail_point(p, w, st, &why);
    p->point.key = ready->key;
    return STATUS_OK;
}

/* STATUS_INTERRUPTED: it was stopped, and has no result. */
static enum status run_point(struct pending *p, struct worker *w, const struct prepared_point *ready)
{
    struct error why = { 0 };
    enum status st = evaluator_run(&p->result, w->evaluator, ready, keeps_rows(w), &w->arena, w->job->stop, &why);

    if (st == STATUS_INTERRUPTED)
        return st;
    if (st)
        return fail_point(p, w, st, &why);
    p->inputs = ready->inputs;
    p->computed = true;
    return STATUS_OK;
}

static enum status ready_group(struct worker *w, int64_t first, int64_t end)
{
    struct group *g = w->group;
    enum status st = STATUS_OK;

    g->count = 0;
    for (int64_t at = first; at < end && !st; at++) {
        bool kept;
        struct pending *p = &w->points[w->count + g->count];
        if ((st = make_ready(p, &g->ready[g->count], &kept, w, at)))
            break;
        w->excluded += !kept;
        if (kept)
            g->keys[g->count++] = p->point.key;
    }
    return st ? st : store_batch_has_all(g->has, w->batch, g->keys, g->count, w->err);
}

/* Designs first .. end - 1, at most GROUP. */
static enum status run_group(struct worker *w, int64_t first, int64_t end)
{
    struct group *g = w->group;
    enum status st = ready_group(w, first, end);

    for (int64_t i = 0; i < g->count && !st && !stopped(w); i++) {
        struct pending *p = &w->points[w->count];
        if (p->point.status == STATUS_OK && !g->has[i])
            st = run_point(p, w, &g->ready[i]);
        w->count += !st;
    }
    return st == STATUS_INTERRUPTED ? STATUS_OK : st;
}

static enum status store_points(struct worker *w)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < w->count && !st; i++) {
        if (w->points[i].computed)
            st = store_batch_run(w->batch, &w->points[i].result, &w->points[i].inputs, w->err);
        st = st ? st : store_batch_point(w->batch, &w->points[i].point, w->err);
    }
    return st ? st : store_batch_commit(w->batch, w->err);
}

static void tell(struct worker *w)
{
    if (w->job->progress && w->job->workers <= 1)
        progress_step(w->job->progress, w->board->done + w->board->excluded, w->job->clock_s());
}

/* Ends the batch and begins the next. */
static enum status store_batch(struct worker *w)
{
    struct board *b = w->board;
    enum status st = store_points(w);

    for (int64_t i = 0; i < w->count && !st; i++) {
        b->computed += w->points[i].computed;
        b->infeasible += w->points[i].point.status == STATUS_INFEASIBLE;
        b->failed += w->points[i].point.status == STATUS_BAD_INPUT;
    }
    b->done += st ? 0 : w->count;
    b->excluded += st ? 0 : w->excluded;
    w->count = w->excluded = 0;
    tell(w);
    arena_reset(&w->arena);
    evaluator_trim(w->evaluator);
    w->began_s = w->job->clock_s();
    return st;
}

/* Designs first .. end - 1. */
static enum status run_chunk(struct worker *w, int64_t first, int64_t end)
{
    struct group *g = w->group;
    enum status st = STATUS_OK;

    for (int64_t next; first < end && !st && !stopped(w); first = next) {
        double began_s = w->job->clock_s(), now_s;
        look_for_parent(w);
        next = first + g->most < end ? first + g->most : end;
        st = run_group(w, first, next);
        now_s = w->job->clock_s();
        g->most = now_s - began_s > group_s ? 1 : 2 * g->most < GROUP ? 2 * g->most : GROUP;
        bool full = w->count + GROUP > BATCH || w->arena.used_bytes >= BATCH_BYTES || evaluator_full(w->evaluator);
        if (!st && (full || now_s - w->began_s >= batch_s))
            st = store_batch(w);
    }
    return st;
}

static enum status open_worker(struct worker *w)
{
    const struct plan *plan = w->job->plan;
    struct store_sweep sweep = sweep_identity(plan);
    enum status st;

    if ((st = store_open(&w->store, w->job->database, w->err)))
        return st;
    if (store_read_only(w->store))
        return error_plain(w->err, STATUS_BAD_INPUT, "%s: the database is read-only", w->job->database);
    if (!(w->points = calloc(BATCH, sizeof *w->points)) || !(w->group = calloc(1, sizeof *w->group)))
        return error_no_memory(w->err);
    w->group->most = 1;
    w->began_s = w->job->clock_s();
    if ((st = store_batch_open(&w->batch, w->store, &sweep, keeps_rows(w), w->err)) || (st = evaluator_open(&w->evaluator, plan, w->err)))
        return st;
    return plan->sampler->open ? plan->sampler->open(&w->sampler, plan, w->err) : STATUS_OK;
}

static void close_worker(struct worker *w)
{
    if (w->sampler)
        w->job->plan->sampler->close(w->sampler);
    evaluator_close(w->evaluator);
    store_batch_close(w->batch);
    store_close(w->store);
    arena_free(&w->arena);
    free(w->points);
    free(w->group);
}

static enum status work(struct worker *w)
{
    enum status st = open_worker(w);

    while (!st && !stopped(w)) {
        int64_t first = atomic_fetch_add(&w->board->next, CHUNK), end = first + CHUNK;
        if (first >= w->stage->end)
            break;
        st = run_chunk(w, first, end < w->stage->end ? end : w->stage->end);
    }
    if (!st)
        st = store_batch(w);
    close_worker(w);
    return st;
}

/* What a worker process could not say: its message goes to the terminal, its status to the parent. */
static enum status wait_for_workers(struct worker *w, pid_t *pids, int64_t count)
{
    enum status worst = STATUS_OK;
    int64_t left = count;

    while (left > 0) {
        int how;
        pid_t pid = waitpid(-1, &how, WNOHANG);
        if (pid > 0)
            for (int64_t i = 0; i < count; i++)
                if (pids[i] == pid) {
                    left--;
                    enum status st = WIFEXITED(how) ? (enum status)WEXITSTATUS(how) : STATUS_INTERNAL;
                    worst = st && !worst ? error_plain(w->err, st, WIFEXITED(how) ? "a worker process failed" : "a worker process was killed") : worst;
                }
        if (pid < 0 && errno == ECHILD)
            break;
        if (pid > 0)
            continue;
        if (w->job->stop)
            w->board->stop = *w->job->stop;
        if (w->job->progress)
            progress_step(w->job->progress, w->board->done + w->board->excluded, w->job->clock_s());
        usleep(20000);
    }
    return worst;
}

/* Stops when the parent says so: a signal to one worker alone would end its chunk and nobody would know. */
static _Noreturn void be_worker(struct worker *w)
{
    struct sweep_job job = *w->job;
    struct error err = { 0 };
    enum status st;

    job.stop = &w->board->stop;
    w->job = &job;
    w->err = &err;
    if ((st = work(w)))
        fprintf(stderr, "llmsim: %s\n", err.message);
    _exit((int)st);
}

static enum status fork_workers(struct worker *w)
{
    int64_t n = w->job->workers < WORKERS_MAX ? w->job->workers : WORKERS_MAX;
    pid_t pids[WORKERS_MAX];
    int64_t count = 0;

    w->parent = getpid();
    for (; count < n; count++) {
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0)
            be_worker(w);
        pids[count] = pid;
    }
    return count > 0 ? wait_for_workers(w, pids, count) : error_plain(w->err, STATUS_INTERNAL, "no worker process can be started: %s", strerror(errno));
}

enum status stage_run(struct sweep_tally *tally, const struct sweep_job *job, const struct stage *stage, struct error *err)
{
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct worker w = { .job = job, .stage = stage, .board = board, .err = err };
    enum status st;

    if (board == MAP_FAILED)
        return error_no_memory(err);
    board->next = stage->first;
    if (job->progress)
        job->progress->total = stage->end - stage->first;
    st = job->workers > 1 ? fork_workers(&w) : work(&w);
    tally->done += board->done;
    tally->computed += board->computed;
    tally->infeasible += board->infeasible;
    tally->failed += board->failed;
    tally->excluded += board->excluded;
    munmap(board, sizeof *board);
    if (!st && job->stop && *job->stop)
        st = error_plain(err, STATUS_PARTIAL, "stopped: what was done is stored, the same command goes on");
    return st;
}
