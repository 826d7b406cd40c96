/* SPDX-License-Identifier: Apache-2.0 */
/** Selections of runs: filters, orders, columns, and what is told of mistakes. The expected rows were found by hand. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/query.h"
#include "tests/harness.h"

static struct store *store;

/* Four runs of 1 to 4 s; the third one makes no tokens. */
static void fill(void)
{
    static const char *const archs[] = { "A100-80GB", "H100", "A100-80GB", "it's \"odd\" -- name" };
    static const char *const recipes[] = { "w=fp16", "w=fp8", "w=int4g128", "w=fp8" };
    static const char *const settings[] = { "{\"l2.size\": \"20 MiB\",\"sm.count\": \"108\"}", NULL, "{\"l2.size\": \"40 MiB\"}", "{\"tile\": \"many\"}" };
    struct error err;

    CU_ASSERT_EQUAL_FATAL(store_open_memory(&store, &err), STATUS_OK);
    for (int i = 0; i < 4; i++) {
        struct breakdown_row rows[3] = {
            { .phase = PHASE_PREFILL, .role = "mlp.down", .note = "a", .kind = "gemm", .count = 2, .time_ps = (i + 1) * 250000000000, .bound = CAUSE_DRAM },
            { .phase = PHASE_PREFILL, .role = "mlp.down", .note = "b", .kind = "gemm", .count = 3, .time_ps = (i + 1) * 250000000000, .bound = CAUSE_DRAM },
            { .phase = PHASE_DECODE, .role = "attn.core", .note = "", .kind = "attention", .count = 5, .time_ps = (i + 1) * 500000000000, .bound = CAUSE_STALL },
        };
        struct result r = { .key = { (uint64_t)(i + 1) << 60, 7 }, .fidelity = "analytic", .devices = i + 1, .time_ps = (i + 1) * 1000000000000,
                            .tokens_per_s = 10.0 * (i + 1), .generated_tokens = i == 2 ? 0 : 100, .energy_j = 50, .phases_count = 2,
                            .rows_count = 3, .rows = rows };
        struct run_inputs in = { .arch_name = archs[i], .stack_name = "s", .trace_name = "t", .recipe = recipes[i], .layout = "tp=1",
                                 .arch_settings = settings[i], .model_version = "m", .arch_hash = { 1, (uint64_t)i }, .stack_hash = { 2, 0 }, .trace_hash = { 3, 0 } };
        const char *warnings[] = { "careful" };

        for (int k = 0; k < 3; k++)
            rows[k].parts_ps[rows[k].bound] = rows[k].time_ps;
        r.phases[0] = (struct phase_result){ PHASE_PREFILL, 1, 10, (i + 1) * 500000000000, 1e12 };
        r.phases[1] = (struct phase_result){ PHASE_DECODE, 5, 5, (i + 1) * 500000000000, 1e12 };
        r.warnings = warnings;
        r.warnings_count = i == 0;
        CU_ASSERT_EQUAL_FATAL(store_put(store, &r, &in, false, &err), STATUS_OK);
    }
}

/* First column of all rows, joined by blanks; or the message. */
static const char *answer(const struct store_selection *what)
{
    static char text[1024];
    struct arena arena = { 0 };
    struct store_query *q;
    struct error err;
    bool more;
    enum status st = store_query_open(&q, store, what, &arena, &err);

    text[0] = '\0';
    while (!st && !(st = store_query_next(&more, q, &err)) && more) {
        size_t n = strlen(text);
        const char *value = store_query_text(q, 0);
        snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", value ? value : "-");
    }
    if (st)
        snprintf(text, sizeof text, "%s", err.message);
    if (!st || q)
        store_query_close(q);
    arena_free(&arena);
    return text;
}

