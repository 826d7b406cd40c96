/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: which field of which struct is which column. One table binds, reads and compares, so that no field is forgotten in one of them. */
#ifndef LLMSIM_STORE_COLUMNS_H
#define LLMSIM_STORE_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/error.h"

enum column_kind {
    COLUMN_I64,
    COLUMN_DOUBLE, /* NaN is stored as NULL */
    COLUMN_TEXT,   /* const char *, may be NULL */
    COLUMN_CHARS,  /* char[capacity] */
    COLUMN_PHASE,  /* enum phase, by name */
    COLUMN_CAUSE,  /* enum cause, by name */
};

struct column {
    const char *name; /* NULL ends a table */
    enum column_kind kind;
    size_t offset, capacity;
};

extern const struct column result_columns[], phase_columns[], breakdown_columns[];

/** "name, name, ..." and the same number of "?, ?, ...". */
void columns_print_names(FILE *out, const struct column *columns);
void columns_print_marks(FILE *out, const struct column *columns);
/** Binds the fields of `from` to parameters first, first + 1, ... Texts are borrowed. */
void columns_bind(sqlite3_stmt *stmt, int first, const struct column *columns, const void *from);
/** Reads result columns first, first + 1, ... STATUS_BAD_INPUT: a name that is no phase or cause. */
enum status columns_read(void *to, sqlite3_stmt *stmt, int first, const struct column *columns, struct arena *arena, struct error *err);
/** Name of the first column in which a and b differ, or NULL. */
const char *columns_difference(const struct column *columns, const void *a, const void *b);

#endif
