/* SPDX-License-Identifier: Apache-2.0 */
/* Cost: yields and dies of a wafer by hand, dies of known chips, tokens by hand, files that are wrong. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/prices.h"
#include "costmodel/manufacture.h"
#include "costmodel/serving_cost.h"
#include "costmodel/unit_energy.h"
#include "tests/harness.h"

static bool near(double value, double wanted, double share)
{
    return fabs(value - wanted) <= share * fabs(wanted);
}

static bool load_die(struct die_area *die, struct arch_floorplan *plan, const struct hardware **hw, const struct technology **t, const char *device,
                     struct arena *arena)
{
    struct error err = { 0 };
    struct synthesis synthesis;

    return !arch_load(hw, device, NULL, 0, arena, &err) && !technology_load(t, NULL, arena, &err) && !floorplan_read(plan, *hw, &err) &&
           !synthesis_load(&synthesis, *t, NULL, 0, arena, &err) && !die_area_of(die, plan, *hw, &synthesis, &err);
}

/* 826 mm2 on 300 mm: 62.4 whole dies, 0.482 good at 0.1 a cm2 in three clusters; 814 mm2 at 0.2: 63.5, 0.272. */
static void wafers_by_hand(void)
{
    CU_ASSERT(near(gross_dies(826, 300), 62.4, 0.001));
    CU_ASSERT(near(gross_dies(814, 300), 63.5, 0.001));
    CU_ASSERT(near(yield_of(826, 0.10, 3), 0.482, 0.002));
    CU_ASSERT(near(yield_of(826, 0.15, 3), 0.354, 0.002));
    CU_ASSERT(near(yield_of(814, 0.20, 3), 0.272, 0.002));
    CU_ASSERT(gross_dies(80000, 300) == 0);
}

/* Known dies; the model knows none of them but through A100's share of control. */
static void known_dies(void)
{
    static const struct { const char *device; double mm2; } rows[] = { { "A100-80GB", 826 }, { "H100-80GB", 814 }, { "MI210", 724 } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct die_area die;
        struct arch_floorplan plan;
        const struct hardware *hw;
        const struct technology *t;
        double sum = 0;

        CHECK_ROW(rows[i].device, load_die(&die, &plan, &hw, &t, rows[i].device, &arena));
        CHECK_ROW(rows[i].device, near(die.total_mm2.likely, rows[i].mm2, 0.10));
        CHECK_ROW(rows[i].device, die.total_mm2.low < rows[i].mm2 && rows[i].mm2 < die.total_mm2.high);
        CHECK_ROW(rows[i].device, die.known_mm2 == rows[i].mm2);
        for (int b = 0; b < DIE_BLOCKS; b++)
            sum += die.block_mm2[b].likely;
        CHECK_ROW(rows[i].device, near(sum, die.total_mm2.likely, 1e-12));
        arena_free(&arena);
    }
}

/* LLMCompass, figure 6: off-chip PHYs are NVLink's, off-chip control is 0 there; PCIe and link controllers are in its "other". */
static void shares_of_a100(void)
{
    static const struct { enum die_block block; double mm2; } rows[] = {
        { DIE_CORES, 476.25 }, { DIE_INTERCONNECT, 76.44 }, { DIE_L2, 119.31 }, { DIE_MEMORY_PHY, 58 }, { DIE_MEMORY_CONTROL, 31.77 }, { DIE_LINK_PHY, 20.95 },
    };
    struct arena arena = { 0 };
    struct die_area die;
    struct arch_floorplan plan;
    const struct hardware *hw;
    const struct technology *t;

    CU_ASSERT_FATAL(load_die(&die, &plan, &hw, &t, "A100-80GB", &arena));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(die_block_names[rows[i].block], near(die.block_mm2[rows[i].block].likely, rows[i].mm2, 0.20));
    CU_ASSERT(near(die.block_mm2[DIE_OTHER].likely + die.block_mm2[DIE_LINK_CONTROL].likely + die.block_mm2[DIE_HOST_PHY].likely, 40, 0.20));
    arena_free(&arena);
}

