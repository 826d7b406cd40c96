/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of figures, and what they share (reports/figure_kinds.h). */
#include "reports/figure_kinds.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "reports/text.h"

enum { NAMES_MAX = 32, CHANGES_MAX = 64 };

extern const struct figure_kind figure_area, figure_breakdown, figure_heatmap, figure_line, figure_memory, figure_pareto,
    figure_pipeline, figure_roofline, figure_speedup, figure_tornado;

const struct figure_kind *const figure_kinds[] = {
    &figure_area, &figure_breakdown, &figure_heatmap, &figure_line, &figure_memory, &figure_pareto, &figure_pipeline, &figure_roofline,
    &figure_speedup, &figure_tornado, NULL,
};

enum status figure_kind_find(const struct figure_kind **out, const char *name, struct error *err)
{
    const char *names[NAMES_MAX], *near;
    char list[256] = "";
    size_t count = 0;

    for (const struct figure_kind *const *k = figure_kinds; *k; k++) {
        if (strcmp((*k)->name, name) == 0) {
            *out = *k;
            return STATUS_OK;
        }
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", count ? ", " : "", (*k)->name);
        names[count++] = (*k)->name;
    }
    near = nearest_name(name, names, count);
    return error_plain(err, STATUS_BAD_INPUT, "--figure: '%s' is not one of %s%s%s", name, list, near ? "; nearest is " : "", near ? near : "");
}

/* ---- labels ---- */

static const char *part_of(const struct figure_run *run, int part)
{
    const struct report_head *h = &run->head;
    const char *parts[] = { h->arch, h->trace, h->overrides, NULL, h->layout, run->result.fidelity };

    return parts[part] ? parts[part] : "";
}

static bool same(const struct figure_run *runs, int64_t count, int part)
{
    for (int64_t i = 1; i < count; i++)
        if (strcmp(part_of(&runs[0], part), part_of(&runs[i], part)) != 0)
            return false;
    return true;
}

/* Is "w=int4" (`bytes` of it) in a recipe "w=int4,a=fp16"? */
static bool has_part(const char *recipe, const char *part, size_t bytes)
{
    for (const char *at = recipe; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == bytes && strncmp(at, part, bytes) == 0)
            return true;
    return false;
}

/* Parts of its recipe that not all runs have. */
static const char *recipe_part(const struct figure_run *run, const struct figure_run *runs, int64_t count, struct arena *arena)
{
    const char *text = "";

    for (const char *at = run->head.recipe ? run->head.recipe : ""; *at && text; at += *at == ',') {
        size_t n = strcspn(at, ",");
        bool all = true;

        for (int64_t i = 0; i < count && all; i++)
            all = has_part(runs[i].head.recipe, at, n);
        if (!all)
            text = arena_printf(arena, "%s%s%.*s", text, *text ? "," : "", (int)n, at);
        at += n;
    }
    return text;
}

/* Recipes by the parts that differ, traces without their ending: whole ones are wider than a key or a cell. NULL: no memory. */
static const char *short_text(const char *text, const struct report_head *head, const char *formats, struct arena *arena)
{
    size_t n = strlen(text);

    if (*formats && head->recipe && strcmp(text, head->recipe) == 0)
        return formats;
    return head->trace && strcmp(text, head->trace) == 0 && n > 6 && strcmp(text + n - 6, ".trace") == 0 ? arena_strndup(arena, text, n - 6) : text;
}

bool figure_labels(struct figure_run *runs, int64_t count, struct arena *arena)
{
    for (int64_t i = 0; i < count; i++) {
        const char *label = "", *formats = recipe_part(&runs[i], runs, count < 200 ? count : 200, arena);

        const char **texts[] = { &runs[i].by, &runs[i].x_text, &runs[i].y_text };
        for (int t = 0; t < 3 && formats; t++)
            if (*texts[t] && !(*texts[t] = short_text(*texts[t], &runs[i].head, formats, arena)))
                return false;
        for (int p = 0; p < 6 && label; p++) {
            const char *part = p == 3 ? formats : same(runs, count, p) ? "" : part_of(&runs[i], p);

            if (!part)
                return false;
            if (*part)
                label = arena_printf(arena, "%s%s%.*s", label, *label ? " " : "", (int)(strlen(part) - (p == 1 && strlen(part) > 6 &&
                                     strcmp(part + strlen(part) - 6, ".trace") == 0 ? 6 : 0)), part);
        }
        if (!label)
            return false;
        runs[i].label = *label ? label : part_of(&runs[i], 0);
    }
    return true;
}

