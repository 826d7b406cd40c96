/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of `llmsim report`: rows of a selection, streamed into a format. */
#include "cli/report.h"
#include "reports/table.h"

struct writing {
    const struct table_format *format;
    struct table table;
    struct table_cell *cells;
    bool begun;
};

/* Not before a row has come: a selection that fails leaves nothing on standard output. */
static void begin(struct writing *w)
{
    if (!w->begun)
        w->format->begin(&w->table);
    w->begun = true;
}

static enum status put_row(void *to, const struct store_query *q, struct store *from, struct error *err)
{
    struct writing *w = to;

    (void)from;
    (void)err;
    begin(w);
    for (int i = 0; i < w->table.count; i++) {
        struct table_cell *c = &w->cells[i];

        *c = (struct table_cell){ .kind = w->table.columns[i].kind };
        if (store_query_is_null(q, i))
            c->kind = c->kind == TABLE_TEXT ? TABLE_TEXT : TABLE_NONE;
        else if (c->kind == TABLE_TEXT)
            c->text = store_query_text(q, i);
        else if (c->kind == TABLE_INTEGER)
            c->whole = store_query_i64(q, i);
        else
            c->real = store_query_double(q, i);
    }
    w->format->row(&w->table, w->cells);
    w->table.rows++;
    return STATUS_OK;
}

static enum status columns_of(struct writing *w, const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err)
{
    static const enum table_kind kinds[] = { [STORE_TEXT] = TABLE_TEXT, [STORE_INTEGER] = TABLE_INTEGER, [STORE_REAL] = TABLE_REAL };
    const struct store_column *const *list;
    const struct store_view *view;
    struct table_column *columns;
    int n = 0;
    enum status st;

    if ((st = store_view_find(&view, o->table, err)) || (st = store_columns_parse(&list, s->stores[0], view, o->columns, arena, err)))
        return st;
    while (list[n])
        n++;
    columns = arena_array(arena, (size_t)n + 1, sizeof *columns);
    w->cells = arena_array(arena, (size_t)n + 1, sizeof *w->cells);
    if (!columns || !w->cells)
        return error_no_memory(err);
    for (int i = 0; i < n; i++)
        columns[i] = (struct table_column){ list[i]->name, list[i]->unit, kinds[list[i]->kind] };
    w->table = (struct table){ .title = view->name, .columns = columns, .count = n, .digits = (int)o->digits };
    return STATUS_OK;
}

enum status report_table(const struct report_options *o, const struct report_sources *s, struct arena *arena, struct error *err)
{
    const struct store_selection what = { o->table, o->columns, o->where, o->sort, o->limit };
    struct writing w = { 0 };
    enum status st;

    if (o->output.count > 1)
        return error_plain(err, STATUS_BAD_INPUT, "--output: a table goes to one file, found %lld", (long long)o->output.count);
    if ((st = table_format_find(&w.format, o->format, err)) || (st = columns_of(&w, o, s, arena, err)) ||
        (st = outfile_open(&w.table.out, o->output.count ? o->output.items[0] : "-", err)))
        return st;
    if ((st = report_rows(s, &what, put_row, &w, arena, err))) {
        outfile_abandon(w.table.out);
        return st;
    }
    begin(&w);
    w.format->end(&w.table);
    return outfile_commit(w.table.out, err);
}
