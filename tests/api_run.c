/* SPDX-License-Identifier: Apache-2.0 */
/** The installed interface and the footprint model: answers, errors, and curves against published plateaus. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/llmsim.h"
#include "arch/arch.h"
#include "sim/footprint.h"
#include "tests/harness.h"

static void runs_and_fails(void)
{
    char trace[512], *json, *again, *message;
    struct llmsim_run_options o = { .arch = "LUT-TC", .trace = trace, .fidelity = "analytic" };

    snprintf(trace, sizeof trace, "%s/workloads/llama70b.trace", source_dir());
    CU_ASSERT_FATAL(llmsim_run(&o, &json, &message) == 0);
    CU_ASSERT(strstr(json, "\"schema\": \"llmsim.run/1\"") && !message);
    CU_ASSERT_FATAL(llmsim_run(&o, &again, NULL) == 0);
    CU_ASSERT_STRING_EQUAL(json, again);
    llmsim_free(json);
    llmsim_free(again);
    o.arch = "A100"; /* 70B of fp16 do not fit */
    CU_ASSERT(llmsim_run(&o, &json, &message) == 3 && !json && strstr(message, "A100"));
    llmsim_free(message);
    o.arch = "no such chip";
    CU_ASSERT(llmsim_run(&o, &json, &message) == 2 && !json && message);
    llmsim_free(message);
}

/* Eq. 1 of docs/probe.md: at F = 2 C the root of h = exp(-2 (1 - h)) is 0.203188 (tables of the Lambert function: -W(-2 e^-2) / 2). */
static void hit_rate(void)
{
    CU_ASSERT(footprint_hit_rate(1, 1) == 1);
    CU_ASSERT(fabs(footprint_hit_rate(2, 1) - 0.203188) < 1e-6);
    CU_ASSERT(footprint_hit_rate(1000, 1) < 1e-6);
    CU_ASSERT(footprint_hit_rate(1, 0) == 0);
}

/* gpu-benches, as quoted in the generation files: latency in cycles and read bandwidth in each level's plateau. */
static void published_plateaus(void)
{
    static const struct { const char *label, *arch; int64_t bytes; double low, high; bool latency; } rows[] = {
        { "A100 L1 latency",   "A100", 64 << 10,  34, 40, true },
        { "A100 near L2",      "A100", 8 << 20,   205, 220, true },
        { "A100 near L2 ends", "A100", 18 << 20,  205, 230, true },
        { "A100 DRAM",         "A100", 512 << 20, 533, 570, true },
        { "A100 L2 read",      "A100", 8 << 20,   5.1e12, 5.7e12, false },
        { "A100 DRAM read",    "A100", 512 << 20, 1.68e12, 1.86e12, false },
        { "H100 PCIe near L2", "H100-PCIe", 8 << 20,   255, 275, true },
        { "H100 PCIe DRAM",    "H100-PCIe", 512 << 20, 563, 680, true },
        { "H100 PCIe DRAM read", "H100-PCIe", 512 << 20, 1.85e12, 2.0e12, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct error err = { 0 };
        const struct hardware *hw;

        if (arch_load(&hw, rows[i].arch, NULL, 0, &arena, &err)) {
            CHECK_ROW(err.message, false);
            continue;
        }
        double y = rows[i].latency ? footprint_latency_cycles(hw, rows[i].bytes) : footprint_bytes_per_s(hw, rows[i].bytes);
        CHECK_ROW(rows[i].label, y >= rows[i].low && y <= rows[i].high);
        arena_free(&arena);
    }
}

/* A larger buffer is never faster; shares sum to one. */
static void monotone(void)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct hardware *hw;
    double latency = 0, rate = INFINITY;

    CU_ASSERT_FATAL(arch_load(&hw, "H100", NULL, 0, &arena, &err) == 0);
    for (int64_t bytes = 4096; bytes < (int64_t)1 << 32; bytes += bytes / 3) {
        struct footprint_hits h = footprint_hits(hw, bytes);

        CU_ASSERT(footprint_latency_cycles(hw, bytes) >= latency - 1e-9);
        CU_ASSERT(footprint_bytes_per_s(hw, bytes) <= rate * (1 + 1e-12));
        CU_ASSERT(fabs(h.l1 + h.l2_near + h.l2_far + h.llc + h.dram - 1) < 1e-12);
        latency = footprint_latency_cycles(hw, bytes);
        rate = footprint_bytes_per_s(hw, bytes);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    { "llmsim_run answers and fails", runs_and_fails },
    { "hit rate of random replacement", hit_rate },
    { "plateaus as published", published_plateaus },
    { "larger footprints are never faster", monotone },
};

TEST_MAIN("api_run", tests)
