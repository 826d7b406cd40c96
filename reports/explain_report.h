/* SPDX-License-Identifier: Apache-2.0 */
/** Why a kernel takes as long as it does: on a terminal, and as JSON (schema "llmsim.explain/1"). docs/explain.md */
#ifndef LLMSIM_REPORTS_EXPLAIN_REPORT_H
#define LLMSIM_REPORTS_EXPLAIN_REPORT_H

#include "reports/run_report.h"
#include "sim/explain.h"
#include "validate/explain_row.h"

/** What was asked. */
struct explain_head {
    const char *arch, *stack, *recipe, *trace; /* trace NULL: a bare shape */
    const struct explain_found *found;         /* with a trace, else NULL */
    const struct explained_row *row;           /* of measurements, else NULL */
    const struct explain_gap *gap;             /* of that row's kernel; NULL where nothing was measured */
};

void report_explain_text(FILE *out, const struct explanation *e, const struct explain_head *head, const struct report_style *style);

/** STATUS_INTERNAL: the stream failed. */
enum status report_explain_json(FILE *out, const struct explanation *e, const struct explain_head *head, struct error *err);

/** "264 x 7680 x 5120", "4 x (1024 new of 1024), 32 heads of 128": sizes of a kernel. */
const char *report_kernel_shape(char *out, size_t bytes, const struct kernel *k);

#endif
