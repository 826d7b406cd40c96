/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could explain that a kernel was measured at another time than predicted: a library that picked another mapping, or a value of the
 * description that is off (linear from its sensitivity: a hint of where to look, not a fit). A reading aid; nothing here changes a model.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/bounds.h"
#include "sim/explain.h"

static const double most_needed = 0.5;

static int by_need(const void *a, const void *b)
{
    const struct explain_needed *x = a, *y = b;
    double p = fabs(x->change), q = fabs(y->change);

    return p != q ? (p < q ? -1 : 1) : strcmp(x->path, y->path);
}

enum status explain_gap(struct explain_gap *out, const struct explanation *e, double measured_s, struct arena *arena, struct error *err)
{
    struct explain_needed *needed = arena_array(arena, (size_t)e->sensitivities_count + 1, sizeof *needed);
    int64_t count = 0;

    if (!needed)
        return error_no_memory(err);
    *out = (struct explain_gap){ .measured_s = measured_s, .needed = needed };
    for (int64_t i = 0; i < e->legal_count; i++)
        if (!out->closest || fabs(e->mappings[i].time_s - measured_s) < fabs(out->closest->time_s - measured_s))
            out->closest = &e->mappings[i];
    for (int64_t i = 0; i < e->sensitivities_count; i++) {
        const struct explain_sensitivity *s = &e->sensitivities[i];
        double change = (measured_s / e->timing.time_s - 1) / (10 * s->change);

        if (!s->moved && fabs(change) <= most_needed)
            needed[count++] = (struct explain_needed){ s->path, s->value, change };
    }
    qsort(needed, (size_t)count, sizeof *needed, by_need);
    out->needed_count = smaller(count, EXPLAIN_NEEDED_MAX);
    return STATUS_OK;
}
