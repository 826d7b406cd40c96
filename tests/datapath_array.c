/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of datapaths: composed by hand from rows of the synthesis tables, and against LUT Tensor Core (arXiv 2408.06003). docs/datapaths.md */
#include <math.h>
#include <stdlib.h>

#include "costmodel/array.h"
#include "costmodel/netlist.h"
#include "tests/harness.h"

static const struct datapath_number int8 = { .kind = NUMBER_INT, .bits = 8 }, fp16 = { .kind = NUMBER_FLOAT, .bits = 16, .e = 5, .m = 10 };
static struct arena arena;
static struct synthesis synthesis;

static bool loaded(void)
{
    const struct technology *t;
    struct error err;

    return synthesis.technology != NULL || (technology_load(&t, NULL, &arena, &err) == STATUS_OK && synthesis_load(&synthesis, t, NULL, 0, &arena, &err) == STATUS_OK);
}

static enum status cost(struct array_cost *c, const char *kind, struct datapath_number a, int bits, int64_t m, int64_t n, int64_t k)
{
    struct error err;
    struct array_design d = { .kind = array_kind_find(kind, &err), .activation = a, .weight_bits = bits, .m = m, .n = n, .k = k };

    array_defaults(&d);
    return array_cost_of(c, &d, &synthesis, NULL, &err);
}

static double register_um2(double bits)
{
    struct netlist n;

    netlist_registers(&n, &synthesis, bits);
    return n.area_um2.likely;
}

/* Areas are rows of synthesis_asic.csv times what an array holds of them; bits at the edge are counted by hand. */
static void by_hand(void)
{
    static const struct { const char *label, *kind; int bits; int64_t m, n, k; double element, builder, edge_bits, macs; } rows[] = {
        { "mac, one of four", "mac", 1, 1, 1, 4, 1622.33, 0, 32 + 32, 4 },
        { "mac of K 8: two of four", "mac", 3, 1, 1, 8, 2 * 1622.33, 0, 64 + 64, 8 },
        { "add", "add", 2, 1, 1, 4, 981.27, 0, 32 + 4, 2 },
        { "lut", "lut", 1, 1, 1, 4, 545.57, 0, 64 + 4, 4 },
        { "lut 2x64x4", "lut", 2, 2, 64, 4, 128 * 545.57, 0, 2 * 64 + 256, 256 },
        { "lut-built", "lut-built", 4, 2, 64, 4, 128 * 705.17, 2 * 578.28, 2 * 80 + 2 * 32 + 256, 128 },
    };

    CU_ASSERT_TRUE_FATAL(loaded());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct array_cost c;

        CHECK_ROW(rows[i].label, cost(&c, rows[i].kind, int8, rows[i].bits, rows[i].m, rows[i].n, rows[i].k) == STATUS_OK);
        CHECK_ROW(rows[i].label, fabs(c.element_um2.likely - rows[i].element) < 1e-6 * rows[i].element);
        CHECK_ROW(rows[i].label, fabs(c.builder_um2.likely - rows[i].builder) < 1e-3);
        CHECK_ROW(rows[i].label, fabs(c.register_um2 - register_um2(rows[i].edge_bits)) < 1e-6);
        CHECK_ROW(rows[i].label, fabs(c.area_um2.likely - c.element_um2.likely - c.builder_um2.likely - c.register_um2) < 1e-6);
        CHECK_ROW(rows[i].label, c.macs_per_clock == rows[i].macs);
    }
}

static void refused(void)
{
    static const struct { const char *label, *kind; int bits; int64_t m, n, k; enum status want; } rows[] = {
        { "K 3 of a mac", "mac", 1, 1, 1, 3, STATUS_INFEASIBLE },      { "K 1 of an adder", "add", 1, 1, 1, 1, STATUS_INFEASIBLE },
        { "table of one", "lut", 1, 1, 1, 1, STATUS_INFEASIBLE },      { "table of nine", "lut", 1, 1, 1, 9, STATUS_INFEASIBLE },
        { "no rows", "lut", 1, 0, 1, 4, STATUS_BAD_INPUT },            { "too many columns", "lut", 1, 1, 4097, 4, STATUS_BAD_INPUT },
        { "weights of 0 bits", "lut", 0, 1, 1, 4, STATUS_BAD_INPUT },  { "weights of 17 bits", "mac", 17, 1, 1, 4, STATUS_BAD_INPUT },
    };
    struct array_cost c;
    struct error err;

    CU_ASSERT_TRUE_FATAL(loaded());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].label, cost(&c, rows[i].kind, int8, rows[i].bits, rows[i].m, rows[i].n, rows[i].k) == rows[i].want);
    CU_ASSERT_PTR_NULL(array_kind_find("luts", &err));
}

