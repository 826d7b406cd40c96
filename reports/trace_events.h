/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Private to reports/timeline.c: trace events, one a line. Times are picoseconds and written as microseconds to the nanosecond, which is
 * what viewers resolve: both ends of a slice are rounded and the duration is their difference, so neighbours never overlap.
 */
#ifndef LLMSIM_REPORTS_TRACE_EVENTS_H
#define LLMSIM_REPORTS_TRACE_EVENTS_H

#include "base/json.h"
#include "base/textfile.h"

struct trace_events {
    struct outfile *out;   /* borrowed */
    struct json json;
    FILE *line;            /* lines not yet handed to `out` */
    char *text;
    size_t bytes;
    int64_t count;
    bool failed;
};

/** Tracks: 100 to a process, because viewers look a track's name up by its number alone. */
enum { TRACKS_OF_PROCESS = 100 };

bool trace_events_open(struct trace_events *e, struct outfile *out);
/** Name of a process, or of a track of it (track 0: the process). */
void trace_events_name(struct trace_events *e, int64_t process, int track, const char *name);
/** A slice; its arguments follow, as members of e->json, until trace_events_end(). Exact picoseconds are the first. */
void trace_events_slice(struct trace_events *e, int64_t process, int track, const char *name, const char *category, int64_t start_ps, int64_t time_ps);
/** A counter; its series follow. */
void trace_events_counter(struct trace_events *e, int64_t process, const char *name, int64_t at_ps);
void trace_events_end(struct trace_events *e);
/** Ends the list and begins "otherData": text of the run, until trace_events_close(). */
void trace_events_about(struct trace_events *e);
/** false: out of memory, or a writing error. Call it once also where the file is abandoned. */
bool trace_events_close(struct trace_events *e);

#endif
