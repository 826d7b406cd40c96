/* SPDX-License-Identifier: Apache-2.0 */
/** Runs of a database as designs to be ranked: their ids, and the values of the chosen metrics. */
#ifndef LLMSIM_CLI_RANK_ROWS_H
#define LLMSIM_CLI_RANK_ROWS_H

#include "arch/prices.h"
#include "costmodel/rank.h"
#include "costmodel/rank_metric.h"
#include "store/store.h"

/** A hardware description of the database. */
struct rank_arch {
    int64_t id;
    const char *name;                /* NULL: none is kept */
    const struct hardware *hw;       /* NULL: not read yet, or it cannot be made again */
    bool read, measured;             /* hw; area_mm2 */
    struct tech_range usd_per_hour;  /* of one device; NaN: no price */
    const char *price_date;
    double area_mm2;                 /* NaN: no floorplan */
};

struct rank_rows {
    const struct rank_metric *metrics[RANK_METRICS_MAX];
    struct rank_table table;         /* values in malloc()'d memory */
    int64_t *run_ids, *arch_index;   /* [count], malloc()'d */
    double *values;
    int64_t archs_count;
    struct rank_arch *archs;         /* [archs_count], by id */
    int64_t trace_id;                /* of the first row */
    bool mixed_traces;               /* rows are of different workloads */
};

/** metrics[count] are set by the caller in out->metrics and out->table.metrics. `where`: filter of store/query.h; NULL: all. */
enum status rank_rows_load(struct rank_rows *out, struct store *store, const char *where, const struct prices *prices, struct arena *arena,
                           struct error *err);
/** Hardware of archs[index], read when it is first asked for; *out NULL: it cannot be made again. */
enum status rank_rows_hardware(const struct hardware **out, struct rank_rows *rows, int64_t index, struct store *store, struct arena *arena, struct error *err);
void rank_rows_free(struct rank_rows *rows);

#endif
