/* SPDX-License-Identifier: Apache-2.0 */
/** Quantities: values by hand from the definitions of the prefixes (SI brochure; IEC 80000-13), a case for every message. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/num.h"
#include "base/quantity.h"
#include "tests/harness.h"

static const struct {
    const char *text;
    enum quantity_kind kind;
    double value;
} good[] = {
    { "8192", Q_COUNT, 8192 },
    { "0", Q_COUNT, 0 },
    { "9007199254740992", Q_COUNT, 0x1p53 },
    { "0.87", Q_RATIO, 0.87 },
    { "87 %", Q_RATIO, 0.87 },
    { "87%", Q_RATIO, 0.87 },
    { "1e-3", Q_RATIO, 0.001 },
    { "80 GiB", Q_BYTES, 85899345920.0 },
    { "40 MiB", Q_BYTES, 41943040.0 },
    { "228 KiB", Q_BYTES, 233472.0 },
    { "80 GB", Q_BYTES, 80e9 },
    { "512 B", Q_BYTES, 512 },
    { "  512   B  ", Q_BYTES, 512 },
    { "16 kbit", Q_BYTES, 2000 },
    { "8 b", Q_BYTES, 1 },
    { "1 TiB", Q_BYTES, 1099511627776.0 },
    { "2.039 TB/s", Q_BYTES_PER_S, 2.039e12 },
    { "2.039TB/s", Q_BYTES_PER_S, 2.039e12 },
    { "2039e9 B/s", Q_BYTES_PER_S, 2.039e12 },
    { "2.039e3 GB/s", Q_BYTES_PER_S, 2.039e12 },
    { "400 Gbit/s", Q_BYTES_PER_S, 50e9 },
    { "400 Gb/s", Q_BYTES_PER_S, 50e9 },
    { "1410 MHz", Q_HZ, 1.41e9 },
    { "1.41 GHz", Q_HZ, 1.41e9 },
    { "500 ns", Q_SECONDS, 500e-9 },
    { "4.5 us", Q_SECONDS, 4.5e-6 },
    { "4.5 \u00b5s", Q_SECONDS, 4.5e-6 },  /* micro sign */
    { "4.5 \u03bcs", Q_SECONDS, 4.5e-6 },  /* Greek mu */
    { "250 ps", Q_SECONDS, 250e-12 },
    { "30 min", Q_SECONDS, 1800 },
    { "2 h", Q_SECONDS, 7200 },
    { "29 cycles", Q_CYCLES, 29 },
    { "1 cycle", Q_CYCLES, 1 },
    { "128 B/cycle", Q_BYTES_PER_CYCLE, 128 },
    { "1024 bit/cycle", Q_BYTES_PER_CYCLE, 128 },
    { "989.4 TFLOP/s dense", Q_OPS_DENSE, 989.4e12 },
    { "624 TOP/s dense", Q_OPS_DENSE, 624e12 },
    { "1.2 EFLOP/s   dense", Q_OPS_DENSE, 1.2e18 },
    { "400 W", Q_WATT, 400 },
    { "1.2 kW", Q_WATT, 1200 },
    { "5 mW", Q_WATT, 0.005 },
    { "1.3 pJ", Q_JOULE, 1.3e-12 },
    { "3.9 pJ/bit", Q_JOULE_PER_BIT, 3.9e-12 },
    { "31.2 pJ/B", Q_JOULE_PER_BIT, 3.9e-12 },
    { "826 mm2", Q_MM2, 826 },
    { "2500 um2", Q_MM2, 0.0025 },
    { "8.26 cm2", Q_MM2, 826 },
    { "0.85 V", Q_VOLT, 0.85 },
    { "850 mV", Q_VOLT, 0.85 },
    { "$ 12000", Q_DOLLAR, 12000 },
    { "$12000", Q_DOLLAR, 12000 },
    { "12000 $", Q_DOLLAR, 12000 },
};

static void good_quantities(void)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct error err = { 0 };
        double value = -1.0;
        enum status st = quantity_parse(&value, good[i].text, good[i].kind, (struct source_pos){ 0 }, &err);

        /* exact: a prefix is a shift of the exponent, not a rounded product */
        CHECK_ROW(good[i].text, st == STATUS_OK && value == good[i].value);
    }
}

