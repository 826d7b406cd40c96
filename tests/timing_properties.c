/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that hold whatever the parameters: bounds, monotony, quantization by tiles, independence of what is not used. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/clock.h"
#include "sim/timing.h"
#include "tests/harness.h"

static struct arena arena;

static const struct hardware *device(const char *name)
{
    const struct hardware *hw = NULL;
    struct error err;

    if (arch_load(&hw, name, NULL, 0, &arena, &err))
        CHECK_ROW(name, false);
    return hw;
}

static struct timing_context context(const struct hardware *hw)
{
    struct timing_context ctx = { .hw = hw, .ranks = 1 };
    struct error err;

    if (stack_load(&ctx.stack, "kernel-only", NULL, 0, &arena, &err))
        CHECK_ROW("stack", false);
    return ctx;
}

static void fill_gemm(struct kernel *k, int64_t m, int64_t n, int64_t depth, const char *weights, const struct hardware *hw)
{
    struct gemm_kernel_shape *g = &k->gemm;
    struct unit_request request;
    struct error err;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_GEMM;
    *g = (struct gemm_kernel_shape){ .m = m, .n = n, .k = depth, .batch = 1, .out = format_find("fp16"),
                                     .accumulator = format_find("fp32"), .b_is_weight = true };
    g->a = (struct quant){ .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    if (quant_parse(&g->b, weights, (struct source_pos){ 0 }, &err))
        CHECK_ROW(weights, false);
    g->a_bytes = m * depth * 2;
    g->b_bytes = quant_stored_bytes(&g->b, n, depth);
    g->out_bytes = m * n * 2;
    request = (struct unit_request){ .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
    g->unit = unit_choose(&g->service, hw, &request);
    k->flops = 2.0 * (double)m * (double)n * (double)depth;
}

static double gemm_s(int64_t m, int64_t n, int64_t depth, const char *weights, const struct timing_context *ctx, const struct fidelity *f)
{
    struct kernel k;
    struct timing t;
    struct error err;

    fill_gemm(&k, m, n, depth, weights, ctx->hw);
    if (f->time(&t, &k, ctx, &err)) {
        printf("# %s\n", err.message);
        return NAN;
    }
    return t.time_s;
}

static const char *const devices[] = { "A100-80GB-SXM", "H100-80GB-SXM", "A40", "L40S", "B200-180GB-SXM", "MI210", "V100-32GB-SXM2" };
enum { DEVICES = sizeof devices / sizeof devices[0] };

static void never_faster_than_roofline(void)
{
    static const int64_t ms[] = { 1, 16, 100, 256, 2048, 8192 }, ns[] = { 512, 4096, 28672 }, ks[] = { 128, 4096, 14336 };
    char label[96];

    for (int d = 0; d < DEVICES; d++) {
        struct timing_context ctx = context(device(devices[d]));

        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 3; j++)
                for (int l = 0; l < 3; l++) {
                    double fast = gemm_s(ms[i], ns[j], ks[l], "fp16", &ctx, &fidelity_roofline);
                    double slow = gemm_s(ms[i], ns[j], ks[l], "fp16", &ctx, &fidelity_analytic);

                    snprintf(label, sizeof label, "%s %lld %lld %lld: %g < %g", devices[d], (long long)ms[i], (long long)ns[j], (long long)ks[l], slow, fast);
                    CHECK_ROW(label, slow >= fast);
                }
    }
}

/* Shapes, epilogues and cache states at random (fixed seed). */
static void random_products_never_faster(void)
{
    static const char *const weights[] = { "fp16", "int8", "int4g128", "int4g128z" };
    uint64_t seed = 1;
    char label[160];

    for (int d = 0; d < DEVICES; d++) {
        struct timing_context ctx = context(device(devices[d]));

        for (int i = 0; i < 300; i++) {
            int64_t dims[3];
            struct timing fast, slow;
            struct kernel k;
            struct error err;

            for (int j = 0; j < 3; j++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                dims[j] = (int64_t)1 + (int64_t)((seed >> 33) % ((uint64_t)1 << (1 + (seed >> 17) % 15)));
            }
            fill_gemm(&k, dims[0], dims[1], dims[2], weights[(seed >> 40) % 4], ctx.hw);
            k.gemm.epilogue_ops_per_output = (double)((seed >> 45) % 64);
            k.warm.a_bytes = (seed >> 51) % 2 ? k.gemm.a_bytes : 0;
            k.warm.b_bytes = (seed >> 52) % 2 ? k.gemm.b_bytes : 0;
            if (fidelity_analytic.time(&slow, &k, &ctx, &err) || fidelity_roofline.time(&fast, &k, &ctx, &err)) {
                CHECK_ROW(err.message, false);
                continue;
            }
            snprintf(label, sizeof label, "%s %lld x %lld x %lld: %g < %g", devices[d], (long long)dims[0], (long long)dims[1], (long long)dims[2],
                     slow.time_s, fast.time_s);
            if (!(slow.time_s >= fast.time_s))
                printf("# %s\n", label);
            CHECK_ROW("random product", slow.time_s >= fast.time_s);
            CHECK_ROW("best no slower than picked", slow.best_time_s <= slow.time_s * (1.0 + 1e-12));
        }
    }
}

static struct timing attend(const struct timing_context *ctx, int64_t batch, int64_t q, int64_t kv, int64_t heads, int64_t kv_heads, int64_t window,
                            const struct fidelity *f)
{
    struct seq_group group = { batch, q, kv };
    struct quant wide = { .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    struct unit_request request = { .a = &wide, .b = &wide, .accumulator = format_find("fp32") };
    struct kernel k;
    struct timing t;
    struct error err;

    memset(&k, 0, sizeof k);
    k.kind = KERNEL_ATTENTION;
    k.attention = (struct attention_kernel_shape){ .groups_count = 1, .groups = &group, .heads = heads, .kv_heads = kv_heads, .head_dim = 128,
                                                   .v_head_dim = 128, .window = window, .causal = true, .compute = wide.format, .kv = wide, .out = wide.format };
    k.attention.unit = unit_choose(&k.attention.service, ctx->hw, &request);
    if (f->time(&t, &k, ctx, &err)) {
        printf("# %s\n", err.message);
        t.time_s = NAN;
    }
    return t;
}

static void attention_never_faster_than_roofline(void)
{
    static const int64_t cases[][5] = { /* batch, q, kv, heads, kv heads */
        { 1, 1, 1, 1, 1 }, { 1, 1, 131072, 32, 8 }, { 64, 1, 2048, 64, 8 }, { 512, 1, 512, 32, 32 }, { 1, 16384, 16384, 32, 8 }, { 16, 512, 4096, 64, 8 },
    };
    char label[96];

    for (int d = 0; d < DEVICES; d++) {
        struct timing_context ctx = context(device(devices[d]));

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            for (int64_t window = 0; window <= 1024; window += 1024) {
                double fast = attend(&ctx, cases[i][0], cases[i][1], cases[i][2], cases[i][3], cases[i][4], window, &fidelity_roofline).time_s;
                double slow = attend(&ctx, cases[i][0], cases[i][1], cases[i][2], cases[i][3], cases[i][4], window, &fidelity_analytic).time_s;

                snprintf(label, sizeof label, "%s case %zu window %lld: %g < %g", devices[d], i, (long long)window, slow, fast);
                CHECK_ROW(label, slow >= fast);
            }
    }
}

static void tile_quantization(void)
{
    struct timing_context ctx = context(device("A100-80GB-SXM"));
    /* 128-row tiles on full waves: 264 rows need three rows of tiles where 256 need two. A locked clock keeps the power cap out. */
    double full_256, full_264, skinny_256, skinny_264;

    ctx.clock_limit_hz = 1.0e9;
    full_256 = gemm_s(256, 27648, 8192, "fp16", &ctx, &fidelity_analytic);
    full_264 = gemm_s(264, 27648, 8192, "fp16", &ctx, &fidelity_analytic);
    CHECK_ROW("264 rows well above 256 on full waves", full_264 > 1.2 * full_256);
    CHECK_ROW("264 rows at most twice 256", full_264 < 2.0 * full_256);
    skinny_256 = gemm_s(256, 1024, 4096, "fp16", &ctx, &fidelity_analytic);
    skinny_264 = gemm_s(264, 1024, 4096, "fp16", &ctx, &fidelity_analytic);
    CHECK_ROW("264 rows cost little where waves are partial", skinny_264 < 1.2 * skinny_256);
}

static void more_rows_never_faster(void)
{
    char label[96];

    for (int d = 0; d < DEVICES; d++) {
        struct timing_context ctx = context(device(devices[d]));
        double before = 0.0;

        ctx.choice = MAPPING_BEST; /* whole tiles of the largest kernel, best mapping: monotone */
        for (int64_t m = 256; m <= 8192; m *= 2) {
            double now = gemm_s(m, 8192, 8192, "fp16", &ctx, &fidelity_analytic);

            snprintf(label, sizeof label, "%s m %lld: %g then %g", devices[d], (long long)m, before, now);
            CHECK_ROW(label, now >= before * 0.999);
            before = now;
        }
    }
}

static void more_bandwidth_never_slower(void)
{
    static const char *const keys[] = { "dram.bandwidth", "l2.bandwidth", "clock.boost" };
    static const char *const faster[] = { "2400 GB/s", "8000 B/cycle", "1800 MHz" };
    char label[96];

    for (int i = 0; i < 3; i++) {
        struct arch_override change = { keys[i], faster[i] };
        struct timing_context ctx = context(device("A100-80GB-SXM")), more = ctx;
        struct error err;

        if (arch_load(&more.hw, "A100-80GB-SXM", &change, 1, &arena, &err)) {
            printf("# %s\n", err.message);
            CHECK_ROW(keys[i], false);
            continue;
        }
        ctx.choice = more.choice = MAPPING_BEST;
        for (int64_t m = 1; m <= 4096; m *= 8) {
            double slow = gemm_s(m, 8192, 8192, "fp16", &ctx, &fidelity_analytic), fast = gemm_s(m, 8192, 8192, "fp16", &more, &fidelity_analytic);

            snprintf(label, sizeof label, "%s m %lld: %g then %g", keys[i], (long long)m, slow, fast);
            CHECK_ROW(label, fast <= slow * 1.0001);
        }
    }
}

static void parts_sum_to_time(void)
{
    struct timing_context ctx = context(device("H100-80GB-SXM"));
    struct timing t = attend(&ctx, 8, 1, 4096, 32, 8, 0, &fidelity_analytic);
    double sum = 0.0;

    for (int i = 0; i < CAUSES; i++) {
        CU_ASSERT(t.parts_s[i] >= 0.0);
        sum += t.parts_s[i];
    }
    CU_ASSERT_DOUBLE_EQUAL(sum, t.time_s, 1e-15);
}

static void window_and_context(void)
{
    struct timing_context ctx = context(device("A100-80GB-SXM"));
    double whole = attend(&ctx, 8, 1, 32768, 32, 8, 0, &fidelity_analytic).time_s;
    double windowed = attend(&ctx, 8, 1, 32768, 32, 8, 1024, &fidelity_analytic).time_s;
    double shorter = attend(&ctx, 8, 1, 16384, 32, 8, 0, &fidelity_analytic).time_s;

    CHECK_ROW("a window of 1024 is far cheaper than 32768 keys", windowed < 0.3 * whole);
    CHECK_ROW("twice the context costs nearly twice", whole > 1.6 * shorter && whole < 2.2 * shorter);
}

static void narrower_weights_help_decode(void)
{
    struct timing_context ctx = context(device("A100-80GB-SXM"));
    double wide = gemm_s(1, 8192, 8192, "fp16", &ctx, &fidelity_analytic), narrow = gemm_s(1, 8192, 8192, "int4g128", &ctx, &fidelity_analytic);

    CHECK_ROW("int4 weights make a memory-bound product at least 1.5 times faster", narrow < wide / 1.5);
}

static void power_cap(void)
{
    struct timing_context ctx = context(device("A100-80GB-SXM")), burst = ctx;
    /* Published: 8192^3 at 400 W runs at 257 TFLOP/s on normal random data and at 295 on zeros (thonking.ai). */
    double sustained, free_of_cap, flop = 2.0 * 8192.0 * 8192.0 * 8192.0;

    burst.burst = true;
    sustained = flop / gemm_s(8192, 8192, 8192, "fp16", &ctx, &fidelity_analytic) * 1e-12;
    free_of_cap = flop / gemm_s(8192, 8192, 8192, "fp16", &burst, &fidelity_analytic) * 1e-12;
    printf("# A100 8192^3: %.0f TFLOP/s sustained, %.0f before the cap acts\n", sustained, free_of_cap);
    CHECK_ROW("sustained within 12 % of 257 TFLOP/s", fabs(sustained - 257.0) < 0.12 * 257.0);
    CHECK_ROW("uncapped within 10 % of 295 TFLOP/s", fabs(free_of_cap - 295.0) < 0.10 * 295.0);
    ctx = context(device("H100-80GB-SXM"));
    sustained = flop / gemm_s(8192, 8192, 8192, "fp16", &ctx, &fidelity_analytic) * 1e-12;
    printf("# H100 8192^3: %.0f TFLOP/s sustained (best found by search 795, stas00/ml-engineering)\n", sustained);
    CU_ASSERT_DOUBLE_EQUAL(root_half(0.5, 2.5), pow(0.5, 0.4), 1e-12);
}

/* Weights by lookup: A is int8 with its tables built before (their bytes travel). */
static struct timing lut_gemm(const char *arch, const char *registers, const char *weights, const struct fidelity *f)
{
    struct arch_override change = { "sm.registers", registers };
    const struct hardware *hw = NULL;
    struct timing_context ctx;
    struct unit_request request;
    struct kernel k;
    struct timing t;
    struct error err;

    memset(&t, 0, sizeof t);
    t.time_s = NAN;
    if (arch_load(&hw, arch, &change, registers ? 1 : 0, &arena, &err)) {
        CHECK_ROW(arch, false);
        return t;
    }
    ctx = context(hw);
    fill_gemm(&k, 4096, 8192, 8192, weights, hw);
    k.gemm.a.format = format_find("int8");
    k.gemm.accumulator = format_find("int32");
    request = (struct unit_request){ .a = &k.gemm.a, .b = &k.gemm.b, .accumulator = k.gemm.accumulator, .b_is_weight = true };
    k.gemm.unit = unit_choose(&k.gemm.service, hw, &request);
    k.gemm.a_bytes = (int64_t)(4096.0 * 8192.0 * k.gemm.service.a_shared_bits / 8.0);
    if (f->time(&t, &k, &ctx, &err)) {
        printf("# %s\n", err.message);
        t.time_s = NAN;
    }
    return t;
}

static void lookup_unit(void)
{
    double two = lut_gemm("lut_tc", NULL, "int2", &fidelity_roofline).time_s, four = lut_gemm("lut_tc", NULL, "int4", &fidelity_roofline).time_s;
    struct timing t4 = lut_gemm("lut_tc", NULL, "int2", &fidelity_analytic), t8 = lut_gemm("lut_tc_8x", NULL, "int2", &fidelity_analytic);
    double halved4 = lut_gemm("lut_tc", "256 KiB", "int2", &fidelity_analytic).time_s;
    double halved8 = lut_gemm("lut_tc_8x", "256 KiB", "int2", &fidelity_analytic).time_s;
    double grouped4 = lut_gemm("lut_tc", NULL, "int2g128", &fidelity_analytic).time_s;
    double grouped8 = lut_gemm("lut_tc_8x", NULL, "int2g128", &fidelity_analytic).time_s;

    printf("# us: 4X %.0f, 8X %.0f; half the registers %.0f, %.0f; g128 %.0f, %.0f\n", t4.time_s * 1e6, t8.time_s * 1e6, halved4 * 1e6, halved8 * 1e6,
           grouped4 * 1e6, grouped8 * 1e6);
    CU_ASSERT_DOUBLE_EQUAL(four / two, 2.0, 1e-9); /* bit-serial over the planes */
    CHECK_ROW("8X beats 4X by over 20 % with doubled registers", t8.time_s < t4.time_s / 1.2);
    CHECK_ROW("8X with half the registers keeps less than a third of that gain", t4.time_s - halved8 < (t4.time_s - t8.time_s) / 3.0);
    CHECK_ROW("a scale a group of 128 costs 8X over 20 %", grouped8 > 1.2 * t8.time_s);
    CHECK_ROW("and 4X less", grouped4 / t4.time_s < grouped8 / t8.time_s);
    CHECK_ROW("table bytes are counted", t4.table_bytes > 0.0);
    CHECK_ROW("partial-sum bytes are counted", t4.psum_bytes > 0.0);
}

static void overlap_norm_is_a_norm(void)
{
    const double terms[3] = { 3.0, 4.0, 0.0 };

    CU_ASSERT_DOUBLE_EQUAL(overlap_norm(terms, 3, 1.0), 7.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(overlap_norm(terms, 3, 2.0), 5.0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(overlap_norm(terms, 3, 4.0), pow(81.0 + 256.0, 0.25), 1e-12);
}

static const struct test tests[] = {
    { "no GEMM faster than the roofline", never_faster_than_roofline },
    { "no product of 2100 at random faster than the roofline", random_products_never_faster },
    { "no attention faster than the roofline", attention_never_faster_than_roofline },
    { "264 rows against 256", tile_quantization },
    { "more rows are never faster", more_rows_never_faster },
    { "more bandwidth is never slower", more_bandwidth_never_slower },
    { "parts sum to the time", parts_sum_to_time },
    { "window and context length", window_and_context },
    { "narrow weights in decode", narrower_weights_help_decode },
    { "power cap", power_cap },
    { "lookup unit", lookup_unit },
    { "overlap norm", overlap_norm_is_a_norm },
};
TEST_MAIN("timing_properties", tests)
