/* SPDX-License-Identifier: Apache-2.0 */
/** What a chip costs in silicon and money, and what tokens cost on it: as tables, as JSON (schema "llmsim.cost/1"). docs/cost.md */
#ifndef LLMSIM_REPORTS_COST_REPORT_H
#define LLMSIM_REPORTS_COST_REPORT_H

#include "arch/prices.h"
#include "base/json.h"
#include "costmodel/manufacture.h"
#include "costmodel/serving_cost.h"
#include "reports/run_report.h"

/** All that is known of one device; what is NULL is left out. */
struct cost_report {
    const struct hardware *hw;
    const struct technology *technology;
    const struct arch_floorplan *plan;
    const struct die_area *die;
    const struct manufacture *made;
    const struct device_price *price;    /* NULL: not in the price list */
    const struct result *run;            /* NULL: no run was given */
    const char *run_trace;
    const struct serving_cost *serving;  /* of the run; NULL without one */
};

void report_cost_text(FILE *out, const struct cost_report *r, const struct report_style *style);
void report_cost_json(struct json *j, const struct cost_report *r);

#endif
