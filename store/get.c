/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a run back: the head by its key, then its phases, breakdown and warnings in the order in which they were put. */
#include <string.h>

#include "store/get.h"
#include "store/statement.h"
#include "store/store.h"

static const char reading[] = "reading a run";

static enum status count_rows(int64_t *out, struct store *s, const char *sql, int64_t run_id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, reading, err);

    if (st)
        return st;
    sqlite3_bind_int64(stmt, 1, run_id);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else
        st = sql_fail(s, reading, err);
    sqlite3_finalize(stmt);
    return st;
}

/* All rows of a run into items[count] of `size` bytes each. */
static enum status read_rows(void *items, int64_t count, size_t size, sqlite3_stmt *stmt, const struct column *columns,
                             struct store *s, int64_t run_id, struct arena *arena, struct error *err)
{
    enum status st = STATUS_OK;
    int64_t i = 0;
    int code;

    sqlite3_bind_int64(stmt, 1, run_id);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW && i < count && !st)
        st = columns_read((char *)items + (size_t)i++ * size, stmt, 0, columns, arena, err);
    if (!st && code != SQLITE_DONE)
        st = sql_fail(s, reading, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum status get_phases(struct result *r, struct store *s, int64_t run_id, struct arena *arena, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = count_rows(&r->phases_count, s, "SELECT count(*) FROM phase WHERE run_id = ?", run_id, err);

    if (!st && r->phases_count > (int64_t)(sizeof r->phases / sizeof r->phases[0]))
        st = error_plain(err, STATUS_BAD_INPUT, "%s: a run with %lld phases (was it edited by hand?)", s->path, (long long)r->phases_count);
    if (st || (st = statement_prepare(&stmt, s, "SELECT ", phase_columns, " FROM phase WHERE run_id = ? ORDER BY ordinal", NULL, reading, err)))
        return st;
    return read_rows(r->phases, r->phases_count, sizeof r->phases[0], stmt, phase_columns, s, run_id, arena, err);
}

static enum status get_breakdown(struct result *r, struct store *s, int64_t run_id, struct arena *arena, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = count_rows(&r->rows_count, s, "SELECT count(*) FROM breakdown WHERE run_id = ?", run_id, err);

    if (st)
        return st;
    r->rows = arena_array(arena, (size_t)r->rows_count + 1, sizeof *r->rows);
    if (!r->rows)
        return error_no_memory(err);
    if ((st = statement_prepare(&stmt, s, "SELECT ", breakdown_columns, " FROM breakdown WHERE run_id = ? ORDER BY ordinal", NULL, reading, err)))
        return st;
    return read_rows(r->rows, r->rows_count, sizeof *r->rows, stmt, breakdown_columns, s, run_id, arena, err);
}

static enum status get_warnings(struct result *r, struct store *s, int64_t run_id, struct arena *arena, struct error *err)
{
    static const struct column text[] = { { "text", COLUMN_TEXT, 0, 0 }, { 0 } };
    sqlite3_stmt *stmt;
    enum status st = count_rows(&r->warnings_count, s, "SELECT count(*) FROM warning WHERE run_id = ?", run_id, err);

    if (st)
        return st;
    r->warnings = arena_array(arena, (size_t)r->warnings_count + 1, sizeof *r->warnings);
    if (!r->warnings)
        return error_no_memory(err);
    if ((st = statement_prepare(&stmt, s, "SELECT ", text, " FROM warning WHERE run_id = ? ORDER BY ordinal", NULL, reading, err)))
        return st;
    return read_rows(r->warnings, r->warnings_count, sizeof *r->warnings, stmt, text, s, run_id, arena, err);
}

static enum status get_head(struct result *r, int64_t *run_id, bool *detail, struct store *s, struct hash128 key, struct arena *arena, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = statement_prepare(&stmt, s, "SELECT id, detail, ", result_columns, " FROM run WHERE key = ?", NULL, reading, err);

    if (st)
        return st;
    *run_id = 0;
    sqlite3_bind_text(stmt, 1, hash_format(hex, key), -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *run_id = sqlite3_column_int64(stmt, 0);
        *detail = sqlite3_column_int(stmt, 1) != 0;
        st = columns_read(r, stmt, 2, result_columns, arena, err);
        r->key = key;
    } else if (code != SQLITE_DONE) {
        st = sql_fail(s, reading, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

enum status get_run(struct result *r, int64_t *run_id, bool *detail, struct store *s, struct hash128 key, struct arena *arena, struct error *err)
{
    enum status st = get_head(r, run_id, detail, s, key, arena, err);

    if (st || *run_id == 0)
        return st;
    if ((st = get_phases(r, s, *run_id, arena, err)) || (st = get_breakdown(r, s, *run_id, arena, err)))
        return st;
    return get_warnings(r, s, *run_id, arena, err);
}

static enum status get_kept(struct result *out, bool *found, bool whole, struct store *s, struct hash128 key, struct arena *arena, struct error *err)
{
    struct result r = { 0 };
    int64_t run_id;
    bool detail = false;
    enum status st = sql_exec(s, "BEGIN", reading, err); /* one snapshot for all four tables */

    *found = false;
    if (st)
        return st;
    st = get_run(&r, &run_id, &detail, s, key, arena, err);
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    *found = !st && run_id != 0 && (detail || !whole);
    if (*found)
        *out = r;
    return st;
}

enum status store_get(struct result *out, bool *found, struct store *s, struct hash128 key, struct arena *arena, struct error *err)
{
    return get_kept(out, found, true, s, key, arena, err);
}

enum status store_get_any(struct result *out, bool *found, struct store *s, struct hash128 key, struct arena *arena, struct error *err)
{
    return get_kept(out, found, false, s, key, arena, err);
}
