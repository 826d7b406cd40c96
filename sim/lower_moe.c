/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lowering of mixtures of experts: sorting, gather, grouped products, sum by token, as the stack runs them. docs/moe.md
 * Loads of experts come from the operator's routing, or from the context where they are known (a rank of an expert-parallel group).
 */
#include <string.h>

#include "base/checked.h"
#include "sim/lower_internal.h"

enum { SORT_THREADS = 1024 }; /* of a block */

static enum status loads_of_step(struct lowering *l)
{
    const struct expert_loads *given = l->ctx->experts;
    struct expert_loads whole = { 0 };
    int64_t chunk = l->ctx->stack->moe.chunk_tokens;
    enum status st;

    if (l->loads.tokens > 0)
        return STATUS_OK;
    if (given != NULL)
        whole = *given;
    for (int64_t i = 0; given == NULL && i < l->step->ops_count && whole.tokens == 0; i++)
        if (l->step->ops[i].kind == OP_GROUPED_GEMM && (st = experts_of_op(&whole, &l->step->ops[i], l->arena, l->err)))
            return st;
    if (whole.tokens == 0) /* a route without experts */
        whole = (struct expert_loads){ .tokens = 1, .top_k = 1, .experts = 1, .rows = 1, .active = 1 };
    l->chunks = chunk > 0 ? ceil_div_i64(whole.tokens, chunk) : 1;
    return experts_part(&l->loads, &whole, l->chunks, l->arena, l->err);
}

int64_t lower_moe_rows(const struct lowering *l)
{
    return l->ctx->stack->moe.all_rows ? l->loads.tokens * l->loads.top_k : l->loads.rows;
}

enum status lower_moe_activation(struct lowering *l, struct op *op)
{
    enum status st = loads_of_step(l);

    if (st)
        return st;
    op->rows = lower_moe_rows(l);
    op->count *= l->chunks;
    return STATUS_OK;
}

enum status lower_grouping(const struct gemm_grouping **out, int64_t *rows_read, struct lowering *l, struct op *op)
{
    struct gemm_grouping *g = arena_alloc(l->arena, sizeof *g);
    bool down = strcmp(op->role, "moe.down") == 0, gathers = !down && !l->ctx->stack->moe.copies_rows;
    const struct op *other = NULL;
    enum status st;

    if (g == NULL)
        return error_no_memory(l->err);
    if ((st = loads_of_step(l)))
        return st;
    for (int64_t i = 0; i < l->step->ops_count && !down && other == NULL; i++)
        if (strcmp(l->step->ops[i].role, "moe.down") == 0)
            other = &l->step->ops[i];
    *g = (struct gemm_grouping){ .groups_count = l->loads.groups_count, .groups = l->loads.groups, .rows = l->loads.rows, .experts = l->loads.experts,
                                 .tokens = l->loads.tokens, .inner = down ? op->k : other != NULL ? other->k / l->ctx->layout->tp : op->n };
    /* gathered by the loads: a token's row is read once from memory, however many experts take it */
    *rows_read = gathers && l->loads.tokens < l->loads.rows ? l->loads.tokens : l->loads.rows;
    op->m = l->loads.rows;
    op->count *= l->chunks;
    *out = g;
    return STATUS_OK;
}

/* Expert numbers of 4 bytes are counted and placed: by one thread block, a load of each thread after the other, or by many. */
static enum status add_sorts(struct lowering *l, const struct op *op)
{
    const struct stack_moe *moe = &l->ctx->stack->moe;
    bool many = moe->sort_many_tokens > 0 && l->loads.tokens >= moe->sort_many_tokens;
    int64_t copies = l->loads.tokens * l->loads.top_k, launches = many ? moe->sort_launches_many : moe->sort_launches;

    for (int64_t i = 0; i < launches; i++) {
        int64_t rows = i < moe->sort_serial ? 1 : ceil_div_i64(copies, SORT_THREADS);
        struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, "sort", op->count * l->chunks);

        if (k == NULL)
            return STATUS_INTERNAL;
        k->kernel.stream = (struct stream_kernel_shape){ .rows = rows, .cols = ceil_div_i64(copies, rows), .load_bytes = 4, .read_bytes = 4 * copies,
                                                         .write_bytes = 4 * copies, .vector_ops_per_element = 8, .passes = 2 };
        k->kernel.flops = 0;
        k->activation_bytes = 4 * copies;
        k->input = l->current;
    }
    return STATUS_OK;
}

/* Rows copied in the experts' order, or weighted and summed by token. */
static enum status add_route(struct lowering *l, const struct op *op, bool scatter)
{
    double bits = l->ctx->recipe->output->bits;
    int64_t rows = scatter ? l->loads.tokens : l->loads.rows, copies = scatter ? lower_moe_rows(l) : l->loads.rows;
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, NULL, op->count * l->chunks);

    if (k == NULL)
        return STATUS_INTERNAL;
    k->kernel.stream = (struct stream_kernel_shape){
        .rows = rows, .cols = op->cols, .gather = !scatter, .passes = 1, .op = scatter ? "moe_sum" : "moe_gather",
        .read_bytes = bytes_of(scatter ? copies : l->loads.tokens < copies ? l->loads.tokens : copies, op->cols, 1, bits),
        .write_bytes = bytes_of(rows, op->cols, 1, bits),
        .vector_ops_per_element = scatter ? 2 * (double)copies / (double)rows + 1 : 1,
    };
    if (k->kernel.stream.read_bytes < 0 || k->kernel.stream.write_bytes < 0)
        return lower_overflow(l, op);
    k->kernel.flops = scatter ? 2 * (double)copies * (double)op->cols : 0;
    k->activation_bytes = k->kernel.stream.write_bytes;
    k->input = l->current;
    l->current = lower_index(l, k);
    return STATUS_OK;
}

enum status lower_route(struct lowering *l, const struct op *op)
{
    bool scatter = strcmp(op->role, "moe.scatter") == 0;
    enum status st = loads_of_step(l);

    if (st || (!scatter && (st = add_sorts(l, op))))
        return st;
    return scatter || l->ctx->stack->moe.copies_rows ? add_route(l, op, scatter) : STATUS_OK;
}
