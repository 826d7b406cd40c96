/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sum over the operators of one transformer layer, each timed alone by wall clock (LLMCompass, ae/figure5ijkl): query, key and value
 * as three products, attention as batched product, softmax, batched product, two norms, the activation, two all-reduces. Residual sums
 * are not among them. Left out: gated MLPs and experts, which that source has none of.
 */
#include <string.h>

#include "sim/collective.h"
#include "sim/units.h"
#include "validate/kinds.h"
#include "validate/layer_sum.h"

struct sum {
    struct prediction *out;
    const struct row *row;
    const struct harness *harness;
    struct predictor *p;
    struct timing_context ctx;
    struct error *err;
};

static enum status add_product(struct sum *s, int64_t m, int64_t n, int64_t k, int64_t batch, int64_t times)
{
    struct kernel kernel = { .kind = KERNEL_GEMM };
    struct gemm_kernel_shape *g = &kernel.gemm;
    const struct quant half = { .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    struct unit_request request = { .a = &half, .b = &half, .accumulator = format_find("fp32"), .b_is_weight = batch == 1 };
    enum status st = STATUS_OK;

    *g = (struct gemm_kernel_shape){ .m = m, .n = n, .k = k, .batch = batch, .a = half, .b = half, .accumulator = request.accumulator,
                                     .out = half.format, .b_is_weight = batch == 1, .a_bytes = 2 * m * k * batch, .b_bytes = 2 * n * k * batch,
                                     .out_bytes = 2 * m * n * batch };
    g->unit = unit_choose(&g->service, s->ctx.hw, &request);
    if (g->unit == NULL)
        return error_set(s->err, STATUS_INFEASIBLE, s->row->at, "no unit of %s multiplies fp16", s->ctx.hw->name);
    kernel.flops = 2.0 * (double)m * (double)n * (double)k * (double)batch;
    kernel.warm.a_bytes = harness_warm_bytes(s->harness->activations, 1, g->a_bytes, s->ctx.hw);
    kernel.warm.b_bytes = harness_warm_bytes(s->harness->weights, 1, g->b_bytes, s->ctx.hw);
    for (int64_t i = 0; i < times && !st; i++)
        st = predict_kernel(s->out, &kernel, &s->ctx, s->p, s->err);
    s->out->value += (double)times * harness_overhead_s(s->harness, "gemm", s->ctx.hw) * 1e6;
    return st;
}

static enum status add_stream(struct sum *s, const char *op, int64_t rows, int64_t cols, int64_t times)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < times && !st; i++)
        st = stream_call(s->out, op, rows, cols, s->harness, &s->ctx, s->p, s->row, s->err);
    return st;
}

static void add_all_reduces(struct sum *s, int64_t bytes, int64_t ranks)
{
    struct kernel kernel = { .kind = KERNEL_COLLECTIVE, .collective = { COLLECTIVE_ALL_REDUCE, bytes, ranks } };
    struct fabric fabric = fabric_of_device(s->ctx.hw, ranks);
    struct stack nccl = *s->ctx.stack;
    struct timing t;

    if (ranks <= 1)
        return;
    nccl.all_reduce = "nccl";
    collective_timing(&t, &kernel, s->ctx.hw, &fabric, &nccl);
    s->out->value += 2e6 * (t.time_s + harness_overhead_s(s->harness, "collective", s->ctx.hw));
}

enum status layer_sum(struct prediction *out, const struct layer_sum_shape *l, const struct row *row, const struct harness *harness,
                      struct predictor *p, struct error *err)
{
    struct sum s = { .out = out, .row = row, .harness = harness, .p = p, .err = err };
    const struct llm *m = l->model;
    int64_t heads = (m->heads + l->tp - 1) / l->tp, width = heads * m->head_dim, inner = (m->intermediate + l->tp - 1) / l->tp;
    int64_t tokens = l->batch * l->q, pairs = l->batch * heads;
    enum status st;

    if (m->gated || m->moe.experts > 0 || m->mla.kv_lora > 0 || m->kv_heads != m->heads)
        return error_set(err, STATUS_BAD_INPUT, row->at, "%s: sums of operators are for plain layers, without gate, experts or grouped heads", m->name);
    if ((st = row_context(&s.ctx, row, harness, p, err)))
        return st;
    if ((st = add_stream(&s, "layernorm", tokens, m->hidden, 2)) || (st = add_product(&s, tokens, width, m->hidden, 1, 3)) ||
        (st = add_product(&s, l->q, l->kv, m->head_dim, pairs, 1)) || (st = add_stream(&s, "softmax", pairs * l->q, l->kv, 1)) ||
        (st = add_product(&s, l->q, m->head_dim, l->kv, pairs, 1)) || (st = add_product(&s, tokens, m->hidden, width, 1, 1)) ||
        (st = add_product(&s, tokens, inner, m->hidden, 1, 1)) || (st = add_stream(&s, "gelu", tokens, inner, 1)) ||
        (st = add_product(&s, tokens, m->hidden, inner, 1, 1)))
        return st;
    add_all_reduces(&s, 2 * tokens * m->hidden, l->tp);
    return STATUS_OK;
}