static double area_times_power(const struct array_cost *c) { return c->area_um2.likely * array_power_mw(c, 1e9); }

/* s44-dse-opt-tile: M2 N64 K4 of all shapes with 512 lanes; with int8 tables M4 N32 K4 has as many bits at its edge. */
static void best_shape(void)
{
    static const struct { const char *label; struct datapath_number a; double within; } rows[] = {
        { "fp16", { .kind = NUMBER_FLOAT, .bits = 16, .e = 5, .m = 10 }, 1 }, { "int8", { .kind = NUMBER_INT, .bits = 8 }, 1.01 },
    };

    CU_ASSERT_TRUE_FATAL(loaded());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct array_cost c, paper;

        CHECK_ROW(rows[i].label, cost(&paper, "lut", rows[i].a, 1, 2, 64, 4) == STATUS_OK);
        for (int64_t k = 2; k <= 8; k *= 2)
            for (int64_t m = 1; m <= 512 / k; m *= 2)
                CHECK_ROW(rows[i].label, cost(&c, "lut", rows[i].a, 1, m, 512 / k / m, k) == STATUS_OK && area_times_power(&paper) <= area_times_power(&c) * rows[i].within);
    }
}

/* s44-k-opt-fp: K = 5, the next smaller close, of the lookup unit alone. */
static void best_table(void)
{
    double per[9];

    CU_ASSERT_TRUE_FATAL(loaded());
    for (int k = 2; k <= 8; k++) {
        struct array_cost c;

        CU_ASSERT_EQUAL(cost(&c, "lut", fp16, 1, 1, 1, k), STATUS_OK);
        per[k] = c.element_um2.likely / k;
    }
    for (int k = 2; k <= 8; k++)
        CU_ASSERT_TRUE(per[5] <= per[k]);
    CU_ASSERT_TRUE(per[4] < 1.1 * per[5]);
}

/* Published ratios, with our distance bounded at what docs/datapaths.md explains. */
static void published(void)
{
    struct array_cost mac, lut, unpu;

    CU_ASSERT_TRUE_FATAL(loaded());
    CU_ASSERT_EQUAL(cost(&mac, "mac", fp16, 1, 2, 64, 4), STATUS_OK);
    CU_ASSERT_EQUAL(cost(&lut, "lut", fp16, 1, 2, 64, 4), STATUS_OK);
    CU_ASSERT_TRUE(mac.area_um2.likely / lut.area_um2.likely > 4 && mac.area_um2.likely / lut.area_um2.likely < 6);     /* s44-w1-ppa-gain: 4 to 6 */
    CU_ASSERT_TRUE(array_power_mw(&mac, 1e9) / array_power_mw(&lut, 1e9) > 4 && array_power_mw(&mac, 1e9) / array_power_mw(&lut, 1e9) < 6);
    CU_ASSERT_EQUAL(cost(&unpu, "unpu", int8, 2, 2, 64, 4), STATUS_OK);
    CU_ASSERT_EQUAL(cost(&lut, "lut", int8, 2, 2, 64, 4), STATUS_OK);
    CU_ASSERT_TRUE(fabs(unpu.area_um2.likely / lut.area_um2.likely / 1.44 - 1) < 0.1);                                     /* s44-t2-lut-vs-unpu-density */
    CU_ASSERT_TRUE(fabs(array_power_mw(&unpu, 1e9) / array_power_mw(&lut, 1e9) / 1.442 - 1) < 0.1);                        /* s44-t2-lut-vs-unpu-power */
}

static const struct test tests[] = {
    { "composed by hand", by_hand }, { "refused", refused }, { "best shape of 512 lanes", best_shape }, { "best length of a table", best_table }, { "published ratios", published },
};
TEST_MAIN("datapath_array", tests)
