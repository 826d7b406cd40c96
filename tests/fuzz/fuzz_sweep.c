/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of sweep files: what is read gives designs whose indices lie within their dimensions and whose values have a text, or a message
 * of one line; nothing is simulated. Samplers are walked for some designs, adaptive ones for two generations. Seeds: tests/fuzz/sweep/.
 */
#define _GNU_SOURCE
#include "sweep/plan.h"
#include "sweep/sampler.h"
#include "tests/fuzz/bytes.h"

/* Looking is bounded: a Sobol sequence walks to its seed, a generation is compared pair by pair. */
enum { DESIGNS_MAX = 48, POPULATION_MAX = 64, SEED_MAX = 4096 };

static void assign(const struct plan *plan, const int64_t *index, struct arena *arena)
{
    struct value values[PLAN_NAMES_MAX];
    struct error err = { 0 };
    bool valid = false;
    enum status st;

    for (int64_t d = 0; d < plan->dimensions_count; d++)
        require(index[d] >= 0 && index[d] < plan->dimensions[d].count);
    require_told(st = plan_assign(values, &valid, plan, index, arena, &err), &err);
    if (st || !valid)
        return;
    for (int64_t i = 0; i < plan->names_count; i++)
        require(plan->names[i].dimension >= 0 || values[i].text != NULL);
    const char *text = plan_assignment(plan, values, "analytic", arena);
    require(!text || (text[0] == '{' && text[strlen(text) - 1] == '}' && strchr(text, '\n') == NULL));
}

static void walk_static(const struct plan *plan, struct arena *arena)
{
    int64_t index[PLAN_NAMES_MAX], count = plan->sampler->count(plan);
    struct sampler *s = NULL;
    struct error err = { 0 };
    enum status st = plan->sampler->open ? plan->sampler->open(&s, plan, &err) : STATUS_OK;

    require_told(st, &err);
    require(count >= 1);
    for (int64_t i = 0; !st && i < count && i < DESIGNS_MAX; i++)
        if (!(st = plan->sampler->at(index, s, plan, i, &err)))
            assign(plan, index, arena);
    if (s)
        plan->sampler->close(s);
}

/* Costs that any design could have. */
static void take(struct archive *seen, const struct archive *next)
{
    struct error err = { 0 };

    for (int64_t i = 0; i < next->count; i++) {
        require(archive_add(seen, &next->index[i * next->dimensions], &err) == STATUS_OK);
        seen->feasible[seen->count - 1] = i % 5 != 4;
        for (int64_t o = 0; o < seen->objectives; o++)
            seen->cost[(seen->count - 1) * seen->objectives + o] = (double)sample_bits(1, (uint64_t)i, (uint64_t)o);
    }
}

static void walk_adaptive(const struct plan *plan, struct arena *arena)
{
    struct archive seen = { .dimensions = plan->dimensions_count, .objectives = plan->objectives_count };
    struct error err = { 0 };

    for (int64_t generation = 0; generation < 3; generation++) {
        struct archive next = { .dimensions = seen.dimensions, .objectives = seen.objectives };

        require((generation < 2 ? plan->sampler->propose(&next, plan, &seen, generation, &err) : refine_propose(&next, plan, &seen, &err)) == STATUS_OK);
        for (int64_t i = 0; i < next.count; i++) {
            require(!archive_holds(&seen, &next.index[i * next.dimensions]));
            assign(plan, &next.index[i * next.dimensions], arena);
        }
        take(&seen, &next);
        archive_free(&next);
    }
    archive_free(&seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { .limit_bytes = (size_t)128 << 20 };
    struct error err = { 0 };
    struct plan *plan;
    enum status st = plan_read_memory(&plan, "fuzz", data, size, &arena, &err);

    require_told(st, &err);
    if (!st && !plan->sampler->propose && plan->seed <= SEED_MAX)
        walk_static(plan, &arena);
    if (!st && plan->sampler->propose && plan->population <= POPULATION_MAX)
        walk_adaptive(plan, &arena);
    arena_free(&arena);
    return 0;
}
