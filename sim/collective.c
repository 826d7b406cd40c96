/* SPDX-License-Identifier: Apache-2.0 */
/* Alpha-beta model of collectives. See collective.h and docs/collectives.md, which holds predicted against measured. */
#include "sim/collective.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/launch.h"

/*
 * Protocols of NCCL. Shares of the link and start-up relative to LL: NCCL src/graph/tuning.cc (commit 5067397): base us LL 6.6,
 * LL128 14, Simple 8.4; NVLink hop us 0.6, 1.9, 3.4; LL carries 4 bytes of data with 4 of flag, LL128 120 with 8.
 */
static const struct protocol {
    const char *name;
    double base_ratio, hop_add_s, link_share;
} protocols[] = {
    { "ring LL", 1.0, 0, 0.5 },
    { "ring LL128", 14.0 / 6.6, 1.9e-6 - 0.6e-6, 120.0 / 128.0 },
    { "ring Simple", 8.4 / 6.6, 3.4e-6 - 0.6e-6, 1.0 },
};
enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

static double link_rate(const struct hardware *hw)
{
    return hw->link.bytes_per_s * (hw->link.efficiency > 0 ? hw->link.efficiency : 1);
}

/* Steps of a ring and the bytes that each rank sends, for n bytes in one rank's buffer before the operation. */
static void ring_volume(double *steps, double *bytes, enum collective_op op, double n, double p)
{
    switch (op) {
    case COLLECTIVE_ALL_REDUCE: *steps = 2 * (p - 1); *bytes = 2 * (p - 1) / p * n; break;
    case COLLECTIVE_ALL_GATHER: *steps = p - 1; *bytes = (p - 1) * n; break;
    case COLLECTIVE_REDUCE_SCATTER: *steps = p - 1; *bytes = (p - 1) / p * n; break;
    case COLLECTIVE_ALL_TO_ALL: *steps = 1; *bytes = (p - 1) / p * n; break;
    default: *steps = 1; *bytes = n; break;
    }
}

static double total_s(const struct collective_cost *c)
{
    return c->base_s + c->hops_s + c->transfer_s;
}

static struct collective_cost ring_cost(const struct collective_kernel_shape *c, const struct hardware *hw, const struct stack *stack)
{
    struct collective_cost best = { 0 };
    double steps, bytes;

    ring_volume(&steps, &bytes, c->op, (double)c->bytes, (double)c->ranks);
    for (int i = 0; i < PROTOCOLS; i++) {
        struct collective_cost cost = {
            .algorithm = protocols[i].name,
            .base_s = stack->collective_base_s * protocols[i].base_ratio,
            .hops_s = steps * (stack->collective_hop_s + protocols[i].hop_add_s),
            .transfer_s = bytes / (link_rate(hw) * protocols[i].link_share),
            .link_bytes = bytes / protocols[i].link_share,
        };
        if (best.algorithm == NULL || total_s(&cost) < total_s(&best))
            best = cost;
    }
    return best;
}

static bool one_shot_allowed(const struct collective_kernel_shape *c, const struct stack *stack)
{
    return c->op == COLLECTIVE_ALL_REDUCE && stack->all_reduce != NULL && strcmp(stack->all_reduce, "nccl") != 0 &&
           c->bytes <= stack->one_shot_max_bytes;
}

struct collective_cost collective_cost(const struct collective_kernel_shape *c, const struct hardware *hw, const struct stack *stack)
{
    if (c->ranks <= 1)
        return (struct collective_cost){ .algorithm = "none" };
    struct collective_cost ring = ring_cost(c, hw, stack);
    if (!one_shot_allowed(c, stack))
        return ring;
    double bytes = (double)(c->ranks - 1) * (double)c->bytes;
    struct collective_cost shot = {
        .algorithm = "one-shot",
        .base_s = 0, /* no library between: the kernel's own launch is all */
        .hops_s = 4 * hw->link.latency_s, /* a flag to every peer; request and answer of the reads; a flag again */
        .transfer_s = bytes / (link_rate(hw) * stack->one_shot_share),
        .link_bytes = bytes,
    };
    return strcmp(stack->all_reduce, "one_shot") == 0 || total_s(&shot) < total_s(&ring) ? shot : ring;
}

void collective_timing(struct timing *out, const struct kernel *k, const struct hardware *hw, const struct stack *stack)
{
    struct collective_cost c = collective_cost(&k->collective, hw, stack);
    struct timing_context ctx = { .hw = hw, .stack = stack, .ranks = k->collective.ranks };

    *out = (struct timing){ .simulated_fraction = 1, .clock_hz = hw->clock.boost_hz };
    out->mapping.kind = KERNEL_COLLECTIVE;
    if (k->collective.ranks <= 1)
        return;
    out->parts_s[CAUSE_LAUNCH] = launch_overhead_s(&ctx, false) + c.base_s;
    out->parts_s[CAUSE_STALL] = c.hops_s;
    out->parts_s[CAUSE_LINK] = c.transfer_s;
    out->time_s = out->parts_s[CAUSE_LAUNCH] + out->parts_s[CAUSE_STALL] + out->parts_s[CAUSE_LINK];
    out->bound = c.transfer_s >= c.hops_s && c.transfer_s >= out->parts_s[CAUSE_LAUNCH] ? CAUSE_LINK
                 : c.hops_s >= out->parts_s[CAUSE_LAUNCH]                              ? CAUSE_STALL
                                                                                       : CAUSE_LAUNCH;
    out->bytes[LEVEL_LINK] = c.link_bytes;
    out->bytes[LEVEL_L2] = 2 * (double)k->collective.bytes;
}
