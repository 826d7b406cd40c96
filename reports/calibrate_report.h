/* SPDX-License-Identifier: Apache-2.0 */
/** A calibration as a table and as JSON (schema "llmsim.calibrate/1"). docs/calibration.md */
#ifndef LLMSIM_REPORTS_CALIBRATE_REPORT_H
#define LLMSIM_REPORTS_CALIBRATE_REPORT_H

#include "base/json.h"
#include "reports/run_report.h"
#include "validate/calibrate.h"

void report_calibrate_text(FILE *out, const struct calibration *c, const struct report_style *style);
void report_calibrate_json(struct json *j, const struct calibration *c);

#endif
