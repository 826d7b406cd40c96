/* SPDX-License-Identifier: Apache-2.0 */
/* SRAM from macros: a fit that gives known coefficients back, published arrays at two nodes, what must rise and fall, tables that are wrong. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "costmodel/sram.h"
#include "tests/harness.h"

static enum status load(struct sram_fit *fit, const struct technology **t, const char *path, struct arena *arena, struct error *err)
{
    enum status st = technology_load(t, NULL, arena, err);

    return st ? st : sram_load(fit, *t, path, arena, err);
}

static enum status load_text(struct sram_fit *fit, const char *text, struct error *err)
{
    char path[] = "/tmp/llmsim-sram-XXXXXX";
    int fd = mkstemp(path);
    struct arena arena = { 0 };
    const struct technology *t;
    enum status st;

    CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    st = load(fit, &t, path, &arena, err);
    unlink(path);
    arena_free(&arena);
    return st;
}

static bool near(double value, double wanted, double share)
{
    return fabs(value - wanted) <= share * fabs(wanted);
}

#define HEADER "library,words,bits,area_um2,read_pj,write_pj,access_ns,leakage_nw\n"

/* Macros of area 1000 + 30 B + 4 W + 3 W B um2, reads 2 + 0.5 B + 0.001 W B, writes 3 + 0.7 B + 0.002 W B pJ, 2 + 0.05 sqrt(W) ns, 0.01 W B nW. */
static void known_coefficients_come_back(void)
{
    static const int sizes[][2] = { { 64, 64 }, { 256, 16 }, { 1024, 8 }, { 400, 32 }, { 4096, 16 }, { 2500, 48 } };
    char text[2048] = HEADER;
    struct sram_fit fit;
    struct error err = { 0 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        double w = sizes[i][0], b = sizes[i][1];
        size_t n = strlen(text);

        snprintf(text + n, sizeof text - n, "sg13g2,%g,%g,%.12g,%.12g,%.12g,%.12g,%.12g\n", w, b, 1000 + 30 * b + 4 * w + 3 * w * b, 2 + 0.5 * b + 0.001 * w * b,
                 3 + 0.7 * b + 0.002 * w * b, 2 + 0.05 * sqrt(w), 0.01 * w * b);
    }
    CU_ASSERT_FATAL(load_text(&fit, text, &err) == STATUS_OK);
    CU_ASSERT(fit.rows == 6 && fit.words_min == 64 && fit.words_max == 4096 && fit.bits_min == 8 && fit.bits_max == 64 && fit.capacity_bits_max == 2500 * 48);
    for (int q = 0; q < SRAM_QUANTITIES; q++)
        CHECK_ROW(sram_quantity_names[q], fit.worst[q] < 1e-6 && fit.left_out[q] < 1e-6);
    CU_ASSERT(near(sram_macro(&fit, SRAM_AREA, 100, 10), 1000 + 300 + 400 + 3000, 1e-6));
    CU_ASSERT(near(sram_macro(&fit, SRAM_READ, 100, 10), 2 + 5 + 1, 1e-6));
    CU_ASSERT(near(sram_macro(&fit, SRAM_WRITE, 100, 10), 3 + 7 + 2, 1e-6));
    CU_ASSERT(near(sram_macro(&fit, SRAM_ACCESS, 100, 10), 2.5, 1e-6));
    CU_ASSERT(near(sram_macro(&fit, SRAM_LEAKAGE, 100, 10), 10, 1e-6));
}

/* An independent fit of the same ten macros states 3.5 % for area and 13 % for reads at worst, writes 1.25 reads, 12.1 nW a kbit. */
static void shipped_macros(void)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct technology *t;
    struct sram_fit fit;

    CU_ASSERT_FATAL(load(&fit, &t, NULL, &arena, &err) == STATUS_OK);
    CU_ASSERT(fit.rows == 10);
    CU_ASSERT(fit.worst[SRAM_AREA] < 0.035 && fit.worst[SRAM_READ] < 0.13);
    CU_ASSERT(near(sram_macro(&fit, SRAM_WRITE, 1024, 64) / sram_macro(&fit, SRAM_READ, 1024, 64), 1.25, 0.05));
    CU_ASSERT(near(sram_macro(&fit, SRAM_LEAKAGE, 1000, 1), 12.1, 0.01));
    for (int q = 0; q < SRAM_QUANTITIES; q++)
        CHECK_ROW(sram_quantity_names[q], fit.worst[q] <= fit.left_out[q] && fit.left_out[q] < 0.25);
    arena_free(&arena);
}

/* A read of 64 bits. 45 nm: Horowitz, ISSCC 2014; 7 nm: Jouppi, ISCA 2021. The smaller two set sram_energy_x together; 1 MB is a prediction, of a cache
 * there: the range holds it at 7 nm, at 45 nm it is too low by 2.7 (docs/cost.md). */
