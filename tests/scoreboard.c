/* SPDX-License-Identifier: Apache-2.0 */
/* The scoreboard: verdicts by hand, its file reads as it was written, rows are chosen as asked, and every committed figure holds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"
#include "validate/scoreboard.h"
#include "validate/where.h"

static void verdicts(void)
{
    static const struct { const char *label; double value, margin, now; int64_t rows, misses, rows_now, misses_now; enum scoreboard_verdict want; } rows[] = {
        { "the same", 5.0, 0.3, 5.0, 10, 0, 10, 0, SCOREBOARD_HOLDS },
        { "at the margin above", 5.0, 0.3, 5.3, 10, 0, 10, 0, SCOREBOARD_HOLDS },
        { "beyond it", 5.0, 0.3, 5.31, 10, 0, 10, 0, SCOREBOARD_WORSE },
        { "at the margin below", 5.0, 0.3, 4.7, 10, 0, 10, 0, SCOREBOARD_HOLDS },
        { "better than that", 5.0, 0.3, 4.69, 10, 0, 10, 0, SCOREBOARD_STALE },
        { "one more miss", 5.0, 0.3, 5.0, 10, 1, 10, 2, SCOREBOARD_WORSE },
        { "one miss fewer", 5.0, 0.3, 5.0, 10, 1, 10, 0, SCOREBOARD_STALE },
        { "other rows", 5.0, 0.3, 5.0, 10, 0, 11, 0, SCOREBOARD_STALE },
        { "no value yet", NAN, 0.3, 5.0, 10, 0, 10, 0, SCOREBOARD_STALE },
        { "nothing to judge by now", 5.0, 0.3, NAN, 10, 0, 10, 0, SCOREBOARD_WORSE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scoreboard_entry e = { .value = rows[i].value, .margin = rows[i].margin, .rows = rows[i].rows, .misses = rows[i].misses };
        struct scoreboard_result now = { rows[i].now, rows[i].rows_now, rows[i].misses_now, false };

        CHECK_ROW(rows[i].label, scoreboard_judge(&e, &now) == rows[i].want);
    }
}

/* Path of a temporary file with this text. */
static void file_of(char *path, const char *text)
{
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    CU_ASSERT_FATAL(f != NULL);
    fputs(text, f);
    fclose(f);
}

