/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Published perplexities and the proxy. Rows by hand from the sources they name (GPTQ's README: LLaMA-7B, int4 rounded to nearest 6.29, 16 bits 5.68); the
 * regression against numbers made by Eq. 5.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "costmodel/quality.h"
#include "tests/harness.h"

static struct quality_table shipped(struct arena *arena)
{
    struct quality_table t = { 0 };
    struct error err = { 0 };
    char path[4096];

    snprintf(path, sizeof path, "%s/costmodel/tables/quality.csv", source_dir());
    CU_ASSERT_EQUAL(quality_load(&t, path, arena, &err), STATUS_OK);
    return t;
}

static const struct { const char *model, *weights, *method; double perplexity, sixteen; } known[] = {
    { "LLaMA-7B", "int4", "rtn", 6.29, 5.68 },       { "LLaMA-65B", "int3", "gptq", 5.04, 3.53 }, { "Llama-2-7B", "int4g128", "awq", 5.60, 5.47 },
    { "OPT-66B", "int3", "gptq act-order", 9.95, 9.34 }, { "LLaMA-7B", "cb4", "squeezellm", 5.79, 5.68 },
};

static void published_rows_are_there(void)
{
    struct arena arena = { 0 };
    struct quality_table t = shipped(&arena);

    CU_ASSERT_TRUE(t.count > 350);
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        bool found = false;
        for (int64_t i = 0; i < t.count; i++)
            found = found || (strcmp(t.rows[i].model, known[k].model) == 0 && strcmp(t.rows[i].weights, known[k].weights) == 0 && strcmp(t.rows[i].method, known[k].method) == 0 &&
                              t.rows[i].perplexity == known[k].perplexity && t.rows[i].perplexity_16bit == known[k].sixteen);
        CHECK_ROW(known[k].model, found);
    }
    for (int64_t i = 0; i < t.count; i++) {
        CHECK_ROW(t.rows[i].model, *t.rows[i].source != '\0' && (strcmp(t.rows[i].provenance, "read") == 0 || strcmp(t.rows[i].provenance, "recalled") == 0));
        CHECK_ROW(t.rows[i].model, t.rows[i].context > 0);
    }
    arena_free(&arena);
}

/* Rows made by Eq. 5 with c = (1, -0.3, -0.2): the fit finds them, and leaves no scatter. */
static void fit_finds_what_made_the_rows(void)
{
    static const char *const schemes[] = { "int3g128", "int4", "int4g128", "int8" };
    struct quality_row rows[24] = { 0 };
    struct quality_table t = { rows, 24 };
    struct arena arena = { 0 };
    struct quality_fit fit;
    struct quality_estimate e;
    struct error err;
    char names[6][16];

    for (int i = 0; i < 24; i++) {
        double sqnr;
        snprintf(names[i / 4], sizeof names[0], "m%d", i / 4);
        rows[i] = (struct quality_row){ .model = names[i / 4], .weights = schemes[i % 4], .activations = "", .kv = "", .parameters_billion = pow(2, i / 4), .perplexity_16bit = 5,
                                        .kind = QUALITY_NEAREST, .has_scheme = true };
        CU_ASSERT(quant_parse(&rows[i].scheme, schemes[i % 4], (struct source_pos){ 0 }, &err) == STATUS_OK && quality_sqnr_db(&sqnr, &rows[i].scheme, &err) == STATUS_OK);
        rows[i].perplexity = 5 * exp(exp(1 - 0.3 * sqnr - 0.2 * log(rows[i].parameters_billion)));
    }
    CU_ASSERT_EQUAL_FATAL(quality_fit_rows(&fit, &t, QUALITY_NEAREST, &arena, &err), STATUS_OK);
    CU_ASSERT(fabs(fit.coefficient[0] - 1) < 1e-6 && fabs(fit.coefficient[1] + 0.3) < 1e-6 && fabs(fit.coefficient[2] + 0.2) < 1e-6);
    CU_ASSERT(fit.left_out < 1e-6 && fit.rows == 24 && fit.models == 6);
    quality_estimate(&e, &fit, 20, 7);
    CU_ASSERT(fabs(e.ratio - exp(exp(1 - 6 - 0.2 * log(7)))) < 1e-9 && e.high - e.low < 1e-4);
    CU_ASSERT_EQUAL(quality_fit_rows(&fit, &t, QUALITY_CALIBRATED, &arena, &err), STATUS_BAD_INPUT);
    arena_free(&arena);
}

/* The interval is of models left out, so about nine of ten published rows lie in it; more bits never cost more. */
static void shipped_fits_are_sane(void)
{
    struct arena arena = { 0 };
    struct quality_table t = shipped(&arena);
    struct error err;

    for (int kind = QUALITY_NEAREST; kind <= QUALITY_CALIBRATED; kind++) {
        struct quality_fit fit;
        int64_t in = 0, all = 0;
        CU_ASSERT_EQUAL_FATAL(quality_fit_rows(&fit, &t, (enum quality_method)kind, &arena, &err), STATUS_OK);
        printf("# kind %d: %g %+g dB %+g ln size, %lld rows, %lld models, scatter %.3f, left out %.3f\n", kind, fit.coefficient[0], fit.coefficient[1], fit.coefficient[2],
               (long long)fit.rows, (long long)fit.models, fit.residual, fit.left_out);
        CU_ASSERT(fit.coefficient[1] < 0);
        for (int64_t i = 0; i < t.count; i++) {
            const struct quality_row *r = &t.rows[i];
            struct quality_estimate e;
            double sqnr;
            if ((int)r->kind != kind || !r->has_scheme || *r->activations || *r->kv || !(r->perplexity > r->perplexity_16bit) || isnan(r->parameters_billion))
                continue;
            CU_ASSERT_EQUAL(quality_sqnr_db(&sqnr, &r->scheme, &err), STATUS_OK);
            quality_estimate(&e, &fit, sqnr, r->parameters_billion);
            in += r->perplexity / r->perplexity_16bit >= e.low && r->perplexity / r->perplexity_16bit <= e.high;
            all++;
        }
        CU_ASSERT(all == fit.rows && (double)in >= 0.8 * (double)all);
        printf("# %lld of %lld rows within their interval\n", (long long)in, (long long)all);
    }
    arena_free(&arena);
}

static void bad_tables_say_where(void)
{
    static const struct { const char *row, *part; } rows[] = {
        { "m,7,int4,,,rtn,d,2048,x,5,read,s", ":2:1: perplexity is 'x'" }, { "m,7,int4,,,rtn,d,0,6,5,read,s", "context is '0'" }, { "m,-1,int4,,,rtn,d,1,6,5,read,s", "parameters_billion is '-1'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct quality_table t;
        struct error err;
        FILE *out = fopen("quality_bad.csv", "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        fprintf(out, "model,parameters_billion,weights,activations,kv,method,dataset,context,perplexity,perplexity_16bit,provenance,source\n%s\n", rows[i].row);
        fclose(out);
        CHECK_ROW(rows[i].part, quality_load(&t, "quality_bad.csv", &arena, &err) == STATUS_BAD_INPUT && strstr(err.message, rows[i].part) != NULL);
        arena_free(&arena);
    }
    remove("quality_bad.csv");
}

static const struct test tests[] = {
    { "published rows are there", published_rows_are_there },
    { "the fit finds what made the rows", fit_finds_what_made_the_rows },
    { "the shipped fits", shipped_fits_are_sane },
    { "bad tables say where", bad_tables_say_where },
};
TEST_MAIN("quality", tests)
