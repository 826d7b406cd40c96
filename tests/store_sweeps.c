/* SPDX-License-Identifier: Apache-2.0 */
/** Sweeps in the store: batches, runs without breakdown rows, merging of shards, conflicts. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/batch.h"
#include "tests/harness.h"

static const struct run_inputs inputs = { .arch_name = "A", .arch_yaml = "name: A\n", .stack_name = "S", .trace_name = "t.trace", .recipe = "fp16",
                                          .layout = "tp=2", .model_version = "0", .mapping = "picked", .arch_hash = { 1, 2 },
                                          .stack_hash = { 3, 4 }, .trace_hash = { 5, 6 } };
static const struct store_sweep sweep = { .hash = { 7, 8 }, .name = "s", .body = "axes: {}", .points = 100 };

static char paths[3][48];

static void fresh(void)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    char side[sizeof paths + 16]; /* gcc takes a row for all rows */

    for (int i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "sweeps.%d.%d.db", (int)getpid(), i);
        for (size_t e = 0; e < 4; e++) {
            snprintf(side, sizeof side, "%s%s", paths[i], ends[e]);
            unlink(side);
        }
    }
}

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int64_t value = -1;

    if (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) {
        if (sqlite3_step(stmt) == SQLITE_ROW)
            value = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    return value;
}

static struct breakdown_row rows[3];
static const char *warnings[] = { "w" };

static struct result result_of(uint64_t key)
{
    struct result r = { .key = { key, key + 1 }, .fidelity = "analytic", .devices = 2, .time_ps = 1000 + (int64_t)key, .energy_j = 0.1 * (double)key,
                        .phases_count = 1, .rows_count = 3, .rows = rows, .warnings_count = 1, .warnings = warnings };

    r.phases[0] = (struct phase_result){ PHASE_DECODE, 1, 2, r.time_ps, 3 };
    for (int i = 0; i < 3; i++)
        rows[i] = (struct breakdown_row){ .phase = PHASE_DECODE, .role = "mlp.down", .note = "n", .time_ps = i };
    return r;
}

/* Points first, first + 1, ... of the sweep; every fifth is infeasible. */
static enum status put_points(const char *path, int64_t first, int64_t count, bool detail, double energy_factor, struct error *err)
{
    struct store_batch *b;
    struct store *s;
    enum status st = store_open(&s, path, err);

    if (st || (st = store_batch_open(&b, s, &sweep, detail, err)))
        return st;
    for (int64_t i = first; i < first + count && !st; i++) {
        char assignment[32];
        struct result r = result_of((uint64_t)i);
        struct store_point p = { i, assignment, STATUS_OK, r.key, NULL };

        snprintf(assignment, sizeof assignment, "{\"x\": %lld}", (long long)i);
        r.energy_j *= energy_factor;
        if (i % 5 == 4) {
            p.status = STATUS_INFEASIBLE;
            p.reason = "does not fit";
        } else {
            st = store_batch_run(b, &r, &inputs, err);
        }
        st = st ? st : store_batch_point(b, &p, err);
    }
    st = st ? st : store_batch_commit(b, err);
    store_batch_close(b);
    store_close(s);
    return st;
}

