/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Schemes with their arithmetic. Anchors are worked out by hand from OCP Microscaling Formats 1.0, 6.3 (X = 2^(floor(log2 max) - emax)), from NVFP4's
 * two levels (448 and 6), from QLoRA's construction of NF4 (arXiv 2305.14314, appendix E), and from DGQ's bound of int8. The rest are properties: what is
 * packed comes back to the bit, what is quantized once stays, no error is above half a step.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "formats/encoder.h"
#include "formats/quant.h"
#include "tests/harness.h"

static const struct quantize_rule standard = { .encode = { .rounding = ROUND_NEAREST_EVEN, .saturate = true } };

static struct quant scheme(const char *text)
{
    struct quant q = { 0 };
    struct error err;

    CHECK_ROW(text, quant_parse(&q, text, (struct source_pos){ 0 }, &err) == STATUS_OK);
    return q;
}

/* Gaussian numbers: the sum of twelve uniform ones less six. */
static void fill(float *out, int64_t n, uint64_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = -6;
        for (int k = 0; k < 12; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            sum += (double)(seed >> 33) * 0x1p-31;
        }
        out[i] = (float)sum;
    }
}

static const struct { const char *scheme; float in[4], out[4]; } anchors[] = {
    { "mxfp4", { 7, 5, -0.26f, 0.2f }, { 6, 4, -0.5, 0 } },             /* floor(log2 7) - 2 = 0: 7 saturates */
    { "mxfp4", { 8, 5, -3, 1.2f }, { 8, 4, -3, 1 } },                   /* X = 2: levels 0 1 2 3 4 6 8 12 */
    { "mxfp8", { 500, 17, 0.3f, -9 }, { 448, 16, 0.3125f, -9 } },       /* floor(log2 500) - 8 = 0; 17 lies between 16 and 18: even */
    { "mxfp8e5m2", { 3, 0.3f, -1.1f, 0 }, { 3, 0.3125f, -1, 0 } },      /* two mantissa bits */
    { "mxfp6", { 1, 0.3f, -0.6f, 0.9f }, { 1, 0.3125f, -0.625f, 0.875f } },/* X = 2^-2: levels from 1/32 (below 1/4), 1/32 to 1/2, 1/16 to 1 */
    { "mxfp6e3m2", { 30, 1, -3, 0.1f }, { 28, 1, -3, 0.125f } },        /* emax 4: 30 saturates at 28; 0.1 / (1/16) = 1.6 */
    { "mxint8", { 1.999f, 0.5f, -0.0079f, -1.2f }, { 127 / 64.f, 0.5f, -1 / 64.f, -77 / 64.f } }, /* X = 1, elements in 1/64 */
    { "msfp12", { 1.5f, 0.3f, -0.8f, 0 }, { 1.5f, 0.25f, -0.75f, 0 } }, /* 3 bits of magnitude: steps of 1/4 below 2 */
    { "nvfp4", { 2688, 400, -1000, 100 }, { 2688, 448, -896, 0 } },     /* tensor scale 1, block scale 448: levels x 448; 100 / 448 < 1/4 */
    { "int4g4", { 7, 3.4f, -2.5f, 0.4f }, { 7, 3, -2, 0 } },            /* scale 1 */
    { "uint4g4z", { 0, 15, 7.4f, 3 }, { 0, 15, 7, 3 } },
    { "uint4g4z", { -5, 10, 7.4f, -2.6f }, { -5, 10, 7, -3 } },         /* scale 1, zero 5 */
    { "ternary", { 1, -1, 0.4f, -1.6f }, { 1, -1, 0, -1 } },            /* mean magnitude 1 */
    { "int1", { 1, -3, 2, -2 }, { 2, -2, 2, -2 } },
    { "int4+2:4", { 7, -1, 2, -4 }, { 7, 0, 0, -4 } },
    { "fp16+1:4", { 7, -1, 2, -9 }, { 0, 0, 0, -9 } },
    { "int4+out0.25", { 100, 7, -3, 2.4f }, { 100, 7, -3, 2 } },        /* the outlier leaves the scale at 1 */
    { "int4+cols0.25", { 7, 3, 100.5f, -2 }, { 7, 3, 100.5f, -2 } },
    { "cb2", { 1, 2, 5, 9 }, { 1, 2, 5, 9 } },                          /* four values, four levels */
    { "int2g2+mixint8:0.5", { 1, 1, 127, 1 }, { 1, 1, 127, 1 } },       /* the second group is worse off: int8 */
};

