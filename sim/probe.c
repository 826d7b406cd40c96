/* SPDX-License-Identifier: Apache-2.0 */
/* Microbenchmarks on the model. GEMM and all-reduce are kernels timed by the fidelity; latency and bandwidth are sim/footprint.c. */
#include "sim/probe.h"

#include <math.h>
#include <string.h>

#include "sim/cycle_load.h"
#include "sim/footprint.h"

enum { POINTS_MAX = 128 };

static enum status begin(struct probe_curve *out, struct probe_point **points, struct arena *arena, struct error *err)
{
    *points = arena_array(arena, POINTS_MAX, sizeof **points);
    out->points = *points;
    return *points ? STATUS_OK : error_no_memory(err);
}

/* One point of a curve. A fidelity that simulates asks the modules, but for a cache beside memory, of which there is none. */
static enum status footprint_point(double *y, const struct probe_context *ctx, int what, int64_t bytes, struct error *err)
{
    const struct hardware *hw = ctx->hw;
    cycle_probe_function entry;
    struct cycle_probe probe;
    void *address;
    enum status st;

    if (!ctx->fidelity->costly || hw->llc.bytes > 0) {
        *y = what == CYCLE_PROBE_LATENCY ? footprint_latency_cycles(hw, bytes) : footprint_bytes_per_s(hw, bytes);
        return STATUS_OK;
    }
    if ((st = cycle_entry(&address, "llmsim_cycle_probe", err)))
        return st;
    memcpy(&entry, &address, sizeof entry); /* POSIX: a function's address comes from dlsym() as void * */
    if ((st = entry(&probe, hw, what, bytes, err)))
        return st;
    *y = what == CYCLE_PROBE_LATENCY ? probe.latency_s * hw->clock.boost_hz : probe.bytes_per_s;
    return STATUS_OK;
}

/* Footprints from 4 KiB to well past the last cache, two an octave. */
static enum status by_footprint(struct probe_curve *out, const struct probe_context *ctx, int what, struct arena *arena, struct error *err)
{
    const struct hardware *hw = ctx->hw;
    int64_t largest = hw->llc.bytes > hw->l2.bytes ? hw->llc.bytes : hw->l2.bytes;
    struct probe_point *points;
    enum status st = begin(out, &points, arena, err);

    for (int64_t bytes = 4096; !st && bytes <= 16 * largest && out->count + 2 <= POINTS_MAX; bytes *= 2)
        for (int half = 0; half < 2 && !st; half++) {
            int64_t at = half ? bytes + bytes / 2 : bytes;
            struct probe_point *p = &points[out->count++];

            p->x = (double)at;
            st = footprint_point(&p->y, ctx, what, at, err);
        }
    return st;
}

static enum status latency(struct probe_curve *out, const struct probe_context *ctx, struct arena *arena, struct error *err)
{
    *out = (struct probe_curve){ .name = "latency", .x_name = "footprint_bytes", .y_name = "latency_cycles" };
    return by_footprint(out, ctx, CYCLE_PROBE_LATENCY, arena, err);
}

static enum status bandwidth(struct probe_curve *out, const struct probe_context *ctx, struct arena *arena, struct error *err)
{
    *out = (struct probe_curve){ .name = "bandwidth", .x_name = "footprint_bytes", .y_name = "bytes_per_s" };
    return by_footprint(out, ctx, CYCLE_PROBE_BANDWIDTH, arena, err);
}

/* fp16 operands, fp32 accumulation, cold caches: C[m][n] = A[m][k] B[n][k]^T */
static enum status gemm_kernel(struct kernel *k, const struct probe_context *ctx, int64_t m, struct error *err)
{
    struct gemm_kernel_shape *g = &k->gemm;
    struct unit_request request;

