/* SPDX-License-Identifier: Apache-2.0 */
/* Trace events as text. See trace_events.h. */
#include "reports/trace_events.h"

#include <stdlib.h>

enum { BUFFER = 1 << 16 };

static bool buffer_open(struct trace_events *e)
{
    e->line = open_memstream(&e->text, &e->bytes);
    e->failed = e->failed || e->line == NULL;
    if (e->line != NULL)
        json_open_compact(&e->json, e->line);
    return !e->failed;
}

static void buffer_flush(struct trace_events *e)
{
    if (e->line == NULL)
        return;
    if (fclose(e->line) != 0 || e->json.failed)
        e->failed = true;
    e->line = NULL;
    if (!e->failed)
        outfile_write(e->out, e->text, e->bytes);
    free(e->text);
    e->text = NULL;
}

bool trace_events_open(struct trace_events *e, struct outfile *out)
{
    *e = (struct trace_events){ .out = out };
    outfile_printf(out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    return buffer_open(e);
}

/* A line with what all events have; a category too, which readers take for granted. */
static void begin(struct trace_events *e, const char *kind, const char *name, const char *category, int64_t process, int track)
{
    if (e->failed)
        return;
    if (ftell(e->line) >= BUFFER) {
        buffer_flush(e);
        if (!buffer_open(e))
            return;
    }
    fputs(e->count > 0 ? ",\n" : "\n", e->line);
    e->count++;
    json_object_begin(&e->json, NULL);
    json_text(&e->json, "ph", kind);
    json_text(&e->json, "name", name);
    json_i64(&e->json, "pid", process);
    json_i64(&e->json, "tid", process * TRACKS_OF_PROCESS + track);
    json_text(&e->json, "cat", category);
}

static int64_t nanoseconds(int64_t ps)
{
    return ps / 1000 + (ps % 1000 >= 500);
}

/* Microseconds with three decimals at most: the shortest text of the nearest double is that, up to 2^53 ns. */
static void put_us(struct trace_events *e, const char *key, int64_t ns)
{
    json_double(&e->json, key, (double)ns / 1000);
}

void trace_events_name(struct trace_events *e, int64_t process, int track, const char *name)
{
    begin(e, "M", track > 0 ? "thread_name" : "process_name", "__metadata", process, track);
    if (e->failed)
        return;
    put_us(e, "ts", 0);
    json_object_begin(&e->json, "args");
    json_text(&e->json, "name", name);
    trace_events_end(e);
}

void trace_events_slice(struct trace_events *e, int64_t process, int track, const char *name, const char *category, int64_t start_ps, int64_t time_ps)
{
    int64_t start = nanoseconds(start_ps), end = nanoseconds(start_ps + time_ps);

    begin(e, "X", name, category, process, track);
    if (e->failed)
        return;
    put_us(e, "ts", start);
    put_us(e, "dur", end - start);
    json_object_begin(&e->json, "args");
    json_i64(&e->json, "time_ps", time_ps);
}

void trace_events_counter(struct trace_events *e, int64_t process, const char *name, int64_t at_ps)
{
    begin(e, "C", name, "counter", process, 0);
    if (e->failed)
        return;
    put_us(e, "ts", nanoseconds(at_ps));
    json_object_begin(&e->json, "args");
}

void trace_events_end(struct trace_events *e)
{
    if (e->failed)
        return;
    json_object_end(&e->json);
    json_object_end(&e->json);
}

void trace_events_about(struct trace_events *e)
{
    if (e->failed)
        return;
    fputs("\n],\"otherData\":", e->line);
    json_object_begin(&e->json, NULL);
}

bool trace_events_close(struct trace_events *e)
{
    if (e->line != NULL && e->json.depth > 0) {
        json_object_end(&e->json);
        fputs("}\n", e->line);
    }
    buffer_flush(e);
    return !e->failed;
}
