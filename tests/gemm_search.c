/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kernel of a catalogue runs: the search by bounds finds what a look at every mapping finds, and classes that are picked otherwise
 * (gemm_kernel.pick) follow their rule, written here a second time. docs/gemm.md, 6
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/gemm_model.h"
#include "tests/harness.h"

static struct arena arena;

static bool same_double(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

static bool gemm_of(struct kernel *k, int64_t m, int64_t n, int64_t depth, const char *weights, const char *activations, const struct hardware *hw)
{
    struct gemm_kernel_shape *g = &k->gemm;
    struct unit_request request;
    struct error err;

    *k = (struct kernel){ .kind = KERNEL_GEMM, .role = "gemm", .note = "", .count = 1, .flops = 2.0 * (double)m * (double)n * (double)depth };
    *g = (struct gemm_kernel_shape){ .m = m, .n = n, .k = depth, .batch = 1, .out = format_find("fp16"), .accumulator = format_find("fp32"), .b_is_weight = true };
    if (quant_parse(&g->a, activations, (struct source_pos){ 0 }, &err) || quant_parse(&g->b, weights, (struct source_pos){ 0 }, &err))
        return false;
    g->a_bytes = quant_stored_bytes(&g->a, m, depth);
    g->b_bytes = quant_stored_bytes(&g->b, n, depth);
    g->out_bytes = m * n * 2;
    if (m % 2 == 0)
        k->warm = (struct warmth){ .a_bytes = g->a_bytes, .b_bytes = m % 3 == 0 ? g->b_bytes : 0 };
    request = (struct unit_request){ .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
    g->unit = unit_choose(&g->service, hw, &request);
    return g->unit != NULL;
}

static void check_search(const char *label, const struct kernel *k, const struct timing_context *ctx)
{
    static struct gemm_candidate all[4096];
    int64_t count = gemm_candidates(all, 4096, k, ctx), picked = 0, best = 0;
    struct gemm_mapping map;
    double best_s;
    const char *why;

    if (count == 0) {
        CHECK_ROW(label, !gemm_choose(&map, &best_s, k, ctx, true, &why) && isinf(best_s = INFINITY));
        return;
    }
    for (int64_t i = 1; i < count; i++) {
        picked = all[i].rule_cycles < all[picked].rule_cycles ? i : picked;
        best = all[i].time_s < all[best].time_s ? i : best;
    }
    CHECK_ROW(label, gemm_choose(&map, &best_s, k, ctx, true, &why));
    CHECK_ROW(label, same_double(best_s, all[best].time_s));
    CHECK_ROW(label, map.kernel == all[picked].mapping.kernel && map.split_k == all[picked].mapping.split_k);
    CHECK_ROW(label, gemm_choose(&map, NULL, k, ctx, false, &why));
    CHECK_ROW(label, map.kernel == all[best].mapping.kernel && map.split_k == all[best].mapping.split_k);
}

/* Chips as they are, and chips on which another term of the bounds binds: each is the one that hides or decides much. */
static const struct scene { const char *device, *stack; struct arch_override set; } scenes[] = {
    { "A100-80GB-SXM", NULL, { 0 } },
    { "H100-80GB-SXM", NULL, { 0 } },
    { "B200", NULL, { 0 } },
    { "lut_tc", NULL, { 0 } },
    { "A40", NULL, { 0 } },
    { "MI300X", NULL, { 0 } },
    { "arch/vck190_int8.yaml", NULL, { 0 } },
    { "A100-80GB-SXM", "vllm", { "dram.loaded_latency", "6000 cycles" } },
    { "A100-80GB-SXM", NULL, { "dram.latency", "20 cycles" } },
    { "A100-80GB-SXM", NULL, { "sm.bytes_in_flight", "512 B" } },
    { "A100-80GB-SXM", NULL, { "sm.count", "7" } },
    { "A100-80GB-SXM", NULL, { "sm.overlap_exponent", "1" } },
    { "A100-80GB-SXM", NULL, { "l2.write_bandwidth", "32 B/cycle" } },
    { "A100-80GB-SXM", NULL, { "l2.size", "256 KiB" } },
    { "H100-80GB-SXM", NULL, { "sm.epilogue_bandwidth", "2 B/cycle" } },
    { "H100-80GB-SXM", NULL, { "launch.block", "20000 cycles" } },
    { "H100-80GB-SXM", NULL, { "sm.barrier", "2000 cycles" } },
    { "H100-80GB-SXM", NULL, { "power.tdp", "160 W" } },
    { "A40", NULL, { "sm.max_blocks", "1" } },
};

static void test_search(void)
{
    static const char *const pairs[][2] = { { "fp16", "fp16" }, { "int4g128", "fp16" }, { "int8", "int8" }, { "int2g128", "int8" } };
    static const int64_t rows[] = { 1, 6, 64, 136, 264, 2048 }, cols[] = { 512, 10240 }, depths[] = { 1024, 8200 };
    struct error err = { 0 };

    for (size_t d = 0; d < sizeof scenes / sizeof scenes[0]; d++) {
        const struct scene *s = &scenes[d];
        struct timing_context ctx = { .ranks = 1 };

        if (arch_load(&ctx.hw, s->device, &s->set, s->set.key != NULL, &arena, &err) ||
            stack_load(&ctx.stack, s->stack ? s->stack : ctx.hw->default_stack, NULL, 0, &arena, &err)) {
            CHECK_ROW(arena_strdup(&arena, err.message), false);
            continue;
        }
        for (int i = 0; i < 6 * 2 * 2 * 4; i++) {
            const char *const *pair = pairs[i % 4];
            struct kernel k;
            const char *label = arena_printf(&arena, "%s, %s=%s: %s x %s, %lld x %lld x %lld", s->device, s->set.key ? s->set.key : "", s->set.key ? s->set.value : "",
                                             pair[0], pair[1], (long long)rows[i / 16], (long long)cols[i / 4 % 2], (long long)depths[i / 8 % 2]);

            if (gemm_of(&k, rows[i / 16], cols[i / 4 % 2], depths[i / 8 % 2], pair[0], pair[1], ctx.hw))
                check_search(label, &k, &ctx);
        }
    }
}

/* ---- other rules ---- */

static bool context_of(struct timing_context *ctx, const char *device, const char *stack)
{
    struct error err;

    *ctx = (struct timing_context){ .ranks = 1 };
    return arch_load(&ctx->hw, device, NULL, 0, &arena, &err) == STATUS_OK && stack_load(&ctx->stack, stack, NULL, 0, &arena, &err) == STATUS_OK;
}

static const char *chosen(int64_t m, int64_t n, int64_t depth, const char *weights, const char *activations, const struct timing_context *ctx)
{
    struct gemm_mapping map;
    struct kernel k;
    const char *why;

    if (!gemm_of(&k, m, n, depth, weights, activations, ctx->hw))
        return "no unit";
    k.warm = (struct warmth){ 0 };
    return gemm_choose(&map, NULL, &k, ctx, true, &why) ? map.kernel->name : why;
}

/* An engine that timed powers of two runs the next greater one's kernel in between, and the largest one's beyond it. */
static void test_timed(void)
{
    static const struct { int64_t rows, timed; } pairs[] = { { 3, 4 }, { 48, 64 }, { 80, 128 }, { 96, 128 }, { 129, 256 }, { 192, 256 }, { 768, 1024 }, { 9000, 8192 } };
    static const char *const weights[] = { "int4", "int8" };
    struct timing_context ctx;

    CU_ASSERT_TRUE_FATAL(context_of(&ctx, "A100-80GB-SXM", "trtllm-kernels"));
    for (size_t i = 0; i < 2 * sizeof pairs / sizeof pairs[0]; i++) {
        int64_t rows = pairs[i / 2].rows, timed = pairs[i / 2].timed;
        char label[80];

        snprintf(label, sizeof label, "%lld rows x %s", (long long)rows, weights[i % 2]);
        CHECK_ROW(label, strcmp(chosen(rows, 4096, 12288, weights[i % 2], "fp16", &ctx), chosen(timed, 4096, 12288, weights[i % 2], "fp16", &ctx)) == 0);
    }
    CHECK_ROW("GEMV", strncmp(chosen(1, 16384, 16384, "int4", "fp16", &ctx), "plugin_wo_gemv", 14) == 0);
    CHECK_ROW("no GEMV", strncmp(chosen(16, 16384, 16384, "int4", "fp16", &ctx), "plugin_wo_gemv", 14) != 0);
}

/* DeepGEMM's rule for plain products of 32 rows and more on `sms` SMs: rows and columns of a block. */
static void fullest_block(int64_t *rows, int64_t *cols, int64_t m, int64_t n, int64_t sms)
{
    int64_t least = INT64_MAX, fullest = 0;

    *rows = m <= 64 ? 64 : 128;
    for (int64_t c = 16; c <= 128; c += 8) {
        int64_t blocks = (m + *rows - 1) / *rows * ((n + c - 1) / c), waves = (blocks + sms - 1) / sms, last = (blocks - 1) % sms + 1;

        if (waves < least || (waves == least && last > fullest)) {
            least = waves;
            fullest = last;
            *cols = c;
        }
    }
}

static void test_fill(void)
{
    static const int64_t rows[] = { 32, 33, 64, 65, 128, 129, 257, 1024, 3329, 8192 }, cols[] = { 128, 1536, 4096, 7168, 12288, 65536 };
    struct timing_context ctx;

    CU_ASSERT_TRUE_FATAL(context_of(&ctx, "H100-80GB-SXM", "trtllm-kernels"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < sizeof cols / sizeof cols[0]; j++) {
            int64_t block_rows, block_cols = 0;
            char label[80], name[64];
            const char *got = chosen(rows[i], cols[j], 4096, "fp8_e4m3g128", "fp8_e4m3g128", &ctx);

            fullest_block(&block_rows, &block_cols, rows[i], cols[j], ctx.hw->sm.count);
            snprintf(name, sizeof name, "block_scale_%lldx%lld", (long long)block_rows, (long long)block_cols);
            snprintf(label, sizeof label, "%lld x %lld: %s for %s", (long long)rows[i], (long long)cols[j], got, name);
            CHECK_ROW(label, strncmp(got, name, strlen(name)) == 0 && got[strlen(name)] == '\0');
        }
    CHECK_ROW("few rows: weights on the instruction's rows", strncmp(chosen(8, 4096, 4096, "fp8_e4m3g128", "fp8_e4m3g128", &ctx), "block_scale_swap_16", 19) == 0);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "the search by bounds finds what a look at every mapping finds", test_search },
    { "plugins run what was timed at the next power of two of rows", test_timed },
    { "block-scaled products: fewest waves, then the fullest last one", test_fill },
};
TEST_MAIN("gemm_search", tests)
