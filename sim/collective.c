/* SPDX-License-Identifier: Apache-2.0 */
/* Time of collectives by algorithm and protocol. See collective.h and docs/collectives.md, which holds predicted against measured. */
#include "sim/collective.h"

#include <math.h>
#include <string.h>

#include "sim/bounds.h"
#include "sim/launch.h"

/* What one algorithm makes of an operation: Eq. 1 of collective.h. */
struct volume {
    double hops, net_hops;         /* steps inside a node, between nodes */
    double sent, copied;           /* bytes of a rank: over its link, without it */
    double net;                    /* bytes that leave a node */
    double unit;                   /* payload that the library's cost model divides by its rate */
};

static double log2_floor(double x)
{
    int exponent;

    (void)frexp(x, &exponent); /* x = f 2^exponent, 1/2 <= f < 1 */
    return exponent - 1;
}

static struct volume ring_volume(const struct collective_kernel_shape *c, double nodes)
{
    double p = (double)c->ranks, n = (double)c->bytes;
    bool reduce_all = c->op == COLLECTIVE_ALL_REDUCE;
    double full = c->op == COLLECTIVE_ALL_GATHER ? n * p : n, passes = reduce_all ? 2 : 1;
    struct volume v = { .hops = passes * (p - 1), .net_hops = nodes > 1 ? passes * (nodes - 1) : 0, .copied = full / p };

    v.sent = v.unit = v.hops / p * full;
    v.net = v.sent;
    v.hops -= v.net_hops;
    return v;
}

static struct volume pair_volume(const struct collective_kernel_shape *c, double nodes)
{
    double p = (double)c->ranks, n = (double)c->bytes;
    bool all = c->op == COLLECTIVE_ALL_TO_ALL;
    struct volume v = { .hops = nodes > 1 ? 0 : 1, .net_hops = nodes > 1 ? 1 : 0, .sent = all ? (p - 1) / p * n : n, .copied = all ? n / p : 0 };

    v.unit = v.sent;
    v.net = all ? n * (p / nodes) * (nodes - 1) / nodes : n; /* of all ranks of the node, what goes to other nodes */
    return v;
}

static struct volume tree_volume(const struct collective_kernel_shape *c, double nodes)
{
    double p = (double)c->ranks, n = (double)c->bytes;

    return (struct volume){ .hops = 2 * (p / nodes - 1), .net_hops = nodes > 1 ? 2 * log2_floor(nodes) : 0, .sent = 2 * n, .copied = n, .net = n, .unit = 2 * n };
}

static struct volume nvls_volume(const struct collective_kernel_shape *c)
{
    double n = (double)c->bytes;

    return (struct volume){ .hops = 1, .sent = (1 + 1 / (double)c->ranks) * n, .unit = n };
}

static bool volume_of(struct volume *v, const struct collective_protocol *p, const struct collective_kernel_shape *c, const struct fabric *f)
{
    bool pairs = c->op == COLLECTIVE_ALL_TO_ALL || c->op == COLLECTIVE_SEND_RECV;

    if (c->ranks < p->ranks_min)
        return false;
    if (strcmp(p->algorithm, "ring") == 0)
        return *v = ring_volume(c, (double)f->nodes), !pairs;
    if (strcmp(p->algorithm, "tree") == 0)
        return *v = tree_volume(c, (double)f->nodes), c->op == COLLECTIVE_ALL_REDUCE;
    if (strcmp(p->algorithm, "nvls") == 0)
        return *v = nvls_volume(c), c->op == COLLECTIVE_ALL_REDUCE && f->multicast && f->nodes == 1;
    *v = pair_volume(c, (double)f->nodes);
    return strcmp(p->algorithm, "send") == 0 ? c->op == COLLECTIVE_SEND_RECV : c->op == COLLECTIVE_ALL_TO_ALL;
}

/* Rate at which the library believes, or finds, that a rank's payload moves: its link's, or its part of what leaves the node. */
static double bytes_rate(const struct fabric *f, const struct volume *v, double share, double net_share)
{
    double rate = f->bytes_per_s * share;

    return f->nodes > 1 && v->net > 0 ? at_most(rate, f->node_bytes_per_s * net_share * v->unit / v->net) : rate;
}

/* The library's own cost model: NCCL src/graph/tuning.cc, ncclTopoTuneModel and ncclTopoGetAlgoTime. */
static double picked_cost_s(const struct collective_protocol *p, const struct collective_kernel_shape *c, const struct fabric *f, const struct volume *v)
{
    double hop = f->pcie ? p->pick_hop_pcie_s : p->pick_hop_s, share = p->pick_share;
    double size = c->op == COLLECTIVE_ALL_GATHER ? (double)c->bytes * (double)c->ranks : (double)c->bytes;
    double index = size >= 64 ? log2_floor(size / 64) : 0;

    if (index < (double)p->pick_corrections_count)
        share *= p->pick_corrections[(int)index];
    return p->pick_base_s + v->hops * hop + v->net_hops * p->pick_hop_net_s + v->unit / bytes_rate(f, v, share, at_most(share, 1.0));
}

static struct collective_cost cost_of(const struct collective_protocol *p, const struct collective_kernel_shape *c, const struct fabric *f, const struct volume *v)
{
    double size = c->op == COLLECTIVE_ALL_GATHER ? (double)c->bytes * (double)c->ranks : (double)c->bytes;
    double cycles = p->clock_hz > 0 && f->clock_hz > 0 ? p->clock_hz / f->clock_hz : 1; /* seconds here over seconds where they were found */
    double share = p->one_link && f->one_link_bytes_per_s > 0 && f->nodes == 1 ? p->share * f->one_link_bytes_per_s / f->bytes_per_s : p->share;
    bool switched = f->multicast_share > 0 && strcmp(p->algorithm, "nvls") == 0;

