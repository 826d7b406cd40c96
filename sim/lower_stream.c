/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lowering of everything that is no matrix product with weights: streams (norm, rotary, activation, residual, embedding, KV
 * write, softmax, routing), attention, collectives. Operation counts of one element are those of a straightforward kernel in
 * 32-bit arithmetic, conversions from and to 16 bit included. docs/replay.md, "Streams".
 */
#include <string.h>

#include "base/checked.h"
#include "sim/attention_model.h"
#include "sim/lower_internal.h"

void activation_cost(double *vector_ops, double *sfu_ops, const struct op *op)
{
    static const struct { const char *name; double vector_ops, sfu_ops; } functions[] = {
        { "gelu", 9, 2 },  /* tanh form: cubic polynomial, exponential, reciprocal */
        { "relu", 1, 0 },
        { "relu2", 2, 0 },
        { "silu", 3, 2 },  /* x / (1 + exp(-x)) */
    };

    *vector_ops = 9;
    *sfu_ops = 2;
    for (size_t i = 0; op->function != NULL && i < sizeof functions / sizeof functions[0]; i++)
        if (strcmp(functions[i].name, op->function) == 0) {
            *vector_ops = functions[i].vector_ops;
            *sfu_ops = functions[i].sfu_ops;
        }
    *vector_ops += op->gated ? 3 : 2; /* conversions, and the product with the other half */
}

/* Reads and writes in elements of the output format, operations of one element. */
struct stream_cost {
    double reads, writes;        /* per (row, col) */
    double vector_ops, sfu_ops;
    int64_t passes;
};

static struct stream_cost cost_of(const struct op *op)
{
    switch (op->kind) {
    case OP_NORM: /* square and sum (layer: and mean), scale by row and by channel, conversions */
        return (struct stream_cost){ 1, 1, op->norm == NORM_RMS ? 5 : 7, 0, 2 };
    case OP_ROPE: return (struct stream_cost){ 1, 1, 4, 0, 1 }; /* two FMAs, conversions; sines from a table */
    case OP_ADD: return (struct stream_cost){ 2, 1, 3, 0, 1 };
    case OP_EMBED: return (struct stream_cost){ 0, 1, 1, 0, 1 };
    case OP_SOFTMAX: return (struct stream_cost){ 1, 1, 5, 1, 2 }; /* maximum, exponential, sum, divide */
    case OP_SAMPLE: return (struct stream_cost){ 1, 0, 3, 0, 1 };
    case OP_ROUTE: return (struct stream_cost){ 1, 1, 2, 0, 1 };
    case OP_ACTIVATION: {
        struct stream_cost c = { op->gated ? 2 : 1, 1, 0, 0, 1 };
        activation_cost(&c.vector_ops, &c.sfu_ops, op);
        return c;
    }
    default: return (struct stream_cost){ 1, 1, 2, 0, 1 };
    }
}

static enum status finish_stream(struct lowering *l, struct lowered_kernel *k, const struct op *op)
{
    struct stream_kernel_shape *s = &k->kernel.stream;

    if (s->read_bytes < 0 || s->write_bytes < 0)
        return lower_overflow(l, op);
    k->kernel.flops = (double)s->rows * (double)s->cols * s->vector_ops_per_element;
    return STATUS_OK;
}

/* The kernel writes rows x cols elements to the KV cache; lower_step_cache() adds what that takes. */
static bool writes_cache(struct lowering *l, struct lowered_kernel *k, const struct op *write, bool activation)
{
    k->cache = arena_alloc(l->arena, sizeof *k->cache);
    if (k->cache == NULL)
        return false;
    *k->cache = (struct cache_use){ .rows = write->rows, .cols = write->cols, .flop_ops = k->kernel.stream.vector_ops_per_element, .activation = activation };
    return true;
}

