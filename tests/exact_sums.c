/* SPDX-License-Identifier: Apache-2.0 */
/** Times add up to the picosecond: causes to rows, rows to phases, phases to the run; in the result, and in the JSON text read as decimals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/yaml.h"
#include "reports/run_report.h"
#include "sim/run.h"
#include "tests/harness.h"

static const struct { const char *label, *arch, *trace, *recipe, *fidelity; int64_t tp; enum mapping_choice choice; } runs[] = {
    { "prefill of one layer",      "A100",   "llama2-70b-layer-prefill", NULL,   "analytic", 1, MAPPING_PICKED },
    { "decode of one layer",       "H100",   "llama2-70b-layer-decode",  "fp8",  "analytic", 1, MAPPING_PICKED },
    { "both phases, LUT units",    "LUT-TC", "llama70b",                 NULL,   "analytic", 1, MAPPING_PICKED },
    { "best mappings",             "LUT-TC", "llama70b",                 NULL,   "analytic", 1, MAPPING_BEST },
    { "two devices, collectives",  "A100",   "llama3-8b",                NULL,   "analytic", 2, MAPPING_PICKED },
    { "mixture of experts",        "H100",   "mixtral-8x7b",             "fp8",  "analytic", 2, MAPPING_PICKED },
    { "roofline",                  "A100",   "llama3-8b",                NULL,   "roofline", 1, MAPPING_PICKED },
};
enum { RUNS = sizeof runs / sizeof runs[0] };

static enum status run_one(struct result *r, size_t i, struct arena *arena, struct error *err)
{
    struct run_spec spec = { .layout = { runs[i].tp }, .fidelity = runs[i].fidelity, .choice = runs[i].choice };
    char trace[512];
    enum status st;

    snprintf(trace, sizeof trace, "%s/workloads/%s.trace", source_dir(), runs[i].trace);
    if ((st = arch_load(&spec.hw, runs[i].arch, NULL, 0, arena, err)) ||
        (st = stack_load(&spec.stack, spec.hw->default_stack, NULL, 0, arena, err)) ||
        (st = recipe_parse(&spec.recipe, runs[i].recipe ? runs[i].recipe : spec.hw->default_recipe, (struct source_pos){ "recipe", 0, 0 }, err)))
        return st;
    return run(r, &spec, trace, arena, NULL, NULL, err);
}

static void check_result(const char *label, const struct result *r)
{
    int64_t rows_ps = 0, phases_ps = 0, by_phase_ps[3] = { 0 };

    for (int64_t i = 0; i < r->rows_count; i++) {
        int64_t parts_ps = 0;

        for (int c = 0; c < CAUSES; c++)
            parts_ps += r->rows[i].parts_ps[c];
        CHECK_ROW(label, parts_ps == r->rows[i].time_ps);
        rows_ps += r->rows[i].time_ps;
        by_phase_ps[r->rows[i].phase] += r->rows[i].time_ps;
    }
    for (int64_t i = 0; i < r->phases_count; i++) {
        CHECK_ROW(label, by_phase_ps[r->phases[i].phase] == r->phases[i].time_ps);
        phases_ps += r->phases[i].time_ps;
    }
    CHECK_ROW(label, r->time_ps > 0 && rows_ps == r->time_ps && phases_ps == r->time_ps);
}

static void in_the_result(void)
{
    for (size_t i = 0; i < RUNS; i++) {
        struct arena arena = { 0 };
        struct error err = { 0 };
        struct result r = { 0 };

        if (run_one(&r, i, &arena, &err))
            CHECK_ROW(runs[i].label, false);
        else
            check_result(runs[i].label, &r);
        arena_free(&arena);
    }
}

/* "12.000000000345" s in ps, by its digits alone; -1: not an exact decimal of that form. */
static int64_t decimal_ps(const char *text)
{
    int64_t ps = 0;
    int decimals = -1;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || decimals == 12)
            return -1;
        ps = 10 * ps + (*text - '0');
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 12; i++)
        ps *= 10;
    return ps;
}

static int64_t member_ps(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *value = yaml_find(map, key);

    return value && value->kind == YAML_SCALAR ? decimal_ps(value->text) : -1;
}

static int64_t sum_ps(const char *label, const struct yaml_node *list, const char *phase)
{
    int64_t total_ps = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *name = yaml_find(list->items[i], "phase");
        int64_t time_ps = member_ps(list->items[i], "time_s");

        CHECK_ROW(label, name && time_ps >= 0);
        if (!phase || (name && strcmp(name->text, phase) == 0))
            total_ps += time_ps;
    }
    return total_ps;
}

static void check_parts(const char *label, const struct yaml_node *row)
{
    const struct yaml_node *parts = yaml_find(row, "parts_s");
    int64_t parts_ps = 0;

    CHECK_ROW(label, parts && parts->count == CAUSES);
    for (size_t i = 0; parts && i < parts->count; i++) {
        int64_t part_ps = decimal_ps(parts->items[i]->text);

        CHECK_ROW(label, part_ps >= 0);
        parts_ps += part_ps;
    }
    CHECK_ROW(label, parts_ps == member_ps(row, "time_s"));
}

static void check_json(const char *label, const struct yaml_node *top)
{
    const struct yaml_node *rows = yaml_find(top, "breakdown"), *phases = yaml_find(top, "phases");
    int64_t time_ps = member_ps(top, "time_s");

    CHECK_ROW(label, rows && phases && time_ps > 0);
    if (!rows || !phases)
        return;
    CHECK_ROW(label, sum_ps(label, rows, NULL) == time_ps && sum_ps(label, phases, NULL) == time_ps);
    for (size_t i = 0; i < phases->count; i++) {
        const struct yaml_node *name = yaml_find(phases->items[i], "phase");

        if (name)
            CHECK_ROW(label, sum_ps(label, rows, name->text) == member_ps(phases->items[i], "time_s"));
    }
    for (size_t i = 0; i < rows->count; i++)
        check_parts(label, rows->items[i]);
}

static void in_the_json(void)
{
    CU_ASSERT(decimal_ps("0") == 0 && decimal_ps("1.5") == 1500000000000 && decimal_ps("0.000000000001") == 1);
    CU_ASSERT(decimal_ps("1e-3") == -1 && decimal_ps("0.0000000000001") == -1 && decimal_ps("") == -1);
    for (size_t i = 0; i < RUNS; i++) {
        struct arena arena = { 0 };
        struct error err = { 0 };
        struct result r = { 0 };
        struct report_head head = { .arch = runs[i].arch, .trace = runs[i].trace };
        struct yaml_node *top = NULL;
        char *text = NULL;
        size_t bytes;
        FILE *out = open_memstream(&text, &bytes);

        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        bool written = run_one(&r, i, &arena, &err) == STATUS_OK && report_run_json(out, &r, &head, &err) == STATUS_OK;
        CU_ASSERT_FATAL(fclose(out) == 0);
        CHECK_ROW(runs[i].label, written && yaml_read_memory(&top, runs[i].label, text, bytes, &arena, &err) == STATUS_OK);
        if (top)
            check_json(runs[i].label, top);
        free(text);
        arena_free(&arena);
    }
}

static const struct test tests[] = {
    { "in the result", in_the_result },
    { "in the JSON, as decimals", in_the_json },
};

TEST_MAIN("exact_sums", tests)
