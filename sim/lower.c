/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering: the walk over a step's operators, with the stack's fusions. See lower.h. */
#include "sim/lower.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/layout.h"
#include "sim/lower_internal.h"

struct lowered_kernel *lower_add(struct lowering *l, enum kernel_kind kind, const char *role, const char *suffix, int64_t count)
{
    struct lowered_step *out = l->out;

    if (out->count == l->capacity) {
        int64_t grown = l->capacity > 0 ? 2 * l->capacity : l->step->ops_count + l->step->ops_count / 2 + 4;
        struct lowered_kernel *more = arena_array(l->arena, (size_t)grown, sizeof *more);
        if (more == NULL) {
            error_no_memory(l->err);
            return NULL;
        }
        if (out->count > 0)
            memcpy(more, out->kernels, (size_t)out->count * sizeof *more);
        out->kernels = more;
        l->capacity = grown;
    }
    struct lowered_kernel *k = &out->kernels[out->count];
    const char *name = suffix != NULL ? arena_printf(l->arena, "%s/%s", role, suffix) : role;
    if (name == NULL) {
        error_no_memory(l->err);
        return NULL;
    }
    *k = (struct lowered_kernel){ .input = -1, .second = -1, .weights_from = -1 };
    k->kernel.kind = kind;
    k->kernel.role = name;
    k->kernel.note = "";
    k->kernel.count = count;
    out->count++;
    return k;
}

int64_t lower_index(const struct lowering *l, const struct lowered_kernel *k)
{
    return k - l->out->kernels;
}

int64_t bytes_of(int64_t a, int64_t b, int64_t c, double bits)
{
    int64_t n;

    if (a < 0 || b < 0 || c < 0 || !checked_mul_i64(&n, a, b) || !checked_mul_i64(&n, n, c))
        return -1;
    double bytes = ceil((double)n * bits / 8);
    return bytes < 4e18 ? (int64_t)bytes : -1;
}

enum status lower_overflow(struct lowering *l, const struct op *op)
{
    return error_plain(l->err, STATUS_BAD_INPUT, "operator %s of the step at line %lld: its size overflows 64 bits", op->role,
                       (long long)l->step->line);
}

/* ---- the walk ---- */

static bool same_rows(const struct op *a, const struct op *b)
{
    return a->count == b->count && a->rows == b->rows && a->cols == b->cols;
}

/* Operator after `i`, NULL at the end. */
static const struct op *next_op(const struct step *s, int64_t i)
{
    return i + 1 < s->ops_count ? &s->ops[i + 1] : NULL;
}

/*
 * The layer loop is folded: the list holds one layer, and the residual sum at its end is followed by the norm at the head of the
 * next layer, which the list shows before it. Finds that pair: `*head` the norm, `*tail` the sum. -1: none.
 */
static void find_wrapped_pair(const struct step *s, int64_t *head, int64_t *tail)
{
    *head = *tail = -1;
    for (int64_t i = 0; i < s->ops_count && *head < 0; i++)
        if (s->ops[i].kind == OP_NORM && s->ops[i].count > 1 && (i == 0 || s->ops[i - 1].kind != OP_ADD || s->ops[i - 1].count != s->ops[i].count))
            *head = i;
    for (int64_t i = s->ops_count - 1; *head >= 0 && i > *head && *tail < 0; i--)
        if (s->ops[i].kind == OP_ADD && same_rows(&s->ops[i], &s->ops[*head])) {
            const struct op *next = next_op(s, i);
            if (next == NULL || next->count != s->ops[i].count)
                *tail = i;
            break;
        }
    if (*tail < 0)
        *head = -1;
}

static bool activation_follows(const struct op *op, const struct op *next)
{
    return next != NULL && next->kind == OP_ACTIVATION && next->count == op->count && (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM) &&
           !op->activation_b && next->rows == op->m && next->cols * (next->gated ? 2 : 1) == op->n;
}

