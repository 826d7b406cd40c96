/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Work of an operator: floating-point operations of its matrix products, and the elements it touches once.
 * docs/trace_format.md, "Work", has the equations. Element-wise operators count no FLOPs, as is the custom of the field.
 */
#include "workloads/op_math.h"

#include <string.h>

#include "base/checked.h"

/* *total *= factor; false on overflow. */
static bool scale(int64_t *total, int64_t factor)
{
    return checked_mul_i64(total, *total, factor);
}

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* sum_{j=first}^{last} j, or -1 */
static int64_t sum_range(int64_t first, int64_t last)
{
    int64_t count = last - first + 1, ends = first + last;

    if (count <= 0)
        return 0;
    if (count % 2 == 0)
        count /= 2;
    else
        ends /= 2; /* an odd count has ends of one parity */
    return checked_mul_i64(&ends, ends, count) ? ends : -1;
}

int64_t attention_pairs(const struct op *op, int64_t q, int64_t kv)
{
    int64_t reach = op->window > 0 ? min_i64(op->window, kv) : kv, pairs, ramp, flat;

    if (!op->causal)
        return checked_mul_i64(&pairs, q, reach) ? pairs : -1;
    /* Query j of q sees kv - q + j + 1 keys, at most `reach`: a ramp from kv - q + 1 up to `reach`, then flat. */
    ramp = sum_range(kv - q + 1, reach);
    flat = q - (reach > kv - q ? reach - (kv - q) : 0);
    if (ramp < 0 || !checked_mul_i64(&flat, flat, reach) || !checked_add_i64(&pairs, ramp, flat))
        return -1;
    return pairs;
}

int64_t seq_kv(const struct seq_group *seq, int64_t iteration)
{
    return seq->kv + iteration * seq->q;
}

/* sum_{i=0}^{count-1} min(cap, first + i stride), or -1; cap 0 = none */
static int64_t sum_capped(int64_t first, int64_t stride, int64_t count, int64_t cap)
{
    int64_t below = count, steps, sum, flat = 0;

    if (cap > 0)
        below = first >= cap ? 0 : min_i64(count, ceil_div_i64(cap - first, stride));
    /* below * first + stride * below (below - 1) / 2 */
    steps = below > 0 ? sum_range(0, below - 1) : 0;
    if (steps < 0 || !scale(&steps, stride) || !checked_mul_i64(&sum, below, first) || !checked_add_i64(&sum, sum, steps) ||
        !checked_mul_i64(&flat, count - below, cap) || !checked_add_i64(&sum, sum, flat))
        return -1;
    return sum;
}

/* Pairs of one sequence in the iterations [from, from + count). With a causal mask the new queries of successive iterations
 * are successive positions, so that many iterations are one with count q queries. */
static int64_t pairs_of(const struct op *op, const struct seq_group *seq, int64_t from, int64_t count)
{
    int64_t q = seq->q, sum;

    if (op->causal)
        return attention_pairs(op, q * count, seq_kv(seq, from + count - 1));
    sum = sum_capped(seq_kv(seq, from), q, count, op->window);
    return sum >= 0 && scale(&sum, q) ? sum : -1;
}

static int64_t attention_flops(const struct op *op, const struct step *step, int64_t from, int64_t count)
{
    int64_t total = 0, pairs;

    for (int64_t i = 0; i < step->seq_groups; i++) {
        pairs = pairs_of(op, &step->seqs[i], from, count);
        if (pairs < 0 || !scale(&pairs, step->seqs[i].count) || !checked_add_i64(&total, total, pairs))
            return -1;
    }
    if (!scale(&total, 2 * (op->head_dim + op->v_head_dim)) || !scale(&total, op->heads) || !scale(&total, op->count))
        return -1;
    return total;
}

static int64_t flops_of(const struct op *op, const struct step *step, int64_t from, int64_t count)
{
    int64_t total = 2;

    if (op->kind == OP_ATTENTION)
        return attention_flops(op, step, from, count);
    if (op->kind != OP_GEMM && op->kind != OP_GROUPED_GEMM)
        return 0;
    if (!scale(&total, op->m) || !scale(&total, op->n) || !scale(&total, op->k) || !scale(&total, op->count) || !scale(&total, count) ||
        (op->kind == OP_GEMM && !scale(&total, op->batch)))
        return -1;
    return total;
}

int64_t op_flops(const struct op *op, const struct step *step, int64_t iteration)
{
    return flops_of(op, step, iteration, 1);
}

int64_t op_flops_total(const struct op *op, const struct step *step)
{
    return flops_of(op, step, 0, step->repeat);
}

