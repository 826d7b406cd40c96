/* SPDX-License-Identifier: Apache-2.0 */
/** Checks of a database find the faults that were put in, SQL of users only reads, and every earlier schema becomes the current one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/check.h"
#include "store/schema.h"
#include "store/sql.h"
#include "tests/harness.h"

static const struct run_inputs inputs = { .arch_name = "A", .arch_yaml = "name: A\n", .stack_name = "S", .trace_name = "t.trace", .recipe = "fp16",
                                          .layout = "tp=1", .model_version = "0", .mapping = "picked", .arch_hash = { 1, 2 },
                                          .stack_hash = { 3, 4 }, .trace_hash = { 5, 6 } };

/* A database in memory with one run of 1000 ps, 600 of them in its first row. */
static struct store *one_run(void)
{
    struct breakdown_row rows[2] = { { .phase = PHASE_DECODE, .role = "a", .note = "n", .time_ps = 600 },
                                     { .phase = PHASE_DECODE, .role = "b", .note = "n", .time_ps = 400 } };
    struct result r = { .key = { 1, 2 }, .fidelity = "analytic", .devices = 1, .time_ps = 1000, .phases_count = 1, .rows_count = 2, .rows = rows };
    struct error err;
    struct store *s;

    rows[0].parts_ps[CAUSE_DRAM] = 600;
    rows[1].parts_ps[CAUSE_MATRIX] = 400;
    r.phases[0] = (struct phase_result){ PHASE_DECODE, 1, 2, r.time_ps, 3 };
    CU_ASSERT_FATAL(store_open_memory(&s, &err) == STATUS_OK);
    CHECK_ROW(err.message, store_put(s, &r, &inputs, false, &err) == STATUS_OK);
    return s;
}

static void keep(void *to, const char *what, const char *fault)
{
    (void)fault;
    snprintf(to, 32, "%s", what);
}

