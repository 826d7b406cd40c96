/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Error of schemes against closed forms: J. Max, "Quantizing for minimum distortion", IRE Trans. IT-6, 1960, table I (best levels for a Gaussian); uniform steps,
 * 10 log10(12 variance / step^2); a product with independent activations has the SQNR of its weights.
 */
#include <math.h>
#include <string.h>

#include "formats/quant_error.h"
#include "tests/harness.h"

struct sampled {
    struct sample sample;
    int64_t cols;
};

static enum status read(float *values, void *context, int64_t first_row, int64_t rows, struct error *err)
{
    const struct sampled *s = context;

    (void)err;
    sample_fill(values, &s->sample, first_row * s->cols, rows * s->cols, s->cols);
    return STATUS_OK;
}

static struct quant_error measure(const char *scheme, const char *dist, int64_t rows, int64_t cols, const struct quant_error_spec *with)
{
    struct quant_error_spec spec = *with;
    struct sampled s = { .cols = cols };
    struct quant_source source = { .rows = rows, .cols = cols, .read = read, .context = &s };
    struct quant_error e = { 0 };
    struct error err;

    spec.rule.encode.saturate = true;
    CHECK_ROW(scheme, quant_parse(&spec.scheme, scheme, (struct source_pos){ 0 }, &err) == STATUS_OK && sample_parse(&s.sample, dist, 1, &err) == STATUS_OK);
    CHECK_ROW(scheme, quant_error_measure(&e, &spec, &source, &err) == STATUS_OK);
    return e;
}

static const struct quant_error_spec plain = { .smooth_alpha = -1 };

static const struct { const char *scheme, *dist; int64_t rows, cols; double sqnr_db, within_db; } known[] = {
    { "cb2", "gaussian", 4, 65536, 9.30, 0.05 },  /* Max 1960: mean squared error 0.1175 with 4 levels */
    { "cb3", "gaussian", 4, 65536, 14.62, 0.05 }, /* 0.03454 with 8 */
    { "cb4", "gaussian", 4, 65536, 20.22, 0.05 }, /* 0.009497 with 16 */
    { "int8pt", "uniform", 64, 4096, 48.10, 0.05 },/* 4 x 127^2: variance 1/3, step 1/127 */
    { "uint8ptz", "uniform", 64, 4096, 48.13, 0.05 }, /* 255^2: variance 1/3, step 2/255 */
    { "int1", "gaussian", 16, 65536, 4.40, 0.05 },/* Max 1960: 0.3634 with 2 levels, at +-0.798 = mean magnitude */
    { "fp16", "uniform", 64, 4096, 73.7, 1.5 },   /* 11 significant bits: step^2 / 12 of a binade, 6.02 x 11 + 7.5 */
};

static void closed_forms_hold(void)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct quant_error e = measure(known[i].scheme, known[i].dist, known[i].rows, known[i].cols, &plain);

        CHECK_ROW(known[i].scheme, fabs(error_sqnr_db(&e.values) - known[i].sqnr_db) <= known[i].within_db);
        CHECK_ROW(known[i].scheme, e.values.count == known[i].rows * known[i].cols && e.worst_row_sqnr_db <= error_sqnr_db(&e.values) + 1e-9);
        CHECK_ROW(known[i].scheme, error_cosine(&e.values) <= 1 && e.kl_nats >= 0);
    }
}

/* Moments of the distributions, from their definitions. */
static void distributions_have_their_moments(void)
{
    static const struct { const char *text; double variance, within; } rows[] = {
        { "gaussian", 1, 0.01 }, { "laplace", 1, 0.02 }, { "uniform", 1 / 3., 0.005 }, { "student_t:5", 5 / 3., 0.05 }, { "outlier:0.1:10", 0.9 + 0.1 * 100, 4 },
    };
    static float x[1 << 19];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample s;
        struct error err;
        double sum = 0, squares = 0;
        float again[100];

        CHECK_ROW(rows[i].text, sample_parse(&s, rows[i].text, 7, &err) == STATUS_OK);
        sample_fill(x, &s, 0, 1 << 19, 1024);
        for (int k = 0; k < 1 << 19; k++) {
            sum += x[k];
            squares += (double)x[k] * x[k];
        }
        CHECK_ROW(rows[i].text, fabs(sum / (1 << 19)) < 0.02);
        CHECK_ROW(rows[i].text, fabs(squares / (1 << 19) - rows[i].variance) < rows[i].within);
        sample_fill(again, &s, 5000, 100, 1024);
        CHECK_ROW(rows[i].text, memcmp(again, x + 5000, sizeof again) == 0);
    }
}