static const struct {
    const char *text;
    enum quantity_kind kind;
    const char *says;
} bad[] = {
    { "2.039", Q_BYTES_PER_S, "'2.039' has no unit, expected a bandwidth such as '2.039 TB/s'" },
    { "80 GiB", Q_BYTES_PER_S, "'80 GiB' is a size, expected a bandwidth such as '2.039 TB/s'" },
    { "2 TB/s", Q_BYTES, "'2 TB/s' is a bandwidth, expected a size such as '80 GiB'" },
    { "8192 B", Q_COUNT, "'8192 B' is a size, expected a whole number such as '8192'" },
    { "80 GiBs", Q_BYTES, "unknown unit 'GiBs'" },
    { "80 KB", Q_BYTES, "unknown prefix 'K', expected 'k' (1000) or 'Ki' (1024)" },
    { "80 mB", Q_BYTES, "unknown unit 'mB'" },
    { "80 gb", Q_BYTES, "unknown unit 'gb'" },
    { "1410 mhz", Q_HZ, "unknown unit 'mhz'" },
    { "989.4 TFLOP/s", Q_OPS_DENSE, "does not say whether the peak is dense or sparse" },
    { "1979 TFLOP/s sparse", Q_OPS_DENSE, "is a sparse peak, expected the dense one" },
    { "989.4 TFLOPS dense", Q_OPS_DENSE, "unknown unit 'TFLOPS dense'" },
    { "989.4 TFLOP/s dense sparse", Q_OPS_DENSE, "unknown unit" },
    { "1.5", Q_COUNT, "'1.5' is not whole" },
    { "1e3", Q_COUNT, "'1e3' is not whole" },
    { "9007199254740994", Q_COUNT, "too large" },
    { "-1", Q_COUNT, "negative" },
    { "-80 GiB", Q_BYTES, "negative" },
    { "-0 s", Q_SECONDS, "negative" },
    { "nan GiB", Q_BYTES, "is no number with a unit" },
    { "inf GiB", Q_BYTES, "is no number with a unit" },
    { "0x10 GiB", Q_BYTES, "unknown unit 'x10 GiB'" },
    { "", Q_BYTES, "is no number with a unit" },
    { "   ", Q_BYTES, "is no number with a unit" },
    { "GiB", Q_BYTES, "is no number with a unit" },
    { "1e400 B", Q_BYTES, "out of range" },
    { "1e300 TiB", Q_BYTES, "too large" },
    { "1e99999999999999999999 B", Q_BYTES, "out of range" },
    { "8_192 B", Q_BYTES, "unknown unit '_192 B'" },
    { "1,5 GB", Q_BYTES, "unknown unit ',5 GB'" },
    { "2.5 $/h", Q_DOLLAR, "unknown unit '$/h'" },
    { "$ 12 k$", Q_DOLLAR, "unknown unit" },
    { "29", Q_CYCLES, "has no unit, expected a number of cycles" },
    { "29 ns", Q_CYCLES, "is a time, expected a number of cycles" },
    { "1 B/s ec", Q_BYTES_PER_S, "unknown unit 'B/s ec'" },
};

static void bad_quantities(void)
{
    static const struct source_pos at = { "a.yaml", 4, 9 };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = { 0 };
        double value = 42.0;
        enum status st = quantity_parse(&value, bad[i].text, bad[i].kind, at, &err);

        CHECK_ROW(bad[i].text, st == STATUS_BAD_INPUT && value == 42.0);
        CHECK_ROW(bad[i].text, strncmp(err.message, "a.yaml:4:9: ", 12) == 0 && strstr(err.message, "expected"));
        CHECK_ROW(bad[i].text, strstr(err.message, bad[i].says) != NULL);
    }
}

static void long_text(void)
{
    static char text[100000];
    struct error err;
    double value;

    memset(text, '9', sizeof text - 1);
    CU_ASSERT(quantity_parse(&value, text, Q_BYTES, (struct source_pos){ 0 }, &err) == STATUS_BAD_INPUT);
    memset(text, ' ', sizeof text - 1);
    CU_ASSERT(quantity_parse(&value, text, Q_BYTES, (struct source_pos){ 0 }, &err) == STATUS_BAD_INPUT);
}

/* Every kind has an example, and it is of its own kind and of no other. */
static void examples(void)
{
    for (int kind = 0; kind < Q_KINDS; kind++) {
        const char *text = quantity_example((enum quantity_kind)kind);

        for (int as = 0; as < Q_KINDS; as++) {
            double value;
            enum status st = quantity_parse(&value, text, (enum quantity_kind)as, (struct source_pos){ 0 }, NULL);
            bool bare = (kind == Q_COUNT || kind == Q_RATIO) && (as == Q_COUNT || as == Q_RATIO);

            if (as == kind || !bare)
                CHECK_ROW(text, (st == STATUS_OK) == (as == kind));
        }
    }
}

