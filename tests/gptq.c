/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rounding that makes up for its errors, against a reference of another form: after each column the remaining weights move to the optimum of the quadratic
 * error given what is rounded (optimal brain surgeon), by the inverse of the remaining Hessian itself, found anew for each column by elimination.
 */
#include <math.h>
#include <string.h>

#include "formats/gptq.h"
#include "formats/quant_error.h"
#include "formats/sample.h"
#include "tests/harness.h"

enum { ROWS = 6, COLS = 24, TOKENS = 60 };
static const double damping = 0.01;
static const struct quantize_rule rule = { .encode = { .rounding = ROUND_NEAREST_EVEN, .saturate = true } };

static void invert(int n, double a[COLS][COLS], double out[COLS][COLS])
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            out[i][j] = i == j;
    for (int i = 0; i < n; i++) {
        double pivot = a[i][i];

        for (int j = 0; j < n; j++) {
            a[i][j] /= pivot;
            out[i][j] /= pivot;
        }
        for (int r = 0; r < n; r++) {
            double by = a[r][i];

            for (int j = 0; r != i && j < n; j++) {
                a[r][j] -= by * a[i][j];
                out[r][j] -= by * out[i][j];
            }
        }
    }
}

/* Hessian of columns in one block, else 0, damped. */
static void hessian(double h[COLS][COLS], const float *x, int block)
{
    double mean = 0;

    for (int i = 0; i < COLS; i++)
        for (int j = 0; j < COLS; j++) {
            h[i][j] = 0;
            for (int t = 0; t < TOKENS && i / block == j / block; t++)
                h[i][j] += (double)x[t * COLS + i] * x[t * COLS + j];
            mean += i == j ? h[i][j] / COLS : 0;
        }
    for (int i = 0; i < COLS; i++)
        h[i][i] += damping * mean;
}

/* int4 with the scale of the row: codes -8 to 7. */
static void reference(int codes[COLS], const float *w, double scale, double h[COLS][COLS])
{
    double rest[COLS], a[COLS][COLS], inverse[COLS][COLS];

    for (int i = 0; i < COLS; i++)
        rest[i] = w[i];
    for (int i = 0; i < COLS; i++) {
        double level = nearbyint(rest[i] / scale);

        codes[i] = (int)(level < -8 ? -8 : level > 7 ? 7 : level);
        for (int p = i; p < COLS; p++)
            for (int q = i; q < COLS; q++)
                a[p - i][q - i] = h[p][q];
        invert(COLS - i, a, inverse);
        for (int j = COLS - 1; j >= i; j--)
            rest[j] -= (rest[i] - codes[i] * scale) / inverse[0][0] * inverse[0][j - i];
    }
}

static void the_optimum_of_what_is_left(void)
{
    static const struct { const char *label; int block, taken; } rows[] = { { "one block", 24, 24 }, { "two blocks", 12, 12 }, { "a short last block", 10, 10 }, { "alone", 1, 1 }, { "more than columns", 999, 24 } };

    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        static float w[ROWS * COLS], x[TOKENS * COLS];
        double h[COLS][COLS];
        struct arena arena = { 0 };
        struct sample weights = { .kind = SAMPLE_GAUSSIAN, .seed = 5 }, activations;
        struct quant q;
        struct quant_matrix m;
        struct gptq *g;
        struct error err = { 0 };
        int moved = 0;

        CU_ASSERT_FATAL(!quant_parse(&q, "int4", (struct source_pos){ 0 }, &err) && !sample_parse(&activations, "lowrank:3:0.8", 9, &err));
        sample_fill(w, &weights, 0, ROWS * COLS, COLS);
        sample_fill(x, &activations, 0, TOKENS * COLS, COLS);
        CU_ASSERT_FATAL(!quant_quantize(&m, &q, w, ROWS, COLS, NULL, &rule, 0, &arena, &err) && !gptq_open(&g, COLS, rows[k].block, &err));
        CHECK_ROW(rows[k].label, gptq_block(g) == rows[k].taken);
        gptq_add(g, x, TOKENS / 2);
        gptq_add(g, x + TOKENS / 2 * COLS, TOKENS / 2);
        CU_ASSERT_FATAL(!gptq_factor(g, damping, &err));
        uint32_t alone[ROWS * COLS];
        memcpy(alone, m.codes, sizeof alone);
        CU_ASSERT_FATAL(!gptq_round(&m, g, w, &rule.encode, 0, &err));
        hessian(h, x, rows[k].taken);
        for (int r = 0; r < ROWS; r++) {
            int codes[COLS];

            reference(codes, w + r * COLS, format_decode(q.scale, m.scales[r]), h);
            for (int c = 0; c < COLS; c++) {
                CHECK_ROW(rows[k].label, format_decode(q.format, m.codes[r * COLS + c]) == codes[c]);
                moved += m.codes[r * COLS + c] != alone[r * COLS + c];
            }
        }
        CHECK_ROW(rows[k].label, rows[k].block == 1 ? moved == 0 : moved > ROWS);
        gptq_close(g);
        arena_free(&arena);
    }
}

struct sampled { struct sample sample; int64_t cols; };

static enum status read(float *values, void *context, int64_t first_row, int64_t rows, struct error *err)
{
    const struct sampled *s = context;

    (void)err;
    sample_fill(values, &s->sample, first_row * s->cols, rows * s->cols, s->cols);
    return STATUS_OK;
}

