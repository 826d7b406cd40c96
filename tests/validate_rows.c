/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of measurements: predictions never see what was measured; bad rows are misses with a place, not the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/resolve.h"
#include "tests/harness.h"
#include "validate/evaluate.h"

static const char gemm_header[] = "device,dtype_a,dtype_b,dtype_acc,m,n,k,batch,time_us,label,source\n";
static const char elementwise_header[] = "device,op,dtype,rows,cols,time_us,label,source\n";

static bool evaluate(struct evaluation *e, struct predictor *p, const char *header, const char *rows, struct arena *arena, struct error *err)
{
    char path[] = "/tmp/llmsim-rows-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok;

    memset(e, 0, sizeof *e);
    if (!f)
        return false;
    fputs(header, f);
    fputs(rows, f);
    fclose(f);
    ok = evaluation_read(e, path, arena, err) == STATUS_OK && evaluation_predict(e, p, arena, NULL, NULL, err) == STATUS_OK;
    unlink(path);
    return ok;
}

static void measured_is_not_seen(void)
{
    static const char *const rows[] = {
        "A100-80GB,fp16,fp16,fp32,512,4096,4096,1,88,x,vidur:a100/m\nH100-80GB-SXM,bf16,bf16,fp32,7,4096,4096,1,9,x,aic:h100_sxm/gemm/trtllm/1\n",
        "A100-80GB,fp16,fp16,fp32,512,4096,4096,1,,x,vidur:a100/m\nH100-80GB-SXM,bf16,bf16,fp32,7,4096,4096,1,,x,aic:h100_sxm/gemm/trtllm/1\n",
        "A100-80GB,fp16,fp16,fp32,512,4096,4096,1,1e6,x,vidur:a100/m\nH100-80GB-SXM,bf16,bf16,fp32,7,4096,4096,1,0.001,x,aic:h100_sxm/gemm/trtllm/1\n",
    };
    struct arena arena = { 0 };
    struct predictor p;
    struct evaluation e[3];
    struct error err;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FATAL(evaluate(&e[i], &p, gemm_header, rows[i], &arena, &err));
    for (int i = 1; i < 3; i++)
        for (int64_t r = 0; r < 2; r++)
            CU_ASSERT_TRUE(e[i].rows[r].value == e[0].rows[r].value && e[0].rows[r].value > 0);
    CU_ASSERT_TRUE(isnan(e[1].rows[0].measured));
    predictor_close(&p);
    arena_free(&arena);
}

/* A source that no harness names is timed as the default says, and the row says so; a described source carries no note. */
static void unknown_sources_are_noted(void)
{
    static const char rows[] = "A100-80GB,fp16,fp16,fp32,512,4096,4096,1,,x,elsewhere:a\nA100-80GB,fp16,fp16,fp32,512,4096,4096,1,,x,vidur:a100/m\n";
    struct arena arena = { 0 };
    struct predictor p;
    struct evaluation e;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    CU_ASSERT_FATAL(evaluate(&e, &p, gemm_header, rows, &arena, &err));
    CU_ASSERT_PTR_NOT_NULL_FATAL(e.rows[0].note);
    CU_ASSERT_TRUE(e.rows[0].reason == NULL && e.rows[0].value > 0 && strstr(e.rows[0].note, "'elsewhere:a'") != NULL);
    CU_ASSERT_TRUE(e.rows[1].reason == NULL && e.rows[1].note == NULL);
    predictor_close(&p);
    arena_free(&arena);
}

