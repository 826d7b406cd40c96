/* SPDX-License-Identifier: Apache-2.0 */
/* Training: bubbles, memory and exchange worked out by hand or taken from the papers that the model follows. */
#include <math.h>
#include <string.h>

#include "sim/training.h"
#include "tests/harness.h"
#include "workloads/model_library.h"

static struct arena arena;
static struct error err;

static bool near(double a, double b, double share)
{
    return fabs(a - b) <= share * fabs(b);
}

/* GPT-3 175B on 64 devices of Selene, as in arXiv 2205.05198: tp 8, pp 8, 3 chunks a stage, 64 sequences of 2048. */
static struct training_spec gpt3(struct llm *model)
{
    struct training_spec s = { .tp = 8, .pp = 8, .chunks = 3, .dp = 1, .ep = 1, .cp = 1, .micro_batch = 1, .global_batch = 64, .seq = 2048 };

    CU_ASSERT_FATAL(model_load(model, "GPT3-175B", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(arch_system_load(&s.system, "selene", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(stack_load(&s.stack, "megatron-2022", NULL, 0, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(fidelity_find(&s.fidelity, "analytic", &err) == STATUS_OK);
    CU_ASSERT_FATAL(recipe_parse(&s.recipe, "fp16", (struct source_pos){ 0 }, &err) == STATUS_OK);
    s.model = model;
    return s;
}

static struct training_result run_of(const struct training_spec *s)
{
    struct training_result r = { 0 };

    CU_ASSERT_FATAL(training_run(&r, s, &arena, &err) == STATUS_OK);
    return r;
}

static void bubbles(void)
{
    static const struct { const char *label; int64_t pp, chunks, micro_batches; double share; } rows[] = {
        { "one stage", 1, 1, 8, 0 },                    /* nothing to fill */
        { "8 stages, 64", 8, 1, 64, 7.0 / 64 },         /* arXiv 2104.04473, 2.2.1 */
        { "8 stages, 64, 3 chunks", 8, 3, 64, 7.0 / 192 },
        { "as many as stages", 4, 1, 4, 0.75 },
    };
    struct llm model;
    struct training_spec s = gpt3(&model);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].label, near(training_bubble_share(rows[i].pp, rows[i].chunks, rows[i].micro_batches), rows[i].share, 1e-12));
    /* 64 micro-batches more add 64 (F + B): the bubble and the optimizer are paid once */
    struct training_result one = run_of(&s);
    s.global_batch = 128;
    struct training_result two = run_of(&s);
    CU_ASSERT(near(two.iteration_s - one.iteration_s, 64 * (one.forward_s + one.backward_s), 1e-9));
    CU_ASSERT(near(one.bubble_s, two.bubble_s, 1e-9));
}

/* arXiv 2205.05198, Eq. 2 and 6, and its figure 1: s b h L (10 + 24/t + 5 a s/(h t)) (1 + (p - 1)/(p m)), and 34/t selective. */
static void activations_of_the_paper(void)
{
    const double gib = 1073741824.0, sbh = 2048.0 * 12288.0 * 96.0, in_flight = 1 + 7.0 / 24;
    struct llm model;
    struct training_spec s = gpt3(&model);

    CU_ASSERT(near(run_of(&s).memory.activations, sbh * (10 + 24.0 / 8 + 5.0 * 96 * 2048 / (12288.0 * 8)) * in_flight, 1e-3));
    CU_ASSERT(near(run_of(&s).memory.activations / gib, 66.84, 2e-3));
    s.recompute = RECOMPUTE_SELECTIVE;
    s.sequence_parallel = true;
    CU_ASSERT(near(run_of(&s).memory.activations / gib, 12.35, 2e-3));
    s.recompute = RECOMPUTE_FULL;
    s.sequence_parallel = false;
    CU_ASSERT(near(run_of(&s).memory.activations, 2 * sbh * in_flight, 1e-9)); /* a layer's input, whole on every rank */
}

/* What a step takes: recomputing forward adds a forward pass, so between 4/3 and a little more of forward and backward. */
static void recomputation(void)
{
    struct llm model;
    struct training_spec s = gpt3(&model);
    struct training_result none = run_of(&s);

    s.recompute = RECOMPUTE_FULL;
    struct training_result full = run_of(&s);
    double more = (full.forward_s + full.backward_s) / (none.forward_s + none.backward_s);
    CU_ASSERT(more > 1.28 && more < 1.38);
    s.recompute = RECOMPUTE_SELECTIVE;
    struct training_result selective = run_of(&s);
    CU_ASSERT(selective.backward_s > none.backward_s && selective.backward_s < full.backward_s);
    CU_ASSERT(none.backward_s > 1.7 * none.forward_s && none.backward_s < 2.3 * none.forward_s); /* two products for one */
}

/* MPT 1B under FSDP on 8 devices: 1 315 950 592 parameters (llm-foundry's own count), 2 + 2 + 12 bytes each, an eighth on each. */
static void fully_sharded(void)
{
    const double n = 1315950592;
    struct llm model;
    struct training_spec s = gpt3(&model);

    CU_ASSERT_FATAL(model_load(&model, "mpt-1b", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(stack_load(&s.stack, "fsdp-2023", NULL, 0, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(recipe_parse(&s.recipe, "bf16", (struct source_pos){ 0 }, &err) == STATUS_OK);
    s.tp = s.pp = s.chunks = 1;
    s.dp = 8;
    s.sharding = SHARDING_FULL;
    s.micro_batch = 8;
    s.global_batch = 512;
    struct training_result r = run_of(&s);
    CU_ASSERT_EQUAL(r.parameters, n);
    CU_ASSERT(near(r.memory.parameters, 2 * n / 8, 1e-9));
    CU_ASSERT(near(r.memory.gradients, 2 * n / 8, 1e-9));
    CU_ASSERT(near(r.memory.optimizer, 12 * n / 8, 1e-9));
    CU_ASSERT(near(r.flops_per_token, 6 * n + 12.0 * 24 * 2048 * 2048, 1e-9)); /* 24 layers, hidden 2048, seq 2048 */
    CU_ASSERT_EQUAL(r.tokens, 512.0 * 2048);
    /* replicated: all of the states everywhere, and gradients exchanged once an iteration */
    s.sharding = SHARDING_NONE;
    struct training_result whole = run_of(&s);
    CU_ASSERT(near(whole.memory.optimizer, 12 * n, 1e-9));
    CU_ASSERT(whole.exchange_s > 0);
    s.overlap_gradients = true;
    CU_ASSERT(run_of(&s).exchange_s < whole.exchange_s);
}

/*
 * DeepSeek-V3, 64 ranks of experts over 8 nodes, 4096 tokens x 8 experts x 7168 x 2 B = 470 MB of a rank. Copy by copy 7/8 of them leave the node, 8.22 ms at
 * 50 GB/s; once a node 8 (1 - (7/8)^8) = 5.25 of 8 copies, 5.40 ms. Twice a layer, 58 layers, 8 stages.
 */
static void tokens_reach_a_node_once(void)
{
    struct arch_override copies = { "training.dispatch_once_a_node", "false" };
    struct llm model;
    struct training_spec s = gpt3(&model);

    CU_ASSERT_FATAL(model_load(&model, "DeepSeekV3", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(arch_system_load(&s.system, "HGX-H100-8xSXM", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(recipe_parse(&s.recipe, "bf16", (struct source_pos){ 0 }, &err) == STATUS_OK);
    s.tp = s.chunks = s.micro_batch = 1;
    s.ep = s.dp = s.global_batch = 64;
    s.seq = 4096;
    CU_ASSERT_FATAL(stack_load(&s.stack, "megatron-te", &copies, 1, &arena, &err) == STATUS_OK);
    double each = run_of(&s).forward_s;
    CU_ASSERT_FATAL(stack_load(&s.stack, "megatron-te", NULL, 0, &arena, &err) == STATUS_OK);
    double once = run_of(&s).forward_s;
    CU_ASSERT(near(each - once, 2 * 58 * (8.22e-3 - 5.40e-3) / 8, 0.02));
    s.overlap_dispatch = true; /* what is left is the longer of the two, with a few SMs fewer */
    double beside = run_of(&s).forward_s, exchange = 2 * 58 * 5.40e-3 / 8;
    CU_ASSERT(beside < once && beside >= exchange && beside >= once - exchange);
}

/* A schedule's shape by hand, and its end where all stages take the same time: Eq. 1, n (F + B) + (pp - 1)/v (F + B). */
static void schedules(void)
{
    static const struct { const char *label; int64_t stages, chunks, micro_batches, in_flight_first, in_flight_last; } rows[] = {
        { "one stage", 1, 1, 5, 1, 1 },      { "four stages", 4, 1, 8, 4, 1 },  { "fewer micro-batches than stages", 8, 1, 3, 3, 1 },
        { "two chunks", 4, 2, 8, 11, 5 },    /* warm-up 2 (p - i - 1) + (v - 1) p passes, and the one that runs */
        { "four chunks", 2, 4, 6, 9, 7 },
    };
    struct training_schedule s;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct training_pipeline p = { rows[i].stages, rows[i].chunks, rows[i].micro_batches, 1.0, 2.0, 0, 0 };
        double n = (double)p.micro_batches, stages = (double)p.stages, eq1 = n * 3 + (stages - 1) / (double)p.chunks * 3;

        CHECK_ROW(rows[i].label, training_schedule(&s, &p, &arena, &err) == STATUS_OK);
        CHECK_ROW(rows[i].label, s.count == 2 * p.stages * p.chunks * p.micro_batches);
        CHECK_ROW(rows[i].label, near(s.time_s, eq1, 1e-12));
        CHECK_ROW(rows[i].label, fabs(s.idle_share - (1 - n * 3 / eq1)) < 1e-12);
        CHECK_ROW(rows[i].label, training_schedule_in_flight(&s, 0) == rows[i].in_flight_first);
        CHECK_ROW(rows[i].label, training_schedule_in_flight(&s, p.stages - 1) == rows[i].in_flight_last);
    }
}

/* What must hold of any schedule: a stage does one thing at a time, a pass waits for its neighbours; and of the memory: activations of the passes in flight. */
static void schedule_keeps_order(void)
{
    const struct training_pipeline p = { 4, 2, 8, 1.0, 2.25, 0.5, 0.75 };
    struct training_schedule s;
    double forward_end[2][4][8] = { { { 0 } } };
    struct llm model;
    struct training_spec spec = gpt3(&model);

    CU_ASSERT_FATAL(training_schedule(&s, &p, &arena, &err) == STATUS_OK);
    for (int64_t i = 0; i < s.count; i++) {
        const struct training_slot *a = &s.slots[i];

        if (!a->backward)
            forward_end[a->chunk][a->stage][a->micro_batch] = a->start_s + a->time_s;
        if (i > 0 && s.slots[i - 1].stage == a->stage)
            CU_ASSERT(a->start_s >= s.slots[i - 1].start_s + s.slots[i - 1].time_s - 1e-12);
    }
    for (int64_t i = 0; i < s.count; i++) {
        const struct training_slot *a = &s.slots[i];

        if (!a->backward && a->stage > 0)
            CU_ASSERT(a->start_s >= forward_end[a->chunk][a->stage - 1][a->micro_batch] - 1e-12);
        if (a->backward)
            CU_ASSERT(a->start_s >= forward_end[1][3][a->micro_batch] - 1e-12); /* behind the whole forward pass of its micro-batch */
    }
    CU_ASSERT_EQUAL(training_schedule(&s, &(struct training_pipeline){ 4, 2, 6, 1, 1, 0, 0 }, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "6 micro-batches"));
    CU_ASSERT_EQUAL(training_schedule(&s, &(struct training_pipeline){ 1 << 20, 1, 1 << 20, 1, 1, 0, 0 }, &arena, &err), STATUS_BAD_INPUT);
    for (int chunks = 1; chunks <= 3; chunks += 2) {
        spec.chunks = chunks;
        struct training_result r = run_of(&spec);

        CU_ASSERT_FATAL(training_schedule(&s, &r.pipeline, &arena, &err) == STATUS_OK);
        CU_ASSERT(near(r.memory.pass_activations * (double)training_schedule_in_flight(&s, 0), r.memory.activations, 1e-9));
        CU_ASSERT(s.time_s >= (double)r.pipeline.micro_batches * (r.forward_s + r.backward_s)); /* the last stage's work, and filling */
        CU_ASSERT(s.time_s <= r.iteration_s - r.exchange_s - r.optimizer_s + 1e-9);
    }
}

static void bad_layouts(void)
{
    struct llm model;
    struct training_spec s = gpt3(&model);
    struct training_result r;

    s.global_batch = 63;
    s.dp = 2;
    CU_ASSERT_EQUAL(training_run(&r, &s, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "global batch 63"));
    s = gpt3(&model);
    s.pp = 97;
    CU_ASSERT_EQUAL(training_run(&r, &s, &arena, &err), STATUS_BAD_INPUT);
    s = gpt3(&model);
    s.tp = 16;
    CU_ASSERT_EQUAL(training_run(&r, &s, &arena, &err), STATUS_INFEASIBLE); /* beyond the switch */
}

/* Expected largest of N normal deviates, L. H. C. Tippett, Biometrika 17, 1925; Blom's formula is within 1 %, for two within 5 %. Only what a device computes waits. */
static void slowest_chips(void)
{
    static const struct { const char *label; int64_t devices; double z, within; } rows[] = {
        { "1", 1, 0, 0 },              { "2", 2, 0.56419, 0.05 },     { "5", 5, 1.16296, 0.02 },     { "10", 10, 1.53875, 0.01 },
        { "100", 100, 2.50759, 0.01 }, { "1000", 1000, 3.24144, 0.01 },
    };
    const struct arch_override none = { "training.chip_spread", "0" }, much = { "training.chip_spread", "0.1" };
    struct training_result even, uneven;
    struct llm model;
    struct training_spec s = gpt3(&model);
    double before = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double z = training_slowest_factor(1, rows[i].devices) - 1;

        CHECK_ROW(rows[i].label, fabs(z - rows[i].z) <= rows[i].within * rows[i].z + 1e-12 && z >= before);
        before = z;
    }
    CU_ASSERT_FATAL(stack_load(&s.stack, "megatron-2022", &none, 1, &arena, &err) == STATUS_OK);
    even = run_of(&s);
    CU_ASSERT_FATAL(stack_load(&s.stack, "megatron-2022", &much, 1, &arena, &err) == STATUS_OK);
    uneven = run_of(&s);
    double factor = training_slowest_factor(0.1, 64);
    CU_ASSERT(uneven.forward_s > even.forward_s * (1 + (factor - 1) / 2) && uneven.forward_s < even.forward_s * factor); /* exchanges take as long */
    CU_ASSERT(near(uneven.optimizer_s, even.optimizer_s, 1e-12));
}

/* Two stages hold half of the layers each, exchange half as much, and wait for each other; so a micro-batch takes more than half and less than all. */
static void sharded_stages(void)
{
    struct llm model;
    struct training_spec s = gpt3(&model);
    struct training_result one, two;

    CU_ASSERT_FATAL(model_load(&model, "mpt-1b", &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(stack_load(&s.stack, "fsdp-2023", NULL, 0, &arena, &err) == STATUS_OK);
    s.tp = s.pp = s.chunks = 1;
    s.dp = 4;
    s.global_batch = 64;
    s.sharding = SHARDING_FULL;
    one = run_of(&s);
    CU_ASSERT_EQUAL(one.bubble_s, 0);
    s.pp = 2;
    two = run_of(&s);
    CU_ASSERT_EQUAL(two.pipeline.stages, 2);
    CU_ASSERT(two.forward_s > one.forward_s / 2 && two.forward_s < one.forward_s);
    CU_ASSERT(two.bubble_s > (two.forward_s + two.backward_s) / 2 && two.bubble_s < two.forward_s + two.backward_s);
    CU_ASSERT(two.iteration_s > one.iteration_s / 2 && two.iteration_s < one.iteration_s);
}

/*
 * Kernels of an eager framework's own, MPT 1B on A100 80 GB: nine bias vectors of d_model elements (3 + 1 + 4 + 1) are sums over 8 x 2048 tokens of 2-byte
 * gradients, 18 bytes a token and element, and the three gradients of query, key and value are read and written, 12: 30 x 16384 x 2048 x 24 layers
 * = 24.2 GB, 11.9 ms at 2039 GB/s and no less. An exchange that takes SMs slows what runs beside it.
 */
static void eager_gradients(void)
{
    const struct arch_override none = { "training.separate_gradients", "false" }, sms[] = { { "training.exchange_sms", "0" }, { "training.exchange_sms", "54" } };
    const double least_s = 30.0 * 16384 * 2048 * 24 / 2.039e12;
    struct training_result r[2];
    struct llm model;
    struct training_spec s = gpt3(&model);

    CU_ASSERT_FATAL(model_load(&model, "mpt-1b", &arena, &err) == STATUS_OK);
    s.tp = s.pp = s.chunks = 1;
    s.dp = 8;
    s.sharding = SHARDING_FULL;
    s.micro_batch = 8;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_FATAL(stack_load(&s.stack, "fsdp-2023", &none, i == 0, &arena, &err) == STATUS_OK);
        r[i] = run_of(&s);
    }
    CU_ASSERT(near(r[0].forward_s, r[1].forward_s, 1e-12));
    CU_ASSERT(r[1].backward_s - r[0].backward_s >= least_s && r[1].backward_s - r[0].backward_s < 2 * least_s);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_FATAL(stack_load(&s.stack, "fsdp-2023", &sms[i], 1, &arena, &err) == STATUS_OK);
        r[i] = run_of(&s);
    }
    CU_ASSERT(r[1].forward_s > r[0].forward_s && r[1].backward_s > r[0].backward_s && r[1].exchange_s > r[0].exchange_s);
}

static const struct test tests[] = {
    { "the bubble is paid once", bubbles },
    { "activations are the paper's", activations_of_the_paper },
    { "recomputation adds forward work", recomputation },
    { "sharded states are an eighth on eight", fully_sharded },
    { "an eager framework's gradients are kernels of their own", eager_gradients },
    { "devices wait for the slowest chip", slowest_chips },
    { "sharded parameters go with stages", sharded_stages },
    { "tokens reach a node once", tokens_reach_a_node_once },
    { "a schedule ends when Eq. 1 says", schedules },
    { "a schedule keeps its order, and what is in flight fills the memory", schedule_keeps_order },
    { "layouts that cannot be are refused", bad_layouts },
};
TEST_MAIN("training", tests)
