/* SPDX-License-Identifier: Apache-2.0 */
/** Progress: on a terminal one line redrawn up to ten times a second, in a log a line each half minute. */
#include "base/progress.h"

#include "base/clocale.h"

enum { BAR = 24 };

static const double redraw_s = 0.1, log_every_s = 30.0;

/* "1:02:03" or "2:03" */
static void format_clock(char *out, size_t room, double seconds)
{
    long long s = seconds < 1e12 ? (long long)(seconds + 0.5) : 0;

    if (s >= 3600)
        snprintf(out, room, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, room, "%lld:%02lld", s / 60, s % 60);
}

static void show_bar(const struct progress *p, double fraction)
{
    int full = (int)(fraction * BAR);

    fputs(" [", p->out);
    for (int i = 0; i < BAR; i++)
        fputc(i < full ? '#' : '-', p->out);
    fputc(']', p->out);
}

/* "steps [####----] 450/1000 (45 %), 123.0/s, 0:04 left" */
static void show(struct progress *p, double now_s, bool last)
{
    double passed_s = now_s - p->start_s, fraction = p->total > 0 ? (double)p->done / (double)p->total : 0.0;
    double per_s = passed_s > 0.0 ? (double)p->done / passed_s : 0.0;
    struct clocale locale = clocale_enter();
    char clock[32];

    fraction = fraction < 0.0 ? 0.0 : fraction > 1.0 ? 1.0 : fraction;
    fprintf(p->out, "%s%s", p->terminal ? "\r" : "", p->what);
    if (p->terminal && p->total > 0)
        show_bar(p, fraction);
    fprintf(p->out, " %lld", (long long)p->done);
    if (p->total > 0)
        fprintf(p->out, "/%lld (%d %%)", (long long)p->total, (int)(100.0 * fraction));
    if (per_s > 0.0)
        fprintf(p->out, ", %.*f/s", per_s < 100.0, per_s);
    format_clock(clock, sizeof clock, passed_s);
    if (last)
        fprintf(p->out, ", %s", clock);
    else if (per_s > 0.0 && p->total > p->done) {
        format_clock(clock, sizeof clock, (double)(p->total - p->done) / per_s);
        fprintf(p->out, ", %s left", clock);
    }
    fputs(p->terminal ? last ? "\x1b[K\n" : "\x1b[K" : "\n", p->out);
    fflush(p->out);
    clocale_leave(locale);
    p->shown_s = now_s;
}

void progress_begin(struct progress *p, FILE *out, bool terminal, const char *what, int64_t total, double now_s)
{
    *p = (struct progress){ .out = out, .terminal = terminal, .what = what, .total = total, .start_s = now_s,
                            .shown_s = now_s };
}

void progress_step(struct progress *p, int64_t done, double now_s)
{
    p->done = done;
    if (p->out && now_s - p->shown_s >= (p->terminal ? redraw_s : log_every_s))
        show(p, now_s, false);
}

void progress_tick(struct progress *p, int64_t done)
{
    if (p && p->clock_s && p->out)
        progress_step(p, done, p->clock_s());
}

void progress_end(struct progress *p, double now_s)
{
    if (p->out)
        show(p, now_s, true);
}
