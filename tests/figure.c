/* SPDX-License-Identifier: Apache-2.0 */
/* Figures: half decades by hand, scripts that no label can break, SVGs of modest size with the same bytes each time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/figure.h"
#include "reports/gnuplot.h"
#include "reports/validate_plot.h"
#include "tests/harness.h"
#include "validate/bands.h"

static const double one_two[2] = { 1, 2 }, two_four[2] = { 2, 4 };

static struct figure_panel panel_of(const struct figure_series *series, int count)
{
    struct figure_axis axis = { .label = "x", .log = true, .low = 1, .high = 10 };

    return (struct figure_panel){ "(a)", 1, axis, axis, FIGURE_KEY_TOP_LEFT, series, count, 0 };
}

/* What gnuplot is told of one label; "" where the script could not be made. */
static void script_with(char *out, size_t bytes, const char *label)
{
    struct figure_series s = { .label = label, .mark = FIGURE_POINTS, .count = 2, .x = one_two, .y = two_four };
    struct figure_panel p = panel_of(&s, 1);
    struct figure f = { 3.3, 2.2, &p, 1, NULL };
    FILE *file = tmpfile();
    size_t n = 0;

    CU_ASSERT_FATAL(file != NULL);
    if (figure_script(file, &f)) {
        rewind(file);
        n = fread(out, 1, bytes - 1, file);
    }
    out[n] = '\0';
    fclose(file);
}

static void labels(void)
{
    static const struct { const char *label, *want; } rows[] = {
        { "A100", "title 'A100'\n" },
        { "it's", "title 'it''s'\n" },
        { "`touch x` $(x) @y \"z\"", "title '`touch x` $(x) @y \"z\"'\n" }, /* nothing is substituted between single quotes */
        { "a\nplot 1", "title 'a plot 1'\n" },
        { "\xff" "b\xc2", "title '?b?'\n" },
        { "µs", "title 'µs'\n" },
    };
    char script[8192];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        script_with(script, sizeof script, rows[i].label);
        CHECK_ROW(rows[i].label, strstr(script, rows[i].want) != NULL);
        CHECK_ROW(rows[i].label, strstr(script, "$p0s0 << EOD\n1 2\n2 4\nEOD\n") != NULL);
    }
}

static void places(void)
{
    static const struct { const char *path, *want; } rows[] = {
        { "out.gif", "expected a name that ends in .svg, .pdf or .png" },
        { ".svg", "expected a name that ends in .svg" },
        { "-", "expected a name that ends in .svg" },
        { "/no-such-folder/out.svg", "cannot write" },
    };
    struct figure f = { 3.3, 2.2, NULL, 0, NULL };
    struct error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].path, figure_ready(rows[i].path, &err) == STATUS_BAD_INPUT && strstr(err.message, rows[i].want));
        CHECK_ROW(rows[i].path, figure_write(rows[i].path, &f, &err) == STATUS_BAD_INPUT && strstr(err.message, rows[i].want));
    }
}

/* ---- half decades ---- */

static struct evaluated_row row_of(double measured, double value)
{
    static const char *const names[] = { "device" };
    static const char *fields[] = { "A100" };
    static const struct measurement_kind kind = { .name = "gemm", .measured = "time_us" };

    return (struct evaluated_row){ .row = { &kind, names, fields, 1, { "rows.csv", 1, 1 } }, .measured = measured, .value = value, .selected = true };
}

/* 10 to 31.6 us: errors 0, 10 .. 100 %, so the 10 % quantile of these eleven is 10 %, the median 50 %, the 90 % quantile 90 %.
 * One row in [100, 316): too few. One not predicted, one not measured. */
