/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing rows (validate/where.h). */
#include "validate/where.h"

#include <string.h>

#include "base/glob.h"
#include "base/nearest.h"
#include "base/num.h"

static enum status known_column(const struct evaluation *e, const char *column, struct error *err)
{
    const char *near;

    for (int64_t i = 0; i < e->count; i++) {
        if (i > 0 && e->rows[i].row.names == e->rows[i - 1].row.names) /* one header for a file */
            continue;
        for (int c = 0; c < e->rows[i].row.columns; c++)
            if (strcmp(e->rows[i].row.names[c], column) == 0)
                return STATUS_OK;
    }
    if (e->count == 0)
        return STATUS_OK;
    near = nearest_name(column, e->rows[0].row.names, (size_t)e->rows[0].row.columns);
    return error_plain(err, STATUS_BAD_INPUT, "where: no column '%s'%s%s", column, near ? "; nearest is " : "", near ? near : "");
}

enum status evaluation_where(struct evaluation *e, const char *column, const char *pattern, struct error *err)
{
    bool least = strncmp(pattern, ">=", 2) == 0, below = pattern[0] == '<';
    double bound = 0.0;
    int64_t kept = 0;
    enum status st = known_column(e, column, err);

    if (st)
        return st;
    if ((least || below) && num_parse_double(&bound, pattern + (least ? 2 : 1)) != 0)
        return error_plain(err, STATUS_BAD_INPUT, "where: '%s', expected a number after '%s'", pattern, least ? ">=" : "<");
    for (int64_t i = 0; i < e->count; i++) {
        const char *text = row_text(&e->rows[i].row, column);
        double value;
        bool matches = !(least || below) ? glob_any(text, pattern, '|') : num_parse_double(&value, text) == 0 && (least ? value >= bound : value < bound);

        if (matches)
            e->rows[kept++] = e->rows[i];
    }
    e->count = kept;
    return STATUS_OK;
}
