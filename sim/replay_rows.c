/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has come to so far: a row for each (phase, role, note), a sum for each phase, warnings. Sums are integer picoseconds. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/replay_state.h"

void replay_warn(struct replay *r, const char *text)
{
    if (text == NULL || r->warnings_count == WARNINGS_MAX)
        return;
    for (int64_t i = 0; i < r->warnings_count; i++)
        if (strcmp(r->warnings[i], text) == 0)
            return;
    r->warnings[r->warnings_count++] = text;
}

enum status replay_too_long(struct replay *r)
{
    return error_plain(r->err, STATUS_BAD_INPUT, "the run lasts over 100 days of simulated time; expected a shorter trace");
}

static bool grow(struct replay *r)
{
    int64_t grown = r->rows_capacity > 0 ? 2 * r->rows_capacity : 32;
    struct breakdown_row *rows = arena_array(r->arena, (size_t)grown, sizeof *rows);
    struct row_state *states = arena_array(r->arena, (size_t)grown, sizeof *states);

    if (rows == NULL || states == NULL)
        return false;
    if (r->rows_count > 0) {
        memcpy(rows, r->rows, (size_t)r->rows_count * sizeof *rows);
        memcpy(states, r->states, (size_t)r->rows_count * sizeof *states);
    }
    r->rows = rows;
    r->states = states;
    r->rows_capacity = grown;
    return true;
}

/* Of a text's length and end: rows that differ mostly differ here, and need no look at their texts. */
static uint64_t mark_of(const char *text)
{
    size_t length = strlen(text), tail = length < 8 ? length : 8;
    uint64_t end = 0;

    memcpy(&end, text + length - tail, tail);
    return (end ^ length) * UINT64_C(0x9E3779B97F4A7C15);
}

static bool is_row(const struct replay *r, int64_t i, enum phase phase, const char *role, const char *note, uint64_t mark)
{
    const struct breakdown_row *row = &r->rows[i];

    return r->states[i].mark == mark && row->phase == phase && strcmp(row->role, role) == 0 && strcmp(row->note, note) == 0;
}

bool replay_row_made_for(const struct replay *r, int64_t row, const char *role, const char *note)
{
    return row < r->rows_count && r->states[row].role == role && r->states[row].note == note;
}

struct breakdown_row *replay_row(struct replay *r, enum phase phase, const char *role, const char *note, int64_t near)
{
    uint64_t mark = mark_of(role) ^ mark_of(note) >> 1;

    if (near < r->rows_count && is_row(r, near, phase, role, note, mark))
        return &r->rows[near];
    for (int64_t i = 0; i < r->rows_count; i++)
        if (is_row(r, i, phase, role, note, mark))
            return &r->rows[i];
    if (r->rows_count == r->rows_capacity && !grow(r)) {
        error_no_memory(r->err);
        return NULL;
    }
    struct breakdown_row *row = &r->rows[r->rows_count];
    *row = (struct breakdown_row){ .phase = phase, .role = arena_strdup(r->arena, role), .note = arena_strdup(r->arena, note), .kind = "host" };
    r->states[r->rows_count] = (struct row_state){ .role = role, .note = note, .mark = mark, .longest_ps = -1 };
    if (row->role == NULL || row->note == NULL) {
        error_no_memory(r->err);
        return NULL;
    }
    r->rows_count++;
    return row;
}

enum status replay_row_time(struct replay *r, struct breakdown_row *row, int64_t launches, int64_t time_ps, const int64_t parts_ps[CAUSES],
                                int64_t best_ps, int64_t roofline_ps)
{
    int64_t product;

    for (int c = 0; c < CAUSES; c++)
        if (!checked_mul_i64(&product, parts_ps[c], launches) || !checked_add_i64(&row->parts_ps[c], row->parts_ps[c], product))
            return replay_too_long(r);
    if (!checked_mul_i64(&product, time_ps, launches) || !checked_add_i64(&row->time_ps, row->time_ps, product))
        return replay_too_long(r);
    if (!checked_mul_i64(&product, best_ps, launches) || !checked_add_i64(&row->best_time_ps, row->best_time_ps, product))
        return replay_too_long(r);
    if (!checked_mul_i64(&product, roofline_ps, launches) || !checked_add_i64(&row->roofline_time_ps, row->roofline_time_ps, product))
        return replay_too_long(r);
    return STATUS_OK;
}

const char *replay_kind(const struct kernel *k, const struct timing *t)
{
    switch (k->kind) {
    case KERNEL_GEMM:       return t->events.fma_op && strncmp(t->events.fma_op, "lut", 3) == 0 ? "lut_gemm" : k->gemm.grouped ? "moe" : "gemm";
    case KERNEL_ATTENTION:  return "attention";
    case KERNEL_COLLECTIVE: return "collective";
    default:                return "elementwise";
    }
}

void replay_amounts_add(struct breakdown_row *row, double launches, const char *kind, const struct timing *t)
{
    row->kind = kind;
    row->flops += launches * t->flops;
    for (int l = 0; l < LEVELS; l++)
        row->bytes[l] += launches * t->bytes[l];
    row->table_bytes += launches * t->table_bytes;
    row->psum_bytes += launches * t->psum_bytes;
    row->events.fma += launches * t->events.fma;
    row->events.unit_ops += launches * t->events.unit_ops;
    row->events.vector_ops += launches * t->events.vector_ops;
    row->events.sfu_ops += launches * t->events.sfu_ops;
    row->events.instructions += launches * t->events.instructions;
    row->events.table_entries += launches * t->events.table_entries;
    row->events.entry_op = t->events.entry_op != NULL ? t->events.entry_op : row->events.entry_op;
    row->events.fma_op = t->events.fma_op != NULL ? t->events.fma_op : row->events.fma_op;
}

