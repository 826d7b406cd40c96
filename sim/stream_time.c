/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming kernels: one thread block a row, each thread a load of `load_bytes` at a time, rounds of load, compute, store.
 * A round of the resident threads takes the memory latency plus the issue of its instructions; narrow loads keep few bytes
 * in flight, which is why element-at-a-time norms and activations stay far under the DRAM rate (docs/streaming.md, 1).
 * Left out: uncoalesced access, bank conflicts, atomics.
 */
#include "sim/stream_model.h"

#include <math.h>
#include <string.h>

#include "sim/account.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/l2_reuse.h"
#include "sim/launch.h"

static const int64_t block_threads_max = 1024;

struct stream_shape {
    double rows, threads, elements_per_load, iterations; /* of one block */
    double resident, waves;      /* blocks on an SM; rows / (SMs resident) */
    double accesses;             /* loads and stores of a thread in a round */
    double passes;
    double instructions;         /* of a thread for one access, beside the operations: address, predicate, conversion, loop */
};

static struct stream_shape shape_of(const struct kernel *k, const struct timing_context *ctx)
{
    const struct stream_kernel_shape *s = &k->stream;
    const struct arch_sm *sm = &ctx->hw->sm;
    struct stream_shape out;
    double elements = at_least((double)s->rows, 1.0) * at_least((double)s->cols, 1.0);
    double width = s->load_bytes > 0 ? (double)s->load_bytes : at_least((double)ctx->stack->stream_load_bytes, 2.0);
    double widest = at_least((double)s->read_bytes, (double)s->write_bytes) / elements; /* bytes of an element, all streams */
    double streams = at_least(floor(widest / 2.0 + 0.5), 1.0);
    double warp = (double)sm->warp_threads;

    out.rows = at_least((double)s->rows, 1.0);
    out.elements_per_load = at_least(width * streams / at_least(widest, 0.25), 1.0);
    out.threads = ceil(at_least((double)s->cols, 1.0) / out.elements_per_load / warp) * warp;
    out.threads = at_most(out.threads, (double)block_threads_max);
    out.iterations = ceil(at_least((double)s->cols, 1.0) / (out.threads * out.elements_per_load));
    out.resident = at_least(at_most(floor((double)(sm->max_warps * sm->warp_threads) / out.threads), (double)sm->max_blocks), 1.0);
    out.resident = at_most(out.resident, ceil(out.rows / (double)sm->count));
    out.waves = out.rows / ((double)sm->count * out.resident);
    out.accesses = streams + 1.0;
    out.instructions = (double)ctx->stack->stream_access_instructions;
    out.passes = at_least((double)s->passes, 1.0) + (s->gather ? 1.0 : 0.0);
    return out;
}

/* One round of all resident blocks: first pass from `latency`, later passes from L1 or L2. SM cycles. */
static double round_issue_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw)
{
    const struct arch_unit *vector = hardware_unit(hw, "vector");
    double lanes = vector && vector->fma_fp32_per_cycle_sm > 0.0 ? vector->fma_fp32_per_cycle_sm : 1.0;
    double sfu = vector && vector->sfu_per_cycle_sm > 0.0 ? vector->sfu_per_cycle_sm : lanes;
    double threads = shape->resident * shape->threads, elements = threads * shape->elements_per_load;

    /* every pass loads again; the operations of an element are its sum over all passes */
    return threads * shape->accesses * shape->instructions / lanes
         + (elements * k->stream.vector_ops_per_element / lanes + elements * k->stream.sfu_ops_per_element / sfu) / shape->passes;
}

