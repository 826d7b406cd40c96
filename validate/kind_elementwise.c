/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise rows: norms, activations, rotary, embedding, quantization, softmax. */
#include <string.h>

#include "base/nearest.h"
#include "validate/kinds.h"

static const int64_t ROWS_MAX = (int64_t)1 << 40;

/* Bytes of an element of `cols`, read and written; the share of the reads that the operator before has just written (the rest is older:
 * the residual); lane and special-function operations of an element over all passes. How the kernels are cut into blocks is the stack's
 * (stream.kernels). Operations: conversions from and to 16 bit included. docs/streaming.md */
static const struct stream_op { const char *op; double read, write, fresh, ops, sfu; int64_t passes; bool gather; } ops[] = {
    { "add", 4, 2, 0.5, 4, 0, 1, false },
    { "add3", 8, 4, 0.5, 8, 0, 1, false },
    { "add_rmsnorm", 4, 4, 0.5, 8, 0, 2, false }, /* the sum is kept: it is the next residual */
    { "copy", 2, 2, 1, 0, 0, 1, false },
    { "embedding", 2, 2, 0, 1, 0, 1, true },
    { "fp4_quantize", 2, 0.5625, 1, 8, 0, 2, false }, /* a scale of 8 bits for 16 elements */
    { "fp8_absmax_scale", 2, 0, 1, 2, 0, 1, false },
    { "fp8_block_quantize", 2, 1, 1, 6, 0, 2, false },
    { "fp8_quantize", 2, 1, 1, 6, 0, 1, false },
    { "gelu", 2, 2, 1, 11, 2, 1, false },
    { "gelu_mul", 4, 2, 1, 12, 2, 1, false },
    { "int8_quantize", 2, 1, 1, 6, 0, 2, false }, /* a scale a row */
    { "layernorm", 2, 2, 1, 8, 0, 2, false },
    { "mul", 4, 2, 0.5, 4, 0, 1, false },
    { "relu", 2, 2, 1, 3, 0, 1, false },
    { "rmsnorm", 2, 2, 1, 6, 0, 2, false },
    { "rope", 2, 2, 1, 4, 0, 1, false },
    { "silu", 2, 2, 1, 7, 2, 1, false },
    { "silu_mul", 4, 2, 1, 8, 2, 1, false },
    { "softmax", 2, 2, 1, 22, 2, 2, false }, /* full-precision exponentials twice and a division: [F] LLMCompass A100 (40 to 70) */
};
enum { OPS = sizeof ops / sizeof ops[0] };

/* Other names of the same operators. */
static const char *own_name(const char *op)
{
    static const struct { const char *other, *own; } names[] = {
        { "compute_scale", "fp8_absmax_scale" }, { "fused_add_rmsnorm", "add_rmsnorm" }, { "geglu", "gelu_mul" }, { "gelu_and_mul", "gelu_mul" },
        { "layer_norm", "layernorm" },           { "memcpy", "copy" },                   { "mxfp4_quantize", "fp4_quantize" },
        { "mxfp8_quantize", "fp8_block_quantize" }, { "nvfp4_quantize", "fp4_quantize" }, { "qk_norm", "rmsnorm" }, { "relu2", "relu" },
        { "residual_add", "add" },               { "rms_norm", "rmsnorm" },              { "rotary", "rope" }, { "scale_matrix", "fp8_quantize" },
        { "silu_and_mul", "silu_mul" },          { "swiglu", "silu_mul" },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].other, op) == 0)
            return names[i].own;
    return op;
}

enum status stream_kernel_of(struct kernel *out, const char *op, int64_t rows, int64_t cols, const struct row *at, struct error *err)
{
    const char *names[OPS], *near;