static void filters(void)
{
    static const struct { const char *where, *ids; } rows[] = {
        { NULL, "1 2 3 4" },
        { "time_s > 2", "3 4" },
        { "time_s>=2 and time_s<=3", "2 3" },
        { "arch = A100-80GB", "1 3" },
        { "arch = 'A100-80GB' AND NOT recipe = w=fp16", "3" },
        { "arch != H100 or time_s = 2", "1 2 3 4" },
        { "recipe ~ *fp*", "1 2 4" },
        { "recipe !~ '*fp*'", "3" },
        { "recipe in (w=fp8, 'w=fp16')", "1 2 4" },
        { "devices not in (1, 4)", "2 3" },
        { "energy_per_token_j is null", "3" },
        { "energy_per_token_j is not null", "1 2 4" },
        { "generated_tokens / 3 > 33", "1 2 4" },              /* 33.3: not cut */
        { "tokens_per_s / devices = 10 and -time_s < -3.5", "4" },
        { "time_s * (1 + 1) - 2 = 4", "3" },
        { "dram_s = 1", "2" },
        { "arch = \"it's\" or arch ~ 'it?s*'", "4" },
        { "warnings = 1", "1" },
        { "overrides is null and key ~ 4*", "4" },
        { "arch.l2.size > 20 MiB", "3" },
        { "arch.l2.size <= '40 MiB' and devices < 3 or arch = H100", "1 2" },
        { "(arch.l2.size >= 20971520) and arch.sm.count = 108", "1" },
        { "arch.l2.size in (10 MiB, 40 MiB)", "3" },
        { "arch.l2.size / 2 = 10485760", "1" },
        { "arch.tile = many", "4" },
        { "recipe.w = fp8 and layout.tp < 2", "2 4" },
        { "arch.l2.size is null", "2 4" },                     /* not set */
    };

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = answer(&(struct store_selection){ .view = "runs", .columns = "id", .where = rows[i].where });
        CHECK_ROW(rows[i].where ? rows[i].where : "no filter", strcmp(got, rows[i].ids) == 0);
    }
    store_close(store);
}

static void views(void)
{
    static const struct { struct store_selection what; const char *rows; } rows[] = {
        { { "runs", "run", NULL, "-time_s", 2 }, "40000000 30000000" },
        { { "runs", "arch", "devices < 3", "-arch", 0 }, "H100 A100-80GB" },
        { { "runs", "id", NULL, "-generated_tokens, -time_s", 0 }, "4 2 1 3" },
        { { "runs", "id", NULL, "energy_per_token_j", 0 }, "1 2 4 3" },                 /* no value: last */
        { { "runs", "arch.l2.size", NULL, "-arch.l2.size", 0 }, "41943040.0 20971520.0 - -" },
        { { "roles", "role", "id = 2", NULL, 0 }, "mlp.down attn.core" },
        { { "roles", "count", "id = 2 and phase = prefill", NULL, 0 }, "5" },
        { { "roles", "bound", "id = 1", NULL, 0 }, "dram stall" },
        { { "roles", "share", "id = 1 and kind = gemm", NULL, 0 }, "0.5" },
        { { "kernels", "note", "id = 1 and phase = prefill", NULL, 0 }, "a b" },
        { { "phases", "steps", "id = 4", NULL, 0 }, "1 5" },
        { { "warnings", "warning", NULL, NULL, 0 }, "careful" },
    };

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].rows, strcmp(answer(&rows[i].what), rows[i].rows) == 0);
    /* every column of every view can be read, and the parts of a row sum to its time */
    for (const struct store_view *const *v = store_views; *v; v++)
        CHECK_ROW((*v)->name, strstr(answer(&(struct store_selection){ .view = (*v)->name, .columns = "all", .limit = 1 }), "0000") != NULL);
    CU_ASSERT_STRING_EQUAL(answer(&(struct store_selection){ .view = "roles", .columns = "id",
                                                             .where = "matrix_s + vector_s + shared_s + l2_s + dram_s + link_s + launch_s + stall_s = time_s" }),
                           "1 1 2 2 3 3 4 4");
    store_close(store);
}

