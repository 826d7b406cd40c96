/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fitting of the few free parameters that a generation declares (`calibrate:`) to measured rows. docs/calibration.md
 *
 * Minimised: sum over rows of rho(log(predicted / measured)), rho Cauchy's loss (scale 0.1) by iterated reweighting, over coordinates in which the
 * bounds lie at infinity, each with a weak prior at the description's value; Levenberg-Marquardt of GSL with finite differences wide enough to step over changes of the picked kernel.
 */
#ifndef LLMSIM_VALIDATE_CALIBRATE_H
#define LLMSIM_VALIDATE_CALIBRATE_H

#include "validate/evaluate.h"

enum { CALIBRATE_PARAMETERS_MAX = 12, CALIBRATE_CLOCKS_MAX = 12, CALIBRATE_FREE_MAX = CALIBRATE_PARAMETERS_MAX + CALIBRATE_CLOCKS_MAX, CALIBRATE_FOLDS_MAX = 16 };

/** One free parameter, in the unit in which it is declared. */
struct free_parameter {
    const char *key, *unit, *means;
    const char *clock_source, *clock_device; /* NULL, but of a clock: prefix of the source column, and whose (validate/harness.h) */
    double low, high, start;         /* start: the description's value */
    double value;                    /* fitted */
    double low80, high80;            /* 80 % confidence interval, cut at the bounds; from the curvature at the optimum */
    const char *remark;              /* "", "at its bound", "not identifiable from these rows", "moves with KEY" */
};

struct calibration {
    const char *device, *generation;
    bool clocks_only;                /* of the options */
    int64_t count;
    struct free_parameter parameters[CALIBRATE_FREE_MAX]; /* declared ones, then clocks */
    int64_t rows_used;               /* of the fit, after thinning */
    double error_before, error_after; /* mean |predicted/measured - 1| on the rows used */
    int64_t folds;                   /* of the cross-validation; 0: none */
    double fold_error[CALIBRATE_FOLDS_MAX], fold_error_before[CALIBRATE_FOLDS_MAX]; /* on the rows left out, whole */
    int64_t fold_rows[CALIBRATE_FOLDS_MAX];
    double fold_values[CALIBRATE_FOLDS_MAX][CALIBRATE_FREE_MAX]; /* of the parameters, as fitted without the fold's rows */
};

/** Values of a fit that were kept: by a parameter's key, in the unit of its bounds. */
struct fold_fit {
    int64_t count;
    const char *keys[CALIBRATE_FREE_MAX];
    double values[CALIBRATE_FREE_MAX];
};

struct calibrate_options {
    int64_t rows;                    /* thinned to about so many, evenly; 0 = all */
    int64_t folds;                   /* 0 = no cross-validation */
    bool by_shape;                   /* folds leave out shapes also where rows name models */
    bool folds_only;                 /* no fit of all rows */
    bool clocks_only;                /* the generation's parameters stay as they are shipped; only clocks of sources are fitted */
    const struct fold_fit *kept;     /* [folds]: predict by these instead of fitting; NULL: fit */
    const volatile sig_atomic_t *stop;
};

/** Declared free parameters of a device. STATUS_BAD_INPUT: none, too many, wrong bounds or units, or a value that the device's own file sets. */
enum status calibrate_declared(struct calibration *out, const struct hardware *hw, struct arena *arena, struct error *err);

/**
 * Fits, from the generation as it is without data (predictor_uncalibrate; with clocks_only as it ships). `e` holds the rows (evaluation_read), of which those of the device's generation with a measured value count. With folds, each fold leaves
 * out a whole model (sources that name one) or a third of the shapes (half with two folds), fits on the rest, and its rows get the left-out
 * prediction in e->rows[].value and their fold; e->rows[].selected tells which rows counted. STATUS_BAD_INPUT: too few rows; a kept fit lacks a value.
 */
enum status calibrate(struct calibration *out, struct evaluation *e, const char *device, const struct calibrate_options *o, struct arena *arena,
                      struct error *err);

/** STATUS_BAD_INPUT when a row of `judge` stands in `fit` too (same text but for the measured value); names both places. */
enum status calibrate_disjoint(const struct evaluation *fit, const struct evaluation *judge, struct error *err);

/** The fitted values as a calibration file (arch/calibration/). `rows`: text of what it was fitted on. */
enum status calibrate_write(const char *path, const struct calibration *c, const char *rows, struct error *err);

/** Replaces the clocks of this fit's pairs of source and device in a file of clocks (validate/clocks.yaml; absent: made). */
enum status calibrate_write_clocks(const char *path, const struct calibration *c, struct arena *arena, struct error *err);

#endif
