/* SPDX-License-Identifier: Apache-2.0 */
/* `cycle` against `analytic` and `roofline` on real kernels, and the probe against published microbenchmarks. */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "arch/arch.h"
#include "tests/harness.h"
}
#include "sim/hw/cycle.h"
#include "sim/hw/simulate.h"

static struct arena arena;

static const struct hardware *device(const char *relative)
{
    const char *top = getenv("TOP_SRCDIR");
    char path[4096];
    const struct hardware *hw = nullptr;
    struct error err;
    snprintf(path, sizeof path, "%s/arch/%s.yaml", top ? top : ".", relative);
    if (arch_load(&hw, path, nullptr, 0, &arena, &err)) {
        CU_FAIL("a device does not load");
        return nullptr;
    }
    return hw;
}

static const struct stack *library()
{
    const char *top = getenv("TOP_SRCDIR");
    char path[4096];
    const struct stack *stack = nullptr;
    struct error err;
    snprintf(path, sizeof path, "%s/arch/stacks/library.yaml", top ? top : ".");
    if (stack_load(&stack, path, nullptr, 0, &arena, &err))
        CU_FAIL("the stack does not load");
    return stack;
}

static struct kernel gemm(const struct hardware *hw, int64_t m, int64_t n, int64_t depth, const char *weights, const char *activations)
{
    struct kernel k = {};
    struct gemm_kernel_shape *g = &k.gemm;
    struct unit_request request = {};
    struct error err;
    k.kind = KERNEL_GEMM;
    k.role = "test";
    k.count = 1;
    g->m = m, g->n = n, g->k = depth, g->batch = 1;
    CU_ASSERT_EQUAL(quant_parse(&g->a, activations, source_pos(), &err), STATUS_OK);
    CU_ASSERT_EQUAL(quant_parse(&g->b, weights, source_pos(), &err), STATUS_OK);
    g->accumulator = format_find("fp32");
    g->out = format_find("fp16");
    g->b_is_weight = true;
    request.a = &g->a, request.b = &g->b, request.accumulator = g->accumulator, request.b_is_weight = true;
    g->unit = unit_choose(&g->service, hw, &request);
    g->a_bytes = quant_stored_bytes(&g->a, m, depth);
    if (g->service.a_expand > 1)
        g->a_bytes = static_cast<int64_t>(static_cast<double>(g->a_bytes) * g->service.a_expand);
    g->b_bytes = quant_stored_bytes(&g->b, n, depth);
    g->out_bytes = m * n * 2;
    k.flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(depth);
    return k;
}

static struct timing_context context(const struct hardware *hw)
{
    struct timing_context ctx = {};
    ctx.hw = hw;
    ctx.stack = library();
    ctx.ranks = 1;
    return ctx;
}

/// GEMMs of the shipped traces: Llama-2-70B, Llama-3-8B and an OPT-175B layer, decode and prefill.
static const int64_t shapes[][2] = {{10240, 8192}, {8192, 8192}, {57344, 8192}, {8192, 28672}, {6144, 4096}, {4096, 4096}, {28672, 4096},
                                    {4096, 14336}, {36864, 12288}, {12288, 12288}, {49152, 12288}, {12288, 49152}};
static const int64_t tokens[] = {1, 16, 2048};

static void agreement(const char *name, const char *weights, const char *activations, double most)
{
    const struct hardware *hw = device(name);
    if (!hw)
        return;
    const struct timing_context ctx = context(hw);
    double sum = 0;
    int n = 0;
    for (const auto &s : shapes) {
        for (const int64_t m : tokens) {
            const struct kernel k = gemm(hw, m, s[0], s[1], weights, activations);
            struct timing analytic, cycle, roofline;
            struct error err;
            CU_ASSERT_EQUAL_FATAL(fidelity_analytic.time(&analytic, &k, &ctx, &err), STATUS_OK);
            CU_ASSERT_EQUAL_FATAL(llmsim_cycle_time(&cycle, &k, &ctx, &err), STATUS_OK);
            CU_ASSERT_EQUAL_FATAL(fidelity_roofline.time(&roofline, &k, &ctx, &err), STATUS_OK);
            double parts = 0;
            for (int i = 0; i < CAUSES; ++i)
                parts += cycle.parts_s[i];
            CHECK_ROW(name, std::fabs(parts - cycle.time_s) <= 1e-9 * cycle.time_s);
            CHECK_ROW(name, cycle.simulated_fraction > 0 && cycle.simulated_fraction <= 1 && cycle.simulated_events > 0);
            CHECK_ROW(name, cycle.time_s >= roofline.time_s);
            sum += std::fabs(cycle.time_s / analytic.time_s - 1);
            ++n;
        }
    }
    printf("# %s: mean difference from analytic %.2f %% over %d GEMMs\n", name, 100 * sum / n, n);
    CHECK_ROW(name, sum / n < most);
}