static bool has_shared_experts(const struct step *s)
{
    for (int64_t i = 0; i < s->ops_count; i++)
        if (strcmp(s->ops[i].role, "shared.add") == 0)
            return true;
    return false;
}

static int64_t output_rows(const struct op *op)
{
    return op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM ? op->m : op->rows;
}
static int64_t output_cols(const struct op *op)
{
    return op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM ? op->n : op->cols;
}

static enum status add_collective(struct lowering *l, const struct op *op, bool shared)
{
    enum collective_op what;

    if (!layout_collective(&what, op, l->ctx->layout, shared))
        return STATUS_OK;
    int64_t bytes = bytes_of(output_rows(op), output_cols(op), 1, l->ctx->recipe->output->bits);
    if (bytes < 0)
        return lower_overflow(l, op);
    return lower_collective(l, op->role, what, bytes, l->ctx->layout->tp, op->count);
}

/* The head norm of the loop runs alone in the first layer only; the wrapped sum takes it along elsewhere, and the final norm with it. */
struct wrap { int64_t head, tail; bool swallow_next; };

static enum status lower_op(struct lowering *l, int64_t *i, struct wrap *wrap, bool shared)
{
    const struct step *s = l->step;
    const struct stack *stack = l->ctx->stack;
    struct op op = layout_op(&s->ops[*i], l->ctx->layout, l->ctx->model), following = { 0 };
    const struct op *next = next_op(s, *i);
    enum status st;

    if (next != NULL) {
        following = layout_op(next, l->ctx->layout, l->ctx->model);
        next = &following;
    }
    if (*i == wrap->head)
        op.count = 1;
    if (*i == wrap->tail) {
        struct op norm = layout_op(&s->ops[wrap->head], l->ctx->layout, l->ctx->model);
        bool final = next != NULL && next->kind == OP_NORM && next->count == 1 && next->cols == op.cols;
        struct op alone = op;
        alone.count = 1;
        op.count -= final ? 0 : 1;
        if ((st = lower_add_norm(l, &op, &norm)))
            return st;
        if (!final && (st = lower_stream(l, &alone)))
            return st;
        *i += final ? 1 : 0;
        return STATUS_OK;
    }
    if (op.kind == OP_ADD && stack->fuse_residual_norm && next != NULL && next->kind == OP_NORM && same_rows(&op, next)) {
        (*i)++;
        return lower_add_norm(l, &op, next);
    }
    if (op.kind == OP_ROPE && stack->fuse_rope_kv_write && next != NULL && next->kind == OP_KV_WRITE && next->count == op.count) {
        (*i)++;
        return lower_rope_kv_write(l, &op, next);
    }
    switch (op.kind) {
    case OP_GEMM:
    case OP_GROUPED_GEMM: {
        bool fuse = stack->fuse_activation && activation_follows(&op, next);
        st = lower_gemm(l, &op, fuse ? next : NULL);
        *i += fuse ? 1 : 0;
        break;
    }
    case OP_ATTENTION: st = lower_attention(l, &op); break;
    case OP_COLLECTIVE: {
        static const struct { const char *name; enum collective_op op; } names[] = {
            { "all_reduce", COLLECTIVE_ALL_REDUCE }, { "all_gather", COLLECTIVE_ALL_GATHER }, { "reduce_scatter", COLLECTIVE_REDUCE_SCATTER },
            { "all_to_all", COLLECTIVE_ALL_TO_ALL }, { "send_recv", COLLECTIVE_SEND_RECV } };
        enum collective_op what = COLLECTIVE_SEND_RECV;
        for (size_t n = 0; op.collective != NULL && n < sizeof names / sizeof names[0]; n++)
            if (strcmp(names[n].name, op.collective) == 0)
                what = names[n].op;
        return lower_collective(l, op.role, what, bytes_of(op.rows, op.cols, 1, l->ctx->recipe->output->bits), op.ranks, op.count);
    }
    case OP_ROUTE: st = lower_route(l, &op); break;
    case OP_ACTIVATION:
        if (strcmp(op.role, "moe.act") == 0 && (st = lower_moe_activation(l, &op)))
            return st;
        if ((st = lower_stream(l, &op)) == STATUS_OK && strcmp(op.role, "moe.act") == 0)
            l->out->kernels[l->current].kernel.stream.op = "moe_act";
        break;
    default: st = lower_stream(l, &op); break;
    }
    return st ? st : add_collective(l, &op, shared);
}

