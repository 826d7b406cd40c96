/* SPDX-License-Identifier: Apache-2.0 */
/* Attention rows: one operator over `batch` equal sequences; with it the KV-cache write and the rotary embedding where the harness
 * says that the measured operator holds them. */
#include <string.h>

#include "sim/attention_model.h"
#include "sim/units.h"
#include "validate/kinds.h"

enum { LENGTH_MAX = 1 << 26, HEADS_MAX = 1 << 16 };

/* Frameworks run bf16 models in fp16 where no matrix unit takes bf16 (before compute capability 8.0): vLLM's "auto" falls back with a warning
 * and refuses an explicit bf16; TensorRT-LLM refuses to build. A row named bf16 there was measured in fp16, whose kernels cost the same. */
static void use_half(struct quant *compute, const struct hardware *hw)
{
    struct quant half = { .format = format_find("fp16"), .group = compute->group };
    struct unit_request as_named = { .a = compute, .b = compute, .accumulator = format_find("fp32") };
    struct unit_request as_half = { .a = &half, .b = &half, .accumulator = as_named.accumulator };
    struct unit_service service;
    const struct arch_unit *named = unit_choose(&service, hw, &as_named), *other = unit_choose(&service, hw, &as_half);

    if (compute->format == format_find("bf16") && (!named || strcmp(named->kind, "vector") == 0) && other && strcmp(other->kind, "vector") != 0)
        compute->format = half.format;
}

static enum status shape(struct kernel *k, struct seq_group *g, const struct row *row, const struct hardware *hw, struct error *err)
{
    struct attention_kernel_shape *a = &k->attention;
    const char *dtype = row_text(row, "dtype");
    const char *cache = strstr(dtype, "+kv_");
    char base[32] = { 0 };
    struct quant compute, kv;
    struct unit_request request = { .a = &compute, .b = &compute, .accumulator = format_find("fp32") };
    enum status st;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_ATTENTION;
    strncpy(base, dtype, strcspn(dtype, "+") < sizeof base - 1 ? strcspn(dtype, "+") : sizeof base - 1);
    if ((st = quant_parse(&compute, base, row->at, err)) || (st = quant_parse(&kv, cache ? cache + strlen("+kv_") : base, row->at, err)) || (st = row_count(&g->count, row, "batch", 1, LENGTH_MAX, err)) ||
        (st = row_count(&g->q, row, "q_len", 1, LENGTH_MAX, err)) || (st = row_count(&g->kv, row, "kv_len", g->q, LENGTH_MAX, err)) ||
        (st = row_count(&a->heads, row, "n_head", 1, HEADS_MAX, err)) || (st = row_count(&a->kv_heads, row, "n_kv_head", 1, a->heads, err)) ||
        (st = row_count(&a->head_dim, row, "head_dim", 1, HEADS_MAX, err)))
        return st;
    a->v_head_dim = a->head_dim;
    a->groups_count = 1;
    a->groups = g;
    a->causal = true;
    a->compute = compute.format;
    a->out = format_find("bf16");
    a->kv = (struct quant){ .format = kv.format, .group = QUANT_PER_TENSOR };
    use_half(&compute, hw);
    a->compute = compute.format;
    if (a->kv.format->bits == 16)
        a->kv.format = compute.format;
    a->unit = unit_choose(&a->service, hw, &request);
    if (!a->unit)
        return error_set(err, STATUS_INFEASIBLE, row->at, "no unit of %s multiplies %s", hw->name, base);
    if ((double)g->count * (double)g->kv * (double)a->heads * (double)a->head_dim > 1e17)
        return error_set(err, STATUS_BAD_INPUT, row->at, "batch, kv_len, n_head, head_dim: the operands overflow 64 bits");
    return STATUS_OK;
}

/* The streaming kernel over the new tokens: K and V into the cache; with the rotary embedding it takes Q along, out of the fused QKV. */
static struct kernel side_kernel(const struct attention_kernel_shape *a, const struct harness *harness, const struct hardware *hw)
{
    struct kernel k = { .kind = KERNEL_STREAM };
    int64_t kv = 2 * a->kv_heads * a->head_dim, q = harness->rope ? a->heads * a->head_dim : 0;

    k.stream = (struct stream_kernel_shape){ .rows = a->groups->count * a->groups->q, .cols = kv + q, .vector_ops_per_element = harness->rope ? 4 : 1,
                                             .passes = 1, .op = harness->rope ? "rope_kv_write" : "kv_write" };
    k.stream.read_bytes = k.stream.rows * (kv + q) * 2;
    k.stream.write_bytes = k.stream.rows * (kv * a->kv.format->bits / 8 + q * a->compute->bits / 8);
    k.warm.other_bytes = harness_warm_bytes(harness->activations, 1, k.stream.read_bytes, hw);
    k.warm.out_bytes = k.warm.other_bytes > 0 ? k.stream.write_bytes : 0; /* the same buffers in each replay */
    return k;
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct timing_context ctx;
    struct seq_group group;
    struct kernel k, side;
    enum status st;

    (void)arena;
    if ((st = row_context(&ctx, row, harness, p, err)) || (st = shape(&k, &group, row, ctx.hw, err)))
        return st;
    const struct attention_kernel_shape *a = &k.attention;
    const struct attention_kernel *kernel = attention_kernel_of(a, ctx.stack, ctx.hw);

    attention_products(&k.attention, ctx.stack, ctx.hw);
    int64_t kv_bytes = group.count * group.kv * a->kv_heads * a->head_dim * 2 * a->kv.format->bits / 8;
    int64_t q_bytes = group.count * group.q * a->heads * a->head_dim * 2;

    k.warm.other_bytes = harness_warm_bytes(harness->kv, 1, kv_bytes, ctx.hw) + harness_warm_bytes(harness->activations, 1, q_bytes, ctx.hw);
    if (harness->kv_write && !(kernel && kernel->writes_kv)) {
        side = side_kernel(a, harness, ctx.hw);
        if ((st = predict_kernel(out, &side, &ctx, p, err)))
            return st;
    }
    return predict_kernel(out, &k, &ctx, p, err);
}

const struct measurement_kind kind_attention = { "attention", "device phase dtype batch q_len kv_len n_head n_kv_head head_dim time_us source",
                                                 "time_us", "phase", predict };