static void agrees_on_a100() { agreement("devices/a100-80gb-sxm", "fp16", "fp16", 0.08); }
static void agrees_on_h100() { agreement("devices/h100-80gb-sxm", "fp16", "fp16", 0.08); }
static void agrees_on_lut() { agreement("lut_tc", "int2g128", "int8", 0.08); }

/// Extrapolated against the whole grid simulated. One row is known to be weak (`most`): the pace of its early waves is not the whole's; why is open.
/// Grids of few steps are run whole, long grids of writes with short loops among them.
static void extrapolations_hold()
{
    static const struct {
        const char *device, *weights, *activations;
        int64_t m, n, k;
        double most = 0.02;
    } rows[] = {
        {"devices/a100-80gb-sxm", "fp16", "fp16", 16, 57344, 8192},   {"devices/a100-80gb-sxm", "fp16", "fp16", 512, 57344, 8192},
        {"devices/a100-80gb-sxm", "fp16", "fp16", 2048, 10240, 8192}, {"devices/a100-80gb-sxm", "fp16", "fp16", 2048, 8192, 28672},
        {"devices/a100-80gb-sxm", "fp16", "fp16", 9492, 8192, 8192},  {"lut_tc", "int2g128", "int8", 512, 57344, 8192},
        {"lut_tc", "int2g128", "int8", 2048, 10240, 8192},            {"lut_tc", "int2g128", "int8", 2048, 8192, 28672},
        {"lut_tc", "int2g128", "int8", 9492, 8192, 8192, 0.06},       {"devices/h100-80gb-sxm", "fp16", "fp16", 2048, 8192, 28672},
        {"devices/h100-80gb-sxm", "fp16", "fp16", 9492, 10240, 8192}, {"devices/h100-80gb-sxm", "fp16", "fp16", 4096, 65536, 64},
        {"devices/a40", "fp16", "fp16", 1024, 4096, 11008},           {"devices/a100-80gb-sxm", "fp16", "fp16", 3072, 12288, 4096},
    };
    int within = 0, n = 0;
    for (const auto &r : rows) {
        const struct hardware *hw = device(r.device);
        if (!hw)
            return;
        const struct timing_context ctx = context(hw);
        const struct kernel k = gemm(hw, r.m, r.n, r.k, r.weights, r.activations);
        struct timing some, all;
        struct error err;
        char label[128];
        CU_ASSERT_EQUAL_FATAL(llmsim::cycle_time_with(&some, &k, &ctx, llmsim::Effort(), &err), STATUS_OK);
        CU_ASSERT_EQUAL_FATAL(llmsim::cycle_time_with(&all, &k, &ctx, llmsim::whole_effort, &err), STATUS_OK);
        const double off = some.time_s / all.time_s - 1;
        snprintf(label, sizeof label, "%s %lld x %lld x %lld", r.device, static_cast<long long>(r.m), static_cast<long long>(r.n), static_cast<long long>(r.k));
        printf("# %-48s off %+.2f %%, stated %.2f %%, simulated %.2f\n", label, 100 * off, 100 * some.extrapolation_error, some.simulated_fraction);
        CHECK_ROW(label, all.simulated_fraction == 1 && all.extrapolation_error == 0);
        // Who gets the last blocks of a grid hangs on single cycles: a row may miss the 1 % when mappings change, most may not.
        CHECK_ROW(label, std::fabs(off) < r.most);
        within += std::fabs(off) < 0.01 ? 1 : 0;
        ++n;
    }
    CU_ASSERT(within >= n - 2);
}

