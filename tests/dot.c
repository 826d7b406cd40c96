/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Dot products. Widths: arXiv 2311.12359 (values as worked out for n = 4608); fp32 chains: the machine's fmaf; exact sums: 128-bit
 * integers of the decoded values; truncation: sums by hand in the rows' comments.
 */
#include <math.h>
#include <string.h>

#include "formats/dot.h"
#include "tests/harness.h"

static const struct { const char *a, *b; int width; } widths[] = {
    { "e2m1", "e2m1", 22 }, { "e3m0", "e3m0", 28 }, { "e2m2", "e2m2", 24 }, { "e3m1", "e3m1", 30 }, { "e2m3", "e2m3", 26 },
    { "e3m2", "e3m2", 32 }, { "e4m1", "e4m1", 46 }, { "e2m4", "e2m4", 28 }, { "e3m3", "e3m3", 34 }, { "e4m2", "e4m2", 48 },
    { "e3m4", "e3m4", 36 }, { "e4m3fin", "e4m3fin", 50 }, { "e5m2fin", "e5m2fin", 80 }, { "int3", "int3", 20 },
    { "int4", "int4", 22 }, { "int5", "int5", 24 }, { "int6", "int6", 26 }, { "int7", "int7", 28 }, { "int8", "int8", 30 },
};

static void widths_are_published(void)
{
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        CHECK_ROW(widths[i].a, dot_width(format_find(widths[i].a), format_find(widths[i].b), 4608) == widths[i].width);
}

static uint32_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

/* Each pair of codes, and sums of four pairs, against integers in units of the smallest product. */
static const char *const small[] = { "e2m1", "e3m0", "e2m3", "e3m2", "e3m4", "e4m3fin", "e4m3fnuz", "e3m3fn", "int8", "int4", "bipolar4", "ternary" };

static bool kulisch_is_exact(const struct format *a, const struct format *w, int unit)
{
    struct dot_spec s = { .kind = DOT_KULISCH, .a = a, .w = w };
    uint64_t state = 3;

    for (uint32_t i = 0; i < 1u << a->bits; i++)
        for (uint32_t j = 0; j < 1u << w->bits; j++) {
            uint32_t ca[4] = { i, next(&state), next(&state), i }, cw[4] = { j, next(&state), j, next(&state) };
            __int128 sum = 0;
            bool finite = true;

            for (int k = 0; k < 4; k++) {
                ca[k] &= (1u << a->bits) - 1;
                cw[k] &= (1u << w->bits) - 1;
                double p = format_decode(a, ca[k]) * format_decode(w, cw[k]);
                finite = finite && isfinite(p);
                sum += finite ? (__int128)ldexp(p, unit) : 0;
            }
            struct dot_result r = dot_run(&s, ca, cw, 4);
            if (finite != !r.invalid || (finite && (r.value != ldexp((double)sum, -unit) || r.cycles != 4)))
                return false;
            /* the register itself: low 64 bits of the sum in units of 2^lsb */
            if (finite && -r.lsb_exponent == unit && r.width <= 64 &&
                r.bits[0] != ((uint64_t)sum & (r.width == 64 ? ~(uint64_t)0 : ((uint64_t)1 << r.width) - 1)))
                return false;
        }
    return true;
}

static void kulisch_sums_exactly(void)
{
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        const struct format *f = format_find(small[i]);
        int unit = f->family == FORMAT_FLOAT ? 2 * (format_bias(f) - 1 + f->mantissa_bits) : 0;

        CHECK_ROW(small[i], kulisch_is_exact(f, f, unit));
    }
    CHECK_ROW("e2m1 x int4", kulisch_is_exact(format_find("e2m1"), format_find("int4"), 1));
}

