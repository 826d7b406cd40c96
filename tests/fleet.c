/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets: the source's own example, plans by hand, bins of requests by hand; rates under a limit are in order. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "costmodel/fleet.h"
#include "sim/batch_rate.h"
#include "sim/ideal_runtime.h"
#include "tests/harness.h"
#include "workloads/model_library.h"
#include "workloads/request_bins.h"

static bool near(double value, double wanted, double share)
{
    return fabs(value - wanted) <= share * fabs(wanted);
}

/* Melange's repository, README: shares 0.2, 0.1, 0.5, 0.2 of 30 requests/s; one A100 and three A10G at 1.01 and 3.67 $/h cost 6.70 $/h. */
static const struct fleet_bucket example_buckets[] = { { 1, 1, 6 }, { 1, 2, 3 }, { 2, 1, 15 }, { 2, 2, 6 } };
static const struct fleet_type example_types[] = { { "A10G", 1.01, -1 }, { "A100-80GB", 3.67, -1 } };
static const double example_rates[] = { 2, 1, 5, 2, 20, 20, 40, 20 };

static struct fleet_problem example(void)
{
    return (struct fleet_problem){ .types_count = 2, .buckets_count = 4, .slices = 1, .types = example_types, .buckets = example_buckets,
                                   .max_rate = example_rates };
}

static void published_example(void)
{
    struct fleet_problem p = example();
    struct arena arena = { 0 };
    struct fleet_plan plan;
    struct error err;

    CU_ASSERT_FATAL(fleet_solve(&plan, &p, &arena, &err) == STATUS_OK);
    CU_ASSERT(near(plan.usd_per_hour, 6.70, 1e-9));
    CU_ASSERT(plan.units[0] == 3 && plan.units[1] == 1);
    CU_ASSERT(plan.load[1] <= 1 + 1e-9);
    /* A100 alone: load 6/20 + 3/20 + 15/40 + 6/20 = 1.125, two of them; A10G alone: 3 + 3 + 3 + 3 = 12 */
    CU_ASSERT_FATAL(fleet_solve_single(&plan, &p, 1, &arena, &err) == STATUS_OK);
    CU_ASSERT(plan.units[1] == 2 && near(plan.usd_per_hour, 7.34, 1e-9));
    CU_ASSERT_FATAL(fleet_solve_single(&plan, &p, 0, &arena, &err) == STATUS_OK);
    CU_ASSERT(plan.units[0] == 12);
    arena_free(&arena);
}

/* More slices are never dearer, fewer units never cheaper; a plan serves every bucket whole and no unit more than it can. */
static void plans_are_sound(void)
{
    struct arena arena = { 0 };
    double before = INFINITY;

    for (int64_t slices = 1; slices <= 8; slices *= 2) {
        struct fleet_problem p = example();
        struct fleet_plan plan;

        p.slices = slices;
        CU_ASSERT_FATAL(fleet_solve(&plan, &p, &arena, NULL) == STATUS_OK);
        CU_ASSERT(plan.usd_per_hour <= before + 1e-9);
        before = plan.usd_per_hour;
        for (int b = 0; b < 4; b++)
            CU_ASSERT(near(plan.share[b] + plan.share[4 + b], 1, 1e-12));
        for (int g = 0; g < 2; g++)
            CU_ASSERT(plan.load[g] >= 0 && plan.load[g] <= 1 + 1e-9);
    }
    struct fleet_type few[] = { example_types[0], example_types[1] };
    struct fleet_problem p = example();
    struct fleet_plan plan;
    struct error err;
    p.types = few;
    few[1].most = 0;
    CU_ASSERT(fleet_solve(&plan, &p, &arena, &err) == STATUS_OK && plan.units[0] == 12 && plan.units[1] == 0);
    few[0].most = 11;
    CU_ASSERT(fleet_solve(&plan, &p, &arena, &err) == STATUS_INFEASIBLE && strstr(err.message, "number binds") != NULL);
    arena_free(&arena);
}

static void nobody_serves_it(void)
{
    static const double rates[] = { 2, 0, 5, 2, 20, 0, 40, 20 };
    struct fleet_problem p = example();
    struct arena arena = { 0 };
    struct fleet_plan plan;
    struct error err;

    p.max_rate = rates;
    CU_ASSERT(fleet_solve(&plan, &p, &arena, &err) == STATUS_INFEASIBLE);
    CU_ASSERT(strstr(err.message, "1 tokens in and 2 out") != NULL);
    p.slices = 0;
    CU_ASSERT(fleet_solve(&plan, &p, &arena, &err) == STATUS_BAD_INPUT);
    arena_free(&arena);
}