/* What is added on a chip takes room; fewer SMs on make more dies sellable. */
static void chips_that_differ(void)
{
    struct arena arena = { 0 };
    struct die_area a100, lut;
    struct arch_floorplan plan, lut_plan;
    const struct hardware *hw, *lut_hw;
    const struct technology *t;
    struct manufacture all, product;
    struct error err = { 0 };
    char path[512];

    snprintf(path, sizeof path, "%s/arch/lut_tc.yaml", source_dir());
    CU_ASSERT_FATAL(load_die(&a100, &plan, &hw, &t, "A100-80GB", &arena) && load_die(&lut, &lut_plan, &lut_hw, &t, path, &arena));
    CU_ASSERT(lut.sm_mm2[SM_LUT].likely > 0 && a100.sm_mm2[SM_LUT].high == 0);
    CU_ASSERT(near(lut.sm_mm2[SM_REGISTERS].likely / a100.sm_mm2[SM_REGISTERS].likely, 1.8, 0.1)); /* twice the bits in larger macros */
    CU_ASSERT(manufacture_of(&product, &a100, &plan, hw, t, &err) == STATUS_OK);
    plan.sms = hw->sm.count;
    CU_ASSERT(manufacture_of(&all, &a100, &plan, hw, t, &err) == STATUS_OK);
    CU_ASSERT(product.sellable.likely > all.sellable.likely && product.sellable.likely > product.yield.likely);
    CU_ASSERT(product.total_usd.low < product.total_usd.likely && product.total_usd.likely < product.total_usd.high);
    plan.sms = hw->sm.count - 1;
    CU_ASSERT(manufacture_of(&all, &a100, &plan, hw, t, &err) == STATUS_BAD_INPUT);
    arena_free(&arena);
}

/* What descriptions say of their lookup units' operations is what the synthesis tables give at their node (docs/cost.md, "LUT energies"). */
static void lut_energies_are_the_tables(void)
{
    static const char *const designs[] = { "lut_tc", "lut_tc_8x", "lut_tc_conventional", "h100_lut_tc", "h100_lut_tc_8x" };
    static const struct { const char *format, *op; } ops[] = { { "int8", "int8" }, { "fp8_e4m3", "fp8" }, { "fp16", "fp16" } };

    for (size_t i = 0; i < sizeof designs / sizeof designs[0]; i++) {
        struct arena arena = { 0 };
        struct error err = { 0 };
        const struct hardware *hw;
        const struct technology *t;
        struct synthesis s;
        struct lut_energy e;
        char path[512], lane[32], entry[32], label[200];

        snprintf(path, sizeof path, "%s/arch/%s.yaml", source_dir(), designs[i]);
        CU_ASSERT_FATAL(!arch_load(&hw, path, NULL, 0, &arena, &err) && !technology_load(&t, NULL, &arena, &err) && !synthesis_load(&s, t, NULL, 0, &arena, &err));
        for (int64_t u = 0; u < hw->units_count; u++)
            for (int64_t r = 0; strcmp(hw->units[u].kind, "lut_mpgemm") == 0 && r < hw->units[u].rates_count; r++)
                for (size_t o = 0; o < sizeof ops / sizeof ops[0]; o++) {
                    const struct arch_rate *rate = &hw->units[u].rates[r];

                    if (strcmp(rate->format->name, ops[o].format) != 0)
                        continue;
                    CHECK_ROW(designs[i], lut_energy_of(&e, &hw->units[u], rate, hw->area.process_nm, &s, &err) == STATUS_OK);
                    snprintf(lane, sizeof lane, "lut_lane_%s", ops[o].op);
                    snprintf(entry, sizeof entry, "lut_entry_%s", ops[o].op);
                    snprintf(label, sizeof label, "%s: %s %.4f pJ (%.4f to %.4f), described %.4f; entry %.4f pJ, described %.4f", designs[i], lane, e.lane_j.likely * 1e12,
                             e.lane_j.low * 1e12, e.lane_j.high * 1e12, energy_op_j(&hw->energy, lane) * 1e12, e.entry_j.likely * 1e12, energy_op_j(&hw->energy, entry) * 1e12);
                    printf("# %s\n", label);
                    CHECK_ROW(label, near(energy_op_j(&hw->energy, lane), e.lane_j.likely, 0.02));
                    CHECK_ROW(label, e.entry_j.likely > 0 ? near(energy_op_j(&hw->energy, entry), e.entry_j.likely, 0.02) : energy_op_j(&hw->energy, entry) < 0);
                }
        arena_free(&arena);
    }
}

