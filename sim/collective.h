/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Collectives: what a library's algorithm and protocol take over the links of a node and the network between nodes.
 * docs/collectives.md has equations, sources and errors against measurements.
 *
 *   t = base + ramp + hops (hop + link latency) + x / (B share) + y / (B copy_share)                     Eq. 1
 *   x  bytes that a rank sends, y  bytes that it copies without sending, B  payload rate of its link, one direction
 *   ring all-reduce       hops 2 (p-1)   x = 2 (p-1)/p n     y = n / p     (Patarasuk and Yuan, JPDC 69(2), 2009)
 *   ring all-gather       hops p-1       x = (p-1) m         y = m         m = bytes of one rank before
 *   ring reduce-scatter   hops p-1       x = (p-1)/p n       y = n / p
 *   tree all-reduce       hops 2 depth   x = 2 n             y = n         (double binary tree)
 *   NVLS all-reduce       hops 1         x = (1 + 1/p) n     y = 0         (the switch reduces, then multicasts)
 *   all-to-all            hops 1         x = (p-1)/p n       y = n / p
 *   send/receive          hops 1         x = n               y = 0
 *   one-shot   t = 4 latency + (p-1) flag + (p-1) n / (B one_shot_share)                                 Eq. 2
 *   two-shot   t = 6 latency + 2 (p-1) flag + 2 (p-1)/p n / (B one_shot_share)
 *
 * base, ramp and hop are programs on an SM: seconds at the clock for which the stack states them, as many cycles at the device's.
 * The library takes the protocol that its own cost model (stack: pick_ values) finds fastest, not the one that is.
 */
#ifndef LLMSIM_SIM_COLLECTIVE_H
#define LLMSIM_SIM_COLLECTIVE_H

#include "arch/hardware.h"
#include "arch/stack.h"
#include "arch/system.h"
#include "sim/kernel.h"
#include "sim/timing.h"

/** What joins the ranks of one collective. Rates are payload of one device, one direction. */
struct fabric {
    double bytes_per_s, latency_s;  /* between two devices of a node */
    bool pcie;                      /* over the host link */
    bool multicast;                 /* the switch can reduce and multicast (NVLS) */
    double multicast_share;         /* of bytes_per_s that is left through the switch's units; 0: the library's own figure */
    double one_link_bytes_per_s;    /* mesh: between two of its devices; 0: no mesh */
    double clock_hz;                /* of the devices' SMs, on which the library's programs run; 0: as the stack's figures were found */
    int64_t nodes;                  /* >= 1 */
    double node_bytes_per_s;        /* out of a node, all cards that these ranks use; nodes > 1 */
    double net_latency_s;
};

/** Ranks on the device's own link: what a single description of hardware says. A full mesh gives p ranks p - 1 of its links. */
/** Most devices that can work together in a node: what the link joins; cards with bridges also reach further ones over the host link. */
int64_t fabric_ranks_max(const struct hardware *hw);
struct fabric fabric_of_device(const struct hardware *hw, int64_t ranks);
/** The context's fabric, or the device's. */
struct fabric fabric_of_context(const struct timing_context *ctx, int64_t ranks);
/** `ranks` over `nodes` nodes of a system, as many on each. Ranks of a node beyond its link domain talk over PCIe. */
struct fabric fabric_of_system(const struct arch_system *system, int64_t ranks, int64_t nodes);

struct collective_cost {
    const char *algorithm;      /* protocol of the stack ("ring_ll128"), "one_shot", "two_shot", "none" */
    double base_s, hops_s, transfer_s; /* software and start; latency of the steps; bytes over bandwidth */
    double link_bytes;          /* sent by one rank, payload */
};

/** The algorithm that the stack's library picks. ranks 1: all zero. */
struct collective_cost collective_cost(const struct collective_kernel_shape *c, const struct fabric *fabric, const struct stack *stack);

/** The same as a kernel's timing: start of this launch to start of the next, in the stack's launch mode. */
void collective_timing(struct timing *out, const struct kernel *k, const struct hardware *hw, const struct fabric *fabric, const struct stack *stack);

#endif
