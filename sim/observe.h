/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A run seen from outside, launch by launch: for timelines. Nothing of it enters the result: a run gives the same bytes observed or not.
 *
 * The observer is asked before each iteration whether it wants the launches; repeated layers are unfolded for it only then.
 * Intervals follow one another without gap or overlap from 0 to result.time_ps, because one device runs one kernel at a time and all
 * devices do the same: the host's part of the iteration, then for each launch the device's wait for the host (eager stacks) and the kernel.
 */
#ifndef LLMSIM_SIM_OBSERVE_H
#define LLMSIM_SIM_OBSERVE_H

#include "sim/run.h"

/** An iteration of a step. Pointers are borrowed for the call. */
struct run_iteration {
    int64_t number;                   /* 1 ..., over the whole run */
    const struct step *step;          /* its contexts are those of `repetition` 0 */
    int64_t repetition;               /* 0 .. step->repeat - 1 */
    int64_t start_ps, time_ps;        /* time_ps: known to end() only */
    int64_t launches;                 /* kernels, layers unfolded */
    int64_t rows_count;
    const struct breakdown_row *rows; /* a kernel of the step each: `count` launches; times and amounts are those of ONE launch */
    const struct model_info *model;
    const struct memory_use *memory;  /* at the peak of the run */
};

struct run_launch {
    int64_t start_ps;                 /* of the kernel, after the wait */
    int64_t idle_ps;                  /* the device waited for the host from start_ps - idle_ps */
    int64_t layer;                    /* 0 .. row->count - 1: which of the identical launches */
    const struct breakdown_row *row;  /* of this one launch: role, kind, time, parts, bytes, events, mapping; kind "host" for the host's part */
};

struct run_observer {
    void *context;
    /** *unroll: whether launch() is to be called for this iteration. */
    enum status (*begin)(void *context, const struct run_iteration *iteration, bool *unroll, struct error *err);
    enum status (*launch)(void *context, const struct run_launch *launch, struct error *err);
    enum status (*end)(void *context, const struct run_iteration *iteration, struct error *err);
};

/** As run(). @param observer  NULL: nobody; a status that it returns other than STATUS_OK ends the run with it. */
enum status run_observed(struct result *out, const struct run_spec *spec, const char *trace_path, const struct run_observer *observer,
                         struct arena *arena, const volatile sig_atomic_t *stop, struct progress *progress, struct error *err);

#endif
