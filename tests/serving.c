/* SPDX-License-Identifier: Apache-2.0 */
/* Engine iterations and batches: queue of eager launches, cache capacity, waves, quadrature against plain sums. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/batch_run.h"
#include "sim/replay.h"
#include "tests/harness.h"
#include "workloads/model_library.h"

static struct arena arena;
static struct error err;
static struct llm llama;

static bool near(double a, double b, double share)
{
    return fabs(a - b) <= share * fabs(b);
}

static struct engine *engine_of(const char *device, const char *stack, const struct arch_override *set, int64_t sets, int64_t tp)
{
    struct engine_spec s = { .layout = { .tp = tp }, .pp = 1, .model = &llama };
    struct engine *e = NULL;

    CU_ASSERT_FATAL(model_load(&llama, "Llama-2-7b-hf", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(arch_load(&s.hw, device, NULL, 0, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(stack_load(&s.stack, stack, set, sets, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(fidelity_find(&s.fidelity, "analytic", &err) == STATUS_OK);
    CU_ASSERT_FATAL(recipe_parse(&s.recipe, "fp16", (struct source_pos){ 0 }, &err) == STATUS_OK);
    CU_ASSERT_FATAL(engine_open(&e, &s, &err) == STATUS_OK);
    return e;
}

static struct engine_step step_of(struct engine *e, enum phase phase, int64_t count, int64_t q, int64_t kv)
{
    struct seq_group group = { count, q, kv };
    struct engine_step at = { 0 };

    CU_ASSERT_FATAL(engine_step(&at, e, phase, &group, 1, &err) == STATUS_OK);
    return at;
}

/* Launches at 10, 20, 30, 40; kernels of 5, 5, 30, 5: idle 10, then 5, then 5, then none, because the third still runs at 40. */
static void host_runs_ahead(void)
{
    static const int64_t times[] = { 5, 5, 30, 5 }, idle[] = { 10, 5, 5, 0 };
    struct host_queue q = { .launch_ps = 10 };

    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(host_queue_launch(&q, times[i]), idle[i]);
    CU_ASSERT_EQUAL(q.device_ps, 65);
}

/* A slow host sets the pace of short kernels, a fast one none; the kernels themselves are the same. */
static void eager_steps(void)
{
    const struct arch_override slow[] = { { "launch.host", "100 us" } }, fast[] = { { "launch.host", "1 ns" } };
    struct engine *a = engine_of("A100-80GB-SXM", "eager", slow, 1, 1), *b = engine_of("A100-80GB-SXM", "eager", fast, 1, 1);
    struct engine_step x = step_of(a, PHASE_DECODE, 1, 1, 128), y = step_of(b, PHASE_DECODE, 1, 1, 128);

    CU_ASSERT(near(x.device_s, y.device_s, 1e-12));
    CU_ASSERT(y.wait_s < 1e-6);
    CU_ASSERT(x.time_s - x.host_s >= 32 * 9 * 100e-6); /* nine kernels a layer at the least */
    CU_ASSERT(x.time_s - x.host_s < 32 * 20 * 100e-6);
    x = step_of(a, PHASE_PREFILL, 64, 2048, 2048);     /* long kernels: the host is ahead */
    CU_ASSERT(x.wait_s < 0.02 * x.device_s);
    engine_close(a);
    engine_close(b);
}

/* 6 738 415 616 parameters of 2 bytes (the published count); 2 x 32 layers x 32 heads x 128 x 2 bytes a token. */
static void cache_capacity(void)
{
    const struct arch_override set[] = { { "batching.runtime", "1 GiB" } };
    struct engine *e = engine_of("A100-40GB-SXM", "trtllm", set, 1, 1);
    double device = engine_spec(e)->hw->dram.bytes, left = device - 2.0 * 6738415616 - 1073741824.0;
    int64_t tokens = 0;

    CU_ASSERT_EQUAL(engine_kv_token_bytes(e), 524288);
    CU_ASSERT_EQUAL_FATAL(batch_cache_tokens(&tokens, e, &err), STATUS_OK);
    CU_ASSERT_EQUAL(tokens, (int64_t)(0.9 * left / 524288));
    engine_close(e);
    e = engine_of("L4", "trtllm", NULL, 0, 1); /* 24 GB: room for few */
    struct batch_load load = { 1, 60000, 60000 };
    struct batch_result r;
    CU_ASSERT_EQUAL(batch_run_static(&r, e, &load, &err), STATUS_INFEASIBLE);
    engine_close(e);
}

