/* SPDX-License-Identifier: Apache-2.0 */
/* Rates of the array codecs and of schemes, one core: bytes of fp32 read a second, best of several runs. docs/formats.md, 4 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "formats/quant.h"

enum { N = 1 << 20, RUNS = 20, GROUP = 128, COLS = 4096 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void report(const char *name, double best_s, double goal)
{
    double gb_per_s = 4.0 * N / best_s * 1e-9;

    printf("%-28s %7.2f GB/s  goal %.1f  %s\n", name, gb_per_s, goal, gb_per_s >= goal ? "met" : "missed");
}

/* quant_quantize() and quant_pack() of a scheme, best of a few runs. Negative: it failed. */
static double scheme_s(const char *text, const float *values, uint8_t *stored)
{
    const struct quantize_rule rule = { .encode = { .rounding = ROUND_NEAREST_EVEN, .saturate = true } };
    struct arena arena = { 0 };
    struct quant_matrix m;
    struct error err;
    struct quant q;
    double best = 1e9;

    if (quant_parse(&q, text, (struct source_pos){ 0 }, &err))
        return -1;
    for (int r = 0; r < RUNS / 4; r++) {
        double start = now_s(), t;
        arena_reset(&arena);
        if (quant_quantize(&m, &q, values, N / COLS, COLS, NULL, &rule, 0, &arena, &err) || quant_pack(stored, &m, &err))
            return -1;
        t = now_s() - start;
        best = t < best ? t : best;
    }
    arena_free(&arena);
    return best;
}

int main(void)
{
    static const char *const schemes[] = { "int4g128", "mxfp4", "mxfp8", "nvfp4", "nf4g64" };
    static const char *const names[] = { "e2m1", "e3m4", "e4m3", "e5m2", "e4m3fnuz" };
    float *values = malloc(N * sizeof *values);
    uint8_t *codes = malloc(N);
    uint16_t *scales = malloc(N / GROUP * sizeof *scales);
    uint8_t *stored = malloc(2 * N);
    uint32_t state = 1;
    double best = 1e9;

    if (!values || !codes || !scales || !stored)
        return 1;
    for (int i = 0; i < N; i++) {
        state = state * 1664525 + 1013904223;
        values[i] = (float)((double)state * 0x1p-31 - 1) * 4;
    }
    for (int r = 0; r < RUNS; r++) {
        double start = now_s(), t;
        int4_quantize_pack(codes, scales, values, N, GROUP);
        t = now_s() - start;
        best = t < best ? t : best;
    }
    report("int4g128 quantize and pack", best, 1.0);
    for (size_t f = 0; f < sizeof names / sizeof names[0]; f++) {
        const struct format *format = format_find(names[f]);
        best = 1e9;
        for (int r = 0; r < RUNS; r++) {
            double start = now_s(), t;
            format_encode_array8(codes, format, values, N);
            t = now_s() - start;
            best = t < best ? t : best;
        }
        report(names[f], best, 0.2);
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s scheme and pack", schemes[i]);
        report(name, scheme_s(schemes[i], values, stored), 0.2);
    }
    free(stored);
    free(values);
    free(codes);
    free(scales);
    return 0;
}
