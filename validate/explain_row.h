/* SPDX-License-Identifier: Apache-2.0 */
/** One measured row for `llmsim explain`: its prediction, and the kernel behind it under the row's harness. docs/explain.md */
#ifndef LLMSIM_VALIDATE_EXPLAIN_ROW_H
#define LLMSIM_VALIDATE_EXPLAIN_ROW_H

#include "validate/predict.h"

struct explained_row {
    struct prediction prediction;   /* of the row, as `validate` makes it */
    struct prediction_watch seen;   /* its longest kernel, with the context it was timed in */
    const struct harness *harness;
    const char *place;              /* "gemm.csv:17" */
    double measured_s;              /* 0: empty, or the row measures no time */
    double predicted_s;             /* of the row: kernels and what the harness's clock holds beside them */
};

/** Row at `line` (the header is 1) of a file of measurements. `p` is open and not in use; what `out` points to lives in it and in `arena`.
 *  STATUS_BAD_INPUT: no such line, a row that holds no kernel (a whole run), or whatever the row's kind says. */
enum status explain_row(struct explained_row *out, const char *path, int64_t line, struct predictor *p, struct arena *arena, struct error *err);

#endif