/* a * b * c of one call into *out */
static bool product(int64_t *out, int64_t a, int64_t b, int64_t c)
{
    int64_t all = a;

    if (!scale(&all, b) || !scale(&all, c))
        return false;
    *out = all;
    return true;
}

/* Elements of the iterations [from, from + count). */
struct span {
    int64_t from, count;
};

static bool attention_elements(struct op_elements *e, const struct op *op, const struct step *step, struct span span)
{
    int64_t per_token = op->head_dim, keys, tokens = 0;

    if (!op->mla && !product(&per_token, op->kv_heads, op->head_dim + op->v_head_dim, 1))
        return false;
    for (int64_t i = 0; i < step->seq_groups; i++) {
        const struct seq_group *seq = &step->seqs[i];

        /* The first new query reaches `window` keys back; the others slide forward. */
        keys = sum_capped(seq_kv(seq, span.from), seq->q, span.count, op->window > 0 ? op->window + seq->q - 1 : 0);
        if (keys < 0 || !scale(&keys, seq->count) || !checked_add_i64(&tokens, tokens, keys))
            return false;
    }
    return product(&e->kv_read, tokens, per_token, 1) && product(&e->input, step->tokens, op->heads, op->head_dim) &&
           product(&e->output, step->tokens, op->heads, op->v_head_dim) && scale(&e->input, span.count) && scale(&e->output, span.count);
}

static bool is_scatter(const struct op *op)
{
    return strcmp(op->role, "moe.scatter") == 0;
}

/* Of anything but attention: the same in every iteration. */
static bool one_call(struct op_elements *e, const struct op *op)
{
    int64_t reached;

    switch (op->kind) {
    case OP_GEMM:
        return product(op->activation_b ? &e->input_b : &e->weights, op->n, op->k, op->batch) &&
               product(&e->input, op->m, op->k, op->batch) && product(&e->output, op->m, op->n, op->batch) &&
               (e->bias = op->bias ? op->n : 0) >= 0;
    case OP_GROUPED_GEMM:
        reached = min_i64(op->groups, op->m); /* an upper bound; the expectation is the lowering's */
        return product(&e->weights, op->n, op->k, reached) && product(&e->input, op->m, op->k, 1) &&
               product(&e->output, op->m, op->n, 1) && product(&e->bias, op->bias ? op->n : 0, reached, 1);
    case OP_NORM:
        e->bias = op->norm == NORM_LAYER ? 2 * op->cols : op->cols;
        return product(&e->input, op->rows, op->cols, 1) && product(&e->output, op->rows, op->cols, 1);
    case OP_ACTIVATION:
        return product(&e->input, op->rows, op->cols, op->gated ? 2 : 1) && product(&e->output, op->rows, op->cols, 1);
    case OP_ADD:
        return product(&e->input, op->rows, op->cols, 2) && product(&e->output, op->rows, op->cols, 1);
    case OP_EMBED:
        return product(&e->weights, op->rows, op->cols, 1) && product(&e->output, op->rows, op->cols, 1);
    case OP_KV_WRITE:
        return product(&e->input, op->rows, op->cols, 1) && product(&e->kv_write, op->rows, op->cols, 1);
    case OP_ROUTE: /* a gather copies each row top_k times, a scatter sums them again */
        return product(&e->input, op->rows, op->cols, is_scatter(op) ? op->top_k : 1) &&
               product(&e->output, op->rows, op->cols, is_scatter(op) ? 1 : op->top_k);
    case OP_SAMPLE:
        e->output = op->rows;
        return product(&e->input, op->rows, op->cols, 1);
    default:
        return product(&e->input, op->rows, op->cols, 1) && product(&e->output, op->rows, op->cols, 1);
    }
}

static bool elements_of(struct op_elements *out, const struct op *op, const struct step *step, struct span span)
{
    struct op_elements e = { 0 };
    int64_t *const all[] = { &e.weights, &e.bias, &e.input, &e.input_b, &e.output, &e.kv_read, &e.kv_write };
    bool attention = op->kind == OP_ATTENTION;

    if (!(attention ? attention_elements(&e, op, step, span) : one_call(&e, op)))
        return false;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!scale(all[i], op->count) || (!attention && !scale(all[i], span.count)))
            return false;
    *out = e;
    return true;
}

bool op_elements(struct op_elements *out, const struct op *op, const struct step *step, int64_t iteration)
{
    return elements_of(out, op, step, (struct span){ iteration, 1 });
}

bool op_elements_total(struct op_elements *out, const struct op *op, const struct step *step)
{
    return elements_of(out, op, step, (struct span){ 0, step->repeat });
}
