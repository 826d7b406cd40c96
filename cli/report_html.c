/* SPDX-License-Identifier: Apache-2.0 */
/* The page of `llmsim report --html`: runs of a selection with all their columns that have a value, and their time by role. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/stored_run.h"
#include "reports/figure_kinds.h"
#include "reports/html_report.h"

enum { COLUMNS_TEXT_MAX = 4096, RUNS_MAX = 10000, ROLES_RUNS_MAX = 500 };

/* Columns of the query that the labels of runs are made of; they follow those of the page. */
enum { KEY, ARCH, TRACE, RECIPE, LAYOUT, OVERRIDES, FIDELITY, FIXED };
static const char fixed_columns[] = "key,arch,trace,recipe,layout,overrides,fidelity";

struct gathering {
    struct html_page page;
    struct html_column *columns;
    struct html_run *runs;
    struct figure_run *names;        /* [runs], for the labels */
    const char **keys;               /* [runs] */
    struct store **from;             /* [runs] */
    struct table_cell **cells;       /* [runs], those of `runs` */
    struct arena *arena;
};

/* ---- columns ---- */

static bool is_listed(const struct store_column *const *list, const struct store_column *c)
{
    for (; *list; list++)
        if (*list == c)
            return true;
    return false;
}

/* Numbers of rows in a database mean nothing beside those of another one. */
static bool is_internal(const struct store_column *c)
{
    static const char *const names[] = { "arch_id", "id", "key", "model_version", "trace_id" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(c->name, names[i]) == 0)
            return true;
    return false;
}

/* What was changed in hardware or stack is said by no other column that is shown. */
static bool is_setting(const struct store_column *c) { return strncmp(c->name, "arch.", 5) == 0 || strncmp(c->name, "stack.", 6) == 0; }

static void add_column(struct gathering *g, const struct store_column *c, bool shown, char *text, size_t bytes)
{
    static const enum table_kind kinds[] = { [STORE_TEXT] = TABLE_TEXT, [STORE_INTEGER] = TABLE_INTEGER, [STORE_REAL] = TABLE_REAL };

    g->columns[g->page.columns_count++] = (struct html_column){ .as = { c->name, c->unit, kinds[c->kind] }, .help = c->help, .shown = shown,
                                                                .up = strncmp(c->name, "tokens_per_s", 12) == 0 };
    snprintf(text + strlen(text), bytes - strlen(text), "%s,", c->name);
}

/* Those that the table shows, in their order, then all others of the view. */
static enum status choose_columns(struct gathering *g, struct store *s, char *text, size_t bytes, const char *asked, struct error *err)
{
    const struct store_column *const *list, *const *fields;
    const struct store_view *view;
    size_t count = 0;
    enum status st;

    if ((st = store_view_find(&view, "runs", err)) || (st = store_columns_parse(&list, s, view, asked, g->arena, err)) ||
        (st = store_field_columns(&fields, s, g->arena, err)))
        return st;
    for (const struct store_column *const *c = list; *c; c++)
        count++;
    for (const struct store_column *const *c = fields; *c; c++)
        count++;
    for (const struct store_column *const *part = view->columns; *part; part++)
        for (const struct store_column *c = *part; c->name; c++)
            count++;
    if (!(g->columns = arena_array(g->arena, count, sizeof *g->columns)))
        return error_no_memory(err);
    for (const struct store_column *const *c = list; *c; c++)
        add_column(g, *c, true, text, bytes);
    for (const struct store_column *const *c = fields; *c; c++)
        if (!is_listed(list, *c))
            add_column(g, *c, !asked && is_setting(*c), text, bytes);
    for (const struct store_column *const *part = view->columns; *part; part++)
        for (const struct store_column *c = *part; c->name; c++)
            if (!is_listed(list, c) && !is_internal(c))
                add_column(g, c, false, text, bytes);
    if (strlen(text) + sizeof fixed_columns > bytes)
        return error_plain(err, STATUS_BAD_INPUT, "--columns: more than %d bytes of names, expected each column once", COLUMNS_TEXT_MAX);
    strcat(text, fixed_columns);
    return STATUS_OK;
}

/* A column of the plot: by default `otherwise`. */
static enum status plot_column(const char **out, struct store *s, const char *asked, const char *otherwise, bool number, const char *option, struct arena *arena,
                               struct error *err)
{
    const struct store_column *c;
    const struct store_view *view;
    enum status st;

    *out = otherwise;
    if (!asked)
        return STATUS_OK;
    if ((st = store_view_find(&view, "runs", err)) || (st = store_view_column_find(&c, s, view, asked, arena_printf(arena, "%s: ", option), err)))
        return st;
    if ((c->kind != STORE_TEXT) != number || is_internal(c))
        return error_plain(err, STATUS_BAD_INPUT, "%s: found '%s', expected a column of %s ('llmsim report --list' shows them)", option, asked,
                           number ? "numbers" : "texts");
    *out = c->name;
    return STATUS_OK;
}

