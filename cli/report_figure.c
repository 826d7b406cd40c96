/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of `llmsim report`: runs of a selection with the columns that the kind takes, drawn into every file asked for. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "cli/report.h"
#include "reports/figure_kinds.h"
#include "reports/table.h"

enum { HEADING_MAX = 128, FIXED = 7 };

struct gathering {
    struct figure_input in;
    const struct figure_kind *kind;
    int x, y, value, by;              /* columns of the query; -1: none */
};

static const char *text_at(const struct store_query *q, int column, struct arena *arena)
{
    const char *text = column < 0 || store_query_is_null(q, column) ? NULL : store_query_text(q, column);

    return text ? arena_strdup(arena, text) : NULL;
}

/* The whole run where the kind needs its rows. */
static enum status read_result(struct figure_run *run, struct store *from, const char *key, struct arena *arena, struct error *err)
{
    enum status st = report_result(&run->result, from, key, arena, err);

    if (!st && run->result.rows_count == 0)
        st = error_plain(err, STATUS_BAD_INPUT, "run %.8s has no breakdown (a point of a sweep without it): 'llmsim run' with the same inputs completes it", key);
    return st;
}

static enum status take_run(void *to, const struct store_query *q, struct store *from, struct error *err)
{
    struct gathering *g = to;
    struct arena *arena = g->in.arena;
    struct figure_run *run = &g->in.runs[g->in.count];
    const struct hardware *hw;
    struct error unknown;

    if (g->in.count == FIGURE_RUNS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "--figure: more than %d runs, expected fewer (--where, --limit)", FIGURE_RUNS_MAX);
    *run = (struct figure_run){ .head = { .arch = text_at(q, 1, arena), .trace = text_at(q, 2, arena), .recipe = text_at(q, 3, arena),
                                          .layout = text_at(q, 4, arena), .overrides = text_at(q, 5, arena) },
                                .x = g->x < 0 ? NAN : store_query_double(q, g->x), .y = g->y < 0 ? NAN : store_query_double(q, g->y),
                                .value = g->value < 0 ? NAN : store_query_double(q, g->value), .x_text = text_at(q, g->x, arena),
                                .y_text = text_at(q, g->y, arena), .by = text_at(q, g->by, arena) };
    run->result.fidelity = text_at(q, 6, arena);
    g->in.count++;
    if (g->kind->rows) {
        const char *key = text_at(q, 0, arena);
        enum status st = key ? read_result(run, from, key, arena, err) : error_no_memory(err);
        if (st)
            return st;
        run->generation = figure_hardware(&hw, run, arena, &unknown) ? NULL : hw->generation;
    }
    return STATUS_OK;
}

/* Adds a column behind the fixed ones; its heading and name. */
static enum status add_column(int *at, const char **heading, const char **name, char *columns, size_t bytes, int *count, const char *given,
                              const char *otherwise, const char *option, struct arena *arena, struct error *err)
{
    const struct store_column *c;
    const struct store_view *view;
    char text[HEADING_MAX];
    enum status st;

    *at = -1;
    if (given && !otherwise)
        return error_plain(err, STATUS_BAD_INPUT, "%s: this kind of figure takes no such column", option);
    if (!otherwise)
        return STATUS_OK;
    if ((st = store_view_find(&view, "runs", err)) ||
        (st = store_view_column_find(&c, view, given ? given : otherwise, arena_printf(arena, "%s: ", option), err)))
        return st;
    table_heading(text, sizeof text, &(struct table_column){ c->name, c->unit, c->kind == STORE_TEXT ? TABLE_TEXT : TABLE_REAL });
    *heading = arena_strdup(arena, text);
    *name = c->name;
    snprintf(columns + strlen(columns), bytes - strlen(columns), ",%s", c->name);
    *at = (*count)++;
    return *heading ? STATUS_OK : error_no_memory(err);
}

static enum status gather(struct gathering *g, const struct report_options *o, const struct report_sources *s, struct error *err)
{
    char columns[512] = "key,arch,trace,recipe,layout,overrides,fidelity";
    const char *unused;
    int count = FIXED;
    struct arena *arena = g->in.arena;
    enum status st;

    if ((st = add_column(&g->x, &g->in.x, &g->in.x_name, columns, sizeof columns, &count, o->x, g->kind->x, "--x", arena, err)) ||
        (st = add_column(&g->y, &g->in.y, &g->in.y_name, columns, sizeof columns, &count, o->y, g->kind->y, "--y", arena, err)) ||
        (st = add_column(&g->value, &g->in.value, &unused, columns, sizeof columns, &count, o->value, g->kind->value, "--value", arena, err)) ||
        (st = add_column(&g->by, &unused, &unused, columns, sizeof columns, &count, o->by, g->kind->by, "--by", arena, err)))
        return st;
    g->in.y_up = g->in.y_name && strncmp(g->in.y_name, "tokens_per_s", 12) == 0;
    if (!(g->in.runs = arena_array(arena, FIGURE_RUNS_MAX, sizeof *g->in.runs)))
        return error_no_memory(err);
    if ((st = report_rows(s, &(struct store_selection){ "runs", columns, o->where, o->sort, o->limit }, take_run, g, arena, err)))
        return st;
    if (g->in.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--figure %s: no run is left, expected at least one", g->kind->name);
    if (g->kind->runs_max && g->in.count > g->kind->runs_max)
        return error_plain(err, STATUS_BAD_INPUT, "--figure %s: %lld runs, expected %lld (--where 'run = ...', --limit 1)", g->kind->name,
                           (long long)g->in.count, (long long)g->kind->runs_max);
    return figure_labels(g->in.runs, g->in.count, arena) ? STATUS_OK : error_no_memory(err);
}

enum status report_figure(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err)
{
    struct figure_page *page = arena_alloc(arena, sizeof *page);
    struct residual_library residuals;
    struct gathering g = { .in = { .width_in = strcmp(o->width, "page") == 0 ? 6.9 : 3.3, .title = o->title, .residuals = &residuals, .arena = arena } };
    enum status st;

    if (!page)
        return error_no_memory(err);
    if (o->output.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--figure: no --output, expected a name that ends in .svg, .pdf or .png");
    if ((st = figure_kind_find(&g.kind, o->figure, err)))
        return st;
    for (int64_t i = 0; i < o->output.count; i++)
        if ((st = figure_ready(o->output.items[i], err)))
            return st;
    if ((st = residual_library_load(&residuals, arena, err)) || (st = gather(&g, o, s, err)) || (st = g.kind->draw(page, &g.in, err)))
        return st;
    for (int64_t i = 0; i < o->output.count && !st; i++)
        st = figure_write_all(o->output.items[i], &page->figure, arena, err);
    return st;
}
