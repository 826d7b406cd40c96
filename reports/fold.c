/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of breakdown rows by role. Sums of integers: no order of rows changes a digit. */
#include "reports/fold.h"

#include <stdlib.h>
#include <string.h>

static void find_bound(struct folded_row *row)
{
    row->bound = CAUSE_MATRIX;
    for (int c = 0; c < CAUSES; c++)
        if (row->parts_ps[c] > row->parts_ps[row->bound])
            row->bound = (enum cause)c;
}

void fold_add(struct folded_row *a, const struct folded_row *b)
{
    a->count += b->count;
    a->time_ps += b->time_ps;
    a->best_time_ps += b->best_time_ps;
    a->roofline_time_ps += b->roofline_time_ps;
    for (int c = 0; c < CAUSES; c++)
        a->parts_ps[c] += b->parts_ps[c];
    find_bound(a);
}

static struct folded_row from_row(const struct breakdown_row *row, int64_t order)
{
    struct folded_row f = {
        .role = row->role ? row->role : "?",
        .count = row->count, .time_ps = row->time_ps, .best_time_ps = row->best_time_ps ? row->best_time_ps : row->time_ps,
        .roofline_time_ps = row->roofline_time_ps, .order = order,
    };

    memcpy(f.parts_ps, row->parts_ps, sizeof f.parts_ps);
    find_bound(&f);
    return f;
}

static int longer_first(const void *pa, const void *pb)
{
    const struct folded_row *a = pa, *b = pb;

    if (a->time_ps != b->time_ps)
        return a->time_ps < b->time_ps ? 1 : -1;
    return a->order < b->order ? -1 : a->order > b->order;
}

int64_t fold_roles(struct folded_row *out, const struct result *r, enum phase phase)
{
    int64_t count = 0, i, at;

    for (i = 0; i < r->rows_count; i++) {
        struct folded_row f;

        if (r->rows[i].phase != phase)
            continue;
        f = from_row(&r->rows[i], count);
        for (at = 0; at < count && strcmp(out[at].role, f.role) != 0; at++)
            ;
        if (at < count)
            fold_add(&out[at], &f);
        else
            out[count++] = f;
    }
    if (count > 1)
        qsort(out, (size_t)count, sizeof *out, longer_first);
    return count;
}
