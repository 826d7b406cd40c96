/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: filters of store/query.h as SQL with bound values. */
#ifndef LLMSIM_STORE_FILTER_H
#define LLMSIM_STORE_FILTER_H

#include <stdio.h>

#include "store/query.h"

enum { FILTER_OPERANDS_MAX = 256, FILTER_BYTES_MAX = 1 << 14 };

struct filter_value { const char *text; double number; }; /* text NULL: a number */

struct filter {
    struct filter_value values[FILTER_OPERANDS_MAX]; /* of the marks in the SQL, in order */
    int count;
};

/** Writes the SQL of `text` to `sql`; `used` is told every column that occurs. STATUS_BAD_INPUT with the place in the filter. */
enum status filter_sql(FILE *sql, struct filter *out, struct store *s, const struct store_view *view, const char *text, void (*used)(void *, const struct store_column *),
                       void *to, struct arena *arena, struct error *err);

#endif
