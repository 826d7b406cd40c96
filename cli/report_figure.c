/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of `llmsim report`: runs of a selection with the columns that the kind takes, drawn into every file asked for. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "arch/arch.h"
#include "cli/report.h"
#include "cli/stored_run.h"
#include "reports/figure_kinds.h"
#include "reports/table.h"

enum { HEADING_MAX = 128, FIXED = 7 };

/* A column of the query; at -1: none. */
struct asked { int at; const struct store_column *column; };

struct gathering {
    struct figure_input in;
    const struct figure_kind *kind;
    struct asked x, y, value, by;
};

static const char *text_at(const struct store_query *q, int column, struct arena *arena)
{
    const char *text = column < 0 || store_query_is_null(q, column) ? NULL : store_query_text(q, column);

    return text ? arena_strdup(arena, text) : NULL;
}

static double number_at(const struct store_query *q, int column) { return column < 0 ? NAN : store_query_double(q, column); }

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
                                .x = number_at(q, g->x.at), .y = number_at(q, g->y.at), .value = number_at(q, g->value.at),
                                .x_text = text_at(q, g->x.at, arena), .y_text = text_at(q, g->y.at, arena), .by = text_at(q, g->by.at, arena) };
    run->result.fidelity = text_at(q, 6, arena);
    g->in.count++;
    const char *key = text_at(q, 0, arena);
    enum status st = key ? STATUS_OK : error_no_memory(err);
    if (!st && g->kind->rows && !(st = stored_run_whole(&run->result, from, key, arena, err)))
        run->generation = figure_hardware(&hw, run, arena, &unknown) ? NULL : hw->generation;
    return !st && g->kind->memory && g->in.count <= g->kind->runs_max ? report_replay(&run->memory, run, from, key, arena, err) : st;
}

/* Adds a column behind the fixed ones. */
static enum status add_column(struct asked *out, struct store *s, char *columns, size_t bytes, int *count, const char *given, const char *otherwise, const char *option,
                              struct arena *arena, struct error *err)
{
    const struct store_view *view;
    enum status st;

    *out = (struct asked){ .at = -1 };
    if (given && !otherwise)
        return error_plain(err, STATUS_BAD_INPUT, "%s: this kind of figure takes no such column", option);
    if (!otherwise)
        return STATUS_OK;
    if ((st = store_view_find(&view, "runs", err)) ||
        (st = store_view_column_find(&out->column, s, view, given ? given : otherwise, arena_printf(arena, "%s: ", option), err)))
        return st;
    snprintf(columns + strlen(columns), bytes - strlen(columns), ",%s", out->column->name);
    out->at = (*count)++;
    return STATUS_OK;
}

/* A number as the name of a row or column of cells. */
static const char *name_of(double value, struct arena *arena) { return isfinite(value) ? arena_printf(arena, "%.4g", value) : NULL; }

/* Brings the numbers of a column (`offset`: of their member) to a unit that suits the largest, and names the axis. Where numbers have a text too (`texts`: of that
 * member; 0: none), it is of the number in this unit. */
static enum status scale_column(const char **heading, const char **name, const struct gathering *g, const struct asked *asked, size_t offset, size_t texts,
                                struct error *err)
{
    const struct store_column *c = asked->column;
    char text[HEADING_MAX];
    double largest = 0;

    if (asked->at < 0)
        return STATUS_OK;
    for (int64_t i = 0; i < g->in.count; i++) {
        double value = *(const double *)(const void *)((const char *)&g->in.runs[i] + offset);
        largest = isfinite(value) ? fmax(largest, fabs(value)) : largest;
    }
    const struct figure_scale scale = figure_scale_of(c->unit, largest);
    for (int64_t i = 0; i < g->in.count; i++) {
        double *value = (double *)(void *)((char *)&g->in.runs[i] + offset);

        *value /= scale.of;
        if (texts && c->kind != STORE_TEXT)
            *(const char **)(void *)((char *)&g->in.runs[i] + texts) = name_of(*value, g->in.arena);
    }
    table_heading(text, sizeof text, &(struct table_column){ c->name, c->unit, c->kind == STORE_TEXT ? TABLE_TEXT : TABLE_REAL });
    *name = c->name;
    return (*heading = figure_heading(text, c->name, scale.unit, g->in.arena)) ? STATUS_OK : error_no_memory(err);
}

static enum status scale_columns(struct gathering *g, struct error *err)
{
    const char *unused;
    enum status st;

