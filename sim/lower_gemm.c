/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lowering of matrix products: format pair by role, unit, bytes as stored, epilogue, and a separate dequantization where the
 * stack has it so. docs/recipes.md says which role takes which entry of the recipe.
 */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "sim/lower_internal.h"
#include "workloads/roles.h"

struct pair { struct quant a, b; };

static struct pair formats_of(const struct lowering *l, const struct op *op)
{
    const struct recipe *r = l->ctx->recipe;
    const struct role *role = role_find(op->role);
    struct quant wide = { .format = r->output, .group = QUANT_PER_CHANNEL };
    struct quant attention = { .format = r->attention, .group = QUANT_PER_CHANNEL };

    if (op->activation_b)
        return (struct pair){ attention, attention };
    if (role != NULL && role->group == ROLE_HEAD) {
        bool plain = r->head.format->family == FORMAT_FLOAT && r->head.format->bits >= 16;
        return (struct pair){ plain ? r->head : wide, r->head };
    }
    if (strcmp(op->role, "moe.router") == 0 || strcmp(op->role, "shared.gate") == 0)
        return (struct pair){ wide, r->router };
    return (struct pair){ r->activations, r->weights };
}

static const struct format *accumulator_of(const struct recipe *r, const struct unit_service *s)
{
    bool integers = s->compute_a->family != FORMAT_FLOAT && s->compute_b->family != FORMAT_FLOAT;

    return integers && r->accumulator->family == FORMAT_FLOAT ? format_find("int32") : r->accumulator;
}

static enum status choose_unit(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op)
{
    struct unit_request request = { .a = &g->a, .b = &g->b, .accumulator = l->ctx->recipe->accumulator, .b_is_weight = g->b_is_weight,
                                    .without = l->ctx->stack->gemm_without };

    if (g->a.format->family != FORMAT_FLOAT && request.accumulator->family == FORMAT_FLOAT)
        request.accumulator = format_find("int32");
    g->unit = unit_choose(&g->service, l->ctx->hw, &request);
    if (g->unit == NULL)
        return error_plain(l->err, STATUS_INFEASIBLE, "%s: no unit of %s multiplies %s by %s", op->role, l->ctx->hw->name,
                           g->a.format->name, g->b.format->name);
    g->accumulator = accumulator_of(l->ctx->recipe, &g->service);
    return STATUS_OK;
}

/* Weights expanded in memory by a kernel of their own before the product (stack: dequantize separate). */
static enum status dequantize_separately(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op, int64_t *from)
{
    const struct format *wide = g->service.compute_b;
    double ops = g->service.vector_ops_per_weight;
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, "dequantize", op->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    int64_t rows;
    if (!checked_mul_i64(&rows, g->n, g->batch))
        return lower_overflow(l, op);
    k->kernel.stream = (struct stream_kernel_shape){ .rows = rows, .cols = g->k, .read_bytes = g->b_bytes,
                                                     .write_bytes = bytes_of(rows, g->k, 1, wide->bits),
                                                     .vector_ops_per_element = ops, .passes = 1 };
    if (k->kernel.stream.write_bytes < 0)
        return lower_overflow(l, op);
    k->weight_bytes = g->b_bytes;
    k->activation_bytes = k->kernel.stream.write_bytes;
    k->kernel.note = arena_printf(l->arena, "weights %s -> %s in memory", g->b.format->name, wide->name);
    if (k->kernel.note == NULL)
        return error_no_memory(l->err);
    *from = lower_index(l, k);
    bool channel_scale = g->b.scale != NULL && g->b.group <= 0;
    g->b = (struct quant){ .format = wide, .group = QUANT_PER_CHANNEL, .scale = channel_scale ? g->b.scale : NULL };
    g->b_bytes = k->kernel.stream.write_bytes;
    return choose_unit(l, g, op);
}

/* Vector lane operations of one output before it is written: conversion, scales of channel and row, zero point, bias, activation. */
static void set_epilogue(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op, const struct op *activation)
{
    double ops = 1, sfu = 0, vector = 0;

    if (g->b.scale != NULL && g->b.group <= 0)
        ops += 1;
    if (g->a.scale != NULL)
        ops += 1;
    if (g->b.zero_point && g->b.group <= 0)
        ops += 1; /* times the row's sum, which the quantization kernel left */
    if (op->bias && l->ctx->stack->fuse_bias) {
        ops += 1;
        g->epilogue_read_bytes += bytes_of(g->n, 1, 1, g->out->bits);
    }
    if (activation != NULL) {
        activation_cost(&vector, &sfu, activation);
        /* a special-function result takes four lane slots (16 of 64 lanes a clock on every NVIDIA SM since Volta) */
        ops += (vector + 4 * sfu) / (activation->gated ? 2 : 1);
    }
    g->epilogue_ops_per_output = ops;
}

