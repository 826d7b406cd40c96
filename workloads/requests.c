/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a CSV. See requests_read() in generate.h. */
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/quantity.h"
#include "workloads/generate.h"
#include "workloads/op_table.h"

enum { COLUMNS = 3 };
static const char *const column_names[COLUMNS] = { "arrival_s", "in_tokens", "out_tokens" };

static enum status find_columns(int column[COLUMNS], const struct csv *csv, struct error *err)
{
    for (int i = 0; i < COLUMNS; i++)
        if ((column[i] = csv_column(csv, column_names[i])) < 0)
            return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "no column '%s', expected arrival_s,in_tokens,out_tokens", column_names[i]);
    return STATUS_OK;
}

static enum status read_row(struct request *r, const char *const *row, const int column[COLUMNS], struct source_pos at, struct error *err)
{
    enum status st;

    if (num_parse_double(&r->arrival_s, row[column[0]]) || r->arrival_s < 0)
        return error_set(err, STATUS_BAD_INPUT, at, "arrival_s is '%s', expected seconds", row[column[0]]);
    if ((st = quantity_parse_i64(&r->in_tokens, row[column[1]], 1, TRACE_CONTEXT_MAX, at, err)))
        return st;
    return quantity_parse_i64(&r->out_tokens, row[column[2]], 1, TRACE_CONTEXT_MAX, at, err);
}

static enum status grow(struct request **items, int64_t *capacity, int64_t count, struct arena *arena, struct error *err)
{
    int64_t more = *capacity ? 2 * *capacity : 64;
    struct request *copy = arena_array(arena, (size_t)more, sizeof *copy);

    if (copy == NULL)
        return error_no_memory(err);
    if (count > 0)
        memcpy(copy, *items, (size_t)count * sizeof *copy);
    *items = copy;
    *capacity = more;
    return STATUS_OK;
}

static enum status read_rows(struct request **out, int64_t *count, struct csv *csv, const int column[COLUMNS], int64_t first,
                             struct arena *arena, struct error *err)
{
    struct request *items = NULL;
    int64_t n = 0, capacity = 0;
    const char *const *row;
    enum status st;

    while (first == 0 || n < first) {
        if ((st = csv_next(csv, &row, err)))
            return st;
        if (row == NULL)
            break;
        if (n == TRACE_SEQ_GROUPS_MAX)
            return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "more than %d requests, expected --first N", TRACE_SEQ_GROUPS_MAX);
        if (n == capacity && (st = grow(&items, &capacity, n, arena, err)))
            return st;
        if ((st = read_row(&items[n++], row, column, csv_pos(csv), err)))
            return st;
    }
    if (n == 0 || n < first)
        return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "%lld requests, expected %lld", (long long)n, (long long)(first ? first : 1));
    *out = items;
    *count = n;
    return STATUS_OK;
}

enum status requests_read(struct request **out, int64_t *count, const char *path, int64_t first, struct arena *arena, struct error *err)
{
    int column[COLUMNS];
    struct csv *csv;
    enum status st = csv_open(&csv, path, err);

    if (st)
        return st;
    if ((st = find_columns(column, csv, err)) == STATUS_OK)
        st = read_rows(out, count, csv, column, first, arena, err);
    csv_close(csv);
    return st;
}
