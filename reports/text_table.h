/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tables that fit the terminal. Every column is as wide as its widest cell. Where that is too wide for the terminal, in this order: headings
 * break at blanks, columns that may flow break their text over lines, and the table falls into blocks, one below the other, each with the
 * first column again. No cell is cut and none is left out, whatever the width.
 *
 *     static const struct text_column columns[] = { { "name", TEXT_LEFT, TEXT_PLAIN }, { "area mm2", TEXT_RIGHT, TEXT_BOLD } };
 *     struct text_table t;
 *     text_table_begin(&t, columns, 2);
 *     text_table_cell(&t, "%s", name);
 *     text_table_cell(&t, "%.4g", area_mm2);
 *     if (!text_table_end(&t, stdout, &style, 2)) ... no memory
 */
#ifndef LLMSIM_REPORTS_TEXT_TABLE_H
#define LLMSIM_REPORTS_TEXT_TABLE_H

#include "base/arena.h"
#include "reports/text.h"

enum text_align {
    TEXT_LEFT,
    TEXT_RIGHT,
    TEXT_FLOW, /* flush left; sentences and lists, which may break over lines */
};

struct text_column {
    const char *heading;
    enum text_align align;
    enum text_colour colour; /* of the cells */
};

enum { TEXT_TABLE_COLUMNS_MAX = 16 };

struct text_table {
    const struct text_column *columns; /* borrowed; the first one is the row's name */
    int count;                         /* of columns, 1 to TEXT_TABLE_COLUMNS_MAX */
    struct arena arena;                /* private from here */
    const char **cells;
    int64_t cells_count, cells_room;
    bool failed;
};

void text_table_begin(struct text_table *t, const struct text_column *columns, int count);

/** The next cell, row by row. */
void text_table_cell(struct text_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Prints the table behind `indent` blanks and gives its memory back. Without rows: nothing. False: no memory, and nothing is printed. */
bool text_table_end(struct text_table *t, FILE *out, const struct text_style *style, int indent);

#endif
