/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted least squares by GSL. See relative_fit.h. */
#include "base/relative_fit.h"

#include <math.h>
#include <stdbool.h>

#include <gsl/gsl_multifit.h>

int relative_fit(double *c, const double *x, const double *y, int64_t count, int terms, double least_singular)
{
    size_t n = (size_t)count, p = (size_t)terms, rank = 0;
    double chisq;

    if (terms < 1 || count < terms)
        return 0;
    gsl_matrix *a = gsl_matrix_alloc(n, p), *covariance = gsl_matrix_alloc(p, p);
    gsl_vector *b = gsl_vector_alloc(n), *w = gsl_vector_alloc(n), *fitted = gsl_vector_alloc(p);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n, p);
    bool ok = a && covariance && b && w && fitted && work;

    for (size_t i = 0; ok && i < n; i++) {
        for (size_t t = 0; t < p; t++)
            gsl_matrix_set(a, i, t, x[i * p + t]);
        gsl_vector_set(b, i, y[i]);
        gsl_vector_set(w, i, y[i] != 0 ? 1 / (y[i] * y[i]) : 1);
    }
    ok = ok && gsl_multifit_wlinear_tsvd(a, w, b, least_singular, fitted, covariance, &chisq, &rank, work) == 0;
    for (size_t t = 0; ok && t < p; t++)
        c[t] = gsl_vector_get(fitted, t);
    gsl_multifit_linear_free(work);
    gsl_vector_free(fitted);
    gsl_vector_free(w);
    gsl_vector_free(b);
    gsl_matrix_free(covariance);
    gsl_matrix_free(a);
    return ok ? (int)rank : 0;
}

double relative_off(double fitted, double truth)
{
    return fitted > 0 ? fmax(fitted / truth, truth / fitted) - 1 : INFINITY;
}
