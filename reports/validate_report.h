/* SPDX-License-Identifier: Apache-2.0 */
/** Predictions held against measurements: as a table, as CSV (every row), as JSON (schema "llmsim.validate/1"). docs/validation.md */
#ifndef LLMSIM_REPORTS_VALIDATE_REPORT_H
#define LLMSIM_REPORTS_VALIDATE_REPORT_H

#include "base/json.h"
#include "base/textfile.h"
#include "reports/run_report.h"
#include "validate/evaluate.h"

struct validate_report {
    const struct evaluation *evaluation;
    const struct error_statistics *groups, *all;
    int64_t groups_count;
    const char *const *by;
    int by_count;
    const char *fidelity;
};

/** Table of groups, the worst rows, and misses by reason. */
void report_validate_text(FILE *out, const struct validate_report *r, const struct report_style *style);
/** Every selected row: its input columns as they were, then predicted_us (or predicted), error_pct, low, high, mapping, bound, simulated_fraction, extrapolation_error, reason.
 *  Rows of all files must be of one kind and header: else STATUS_BAD_INPUT. */
enum status report_validate_csv(const char *path, const struct validate_report *r, struct error *err);
void report_validate_json(struct json *j, const struct validate_report *r);

#endif