/* ---- rows ---- */

static struct table_cell cell_of(const struct store_query *q, int k, enum table_kind kind, struct arena *arena)
{
    struct table_cell c = { .kind = kind };

    if (store_query_is_null(q, k))
        c.kind = kind == TABLE_TEXT ? TABLE_TEXT : TABLE_NONE;
    else if (kind == TABLE_TEXT)
        c.text = arena_strdup(arena, store_query_text(q, k));
    else if (kind == TABLE_INTEGER)
        c.whole = store_query_i64(q, k);
    else
        c.real = store_query_double(q, k);
    return c;
}

static enum status take_run(void *to, const struct store_query *q, struct store *from, struct error *err)
{
    struct gathering *g = to;
    int n = g->page.columns_count;
    struct table_cell *cells = arena_array(g->arena, (size_t)n, sizeof *cells);
    int64_t at = g->page.runs_count;
    const char *fixed[FIXED];

    if (at == RUNS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "--html: more than %d runs, expected fewer (--where, --limit)", RUNS_MAX);
    if (!cells)
        return error_no_memory(err);
    for (int k = 0; k < n; k++)
        cells[k] = cell_of(q, k, g->columns[k].as.kind, g->arena);
    for (int k = 0; k < FIXED; k++)
        fixed[k] = cell_of(q, n + k, TABLE_TEXT, g->arena).text;
    g->runs[at] = (struct html_run){ .cells = cells };
    g->names[at] = (struct figure_run){ .head = { .arch = fixed[ARCH], .trace = fixed[TRACE], .recipe = fixed[RECIPE], .layout = fixed[LAYOUT],
                                                  .overrides = fixed[OVERRIDES] }, .result = { .fidelity = fixed[FIDELITY] } };
    g->keys[at] = fixed[KEY];
    g->from[at] = from;
    g->cells[at] = cells;
    g->page.runs_count++;
    return fixed[KEY] ? STATUS_OK : error_no_memory(err);
}

/* Time by cause of a run whose rows were computed again: the database has no sums of them. */
static void fill_causes(struct table_cell *cells, const struct gathering *g, const struct result *r)
{
    for (int c = 0; c < CAUSES; c++) {
        char name[32];
        int64_t sum_ps = 0;

        snprintf(name, sizeof name, "%s_s", cause_name((enum cause)c));
        for (int64_t i = 0; i < r->rows_count; i++)
            sum_ps += r->rows[i].parts_ps[c];
        for (int k = 0; k < g->page.columns_count; k++)
            if (strcmp(g->columns[k].as.name, name) == 0 && cells[k].kind == TABLE_NONE)
                cells[k] = (struct table_cell){ .kind = TABLE_REAL, .real = (double)sum_ps / 1e12 };
    }
}

/* Time by phase and role. The whole run is read into memory of its own, which is given back; a run that has none is shown without. */
static enum status take_roles(struct html_run *run, struct table_cell *cells, const struct gathering *g, struct store *from, const char *key, struct error *err)
{
    static const enum phase phases[] = { PHASE_PREFILL, PHASE_DECODE, PHASE_MIXED };
    struct arena whole = { 0 }, *arena = g->arena;
    struct folded_row *rows;
    struct html_role *roles;
    struct result r;
    enum status st = stored_run_whole(&r, from, key, &whole, err);

    if (st) {
        arena_free(&whole);
        return st == STATUS_BAD_INPUT ? STATUS_OK : st;
    }
    fill_causes(cells, g, &r);
    rows = arena_array(&whole, (size_t)r.rows_count, sizeof *rows);
    roles = arena_array(arena, (size_t)r.rows_count, sizeof *roles);
    for (size_t p = 0; rows && roles && p < sizeof phases / sizeof phases[0]; p++) {
        int64_t n = fold_roles(rows, &r, phases[p]);

        for (int64_t i = 0; i < n; i++) {
            struct html_role *to = &roles[run->roles_count++];

            *to = (struct html_role){ .phase = phases[p], .role = arena_strdup(arena, rows[i].role) };
            memcpy(to->parts_ps, rows[i].parts_ps, sizeof to->parts_ps);
            if (!to->role)
                roles = NULL;
        }
    }
    run->roles = roles;
    arena_free(&whole);
    return rows && roles ? STATUS_OK : error_no_memory(err);
}

/* ---- what the page leaves out ---- */

static bool has_value(const struct table_cell *c)
{
    return c->kind == TABLE_TEXT ? c->text && *c->text : c->kind == TABLE_INTEGER || (c->kind == TABLE_REAL && isfinite(c->real));
}

