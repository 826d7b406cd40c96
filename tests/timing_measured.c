/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `analytic` held against measured kernels (GEMM, attention, elementwise). Prints a table of mean absolute relative error by
 * device and source as TAP diagnostics; asserts the errors that docs/gemm.md states. Skips where the data is absent.
 * vidur rows are kernel durations in a sustained run (stack kernel-only); aic rows are graph nodes replayed a few times, too
 * short for the power controller (stack library, `burst`), with their activations in L2.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/csv.h"
#include "sim/l2_reuse.h"
#include "sim/timing.h"
#include "tests/harness.h"

enum { BUCKETS_MAX = 128 };

struct bucket { char key[80]; int64_t rows; double absolute, signed_sum; };
static struct bucket buckets[BUCKETS_MAX];
static int buckets_count;

static struct bucket *bucket_of(const char *key)
{
    for (int i = 0; i < buckets_count; i++)
        if (strcmp(buckets[i].key, key) == 0)
            return &buckets[i];
    if (buckets_count == BUCKETS_MAX)
        return &buckets[0];
    snprintf(buckets[buckets_count].key, sizeof buckets[0].key, "%s", key);
    return &buckets[buckets_count++];
}

static void record(const char *key, double predicted_us, double measured_us)
{
    struct bucket *b = bucket_of(key);
    double error = (predicted_us - measured_us) / measured_us;

    b->rows++;
    b->absolute += fabs(error);
    b->signed_sum += error;
}

static double mean_error(const char *key)
{
    const struct bucket *b = bucket_of(key);

    return b->rows ? b->absolute / (double)b->rows : NAN;
}

static void print_buckets(const char *prefix)
{
    for (int i = 0; i < buckets_count; i++)
        if (strncmp(buckets[i].key, prefix, strlen(prefix)) == 0)
            printf("# %-52s %5lld rows  error %5.1f %%  bias %+6.1f %%\n", buckets[i].key, (long long)buckets[i].rows,
                   100.0 * buckets[i].absolute / (double)buckets[i].rows, 100.0 * buckets[i].signed_sum / (double)buckets[i].rows);
}

/* Devices and stacks, loaded once a test. */
struct lab { struct arena arena; const struct stack *kernels, *graph; const struct hardware *hw; char device[64]; };

static bool lab_open(struct lab *lab)
{
    struct error err;

    memset(lab, 0, sizeof *lab);
    if (stack_load(&lab->kernels, "kernel-only", NULL, 0, &lab->arena, &err) || stack_load(&lab->graph, "library", NULL, 0, &lab->arena, &err)) {
        printf("# %s\n", err.message);
        CU_FAIL("stacks do not load");
        return false;
    }
    return true;
}

static const struct hardware *lab_device(struct lab *lab, const char *name)
{
    struct error err;

    if (lab->hw && strcmp(lab->device, name) == 0)
        return lab->hw;
    snprintf(lab->device, sizeof lab->device, "%s", name);
    if (arch_load(&lab->hw, name, NULL, 0, &lab->arena, &err)) {
        printf("# %s\n", err.message);
        lab->hw = NULL;
    }
    return lab->hw;
}

static struct csv *open_rows(const char *file)
{
    const char *dir = shared_dir();
    char path[512];
    struct csv *csv = NULL;
    struct error err;

    if (!dir)
        return NULL;
    snprintf(path, sizeof path, "%s/measurements/%s", dir, file);
    if (csv_open(&csv, path, &err)) {
        skip(err.message);
        return NULL;
    }
    return csv;
}

static int64_t warm_if_it_fits(int64_t bytes, const struct hardware *hw)
{
    return (double)bytes < l2_shared_capacity_bytes(&hw->l2) ? bytes : 0;
}

static bool sixteen_bit(const char *a, const char *b)
{
    return (strcmp(a, "fp16") == 0 || strcmp(a, "bf16") == 0) && strcmp(a, b) == 0;
}

/* Rows whose kernels hold nothing but the product: fp8 rows quantize their activations too. */
static bool plain_product(const char *a, const char *b)
{
    return sixteen_bit(a, b) || strcmp(b, "int8") == 0 || strcmp(b, "int4") == 0;
}

