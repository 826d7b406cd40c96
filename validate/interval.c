/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of residuals and the intervals that follow (validate/interval.h). */
#include "validate/interval.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/num.h"
#include "base/textfile.h"
#include "base/yaml.h"

static const double spread_unseen = 1.25; /* on the log of the widest seen: three generations do not show how generations differ */

/* ---- the file ---- */

static enum status read_class(struct residual_class *c, const struct yaml_node *node, struct error *err)
{
    static const char *const keys[] = { "generation", "kind", "group", "size", "low", "median", "high", "rows" };
    enum status st;

    *c = (struct residual_class){ .group = "", .size = "" };
    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "expected {generation: ..., kind: ..., low: ..., high: ..., rows: ...}");
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], err)) || (st = yaml_get_text(&c->generation, node, "generation", true, err)) ||
        (st = yaml_get_text(&c->kind, node, "kind", true, err)) || (st = yaml_get_text(&c->group, node, "group", false, err)) ||
        (st = yaml_get_text(&c->size, node, "size", false, err)) || (st = yaml_get_quantity(&c->low, node, "low", true, Q_RATIO, 0, 1e6, err)) ||
        (st = yaml_get_quantity(&c->median, node, "median", true, Q_RATIO, 0, 1e6, err)) ||
        (st = yaml_get_quantity(&c->high, node, "high", true, Q_RATIO, 0, 1e6, err)))
        return st;
    return yaml_get_i64(&c->rows, node, "rows", true, 1, INT64_MAX, err);
}

static struct residual_class *add_class(struct residual_library *lib, struct arena *arena)
{
    if (lib->count == lib->capacity) {
        int64_t capacity = lib->capacity ? 2 * lib->capacity : 64;
        struct residual_class *grown = arena_array(arena, (size_t)capacity, sizeof *grown);

        if (!grown)
            return NULL;
        if (lib->count)
            memcpy(grown, lib->items, (size_t)lib->count * sizeof *grown);
        lib->items = grown;
        lib->capacity = capacity;
    }
    return &lib->items[lib->count++];
}

enum status residual_library_read(struct residual_library *out, const char *path, struct arena *arena, struct error *err)
{
    struct yaml_node *doc;
    const struct yaml_node *list;
    enum status st;

    *out = (struct residual_library){ 0 };
    if ((st = yaml_read_file(&doc, path, arena, err)))
        return st;
    list = doc->kind == YAML_MAPPING ? yaml_find(doc, "classes") : NULL;
    if (!list || list->kind != YAML_SEQUENCE)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected 'classes:' and a list");
    for (size_t i = 0; i < list->count; i++) {
        struct residual_class *c = add_class(out, arena);

        if (!c)
            return error_no_memory(err);
        if ((st = read_class(c, list->items[i], err)))
            return st;
    }
    return STATUS_OK;
}

enum status residual_library_load(struct residual_library *out, struct arena *arena, struct error *err)
{
    const char *path = data_path("validate/residuals.yaml", arena);

    *out = (struct residual_library){ 0 };
    return path ? residual_library_read(out, path, arena, err) : STATUS_OK;
}

/* ---- looking up ---- */

static const char *const sizes[] = { "under 10 us", "10 to 30 us", "30 to 100 us", "over 100 us" };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

const char *interval_size_of(double time_s)
{
    return sizes[time_s < 10e-6 ? 0 : time_s < 30e-6 ? 1 : time_s < 100e-6 ? 2 : 3];
}

static const struct residual_class *find_class(const struct residual_library *lib, const char *generation, const char *kind, const char *group,
                                               const char *size)
{
    for (int64_t i = 0; i < lib->count; i++) {
        const struct residual_class *c = &lib->items[i];

        if (c->rows >= INTERVAL_ROWS_MIN && strcmp(c->generation, generation) == 0 && strcmp(c->kind, kind) == 0 && strcmp(c->group, group) == 0 &&
            strcmp(c->size, size) == 0)
            return c;
    }
    return NULL;
}

/* The narrowest class that the generation has: group and size, group, size, kind. */
static const struct residual_class *own_class(const struct residual_library *lib, const char *generation, const char *kind, const char *group,
                                              const char *size)
{
    const struct residual_class *c = find_class(lib, generation, kind, group, size);

    c = c ? c : find_class(lib, generation, kind, group, "");
    c = c ? c : find_class(lib, generation, kind, "", size);
    return c ? c : find_class(lib, generation, kind, "", "");
}

bool interval_unseen(double *low, double *high, const struct residual_library *lib, const char *generation, const char *kind, const char *group,
                     double time_s)
{
    const char *size = interval_size_of(time_s);

    *low = INFINITY;
    *high = 0.0;
    for (int64_t i = 0; i < lib->count; i++) { /* widest of what each other generation would say */
        const char *other = lib->items[i].generation;
        const struct residual_class *c = strcmp(other, generation) != 0 ? own_class(lib, other, kind, group, size) : NULL;

        if (c && c->low < *low)
            *low = c->low;
        if (c && c->high > *high)
            *high = c->high;
    }
    if (!(*high > 0.0))
        return false;
    *low = pow(*low < 1.0 ? *low : 1.0, spread_unseen);
    *high = pow(*high > 1.0 ? *high : 1.0, spread_unseen);
    return true;
}

bool interval_of(double *low, double *median, double *high, bool *own, const struct residual_library *lib, const char *generation, const char *kind,
                 const char *group, double time_s)
{
    const char *size = interval_size_of(time_s);
    const struct residual_class *c = own_class(lib, generation, kind, group, size);

    *median = 1.0;
    *own = c != NULL;
    if (c) {
        *low = c->low;
        *median = c->median;
        *high = c->high;
        return true;
    }
    return interval_unseen(low, high, lib, generation, kind, group, time_s);
}

