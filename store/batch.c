/* SPDX-License-Identifier: Apache-2.0 */
/* Sweeps, points and their runs, many a transaction. See batch.h. */
#include "store/batch.h"

#include <stdlib.h>
#include <string.h>

#include "store/statement.h"
#include "store/writer.h"

static const char storing[] = "storing a sweep";

struct store_batch {
    struct store *s;
    struct writer writer;
    bool detail, open; /* open: in a transaction */
    int64_t sweep_id, latest_id;
    struct hash128 latest; /* key of run latest_id, which was put last in this transaction; latest_id 0: none */
    sqlite3_stmt *point, *known, *head;
};

static enum status begin(struct store_batch *b, struct error *err)
{
    enum status st = b->open ? STATUS_OK : sql_exec(b->s, "BEGIN IMMEDIATE", storing, err);

    b->open = b->open || !st;
    return st;
}

static enum status put_sweep(struct store_batch *b, const struct store_sweep *sweep, struct error *err)
{
    static const char sql[] = "INSERT INTO sweep (hash, name, body, points) VALUES (?, ?, ?, ?)"
                              " ON CONFLICT (hash) DO UPDATE SET name = name RETURNING id";
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = begin(b, err);

    if (st || (st = sql_prepare(&stmt, b->s, sql, storing, err)))
        return st;
    statement_bind_text(stmt, 1, hash_format(hex, sweep->hash));
    statement_bind_text(stmt, 2, sweep->name);
    statement_bind_text(stmt, 3, sweep->body);
    if (sweep->points >= 0)
        sqlite3_bind_int64(stmt, 4, sweep->points);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        b->sweep_id = sqlite3_column_int64(stmt, 0);
    else
        st = sql_fail(b->s, storing, err);
    sqlite3_finalize(stmt);
    return st ? st : store_batch_commit(b, err);
}

static enum status prepare(struct store_batch *b, struct error *err)
{
    enum status st;

    if ((st = writer_open(&b->writer, b->s, err)) ||
        (st = sql_prepare(&b->point, b->s, "INSERT OR REPLACE INTO point (sweep_id, ordinal, assignment, status, run_id, reason) VALUES (?, ?, ?, ?, ?, ?)",
                          storing, err)) ||
        (st = sql_prepare(&b->known, b->s, "SELECT status FROM point WHERE sweep_id = ? AND ordinal = ?", storing, err)))
        return st;
    return statement_prepare(&b->head, b->s, "SELECT ", result_columns, " FROM run WHERE key = ?", NULL, storing, err);
}

enum status store_batch_open(struct store_batch **out, struct store *s, const struct store_sweep *sweep, bool detail, struct error *err)
{
    struct store_batch *b = calloc(1, sizeof *b);
    enum status st;

    *out = NULL;
    if (!b)
        return error_no_memory(err);
    b->s = s;
    b->detail = detail;
    /* keys are random, so that every batch comes by all pages of their index: 8 MiB hold those of some 150000 runs */
    if ((st = sql_exec(s, "PRAGMA cache_size = -8192", storing, err)) || (st = prepare(b, err)) || (st = put_sweep(b, sweep, err)))
        store_batch_close(b);
    else
        *out = b;
    return st;
}

enum status store_batch_run(struct store_batch *b, const struct result *result, const struct run_inputs *inputs, struct error *err)
{
    enum status st = begin(b, err);

    b->latest = result->key;
    b->latest_id = 0;
    return st ? st : writer_put(&b->latest_id, &b->writer, result, inputs, b->detail, false, err);
}

enum status store_batch_has(bool *has, struct store_batch *b, struct hash128 key, struct error *err)
{
    bool detail;
    int64_t id;
    enum status st = writer_find(&id, &detail, &b->writer, key, err);

    *has = !st && id != 0 && (detail || !b->detail);
    return st;
}

enum status store_batch_has_all(bool *has, struct store_batch *b, const struct hash128 *keys, int64_t count, struct error *err)
{
    enum status st = b->open ? STATUS_OK : sql_exec(b->s, "BEGIN", "looking for runs", err);

    if (st)
        return st;
    for (int64_t i = 0; i < count && !st; i++)
        st = store_batch_has(&has[i], b, keys[i], err);
    if (!b->open && sqlite3_exec(b->s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK && !st)
        st = sql_fail(b->s, "looking for runs", err);
    return st;
}

enum status store_batch_get(struct result *out, bool *found, struct store_batch *b, struct hash128 key, struct arena *arena, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    enum status st = STATUS_OK;

    sqlite3_bind_text(b->head, 1, hash_format(hex, key), -1, SQLITE_STATIC);
    int code = sqlite3_step(b->head);
    *found = code == SQLITE_ROW;
    if (*found) {
        *out = (struct result){ .key = key };
        st = columns_read(out, b->head, 0, result_columns, arena, err);
    } else if (code != SQLITE_DONE) {
        st = sql_fail(b->s, "reading a run", err);
    }
    sqlite3_reset(b->head);
    return st;
}

enum status store_batch_point(struct store_batch *b, const struct store_point *point, struct error *err)
{
    bool detail;
    char hex[HASH_TEXT_MAX];
    int64_t run_id = 0;
    enum status st = begin(b, err);

