/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor parallelism by role. See layout.h; docs/layout.md has the table. */
#include "sim/layout.h"

#include <string.h>

#include "base/checked.h"
#include "sim/collective.h"

enum status layout_check(const struct layout *layout, const struct hardware *hw, struct error *err)
{
    int64_t most = fabric_ranks_max(hw);

    if (layout->tp < 1)
        return error_plain(err, STATUS_BAD_INPUT, "tensor parallel degree is %lld, expected 1 or more", (long long)layout->tp);
    if (layout->tp > most)
        return error_plain(err, STATUS_INFEASIBLE, "--tp %lld: %s joins at most %lld of %s", (long long)layout->tp,
                           hw->link.name != NULL ? hw->link.name : "the link", (long long)most, hw->name);
    return STATUS_OK;
}

static int64_t split(int64_t n, int64_t p)
{
    return ceil_div_i64(n, p);
}

static int64_t split_kv_heads(int64_t kv_heads, int64_t p)
{
    return kv_heads <= p ? (kv_heads > 0 ? 1 : 0) : split(kv_heads, p);
}

/* Width that is made of query heads and `parts` times the KV heads (qkv, rope, kv.write): each share is split on its own. */
static int64_t split_heads_width(int64_t width, const struct model_info *m, int64_t p)
{
    static const int parts[][2] = { { 1, 2 }, { 1, 1 }, { 0, 2 }, { 1, 0 }, { 0, 1 } };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (m->head_dim > 0 && m->heads > 0 && width == (parts[i][0] * m->heads + parts[i][1] * m->kv_heads) * m->head_dim)
            return (parts[i][0] * split(m->heads, p) + parts[i][1] * split_kv_heads(m->kv_heads, p)) * m->head_dim;
    return split(width, p);
}

static enum role_shard shard_of(const char *role)
{
    const struct role *r = role_find(role);
    return r != NULL ? r->shard : SHARD_NONE;
}

static bool row_parallel_expert(const char *role)
{
    const char *dot = strchr(role, '.');
    return dot != NULL && strncmp(dot, ".down", 5) == 0;
}

static void split_matrix(struct op *op, enum role_shard shard, int64_t p, const struct model_info *model)
{
    switch (shard) {
    case SHARD_COLUMN: op->n = split_heads_width(op->n, model, p); break;
    case SHARD_VOCAB: op->n = split(op->n, p); break;
    case SHARD_ROW: op->k = strncmp(op->role, "attn.", 5) == 0 ? split_heads_width(op->k, model, p) : split(op->k, p); break;
    case SHARD_HEADS: op->batch = op->batch > 1 ? split(op->batch, p) : op->batch; break;
    case SHARD_EXPERT:
        if (row_parallel_expert(op->role))
            op->k = split(op->k, p);
        else
            op->n = split(op->n, p);
        break;
    case SHARD_NONE: break;
    }
}

struct op layout_op(const struct op *op, const struct layout *layout, const struct model_info *model)
{
    struct op out = *op;
    enum role_shard shard = shard_of(op->role);
    int64_t p = layout->tp;

    if (p == 1)
        return out;
    switch (op->kind) {
    case OP_GEMM:
    case OP_GROUPED_GEMM: split_matrix(&out, shard, p, model); break;
    case OP_ATTENTION:
        out.heads = split(op->heads, p);
        out.kv_heads = split_kv_heads(op->kv_heads, p);
        break;
    case OP_EMBED:
        if (shard == SHARD_VOCAB)
            out.table_rows = split(op->table_rows, p);
        break;
    case OP_SOFTMAX:
        if (shard == SHARD_HEADS)
            out.rows = split(op->rows, p);
        break;
    default:
        if (shard == SHARD_HEADS)
            out.cols = split_heads_width(op->cols, model, p);
        else if (shard == SHARD_EXPERT)
            out.cols = split(op->cols, p);
        break;
    }
    return out;
}

void layout_weight(int64_t *rows, int64_t *cols, const struct weight_info *w, const struct layout *layout, const struct model_info *model)
{
    int64_t p = layout->tp;

    *rows = w->rows;
    *cols = w->cols;
    if (p == 1)
        return;
    switch (shard_of(w->role)) {
    case SHARD_COLUMN:
        if (w->rows > 1)
            *rows = split_heads_width(w->rows, model, p);
        else
            *cols = split_heads_width(w->cols, model, p); /* bias */
        break;
    case SHARD_ROW:
        if (w->rows > 1)
            *cols = strncmp(w->role, "attn.", 5) == 0 ? split_heads_width(w->cols, model, p) : split(w->cols, p);
        break;
    case SHARD_VOCAB: *rows = split(w->rows, p); break;
    case SHARD_EXPERT:
        if (w->rows > 1 && row_parallel_expert(w->role))
            *cols = split(w->cols, p);
        else if (w->rows > 1)
            *rows = split(w->rows, p);
        break;
    case SHARD_HEADS:
        if (w->rows > 1)
            *rows = split(w->rows, p);
        break;
    case SHARD_NONE: break;
    }
}

int64_t layout_kv_elements(const struct kv_info *kv, const struct layout *layout)
{
    if (layout->tp == 1 || kv->heads <= 1)
        return kv->elements_per_token;
    return split_kv_heads(kv->heads, layout->tp) * (kv->elements_per_token / kv->heads);
}

bool layout_collective(enum collective_op *out, const struct op *op, const struct layout *layout, bool shared_experts)
{
    /* after which role the partial sums of all ranks become whole; with shared experts the routed sum waits for theirs */
    static const struct { const char *role; enum collective_op op; int shared; } after[] = {
        { "attn.out", COLLECTIVE_ALL_REDUCE, -1 },    { "mlp.down", COLLECTIVE_ALL_REDUCE, -1 },
        { "moe.scatter", COLLECTIVE_ALL_REDUCE, 0 },  { "shared.add", COLLECTIVE_ALL_REDUCE, 1 },
        { "embed", COLLECTIVE_ALL_REDUCE, -1 },       { "lm_head", COLLECTIVE_ALL_GATHER, -1 },
    };

    for (size_t i = 0; layout->tp > 1 && i < sizeof after / sizeof after[0]; i++)
        if (strcmp(after[i].role, op->role) == 0 && (after[i].shared < 0 || after[i].shared == (int)shared_experts)) {
            *out = after[i].op;
            return true;
        }
    return false;
}

const char *layout_uneven(const struct layout *layout, const struct model_info *model, struct arena *arena)
{
    int64_t p = layout->tp;

    if (p == 1)
        return NULL;
    if (model->kv_heads > 0 && model->kv_heads < p)
        return arena_printf(arena, "tp %lld: %lld KV heads on %lld ranks, replicated: each rank holds one", (long long)p,
                            (long long)model->kv_heads, (long long)p);
    if (model->heads % p != 0)
        return arena_printf(arena, "tp %lld: %lld heads split unevenly, %lld on the busiest rank", (long long)p, (long long)model->heads,
                            (long long)split(model->heads, p));
    if (model->kv_heads > 0 && model->kv_heads % p != 0)
        return arena_printf(arena, "tp %lld: %lld KV heads split unevenly, %lld on the busiest rank", (long long)p,
                            (long long)model->kv_heads, (long long)split(model->kv_heads, p));
    if (model->intermediate % p != 0)
        return arena_printf(arena, "tp %lld: MLP width %lld split unevenly, %lld on the busiest rank", (long long)p,
                            (long long)model->intermediate, (long long)split(model->intermediate, p));
    return NULL;
}