    for (size_t i = 0; i < OPS; i++) {
        const struct stream_op *s = &ops[i];
        double elements = (double)rows * (double)cols;

        names[i] = s->op;
        if (strcmp(s->op, op) != 0)
            continue;
        if (elements * (s->read + s->write) > 9e18)
            return error_set(err, STATUS_BAD_INPUT, at->at, "rows x cols: the operands overflow 64 bits");
        *out = (struct kernel){ .kind = KERNEL_STREAM };
        out->stream = (struct stream_kernel_shape){ .rows = rows, .cols = cols, .read_bytes = (int64_t)(elements * s->read),
                                                    .write_bytes = (int64_t)(elements * s->write), .vector_ops_per_element = s->ops,
                                                    .sfu_ops_per_element = s->sfu, .passes = s->passes, .gather = s->gather,
                                                    .op = s->op };
        return STATUS_OK;
    }
    near = nearest_name(op, names, OPS);
    return error_set(err, STATUS_BAD_INPUT, at->at, "unknown operator '%s'%s%s", op, near ? "; nearest is " : "", near ? near : "");
}

enum { EFFECTIVE_WAYS = 4 }; /* [F] additions of vidur A100, H100 over 20 MB, 2 to 8: replacement is not the oldest line's in every set */

/* Share of lines that survive when `passed` times the cache's size has gone through it. Lines fall on sets at random (hashed addresses), and
 * one is gone when as many others have come to its set as there are ways: P(N < ways), N Poisson with mean ways x passed. The exponential is
 * made of products, so that every machine computes the same. */
static double survival(double passed)
{
    double mean = (double)EFFECTIVE_WAYS * passed, x = mean / 16.0, none, term = 1.0, sum = 0.0;

    none = 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x / 24.0))));
    for (int i = 0; i < 4; i++)
        none *= none;
    for (int i = 0; i < EFFECTIVE_WAYS; i++) {
        sum += term;
        term *= mean / (double)(i + 1);
    }
    return passed < 8.0 ? none * sum : 0.0;
}

/* What of a stream's operands lies in L2 when it starts. Fresh: between the write of an element and its read here pass the rest of the
 * writer's output and then what this kernel has read and written so far, 1.5 times the output in the mean where both go the same way.
 * Warm: every repeat goes through the same bytes in the same order, so either all of them stay or none. */
static void stream_warmth(struct warmth *w, const struct stream_kernel_shape *s, const struct stream_op *op, const struct harness *harness,
                          const struct hardware *hw)
{
    double l2 = (double)hw->l2.bytes, fresh = (double)s->read_bytes * op->fresh, all = (double)s->read_bytes + (double)s->write_bytes;

    if (harness->activations == HARNESS_FRESH) {
        w->other_bytes = (int64_t)(fresh * survival(1.5 * fresh / l2));
    } else if (harness->activations == HARNESS_WARM && all <= 0.9 * l2) {
        w->other_bytes = s->read_bytes;
        w->out_bytes = s->write_bytes;
    }
}

static const struct stream_op *find_op(const char *op)
{
    for (size_t i = 0; i < OPS; i++)
        if (strcmp(ops[i].op, op) == 0)
            return &ops[i];
    return NULL;
}

enum status stream_call(struct prediction *out, const char *op, int64_t rows, int64_t cols, const struct harness *harness,
                        const struct timing_context *ctx, struct predictor *p, const struct row *at, struct error *err)
{
    double before = out->value, after_us = harness_host_after_s(harness, op, ctx->hw) * 1e6;
    struct kernel k;
    enum status st;

    if ((st = stream_kernel_of(&k, op, rows, cols, at, err)))
        return st;
    stream_warmth(&k.warm, &k.stream, find_op(op), harness, ctx->hw);
    if ((st = predict_kernel(out, &k, ctx, p, err)))
        return st;
    if (out->value - before < after_us) /* the host is still busy when the kernel ends */
        out->value = before + after_us;
    out->value += harness_overhead_s(harness, op, ctx->hw) * 1e6;
    return STATUS_OK;
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct timing_context ctx;
    int64_t rows, cols;
    enum status st;

    (void)arena;
    if ((st = row_context(&ctx, row, harness, p, err)) || (st = row_count(&rows, row, "rows", 1, ROWS_MAX, err)) ||
        (st = row_count(&cols, row, "cols", 1, ROWS_MAX, err)))
        return st;
    return stream_call(out, own_name(row_text(row, "op")), rows, cols, harness, &ctx, p, row, err);
}

const struct measurement_kind kind_elementwise = { "elementwise", "device op rows cols time_us source", "time_us", "op", predict };
