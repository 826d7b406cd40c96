/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a value responds to: of a sweep whose first design is the base, the runs that differ from it in one thing only, a bar for each thing, from the
 * smallest to the largest ratio to the base, the widest on top. Runs that differ in several things are left out, and their number is told.
 */
#include "reports/figure_kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BARS_MAX = 16, PARTS = 5 };

struct bar {
    const char *what;                /* "dram.bandwidth", "layout" */
    double low, high;                /* ratios; the base's own 1 lies between or at an end */
    const char *low_text, *high_text; /* settings that give them */
};

/* The setting of `key` in "a.b=v c.d=3 TB/s"; NULL: none. A word with '=' begins the next one. */
static const char *setting(const char *changes, const char *key, struct arena *arena)
{
    size_t n = strlen(key);

    for (const char *at = changes; at && *at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL) {
        const char *end;

        if (strncmp(at, key, n) != 0 || at[n] != '=')
            continue;
        for (end = at + n + 1; *end && !(*end == ' ' && strcspn(end + 1, "=") < strcspn(end + 1, " ")); end++)
            ;
        return arena_strndup(arena, at + n + 1, (size_t)(end - at - n - 1));
    }
    return NULL;
}

/* Adds to *count the keys of `changes` that `other` does not set (or sets to something else, unless `absent` ones are asked for); the last of them. */
static bool compare_changes(int *count, const char **what, const char **value, const char *changes, const char *other, bool absent, struct arena *arena)
{
    for (const char *at = changes; at && *at; at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL) {
        size_t n = strcspn(at, "= ");
        const char *key, *here, *there;

        if (at[n] != '=')
            continue; /* the unit of the setting before */
        if (!(key = arena_strndup(arena, at, n)) || !(here = setting(changes, key, arena)))
            return false;
        there = setting(other, key, arena);
        if (there && (absent || strcmp(here, there) == 0))
            continue;
        ++*count;
        *what = key;
        *value = here;
    }
    return true;
}

/* In how many things a run differs from the base; the last of them and its setting. False: no memory. */
static bool differences(int *count, const char **what, const char **value, const struct figure_run *run, const struct figure_run *base, struct arena *arena)
{
    static const char *const names[PARTS] = { "hardware", "workload", "formats", "layout", "fidelity" };
    const char *mine[PARTS] = { run->head.arch, run->head.trace, run->head.recipe, run->head.layout, run->result.fidelity };
    const char *its[PARTS] = { base->head.arch, base->head.trace, base->head.recipe, base->head.layout, base->result.fidelity };
    int before;

    *count = 0;
    for (int p = 0; p < PARTS; p++)
        if (strcmp(mine[p] ? mine[p] : "", its[p] ? its[p] : "") != 0) {
            ++*count;
            *what = names[p];
            *value = mine[p] ? mine[p] : "-";
        }
    if (!compare_changes(count, what, value, run->head.overrides, base->head.overrides, false, arena))
        return false;
    before = *count;
    if (!compare_changes(count, what, value, base->head.overrides, run->head.overrides, true, arena))
        return false;
    if (*count > before)
        *value = "as the file has it";
    return true;
}

/* Widens the bar of `what`. False: there are too many. */
static bool widen(struct bar *bars, int *count, const char *what, const char *value, double ratio)
{
    int b = 0;

    while (b < *count && strcmp(bars[b].what, what) != 0)
        b++;
    if (b == BARS_MAX)
        return false;
    if (b == *count)
        bars[(*count)++] = (struct bar){ .what = what, .low = 1, .high = 1 };
    if (ratio < bars[b].low) {
        bars[b].low = ratio;
        bars[b].low_text = value;
    }
    if (ratio > bars[b].high) {
        bars[b].high = ratio;
        bars[b].high_text = value;
    }
    return true;
}

static int narrow_first(const void *a, const void *b)
{
    const struct bar *p = a, *q = b;
    double x = p->high - p->low, y = q->high - q->low;

    return x != y ? (x > y) - (x < y) : strcmp(q->what, p->what);
}

