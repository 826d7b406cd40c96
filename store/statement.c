/* SPDX-License-Identifier: Apache-2.0 */
/* Statements from tables of columns (store/statement.h). */
#include "store/statement.h"

#include <stdlib.h>

enum status statement_prepare(sqlite3_stmt **out, struct store *s, const char *lead, const struct column *columns, const char *middle,
                              const char *rest, const char *doing, struct error *err)
{
    char *text = NULL;
    size_t bytes;
    FILE *sql = open_memstream(&text, &bytes);
    enum status st;

    *out = NULL;
    if (!sql)
        return error_no_memory(err);
    fputs(lead, sql);
    columns_print_names(sql, columns);
    fputs(middle, sql);
    if (rest) {
        columns_print_marks(sql, columns);
        fputs(rest, sql);
    }
    if (fclose(sql)) {
        free(text);
        return error_no_memory(err);
    }
    st = sql_prepare(out, s, text, doing, err);
    free(text);
    return st;
}

void statement_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(stmt, at);
}
