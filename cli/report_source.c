/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of reports (cli/report_source.h). A JSON file of a run goes into a database in memory, so that all is asked for in one way. */
#define _GNU_SOURCE /* tdestroy() */
#include "cli/report_source.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"
#include "cli/job.h"
#include "reports/run_report.h"

enum { KEYS_MAX = 8, COLUMNS_TEXT_MAX = 4096 };

/* ---- opening ---- */

static struct hash128 hash_of(const char *text)
{
    struct hasher *h = hasher_open();
    struct hash128 value = { 0, 0 };

    if (h) {
        hasher_text(h, text);
        value = hasher_value(h);
        hasher_close(h);
    }
    return value;
}

/* Names stand for the inputs: the file does not hold them. */
static enum status add_run(struct store *store, const char *path, struct arena *arena, struct error *err)
{
    struct result r;
    struct report_head head = { 0 };
    enum status st = report_run_read(&r, &head, path, arena, err);

    if (st)
        return st;
    struct run_inputs in = { .arch_name = head.arch, .stack_name = head.stack, .trace_name = head.trace, .recipe = head.recipe ? head.recipe : "",
                             .layout = head.layout ? head.layout : "", .mapping = head.mapping, .overrides = head.overrides,
                             .model_version = version_model(), .arch_hash = hash_of(head.arch), .stack_hash = hash_of(head.stack),
                             .trace_hash = hash_of(head.trace) };
    return store_put(store, &r, &in, true, err);
}