static void faults_are_found(void)
{
    static const struct { const char *damage, *check; } cases[] = {
        { "SELECT 1", NULL },
        { "UPDATE run SET time_ps = 1001; UPDATE breakdown SET time_ps = 401, matrix_ps = 401 WHERE ordinal = 1", "phases" },
        { "UPDATE breakdown SET time_ps = 401, matrix_ps = 401 WHERE ordinal = 1", "breakdown" },
        { "UPDATE breakdown SET dram_ps = 599 WHERE ordinal = 0", "causes" },
        { "UPDATE run SET arch_id = 77", "references" },
        { "UPDATE input SET base_id = id WHERE kind = 'arch'", "inputs" },
        { "UPDATE input SET base_id = (SELECT id FROM input WHERE kind = 'trace') WHERE kind = 'arch'", "inputs" },
        { "UPDATE input SET settings = '[1]' WHERE kind = 'arch'", "inputs" },
        { "UPDATE input SET settings = 'nonsense' WHERE kind = 'arch'", "inputs" },
        { "INSERT INTO sweep VALUES (1, '00000000000000000000000000000000', 's', '', 1); INSERT INTO point VALUES (1, 0, '{}', 0, NULL, NULL)", "points" },
        { "INSERT INTO sweep VALUES (1, '00000000000000000000000000000000', 's', '', 1); INSERT INTO point VALUES (1, 0, '{}', 3, NULL, 'big')", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *s = one_run();
        char found[32] = "";
        struct error err = { 0 };
        int64_t faults;

        CHECK_ROW(cases[i].damage, sqlite3_exec(s->db, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL) == SQLITE_OK &&
                                       sqlite3_exec(s->db, cases[i].damage, NULL, NULL, NULL) == SQLITE_OK);
        CHECK_ROW(cases[i].damage, store_check(&faults, s, keep, found, &err) == STATUS_OK && faults == (cases[i].check ? 1 : 0) &&
                                       strcmp(found, cases[i].check ? cases[i].check : "") == 0);
        store_close(s);
    }
}

static enum status add_whole(void *to, int count, const char *const *names, const struct store_value *values, struct error *err)
{
    (void)count, (void)names, (void)err;
    *(int64_t *)to += values[0].whole;
    return STATUS_OK;
}

static void sql_only_reads(void)
{
    static const char *const refused[] = {
        "DELETE FROM run", "SELECT 1; DELETE FROM run", "PRAGMA user_version = 1", "ATTACH 'x.db' AS x", "CREATE TABLE t (a)", "VACUUM INTO 'x.db'",
        "SELECT load_extension('x')", "BEGIN", "INSERT INTO input SELECT * FROM input", "WITH a AS (SELECT 1) DELETE FROM run", "SELECT nosuch FROM run",
        "", "SELEC 1",
    };
    struct store *s = one_run();
    struct error err;
    int64_t sum = 0;
    bool more;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_ROW(refused[i], store_ask(&more, s, refused[i], 0, add_whole, &sum, &err) == STATUS_BAD_INPUT && sum == 0);
    CU_ASSERT(access("x.db", F_OK) != 0);
    CU_ASSERT(store_ask(&more, s, "SELECT time_ps FROM breakdown ORDER BY ordinal", 1, add_whole, &sum, &err) == STATUS_OK && sum == 600 && more);
    CU_ASSERT(store_ask(&more, s, "SELECT time_ps FROM breakdown;\n", 2, add_whole, &sum, &err) == STATUS_OK && sum == 1600 && !more);
    CU_ASSERT(store_put(s, &(struct result){ .key = { 9, 9 }, .fidelity = "analytic" }, &inputs, false, &err) == STATUS_OK); /* may write again */
    store_close(s);
}

/* Everything that a schema is, as one text in `arena`'s place: names, columns, definitions. */
static void describe(char *out, size_t bytes, sqlite3 *db)
{
    sqlite3_stmt *stmt;

    out[0] = 0;
    CU_ASSERT_FATAL(sqlite3_prepare_v2(db, "SELECT group_concat(d, char(10)) FROM (SELECT m.type || ' ' || m.name || ' ' || ifnull(p.name, '') || ' ' || "
                                           "ifnull(p.type, '') AS d FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) p ORDER BY m.name, p.cid)",
                                       -1, &stmt, NULL) == SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(out, bytes, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

static void make_version(const char *path, int64_t version)
{
    char sql[256];
    sqlite3 *db;

    unlink(path);
    CU_ASSERT_FATAL(sqlite3_open(path, &db) == SQLITE_OK);
    for (int64_t v = 0; v < version; v++)
        CU_ASSERT(sqlite3_exec(db, store_migrations[v].sql, NULL, NULL, NULL) == SQLITE_OK);
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %lld; INSERT INTO input (kind, hash, name) "
             "VALUES ('arch', '0123456789abcdef0123456789abcdef', 'kept')", STORE_APPLICATION_ID, (long long)version);
    CU_ASSERT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void every_schema(void)
{
    static char fresh[1 << 15], migrated[1 << 15];
    char path[64], side[80];
    struct store *s;
    struct error err;
    int64_t value, faults;

    CU_ASSERT_FATAL(store_open_memory(&s, &err) == STATUS_OK);
    describe(fresh, sizeof fresh, s->db);
    CU_ASSERT(strstr(fresh, "table point") && strlen(fresh) + 1 < sizeof fresh);
    store_close(s);
    snprintf(path, sizeof path, "store_check.%d.db", (int)getpid());
    for (int64_t v = 1; v < store_schema_version(); v++) {
        char label[32], found[32] = "";

        snprintf(label, sizeof label, "schema %lld", (long long)v);
        make_version(path, v);
        CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
        describe(migrated, sizeof migrated, s->db);
        CHECK_ROW(label, strcmp(fresh, migrated) == 0);
        CHECK_ROW(label, sql_i64(&value, s, "PRAGMA user_version", &err) == STATUS_OK && value == store_schema_version());
        CHECK_ROW(label, sql_i64(&value, s, "SELECT count(*) FROM input WHERE name = 'kept'", &err) == STATUS_OK && value == 1);
        CHECK_ROW(label, store_check(&faults, s, keep, found, &err) == STATUS_OK && faults == 0);
        store_close(s);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(side, sizeof side, "%s%s", path, (const char *[]){ "", "-wal", "-shm" }[i]);
        unlink(side);
    }
}

/* What sweeps and --set had changed in schema 5 stood in the runs' texts, and in place of the descriptions of sweeps. */
static void settings_of_schema_5(void)
{
    static const char rows[] =
        "INSERT INTO input (id, kind, hash, name, body) VALUES (10, 'arch', '00000000000000010000000000000002', 'A', '# A with dram.bandwidth=2 TB/s sm.count=108' || char(10)),"
        " (11, 'arch', '00000000000000010000000000000003', 'B', '# B with care' || char(10) || 'name: B' || char(10)),"
        " (12, 'stack', '00000000000000010000000000000004', 'S', '# S with pick=a b' || char(10)), (13, 'trace', '00000000000000010000000000000005', 't', NULL);"
        "INSERT INTO run (key, model_version, arch_id, stack_id, trace_id, recipe, layout, overrides, devices, time_ps, ttft_ps, tpot_ps, generated_tokens,"
        " memory_weights_bytes, memory_kv_bytes, memory_activations_bytes, memory_workspace_bytes, memory_total_bytes, memory_capacity_bytes, simulated_events,"
        " memo_hits, memo_misses) VALUES ('0000000000000000000000000000000a', '0', 10, 12, 13, 'fp16', 'tp=1', 'dram.bandwidth=2 TB/s sm.count=108 stack.pick=a b',"
        " 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),"
        " ('0000000000000000000000000000000b', '0', 11, 12, 13, 'fp16', 'tp=1', NULL, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)";
    struct stored_description d;
    struct arena arena = { 0 };
    char path[64], side[80];
    struct error err;
    struct store *s;
    sqlite3 *db;
    int64_t value;

    snprintf(path, sizeof path, "store_check.%d.db", (int)getpid());
    make_version(path, 5);
    CU_ASSERT_FATAL(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK_ROW(sqlite3_errmsg(db), sqlite3_exec(db, rows, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT(store_arch(&d, s, 10, &arena, &err) == STATUS_OK && strcmp(d.name, "A") == 0 && !d.yaml && !d.base_yaml && d.hash.high == 1 && d.hash.low == 2);
    CU_ASSERT_FATAL(d.settings_count == 2);
    CU_ASSERT(strcmp(d.settings[0].key, "dram.bandwidth") == 0 && strcmp(d.settings[0].value, "2 TB/s") == 0);
    CU_ASSERT(strcmp(d.settings[1].key, "sm.count") == 0 && strcmp(d.settings[1].value, "108") == 0);
    CU_ASSERT(store_arch(&d, s, 11, &arena, &err) == STATUS_OK && d.yaml && d.settings_count == 0);
    CU_ASSERT(store_arch(&d, s, 99, &arena, &err) == STATUS_BAD_INPUT);
    CU_ASSERT(sql_i64(&value, s, "SELECT count(*) FROM input WHERE id = 12 AND body IS NULL AND settings = '{\"pick\":\"a b\"}'", &err) == STATUS_OK && value == 1);
    store_close(s);
    arena_free(&arena);
    for (size_t i = 0; i < 3; i++) {
        snprintf(side, sizeof side, "%s%s", path, (const char *[]){ "", "-wal", "-shm" }[i]);
        unlink(side);
    }
}

static const struct test tests[] = {
    { "each fault is found by the check that names it", faults_are_found },
    { "SQL of a user reads and does nothing else", sql_only_reads },
    { "a database of every earlier schema becomes the current one", every_schema },
    { "settings of schema 5 become fields", settings_of_schema_5 },
};

TEST_MAIN("store_check", tests)
