/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: statements whose columns come from a table (store/columns.h). */
#ifndef LLMSIM_STORE_STATEMENT_H
#define LLMSIM_STORE_STATEMENT_H

#include "store/columns.h"
#include "store/sql.h"

/** Prepares `lead` name, name ... `middle` [?, ? ... `rest`]; `rest` NULL: no marks, `middle` ends it. */
enum status statement_prepare(sqlite3_stmt **out, struct store *s, const char *lead, const struct column *columns, const char *middle,
                              const char *rest, const char *doing, struct error *err);

/** Text or NULL; SQLite keeps a copy. */
void statement_bind_text(sqlite3_stmt *stmt, int at, const char *text);

#endif
