/* SPDX-License-Identifier: Apache-2.0 */
/* The integer programme of fleet.h, Eq. 2, for GLPK's branch and bound. See fleet_glpk.h. */
#include "costmodel/fleet_glpk.h"

#include <glpk.h>
#include <math.h>
#include <stdlib.h>

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

static int solve(const struct programme *m)
{
    glp_iocp options;
    int code;

    glp_init_iocp(&options);
    options.presolve = GLP_ON;
    options.msg_lev = GLP_MSG_OFF;
    code = glp_intopt(m->lp, &options);
    if (code == GLP_ENOPFS || code == GLP_ENODFS || (code == 0 && glp_mip_status(m->lp) == GLP_NOFEAS))
        return FLEET_GLPK_INFEASIBLE;
    return code != 0 ? code : glp_mip_status(m->lp) == GLP_OPT ? FLEET_GLPK_OPTIMAL : FLEET_GLPK_UNSOLVED;
}

static void read_columns(int64_t *units, int64_t *slices, const struct programme *m)
{
    const struct fleet_problem *p = m->p;

    for (int64_t g = 0; g < p->types_count; g++) {
        units[g] = (int64_t)floor(glp_mip_col_val(m->lp, column_units(g)) + 0.5);
        for (int64_t b = 0; b < p->buckets_count; b++)
            slices[g * p->buckets_count + b] = (int64_t)floor(glp_mip_col_val(m->lp, column_slices(p, g, b)) + 0.5);
    }
}

int llmsim_fleet_glpk(int64_t *units, int64_t *slices, const struct fleet_problem *p)
{
    size_t longest = (size_t)(p->types_count > p->buckets_count ? p->types_count : p->buckets_count) + 2;
    int *index = calloc(longest, sizeof *index), code = FLEET_GLPK_NO_MEMORY;
    double *value = calloc(longest, sizeof *value);
    struct programme m = { .p = p };

    if (index && value) {
        glp_term_out(GLP_OFF);
        m.lp = glp_create_prob();
        glp_set_obj_dir(m.lp, GLP_MIN);
        add_columns(&m);
        add_bucket_rows(&m, index, value);
        add_type_rows(&m, index, value);
        if ((code = solve(&m)) == FLEET_GLPK_OPTIMAL)
            read_columns(units, slices, &m);
        glp_delete_prob(m.lp);
        glp_free_env();
    }
    free(value);
    free(index);
    return code;
}