static void mistakes(void)
{
    static const struct { struct store_selection what; const char *message; } rows[] = {
        { { "run", NULL, NULL, NULL, 0 }, "unknown table 'run', expected one of kernels, phases, roles, runs, warnings; nearest is runs" },
        { { "runs", "time", NULL, NULL, 0 }, "--columns: unknown column 'time' of table runs; nearest is 'time_s'" },
        { { "runs", "", NULL, NULL, 0 }, "--columns: unknown column ''" },
        { { "runs", "id", NULL, "-tims_s", 0 }, "--sort: unknown column 'tims_s' of table runs; nearest is 'time_s'" },
        { { "runs", "id", "tmie_s < 3", NULL, 0 }, "--where:1:1: unknown column 'tmie_s' of table runs; nearest is 'time_s'" },
        { { "runs", "id", "time_s <", NULL, 0 }, "--where:1:9: the filter ends here, expected" },
        { { "runs", "id", "time_s < 3 ms", NULL, 0 }, "--where:1:12: found 'ms', expected 'and', 'or' or the end" },
        { { "runs", "id", "time_s < 3ms", NULL, 0 }, "--where:1:10: found '3ms', expected a plain number" },
        { { "runs", "id", "time_s = 'x'", NULL, 0 }, "--where:1:10: found a text, expected a number: 'time_s' is one" },
        { { "runs", "id", "time_s = arch", NULL, 0 }, "--where:1:10: found a text" },
        { { "runs", "id", "arch.l2.sizes > 1", NULL, 0 }, "--where:1:1: unknown column 'arch.l2.sizes' of table runs; nearest is 'arch.l2.size'" },
        { { "runs", "stack.gemm.pick", NULL, NULL, 0 }, "--columns: unknown column 'stack.gemm.pick' of table runs" },
        { { "runs", "id", "arch.l2.size > big", NULL, 0 }, "--where:1:16: found 'big', expected a number, or a quantity in bytes" },
        { { "runs", "id", "arch.l2.size > 2 GB/s", NULL, 0 }, "--where:1:16: found '2 GB/s', expected a number, or a quantity in bytes" },
        { { "runs", "id", "arch.\" > 1", NULL, 0 }, "--where:1:1: unknown column 'arch.'" },
        { { "runs", "id", "arch = 'x", NULL, 0 }, "--where:1:8: a text without its closing '" },
        { { "runs", "id", "(time_s < 3", NULL, 0 }, "--where:1:12: the filter ends here, expected ')'" },
        { { "runs", "id", "time_s < 3; DROP TABLE run", NULL, 0 }, "--where:1:11: found ';', expected" },
        { { "runs", "id", "1 = 1 --", NULL, 0 }, "--where:1:9: the filter ends here" },
        { { "runs", "id", "devices in 3", NULL, 0 }, "--where:1:12: found '3', expected '('" },
        { { "runs", "id", "", NULL, 0 }, "--where:1:1: the filter ends here, expected a column" },
    };

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].message, strncmp(answer(&rows[i].what), rows[i].message, strlen(rows[i].message)) == 0);
    store_close(store);
}

/* Parts repeated more and more often: SQLite takes what the filter takes, and the filter tells where it ends. */
static void nested_filters(void)
{
    static const struct { const char *part, *end, *close, *told; } rows[] = {
        { "(", "1 = 1", ")", "deep" },
        { "-", "1 = -1", "", "deep" },
        { "not ", "1 = 1", "", "deep" },
        { "0-(", "1", ")", "deep" },
        { "1 or 0 and not 0 = 1 - 2 * -(", "1", ")", "deep" },
        { "devices in (1, 2) or not (", "devices in (1, 2, 3)", ")", "deep" },
        { "1 or ", "1 = 1", "", "more than 256 columns and values" },
        { "time_s + ", "1 > 0", "", "more than 256 columns and values" },
    };

    fill();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[16384] = "";
        const char *got = "";
        int n = 0;

        for (; n < 300 && !strstr(got, rows[i].told); n++) {
            text[0] = '\0';
            for (int k = 0; k < n; k++)
                strcat(text, rows[i].part);
            strcat(text, rows[i].end);
            for (int k = 0; k < n; k++)
                strcat(text, rows[i].close);
            got = answer(&(struct store_selection){ .view = "runs", .columns = "id", .where = text });
            CHECK_ROW(text, !strstr(got, "while selecting rows"));
        }
        CHECK_ROW(rows[i].part, n > 4 && n < 300);
    }
    store_close(store);
}

static const struct test tests[] = {
    { "filters keep the rows they say", filters },
    { "views, orders and limits", views },
    { "mistakes are told with their place and the nearest name", mistakes },
    { "parts in one another, up to a limit that is told", nested_filters },
};
TEST_MAIN("store_query", tests)
