/* SPDX-License-Identifier: Apache-2.0 */
/** Files of measured rows: the schema is recognised by the header, fields are reached by the name of their column. */
#ifndef LLMSIM_VALIDATE_ROWS_H
#define LLMSIM_VALIDATE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct measurement_kind;

/** One row; the strings are valid until the next is read, unless copied. */
struct row {
    const struct measurement_kind *kind;
    const char *const *names;    /* of the columns */
    const char *const *fields;
    int columns;
    struct source_pos at;
};

struct row_file; /* handle */

/** STATUS_BAD_INPUT when no kind has the header's columns: names the kind that comes nearest and what it misses. */
enum status row_file_open(struct row_file **out, const char *path, struct error *err);
const struct measurement_kind *row_file_kind(const struct row_file *f);
/** Next row; out->fields = NULL at the end. */
enum status row_file_next(struct row *out, struct row_file *f, struct error *err);
void row_file_close(struct row_file *f);

/** Field of a column; "" where the column is absent and for the measured one. */
const char *row_text(const struct row *row, const char *column);
bool row_has(const struct row *row, const char *column);
/** Whole number within [low, high]; message with place, what was found, what was expected. */
enum status row_count(int64_t *out, const struct row *row, const char *column, int64_t low, int64_t high, struct error *err);
/** The measured value; NAN where it is empty. Not a number, or not above 0: STATUS_BAD_INPUT. Only statistics call this. */
enum status row_measured(double *out, const struct row *row, struct error *err);

#endif