/* Amounts (bytes, events) of `launches` launches; may be a fraction where iterations are interpolated. */
static void add_amounts(struct replay *r, struct breakdown_row *row, double launches, double simulated, double sampled_error, const char *kind,
                        const struct ps_timing *p)
{
    const struct timing *t = p->timing;
    struct row_state *state = &r->states[row - r->rows];

    replay_amounts_add(row, launches, kind, t);
    row->simulated_events += t->simulated_events;
    state->error += launches * (double)p->time_ps * (t->extrapolation_error + sampled_error);
    state->fraction += launches * (double)p->time_ps * t->simulated_fraction * simulated;
    state->core_j += launches * p->timed->core_j;
    state->scaled_core_j += launches * p->timed->core_j * p->timed->voltage_share;
    if (p->time_ps > state->longest_ps) {
        state->longest_ps = p->time_ps;
        if (p->timed->mapping[0] != '\0')
            memcpy(row->mapping, p->timed->mapping, sizeof row->mapping);
    }
}

static enum status add_attention(struct replay *r, struct breakdown_row *row, const struct launched *l)
{
    const struct attention_series *s = l->series;
    double roofline_ps = 0;
    enum status st = STATUS_OK;

    for (int64_t n = 0; n < s->count; n++)
        roofline_ps += attention_series_weight(s, n) * (double)s->at[n].roofline_ps;
    row->roofline_time_ps += (int64_t)(roofline_ps * (double)l->launches);
    for (int64_t n = 0; n < s->count; n++)
        add_amounts(r, row, attention_series_weight(s, n) * (double)l->launches, s->simulated_fraction, s->error, l->kind, &s->at[n]);
    if (s->sum_ps > 0)
        return replay_row_time(r, row, l->launches, s->sum_ps, s->sum_parts_ps, s->sum_ps, 0);
    for (int64_t n = 0, hint = 0; n < l->iterations && !st; n++) {
        int64_t time_ps, parts_ps[CAUSES];
        attention_series_at(&time_ps, parts_ps, s, n, &hint);
        st = replay_row_time(r, row, l->launches, time_ps, parts_ps, time_ps, 0);
    }
    return st;
}

enum status replay_row_launches(struct replay *r, struct breakdown_row *row, const struct launched *l, const struct ps_timing *at)
{
    if (l->timed == NULL)
        return add_attention(r, row, l);
    add_amounts(r, row, (double)l->launches, 1, 0, l->kind, at);
    return replay_row_time(r, row, l->launches, at->time_ps, at->parts_ps, at->best_ps, at->roofline_ps);
}

enum status replay_row_idle(struct replay *r, struct breakdown_row *row, int64_t idle_ps)
{
    if (!checked_add_i64(&row->time_ps, row->time_ps, idle_ps) ||
        !checked_add_i64(&row->parts_ps[CAUSE_LAUNCH], row->parts_ps[CAUSE_LAUNCH], idle_ps) ||
        !checked_add_i64(&row->best_time_ps, row->best_time_ps, idle_ps))
        return replay_too_long(r);
    r->states[row - r->rows].idle_ps += idle_ps;
    return STATUS_OK;
}

struct phase_result *replay_phase(struct result *out, enum phase phase)
{
    for (int64_t i = 0; i < out->phases_count; i++)
        if (out->phases[i].phase == phase)
            return &out->phases[i];
    out->phases[out->phases_count] = (struct phase_result){ .phase = phase };
    return &out->phases[out->phases_count++];
}

void replay_rows_finish(struct replay *r)
{
    struct result *out = r->out;
    double weighted = 0, error = 0, weight = 0;

    for (int64_t i = 0; i < r->rows_count; i++) {
        struct breakdown_row *row = &r->rows[i];
        for (int c = 0; c < CAUSES; c++)
            if (row->parts_ps[c] > row->parts_ps[row->bound])
                row->bound = (enum cause)c;
        double busy_ps = (double)(row->time_ps - r->states[i].idle_ps);
        row->simulated_fraction = busy_ps > 0 && row->mapping[0] != '\0' ? r->states[i].fraction / busy_ps : 1;
        if (row->simulated_fraction > 1)
            row->simulated_fraction = 1;
        row->extrapolation_error = row->time_ps > 0 ? r->states[i].error / (double)row->time_ps : 0;
        row->voltage_scale = r->states[i].core_j > 0 ? fmin(r->states[i].scaled_core_j / r->states[i].core_j, 1) : 1;
        weighted += row->simulated_fraction * (double)row->time_ps;
        error += row->extrapolation_error * (double)row->time_ps;
        weight += (double)row->time_ps;
        out->simulated_events += row->simulated_events;
        replay_phase(out, row->phase)->flops += row->flops;
    }
    out->simulated_fraction = weight > 0 ? weighted / weight : 1;
    out->extrapolation_error = weight > 0 ? error / weight : 0;
    /* phases in order, rows inside a phase in order of first appearance */
    for (int64_t i = 1; i < r->rows_count; i++)
        for (int64_t j = i; j > 0 && r->rows[j].phase < r->rows[j - 1].phase; j--) {
            struct breakdown_row t = r->rows[j];
            r->rows[j] = r->rows[j - 1];
            r->rows[j - 1] = t;
        }
    for (int64_t i = 1; i < out->phases_count; i++)
        for (int64_t j = i; j > 0 && out->phases[j].phase < out->phases[j - 1].phase; j--) {
            struct phase_result t = out->phases[j];
            out->phases[j] = out->phases[j - 1];
            out->phases[j - 1] = t;
        }
    out->rows = r->rows;
    out->rows_count = r->rows_count;
}