enum status lower_step(struct lowered_step *out, const struct step *step, const struct lower_context *ctx, struct arena *arena,
                       struct error *err)
{
    enum status st = lower_step_body(out, step, ctx, arena, err);

    return st ? st : lower_step_cache(out, step, ctx, arena, err);
}

enum status lower_step_body(struct lowered_step *out, const struct step *step, const struct lower_context *whole, struct arena *arena, struct error *err)
{
    struct recipe recipe = *whole->recipe;
    struct lower_context bare = *whole, *ctx = &bare;
    struct lowering l = { .ctx = ctx, .step = step, .arena = arena, .err = err, .out = out,
                          .current = -1, .residual = -1, .prepared = { .input = -1 }, .head_norm = -1 };
    struct wrap wrap = { .head = -1, .tail = -1 };
    bool shared = has_shared_experts(step);

    recipe.kv = (struct quant){ 0 }; /* what reads it here would find no format */
    bare.recipe = &recipe;
    *out = (struct lowered_step){ 0 };
    if (ctx->stack->fuse_residual_norm)
        find_wrapped_pair(step, &wrap.head, &wrap.tail);
    for (int64_t i = 0; i < step->ops_count; i++) {
        if (i == wrap.head)
            l.head_norm = out->count;
        enum status st = lower_op(&l, &i, &wrap, shared);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* ---- sums ---- */

double attention_kernel_kv_bytes(const struct attention_kernel_shape *a)
{
    double elements = 0, per_token = a->mla ? (double)a->head_dim : (double)a->kv_heads * (double)(a->head_dim + a->v_head_dim);

    for (int64_t i = 0; i < a->groups_count; i++) {
        const struct seq_group *g = &a->groups[i];
        int64_t keys = a->window > 0 && g->kv > a->window + g->q ? a->window + g->q : g->kv;
        elements += (double)g->count * (double)keys * per_token;
    }
    return elements * quant_bits_per_element(&a->kv) / 8;
}

double attention_kernel_flops(const struct attention_kernel_shape *a)
{
    double pairs = 0;

    for (int64_t i = 0; i < a->groups_count; i++) {
        double q = (double)a->groups[i].q, kv = (double)a->groups[i].kv, w = (double)a->window, each;
        double first = kv - q + 1; /* keys that the first query sees */
        if (!a->causal)
            each = q * (w > 0 && kv > w ? w : kv);
        else if (w <= 0 || kv <= w)
            each = q * (first + kv) / 2;
        else if (first >= w)
            each = q * w;
        else /* first .. w grow, the others see w */
            each = (w - first + 1) * (first + w) / 2 + (kv - w) * w;
        pairs += (double)a->groups[i].count * each;
    }
    return 2.0 * (double)(a->head_dim + a->v_head_dim) * (double)a->heads * pairs;
}

double lowered_touched_bytes(const struct lowered_kernel *k)
{
    const struct kernel *x = &k->kernel;

    switch (x->kind) {
    case KERNEL_GEMM: return (double)x->gemm.a_bytes + (double)x->gemm.b_bytes + (double)x->gemm.out_bytes + (double)x->gemm.epilogue_read_bytes;
    case KERNEL_ATTENTION: return attention_kernel_kv_bytes(&x->attention) + 2 * (double)k->activation_bytes;
    case KERNEL_STREAM: return (double)x->stream.read_bytes + (double)x->stream.write_bytes;
    default: return 2 * (double)x->collective.bytes;
    }
}
