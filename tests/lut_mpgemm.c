/* SPDX-License-Identifier: Apache-2.0 */
/* LUT mpGEMM unit: the identities of arXiv 2408.06003 (ISCA 2025), sections 3, 4 and Table 1, and its physics. */
#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/lut.h"
#include "sim/timing.h"
#include "sim/units.h"
#include "tests/harness.h"

static struct arena arena;
static struct error err;

static const struct hardware *chip(const char *name, const struct arch_override *overrides, int64_t count)
{
    const struct hardware *hw = NULL;

    if (arch_load(&hw, name, overrides, count, &arena, &err) || units_check(hw, &err))
        CHECK_ROW(err.message, false);
    return hw;
}

static struct quant scheme(const char *text)
{
    struct quant q = { 0 };
    CHECK_ROW(text, quant_parse(&q, text, (struct source_pos){ 0 }, &err) == STATUS_OK);
    return q;
}

static bool serve(struct unit_service *s, const struct hardware *hw, const char *a, const char *w, bool is_weight)
{
    struct quant qa = scheme(a), qw = scheme(w);
    struct unit_request q = { .a = &qa, .b = &qw, .accumulator = format_find("fp32"), .b_is_weight = is_weight };
    const char *reason = NULL;
    return unit_lut_mpgemm.serve(s, hardware_unit(hw, "lut_mpgemm"), hw, &q, &reason);
}

/* Array M2 N64 K4: 512 one-bit multiply-adds a clock over W planes; 8 entries a table; ports of section 4.2. */
static void array_identities(void)
{
    const struct arch_unit *lut = hardware_unit(chip("lut_tc", NULL, 0), "lut_mpgemm");
    struct lut_shape h = lut_shape_of(lut, format_find("fp16")), i = lut_shape_of(lut, format_find("int8"));

    CU_ASSERT_EQUAL(h.entries, 8);
    CU_ASSERT_EQUAL(lut_fma_per_cycle(&h, 1), 512);
    CU_ASSERT_EQUAL(lut_fma_per_cycle(&h, 2), 256);
    CU_ASSERT_EQUAL(lut_fma_per_cycle(&h, 4), 128);
    CU_ASSERT_EQUAL(lut_table_bits(&h), 8 * 16);
    CU_ASSERT_EQUAL(lut_table_port_bits(&h), 256);  /* 2 * 8 * 16 */
    CU_ASSERT_EQUAL(lut_table_port_bits(&i), 128);  /* 2 * 8 * 8 */
    CU_ASSERT_EQUAL(lut_weight_port_bits(&h, 1), 256);
    CU_ASSERT_EQUAL(lut_weight_port_bits(&h, 2), 512);
    CU_ASSERT_EQUAL(lut_psum_port_bits(&h, 16), 2 * 64 * 16);
    /* 8 sums of 4 terms by halves: 2 + 2 + 8 additions, packed by two in fp16; 8 entries of 16 bits in 4 registers */
    CU_ASSERT_DOUBLE_EQUAL(lut_build_ops_per_activation(&h), (12 / 2.0 + 4) / 4, 1e-12);
}

