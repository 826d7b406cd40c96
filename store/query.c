/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A selection (store/query.h) as one statement:
 *
 *     SELECT "a", "b" FROM (SELECT expression AS "a", ... FROM tables [GROUP BY ...] ORDER BY own) WHERE filter ORDER BY ... LIMIT n
 *
 * Only columns that are asked for stand in the inner part: what costs a look into another table is paid by who wants it.
 */
#include "store/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/filter.h"
#include "store/sql.h"

enum { USED_MAX = 128, ORDER_MAX = 8 };

struct store_query {
    struct store *store;
    sqlite3_stmt *stmt;
    const struct store_column *const *columns;
    int count;
};

/* Columns of the inner part, each once. */
struct used { const struct store_column *columns[USED_MAX]; int count; };

static void use(void *to, const struct store_column *column)
{
    struct used *u = to;

    for (int i = 0; i < u->count; i++)
        if (u->columns[i] == column)
            return;
    if (u->count < USED_MAX)
        u->columns[u->count++] = column;
}

/* ---- lists of columns ---- */

static enum status all_columns(const struct store_column *const **out, const struct store_view *view, bool only_shown, struct arena *arena,
                               struct error *err)
{
    const struct store_column **list = arena_array(arena, USED_MAX + 1, sizeof *list);
    int n = 0;

    if (!list)
        return error_no_memory(err);
    for (const struct store_column *const *part = view->columns; *part; part++)
        for (const struct store_column *c = *part; c->name && n < USED_MAX; c++)
            if (c->shown || !only_shown)
                list[n++] = c;
    *out = list;
    return STATUS_OK;
}

enum status store_columns_parse(const struct store_column *const **out, struct store *s, const struct store_view *view, const char *text, struct arena *arena,
                                struct error *err)
{
    const struct store_column **list;
    int n = 0;
    enum status st;

    if (!text || strcmp(text, "all") == 0)
        return all_columns(out, view, !text, arena, err);
    if (!(list = arena_array(arena, USED_MAX + 1, sizeof *list)))
        return error_no_memory(err);
    for (const char *at = text; ; at++) {
        at += strspn(at, " ");
        size_t bytes = strcspn(at, ","), end = bytes;
        while (end > 0 && at[end - 1] == ' ')
            end--;
        char *name = arena_strndup(arena, at, end);
        if (!name)
            return error_no_memory(err);
        if (n == USED_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "--columns: more than %d", USED_MAX);
        if ((st = store_view_column_find(&list[n++], s, view, name, "--columns: ", err)))
            return st;
        at += bytes;
        if (!*at)
            break;
    }
    *out = list;
    return STATUS_OK;
}

/* ---- the statement ---- */

static enum status put_order(FILE *sql, struct used *used, struct store *s, const struct store_view *view, const char *order, struct arena *arena, struct error *err)
{
    enum status st;

    fputs(" ORDER BY ", sql);
    for (const char *at = order; at && *at; ) {
        const struct store_column *column;
        size_t bytes = strcspn(at, ",");
        const char *from = at + strspn(at, " ");
        bool down = *from == '-';
        char *name;

        from += down;
        while (bytes > 0 && at + bytes > from && at[bytes - 1] == ' ')
            bytes--;
        if (!(name = arena_strndup(arena, from, from < at + bytes ? (size_t)(at + bytes - from) : 0)))
            return error_no_memory(err);
        if ((st = store_view_column_find(&column, s, view, name, "--sort: ", err)))
            return st;
        use(used, column);
        fprintf(sql, "\"%s\"%s, ", column->name, down ? " DESC NULLS LAST" : " NULLS LAST");
        at += strcspn(at, ",");
        at += *at == ',';
    }
    fputs("\"$n\"", sql);
    return STATUS_OK;
}

/* "a.name", but not "beta.name". */
static bool names_table(const char *sql, const char *dotted)
{
    for (const char *at = strstr(sql, dotted); at; at = strstr(at + 1, dotted))
        if (at == sql || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1]))
            return true;
    return false;
}

static void put_inputs(FILE *sql, const struct used *used)
{
    static const struct { const char *dotted, *join; } inputs[] = {
        { "a.", " JOIN input a ON a.id = r.arch_id" }, { "s.", " JOIN input s ON s.id = r.stack_id" }, { "t.", " JOIN input t ON t.id = r.trace_id" },
    };

    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        bool needed = false;

        for (int c = 0; c < used->count; c++)
            needed = needed || names_table(used->columns[c]->sql, inputs[i].dotted);
        if (needed)
            fputs(inputs[i].join, sql);
    }
}

