/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming kernels: thread blocks of a row each, or of a piece of the flat tensor, each thread a load of `load_bytes` at a time, rounds
 * of load, compute, store. A round of the resident threads takes the memory latency plus the issue of its instructions; narrow loads
 * keep few bytes in flight, which is why element-at-a-time norms and activations stay far under the DRAM rate (docs/streaming.md, 1).
 * How an operator is cut into blocks is the stack's (`stream.kernels`). Left out: uncoalesced access, bank conflicts.
 */
#include "sim/stream_model.h"

#include <math.h>
#include <string.h>

#include "sim/account.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/launch.h"

static const int64_t block_threads_max = 1024;
/* Share of a block's dispatch and prologue that a small program takes, as of the ramp (sim/launch.c): no barriers or descriptors to set up. */
static const double queue_share = 0.25; /* of the idle latency that a request takes to be served: [F] norms and activations of vidur A100, A40, H100, 0.1 to 0.5 */
static const double small_program_start = 0.5; /* [F] floors of vidur A100, A40, H100, 0.3 to 0.7 */

/* Threads that a row (or the flat tensor) of `elements` keeps busy, whole warps. */
static double block_threads(double elements, double per_round, const struct stream_kernel *how, double warp)
{
    double most = how ? (double)how->threads : (double)block_threads_max;

    return at_most(ceil(elements / per_round / warp) * warp, most);
}

/* Blocks and rounds of a kernel that covers the flat tensor, with at most as many blocks as its grid is limited to. */
static void cut_flat(struct stream_shape *out, double elements, double sms)
{
    const struct stream_kernel *how = out->how;
    double pieces = ceil(elements / (out->threads * out->elements_per_round)), most = pieces;

    if (how->grid_sm > 0)
        most = at_most(most, (double)how->grid_sm * sms);
    if (how->grid > 0)
        most = at_most(most, (double)how->grid);
    out->blocks = most;
    out->iterations = ceil(pieces / most);
}

/* The library's kernel of this operator on this device; NULL: its general one. */
static const struct stream_kernel *kernel_of(const struct stream_kernel_shape *s, const struct timing_context *ctx)
{
    const struct stream_kernel *how = stack_stream(ctx->stack, s->op);
    const struct arch_unit *unit = how && how->instruction ? hardware_unit(ctx->hw, "tensor_core") : NULL;
    bool fits = !how || !how->instruction || (unit && unit->instruction && strcmp(unit->instruction, how->instruction) == 0);

    return fits ? how : NULL;
}

void stream_shape_of(struct stream_shape *out, const struct kernel *k, const struct timing_context *ctx)
{
    const struct stream_kernel_shape *s = &k->stream;
    const struct stream_kernel *how = kernel_of(s, ctx);
    const struct arch_sm *sm = &ctx->hw->sm;
    double rows = at_least((double)s->rows, 1.0), cols = at_least((double)s->cols, 1.0), sms = (double)sm->count;
    double width = how && how->load_bytes > 0 ? (double)how->load_bytes
                 : s->load_bytes > 0          ? (double)s->load_bytes
                                              : at_least((double)ctx->stack->stream_load_bytes, 2.0);
    double widest = at_least((double)s->read_bytes, (double)s->write_bytes) / (rows * cols); /* bytes of an element, all streams */
    double streams = at_least(floor(widest / 2.0 + 0.5), 1.0), warp = (double)sm->warp_threads;
    double held; /* threads whose places a block takes */
    bool serial = how && how->serial_rows > 0 && s->rows <= how->serial_rows;

    *out = (struct stream_shape){ .how = how };
    out->elements_per_round = at_least(width * streams / at_least(widest, 0.25), 1.0) * (how ? (double)how->unroll : 1.0);
    out->accesses = (streams + (s->write_bytes > 0 ? 1.0 : 0.0)) * (how ? (double)how->unroll : 1.0);
    out->threads = block_threads(how && how->flat ? rows * cols : cols, out->elements_per_round, how, warp);
    if (how && s->cols <= how->warp_cols) { /* a row in the registers of a warp: one pass, rows side by side */
        double each = at_least(cols / warp, 1.0);

        out->accesses *= at_least(each / out->elements_per_round, 1.0);
        out->elements_per_round = each;
        out->threads = at_most(ceil(rows * cols / each / warp) * warp, 128.0);
        cut_flat(out, rows * cols, sms);
    } else if (serial) {
        out->blocks = ceil(cols / (out->threads * out->elements_per_round));
        out->iterations = rows;
    } else if (how && how->flat) {
        cut_flat(out, rows * cols, sms);
    } else {
        out->blocks = rows;
        out->iterations = ceil(cols / (out->threads * out->elements_per_round));
    }
    held = out->threads;
    if (how && how->launched > 0)
        held = at_least(at_most(ceil(cols / (double)how->launched / warp) * warp, (double)how->threads), held);
    out->resident = at_least(at_most(floor((double)(sm->max_warps * sm->warp_threads) / held), (double)sm->max_blocks), 1.0);
    out->resident = at_most(out->resident, ceil(out->blocks / sms));
    out->waves = out->blocks / (sms * out->resident);
    out->instructions = how && how->instructions > 0 ? (double)how->instructions : (double)ctx->stack->stream_access_instructions;
    out->passes = how && s->cols <= how->warp_cols ? 1.0 : at_least((double)s->passes, 1.0);
}

