/* SPDX-License-Identifier: Apache-2.0 */
/* Rankings by hand; fronts against the definition, over random tables. */
#include <math.h>
#include <string.h>

#include "costmodel/rank.h"
#include "costmodel/rank_metric.h"
#include "tests/harness.h"

static bool near(double value, double wanted) { return fabs(value - wanted) <= 1e-12 * fabs(wanted); }

/* Design 0: 2 s, 100 tokens/s; 1: 1 s, 50; 2: 4 s, 400; 3 lacks the rate; 4 is 1 again. */
static const double values[] = { 2, 100, 1, 50, 4, 400, 0.5, NAN, 1, 50 };
static const struct rank_table table = { .count = 5, .metrics = 2, .values = values, .higher_is_better = { false, true } };

static void scores_by_hand(void)
{
    static const double first[] = { 1, 0 }, both[] = { 1, 1 }, rate[] = { 0, 3 };
    struct arena arena = { 0 };
    struct rank_place *p;
    int64_t n;

    CU_ASSERT_FATAL(!rank_by_weights(&p, &n, &table, first, &arena, NULL) && n == 5);
    CU_ASSERT(p[0].design == 3 && p[1].design == 1 && p[2].design == 4 && p[3].design == 0 && p[4].design == 2);
    CU_ASSERT(p[0].score == 1 && near(p[4].score, 8));
    /* best of those with both: 1 s and 400/s. sqrt(2 x 4), sqrt(1 x 8), sqrt(4 x 1) */
    CU_ASSERT_FATAL(!rank_by_weights(&p, &n, &table, both, &arena, NULL) && n == 4);
    CU_ASSERT(p[0].design == 2 && near(p[0].score, 2) && near(p[1].score, sqrt(8)) && near(p[2].score, sqrt(8)) && near(p[3].score, sqrt(8)));
    CU_ASSERT_FATAL(!rank_by_weights(&p, &n, &table, rate, &arena, NULL) && n == 4);
    CU_ASSERT(p[0].design == 2 && p[1].design == 0 && near(p[1].score, 4));
    arena_free(&arena);
}

static void front_by_hand(void)
{
    struct arena arena = { 0 };
    struct rank_place *p;
    int64_t n;

    CU_ASSERT_FATAL(!rank_pareto(&p, &n, &table, &arena, NULL) && n == 3);
    CU_ASSERT(p[0].design == 1 && p[1].design == 0 && p[2].design == 2);
    CU_ASSERT(p[0].score == 1 && near(p[1].score, 2) && near(p[2].score, 4));
    arena_free(&arena);
}

static bool dominates(const double *a, const double *b, int metrics)
{
    bool better = false;

    for (int m = 0; m < metrics; m++) {
        if (a[m] > b[m])
            return false;
        better = better || a[m] < b[m];
    }
    return better;
}

/* Few different values, so that ties and twins are common. */
static void fronts_are_fronts(void)
{
    enum { DESIGNS = 900, METRICS = 7 };
    uint64_t random = 12345;

    for (int metrics = 1; metrics <= METRICS; metrics++) {
        double v[DESIGNS * METRICS];
        struct arena arena = { 0 };
        struct rank_place *p;
        bool kept[DESIGNS] = { false };
        int64_t n;

        for (int i = 0; i < DESIGNS * metrics; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            v[i] = (double)(random >> (metrics < METRICS ? 61 : 55));
        }
        struct rank_table t = { .count = DESIGNS, .metrics = metrics, .values = v };
        CU_ASSERT_FATAL(!rank_pareto(&p, &n, &t, &arena, NULL) && n > 0);
        CU_ASSERT(metrics < METRICS || n > 4 * 32); /* several trees deep */
        for (int64_t k = 0; k < n; k++)
            kept[p[k].design] = true;
        for (int i = 0; i < DESIGNS; i++) {
            bool beaten = false, twin = false;

            for (int k = 0; k < DESIGNS; k++) {
                beaten = beaten || dominates(&v[k * metrics], &v[i * metrics], metrics);
                twin = twin || (k < i && memcmp(&v[k * metrics], &v[i * metrics], (size_t)metrics * sizeof v[0]) == 0);
            }
            CU_ASSERT(kept[i] == (!beaten && !twin));
        }
        arena_free(&arena);
    }
}

static void metrics_by_name(void)
{
    const struct rank_metric *m;
    struct error err;
    /* 3 $/h, 2 devices, 1000 tokens/s: 6 / 3.6e6 of a dollar each, 1.667 $ a million. 0.5 J each at 1e-4 g/J: 50 g */
    struct rank_facts f = { 2, 1000, 0.5, { 1, 3, 9 }, 1e-4, 800, 0.01 };

    CU_ASSERT(!rank_metric_find(&m, "cost", &err) && near(m->of(&f), 6.0 / 3.6) && m->with_price && m->with_time);
    CU_ASSERT(!rank_metric_find(&m, "carbon", &err) && near(m->of(&f), 50));
    CU_ASSERT(!rank_metric_find(&m, "area", &err) && m->of(&f) == 1600 && m->with_area);
    CU_ASSERT(rank_metric_find(&m, "throughputs", &err) == STATUS_BAD_INPUT && strstr(err.message, "'throughput'") != NULL);
    for (const struct rank_metric *const *r = rank_metrics; *r; r++) {
        CHECK_ROW((*r)->name, ((*r)->column == NULL) != ((*r)->of == NULL));
        CHECK_ROW((*r)->name, !r[1] || strcmp((*r)->name, r[1]->name) < 0);
    }
}

static const struct test tests[] = {
    { "scores by hand", scores_by_hand },
    { "a front by hand", front_by_hand },
    { "fronts are fronts", fronts_are_fronts },
    { "metrics by name", metrics_by_name },
};

TEST_MAIN("rank", tests)
