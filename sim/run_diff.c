/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two runs (sim/run_diff.h). */
#include "sim/run_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

struct entry { struct diff_row row; int64_t longest_a_ps, longest_b_ps, order; };

static struct entry *entry_of(struct entry *list, int64_t *count, const struct breakdown_row *row)
{
    for (int64_t i = 0; i < *count; i++)
        if (list[i].row.phase == row->phase && strcmp(list[i].row.role, row->role) == 0)
            return &list[i];
    list[*count] = (struct entry){ .row = { .phase = row->phase, .role = row->role }, .longest_a_ps = -1, .longest_b_ps = -1, .order = *count };
    return &list[(*count)++];
}

static bool add(int64_t *sum, int64_t value)
{
    return checked_add_i64(sum, *sum, value);
}

static bool add_side(struct diff_side *side, int64_t *longest_ps, const struct breakdown_row *row)
{
    bool fits = add(&side->count, row->count) && add(&side->time_ps, row->time_ps) && add(&side->roofline_time_ps, row->roofline_time_ps);

    for (int c = 0; c < CAUSES && fits; c++)
        fits = add(&side->parts_ps[c], row->parts_ps[c]);
    side->present = true;
    side->flops += row->flops;
    side->dram_bytes += row->bytes[LEVEL_DRAM];
    if (row->time_ps > *longest_ps) {
        *longest_ps = row->time_ps;
        side->mapping = row->mapping;
        side->note = row->note;
    }
    return fits;
}

static bool subtract(int64_t *out, int64_t a, int64_t b)
{
    return !__builtin_sub_overflow(a, b, out);
}

static int64_t size_of(int64_t v)
{
    return v < 0 ? -(v + 1) : v; /* no overflow; order is all that matters */
}

/* What more or fewer launches would cost at A's mean time. A role that one run lacks is all launches. */
static int64_t launches_ps(const struct diff_row *r)
{
    if (!r->a.present || !r->b.present || r->a.count <= 0)
        return r->difference_ps;
    return (int64_t)((__int128)(r->b.count - r->a.count) * r->a.time_ps / r->a.count);
}

static bool finish_row(struct diff_row *r)
{
    if (!subtract(&r->difference_ps, r->b.time_ps, r->a.time_ps))
        return false;
    for (int c = 0; c < CAUSES; c++) {
        if (!subtract(&r->parts_ps[c], r->b.parts_ps[c], r->a.parts_ps[c]))
            return false;
        if (size_of(r->parts_ps[c]) > size_of(r->parts_ps[r->cause]))
            r->cause = (enum cause)c;
    }
    r->launches_ps = launches_ps(r);
    return subtract(&r->each_ps, r->difference_ps, r->launches_ps);
}

static bool finish_sums(struct run_diff *d)
{
    bool fits = true;

    for (int64_t i = 0; i < d->rows_count && fits; i++) {
        const struct diff_row *r = &d->rows[i];

        fits = add(&d->difference_ps, r->difference_ps) && add(&d->launches_ps, r->launches_ps) && add(&d->each_ps, r->each_ps);
        for (int c = 0; c < CAUSES && fits; c++)
            fits = add(&d->parts_ps[c], r->parts_ps[c]);
    }
    return fits;
}

static int by_size(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int64_t p = size_of(x->row.difference_ps), q = size_of(y->row.difference_ps);

    if (x->row.phase != y->row.phase)
        return x->row.phase < y->row.phase ? -1 : 1;
    return p != q ? (p > q ? -1 : 1) : x->order < y->order ? -1 : x->order > y->order;
}

enum status run_diff(struct run_diff *out, const struct result *a, const struct result *b, struct arena *arena, struct error *err)
{
    size_t room = (size_t)a->rows_count + (size_t)b->rows_count + 1;
    struct entry *list = arena_array(arena, room, sizeof *list);
    struct diff_row *rows = arena_array(arena, room, sizeof *rows);
    struct run_diff d = { .rows = rows };
    bool fits = true;

    if (!list || !rows)
        return error_no_memory(err);
    for (int64_t i = 0; i < a->rows_count && fits; i++) {
        struct entry *e = entry_of(list, &d.rows_count, &a->rows[i]);
        fits = add_side(&e->row.a, &e->longest_a_ps, &a->rows[i]);
    }
    for (int64_t i = 0; i < b->rows_count && fits; i++) {
        struct entry *e = entry_of(list, &d.rows_count, &b->rows[i]);
        fits = add_side(&e->row.b, &e->longest_b_ps, &b->rows[i]);
    }
    for (int64_t i = 0; i < d.rows_count && fits; i++)
        fits = finish_row(&list[i].row);
    qsort(list, (size_t)d.rows_count, sizeof *list, by_size);
    for (int64_t i = 0; i < d.rows_count; i++)
        rows[i] = list[i].row;
    if (!fits || !finish_sums(&d))
        return error_plain(err, STATUS_BAD_INPUT, "the times of a run overflow 64 bits (was a file edited by hand?)");
    *out = d;
    return STATUS_OK;
}
