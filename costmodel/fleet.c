/* SPDX-License-Identifier: Apache-2.0 */
/* The integer programme of fleet.h, Eq. 2, for GLPK's branch and bound. */
#include "costmodel/fleet.h"

#include <glpk.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Columns: y_0 .. y_(G-1), then n_bg, bucket by bucket. Rows: a bucket each, then a type each. GLPK counts from 1. */
struct programme {
    const struct fleet_problem *p;
    glp_prob *lp;
};

static int column_units(int64_t type)
{
    return (int)type + 1;
}

static int column_slices(const struct fleet_problem *p, int64_t type, int64_t bucket)
{
    return (int)(p->types_count + bucket * p->types_count + type) + 1;
}

static double rate_of(const struct fleet_problem *p, int64_t type, int64_t bucket)
{
    return p->max_rate[type * p->buckets_count + bucket];
}

static void add_columns(const struct programme *m)
{
    const struct fleet_problem *p = m->p;

    glp_add_cols(m->lp, (int)(p->types_count * (1 + p->buckets_count)));
    for (int64_t g = 0; g < p->types_count; g++) {
        int c = column_units(g);

        glp_set_col_kind(m->lp, c, GLP_IV);
        if (p->types[g].most < 0)
            glp_set_col_bnds(m->lp, c, GLP_LO, 0, 0);
        else
            glp_set_col_bnds(m->lp, c, p->types[g].most ? GLP_DB : GLP_FX, 0, (double)p->types[g].most);
        glp_set_obj_coef(m->lp, c, p->types[g].usd_per_hour);
        for (int64_t b = 0; b < p->buckets_count; b++) {
            c = column_slices(p, g, b);
            glp_set_col_kind(m->lp, c, GLP_IV);
            glp_set_col_bnds(m->lp, c, rate_of(p, g, b) > 0 ? GLP_DB : GLP_FX, 0, rate_of(p, g, b) > 0 ? (double)p->slices : 0);
        }
    }
}

/* Every slice of a bucket goes somewhere. */
static void add_bucket_rows(const struct programme *m, int *index, double *value)
{
    const struct fleet_problem *p = m->p;

    for (int64_t b = 0; b < p->buckets_count; b++) {
        int row = glp_add_rows(m->lp, 1);

        for (int64_t g = 0; g < p->types_count; g++) {
            index[g + 1] = column_slices(p, g, b);
            value[g + 1] = 1;
        }
        glp_set_row_bnds(m->lp, row, GLP_FX, (double)p->slices, (double)p->slices);
        glp_set_mat_row(m->lp, row, (int)p->types_count, index, value);
    }
}

/* What a type is given fits its units. */
static void add_type_rows(const struct programme *m, int *index, double *value)
{
    const struct fleet_problem *p = m->p;

    for (int64_t g = 0; g < p->types_count; g++) {
        int row = glp_add_rows(m->lp, 1), n = 0;

        for (int64_t b = 0; b < p->buckets_count; b++)
            if (rate_of(p, g, b) > 0 && p->buckets[b].requests_per_s > 0) {
                index[++n] = column_slices(p, g, b);
                value[n] = p->buckets[b].requests_per_s / (double)p->slices / rate_of(p, g, b);
            }
        index[++n] = column_units(g);
        value[n] = -1;
        glp_set_row_bnds(m->lp, row, GLP_UP, 0, 0);
        glp_set_mat_row(m->lp, row, n, index, value);
    }
}

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

static enum status solve(const struct programme *m, struct error *err)
{
    glp_iocp options;
    int code;

    glp_init_iocp(&options);
    options.presolve = GLP_ON;
    options.msg_lev = GLP_MSG_OFF;
    code = glp_intopt(m->lp, &options);
    if (code == GLP_ENOPFS || code == GLP_ENODFS || (code == 0 && glp_mip_status(m->lp) == GLP_NOFEAS))
        return error_plain(err, STATUS_INFEASIBLE, "the devices to be had cannot serve all requests: their number binds");
    if (code != 0 || glp_mip_status(m->lp) != GLP_OPT)
        return error_plain(err, STATUS_INTERNAL, "the integer programme was not solved (GLPK code %d)", code);
    return STATUS_OK;
}

static enum status read_plan(struct fleet_plan *out, const struct programme *m, struct arena *arena, struct error *err)
{
    const struct fleet_problem *p = m->p;

    out->units = arena_array(arena, (size_t)p->types_count, sizeof *out->units);
    out->load = arena_array(arena, (size_t)p->types_count, sizeof *out->load);
    out->share = arena_array(arena, (size_t)(p->types_count * p->buckets_count), sizeof *out->share);
    if (!out->units || !out->load || !out->share)
        return error_no_memory(err);
    out->usd_per_hour = 0;
    for (int64_t g = 0; g < p->types_count; g++) {
        out->units[g] = (int64_t)floor(glp_mip_col_val(m->lp, column_units(g)) + 0.5);
        out->usd_per_hour += (double)out->units[g] * p->types[g].usd_per_hour;
        for (int64_t b = 0; b < p->buckets_count; b++) {
            double share = floor(glp_mip_col_val(m->lp, column_slices(p, g, b)) + 0.5) / (double)p->slices;

            out->share[g * p->buckets_count + b] = share;
            if (share > 0)
                out->load[g] += share * p->buckets[b].requests_per_s / rate_of(p, g, b);
        }
        out->load[g] = out->units[g] > 0 ? out->load[g] / (double)out->units[g] : 0;
    }
    return STATUS_OK;
}

enum status fleet_solve(struct fleet_plan *out, const struct fleet_problem *p, struct arena *arena, struct error *err)
{
    size_t longest = (size_t)(p->types_count > p->buckets_count ? p->types_count : p->buckets_count) + 2;
    int *index = arena_array(arena, longest, sizeof *index);
    double *value = arena_array(arena, longest, sizeof *value);
    struct programme m = { .p = p };
    enum status st = check(p, err);

    if (st)
        return st;
    if (!index || !value)
        return error_no_memory(err);
    glp_term_out(GLP_OFF);
    m.lp = glp_create_prob();
    glp_set_obj_dir(m.lp, GLP_MIN);
    add_columns(&m);
    add_bucket_rows(&m, index, value);
    add_type_rows(&m, index, value);
    if (!(st = solve(&m, err)))
        st = read_plan(out, &m, arena, err);
    glp_delete_prob(m.lp);
    glp_free_env();
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