static void whole_numbers(void)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool ok;
        int64_t value;
    } rows[] = {
        { "0", 0, 10, true, 0 }, { "10", 0, 10, true, 10 }, { "11", 0, 10, false, 0 }, { "-1", 0, 10, false, 0 },
        { "-5", -9, 9, true, -5 }, { "+5", -9, 9, true, 5 },
        { "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX },
        { "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN },
        { "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
        { "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0 },
        { "99999999999999999999999999", INT64_MIN, INT64_MAX, false, 0 },
        { "", 0, 9, false, 0 }, { "-", -9, 9, false, 0 }, { "1.0", 0, 9, false, 0 }, { "1e1", 0, 99, false, 0 },
        { "8_192", 0, 99999, false, 0 }, { " 5", 0, 9, false, 0 }, { "5 ", 0, 9, false, 0 }, { "0x5", 0, 9, false, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err = { 0 };
        int64_t value = 42;
        enum status st = quantity_parse_i64(&value, rows[i].text, rows[i].min, rows[i].max, (struct source_pos){ 0 }, &err);

        CHECK_ROW(rows[i].text, (st == STATUS_OK) == rows[i].ok && value == (rows[i].ok ? rows[i].value : 42));
        CHECK_ROW(rows[i].text, rows[i].ok || strstr(err.message, "expected"));
    }
}

static void human_forms(void)
{
    static const struct {
        double value;
        enum quantity_kind kind;
        const char *expected;
    } rows[] = {
        { 2.039e12, Q_BYTES_PER_S, "2.039 TB/s" }, { 50e9, Q_BYTES_PER_S, "50 GB/s" },
        { 40960000000.0, Q_BYTES, "38.15 GiB" },   { 0, Q_BYTES, "0 B" },      { 1023, Q_BYTES, "1023 B" },
        { 1024, Q_BYTES, "1 KiB" },                { 1.41e9, Q_HZ, "1.41 GHz" },
        { 0.0114, Q_SECONDS, "11.4 ms" },          { 3.25, Q_SECONDS, "3.25 s" }, { 1234.5678, Q_SECONDS, "1235 s" },
        { 999.96e-6, Q_SECONDS, "1 ms" },          /* rounds up to the next prefix */
        { 999.94e-6, Q_SECONDS, "999.9 us" },
        { 1e-18, Q_SECONDS, "0.001 fs" },          { 0, Q_SECONDS, "0 s" },
        { 29, Q_CYCLES, "29 cycles" },             { 128, Q_BYTES_PER_CYCLE, "128 B/cycle" },
        { 989.4e12, Q_OPS_DENSE, "989.4 TOP/s dense" }, { 400, Q_WATT, "400 W" }, { 3.9e-12, Q_JOULE_PER_BIT, "3.9 pJ/bit" },
        { 826, Q_MM2, "826 mm2" },                 { 12000, Q_DOLLAR, "$ 12000" }, { 1.239, Q_DOLLAR, "$ 1.24" },
        { 0.00123456, Q_DOLLAR, "$ 0.001235" },    { 0.8713, Q_RATIO, "87.13 %" }, { 65536, Q_COUNT, "65536" },
        { -0.0114, Q_SECONDS, "-11.4 ms" },        { NAN, Q_SECONDS, "nan" }, { INFINITY, Q_BYTES, "inf" },
    };
    struct arena a = { 0 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].expected, strcmp(quantity_format(&a, rows[i].value, rows[i].kind), rows[i].expected) == 0);
    arena_free(&a);
}

/* What is printed can be read back, and differs by no more than four digits show (half of the last: 5e-4 relative). */
static void printed_can_be_read(void)
{
    struct arena a = { 0 };

    for (int kind = 0; kind < Q_KINDS; kind++) {
        for (double value = kind == Q_COUNT ? 1 : 1e-15; value < 1e15; value *= 7) {
            const char *text = quantity_format(&a, value, (enum quantity_kind)kind);
            double back = -1.0;
            enum status st = quantity_parse(&back, text, (enum quantity_kind)kind, (struct source_pos){ 0 }, NULL);
            double error = fabs(back - value) / value;

            /* a price above a dollar is told in cents */
            CHECK_ROW(text, st == STATUS_OK && error <= (kind == Q_DOLLAR && value >= 1 ? 5.1e-3 : 5.1e-4));
        }
    }
    arena_free(&a);
}

static const struct test tests[] = {
    { "good quantities", good_quantities },
    { "bad quantities", bad_quantities },
    { "over-long text", long_text },
    { "the example of each kind", examples },
    { "whole numbers", whole_numbers },
    { "human forms", human_forms },
    { "what is printed can be read", printed_can_be_read },
};

TEST_MAIN("base_quantity", tests)
