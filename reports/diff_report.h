/* SPDX-License-Identifier: Apache-2.0 */
/** The difference of two runs: on a terminal, and as JSON (schema "llmsim.diff/1"). docs/diff.md */
#ifndef LLMSIM_REPORTS_DIFF_REPORT_H
#define LLMSIM_REPORTS_DIFF_REPORT_H

#include "reports/run_report.h"
#include "sim/run_diff.h"

struct diff_view {
    const struct result *a, *b;
    const struct report_head *head_a, *head_b;
    const struct run_diff *diff;
    bool ratio_known;                /* 80 % interval of time(b) / time(a), errors of shared kinds cancelled (docs/intervals.md) */
    double ratio_low, ratio_high;
};

void report_diff_text(FILE *out, const struct diff_view *view, const struct report_style *style);

/** STATUS_INTERNAL: the stream failed. */
enum status report_diff_json(FILE *out, const struct diff_view *view, struct error *err);

#endif