    if ((st = scale_column(&g->in.x, &g->in.x_name, g, &g->x, offsetof(struct figure_run, x), offsetof(struct figure_run, x_text), err)) ||
        (st = scale_column(&g->in.y, &g->in.y_name, g, &g->y, offsetof(struct figure_run, y), offsetof(struct figure_run, y_text), err)) ||
        (st = scale_column(&g->in.value, &unused, g, &g->value, offsetof(struct figure_run, value), 0, err)))
        return st;
    g->in.y_up = g->in.y_name && strncmp(g->in.y_name, "tokens_per_s", 12) == 0;
    return STATUS_OK;
}

static enum status gather(struct gathering *g, const struct report_options *o, const struct report_sources *s, struct error *err)
{
    char columns[512] = "key,arch,trace,recipe,layout,overrides,fidelity";
    int count = FIXED;
    struct arena *arena = g->in.arena;
    enum status st;

    if ((st = add_column(&g->x, s->stores[0], columns, sizeof columns, &count, o->x, g->kind->x, "--x", arena, err)) ||
        (st = add_column(&g->y, s->stores[0], columns, sizeof columns, &count, o->y, g->kind->y, "--y", arena, err)) ||
        (st = add_column(&g->value, s->stores[0], columns, sizeof columns, &count, o->value, g->kind->value, "--value", arena, err)) ||
        (st = add_column(&g->by, s->stores[0], columns, sizeof columns, &count, o->by, g->kind->by, "--by", arena, err)))
        return st;
    if (!(g->in.runs = arena_array(arena, FIGURE_RUNS_MAX, sizeof *g->in.runs)))
        return error_no_memory(err);
    if ((st = report_rows(s, &(struct store_selection){ "runs", columns, o->where, o->sort, o->limit }, take_run, g, arena, err)))
        return st;
    if (g->in.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--figure %s: no run is left, expected at least one", g->kind->name);
    if (g->kind->runs_max && g->in.count > g->kind->runs_max)
        return error_plain(err, STATUS_BAD_INPUT, "--figure %s: %lld runs, expected %lld (--where 'run = ...', --limit 1)", g->kind->name,
                           (long long)g->in.count, (long long)g->kind->runs_max);
    return figure_labels(g->in.runs, g->in.count, arena) ? scale_columns(g, err) : error_no_memory(err);
}

/* Kind, places and programs, before anything is computed. */
static enum status prepare(const struct figure_kind **kind, const struct report_options *o, struct error *err)
{
    enum status st;

    if (o->output.count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "--figure: no --output, expected a name that ends in .svg, .pdf or .png");
    if ((st = figure_kind_find(kind, o->figure, err)))
        return st;
    for (int64_t i = 0; i < o->output.count && !st; i++)
        st = figure_ready(o->output.items[i], err);
    return st;
}

static enum status draw(const struct gathering *g, const struct report_options *o, struct error *err)
{
    struct figure_page *page = arena_alloc(g->in.arena, sizeof *page);
    enum status st = page ? g->kind->draw(page, &g->in, err) : error_no_memory(err);

    for (int64_t i = 0; i < o->output.count && !st; i++)
        st = figure_write_all(o->output.items[i], &page->figure, g->in.arena, err);
    return st;
}

static double width_of(const struct report_options *o) { return strcmp(o->width, "page") == 0 ? 6.9 : 3.3; }

enum status report_training_figure(const struct report_options *o, const char *path, struct arena *arena, struct error *err)
{
    struct training_result r;
    struct training_head head;
    struct gathering g = { .in = { .width_in = width_of(o), .title = o->title, .training = &r, .training_head = &head, .arena = arena } };
    enum status st;

    if (!o->figure)
        return error_plain(err, STATUS_BAD_INPUT, "%s: an iteration of training, expected --figure pipeline or memory with it", path);
    if ((st = prepare(&g.kind, o, err)))
        return st;
    if (!g.kind->training)
        return error_plain(err, STATUS_BAD_INPUT, "%s: an iteration of training, which --figure %s does not draw; expected pipeline or memory", path, o->figure);
    return (st = report_training_read(&r, &head, path, arena, err)) ? st : draw(&g, o, err);
}

enum status report_figure(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err)
{
    struct residual_library residuals;
    struct gathering g = { .in = { .width_in = width_of(o), .title = o->title, .residuals = &residuals, .arena = arena } };
    enum status st = prepare(&g.kind, o, err);

    if (!st && g.kind->training_only)
        st = error_plain(err, STATUS_BAD_INPUT, "--figure %s draws an iteration of training: expected the output of 'llmsim train --json'", o->figure);
    if (st || (st = residual_library_load(&residuals, arena, err)) || (st = gather(&g, o, s, err)))
        return st;
    return draw(&g, o, err);
}
