/* SPDX-License-Identifier: Apache-2.0 */
/** The store: what is put comes back bit for bit; every way in which a database can be wrong or a process die leaves it whole. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/columns.h"
#include "store/schema.h"
#include "store/store.h"
#include "tests/harness.h"

enum { ROWS = 40 };

static char path[64];

static void fresh(void)
{
    char side[80];

    snprintf(path, sizeof path, "store_test.%ld.db", (long)getpid());
    unlink(path);
    snprintf(side, sizeof side, "%s-wal", path);
    unlink(side);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side);
}

/* A made-up result whose doubles have all their bits in use. */
static void fill(struct result *r, struct breakdown_row *rows, uint64_t key)
{
    static const char *warnings[] = { "first; with 'quotes'", "second \xc2\xb5s" };

    *r = (struct result){ .key = { key, ~key }, .fidelity = "analytic", .devices = 2, .time_ps = 123456789012345, .ttft_ps = 7, .tpot_ps = 11,
                          .tokens_per_s = 1.0 / 3.0, .generated_tokens = 1284, .phases_count = 2, .rows_count = ROWS, .rows = rows,
                          .energy_j = 0.1 + 0.2, .average_power_w = 5e-324, .simulated_fraction = nextafter(1, 0), .warnings_count = 2,
                          .warnings = warnings };
    r->memory = (struct memory_use){ 1, 2, 3, 4, 10, INT64_MAX };
    r->phases[0] = (struct phase_result){ PHASE_PREFILL, 1, 9492, 42, 1e300 };
    r->phases[1] = (struct phase_result){ PHASE_DECODE, 173, 1268, 43, 1.7976931348623157e308 };
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (struct breakdown_row){ .phase = i % 2 ? PHASE_DECODE : PHASE_PREFILL, .role = "mlp.down", .note = i % 3 ? "a note" : NULL,
                                          .count = i, .time_ps = 1000 + i, .bound = (enum cause)(i % CAUSES), .flops = sqrt(i + 2.0),
                                          .best_time_ps = i, .roofline_time_ps = i + 1, .simulated_events = i };
        for (int c = 0; c < CAUSES; c++)
            rows[i].parts_ps[c] = 100 * i + c;
        for (int l = 0; l < LEVELS; l++)
            rows[i].bytes[l] = exp(0.1 * (i + l));
        rows[i].events.fma_op = i % 4 ? "fma_fp16" : NULL;
        rows[i].events.fma = 1.0 / (i + 3);
        snprintf(rows[i].mapping, sizeof rows[i].mapping, "128x256x64, %d stages", i);
    }
}

static const struct run_inputs inputs = { .arch_name = "A", .arch_yaml = "name: A\n", .stack_name = "S", .trace_name = "t.trace", .recipe = "fp16",
                                          .layout = "tp=2", .model_version = "0", .mapping = "picked", .arch_hash = { 1, 2 },
                                          .stack_hash = { 3, 4 }, .trace_hash = { 5, 6 } };

static enum status put(struct store *s, uint64_t key, double energy_j, bool replace, struct error *err)
{
    struct breakdown_row rows[ROWS];
    struct result r;

    fill(&r, rows, key);
    r.energy_j = energy_j;
    return store_put(s, &r, &inputs, replace, err);
}

static int64_t ask(const char *sql)
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

/* No row without its parts, and SQLite finds nothing wrong. */
static bool whole(void)
{
    return ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0 &&
           ask("SELECT count(*) FROM run r WHERE (SELECT count(*) FROM breakdown WHERE run_id = r.id) <> 40"
               " OR (SELECT count(*) FROM phase WHERE run_id = r.id) <> 2 OR (SELECT count(*) FROM warning WHERE run_id = r.id) <> 2") == 0 &&
           ask("SELECT count(*) FROM breakdown WHERE run_id NOT IN (SELECT id FROM run)") == 0;
}

static void round_trip(void)
{
    struct breakdown_row rows[ROWS];
    struct result r, back = { 0 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct store *s;
    bool found;

    fresh();
    fill(&r, rows, 17);
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT(store_get(&back, &found, s, r.key, &arena, &err) == STATUS_OK && !found);
    CHECK_ROW(err.message, store_put(s, &r, &inputs, false, &err) == STATUS_OK);
    store_close(s);
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT_FATAL(store_get(&back, &found, s, r.key, &arena, &err) == STATUS_OK && found);
    CU_ASSERT_PTR_NULL(columns_difference(result_columns, &r, &back));
    CU_ASSERT(back.rows_count == ROWS && back.phases_count == 2 && back.warnings_count == 2 && back.key.high == 17);
    for (int i = 0; i < ROWS; i++)
        CU_ASSERT_PTR_NULL(columns_difference(breakdown_columns, &rows[i], &back.rows[i]));
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_PTR_NULL(columns_difference(phase_columns, &r.phases[i], &back.phases[i]));
        CU_ASSERT_STRING_EQUAL(r.warnings[i], back.warnings[i]);
    }
    store_close(s);
    arena_free(&arena);
    CU_ASSERT(whole());
    CU_ASSERT(ask("SELECT count(*) FROM run_summary") == 1 && ask("SELECT count(*) FROM mapping_gap") > 0);
    fresh();
}

