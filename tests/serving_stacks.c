/* SPDX-License-Identifier: Apache-2.0 */
/* What stacks of old releases and other vendors do: scores kept in shared memory, libraries without matrix kernels, gaps between graph nodes,
 * caches of static shape; and which stack and how many requests a harness names. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/attention_model.h"
#include "sim/batch_run.h"
#include "sim/unit.h"
#include "tests/harness.h"
#include "validate/harness.h"
#include "workloads/model_library.h"

static struct arena arena;
static struct error err;
static struct llm llama;

static const struct hardware *device(const char *name)
{
    const struct hardware *hw = NULL;

    CU_ASSERT_FATAL(arch_load(&hw, name, NULL, 0, &arena, &err) == STATUS_OK);
    return hw;
}

static const struct stack *stack_of(const char *name)
{
    const struct stack *s = NULL;

    CU_ASSERT_FATAL(stack_load(&s, name, NULL, 0, &arena, &err) == STATUS_OK);
    return s;
}

static struct attention_mapping decode_mapping(int64_t sequences, int64_t heads, int64_t context_max)
{
    static struct quant wide;
    wide = (struct quant){ .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    struct seq_group group = { sequences, 1, 2048 };
    struct timing_context ctx = { .hw = device("MI300X"), .stack = stack_of("vllm-rocm"), .ranks = 1, .context_max = context_max };
    struct unit_request request = { .a = &wide, .b = &wide, .accumulator = format_find("fp32") };
    struct kernel k = { .kind = KERNEL_ATTENTION };
    struct attention_mapping map = { 0 };

    k.attention = (struct attention_kernel_shape){ .groups_count = 1, .groups = &group, .heads = heads, .kv_heads = heads, .head_dim = 128, .v_head_dim = 128,
                                                   .causal = true, .compute = wide.format, .kv = wide, .out = wide.format };
    k.attention.unit = unit_choose(&k.attention.service, ctx.hw, &request);
    CU_ASSERT_FATAL(attention_mapping_choose(&map, &k, &ctx, &err) == STATUS_OK);
    return map;
}

/* 64 KiB of LDS: scores of 8192 keys are 32 KiB and a few words more, so one block; of 4096, three. Split launches keep none. */
static void scores_limit_blocks(void)
{
    CU_ASSERT_EQUAL(decode_mapping(64, 32, 8192).blocks_per_sm, 1);
    CU_ASSERT_EQUAL(decode_mapping(64, 32, 131072).blocks_per_sm, 1); /* captured for 8192 */
    CU_ASSERT_EQUAL(decode_mapping(64, 32, 4096).blocks_per_sm, 3);
    CU_ASSERT_EQUAL(decode_mapping(64, 32, 4096).split_kv, 1);
    CU_ASSERT(decode_mapping(8, 32, 8192).blocks_per_sm > 3);
    CU_ASSERT(decode_mapping(8, 32, 8192).split_kv > 1);
    CU_ASSERT_EQUAL(decode_mapping(17, 32, 8192).split_kv, 1); /* 544 blocks, over 512 */
}

