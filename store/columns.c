/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of struct result and its rows as columns of the tables in store/schema.c. */
#include "store/columns.h"

#include <math.h>
#include <string.h>

#include "sim/run.h"

#define RESULT(field, kind)    { #field, kind, offsetof(struct result, field), 0 }
#define AS(struct_, field, name, kind) { name, kind, offsetof(struct struct_, field), 0 }
#define ROW(field, kind)       { #field, kind, offsetof(struct breakdown_row, field), 0 }

const struct column result_columns[] = {
    RESULT(fidelity, COLUMN_TEXT),
    RESULT(devices, COLUMN_I64),
    RESULT(time_ps, COLUMN_I64),
    RESULT(ttft_ps, COLUMN_I64),
    RESULT(tpot_ps, COLUMN_I64),
    RESULT(tokens_per_s, COLUMN_DOUBLE),
    RESULT(generated_tokens, COLUMN_I64),
    AS(result, memory.weights, "memory_weights_bytes", COLUMN_I64),
    AS(result, memory.kv, "memory_kv_bytes", COLUMN_I64),
    AS(result, memory.activations, "memory_activations_bytes", COLUMN_I64),
    AS(result, memory.workspace, "memory_workspace_bytes", COLUMN_I64),
    AS(result, memory.total, "memory_total_bytes", COLUMN_I64),
    AS(result, memory.capacity, "memory_capacity_bytes", COLUMN_I64),
    RESULT(energy_j, COLUMN_DOUBLE),
    RESULT(energy_static_j, COLUMN_DOUBLE),
    RESULT(energy_matrix_j, COLUMN_DOUBLE),
    RESULT(energy_vector_j, COLUMN_DOUBLE),
    RESULT(energy_onchip_j, COLUMN_DOUBLE),
    RESULT(energy_dram_j, COLUMN_DOUBLE),
    RESULT(energy_link_j, COLUMN_DOUBLE),
    RESULT(average_power_w, COLUMN_DOUBLE),
    RESULT(simulated_fraction, COLUMN_DOUBLE),
    RESULT(extrapolation_error, COLUMN_DOUBLE),
    RESULT(simulated_events, COLUMN_I64),
    RESULT(memo_hits, COLUMN_I64),
    RESULT(memo_misses, COLUMN_I64),
    { 0 }
};

const struct column phase_columns[] = {
    AS(phase_result, phase, "phase", COLUMN_PHASE),
    AS(phase_result, steps, "steps", COLUMN_I64),
    AS(phase_result, tokens, "tokens", COLUMN_I64),
    AS(phase_result, time_ps, "time_ps", COLUMN_I64),
    AS(phase_result, flops, "flops", COLUMN_DOUBLE),
    { 0 }
};

const struct column breakdown_columns[] = {
    ROW(phase, COLUMN_PHASE),
    ROW(role, COLUMN_TEXT),
    ROW(note, COLUMN_TEXT),
    ROW(kind, COLUMN_TEXT),
    ROW(count, COLUMN_I64),
    ROW(time_ps, COLUMN_I64),
    ROW(bound, COLUMN_CAUSE),
    AS(breakdown_row, parts_ps[CAUSE_MATRIX], "matrix_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_VECTOR], "vector_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_SHARED], "shared_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_L2], "l2_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_DRAM], "dram_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_LINK], "link_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_LAUNCH], "launch_ps", COLUMN_I64),
    AS(breakdown_row, parts_ps[CAUSE_STALL], "stall_ps", COLUMN_I64),
    ROW(flops, COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_REGISTER], "register_bytes", COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_SHARED], "shared_bytes", COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_L2], "l2_bytes", COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_LLC], "llc_bytes", COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_DRAM], "dram_bytes", COLUMN_DOUBLE),
    AS(breakdown_row, bytes[LEVEL_LINK], "link_bytes", COLUMN_DOUBLE),
    ROW(table_bytes, COLUMN_DOUBLE),
    ROW(psum_bytes, COLUMN_DOUBLE),
    AS(breakdown_row, events.fma, "fma", COLUMN_DOUBLE),
    AS(breakdown_row, events.fma_op, "fma_op", COLUMN_TEXT),
    AS(breakdown_row, events.unit_ops, "unit_ops", COLUMN_DOUBLE),
    AS(breakdown_row, events.vector_ops, "vector_ops", COLUMN_DOUBLE),
    AS(breakdown_row, events.sfu_ops, "sfu_ops", COLUMN_DOUBLE),
    AS(breakdown_row, events.instructions, "instructions", COLUMN_DOUBLE),
    AS(breakdown_row, events.table_entries, "table_entries", COLUMN_DOUBLE),
    ROW(best_time_ps, COLUMN_I64),
    ROW(roofline_time_ps, COLUMN_I64),
    { "mapping", COLUMN_CHARS, offsetof(struct breakdown_row, mapping), sizeof ((struct breakdown_row *)0)->mapping },
    ROW(simulated_fraction, COLUMN_DOUBLE),
    ROW(extrapolation_error, COLUMN_DOUBLE),
    ROW(simulated_events, COLUMN_I64),
    ROW(voltage_scale, COLUMN_DOUBLE),
    { 0 }
};

