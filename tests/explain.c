/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations: sensitivities against descriptions that were really changed, waves by hand, shapes that hold what they promise. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "base/checked.h"
#include "sim/explain.h"
#include "tests/harness.h"

/* A spec for bare shapes, with overrides laid over the hardware. */
static bool open_spec(struct run_spec *spec, const char *device, const char *stack, const struct arch_override *overrides, int64_t count,
                      struct arena *arena)
{
    struct error err = { 0 };

    *spec = (struct run_spec){ .layout = { .tp = 1 }, .fidelity = "analytic" };
    if (arch_load(&spec->hw, device, overrides, count, arena, &err) || stack_load(&spec->stack, stack, NULL, 0, arena, &err) ||
        recipe_parse(&spec->recipe, "fp16", (struct source_pos){ "test", 0, 0 }, &err)) {
        CU_FAIL("a shipped description does not load");
        return false;
    }
    return true;
}

static bool explain_gemm(struct explanation *e, const struct run_spec *spec, int64_t m, int64_t n, int64_t k, struct arena *arena)
{
    const struct explain_gemm shape = { m, n, k, false };
    const struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .ranks = 1 };
    const struct kernel *kernel;
    struct error err = { 0 };

    return explain_gemm_kernel(&kernel, &shape, spec, arena, &err) == STATUS_OK && explain_kernel(e, kernel, &ctx, arena, &err) == STATUS_OK;
}

static const struct explain_sensitivity *find(const struct explanation *e, const char *path)
{
    for (int64_t i = 0; i < e->sensitivities_count; i++)
        if (strcmp(e->sensitivities[i].path, path) == 0)
            return &e->sensitivities[i];
    return NULL;
}

/* The other way round: the description itself says 10 % more, through the YAML reader. */
static void sensitivities_are_true(void)
{
    static const struct { const char *path, *plus_10; } rows[] = {
        { "dram.bandwidth", "2242.9 GB/s" },            /* A100: 2039 GB/s */
        { "l2.bandwidth", NULL }, { "launch.cold_program", NULL }, { "clock.boost", NULL }, { "sm.count", NULL },
    };
    struct arena arena = { 0 };
    struct run_spec spec;
    struct explanation e, changed;

    if (!open_spec(&spec, "A100", "kernel-only", NULL, 0, &arena) || !explain_gemm(&e, &spec, 1000, 8192, 8192, &arena)) {
        CU_FAIL("no explanation");
        arena_free(&arena);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct explain_sensitivity *s = find(&e, rows[i].path);
        struct arch_override o = { rows[i].path, rows[i].plus_10 };
        double by = 0.1;

        if (strcmp(rows[i].path, "sm.count") == 0) { /* 108 to 119 */
            o.value = "119";
            by = 119.0 / 108 - 1;
        } else if (!o.value && s) {
            const char *unit = strcmp(rows[i].path, "clock.boost") == 0 ? "Hz" : strncmp(rows[i].path, "launch", 6) == 0 ? "s" : "B/cycle";
            o.value = arena_printf(&arena, "%.17g %s", s->value * 1.1, unit);
        }
        if (!s || !open_spec(&spec, "A100", "kernel-only", &o, 1, &arena) || !explain_gemm(&changed, &spec, 1000, 8192, 8192, &arena)) {
            CHECK_ROW(rows[i].path, false);
            continue;
        }
        double expected = (changed.timing.time_s / e.timing.time_s - 1) * 0.1 / by;
        CHECK_ROW(rows[i].path, fabs(s->change - expected) < 1e-9);
    }
    CU_ASSERT_PTR_NULL(find(&e, "link.bandwidth"));   /* no link in a GEMM */
    CU_ASSERT_PTR_NULL(find(&e, "launch.graph_gap")); /* no graph in this stack */
    for (int64_t i = 1; i < e.sensitivities_count; i++)
        CHECK_ROW("sorted by size", fabs(e.sensitivities[i].change) <= fabs(e.sensitivities[i - 1].change));
    arena_free(&arena);
}

/* Each suggested shape, explained on its own, takes the time that was promised for it, and does more work a second. */
static void shapes_hold(void)
{
    struct arena arena = { 0 };
    struct run_spec spec;
    struct explanation e, other;

    if (open_spec(&spec, "A100", "kernel-only", NULL, 0, &arena) && explain_gemm(&e, &spec, 264, 7680, 5120, &arena)) {
        CU_ASSERT_TRUE(e.shapes_count > 0); /* a third row of tiles for 8 of 264 rows */
        for (int64_t i = 0; i < e.shapes_count; i++) {
            const struct explain_shape *s = &e.shapes[i];
            bool m = s->dimension == 'm';

            CHECK_ROW(s->why, explain_gemm(&other, &spec, m ? s->size : 264, m ? 7680 : s->size, 5120, &arena));
            CHECK_ROW(s->why, fabs(other.timing.time_s / s->time_s - 1) < 1e-6);
            CHECK_ROW(s->why, s->rate > 1);
        }
    } else {
        CU_FAIL("no explanation");
    }
    arena_free(&arena);
}

