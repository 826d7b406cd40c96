/* SPDX-License-Identifier: Apache-2.0 */
/* Errors by half decade (validate/bands.h). */
#include "validate/bands.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

struct placed { int half_decade; double error; };

static int compare(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;

    if (x->half_decade != y->half_decade)
        return x->half_decade < y->half_decade ? -1 : 1;
    return x->error < y->error ? -1 : x->error > y->error;
}

enum status evaluation_bands(struct error_band **out, int64_t *count, const struct evaluated_row *const *rows, int64_t n, int64_t rows_min,
                             struct arena *arena, struct error *err)
{
    struct placed *placed = arena_array(arena, (size_t)n + 1, sizeof *placed);
    struct error_band *bands = arena_array(arena, (size_t)n + 1, sizeof *bands);
    int64_t judged = 0;

    *count = 0;
    *out = bands;
    if (!placed || !bands)
        return error_no_memory(err);
    for (int64_t i = 0; i < n; i++)
        if (evaluated_row_judged(rows[i]))
            placed[judged++] = (struct placed){ (int)floor(2.0 * log10(rows[i]->measured)), rows[i]->value / rows[i]->measured - 1.0 };
    qsort(placed, (size_t)judged, sizeof *placed, compare);
    for (int64_t first = 0, last; first < judged; first = last) {
        const double *errors = &placed[first].error;
        size_t stride = sizeof *placed / sizeof(double), m;

        for (last = first + 1; last < judged && placed[last].half_decade == placed[first].half_decade; last++)
            ;
        m = (size_t)(last - first);
        if (last - first < rows_min)
            continue;
        bands[(*count)++] = (struct error_band){ pow(10.0, 0.5 * placed[first].half_decade + 0.25),
                                                 gsl_stats_quantile_from_sorted_data(errors, stride, m, 0.1),
                                                 gsl_stats_median_from_sorted_data(errors, stride, m),
                                                 gsl_stats_quantile_from_sorted_data(errors, stride, m, 0.9), (int64_t)m };
    }
    return STATUS_OK;
}
