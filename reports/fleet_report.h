/* SPDX-License-Identifier: Apache-2.0 */
/** A plan of a fleet and idealized runtimes: as tables, as JSON (schemas "llmsim.fleet/1", "llmsim.runtime/1"). docs/fleet.md */
#ifndef LLMSIM_REPORTS_FLEET_REPORT_H
#define LLMSIM_REPORTS_FLEET_REPORT_H

#include "base/json.h"
#include "costmodel/fleet.h"
#include "reports/run_report.h"
#include "sim/batch_rate.h"
#include "sim/ideal_runtime.h"

struct fleet_report {
    const char *model, *recipe, *stack;
    double tpot_limit_s;                   /* 0: none */
    const struct fleet_problem *problem;
    const char *const *price_sources;      /* [types] */
    const struct batch_rate *rates;        /* [types][buckets] */
    const struct fleet_plan *plan;
    const double *single_usd_per_hour;     /* [types]: cheapest plan of that type alone; NAN: it cannot */
};

void report_fleet_text(FILE *out, const struct fleet_report *r, const struct report_style *style);
void report_fleet_json(struct json *j, const struct fleet_report *r);

/** Idealized runtime of one size on one unit, and what it costs. */
struct runtime_row {
    const char *unit;
    int64_t devices, in_tokens, out_tokens;
    struct ideal_runtime runtime;
    double usd;                            /* time x price of all devices */
};

struct runtime_report {
    const char *model, *recipe, *stack;
    int64_t count;
    const struct runtime_row *rows;
};

void report_runtime_text(FILE *out, const struct runtime_report *r, const struct report_style *style);
void report_runtime_json(struct json *j, const struct runtime_report *r);

#endif
