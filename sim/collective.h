/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Collectives inside one NVLink (or like) domain: ring by protocol, and one-shot. docs/collectives.md
 *   ring all-reduce   t = base + 2 (p - 1) hop + 2 (p - 1)/p n / B     (Patarasuk and Yuan, J. Parallel Distrib. Comput. 69(2), 2009)
 *   ring all-gather, reduce-scatter   t = base + (p - 1) hop + (p - 1) n_rank / B
 *   one-shot          t = 4 latency + (p - 1) n / B1: barrier, every rank reads all others' buffers, barrier
 * base, hop and B belong to a protocol of the library (LL, LL128, Simple); it takes the one that its own model finds fastest.
 */
#ifndef LLMSIM_SIM_COLLECTIVE_H
#define LLMSIM_SIM_COLLECTIVE_H

#include "arch/hardware.h"
#include "arch/stack.h"
#include "sim/kernel.h"
#include "sim/timing.h"

struct collective_cost {
    const char *algorithm;      /* "ring LL128", "one-shot" */
    double base_s, hops_s, transfer_s; /* software and start; latency of the steps; bytes over bandwidth */
    double link_bytes;          /* sent by one rank */
};

/** Best algorithm that the stack's library allows. ranks 1: all zero. */
struct collective_cost collective_cost(const struct collective_kernel_shape *c, const struct hardware *hw, const struct stack *stack);

/** The same as a kernel's timing: start of this launch to start of the next, in the stack's launch mode. */
void collective_timing(struct timing *out, const struct kernel *k, const struct hardware *hw, const struct stack *stack);

#endif