double stream_start_cycles(const struct hardware *hw)
{
    return small_program_start * hw->launch.block_cycles;
}

/* Issue of one round of all resident blocks, all passes. SM cycles. */
double stream_issue_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw)
{
    const struct arch_unit *vector = hardware_unit(hw, "vector");
    double lanes = vector && vector->fma_fp32_per_cycle_sm > 0.0 ? vector->fma_fp32_per_cycle_sm : 1.0;
    double sfu = vector && vector->sfu_per_cycle_sm > 0.0 ? vector->sfu_per_cycle_sm : lanes;
    double integer = vector && vector->int32_ops_per_cycle_sm > 0.0 ? vector->int32_ops_per_cycle_sm : lanes;
    double threads = shape->resident * shape->threads, elements = threads * shape->elements_per_round;

    /* every pass loads again; the operations of an element are its sum over all passes */
    return shape->passes * threads * shape->accesses * shape->instructions / integer
         + elements * k->stream.vector_ops_per_element / lanes + elements * k->stream.sfu_ops_per_element / sfu;
}

/* What a thread waits for in one round, all passes: first its data, then, in later passes, data kept in L1 if the resident rows fit
 * it (L2 if not), the vector along the row, and two barriers of the reduction. SM cycles. */
double stream_wait_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw, double first, double l2)
{
    double row_bytes = (double)k->stream.read_bytes / at_least((double)k->stream.rows, 1.0);
    bool kept = hw->sm.l1_latency_cycles > 0.0 && shape->resident * row_bytes <= (double)hw->sm.l1_shared_bytes;
    double again = kept ? hw->sm.l1_latency_cycles : l2, wait = first;

    if (k->stream.gather) /* the row's index comes first */
        wait += l2;
    if (shape->how && shape->how->row_operand)
        again = at_least(again, l2);
    return wait + (shape->passes - 1.0) * again;
}

/* Of the lines that a block loads in a round, or a row in the registers of a warp, one that misses holds all up: the share of rounds that wait for DRAM. */
static double rounds_missing(const struct stream_shape *shape, double miss_share)
{
    double bytes = shape->threads * shape->elements_per_round * 2.0, hit = 1.0;

    for (int line = 0; line < 64 && (double)line * 128.0 < bytes; line++)
        hit *= 1.0 - miss_share;
    return 1.0 - hit;
}

/* Cycles in which the busiest SM goes through its rounds if bandwidth were free. Requests to DRAM wait for others as it gets `busy`, 0 to 1. */
static double rounds_cycles(double *issue_cycles, const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw, double miss_share, double busy)
{
    double dram = hw->dram.latency_cycles * (1.0 + queue_share * busy / (1.0 - busy));
    double l2 = 0.5 * (hw->l2.near_latency_cycles + hw->l2.far_latency_cycles);
    double first = l2 + (dram - at_most(l2, dram)) * rounds_missing(shape, miss_share), wait = stream_wait_cycles(shape, k, hw, first, l2);
    double reduce = (shape->passes - 1.0) * 2.0 * hw->sm.barrier_cycles, chain = shape->how ? (double)shape->how->chain * l2 : 0.0;
    double issue = stream_issue_cycles(shape, k, hw), waves = at_least(shape->waves, 1.0);
    /* Blocks of later waves start as earlier ones end, so one's waiting lies under the others' issue; the first wave starts together. */
    double later[2] = { issue, wait + issue / shape->resident };
    double start = stream_start_cycles(hw);
    double atomic = shape->how ? shape->how->atomic_cycles * shape->blocks : 0.0;

    *issue_cycles = shape->iterations * issue * waves;
    return shape->iterations * (wait + issue) + reduce + chain + start + atomic
         + (waves - 1.0) * (shape->iterations * overlap_norm(later, 2, hw->sm.overlap_exponent) + reduce + chain + start);
}

