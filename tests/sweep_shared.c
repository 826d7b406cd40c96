/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What many designs share changes no result: a design run after others, in whatever order, equals the same design run alone, byte for byte.
 */
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "base/path.h"
#include "sim/run.h"
#include "tests/harness.h"

static struct arena arena;

/* Recipes that differ in the cache alone, in what rides in streams, in units and in widths; infeasible ones too. */
static const char *const recipes[] = {
    "fp16", "w=int4g128,a=fp16", "w=int4g128,a=fp16,kv=fp8", "w=int4g128,a=fp16,kv=int4g64", "w=int8,a=int8", "w=int8,a=int8,kv=int8", "fp8,kv=fp8",
    "bf16", "bf16,kv=fp8", "w=int2g64,a=int8,kv=fp16,head=int8", "w=int4g128z,a=fp8,kv=fp8", "w=int4g128,a=fp16,kv=fp8,attn=fp8_e4m3",
};
enum { RECIPES = sizeof recipes / sizeof recipes[0], LAYOUTS = 2 };
static const int64_t layouts[LAYOUTS] = { 1, 4 };

struct scene { const char *label, *arch, *stack, *trace, *fidelity; enum mapping_choice choice; size_t limit_bytes; };
static const struct scene scenes[] = {
    { "A100, decode and prefill", "A100-80GB-SXM", NULL, "workloads/llama3-8b.trace", "analytic", MAPPING_PICKED, 0 },
    { "LUT units, best mappings", "lut_tc", NULL, "workloads/llama3-8b.trace", "analytic", MAPPING_BEST, 0 },
    { "H100, experts", "H100-80GB-SXM", "vllm", "workloads/mixtral-8x7b.trace", "analytic", MAPPING_PICKED, 0 },
    { "B200, roofline", "B200", NULL, "workloads/llama70b.trace", "roofline", MAPPING_PICKED, 0 },
    { "A100, launched by the host", "A100-80GB-SXM", "eager", "workloads/llama3-8b.trace", "analytic", MAPPING_PICKED, 0 },
    { "A100, little memory", "A100-80GB-SXM", NULL, "workloads/llama3-8b.trace", "analytic", MAPPING_PICKED, 1 << 20 },
    { "A100, no memory", "A100-80GB-SXM", NULL, "workloads/llama3-8b.trace", "analytic", MAPPING_PICKED, 1 },
};

static bool same_double(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }
static bool same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool same_row(const struct breakdown_row *a, const struct breakdown_row *b)
{
    bool same = a->phase == b->phase && same_text(a->role, b->role) && same_text(a->note, b->note) && same_text(a->kind, b->kind) && a->count == b->count &&
                a->time_ps == b->time_ps && memcmp(a->parts_ps, b->parts_ps, sizeof a->parts_ps) == 0 && a->bound == b->bound && same_double(a->flops, b->flops) &&
                memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 && same_double(a->table_bytes, b->table_bytes) && same_double(a->psum_bytes, b->psum_bytes);

    return same && same_double(a->events.fma, b->events.fma) && same_text(a->events.fma_op, b->events.fma_op) && same_double(a->events.unit_ops, b->events.unit_ops) &&
           same_double(a->events.vector_ops, b->events.vector_ops) && same_double(a->events.instructions, b->events.instructions) &&
           a->best_time_ps == b->best_time_ps && a->roofline_time_ps == b->roofline_time_ps && strcmp(a->mapping, b->mapping) == 0 &&
           same_double(a->simulated_fraction, b->simulated_fraction) && same_double(a->extrapolation_error, b->extrapolation_error) &&
           same_double(a->voltage_scale, b->voltage_scale);
}

static bool same_result(const struct result *a, const struct result *b)
{
    bool same = a->key.high == b->key.high && a->key.low == b->key.low && a->time_ps == b->time_ps && a->ttft_ps == b->ttft_ps && a->tpot_ps == b->tpot_ps &&
                a->generated_tokens == b->generated_tokens && memcmp(&a->memory, &b->memory, sizeof a->memory) == 0 && a->memo_hits == b->memo_hits &&
                a->memo_misses == b->memo_misses && a->rows_count == b->rows_count && a->phases_count == b->phases_count && a->warnings_count == b->warnings_count;

    for (int64_t i = 0; same && i < a->rows_count; i++)
        same = same_row(&a->rows[i], &b->rows[i]);
    for (int64_t i = 0; same && i < a->warnings_count; i++)
        same = strcmp(a->warnings[i], b->warnings[i]) == 0;
    return same;
}

/* Designs in a scattered order and twice each; each against a run that shares nothing. */
static void check_scene(const struct scene *s)
{
    const char *trace = data_path(s->trace, &arena);
    struct run_trace *steps = NULL;
    struct runner *runner = NULL;
    struct run_spec spec = { .fidelity = s->fidelity, .choice = s->choice };
    struct error err = { 0 };
    enum { DESIGNS = RECIPES * LAYOUTS, STRIDE = 7 }; /* coprime to 24 */

    if (!trace || arch_load(&spec.hw, s->arch, NULL, 0, &arena, &err) ||
        stack_load(&spec.stack, s->stack ? s->stack : spec.hw->default_stack, NULL, 0, &arena, &err) || run_trace_open(&steps, trace, &err) ||
        runner_open(&runner, spec.hw, spec.stack, steps, s->fidelity, s->choice, &err)) {
        CHECK_ROW(s->label, false);
        run_trace_close(steps);
        return;
    }
    if (s->limit_bytes > 0)
        runner_limit(runner, s->limit_bytes);
    for (int i = 0; i < 2 * DESIGNS; i++) {
        int design = i * STRIDE % DESIGNS;
        struct result shared = { 0 }, alone = { 0 };
        struct error why = { 0 };
        char label[160];

        snprintf(label, sizeof label, "%s: %s, tp=%lld", s->label, recipes[design / LAYOUTS], (long long)layouts[design % LAYOUTS]);
        spec.layout.tp = layouts[design % LAYOUTS];
        CHECK_ROW(label, recipe_parse(&spec.recipe, recipes[design / LAYOUTS], (struct source_pos){ 0 }, &err) == STATUS_OK);
        enum status st = runner_run(&shared, runner, NULL, &spec.recipe, &spec.layout, &arena, NULL, &why);
        CHECK_ROW(label, run(&alone, &spec, trace, &arena, NULL, NULL, &err) == st);
        CHECK_ROW(label, st == STATUS_OK ? same_result(&shared, &alone) : strcmp(why.message, err.message) == 0);
    }
    runner_close(runner);
    run_trace_close(steps);
    arena_reset(&arena);
}

static void test_designs(void)
{
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++)
        check_scene(&scenes[i]);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "designs that share traces, lowered steps and timed kernels equal designs run alone", test_designs },
};
TEST_MAIN("sweep_shared", tests)
