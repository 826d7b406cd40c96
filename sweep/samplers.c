/* SPDX-License-Identifier: Apache-2.0 */
/* The list of samplers, and what they share: integer randomness, the archive of designs. */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "sweep/sampler.h"

const struct sampler_type *const samplers[] = { &sampler_grid, &sampler_lhs, &sampler_nsga2, &sampler_random, &sampler_sobol, NULL };

enum status sampler_find(const struct sampler_type **out, const char *name, struct source_pos at, struct error *err)
{
    const char *names[sizeof samplers / sizeof samplers[0]];
    size_t n = 0;

    for (; samplers[n]; n++) {
        names[n] = samplers[n]->name;
        if (strcmp(name, names[n]) == 0) {
            *out = samplers[n];
            return STATUS_OK;
        }
    }
    const char *near = nearest_name(name, names, n);
    return error_set(err, STATUS_BAD_INPUT, at, "unknown sampling method '%s'%s%s", name, near ? "; nearest is " : ", expected grid, lhs, nsga2, random or sobol",
                     near ? near : "");
}

enum status sampler_valid(int64_t *valid, const struct plan *plan, int64_t limit, struct error *err)
{
    int64_t index[PLAN_NAMES_MAX], count = plan->sampler->count(plan);
    struct value values[PLAN_NAMES_MAX];
    struct sampler *sampler = NULL;
    struct arena arena = { 0 };
    enum status st = plan->sampler->open ? plan->sampler->open(&sampler, plan, err) : STATUS_OK;

    *valid = 0;
    for (int64_t i = 0; i < count && i < limit && !st; i++) {
        bool kept = false;

        arena_reset(&arena);
        if (!(st = plan->sampler->at(index, sampler, plan, i, err)))
            st = plan_assign(values, &kept, plan, index, &arena, err);
        *valid += kept;
    }
    if (sampler)
        plan->sampler->close(sampler);
    arena_free(&arena);
    return st;
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t sample_bits(uint64_t seed, uint64_t a, uint64_t b)
{
    return mix(mix(seed ^ mix(a)) + b);
}

int64_t sample_below(uint64_t bits, int64_t n)
{
    return (int64_t)(((unsigned __int128)bits * (uint64_t)n) >> 64);
}

enum status archive_add(struct archive *a, const int64_t *index, struct error *err)
{
    size_t d = (size_t)a->dimensions, o = (size_t)a->objectives;

    if (a->count == a->capacity) {
        size_t grown = a->capacity > 0 ? 2 * (size_t)a->capacity : 256;
        int64_t *indices = realloc(a->index, grown * (d + 1) * sizeof *indices);
        double *costs = indices ? realloc(a->cost, grown * (o + 1) * sizeof *costs) : NULL;
        bool *feasible = costs ? realloc(a->feasible, grown * sizeof *feasible) : NULL;
        a->index = indices ? indices : a->index;
        a->cost = costs ? costs : a->cost;
        a->feasible = feasible ? feasible : a->feasible;
        if (!feasible)
            return error_no_memory(err);
        a->capacity = (int64_t)grown;
    }
    memcpy(&a->index[(size_t)a->count * d], index, d * sizeof *index);
    memset(&a->cost[(size_t)a->count * o], 0, o * sizeof *a->cost);
    a->feasible[a->count++] = false;
    return STATUS_OK;
}

bool archive_holds(const struct archive *a, const int64_t *index)
{
    for (int64_t i = 0; i < a->count; i++)
        if (memcmp(&a->index[i * a->dimensions], index, (size_t)a->dimensions * sizeof *index) == 0)
            return true;
    return false;
}

void archive_free(struct archive *a)
{
    free(a->index);
    free(a->cost);
    free(a->feasible);
    *a = (struct archive){ 0 };
}
