/* SPDX-License-Identifier: Apache-2.0 */
/* GEMM rows: C[m,n] = A[m,k] B[k,n], `batch` times. B is a weight unless batch > 1. Low-precision rows hold what quantizes A, where
 * the harness says so: abs-max and quantization for one scale a tensor, one kernel for block scales. */
#include <string.h>

#include "base/nearest.h"
#include "sim/units.h"
#include "validate/kinds.h"

enum { SIZE_MAX_ELEMENTS = 1 << 28 };

/* Names of quantization modes that libraries give to GEMMs of one format. */
static const char *as_format(const char *text)
{
    static const struct { const char *mode, *format; } modes[] = {
        { "fp8_block", "fp8_e4m3g128" }, { "fp8_ootb", "fp8_e4m3" }, { "fp8_static", "fp8_e4m3" }, { "int8_sq", "int8" }, { "sq", "int8" },
    };

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].mode, text) == 0)
            return modes[i].format;
    return text;
}

static enum status dtype(struct quant *out, const struct row *row, const char *column, int64_t group, struct error *err)
{
    enum status st = quant_parse(out, as_format(row_text(row, column)), row->at, err);

    if (st || out->format->bits > 8 || out->group > 0)
        return st;
    if (out->format->bits == 4 && out->format->family == FORMAT_FLOAT) /* no unit and no kernel takes 4-bit floats without scales of their own */
        return quant_parse(out, strstr(row_text(row, "label"), "mxfp4") != NULL ? "mxfp4" : "nvfp4", row->at, err);
    if (group)
        out->group = group;
    return st;
}

static int64_t stored(const struct quant *q, int64_t rows, int64_t cols, int64_t batch)
{
    int64_t one = quant_stored_bytes(q, rows, cols);

    return one < 0 || one > INT64_MAX / batch ? -1 : one * batch;
}

static enum status shape(struct kernel *k, const struct row *row, const struct hardware *hw, struct error *err)
{
    struct gemm_kernel_shape *g = &k->gemm;
    const char *acc = row_text(row, "dtype_acc");
    bool block_scales = strstr(row_text(row, "label"), "block") != NULL; /* 1x128 for A, 128x128 for B */
    struct unit_request request;
    enum status st;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_GEMM;
    g->batch = 1;
    if ((st = row_count(&g->m, row, "m", 1, SIZE_MAX_ELEMENTS, err)) || (st = row_count(&g->n, row, "n", 1, SIZE_MAX_ELEMENTS, err)) ||
        (st = row_count(&g->k, row, "k", 1, SIZE_MAX_ELEMENTS, err)) ||
        (row_has(row, "batch") && (st = row_count(&g->batch, row, "batch", 1, SIZE_MAX_ELEMENTS, err))) ||
        (st = dtype(&g->a, row, "dtype_a", block_scales ? 128 : 0, err)) || (st = dtype(&g->b, row, "dtype_b", block_scales ? 128 : 0, err)))
        return st;
    g->accumulator = format_find(*acc ? acc : "fp32");
    if (!g->accumulator)
        return error_set(err, STATUS_BAD_INPUT, row->at, "dtype_acc is '%s', expected a number format", acc);
    g->out = format_find("fp16");
    g->b_is_weight = g->batch == 1;
    g->a_bytes = stored(&g->a, g->m, g->k, g->batch);
    g->b_bytes = stored(&g->b, g->n, g->k, g->batch);
    g->out_bytes = stored(&(struct quant){ .format = g->out }, g->m, g->n, g->batch);
    if (g->a_bytes < 0 || g->b_bytes < 0 || g->out_bytes < 0)
        return error_set(err, STATUS_BAD_INPUT, row->at, "m, n, k, batch: the operands overflow 64 bits");
    request = (struct unit_request){ .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = g->b_is_weight };
    g->unit = unit_choose(&g->service, hw, &request);
    if (!g->unit)
        return error_set(err, STATUS_INFEASIBLE, row->at, "no unit of %s multiplies %s by %s", hw->name, row_text(row, "dtype_a"), row_text(row, "dtype_b"));
    k->flops = 2.0 * (double)g->m * (double)g->n * (double)g->k * (double)g->batch;
    return STATUS_OK;
}

static enum status quantization(struct prediction *out, const struct row *row, const struct gemm_kernel_shape *g, const struct harness *harness,
                                const struct timing_context *ctx, struct predictor *p, struct error *err)
{
    static const char *const per_tensor[] = { "fp8_absmax_scale", "fp8_quantize" }, *const block[] = { "fp8_block_quantize" }, *const fp4[] = { "fp4_quantize" };
    bool blocks = g->a.group > 0, given = strstr(row_text(row, "label"), "static") != NULL; /* static: the scale is known beforehand */
    const char *const *ops = g->a.format->bits == 4 ? fp4 : blocks ? block : given ? per_tensor + 1 : per_tensor;
    size_t count = blocks || given ? 1 : 2;
    enum status st;

    for (size_t i = 0; i < count; i++) {
        struct kernel k;

        if ((st = stream_kernel_of(&k, ops[i], g->m, g->k, row, err)))
            return st;
        k.warm.other_bytes = harness_warm_bytes(harness->activations, 1, k.stream.read_bytes, ctx->hw);
        if ((st = predict_kernel(out, &k, ctx, p, err)))
            return st;
    }
    return STATUS_OK;
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct timing_context ctx;
    struct kernel k;
    enum status st;

    (void)arena;
    if ((st = row_context(&ctx, row, harness, p, err)) || (st = shape(&k, row, ctx.hw, err)))
        return st;
    k.warm.a_bytes = harness_warm_bytes(harness->activations, 1, k.gemm.a_bytes, ctx.hw);
    k.warm.b_bytes = harness_warm_bytes(harness->weights, harness->weight_copies, k.gemm.b_bytes, ctx.hw);
    if (harness->quantizes_activations && k.gemm.a.format->bits <= 8 && k.gemm.a.format->family == FORMAT_FLOAT &&
        (st = quantization(out, row, &k.gemm, harness, &ctx, p, err)))
        return st;
    if ((st = predict_kernel(out, &k, &ctx, p, err)))
        return st;
    out->value += harness_overhead_s(harness, "gemm", ctx.hw) * 1e6;
    return STATUS_OK;
}

const struct measurement_kind kind_gemm = { "gemm", "device dtype_a dtype_b m n k time_us source", "time_us", NULL, predict };