static void published_peaks(void)
{
    static const struct { const char *label, *chip, *x, *activation; double tops; } rows[] = {
        { "A100 4X, 1247", "lut_tc", "4", "int8", 1247 },   { "A100 8X, 2495", "lut_tc", "8", "int8", 2495 },
        { "H100 4X, 1525", "h100_lut_tc", "4", "fp8", 1525 }, { "H100 8X, 3049", "h100_lut_tc", "8", "fp8", 3049 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct arch_override o[] = { { "units.lut.throughput_x", rows[r].x }, { "units.lut.peak", "null" } };
        const struct hardware *hw = chip(rows[r].chip, o, 2);
        struct unit_service s;
        CHECK_ROW(rows[r].label, serve(&s, hw, rows[r].activation, "int2", true));
        double tops = 2 * s.fma_per_cycle_sm * (double)hw->sm.count * hw->clock.peak_hz * 1e-12;
        CHECK_ROW(rows[r].label, floor(tops + 0.5) == rows[r].tops);
    }
}

/* lanes / W: the same lanes give int1 twice, int4 half of int2's rate; ternary needs two planes. */
static void rate_by_planes(void)
{
    static const struct { const char *weights; double fma; } rows[] = {
        { "int1", 8192 }, { "int2", 4096 }, { "ternary", 4096 }, { "int4", 2048 }, { "int3", 8192.0 / 3 } };
    const struct hardware *hw = chip("lut_tc", NULL, 0);

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct unit_service s;
        CHECK_ROW(rows[r].weights, serve(&s, hw, "int8", rows[r].weights, true));
        CHECK_ROW(rows[r].weights, fabs(s.fma_per_cycle_sm - rows[r].fma) < 1e-9);
    }
}

static void refusals(void)
{
    const struct hardware *hw = chip("lut_tc", NULL, 0);
    struct unit_service s;

    CHECK_ROW("a product of two activations", !serve(&s, hw, "fp16", "int2", false));
    CHECK_ROW("fp16 weights (LM head)", !serve(&s, hw, "fp16", "fp16", true));
    CHECK_ROW("int8 weights, more than max_weight_bits", !serve(&s, hw, "int8", "int8", true));
    CHECK_ROW("sparse weights", !serve(&s, hw, "int8", "int2+2:4", true));
    CHECK_ROW("fp32 activations", !serve(&s, hw, "fp32", "int2", true));
}

/* Table traffic: 2^(K-1)/K = 2 entries an activation at K = 4; scales on partial sums cost FMAs an output and group. */
static void traffic_and_scales(void)
{
    const struct hardware *hw = chip("lut_tc", NULL, 0);
    struct unit_service c, g, z;

    CU_ASSERT_TRUE(serve(&c, hw, "int8", "int2", true));
    CU_ASSERT_TRUE(serve(&g, hw, "int8", "int2g128", true));
    CU_ASSERT_TRUE(serve(&z, hw, "int8", "int2g128z", true));
    CU_ASSERT_EQUAL(c.a_expand, 2);
    CU_ASSERT_EQUAL(c.a_shared_bits, 16); /* int8 entries: as many bytes as fp16 activations */
    CU_ASSERT_EQUAL(c.vector_ops_per_scale_output, 0);
    CU_ASSERT_EQUAL(g.scale_group, 128);
    CU_ASSERT_EQUAL(g.vector_ops_per_scale_output, 2);
    CU_ASSERT_EQUAL(z.vector_ops_per_scale_output, 3);
    CU_ASSERT_TRUE(serve(&c, hw, "fp16", "int2", true));
    CU_ASSERT_EQUAL(c.a_shared_bits, 32); /* fp16 entries: twice */
    CU_ASSERT_EQUAL(c.psum_bits, 2 * 16);
}

static void conventional_unit(void)
{
    const struct hardware *hw = chip("lut_tc_conventional", NULL, 0);
    struct lut_shape s = lut_shape_of(hardware_unit(hw, "lut_mpgemm"), format_find("int8"));
    struct unit_service v;

    CU_ASSERT_EQUAL(s.entries, 16); /* 2^K */
    CU_ASSERT_TRUE(s.built_at_unit);
    CU_ASSERT_TRUE(serve(&v, hw, "int8", "int2", true));
    CU_ASSERT_TRUE(v.table_at_unit);
    CU_ASSERT_EQUAL(v.a_expand, 1); /* activations travel, tables do not */
}

/* ---- physics, at fidelity analytic ---- */

static double gemm_s(const struct hardware *hw, const char *weights, int64_t m, int64_t n, int64_t depth, const struct fidelity *f,
                     struct timing *out)
{
    struct timing_context ctx = { .hw = hw, .ranks = 1, .burst = true };
    struct kernel k = { .kind = KERNEL_GEMM, .flops = 2.0 * (double)m * (double)n * (double)depth };
    struct gemm_kernel_shape *g = &k.gemm;

