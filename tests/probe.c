/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curves of microbenchmarks of the model look like those of the chips: the GEMM staircase over rows, the all-reduce over bytes.
 * Latency and bandwidth by footprint are in tests/api_run.c.
 */
#include <string.h>

#include "arch/arch.h"
#include "sim/probe.h"
#include "tests/harness.h"

static const struct probe_type *probe_named(const char *name)
{
    int64_t count;
    const struct probe_type *const *types = probe_types(&count);

    for (int64_t i = 0; i < count; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

static bool curve_of(struct probe_curve *out, struct probe_context *ctx, const char *device, const char *stack, const char *probe,
                     const struct fidelity *fidelity, struct arena *arena)
{
    struct error err = { 0 };

    *ctx = (struct probe_context){ .fidelity = fidelity, .ranks = 8, .gemm_n = 4096, .gemm_k = 4096 };
    if (arch_load(&ctx->hw, device, NULL, 0, arena, &err) || stack_load(&ctx->stack, stack, NULL, 0, arena, &err) ||
        probe_named(probe)->run(out, ctx, arena, &err)) {
        CHECK_ROW(err.message, false);
        return false;
    }
    return out->count > 8;
}

static double at(const struct probe_curve *c, double x)
{
    for (int64_t i = 0; i < c->count; i++)
        if (c->points[i].x == x)
            return c->points[i].y;
    return 0;
}

/* Few rows wait for the weights alone; from there on times are stairs: treads where more rows cost nothing, risers where a wave begins.
 * At 2048 rows cuBLAS reaches 60 to 85 % of the datasheet's dense fp16 peak (312 and 989.4 TFLOP/s) on such shapes. */
static void gemm_staircase(void)
{
    static const struct { const char *device; double peak; } rows[] = { { "A100", 312e12 }, { "H100", 989.4e12 } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct probe_context ctx;
        struct probe_curve c, bound;
        int64_t treads = 0, risers = 0;

        if (curve_of(&c, &ctx, rows[i].device, "library", "gemm", &fidelity_analytic, &arena) &&
            curve_of(&bound, &ctx, rows[i].device, "library", "gemm", &fidelity_roofline, &arena)) {
            CHECK_ROW(rows[i].device, at(&c, 16) < 1.2 * at(&c, 1) && at(&c, 1) > 0);
            for (int64_t n = 1; n < c.count; n++) {
                double more = c.points[n].x / c.points[n - 1].x, longer = c.points[n].y / c.points[n - 1].y;

                CHECK_ROW(rows[i].device, longer > 0.85); /* what the library picks may be a little better, no more */
                CHECK_ROW(rows[i].device, c.points[n].y >= bound.points[n].y);
                treads += c.points[n].x > 256 && longer < 1 + 0.3 * (more - 1);
                risers += c.points[n].x > 256 && longer > 1 + 1.7 * (more - 1);
            }
            double last = 2 * c.points[c.count - 1].x * 4096 * 4096 / c.points[c.count - 1].y;
            CHECK_ROW(rows[i].device, treads >= 2);
            CHECK_ROW(rows[i].device, risers >= 1); /* a catalogue of many widths has few */
            CHECK_ROW(rows[i].device, last > 0.6 * rows[i].peak && last < 0.85 * rows[i].peak);
        }
        arena_free(&arena);
    }
}

/* Flat while latency rules, then the links' rate. Bus bandwidth 2 (p-1)/p n / t at 1 GiB over 8 GPUs of an NVSwitch: A100 about 230 GB/s, H100
 * about 480 with in-switch reduction and 370 without (NVIDIA/nccl-tests, PERFORMANCE.md for the definition; published runs of DGX A100, H100). */
static void allreduce_curve(void)
{
    static const struct { const char *device; double low, high; } rows[] = { { "A100", 200e9, 250e9 }, { "H100", 340e9, 500e9 } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct probe_context ctx;
        struct probe_curve c;

        if (curve_of(&c, &ctx, rows[i].device, "library", "allreduce", &fidelity_analytic, &arena)) {
            const double gib = 1073741824.0;
            double rate = 2.0 * 7 / 8 * gib / at(&c, gib);

            CHECK_ROW(rows[i].device, at(&c, 4096) < 1.25 * at(&c, 1024) && at(&c, 1024) > 2e-6 && at(&c, 1024) < 30e-6);
            for (int64_t n = 1; n < c.count; n++)
                CHECK_ROW(rows[i].device, c.points[n].y >= c.points[n - 1].y);
            CHECK_ROW(rows[i].device, rate > rows[i].low && rate < rows[i].high);
            CHECK_ROW(rows[i].device, at(&c, gib) > 1.8 * at(&c, gib / 2)); /* the links are all that counts */
        }
        arena_free(&arena);
    }
}

static const struct test tests[] = {
    { "GEMM over rows is a staircase", gemm_staircase },
    { "all-reduce over bytes: flat, then the links", allreduce_curve },
};

TEST_MAIN("probe", tests)