/* TensorRT-LLM's dispatch on H100 (132 SMs) by the rules of its sources, docs/attention.md, 2: XQA from 2 to 32 heads a group and 33 blocks on. */
static void dispatch_of_decoding(void)
{
    static const struct { const char *label, *kernel; int64_t sequences, keys, heads, kv_heads, head_dim, split, blocks_per_sm; } rows[] = {
        /* 1023 / 128 = 7, sqrt(56) = 7.5; 64 x 8 x 7 / 132 = 27 blocks an SM, so 7 x 8 / 27.2 = 2 parts */
        { "eight blocks an SM", "wgmma_decode", 64, 1024, 64, 8, 128, 2, 1 },
        /* 32767 / 128 = 255, sqrt(2040) = 45 parts; 8 x 45 / 132 = 2.7 blocks an SM */
        { "root of the history", "wgmma_decode", 1, 32769, 64, 8, 128, 45, 1 },
        /* 8 < 132 / 4; 64 blocks of 1024 threads, 512 keys a pass */
        { "eight blocks fill too little", "wgmma_masked", 1, 100, 64, 8, 128, 1, 1 },
        /* 2048 blocks for 528 slots */
        { "one head a KV head", "wgmma_masked", 64, 1024, 32, 32, 128, 1, 4 },
        /* 64 blocks for 528 slots: 1024 threads, one an SM; 32 threads a key, 8 keys each: 256 keys a pass; 132 / 64 = 3 parts of 4 passes */
        { "group of 64, few sequences", "wgmma_masked_wide", 1, 1024, 64, 1, 256, 3, 1 },
    };
    static struct quant wide;
    struct timing_context ctx = { .hw = device("H100"), .stack = stack_of("trtllm"), .ranks = 1 };
    struct unit_request request = { .a = &wide, .b = &wide, .accumulator = format_find("fp32") };

    wide = (struct quant){ .format = format_find("bf16"), .group = QUANT_PER_CHANNEL };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seq_group group = { rows[i].sequences, 1, rows[i].keys };
        struct kernel k = { .kind = KERNEL_ATTENTION };
        struct attention_mapping map = { 0 };

        k.attention = (struct attention_kernel_shape){ .groups_count = 1, .groups = &group, .heads = rows[i].heads, .kv_heads = rows[i].kv_heads,
                                                       .head_dim = rows[i].head_dim, .v_head_dim = rows[i].head_dim, .causal = true,
                                                       .compute = wide.format, .kv = wide, .out = wide.format };
        k.attention.unit = unit_choose(&k.attention.service, ctx.hw, &request);
        CHECK_ROW(rows[i].label, attention_mapping_choose(&map, &k, &ctx, &err) == STATUS_OK);
        CHECK_ROW(rows[i].label, strcmp(attention_kernel_of(&k.attention, ctx.stack, ctx.hw)->name, rows[i].kernel) == 0);
        CHECK_ROW(rows[i].label, map.split_kv == rows[i].split);
        CHECK_ROW(rows[i].label, map.blocks_per_sm == rows[i].blocks_per_sm);
    }
}

/* vLLM's paged attention is for models with a window only, on Hopper. */
static void windows_have_kernels(void)
{
    const struct stack *s = stack_of("vllm");

    CU_ASSERT_PTR_NULL(stack_attention_windowed(s, "mma.sync", "decode"));
    CU_ASSERT_PTR_NULL(stack_attention_windowed(s, "wgmma", "prefill"));
    CU_ASSERT_STRING_EQUAL(stack_attention_windowed(s, "wgmma", "decode")->name, "wgmma_paged");
    CU_ASSERT_STRING_EQUAL(stack_attention(s, "wgmma", "decode")->name, "wgmma_decode");
}

