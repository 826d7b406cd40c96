/* SPDX-License-Identifier: Apache-2.0 */
/** Running a sweep: batches of designs, worker processes, stages that follow from results. docs/sweep_files.md, "Running" */
#ifndef LLMSIM_SWEEP_WORK_H
#define LLMSIM_SWEEP_WORK_H

#include <signal.h>

#include "base/progress.h"
#include "store/batch.h"
#include "sweep/plan.h"

struct sweep_job {
    const struct plan *plan;
    const char *database;
    bool detail;
    int64_t workers;                     /* processes; 1: this one */
    int64_t task, tasks;                 /* slice `task` of `tasks` of a static sweep; tasks 0: all, with the stages behind it */
    const volatile sig_atomic_t *stop;   /* set: what is begun is stored, then STATUS_PARTIAL */
    struct progress *progress;           /* NULL: silent */
    double (*clock_s)(void);
};

struct sweep_tally { int64_t done, computed, infeasible, failed, excluded; };

/** STATUS_PARTIAL: stopped, all that was done is stored. Points that fail are stored with their reason and are no failure of the sweep. */
enum status sweep_run(struct sweep_tally *out, const struct sweep_job *job, struct error *err);

/** Slice of a static sweep: designs first .. end - 1. */
void sweep_slice(int64_t *first, int64_t *end, int64_t count, int64_t task, int64_t tasks);

/** As the store knows the sweep. */
struct store_sweep sweep_identity(const struct plan *plan);

#endif
