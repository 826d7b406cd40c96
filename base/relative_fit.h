/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Linear least squares of relative errors: c minimises sum_i ((c . x_i - y_i) / y_i)^2, that is weights 1 / y^2 (1 where y is 0). By GSL's singular
 * values, columns balanced; the same rows in the same order give the same digits.
 */
#ifndef LLMSIM_BASE_RELATIVE_FIT_H
#define LLMSIM_BASE_RELATIVE_FIT_H

#include <stdint.h>

/**
 * x[count][terms], y[count], c[terms]. Singular values below `least_singular` times the largest count as none.
 * @return how many combinations of coefficients the rows determine: `terms` when all; 0: too few rows, or no memory.
 */
int relative_fit(double *c, const double *x, const double *y, int64_t count, int terms, double least_singular);

/**
 * Error of a fitted value as a factor either way, less 1: max(fitted / truth, truth / fitted) - 1, so that [fitted / (1 + e), fitted (1 + e)] holds the
 * truth and half of it is as wrong as twice. Infinite where the fit gives no positive value. `truth` > 0.
 */
double relative_off(double fitted, double truth);

#endif
