/* SPDX-License-Identifier: Apache-2.0 */
/** Tables as files: CSV, TSV, Markdown, LaTeX (booktabs), JSON. Rows are streamed. A format is one descriptor in reports/table_formats.c. */
#ifndef LLMSIM_REPORTS_TABLE_H
#define LLMSIM_REPORTS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/textfile.h"

enum table_kind { TABLE_NONE, TABLE_TEXT, TABLE_INTEGER, TABLE_REAL };

struct table_cell {
    enum table_kind kind;        /* NONE: no value, an empty cell (JSON: null) */
    const char *text;
    int64_t whole;
    double real;                 /* NaN and infinity are no values */
};

struct table_column {
    const char *name, *unit;     /* "time_s", "s"; unit "": none */
    enum table_kind kind;        /* of its values */
};

struct table {
    struct outfile *out;
    const char *title;           /* of what the rows are: "runs" */
    const struct table_column *columns;
    int count, digits;           /* digits: significant ones of reals where people read them (Markdown, LaTeX); files for programs have all */
    int64_t rows;                /* so far */
};

struct table_format {
    const char *name, *summary;
    void (*begin)(struct table *t);
    void (*row)(struct table *t, const struct table_cell *cells);
    void (*end)(struct table *t);
};

/** Sorted by name; the list ends with NULL. */
extern const struct table_format *const table_formats[];
/** STATUS_BAD_INPUT names the nearest one. */
enum status table_format_find(const struct table_format **out, const char *name, struct error *err);

/** What people read above a column: "time (s)" of time_s, "tokens per s" of tokens_per_s. */
void table_heading(char *out, size_t bytes, const struct table_column *column);
/** A value for people: `digits` significant ones; "" where there is none. */
void table_value(char *out, size_t bytes, const struct table_cell *cell, int digits);
/** A text as JSON, which nothing in it ends early inside a page's script: < > & are escaped. NULL: null. */
void table_json_text(struct outfile *out, const char *text);
/** A value as JSON with all digits; null where there is none. */
void table_json(struct outfile *out, const struct table_cell *cell);

#endif