static void anchors_hold(void)
{
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        struct quant q = scheme(anchors[i].scheme);
        struct quant_matrix m;
        struct arena arena = { 0 };
        struct error err;
        float out[4];

        CHECK_ROW(anchors[i].scheme, quant_quantize(&m, &q, anchors[i].in, 1, 4, NULL, &standard, 0, &arena, &err) == STATUS_OK);
        quant_dequantize(out, &m);
        for (int k = 0; k < 4; k++)
            CHECK_ROW(anchors[i].scheme, out[k] == anchors[i].out[k]);
        arena_free(&arena);
    }
}

static void scale_codes_are_the_standards(void)
{
    static const struct { const char *scheme; float largest; uint32_t code; } rows[] = {
        { "mxfp4", 6, 127 }, { "mxfp4", 4, 127 }, { "mxfp4", 3.99f, 126 }, { "mxfp8", 448, 127 }, { "mxfp8", 256, 127 }, { "mxfp8", 255, 126 },
        { "mxfp8e5m2", 57344, 127 }, { "mxfp6e3m2", 16, 127 }, { "mxint8", 1, 127 }, { "mxint8", 0.99f, 126 }, { "mxfp4", 0, 0 },
        { "mxfp8", 0x1p-130f, 0 }, { "mxint8", 0x1p127f, 254 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct quant q = scheme(rows[i].scheme);
        struct quant_matrix m;
        struct arena arena = { 0 };
        struct error err;
        float x[2] = { rows[i].largest / 3, -rows[i].largest };

        CHECK_ROW(rows[i].scheme, quant_quantize(&m, &q, x, 1, 2, NULL, &standard, 0, &arena, &err) == STATUS_OK);
        CHECK_ROW(rows[i].scheme, m.scales[0] == rows[i].code);
        arena_free(&arena);
    }
}

/* Quantiles of the normal distribution: eight above zero and seven below, from 1 - 0.9677083 to it, over the largest. */
static void nf4_is_its_construction(void)
{
    const struct format *f = format_find("nf4");
    double largest = gsl_cdf_ugaussian_Pinv(0.9677083);

    for (int i = 0; i < 8; i++)
        CHECK_ROW("above", fabs(format_decode(f, (uint32_t)(15 - i)) - gsl_cdf_ugaussian_Pinv(0.9677083 + (0.5 - 0.9677083) * i / 8) / largest) < 1e-6);
    for (int i = 0; i < 7; i++)
        CHECK_ROW("below", fabs(format_decode(f, (uint32_t)i) + gsl_cdf_ugaussian_Pinv(0.9677083 + (0.5 - 0.9677083) * i / 7) / largest) < 1e-6);
    CU_ASSERT_EQUAL(format_decode(f, 7), 0);
}

static void encoder_is_format_encode(void)
{
    static const char *const names[] = { "int2", "int4", "int4sym", "uint4", "int8", "bipolar4", "ternary", "int1", "nf4", "fp4_bnb", "e2m1", "e3m0",
                                         "e4m3", "e5m2", "e4m3fnuz", "e4m3ieee", "e2m3", "e1m0", "e1m6" };
    const struct encode_rule rule = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct format *f = format_find(names[i]);
        struct encoder e;
        bool ok = true;

        encoder_init(&e, f, &rule);
        CHECK_ROW(names[i], e.steps > 0);
        for (uint32_t c = 0; c < 1u << format_code_bits(f); c++)
            for (uint32_t d = 0; d < 1u << format_code_bits(f); d++) {
                double v = (format_decode(f, c) + format_decode(f, d)) / 2;
                double near[] = { v, nextafter(v, INFINITY), nextafter(v, -INFINITY), -v, 2 * v, v / 3, NAN, INFINITY, -INFINITY };
                for (size_t k = 0; k < sizeof near / sizeof near[0]; k++)
                    ok = ok && encoder_code(&e, near[k], 0) == format_encode(f, near[k], &rule, 0);
            }
        CHECK_ROW(names[i], ok);
    }
}

