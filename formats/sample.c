/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of sample.h. */
#include "formats/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/nearest.h"
#include "base/num.h"

static const char *const names[] = { "gaussian", "laplace", "student_t", "uniform", "outlier", "lowrank" };
static const enum sample_kind kinds[] = { SAMPLE_GAUSSIAN, SAMPLE_LAPLACE, SAMPLE_STUDENT_T, SAMPLE_UNIFORM, SAMPLE_OUTLIER, SAMPLE_LOWRANK };

static enum status parameter(double *out, const char **p, double low, double high, const char *what, struct error *err)
{
    char number[NUM_TEXT_MAX];
    size_t n;

    if (**p != ':')
        return error_plain(err, STATUS_BAD_INPUT, "distribution without its %s, expected ':' and a number", what);
    n = strcspn(*p + 1, ":");
    snprintf(number, sizeof number, "%.*s", (int)(n < sizeof number ? n : sizeof number - 1), *p + 1);
    if (num_parse_double(out, number) != 0 || !(*out > low && *out <= high))
        return error_plain(err, STATUS_BAD_INPUT, "%s '%s' of a distribution, expected above %g and at most %g", what, number, low, high);
    *p += 1 + n;
    return STATUS_OK;
}

enum status sample_parse(struct sample *out, const char *text, uint64_t seed, struct error *err)
{
    struct sample s = { .share = 0.01, .factor = 20, .seed = seed };
    size_t n = strcspn(text, ":"), i;
    const char *p = text + n, *near;
    enum status st = STATUS_OK;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == n && memcmp(text, names[i], n) == 0)
            break;
    if (i == sizeof names / sizeof names[0]) {
        near = nearest_name(text, names, i);
        return error_plain(err, STATUS_BAD_INPUT, "unknown distribution '%s', expected gaussian, laplace, uniform, student_t:NU, outlier[:SHARE:FACTOR] or lowrank[:RANK:SHARE]%s%s%s", text,
                           near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
    }
    s.kind = kinds[i];
    if (s.kind == SAMPLE_STUDENT_T)
        st = parameter(&s.nu, &p, 0, 1e6, "degrees of freedom", err);
    else if (s.kind == SAMPLE_OUTLIER && *p != '\0' && (st = parameter(&s.share, &p, 0, 1, "share", err)) == STATUS_OK)
        st = parameter(&s.factor, &p, 0, 1e6, "factor", err);
    else if (s.kind == SAMPLE_LOWRANK) {
        double rank = 16;

        s.share = 0.9;
        if (*p != '\0' && (st = parameter(&rank, &p, 0, SAMPLE_RANK_MAX, "rank", err)) == STATUS_OK)
            st = parameter(&s.share, &p, 0, 1, "share", err);
        if (st == STATUS_OK && rank != floor(rank))
            st = error_plain(err, STATUS_BAD_INPUT, "rank %g of a distribution, expected a whole number", rank);
        s.rank = (int)rank;
    }
    if (st == STATUS_OK && *p != '\0')
        st = error_plain(err, STATUS_BAD_INPUT, "'%s' after distribution '%s'", p, names[i]);
    if (st == STATUS_OK)
        *out = s;
    return st;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Within (0, 1), 53 bits. */
static double uniform(uint64_t seed, uint64_t counter)
{
    return ((double)(mix(mix(seed) + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 11) + 0.5) * 0x1p-53;
}

static double one(const struct sample *s, double u, int64_t at, int64_t cols)
{
    switch (s->kind) {
    case SAMPLE_GAUSSIAN: return gsl_cdf_ugaussian_Pinv(u);
    case SAMPLE_LAPLACE: return (u < 0.5 ? log(2 * u) : -log(2 * (1 - u))) / sqrt(2);
    case SAMPLE_STUDENT_T: return gsl_cdf_tdist_Pinv(u, s->nu);
    case SAMPLE_UNIFORM: return 2 * u - 1;
    case SAMPLE_OUTLIER:
    case SAMPLE_LOWRANK: break;
    }
    /* columns are drawn by a stream of their own */
    return gsl_cdf_ugaussian_Pinv(u) * (uniform(s->seed ^ UINT64_C(0x6f75746c69657273), (uint64_t)(at % cols)) < s->share ? s->factor : 1);
}

/* A row's factors, and how a column mixes them: streams of their own. */
static void factors(double *z, const struct sample *s, int64_t row)
{
    for (int r = 0; r < s->rank; r++)
        z[r] = gsl_cdf_ugaussian_Pinv(uniform(s->seed ^ UINT64_C(0x666163746f7273), (uint64_t)(row * s->rank + r)));
}

static double mixed(const double *z, const struct sample *s, int64_t col)
{
    double sum = 0;

    for (int r = 0; r < s->rank; r++)
        sum += uniform(s->seed ^ UINT64_C(0x6c6f6164696e67), (uint64_t)(col * s->rank + r)) < 0.5 ? -z[r] : z[r];
    return sum;
}

static void fill_lowrank(float *values, const struct sample *s, int64_t first, int64_t n, int64_t cols)
{
    double z[SAMPLE_RANK_MAX], own = sqrt(1 - s->share), common = sqrt(s->share / s->rank);

    for (int64_t i = 0; i < n; i++) {
        int64_t at = first + i;

        if (i == 0 || at % cols == 0)
            factors(z, s, at / cols);
        values[i] = (float)(own * gsl_cdf_ugaussian_Pinv(uniform(s->seed, (uint64_t)at)) + common * mixed(z, s, at % cols));
    }
}

void sample_fill(float *values, const struct sample *s, int64_t first, int64_t n, int64_t cols)
{
    if (s->kind == SAMPLE_LOWRANK) {
        fill_lowrank(values, s, first, n, cols);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        values[i] = (float)one(s, uniform(s->seed, (uint64_t)(first + i)), first + i, cols);
}