    return (struct collective_cost){
        .algorithm = p->name,
        .base_s = cycles * (p->base_s + (p->ramp_s > 0 ? p->ramp_s * at_most(size / (double)p->ramp_bytes, 1.0) : 0)),
        .hops_s = v->hops * (cycles * p->hop_s + f->latency_s) + v->net_hops * (cycles * p->hop_s + f->net_latency_s),
        .transfer_s = v->sent / bytes_rate(f, v, switched ? f->multicast_share : share, p->net_share) + (p->copy_share > 0 ? v->copied / (f->bytes_per_s * p->copy_share) : 0),
        .link_bytes = v->sent,
    };
}

static struct collective_cost library_cost(const struct collective_kernel_shape *c, const struct fabric *f, const struct stack *stack)
{
    struct collective_cost best = { .algorithm = "none" };
    double least = INFINITY;

    for (int64_t i = 0; i < stack->protocols_count; i++) {
        const struct collective_protocol *p = &stack->protocols[i];
        struct volume v;

        if (!volume_of(&v, p, c, f))
            continue;
        double believed = picked_cost_s(p, c, f, &v);
        if (believed < least) {
            least = believed;
            best = cost_of(p, c, f, &v);
        }
    }
    return best;
}

static double total_s(const struct collective_cost *c)
{
    return c->base_s + c->hops_s + c->transfer_s;
}

/* Kernels that read peers' memory themselves: all of it at once, or a slice, reduced, and then the others' slices. */
static struct collective_cost shot_cost(const struct collective_kernel_shape *c, const struct fabric *f, const struct stack *stack, bool two)
{
    double p = (double)c->ranks, n = (double)c->bytes, sent = two ? 2 * (p - 1) / p * n : (p - 1) * n;
    double flags = c->bytes >= stack->one_shot_flag_bytes ? (two ? 2 : 1) * (p - 1) * stack->one_shot_flag_s : 0;

    return (struct collective_cost){
        .algorithm = two ? "two_shot" : "one_shot",
        .hops_s = (two ? 6 : 4) * f->latency_s + flags, /* a flag to every peer; request and answer of the reads; a flag again */
        .transfer_s = sent / (f->bytes_per_s * stack->one_shot_share),
        .link_bytes = sent,
    };
}

/* All ranks can read each other's memory: one node, joined by the device's link. */
static bool shots_allowed(const struct collective_kernel_shape *c, const struct fabric *f, const struct stack *stack)
{
    return c->op == COLLECTIVE_ALL_REDUCE && f->nodes == 1 && !f->pcie && stack->all_reduce != NULL && strcmp(stack->all_reduce, "nccl") != 0;
}

struct collective_cost collective_cost(const struct collective_kernel_shape *c, const struct fabric *fabric, const struct stack *stack)
{
    if (c->ranks <= 1)
        return (struct collective_cost){ .algorithm = "none" };
    struct collective_cost best = library_cost(c, fabric, stack);
    if (!shots_allowed(c, fabric, stack))
        return best;
    bool always = strcmp(stack->all_reduce, "one_shot") == 0;
    for (int two = 0; two < 2; two++) {
        struct collective_cost shot = shot_cost(c, fabric, stack, two);

        if (c->bytes <= (two ? stack->two_shot_max_bytes : stack->one_shot_max_bytes) && ((always && !two) || total_s(&shot) < total_s(&best)))
            best = shot;
    }
    return best;
}

void collective_timing(struct timing *out, const struct kernel *k, const struct hardware *hw, const struct fabric *fabric, const struct stack *stack)
{
    struct collective_cost c = collective_cost(&k->collective, fabric, stack);
    struct timing_context ctx = { .hw = hw, .stack = stack, .ranks = k->collective.ranks, .burst = true }; /* its program is part of base */

    *out = (struct timing){ .simulated_fraction = 1, .clock_hz = hw->clock.boost_hz };
    out->mapping.kind = KERNEL_COLLECTIVE;
    if (k->collective.ranks <= 1)
        return;
    out->parts_s[CAUSE_LAUNCH] = launch_overhead_s(&ctx, true) + c.base_s;
    out->parts_s[CAUSE_STALL] = c.hops_s;
    out->parts_s[CAUSE_LINK] = c.transfer_s;
    out->time_s = out->parts_s[CAUSE_LAUNCH] + out->parts_s[CAUSE_STALL] + out->parts_s[CAUSE_LINK];
    out->bound = c.transfer_s >= c.hops_s && c.transfer_s >= out->parts_s[CAUSE_LAUNCH] ? CAUSE_LINK
                 : c.hops_s >= out->parts_s[CAUSE_LAUNCH]                              ? CAUSE_STALL
                                                                                       : CAUSE_LAUNCH;
    out->bytes[LEVEL_LINK] = c.link_bytes;
    out->bytes[LEVEL_L2] = 2 * (double)k->collective.bytes;
}

struct fabric fabric_of_context(const struct timing_context *ctx, int64_t ranks)
{
    return ctx->fabric != NULL ? *ctx->fabric : fabric_of_device(ctx->hw, ranks);
}
