/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: the handle, and SQLite calls that end in a `struct error` with a cause one can act on. */
#ifndef LLMSIM_STORE_SQL_H
#define LLMSIM_STORE_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/error.h"

struct store {
    sqlite3 *db;
    char *path;
    bool read_only;
    struct field_list *fields; /* store/fields.h; NULL: nothing was asked for */
};

/** Turns the last failure of the connection into a message: "PATH: disk full while storing a run". */
enum status sql_fail(struct store *s, const char *doing, struct error *err);
enum status sql_exec(struct store *s, const char *sql, const char *doing, struct error *err);
enum status sql_prepare(sqlite3_stmt **out, struct store *s, const char *sql, const char *doing, struct error *err);
/** Runs a statement that gives no rows, and resets it. */
enum status sql_run(struct store *s, sqlite3_stmt *stmt, const char *doing, struct error *err);
/** First column of the first row as an integer. */
enum status sql_i64(int64_t *out, struct store *s, const char *sql, struct error *err);

#endif