/* What does not fit waits: with whole requests reserved, 64 of them on 40 GB are served in waves. */
static void waves(void)
{
    struct engine *e = engine_of("A100-40GB-SXM", "trtllm-2024a", NULL, 0, 1);
    struct batch_load load = { 64, 1024, 1024 }, few = { 8, 1024, 1024 };
    struct batch_result r, s;
    int64_t tokens = 0;

    CU_ASSERT_EQUAL_FATAL(batch_cache_tokens(&tokens, e, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&s, e, &few, &err), STATUS_OK);
    CU_ASSERT(r.together <= tokens / 2048 && r.together > tokens / 2048 - 2);
    CU_ASSERT_EQUAL(r.preempted, 0);
    CU_ASSERT_EQUAL(s.rounds, 1);
    CU_ASSERT(r.time_s > 2 * s.time_s); /* three waves or more */
    engine_close(e);
    e = engine_of("A100-40GB-SXM", "vllm", NULL, 0, 1);
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT(r.preempted > 0); /* prompts fit, their outputs do not */
    engine_close(e);
}

/* The quadrature over contexts against the plain sum of iterations. */
static void quadrature(void)
{
    struct engine *e = engine_of("H100-80GB-SXM", "trtllm", NULL, 0, 1);
    struct batch_load load = { 16, 512, 200 };
    struct batch_result r;
    double sum = step_of(e, PHASE_PREFILL, 16, 512, 512).time_s;

    for (int64_t i = 1; i < 200; i++)
        sum += step_of(e, PHASE_DECODE, 16, 1, 512 + i + 1).time_s;
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT(near(r.time_s, sum, 5e-3));
    CU_ASSERT(near(r.tokens_per_s, 16 * 200 / r.time_s, 1e-12));
    load.out_tokens = 1;
    CU_ASSERT_EQUAL_FATAL(batch_run_static(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT(near(r.time_s, r.ttft_s, 1e-12));
    engine_close(e);
}

/* Eq. 3: with one prompt in each out / n iterations, the rate is n over the mean iteration. */
static void maximum_load(void)
{
    const struct arch_override set[] = { { "batching.sequences", "8" }, { "batching.mixed", "false" } };
    struct engine *e = engine_of("H100-80GB-SXM", "trtllm", set, 2, 1);
    struct batch_load load = { 0, 256, 64 };
    struct batch_result r;
    double decode_s = step_of(e, PHASE_DECODE, 8, 1, 256 + 32).time_s, prompt_s = step_of(e, PHASE_PREFILL, 1, 256, 256).time_s;

    CU_ASSERT_EQUAL_FATAL(batch_run_max_load(&r, e, &load, &err), STATUS_OK);
    CU_ASSERT_EQUAL(r.together, 8);
    CU_ASSERT(near(r.tokens_per_s, 8 / (decode_s + prompt_s * 8 / 64), 1e-9));
    engine_close(e);
}

/* Published parameter counts under the names that measurements use. */
static void model_names(void)
{
    static const struct { const char *name; int64_t parameters; } rows[] = {
        { "Llama-2-7b-hf", 6738415616 },    { "LLAMA2-13B", 13015864320 },     { "Meta-Llama-3-8B", 8030261248 },
        { "Mixtral-8x7B-v0.1", 46702792704 }, { "gpt-j-6b", 6050882784 },      { "DeepSeekV3", 671026419200 },
        { "mpt-1b", 1315950592 },           { "mpt-3b", 2651837440 },          { "mpt-13b", 12853954560 },
        { "mpt-30b", 29975214080 },         { "mpt-70b", 64862437376 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct model_info info;
        struct llm m;

        CHECK_ROW(rows[i].name, model_load(&m, rows[i].name, &arena, &err) == STATUS_OK &&
                                    llm_model_info(&info, &m, 0, &arena, &err) == STATUS_OK && info.parameters == rows[i].parameters);
    }
    struct llm m;
    CU_ASSERT_EQUAL(model_load(&m, "Lama-2-7b", &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "lama-2-7b"));
}

static const struct test tests[] = {
    { "the host runs ahead of the device", host_runs_ahead },
    { "eager steps wait for a slow host only", eager_steps },
    { "the cache takes what weights leave", cache_capacity },
    { "what does not fit is served in waves", waves },
    { "sampled contexts sum as all of them do", quadrature },
    { "maximum load is n over the mean iteration", maximum_load },
    { "models have the names of measurements", model_names },
};
TEST_MAIN("serving", tests)
