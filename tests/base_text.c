/* SPDX-License-Identifier: Apache-2.0 */
/** Errors, names and numbers: messages as a user sees them, edit distances by hand, decimals by the definition. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/path.h"
#include "base/utf8.h"
#include "tests/harness.h"

static void error_has_place_and_text(void)
{
    static const struct {
        const char *label;
        struct source_pos at;
        const char *argument, *expected;
    } rows[] = {
        { "full place", { "a.yaml", 3, 7 }, "x", "a.yaml:3:7: found x" },
        { "file only", { "a.yaml", 0, 0 }, "x", "a.yaml: found x" },
        { "no place", { NULL, 0, 0 }, "x", "found x" },
        { "newline and escape", { NULL, 0, 0 }, "a\n\x1b[31m", "found a\\x0a\\x1b[31m" },
        { "control in the file name", { "a\nb", 1, 1 }, "x", "a\\x0ab:1:1: found x" },
        { "utf-8 stays", { NULL, 0, 0 }, "\u00b5s \u20ac \U0001f600", "found \u00b5s \u20ac \U0001f600" },
        { "C1 control (CSI)", { NULL, 0, 0 }, "\xc2\x9b", "found \\xc2\\x9b" },
        { "no utf-8", { NULL, 0, 0 }, "\xff\xc3", "found \\xff\\xc3" },
        { "overlong", { NULL, 0, 0 }, "\xc0\xaf", "found \\xc0\\xaf" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = { 0 };
        enum status st = error_set(&err, STATUS_BAD_INPUT, rows[i].at, "found %s", rows[i].argument);

        CHECK_ROW(rows[i].label, st == STATUS_BAD_INPUT && err.status == st && strcmp(err.message, rows[i].expected) == 0);
    }
    CU_ASSERT(error_set(NULL, STATUS_INFEASIBLE, (struct source_pos){ 0 }, "x") == STATUS_INFEASIBLE);
    CU_ASSERT(error_plain(NULL, STATUS_INTERNAL, "x") == STATUS_INTERNAL);
}

static void long_error_is_cut(void)
{
    static char text[5000];
    struct error err;
    size_t n;

    /* every offset of the cut relative to a three-byte character and to a four-byte escape */
    for (size_t shift = 0; shift < 12; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4)
            memcpy(text + i, "\u20ac\x01", 5);
        error_plain(&err, STATUS_BAD_INPUT, "%s", text);
        n = strlen(err.message);
        CU_ASSERT(n < ERROR_MESSAGE_MAX && n > ERROR_MESSAGE_MAX - 12);
        CU_ASSERT(n > 3 && strcmp(err.message + n - 3, "...") == 0);
        for (size_t i = 0, step; i < n; i += step) {
            uint32_t code;

            step = utf8_decode(&code, (const unsigned char *)err.message + i, n - i);
            CU_ASSERT_FATAL(step > 0);
        }
    }
}

/* The exit codes of the command, from its specification. */
static void status_values(void)
{
    CU_ASSERT(STATUS_OK == 0 && STATUS_INTERNAL == 1 && STATUS_BAD_INPUT == 2 && STATUS_INFEASIBLE == 3);
    CU_ASSERT(STATUS_TOLERANCE == 4 && STATUS_PARTIAL == 5 && STATUS_INTERRUPTED == 130);
}

static void nearest_distances(void)
{
    static const struct {
        const char *a, *b;
        int distance;
    } rows[] = {
        { "", "", 0 },          { "abc", "", 3 },        { "abc", "abc", 0 },
        { "kitten", "sitting", 3 }, /* k>s, e>i, +g */
        { "bandwith", "bandwidth", 1 }, { "abcd", "abdc", 1 }, { "HBM", "hbm", 0 },
        { "ca", "abc", 3 },     /* optimal string alignment: 3; unrestricted Damerau: 2 */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].a, nearest_distance(rows[i].a, rows[i].b) == rows[i].distance);
        CHECK_ROW(rows[i].b, nearest_distance(rows[i].b, rows[i].a) == rows[i].distance);
    }
}

