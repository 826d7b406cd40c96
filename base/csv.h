/* SPDX-License-Identifier: Apache-2.0 */
/** CSV rows (RFC 4180 quotes) over textfile: header by name, values by column. */
#ifndef LLMSIM_BASE_CSV_H
#define LLMSIM_BASE_CSV_H

#include "base/error.h"

struct csv; /* handle */

enum status csv_open(struct csv **out, const char *path, struct error *err);
/** Column of a header name, or -1. */
int csv_column(const struct csv *csv, const char *name);
int csv_columns(const struct csv *csv);
const char *csv_name(const struct csv *csv, int column);
/** Next row; *row = NULL at the end. row[i] valid until the next call. A row with another number of fields is an error. */
enum status csv_next(struct csv *csv, const char *const **row, struct error *err);
struct source_pos csv_pos(const struct csv *csv);
void csv_close(struct csv *csv);

#endif
