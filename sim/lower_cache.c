/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second part of lowering: what follows from the format of the KV cache. It is the one entry of a recipe that no matrix product with
 * weights depends on, and apart so that designs which differ in it alone share the rest. Each kernel starts from what the first part left.
 */
#include <string.h>

#include "sim/attention_model.h"
#include "sim/lower_internal.h"

/* What the first part left, kept before it is changed for the first time. */
static void keep(struct lowered_kernel *k)
{
    struct cache_use *c = k->cache;

    c->activation_bytes = k->activation_bytes;
    if (k->kernel.kind == KERNEL_ATTENTION)
        c->attention = k->kernel.attention;
    else
        c->stream = k->kernel.stream;
}

static enum status stream_writes(struct lowered_kernel *k, const struct step *step, const struct recipe *r, struct error *err)
{
    struct cache_use *c = k->cache;
    struct stream_kernel_shape *s = &k->kernel.stream;
    int64_t bytes = quant_stored_bytes(&r->kv, c->rows, c->cols);
    double ops = r->kv.format == r->output ? 0 : 3; /* abs-max, scale, convert */

    *s = c->stream;
    if (bytes < 0 || s->write_bytes > INT64_MAX - bytes)
        return error_plain(err, STATUS_BAD_INPUT, "operator %s of the step at line %lld: its size overflows 64 bits", k->kernel.role, (long long)step->line);
    s->write_bytes += c->replaced ? 0 : bytes;
    s->vector_ops_per_element += ops;
    k->activation_bytes = c->activation_bytes + (c->activation && !c->replaced ? bytes : 0);
    k->kernel.flops = (double)s->rows * (double)s->cols * (c->flop_ops + ops);
    return STATUS_OK;
}

/* Texts one after the other, up to NULL: printf() would take a tenth of a design's time here. */
static const char *joined(struct arena *arena, const char *const *texts)
{
    size_t bytes = 1;
    char *out, *end;

    for (const char *const *t = texts; *t; t++)
        bytes += strlen(*t);
    if (!(out = end = arena_alloc(arena, bytes)))
        return NULL;
    for (const char *const *t = texts; *t; t++)
        end = stpcpy(end, *t);
    return out;
}

static enum status attention_reads(struct lowered_kernel *k, const struct lower_context *ctx, struct arena *arena, struct error *err)
{
    const struct recipe *r = ctx->recipe;
    struct attention_kernel_shape *a = &k->kernel.attention;

    *a = k->cache->attention;
    a->kv = r->kv;
    attention_products(a, ctx->stack, ctx->hw);
    k->kernel.note = joined(arena, (const char *const[]){ a->service.compute_a->name, " x ", a->service.compute_b->name, " on ", a->unit->name,
                                                          r->kv.format != a->compute ? ", cache in " : "", r->kv.format != a->compute ? r->kv.format->name : "", NULL });
    return k->kernel.note != NULL ? STATUS_OK : error_no_memory(err);
}

enum status lower_step_cache(struct lowered_step *low, const struct step *step, const struct lower_context *ctx, struct arena *arena, struct error *err)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < low->count && !st; i++) {
        struct lowered_kernel *k = &low->kernels[i];

        if (k->cache == NULL)
            continue;
        if (!low->cache_seen)
            keep(k);
        st = k->kernel.kind == KERNEL_ATTENTION ? attention_reads(k, ctx, arena, err) : stream_writes(k, step, ctx->recipe, err);
    }
    low->cache_seen = true;
    return st;
}