static void fill_gemm(struct kernel *k, const char *format, const char *weights, int64_t m, int64_t n, int64_t depth, const struct hardware *hw)
{
    struct gemm_kernel_shape *g = &k->gemm;
    struct unit_request request;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_GEMM;
    *g = (struct gemm_kernel_shape){ .m = m, .n = n, .k = depth, .batch = 1, .out = format_find("fp16"),
                                     .accumulator = format_find(strcmp(format, "int8") == 0 ? "int32" : "fp32"), .b_is_weight = true };
    g->a = (struct quant){ .format = format_find(format), .group = QUANT_PER_CHANNEL };
    g->b = (struct quant){ .format = format_find(weights), .group = QUANT_PER_CHANNEL };
    g->a_bytes = m * depth * g->a.format->bits / 8;
    g->b_bytes = n * depth * g->b.format->bits / 8;
    g->out_bytes = m * n * 2;
    request = (struct unit_request){ .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
    g->unit = unit_choose(&g->service, hw, &request);
    k->warm.a_bytes = warm_if_it_fits(g->a_bytes, hw);
    k->flops = 2.0 * (double)m * (double)n * (double)depth;
}

/* aic cycles through copies of the weight that together exceed L2, at most five: smaller weights stay warm. */
static int64_t aic_warm_weights(int64_t bytes, const struct hardware *hw)
{
    return 5 * bytes < hw->l2.bytes ? bytes : 0;
}

static void gemm_row(struct lab *lab, const char *const *row, const int *col)
{
    bool vidur = strncmp(row[col[7]], "vidur", 5) == 0, aic = strncmp(row[col[7]], "aic", 3) == 0;
    const struct hardware *hw;
    struct timing_context ctx;
    struct timing t;
    struct kernel k;
    struct error err;
    char key[80];

    if ((!vidur && !aic) || !plain_product(row[col[1]], row[col[2]]) || !(hw = lab_device(lab, row[col[0]])))
        return;
    fill_gemm(&k, row[col[1]], row[col[2]], strtoll(row[col[3]], NULL, 10), strtoll(row[col[4]], NULL, 10), strtoll(row[col[5]], NULL, 10), hw);
    ctx = (struct timing_context){ .hw = hw, .stack = vidur ? lab->kernels : lab->graph, .ranks = 1, .burst = aic };
    if (aic)
        k.warm.b_bytes = aic_warm_weights(k.gemm.b_bytes, hw);
    if (fidelity_analytic.time(&t, &k, &ctx, &err)) {
        CHECK_ROW(err.message, false);
        return;
    }
    if (!sixteen_bit(row[col[1]], row[col[2]])) {
        snprintf(key, sizeof key, "gemm %s aic %s x %s %s", row[col[0]], row[col[1]], row[col[2]],
                 strtod(row[col[6]], NULL) < 100.0 ? "under 100 us" : "over 100 us");
        record(key, t.time_s * 1e6, strtod(row[col[6]], NULL));
        return;
    }
    snprintf(key, sizeof key, "gemm %s %s", row[col[0]], vidur ? "vidur" : "aic");
    record(key, t.time_s * 1e6, strtod(row[col[6]], NULL));
    snprintf(key, sizeof key, "gemm best %s %s", row[col[0]], vidur ? "vidur" : "aic");
    record(key, t.best_time_s * 1e6, strtod(row[col[6]], NULL));
    if (getenv("LLMSIM_ROWS")) {
        char text[96];

        printf("# row,%s,%lld,%lld,%lld,%s,%.2f,%.2f,%s,%.3f,%s\n", row[col[0]], (long long)k.gemm.m, (long long)k.gemm.n, (long long)k.gemm.k,
               row[col[6]], t.time_s * 1e6, t.best_time_s * 1e6, mapping_format(text, sizeof text, &t.mapping), t.clock_hz * 1e-9, cause_name(t.bound));
    }
}

static void gemm_against_measured(void)
{
    static const char *const names[] = { "device", "dtype_a", "dtype_b", "m", "n", "k", "time_us", "source" };
    struct csv *csv = open_rows("gemm.csv");
    const char *const *row;
    struct error err;
    struct lab lab;
    int col[8];

    if (!csv)
        return;
    for (int i = 0; i < 8; i++)
        col[i] = csv_column(csv, names[i]);
    if (lab_open(&lab)) {
        while (csv_next(csv, &row, &err) == STATUS_OK && row)
            gemm_row(&lab, row, col);
        print_buckets("gemm");
        CHECK_ROW("A100-80GB vidur under 12 %", mean_error("gemm A100-80GB vidur") < 0.12);
        CHECK_ROW("H100-80GB vidur under 12 %", mean_error("gemm H100-80GB vidur") < 0.12);
        CHECK_ROW("A40 vidur under 12 %", mean_error("gemm A40 vidur") < 0.12);
        CHECK_ROW("A100-80GB-SXM aic under 12 %", mean_error("gemm A100-80GB-SXM aic") < 0.12);
    }
    arena_free(&lab.arena);
    csv_close(csv);
}

static void fill_attention(struct kernel *k, struct seq_group *g, const char *const *row, const int *col, const struct hardware *hw)
{
    struct attention_kernel_shape *a = &k->attention;
    const char *dtype = row[col[2]];
    bool fp8 = strcmp(dtype, "fp8") == 0, kv8 = fp8 || strstr(dtype, "kv_fp8") != NULL;
    struct quant compute = { .format = format_find(fp8 ? "fp8_e4m3" : "bf16"), .group = QUANT_PER_TENSOR };
    struct unit_request request = { .a = &compute, .b = &compute, .accumulator = format_find("fp32") };
    int64_t kv_bytes, q_bytes;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_ATTENTION;
    *g = (struct seq_group){ strtoll(row[col[3]], NULL, 10), strtoll(row[col[4]], NULL, 10), strtoll(row[col[5]], NULL, 10) };
    *a = (struct attention_kernel_shape){ .groups_count = 1, .groups = g, .causal = true, .compute = compute.format, .out = format_find("bf16") };
    a->heads = strtoll(row[col[6]], NULL, 10);
    a->kv_heads = strtoll(row[col[7]], NULL, 10);
    a->head_dim = a->v_head_dim = strtoll(row[col[8]], NULL, 10);
    a->kv = (struct quant){ .format = format_find(kv8 ? "fp8_e4m3" : "bf16"), .group = QUANT_PER_TENSOR };
    a->unit = unit_choose(&a->service, hw, &request);
    kv_bytes = g->count * g->kv * a->kv_heads * a->head_dim * 2 * a->kv.format->bits / 8;
    q_bytes = g->count * g->q * a->heads * a->head_dim * 2;
    k->warm.other_bytes = warm_if_it_fits(kv_bytes, hw) + warm_if_it_fits(q_bytes, hw);
}

static void attention_row(struct lab *lab, const char *const *row, const int *col)
{
    const struct hardware *hw = lab_device(lab, row[col[0]]);
    struct timing_context ctx = { .hw = hw, .stack = lab->graph, .ranks = 1, .burst = true };
    struct seq_group group;
    struct timing t, write;
    struct kernel k, w;
    struct error err;
    double measured = strtod(row[col[9]], NULL), predicted;
    char key[80];

    if (!hw)
        return;
    fill_attention(&k, &group, row, col, hw);
    /* the KV write that the measured operator contains is a kernel of its own */
    memset(&w, 0, sizeof w);
    w.kind = KERNEL_STREAM;
    w.stream = (struct stream_kernel_shape){ .rows = group.count * group.q, .cols = 2 * k.attention.kv_heads * k.attention.head_dim,
                                             .vector_ops_per_element = 1, .passes = 1 };
    w.stream.read_bytes = w.stream.rows * w.stream.cols * 2;
    w.stream.write_bytes = w.stream.rows * w.stream.cols * k.attention.kv.format->bits / 8;
    w.warm.other_bytes = warm_if_it_fits(w.stream.read_bytes, hw);
    if (fidelity_analytic.time(&t, &k, &ctx, &err) || fidelity_analytic.time(&write, &w, &ctx, &err)) {
        CHECK_ROW(err.message, false);
        return;
    }
    predicted = (t.time_s + write.time_s) * 1e6;
    snprintf(key, sizeof key, "attention %s %s %s %s %s", row[col[0]], row[col[1]], row[col[2]],
             strstr(row[col[10]], "vllm") ? "vllm" : "trtllm", measured < 100.0 ? "under 100 us" : "over 100 us");
    record(key, predicted, measured);
    if (getenv("LLMSIM_ROWS"))
        printf("# arow,%s,%s,%s,%s,%lld,%lld,%lld,%lld,%lld,%lld,%.2f,%.2f,%s\n", row[col[0]], row[col[1]], row[col[2]],
               strstr(row[col[10]], "vllm") ? "vllm" : "trtllm", (long long)group.count, (long long)group.q, (long long)group.kv,
               (long long)k.attention.heads, (long long)k.attention.kv_heads, (long long)k.attention.head_dim, measured, predicted, cause_name(t.bound));
}

static void attention_against_measured(void)
{
    static const char *const names[] = { "device", "phase", "dtype", "batch", "q_len", "kv_len", "n_head", "n_kv_head", "head_dim", "time_us", "source" };
    struct csv *csv = open_rows("attention.csv");
    const char *const *row;
    struct error err;
    struct lab lab;
    int col[11];

    if (!csv)
        return;
    for (int i = 0; i < 11; i++)
        col[i] = csv_column(csv, names[i]);
    if (lab_open(&lab)) {
        while (csv_next(csv, &row, &err) == STATUS_OK && row)
            attention_row(&lab, row, col);
        print_buckets("attention");
        CHECK_ROW("long prefill on A100 within 20 %", mean_error("attention A100-80GB-SXM prefill bf16 vllm over 100 us") < 0.20);
    }
    arena_free(&lab.arena);
    csv_close(csv);
}

/* Arithmetic and loads of the profiled kernels: vLLM's element-at-a-time norms, rotary and activation; PyTorch's vectorised add. */
static const struct { const char *op; int64_t read, write; double ops, sfu; int64_t passes, load; bool gather; } streams[] = {
    { "add", 4, 2, 1, 0, 1, 16, false },
    { "rmsnorm", 2, 2, 4, 0, 2, 2, false },
    { "silu_mul", 4, 2, 5, 2, 1, 2, false },
    { "rope", 2, 2, 4, 0, 1, 2, false },
    { "embedding", 2, 2, 1, 0, 1, 2, true },
};

static void stream_row(struct lab *lab, const char *const *row, const int *col)
{
    int64_t rows = strtoll(row[col[2]], NULL, 10), cols = strtoll(row[col[3]], NULL, 10);
    const struct hardware *hw;
    char key[80];

    if (strncmp(row[col[5]], "vidur", 5) != 0 || !(hw = lab_device(lab, row[col[0]])))
        return;
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct kernel k = { .kind = KERNEL_STREAM };
        struct timing_context ctx = { .hw = hw, .stack = lab->kernels, .ranks = 1 };
        struct timing t;
        struct error err;

        if (strcmp(row[col[1]], streams[i].op) != 0)
            continue;
        k.stream = (struct stream_kernel_shape){ .rows = rows, .cols = cols, .read_bytes = rows * cols * streams[i].read,
                                                 .write_bytes = rows * cols * streams[i].write, .vector_ops_per_element = streams[i].ops,
                                                 .sfu_ops_per_element = streams[i].sfu, .passes = streams[i].passes,
                                                 .gather = streams[i].gather, .load_bytes = streams[i].load };
        k.warm.other_bytes = streams[i].gather ? 0 : warm_if_it_fits(k.stream.read_bytes, hw);
        CU_ASSERT_EQUAL(fidelity_analytic.time(&t, &k, &ctx, &err), STATUS_OK);
        snprintf(key, sizeof key, "stream %s %s", row[col[0]], row[col[1]]);
        record(key, t.time_s * 1e6, strtod(row[col[4]], NULL));
        if (getenv("LLMSIM_ROWS"))
            printf("# srow,%s,%s,%lld,%lld,%s,%.2f,%s\n", row[col[0]], row[col[1]], (long long)rows, (long long)cols, row[col[4]], t.time_s * 1e6, cause_name(t.bound));
    }
}

static void streams_against_measured(void)
{
    static const char *const names[] = { "device", "op", "rows", "cols", "time_us", "source" };
    struct csv *csv = open_rows("elementwise.csv");
    const char *const *row;
    struct error err;
    struct lab lab;
    int col[6];

    if (!csv)
        return;
    for (int i = 0; i < 6; i++)
        col[i] = csv_column(csv, names[i]);
    if (lab_open(&lab)) {
        while (csv_next(csv, &row, &err) == STATUS_OK && row)
            stream_row(&lab, row, col);
        print_buckets("stream");
        CHECK_ROW("residual add on A100 within 30 %", mean_error("stream A100-80GB add") < 0.30);
    }
    arena_free(&lab.arena);
    csv_close(csv);
}

static const struct test tests[] = {
    { "GEMM against measured", gemm_against_measured },
    { "attention against measured", attention_against_measured },
    { "streaming against measured", streams_against_measured },
};
TEST_MAIN("timing_measured", tests)
