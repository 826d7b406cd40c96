/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The activation side of a linear layer: run-time quantization and the tables of a LUT unit. Each is a kernel of its own, or
 * rides in the operator before (stack: quantize_fused, lut_precompute), or tables are built inside the product.
 * docs/recipes.md "Activations", docs/lut_mpgemm.md "Precompute".
 *
 * Run-time quantization needs the largest magnitude of a row (or group), so it cannot ride in the epilogue of a product, whose
 * blocks see only a part of each row; a static scale (per tensor) can. Tables cover K neighbours and can always ride.
 */
#include <string.h>

#include "base/checked.h"
#include "sim/lower_internal.h"
#include "sim/lut.h"

struct need {
    bool convert, dynamic, table;
    const struct format *stored; /* of the activations as the product reads them, tables aside */
    double convert_ops, table_ops;
    int64_t activation_bytes, table_bytes;
};

static bool is_tf32_view(const struct format *a, const struct format *out)
{
    return a->bits == 32 && out->bits == 32; /* the unit truncates fp32 as it reads */
}

static enum status find_need(struct need *n, struct lowering *l, const struct gemm_kernel_shape *g, const struct op *op, int64_t rows)
{
    const struct format *out = l->ctx->recipe->output;

    *n = (struct need){ .stored = g->service.compute_a };
    n->convert = g->a.format != out && !is_tf32_view(g->a.format, out) && g->b_is_weight;
    if (!n->convert && n->stored->bits > out->bits)
        n->stored = out; /* widened on the way to the lanes */
    n->dynamic = n->convert && g->a.scale != NULL && g->a.group != QUANT_PER_TENSOR;
    n->convert_ops = (n->dynamic ? 3 : 2) + (g->b.zero_point ? 1 : 0); /* abs-max, scale, convert; row sums for zero points */
    n->table = g->service.table_format != NULL && !g->service.table_at_unit && l->ctx->stack->lut_precompute != NULL &&
               strcmp(l->ctx->stack->lut_precompute, "per_unit") != 0;
    struct quant q = g->a;
    q.format = n->stored;
    n->activation_bytes = quant_stored_bytes(&q, rows, g->k);
    if (n->activation_bytes < 0)
        return lower_overflow(l, op);
    if (g->service.table_format != NULL) {
        struct lut_shape shape = lut_shape_of(g->unit, g->a.format);
        int64_t group = (int64_t)unit_param(g->unit, "table_scale_group");
        n->table_ops = lut_build_ops_per_activation(&shape);
        n->table_bytes = bytes_of(rows, ceil_div_i64(g->k, shape.k), shape.entries, shape.table_format->bits);
        int64_t scales = group > 0 ? bytes_of(rows, ceil_div_i64(g->k, group), 1, 16) : g->a.scale != NULL ? bytes_of(rows, 1, 1, g->a.scale->bits) : 0;
        if (n->table_bytes < 0 || scales < 0)
            return lower_overflow(l, op);
        n->table_bytes += scales;
    }
    return STATUS_OK;
}

/* Can work ride in the kernel that wrote the activations? Element-wise operators only; the rotary kernel feeds attention. */
static bool takes_riders(const struct lowering *l, int64_t index)
{
    if (index < 0)
        return false;
    const struct lowered_kernel *k = &l->out->kernels[index];
    return k->kernel.kind == KERNEL_STREAM && !k->kernel.stream.gather && (k->activation_bytes > 0 || (k->cache && k->cache->activation));
}

static enum status ride(struct lowering *l, int64_t index, double ops, int64_t bytes, bool reduction, const char *what)
{
    struct lowered_kernel *k = &l->out->kernels[index];
    struct stream_kernel_shape *s = &k->kernel.stream;

    s->vector_ops_per_element += ops;
    s->write_bytes += bytes - k->activation_bytes;
    s->passes = reduction && s->passes < 2 ? 2 : s->passes;
    k->activation_bytes = bytes;
    if (k->cache != NULL)
        k->cache->replaced = true;
    k->kernel.note = k->kernel.note[0] != '\0' ? arena_printf(l->arena, "%s, %s", k->kernel.note, what) : what;
    return k->kernel.note != NULL ? STATUS_OK : error_no_memory(l->err);
}

static enum status add_kernel(struct lowering *l, const struct op *op, const char *suffix, int64_t rows, int64_t cols, int64_t read,
                              int64_t write, double ops, bool reduction, const char *note, int64_t *from)
{
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, suffix, op->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    k->kernel.stream = (struct stream_kernel_shape){ .rows = rows, .cols = cols, .read_bytes = read, .write_bytes = write,
                                                     .vector_ops_per_element = ops, .passes = reduction ? 2 : 1 };
    k->kernel.note = note;
    k->kernel.flops = (double)rows * (double)cols * ops;
    k->activation_bytes = write;
    k->input = *from;
    *from = lower_index(l, k);
    return STATUS_OK;
}

