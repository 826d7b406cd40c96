/* SPDX-License-Identifier: Apache-2.0 */
/* Classes of residuals: quantiles by hand, narrow before wide, wider where there is no data; runs and their ratios. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/yaml.h"
#include "tests/harness.h"
#include "validate/run_interval.h"

/* Two generations; GEMMs of 100 rows each with ratios 0.90 .. 1.10 (a) and 0.95 .. 1.35 (b), all of one size. */
static bool library(struct residual_library *lib, const char *path, struct arena *arena)
{
    struct residual rows[100];
    struct error err;

    *lib = (struct residual_library){ 0 };
    for (int i = 0; i < 100; i++)
        rows[i] = (struct residual){ "gemm", "fp16 x fp16", 50e-6, 0.90 + 0.20 * i / 99.0 };
    if (residual_library_write(path, lib, "a", rows, 100, arena, &err))
        return false;
    for (int i = 0; i < 100; i++)
        rows[i].ratio = 0.95 + 0.40 * i / 99.0;
    return residual_library_write(path, lib, "b", rows, 100, arena, &err) == STATUS_OK;
}

static void classes(void)
{
    char path[] = "/tmp/llmsim-residuals-XXXXXX";
    int fd = mkstemp(path);
    struct arena arena = { 0 };
    struct residual_library lib;
    struct yaml_node *doc;
    struct error err;
    double low, median, high;
    bool own;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_FATAL(library(&lib, path, &arena));
    CU_ASSERT_EQUAL(yaml_read_file(&doc, path, &arena, &err), STATUS_OK); /* what is written reads back */
    CU_ASSERT_TRUE(interval_of(&low, &median, &high, &own, &lib, "a", "gemm", "fp16 x fp16", 60e-6) && own);
    CU_ASSERT_DOUBLE_EQUAL(low, 0.92, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(median, 1.0, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(high, 1.08, 1e-9);
    CU_ASSERT_TRUE(interval_of(&low, &median, &high, &own, &lib, "a", "gemm", "fp8 x fp8", 5e-6) && own); /* falls to the kind */
    CU_ASSERT_DOUBLE_EQUAL(high, 1.08, 1e-9);
    CU_ASSERT_TRUE(interval_of(&low, &median, &high, &own, &lib, "new", "gemm", "fp16 x fp16", 60e-6) && !own);
    CU_ASSERT_DOUBLE_EQUAL(low, pow(0.92, 1.25), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(high, pow(1.31, 1.25), 1e-9);
    CU_ASSERT_TRUE(interval_unseen(&low, &high, &lib, "b", "gemm", "fp16 x fp16", 60e-6)); /* its own rows do not count */
    CU_ASSERT_DOUBLE_EQUAL(low, pow(0.92, 1.25), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(high, pow(1.08, 1.25), 1e-9);
    CU_ASSERT_FALSE(interval_of(&low, &median, &high, &own, &lib, "a", "attention", "prefill", 60e-6));
    unlink(path);
    arena_free(&arena);
}

static struct breakdown_row gemm_row(int64_t time_ps)
{
    return (struct breakdown_row){ .phase = PHASE_PREFILL, .role = "mlp.up", .note = "", .kind = "gemm", .count = 1, .time_ps = time_ps };
}

static void runs(void)
{
    char path[] = "/tmp/llmsim-residuals-XXXXXX";
    int fd = mkstemp(path);
    struct arena arena = { 0 };
    struct residual_library lib;
    struct breakdown_row rows[2] = { gemm_row(60000000), gemm_row(40000000) }, half = gemm_row(50000000);
    struct result a = { .time_ps = 100000000, .ttft_ps = 100000000, .rows = rows, .rows_count = 2 }, b = { .time_ps = 50000000, .rows = &half, .rows_count = 1 };
    struct run_interval v;
    double low, high;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    CU_ASSERT_FATAL(library(&lib, path, &arena));
    run_interval(&v, &lib, "a", &a);
    CU_ASSERT_TRUE(v.known && v.own_generation);
    CU_ASSERT_EQUAL(v.time_low_ps, 92000000); /* one kind: fully dependent */
    CU_ASSERT_EQUAL(v.time_high_ps, 108000000);
    CU_ASSERT_TRUE(run_ratio_interval(&low, &high, &lib, "a", &a, "a", &b)); /* one kind, one generation: the error cancels */
    CU_ASSERT_DOUBLE_EQUAL(low, 0.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(high, 0.5, 1e-9);
    CU_ASSERT_TRUE(run_ratio_interval(&low, &high, &lib, "a", &a, "b", &b));
    CU_ASSERT_TRUE(high / low > 1.2);
    rows[0].kind = "lut_gemm"; /* never measured */
    run_interval(&v, &lib, "a", &a);
    CU_ASSERT_TRUE(v.known && !v.own_generation && v.time_high_ps > 108000000);
    rows[0].kind = NULL; /* of an older database */
    run_interval(&v, &lib, "a", &a);
    CU_ASSERT_FALSE(v.known);
    unlink(path);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "classes: quantiles, fallback, unseen generations", classes },
    { "runs and ratios", runs },
};
TEST_MAIN("validate_interval", tests)
