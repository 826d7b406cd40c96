/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reading many runs: rows of a view, some of its columns, those that a filter keeps, in an order. Rows are streamed. docs/reports.md
 *
 *     struct store_selection what = { .view = "runs", .columns = "arch, recipe, time_s", .where = "devices <= 8 and recipe ~ '*fp8*'",
 *                                     .order = "-tokens_per_s", .limit = 20 };
 *     st = store_query_open(&q, store, &what, arena, err);
 *     while (!(st = store_query_next(&more, q, err)) && more)
 *         printf("%s %g\n", store_query_text(q, 0), store_query_double(q, 2));
 *     store_query_close(q);
 *
 * A filter is an expression over the view's columns: comparisons (= != < <= > >=), ~ and !~ (a pattern with * and ?), `in (a, b)`,
 * `is null`, `is not null`, arithmetic (+ - * /), `and`, `or`, `not`, parentheses. Text after a text column may stand bare: arch = A100-80GB.
 * arch.PATH and stack.PATH are compared with quantities (arch.dram.bandwidth >= 2 TB/s). It is parsed here and given to SQLite with every value bound: no text of a user becomes SQL.
 */
#ifndef LLMSIM_STORE_QUERY_H
#define LLMSIM_STORE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/store.h"

enum store_kind { STORE_TEXT, STORE_INTEGER, STORE_REAL };

struct store_column {
    const char *name;      /* ends in its unit: "time_s"; NULL ends a list */
    const char *unit;      /* as it is written in headings: "s", "J/token", ""; texts have none */
    enum store_kind kind;
    bool shown;            /* without a choice of columns */
    const char *sql, *help;
};

struct store_view {
    const char *name, *summary;
    const char *from, *group, *order;      /* SQL; group NULL: none. Inputs (a: hardware, s: stack, t: trace) are joined where a column names them */
    const struct store_column *columns[3]; /* parts of the list, ends with NULL */
};

/** All views, sorted by name; the list ends with NULL. */
extern const struct store_view *const store_views[];

/** STATUS_BAD_INPUT names the nearest one. */
enum status store_view_find(const struct store_view **out, const char *name, struct error *err);
/** Column by name: the view's own, or what runs make one (recipe.w, layout.tp, arch.PATH, stack.PATH: docs/reports.md), which lives as long as the store.
 *  `what` ("--columns: ") begins the message, which names the nearest column. */
enum status store_view_column_find(const struct store_column **out, struct store *s, const struct store_view *view, const char *name, const char *what,
                                   struct error *err);
/** "arch, recipe.w, time_s" as a list that ends with NULL, in `arena`; text NULL: the columns that are shown without a choice; "all": all of the view's own. */
enum status store_columns_parse(const struct store_column *const **out, struct store *s, const struct store_view *view, const char *text, struct arena *arena,
                                struct error *err);
/** All that runs make, as a list that ends with NULL, in `arena`; names of fields come from the first run, those of settings from all. */
enum status store_field_columns(const struct store_column *const **out, struct store *s, struct arena *arena, struct error *err);
/** Databases that are read together: a column that runs make is one of all of them, and of one kind. `stores` must stay where it is until they are closed. */
enum status store_join(struct store *const *stores, int count, struct error *err);

struct store_selection {
    const char *view;      /* name */
    const char *columns;   /* as in store_columns_parse() */
    const char *where;     /* filter; NULL: all rows */
    const char *order;     /* columns with commas, "-" before one: descending; NULL: the view's own. Ties: the view's own */
    int64_t limit;         /* rows; 0: all */
};

struct store_query; /* handle */

/** STATUS_BAD_INPUT: an unknown name (with the nearest), or a filter that is none ("--where:1:8: found ..., expected ..."). */
enum status store_query_open(struct store_query **out, struct store *s, const struct store_selection *what, struct arena *arena, struct error *err);
int store_query_columns(const struct store_query *q);
const struct store_column *store_query_column(const struct store_query *q, int column);
/** Goes to the next row; *more false: there is none. */
enum status store_query_next(bool *more, struct store_query *q, struct error *err);
bool store_query_is_null(const struct store_query *q, int column);
int64_t store_query_i64(const struct store_query *q, int column);
/** NaN where there is no number. */
double store_query_double(const struct store_query *q, int column);
/** NULL where there is none; valid until the next row. */
const char *store_query_text(const struct store_query *q, int column);
/** NULL is allowed. */
void store_query_close(struct store_query *q);

#endif
