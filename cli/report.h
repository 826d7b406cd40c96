/* SPDX-License-Identifier: Apache-2.0 */
/** Inside `llmsim report`: its options, and what it makes. */
#ifndef LLMSIM_CLI_REPORT_H
#define LLMSIM_CLI_REPORT_H

#include "cli/report_source.h"
#include "reports/figure_kinds.h"

struct report_options {
    const char *table, *columns, *where, *sort, *format, *figure, *width, *x, *y, *value, *by, *title;
    struct text_list output;
    int64_t limit, digits;
    bool html, list;
};

/** One table in one format. */
enum status report_table(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err);

/** A figure in every file of --output, with its data and script beside it. */
enum status report_figure(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err);

/** The same of an iteration of training, the output of 'llmsim train --json'. */
enum status report_training_figure(const struct report_options *o, const char *path, struct arena *arena, struct error *err);

/** What the steps of a stored run hold in memory, by replaying it. STATUS_BAD_INPUT: its inputs are not what they were. */
enum status report_replay(struct figure_memory *out, const struct figure_run *run, struct store *from, const char *key, struct arena *arena, struct error *err);

/** One HTML page of runs. */
enum status report_html_page(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err);

#endif