/* Columns without a value in any run are no columns of the page, unless asked for; what all runs share is said once. */
static void settle_columns(struct gathering *g, bool asked)
{
    int kept = 0;

    for (int k = 0; k < g->page.columns_count; k++) {
        struct html_column c = g->columns[k];
        const struct table_cell *first = g->page.runs_count ? &g->runs[0].cells[k] : NULL;
        bool any = asked && c.shown, same = first && first->text && c.as.kind == TABLE_TEXT;

        for (int64_t i = 0; i < g->page.runs_count; i++) {
            const struct table_cell *cell = &g->runs[i].cells[k];

            any = any || has_value(cell);
            same = same && cell->text && strcmp(cell->text, first->text) == 0;
        }
        if (!any && g->page.runs_count > 0 && strcmp(c.as.name, g->page.x) != 0 && strcmp(c.as.name, g->page.y) != 0 &&
            strcmp(c.as.name, g->page.by) != 0)
            continue;
        c.common = !asked && c.shown && same && g->page.runs_count > 1;
        c.shown = c.shown && !c.common;
        g->columns[kept] = c;
        for (int64_t i = 0; i < g->page.runs_count; i++)
            g->runs[i].cells[kept] = g->runs[i].cells[k];
        kept++;
    }
    g->page.columns_count = kept;
}

/* ---- the page ---- */

/* Colours of runs on one chip tell their recipes apart. */
static const char *colour_of(const struct gathering *g)
{
    for (int64_t i = 1; i < g->page.runs_count; i++)
        if (strcmp(g->names[i].head.arch, g->names[0].head.arch) != 0)
            return "arch";
    return "recipe";
}

static enum status gather(struct gathering *g, const struct report_options *o, const struct report_sources *s, struct error *err)
{
    char columns[COLUMNS_TEXT_MAX] = "";
    enum status st;

    if ((st = plot_column(&g->page.x, s->stores[0], o->x, "time_s", true, "--x", g->arena, err)) ||
        (st = plot_column(&g->page.y, s->stores[0], o->y, "energy_j", true, "--y", g->arena, err)) ||
        (st = plot_column(&g->page.by, s->stores[0], o->by, "arch", false, "--by", g->arena, err)) ||
        (st = choose_columns(g, s->stores[0], columns, sizeof columns, o->columns, err)))
        return st;
    g->runs = arena_array(g->arena, RUNS_MAX, sizeof *g->runs);
    g->names = arena_array(g->arena, RUNS_MAX, sizeof *g->names);
    g->keys = arena_array(g->arena, RUNS_MAX, sizeof *g->keys);
    g->from = arena_array(g->arena, RUNS_MAX, sizeof *g->from);
    g->cells = arena_array(g->arena, RUNS_MAX, sizeof *g->cells);
    if (!g->runs || !g->names || !g->keys || !g->from || !g->cells)
        return error_no_memory(err);
    if ((st = report_rows(s, &(struct store_selection){ "runs", columns, o->where, o->sort, o->limit }, take_run, g, g->arena, err)))
        return st;
    if (!figure_labels(g->names, g->page.runs_count, g->arena))
        return error_no_memory(err);
    for (int64_t i = 0; i < g->page.runs_count && !st; i++) {
        g->runs[i].label = *g->names[i].label ? g->names[i].label : g->keys[i];
        if (g->page.runs_count <= ROLES_RUNS_MAX)
            st = take_roles(&g->runs[i], g->cells[i], g, g->from[i], g->keys[i], err);
    }
    if (!o->by)
        g->page.by = colour_of(g);
    settle_columns(g, o->columns != NULL);
    g->page.columns = g->columns;
    g->page.runs = g->runs;
    return st;
}

enum status report_html_page(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err)
{
    struct gathering g = { .page = { .title = o->title ? o->title : "Runs of llmsim", .digits = (int)o->digits }, .arena = arena };
    struct outfile *out;
    enum status st;

    if (o->figure || strcmp(o->table, "runs") != 0 || strcmp(o->format, "md") != 0 || o->value)
        return error_plain(err, STATUS_BAD_INPUT, "--html: found %s beside it, expected neither --figure, --format, --value nor another --table than runs",
                           o->figure ? "--figure" : o->value ? "--value" : strcmp(o->format, "md") != 0 ? "--format" : "--table");
    if (o->output.count > 1)
        return error_plain(err, STATUS_BAD_INPUT, "--output: a page goes to one file, found %lld", (long long)o->output.count);
    if ((st = gather(&g, o, s, err)) || (st = outfile_open(&out, o->output.count ? o->output.items[0] : "-", err)))
        return st;
    report_html(out, &g.page);
    return outfile_commit(out, err);
}