    CHECK_ROW("stack", stack_load(&ctx.stack, "kernel-only", NULL, 0, &arena, &err) == STATUS_OK);
    *g = (struct gemm_kernel_shape){ .m = m, .n = n, .k = depth, .batch = 1, .a = scheme("int8"), .b = scheme(weights),
                                     .accumulator = format_find("int32"), .out = format_find("fp16"), .b_is_weight = true };
    struct unit_request q = { .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
    g->unit = unit_choose(&g->service, hw, &q);
    g->a_bytes = m * depth * 2;
    g->b_bytes = quant_stored_bytes(&g->b, n, depth);
    g->out_bytes = m * n * 2;
    CHECK_ROW(weights, strcmp(g->unit->name, "lut") == 0);
    CHECK_ROW(weights, f->time(out, &k, &ctx, &err) == STATUS_OK);
    return out->time_s;
}

static void int4_takes_twice_int2(void)
{
    const struct hardware *hw = chip("lut_tc", NULL, 0);
    struct timing t;
    double ideal = gemm_s(hw, "int4", 8192, 8192, 8192, &fidelity_roofline, &t) / gemm_s(hw, "int2", 8192, 8192, 8192, &fidelity_roofline, &t);

    CU_ASSERT_DOUBLE_EQUAL(ideal, 2, 1e-9);
    double two = gemm_s(hw, "int2", 8192, 8192, 8192, &fidelity_analytic, &t), four = gemm_s(hw, "int4", 8192, 8192, 8192, &fidelity_analytic, &t);
    CU_ASSERT_TRUE(four / two > 1.5 && four / two < 2.02); /* what int2 loses to L2 and latency shrinks the ratio */
    CU_ASSERT_TRUE(t.table_bytes > 0);
    CU_ASSERT_TRUE(t.psum_bytes > 0);
}

static void registers_are_first_order(void)
{
    const struct arch_override half[] = { { "sm.registers", "256 KiB" }, { "sm.register_bandwidth", "1024 B/cycle" } };
    struct timing t;
    double four = gemm_s(chip("lut_tc", NULL, 0), "int2", 8192, 8192, 8192, &fidelity_analytic, &t);
    double eight = gemm_s(chip("lut_tc_8x", NULL, 0), "int2", 8192, 8192, 8192, &fidelity_analytic, &t);
    double eight_half = gemm_s(chip("lut_tc_8x", half, 2), "int2", 8192, 8192, 8192, &fidelity_analytic, &t);

    CU_ASSERT_TRUE(eight < four);
    CU_ASSERT_TRUE(four - eight_half < 0.5 * (four - eight)); /* most of the gain is gone */
}

static void groups_cost_time_on_8x(void)
{
    const struct hardware *hw = chip("lut_tc_8x", NULL, 0);
    struct timing t;
    double channel = gemm_s(hw, "int2", 4096, 8192, 8192, &fidelity_analytic, &t), group = gemm_s(hw, "int2g128", 4096, 8192, 8192, &fidelity_analytic, &t);

    CU_ASSERT_TRUE(group > 1.1 * channel);
}

static const struct test tests[] = {
    { "an array's rate, tables and ports", array_identities },
    { "published peaks to their digits", published_peaks },
    { "rate goes with one over planes", rate_by_planes },
    { "what the unit refuses", refusals },
    { "table traffic and scales", traffic_and_scales },
    { "conventional unit", conventional_unit },
    { "int4 takes twice the time of int2", int4_takes_twice_int2 },
    { "half the registers take most of 8X's gain", registers_are_first_order },
    { "groups of 128 cost time at 8X", groups_cost_time_on_8x },
};
TEST_MAIN("lut_mpgemm", tests)