static const char *const all_schemes[] = {
    "fp16", "bf16", "fp32", "tf32", "e4m3", "e3m4pt", "e2m1pc", "int8", "int8pt", "int4g128", "int4g32z", "uint4g32z", "uint3g16z/s=bf16", "int2g16", "int3g8",
    "int4symg16", "bipolar4g32", "int1", "ternary", "ternaryg64", "ternary2in4", "nf4g64", "nf4dq", "fp4_bnbg64", "mxfp8", "mxfp8e5m2", "mxfp6", "mxfp6e3m2", "mxfp4", "mxint8",
    "nvfp4", "msfp12", "msfp16", "int5symg8/s=e8m0", "dgq", "uint4g16z/s=int8/ss=fp32pt", "int4g16/s=e8m0/ss=fp16pc", "int4g16/s=e4m3/ss=fp16g4", "cb2", "cb3", "cb4",
    "fp16+2:4", "int4+2:4", "int4g32+2:4", "int8+1:4", "int8+4:8", "e2m1g16+3:7", "fp16+sparse0.5", "int4+sparse0.8", "ternary+sparse0.5", "int8+bitmask0.7", "int4g32+bitmask0.3",
    "squeezellm3", "squeezellm4", "int4+out0.01", "int4g32+out0.05", "ternary+out0.02", "int8+cols0.01", "int4g32+cols0.1", "int2g16+mixint4:0.25", "int3g32+mixint8:0.1",
};
static const struct { int64_t rows, cols; } shapes[] = { { 1, 1 }, { 1, 257 }, { 3, 64 }, { 7, 131 }, { 130, 66 } };

static bool comes_back(const struct quant *q, int64_t rows, int64_t cols, const struct quantize_rule *rule)
{
    struct arena arena = { 0 };
    struct quant_matrix m, again;
    struct quant_layout l;
    struct error err;
    float *x = malloc((size_t)(rows * cols) * sizeof *x), *y = malloc((size_t)(rows * cols) * sizeof *y), *z = malloc((size_t)(rows * cols) * sizeof *z);
    uint8_t *stored = NULL, *twice = NULL;
    bool ok = x && y && z && quant_layout(&l, q, rows, cols) && l.stored_bytes == quant_stored_bytes(q, rows, cols);

    fill(x, rows * cols, (uint64_t)(rows * 1000 + cols));
    x[rows * cols / 2] = 30; /* an outlier */
    ok = ok && (stored = malloc((size_t)l.stored_bytes + 1)) && (twice = malloc((size_t)l.stored_bytes + 1));
    ok = ok && quant_quantize(&m, q, x, rows, cols, NULL, rule, 0, &arena, &err) == STATUS_OK;
    if (ok)
        stored[l.stored_bytes] = twice[l.stored_bytes] = 0x5a;
    ok = ok && quant_pack(stored, &m, &err) == STATUS_OK && quant_unpack(&again, q, stored, rows, cols, &arena, &err) == STATUS_OK;
    ok = ok && quant_pack(twice, &again, &err) == STATUS_OK && memcmp(stored, twice, (size_t)l.stored_bytes + 1) == 0;
    if (ok) {
        quant_dequantize(y, &m);
        quant_dequantize(z, &again);
    }
    ok = ok && memcmp(y, z, (size_t)(rows * cols) * sizeof *y) == 0;
    arena_free(&arena);
    free(x);
    free(y);
    free(z);
    free(stored);
    free(twice);
    return ok;
}

