/* SPDX-License-Identifier: Apache-2.0 */
/* FPGA datapaths: identities of arXiv 2311.12359, formulas against cells left out of their fit, budgets as properties, agreement of fidelities. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/csv.h"
#include "formats/codec.h"
#include "formats/dot.h"
#include "sim/fpga_budget.h"
#include "sim/run.h"
#include "sim/units.h"
#include "tests/harness.h"

static struct arena arena;
static struct error err;

/* The paper's finite variant of "e4m3" is "e4m3fin" where a standard has the bare name for another. */
static const struct format *paper_format(const char *name)
{
    char finite[64];

    snprintf(finite, sizeof finite, "%.50sfin", name);
    return format_find(name[0] == 'e' ? finite : name);
}

/* arXiv 2311.12359's own equations, written out here and not called: 2^x + y for each operand + ceil(log2 n) - 1; r for each + ceil(log2 n) + 1. */
static const struct { const char *name; int width_4608; double largest; } paper_rows[] = {
    { "e2m1", 22, 6 },    { "e3m0", 28, 16 },  { "e2m2", 24, 7 },   { "e3m1", 30, 24 },     { "e2m3", 26, 7.5 }, { "e3m2", 32, 28 },  { "e4m1", 46, NAN },
    { "e2m4", 28, NAN },  { "e3m3", 34, 30 },  { "e4m2", 48, 448 }, { "e3m4", 36, NAN },    { "e4m3", 50, 480 }, { "e5m2", 80, 114688 },
    { "int3", 20, NAN },  { "int4", 22, NAN }, { "int5", 24, NAN }, { "int6", 26, NAN },    { "int7", 28, NAN }, { "int8", 30, NAN },
};

static void widths_and_largest_values(void)
{
    for (size_t i = 0; i < sizeof paper_rows / sizeof paper_rows[0]; i++) {
        const struct format *f = paper_format(paper_rows[i].name);

        CHECK_ROW(paper_rows[i].name, f != NULL && dot_width(f, f, 4608) == paper_rows[i].width_4608);
        if (f != NULL && !isnan(paper_rows[i].largest))
            CHECK_ROW(paper_rows[i].name, format_largest(f) == paper_rows[i].largest);
    }
}

/* Every width and largest value of the paper in the list of published claims, as it stands there. */
static void published_widths(void)
{
    const char *dir = shared_dir(), *const *row;
    char path[512];
    struct csv *csv;
    int checked = 0;

    if (dir == NULL)
        return;
    snprintf(path, sizeof path, "%s/papers/claims.csv", dir);
    CU_ASSERT_EQUAL_FATAL(csv_open(&csv, path, &err), STATUS_OK);
    int id = csv_column(csv, "claim_id"), published = csv_column(csv, "published");
    while (csv_next(csv, &row, &err) == STATUS_OK && row != NULL) {
        const char *width = strstr(row[id], "s77-accwidth-"), *largest = strstr(row[id], "s77-maxval-");
        const struct format *f = width ? paper_format(width + 13) : largest ? paper_format(largest + 11) : NULL;

        if (width == NULL && largest == NULL)
            continue;
        checked++;
        CHECK_ROW(arena_strdup(&arena, row[id]), f != NULL && (width ? dot_width(f, f, 4608) : format_largest(f)) == strtod(row[published], NULL));
    }
    csv_close(csv);
    CU_ASSERT(checked >= 12);
}

/* Cells of a datapath (multipliers alone apart): mean error of formulas on cells left out under 5 %, all within 10 % but those named. */
static void formulas_on_cells_left_out(void)
{
    static const struct { const char *cell; int64_t rows, beyond; } expected[] = {
        { "int_mac", 35, 0 }, { "kulisch_mac", 18, 1 /* e5m0: its shifter is a decoder */ }, { "fp16_mac", 17, 0 }, { "fp32_mac", 19, 1 /* e4m2: 531 LUTs, where e4m3 with a bit more has 502 */ },
        { "int_dot4", 8, 0 }, { "fp32_dot4", 6, 0 },
    };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct fpga_validation v;
        const struct fpga_cell *cell = fpga_cell_find(expected[i].cell);

        CU_ASSERT_PTR_NOT_NULL_FATAL(cell);
        CHECK_ROW(cell->name, fpga_validate(&v, cell, "lut6"));
        printf("# %s: %lld cells, left out one by one: mean %.1f %%, largest %.1f %%, %lld within 10 %%\n", cell->name, (long long)v.rows,
               100 * v.error_mean, 100 * v.error_max, (long long)v.within_10_percent);
        CHECK_ROW(cell->name, v.rows == expected[i].rows && v.rows - v.within_10_percent <= expected[i].beyond && v.error_mean <= 0.05);
    }
}

