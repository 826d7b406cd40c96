/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Codes and values. Anchors are of the standards' tables: OCP OFP8 1.0, table 1; OCP MX 1.0, tables 4 to 7; IEEE 754-2019, table 3.5;
 * arXiv 2311.12359 for the variant without specials; arXiv 2206.02915 for FNUZ. Whole tables come by another route than the code's:
 * values are counted up in steps that double at each binade, and rounding is a search for the nearest entry.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/codec.h"
#include "tests/harness.h"

static const struct encode_rule nearest = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };

static const struct { const char *name; int bits; double largest, smallest_normal, smallest; } anchors[] = {
    { "e4m3", 8, 448, 0x1p-6, 0x1p-9 },            { "e5m2", 8, 57344, 0x1p-14, 0x1p-16 },
    { "e2m3", 6, 7.5, 1, 0.125 },                  { "e3m2", 6, 28, 0.25, 0.0625 },
    { "e2m1", 4, 6, 1, 0.5 },                      { "fp16", 16, 65504, 0x1p-14, 0x1p-24 },
    { "bf16", 16, 0x1.fep127, 0x1p-126, 0x1p-133 },{ "tf32", 19, 0x1.ffcp127, 0x1p-126, 0x1p-136 },
    { "fp32", 32, 0x1.fffffep127, 0x1p-126, 0x1p-149 },
    { "e4m3fnuz", 8, 240, 0x1p-7, 0x1p-10 },       { "e5m2fnuz", 8, 57344, 0x1p-15, 0x1p-17 },
    { "e4m3ieee", 8, 240, 0x1p-6, 0x1p-9 },        { "e3m4ieee", 8, 15.5, 0.25, 0x1p-6 },
    { "e4m3fin", 8, 480, 0x1p-6, 0x1p-9 },         { "e5m2fin", 8, 114688, 0x1p-14, 0x1p-16 },
    { "e3m0", 4, 16, 0.25, 0.25 },                 { "e2m2", 5, 7, 1, 0.25 },
    { "e3m1", 5, 24, 0.25, 0.125 },                { "e3m3", 7, 30, 0.25, 0x1p-5 },
    { "e4m2", 7, 448, 0x1p-6, 0x1p-8 },            { "e3m4", 8, 31, 0.25, 0x1p-6 },
};

static void standards_hold(void)
{
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        const struct format *f = format_find(anchors[i].name);

        CHECK_ROW(anchors[i].name, f != NULL && format_code_bits(f) == anchors[i].bits);
        CHECK_ROW(anchors[i].name, f != NULL && format_largest(f) == anchors[i].largest);
        CHECK_ROW(anchors[i].name, f != NULL && format_smallest_normal(f) == anchors[i].smallest_normal);
        CHECK_ROW(anchors[i].name, f != NULL && format_smallest(f) == anchors[i].smallest);
    }
}

static const struct { const char *name; uint32_t code; double value; } codes[] = {
    { "e4m3", 0x7f, NAN }, { "e4m3", 0xff, NAN }, { "e4m3", 0x7e, 448 }, { "e4m3", 0x38, 1 }, { "e4m3", 0x80, -0.0 },
    { "e5m2", 0x7c, INFINITY }, { "e5m2", 0xfc, -INFINITY }, { "e5m2", 0x7d, NAN }, { "e5m2", 0x7e, NAN }, { "e5m2", 0x7b, 57344 },
    { "e4m3fnuz", 0x80, NAN }, { "e4m3fnuz", 0x7f, 240 }, { "e4m3ieee", 0x78, INFINITY }, { "e4m3ieee", 0x79, NAN },
    { "e8m0", 0, 0x1p-127 }, { "e8m0", 127, 1 }, { "e8m0", 254, 0x1p127 }, { "e8m0", 255, NAN },
    { "fp16", 0x3c00, 1 }, { "fp16", 0xc000, -2 }, { "fp16", 0x3555, 0x1.554p-2 }, { "fp16", 0x7c00, INFINITY },
    { "bf16", 0x3fc0, 1.5 }, { "int4", 8, -8 }, { "int4", 7, 7 }, { "uint4", 15, 15 }, { "int8", 0xff, -1 },
    { "int1", 0, -1 }, { "int1", 1, 1 }, { "bipolar2", 0, -3 }, { "bipolar2", 2, 1 }, { "bipolar8", 255, 255 },
    { "ternary", 0, -1 }, { "ternary", 2, 1 }, { "nf4", 7, 0 }, { "nf4", 15, 1 }, { "e1m0", 1, 2 }, { "e1m0", 3, -2 },
};

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static void codes_decode(void)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        CHECK_ROW(codes[i].name, same(format_decode(format_find(codes[i].name), codes[i].code), codes[i].value));
}

