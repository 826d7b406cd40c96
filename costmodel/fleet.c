/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of fleets: what is checked before the solver and read after it. See fleet.h. */
#include "costmodel/fleet.h"

#include <stdbool.h>
#include <string.h>

#include "base/plugin.h"
#include "costmodel/fleet_glpk.h"

/* A bucket that nothing serves is told before the solver says only "no feasible solution". */
static enum status check(const struct fleet_problem *p, struct error *err)
{
    if (p->types_count < 1 || p->types_count > FLEET_TYPES_MAX || p->buckets_count < 1 || p->buckets_count > FLEET_BUCKETS_MAX || p->slices < 1 ||
        p->slices > FLEET_SLICES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "a fleet of %lld types, %lld buckets, %lld slices; expected 1 to %d, 1 to %d, 1 to %d",
                           (long long)p->types_count, (long long)p->buckets_count, (long long)p->slices, FLEET_TYPES_MAX, FLEET_BUCKETS_MAX, FLEET_SLICES_MAX);
    for (int64_t b = 0; b < p->buckets_count; b++) {
        bool served = false;

        for (int64_t g = 0; g < p->types_count && !served; g++)
            served = rate_of(p, g, b) > 0 && p->types[g].most != 0;
        if (!served)
            return error_plain(err, STATUS_INFEASIBLE, "no device serves requests of %lld tokens in and %lld out in time, or has the memory for one",
                               (long long)p->buckets[b].in_tokens, (long long)p->buckets[b].out_tokens);
    }
    return STATUS_OK;
}

static enum status solve(int64_t *units, int64_t *slices, const struct fleet_problem *p, struct error *err)
{
    fleet_glpk_function entry;
    void *address;
    enum status st = plugin_entry(&address, "llmsim_fleet", "fleet", "GLPK", "llmsim_fleet_glpk", err);
    int code;

    if (st)
        return st;
    memcpy(&entry, &address, sizeof entry); /* POSIX: a function's address comes from dlsym() as void * */
    code = entry(units, slices, p);
    if (code == FLEET_GLPK_NO_MEMORY)
        return error_no_memory(err);
    if (code == FLEET_GLPK_INFEASIBLE)
        return error_plain(err, STATUS_INFEASIBLE, "the devices to be had cannot serve all requests: their number binds");
    if (code != FLEET_GLPK_OPTIMAL)
        return error_plain(err, STATUS_INTERNAL, "the integer programme was not solved (GLPK code %d)", code);
    return STATUS_OK;
}

/* Costs, shares and loads follow from the units and slices. */
static void fill_plan(struct fleet_plan *out, const int64_t *slices, const struct fleet_problem *p)
{
    out->usd_per_hour = 0;
    for (int64_t g = 0; g < p->types_count; g++) {
        out->usd_per_hour += (double)out->units[g] * p->types[g].usd_per_hour;
        for (int64_t b = 0; b < p->buckets_count; b++) {
            double share = (double)slices[g * p->buckets_count + b] / (double)p->slices;

            out->share[g * p->buckets_count + b] = share;
            if (share > 0)
                out->load[g] += share * p->buckets[b].requests_per_s / rate_of(p, g, b);
        }
        out->load[g] = out->units[g] > 0 ? out->load[g] / (double)out->units[g] : 0;
    }
}

enum status fleet_solve(struct fleet_plan *out, const struct fleet_problem *p, struct arena *arena, struct error *err)
{
    enum status st = check(p, err);

    if (st)
        return st;
    size_t types = (size_t)p->types_count, cells = (size_t)(p->types_count * p->buckets_count);
    int64_t *slices = arena_array(arena, cells, sizeof *slices);
    out->units = arena_array(arena, types, sizeof *out->units);
    out->load = arena_array(arena, types, sizeof *out->load);
    out->share = arena_array(arena, cells, sizeof *out->share);
    if (!slices || !out->units || !out->load || !out->share)
        return error_no_memory(err);
    if (!(st = solve(out->units, slices, p, err)))
        fill_plan(out, slices, p);
    return st;
}

enum status fleet_solve_single(struct fleet_plan *out, const struct fleet_problem *p, int64_t type, struct arena *arena, struct error *err)
{
    struct fleet_type *types = arena_array(arena, (size_t)p->types_count, sizeof *types);
    struct fleet_problem one = *p;

    if (!types)
        return error_no_memory(err);
    memcpy(types, p->types, (size_t)p->types_count * sizeof *types);
    for (int64_t g = 0; g < p->types_count; g++)
        types[g].most = g == type ? p->types[g].most : 0;
    one.types = types;
    return fleet_solve(out, &one, arena, err);
}