/* ---- making ---- */

static int by_class(const void *a, const void *b)
{
    const struct residual *x = a, *y = b;
    int c = strcmp(x->kind, y->kind);

    c = c ? c : strcmp(x->group, y->group);
    return c ? c : strcmp(interval_size_of(x->time_s), interval_size_of(y->time_s));
}

/* One class of the rows that agree with group and size ("" = all of the kind). */
static enum status make_class(struct residual_library *lib, const char *generation, const char *kind, const char *group, const char *size,
                              const struct residual *rows, int64_t count, double *ratios, struct arena *arena, struct error *err)
{
    struct residual_class *c;
    size_t n = 0;

    for (int64_t i = 0; i < count; i++)
        if (strcmp(rows[i].kind, kind) == 0 && (*group == '\0' || strcmp(rows[i].group, group) == 0) &&
            (*size == '\0' || strcmp(interval_size_of(rows[i].time_s), size) == 0))
            ratios[n++] = rows[i].ratio;
    if (n < INTERVAL_ROWS_MIN)
        return STATUS_OK;
    if (!(c = add_class(lib, arena)))
        return error_no_memory(err);
    gsl_sort(ratios, 1, n);
    *c = (struct residual_class){ generation, kind, group, size, gsl_stats_quantile_from_sorted_data(ratios, 1, n, 0.1),
                                  gsl_stats_quantile_from_sorted_data(ratios, 1, n, 0.9), gsl_stats_median_from_sorted_data(ratios, 1, n), (int64_t)n };
    return STATUS_OK;
}

static enum status make_classes(struct residual_library *lib, const char *generation, const struct residual *rows, int64_t count, double *ratios,
                                struct arena *arena, struct error *err)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < count && !st; i++) {
        bool new_kind = i == 0 || strcmp(rows[i].kind, rows[i - 1].kind) != 0;
        bool new_group = new_kind || strcmp(rows[i].group, rows[i - 1].group) != 0;

        if (new_kind)
            st = make_class(lib, generation, rows[i].kind, "", "", rows, count, ratios, arena, err);
        for (int s = 0; new_kind && s < SIZES && !st; s++)
            st = make_class(lib, generation, rows[i].kind, "", sizes[s], rows, count, ratios, arena, err);
        if (new_group && !st)
            st = make_class(lib, generation, rows[i].kind, rows[i].group, "", rows, count, ratios, arena, err);
        for (int s = 0; new_group && s < SIZES && !st; s++)
            st = make_class(lib, generation, rows[i].kind, rows[i].group, sizes[s], rows, count, ratios, arena, err);
    }
    return st;
}

static int by_generation(const void *a, const void *b)
{
    const struct residual_class *x = a, *y = b;
    int c = strcmp(x->generation, y->generation);

    c = c ? c : strcmp(x->kind, y->kind);
    c = c ? c : strcmp(x->group, y->group);
    return c ? c : strcmp(x->size, y->size);
}

static void write_class(struct outfile *out, const struct residual_class *c)
{
    outfile_printf(out, "  - { generation: \"%s\", kind: %s, group: \"%s\", size: \"%s\", low: %.4g, median: %.4g, high: %.4g, rows: %lld }\n", c->generation,
                   c->kind, c->group, c->size, c->low, c->median, c->high, (long long)c->rows);
}

static bool holds_kind(const struct residual *rows, int64_t count, const char *kind)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(rows[i].kind, kind) == 0)
            return true;
    return false;
}

enum status residual_library_replace(struct residual_library *lib, const char *generation, const struct residual *rows, int64_t count,
                                     struct arena *arena, struct error *err)
{
    struct residual *sorted = arena_array(arena, (size_t)count + 1, sizeof *sorted);
    double *ratios = arena_array(arena, (size_t)count + 1, sizeof *ratios);
    int64_t kept = 0;
    enum status st;

    if (!sorted || !ratios)
        return error_no_memory(err);
    for (int64_t i = 0; i < lib->count; i++)
        if (strcmp(lib->items[i].generation, generation) != 0 || !holds_kind(rows, count, lib->items[i].kind))
            lib->items[kept++] = lib->items[i];
    lib->count = kept;
    if (count)
        memcpy(sorted, rows, (size_t)count * sizeof *rows);
    qsort(sorted, (size_t)count, sizeof *sorted, by_class);
    if ((st = make_classes(lib, generation, sorted, count, ratios, arena, err)))
        return st;
    qsort(lib->items, (size_t)lib->count, sizeof *lib->items, by_generation);
    return STATUS_OK;
}

enum status residual_library_write(const char *path, struct residual_library *lib, const char *generation, const struct residual *rows, int64_t count,
                                   struct arena *arena, struct error *err)
{
    struct outfile *out;
    enum status st = residual_library_replace(lib, generation, rows, count, arena, err);

    if (st || (st = outfile_open(&out, path, err)))
        return st;
    outfile_printf(out, "# SPDX-License-Identifier: Apache-2.0\n"
                        "# Quantiles (10 %%, 50 %%, 90 %%) of measured / predicted over rows that the calibration had not seen: written by\n"
                        "# `llmsim calibrate --folds N --residuals`. docs/intervals.md\nclasses:\n");
    for (int64_t i = 0; i < lib->count; i++)
        write_class(out, &lib->items[i]);
    return outfile_commit(out, err);
}