static void nearest_names(void)
{
    static const char *const names[] = { "bandwidth", "capacity", "latency", "banks" };
    static const struct {
        const char *name, *expected;
    } rows[] = {
        { "bandwith", "bandwidth" }, { "bnadwidth", "bandwidth" }, { "Latency", "latency" }, { "bank", "banks" },
        { "frequency", NULL },       { "", NULL },
    };
    static const char *const tie[] = { "ab", "ac" };
    char giant[3000];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *found = nearest_name(rows[i].name, names, 4);

        CHECK_ROW(rows[i].name, rows[i].expected ? found && strcmp(found, rows[i].expected) == 0 : !found);
    }
    CU_ASSERT_PTR_EQUAL(nearest_name("ax", tie, 2), tie[0]);
    CU_ASSERT_PTR_NULL(nearest_name("x", NULL, 0));
    memset(giant, 'a', sizeof giant);
    giant[sizeof giant - 1] = '\0';
    CU_ASSERT_PTR_NULL(nearest_name(giant, names, 4));
}

static void doubles_as_text(void)
{
    static const struct {
        double value;
        const char *expected;
    } rows[] = {
        { 0.0, "0" }, { -0.0, "-0" }, { 0.1, "0.1" }, { 1e-6, "1e-06" }, { 2.039e12, "2039000000000" }, { 1e21, "1e+21" },
        { 1.0 / 3.0, "0.3333333333333333" },   /* 16 digits are enough */
        { 0.1 + 0.2, "0.30000000000000004" },  /* 17 are needed */
        { NAN, "nan" }, { INFINITY, "inf" }, { -INFINITY, "-inf" },
    };
    char text[NUM_TEXT_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].expected, strcmp(num_format_double(text, rows[i].value), rows[i].expected) == 0);
}

/* Parse of print is identity, over all exponents and pseudo-random mantissas. */
static void doubles_round_trip(void)
{
    uint64_t bits = 0x9e3779b97f4a7c15u;
    int wrong = 0;

    for (int i = 0; i < 100000; i++) {
        char text[NUM_TEXT_MAX];
        double value, back = 0.0;

        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof value);
        if (value - value != 0.0)
            continue;
        num_format_double(text, value);
        wrong += strlen(text) >= 25 || num_parse_double(&back, text) != 0 || back != value;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void doubles_from_text(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = { { "1", 1 }, { "+1", 1 }, { "-1.5e3", -1500 }, { ".5", 0.5 }, { "5.", 5 }, { "1E2", 100 }, { "1e-999", 0 },
                 { "17976931348623157e292", DBL_MAX } };
    static const char *const bad[] = { "", " 1", "1 ", "1x", ".", "e5", "1e", "1e+", "--1", "nan", "inf", "-infinity", "0x10",
                                       "1e999", "-1e999", "1_000", "1,5", "+" };
    double value;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK_ROW(good[i].text, num_parse_double(&value, good[i].text) == 0 && value == good[i].value);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 42.0;
        CHECK_ROW(bad[i], num_parse_double(&value, bad[i]) != 0 && value == 42.0);
    }
    CU_ASSERT_EQUAL(num_decimal_length("-1.5e3 ms"), 6);
    CU_ASSERT_EQUAL(num_decimal_length("5 EB"), 1);
    CU_ASSERT_EQUAL(num_decimal_length("5EB"), 1);
    CU_ASSERT_EQUAL(num_decimal_length("GB"), 0);
}

static void times_as_text(void)
{
    static const struct {
        int64_t ps;
        const char *expected;
    } rows[] = {
        { 0, "0" }, { 1, "0.000000000001" }, { -1, "-0.000000000001" }, { 1234567, "0.000001234567" },
        { 1000000000000, "1" }, { 10500000000000, "10.5" },
        { INT64_MAX, "9223372.036854775807" }, { INT64_MIN, "-9223372.036854775808" },
    };
    char text[NUM_TEXT_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].expected, strcmp(num_format_ps(text, rows[i].ps), rows[i].expected) == 0);
}