static void kulisch_wraps_and_rounds(void)
{
    const struct format *e5m2 = format_find("e5m2fin"), *int8 = format_find("int8");
    struct dot_spec s = { .kind = DOT_KULISCH, .a = e5m2, .w = e5m2, .accumulator = format_find("fp32") };
    uint32_t a[3] = { 0x7f, 1, 0xff }, w[3] = { 0x7f, 1, 0x7f }; /* big^2 + tiny^2 - big^2: only tiny^2 = 2^-32 is left */
    struct dot_result r = dot_run(&s, a, w, 3);

    CU_ASSERT_EQUAL(r.value, 0x1p-32);
    CU_ASSERT(r.bits[0] == 1 && r.bits[1] == 0);
    r = dot_run(&s, a, w, 2); /* 114688^2 + 2^-32 rounds to 114688^2 = 49 x 2^28 in fp32 */
    CU_ASSERT_EQUAL(r.value, 114688.0 * 114688.0);
    s = (struct dot_spec){ .kind = DOT_KULISCH, .a = int8, .w = int8, .width = 16 };
    /* 3 x 128 x 128 = 49152 is -16384 in 16 bits. Registers: 16384 (1 bit), -32768 (2 bits change), -16384 (1 bit) */
    r = dot_run(&s, (const uint32_t[]){ 128, 128, 128 }, (const uint32_t[]){ 128, 128, 128 }, 3);
    CU_ASSERT_EQUAL(r.value, -16384);
    CU_ASSERT_EQUAL(r.toggles, 1 + 2 + 1);
}

static void fma_chain_is_the_machines(void)
{
    const struct format *half = format_find("fp16"), *single = format_find("fp32");
    struct dot_spec s = { .kind = DOT_FMA_CHAIN, .a = half, .w = half, .accumulator = single };
    uint64_t state = 11;
    bool ok = true;

    for (int round = 0; round < 2000; round++) {
        uint32_t a[32], w[32];
        float sum = 0;

        for (int i = 0; i < 32; i++) {
            a[i] = next(&state) & 0xbfff; /* no infinities, below 2 */
            w[i] = next(&state) & 0xbfff;
            sum = fmaf((float)format_decode(half, a[i]), (float)format_decode(half, w[i]), sum);
        }
        ok = ok && dot_run(&s, a, w, 32).value == (double)sum;
    }
    CU_ASSERT(ok);
    /* one rounding: 1 + 2^-11 + 2^-40 is above the tie and goes up in fp16; rounding twice would give 1 */
    CU_ASSERT_EQUAL(dot_fma(half, 0x1p-20, 0x1p-20, 1 + 0x1p-11), 1 + 0x1p-10);
    CU_ASSERT_EQUAL(dot_fma(half, 0x1p-11, 1, 1), 1);
    s.accumulator = half;
    CU_ASSERT_EQUAL(dot_run(&s, (const uint32_t[]){ 0x6400, 0x3800 }, (const uint32_t[]){ 0x4000, 0x3c00 }, 2).value, 2048); /* +0.5: lost */
}

static const struct dot_generation *generation(const char *name)
{
    const struct dot_generation *g = dot_generations;

    while (g->name != NULL && strcmp(g->name, name) != 0)
        g++;
    return g;
}

/* 1 x 1 + three of 2^-12 x 2^-12 = 2^-24: cut off below 23 bits, kept with 24 and then cut to fp32's 23: 3 x 2^-24 leaves 2^-23. */
static const struct { const char *name; double want; } cuts[] = {
    { "volta", 1 }, { "turing", 1 + 0x1p-23 }, { "ampere", 1 + 0x1p-23 }, { "hopper", 1 + 0x1p-23 }, { "ada", 1 + 0x1p-23 }, { "blackwell", 1 + 0x1p-23 },
    { "hopper_fp8", 1 }, { "ada_fp8", 1 },
};