static void waves_by_hand(void)
{
    static const struct { const char *label; int64_t m, n, k; } rows[] = {
        { "264 rows", 264, 7680, 5120 }, { "whole tiles", 256, 8192, 4096 }, { "one row", 1, 4096, 4096 } };
    struct arena arena = { 0 };
    struct run_spec spec;
    struct explanation e;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && open_spec(&spec, "A100", "library", NULL, 0, &arena); i++) {
        CHECK_ROW(rows[i].label, explain_gemm(&e, &spec, rows[i].m, rows[i].n, rows[i].k, &arena));
        const struct gemm_mapping *g = &e.timing.mapping.gemm;
        int64_t tiles = ceil_div_i64(rows[i].m, g->tile_m) * ceil_div_i64(rows[i].n, g->tile_n);
        double area = (double)tiles * (double)g->tile_m * (double)g->tile_n;

        CHECK_ROW(rows[i].label, e.waves.blocks == tiles * g->split_k && e.waves.sms == 108);
        CHECK_ROW(rows[i].label, fabs(e.waves.tile_share - (double)rows[i].m * (double)rows[i].n / area) < 1e-12);
        CHECK_ROW(rows[i].label, fabs(e.waves.waves - (double)e.waves.blocks / (108.0 * (double)e.waves.blocks_per_sm)) < 1e-12);
        CHECK_ROW(rows[i].label, e.roofline_s <= e.timing.time_s);
    }
    arena_free(&arena);
}

/* The picked mapping is among those shown, its time is the kernel's, the rule prefers none of the others, and as many as said are faster. */
static void mappings_agree(void)
{
    static const struct { const char *label; int64_t m, n, k; } rows[] = { { "split-K", 8, 4096, 16384 }, { "square", 4096, 4096, 4096 } };
    struct arena arena = { 0 };
    struct run_spec spec;
    struct explanation e;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && open_spec(&spec, "H100", "library", NULL, 0, &arena); i++) {
        int64_t picked = 0, faster = 0;

        CHECK_ROW(rows[i].label, explain_gemm(&e, &spec, rows[i].m, rows[i].n, rows[i].k, &arena));
        CHECK_ROW(rows[i].label, e.mappings_count > 1 && e.legal_count >= e.mappings_count);
        for (int64_t j = 0; j < e.mappings_count; j++) {
            picked += e.mappings[j].picked;
            faster += e.mappings[j].time_s < e.timing.time_s;
            if (e.mappings[j].picked)
                CHECK_ROW(rows[i].label, fabs(e.mappings[j].time_s / e.timing.time_s - 1) < 1e-12);
            if (j > 0)
                CHECK_ROW(rows[i].label, e.mappings[j].time_s >= e.mappings[j - 1].time_s);
        }
        CHECK_ROW(rows[i].label, picked == 1);
        CHECK_ROW(rows[i].label, faster <= e.faster_count);
    }
    arena_free(&arena);
}

/* Measured as what a slower mapping takes: that mapping is the closest. Measured as with 5 % more bandwidth: that change is found. */
static void gaps_are_found(void)
{
    const struct arch_override more = { "dram.bandwidth", "2140.95 GB/s" }; /* A100: 2039 GB/s, 5 % more */
    struct arena arena = { 0 };
    struct run_spec spec, changed;
    struct explanation e, faster;
    struct explain_gap gap;
    struct error err;
    double found = 0;

    if (open_spec(&spec, "A100", "kernel-only", NULL, 0, &arena) && explain_gemm(&e, &spec, 64, 8192, 8192, &arena) &&
        open_spec(&changed, "A100", "kernel-only", &more, 1, &arena) && explain_gemm(&faster, &changed, 64, 8192, 8192, &arena)) {
        const struct explain_mapping *slow = &e.mappings[e.legal_count / 2];

        CU_ASSERT_EQUAL(explain_gap(&gap, &e, slow->time_s, &arena, &err), STATUS_OK);
        CU_ASSERT_TRUE(gap.closest && gap.closest->time_s == slow->time_s);
        CU_ASSERT_EQUAL(explain_gap(&gap, &e, faster.timing.time_s, &arena, &err), STATUS_OK);
        for (int64_t i = 0; i < gap.needed_count; i++)
            if (strcmp(gap.needed[i].path, "dram.bandwidth") == 0)
                found = gap.needed[i].change;
        const struct explain_sensitivity *s = find(&e, "dram.bandwidth");
        CU_ASSERT_TRUE(s != NULL);
        if (s && !s->moved) /* else a jump, which is not offered */
            CU_ASSERT_DOUBLE_EQUAL(found, 0.05, 0.005); /* linear from the 10 % step */
    } else {
        CU_FAIL("no explanation");
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    { "sensitivities equal those of a changed description", sensitivities_are_true },
    { "suggested shapes hold what they promise", shapes_hold },
    { "waves and tiles by hand", waves_by_hand },
    { "mappings agree with the timing", mappings_agree },
    { "gaps are traced to what made them", gaps_are_found },
};

TEST_MAIN("explain", tests)