enum status lower_stream(struct lowering *l, const struct op *op)
{
    const struct recipe *r = l->ctx->recipe;
    struct stream_cost c = cost_of(op);
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, NULL, op->count);
    double bits = r->output->bits;

    if (k == NULL)
        return STATUS_INTERNAL;
    struct stream_kernel_shape *s = &k->kernel.stream;
    *s = (struct stream_kernel_shape){
        .rows = op->rows, .cols = op->cols,
        .read_bytes = bytes_of(op->rows, op->cols, 1, c.reads * bits),
        .write_bytes = bytes_of(op->rows, op->cols, 1, c.writes * bits),
        .vector_ops_per_element = c.vector_ops, .sfu_ops_per_element = c.sfu_ops, .passes = c.passes,
    };
    k->activation_bytes = s->write_bytes;
    k->input = l->current;
    if (op->kind == OP_EMBED) {
        s->read_bytes = quant_stored_bytes(&r->embed, op->rows, op->cols);
        s->gather = true;
        k->input = -1;
        k->weight_bytes = s->read_bytes;
    } else if (op->kind == OP_KV_WRITE) {
        s->write_bytes = 0;
        if (!writes_cache(l, k, op, false))
            return error_no_memory(l->err);
    } else if (op->kind == OP_ROUTE) {
        s->gather = true;
    } else if (op->kind == OP_ADD) {
        k->second = l->residual;
        k->second_bytes = s->read_bytes / 2;
    }
    int64_t index = lower_index(l, k);
    if (op->kind == OP_ADD || (op->kind == OP_EMBED && l->residual < 0))
        l->residual = index;
    if (op->kind != OP_KV_WRITE)
        l->current = index;
    return finish_stream(l, k, op);
}

enum status lower_add_norm(struct lowering *l, const struct op *add, const struct op *norm)
{
    struct stream_cost n = cost_of(norm), a = cost_of(add);
    double bits = l->ctx->recipe->output->bits;
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, add->role, NULL, add->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    k->kernel.stream = (struct stream_kernel_shape){
        .rows = add->rows, .cols = add->cols,
        .read_bytes = bytes_of(add->rows, add->cols, 2, bits),
        .write_bytes = bytes_of(add->rows, add->cols, 2, bits), /* the new residual and the normalised row */
        .vector_ops_per_element = a.vector_ops + n.vector_ops, .passes = n.passes,
    };
    k->activation_bytes = k->kernel.stream.write_bytes / 2;
    k->input = l->current;
    k->second = l->residual;
    k->second_bytes = k->kernel.stream.read_bytes / 2;
    k->kernel.note = arena_printf(l->arena, "with %s", norm->role);
    if (k->kernel.note == NULL)
        return error_no_memory(l->err);
    if (l->head_norm >= 0 && strcmp(norm->role, l->out->kernels[l->head_norm].kernel.role) == 0) {
        /* what rides in the head norm of the first layer rides here in all others */
        const struct lowered_kernel *head = &l->out->kernels[l->head_norm];
        k->kernel.stream.vector_ops_per_element = a.vector_ops + head->kernel.stream.vector_ops_per_element;
        k->kernel.stream.passes = head->kernel.stream.passes;
        k->kernel.stream.write_bytes += head->kernel.stream.write_bytes - k->activation_bytes;
        k->activation_bytes = head->activation_bytes;
        if (head->kernel.note[0] != '\0')
            k->kernel.note = arena_printf(l->arena, "with %s; %s", norm->role, head->kernel.note);
        if (k->kernel.note == NULL)
            return error_no_memory(l->err);
    }
    l->current = l->residual = lower_index(l, k);
    return finish_stream(l, k, add);
}

enum status lower_rope_kv_write(struct lowering *l, const struct op *rope, const struct op *write)
{
    double bits = l->ctx->recipe->output->bits;
    int64_t values = write->cols / 2; /* the keys are among the rotary columns already */
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, rope->role, NULL, rope->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    int64_t queries = rope->cols > values ? rope->cols - values : 0;
    k->kernel.stream = (struct stream_kernel_shape){
        .rows = rope->rows, .cols = rope->cols + values,
        .read_bytes = bytes_of(rope->rows, rope->cols + values, 1, bits),
        .write_bytes = bytes_of(rope->rows, queries, 1, bits),
        .vector_ops_per_element = cost_of(rope).vector_ops, .passes = 1,
    };
    if (!writes_cache(l, k, write, true))
        return error_no_memory(l->err);
    k->activation_bytes = k->kernel.stream.write_bytes;
    k->input = l->current;
    k->kernel.note = "with kv.write";
    l->current = lower_index(l, k);
    return finish_stream(l, k, rope);
}