/* 100 tokens/s on two devices at 2 $/h: 1e6 / 100 s x 2 / 3600 x 2 = 11.11 $; 3.6 J a token is 1 kWh a million. */
static void tokens_by_hand(void)
{
    static const struct tech_range one = { 1, 1, 1 }, half = { 0.5, 0.5, 0.5 };
    struct device_price price = { .cloud_usd_per_hour = { 1, 2, 3 }, .purchase_usd = { 10000, 10000, 10000 } };
    struct prices p = { .server_x = { 1.5, 1.5, 1.5 }, .pue = { 1.2, 1.2, 1.2 }, .usd_per_kwh = { 0.1, 0.1, 0.1 }, .lifetime_years = { 4, 4, 4 },
                        .busy_share = half, .carbon_g_per_kwh = { 500, 500, 500 } };
    struct serving_cost c;

    serving_cost_of(&c, 100, 3.6, 2, one, &price, &p);
    CU_ASSERT(near(c.rented_usd.likely, 11.111, 1e-4));
    CU_ASSERT(near(c.rented_usd.high, 3 * c.rented_usd.low, 1e-12));
    CU_ASSERT(near(c.electricity_usd.likely, 0.12, 1e-9));
    CU_ASSERT(near(c.carbon_kg.likely, 0.6, 1e-9));
    CU_ASSERT(near(c.capital_usd.likely, 15000.0 * 20000 / (2 * 365.25 * 86400), 1e-9));
    CU_ASSERT(near(c.owned_usd.likely, c.capital_usd.likely + 0.12, 1e-9));
    serving_cost_of(&c, 100, 3.6, 2, one, NULL, &p);
    CU_ASSERT(c.rented_usd.high == 0 && c.owned_usd.high == 0 && c.electricity_usd.likely > 0);
}

static enum status load_text(const char *text, bool prices, struct error *err)
{
    char path[] = "/tmp/llmsim-cost-XXXXXX";
    int fd = mkstemp(path);
    struct arena arena = { 0 };
    const struct technology *t;
    const struct prices *p;
    enum status st;

    CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    st = prices ? prices_load(&p, path, &arena, err) : technology_load(&t, path, &arena, err);
    unlink(path);
    arena_free(&arena);
    return st;
}

static void wrong_files(void)
{
    static const struct { const char *label, *text, *says; bool prices; } rows[] = {
        { "empty", "", "expected", false },
        { "a list", "[1]\n", "expected a technology", false },
        { "unknown key", "noddes: {}\n", "nodes", false },
        { "prices: unknown key", "devicess: {}\n", "devices", true },
        { "prices: falling range", "devices: {X: {cloud_usd_per_hour: [3, 2, 1], purchase_usd: [1, 1, 1], date: 2026-01}}\noperation: {server_x: [1, 1, 1], pue: [1, 1, 1], "
          "usd_per_kwh: [1, 1, 1], lifetime_years: [1, 1, 1], busy_share: [1, 1, 1], carbon_g_per_kwh: [1, 1, 1]}\n", "do not rise", true },
        { "prices: no lifetime", "devices: {}\noperation: {server_x: [1, 1, 1], pue: [1, 1, 1], usd_per_kwh: [1, 1, 1], lifetime_years: [0, 1, 1], "
          "busy_share: [1, 1, 1], carbon_g_per_kwh: [1, 1, 1]}\n", "lifetime_years", true },
        { "prices: two numbers", "devices: {}\noperation: {server_x: [1, 1], pue: [1, 1, 1], usd_per_kwh: [1, 1, 1], lifetime_years: [1, 1, 1], busy_share: [1, 1, 1], "
          "carbon_g_per_kwh: [1, 1, 1]}\n", "[low, likely, high]", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = { 0 };

        CHECK_ROW(rows[i].label, load_text(rows[i].text, rows[i].prices, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(rows[i].label, strstr(err.message, rows[i].says) != NULL);
    }
}

/* Every priced device exists under that name, so that no price is lost to a spelling. */
static void prices_name_devices(void)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct prices *p;
    const struct hardware *hw;

    CU_ASSERT_FATAL(prices_load(&p, NULL, &arena, &err) == STATUS_OK);
    CU_ASSERT(p->count > 0);
    for (int64_t i = 0; i < p->count; i++) {
        CHECK_ROW(p->devices[i].device, arch_load(&hw, p->devices[i].device, NULL, 0, &arena, &err) == STATUS_OK && strcmp(hw->name, p->devices[i].device) == 0);
        CHECK_ROW(p->devices[i].device, p->devices[i].source != NULL);
        CHECK_ROW(p->devices[i].device, prices_find(p, p->devices[i].device) == &p->devices[i]);
    }
    CU_ASSERT(prices_find(p, "no such device") == NULL);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "wafers by hand", wafers_by_hand },
    { "areas of known dies", known_dies },
    { "blocks of A100", shares_of_a100 },
    { "chips that differ", chips_that_differ },
    { "LUT energies are the tables'", lut_energies_are_the_tables },
    { "a million tokens by hand", tokens_by_hand },
    { "wrong files", wrong_files },
    { "prices name shipped devices", prices_name_devices },
};
TEST_MAIN("cost", tests)