static void same_key(void)
{
    struct error err = { 0 };
    struct store *s;

    fresh();
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT(put(s, 1, 1.5, false, &err) == STATUS_OK);
    CU_ASSERT(put(s, 1, 1.5, false, &err) == STATUS_OK); /* the same again is left */
    CU_ASSERT(put(s, 1, 2.5, false, &err) == STATUS_INTERNAL && strstr(err.message, "energy_j"));
    CU_ASSERT(put(s, 1, 2.5, true, &err) == STATUS_OK);
    CU_ASSERT(put(s, 2, 2.5, false, &err) == STATUS_OK);
    store_close(s);
    CU_ASSERT(ask("SELECT count(*) FROM run") == 2 && ask("SELECT count(*) FROM input") == 3 && whole());
    fresh();
}

static void write_file(const char *sql, const char *bytes)
{
    sqlite3 *db;

    fresh();
    if (sql && sqlite3_open(path, &db) == SQLITE_OK) {
        sqlite3_exec(db, sql, NULL, NULL, NULL);
        sqlite3_close(db);
    }
    if (bytes) {
        FILE *f = fopen(path, "wb");
        if (f) {
            fputs(bytes, f);
            fclose(f);
        }
    }
}

static void wrong_files(void)
{
    static const struct { const char *label, *sql, *bytes, *message; } rows[] = {
        { "text", NULL, "this is a text that is longer than the head of a database, which has one hundred bytes; so it goes on and on", "not an SQLite database" },
        { "short", NULL, "x", "not an SQLite database" },
        { "foreign", "CREATE TABLE other (a)", NULL, "another program" },
        { "foreign id", "PRAGMA application_id = 7; CREATE TABLE other (a)", NULL, "another program" },
        { "newer", "PRAGMA application_id = 1819045235; PRAGMA user_version = 99; CREATE TABLE run (a)", NULL, "schema 99" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = { 0 };
        struct store *s = NULL;

        write_file(rows[i].sql, rows[i].bytes);
        CHECK_ROW(rows[i].label, store_open(&s, path, &err) == STATUS_BAD_INPUT && !s);
        CHECK_ROW(rows[i].label, strstr(err.message, rows[i].message) && strstr(err.message, path));
        store_close(s);
    }
    fresh();
}

/* Puts runs until something ends it; exit code: the status of the first failure. */
static void child_puts(int64_t limit_bytes)
{
    struct rlimit limit = { (rlim_t)limit_bytes, (rlim_t)limit_bytes };
    struct error err = { 0 };
    enum status st;
    struct store *s;

    if (limit_bytes > 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    st = store_open(&s, path, &err);
    for (uint64_t key = 1; !st && key < 100000; key++)
        st = put(s, key, 1, true, &err);
    if (st && !strstr(err.message, path))
        st = 99;
    _exit((int)st);
}

static void full_disk(void)
{
    static const int64_t limits[] = { 50000, 120000, 300000, 1000000 };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int status = 0;
        pid_t child;

        fresh();
        child = fork();
        if (child == 0)
            child_puts(limits[i]);
        waitpid(child, &status, 0);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_INTERNAL);
        CU_ASSERT(ask("SELECT count(*) FROM sqlite_schema WHERE name = 'run'") == 0 || whole());
    }
    fresh();
}

static void killed(void)
{
    static const int moments_us[] = { 1000, 3000, 7000, 15000, 30000, 60000, 100000, 150000 };
    struct error err = { 0 };
    struct store *s;

    fresh();
    for (size_t i = 0; i < sizeof moments_us / sizeof moments_us[0]; i++) {
        pid_t child = fork();

        if (child == 0)
            child_puts(0);
        usleep((useconds_t)moments_us[i]);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        CHECK_ROW(err.message, store_open(&s, path, &err) == STATUS_OK);
        CU_ASSERT(put(s, 1000000 + i, 1, false, &err) == STATUS_OK);
        store_close(s);
        CU_ASSERT(whole());
    }
    CU_ASSERT(ask("SELECT count(*) FROM run") > (int64_t)(sizeof moments_us / sizeof moments_us[0]));
    fresh();
}