static enum status collect(struct bar *bars, int *count, int64_t *left_out, const struct figure_input *in, struct error *err)
{
    const struct figure_run *base = &in->runs[0];

    if (!(base->y > 0))
        return error_plain(err, STATUS_BAD_INPUT, "tornado: the first run, which is the base, has no %s", in->y_name);
    for (int64_t i = 1; i < in->count; i++) {
        const char *what = NULL, *value = NULL;
        int n;

        if (!differences(&n, &what, &value, &in->runs[i], base, in->arena))
            return error_no_memory(err);
        if (n != 1 || !isfinite(in->runs[i].y))
            *left_out += 1;
        else if (!widen(bars, count, what, value, in->runs[i].y / base->y))
            return error_plain(err, STATUS_BAD_INPUT, "tornado: over %d things differ from the first run, expected fewer (--where)", BARS_MAX);
    }
    if (*count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "tornado: no run differs from the first one in one thing only, expected a sweep that begins with its base");
    qsort(bars, (size_t)*count, sizeof *bars, narrow_first);
    return STATUS_OK;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    struct bar *bars = arena_array(in->arena, BARS_MAX, sizeof *bars);
    const char **names = arena_array(in->arena, BARS_MAX, sizeof *names), **low = arena_array(in->arena, BARS_MAX, sizeof *low),
               **high = arena_array(in->arena, BARS_MAX, sizeof *high);
    double *v = arena_array(in->arena, 6 * BARS_MAX + 4, sizeof *v), *one = v ? v + 6 * BARS_MAX : NULL, least = 1, most = 1;
    int64_t left_out = 0;
    int n = 0;
    enum status st;

    if (!bars || !names || !low || !high || !v)
        return error_no_memory(err);
    if ((st = collect(bars, &n, &left_out, in, err)))
        return st;
    for (int b = 0; b < n; b++) {
        names[b] = bars[b].what;
        low[b] = bars[b].low_text ? bars[b].low_text : "";
        high[b] = bars[b].high_text ? bars[b].high_text : "";
        v[b] = bars[b].low;
        v[BARS_MAX + b] = 1;
        v[2 * BARS_MAX + b] = bars[b].high;
        v[3 * BARS_MAX + b] = b + 0.7;
        v[4 * BARS_MAX + b] = b + 1.3;
        least = fmin(least, bars[b].low);
        most = fmax(most, bars[b].high);
    }
    double room = 0.05 * (most > least ? most - least : 1);
    one[0] = one[1] = 1, one[2] = 0.4, one[3] = n + 0.6;
    figure_add(page, (struct figure_series){ .label = "less", .mark = FIGURE_BOXES, .colour = 5, .count = n, .x = v, .y = v + 3 * BARS_MAX,
                                             .x_high = v + BARS_MAX, .high = v + 4 * BARS_MAX, .texts = low });
    figure_add(page, (struct figure_series){ .label = "more", .mark = FIGURE_BOXES, .colour = 1, .pattern = 1, .count = n, .x = v + BARS_MAX,
                                             .y = v + 3 * BARS_MAX, .x_high = v + 2 * BARS_MAX, .high = v + 4 * BARS_MAX, .texts = high });
    figure_add(page, (struct figure_series){ .mark = FIGURE_LINE, .colour = FIGURE_BLACK, .count = 2, .x = one, .y = one + 2 });
    page->figure.caption = left_out ? arena_printf(in->arena, "Left out: %lld runs that differ in several things.\n", (long long)left_out) : NULL;
    figure_finish(page, in, arena_printf(in->arena, "%.*sover the base's", (int)strcspn(in->y, "("), in->y), (struct figure_axis){ .label = "ratio", .low = least - room, .high = most + room },
                  figure_axis_names("", names, n), FIGURE_KEY_ABOVE, 0.95 + 0.19 * n);
    return STATUS_OK;
}

const struct figure_kind figure_tornado = {
    .name = "tornado", .summary = "what a column responds to: runs that differ from the first in one thing", .y = "time_s", .draw = draw,
};