static void products_have_the_weights_sqnr(void)
{
    struct quant_error_spec with = plain;

    with.gemm_k = 2048;
    with.tokens = 8;
    struct quant_error e = measure("int4g128", "gaussian", 256, 2048, &with);
    CU_ASSERT(fabs(error_sqnr_db(&e.product) - error_sqnr_db(&e.values)) < 0.3);
    /* two independent noises add: both operands in one scheme lose 3 dB */
    struct error err;
    with.has_activation_scheme = true;
    CU_ASSERT_EQUAL(quant_parse(&with.activation_scheme, "int4g128", (struct source_pos){ 0 }, &err), STATUS_OK);
    struct quant_error both = measure("int4g128", "gaussian", 256, 2048, &with);
    CU_ASSERT(fabs(error_sqnr_db(&both.product) - (error_sqnr_db(&e.values) - 3.01)) < 0.4);
}

static void rotation_spreads_outliers(void)
{
    struct quant_error_spec with = plain;

    with.hadamard = true;
    struct quant_error exact = measure("fp32", "gaussian", 8, 4096, &with), turned = measure("int4", "student_t:3", 64, 4096, &with);
    struct quant_error still = measure("int4", "student_t:3", 64, 4096, &plain);
    CU_ASSERT(exact.rotation == 4096 && error_sqnr_db(&exact.values) > 120); /* its own inverse */
    CU_ASSERT(error_sqnr_db(&turned.values) > error_sqnr_db(&still.values) + 3);
    exact = measure("fp32", "gaussian", 2, 96, &with);
    CU_ASSERT_EQUAL(exact.rotation, 32);
}

static void smoothing_helps_outlier_channels(void)
{
    struct quant_error_spec with = plain;
    struct error err;

    with.gemm_k = 4096;
    with.tokens = 8;
    with.has_activation_scheme = true;
    CU_ASSERT_EQUAL(quant_parse(&with.activation_scheme, "int8", (struct source_pos){ 0 }, &err), STATUS_OK);
    CU_ASSERT_EQUAL(sample_parse(&with.activations, "outlier:0.005:50", 3, &err), STATUS_OK);
    struct quant_error before = measure("int8", "gaussian", 64, 4096, &with);
    with.smooth_alpha = 0.5;
    struct quant_error after = measure("int8", "gaussian", 64, 4096, &with);
    CU_ASSERT(error_sqnr_db(&after.product) > error_sqnr_db(&before.product) + 3);
}

static void bad_requests_are_told(void)
{
    static const struct { const char *text, *part; } rows[] = {
        { "gausian", "nearest is 'gaussian'" }, { "student_t", "without its degrees" }, { "student_t:0", "above 0" }, { "laplace:3", "after distribution" },
        { "outlier:2", "share '2'" }, { "outlier:0.1", "without its factor" },
    };
    struct sample s;
    struct error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].text, sample_parse(&s, rows[i].text, 1, &err) == STATUS_BAD_INPUT && strstr(err.message, rows[i].part) != NULL);
    static const struct { struct quant_error_spec spec; int64_t rows, cols; const char *part; } specs[] = {
        { { .smooth_alpha = -1, .gemm_k = 65, .tokens = 1 }, 4, 64, "at most the 64 columns" }, { { .smooth_alpha = 0.5 }, 4, 64, "a product to smooth for" },
        { { .smooth_alpha = -1, .hadamard = true }, 4, 63, "an even number" }, { { .smooth_alpha = -1 }, 0, 64, "at least one" },
        { { .smooth_alpha = -1 }, 1, (int64_t)1 << 40, "pieces of at most" },
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct sampled from = { .cols = specs[i].cols };
        struct quant_source source = { .rows = specs[i].rows, .cols = specs[i].cols, .read = read, .context = &from };
        struct quant_error_spec spec = specs[i].spec;
        struct quant_error e;
        CHECK_ROW(specs[i].part, quant_parse(&spec.scheme, "int8", (struct source_pos){ 0 }, &err) == STATUS_OK &&
                  quant_error_measure(&e, &spec, &source, &err) == STATUS_BAD_INPUT && strstr(err.message, specs[i].part) != NULL);
    }
}

static const struct test tests[] = {
    { "closed forms hold", closed_forms_hold },
    { "distributions have their moments", distributions_have_their_moments },
    { "products have the SQNR of their weights", products_have_the_weights_sqnr },
    { "rotation spreads outliers", rotation_spreads_outliers },
    { "smoothing helps outlier channels", smoothing_helps_outlier_channels },
    { "bad requests are told", bad_requests_are_told },
};
TEST_MAIN("quant_error", tests)
