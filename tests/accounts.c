/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts of closed forms (sim/account.h): the lines of a launch sum to its time, and so do the lines of each cause. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/account.h"
#include "sim/kernel.h"
#include "tests/harness.h"

static const struct {
    const char *label, *device, *stack;
    enum kernel_kind kind;
    int64_t m, n, k; /* GEMM; attention: sequences, new tokens, context; stream: rows, columns */
} cases[] = {
    { "large GEMM, graph",          "A100", "library",     KERNEL_GEMM,      4096, 8192, 8192 },
    { "GEMM over a tile, kernels",  "A100", "kernel-only", KERNEL_GEMM,      264, 7680, 5120 },
    { "split-K GEMM",               "A100", "library",     KERNEL_GEMM,      8, 4096, 16384 },
    { "one row, eager",             "H100", "eager",       KERNEL_GEMM,      1, 4096, 4096 },
    { "Hopper GEMM",                "H100", "library",     KERNEL_GEMM,      2000, 4096, 4096 },
    { "prefill",                    "A100", "library",     KERNEL_ATTENTION, 4, 1024, 1024 },
    { "decode, split",              "H100", "library",     KERNEL_ATTENTION, 2, 1, 16384 },
    { "prefill, unfused",           "A100", "unfused",     KERNEL_ATTENTION, 2, 512, 512 },
    { "short stream, eager",        "A100", "eager",       KERNEL_STREAM,    16, 4096, 0 },
    { "long stream",                "H100", "library",     KERNEL_STREAM,    65536, 8192, 0 },
};

static void fill(struct kernel *k, struct seq_group *group, size_t i, const struct hardware *hw)
{
    static struct quant fp16;
    const struct unit_request request = { .a = &fp16, .b = &fp16, .accumulator = format_find("fp32") };
    int64_t a = cases[i].m, b = cases[i].n, c = cases[i].k;

    fp16 = (struct quant){ .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    *k = (struct kernel){ .kind = cases[i].kind, .role = "test", .note = "", .count = 1, .flops = 1 };
    if (k->kind == KERNEL_GEMM) {
        k->gemm = (struct gemm_kernel_shape){ .m = a, .n = b, .k = c, .batch = 1, .a = fp16, .b = fp16, .out = fp16.format,
                                              .accumulator = request.accumulator, .b_is_weight = true,
                                              .a_bytes = 2 * a * c, .b_bytes = 2 * b * c, .out_bytes = 2 * a * b };
        k->gemm.unit = unit_choose(&k->gemm.service, hw, &request);
    } else if (k->kind == KERNEL_ATTENTION) {
        *group = (struct seq_group){ a, b, c };
        k->attention = (struct attention_kernel_shape){ .groups_count = 1, .groups = group, .heads = 32, .kv_heads = 8, .head_dim = 128,
                                                        .v_head_dim = 128, .causal = true, .compute = fp16.format, .kv = fp16, .out = fp16.format };
        k->attention.unit = unit_choose(&k->attention.service, hw, &request);
    } else {
        k->stream = (struct stream_kernel_shape){ .rows = a, .cols = b, .read_bytes = 2 * a * b, .write_bytes = 2 * a * b,
                                                  .vector_ops_per_element = 5, .passes = 2 };
    }
}

static bool close_to(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fabs(b) + 1e-15;
}

static void parts_sum(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct timing_context ctx = { .ranks = 1 };
        struct account account;
        struct seq_group group;
        struct timing t;
        struct kernel k;
        struct error err;
        double sum = 0, causes[CAUSES] = { 0 };

        if (arch_load(&ctx.hw, cases[i].device, NULL, 0, &arena, &err) || stack_load(&ctx.stack, cases[i].stack, NULL, 0, &arena, &err)) {
            CHECK_ROW(cases[i].label, false);
            arena_free(&arena);
            continue;
        }
        fill(&k, &group, i, ctx.hw);
        memset(&account, 0x55, sizeof account); /* models begin anew */
        ctx.account = &account;
        CHECK_ROW(cases[i].label, fidelity_analytic.time(&t, &k, &ctx, &err) == STATUS_OK);
        for (int64_t p = 0; p < account.parts_count; p++) {
            sum += account.parts[p].time_s;
            causes[account.parts[p].cause] += account.parts[p].time_s;
        }
        CHECK_ROW(cases[i].label, account.parts_count > 1);
        CHECK_ROW(cases[i].label, account.resources_count > 0);
        CHECK_ROW(cases[i].label, close_to(sum, t.time_s));
        for (int c = 0; c < CAUSES; c++)
            CHECK_ROW(cases[i].label, close_to(causes[c], t.parts_s[c]));
        arena_free(&arena);
    }
}

/* The steady step is no shorter than what any resource needs, and no longer than all of them one after the other. */
static void step_is_bounded(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena = { 0 };
        struct timing_context ctx = { .ranks = 1 };
        struct account account;
        struct seq_group group;
        struct timing t;
        struct kernel k;
        struct error err;
        double longest = 0, sum = 0;

        ctx.account = &account;
        if (arch_load(&ctx.hw, cases[i].device, NULL, 0, &arena, &err) == STATUS_OK &&
            stack_load(&ctx.stack, cases[i].stack, NULL, 0, &arena, &err) == STATUS_OK) {
            fill(&k, &group, i, ctx.hw);
            CHECK_ROW(cases[i].label, fidelity_analytic.time(&t, &k, &ctx, &err) == STATUS_OK);
            for (int64_t p = 0; p < account.resources_count; p++) {
                longest = fmax(longest, account.resources[p].time_s);
                sum += account.resources[p].time_s;
            }
            CHECK_ROW(cases[i].label, account.step_s >= longest * (1 - 1e-12) && account.step_s <= sum * (1 + 1e-12));
        }
        arena_free(&arena);
    }
}

static const struct test tests[] = {
    { "lines sum to the time and to each cause", parts_sum },
    { "a step lies between its longest resource and their sum", step_is_bounded },
};

TEST_MAIN("accounts", tests)