static void batches(void)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct store_batch *b;
    struct result back;
    struct store *s;
    struct store_sweep_counts counts;
    enum status ended;
    bool found;

    fresh();
    CHECK_ROW(err.message, put_points(paths[0], 0, 10, false, 1, &err) == STATUS_OK);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM run WHERE detail = 0") == 8 && ask(paths[0], "SELECT count(*) FROM breakdown") == 0);
    CU_ASSERT(put_points(paths[0], 0, 10, false, 1, &err) == STATUS_OK); /* again: nothing changes */
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM run") == 8 && ask(paths[0], "SELECT count(*) FROM point") == 10);
    CU_ASSERT_FATAL(store_open(&s, paths[0], &err) == STATUS_OK);
    struct result r = result_of(1);
    CU_ASSERT(store_get(&back, &found, s, r.key, &arena, &err) == STATUS_OK && !found); /* `llmsim run` wants the rows */
    CU_ASSERT(store_put(s, &r, &inputs, false, &err) == STATUS_OK);                     /* and completes it */
    CU_ASSERT(store_get(&back, &found, s, r.key, &arena, &err) == STATUS_OK && found && back.rows_count == 3);
    CU_ASSERT(store_put(s, &r, &inputs, true, &err) == STATUS_OK); /* replaced, its point stays */
    CU_ASSERT_FATAL(store_batch_open(&b, s, &sweep, true, &err) == STATUS_OK);
    CU_ASSERT(store_batch_has(&found, b, r.key, &err) == STATUS_OK && found);
    r = result_of(2);
    CU_ASSERT(store_batch_has(&found, b, r.key, &err) == STATUS_OK && !found); /* without its rows */
    CU_ASSERT(store_batch_get(&back, &found, b, r.key, &arena, &err) == STATUS_OK && found && back.time_ps == r.time_ps);
    CU_ASSERT(store_batch_knows(&found, &ended, b, 4, &err) == STATUS_OK && found && ended == STATUS_INFEASIBLE);
    CU_ASSERT(store_batch_knows(&found, &ended, b, 10, &err) == STATUS_OK && !found);
    struct store_point nowhere = { 11, "{}", STATUS_OK, { 999, 9 }, NULL };
    CU_ASSERT(store_batch_point(b, &nowhere, &err) == STATUS_INTERNAL);
    store_batch_close(b);
    CU_ASSERT(store_sweep_count(&counts, s, sweep.hash, 1, &err) == STATUS_OK);
    CU_ASSERT(counts.found && counts.planned == 100 && counts.done == 8 && counts.infeasible == 2 && counts.failed == 0 && counts.first == 1);
    store_close(s);
    arena_free(&arena);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM point p JOIN run r ON r.id = p.run_id") == 8);
    fresh();
}

static enum status merge(const char *into, const char *shard, struct store_merged *m, struct error *err)
{
    struct store *s;
    enum status st = store_open(&s, into, err);

    if (st)
        return st;
    st = store_merge(m, s, shard, err);
    store_close(s);
    return st;
}

static void merges(void)
{
    struct store_merged m = { 0 };
    struct error err = { 0 };

    fresh();
    CU_ASSERT(put_points(paths[1], 0, 50, false, 1, &err) == STATUS_OK && put_points(paths[2], 40, 60, true, 1, &err) == STATUS_OK);
    CHECK_ROW(err.message, merge(paths[0], paths[2], &m, &err) == STATUS_OK && m.runs_new == 48 && m.points_new == 60);
    CHECK_ROW(err.message, merge(paths[0], paths[1], &m, &err) == STATUS_OK && m.runs == 40 && m.runs_new == 32 && m.points_new == 40);
    CU_ASSERT(merge(paths[0], paths[1], &m, &err) == STATUS_OK && m.runs_new == 0 && m.points_new == 0);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM run") == 80 && ask(paths[0], "SELECT count(*) FROM point") == 100);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM phase") == 80 && ask(paths[0], "SELECT count(*) FROM warning") == 80);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM breakdown") == 3 * 48 && ask(paths[0], "SELECT count(*) FROM run WHERE detail = 1") == 48);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM point p JOIN run r ON r.id = p.run_id WHERE r.time_ps = 1000 + p.ordinal") == 80);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM run r WHERE r.time_ps <> (SELECT time_ps FROM phase WHERE run_id = r.id)") == 0);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM pragma_foreign_key_check") == 0 && ask(paths[0], "SELECT count(*) FROM input") == 3);
    fresh();
}

static void conflicts(void)
{
    struct store_merged m;
    struct error err = { 0 };
    FILE *f;

    fresh();
    CU_ASSERT(put_points(paths[0], 0, 10, false, 1, &err) == STATUS_OK && put_points(paths[1], 5, 10, false, 2, &err) == STATUS_OK);
    CU_ASSERT(merge(paths[0], paths[1], &m, &err) == STATUS_INTERNAL);
    CHECK_ROW(err.message, strstr(err.message, "energy_j") && strstr(err.message, paths[1]));
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM run") == 8 && ask(paths[0], "SELECT count(*) FROM point") == 10); /* nothing of it */
    CU_ASSERT(ask(paths[1], "UPDATE run SET energy_j = energy_j / 2 RETURNING 1") == 1);
    CU_ASSERT(ask(paths[1], "UPDATE point SET reason = 'else' WHERE ordinal = 9 RETURNING 1") == 1);
    CU_ASSERT(merge(paths[0], paths[1], &m, &err) == STATUS_INTERNAL);
    CHECK_ROW(err.message, strstr(err.message, "reason") && strstr(err.message, "s 9"));
    CU_ASSERT(merge(paths[0], "nowhere.db", &m, &err) == STATUS_BAD_INPUT && access("nowhere.db", F_OK) != 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f = fopen(paths[2], "w"));
    for (int i = 0; i < 200; i++)
        fputs("no database ", f);
    fclose(f);
    CU_ASSERT(merge(paths[0], paths[2], &m, &err) == STATUS_BAD_INPUT);
    CU_ASSERT(ask(paths[1], "PRAGMA user_version = 99") == -1 && merge(paths[0], paths[1], &m, &err) == STATUS_BAD_INPUT);
    CHECK_ROW(err.message, strstr(err.message, "newer llmsim") != NULL);
    CU_ASSERT(truncate(paths[1], 3000) == 0 && merge(paths[0], paths[1], &m, &err) != STATUS_OK);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0);
    fresh();
}