/* Magnitudes of a minifloat counted up: two binades in steps of the subnormal, then the step doubles every 2^y codes. */
static void every_minifloat_counts_up(void)
{
    size_t count;
    const struct format *all = format_minifloats(&count);

    CU_ASSERT_EQUAL(count, 8 * 11 * 4);
    for (size_t i = 0; i < count; i++) {
        const struct format *f = &all[i];
        int x = f->exponent_bits, y = f->mantissa_bits;
        uint32_t magnitudes = (uint32_t)1 << (x + y), top = magnitudes - ((uint32_t)1 << y);
        double value = 0, step = 1;
        bool ok = true;

        for (int e = (1 << (x - 1)) - (f->specials == SPECIALS_FNUZ ? 0 : 1) + y - 1; e > 0; e--)
            step /= 2;
        for (int e = (1 << (x - 1)) - (f->specials == SPECIALS_FNUZ ? 0 : 1) + y - 1; e < 0; e++)
            step *= 2;
        for (uint32_t c = 0; c < magnitudes; c++) {
            bool inf = f->specials == SPECIALS_IEEE && c == top, nan = (f->specials == SPECIALS_IEEE && c > top) ||
                       (f->specials == SPECIALS_FN && c == magnitudes - 1);
            double want = nan ? NAN : inf ? INFINITY : value;

            ok = ok && same(format_decode(f, c), want);
            ok = ok && same(format_decode(f, c | magnitudes), f->specials == SPECIALS_FNUZ && c == 0 ? NAN : nan ? NAN : -want);
            value += step;
            if (c + 1 >= 2u << y && (c + 1) % (1u << y) == 0)
                step *= 2;
        }
        CHECK_ROW(f->name, ok);
    }
}

/* Nearest entry of the decoded table: a search. Ties to the even code; without mantissa bits to the larger of two numbers (IEEE 754). */
static uint32_t search(const struct format *f, double v)
{
    uint32_t best = 0, count = (uint32_t)1 << (f->exponent_bits + f->mantissa_bits);
    double gap = INFINITY;

    for (uint32_t c = 0; c < count; c++) {
        double d = fabs(format_decode(f, c) - fabs(v));
        if (isfinite(format_decode(f, c)) && (d < gap || (d == gap && (f->mantissa_bits > 0 ? c % 2 == 0 : c > 1)))) {
            gap = d;
            best = c;
        }
    }
    return best == 0 && f->specials == SPECIALS_FNUZ ? 0 : best | (signbit(v) ? count : 0);
}

static bool rounds_well(const struct format *f)
{
    uint32_t count = (uint32_t)1 << (f->exponent_bits + f->mantissa_bits);
    double last = 0;

    for (uint32_t c = 0; c < count; c++) {
        double v = format_decode(f, c), middle;
        float narrow[4];
        uint8_t fast[4];

        if (!isfinite(v))
            continue;
        if (format_encode(f, v, &nearest, 0) != c || format_encode(f, -v, &nearest, 0) != search(f, -v))
            return false;
        middle = (v + last) / 2;
        double near[4] = { middle, nextafter(middle, 0), -nextafter(middle, INFINITY), v * 1.0625 };
        for (int k = 0; k < 4; k++) {
            if (format_encode(f, near[k], &nearest, 0) != search(f, near[k]))
                return false;
            narrow[k] = (float)near[k];
        }
        format_encode_array8(fast, f, narrow, 4);
        for (int k = 0; k < 4 && f->bits <= 8; k++)
            if (fast[k] != format_encode(f, narrow[k], &nearest, 0))
                return false;
        last = v;
    }
    return true;
}

static void rounding_finds_the_nearest(void)
{
    size_t count;
    const struct format *all = format_minifloats(&count);

    for (size_t i = 0; i < count; i++)
        if (all[i].bits <= 8)
            CHECK_ROW(all[i].name, rounds_well(&all[i]));
    CHECK_ROW("e4m3", rounds_well(format_find("e4m3")));
    CHECK_ROW("e5m2", rounds_well(format_find("e5m2")));
}