static void units_left_out(void)
{
    struct quant wide = { .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    struct unit_request request = { .a = &wide, .b = &wide, .accumulator = format_find("fp32") };
    struct unit_service service;

    CU_ASSERT_STRING_EQUAL(unit_choose(&service, device("MI300X"), &request)->name, "tensor");
    request.without = "mfma";
    CU_ASSERT_STRING_EQUAL(unit_choose(&service, device("MI300X"), &request)->name, "vector");
    CU_ASSERT_STRING_EQUAL(unit_choose(&service, device("H100-80GB-SXM"), &request)->name, "tensor");
}

static struct engine *engine_of(const char *name, const char *stack, const struct arch_override *set, int64_t sets)
{
    struct engine_spec s = { .layout = { .tp = 1 }, .pp = 1, .model = &llama, .hw = device(name) };
    struct engine *e = NULL;

    CU_ASSERT_FATAL(model_load(&llama, "Llama-2-7b-hf", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(stack_load(&s.stack, stack, set, sets, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(fidelity_find(&s.fidelity, "analytic", &err) == STATUS_OK);
    CU_ASSERT_FATAL(recipe_parse(&s.recipe, "fp16", (struct source_pos){ 0 }, &err) == STATUS_OK);
    CU_ASSERT_FATAL(engine_open(&e, &s, &err) == STATUS_OK);
    return e;
}

static struct engine_step decode_step(struct engine *e, int64_t kv)
{
    struct seq_group group = { 16, 1, kv };
    struct engine_step at = { 0 };

    CU_ASSERT_FATAL(engine_step(&at, e, PHASE_DECODE, &group, 1, &err) == STATUS_OK);
    return at;
}

/* Each launch of a step waits once more: more than eight kernels a layer, fewer than twenty. */
static void gaps_of_nodes(void)
{
    const struct arch_override wide[] = { { "launch.node_gap", "14.5 us" } };
    struct engine *a = engine_of("MI300X", "vllm-rocm", NULL, 0), *b = engine_of("MI300X", "vllm-rocm", wide, 1);
    double more = decode_step(b, 512).time_s - decode_step(a, 512).time_s;

    CU_ASSERT(more > 32 * 8 * 10e-6 && more < 32 * 20 * 10e-6);
    engine_close(a);
    engine_close(b);
}

/* 100 prompt tokens and 50 answers: every decoding step sees 150 keys. */
static void static_shapes(void)
{
    struct engine *e = engine_of("Gaudi2", "deepspeed-hpu", NULL, 0);
    struct batch_load load = { 16, 100, 50 }, prompts = { 16, 100, 1 };
    struct batch_result r, p;

    CU_ASSERT_EQUAL_FATAL(batch_run_static(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&p, e, &prompts, &err), STATUS_OK);
    CU_ASSERT(fabs(r.time_s - p.time_s - 49 * decode_step(e, 150).time_s) < 1e-6 * r.time_s);
    engine_close(e);
}

static void harnesses_name_software(void)
{
    static const struct { const char *source, *device, *stack; } rows[] = {
        { "LLM-Inference-Bench:vLLM", "H100-80GB-SXM", "vllm" },           { "LLM-Inference-Bench:vLLM", "MI250-GCD", "vllm-rocm" },
        { "LLM-Inference-Bench:vLLM", "MI300X", "vllm-rocm-gfx942" },      { "LLM-Inference-Bench:TensorRT-LLM", "GH200-96GB", "trtllm" },
        { "LLM-Inference-Bench:TensorRT-LLM", "A100-40GB-SXM", "trtllm-2023" }, { "LLM-Inference-Bench:TensorRT-LLM", "H100-80GB-SXM", "trtllm-2024a" },
       
        { "LLM-Inference-Bench:vLLM", "GH200-96GB", "vllm-grace" },
        { "LLM-Inference-Bench:Deepspeed", "Gaudi2", "deepspeed-hpu" },    { "LLM-Inference-Bench:Deepspeed-MII", "A100-40GB-SXM", "deepspeed-mii" },
        { "TensorRT-LLM:v1.0 docs", "B200-180GB-SXM", "trtllm-v1" },
    };
    struct harness_library lib;

    CU_ASSERT_FATAL(harness_library_load(&lib, &arena, &err) == STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct harness *h = harness_find(&lib, rows[i].source, "endtoend");
        CHECK_ROW(rows[i].device, h != NULL && strcmp(harness_stack(h, device(rows[i].device)), rows[i].stack) == 0);
    }
    const struct harness *h = harness_find(&lib, "TensorRT-LLM:v0.13 docs", "endtoend");
    CU_ASSERT_EQUAL(harness_requests(h, 128, 2048), 3000);
    CU_ASSERT_EQUAL(harness_requests(h, 128, 2049), 0);
}

static const struct test tests[] = {
    { "scores in shared memory limit blocks", scores_limit_blocks },
    { "TensorRT-LLM's dispatch of decoding", dispatch_of_decoding },
    { "kernels of models with a window", windows_have_kernels },
    { "units that the library does not use", units_left_out },
    { "gaps between nodes of a graph", gaps_of_nodes },
    { "caches of static shape", static_shapes },
    { "harnesses name stacks and requests", harnesses_name_software },
};
TEST_MAIN("serving_stacks", tests)