/* Tables ride in an epilogue where values are final there; out_bytes of that product become the tables'. */
static bool ride_in_epilogue(struct lowering *l, int64_t index, const struct need *n, int64_t rows, int64_t k)
{
    if (index < 0 || l->out->kernels[index].kernel.kind != KERNEL_GEMM)
        return false;
    struct lowered_kernel *p = &l->out->kernels[index];
    if (p->kernel.gemm.out_bytes != bytes_of(rows, k, 1, l->ctx->recipe->output->bits))
        return false; /* its output is not what this product reads */
    p->kernel.gemm.out_bytes = p->activation_bytes = n->table_bytes;
    p->kernel.gemm.epilogue_ops_per_output += n->table_ops + (n->convert ? n->convert_ops : 0);
    const char *note = arena_printf(l->arena, "%s; tables in the epilogue", p->kernel.note);
    p->kernel.note = note != NULL ? note : p->kernel.note;
    return true;
}

static enum status make(struct lowering *l, const struct gemm_kernel_shape *g, const struct op *op, int64_t rows, const struct need *n,
                        int64_t *from, int64_t *bytes)
{
    const struct stack *stack = l->ctx->stack;
    bool fused_tables = n->table && strcmp(stack->lut_precompute, "fused") == 0;
    int64_t wide = bytes_of(rows, g->k, 1, l->ctx->recipe->output->bits), have = wide;
    bool tables_done = false;
    enum status st;

    bool ride_along = op->kind == OP_GROUPED_GEMM ? !(n->dynamic && stack->moe.quantizes_separately) : stack->quantize_fused;

    if (n->convert && ride_along && takes_riders(l, *from)) {
        const char *what = arena_printf(l->arena, "quantizes to %s", g->a.format->name);
        if (what == NULL)
            return error_no_memory(l->err);
        if ((st = ride(l, *from, n->convert_ops, n->activation_bytes, n->dynamic, what)))
            return st;
        have = n->activation_bytes;
    } else if (n->convert && fused_tables && !n->dynamic && ride_in_epilogue(l, *from, n, rows, g->k)) {
        tables_done = true;
    } else if (n->convert) {
        const char *note = n->stored == g->a.format
                               ? arena_printf(l->arena, "%s -> %s%s%s", l->ctx->recipe->output->name, g->a.format->name,
                                              n->dynamic ? ", scales at run time" : "", fused_tables ? ", builds tables" : "")
                               : arena_printf(l->arena, "values of %s kept in %s: no unit takes them", g->a.format->name, n->stored->name);
        if (note == NULL)
            return error_no_memory(l->err);
        if ((st = add_kernel(l, op, "quantize", rows, g->k, wide, fused_tables ? n->table_bytes : n->activation_bytes,
                             n->convert_ops + (fused_tables ? n->table_ops : 0), n->dynamic, note, from)))
            return st;
        if (n->dynamic && op->kind == OP_GROUPED_GEMM && g->a.group > 0 && /* where the stack lists none of this size, any streaming kernel */
            (l->out->kernels[*from].kernel.stream.op = arena_printf(l->arena, "moe_quantize_%lld", (long long)g->a.group)) == NULL)
            return error_no_memory(l->err);
        tables_done = fused_tables;
        have = n->activation_bytes;
    }
    *bytes = n->convert ? n->activation_bytes : have < n->activation_bytes ? have : n->activation_bytes;
    if (!n->table)
        return STATUS_OK;
    *bytes = n->table_bytes;
    if (tables_done)
        return STATUS_OK;
    if (fused_tables && takes_riders(l, *from))
        return ride(l, *from, n->table_ops, n->table_bytes, false, "builds tables");
    if (fused_tables && !n->convert && ride_in_epilogue(l, *from, n, rows, g->k))
        return STATUS_OK;
    return add_kernel(l, op, "lut.precompute", rows, g->k, have, n->table_bytes, n->table_ops, false,
                      fused_tables ? "tables; no element-wise operator before to ride in" : "tables, kernel of its own", from);
}

enum status lower_prepare(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op, int64_t rows, int64_t *from)
{
    struct need n;
    enum status st = find_need(&n, l, g, op, rows);

    if (st)
        return st;
    if (g->service.table_format != NULL && !n.table) {
        g->table_in_kernel = true;
        g->table_build_ops_per_a = g->service.table_at_unit ? 0 : n.table_ops;
    }
    struct prepared *p = &l->prepared;
    int64_t source = *from;
    /* q, k, v or gate and up as separate layers read the same activations: prepared once */
    bool sibling = p->input >= 0 && p->k == g->k && p->format == n.stored && p->table == (n.table ? g->service.table_format : NULL) &&
                   source >= 0 && l->out->kernels[source].kernel.kind == KERNEL_GEMM && l->out->kernels[source].input == p->kernel &&
                   l->out->kernels[source].kernel.gemm.m == g->m && l->out->kernels[source].kernel.gemm.k == g->k &&
                   l->out->kernels[source].kernel.gemm.n != g->k;
    if (sibling) {
        *from = p->kernel;
        g->a_bytes = p->bytes;
        return STATUS_OK;
    }
    if ((st = make(l, g, op, rows, &n, from, &g->a_bytes)))
        return st;
    *p = (struct prepared){ .input = source, .k = g->k, .kernel = *from, .format = n.stored,
                            .table = n.table ? g->service.table_format : NULL, .bytes = g->a_bytes };
    return STATUS_OK;
}