static void bins_keep_tokens(void)
{
    static const struct request requests[] = { { 0, 10, 5 }, { 1, 100, 5 }, { 2, 101, 7 }, { 3, 20, 6 }, { 4, 5000, 9 } };
    struct request_edges in, out;
    struct request_bin *bins;
    struct arena arena = { 0 };
    struct error err;
    int64_t count;

    CU_ASSERT_FATAL(!request_edges_parse(&in, "100,1000", "edges", &err) && !request_edges_parse(&out, "8", "edges", &err));
    CU_ASSERT_FATAL(request_bins(&bins, &count, requests, 5, &in, &out, &arena, &err) == STATUS_OK);
    CU_ASSERT_FATAL(count == 3); /* <= 100: three requests, 130 / 3 and 16 / 3; 101; 5000 with 9 */
    CU_ASSERT(bins[0].requests == 3 && bins[0].in_tokens == 43 && bins[0].out_tokens == 5);
    CU_ASSERT(bins[1].requests == 1 && bins[1].in_tokens == 101 && bins[1].out_tokens == 7);
    CU_ASSERT(bins[2].requests == 1 && bins[2].in_tokens == 5000 && bins[2].out_tokens == 9);
    static const char *const bad[] = { "", "1,", "2,1", "2,2", "0", "x", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_ROW(bad[i], request_edges_parse(&in, bad[i], "edges", &err) == STATUS_BAD_INPUT);
    arena_free(&arena);
}

static struct engine *open_engine(const char *device, struct llm *model, struct arena *arena)
{
    struct engine_spec spec = { .layout = { .tp = 1 }, .pp = 1, .fidelity = &fidelity_analytic, .model = model };
    struct engine *e = NULL;

    if (model_load(model, "llama-2-7b", arena, NULL) || arch_load(&spec.hw, device, NULL, 0, arena, NULL) || stack_load(&spec.stack, "vllm", NULL, 0, arena, NULL) ||
        recipe_parse(&spec.recipe, "fp16", (struct source_pos){ 0 }, NULL) || engine_open(&e, &spec, NULL))
        return NULL;
    return e;
}

/* A tighter limit never raises the rate, and what is promised is kept; a limit below one sequence's time serves nothing. */
static void rates_keep_the_limit(void)
{
    static const double limits_s[] = { 0, 0.2, 0.05, 0.02, 0.013, 0.001 };
    struct arena arena = { 0 };
    struct llm model;
    struct engine *e = open_engine("A100-80GB", &model, &arena);
    double before = INFINITY;

    CU_ASSERT_FATAL(e != NULL);
    for (size_t i = 0; i < sizeof limits_s / sizeof limits_s[0]; i++) {
        struct batch_rate rate;

        CU_ASSERT_FATAL(batch_rate_max(&rate, e, &(struct batch_load){ 0, 1000, 500 }, limits_s[i], NULL) == STATUS_OK);
        CU_ASSERT(rate.requests_per_s <= before);
        CU_ASSERT(rate.requests_per_s == 0 || limits_s[i] == 0 || rate.tpot_s <= limits_s[i]);
        CU_ASSERT(rate.requests_per_s == 0 || near(rate.requests_per_s, (double)rate.together / (rate.tpot_s * 500), 1e-9));
        before = rate.requests_per_s;
    }
    CU_ASSERT(before == 0);
    struct batch_rate rate; /* 2^20 tokens of cache do not fit 80 GiB */
    CU_ASSERT(batch_rate_max(&rate, e, &(struct batch_load){ 0, 1 << 20, 100 }, 0, NULL) == STATUS_OK && rate.requests_per_s == 0);
    engine_close(e);
    arena_free(&arena);
}

/* T = alpha + beta (o - 1); no token is made faster than 13.5 GB of weights are read at 2.039 TB/s; a longer prompt costs more. */
static void runtime_of_one(void)
{
    struct arena arena = { 0 };
    struct llm model;
    struct engine *e = open_engine("A100-80GB", &model, &arena);
    struct ideal_runtime one, many, longer;

    CU_ASSERT_FATAL(e != NULL);
    CU_ASSERT(!ideal_runtime(&one, e, 512, 1, NULL) && !ideal_runtime(&many, e, 512, 64, NULL) && !ideal_runtime(&longer, e, 1920, 64, NULL));
    CU_ASSERT(one.beta_s == 0 && one.time_s == one.alpha_s && many.alpha_s == one.alpha_s);
    CU_ASSERT(near(many.time_s, many.alpha_s + 63 * many.beta_s, 1e-12));
    CU_ASSERT(many.beta_s > 13.2e9 / 2.039e12);
    CU_ASSERT(longer.alpha_s > 2 * many.alpha_s && longer.beta_s > many.beta_s && longer.beta_s < 1.2 * many.beta_s);
    engine_close(e);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "the published example", published_example },
    { "plans are sound", plans_are_sound },
    { "sizes that nobody serves", nobody_serves_it },
    { "bins keep the tokens", bins_keep_tokens },
    { "rates keep the limit", rates_keep_the_limit },
    { "runtime of one request", runtime_of_one },
};

TEST_MAIN("fleet", tests)