/* Every shipped device times a large product of each kind no faster than its best unit and its memory allow, nor 50 times slower. */
static void every_device_is_plausible(void)
{
    static const char *const dirs[] = { "arch/devices", NULL };
    static const struct { const char *a, *b, *acc; } formats[] = {
        { "bf16", "bf16", "fp32" }, { "fp16", "fp16", "fp32" }, { "int8", "int8", "int32" }, { "fp8_e4m3", "fp8_e4m3", "fp32" },
        { "nvfp4", "nvfp4", "fp32" }, { "fp16", "int4", "fp32" }, { "fp16", "int8", "fp32" }, { "bf16", "mxfp4", "fp32" },
    };
    enum { FORMATS = sizeof formats / sizeof formats[0], N = 8192 };
    const struct arch_entry *entries;
    struct arena arena = { 0 };
    struct predictor p;
    struct error err;
    int64_t count;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(arch_scan(&entries, &count, dirs, &arena, &err), STATUS_OK);
    for (int64_t d = 0; d < count; d++) {
        const struct hardware *hw;
        struct evaluation e;
        char rows[4096];
        int n = 0;

        CU_ASSERT_EQUAL_FATAL(predictor_device(&hw, &p, entries[d].name, &err), STATUS_OK);
        for (int f = 0; f < FORMATS; f++)
            n += snprintf(rows + n, sizeof rows - (size_t)n, "%s,%s,%s,%s,%d,%d,%d,1,,x,elsewhere:a\n", entries[d].name, formats[f].a, formats[f].b,
                          formats[f].acc, N, N, N);
        CU_ASSERT_FATAL(evaluate(&e, &p, gemm_header, rows, &arena, &err));
        for (int f = 0; f < FORMATS; f++) {
            double best = 0;
            bool fp4 = strcmp(formats[f].a, "nvfp4") == 0; /* widened to 8 bits where no unit multiplies it */
            const struct format *kinds[] = { format_find("bf16"), format_find("fp16"), format_find(fp4 ? "fp8_e4m3" : formats[f].a),
                                             format_find(fp4 ? "fp4_e2m1" : formats[f].a) };

            for (int64_t u = 0; u < hw->units_count; u++)
                for (int k = 0; k < 4; k++)
                    best = fmax(best, hardware_peak_ops_per_s(hw, &hw->units[u], kinds[k], NULL));
            if (hw->fpga.budget.lut > 0) { /* bare fabric has no unit that multiplies: its vector lanes do, or the row says why not */
                CHECK_ROW(entries[d].name, e.rows[f].reason != NULL || (isfinite(e.rows[f].value) && e.rows[f].value > 0));
                continue;
            }
            double roof_us = 1e6 * 2.0 * N * (double)N * N / (best * hw->clock.boost_hz / hw->clock.peak_hz);
            CHECK_ROW(entries[d].name, e.rows[f].reason == NULL && e.rows[f].value > 0.99 * roof_us && e.rows[f].value < 50 * roof_us);
        }
    }
    predictor_close(&p);
    arena_free(&arena);
}

/* bf16 attention on Volta costs what fp16 does there; LLMCompass's host time is 22 us for softmax on MI210, 12 us on A100. */
static void devices_have_their_software(void)
{
    static const char attention_header[] = "device,phase,dtype,batch,q_len,kv_len,n_head,n_kv_head,head_dim,time_us,source\n";
    static const char attention_rows[] = "V100-32GB-SXM2,prefill,bf16,4,512,512,16,4,128,,aic:x/attention/vllm/0.14.0\n"
                                         "V100-32GB-SXM2,prefill,fp16,4,512,512,16,4,128,,aic:x/attention/vllm/0.14.0\n";
    static const char softmax_rows[] = "MI210,softmax,fp16,1,32,,x,llmcompass:fig5cf\nA100-80GB,softmax,fp16,1,32,,x,llmcompass:fig5cf\n";
    struct arena arena = { 0 };
    struct predictor p;
    struct evaluation e;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    CU_ASSERT_FATAL(evaluate(&e, &p, attention_header, attention_rows, &arena, &err));
    CU_ASSERT_TRUE(e.rows[0].value > 0 && e.rows[0].value == e.rows[1].value);
    CU_ASSERT_FATAL(evaluate(&e, &p, elementwise_header, softmax_rows, &arena, &err));
    CU_ASSERT_TRUE(e.rows[0].value > 22 && e.rows[0].value < 27);
    CU_ASSERT_TRUE(e.rows[1].value > 12 && e.rows[1].value < 16);
    predictor_close(&p);
    arena_free(&arena);
}