static void what_is_packed_comes_back(void)
{
    static const struct quantize_rule rules[] = {
        { .encode = { .rounding = ROUND_NEAREST_EVEN, .saturate = true } },
        { .encode = { .rounding = ROUND_STOCHASTIC, .saturate = true, .seed = 5 } },
        { .encode = { .rounding = ROUND_TOWARD_ZERO, .saturate = true }, .scale = SCALE_NO_CLIP },
        { .encode = { .rounding = ROUND_NEAREST_EVEN, .saturate = true }, .scale = SCALE_SEARCH },
    };
    for (size_t i = 0; i < sizeof all_schemes / sizeof all_schemes[0]; i++) {
        struct quant q = scheme(all_schemes[i]);
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
            for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++)
                CHECK_ROW(all_schemes[i], comes_back(&q, shapes[s].rows, shapes[s].cols, &rules[r]));
    }
}

enum { ROWS = 8, COLS = 512 };

static void quantize(float *out, const float *x, const char *text, enum scale_choice choice, int64_t rows, int64_t cols)
{
    struct quant q = scheme(text);
    struct quantize_rule rule = standard;
    struct quant_matrix m;
    struct arena arena = { 0 };
    struct error err;

    rule.scale = choice;
    CHECK_ROW(text, quant_quantize(&m, &q, x, rows, cols, NULL, &rule, 0, &arena, &err) == STATUS_OK);
    quant_dequantize(out, &m);
    arena_free(&arena);
}

static void what_is_quantized_stays(void)
{
    static const char *const names[] = { "mxfp8", "mxfp8e5m2", "mxfp6", "mxfp6e3m2", "mxfp4", "mxint8", "msfp12", "msfp16", "fp16", "e4m3" };
    float x[ROWS * COLS], once[ROWS * COLS], twice[ROWS * COLS];

    fill(x, ROWS * COLS, 11);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        quantize(once, x, names[i], SCALE_STANDARD, ROWS, COLS);
        quantize(twice, once, names[i], SCALE_STANDARD, ROWS, COLS);
        CHECK_ROW(names[i], memcmp(once, twice, sizeof once) == 0);
    }
}

static double error_of(const float *x, const float *y, int64_t n, double *largest)
{
    double sum = 0;

    *largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double e = fabs((double)x[i] - y[i]);
        sum += e * e;
        *largest = e > *largest ? e : *largest;
    }
    return sum;
}

static void errors_are_within_half_a_step(void)
{
    float x[COLS], y[COLS];
    double worst, step;

    for (uint64_t seed = 1; seed < 40; seed++) {
        float low = 0, high = 0, most;
        fill(x, COLS, seed);
        for (int i = 0; i < COLS; i++) {
            low = fminf(low, x[i]);
            high = fmaxf(high, x[i]);
        }
        most = fmaxf(high, -low);
        quantize(y, x, "int8", SCALE_STANDARD, 1, COLS);
        error_of(x, y, COLS, &worst);
        step = most / 127.0;
        CHECK_ROW("int8", worst <= step * (0.5 + 127 * 0x1p-11)); /* the fp16 scale is off by up to 2^-11 */
        quantize(y, x, "uint8pcz", SCALE_STANDARD, 1, COLS);
        error_of(x, y, COLS, &worst);
        CHECK_ROW("uint8pcz", worst <= (high - low) / 255.0 * (1 + 255 * 0x1p-11)); /* half for the zero's rounding at the ends */
    }
}

static void searching_never_hurts(void)
{
    static const char *const names[] = { "int4g64", "int3g128", "e2m1g32", "nf4g64", "mxfp4", "mxint8", "uint4g64z", "ternary", "nvfp4", "dgq" };
    float x[ROWS * COLS], y[ROWS * COLS];
    double worst;

    fill(x, ROWS * COLS, 3);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        quantize(y, x, names[i], SCALE_STANDARD, ROWS, COLS);
        double plain = error_of(x, y, ROWS * COLS, &worst);
        quantize(y, x, names[i], SCALE_SEARCH, ROWS, COLS);
        CHECK_ROW(names[i], error_of(x, y, ROWS * COLS, &worst) <= plain);
    }
}