    memset(k, 0, sizeof *k);
    k->kind = KERNEL_GEMM;
    k->role = "probe.gemm";
    k->count = 1;
    *g = (struct gemm_kernel_shape){ .m = m, .n = ctx->gemm_n, .k = ctx->gemm_k, .batch = 1, .b_is_weight = true,
                                     .out = format_find("fp16"), .accumulator = format_find("fp32") };
    g->a = g->b = (struct quant){ .format = format_find("fp16"), .group = QUANT_PER_CHANNEL };
    g->a_bytes = quant_stored_bytes(&g->a, g->m, g->k);
    g->b_bytes = quant_stored_bytes(&g->b, g->n, g->k);
    g->out_bytes = quant_stored_bytes(&g->a, g->m, g->n);
    request = (struct unit_request){ .a = &g->a, .b = &g->b, .accumulator = g->accumulator, .b_is_weight = true };
    g->unit = unit_choose(&g->service, ctx->hw, &request);
    if (!g->unit)
        return error_plain(err, STATUS_INFEASIBLE, "%s: no unit takes fp16 products", ctx->hw->name);
    k->flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    return STATUS_OK;
}

static enum status time_kernel(double *time_s, const struct kernel *k, const struct probe_context *ctx, struct error *err)
{
    struct timing_context tc = { .hw = ctx->hw, .stack = ctx->stack, .choice = MAPPING_PICKED, .ranks = ctx->ranks, .burst = true };
    struct timing t;
    enum status st = ctx->fidelity->time(&t, k, &tc, err);

    *time_s = st ? 0 : t.time_s;
    return st;
}

static enum status gemm(struct probe_curve *out, const struct probe_context *ctx, struct arena *arena, struct error *err)
{
    struct probe_point *points;
    enum status st;

    *out = (struct probe_curve){ .name = "gemm", .x_name = "m_rows", .y_name = "time_s" };
    st = begin(out, &points, arena, err);
    for (int64_t m = 1; !st && m <= 2048; m += m < 8 ? 1 : m < 32 ? 8 : m < 256 ? 32 : 128) {
        struct kernel k;
        double time_s = 0;

        if (!(st = gemm_kernel(&k, ctx, m, err)))
            st = time_kernel(&time_s, &k, ctx, err);
        points[out->count++] = (struct probe_point){ (double)m, time_s };
    }
    return st;
}

static enum status allreduce(struct probe_curve *out, const struct probe_context *ctx, struct arena *arena, struct error *err)
{
    struct probe_point *points;
    enum status st;

    *out = (struct probe_curve){ .name = "allreduce", .x_name = "bytes", .y_name = "time_s" };
    if (ctx->hw->link.max_ranks < ctx->ranks)
        return error_plain(err, STATUS_INFEASIBLE, "%s: %lld ranks, its link %s joins at most %lld (--ranks)", ctx->hw->name, (long long)ctx->ranks,
                           ctx->hw->link.name ? ctx->hw->link.name : "", (long long)ctx->hw->link.max_ranks);
    st = begin(out, &points, arena, err);
    for (int64_t bytes = 1024; !st && bytes <= (int64_t)1 << 30; bytes *= 2) {
        struct kernel k = { .kind = KERNEL_COLLECTIVE, .role = "probe.allreduce", .count = 1,
                            .collective = { COLLECTIVE_ALL_REDUCE, bytes, ctx->ranks } };
        double time_s = 0;

        st = time_kernel(&time_s, &k, ctx, err);
        points[out->count++] = (struct probe_point){ (double)bytes, time_s };
    }
    return st;
}

static const struct probe_type probe_latency = { "latency", "pointer chase of one thread by footprint", latency };
static const struct probe_type probe_bandwidth = { "bandwidth", "all SMs read one buffer, by footprint", bandwidth };
static const struct probe_type probe_gemm = { "gemm", "fp16 GEMM by rows m: the staircase of tiles and waves", gemm };
static const struct probe_type probe_allreduce = { "allreduce", "all-reduce by bytes of a rank", allreduce };

static const struct probe_type *const types[] = { &probe_latency, &probe_bandwidth, &probe_gemm, &probe_allreduce };

const struct probe_type *const *probe_types(int64_t *count)
{
    *count = sizeof types / sizeof types[0];
    return types;
}