static void half_decades(void)
{
    struct evaluated_row rows[14];
    const struct evaluated_row *list[14];
    struct arena arena = { 0 };
    struct error_band *bands;
    struct error err;
    int64_t count;

    for (int i = 0; i < 11; i++)
        rows[i] = row_of(i % 2 ? 10.0 : 31.0, (i % 2 ? 10.0 : 31.0) * (1.0 + 0.1 * i));
    rows[11] = row_of(100.0, 100.0);
    rows[12] = row_of(NAN, 20.0);
    rows[13] = row_of(20.0, NAN);
    rows[13].reason = "unknown device";
    for (int i = 0; i < 14; i++)
        list[i] = &rows[13 - i];
    CU_ASSERT_EQUAL_FATAL(evaluation_bands(&bands, &count, list, 14, 2, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(bands[0].rows, 11);
    CU_ASSERT_DOUBLE_EQUAL(bands[0].centre, 17.7828, 1e-4); /* 10^1.25 */
    CU_ASSERT_DOUBLE_EQUAL(bands[0].low, 0.1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(bands[0].median, 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(bands[0].high, 0.9, 1e-12);
    CU_ASSERT_EQUAL_FATAL(evaluation_bands(&bands, &count, list, 14, 1, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(count, 2);
    arena_free(&arena);
}

/* ---- with gnuplot ---- */

enum { MANY = 14000, SVG_MAX = 1 << 20 };

static char *whole_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *data = calloc(1, SVG_MAX + 1);

    *bytes = file && data ? fread(data, 1, SVG_MAX, file) : 0;
    if (file)
        fclose(file);
    return data;
}

static int64_t occurrences(const char *text, const char *word)
{
    int64_t n = 0;

    for (; text && (text = strstr(text, word)); text += strlen(word))
        n++;
    return n;
}

static void many_rows(void)
{
    char folder[] = "/tmp/llmsim-figure-XXXXXX", first[64], second[64];
    struct evaluation e = { calloc(MANY, sizeof *e.rows), MANY, MANY };
    struct predictor p = { 0 };
    struct arena arena = { 0 };
    struct error err;
    size_t a_bytes, b_bytes;

    if (gnuplot_find(&err)) {
        free(e.rows);
        skip("no gnuplot");
        return;
    }
    CU_ASSERT_FATAL(e.rows != NULL && mkdtemp(folder) != NULL);
    snprintf(first, sizeof first, "%s/a.svg", folder);
    snprintf(second, sizeof second, "%s/b.svg", folder);
    for (int i = 0; i < MANY; i++) {
        double measured = pow(10.0, 4.0 * i / MANY);

        e.rows[i] = row_of(measured, measured * (1.0 + 0.3 * sin(37.0 * i)));
    }
    CU_ASSERT_EQUAL_FATAL(report_validate_plot(first, &e, "device", "analytic", &p, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(report_validate_plot(second, &e, "device", "analytic", &p, &arena, &err), STATUS_OK);
    char *a = whole_file(first, &a_bytes), *b = whole_file(second, &b_bytes);
    CU_ASSERT_TRUE(a_bytes > 0 && a_bytes < SVG_MAX && a_bytes == b_bytes && memcmp(a, b, a_bytes) == 0);
    CU_ASSERT_TRUE(strstr(a, "14 000 of 14 000 rows") != NULL);
    CU_ASSERT_TRUE(strstr(a, "A100: 19.1 %") != NULL); /* mean of 0.3 |sin| is 0.6 / pi */
    CU_ASSERT_TRUE(occurrences(a, "<use xlink:href='#gpPt6' transform") <= VALIDATE_PLOT_POINTS_MAX + 50);
    CU_ASSERT_TRUE(occurrences(a, "<use xlink:href='#gpPt6' transform") > VALIDATE_PLOT_POINTS_MAX / 2);
    e.count = 1;
    e.rows[0].measured = NAN;
    CU_ASSERT_EQUAL(report_validate_plot(first, &e, "device", "analytic", &p, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_TRUE(strstr(err.message, "no row was predicted that has a measured value") != NULL);
    free(a);
    free(b);
    unlink(first);
    unlink(second);
    rmdir(folder);
    free(e.rows);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "no label breaks a script", labels },
    { "places that cannot be written", places },
    { "errors by half decade", half_decades },
    { "many rows, few points, same bytes", many_rows },
};

TEST_MAIN("figure", tests)
