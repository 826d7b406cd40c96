/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Latency and bandwidth by footprint, in closed form from the description: what a microbenchmark on the chip would see.
 *
 * A buffer of F bytes is walked through again and again. A level of capacity C keeps a line until its next use with the hit rate
 * of random (hashed) replacement, the root below 1 of      h = exp(-(1 - h) F / C),  h = 1 for F <= C       docs/probe.md, Eq. 1
 * (between two uses of a line (1 - h) F / line misses each evict it with probability line / C). Where L2 has partitions, data
 * used from both sides take room in both: near hits have the measured plateau (l2.hash_capacity_share of l2.bytes). What one reader's partition has lost is a
 * far hit where its home is another partition, which holds that share of the footprint.
 * Left out: TLB misses, set conflicts, prefetch, the bandwidth of the crossing between partitions.
 */
#ifndef LLMSIM_SIM_FOOTPRINT_H
#define LLMSIM_SIM_FOOTPRINT_H

#include <stdint.h>

#include "arch/hardware.h"

/** Shares of accesses served by each level; they sum to 1. */
struct footprint_hits {
    double l1, l2_near, l2_far, llc, dram;
};

/** Root of Eq. 1, in [0, 1]. capacity <= 0: 0. */
double footprint_hit_rate(double footprint_bytes, double capacity_bytes);

/** Of one SM that walks through the buffer alone. */
struct footprint_hits footprint_hits(const struct hardware *hw, int64_t footprint_bytes);

/** Pointer chase of one thread: cycles of the SM clock at boost from load to use. */
double footprint_latency_cycles(const struct hardware *hw, int64_t footprint_bytes);

/** Every SM reads the whole buffer, all at once: bytes/s that they take together, at boost clock. The busiest level sets the pace. */
double footprint_bytes_per_s(const struct hardware *hw, int64_t footprint_bytes);

#endif