static enum status measure(struct quant_error *out, const char *scheme, int64_t tokens, const char *activations, bool hadamard, double smooth, const struct quant_source *given, struct error *err)
{
    struct sampled s = { .sample = { .kind = SAMPLE_GAUSSIAN, .seed = 1 }, .cols = 256 };
    struct quant_source source = { .rows = 32, .cols = 256, .read = read, .context = &s };
    struct quant_error_spec spec = { .rule = rule, .gemm_k = 256, .tokens = 32, .gptq_tokens = tokens, .gptq_block = 128, .gptq_damping = damping, .hadamard = hadamard, .smooth_alpha = smooth,
                                     .activation_source = given };
    enum status st = quant_parse(&spec.scheme, scheme, (struct source_pos){ 0 }, err);

    return st || (st = sample_parse(&spec.activations, activations, 2, err)) ? st : quant_error_measure(out, &spec, &source, err);
}

/* Columns that go together let a scheme's errors cancel in the product, on tokens that were not calibrated on, whatever the scheme and basis; the weights
 * themselves come back worse. */
static void products_gain(void)
{
    static const struct { const char *scheme; bool hadamard; double smooth; } rows[] = {
        { "int4g64", false, -1 }, { "uint3g32z", false, -1 }, { "mxfp4", false, -1 }, { "nvfp4", false, -1 }, { "cb3", false, -1 }, { "dgq", false, -1 }, { "int2g64+mixint4:0.25", false, -1 },
        { "int4+2:4", false, -1 }, { "int4+out0.01", false, -1 }, { "int4g64", true, -1 }, { "int4g64", false, 0.5 }, { "int8pt", false, -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct quant_error alone, made_up;
        struct error err = { 0 };
        char label[200];

        CHECK_ROW(rows[i].scheme, measure(&alone, rows[i].scheme, 0, "lowrank:8:0.9", rows[i].hadamard, rows[i].smooth, NULL, &err) == STATUS_OK);
        CHECK_ROW(rows[i].scheme, measure(&made_up, rows[i].scheme, 1024, "lowrank:8:0.9", rows[i].hadamard, rows[i].smooth, NULL, &err) == STATUS_OK);
        snprintf(label, sizeof label, "%s: product %.2f dB, was %.2f; weights %.2f dB, were %.2f", rows[i].scheme, error_sqnr_db(&made_up.product), error_sqnr_db(&alone.product),
                 error_sqnr_db(&made_up.values), error_sqnr_db(&alone.values));
        CHECK_ROW(label, error_sqnr_db(&made_up.product) > error_sqnr_db(&alone.product) + 2);
        CHECK_ROW(label, error_sqnr_db(&made_up.values) < error_sqnr_db(&alone.values));
        CHECK_ROW(label, alone.gptq_tokens == 0 && made_up.gptq_tokens == 1024 && made_up.gptq_block == 128);
    }
}

/* Given activations: as many as there are behind the product's; the same numbers as the distribution they were drawn from. */
static void given_activations(void)
{
    struct sampled x = { .cols = 256 };
    struct quant_source source = { .rows = 32 + 100, .cols = 256, .read = read, .context = &x };
    struct quant_error given, drawn;
    struct error err = { 0 };

    CU_ASSERT_FATAL(!sample_parse(&x.sample, "lowrank:8:0.9", 2, &err));
    CU_ASSERT(measure(&given, "int4g64", 1024, "gaussian", false, -1, &source, &err) == STATUS_OK && given.gptq_tokens == 100);
    CU_ASSERT(measure(&drawn, "int4g64", 100, "lowrank:8:0.9", false, -1, NULL, &err) == STATUS_OK);
    CU_ASSERT(given.values.noise == drawn.values.noise && given.product.noise == drawn.product.noise);
}

static void what_is_refused(void)
{
    struct sampled x = { .sample = { .kind = SAMPLE_GAUSSIAN }, .cols = 256 };
    struct quant_source few = { .rows = 32, .cols = 256, .read = read, .context = &x }, narrow = { .rows = 64, .cols = 128, .read = read, .context = &x }, fewer = { .rows = 8, .cols = 256, .read = read, .context = &x };
    struct quant_error e;
    struct gptq *g;
    struct error err = { 0 };
    float zeros[COLS] = { 0 }, wild[COLS] = { NAN, INFINITY, 1e30f, 1e-30f };

    CU_ASSERT(measure(&e, "int4", 8, "gaussian", false, -1, &few, &err) == STATUS_BAD_INPUT && strstr(err.message, "more to calibrate on") != NULL);
    CU_ASSERT(measure(&e, "int4", 8, "gaussian", false, -1, &narrow, &err) == STATUS_BAD_INPUT && strstr(err.message, "128 columns for weights of 256") != NULL);
    CU_ASSERT(measure(&e, "int4", 8, "gaussian", false, -1, &fewer, &err) == STATUS_BAD_INPUT && strstr(err.message, "8 rows of activations") != NULL);
    CU_ASSERT_FATAL(gptq_open(&g, COLS, COLS, &err) == STATUS_OK);
    gptq_add(g, zeros, 1);
    CU_ASSERT(gptq_factor(g, 0.01, &err) == STATUS_BAD_INPUT && strstr(err.message, "all zero") != NULL);
    CU_ASSERT(gptq_factor(g, 0, &err) == STATUS_BAD_INPUT && strstr(err.message, "damping of 0") != NULL);
    gptq_add(g, wild, 1); /* nothing that is not finite enters, no scale breaks the factors */
    CU_ASSERT(gptq_factor(g, 1e-4, &err) == STATUS_OK);
    gptq_close(g);
    gptq_close(NULL);
}

static const struct test tests[] = {
    { "the optimum of what is left", the_optimum_of_what_is_left },
    { "products gain", products_gain },
    { "given activations", given_activations },
    { "what is refused", what_is_refused },
};
TEST_MAIN("gptq", tests)