/* As another user, who may read and not write: what `ask` gives as exit code. */
static int as_reader(int (*ask_store)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(geteuid() == 0 && seteuid(65534) ? 77 : ask_store());
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* 0: opened for reading, the row is there and whole, and nothing can be put. */
static int reads_the_row(void)
{
    struct error err = { 0 };
    struct arena arena = { 0 };
    struct run_inputs names;
    struct hash128 key;
    struct result r;
    struct store *s;
    bool found = false;

    if (store_open(&s, path, &err) || !store_read_only(s))
        return 1;
    if (store_find(&key, &names, s, "#1", &arena, &err) || store_get(&r, &found, s, key, &arena, &err) || !found || r.rows_count != ROWS)
        return 2;
    if (put(s, 2, 1, false, &err) != STATUS_BAD_INPUT || !strstr(err.message, path))
        return 3;
    store_close(s);
    arena_free(&arena);
    return 0;
}

static int refused(void)
{
    struct error err = { 0 };
    struct store *s;

    return store_open(&s, path, &err) == STATUS_BAD_INPUT && strstr(err.message, path) ? 0 : 1;
}

static void read_only(void)
{
    struct error err = { 0 };
    struct store *s;

    fresh();
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT(put(s, 1, 1, false, &err) == STATUS_OK);
    store_close(s); /* WAL mode, and the log is folded into the file */
    chmod(path, 0444);
    CU_ASSERT_EQUAL(as_reader(reads_the_row), 0);
    CU_ASSERT_EQUAL(ask("PRAGMA user_version = 1"), -1); /* an older schema cannot be brought up to date there */
    CU_ASSERT_EQUAL(as_reader(refused), 0);
    chmod(path, 0000);
    CU_ASSERT_EQUAL(as_reader(refused), 0);
    chmod(path, 0644);
    fresh();
}

/* A process ended before its writes were in the file: they are read from its log, or the reader is told why not; never is the file shown without them. */
static void read_only_with_log(void)
{
    char log[80], shared[80];
    struct error err = { 0 };
    struct store *s;
    pid_t child;

    fresh();
    CU_ASSERT_FATAL((child = fork()) >= 0);
    if (child == 0)
        _exit(store_open(&s, path, &err) || put(s, 1, 1, false, &err) ? 1 : 0); /* not closed */
    waitpid(child, NULL, 0);
    chmod(path, 0444);
    CU_ASSERT_EQUAL(as_reader(reads_the_row), 0);
    snprintf(log, sizeof log, "%s-wal", path);
    chmod(log, 0000);
    CU_ASSERT_EQUAL(as_reader(refused), 0);
    chmod(log, 0444);
    snprintf(shared, sizeof shared, "%s-shm", path);
    unlink(shared);
    if (geteuid() == 0) /* else the reader may make it again */
        CU_ASSERT_EQUAL(as_reader(refused), 0);
    chmod(path, 0644);
    fresh();
}

/* In a folder that all may write, a reader leaves no file of his own beside a log: its owner could not open his database any more. */
static void shared_folder(void)
{
    char folder[48], side[80];
    struct error err = { 0 };
    struct store *s;
    pid_t child;

    snprintf(folder, sizeof folder, "store_test.%ld.d", (long)getpid());
    CU_ASSERT_FATAL(mkdir(folder, 0777) == 0 && chmod(folder, 0777) == 0);
    snprintf(path, sizeof path, "%s/r.db", folder);
    CU_ASSERT_FATAL((child = fork()) >= 0);
    if (child == 0)
        _exit(store_open(&s, path, &err) || put(s, 1, 1, false, &err) ? 1 : 0); /* not closed: the log stays */
    waitpid(child, NULL, 0);
    chmod(path, 0644);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side); /* as a host leaves it that went down */
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(as_reader(refused), 0);
        CU_ASSERT(access(side, F_OK) != 0);
    }
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK); /* its owner writes on, and leaves it whole */
    CHECK_ROW(err.message, put(s, 3, 1, false, &err) == STATUS_OK);
    store_close(s);
    if (geteuid() == 0)
        CU_ASSERT_EQUAL(as_reader(reads_the_row), 0);
    unlink(path);
    CU_ASSERT(rmdir(folder) == 0); /* nothing else is there */
    fresh();
}

