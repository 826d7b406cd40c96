/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbouring shapes of a GEMM that use the chip better: the sizes at which tiles and waves come out even, each evaluated with the
 * mapping that the library picks for it. Bytes go with the shape; what fuses into the kernel is scaled with its outputs.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "sim/bounds.h"
#include "sim/explain.h"

enum { TRIED_MAX = 16, KEPT_MAX = 4 };
static const double worthwhile = 1.01; /* work a second, over the present shape's */

struct trials { const struct explanation *e; const struct timing_context *ctx; struct explain_shape *list; int64_t count; };

static void try_size(struct trials *t, char dimension, int64_t size, const char *why)
{
    const struct kernel *k = t->e->kernel;
    int64_t present = dimension == 'm' ? k->gemm.m : k->gemm.n;
    struct timing timing;
    struct error ignored;

    if (size < 1 || size == present || size > 2 * present || 2 * size < present || t->count == TRIED_MAX)
        return;
    for (int64_t i = 0; i < t->count; i++)
        if (t->list[i].dimension == dimension && t->list[i].size == size)
            return;
    struct kernel other = dimension == 'm' ? kernel_resized(k, size, k->gemm.n) : kernel_resized(k, k->gemm.m, size);
    if (fidelity_analytic.time(&timing, &other, t->ctx, &ignored))
        return;
    double rate = (double)size / (double)present * t->e->timing.time_s / timing.time_s;
    if (rate >= worthwhile)
        t->list[t->count++] = (struct explain_shape){ dimension, size, timing.time_s, rate, why };
}

static void try_dimension(struct trials *t, char dimension)
{
    const struct gemm_mapping *map = &t->e->timing.mapping.gemm;
    const struct gemm_kernel_shape *g = &t->e->kernel->gemm;
    int64_t size = dimension == 'm' ? g->m : g->n, tile = dimension == 'm' ? map->tile_m : map->tile_n;
    int64_t others = (dimension == 'm' ? map->grid_n : map->grid_m) * larger(map->split_k, 1) * larger(g->batch, 1);
    int64_t slots = larger(t->e->waves.slots, 1), waves = (int64_t)ceil(t->e->waves.waves), tiles = ceil_div_i64(size, tile);
    int64_t full = others > 0 && waves < INT64_MAX / slots ? waves * slots / others : 0, fewer = others > 0 ? (waves - 1) * slots / others : 0;

    try_size(t, dimension, tiles * tile, "fills the last tile");
    try_size(t, dimension, (tiles - 1) * tile, "one row of tiles less");
    if (full > 0 && full < INT64_MAX / tile)
        try_size(t, dimension, full * tile, "fills the last wave");
    if (fewer > 0)
        try_size(t, dimension, fewer * tile, "one wave less");
}

static int by_rate(const void *a, const void *b)
{
    const struct explain_shape *x = a, *y = b;

    if (x->rate != y->rate)
        return x->rate > y->rate ? -1 : 1;
    return x->dimension != y->dimension ? x->dimension - y->dimension : (x->size > y->size) - (x->size < y->size);
}

enum status explain_shapes(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err)
{
    struct trials t = { .e = out, .ctx = ctx };

    if (out->kernel->kind != KERNEL_GEMM)
        return STATUS_OK;
    if (!(t.list = arena_array(arena, TRIED_MAX, sizeof *t.list)))
        return error_no_memory(err);
    try_dimension(&t, 'm');
    try_dimension(&t, 'n');
    qsort(t.list, (size_t)t.count, sizeof *t.list, by_rate);
    out->shapes = t.list;
    out->shapes_count = smaller(t.count, KEPT_MAX);
    return STATUS_OK;
}
