/* SPDX-License-Identifier: Apache-2.0 */
/** Curves of microbenchmarks: as a table with bars, as CSV, as JSON (schema "llmsim.probe/1"). docs/probe.md */
#ifndef LLMSIM_REPORTS_PROBE_REPORT_H
#define LLMSIM_REPORTS_PROBE_REPORT_H

#include "base/error.h"
#include "base/json.h"
#include "base/textfile.h"
#include "reports/run_report.h"
#include "sim/probe.h"

void report_probe_text(FILE *out, const struct probe_curve *curve, const struct report_style *style);
/** One row a point: probe, x name, x, y name, y. The caller writes the header line with report_probe_csv_head(). */
void report_probe_csv_head(struct outfile *out);
void report_probe_csv(struct outfile *out, const struct probe_curve *curve);
/** One member of an open object: its points as [x, y] pairs. */
void report_probe_json(struct json *j, const struct probe_curve *curve);

#endif
