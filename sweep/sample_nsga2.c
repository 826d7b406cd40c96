/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSGA-II on index vectors: non-dominated sorting, crowding distance, binary tournaments, uniform crossover, steps as mutation. Infeasible
 * designs rank last. Source: Deb, Pratap, Agarwal, Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002. A generation is a function of (seed,
 * generation, archive): it holds only designs that were not looked at before.
 */
#define _GNU_SOURCE /* qsort_r() */
#include <stdlib.h>
#include <string.h>

#include "sweep/sampler.h"

struct ranked { int64_t at, front; double crowding; };

struct selection {
    const struct archive *seen;
    struct ranked *all;
    int64_t objective; /* by which the crowding is being measured */
};

/* Fronts by peeling: a design is of front f when only designs of earlier fronts dominate it. */
static void rank_fronts(struct selection *s, int64_t n)
{
    const struct archive *a = s->seen;
    int64_t left = n, front = 0;

    for (int64_t i = 0; i < n; i++) {
        s->all[i] = (struct ranked){ .at = i, .front = a->feasible[i] ? -1 : INT64_MAX };
        left -= !a->feasible[i];
    }
    for (; left > 0; front++) {
        for (int64_t i = 0; i < n; i++) {
            bool dominated = false;
            if (s->all[i].front != -1)
                continue;
            for (int64_t j = 0; j < n && !dominated; j++)
                dominated = (s->all[j].front == -1 || s->all[j].front == front) &&
                            pareto_dominates(&a->cost[j * a->objectives], &a->cost[i * a->objectives], a->objectives);
            if (!dominated) {
                s->all[i].front = front;
                left--;
            }
        }
    }
}

static int by_cost(const void *x, const void *y, void *context)
{
    const struct ranked *a = x, *b = y;
    const struct selection *s = context;
    double ca = s->seen->cost[a->at * s->seen->objectives + s->objective], cb = s->seen->cost[b->at * s->seen->objectives + s->objective];

    if (a->front != b->front)
        return a->front < b->front ? -1 : 1;
    return ca < cb ? -1 : ca > cb ? 1 : a->at < b->at ? -1 : 1;
}

static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;

    if (a->front != b->front)
        return a->front < b->front ? -1 : 1;
    return a->crowding > b->crowding ? -1 : a->crowding < b->crowding ? 1 : a->at < b->at ? -1 : 1;
}

static void measure_crowding(struct selection *s, int64_t n)
{
    for (int64_t o = 0; o < s->seen->objectives; o++) {
        s->objective = o;
        qsort_r(s->all, (size_t)n, sizeof *s->all, by_cost, s);
        for (int64_t first = 0, end; first < n; first = end) {
            for (end = first; end < n && s->all[end].front == s->all[first].front; end++)
                ;
            double low = s->seen->cost[s->all[first].at * s->seen->objectives + o], high = s->seen->cost[s->all[end - 1].at * s->seen->objectives + o];
            s->all[first].crowding += 1e9;
            s->all[end - 1].crowding += 1e9;
            for (int64_t i = first + 1; i + 1 < end && high > low; i++)
                s->all[i].crowding += (s->seen->cost[s->all[i + 1].at * s->seen->objectives + o] - s->seen->cost[s->all[i - 1].at * s->seen->objectives + o]) / (high - low);
        }
    }
    qsort(s->all, (size_t)n, sizeof *s->all, by_rank);
}

/* The better of two that were drawn from the parents (sorted by rank). */
static int64_t tournament(const struct selection *s, int64_t parents, uint64_t bits)
{
    int64_t a = sample_below(bits, parents), b = sample_below(bits * 0x9e3779b97f4a7c15u, parents);

    return s->all[a < b ? a : b].at;
}

static void breed(int64_t *child, const struct plan *plan, const struct selection *s, int64_t parents, uint64_t generation, uint64_t attempt)
{
    uint64_t seed = (uint64_t)plan->seed + 7919 * (generation + 1);
    const int64_t *mother = &s->seen->index[tournament(s, parents, sample_bits(seed, attempt, 1)) * plan->dimensions_count];
    const int64_t *father = &s->seen->index[tournament(s, parents, sample_bits(seed, attempt, 2)) * plan->dimensions_count];

    for (int64_t d = 0; d < plan->dimensions_count; d++) {
        uint64_t bits = sample_bits(seed, attempt, 16 + (uint64_t)d);
        int64_t n = plan->dimensions[d].count, half = n / 4 + 1;

        child[d] = bits & 1 ? mother[d] : father[d];
        if (sample_below(bits * 0x9e3779b97f4a7c15u, plan->dimensions_count) > 0) /* one dimension in the mean mutates */
            continue;
        child[d] += sample_below(mother == father || bits & 2 ? sample_bits(seed, attempt, 1024 + (uint64_t)d) : bits, 2 * half + 1) - half;
        child[d] = child[d] < 0 ? 0 : child[d] >= n ? n - 1 : child[d];
    }
}

/* Up to `population` new designs; gives up after a hundred attempts for each: the space is used up. */
static enum status fill(struct archive *next, const struct plan *plan, const struct selection *s, int64_t parents, int64_t generation, struct error *err)
{
    int64_t child[PLAN_NAMES_MAX];

    for (int64_t attempt = 0; attempt < 100 * plan->population && next->count < plan->population; attempt++) {
        if (parents > 0)
            breed(child, plan, s, parents, (uint64_t)generation, (uint64_t)attempt);
        else
            for (int64_t d = 0; d < plan->dimensions_count; d++)
                child[d] = sample_below(sample_bits((uint64_t)plan->seed, (uint64_t)(attempt + 1000003 * generation), (uint64_t)d), plan->dimensions[d].count);
        enum status st = archive_holds(s->seen, child) || archive_holds(next, child) ? STATUS_OK : archive_add(next, child, err);
        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status propose(struct archive *next, const struct plan *plan, const struct archive *seen, int64_t generation, struct error *err)
{
    struct selection s = { .seen = seen };
    int64_t parents = 0;

    if (generation >= plan->generations)
        return STATUS_OK;
    if (seen->count > 0 && !(s.all = calloc((size_t)seen->count, sizeof *s.all)))
        return error_no_memory(err);
    if (seen->count > 0) {
        rank_fronts(&s, seen->count);
        measure_crowding(&s, seen->count);
        while (parents < seen->count && parents < plan->population && s.all[parents].front != INT64_MAX)
            parents++;
    }
    enum status st = fill(next, plan, &s, parents, generation, err);
    free(s.all);
    return st;
}

const struct sampler_type sampler_nsga2 = { .name = "nsga2", .summary = "evolutionary search for the Pareto front of the objectives", .propose = propose };