static const struct { const char *label, *header, *row, *says; } bad[] = {
    { "unknown device", gemm_header, "A1000,fp16,fp16,fp32,5,5,5,1,3,x,vidur:a\n", "nearest" },
    { "unknown format", gemm_header, "A100-80GB,fp61,fp16,fp32,5,5,5,1,3,x,vidur:a\n", "fp61" },
    { "no rows", gemm_header, "A100-80GB,fp16,fp16,fp32,0,5,5,1,3,x,vidur:a\n", "m is '0'" },
    { "negative", gemm_header, "A100-80GB,fp16,fp16,fp32,-5,5,5,1,3,x,vidur:a\n", "m is '-5'" },
    { "not a number", gemm_header, "A100-80GB,fp16,fp16,fp32,many,5,5,1,3,x,vidur:a\n", "m is 'many'" },
    { "beyond 64 bits", gemm_header, "A100-80GB,fp16,fp16,fp32,99999999999999999999,5,5,1,3,x,vidur:a\n", "expected a whole number" },
    { "overflow of the product", gemm_header, "A100-80GB,fp16,fp16,fp32,268435456,268435456,268435456,268435456,3,x,vidur:a\n", "overflow" },
    { "measured is text", gemm_header, "A100-80GB,fp16,fp16,fp32,5,5,5,1,fast,x,vidur:a\n", "time_us is 'fast'" },
    { "measured is not above 0", gemm_header, "A100-80GB,fp16,fp16,fp32,5,5,5,1,0,x,vidur:a\n", "above 0" },
    { "unknown operator", elementwise_header, "A100-80GB,rmsnrom,fp16,5,5,3,x,vidur:a\n", "nearest is rmsnorm" },
};

static void bad_rows_are_misses(void)
{
    struct arena arena = { 0 };
    struct predictor p;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error_statistics *groups, all;
        struct evaluation e;
        int64_t count;

        CHECK_ROW(bad[i].label, evaluate(&e, &p, bad[i].header, bad[i].row, &arena, &err));
        CHECK_ROW(bad[i].label, e.count == 1 && e.rows[0].reason && strstr(e.rows[0].reason, bad[i].says));
        CU_ASSERT_EQUAL(evaluation_statistics(&groups, &count, &all, &e, NULL, 0, &p, &arena, &err), STATUS_OK);
        CHECK_ROW(bad[i].label, all.misses == 1 && all.judged == 0 && isnan(all.mape));
    }
    predictor_close(&p);
    arena_free(&arena);
}