static double cell_lut(const char *cell, const char *a, const char *b, int bits, enum fpga_source *source)
{
    struct fpga_operand x, y;
    struct fpga_estimate e;

    CHECK_ROW(cell, fpga_operand_of(&x, format_find(a)) && fpga_operand_of(&y, format_find(b)));
    CHECK_ROW(cell, fpga_estimate(&e, fpga_cell_find(cell), &x, &y, bits, "lut6", false, &err) == STATUS_OK);
    if (source != NULL)
        *source = e.source;
    return e.lut;
}

/* Counts as synthesized (synthesis.md's table, packed LUT6 sites), and beyond the table: wider is never smaller. */
static void cells(void)
{
    enum fpga_source source;

    CU_ASSERT_EQUAL(cell_lut("int_mac", "int8", "int8", 24, &source), 73);
    CU_ASSERT_EQUAL(source, FPGA_FROM_TABLE);
    CU_ASSERT_EQUAL(cell_lut("kulisch_mac", "e2m1", "e2m1", 17, NULL), 23);
    CU_ASSERT_EQUAL(cell_lut("fp32_mac", "e4m3", "e4m3", 32, NULL), 502);
    CU_ASSERT_EQUAL(cell_lut("kulisch_mac", "e4m3", "e4m3", 50, &source) > 82, true);
    CU_ASSERT_EQUAL(source, FPGA_FROM_TABLE_WIDTH);
    (void)cell_lut("kulisch_mac", "e4m3", "e2m1", 37, &source);
    CU_ASSERT_EQUAL(source, FPGA_FROM_FORMULA);
    for (int bits = 12; bits < 64; bits++)
        CHECK_ROW("a bit more", cell_lut("int_mac", "int6", "int4", bits + 1, NULL) >= cell_lut("int_mac", "int6", "int4", bits, NULL));
}

static enum status load(const struct hardware **hw, const char *name, const char *key, const char *value)
{
    struct arch_override o = { key, value };
    enum status st = arch_load(hw, name, &o, key != NULL, &arena, &err);

    return st ? st : units_check(*hw, &err);
}

/* A fabric with more LUTs takes an array at least as large; wider ports, formats and accumulators cost no less. */
static void budgets(void)
{
    static const char *const luts[] = { "500000", "600000", "700000", "899840" };
    static const char *const wider[] = { "int4", "int6", "int8", "e4m3", "e5m2" };
    const struct hardware *hw;
    struct fpga_budget b;
    double before = 0;
    int64_t fitted = 0;

    for (size_t i = 0; i < 4; i++) {
        int64_t columns = 0;

        for (int64_t c = 16; c <= 256; c += 16) {
            struct arch_override o[] = { { "units.mac.columns", arena_printf(&arena, "%lld", (long long)c) }, { "fpga.budget.lut", luts[i] } };
            if (arch_load(&hw, "vck190_minifloat", o, 2, &arena, &err) == STATUS_OK && units_check(hw, &err) == STATUS_OK)
                columns = c;
        }
        CHECK_ROW(luts[i], columns >= fitted);
        fitted = columns;
    }
    CU_ASSERT(fitted >= 192);
    for (size_t i = 0; i < 5; i++) {
        struct arch_override o[] = { { "units.mac.a", wider[i] }, { "units.mac.rows", "8" } };

        CU_ASSERT_EQUAL_FATAL(arch_load(&hw, "vck190_minifloat", o, 2, &arena, &err), STATUS_OK);
        CHECK_ROW(wider[i], fpga_budget_of(&b, hw, false, &err) == STATUS_OK && b.total.lut >= before);
        before = b.total.lut;
    }
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "units.mac.rows", "256"), STATUS_INFEASIBLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "LUT binds"));
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "sm.shared_bandwidth", "100 B/cycle"), STATUS_INFEASIBLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "port x clock binds"));
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "sm.shared", "8 MiB"), STATUS_BAD_INPUT); /* above l1_shared */
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "l2.size", "16 MiB"), STATUS_INFEASIBLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "URAM binds"));
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "clock.boost", "600 MHz"), STATUS_INFEASIBLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "clock binds"));
}

