/* SPDX-License-Identifier: Apache-2.0 */
/** The report of one run: on a terminal, and as JSON. docs/results.md */
#ifndef LLMSIM_REPORTS_RUN_REPORT_H
#define LLMSIM_REPORTS_RUN_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "reports/text.h"
#include "sim/run.h"
#include "validate/run_interval.h"

/** What was run, as names. */
struct report_head {
    const char *arch, *arch_summary; /* summary may be NULL */
    const char *stack, *trace, *model, *recipe, *layout;
    const char *mapping;             /* "picked" or "best" */
    const char *overrides;           /* of `--set`, or NULL */
    const struct run_interval *interval; /* 80 % error bars; NULL or unknown: none are shown */
    bool cached;                     /* found in the database; stands in the text report only: the JSON is the same bytes */
};

/** A short report: what was run, times, energy, memory, where the time went, the gap to the best mappings, warnings. */
void report_run_text(FILE *out, const struct result *r, const struct report_head *head, const struct report_style *style);

/** One JSON object, schema "llmsim.run/1". Same result, same bytes. STATUS_INTERNAL: the stream failed. */
enum status report_run_json(FILE *out, const struct result *r, const struct report_head *head, struct error *err);

/**
 * Reads what report_run_json() wrote: rows, parts and times exactly, names of the inputs. Energy, memory and events stay as far as the
 * file has them. STATUS_BAD_INPUT with place: not such a file, an unknown phase or cause, times that do not sum.
 */
enum status report_run_read(struct result *out, struct report_head *head, const char *path, struct arena *arena, struct error *err);

#endif
