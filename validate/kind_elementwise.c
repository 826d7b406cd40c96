/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise rows: norms, activations, rotary, embedding, quantization, softmax. */
#include <string.h>

#include "base/nearest.h"
#include "validate/kinds.h"

static const int64_t ROWS_MAX = (int64_t)1 << 40;

/* Bytes by element of `cols`, arithmetic and loads of the profiled kernels: vLLM's element-at-a-time norms, rotary and activation,
 * PyTorch's vectorised add. docs/streaming.md */
static const struct stream_op { const char *op; double read, write, ops, sfu; int64_t passes, load; bool gather; } ops[] = {
    { "add", 4, 2, 1, 0, 1, 16, false },
    { "add3", 8, 4, 2, 0, 1, 16, false },
    { "embedding", 2, 2, 1, 0, 1, 2, true },
    { "fp8_absmax_scale", 2, 0, 2, 0, 2, 16, false },
    { "fp8_block_quantize", 2, 1, 4, 0, 2, 16, false },
    { "fp8_quantize", 2, 1, 2, 0, 1, 16, false },
    { "gelu", 2, 2, 8, 1, 1, 16, false },
    { "layernorm", 2, 2, 6, 0, 2, 16, false },
    { "rmsnorm", 2, 2, 4, 0, 2, 2, false },
    { "rope", 2, 2, 4, 0, 1, 2, false },
    { "silu_mul", 4, 2, 5, 2, 1, 2, false },
    { "softmax", 2, 2, 4, 1, 2, 16, false },
};
enum { OPS = sizeof ops / sizeof ops[0] };

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
                                                    .load_bytes = s->load };
        return STATUS_OK;
    }
    near = nearest_name(op, names, OPS);
    return error_set(err, STATUS_BAD_INPUT, at->at, "unknown operator '%s'%s%s", op, near ? "; nearest is " : "", near ? near : "");
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    const char *op = row_text(row, "op");
    struct timing_context ctx;
    struct kernel k;
    int64_t rows, cols;
    enum status st;

    (void)arena;
    if ((st = row_context(&ctx, row, harness, p, err)) || (st = row_count(&rows, row, "rows", 1, ROWS_MAX, err)) ||
        (st = row_count(&cols, row, "cols", 1, ROWS_MAX, err)) || (st = stream_kernel_of(&k, op, rows, cols, row, err)))
        return st;
    k.warm.other_bytes = k.stream.gather ? 0 : harness_warm_bytes(harness->activations, 1, k.stream.read_bytes, ctx.hw);
    if ((st = predict_kernel(out, &k, &ctx, p, err)))
        return st;
    out->value += harness_overhead_s(harness, op) * 1e6;
    return STATUS_OK;
}

const struct measurement_kind kind_elementwise = { "elementwise", "device op rows cols time_us source", "time_us", "op", predict };
