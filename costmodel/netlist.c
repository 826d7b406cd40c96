/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlists from rows and fitted formulas. See netlist.h. Least squares by GSL on relative errors (weights 1 / y^2), rows in the order of the tables, so
 * that the same tables give the same digits. A lookup whose table is not one of 8 entries is the one that is, its multiplexer exchanged.
 */
#include "costmodel/netlist.h"

#include <math.h>
#include <stdlib.h>

#include "base/relative_fit.h"

enum { POINTS_MAX = 256 };

static const double unknown_error = 0.3; /* assumption: of a formula that no spare row tests */

struct point { double x[FORMULA_TERMS_MAX], y; };

static double sum(const double *c, const double *x, int terms)
{
    double v = 0;

    for (int i = 0; i < terms; i++)
        v += c[i] * x[i];
    return v;
}

/* Least squares of all points but `without` (-1: of all). False: the points do not determine every coefficient, or no memory. */
static bool solve(double *out, const struct point *points, int64_t count, int terms, int64_t without)
{
    const double least_singular = 1e-10; /* over the largest, columns balanced: below it terms are collinear */
    double x[POINTS_MAX * FORMULA_TERMS_MAX], y[POINTS_MAX];
    int64_t n = 0;

    for (int64_t i = 0; i < count; i++) {
        if (i == without)
            continue;
        for (int t = 0; t < terms; t++)
            x[n * terms + t] = points[i].x[t];
        y[n++] = points[i].y;
    }
    return relative_fit(out, x, y, n, terms, least_singular) == terms;
}

/* Largest error of the fit, and of each point under the fit to the others. */
static void errors(double *worst, double *left_out, const double *c, const struct point *points, int64_t count, int terms)
{
    double other[FORMULA_TERMS_MAX];

    *worst = 0;
    *left_out = count > terms ? 0 : NAN;
    for (int64_t i = 0; i < count; i++) {
        *worst = fmax(*worst, relative_off(sum(c, points[i].x, terms), points[i].y));
        if (count > terms) /* a row that alone determines a coefficient cannot be predicted by the others */
            *left_out = fmax(*left_out, solve(other, points, count, terms, i) ? relative_off(sum(other, points[i].x, terms), points[i].y) : unknown_error);
    }
}

/* Does the row enter the formula's fit? The 45 nm library's, and another's where that has none of the same datapath. */
static bool enters(const struct synthesis *s, const struct synthesis_row *r, const struct netlist_formula *f)
{
    return r->tree == f->tree && f->covers(&r->what) && (synthesis_reference(r) || synthesis_find(s, &r->what) == r);
}

/* Energy's own terms, or area's. */
static int energy_terms(const struct netlist_formula *f)
{
    return f->energy_fill != NULL ? f->energy_terms : f->terms;
}

static void (*energy_fill(const struct netlist_formula *f))(double *x, const struct datapath *d)
{
    return f->energy_fill != NULL ? f->energy_fill : f->fill;
}

