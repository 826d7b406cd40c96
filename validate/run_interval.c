/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intervals of runs (validate/run_interval.h). Errors within a kind of kernel are taken as fully dependent, between kinds as independent. Left out:
 * that some kinds share causes (launch floors, DRAM), and errors of the stack's host times.
 */
#include "validate/run_interval.h"

#include <math.h>
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

static const char *group_of(const struct breakdown_row *row, enum part_kind kind)
{
    return kind == PART_ATTENTION ? row->phase == PHASE_DECODE ? "decode" : "prefill" : "";
}

/* Interval of one row. No one has measured a LUT unit: it gets the tensor cores' of other generations, spread. Host times are the stack's own. */
static bool row_interval(double *low, double *middle, double *high, bool *own, const struct residual_library *lib, const char *generation,
                         const struct breakdown_row *row, enum part_kind kind)
{
    double launch_s = (double)row->time_ps * 1e-12 / (double)(row->count > 0 ? row->count : 1);

    *low = *middle = *high = 1.0;
    *own = true;
    if (kind == PART_HOST || kind == PARTS)
        return kind == PART_HOST;
    return interval_of(low, middle, high, own, lib, kind == PART_LUT ? "" : generation, part_names[kind == PART_LUT ? PART_GEMM : kind],
                       group_of(row, kind), launch_s);
}

/* Sums over the rows of a phase (all: -1): time, its middle, and by kind how far the quantiles lie from the middle. Picoseconds. */
struct spread { double time, middle, below[PARTS], above[PARTS]; bool known, own; };

static void spread_of(struct spread *out, const struct residual_library *lib, const char *generation, const struct result *r, int phase)
{
    *out = (struct spread){ .known = true, .own = true };
    for (int64_t i = 0; i < r->rows_count; i++) {
        const struct breakdown_row *row = &r->rows[i];
        enum part_kind kind = kind_of(row);
        double t = (double)row->time_ps, low, high, middle;
        bool own;

        if ((phase >= 0 && (int)row->phase != phase) || row->time_ps <= 0)
            continue;
        if (!row_interval(&low, &middle, &high, &own, lib, generation, row, kind)) {
            out->known = false;
            return;
        }
        out->own = out->own && own;
        out->time += t;
        out->middle += t * middle;
        out->below[kind] += t * (middle - low);
        out->above[kind] += t * (high - middle);
    }
}

static void edges(double *low, double *high, const struct spread *s)
{
    double below = 0.0, above = 0.0;

    for (int k = 0; k < PARTS; k++) {
        below += s->below[k] * s->below[k];
        above += s->above[k] * s->above[k];
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
    for (int k = 0; k < PARTS; k++) { /* half widths of the log of each run's time */
        double wx = 0.5 * (x.below[k] + x.above[k]) / x.middle, wy = 0.5 * (y.below[k] + y.above[k]) / y.middle;

        variance += shared ? (wy - wx) * (wy - wx) : wx * wx + wy * wy;
    }
    middle = log(y.middle / x.middle);
    *low = exp(middle - sqrt(variance));
    *high = exp(middle + sqrt(variance));
    return true;
}