static const struct { const char *name; double value; enum rounding rounding; bool saturate; double want; } overs[] = {
    { "e4m3", 1000, ROUND_NEAREST_EVEN, true, 448 },       { "e4m3", 1000, ROUND_NEAREST_EVEN, false, NAN },
    { "e4m3", 464, ROUND_NEAREST_EVEN, false, 448 },       { "e4m3", 465, ROUND_NEAREST_EVEN, false, NAN }, /* 464: the tie, to even */
    { "e5m2", 1e6, ROUND_NEAREST_EVEN, false, INFINITY },  { "e5m2", 61440, ROUND_NEAREST_EVEN, false, INFINITY },
    { "e5m2", 61439, ROUND_NEAREST_EVEN, false, 57344 },   { "e5m2", 1e6, ROUND_TOWARD_ZERO, false, 57344 },
    { "e5m2", -INFINITY, ROUND_NEAREST_EVEN, true, -57344 },{ "e2m1", NAN, ROUND_NEAREST_EVEN, true, 6 }, /* PTX cvt.satfinite */
    { "e2m1", 2.5, ROUND_NEAREST_EVEN, true, 2 },          { "e2m1", 5, ROUND_NEAREST_EVEN, true, 4 },
    { "e2m1", -5.9, ROUND_TOWARD_ZERO, true, -4 },         { "fp16", 65519, ROUND_NEAREST_EVEN, false, 65504 },
    { "fp16", 65520, ROUND_NEAREST_EVEN, false, INFINITY },{ "int4", 9, ROUND_NEAREST_EVEN, true, 7 },
    { "int4", 9, ROUND_NEAREST_EVEN, false, -7 },          { "int4", -9, ROUND_NEAREST_EVEN, true, -8 },
    { "int4sym", -9, ROUND_NEAREST_EVEN, true, -7 },       { "int4", 2.5, ROUND_NEAREST_EVEN, true, 2 },
    { "uint4", -3, ROUND_NEAREST_EVEN, true, 0 },          { "int8", -2.9, ROUND_TOWARD_ZERO, true, -2 },
    { "ternary", 0.6, ROUND_NEAREST_EVEN, true, 1 },       { "ternary", -0.4, ROUND_NEAREST_EVEN, true, 0 },
    { "int1", 0.1, ROUND_NEAREST_EVEN, true, 1 },          { "bipolar2", 1.9, ROUND_NEAREST_EVEN, true, 1 },
    { "bipolar2", 100, ROUND_NEAREST_EVEN, true, 3 },      { "e8m0", 3.1, ROUND_NEAREST_EVEN, true, 4 },
    { "e8m0", 2.9, ROUND_TOWARD_ZERO, true, 2 },           { "e8m0", -1, ROUND_NEAREST_EVEN, true, NAN },
    { "nf4", 0.9, ROUND_NEAREST_EVEN, true, 1 },           { "nf4", 7, ROUND_NEAREST_EVEN, true, 1 },
    { "e4m3fnuz", -1e-9, ROUND_NEAREST_EVEN, true, 0 },
};

static void ends_of_the_range(void)
{
    for (size_t i = 0; i < sizeof overs / sizeof overs[0]; i++) {
        const struct format *f = format_find(overs[i].name);
        struct encode_rule rule = { .rounding = overs[i].rounding, .saturate = overs[i].saturate };
        double got = format_decode(f, format_encode(f, overs[i].value, &rule, 0));

        CHECK_ROW(overs[i].name, (isnan(got) && isnan(overs[i].want)) || got == overs[i].want);
    }
}

/* binary32 is the machine's own: its rounding of a double and its bits are the reference. */
static void fp32_is_the_machines(void)
{
    const struct format *f = format_find("fp32");
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN };
    uint64_t state = 1;
    bool ok = true;

    for (int i = 0; i < 200000; i++) {
        double v;
        float narrow, back;
        uint32_t bits;

        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        memcpy(&v, &state, sizeof v);
        if (isnan(v))
            continue;
        if (i % 2)
            v = ldexp(1 + (double)(state >> 12) * 0x1p-52, (int)(state % 300) - 160);
        narrow = (float)v;
        memcpy(&bits, &narrow, sizeof bits);
        ok = ok && format_encode(f, v, &rule, 0) == bits;
        back = (float)format_decode(f, bits);
        ok = ok && memcmp(&back, &narrow, sizeof back) == 0;
    }
    CU_ASSERT(ok);
}