static enum status attention_kernel(struct lowering *l, const struct op *op, const struct seq_group *groups, int64_t count, int64_t tokens)
{
    const struct recipe *r = l->ctx->recipe;
    struct quant operand = { .format = r->attention, .group = QUANT_PER_CHANNEL };
    /* both products have activations on both sides; keys and values that are stored narrower are widened in the kernel */
    struct unit_request request = { .a = &operand, .b = &operand, .accumulator = r->accumulator };
    struct lowered_kernel *k = lower_add(l, KERNEL_ATTENTION, op->role, NULL, op->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    struct attention_kernel_shape *a = &k->kernel.attention;
    *a = (struct attention_kernel_shape){
        .groups_count = count, .groups = groups,
        .heads = op->heads, .kv_heads = op->kv_heads, .head_dim = op->head_dim,
        .v_head_dim = op->v_head_dim > 0 ? op->v_head_dim : op->head_dim, .window = op->window, .causal = op->causal, .mla = op->mla,
        .compute = r->attention, .out = r->output,
    };
    a->unit = unit_choose(&a->service, l->ctx->hw, &request);
    if (a->unit == NULL)
        return error_plain(l->err, STATUS_INFEASIBLE, "%s: no unit of %s takes %s attention", op->role, l->ctx->hw->name, r->attention->name);
    k->cache = arena_alloc(l->arena, sizeof *k->cache);
    if (k->cache == NULL)
        return error_no_memory(l->err);
    k->activation_bytes = bytes_of(tokens, a->heads, a->v_head_dim, r->output->bits);
    if (k->activation_bytes < 0)
        return lower_overflow(l, op);
    k->kernel.flops = attention_kernel_flops(a);
    k->input = l->current;
    l->current = lower_index(l, k);
    return STATUS_OK;
}

/* Prompts and decoding sequences are two kernels, as in every engine that mixes them in an iteration. */
enum status lower_attention(struct lowering *l, const struct op *op)
{
    const struct step *s = l->step;
    struct seq_group *sorted = arena_array(l->arena, (size_t)s->seq_groups + 1, sizeof *sorted);
    int64_t prompts = 0, n = 0, prompt_tokens = 0;
    enum status st;

    if (sorted == NULL)
        return error_no_memory(l->err);
    for (int decoding = 0; decoding < 2; decoding++)
        for (int64_t i = 0; i < s->seq_groups; i++) {
            if ((s->seqs[i].q == 1) != (decoding == 1))
                continue;
            sorted[n++] = s->seqs[i];
            prompts += decoding == 0;
            prompt_tokens += decoding == 0 ? s->seqs[i].count * s->seqs[i].q : 0;
        }
    if (prompts == 0 || prompts == n)
        return attention_kernel(l, op, s->seqs, s->seq_groups, s->tokens);
    if ((st = attention_kernel(l, op, sorted, prompts, prompt_tokens)))
        return st;
    return attention_kernel(l, op, sorted + prompts, n - prompts, s->tokens - prompt_tokens);
}

enum status lower_collective(struct lowering *l, const char *role, enum collective_op op, int64_t bytes, int64_t ranks, int64_t count)
{
    static const char *const names[] = { "all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send_recv" };
    struct lowered_kernel *k = lower_add(l, KERNEL_COLLECTIVE, role, names[op], count);

    if (k == NULL)
        return STATUS_INTERNAL;
    k->kernel.collective = (struct collective_kernel_shape){ .op = op, .bytes = bytes, .ranks = ranks };
    k->activation_bytes = op == COLLECTIVE_ALL_GATHER ? bytes * ranks : bytes;
    k->input = l->current;
    l->current = lower_index(l, k);
    return STATUS_OK;
}