void columns_print_names(FILE *out, const struct column *columns)
{
    for (const struct column *c = columns; c->name; c++)
        fprintf(out, "%s%s", c == columns ? "" : ", ", c->name);
}

void columns_print_marks(FILE *out, const struct column *columns)
{
    for (const struct column *c = columns; c->name; c++)
        fputs(c == columns ? "?" : ", ?", out);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, at);
}

void columns_bind(sqlite3_stmt *stmt, int first, const struct column *columns, const void *from)
{
    int at = first;

    for (const struct column *c = columns; c->name; c++, at++) {
        const void *p = (const char *)from + c->offset;

        switch (c->kind) {
        case COLUMN_I64:    sqlite3_bind_int64(stmt, at, *(const int64_t *)p); break;
        case COLUMN_DOUBLE: sqlite3_bind_double(stmt, at, *(const double *)p); break;
        case COLUMN_TEXT:   bind_text(stmt, at, *(const char *const *)p); break;
        case COLUMN_CHARS:  bind_text(stmt, at, p); break;
        case COLUMN_PHASE:  bind_text(stmt, at, phase_name(*(const enum phase *)p)); break;
        case COLUMN_CAUSE:  bind_text(stmt, at, cause_name(*(const enum cause *)p)); break;
        }
    }
}

static enum status read_phase(enum phase *out, const char *text, struct error *err)
{
    for (int p = PHASE_PREFILL; p <= PHASE_MIXED; p++)
        if (text && strcmp(text, phase_name((enum phase)p)) == 0) {
            *out = (enum phase)p;
            return STATUS_OK;
        }
    return error_plain(err, STATUS_BAD_INPUT, "database: phase '%s' is none (was a row edited by hand?)", text ? text : "NULL");
}

static enum status read_cause(enum cause *out, const char *text, struct error *err)
{
    for (int c = 0; c < CAUSES; c++)
        if (text && strcmp(text, cause_name((enum cause)c)) == 0) {
            *out = (enum cause)c;
            return STATUS_OK;
        }
    return error_plain(err, STATUS_BAD_INPUT, "database: bound '%s' is none (was a row edited by hand?)", text ? text : "NULL");
}

static enum status read_text(const char **out, const char *text, struct arena *arena, struct error *err)
{
    *out = text ? arena_strdup(arena, text) : NULL;
    return text && !*out ? error_no_memory(err) : STATUS_OK;
}

enum status columns_read(void *to, sqlite3_stmt *stmt, int first, const struct column *columns, struct arena *arena, struct error *err)
{
    enum status st = STATUS_OK;
    int at = first;

    for (const struct column *c = columns; c->name && !st; c++, at++) {
        void *p = (char *)to + c->offset;
        const char *text = c->kind >= COLUMN_TEXT ? (const char *)sqlite3_column_text(stmt, at) : NULL;

        switch (c->kind) {
        case COLUMN_I64:    *(int64_t *)p = sqlite3_column_int64(stmt, at); break;
        case COLUMN_DOUBLE: *(double *)p = sqlite3_column_type(stmt, at) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, at); break;
        case COLUMN_TEXT:   st = read_text(p, text, arena, err); break;
        case COLUMN_CHARS:  snprintf(p, c->capacity, "%s", text ? text : ""); break;
        case COLUMN_PHASE:  st = read_phase(p, text, err); break;
        case COLUMN_CAUSE:  st = read_cause(p, text, err); break;
        }
    }
    return st;
}

static bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool double_equal(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool column_equal(const struct column *c, const void *a, const void *b)
{
    switch (c->kind) {
    case COLUMN_I64:    return *(const int64_t *)a == *(const int64_t *)b;
    case COLUMN_DOUBLE: return double_equal(*(const double *)a, *(const double *)b);
    case COLUMN_TEXT:   return text_equal(*(const char *const *)a, *(const char *const *)b);
    case COLUMN_CHARS:  return strcmp(a, b) == 0;
    case COLUMN_PHASE:  return *(const enum phase *)a == *(const enum phase *)b;
    case COLUMN_CAUSE:  return *(const enum cause *)a == *(const enum cause *)b;
    }
    return false;
}

const char *columns_difference(const struct column *columns, const void *a, const void *b)
{
    for (const struct column *c = columns; c->name; c++)
        if (!column_equal(c, (const char *)a + c->offset, (const char *)b + c->offset))
            return c->name;
    return NULL;
}
