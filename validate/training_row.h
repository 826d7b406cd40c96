/* SPDX-License-Identifier: Apache-2.0 */
/** What rows of training time and of training memory share: a row's layout, its model and the run's result. docs/training.md, "Rows" */
#ifndef LLMSIM_VALIDATE_TRAINING_ROW_H
#define LLMSIM_VALIDATE_TRAINING_ROW_H

#include "sim/training.h"
#include "validate/predict.h"

/** Reads the row and runs it. Unknown recomputation counts as none, a precision that is not stated ("?") as fp8, one of no known name as bf16. */
enum status training_row_run(struct training_result *out, struct training_spec *spec, const struct row *row, const struct harness *harness,
                             struct predictor *p, struct arena *arena, struct error *err);

/** What was assumed about the cluster or the precision of a row that was run; NULL: nothing. */
const char *training_row_note(const struct training_spec *spec, const struct row *row);

/** `metric` of a result in `unit`; STATUS_BAD_INPUT when either is unknown. */
enum status training_metric(double *out, const struct training_result *r, const struct training_spec *spec, const struct row *row, struct error *err);

/** Fills timing and bound of a prediction. */
void training_prediction(struct prediction *out, const struct training_result *r);

#endif
