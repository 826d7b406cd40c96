/* SPDX-License-Identifier: Apache-2.0 */
/* A GEMM of another size; the memo key of a kernel: every value that its time may depend on, fed one by one. Role, note and count are left out. */
#include "sim/kernel.h"

static void feed_format(struct hasher *h, const struct format *f)
{
    hasher_text(h, f != NULL ? f->name : NULL);
}

static void hash_quant(struct hasher *h, const struct quant *q)
{
    feed_format(h, q->format);
    hasher_i64(h, q->group);
    feed_format(h, q->scale);
    hasher_i64(h, q->zero_point);
    hasher_i64(h, q->two_of_four);
    hasher_double(h, q->sparsity);
    hasher_i64(h, q->sparse);
    hasher_i64(h, q->keep);
    hasher_i64(h, q->of);
    feed_format(h, q->scale2);
    hasher_i64(h, q->scale2_group);
    hasher_double(h, q->outliers);
    hasher_double(h, q->columns);
    feed_format(h, q->mixed);
    hasher_double(h, q->mixed_share);
}

static void hash_service(struct hasher *h, const struct arch_unit *unit, const struct unit_service *s)
{
    hasher_text(h, unit != NULL ? unit->name : NULL);
    feed_format(h, s->compute_a);
    feed_format(h, s->compute_b);
    feed_format(h, s->table_format);
    hasher_i64(h, s->dequantize);
    hasher_i64(h, s->table_at_unit);
    hasher_i64(h, s->scale_group);
    hasher_double(h, s->fma_per_cycle_sm);
    hasher_double(h, s->a_shared_bits);
    hasher_double(h, s->b_shared_bits);
    hasher_double(h, s->vector_ops_per_weight);
    hasher_double(h, s->vector_ops_per_scale_output);
    hasher_double(h, s->psum_bits);
    hasher_double(h, s->register_bits_per_output);
    if (s->whole_passes) {
        hasher_double(h, s->fill_cycles);
        hasher_double(h, s->accumulate_cycles);
        hasher_i64(h, s->tile_m);
        hasher_i64(h, s->tile_n);
        hasher_i64(h, s->tile_k);
    }
}

static void hash_gemm(struct hasher *h, const struct gemm_kernel_shape *g)
{
    const int64_t values[] = { g->m, g->n, g->k, g->batch, g->b_is_weight, g->a_bytes, g->b_bytes, g->out_bytes,
                               g->epilogue_read_bytes, g->table_in_kernel };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        hasher_i64(h, values[i]);
    hash_quant(h, &g->a);
    hash_quant(h, &g->b);
    hasher_i64(h, g->grouped != NULL ? g->grouped->groups_count : 0);
    for (int64_t i = 0; g->grouped != NULL && i < g->grouped->groups_count; i++) {
        hasher_i64(h, g->grouped->groups[i].count);
        hasher_i64(h, g->grouped->groups[i].rows);
    }
    if (g->grouped != NULL) {
        hasher_i64(h, g->grouped->experts);
        hasher_i64(h, g->grouped->tokens);
        hasher_i64(h, g->grouped->inner);
    }
    feed_format(h, g->accumulator);
    feed_format(h, g->out);
    hasher_double(h, g->epilogue_ops_per_output);
    hasher_double(h, g->table_build_ops_per_a);
    hash_service(h, g->unit, &g->service);
}

static void hash_attention(struct hasher *h, const struct attention_kernel_shape *a)
{
    const int64_t values[] = { a->heads, a->kv_heads, a->head_dim, a->v_head_dim, a->window, a->causal, a->mla, a->groups_count };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        hasher_i64(h, values[i]);
    for (int64_t i = 0; i < a->groups_count; i++) {
        hasher_i64(h, a->groups[i].count);
        hasher_i64(h, a->groups[i].q);
        hasher_i64(h, a->groups[i].kv);
    }
    feed_format(h, a->compute);
    hash_quant(h, &a->kv);
    feed_format(h, a->out);
    hash_service(h, a->unit, &a->service);
}

static void hash_stream(struct hasher *h, const struct stream_kernel_shape *s)
{
    const int64_t values[] = { s->rows, s->cols, s->read_bytes, s->write_bytes, s->passes, s->gather, s->load_bytes };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        hasher_i64(h, values[i]);
    hasher_double(h, s->vector_ops_per_element);
    hasher_double(h, s->sfu_ops_per_element);
    hasher_text(h, s->op ? s->op : "");
}

void kernel_hash(struct hasher *h, const struct kernel *k)
{
    hasher_text(h, "kernel/1");
    hasher_i64(h, k->kind);
    hasher_i64(h, k->warm.a_bytes);
    hasher_i64(h, k->warm.b_bytes);
    hasher_i64(h, k->warm.other_bytes);
    hasher_i64(h, k->warm.out_bytes);
    hasher_double(h, k->flops);
    switch (k->kind) {
    case KERNEL_GEMM: hash_gemm(h, &k->gemm); break;
    case KERNEL_ATTENTION: hash_attention(h, &k->attention); break;
    case KERNEL_STREAM: hash_stream(h, &k->stream); break;
    default:
        hasher_i64(h, k->collective.op);
        hasher_i64(h, k->collective.bytes);
        hasher_i64(h, k->collective.ranks);
        break;
    }
}

static int64_t scaled(int64_t bytes, double by)
{
    double to = (double)bytes * by;

    return to < 9.2e18 ? (int64_t)to : INT64_MAX;
}

struct kernel kernel_resized(const struct kernel *k, int64_t m, int64_t n)
{
    struct kernel out = *k;
    struct gemm_kernel_shape *g = &out.gemm;
    double rows = (double)m / (double)g->m, cols = (double)n / (double)g->n;

    g->m = m;
    g->n = n;
    g->a_bytes = scaled(g->a_bytes, rows);
    g->b_bytes = scaled(g->b_bytes, cols);
    g->out_bytes = scaled(g->out_bytes, rows * cols);
    g->epilogue_read_bytes = scaled(g->epilogue_read_bytes, rows * cols);
    out.warm.a_bytes = scaled(out.warm.a_bytes, rows);
    out.warm.b_bytes = scaled(out.warm.b_bytes, cols);
    out.warm.other_bytes = scaled(out.warm.other_bytes, rows * cols);
    out.flops = k->flops * rows * cols;
    return out;
}