/* Time of the kernel and of its rounds: DRAM is busy for its share of the time that its own queues lengthen. A wave alone meets idle memory. */
static double whole_time(double terms[3], double *issue_cycles, const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw, double miss_share, double hz)
{
    double busy = -1.0, next = 0.0, total = 0.0;

    for (int i = 0; i < 8 && next != busy; i++) {
        busy = next;
        terms[0] = rounds_cycles(issue_cycles, shape, k, hw, miss_share, busy) / hz;
        total = overlap_norm(terms, 3, hw->sm.overlap_exponent);
        if (shape->waves > 1.0)
            next = 0.5 * (busy + at_most(terms[2] / total, 0.9));
    }
    return total;
}

/* Sums the operator's kernels: all launches but one are small kernels beside the one that streams. */
void stream_finish(struct timing *out, const struct stream_shape *shape, const struct timing_context *ctx)
{
    double more = shape->how ? (double)shape->how->launches - 1.0 : 0.0, each = launch_overhead_s(ctx, false)
                + (ctx->hw->launch.block_cycles + ctx->hw->l2.far_latency_cycles) / clock_highest_hz(ctx);

    if (more > 0.0) {
        out->parts_s[CAUSE_LAUNCH] += more * each;
        account_part(ctx->account, "launch: further small kernels", CAUSE_LAUNCH, more * each);
    }
    launch_finish(out, ctx, false);
}

void stream_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx)
{
    const struct hardware *hw = ctx->hw;
    const struct stream_kernel_shape *s = &k->stream;
    struct stream_shape shape;
    double hz = clock_highest_hz(ctx), terms[3], total, issue, elements = (double)s->rows * (double)s->cols;
    double warm = (double)k->warm.a_bytes + (double)k->warm.b_bytes + (double)k->warm.other_bytes;
    double cold = at_least((double)s->read_bytes - warm, 0.0);
    double drained = at_least((double)s->write_bytes - (double)k->warm.out_bytes, 0.0); /* dirty lines, its own or older ones, make room */
    double rate = hw->dram.bandwidth_bytes_per_s, miss = s->read_bytes > 0 ? cold / (double)s->read_bytes : 0.0;
    int worst = 0;
    static const enum cause term_cause[3] = { CAUSE_VECTOR, CAUSE_L2, CAUSE_DRAM };

    memset(out, 0, sizeof *out);
    stream_shape_of(&shape, k, ctx);
    terms[1] = ((double)s->read_bytes / hw->l2.bytes_per_cycle + (double)s->write_bytes / hw->l2.write_bytes_per_cycle) / hz;
    terms[2] = cold / (rate * hw->dram.read_efficiency) + drained / (rate * hw->dram.write_efficiency);
    total = whole_time(terms, &issue, &shape, k, hw, miss, hz);
    for (int i = 1; i < 3; i++)
        if (terms[i] > terms[worst])
            worst = i;
    account_begin(ctx->account);
    account_resource(ctx->account, "rounds of load, compute, store", CAUSE_VECTOR, terms[0]);
    account_resource(ctx->account, "L2", CAUSE_L2, terms[1]);
    account_resource(ctx->account, "DRAM", CAUSE_DRAM, terms[2]);
    account_step(ctx->account, "whole kernel", total, 1.0);
    if (worst == 0) { /* of the rounds, what is not issue is waiting */
        out->parts_s[CAUSE_VECTOR] = at_most(issue / hz, total);
        out->parts_s[CAUSE_STALL] = total - out->parts_s[CAUSE_VECTOR];
        account_part(ctx->account, "instructions of all rounds", CAUSE_VECTOR, out->parts_s[CAUSE_VECTOR]);
        account_part(ctx->account, "waiting for memory between rounds", CAUSE_STALL, out->parts_s[CAUSE_STALL]);
    } else {
        out->parts_s[term_cause[worst]] = total;
        account_part(ctx->account, "stream", term_cause[worst], total);
    }
    out->bytes[LEVEL_L2] = (double)s->read_bytes + (double)s->write_bytes;
    out->bytes[LEVEL_DRAM] = cold + drained;
    out->flops = k->flops;
    out->clock_hz = hz;
    out->events.vector_ops = elements * s->vector_ops_per_element;
    out->events.sfu_ops = elements * s->sfu_ops_per_element;
    out->events.instructions = elements / shape.elements_per_round / (double)hw->sm.warp_threads * shape.accesses * shape.instructions;
    out->mapping.kind = KERNEL_STREAM;
    stream_finish(out, &shape, ctx);
}
