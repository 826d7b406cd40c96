/* SPDX-License-Identifier: Apache-2.0 */
/** Progress on stderr-like streams: a bar with rate and ETA on a terminal, a plain line now and then in a log, nothing when NULL.
 *  The clock is passed in, so that output is testable. */
#ifndef LLMSIM_BASE_PROGRESS_H
#define LLMSIM_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *out;           /* borrowed; NULL = silent */
    bool terminal;
    const char *what;    /* "steps" */
    int64_t total, done;
    double start_s, shown_s;
    double (*clock_s)(void); /* for progress_tick(); NULL: it does nothing */
};

void progress_begin(struct progress *p, FILE *out, bool terminal, const char *what, int64_t total, double now_s);
void progress_step(struct progress *p, int64_t done, double now_s);
/** progress_step() by the caller's clock, for work that must not know a clock itself. NULL is allowed. */
void progress_tick(struct progress *p, int64_t done);
void progress_end(struct progress *p, double now_s);

#endif
