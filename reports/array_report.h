/* SPDX-License-Identifier: Apache-2.0 */
/** Arrays of datapaths side by side: area, power, density, each over the first row's. As a table, as CSV, as JSON (schema "llmsim.datapath/1"). docs/datapaths.md */
#ifndef LLMSIM_REPORTS_ARRAY_REPORT_H
#define LLMSIM_REPORTS_ARRAY_REPORT_H

#include "base/json.h"
#include "costmodel/array.h"
#include "reports/run_report.h"

struct array_row {
    struct array_design design;
    struct array_cost cost;
};

struct array_report {
    const struct array_row *rows;
    int64_t count;
    double node_nm, clock_hz;
};

void report_array_text(FILE *out, const struct array_report *r, const struct report_style *style);
void report_array_csv(FILE *out, const struct array_report *r);
void report_array_json(struct json *j, const struct array_report *r);

#endif