static void same_answer_twice()
{
    const struct hardware *hw = device("devices/a100-80gb-sxm");
    if (!hw)
        return;
    const struct timing_context ctx = context(hw);
    const struct kernel k = gemm(hw, 300, 5000, 4096, "fp16", "fp16"), other = gemm(hw, 16, 8192, 8192, "fp16", "fp16");
    struct timing first, between, again;
    struct error err;
    memset(&first, 0, sizeof first);
    memset(&again, 0, sizeof again);
    CU_ASSERT_EQUAL(llmsim_cycle_time(&first, &k, &ctx, &err), STATUS_OK);
    CU_ASSERT_EQUAL(llmsim_cycle_time(&between, &other, &ctx, &err), STATUS_OK);
    CU_ASSERT_EQUAL(llmsim_cycle_time(&again, &k, &ctx, &err), STATUS_OK);
    CU_ASSERT(first.time_s == again.time_s);
    CU_ASSERT_EQUAL(first.simulated_events, again.simulated_events);
    CU_ASSERT_EQUAL(memcmp(first.parts_s, again.parts_s, sizeof first.parts_s), 0);
}

/// gpu-benches (commit 1c36d50), A100: 36 cycles in L1, 211 to 213 in the near half of L2 up to 18 MB, 377 to 423 mixed, 533 to 570 in
/// DRAM; 5.4 TB/s in L2, 1770 GB/s from DRAM.
static void probe_looks_like_an_a100()
{
    static const struct {
        const char *label;
        int64_t bytes;
        double low, high;   // cycles
    } rows[] = {{"64 KiB, L1", 64 << 10, 34, 38}, {"8 MiB, L2", 8 << 20, 208, 218}, {"26 MiB, mixed: 377", 26 << 20, 310, 430}, {"37 MiB, mixed: 423", 37 << 20, 360, 490}, {"256 MiB, DRAM", 256 << 20, 530, 610}};
    const struct hardware *hw = device("devices/a100-80gb-sxm");
    struct cycle_probe probe = {};
    struct error err;
    if (!hw)
        return;
    for (const auto &r : rows) {
        CHECK_ROW(r.label, llmsim_cycle_probe(&probe, hw, CYCLE_PROBE_LATENCY | CYCLE_PROBE_BANDWIDTH, r.bytes, &err) == STATUS_OK);
        const double cycles = probe.latency_s * hw->clock.boost_hz;
        CHECK_ROW(r.label, cycles >= r.low && cycles <= r.high);
    }
    CU_ASSERT(std::fabs(probe.bytes_per_s / 1770e9 - 1) < 0.05);
    CU_ASSERT_EQUAL(llmsim_cycle_probe(&probe, hw, CYCLE_PROBE_LATENCY | CYCLE_PROBE_BANDWIDTH, 16 << 20, &err), STATUS_OK);
    CU_ASSERT(std::fabs(probe.bytes_per_s / 5.4e12 - 1) < 0.05);
    CU_ASSERT_EQUAL(llmsim_cycle_probe(&probe, hw, CYCLE_PROBE_LATENCY | CYCLE_PROBE_BANDWIDTH, 100, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(llmsim_cycle_probe(&probe, hw, CYCLE_PROBE_LATENCY | CYCLE_PROBE_BANDWIDTH, INT64_MAX, &err), STATUS_INFEASIBLE);
}

static const struct test tests[] = {
    {"agrees with analytic on A100 GEMMs", agrees_on_a100},
    {"agrees with analytic on H100 GEMMs", agrees_on_h100},
    {"agrees with analytic on LUT GEMMs", agrees_on_lut},
    {"extrapolations hold against whole simulations", extrapolations_hold},
    {"the same answer twice", same_answer_twice},
    {"the probe looks like an A100", probe_looks_like_an_a100},
};
TEST_MAIN("hw_cycle", tests)