static void fused_units_truncate(void)
{
    const struct format *half = format_find("fp16");
    const uint32_t a[4] = { 0x3c00, 0x0c00, 0x0c00, 0x0c00 }; /* 1, 2^-12 */

    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        const struct dot_generation *g = generation(cuts[i].name);
        struct dot_spec s = { .kind = DOT_FUSED, .a = half, .w = half, .accumulator = format_find("fp32"),
                              .lanes = g->lanes, .fraction_bits = g->fraction_bits };
        struct dot_result r = dot_run(&s, a, a, 4);

        CHECK_ROW(cuts[i].name, r.value == cuts[i].want);
        CHECK_ROW(cuts[i].name, r.cycles == 1);
    }
    /* fp8 on Hopper: 13 bits below the largest exponent, and the accumulator has no more. 1 + 2^-13 stays, 1 + 2^-14 does not; mma.sync keeps both. */
    const struct format *two_bits = format_find("e5m2");
    const uint32_t b[2] = { 0x3c, 0x20 }, c[2] = { 0x3c, 0x24 }, d[2] = { 0x3c, 0x20 }; /* 1, 2^-7; 1, 2^-6 */
    for (int mma = 0; mma < 2; mma++) {
        const struct dot_generation *g = generation(mma ? "hopper_fp8_mma" : "hopper_fp8");
        struct dot_spec s = { .kind = DOT_FUSED, .a = two_bits, .w = two_bits, .accumulator = format_find(g->accumulator), .lanes = g->lanes, .fraction_bits = g->fraction_bits };
        CHECK_ROW(g->name, dot_run(&s, b, c, 2).value == 1 + 0x1p-13);
        CHECK_ROW(g->name, dot_run(&s, b, d, 2).value == (mma ? 1 + 0x1p-14 : 1));
    }
    for (const struct dot_generation *g = dot_generations; g->name != NULL; g++)
        CHECK_ROW(g->name, format_find(g->accumulator) != NULL && g->lanes >= 4 && g->fraction_bits >= 13 && g->source[0] != '\0');
    /* 48 bits lose nothing of E4M3 products of like size: the sum rounded once */
    const struct format *f = format_find("e4m3");
    struct dot_spec s = { .kind = DOT_FUSED, .a = f, .w = f, .accumulator = format_find("fp32"), .lanes = 8, .fraction_bits = 48,
                          .fused_round_nearest = true };
    uint64_t state = 5;
    bool ok = true;
    for (int round = 0; round < 20000; round++) {
        uint32_t x[8], y[8];
        double sum = 0;
        for (int i = 0; i < 8; i++) {
            x[i] = next(&state) & 0xfe;
            y[i] = next(&state) & 0xfe;
            sum += format_decode(f, x[i]) * format_decode(f, y[i]); /* 2^-18 to 2^18: exact in a double */
        }
        ok = ok && dot_run(&s, x, y, 8).value == (double)(float)sum;
    }
    CU_ASSERT(ok);
    /* infinities */
    f = format_find("e5m2");
    s.a = s.w = f;
    CU_ASSERT(isinf(dot_run(&s, (const uint32_t[]){ 0x7c }, (const uint32_t[]){ 0x3c }, 1).value));
    CU_ASSERT(isnan(dot_run(&s, (const uint32_t[]){ 0x7c }, (const uint32_t[]){ 0 }, 1).value));
}

static void integers_wrap_and_saturate(void)
{
    const struct format *f = format_find("int8");
    struct dot_spec s = { .kind = DOT_INTEGER, .a = f, .w = f, .width = 16 };
    const uint32_t a[4] = { 127, 127, 127, 0x81 }, w[4] = { 127, 127, 127, 127 }; /* 3 x 16129 - 16129 */

    CU_ASSERT_EQUAL(dot_run(&s, a, w, 3).value, 48387 - 65536);
    CU_ASSERT_EQUAL(dot_run(&s, a, w, 4).value, 32258);
    s.saturate = true;
    CU_ASSERT_EQUAL(dot_run(&s, a, w, 3).value, 32767);
    CU_ASSERT_EQUAL(dot_run(&s, a, w, 4).value, 32767 - 16129);
    s.lanes = 4; /* one addition of all four */
    CU_ASSERT_EQUAL(dot_run(&s, a, w, 4).value, 32258);
}

static const char *const weights[] = { "int1", "int2", "int4", "int8", "uint4", "bipolar3", "ternary", "int4sym" };