static void bad_files(void)
{
    static const struct { const char *text, *want; } rows[] = {
        { "scoreboard: 3\n", ":1:1: expected 'scoreboard:' and a list" },
        { "scoreboard:\n  - { name: a, file: gemm.csv }\n", "margin" },
        { "scoreboard:\n  - { name: a, file: gemm.csv, margin: 1, statistic: mean }\n", "unknown statistic 'mean', expected" },
        { "scoreboard:\n  - { name: a, file: gemm.csv, margin: -1 }\n", ":2:" },
        { "scoreboard:\n  - { name: a, file: gemm.csv, margin: 1, gaol: 3 }\n", "goal" },
        { "scoreboard:\n  - { name: a, file: gemm.csv, margin: 1, where: A100 }\n", "expected at most" },
        { "scoreboard:\n  - { name: a, file: gemm.csv, margin: 1, folds: A100 }\n", "no folds 'A100'" },
        { "folds: [{ name: a, device: A40, files: [gemm.csv], folds: 2, leave_out: row }]\nscoreboard: []\n", "expected model or shape" },
        { "folds: [{ name: a, device: A40, files: [gemm.csv], folds: 2, fits: [{ k: 1 }] }]\nscoreboard: []\n", "expected a list of 2" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[] = "/tmp/llmsim-scoreboard-XXXXXX";
        struct arena arena = { 0 };
        struct scoreboard board;
        struct error err = { 0 };

        file_of(path, rows[i].text);
        CHECK_ROW(rows[i].text, scoreboard_read(&board, path, &arena, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(rows[i].text, strstr(err.message, rows[i].want) != NULL);
        unlink(path);
        arena_free(&arena);
    }
}

/* Of coverage 80 % is best: either side of it is worse, and a goal is a band. */
static void coverage(void)
{
    static const struct { const char *label; double kept, now; enum scoreboard_verdict want; } rows[] = {
        { "as far on the other side", 78, 82, SCOREBOARD_HOLDS }, { "further below", 78, 75.9, SCOREBOARD_WORSE },
        { "further above", 82, 84.1, SCOREBOARD_WORSE },          { "nearer by more than the margin", 90, 87, SCOREBOARD_STALE },
    };
    static const struct { const char *label; double value; bool want; } goals[] = {
        { "below the band", 74.9, false }, { "its low end", 75, true }, { "its high end", 85, true }, { "above the band", 85.1, false },
    };
    const struct scoreboard_statistic *s = scoreboard_statistics;

    while (s->name && strcmp(s->name, "coverage") != 0)
        s++;
    CU_ASSERT_FATAL(s->name != NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scoreboard_entry e = { .statistic = s, .value = rows[i].kept, .margin = 2, .rows = 10 };
        struct scoreboard_result now = { rows[i].now, 10, 0, false };

        CHECK_ROW(rows[i].label, scoreboard_judge(&e, &now) == rows[i].want);
    }
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        struct scoreboard_entry e = { .statistic = s, .value = goals[i].value, .goal_low = 75, .goal = 85 };

        CHECK_ROW(goals[i].label, scoreboard_reached(&e) == goals[i].want);
    }
}

static const char csv[] = "system,op,ranks,bytes,time_us,source\n"
                          "a,all_reduce,2,100,5,x:1\na,all_reduce,4,65536,6,x:2\nb,send_recv,2,200000,7,y:1\n";

static void chosen_rows(void)
{
    static const struct { const char *column, *pattern; int64_t rows; const char *error; } rows[] = {
        { "op", "all_reduce", 2, NULL },        { "op", "send_recv|all_*", 3, NULL }, { "source", "x:*", 2, NULL },  { "source", "x", 0, NULL },
        { "bytes", ">=65536", 2, NULL },        { "bytes", "<65536", 1, NULL },       { "op", ">=1", 0, NULL },      { "time_us", "5", 0, NULL },
        { "byts", "1", 0, "nearest is bytes" }, { "bytes", "<many", 0, "expected a number after '<'" },
    };
    char path[] = "/tmp/llmsim-scoreboard-XXXXXX";

    file_of(path, csv);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct evaluation e = { 0 };
        struct error err = { 0 };
        enum status st;

        CU_ASSERT_EQUAL_FATAL(evaluation_read(&e, path, &arena, &err), STATUS_OK);
        st = evaluation_where(&e, rows[i].column, rows[i].pattern, &err);
        if (rows[i].error)
            CHECK_ROW(rows[i].pattern, st == STATUS_BAD_INPUT && strstr(err.message, rows[i].error));
        else
            CHECK_ROW(rows[i].pattern, st == STATUS_OK && e.count == rows[i].rows);
        arena_free(&arena);
    }
    unlink(path);
}

/* A sample is the same whatever was measured. */
static void sample_of_shapes(void)
{
    bool taken[2][60];

    for (int turn = 0; turn < 2; turn++) {
        char path[] = "/tmp/llmsim-scoreboard-XXXXXX", text[4096] = "system,op,ranks,bytes,time_us,source\n";
        struct arena arena = { 0 };
        struct evaluation e = { 0 };
        struct error err = { 0 };
        size_t n = strlen(text);
        int count = 0;

        for (int i = 0; i < 60; i++) /* the second time the measured column is in another order of magnitude, row by row */
            n += (size_t)snprintf(text + n, sizeof text - n, "a,all_reduce,%d,%d,%d,x:1\n", 2 + i % 3, 100 * (i + 1), turn ? 1 + (i * 7919) % 60000 : 5);
        file_of(path, text);
        CU_ASSERT_EQUAL_FATAL(evaluation_read(&e, path, &arena, &err), STATUS_OK);
        evaluation_sample(&e, 12);
        for (int64_t i = 0; i < e.count; i++)
            count += taken[turn][i] = e.rows[i].selected;
        CU_ASSERT_EQUAL(count, 12);
        unlink(path);
        arena_free(&arena);
    }
    CU_ASSERT_EQUAL(memcmp(taken[0], taken[1], sizeof taken[0]), 0);
}

static void read_committed(struct scoreboard *board, struct arena *arena)
{
    struct error err = { 0 };
    char path[4096];

    snprintf(path, sizeof path, "%s/validate/scoreboard.yaml", source_dir());
    if (scoreboard_read(board, path, arena, &err))
        CU_FAIL_FATAL(err.message);
}

static char *bytes_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);

    if (f && text)
        text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void written_as_read(void)
{
    char path[] = "/tmp/llmsim-scoreboard-XXXXXX", committed[4096];
    struct arena arena = { 0 };
    struct scoreboard board;
    struct error err;

    read_committed(&board, &arena);
    file_of(path, "");
    CU_ASSERT_EQUAL(scoreboard_write(path, &board, &err), STATUS_OK);
    snprintf(committed, sizeof committed, "%s/validate/scoreboard.yaml", source_dir());
    char *a = bytes_of(path), *b = bytes_of(committed);
    CU_ASSERT_STRING_EQUAL(a, b);
    for (int64_t i = 0; i < board.count; i++) /* a goal that is missed is explained */
        CHECK_ROW(board.entries[i].name, scoreboard_reached(&board.entries[i]) || *board.entries[i].reason);
    free(a);
    free(b);
    unlink(path);
    arena_free(&arena);
}

/* A sanitized build looks for faults of memory, which some figures show as well as all: accuracy is the plain build's matter. */
#ifdef __SANITIZE_ADDRESS__
enum { FIGURES = 24 };
#else
enum { FIGURES = 256 };
#endif

static void committed_figures(void)
{
    const char *shared = shared_dir();
    struct scoreboard_result now[256];
    struct arena arena = { 0 };
    struct scoreboard board;
    struct error err = { 0 };
    char folder[4096];

    if (!shared)
        return;
    read_committed(&board, &arena);
    CU_ASSERT_FATAL(board.count > 0 && board.count <= 256);
    board.count = board.count < FIGURES ? board.count : FIGURES;
    snprintf(folder, sizeof folder, "%s/measurements", shared);
    if (scoreboard_evaluate(now, &board, folder, NULL, NULL, &err))
        CU_FAIL_FATAL(err.message);
    for (int64_t i = 0; i < board.count; i++) {
        enum scoreboard_verdict v = scoreboard_judge(&board.entries[i], &now[i]);

        CHECK_ROW(board.entries[i].name, v == SCOREBOARD_HOLDS);
        if (v != SCOREBOARD_HOLDS)
            printf("# %s: %.2f %%, committed %.2f %% (margin %g), %lld misses of %lld rows: %s; after review 'make scoreboard'\n", board.entries[i].name, now[i].value,
                   board.entries[i].value, board.entries[i].margin, (long long)now[i].misses, (long long)now[i].rows,
                   v == SCOREBOARD_WORSE ? "worse" : "the committed figure is stale");
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    { "verdicts", verdicts },
    { "verdicts of coverage", coverage },
    { "a sample does not look at what was measured", sample_of_shapes },
    { "wrong files", bad_files },
    { "rows are chosen by their columns", chosen_rows },
    { "the committed file is in its one form, misses explained", written_as_read },
    { "every committed figure holds", committed_figures },
};

TEST_MAIN("scoreboard", tests)