static void seconds_to_ps(void)
{
    static const struct {
        const char *label;
        double seconds;
        int64_t ps;
    } rows[] = {
        { "zero", 0.0, 0 }, { "one", 1.0, 1000000000000 }, { "0.4 ps", 0.4e-12, 0 }, { "0.6 ps", 0.6e-12, 1 },
        { "tie to even, up", 1.5e-12, 2 }, { "tie to even, down", 2.5e-12, 2 },
        { "minus zero", -0.0, 0 }, { "negative", -1e-12, -1 }, { "NaN", NAN, -1 }, { "infinite", INFINITY, -1 },
        { "2^62 ps is the last", 4611686.018427387904, INT64_C(1) << 62 }, { "above 2^62", 4611686.02, -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].label, num_ps(rows[i].seconds) == rows[i].ps);
}

static void checked_arithmetic(void)
{
    int64_t out = 7;

    CU_ASSERT(checked_add_i64(&out, INT64_MAX - 1, 1) && out == INT64_MAX);
    CU_ASSERT(!checked_add_i64(&out, INT64_MAX, 1) && out == INT64_MAX);
    CU_ASSERT(checked_mul_i64(&out, INT64_C(1) << 31, INT64_C(1) << 31) && out == INT64_C(1) << 62);
    CU_ASSERT(!checked_mul_i64(&out, INT64_C(1) << 32, INT64_C(1) << 31) && out == INT64_C(1) << 62);
    CU_ASSERT(ceil_div_i64(0, 5) == 0 && ceil_div_i64(10, 5) == 2 && ceil_div_i64(11, 5) == 3);
    CU_ASSERT_EQUAL(ceil_div_i64(INT64_MAX, 2), INT64_C(1) << 62);
}

/* A host program may run under a locale with decimal commas. */
static void foreign_locale(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "nl_NL.UTF-8", "pt_BR.UTF-8" };
    char text[NUM_TEXT_MAX];
    struct error err;
    double value = 0.0;
    const char *found = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]);
    if (!found) {
        skip("no locale with decimal commas is installed");
        return;
    }
    snprintf(text, sizeof text, "%.1f", 0.5);
    CU_ASSERT_STRING_EQUAL(text, "0,5");
    CU_ASSERT_STRING_EQUAL(num_format_double(text, 0.5), "0.5");
    CU_ASSERT(num_parse_double(&value, "0.5") == 0 && value == 0.5);
    CU_ASSERT(num_parse_double(&value, "0,5") != 0);
    error_plain(&err, STATUS_BAD_INPUT, "%.1f", 0.5);
    CU_ASSERT_STRING_EQUAL(err.message, "0.5");
    snprintf(text, sizeof text, "%.1f", 0.5);
    CU_ASSERT_STRING_EQUAL(text, "0,5"); /* and the host's locale is as it was */
    setlocale(LC_ALL, "C");
}

static void paths(void)
{
    static const struct { const char *from, *relative, *expected, *name; } rows[] = {
        { "a/b.yaml", "c.yaml", "a/c.yaml", "c.yaml" },
        { "a/b/c.yaml", "../d/e.yaml", "a/d/e.yaml", "e.yaml" },
        { "../a/b.yaml", "../../c.yaml", "../../c.yaml", "c.yaml" },
        { "b.yaml", "../c.yaml", "../c.yaml", "c.yaml" },
        { "/a/b.yaml", "/c/d", "/c/d", "d" },
        { "a/b.yaml", "c/", "a/c/", "" },
    };
    struct arena arena = { 0 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = path_beside(&arena, rows[i].from, rows[i].relative);

        CHECK_ROW(rows[i].expected, got && strcmp(got, rows[i].expected) == 0 && strcmp(path_name(got), rows[i].name) == 0);
    }
    arena_free(&arena);
}

static const struct test tests[] = {
    { "an error has place and text", error_has_place_and_text },
    { "a long error is cut between characters", long_error_is_cut },
    { "values of the status", status_values },
    { "edit distances", nearest_distances },
    { "nearest names", nearest_names },
    { "doubles as text", doubles_as_text },
    { "doubles survive print and parse", doubles_round_trip },
    { "doubles from text", doubles_from_text },
    { "times as text", times_as_text },
    { "seconds to picoseconds", seconds_to_ps },
    { "checked arithmetic", checked_arithmetic },
    { "paths beside a file", paths },
    { "numbers do not depend on the locale", foreign_locale },
};

TEST_MAIN("base_text", tests)