static void published_arrays(void)
{
    static const struct { const char *label; double nm, bytes, pj; bool held; } rows[] = {
        { "45 nm, 8 KiB", 45, 8192, 10, true }, { "45 nm, 32 KiB", 45, 32768, 20, true }, { "45 nm, 1 MiB", 45, 1048576, 100, false },
        { "7 nm, 8 KiB", 7, 8192, 7.5, true }, { "7 nm, 32 KiB", 7, 32768, 8.5, true }, { "7 nm, 1 MiB", 7, 1048576, 14, true },
    };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct technology *t;
    const struct tech_node *node;
    struct sram_fit fit;
    struct sram s;

    CU_ASSERT_FATAL(load(&fit, &t, NULL, &arena, &err) == STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[160];

        CU_ASSERT_FATAL(!technology_node(&node, t, rows[i].nm, &err) && !sram_of(&s, &fit, t, node, rows[i].bytes, 64, &err));
        snprintf(label, sizeof label, "%s: %.3g pJ (%.3g to %.3g), published %g", rows[i].label, s.read_j.likely * 1e12, s.read_j.low * 1e12, s.read_j.high * 1e12, rows[i].pj);
        printf("# %s\n", label);
        CHECK_ROW(label, (s.read_j.low * 1e12 <= rows[i].pj && rows[i].pj <= s.read_j.high * 1e12) == rows[i].held);
    }
    arena_free(&arena);
}

/* More bits take more area and energy, a wider port more area; a newer node less of all; no memory beats its own cells. */
static void properties(void)
{
    static const double nodes[] = { 130, 45, 28, 16, 7, 5 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct technology *t;
    const struct tech_node *node;
    struct sram_fit fit;
    struct sram before = { 0 }, s, twice, wide;

    CU_ASSERT_FATAL(load(&fit, &t, NULL, &arena, &err) == STATUS_OK);
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        CU_ASSERT_FATAL(!technology_node(&node, t, nodes[i], &err) && !sram_of(&s, &fit, t, node, 65536, 64, &err) && !sram_of(&twice, &fit, t, node, 131072, 64, &err) &&
                        !sram_of(&wide, &fit, t, node, 65536, 1024, &err));
        CU_ASSERT(s.area_mm2.likely * 1e6 > 65536 * 8 * node->sram_cell_um2);
        CU_ASSERT(near(twice.area_mm2.likely, 2 * s.area_mm2.likely, 0.001) && twice.read_j.likely > s.read_j.likely);
        CU_ASSERT(wide.area_mm2.likely > s.area_mm2.likely && wide.read_j.likely > s.read_j.likely && wide.lanes == 16 && wide.access_s < s.access_s);
        CU_ASSERT(i == 0 || (s.area_mm2.likely < before.area_mm2.likely && s.read_j.likely < before.read_j.likely && s.access_s < before.access_s));
        before = s;
    }
    CU_ASSERT(sram_of(&s, &fit, t, node, 4, 64, &err) == STATUS_BAD_INPUT && strstr(err.message, "no wider than the memory") != NULL);
    CU_ASSERT(sram_of(&s, &fit, t, node, NAN, 64, &err) == STATUS_BAD_INPUT);
    CU_ASSERT(sram_of(&s, &fit, t, node, 1e13, 64, &err) == STATUS_BAD_INPUT);
    CU_ASSERT(sram_of(&s, &fit, t, node, 64, 8, &err) == STATUS_OK && !s.extrapolated);
    CU_ASSERT(sram_of(&s, &fit, t, node, 32, 8, &err) == STATUS_OK && s.extrapolated);
    arena_free(&arena);
}

static void wrong_tables(void)
{
    static const struct { const char *label, *text, *says; } rows[] = {
        { "empty", "", "an empty file" },
        { "no column", "library,words\n", "no column 'bits'" },
        { "unknown library", HEADER "sg13g3,64,64,1,1,1,1,1\n", "nearest is sg13g2" },
        { "two libraries", HEADER "sg13g2,64,64,1,1,1,1,1\nasap7,64,64,1,1,1,1,1\n", "expected one library" },
        { "no number", HEADER "sg13g2,64,wide,1,1,1,1,1\n", "bits is 'wide', expected a number from 1" },
        { "negative", HEADER "sg13g2,64,64,-1,1,1,1,1\n", "area_um2 is '-1'" },
        { "too few", HEADER "sg13g2,64,64,9,1,1,1,1\nsg13g2,128,64,9,1,1,1,1\n", "2 macros do not determine the fit of area" },
        { "all alike", HEADER "sg13g2,64,64,9,1,1,1,1\nsg13g2,64,64,9,1,1,1,1\nsg13g2,64,64,9,1,1,1,1\nsg13g2,64,64,9,1,1,1,1\nsg13g2,64,64,9,1,1,1,1\n", "5 macros do not determine" },
        { "a field short", HEADER "sg13g2,64\n", "fields" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = { 0 };
        struct sram_fit fit;

        CHECK_ROW(rows[i].label, load_text(&fit, rows[i].text, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(err.message, strstr(err.message, rows[i].says) != NULL);
    }
}

static const struct test tests[] = {
    { "known coefficients come back", known_coefficients_come_back },
    { "the shipped macros", shipped_macros },
    { "published arrays", published_arrays },
    { "what rises and falls", properties },
    { "wrong tables", wrong_tables },
};
TEST_MAIN("sram", tests)