/* A database of the first schema with the run of the present one. */
static void make_first_version(const char *old)
{
    char sql[1024];
    sqlite3 *db;

    unlink(old);
    CU_ASSERT_FATAL(sqlite3_open(old, &db) == SQLITE_OK);
    CU_ASSERT(sqlite3_exec(db, store_migrations[0].sql, NULL, NULL, NULL) == SQLITE_OK);
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = 1; ATTACH '%s' AS new;"
             "ALTER TABLE new.run DROP COLUMN extrapolation_error; ALTER TABLE new.breakdown DROP COLUMN extrapolation_error;"
             "ALTER TABLE new.breakdown DROP COLUMN kind; ALTER TABLE new.run DROP COLUMN detail;"
             "INSERT INTO input SELECT id, kind, hash, name, body FROM new.input; INSERT INTO run SELECT * FROM new.run;"
             "INSERT INTO phase SELECT * FROM new.phase; INSERT INTO breakdown SELECT * FROM new.breakdown;"
             "INSERT INTO warning SELECT * FROM new.warning", STORE_APPLICATION_ID, path);
    CU_ASSERT(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void migration(void)
{
    struct breakdown_row rows[ROWS];
    struct result r, back = { 0 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    char old[80], *text = NULL;
    struct store *s;
    bool found = false;
    size_t bytes;

    fresh();
    snprintf(old, sizeof old, "store_test_v1.%ld.db", (long)getpid());
    fill(&r, rows, 17);
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    CU_ASSERT(store_put(s, &r, &inputs, false, &err) == STATUS_OK);
    store_close(s);
    make_first_version(old);
    CU_ASSERT_FATAL(store_open(&s, old, &err) == STATUS_OK); /* brings it to the present schema */
    CU_ASSERT_FATAL(store_get(&back, &found, s, r.key, &arena, &err) == STATUS_OK && found);
    CU_ASSERT(isnan(back.extrapolation_error)); /* unknown of a row of that time */
    back.extrapolation_error = r.extrapolation_error;
    CU_ASSERT_PTR_NULL(columns_difference(result_columns, &r, &back));
    CU_ASSERT(back.rows_count == ROWS);
    CU_ASSERT(store_trace(&text, &bytes, s, r.key, &err) == STATUS_OK && !text); /* none was kept then */
    store_close(s);
    arena_free(&arena);
    unlink(old);
    snprintf(old, sizeof old, "store_test_v1.%ld.db-wal", (long)getpid());
    unlink(old);
    fresh();
}

/* A shipped trace comes back as it was, is kept once for two runs, and is filled in where an input had none. */
static void trace_texts(void)
{
    struct breakdown_row rows[ROWS];
    struct run_inputs in = inputs;
    struct error err = { 0 };
    struct result r;
    struct store *s;
    char trace[256], *text = NULL;
    size_t bytes = 0, length;
    FILE *f;

    fresh();
    snprintf(trace, sizeof trace, "%s/workloads/llama70b.trace", source_dir());
    CU_ASSERT_FATAL(pack_file(&in.trace_text, trace, STORE_TRACE_BYTES_MAX, &err) == STATUS_OK);
    CU_ASSERT_FATAL(store_open(&s, path, &err) == STATUS_OK);
    for (uint64_t key = 1; key <= 3; key++) {
        fill(&r, rows, key);
        CU_ASSERT(store_put(s, &r, key == 1 ? &inputs : &in, false, &err) == STATUS_OK);
    }
    CU_ASSERT_FATAL(store_trace(&text, &bytes, s, r.key, &err) == STATUS_OK && text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f = fopen(trace, "rb"));
    char *file = malloc(bytes + 2);
    length = file ? fread(file, 1, bytes + 2, f) : 0;
    fclose(f);
    CU_ASSERT(length == bytes && memcmp(file, text, bytes) == 0);
    CU_ASSERT(in.trace_text.bytes * 4 < bytes); /* worth packing */
    store_close(s);
    CU_ASSERT(ask("SELECT count(*) FROM input WHERE kind = 'trace'") == 1);
    free(file);
    free(text);
    free(in.trace_text.data);
    CU_ASSERT(pack_file(&in.trace_text, trace, 1000, &err) == STATUS_OK && !in.trace_text.data); /* too long: left out */
    CU_ASSERT(pack_text(&text, &bytes, "no frame", 8, 1000, &err) == STATUS_BAD_INPUT);
    fresh();
}

static const struct test tests[] = {
    { "what is put comes back bit for bit", round_trip },
    { "same key: left, refused, replaced", same_key },
    { "files that are no database of ours", wrong_files },
    { "a full disk leaves no half-written row", full_disk },
    { "kill -9 leaves no half-written row", killed },
    { "what may only be read answers, and is not written", read_only },
    { "what may only be read is read with its log", read_only_with_log },
    { "readers in a shared folder do not keep the owner out", shared_folder },
    { "the first schema is brought to the present one", migration },
    { "traces are kept once, as text", trace_texts },
};

TEST_MAIN("store_runs", tests)
