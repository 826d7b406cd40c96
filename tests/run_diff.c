/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of runs: sums are exact, rows that one side lacks count whole, launches are told from their length; JSON reads back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/num.h"
#include "reports/run_report.h"
#include "sim/run_diff.h"
#include "tests/harness.h"

static struct breakdown_row row(enum phase phase, const char *role, const char *note, int64_t count, int64_t matrix_ps, int64_t dram_ps)
{
    struct breakdown_row r = { .phase = phase, .role = role, .note = note, .count = count, .time_ps = matrix_ps + dram_ps };

    r.parts_ps[CAUSE_MATRIX] = matrix_ps;
    r.parts_ps[CAUSE_DRAM] = dram_ps;
    return r;
}

/* By hand: "a" doubles its launches (10 more at a mean of 100: 1000) and each gets shorter (the rest: -400); "b" only in A; "c" only in B;
 * two notes of "d" are one row. */
static void by_hand(void)
{
    struct breakdown_row a[] = { row(PHASE_DECODE, "a", "", 10, 400, 600), row(PHASE_DECODE, "b", "", 1, 50, 0),
                                 row(PHASE_PREFILL, "d", "x", 1, 10, 0), row(PHASE_PREFILL, "d", "y", 2, 0, 20) };
    struct breakdown_row b[] = { row(PHASE_DECODE, "c", "", 1, 0, 70), row(PHASE_DECODE, "a", "", 20, 400, 1200),
                                 row(PHASE_PREFILL, "d", "x", 3, 30, 0) };
    const struct result ra = { .rows = a, .rows_count = 4, .time_ps = 1080 }, rb = { .rows = b, .rows_count = 3, .time_ps = 1700 };
    struct arena arena = { 0 };
    struct run_diff d;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(run_diff(&d, &ra, &rb, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(d.difference_ps, 620);
    CU_ASSERT_EQUAL(d.parts_ps[CAUSE_MATRIX], 20 - 50);
    CU_ASSERT_EQUAL(d.parts_ps[CAUSE_DRAM], 600 + 70 - 20);
    CU_ASSERT_EQUAL_FATAL(d.rows_count, 4);
    CU_ASSERT_STRING_EQUAL(d.rows[0].role, "d"); /* prefill first */
    CU_ASSERT_EQUAL(d.rows[0].difference_ps, 0);
    CU_ASSERT_EQUAL(d.rows[0].a.count, 3);
    CU_ASSERT_STRING_EQUAL(d.rows[0].a.note, "y"); /* the longest */
    CU_ASSERT_STRING_EQUAL(d.rows[1].role, "a");
    CU_ASSERT_EQUAL(d.rows[1].launches_ps, 1000);
    CU_ASSERT_EQUAL(d.rows[1].each_ps, -400);
    CU_ASSERT_EQUAL(d.rows[1].cause, CAUSE_DRAM);
    CU_ASSERT_STRING_EQUAL(d.rows[2].role, "c");
    CU_ASSERT_FALSE(d.rows[2].a.present);
    CU_ASSERT_EQUAL(d.rows[2].launches_ps, 70);
    CU_ASSERT_FALSE(d.rows[3].b.present);
    CU_ASSERT_EQUAL(d.rows[3].difference_ps, -50);
    arena_free(&arena);
}

static bool run_one(struct result *r, const char *device, const char *stack, const char *recipe, const char *trace, struct arena *arena)
{
    struct run_spec spec = { .layout = { .tp = 1 }, .fidelity = "analytic" };
    struct error err = { 0 };
    char path[256];

    snprintf(path, sizeof path, "%s/workloads/%s.trace", source_dir(), trace);
    if (arch_load(&spec.hw, device, NULL, 0, arena, &err) || stack_load(&spec.stack, stack, NULL, 0, arena, &err) ||
        recipe_parse(&spec.recipe, recipe, (struct source_pos){ "test", 0, 0 }, &err) || run(r, &spec, path, arena, NULL, NULL, &err)) {
        printf("# %s\n", err.message);
        CU_FAIL("the run failed");
        return false;
    }
    return true;
}

/* Real runs that have few rows in common: other stack (fusions), other formats (inserted kernels), other chip. */
static void sums_are_exact(void)
{
    static const struct { const char *label, *device_a, *stack_a, *recipe_a, *device_b, *stack_b, *recipe_b; } pairs[] = {
        { "other chip", "A100", "library", "fp16", "H100", "library", "fp16" },
        { "other stack", "A100", "library", "fp16", "A100", "eager", "fp16" },
        { "other formats", "H100", "library", "fp16", "H100", "library", "w8a8" },
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct arena arena = { 0 };
        struct result a, b;
        struct run_diff d;
        struct error err;

        if (run_one(&a, pairs[i].device_a, pairs[i].stack_a, pairs[i].recipe_a, "llama2-70b-layer-decode", &arena) &&
            run_one(&b, pairs[i].device_b, pairs[i].stack_b, pairs[i].recipe_b, "llama2-70b-layer-decode", &arena)) {
            int64_t rows = 0, causes = 0, one_sided = 0;

            CHECK_ROW(pairs[i].label, run_diff(&d, &a, &b, &arena, &err) == STATUS_OK);
            for (int64_t n = 0; n < d.rows_count; n++) {
                rows += d.rows[n].difference_ps;
                one_sided += !d.rows[n].a.present || !d.rows[n].b.present;
                CHECK_ROW(pairs[i].label, d.rows[n].launches_ps + d.rows[n].each_ps == d.rows[n].difference_ps);
            }
            for (int c = 0; c < CAUSES; c++)
                causes += d.parts_ps[c];
            CHECK_ROW(pairs[i].label, d.difference_ps == b.time_ps - a.time_ps);
            CHECK_ROW(pairs[i].label, rows == d.difference_ps && causes == d.difference_ps);
            CHECK_ROW(pairs[i].label, d.launches_ps + d.each_ps == d.difference_ps);
            if (i == 2)
                CHECK_ROW("inserted kernels are rows of their own", one_sided > 0);
        }
        arena_free(&arena);
    }
}

static void json_reads_back(void)
{
    const struct report_head head = { .arch = "a", .stack = "s: x", .trace = "t", .recipe = "w=fp16", .layout = "tp=1", .mapping = "picked" };
    struct arena arena = { 0 };
    struct report_head got_head;
    struct result r, got;
    struct run_diff d;
    struct error err = { 0 };
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "run_diff_test.%ld.json", (long)getpid());
    if (run_one(&r, "A100", "library", "fp16", "llama2-70b-layer-prefill", &arena) && (f = fopen(path, "w"))) {
        CU_ASSERT_EQUAL(report_run_json(f, &r, &head, &err), STATUS_OK);
        fclose(f);
        CU_ASSERT_EQUAL_FATAL(report_run_read(&got, &got_head, path, &arena, &err), STATUS_OK);
        CU_ASSERT(got.key.high == r.key.high && got.key.low == r.key.low);
        CU_ASSERT_EQUAL(got.time_ps, r.time_ps);
        CU_ASSERT_EQUAL(got.phases_count, r.phases_count);
        CU_ASSERT_STRING_EQUAL(got_head.stack, "s: x");
        CU_ASSERT_PTR_NULL(got_head.overrides);
        CU_ASSERT_EQUAL_FATAL(got.rows_count, r.rows_count);
        for (int64_t i = 0; i < r.rows_count; i++) {
            CHECK_ROW(r.rows[i].role, strcmp(got.rows[i].role, r.rows[i].role) == 0 && got.rows[i].time_ps == r.rows[i].time_ps);
            CHECK_ROW(r.rows[i].role, got.rows[i].count == r.rows[i].count && got.rows[i].bytes[LEVEL_DRAM] == r.rows[i].bytes[LEVEL_DRAM]);
            CHECK_ROW(r.rows[i].role, strcmp(got.rows[i].mapping, r.rows[i].mapping) == 0);
        }
        CU_ASSERT_EQUAL(run_diff(&d, &r, &got, &arena, &err), STATUS_OK);
        CU_ASSERT_EQUAL(d.difference_ps, 0);
        unlink(path);
    }
    arena_free(&arena);
}

static void seconds_to_picoseconds(void)
{
    static const struct { const char *text; int status; int64_t ps; } rows[] = {
        { "0", 0, 0 }, { "1", 0, 1000000000000 }, { "0.000000000001", 0, 1 }, { "-0.5", 0, -500000000000 }, { "9223372.036854775807", 0, INT64_MAX },
        { "9223372.036854775808", -1, 0 }, { "0.0000000000001", -1, 0 }, { "", -1, 0 }, { ".5", -1, 0 }, { "1.", -1, 0 }, { "1e3", -1, 0 },
        { "1.2.3", -1, 0 }, { "-", -1, 0 }, { "99999999999999999999", -1, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ps = 0;

        CHECK_ROW(rows[i].text, num_parse_ps(&ps, rows[i].text) == rows[i].status);
        CHECK_ROW(rows[i].text, ps == rows[i].ps);
    }
}

static const struct test tests[] = {
    { "by hand", by_hand },
    { "real runs: rows and causes sum to the difference", sums_are_exact },
    { "a run's JSON reads back", json_reads_back },
    { "decimal seconds are exact picoseconds", seconds_to_picoseconds },
};

TEST_MAIN("run_diff", tests)