/* ---- axes and pages ---- */

struct figure_series *figure_add(struct figure_page *page, struct figure_series series)
{
    if (page->count == FIGURE_SERIES_MAX)
        return NULL;
    page->series[page->count] = series;
    return &page->series[page->count++];
}

struct figure_axis figure_axis_zero(const char *label, double top)
{
    double step = pow(10.0, floor(log10(top > 0 ? top : 1.0)));

    step /= top / step < 2 ? 10 : top / step < 5 ? 5 : 2;
    return (struct figure_axis){ .label = label, .low = 0, .high = step * ceil(1.03 * (top > 0 ? top : 1.0) / step) };
}

/* Whole numbers only, and few: a tick for each, as there is no half a device. */
static double whole_step(const double *values, int64_t count, double range)
{
    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i]) && values[i] != floor(values[i]))
            return 0;
    return range <= 10 ? 1 : 0;
}

struct figure_axis figure_axis_around(const char *label, const double *values, int64_t count, struct arena *arena)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    struct figure_axis a = { .label = label };

    for (int64_t i = 0; i < count; i++)
        if (isfinite(values[i])) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
    if (!(low <= high))
        low = 1, high = 2;
    if (low > 0 && high / low > 30) {
        a.log = true;
        a.low = pow(10.0, floor(log10(low * 0.98)));
        a.high = pow(10.0, ceil(log10(high * 1.02)));
        a.label = arena_printf(arena, "%s, log scale", label);
        a.label = a.label ? a.label : label;
        return a;
    }
    double room = 0.08 * (high > low ? high - low : fabs(high) > 0 ? fabs(high) : 1.0);
    a.low = low >= 0 && low - room < 0.25 * high ? 0 : low - room;
    a.high = high + room;
    a.step = whole_step(values, count, a.high - a.low);
    return a;
}

struct figure_axis figure_axis_names(const char *label, const char *const *names, int count)
{
    return (struct figure_axis){ .label = label, .low = 0.4, .high = count + 0.6, .names = names, .names_count = count };
}

void figure_finish(struct figure_page *page, const struct figure_input *in, const char *title, struct figure_axis x, struct figure_axis y,
                   enum figure_key key, double height_in)
{
    if (figure_names_pt(&x) * x.names_count > 0.8 * in->width_in * 72) /* they stand upright: the axes keep their height */
        height_in += figure_names_pt(&x) / 72 - 0.2;
    page->panel = (struct figure_panel){ .title = in->title ? in->title : title, .share = 1, .x = x, .y = y, .key = key, .series = page->series,
                                         .count = page->count, .margin_pt = page->panel.margin_pt };
    page->figure = (struct figure){ .width_in = in->width_in, .height_in = height_in, .panels = &page->panel, .count = 1,
                                    .caption = page->figure.caption };
}

/* ---- hardware ---- */

enum status figure_hardware(const struct hardware **out, const struct figure_run *run, struct arena *arena, struct error *err)
{
    struct arch_override changes[CHANGES_MAX];
    struct error why;
    int64_t n = 0, all;
    enum status st = arch_overrides_read(changes, &all, CHANGES_MAX, run->head.overrides, arena, err);

    if (st)
        return st;
    for (int64_t i = 0; i < all; i++)
        if (strncmp(changes[i].key, "stack.", 6) != 0)
            changes[n++] = changes[i];

    if (!run->head.arch || arch_load(out, run->head.arch, changes, n, arena, &why))
        return error_plain(err, STATUS_BAD_INPUT, "the hardware '%s' of the run cannot be found: %.300s", run->head.arch ? run->head.arch : "?",
                           run->head.arch ? why.message : "no name");
    return STATUS_OK;
}
