/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storing a run in one transaction: BEGIN IMMEDIATE takes the write lock at once (a deferred one that is upgraded later can
 * fail with BUSY in spite of the timeout), and whatever fails or kills the process before COMMIT leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>

#include "store/columns.h"
#include "store/sql.h"
#include "store/store.h"

static const char storing[] = "storing a run";

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_bind_null(stmt, at);
}

/* INSERT INTO table (lead..., columns...) with `leads` parameters before those of the columns. */
static enum status insert_into(sqlite3_stmt **out, struct store *s, const char *table, const char *lead, int leads,
                               const struct column *columns, struct error *err)
{
    char *text = NULL;
    size_t bytes;
    FILE *sql = open_memstream(&text, &bytes);
    enum status st;

    *out = NULL;
    if (!sql)
        return error_no_memory(err);
    fprintf(sql, "INSERT INTO %s (%s, ", table, lead);
    columns_print_names(sql, columns);
    fputs(") VALUES (", sql);
    for (int i = 0; i < leads; i++)
        fputs("?, ", sql);
    columns_print_marks(sql, columns);
    fputs(")", sql);
    if (fclose(sql)) {
        free(text);
        return error_no_memory(err);
    }
    st = sql_prepare(out, s, text, storing, err);
    free(text);
    return st;
}

static enum status put_input(int64_t *id, struct store *s, const char *kind, struct hash128 hash, const char *name, const char *body,
                             struct error *err)
{
    /* The update changes nothing; it makes RETURNING give the id of the row that was there. */
    static const char sql[] = "INSERT INTO input (kind, hash, name, body) VALUES (?, ?, ?, ?)"
                              " ON CONFLICT (kind, hash) DO UPDATE SET kind = excluded.kind RETURNING id";
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, storing, err);

    if (st)
        return st;
    bind_text(stmt, 1, kind);
    bind_text(stmt, 2, hash_format(hex, hash));
    bind_text(stmt, 3, name);
    bind_text(stmt, 4, body);
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

    if ((st = put_input(&arch_id, s, "arch", in->arch_hash, in->arch_name, in->arch_yaml, err)) ||
        (st = put_input(&stack_id, s, "stack", in->stack_hash, in->stack_name, in->stack_yaml, err)) ||
        (st = put_input(&trace_id, s, "trace", in->trace_hash, in->trace_name, NULL, err)) ||
        (st = insert_into(&stmt, s, "run", "key, model_version, arch_id, stack_id, trace_id, recipe, layout, mapping, overrides", 9,
                          result_columns, err)))
        return st;
    bind_text(stmt, 1, hash_format(hex, r->key));
    bind_text(stmt, 2, in->model_version);
    sqlite3_bind_int64(stmt, 3, arch_id);
    sqlite3_bind_int64(stmt, 4, stack_id);
    sqlite3_bind_int64(stmt, 5, trace_id);
    bind_text(stmt, 6, in->recipe);
    bind_text(stmt, 7, in->layout);
    bind_text(stmt, 8, in->mapping);
    bind_text(stmt, 9, in->overrides);
    columns_bind(stmt, 10, result_columns, r);
    st = sql_run(s, stmt, storing, err);
    sqlite3_finalize(stmt);
    *run_id = sqlite3_last_insert_rowid(s->db);
    return st;
}

static enum status put_rows(struct store *s, const char *table, const struct column *columns, const void *items, int64_t count, size_t size,
                            int64_t run_id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = insert_into(&stmt, s, table, "run_id, ordinal", 2, columns, err);

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
        (st = put_rows(s, "phase", phase_columns, r->phases, r->phases_count, sizeof r->phases[0], run_id, err)) ||
        (st = put_rows(s, "breakdown", breakdown_columns, r->rows, r->rows_count, sizeof *r->rows, run_id, err)))
        return st;
    return put_rows(s, "warning", warning_columns, r->warnings, r->warnings_count, sizeof *r->warnings, run_id, err);
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
    bind_text(stmt, 1, hash_format(hex, key));
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
