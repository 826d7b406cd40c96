/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Timeline of a run: Chrome trace-event JSON for Perfetto, written while the run is replayed. docs/timeline.md
 *
 *     timeline_open(&t, &options, &spec, &head, err)
 *     run_observed(&result, &spec, trace, timeline_observer(t), ...)
 *     timeline_close(&summary, t, &result, err)       or timeline_abandon(t)
 */
#ifndef LLMSIM_REPORTS_TIMELINE_H
#define LLMSIM_REPORTS_TIMELINE_H

#include <signal.h>

#include "reports/run_report.h"
#include "sim/observe.h"

enum { TIMELINE_EVENTS_MAX = 100000, TIMELINE_FOLD = 64 };

struct timeline; /* handle */

struct timeline_options {
    const char *path;                  /* .gz and .zst compress; written whole or not at all */
    int64_t first, last;               /* steps (iterations of the run, from 1) that are unrolled into launches; first 0: from the first on while
                                        * they fit into TIMELINE_EVENTS_MAX events. The others are folded, TIMELINE_FOLD into a slice. */
    const volatile sig_atomic_t *stop; /* polled at each step: STATUS_INTERRUPTED. May be NULL */
};

struct timeline_summary {
    int64_t steps, first, last;        /* of the run; of those unrolled (0, 0: none) */
    int64_t events;
};

/** `spec` and `head` are borrowed until the timeline is closed. */
enum status timeline_open(struct timeline **out, const struct timeline_options *options, const struct run_spec *spec, const struct report_head *head,
                          struct error *err);
const struct run_observer *timeline_observer(struct timeline *t);
/** Finishes the file; the handle is gone whatever happens. STATUS_BAD_INPUT: the run has none of the steps asked for. */
enum status timeline_close(struct timeline_summary *out, struct timeline *t, const struct result *result, struct error *err);
/** Leaves no file. NULL is allowed. */
void timeline_abandon(struct timeline *t);

#endif