    if (!st && point->status == STATUS_OK && b->latest_id && b->latest.low == point->key.low && b->latest.high == point->key.high)
        run_id = b->latest_id;
    else if (!st && point->status == STATUS_OK)
        st = writer_find(&run_id, &detail, &b->writer, point->key, err);
    if (st)
        return st;
    if (point->status == STATUS_OK && run_id == 0)
        return error_plain(err, STATUS_INTERNAL, "%s: point %lld names run %s, which is not there", b->s->path, (long long)point->ordinal,
                           hash_format(hex, point->key));
    sqlite3_bind_int64(b->point, 1, b->sweep_id);
    sqlite3_bind_int64(b->point, 2, point->ordinal);
    sqlite3_bind_text(b->point, 3, point->assignment, -1, SQLITE_STATIC);
    sqlite3_bind_int(b->point, 4, (int)point->status);
    run_id ? sqlite3_bind_int64(b->point, 5, run_id) : sqlite3_bind_null(b->point, 5);
    point->reason && !run_id ? sqlite3_bind_text(b->point, 6, point->reason, -1, SQLITE_STATIC) : sqlite3_bind_null(b->point, 6);
    return sql_run(b->s, b->point, storing, err);
}

enum status store_batch_knows(bool *known, enum status *status, struct store_batch *b, int64_t ordinal, struct error *err)
{
    enum status st = STATUS_OK;

    sqlite3_bind_int64(b->known, 1, b->sweep_id);
    sqlite3_bind_int64(b->known, 2, ordinal);
    int code = sqlite3_step(b->known);
    *known = code == SQLITE_ROW;
    if (*known)
        *status = (enum status)sqlite3_column_int(b->known, 0);
    else if (code != SQLITE_DONE)
        st = sql_fail(b->s, "looking for a point", err);
    sqlite3_reset(b->known);
    return st;
}

enum status store_batch_commit(struct store_batch *b, struct error *err)
{
    enum status st = b->open ? sql_exec(b->s, "COMMIT", storing, err) : STATUS_OK;

    b->open = b->open && st;
    b->latest_id = 0;
    return st;
}

void store_batch_close(struct store_batch *b)
{
    if (!b)
        return;
    if (b->open)
        sqlite3_exec(b->s->db, "ROLLBACK", NULL, NULL, NULL);
    writer_close(&b->writer);
    sqlite3_finalize(b->point);
    sqlite3_finalize(b->known);
    sqlite3_finalize(b->head);
    free(b);
}

/* ---- reading sweeps ---- */

enum status store_sweep_count(struct store_sweep_counts *out, struct store *s, struct hash128 sweep, int64_t below, struct error *err)
{
    static const char sql[] = "SELECT w.points, count(p.ordinal) FILTER (WHERE p.status = 0), count(p.ordinal) FILTER (WHERE p.status = 3),"
                              " count(p.ordinal) FILTER (WHERE p.status NOT IN (0, 3)), count(p.ordinal) FILTER (WHERE p.ordinal < ?2) FROM sweep w LEFT JOIN point p ON p.sweep_id = w.id"
                              " WHERE w.hash = ?1 GROUP BY w.id";
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, "counting points", err);

    *out = (struct store_sweep_counts){ .planned = -1 };
    if (st)
        return st;
    statement_bind_text(stmt, 1, hash_format(hex, sweep));
    sqlite3_bind_int64(stmt, 2, below);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = (struct store_sweep_counts){ true, sqlite3_column_type(stmt, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 0),
                                            sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3), sqlite3_column_int64(stmt, 4) };
    else if (code != SQLITE_DONE)
        st = sql_fail(s, "counting points", err);
    sqlite3_finalize(stmt);
    return st;
}

enum status store_sweep_points(struct store *s, struct hash128 sweep, store_point_reader *each, void *context, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    struct arena arena = { 0 };
    sqlite3_stmt *stmt;
    int code = SQLITE_DONE;
    enum status st = statement_prepare(&stmt, s, "SELECT p.ordinal, p.assignment, p.status, p.reason, r.key, ", result_columns,
                                       " FROM sweep w JOIN point p ON p.sweep_id = w.id LEFT JOIN run r ON r.id = p.run_id"
                                       " WHERE w.hash = ? ORDER BY p.ordinal", NULL, "reading points", err);

    if (st)
        return st;
    sqlite3_bind_text(stmt, 1, hash_format(hex, sweep), -1, SQLITE_STATIC);
    while (!st && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct store_point p = { sqlite3_column_int64(stmt, 0), (const char *)sqlite3_column_text(stmt, 1), (enum status)sqlite3_column_int(stmt, 2),
                                 { 0 }, (const char *)sqlite3_column_text(stmt, 3) };
        struct result r = { 0 };
        arena_reset(&arena);
        if (p.status == STATUS_OK && !hash_parse(&p.key, (const char *)sqlite3_column_text(stmt, 4)))
            st = error_plain(err, STATUS_BAD_INPUT, "%s: point %lld has no run (was a row edited by hand?)", s->path, (long long)p.ordinal);
        else if (p.status == STATUS_OK)
            st = columns_read(&r, stmt, 5, result_columns, &arena, err);
        r.key = p.key;
        st = st ? st : each(context, &p, &r, err);
    }
    if (!st && code != SQLITE_DONE)
        st = sql_fail(s, "reading points", err);
    sqlite3_finalize(stmt);
    arena_free(&arena);
    return st;
}