/* Cycles in which the busiest SM goes through its rounds if bandwidth were free. */
static double rounds_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw, double miss_share)
{
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles);
    double busy = at_most(shape->waves * shape->iterations, 1.0); /* one round alone meets an idle memory */
    double dram = hw->dram.latency_cycles + (at_least(hw->dram.loaded_latency_cycles, hw->dram.latency_cycles) - hw->dram.latency_cycles)
                * (shape->waves > 1.0 ? 1.0 : 0.0) * busy;
    double first = l2 + (dram - at_most(l2, dram)) * miss_share, again = hw->sm.l1_latency_cycles > 0.0 ? hw->sm.l1_latency_cycles : l2;
    double gather = k->stream.gather ? first : 0.0;
    double wait = first + gather + (shape->passes - 1.0 - (k->stream.gather ? 1.0 : 0.0)) * (again + 2.0 * hw->sm.barrier_cycles);
    double issue = shape->passes * round_issue_cycles(shape, k, hw), waves = shape->waves > 1.0 ? shape->waves : 1.0;
    /* Blocks of later waves start as earlier ones end, so one's waiting lies under the others' issue; the first wave starts together. */
    double later[2] = { issue, wait + issue / shape->resident };

    return shape->iterations * (wait + issue) + hw->launch.block_cycles
         + (waves - 1.0) * (shape->iterations * overlap_norm(later, 2, hw->sm.overlap_exponent) + hw->launch.block_cycles);
}

void stream_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    const struct hardware *hw = ctx->hw;
    const struct stream_kernel_shape *s = &k->stream;
    struct stream_shape shape = shape_of(k, ctx);
    double hz = clock_highest_hz(ctx), capacity = l2_shared_capacity_bytes(&hw->l2), terms[3], total;
    double elements = (double)s->rows * (double)s->cols;
    double warm = (double)k->warm.a_bytes + (double)k->warm.b_bytes + (double)k->warm.other_bytes;
    double cold = at_least((double)s->read_bytes - warm, 0.0), spilled = at_least((double)s->write_bytes - capacity, 0.0);
    double rate = hw->dram.bandwidth_bytes_per_s;
    int worst = 0;
    static const enum cause term_cause[3] = { CAUSE_VECTOR, CAUSE_L2, CAUSE_DRAM };

    memset(out, 0, sizeof *out);
    terms[0] = rounds_cycles(&shape, k, hw, s->read_bytes > 0 ? cold / (double)s->read_bytes : 0.0) / hz;
    terms[1] = ((double)s->read_bytes / hw->l2.bytes_per_cycle + (double)s->write_bytes / hw->l2.write_bytes_per_cycle) / hz;
    terms[2] = cold / (rate * hw->dram.read_efficiency) + spilled / (rate * hw->dram.write_efficiency);
    for (int i = 1; i < 3; i++)
        if (terms[i] > terms[worst])
            worst = i;
    total = overlap_norm(terms, 3, hw->sm.overlap_exponent);
    account_begin(ctx->account);
    account_resource(ctx->account, "rounds of load, compute, store", CAUSE_VECTOR, terms[0]);
    account_resource(ctx->account, "L2", CAUSE_L2, terms[1]);
    account_resource(ctx->account, "DRAM", CAUSE_DRAM, terms[2]);
    account_step(ctx->account, "whole kernel", total, 1.0);
    if (worst == 0) { /* of the rounds, what is not issue is waiting */
        double issue = shape.passes * shape.iterations * at_least(shape.waves, 1.0) * round_issue_cycles(&shape, k, hw) / hz;

        out->parts_s[CAUSE_VECTOR] = at_most(issue, total);
        out->parts_s[CAUSE_STALL] = total - out->parts_s[CAUSE_VECTOR];
        account_part(ctx->account, "instructions of all rounds", CAUSE_VECTOR, out->parts_s[CAUSE_VECTOR]);
        account_part(ctx->account, "waiting for memory between rounds", CAUSE_STALL, out->parts_s[CAUSE_STALL]);
    } else {
        out->parts_s[term_cause[worst]] = total;
        account_part(ctx->account, "stream", term_cause[worst], total);
    }
    out->bytes[LEVEL_L2] = (double)s->read_bytes + (double)s->write_bytes;
    out->bytes[LEVEL_DRAM] = cold + spilled;
    out->flops = k->flops;
    out->clock_hz = hz;
    out->events.vector_ops = elements * s->vector_ops_per_element;
    out->events.sfu_ops = elements * s->sfu_ops_per_element;
    out->events.instructions = elements / shape.elements_per_load / (double)hw->sm.warp_threads * shape.accesses * shape.instructions;
    out->mapping.kind = KERNEL_STREAM;
    launch_finish(out, ctx, false);
}
