/* SPDX-License-Identifier: Apache-2.0 */
/** Errors of predictions by size: quantiles over half decades of the measured value. docs/validation.md, "Plots" */
#ifndef LLMSIM_VALIDATE_BANDS_H
#define LLMSIM_VALIDATE_BANDS_H

#include "validate/evaluate.h"

/** One half decade [10^(k/2), 10^((k+1)/2)) of the measured value. Errors are (predicted - measured) / measured. */
struct error_band {
    double centre;               /* 10^(k/2 + 1/4) */
    double low, median, high;    /* 10 %, 50 % and 90 % quantiles */
    int64_t rows;
};

/** Of the rows that were predicted and have a measured value, in order of size; half decades of fewer than `rows_min` rows are left out. */
enum status evaluation_bands(struct error_band **out, int64_t *count, const struct evaluated_row *const *rows, int64_t n, int64_t rows_min,
                             struct arena *arena, struct error *err);

#endif