static void fit_one(struct formula_fit *fit, const struct synthesis *s, const struct netlist_formula *f)
{
    struct point area[POINTS_MAX], energy[POINTS_MAX];
    double worst;

    *fit = (struct formula_fit){ .formula = f, .area_worst = NAN, .area_left_out = NAN, .energy_left_out = NAN };
    for (int64_t i = 0; i < s->count && fit->rows < POINTS_MAX; i++) {
        const struct synthesis_row *r = &s->rows[i];

        if (!enters(s, r, f))
            continue;
        f->fill(area[fit->rows].x, &r->what);
        area[fit->rows++].y = synthesis_area_45(s, r);
        if (synthesis_reference(r) && r->energy_fj > 0) {
            energy_fill(f)(energy[fit->energy_rows].x, &r->what);
            energy[fit->energy_rows++].y = r->energy_fj;
        }
    }
    if (fit->rows < f->terms)
        return; /* a table without such units: the formula answers nothing */
    if (!solve(fit->area, area, fit->rows, f->terms, -1)) {
        fit->area_left_out = INFINITY; /* answers nothing either */
        return;
    }
    if (fit->energy_rows > energy_terms(f) && !solve(fit->energy, energy, fit->energy_rows, energy_terms(f), -1))
        fit->energy_rows = 0;
    errors(&fit->area_worst, &fit->area_left_out, fit->area, area, fit->rows, f->terms);
    if (fit->energy_rows > energy_terms(f))
        errors(&worst, &fit->energy_left_out, fit->energy, energy, fit->energy_rows, energy_terms(f));
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Median of energy over area, and the factor that holds nine tenths of the rows. */
static void family(double *median, double *spread, const struct synthesis *s, bool floats)
{
    double ratio[POINTS_MAX];
    size_t n = 0;

    for (int64_t i = 0; i < s->count && n < POINTS_MAX; i++) {
        const struct synthesis_row *r = &s->rows[i];

        if (synthesis_reference(r) && r->energy_fj > 0 && (r->what.activation.kind == NUMBER_FLOAT) == floats)
            ratio[n++] = r->energy_fj / r->area_um2;
    }
    *median = *spread = 0;
    if (n == 0)
        return;
    qsort(ratio, n, sizeof *ratio, ascending);
    *median = ratio[n / 2];
    *spread = fmax(ratio[n - 1 - n / 20] / *median, *median / ratio[n / 20]);
}

void netlist_fit(struct synthesis *s)
{
    int64_t count;
    const struct netlist_formula *f = netlist_formulas(&count);

    for (s->fits_count = 0; s->fits_count < count; s->fits_count++)
        fit_one(&s->fits[s->fits_count], s, &f[s->fits_count]);
    for (int i = 0; i < 2; i++)
        family(&s->energy_per_um2[i], &s->energy_spread[i], s, i == 1);
}

/* ---- one netlist ------------------------------------------------------------------------------------------------------------------- */

static struct tech_range within(double likely, double relative)
{
    double r = isnan(relative) ? unknown_error : relative; /* as many terms as rows */

    return (struct tech_range){ likely / (1 + r), likely, likely * (1 + r) };
}

/* Beyond the largest term of any row of the fit? */
static bool beyond(const struct synthesis *s, const struct formula_fit *fit, const double *x)
{
    double most[FORMULA_TERMS_MAX] = { 0 }, y[FORMULA_TERMS_MAX] = { 0 };

    for (int64_t i = 0; i < s->count; i++) {
        if (!enters(s, &s->rows[i], fit->formula))
            continue;
        fit->formula->fill(y, &s->rows[i].what);
        for (int t = 0; t < fit->formula->terms; t++)
            most[t] = fmax(most[t], y[t]);
    }
    for (int t = 0; t < fit->formula->terms; t++)
        if (x[t] > most[t] * (1 + 1e-9))
            return true;
    return false;
}

static void energy_by_area(struct netlist *n, const struct synthesis *s, const struct datapath *what)
{
    int floats = what->activation.kind == NUMBER_FLOAT;
    double per = s->energy_per_um2[floats];

    n->energy_by_area = true;
    n->energy_fj = (struct tech_range){ n->area_um2.low * per / s->energy_spread[floats], n->area_um2.likely * per, n->area_um2.high * per * s->energy_spread[floats] };
}

static double flip_flops(const struct datapath *d)
{
    bool clocked = d->kind == DATAPATH_INT_DOT || d->kind == DATAPATH_FLOAT_DOT || d->kind == DATAPATH_FLOAT_EXACT || d->kind == DATAPATH_ADD_DOT ||
                   d->kind == DATAPATH_LUT_DOT;

    return clocked ? d->accumulator.bits : 0;
}

static void from_row(struct netlist *n, const struct synthesis *s, const struct synthesis_row *r)
{
    n->row = r;
    n->area_um2 = within(synthesis_area_45(s, r), synthesis_reference(r) ? 0 : r->library->area_spread);
    n->delay_ps = synthesis_reference(r) && r->delay_ps > 0 ? r->delay_ps : NAN;
    if (synthesis_reference(r) && r->energy_fj > 0)
        n->energy_fj = within(r->energy_fj, 0);
}

static bool from_formula(struct netlist *n, const struct synthesis *s, const struct datapath *what)
{
    double x[FORMULA_TERMS_MAX] = { 0 };

    for (int64_t i = 0; i < s->fits_count; i++) {
        const struct formula_fit *fit = &s->fits[i];
        const struct netlist_formula *f = fit->formula;

        if (!f->covers(what) || fit->rows < f->terms || isinf(fit->area_left_out))
            continue;
        f->fill(x, what);
        n->fit = fit;
        n->extrapolated = beyond(s, fit, x);
        n->area_um2 = within(fmax(sum(fit->area, x, f->terms), 0), fit->area_left_out);
        n->delay_ps = NAN;
        if (fit->energy_rows > energy_terms(f) && isfinite(fit->energy_left_out)) {
            energy_fill(f)(x, what);
            n->energy_fj = within(fmax(sum(fit->energy, x, energy_terms(f)), 0), fit->energy_left_out);
        }
        return n->area_um2.likely > 0;
    }
    return false;
}

static enum status plain(struct netlist *n, const struct synthesis *s, const struct datapath *what, struct error *err)
{
    const struct synthesis_row *row = synthesis_find(s, what);
    char text[160];

    *n = (struct netlist){ .delay_ps = NAN };
    if (row != NULL)
        from_row(n, s, row);
    else if (!from_formula(n, s, what))
        return error_plain(err, STATUS_INFEASIBLE, "no synthesis row and no formula gives '%s'; the rows are those of costmodel/tables/synthesis_*.csv and of --table", datapath_text(text, sizeof text, what));
    if (!(n->energy_fj.likely > 0))
        energy_by_area(n, s, what);
    n->clock_fj = flip_flops(what) * s->technology->register_clock_fj_45nm;
    n->leakage_nw = n->area_um2.likely * s->technology->leakage_nw_per_um2_45nm;
    return STATUS_OK;
}

static void exchange(struct tech_range *a, double old, double with, double spread)
{
    double by = with - old;

    a->likely += by;
    a->low += by / (1 + spread);
    a->high += by * (1 + spread);
}

/* The lookup of 8 entries with its multiplexer exchanged for a longer or shorter one. */
static enum status lookup(struct netlist *n, const struct synthesis *s, const struct datapath *what, struct error *err)
{
    struct datapath eight = *what, mux = { .kind = DATAPATH_LUT_SELECT, .k = 4, .activation = what->table, .weight = { .kind = NUMBER_INT, .bits = 1 }, .table = what->table, .planes = 1 };
    struct netlist old, with;
    enum status st;

    eight.k = 4;
    eight.full = false;
    if ((st = plain(n, s, &eight, err)) || (st = plain(&old, s, &mux, err)))
        return st;
    mux.k = what->k;
    mux.full = what->full;
    if ((st = plain(&with, s, &mux, err)))
        return st;
    double planes = what->planes > 1 ? what->planes : 1, per = n->energy_fj.likely / n->area_um2.likely;
    double spread = with.fit != NULL ? with.fit->area_left_out : with.row->library->area_spread;
    n->delay_ps = NAN; /* another multiplexer, another path */
    exchange(&n->area_um2, planes * old.area_um2.likely, planes * with.area_um2.likely, spread);
    exchange(&n->energy_fj, planes * old.area_um2.likely * per, planes * with.area_um2.likely * per, spread);
    n->leakage_nw = n->area_um2.likely * s->technology->leakage_nw_per_um2_45nm;
    return STATUS_OK;
}

enum status netlist_of(struct netlist *out, const struct synthesis *s, const struct datapath *what, struct error *err)
{
    if (what->kind == DATAPATH_LUT_DOT && (what->k != 4 || what->full) && synthesis_find(s, what) == NULL)
        return lookup(out, s, what, err);
    return plain(out, s, what, err);
}

void netlist_registers(struct netlist *out, const struct synthesis *s, double bits)
{
    const struct technology *t = s->technology;
    double um2 = bits * t->register_bit_gates * t->nand2_um2_45nm;

    *out = (struct netlist){ .area_um2 = within(um2, 0), .clock_fj = bits * t->register_clock_fj_45nm, .leakage_nw = um2 * t->leakage_nw_per_um2_45nm, .delay_ps = NAN };
}