static void put_inner(FILE *sql, const struct used *used, const struct store_view *view, bool numbered)
{
    fputs(" FROM (SELECT ", sql);
    for (int i = 0; i < used->count; i++)
        fprintf(sql, "%s AS \"%s\", ", used->columns[i]->sql, used->columns[i]->name);
    if (numbered)
        fprintf(sql, "row_number() OVER (ORDER BY %s) AS \"$n\"", view->order);
    else
        fputs("r.id AS \"$n\"", sql);
    fprintf(sql, " FROM %s", view->from);
    put_inputs(sql, used);
    fprintf(sql, "%s%s)", view->group ? " GROUP BY " : "", view->group ? view->group : "");
}

/* The order of a view that is not just the run's number needs the rows numbered. */
static bool needs_numbers(const struct store_view *view) { return strcmp(view->order, "r.id") != 0; }

static enum status build(FILE *sql, struct filter *filter, struct store *s, const struct store_view *view, const struct store_column *const *columns,
                         const struct store_selection *what, struct arena *arena, struct error *err)
{
    char *where = NULL, *order = NULL;
    size_t where_bytes, order_bytes;
    FILE *w = open_memstream(&where, &where_bytes), *o = open_memstream(&order, &order_bytes);
    struct used used = { 0 };
    enum status st = w && o ? STATUS_OK : error_no_memory(err);

    for (const struct store_column *const *c = columns; *c; c++)
        use(&used, *c);
    if (!st && what->where)
        st = filter_sql(w, filter, s, view, what->where, use, &used, arena, err);
    if (!st)
        st = put_order(o, &used, s, view, what->order, arena, err);
    int failed = (w ? fclose(w) : 0) | (o ? fclose(o) : 0);
    if (failed && !st)
        st = error_no_memory(err);
    if (!st) {
        fputs("SELECT ", sql);
        for (const struct store_column *const *c = columns; *c; c++)
            fprintf(sql, "%s\"%s\"", c == columns ? "" : ", ", (*c)->name);
        put_inner(sql, &used, view, needs_numbers(view));
        if (what->where)
            fprintf(sql, " WHERE %s", where);
        fputs(order, sql);
        if (what->limit > 0)
            fprintf(sql, " LIMIT %lld", (long long)what->limit);
    }
    free(where);
    free(order);
    return st;
}

static void bind_values(sqlite3_stmt *stmt, const struct filter *filter)
{
    for (int i = 0; i < filter->count; i++)
        if (filter->values[i].text)
            sqlite3_bind_text(stmt, i + 1, filter->values[i].text, -1, SQLITE_TRANSIENT);
        else
            sqlite3_bind_double(stmt, i + 1, filter->values[i].number);
}

enum status store_query_open(struct store_query **out, struct store *s, const struct store_selection *what, struct arena *arena, struct error *err)
{
    const struct store_view *view;
    struct filter filter = { .count = 0 };
    struct store_query *q;
    char *text = NULL;
    size_t bytes;
    FILE *sql;
    enum status st;

    *out = NULL;
    if (!(q = arena_alloc(arena, sizeof *q)))
        return error_no_memory(err);
    q->store = s;
    if ((st = store_view_find(&view, what->view, err)) || (st = store_columns_parse(&q->columns, s, view, what->columns, arena, err)))
        return st;
    while (q->columns[q->count])
        q->count++;
    if (!(sql = open_memstream(&text, &bytes)))
        return error_no_memory(err);
    st = build(sql, &filter, s, view, q->columns, what, arena, err);
    if (fclose(sql) && !st)
        st = error_no_memory(err);
    if (!st && !(st = sql_prepare(&q->stmt, s, text, "selecting rows", err))) {
        bind_values(q->stmt, &filter);
        *out = q;
    }
    free(text);
    return st;
}

/* ---- rows ---- */

int store_query_columns(const struct store_query *q) { return q->count; }
const struct store_column *store_query_column(const struct store_query *q, int column) { return q->columns[column]; }

enum status store_query_next(bool *more, struct store_query *q, struct error *err)
{
    int code = sqlite3_step(q->stmt);

    *more = code == SQLITE_ROW;
    return *more || code == SQLITE_DONE ? STATUS_OK : sql_fail(q->store, "selecting rows", err);
}

bool store_query_is_null(const struct store_query *q, int column) { return sqlite3_column_type(q->stmt, column) == SQLITE_NULL; }
int64_t store_query_i64(const struct store_query *q, int column) { return sqlite3_column_int64(q->stmt, column); }
double store_query_double(const struct store_query *q, int column)
{
    int type = sqlite3_column_type(q->stmt, column);

    return type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_column_double(q->stmt, column) : NAN;
}
const char *store_query_text(const struct store_query *q, int column) { return (const char *)sqlite3_column_text(q->stmt, column); }

void store_query_close(struct store_query *q)
{
    if (q)
        sqlite3_finalize(q->stmt);
}