/* The nearest array that a refusal names does fit, and one column more does not. */
static void nearest_array_is_nearest(void)
{
    const struct hardware *hw;
    long long rows = 0, columns = 0;

    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "units.mac.columns", "1024"), STATUS_INFEASIBLE);
    const char *at = strstr(err.message, "units.mac.rows ");
    CU_ASSERT_FATAL(at != NULL && sscanf(at, "units.mac.rows %lld, columns %lld", &rows, &columns) == 2);
    CU_ASSERT_EQUAL(rows, 32);
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "units.mac.columns", arena_printf(&arena, "%lld", columns)), STATUS_OK);
    CU_ASSERT_EQUAL(load(&hw, "vck190_minifloat", "units.mac.columns", arena_printf(&arena, "%lld", columns + 1)), STATUS_INFEASIBLE);
}

/* A product on the array alone: K clocks a pass and what fills and empties it, by hand; cycle and analytic within 8 % where memory does not hold back. */
static void array_by_hand(void)
{
    static const struct { int64_t m, n, k; } shapes[] = { { 2048, 3072, 4096 }, { 512, 1536, 8192 }, { 256, 3072, 2048 } };
    const struct hardware *hw;
    const struct stack *stack;
    const struct fidelity *cycle;

    CU_ASSERT_EQUAL_FATAL(load(&hw, "vck190_minifloat", NULL, NULL), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(stack_load(&stack, "fpga", NULL, 0, &arena, &err), STATUS_OK);
    if (fidelity_find(&cycle, "cycle", &err) != STATUS_OK) {
        skip("no SystemC module");
        return;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct kernel k = { .kind = KERNEL_GEMM, .count = 1 };
        struct gemm_kernel_shape *g = &k.gemm;
        struct timing a, c;
        struct timing_context ctx = { .hw = hw, .stack = stack, .ranks = 1, .burst = true };
        const char *label = arena_printf(&arena, "%lld x %lld x %lld", (long long)shapes[i].m, (long long)shapes[i].n, (long long)shapes[i].k);

        *g = (struct gemm_kernel_shape){ .m = shapes[i].m, .n = shapes[i].n, .k = shapes[i].k, .batch = 1, .b_is_weight = true, .out = format_find("fp16"),
                                         .accumulator = format_find("fp32"), .epilogue_ops_per_output = 1 };
        (void)quant_parse(&g->a, "e4m3", (struct source_pos){ 0 }, &err);
        (void)quant_parse(&g->b, "e2m1", (struct source_pos){ 0 }, &err);
        struct unit_request q = { .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
        g->unit = unit_choose(&g->service, hw, &q);
        CU_ASSERT_STRING_EQUAL_FATAL(g->unit->kind, "fpga_minifloat");
        g->a_bytes = g->m * g->k;
        g->b_bytes = g->n * g->k / 2;
        g->out_bytes = g->m * g->n * 2;
        k.flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
        double least_s = (double)(g->m / 32) * (double)(g->n / 192) * (double)g->k / 300e6; /* passes x K clocks */
        CHECK_ROW(label, fidelity_analytic.time(&a, &k, &ctx, &err) == STATUS_OK);
        CHECK_ROW(label, cycle->time(&c, &k, &ctx, &err) == STATUS_OK);
        CHECK_ROW(label, a.time_s >= least_s && a.time_s < 1.12 * least_s);
        CHECK_ROW(label, fabs(c.time_s / a.time_s - 1) < 0.08);
    }
}

static const struct test tests[] = {
    { "accumulator widths and largest values of arXiv 2311.12359", widths_and_largest_values },
    { "the same, from the list of published claims", published_widths },
    { "formulas on cells left out of their fit", formulas_on_cells_left_out },
    { "cells from the table and beyond it", cells },
    { "budgets: what binds, and more never does less", budgets },
    { "the nearest array that a refusal names", nearest_array_is_nearest },
    { "an array's time by hand, analytic against cycle", array_by_hand },
};
TEST_MAIN("fpga_datapath", tests)