static bool planes_agree(const struct format *w, uint64_t *state)
{
    const struct format *a = format_find("int8");
    struct dot_spec serial = { .kind = DOT_BIT_SERIAL, .a = a, .w = w, .lanes = 4, .width = 40 };
    struct dot_spec lut = { .kind = DOT_LUT, .a = a, .w = w };

    for (uint32_t i = 0; i < 256; i++)
        for (uint32_t j = 0; j < (w->family == FORMAT_TERNARY ? 3u : 1u << w->bits); j++) {
            uint32_t ca[6] = { i, i ^ 255, 17, next(state) & 255, next(state) & 255, i }, cw[6] = { j, j, 0, 1, j, j };
            int64_t want = 0;

            for (int k = 0; k < 6; k++)
                want += (int64_t)format_decode(a, ca[k]) * (int64_t)format_decode(w, cw[k]);
            if (dot_run(&serial, ca, cw, 6).value != (double)want)
                return false;
            lut.lanes = 1 + (int)(next(state) % 6);
            struct dot_result r = dot_run(&lut, ca, cw, 6);
            if (r.value != (double)want || r.cycles != (6 + lut.lanes - 1) / lut.lanes * w->bits)
                return false;
        }
    return true;
}

static void planes_and_tables_give_the_integer_sum(void)
{
    uint64_t state = 17;

    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        CHECK_ROW(weights[i], planes_agree(format_find(weights[i]), &state));
}

static void quantized_tables_round(void)
{
    const struct format *half = format_find("fp16");
    struct dot_spec s = { .kind = DOT_LUT, .a = half, .w = format_find("bipolar2"), .accumulator = format_find("fp32"),
                          .table = format_find("int8"), .table_scale = true, .lanes = 2 };
    /* a = 1, 0.25; entries with the top bit 0: -1.25 and 0.75; scale 1.25/127; 0.75 / scale = 76.2 -> 76. Weights 3, 3: planes 11, 11:
     * both look up -(-127) scale: 3 x 1.25. Weights 3, -3: planes (1,0): index 1: 76 scale, times 3 */
    uint32_t a[2] = { 0x3c00, 0x3400 };
    double scale = 1.25 / 127;

    CU_ASSERT(fabs(dot_run(&s, a, (const uint32_t[]){ 3, 3 }, 2).value - 3.75) < 1e-6);
    CU_ASSERT(fabs(dot_run(&s, a, (const uint32_t[]){ 3, 0 }, 2).value - 3 * 76 * scale) < 1e-6);
}

static void bad_specs_are_refused(void)
{
    struct error err;
    const struct format *f = format_find("e4m3"), *i = format_find("int8");
    const struct dot_spec bad[] = {
        { .kind = DOT_INTEGER, .a = f, .w = i }, { .kind = DOT_FMA_CHAIN, .a = f, .w = f }, { .kind = DOT_FUSED, .a = f, .w = f,
        .accumulator = format_find("fp32") }, { .kind = DOT_LUT, .a = i, .w = f }, { .kind = DOT_LUT, .a = f, .w = i },
        { .kind = DOT_KULISCH, .a = format_find("nf4"), .w = f }, { .kind = DOT_INTEGER, .a = i, .w = i, .width = 64 },
        { .kind = DOT_LUT, .a = i, .w = i, .lanes = 9 },
    };

    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        CU_ASSERT_EQUAL(dot_check(&bad[k], 4, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(dot_check(&(struct dot_spec){ .kind = DOT_KULISCH, .a = f, .w = i }, 4608, &err), STATUS_OK);
    CU_ASSERT_EQUAL(dot_check(&(struct dot_spec){ .kind = DOT_KULISCH, .a = format_find("e8m10"), .w = format_find("e8m10") }, 1 << 30, &err), STATUS_OK);
}

static const struct test tests[] = {
    { "accumulator widths are the published ones", widths_are_published },
    { "Kulisch sums are exact, all pairs", kulisch_sums_exactly },
    { "Kulisch registers wrap, toggle and round once", kulisch_wraps_and_rounds },
    { "FMA chains round as fmaf does", fma_chain_is_the_machines },
    { "fused units cut at their width", fused_units_truncate },
    { "integer registers wrap or saturate", integers_wrap_and_saturate },
    { "bit planes and tables give the integer sum", planes_and_tables_give_the_integer_sum },
    { "quantized tables round as worked out", quantized_tables_round },
    { "bad units are refused", bad_specs_are_refused },
};
TEST_MAIN("dot", tests)