static const char *describe(struct lowering *l, const struct gemm_kernel_shape *g, const struct op *activation, const char *made)
{
    char a[64], b[64];
    const char *extra = g->service.note != NULL ? g->service.note : "";

    quant_format(a, sizeof a, &g->a);
    quant_format(b, sizeof b, &g->b);
    return arena_printf(l->arena, "%s x %s on %s%s%s%s%s%s%s", a, b, g->unit->name, extra[0] != '\0' ? ": " : "", extra,
                        made != NULL && made[0] != '\0' ? "; " : "", made != NULL ? made : "", activation != NULL ? "; with " : "",
                        activation != NULL ? activation->role : "");
}

static enum status add_bias_kernel(struct lowering *l, const struct op *op, int64_t rows)
{
    double bits = l->ctx->recipe->output->bits;
    struct lowered_kernel *k = lower_add(l, KERNEL_STREAM, op->role, "bias", op->count);

    if (k == NULL)
        return STATUS_INTERNAL;
    int64_t bytes = bytes_of(rows, op->n, 1, bits);
    if (bytes < 0)
        return lower_overflow(l, op);
    k->kernel.stream = (struct stream_kernel_shape){ .rows = rows, .cols = op->n, .read_bytes = bytes, .write_bytes = bytes,
                                                     .vector_ops_per_element = 3, .passes = 1 };
    k->kernel.flops = (double)rows * (double)op->n;
    k->activation_bytes = bytes;
    k->input = l->current;
    l->current = lower_index(l, k);
    return STATUS_OK;
}

static enum status fill_shape(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op, const struct gemm_grouping *grouped)
{
    struct pair pair = formats_of(l, op);
    int64_t batch = op->batch > 0 ? op->batch : 1;

    if (grouped != NULL) {
        batch = 0;
        for (int64_t i = 0; i < grouped->groups_count; i++)
            batch += grouped->groups[i].count;
    }
    *g = (struct gemm_kernel_shape){ .m = grouped ? ceil_div_i64(op->m, batch) : op->m, .n = op->n, .k = op->k, .batch = batch, .grouped = grouped,
                                     .a = pair.a, .b = pair.b, .out = l->ctx->recipe->output, .b_is_weight = !op->activation_b };
    int64_t one = quant_stored_bytes(&g->b, g->n, g->k);
    if (one < 0 || !checked_mul_i64(&g->b_bytes, one, batch))
        return lower_overflow(l, op);
    return choose_unit(l, g, op);
}

static enum status lower_product(struct lowering *l, const struct op *op, const struct op *activation, const struct gemm_grouping *grouped, int64_t rows_read)
{
    struct gemm_kernel_shape g;
    int64_t from = l->current, weights_from = -1, made_before = l->out->count;
    int64_t rows = grouped ? op->m : op->m * (op->batch > 1 ? op->batch : 1);
    enum status st = fill_shape(l, &g, op, grouped);

    if (st)
        return st;
    int64_t stored = g.b_bytes;
    if (g.service.dequantize && g.b_is_weight && g.service.vector_ops_per_weight > 0 && l->ctx->stack->dequantize != NULL &&
        strcmp(l->ctx->stack->dequantize, "separate") == 0 && (st = dequantize_separately(l, &g, op, &weights_from)))
        return st;
    if ((st = lower_prepare(l, &g, op, grouped ? rows_read : rows, &from)))
        return st;
    int64_t outputs = activation != NULL && activation->gated ? op->n / 2 : op->n;
    g.out_bytes = bytes_of(grouped ? lower_moe_rows(l) : rows, outputs, 1, g.out->bits);
    if (g.out_bytes < 0)
        return lower_overflow(l, op);
    set_epilogue(l, &g, op, activation);
    struct lowered_kernel *k = lower_add(l, KERNEL_GEMM, op->role, NULL, op->count);
    if (k == NULL)
        return STATUS_INTERNAL;
    k->kernel.gemm = g;
    k->kernel.flops = 2.0 * (double)rows * (double)op->n * (double)op->k;
    k->kernel.note = describe(l, &g, activation, g.table_in_kernel && !g.service.table_at_unit ? "tables built in each block" :
                              l->out->count - made_before > 1 ? "" : NULL);
    if (k->kernel.note == NULL)
        return error_no_memory(l->err);
    k->input = from;
    k->weights_from = weights_from;
    k->weight_bytes = g.b_is_weight && weights_from < 0 ? stored : 0;
    k->activation_bytes = g.out_bytes;
    l->current = lower_index(l, k);
    return op->bias && !l->ctx->stack->fuse_bias ? add_bias_kernel(l, op, rows) : STATUS_OK;
}

enum status lower_gemm(struct lowering *l, const struct op *op, const struct op *activation)
{
    const struct gemm_grouping *grouped = NULL;
    struct op experts = *op;
    int64_t rows_read = 0;
    enum status st;

    if (op->kind == OP_GROUPED_GEMM && (st = lower_grouping(&grouped, &rows_read, l, &experts)))
        return st;
    return lower_product(l, &experts, activation, grouped, rows_read);
}