/* Hand-made errors: +10, -20, +40 % of 100, 200, 50. */
static void statistics_by_hand(void)
{
    static const double measured[] = { 100, 200, 50 }, predicted[] = { 110, 160, 70 };
    struct arena arena = { 0 };
    struct predictor p;
    struct error_statistics *groups, all;
    const char *by[EVALUATE_BY_MAX];
    struct evaluation e;
    struct error err;
    int64_t count;
    int by_count;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    CU_ASSERT_FATAL(evaluate(&e, &p, gemm_header, "A100-80GB,fp16,fp16,fp32,5,5,5,1,3,a,vidur:a\nA100-80GB,fp16,fp16,fp32,5,5,5,1,3,a,vidur:a\n"
                             "A40,fp16,fp16,fp32,5,5,5,1,3,b,vidur:a\n", &arena, &err));
    for (int i = 0; i < 3; i++) {
        e.rows[i].measured = measured[i];
        e.rows[i].value = predicted[i];
        e.rows[i].low = measured[i] - 1;
        e.rows[i].high = i == 0 ? measured[i] - 0.5 : measured[i] + 1;
    }
    CU_ASSERT_EQUAL(evaluation_by(by, &by_count, "device,label", &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(evaluation_statistics(&groups, &count, &all, &e, by, by_count, &p, &arena, &err), STATUS_OK);
    CU_ASSERT_DOUBLE_EQUAL(all.mape, (0.1 + 0.2 + 0.4) / 3, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(all.median_ape, 0.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(all.bias, 0.1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(all.time_weighted, 70.0 / 350.0, 1e-12);
    CU_ASSERT_EQUAL(all.with_interval, 3);
    CU_ASSERT_EQUAL(all.covered, 2);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_STRING_EQUAL(groups[0].keys[0], "A100-80GB");
    CU_ASSERT_STRING_EQUAL(groups[1].keys[1], "b");
    CU_ASSERT_EQUAL(groups[0].rows, 2);
    CU_ASSERT_TRUE(all.worst[0] == &e.rows[2] && all.worst[1] == &e.rows[1] && all.worst[2] == &e.rows[0]);
    predictor_close(&p);
    arena_free(&arena);
}

static void samples_are_even(void)
{
    struct evaluated_row rows[1000] = { 0 };
    struct evaluation e = { rows, 1000, 1000 };
    int64_t first = 0, all = 0;

    evaluation_sample(&e, 100);
    for (int i = 0; i < 1000; i++) {
        first += i < 500 && rows[i].selected;
        all += rows[i].selected;
    }
    CU_ASSERT_EQUAL(all, 100);
    CU_ASSERT_EQUAL(first, 50);
}

/* Formats that a unit scales in hardware: the same experts or cache in fewer bits take no longer, on the chips whose units take them. */
static void narrow_formats_are_no_slower(void)
{
    static const char moe_header[] = "device,dtype,tokens,hidden,inter,top_k,n_expert,moe_tp,moe_ep,distribution,time_us,label,source\n";
    static const char moe[] = "B200,bf16,4096,4096,1536,8,128,1,4,balanced,,cutlass,aic:b200/moe/trtllm/1\nB200,nvfp4,4096,4096,1536,8,128,1,4,balanced,,cutlass,aic:b200/moe/trtllm/1\n"
                              "B200,bf16,64,4096,1536,8,128,1,4,balanced,,cutlass,aic:b200/moe/trtllm/1\nB200,w4a8_mxfp4_mxfp8,64,4096,1536,8,128,1,4,balanced,,cutlass,aic:b200/moe/trtllm/1\n";
    static const char attention_header[] = "device,phase,dtype,batch,q_len,kv_len,n_head,n_kv_head,head_dim,time_us,source\n";
    static const char attention[] = "H200,decode,fp16,32,1,8192,32,8,128,,aic:h200/attention/vllm/1\nH200,decode,fp16+kv_fp8,32,1,8192,32,8,128,,aic:h200/attention/vllm/1\n"
                                    "H200,decode,fp16,32,1,8192,32,8,128,,aic:h200/attention/vllm/1\nH200,decode,fp16+kv_int8,32,1,8192,32,8,128,,aic:h200/attention/vllm/1\n";
    static const struct { const char *label, *header, *rows; } tables[] = { { "experts", moe_header, moe }, { "cache", attention_header, attention } };
    struct arena arena = { 0 };
    struct predictor p;
    struct evaluation e;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(predictor_open(&p, "analytic", &err), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        CU_ASSERT_FATAL(evaluate(&e, &p, tables[i].header, tables[i].rows, &arena, &err));
        for (int64_t r = 0; r < 4; r += 2)
            CHECK_ROW(tables[i].label, e.rows[r + 1].value > 0 && e.rows[r + 1].value < 0.9 * e.rows[r].value);
    }
    CU_ASSERT_FATAL(evaluate(&e, &p, attention_header, "H200,decode,fp16+kv_int9x,32,1,8192,32,8,128,,x\n", &arena, &err));
    CU_ASSERT_PTR_NOT_NULL(e.rows[0].reason); /* not a cache of 16 bits without a word */
    predictor_close(&p);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "a prediction does not see what was measured", measured_is_not_seen },
    { "software of old and other devices", devices_have_their_software },
    { "a bad row is a miss with its place and reason", bad_rows_are_misses },
    { "a source without a harness is noted", unknown_sources_are_noted },
    { "every device is plausible in every format", every_device_is_plausible },
    { "errors of a group, by hand", statistics_by_hand },
    { "a sample is even", samples_are_even },
    { "fewer bits that a unit takes are no slower", narrow_formats_are_no_slower },
};
TEST_MAIN("validate_rows", tests)