static void nothing_saturates_without_clipping(void)
{
    static const struct { const char *name; double largest_error; } rows[] = { { "mxfp8", 0x1p-4 }, { "mxfp4", 0x1p-2 }, { "mxfp6e3m2", 0x1p-3 } };
    float x[64], y[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int k = 0; k < 64; k++) {
            x[0] = 1 + (float)k / 64; /* the only number: its relative error is that of its mantissa, half a unit of the last place */
            quantize(y, x, rows[i].name, SCALE_NO_CLIP, 1, 1);
            CHECK_ROW(rows[i].name, fabs(x[0] - y[0]) / x[0] <= rows[i].largest_error);
        }
}

static void dgq_stays_in_int8(void)
{
    float x[ROWS * COLS];
    struct quant q = scheme("dgq");
    struct quant_matrix m;
    struct arena arena = { 0 };
    struct error err;
    bool ok = true;

    fill(x, ROWS * COLS, 9);
    x[100] = 20;
    CU_ASSERT_EQUAL(quant_quantize(&m, &q, x, ROWS, COLS, NULL, &standard, 0, &arena, &err), STATUS_OK);
    for (int64_t i = 0; i < ROWS * COLS; i++) {
        int64_t g = i / COLS * m.groups + i % COLS / 128;
        int value = (int)m.scales[g] * ((int)m.codes[i] - (int)m.zeros[g]);
        ok = ok && value >= -128 && value <= 127 && m.scales[g] >= 1;
    }
    CU_ASSERT_TRUE(ok);
    arena_free(&arena);
}

/* A tensor in pieces: scales of the tensor come from its range, second scales do not cross pieces. */
static void pieces_are_the_whole(void)
{
    static const char *const names[] = { "int8pt", "nvfp4", "nf4dq", "mxfp4", "int4g16/s=e4m3/ss=fp16g12", "int8+cols0.01" };
    float x[ROWS * COLS], whole[ROWS * COLS], piece[ROWS * COLS], columns[COLS] = { 0 };

    fill(x, ROWS * COLS, 21);
    for (int i = 0; i < ROWS * COLS; i++)
        columns[i % COLS] = fmaxf(columns[i % COLS], fabsf(x[i]));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct quant q = scheme(names[i]);
        struct quant_range range = { .column_largest = columns };
        struct arena arena = { 0 };
        int64_t step = quant_piece_rows(&q, COLS);

        CHECK_ROW(names[i], step >= 1 && step * (COLS / 16) % 12 == 0 ? true : q.scale2_group != 12);
        quant_range_add(&range, x, ROWS * COLS);
        quantize(whole, x, names[i], SCALE_STANDARD, ROWS, COLS);
        for (int64_t row = 0; row < ROWS; row += step) {
            int64_t n = row + step < ROWS ? step : ROWS - row;
            struct quant_matrix m;
            struct error err;
            CHECK_ROW(names[i], quant_quantize(&m, &q, x + row * COLS, n, COLS, &range, &standard, row * COLS, &arena, &err) == STATUS_OK);
            quant_dequantize(piece + row * COLS, &m);
        }
        CHECK_ROW(names[i], memcmp(whole, piece, sizeof whole) == 0);
        arena_free(&arena);
    }
}

static const struct { const char *scheme; int64_t rows, cols, burst, align; struct quant_sizes want; } sizes[] = {
    /* 4096 codes of 4 bits; 128 e8m0 scales; both end on a burst; allocations of 256 */
    { "mxfp4", 64, 64, 32, 256, { 2048, 2048 + 128, 2048 + 128, 2048 + 256 } },
    { "int4", 3, 5, 32, 256, { 8, 9 + 6, 32 + 32, 256 + 256 } },          /* 60 bits; 3 bytes a row, three scales */
    { "fp16", 3, 5, 64, 1, { 30, 30, 64, 64 } },
    { "ternary", 1, 3200, 1, 1, { 800, 640 + 2, 642, 642 } },             /* stored is less than two bits each */
    { "nvfp4", 1, 16, 32, 512, { 8, 8 + 1 + 4, 96, 1536 } },
};

