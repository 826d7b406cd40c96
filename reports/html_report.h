/* SPDX-License-Identifier: Apache-2.0 */
/** Runs as one HTML page that loads nothing: a table, and with scripts a plot and breakdowns. Its parts: reports/html/. docs/reports.md */
#ifndef LLMSIM_REPORTS_HTML_REPORT_H
#define LLMSIM_REPORTS_HTML_REPORT_H

#include "reports/fold.h"
#include "reports/table.h"

struct html_column {
    struct table_column as;
    const char *help;
    bool shown;                      /* in the table; the others are for the plot and the filter */
    bool common;                     /* all runs have the same text: said once above the table */
    bool up;                         /* more of it is better */
};

/** Time of one phase and role. */
struct html_role {
    enum phase phase;
    const char *role;
    int64_t parts_ps[CAUSES];
};

struct html_run {
    struct table_cell *cells;        /* [columns_count] */
    const char *label;               /* what tells it from the others */
    const struct html_role *roles;
    int64_t roles_count;             /* 0: not known */
};

struct html_page {
    const char *title;
    const struct html_column *columns;
    int columns_count;
    const struct html_run *runs;
    int64_t runs_count;
    const char *x, *y, *by;          /* columns of the plot at first: x and y numbers, by a text */
    int digits;                      /* significant ones in the table; the data beside it has all */
};

/** Any byte may stand in the names: nothing of them becomes markup or script. Same page, same bytes. */
void report_html(struct outfile *out, const struct html_page *page);

#endif
