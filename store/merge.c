/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging a shard: ATTACH, then one transaction of INSERT ... SELECT, with ids of inputs, runs and sweeps translated through their
 * hashes. What is there already is compared: other values under one key mean that the models are not deterministic, or that two builds
 * of one version differ, and nothing of that shard is taken.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/batch.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/writer.h"

static const char merging[] = "merging a shard";

/* "SELECT s.key, CASE WHEN s.a IS NOT m.a THEN 'a' ... END AS difference ... WHERE difference IS NOT NULL" */
static char *conflict_sql(void)
{
    char *text = NULL;
    size_t bytes;
    FILE *sql = open_memstream(&text, &bytes);

    if (!sql)
        return NULL;
    fputs("SELECT s.key, CASE WHEN s.recipe IS NOT m.recipe THEN 'recipe' WHEN s.layout IS NOT m.layout THEN 'layout'", sql);
    for (const struct column *c = result_columns; c->name; c++)
        fprintf(sql, " WHEN s.%s IS NOT m.%s THEN '%s'", c->name, c->name, c->name);
    fputs(" END AS difference FROM shard.run s CROSS JOIN main.run m ON m.key = s.key WHERE difference IS NOT NULL ORDER BY s.key LIMIT 1", sql);
    if (fclose(sql)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Fails with `what` if the query has a row of two texts: the row, and the value that differs. */
static enum status no_conflict(struct store *s, const char *sql, const char *what, const char *shard, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = sql ? sql_prepare(&stmt, s, sql, merging, err) : error_no_memory(err);

    if (st)
        return st;
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        st = error_plain(err, STATUS_INTERNAL, "%s: %s %s is in %s with another value of %s: nothing of it was merged", shard, what,
                         (const char *)sqlite3_column_text(stmt, 0), s->path, (const char *)sqlite3_column_text(stmt, 1));
    else if (code != SQLITE_DONE)
        st = sql_fail(s, merging, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum status check_conflicts(struct store *s, const char *shard, struct error *err)
{
    static const char points[] =
        "SELECT w.name || ' ' || p.ordinal, CASE WHEN p.assignment IS NOT q.assignment THEN 'assignment' WHEN p.status IS NOT q.status THEN 'status'"
        " WHEN p.reason IS NOT q.reason THEN 'reason' WHEN rp.key IS NOT rq.key THEN 'run' END AS difference"
        " FROM shard.point p JOIN shard.sweep w ON w.id = p.sweep_id JOIN main.sweep v ON v.hash = w.hash"
        " JOIN main.point q ON q.sweep_id = v.id AND q.ordinal = p.ordinal"
        " LEFT JOIN shard.run rp ON rp.id = p.run_id LEFT JOIN main.run rq ON rq.id = q.run_id"
        " WHERE difference IS NOT NULL ORDER BY 1 LIMIT 1";
    char *runs = conflict_sql();
    enum status st = no_conflict(s, runs, "run", shard, err);

    free(runs);
    return st ? st : no_conflict(s, points, "point", shard, err);
}

static char *insert_runs_sql(void)
{
    char *text = NULL;
    size_t bytes;
    FILE *sql = open_memstream(&text, &bytes);

    if (!sql)
        return NULL;
    fputs("INSERT INTO main.run (key, detail, model_version, arch_id, stack_id, trace_id, recipe, layout, mapping, overrides, ", sql);
    columns_print_names(sql, result_columns);
    fputs(") SELECT s.key, s.detail, s.model_version, a.new, k.new, t.new, s.recipe, s.layout, s.mapping, s.overrides, ", sql);
    columns_print_names(sql, result_columns);
    /* in the order of the shard, so that the main database is the same however often it was done */
    fputs(" FROM shard.run s JOIN temp.input_map a ON a.old = s.arch_id JOIN temp.input_map k ON k.old = s.stack_id"
          " JOIN temp.input_map t ON t.old = s.trace_id WHERE true ORDER BY s.id ON CONFLICT (key) DO NOTHING", sql);
    if (fclose(sql)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Rows of a run: those of runs that have none yet. */
static enum status insert_rows(struct store *s, const char *table, const struct column *columns, struct error *err)
{
    char *text = NULL;
    size_t bytes;
    FILE *sql = open_memstream(&text, &bytes);
    enum status st;

    if (!sql)
        return error_no_memory(err);
    fprintf(sql, "INSERT INTO main.%s (run_id, ordinal, ", table);
    columns_print_names(sql, columns);
    fputs(") SELECT x.new, b.ordinal, ", sql);
    columns_print_names(sql, columns);
    fprintf(sql, " FROM temp.run_map x CROSS JOIN shard.%s b ON b.run_id = x.old WHERE true ON CONFLICT (run_id, ordinal) DO NOTHING", table);
    if (fclose(sql)) {
        free(text);
        return error_no_memory(err);
    }
    st = sql_exec(s, text, merging, err);
    free(text);
    return st;
}

static enum status insert_all(struct store *s, struct error *err)
{
    static const struct column warning_columns[] = { { "text", COLUMN_TEXT, 0, 0 }, { 0 } };
    /* Bases first: who names one finds it. An input that is a base has a body, hence no base of its own. */
    static const char heads[] =
        "INSERT INTO main.input (kind, hash, name, body, packed, base_id, settings) SELECT kind, hash, name, body, packed, NULL, settings FROM shard.input"
        "  WHERE base_id IS NULL ORDER BY id" INPUT_JOINED ";"
        "INSERT INTO main.input (kind, hash, name, body, packed, base_id, settings) SELECT v.kind, v.hash, v.name, v.body, v.packed, m.id, v.settings"
        "  FROM shard.input v JOIN shard.input b ON b.id = v.base_id JOIN main.input m ON m.kind = b.kind AND m.hash = b.hash WHERE true ORDER BY v.id" INPUT_JOINED ";"
        "INSERT INTO main.sweep (hash, name, body, points) SELECT hash, name, body, points FROM shard.sweep WHERE true ORDER BY id ON CONFLICT (hash) DO NOTHING;"
        "CREATE TEMP TABLE input_map (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);"
        "CREATE TEMP TABLE run_map (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);"
        "INSERT INTO temp.input_map SELECT s.id, m.id FROM shard.input s JOIN main.input m ON m.kind = s.kind AND m.hash = s.hash;";
    static const char map[] = "INSERT INTO temp.run_map SELECT s.id, m.id FROM shard.run s CROSS JOIN main.run m ON m.key = s.key;";
    static const char points[] =
        "UPDATE main.run SET detail = 1 WHERE detail = 0 AND id IN (SELECT x.new FROM temp.run_map x JOIN shard.run s ON s.id = x.old WHERE s.detail = 1);"
        "INSERT INTO main.point (sweep_id, ordinal, assignment, status, run_id, reason)"
        "  SELECT v.id, p.ordinal, p.assignment, p.status, x.new, p.reason FROM shard.sweep w JOIN main.sweep v ON v.hash = w.hash"
        "  CROSS JOIN shard.point p ON p.sweep_id = w.id LEFT JOIN temp.run_map x ON x.old = p.run_id WHERE true ON CONFLICT (sweep_id, ordinal) DO NOTHING;"
        "DROP TABLE temp.input_map; DROP TABLE temp.run_map;";
    enum status st = sql_exec(s, heads, merging, err);
    char *runs = insert_runs_sql();

    if (!st)
        st = runs ? sql_exec(s, runs, merging, err) : error_no_memory(err);
    free(runs);
    if (st || (st = sql_exec(s, map, merging, err)) || (st = insert_rows(s, "phase", phase_columns, err)) ||
        (st = insert_rows(s, "breakdown", breakdown_columns, err)) || (st = insert_rows(s, "warning", warning_columns, err)))
        return st;
    return sql_exec(s, points, merging, err);
}

static enum status counts(struct store_merged *out, struct store *s, int sign, struct error *err)
{
    int64_t runs = 0, points = 0;
    enum status st;

    if ((st = sql_i64(&out->runs, s, "SELECT count(*) FROM shard.run", err)) ||
        (st = sql_i64(&out->points, s, "SELECT count(*) FROM shard.point", err)) ||
        (st = sql_i64(&runs, s, "SELECT count(*) FROM main.run", err)) || (st = sql_i64(&points, s, "SELECT count(*) FROM main.point", err)))
        return st;
    out->runs_new += sign * runs;
    out->points_new += sign * points;
    return STATUS_OK;
}

static enum status merge_in_transaction(struct store_merged *out, struct store *s, const char *shard, struct error *err)
{
    enum status st;

    *out = (struct store_merged){ 0 };
    if ((st = counts(out, s, -1, err)) || (st = check_conflicts(s, shard, err)) || (st = insert_all(s, err)))
        return st;
    return counts(out, s, 1, err);
}

static enum status check_shard(struct store *s, const char *shard, struct error *err)
{
    int64_t application = 0, version = 0;
    enum status st;

    if ((st = sql_i64(&application, s, "PRAGMA shard.application_id", err)) || (st = sql_i64(&version, s, "PRAGMA shard.user_version", err)))
        return error_plain(err, STATUS_BAD_INPUT, "%s: not an SQLite database, or damaged", shard);
    if (application != STORE_APPLICATION_ID)
        return error_plain(err, STATUS_BAD_INPUT, "%s: not a database of llmsim", shard);
    if (version > store_schema_version())
        return error_plain(err, STATUS_BAD_INPUT, "%s: schema %lld, this llmsim knows up to %lld: merge it with a newer llmsim", shard, (long long)version,
                           (long long)store_schema_version());
    if (version != store_schema_version())
        return error_plain(err, STATUS_BAD_INPUT, "%s: schema %lld, expected %lld (any llmsim command with --db %s brings an older one up to date)", shard,
                           (long long)version, (long long)store_schema_version(), shard);
    return STATUS_OK;
}

static enum status attach(struct store *s, const char *shard, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st;

    if (access(shard, R_OK)) /* ATTACH would make it */
        return error_plain(err, STATUS_BAD_INPUT, "%s: no such shard", shard);
    if ((st = sql_prepare(&stmt, s, "ATTACH ? AS shard", merging, err)))
        return st;
    statement_bind_text(stmt, 1, shard);
    st = sql_run(s, stmt, merging, err);
    sqlite3_finalize(stmt);
    return st ? error_plain(err, STATUS_BAD_INPUT, "%s: not an SQLite database, or damaged", shard) : STATUS_OK;
}

static enum status merge_attached(struct store_merged *out, struct store *s, const char *shard, struct error *err)
{
    /* Keys are random, so that inserts go all over the indices: they stay in memory. Every id comes from a map of rows that are there: no reference need be looked up. */
    static const char before[] = "PRAGMA main.cache_size = -262144; PRAGMA foreign_keys = OFF";
    enum status st = check_shard(s, shard, err);

    if (st || (st = sql_exec(s, before, merging, err)) || (st = sql_exec(s, "BEGIN IMMEDIATE", merging, err)))
        return st;
    if (!(st = merge_in_transaction(out, s, shard, err)))
        st = sql_exec(s, "COMMIT", merging, err);
    if (st)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_exec(s->db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    return st;
}

enum status store_merge(struct store_merged *out, struct store *into, const char *shard, struct error *err)
{
    enum status st = attach(into, shard, err);

    if (st)
        return st;
    st = merge_attached(out, into, shard, err);
    sqlite3_exec(into->db, "DETACH shard", NULL, NULL, NULL);
    return st;
}
