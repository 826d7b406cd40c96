/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roofline: the pure bound of a kernel. Time = max over resources of work / peak rate, at the highest clock, with the same cache
 * state as the other fidelities: what is warm costs L2 and not DRAM, and results stay in L2 as far as all of it holds
 * them. No launch, no latency, no tiles. No other fidelity may be faster (tests/test_timing_properties.c). docs/roofline.md
 */
#include <math.h>
#include <string.h>

#include "sim/attention_model.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/collective.h"
#include "sim/grouped.h"
#include "sim/timing.h"

/* Work of a kernel on each resource, whole chip. */
struct bound { double fma, fma_per_s, vector_ops, sfu_ops, l2_read_bytes, l2_write_bytes, dram_bytes; };

static void bound_gemm(struct bound *b, const struct kernel *k, const struct hardware *hw)
{
    const struct gemm_kernel_shape *g = &k->gemm;
    double a_cold = at_least((double)g->a_bytes - (double)k->warm.a_bytes, 0.0);
    double b_cold = at_least((double)g->b_bytes - (double)k->warm.b_bytes, 0.0);

    b->fma = gemm_rows(g) * (double)g->n * (double)g->k;
    b->fma_per_s = g->service.fma_per_cycle_sm;
    b->vector_ops = (double)g->n * (double)g->k * (double)g->batch * g->service.vector_ops_per_weight
                  + gemm_rows(g) * (double)g->n * g->epilogue_ops_per_output;
    b->l2_read_bytes = (double)g->a_bytes + (double)g->b_bytes;
    b->l2_write_bytes = (double)g->out_bytes;
    b->dram_bytes = a_cold + b_cold + at_least((double)g->epilogue_read_bytes - (double)k->warm.other_bytes, 0.0)
                  + at_least((double)g->out_bytes - (double)hw->l2.bytes, 0.0);
}

static void bound_attention(struct bound *b, const struct kernel *k, const struct hardware *hw)
{
    struct attention_work work;
    double warm = (double)k->warm.a_bytes + (double)k->warm.b_bytes + (double)k->warm.other_bytes;

    attention_work_of(&work, &k->attention);
    b->fma = work.fma;
    b->fma_per_s = k->attention.service.fma_per_cycle_sm;
    b->sfu_ops = work.pairs;
    b->l2_read_bytes = work.q_bytes + work.kv_bytes;
    b->l2_write_bytes = work.o_bytes;
    b->dram_bytes = at_least(work.q_bytes + work.kv_bytes - warm, 0.0) + at_least(work.o_bytes - (double)hw->l2.bytes, 0.0);
}

static void bound_stream(struct bound *b, const struct kernel *k, const struct hardware *hw)
{
    const struct stream_kernel_shape *s = &k->stream;
    double warm = (double)k->warm.a_bytes + (double)k->warm.b_bytes + (double)k->warm.other_bytes;
    double elements = (double)s->rows * (double)s->cols;

    b->vector_ops = elements * s->vector_ops_per_element;
    b->sfu_ops = elements * s->sfu_ops_per_element;
    b->l2_read_bytes = (double)s->read_bytes;
    b->l2_write_bytes = (double)s->write_bytes;
    b->dram_bytes = at_least((double)s->read_bytes - warm, 0.0) + at_least((double)s->write_bytes - (double)hw->l2.bytes, 0.0);
}

/* Bytes that one rank sends over its links at their full rate. */
static void roofline_collective(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    struct fabric fabric = fabric_of_context(ctx, k->collective.ranks);
    struct collective_cost cost = collective_cost(&k->collective, &fabric, ctx->stack);
    double ring = k->collective.ranks > 1 ? (double)k->collective.bytes * (double)(k->collective.ranks - 1) / (double)k->collective.ranks : 0.0;
    double least = cost.link_bytes < ring ? cost.link_bytes : ring;

    out->bound = CAUSE_LINK;
    out->bytes[LEVEL_LINK] = least;
    out->time_s = ctx->hw->link.bytes_per_s > 0.0 ? least / ctx->hw->link.bytes_per_s : 0.0;
    out->parts_s[CAUSE_LINK] = out->time_s;
}

static enum status roofline_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    const struct hardware *hw = ctx->hw;
    const struct arch_unit *vector = hardware_unit(hw, "vector");
    double hz = clock_highest_hz(ctx), sms = (double)hw->sm.count;
    double lanes = vector && vector->fma_fp32_per_cycle_sm > 0.0 ? vector->fma_fp32_per_cycle_sm : INFINITY;
    double sfu = vector && vector->sfu_per_cycle_sm > 0.0 ? vector->sfu_per_cycle_sm : INFINITY;
    double times[CAUSES] = { 0 };
    struct bound b = { 0 };

    (void)err; /* cannot fail */
    memset(out, 0, sizeof *out);
    out->mapping.kind = k->kind;
    out->simulated_fraction = 1.0;
    out->clock_hz = hz;
    out->flops = k->flops;
    if (k->kind == KERNEL_COLLECTIVE) {
        roofline_collective(out, k, ctx);
        return STATUS_OK;
    }
    if (k->kind == KERNEL_GEMM)
        bound_gemm(&b, k, hw);
    else if (k->kind == KERNEL_ATTENTION)
        bound_attention(&b, k, hw);
    else
        bound_stream(&b, k, hw);
    times[CAUSE_MATRIX] = b.fma_per_s > 0.0 ? b.fma / (b.fma_per_s * sms * hz) : 0.0;
    times[CAUSE_VECTOR] = at_least(b.vector_ops / lanes, b.sfu_ops / sfu) / (sms * hz);
    times[CAUSE_L2] = at_least(b.l2_read_bytes / hw->l2.bytes_per_cycle, b.l2_write_bytes / at_least(hw->l2.write_bytes_per_cycle, hw->l2.bytes_per_cycle)) / hz;
    times[CAUSE_DRAM] = b.dram_bytes / hw->dram.bandwidth_bytes_per_s;
    for (int i = 0; i < CAUSES; i++)
        if (times[i] > times[out->bound])
            out->bound = (enum cause)i;
    out->time_s = times[out->bound];
    out->parts_s[out->bound] = out->time_s;
    out->bytes[LEVEL_L2] = b.l2_read_bytes + b.l2_write_bytes;
    out->bytes[LEVEL_DRAM] = b.dram_bytes;
    out->events.fma = b.fma;
    out->events.unit_ops = b.fma;
    out->events.vector_ops = b.vector_ops;
    out->events.sfu_ops = b.sfu_ops;
    if (k->kind == KERNEL_GEMM)
        out->events.fma_op = k->gemm.service.energy_op;
    else if (k->kind == KERNEL_ATTENTION)
        out->events.fma_op = k->attention.service.energy_op;
    return STATUS_OK;
}

const struct fidelity fidelity_roofline = {
    .name = "roofline",
    .summary = "pure bound: largest of work over peak rate, at the highest clock",
    .time = roofline_time,
};
