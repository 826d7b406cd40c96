/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of SQL that a user wrote: an authorizer lets it read, and nothing else. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "store/check.h"
#include "store/sql.h"

static int only_reading(void *unused, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)unused, (void)a, (void)c, (void)d;
    if (action == SQLITE_FUNCTION)
        return b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

static struct store_value value_at(sqlite3_stmt *stmt, int i)
{
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_NULL:    return (struct store_value){ .null = true, .real = NAN };
    case SQLITE_INTEGER: return (struct store_value){ .kind = STORE_INTEGER, .whole = sqlite3_column_int64(stmt, i) };
    case SQLITE_FLOAT:   return (struct store_value){ .kind = STORE_REAL, .real = sqlite3_column_double(stmt, i) };
    case SQLITE_BLOB:    return (struct store_value){ .kind = STORE_TEXT, .text = "(bytes)" };
    default:             return (struct store_value){ .kind = STORE_TEXT, .text = (const char *)sqlite3_column_text(stmt, i) };
    }
}

static enum status answer(bool *more, struct store *s, sqlite3_stmt *stmt, int64_t limit, store_answer_fn *take, void *to, struct error *err)
{
    const char *names[STORE_ANSWER_COLUMNS_MAX];
    struct store_value values[STORE_ANSWER_COLUMNS_MAX];
    int count = sqlite3_column_count(stmt), code = SQLITE_DONE;
    enum status st = STATUS_OK;

    if (count > STORE_ANSWER_COLUMNS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "found %d columns, expected at most %d", count, STORE_ANSWER_COLUMNS_MAX);
    for (int64_t row = 0; !st && (code = sqlite3_step(stmt)) == SQLITE_ROW; row++) {
        if ((*more = limit && row == limit))
            return STATUS_OK;
        for (int i = 0; i < count; i++) {
            names[i] = sqlite3_column_name(stmt, i);
            values[i] = value_at(stmt, i);
        }
        st = take(to, count, names, values, err);
    }
    if (!st && code != SQLITE_DONE)
        return error_plain(err, STATUS_BAD_INPUT, "%s: SQL: %s", s->path, sqlite3_errmsg(s->db));
    return st;
}

enum status store_ask(bool *more, struct store *s, const char *sql, int64_t limit, store_answer_fn *take, void *to, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *rest = "";
    enum status st;

    *more = false;
    sqlite3_set_authorizer(s->db, only_reading, NULL);
    int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, &rest);
    if (code == SQLITE_AUTH)
        st = error_plain(err, STATUS_BAD_INPUT, "SQL: found a statement that does other than read, expected a SELECT");
    else if (code != SQLITE_OK)
        st = error_plain(err, STATUS_BAD_INPUT, "SQL: %s", sqlite3_errmsg(s->db));
    else if (!stmt || !sqlite3_stmt_readonly(stmt) || rest[strspn(rest, " \t\r\n;")])
        st = error_plain(err, STATUS_BAD_INPUT, "SQL: found %s, expected one SELECT", stmt ? "more than one statement" : "nothing");
    else
        st = answer(more, s, stmt, limit, take, to, err);
    sqlite3_finalize(stmt);
    sqlite3_set_authorizer(s->db, NULL, NULL);
    return st;
}