static void four_sizes(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct quant q = scheme(sizes[i].scheme);
        struct quant_memory memory = { sizes[i].burst, sizes[i].align };
        struct quant_sizes got;

        CHECK_ROW(sizes[i].scheme, quant_sizes(&got, &q, sizes[i].rows, sizes[i].cols, &memory));
        CHECK_ROW(sizes[i].scheme, got.logical_bytes == sizes[i].want.logical_bytes && got.stored_bytes == sizes[i].want.stored_bytes);
        CHECK_ROW(sizes[i].scheme, got.moved_bytes == sizes[i].want.moved_bytes && got.resident_bytes == sizes[i].want.resident_bytes);
    }
}

/* Any bytes are a matrix or an error, never a crash: each stored byte flipped in turn. */
static void broken_bytes_are_told(void)
{
    static const char *const names[] = { "int8+2:4", "e2m1g16+3:7", "int4+sparse0.8", "int8+bitmask0.7", "int4+out0.1", "int8+cols0.1", "int2g16+mixint4:0.25", "cb2", "ternary" };
    float x[5 * 70];
    int told = 0;

    fill(x, 5 * 70, 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct quant q = scheme(names[i]);
        struct arena arena = { 0 };
        struct quant_matrix m;
        struct error err;
        int64_t bytes = quant_stored_bytes(&q, 5, 70);
        uint8_t *stored = malloc((size_t)bytes);

        CHECK_ROW(names[i], stored != NULL && quant_quantize(&m, &q, x, 5, 70, NULL, &standard, 0, &arena, &err) == STATUS_OK &&
                  quant_pack(stored, &m, &err) == STATUS_OK);
        for (int64_t b = 0; stored != NULL && b < bytes; b++) {
            struct quant_matrix broken;
            stored[b] ^= 0xff;
            enum status st = quant_unpack(&broken, &q, stored, 5, 70, &arena, &err);
            CHECK_ROW(names[i], st == STATUS_OK || (st == STATUS_BAD_INPUT && strstr(err.message, "stored matrix") != NULL));
            told += st != STATUS_OK;
            stored[b] ^= 0xff;
        }
        free(stored);
        arena_free(&arena);
    }
    CU_ASSERT_TRUE(told > 100);
}

static void bad_codebooks_are_told(void)
{
    static const struct { const char *text, *part; } rows[] = {
        { "code,value\n0,1\n1,x\n", ":3:" }, { "code,value\n0,1\n2,3\n", "codes count up" }, { "code,value\n0,1\n1,2\n2,3\n", "power of two" },
        { "code,level\n0,1\n", "no column 'value'" },
    };
    struct arena arena = { 0 };
    struct format f;
    struct error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FILE *out = fopen("blocks_codebook.csv", "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        fputs(rows[i].text, out);
        fclose(out);
        CHECK_ROW(rows[i].text, codebook_read(&f, "blocks_codebook.csv", &arena, &err) == STATUS_BAD_INPUT && strstr(err.message, rows[i].part) != NULL);
    }
    FILE *out = fopen("blocks_codebook.csv", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs("code,value\n0,-1\n1,0\n2,0.25\n3,1\n", out);
    fclose(out);
    CU_ASSERT_EQUAL(codebook_read(&f, "blocks_codebook.csv", &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(f.bits, 2);
    CU_ASSERT_EQUAL(format_decode(&f, 2), 0.25);
    remove("blocks_codebook.csv");
    arena_free(&arena);
}

static const struct test tests[] = {
    { "values by hand from the standards", anchors_hold },
    { "scales are those of OCP MX", scale_codes_are_the_standards },
    { "nf4 is its construction", nf4_is_its_construction },
    { "the prepared encoder is format_encode", encoder_is_format_encode },
    { "what is packed comes back to the bit", what_is_packed_comes_back },
    { "what is quantized once stays", what_is_quantized_stays },
    { "errors are within half a step", errors_are_within_half_a_step },
    { "searching the scale never hurts", searching_never_hurts },
    { "nothing saturates where scales are rounded up", nothing_saturates_without_clipping },
    { "DGQ's products of scale and level stay in int8", dgq_stays_in_int8 },
    { "pieces of a tensor are the whole", pieces_are_the_whole },
    { "logical, stored, moved, resident", four_sizes },
    { "broken bytes are told", broken_bytes_are_told },
    { "codebooks of files", bad_codebooks_are_told },
};
TEST_MAIN("blocks", tests)
