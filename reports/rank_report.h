/* SPDX-License-Identifier: Apache-2.0 */
/** A ranking: as a table, as JSON (schema "llmsim.rank/1"). docs/rank.md */
#ifndef LLMSIM_REPORTS_RANK_REPORT_H
#define LLMSIM_REPORTS_RANK_REPORT_H

#include "base/json.h"
#include "costmodel/rank.h"
#include "costmodel/rank_metric.h"
#include "reports/run_report.h"
#include "sim/run_diff.h"

struct rank_line {
    struct report_head head;               /* names of its inputs */
    const char *fidelity;
    char key[9];                           /* first digits */
    double score, values[RANK_METRICS_MAX];
    bool ratio_known;                      /* 80 % interval of its time over the first one's */
    double ratio, ratio_low, ratio_high;
};

/** How far the first place rests on prices: it keeps it up to `usd_per_hour` an hour of one device, all other prices as they are. */
struct rank_price {
    const char *device, *date;
    struct tech_range usd_per_hour;
    double first_until_usd_per_hour;       /* INFINITY: at any price (no other device follows) */
};

struct rank_report {
    int64_t designs, ranked;               /* read; with all the metrics, or on the front */
    int64_t metrics_count;
    const struct rank_metric *const *metrics;
    const double *weights;                 /* [metrics]; NULL: a Pareto front */
    int64_t count;
    const struct rank_line *lines;         /* best first, not all of them */
    int64_t ties;                          /* of the lines, but the first, whose time may be the first one's; -1: not known */
    const char *no_rows;                   /* why the time of a line could not be taken apart; NULL: nothing was in the way */
    const struct run_diff *why;            /* second against first; NULL: not kept */
    const struct rank_price *price;        /* NULL: prices do not matter */
    bool mixed_traces;
};

void report_rank_text(FILE *out, const struct rank_report *r, const struct report_style *style);
void report_rank_json(struct json *j, const struct rank_report *r);

#endif
