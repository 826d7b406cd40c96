/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storing a run in one transaction: BEGIN IMMEDIATE takes the write lock at once (a deferred one that is upgraded later can
 * fail with BUSY in spite of the timeout), and whatever fails or kills the process before COMMIT leaves nothing behind.
 */
#include <string.h>

#include "store/statement.h"
#include "store/store.h"

static const char storing[] = "storing a run";

static enum status put_input(int64_t *id, struct store *s, const char *kind, struct hash128 hash, const char *name, const char *body,
                             const struct packed *text, struct error *err)
{
    /* The update makes RETURNING give the id of the row that was there, and fills in a text that an older schema did not keep. */
    static const char sql[] = "INSERT INTO input (kind, hash, name, body, packed) VALUES (?, ?, ?, ?, ?)"
                              " ON CONFLICT (kind, hash) DO UPDATE SET packed = coalesce(packed, excluded.packed) RETURNING id";
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, storing, err);

    if (st)
        return st;
    statement_bind_text(stmt, 1, kind);
    statement_bind_text(stmt, 2, hash_format(hex, hash));
    statement_bind_text(stmt, 3, name);
    statement_bind_text(stmt, 4, body);
    if (text && text->data)
        sqlite3_bind_blob64(stmt, 5, text->data, text->bytes, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *id = sqlite3_column_int64(stmt, 0);
    else
        st = sql_fail(s, storing, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum status put_head(int64_t *run_id, struct store *s, const struct result *r, const struct run_inputs *in, struct error *err)
{
    int64_t arch_id, stack_id, trace_id;
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st;

    if ((st = put_input(&arch_id, s, "arch", in->arch_hash, in->arch_name, in->arch_yaml, NULL, err)) ||
        (st = put_input(&stack_id, s, "stack", in->stack_hash, in->stack_name, in->stack_yaml, NULL, err)) ||
        (st = put_input(&trace_id, s, "trace", in->trace_hash, in->trace_name, NULL, &in->trace_text, err)) ||
        (st = statement_prepare(&stmt, s, "INSERT INTO run (key, model_version, arch_id, stack_id, trace_id, recipe, layout, mapping, overrides, ",
                                result_columns, ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ", ")", storing, err)))
        return st;
    statement_bind_text(stmt, 1, hash_format(hex, r->key));
    statement_bind_text(stmt, 2, in->model_version);
    sqlite3_bind_int64(stmt, 3, arch_id);
    sqlite3_bind_int64(stmt, 4, stack_id);
    sqlite3_bind_int64(stmt, 5, trace_id);
    statement_bind_text(stmt, 6, in->recipe);
    statement_bind_text(stmt, 7, in->layout);
    statement_bind_text(stmt, 8, in->mapping);
    statement_bind_text(stmt, 9, in->overrides);
    columns_bind(stmt, 10, result_columns, r);
    st = sql_run(s, stmt, storing, err);
    sqlite3_finalize(stmt);
    *run_id = sqlite3_last_insert_rowid(s->db);
    return st;
}

/* `insert`: "INSERT INTO table (run_id, ordinal, " */
static enum status put_rows(struct store *s, const char *insert, const struct column *columns, const void *items, int64_t count, size_t size,
                            int64_t run_id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = statement_prepare(&stmt, s, insert, columns, ") VALUES (?, ?, ", ")", storing, err);

    for (int64_t i = 0; i < count && !st; i++) {
        sqlite3_bind_int64(stmt, 1, run_id);
        sqlite3_bind_int64(stmt, 2, i);
        columns_bind(stmt, 3, columns, (const char *)items + (size_t)i * size);
        st = sql_run(s, stmt, storing, err);
    }
    sqlite3_finalize(stmt);
    return st;
}

static enum status put_all(struct store *s, const struct result *r, const struct run_inputs *in, struct error *err)
{
    static const struct column warning_columns[] = { { "text", COLUMN_TEXT, 0, 0 }, { 0 } };
    int64_t run_id;
    enum status st;

    if ((st = put_head(&run_id, s, r, in, err)) ||
        (st = put_rows(s, "INSERT INTO phase (run_id, ordinal, ", phase_columns, r->phases, r->phases_count, sizeof r->phases[0], run_id, err)) ||
        (st = put_rows(s, "INSERT INTO breakdown (run_id, ordinal, ", breakdown_columns, r->rows, r->rows_count, sizeof *r->rows, run_id, err)))
        return st;
    return put_rows(s, "INSERT INTO warning (run_id, ordinal, ", warning_columns, r->warnings, r->warnings_count, sizeof *r->warnings, run_id, err);
}

static const char *rows_difference(const struct column *columns, const void *a, const void *b, int64_t count, size_t size)
{
    const char *name = NULL;

    for (int64_t i = 0; i < count && !name; i++)
        name = columns_difference(columns, (const char *)a + (size_t)i * size, (const char *)b + (size_t)i * size);
    return name;
}

/* Name of the first value in which two results of the same key differ, or NULL. */
static const char *difference(const struct result *a, const struct result *b)
{
    const char *name = columns_difference(result_columns, a, b);

    if (!name && a->phases_count != b->phases_count)
        name = "phases";
    if (!name && a->rows_count != b->rows_count)
        name = "breakdown";
    if (!name && a->warnings_count != b->warnings_count)
        name = "warnings";
    if (!name)
        name = rows_difference(phase_columns, a->phases, b->phases, a->phases_count, sizeof a->phases[0]);
    if (!name)
        name = rows_difference(breakdown_columns, a->rows, b->rows, a->rows_count, sizeof *a->rows);
    for (int64_t i = 0; !name && i < a->warnings_count; i++)
        if (strcmp(a->warnings[i], b->warnings[i]) != 0)
            name = "warnings";
    return name;
}

static enum status check_same(const struct result *there, const struct result *r, struct store *s, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    const char *name = difference(there, r);

    if (!name)
        return STATUS_OK;
    return error_plain(err, STATUS_INTERNAL, "%s: run %s is there with another value of %s: either the model changed without a new version, "
                       "or it is not deterministic (--force replaces the row)", s->path, hash_format(hex, r->key), name);
}

static enum status delete_run(struct store *s, struct hash128 key, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, "DELETE FROM run WHERE key = ?", storing, err);

    if (st)
        return st;
    statement_bind_text(stmt, 1, hash_format(hex, key));
    st = sql_run(s, stmt, storing, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum status put_in_transaction(struct store *s, const struct result *r, const struct run_inputs *in, bool replace, struct error *err)
{
    struct arena arena = { 0 };
    struct result there;
    bool found;
    enum status st = store_get(&there, &found, s, r->key, &arena, err);

    if (!st && found && !replace)
        st = check_same(&there, r, s, err);
    if (!st && found && replace)
        st = delete_run(s, r->key, err);
    if (!st && (!found || replace))
        st = put_all(s, r, in, err);
    arena_free(&arena);
    return st;
}

enum status store_put(struct store *s, const struct result *result, const struct run_inputs *inputs, bool replace, struct error *err)
{
    enum status st = sql_exec(s, "BEGIN IMMEDIATE", storing, err);

    if (st)
        return st;
    if (!(st = put_in_transaction(s, result, inputs, replace, err)))
        st = sql_exec(s, "COMMIT", storing, err);
    if (st)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
