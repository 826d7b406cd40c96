/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals of runs (validate/run_interval.h). Errors within a kind of kernel are taken as fully dependent, between kinds as independent. Of two
 * runs, errors of one kind and one pair of formats are shared; of different formats, whose kernels are different programs, they are not. Left out:
 * that some kinds share causes (launch floors, DRAM), and errors of the stack's host times.
 */
#include "validate/run_interval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum part_kind { PART_GEMM, PART_LUT, PART_MOE, PART_ATTENTION, PART_STREAM, PART_COLLECTIVE, PART_HOST, PARTS };
static const char *const part_names[PARTS] = { "gemm", "lut_gemm", "moe", "attention", "elementwise", "collective", "host" };

/* PARTS: a row of a database that did not keep it. */
static enum part_kind kind_of(const struct breakdown_row *row)
{
    int k = 0;

    while (k < PARTS && (!row->kind || strcmp(part_names[k], row->kind) != 0))
        k++;
    return (enum part_kind)k;
}

enum { GROUP_MAX = 64, CLASSES_MAX = 48 };

/* "fp16 x int4g128 on tensor: ..." is of the class "fp16 x int4": groups of scales are not told apart by the residuals. */
static void formats_of(char group[GROUP_MAX], const char *note)
{
    const char *x = note ? strstr(note, " x ") : NULL, *on = x ? strstr(x, " on ") : NULL, *b = x ? x + 3 : NULL;
    size_t n = 0;

    if (!on || on - note >= GROUP_MAX)
        return;
    while (b + n < on && !(b[n] == 'g' && b[n + 1] >= '0' && b[n + 1] <= '9'))
        n++;
    snprintf(group, GROUP_MAX, "%.*s", (int)(b + n - note), note);
}

static void group_of(char group[GROUP_MAX], const struct breakdown_row *row, enum part_kind kind)
{
    group[0] = '\0';
    if (kind == PART_ATTENTION)
        snprintf(group, GROUP_MAX, "%s", row->phase == PHASE_DECODE ? "decode" : "prefill");
    else if (kind == PART_GEMM || kind == PART_LUT || kind == PART_MOE)
        formats_of(group, row->note);
}

/* Interval of one row. No one has measured a LUT unit: it gets the tensor cores' of other generations, spread. Host times are the stack's own. */
static bool row_interval(double *low, double *middle, double *high, bool *own, const struct residual_library *lib, const char *generation,
                         const struct breakdown_row *row, enum part_kind kind, const char *group)
{
    double launch_s = (double)row->time_ps * 1e-12 / (double)(row->count > 0 ? row->count : 1);

    *low = *middle = *high = 1.0;
    *own = true;
    if (kind == PART_HOST || kind == PARTS)
        return kind == PART_HOST;
    return interval_of(low, middle, high, own, lib, kind == PART_LUT ? "" : generation, part_names[kind == PART_LUT ? PART_GEMM : kind],
                       group, launch_s);
}

/* Rows of one kind and group: how far their quantiles lie from the middle. Picoseconds. */
struct spread_class { enum part_kind kind; char group[GROUP_MAX]; double below, above; };

/* Sums over the rows of a phase (all: -1): time, its middle, and classes. The last class takes what finds no room. */
struct spread { double time, middle; int count; struct spread_class classes[CLASSES_MAX]; bool known, own; };

static struct spread_class *class_of(struct spread *s, enum part_kind kind, const char *group)
{
    for (int i = 0; i < s->count; i++)
        if (s->classes[i].kind == kind && strcmp(s->classes[i].group, group) == 0)
            return &s->classes[i];
    if (s->count == CLASSES_MAX)
        return &s->classes[CLASSES_MAX - 1];
    struct spread_class *c = &s->classes[s->count++];
    *c = (struct spread_class){ .kind = kind };
    snprintf(c->group, sizeof c->group, "%s", group);
    return c;
}

static void spread_of(struct spread *out, const struct residual_library *lib, const char *generation, const struct result *r, int phase)
{
    *out = (struct spread){ .known = true, .own = true };
    for (int64_t i = 0; i < r->rows_count; i++) {
        const struct breakdown_row *row = &r->rows[i];
        enum part_kind kind = kind_of(row);
        double t = (double)row->time_ps, low, high, middle;
        char group[GROUP_MAX];
        bool own;

        if ((phase >= 0 && (int)row->phase != phase) || row->time_ps <= 0)
            continue;
        group_of(group, row, kind);
        if (!row_interval(&low, &middle, &high, &own, lib, generation, row, kind, group)) {
            out->known = false;
            return;
        }
        out->own = out->own && own;
        out->time += t;
        out->middle += t * middle;
        struct spread_class *c = class_of(out, kind, group);
        c->below += t * (middle - low);
        c->above += t * (high - middle);
    }
}

