/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim run --timeline FILE --steps A-B. docs/timeline.md */
#include "cli/run_timeline.h"

#include <inttypes.h>
#include <string.h>

#include "cli/interrupt.h"

/* Digits at *text as a number from 1; moves behind them. */
static bool take_step(int64_t *out, const char **text)
{
    const char *p = *text;

    for (*out = 0; *p >= '0' && *p <= '9' && *out < INT64_MAX / 10 - 1; p++)
        *out = 10 * *out + (*p - '0');
    bool good = p > *text && !(*p >= '0' && *p <= '9') && *out > 0;
    *text = p;
    return good;
}

/* "A-B", "A" or "A-"; NULL: 0 and 0. */
static enum status parse_steps(int64_t *first, int64_t *last, const char *text, struct error *err)
{
    const char *p = text;

    *first = *last = 0;
    if (text == NULL)
        return STATUS_OK;
    bool good = take_step(first, &p);
    *last = *first;
    if (good && *p == '-') {
        p++;
        *last = INT64_MAX;
        good = *p == '\0' || take_step(last, &p);
    }
    if (!good || *p != '\0')
        return error_plain(err, STATUS_BAD_INPUT, "--steps: found '%s', expected A-B, A or A- with steps counted from 1, as in 1-3", text);
    if (*last < *first)
        return error_plain(err, STATUS_BAD_INPUT, "--steps: '%s' ends before it starts, expected %" PRId64 "-%" PRId64, text, *last, *first);
    return STATUS_OK;
}

enum status run_timeline_check(const struct timeline_request *request, const char *arch, const char *trace, struct error *err)
{
    const char *inputs[] = { arch, trace };
    int64_t first, last;
    enum status st = parse_steps(&first, &last, request->steps, err);

    if (st || (request->path == NULL && request->steps == NULL))
        return st;
    if (request->path == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "--steps chooses what a timeline shows: expected --timeline FILE with it");
    if (strcmp(request->path, "-") == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--timeline: standard output has the report, expected the name of a file");
    return outfile_ready(request->path, inputs, 2, err);
}

enum status run_timeline_open(struct timeline **out, const struct timeline_request *request, const struct job *job, struct error *err)
{
    struct timeline_options options = { .path = request->path, .stop = &interrupted };
    enum status st = parse_steps(&options.first, &options.last, request->steps, err);

    return st ? st : timeline_open(out, &options, &job->spec, &job->head, err);
}

enum status run_timeline_close(struct timeline *t, const struct timeline_request *request, const struct result *result, struct error *err)
{
    struct timeline_summary s;
    enum status st = timeline_close(&s, t, result, err);

    if (st || s.last - s.first + 1 == s.steps)
        return st;
    if (s.first == s.last && s.first > 0)
        fprintf(stderr, "llmsim: %s: launches of step %" PRId64 " of %" PRId64 "; the others are folded, %d to a slice\n", request->path, s.first, s.steps,
                TIMELINE_FOLD);
    else if (s.first == 0)
        fprintf(stderr, "llmsim: %s: all %" PRId64 " steps are folded, because the launches of the first exceed %d events; --steps 1 shows them\n",
                request->path, s.steps, TIMELINE_EVENTS_MAX);
    else
        fprintf(stderr, "llmsim: %s: launches of steps %" PRId64 "-%" PRId64 " of %" PRId64 "; the others are folded, %d to a slice%s\n", request->path,
                s.first, s.last, s.steps, TIMELINE_FOLD, request->steps ? "" : " (--steps A-B chooses which are not)");
    return st;
}
