/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep as a whole: the designs of its sampler, then stages that follow from results: generations, neighbours of the front, the front at another fidelity. */
#include <stdlib.h>
#include <string.h>

#include "sweep/stage.h"

struct store_sweep sweep_identity(const struct plan *plan)
{
    return (struct store_sweep){ plan->hash, plan->name, plan->body, plan->sampler->propose || plan->refine_rounds || plan->promotions_count ? -1 : plan->sampler->count(plan) };
}

void sweep_slice(int64_t *first, int64_t *end, int64_t count, int64_t task, int64_t tasks)
{
    *first = (int64_t)((__int128)count * task / tasks);
    *end = (int64_t)((__int128)count * (task + 1) / tasks);
}

/* ---- stages that follow from results ---- */

/* Costs of the archive's designs, the first of which has this ordinal. */
struct gather { const struct plan *plan; struct archive *archive; int64_t ordinal; };

static enum status take_cost(void *context, const struct store_point *p, const struct result *r, struct error *err)
{
    struct gather *g = context;
    int64_t i = p->ordinal - g->ordinal;

    (void)err;
    if (i < 0 || i >= g->archive->count)
        return STATUS_OK;
    g->archive->feasible[i] = p->status == STATUS_OK;
    for (int64_t o = 0; o < g->plan->objectives_count; o++)
        g->archive->cost[i * g->plan->objectives_count + o] = objective_cost(g->plan->objectives[o], r);
    return STATUS_OK;
}

/* Costs of all designs of the archive, whose ordinals begin at `ordinal`. */
static enum status gather_costs(struct archive *a, const struct sweep_job *job, int64_t ordinal, struct error *err)
{
    struct gather g = { job->plan, a, ordinal };
    struct store *s;
    enum status st = store_open(&s, job->database, err);

    if (st)
        return st;
    st = store_sweep_points(s, job->plan->hash, take_cost, &g, err);
    store_close(s);
    return st;
}

static enum status append(struct archive *to, const struct archive *from, struct error *err)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < from->count && !st; i++)
        st = archive_add(to, &from->index[i * from->dimensions], err);
    return st;
}

static enum status next_generation(struct archive *next, const struct plan *plan, const struct archive *seen, int64_t generation, struct error *err)
{
    return plan->sampler->propose ? plan->sampler->propose(next, plan, seen, generation, err) : STATUS_OK;
}

/* Proposals of the sampler, then rounds of refinement. `seen` begins with a static sampler's designs. */
static enum status run_generations(struct sweep_tally *tally, struct archive *seen, const struct sweep_job *job, struct error *err)
{
    const struct plan *plan = job->plan;
    int64_t round = 0, rounds = plan->refine_rounds;
    enum status st = STATUS_OK;

    for (bool sampling = true; !st;) {
        struct archive next = { .dimensions = plan->dimensions_count, .objectives = plan->objectives_count };
        st = sampling ? next_generation(&next, plan, seen, round++, err) : refine_propose(&next, plan, seen, err);
        if (!st && next.count == 0 && sampling && rounds > 0) {
            sampling = false;
            archive_free(&next);
            continue;
        }
        bool end = next.count == 0 || (!sampling && rounds-- == 0);
        struct stage stage = { .list = &next, .end = next.count, .ordinal = seen->count };
        if (!st && !end && !(st = stage_run(tally, job, &stage, err)) && !(st = append(seen, &next, err)))
            st = gather_costs(seen, job, 0, err);
        archive_free(&next);
        if (end)
            break;
    }
    return st;
}

/* Designs near the front of what the stage before found, at the next fidelity. Ordinals begin a stage further. */
static enum status promote(struct sweep_tally *tally, struct archive *seen, const struct sweep_job *job, const struct promotion *p, int64_t ordinal,
                           struct error *err)
{
    struct archive feasible = { .dimensions = seen->dimensions, .objectives = seen->objectives }, next = feasible;
    bool *near = calloc((size_t)seen->count + 1, sizeof *near);
    enum status st = near ? STATUS_OK : error_no_memory(err);

    for (int64_t i = 0; i < seen->count && !st; i++)
        if (seen->feasible[i] && !(st = archive_add(&feasible, &seen->index[i * seen->dimensions], err)))
            memcpy(&feasible.cost[(feasible.count - 1) * seen->objectives], &seen->cost[i * seen->objectives], (size_t)seen->objectives * sizeof *seen->cost);
    if (!st)
        pareto_near(near, feasible.cost, feasible.count, feasible.objectives, p->within);
    for (int64_t i = 0; i < feasible.count && !st; i++)
        if (near[i])
            st = archive_add(&next, &feasible.index[i * next.dimensions], err);
    struct stage stage = { .list = &next, .end = next.count, .ordinal = ordinal, .fidelity = p->fidelity };
    if (!st && !(st = stage_run(tally, job, &stage, err)))
        st = gather_costs(&next, job, ordinal, err);
    free(near);
    archive_free(&feasible);
    archive_free(seen);
    *seen = next;
    return st;
}

/* All designs of a static sampler, in order, with their costs. */
static enum status list_static(struct archive *seen, const struct sweep_job *job, struct error *err)
{
    const struct plan *plan = job->plan;
    struct sampler *sampler = NULL;
    int64_t index[PLAN_NAMES_MAX], count = plan->sampler->count(plan);
    enum status st = plan->sampler->open ? plan->sampler->open(&sampler, plan, err) : STATUS_OK;

    for (int64_t i = 0; i < count && !st; i++)
        if (!(st = plan->sampler->at(index, sampler, plan, i, err)))
            st = archive_add(seen, index, err);
    if (sampler)
        plan->sampler->close(sampler);
    return st ? st : gather_costs(seen, job, 0, err);
}

static enum status run_stages(struct sweep_tally *out, const struct sweep_job *job, struct error *err)
{
    const struct plan *plan = job->plan;
    struct archive seen = { .dimensions = plan->dimensions_count, .objectives = plan->objectives_count };
    enum status st = plan->sampler->propose ? STATUS_OK : list_static(&seen, job, err);
    int64_t ordinal;

    if (!st && (plan->sampler->propose || plan->refine_rounds))
        st = run_generations(out, &seen, job, err);
    ordinal = seen.count;
    for (int64_t i = 0; i < plan->promotions_count && !st; i++) {
        st = promote(out, &seen, job, &plan->promotions[i], ordinal, err);
        ordinal += seen.count;
    }
    archive_free(&seen);
    return st;
}

enum status sweep_run(struct sweep_tally *out, const struct sweep_job *job, struct error *err)
{
    const struct plan *plan = job->plan;
    struct stage stage = { 0 };
    enum status st;

    *out = (struct sweep_tally){ 0 };
    if (plan->sampler->propose && job->tasks > 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %s goes by results, so it has no slices: run it on one machine with -j", plan->path, plan->sampler->name);
    if (!plan->sampler->propose) {
        stage.end = plan->sampler->count(plan);
        if (job->tasks > 0)
            sweep_slice(&stage.first, &stage.end, stage.end, job->task, job->tasks);
        if ((st = stage_run(out, job, &stage, err)))
            return st;
    }
    if (job->tasks > 0 || !(plan->sampler->propose || plan->refine_rounds || plan->promotions_count))
        return STATUS_OK;
    return run_stages(out, job, err);
}