/* One run of a chip that `settings` make of the base with hash { 20, 1 }. */
static enum status put_variant(const char *path, uint64_t key, uint64_t chip, const char *settings, struct error *err)
{
    static const struct run_base base = { "name: A\n", { 20, 1 } };
    struct run_inputs in = inputs;
    struct store_batch *b;
    struct store *s;
    struct result r = result_of(key);
    enum status st = store_open(&s, path, err);

    in.arch_yaml = settings ? NULL : base.yaml;
    in.arch_hash = (struct hash128){ 20, chip };
    in.arch_settings = settings;
    in.arch_base = settings ? &base : NULL;
    if (st || (st = store_batch_open(&b, s, &sweep, false, err)))
        return st;
    if (!(st = store_batch_run(b, &r, &in, err)))
        st = store_batch_commit(b, err);
    store_batch_close(b);
    store_close(s);
    return st;
}

/* Variants of a chip share its description, through merging too; what a sweep set to the value of the base is known of the base. */
static void variants(void)
{
    struct store_merged m;
    struct error err = { 0 };
    struct arena arena = { 0 };
    struct stored_description d;
    struct store *s;

    fresh();
    CHECK_ROW(err.message, put_variant(paths[1], 1, 2, "{\"l2.size\":\"20 MiB\"}", &err) == STATUS_OK && put_variant(paths[1], 2, 1, "{\"l2.size\":\"40 MiB\"}", &err) == STATUS_OK);
    CU_ASSERT(put_variant(paths[2], 3, 3, "{\"sm.count\":\"7\"}", &err) == STATUS_OK && put_variant(paths[2], 4, 1, "{\"sm.count\":\"9\"}", &err) == STATUS_OK &&
              put_variant(paths[2], 5, 2, "{\"l2.size\":\"20480 KiB\"}", &err) == STATUS_OK);
    CU_ASSERT(put_variant(paths[0], 6, 1, NULL, &err) == STATUS_OK); /* the chip as it is, first */
    for (int again = 0; again < 2; again++)
        CHECK_ROW(err.message, merge(paths[0], paths[2], &m, &err) == STATUS_OK && merge(paths[0], paths[1], &m, &err) == STATUS_OK);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM input WHERE kind = 'arch'") == 3 && ask(paths[0], "SELECT count(*) FROM input WHERE body IS NOT NULL") == 1);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM input v JOIN input b ON b.id = v.base_id WHERE b.body = 'name: A' || char(10)") == 2);
    CU_ASSERT(ask(paths[0], "SELECT count(*) FROM input WHERE base_id IS NULL AND settings ->> '$.\"l2.size\"' = '40 MiB' AND settings ->> '$.\"sm.count\"' = '9'") == 1);
    CU_ASSERT_FATAL(store_open(&s, paths[0], &err) == STATUS_OK);
    CU_ASSERT(store_arch(&d, s, ask(paths[0], "SELECT arch_id FROM run WHERE key GLOB '0000000000000001*'"), &arena, &err) == STATUS_OK);
    CU_ASSERT(!d.yaml && d.base_yaml && strcmp(d.base_yaml, "name: A\n") == 0 && d.settings_count == 1 && strcmp(d.settings[0].value, "20480 KiB") == 0);
    store_close(s);
    arena_free(&arena);
    fresh();
}

static const struct test tests[] = {
    { "points and runs go in by batches, breakdown rows on demand", batches },
    { "shards merge, and merging again changes nothing", merges },
    { "variants of a chip share its description", variants },
    { "a row with other values, a missing or broken shard: nothing is merged", conflicts },
};

TEST_MAIN("store_sweeps", tests)
