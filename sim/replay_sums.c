/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of a row that outlive a run. A run after others notes its launches down; at the end each row's are looked for in the memo as one sequence
 * of (timed kernel or attention series, launches): floating-point sums depend on the order, and that of a row's launches is in the sequence. So a
 * row that a design before had, whatever else was different there, is not added up again, and one that is new is added up as a single run would.
 * What the host adds (waits, the start of a step) is in integers and joined on top.
 */
#include <string.h>

#include "base/checked.h"
#include "sim/replay_state.h"

struct kept_row { struct breakdown_row row; struct row_state state; };

enum status replay_note_launches(struct replay *r, int64_t row, const struct launched *l)
{
    if (r->notes_count == r->notes_capacity) {
        int64_t grown = r->notes_capacity > 0 ? 2 * r->notes_capacity : 64;
        struct launch_note *notes = arena_array(r->arena, (size_t)grown, sizeof *notes);
        if (notes == NULL)
            return error_no_memory(r->err);
        if (r->notes_count > 0)
            memcpy(notes, r->notes, (size_t)r->notes_count * sizeof *notes);
        r->notes = notes;
        r->notes_capacity = grown;
    }
    r->notes[r->notes_count++] = (struct launch_note){ row, *l };
    return STATUS_OK;
}

/* Adds up one row's launches, in order. */
static enum status add_up(struct replay *r, struct breakdown_row *row, const struct launched *launched, int64_t count)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < count && !st; i++) {
        struct ps_timing at;
        if (launched[i].timed == NULL || !(st = ps_from_timing(&at, launched[i].timed, row->role, r->err)))
            st = replay_row_launches(r, row, &launched[i], &at);
    }
    return st;
}

static enum status join_host(struct replay *r, struct breakdown_row *row, const struct breakdown_row *host)
{
    bool fits = checked_add_i64(&row->time_ps, row->time_ps, host->time_ps) && checked_add_i64(&row->best_time_ps, row->best_time_ps, host->best_time_ps) &&
                checked_add_i64(&row->roofline_time_ps, row->roofline_time_ps, host->roofline_time_ps);

    for (int c = 0; c < CAUSES && fits; c++)
        fits = checked_add_i64(&row->parts_ps[c], row->parts_ps[c], host->parts_ps[c]);
    return fits ? STATUS_OK : replay_too_long(r);
}

/* The row has what the host added to it. */
static enum status sum_row(struct replay *r, int64_t index, const struct launched *launched, int64_t count)
{
    struct breakdown_row *row = &r->rows[index], host = *row;
    struct row_state *state = &r->states[index], before = *state;
    struct hasher *hasher = memo_hasher(r->memo);
    enum status st;

    hasher_bytes(hasher, launched, (size_t)count * sizeof *launched);
    struct hash128 key = hasher_value(hasher);
    const struct kept_row *kept = memo_sum(r->memo, key);
    if (kept != NULL) {
        *row = kept->row;
        *state = kept->state;
    } else {
        *row = (struct breakdown_row){ .role = host.role, .kind = host.kind };
        *state = (struct row_state){ .longest_ps = -1 };
        if ((st = add_up(r, row, launched, count)))
            return st;
        struct kept_row fresh = { *row, *state };
        fresh.row.role = NULL;
        if ((st = memo_keep_sum(r->memo, key, &fresh, sizeof fresh, r->err)))
            return st;
    }
    row->phase = host.phase;
    row->role = host.role;
    row->note = host.note;
    row->count = host.count;
    state->role = before.role;
    state->note = before.note;
    state->mark = before.mark;
    state->idle_ps = before.idle_ps;
    return join_host(r, row, &host);
}

/* Sorted by row, in order within each: a count for each row, then each note to its place. */
enum status replay_rows_sum(struct replay *r)
{
    if (r->notes_count == 0)
        return STATUS_OK;
    struct launched *sorted = arena_array(&r->scratch, (size_t)r->notes_count, sizeof *sorted);
    int64_t *end = arena_array(&r->scratch, (size_t)r->rows_count + 1, sizeof *end), first = 0;
    enum status st = sorted != NULL && end != NULL ? STATUS_OK : error_no_memory(r->err);

    if (st)
        return st;
    for (int64_t i = 0; i < r->notes_count; i++)
        end[r->notes[i].row + 1]++;
    for (int64_t row = 0; row < r->rows_count; row++)
        end[row + 1] += end[row];
    for (int64_t i = 0; i < r->notes_count; i++)
        sorted[end[r->notes[i].row]++] = r->notes[i].launched; /* from here on end[row] is where the row's notes end */
    for (int64_t row = 0; row < r->rows_count && !st; first = end[row++])
        if (end[row] > first)
            st = sum_row(r, row, &sorted[first], end[row] - first);
    return st;
}