static void stochastic_rounding_has_the_mean(void)
{
    const struct format *f = format_find("e2m1");
    struct encode_rule rule = { .rounding = ROUND_STOCHASTIC, .saturate = true, .seed = 7 };
    double sum = 0;

    for (uint64_t i = 0; i < 100000; i++)
        sum += format_decode(f, format_encode(f, -2.3, &rule, i)); /* -2 or -3; standard error 0.0015 */
    CU_ASSERT(fabs(sum / 100000 + 2.3) < 0.006);
    CU_ASSERT_EQUAL(format_encode(f, -2.3, &rule, 5), format_encode(f, -2.3, &rule, 5));
    CU_ASSERT_EQUAL(format_decode(f, format_encode(f, 3, &rule, 9)), 3);
}

static void packing_returns(void)
{
    size_t count;
    const struct format *const *list = format_list(&count);
    enum { N = 1003 };

    for (size_t i = 0; i < count; i++) {
        const struct format *f = list[i];
        int64_t bytes = format_packed_bytes(f, N);
        uint32_t codes_in[N], codes_out[N];
        uint8_t *packed = malloc((size_t)bytes);
        uint32_t state = 12345;

        for (int k = 0; k < N; k++) {
            state = state * 1664525 + 1013904223;
            codes_in[k] = f->family == FORMAT_TERNARY ? (state >> 8) % 3 : f->bits == 32 ? state : (state >> 8) & ((1u << f->bits) - 1);
        }
        format_pack(packed, f, codes_in, N);
        format_unpack(codes_out, f, packed, N);
        CHECK_ROW(f->name, memcmp(codes_in, codes_out, sizeof codes_in) == 0);
        free(packed);
    }
    CU_ASSERT_EQUAL(format_packed_bytes(format_find("ternary"), 3201), 641);
    CU_ASSERT_EQUAL(format_packed_bytes(format_find("int3"), 3), 2);
    uint8_t two[2];
    format_pack(two, format_find("int4"), (const uint32_t[]){ 1, 2, 3 }, 3);
    CU_ASSERT(two[0] == 0x21 && two[1] == 0x03);
    format_pack(two, format_find("ternary"), (const uint32_t[]){ 2, 1, 0, 0, 1 }, 5); /* 2 + 1 x 3 + 1 x 81 */
    CU_ASSERT_EQUAL(two[0], 86);
}

static void int4_groups_return(void)
{
    enum { N = 256, GROUP = 32 };
    float in[N], out[N];
    uint8_t packed[N / 2];
    uint16_t scales[N / GROUP];

    for (int i = 0; i < N; i++)
        in[i] = (float)((i * 37 % 15 - 7) * (1 + i / GROUP)); /* the multiples of the scale themselves: exact */
    int4_quantize_pack(packed, scales, in, N, GROUP);
    int4_unpack_dequantize(out, packed, scales, N, GROUP);
    CU_ASSERT_EQUAL(memcmp(in, out, sizeof in), 0);
    CU_ASSERT_EQUAL(format_decode(format_find("fp16"), scales[3]), 4);
}

static const struct { double value; const char *text; } decimals[] = {
    { 0.001953125, "0.001953125" }, { -6, "-6" }, { -0.0, "-0" }, { 100, "100" }, { NAN, "nan" }, { -INFINITY, "-inf" },
    { 0x1p-24, "0.000000059604644775390625" }, { 65504, "65504" },
};

static void decimals_are_exact(void)
{
    char text[FORMAT_DECIMAL_MAX];

    for (size_t i = 0; i < sizeof decimals / sizeof decimals[0]; i++)
        CHECK_ROW(decimals[i].text, strcmp(format_decimal(text, decimals[i].value), decimals[i].text) == 0);
    CU_ASSERT_EQUAL(strtod(format_decimal(text, 0x1p-136), NULL), 0x1p-136);
}

static const struct test tests[] = {
    { "largest, least and width are the standards'", standards_hold },
    { "codes of the standards' tables", codes_decode },
    { "every code of every minifloat, counted up", every_minifloat_counts_up },
    { "rounding finds the nearest, alone and in arrays", rounding_finds_the_nearest },
    { "saturation, infinity, NaN, wrap, toward zero", ends_of_the_range },
    { "fp32 rounds as the machine does", fp32_is_the_machines },
    { "stochastic rounding keeps the mean and its seed", stochastic_rounding_has_the_mean },
    { "packing returns the codes", packing_returns },
    { "int4 groups return exact multiples", int4_groups_return },
    { "decimal text is exact", decimals_are_exact },
};
TEST_MAIN("codec", tests)
