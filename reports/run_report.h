/* SPDX-License-Identifier: Apache-2.0 */
/** The report of one run: on a terminal, and as JSON. docs/results.md */
#ifndef LLMSIM_REPORTS_RUN_REPORT_H
#define LLMSIM_REPORTS_RUN_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "sim/run.h"

/** Names for the head of the report. */
struct report_head {
    const char *arch, *stack, *trace, *model, *recipe, *layout;
    bool cached;
};

struct report_style { int columns; bool colour; bool utf8; int rows_max; /* 0 = all */ };

void report_run_text(FILE *out, const struct result *r, const struct report_head *head, const struct report_style *style);
/** One JSON object, schema "llmsim.run/1". Same result, same bytes. */
enum status report_run_json(FILE *out, const struct result *r, const struct report_head *head, struct error *err);

#endif
