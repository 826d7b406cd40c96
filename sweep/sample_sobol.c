/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sobol' sequence (GSL: Antonov and Saleev's order, up to 40 dimensions; its numbers are multiples of a power of two and exact). `seed` skips
 * that many numbers. A sequence is walked from its start: asking for an earlier design than the last one starts again.
 */
#include <stdlib.h>

#include <gsl/gsl_qrng.h>

#include "sweep/sampler.h"

/* GSL's direction numbers have 30 bits: behind that many it returns nothing. */
enum { NUMBERS_MAX = (1 << 30) - 1 };

struct sampler { gsl_qrng *q; int64_t next; };

static int64_t count(const struct plan *plan) { return plan->points; }

static enum status open_sequence(struct sampler **out, const struct plan *plan, struct error *err)
{
    struct sampler *s;

    *out = NULL;
    if (plan->dimensions_count > 40)
        return error_plain(err, STATUS_BAD_INPUT, "%s: sobol takes up to 40 dimensions, found %lld", plan->path, (long long)plan->dimensions_count);
    if (plan->points > NUMBERS_MAX - plan->seed)
        return error_plain(err, STATUS_BAD_INPUT, "%s: sobol has %d numbers, found seed %lld and %lld points after it", plan->path, NUMBERS_MAX,
                           (long long)plan->seed, (long long)plan->points);
    if (!(s = calloc(1, sizeof *s)))
        return error_no_memory(err);
    if (plan->dimensions_count > 0 && !(s->q = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)plan->dimensions_count))) {
        free(s);
        return error_no_memory(err);
    }
    *out = s;
    return STATUS_OK;
}

static enum status at(int64_t *index, struct sampler *s, const struct plan *plan, int64_t i, struct error *err)
{
    double x[PLAN_NAMES_MAX];

    (void)err;
    if (!s->q)
        return STATUS_OK;
    if (i + plan->seed < s->next) {
        gsl_qrng_init(s->q);
        s->next = 0;
    }
    for (; s->next <= i + plan->seed; s->next++)
        gsl_qrng_get(s->q, x);
    for (int64_t d = 0; d < plan->dimensions_count; d++) {
        int64_t n = plan->dimensions[d].count, at = (int64_t)(x[d] * (double)n);
        index[d] = at < n ? at : n - 1;
    }
    return STATUS_OK;
}

static void close_sequence(struct sampler *s)
{
    if (s && s->q)
        gsl_qrng_free(s->q);
    free(s);
}

const struct sampler_type sampler_sobol = { .name = "sobol", .summary = "low-discrepancy sequence", .sized = true, .count = count, .open = open_sequence,
                                            .at = at, .close = close_sequence };
