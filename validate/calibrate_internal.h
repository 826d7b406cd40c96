/* SPDX-License-Identifier: Apache-2.0 */
/** Parts of the fit (validate/calibrate.h): its rows, its files. */
#ifndef LLMSIM_VALIDATE_CALIBRATE_INTERNAL_H
#define LLMSIM_VALIDATE_CALIBRATE_INTERNAL_H

#include "validate/calibrate.h"

/* Fewer rows of a source and a device do not tell its clock: of single kernels, of training iterations, which are sums of thousands of them. */
enum { CALIBRATE_CLOCK_KERNELS_MIN = 100, CALIBRATE_CLOCK_ITERATIONS_MIN = 40 };

/** Rows of devices of hw's generation that have a measured value and that the description predicts as it stands; `out` has room for e->count. */
size_t calibrate_usable_rows(struct evaluated_row **out, struct evaluation *e, const struct hardware *hw, struct predictor *p);

/** Every k-th row, so that about `want` stay (0: all). */
size_t calibrate_thin(struct evaluated_row **out, struct evaluated_row **rows, size_t n, int64_t want);

/** Fold of each row: its model where the source names one and others are there, else a third of the shapes (half of them with two folds). by_shape:
 *  always shapes. */
void calibrate_folds(int64_t *fold, struct evaluated_row **rows, size_t n, int64_t folds, bool by_shape);

/** Adds the one free clock of each source and device of the rows. */
enum status calibrate_clocks(struct calibration *c, struct evaluated_row **rows, size_t n, struct predictor *p, struct arena *arena, struct error *err);

#endif
