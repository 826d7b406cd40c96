/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration finds parameters back from rows that were made with them, does badly on shuffled rows, keeps to the bounds, and refuses
 * rows that are to judge it. The rows are the model's own, so nothing here says how good the model is: that is docs/validation.md.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"
#include "validate/calibrate.h"

static const int64_t tokens[] = { 1, 16, 64, 100, 256, 264, 512, 1024, 2048, 4096 };
static const int64_t shapes[][2] = { { 4096, 4096 }, { 1536, 4096 }, { 11008, 4096 }, { 4096, 11008 }, { 1024, 8192 }, { 5120, 1280 } };
enum { TOKENS = sizeof tokens / sizeof tokens[0], SHAPES = sizeof shapes / sizeof shapes[0] };
static char path[] = "/tmp/llmsim-calibrate-XXXXXX";

static bool write_rows(void)
{
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!f)
        return false;
    fputs("device,dtype_a,dtype_b,dtype_acc,m,n,k,batch,time_us,label,source\n", f);
    for (int s = 0; s < SHAPES; s++)
        for (int t = 0; t < TOKENS; t++)
            fprintf(f, "A100-80GB-SXM,fp16,fp16,fp32,%lld,%lld,%lld,1,,test,vidur:a100/model%d\n", (long long)tokens[t], (long long)shapes[s][0],
                    (long long)shapes[s][1], s % 3);
    return fclose(f) == 0;
}

/* Rows whose measured values are the model's own with some values of the hardware changed. */
static bool made_rows(struct evaluation *e, const struct arch_override *overrides, int64_t count, struct arena *arena)
{
    struct predictor p;
    struct error err;
    bool ok;

    memset(e, 0, sizeof *e);
    if (evaluation_read(e, path, arena, &err) || predictor_open(&p, "analytic", &err))
        return false;
    predictor_uncalibrate(&p); /* what a fit starts from */
    p.overrides = overrides;
    p.overrides_count = count;
    ok = evaluation_predict(e, &p, arena, NULL, NULL, &err) == STATUS_OK;
    for (int64_t i = 0; i < e->count; i++)
        e->rows[i].measured = e->rows[i].value;
    predictor_close(&p);
    return ok;
}

static const struct free_parameter *parameter(const struct calibration *c, const char *key)
{
    for (int64_t i = 0; i < c->count; i++)
        if (strcmp(c->parameters[i].key, key) == 0)
            return &c->parameters[i];
    return NULL;
}

static const struct arch_override moved[] = { { "sm.barrier", "60 cycles" }, { "units.tensor.issue_efficiency", "0.85" } };

static void finds_them_back(void)
{
    struct calibrate_options o = { 0 };
    struct arena arena = { 0 };
    struct calibration c;
    struct evaluation e;
    struct error err = { 0 };

    CU_ASSERT_FATAL(made_rows(&e, moved, 2, &arena));
    CU_ASSERT_EQUAL_FATAL(calibrate(&c, &e, "A100-80GB-SXM", &o, &arena, &err), STATUS_OK);
    printf("# error %.2f %% before, %.2f %% after; barrier %.1f, issue %.3f\n", 100 * c.error_before, 100 * c.error_after,
           parameter(&c, "sm.barrier")->value, parameter(&c, "units.tensor.issue_efficiency")->value);
    CHECK_ROW("rows told something", c.error_before > 0.03);
    CHECK_ROW("the fit explains them", c.error_after < 0.25 * c.error_before);
    CHECK_ROW("barrier", fabs(parameter(&c, "sm.barrier")->value - 60.0) < 15.0);
    CHECK_ROW("issue efficiency", fabs(parameter(&c, "units.tensor.issue_efficiency")->value - 0.85) < 0.03);
    for (int64_t i = 0; i < c.count; i++)
        CHECK_ROW(c.parameters[i].key, c.parameters[i].value >= c.parameters[i].low && c.parameters[i].value <= c.parameters[i].high);
    arena_free(&arena);
}

static void same_twice(void)
{
    struct calibrate_options o = { .rows = 30 };
    struct arena arena = { 0 };
    struct calibration c[2];
    struct evaluation e;
    struct error err;

    CU_ASSERT_FATAL(made_rows(&e, moved, 2, &arena));
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(calibrate(&c[i], &e, "A100-80GB-SXM", &o, &arena, &err), STATUS_OK);
    for (int64_t i = 0; i < c[0].count; i++)
        CHECK_ROW(c[0].parameters[i].key, c[0].parameters[i].value == c[1].parameters[i].value);
    arena_free(&arena);
}

static void badly_on_shuffled_rows(void)
{
    struct calibrate_options o = { .folds = 3 };
    struct arena arena = { 0 };
    struct calibration c;
    struct evaluation e;
    struct error err;
    double worst = 0;

    CU_ASSERT_FATAL(made_rows(&e, moved, 2, &arena));
    for (int64_t i = 0, j = 17; i < e.count; i++, j = (j + 37) % e.count) { /* a fixed permutation: 37 and the count are coprime */
        double keep = e.rows[i].measured;

        e.rows[i].measured = e.rows[j].measured;
        e.rows[j].measured = keep;
    }
    CU_ASSERT_EQUAL_FATAL(calibrate(&c, &e, "A100-80GB-SXM", &o, &arena, &err), STATUS_OK);
    for (int64_t f = 0; f < c.folds; f++)
        worst = fmax(worst, c.fold_error[f]);
    CHECK_ROW("left-out rows are far off", worst > 0.5);
    arena_free(&arena);
}

static void refuses_what_judges(void)
{
    struct arena arena = { 0 };
    struct evaluation fit = { 0 }, judge = { 0 };
    struct error err = { 0 };

    CU_ASSERT_EQUAL(evaluation_read(&fit, path, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(evaluation_read(&judge, path, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(calibrate_disjoint(&fit, &judge, &err), STATUS_BAD_INPUT);
    CHECK_ROW("says where", strstr(err.message, "stands in the fit too") != NULL);
    judge.count = 0;
    CU_ASSERT_EQUAL(calibrate_disjoint(&fit, &judge, &err), STATUS_OK);
    arena_free(&arena);
}

static void device_without_parameters(void)
{
    struct calibrate_options o = { 0 };
    struct arena arena = { 0 };
    struct evaluation e = { 0 };
    struct calibration c;
    struct error err = { 0 };

    CU_ASSERT_EQUAL(calibrate(&c, &e, "V100-16GB", &o, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(calibrate(&c, &e, "A100-80GB-SXM", &o, &arena, &err), STATUS_BAD_INPUT); /* no rows */
    CHECK_ROW("says how many", strstr(err.message, "0 rows") != NULL);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "parameters that made the rows are found back", finds_them_back },
    { "the same rows give the same values", same_twice },
    { "shuffled rows are fitted badly", badly_on_shuffled_rows },
    { "rows that judge are refused", refuses_what_judges },
    { "no parameters, no rows", device_without_parameters },
};

int main(void)
{
    int code = 99;

    if (write_rows())
        code = run_tests("validate_calibrate", tests, sizeof tests / sizeof tests[0]);
    unlink(path);
    return code;
}