static bool is_database(const char *path)
{
    char head[16] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;

    if (f)
        fclose(f);
    return n == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

static enum status open_one(struct report_sources *out, int *json, const char *path, struct arena *arena, struct error *err)
{
    bool database;
    enum status st;

    if (access(path, R_OK))
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot be read, expected a database of results or the output of 'llmsim run --json'", path);
    database = is_database(path);
    if (!database && *json >= 0)
        return add_run(out->stores[*json], path, arena, err);
    if (out->count == REPORT_SOURCES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "more than %d databases", REPORT_SOURCES_MAX);
    st = database ? store_open(&out->stores[out->count], path, err) : store_open_memory(&out->stores[out->count], err);
    if (st)
        return st;
    out->names[out->count++] = path;
    if (database)
        return STATUS_OK;
    *json = out->count - 1;
    return add_run(out->stores[*json], path, arena, err);
}

enum status report_sources_open(struct report_sources *out, const struct text_list *paths, struct arena *arena, struct error *err)
{
    enum status st = STATUS_OK;
    int json = -1;

    *out = (struct report_sources){ .count = 0 };
    if (paths->count == 0) {
        const char *path = job_database(NULL);

        if (access(path, R_OK))
            return error_plain(err, STATUS_BAD_INPUT, "no database or run is named, and there is no %s", path);
        return (st = open_one(out, &json, path, arena, err)) ? st : store_join(out->stores, out->count, err);
    }
    for (int64_t i = 0; i < paths->count && !st; i++)
        st = open_one(out, &json, paths->items[i], arena, err);
    return st ? st : store_join(out->stores, out->count, err);
}

void report_sources_close(struct report_sources *s)
{
    for (int i = 0; i < s->count; i++)
        store_close(s->stores[i]);
    s->count = 0;
}

/* ---- rows in one order ---- */

struct key { int column; bool down; };

/* Columns of the order and the key of the run, behind those asked for. */
static enum status find_keys(struct key *keys, int *count, int *run_key, const char **columns, struct store *s, const struct store_selection *what, struct arena *arena,
                             struct error *err)
{
    const struct store_column *const *list;
    const struct store_view *view;
    char text[COLUMNS_TEXT_MAX] = "";
    int n = 0;
    enum status st;

    if ((st = store_view_find(&view, what->view, err)) || (st = store_columns_parse(&list, s, view, what->columns, arena, err)))
        return st;
    for (; list[n]; n++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", n ? "," : "", list[n]->name);
    for (const char *at = what->order; at && *at; at += *at == ',') {
        size_t bytes;
        const struct store_column *c;
        bool down;

        at += strspn(at, " ");
        down = *at == '-';
        at += down;
        bytes = strcspn(at, ", ");
        char *name = arena_strndup(arena, at, bytes);
        if (!name)
            return error_no_memory(err);
        if (*count == KEYS_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "--sort: more than %d columns", KEYS_MAX);
        if ((st = store_view_column_find(&c, s, view, name, "--sort: ", err)))
            return st;
        keys[(*count)++] = (struct key){ n++, down };
        snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", name);
        at += bytes + strspn(at + bytes, " ");
    }
    *run_key = n;
    snprintf(text + strlen(text), sizeof text - strlen(text), ",key");
    return (*columns = arena_strdup(arena, text)) ? STATUS_OK : error_no_memory(err);
}

/* As SQLite orders them, values that are missing last. */
static int compare(const struct store_query *a, const struct store_query *b, const struct key *k)
{
    bool no_a = store_query_is_null(a, k->column), no_b = store_query_is_null(b, k->column);
    int order;

    if (no_a || no_b)
        return no_a - no_b;
    if (store_query_column(a, k->column)->kind == STORE_TEXT)
        order = strcmp(store_query_text(a, k->column), store_query_text(b, k->column));
    else {
        double x = store_query_double(a, k->column), y = store_query_double(b, k->column);
        order = (x > y) - (x < y);
    }
    return k->down ? -order : order;
}

static bool before(const struct store_query *a, const struct store_query *b, const struct key *keys, int count)
{
    for (int i = 0; i < count; i++) {
        int order = compare(a, b, &keys[i]);
        if (order != 0)
            return order < 0;
    }
    return false;
}

/* ---- runs that several sources hold ---- */

struct met_run { char key[HASH_TEXT_MAX]; int source; };

/* Runs by key, each with the source whose rows of it are taken: the first one met. */
struct met_runs { void *tree; int key_column; struct arena *arena; };

static int compare_met(const void *a, const void *b)
{
    return strcmp(((const struct met_run *)a)->key, ((const struct met_run *)b)->key);
}

static void forget_nothing(void *in_arena)
{
    (void)in_arena;
}

/* *taken: no other source gave rows of the run on which the query stands. */
static enum status meet(bool *taken, struct met_runs *met, const struct store_query *q, int source, struct error *err)
{
    struct met_run probe, *new;
    struct met_run *const *known;
    const char *key = store_query_text(q, met->key_column);

    snprintf(probe.key, sizeof probe.key, "%s", key ? key : "");
    if ((known = tfind(&probe, &met->tree, compare_met))) {
        *taken = (*known)->source == source;
        return STATUS_OK;
    }
    probe.source = source;
    if (!(new = arena_alloc(met->arena, sizeof *new)))
        return error_no_memory(err);
    *new = probe;
    *taken = true;
    return tsearch(new, &met->tree, compare_met) ? STATUS_OK : error_no_memory(err);
}

static enum status merge(struct store_query **open, bool *more, const struct report_sources *s, const struct key *keys, int keys_count,
                         struct met_runs *met, int64_t limit, report_row_fn take, void *to, struct error *err)
{
    enum status st = STATUS_OK;

    for (int64_t n = 0; !st && (limit == 0 || n < limit);) {
        int first = -1;
        bool taken = true;

        for (int i = 0; i < s->count; i++)
            if (more[i] && (first < 0 || before(open[i], open[first], keys, keys_count)))
                first = i;
        if (first < 0)
            return STATUS_OK;
        if (s->count > 1)
            st = meet(&taken, met, open[first], first, err);
        if (!st && taken)
            st = take(to, open[first], s->stores[first], err);
        n += taken;
        if (!st)
            st = store_query_next(&more[first], open[first], err);
    }
    return st;
}

enum status report_rows(const struct report_sources *s, const struct store_selection *what, report_row_fn take, void *to, struct arena *arena,
                        struct error *err)
{
    struct store_query *open[REPORT_SOURCES_MAX] = { NULL };
    bool more[REPORT_SOURCES_MAX] = { false };
    struct store_selection each = *what;
    struct met_runs met = { .arena = arena };
    struct key keys[KEYS_MAX];
    int keys_count = 0;
    enum status st = find_keys(keys, &keys_count, &met.key_column, &each.columns, s->stores[0], what, arena, err);

    if (s->count > 1)
        each.limit = 0; /* a row may be another source's already */
    for (int i = 0; i < s->count && !st; i++)
        if (!(st = store_query_open(&open[i], s->stores[i], &each, arena, err)))
            st = store_query_next(&more[i], open[i], err);
    if (!st)
        st = merge(open, more, s, keys, keys_count, &met, what->limit, take, to, err);
    tdestroy(met.tree, forget_nothing);
    for (int i = 0; i < s->count; i++)
        store_query_close(open[i]);
    return st;
}
