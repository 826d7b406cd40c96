/* SPDX-License-Identifier: Apache-2.0 */
/** Is a database sound, and questions to it in SQL. docs/results.md, "Checking, exporting, asking" */
#ifndef LLMSIM_STORE_CHECK_H
#define LLMSIM_STORE_CHECK_H

#include "store/query.h"

/** Told of one fault: `what` is the check ("references"), `fault` one line about it. */
typedef void store_fault_fn(void *to, const char *what, const char *fault);

/** Runs every check; *faults counts what `tell` was told (at most 100 of each check). The database is only read. */
enum status store_check(int64_t *faults, struct store *s, store_fault_fn *tell, void *to, struct error *err);

/** One value of an answer; `text` is valid until the next row. */
struct store_value { bool null; enum store_kind kind; const char *text; int64_t whole; double real; };

/** Takes a row of an answer: `names` are the columns'. */
typedef enum status store_answer_fn(void *to, int count, const char *const *names, const struct store_value *values, struct error *err);

enum { STORE_ANSWER_COLUMNS_MAX = 256 };

/** Answers one SELECT. *more: rows beyond `limit` (0: none) were left off. STATUS_BAD_INPUT: not one statement, a statement that does
 *  other than read, or an error of SQL, told as SQLite words it. */
enum status store_ask(bool *more, struct store *s, const char *sql, int64_t limit, store_answer_fn *take, void *to, struct error *err);

#endif