static void edges(double *low, double *high, const struct spread *s)
{
    double below = 0.0, above = 0.0;

    for (int k = 0; k < PARTS; k++) {
        double kind_below = 0.0, kind_above = 0.0;

        for (int i = 0; i < s->count; i++)
            if (s->classes[i].kind == (enum part_kind)k) {
                kind_below += s->classes[i].below;
                kind_above += s->classes[i].above;
            }
        below += kind_below * kind_below;
        above += kind_above * kind_above;
    }
    *low = s->time > 0.0 ? (s->middle - sqrt(below)) / s->time : 1.0;
    *high = s->time > 0.0 ? (s->middle + sqrt(above)) / s->time : 1.0;
    *low = *low > 0.0 ? *low : 0.0;
}

static void scaled(int64_t *low_ps, int64_t *high_ps, int64_t ps, const struct spread *s)
{
    double low, high;

    edges(&low, &high, s);
    *low_ps = (int64_t)((double)ps * low + 0.5);
    *high_ps = (int64_t)((double)ps * high + 0.5);
}

void run_interval(struct run_interval *out, const struct residual_library *lib, const char *generation, const struct result *r)
{
    struct spread all, prefill, decode;

    *out = (struct run_interval){ 0 };
    spread_of(&all, lib, generation, r, -1);
    spread_of(&prefill, lib, generation, r, PHASE_PREFILL);
    spread_of(&decode, lib, generation, r, PHASE_DECODE);
    if (!all.known || !(all.time > 0.0))
        return;
    out->known = true;
    out->own_generation = all.own;
    scaled(&out->time_low_ps, &out->time_high_ps, r->time_ps, &all);
    scaled(&out->ttft_low_ps, &out->ttft_high_ps, r->ttft_ps, prefill.time > 0.0 ? &prefill : &all);
    scaled(&out->tpot_low_ps, &out->tpot_high_ps, r->tpot_ps, decode.time > 0.0 ? &decode : &all);
}

static double half_width(const struct spread *s, const struct spread_class *c)
{
    return 0.5 * (c->below + c->above) / s->middle;
}

static const struct spread_class *twin_of(const struct spread *s, const struct spread_class *c)
{
    for (int i = 0; i < s->count; i++)
        if (s->classes[i].kind == c->kind && strcmp(s->classes[i].group, c->group) == 0)
            return &s->classes[i];
    return NULL;
}

/* Half width squared of the log of the ratio from the kernels of one kind: classes that both runs have cancel, those of one run alone do not. */
static double kind_variance(const struct spread *x, const struct spread *y, enum part_kind kind, bool shared)
{
    double both = 0.0, only_x = 0.0, only_y = 0.0;

    for (int i = 0; i < x->count; i++)
        if (x->classes[i].kind == kind) {
            const struct spread_class *twin = shared ? twin_of(y, &x->classes[i]) : NULL;

            if (twin)
                both += half_width(y, twin) - half_width(x, &x->classes[i]);
            else
                only_x += half_width(x, &x->classes[i]);
        }
    for (int i = 0; i < y->count; i++)
        if (y->classes[i].kind == kind && !(shared && twin_of(x, &y->classes[i])))
            only_y += half_width(y, &y->classes[i]);
    return both * both + only_x * only_x + only_y * only_y;
}

bool run_ratio_interval(double *low, double *high, const struct residual_library *lib, const char *generation_a, const struct result *a,
                        const char *generation_b, const struct result *b)
{
    struct spread x, y;
    bool shared = strcmp(generation_a, generation_b) == 0;
    double variance = 0.0, middle;

    spread_of(&x, lib, generation_a, a, -1);
    spread_of(&y, lib, generation_b, b, -1);
    if (!x.known || !y.known || !(x.time > 0.0) || !(y.time > 0.0))
        return false;
    for (int k = 0; k < PARTS; k++)
        variance += kind_variance(&x, &y, (enum part_kind)k, shared);
    middle = log(y.middle / x.middle);
    *low = exp(middle - sqrt(variance));
    *high = exp(middle + sqrt(variance));
    return true;
}
