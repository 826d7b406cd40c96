/* SPDX-License-Identifier: Apache-2.0 */
/* Closed-form memory microbenchmarks; the model is in the header and in docs/probe.md. Sources of the figures: the YAML files. */
#include "sim/footprint.h"

#include <math.h>

double footprint_hit_rate(double footprint_bytes, double capacity_bytes)
{
    double low = 0, high, x;

    if (capacity_bytes <= 0)
        return 0;
    x = footprint_bytes / capacity_bytes;
    if (x <= 1)
        return 1;
    /* g(h) = exp(-(1 - h) x) - h is convex, positive at 0, zero at 1 and least at 1 - ln(x) / x: its other root lies below that. */
    high = 1 - log(x) / x;
    for (int i = 0; i < 60; i++) {
        double h = 0.5 * (low + high);

        if (exp(-(1 - h) * x) > h)
            low = h;
        else
            high = h;
    }
    return 0.5 * (low + high);
}

/* What a stream that both sides read may use before misses set in: the measured plateau, which knows of the partitions. */
static double near_capacity(const struct hardware *hw)
{
    double share = hw->l2.hash_capacity_share;

    if (share <= 0)
        share = 1.0 / (double)(hw->l2.partitions > 0 ? hw->l2.partitions : 1);
    return (double)hw->l2.bytes * share;
}

struct footprint_hits footprint_hits(const struct hardware *hw, int64_t footprint_bytes)
{
    double f = (double)footprint_bytes;
    double l1 = footprint_hit_rate(f, (double)hw->sm.l1_shared_bytes);
    double partitions = hw->l2.partitions > 0 ? (double)hw->l2.partitions : 1;
    double near = footprint_hit_rate(f, near_capacity(hw)), l2, llc = footprint_hit_rate(f, (double)hw->llc.bytes);
    struct footprint_hits h = { .l1 = l1 };

    /* A level holds what the ones above hold too, so that its hits are the larger share. */
    near = fmax(near, l1);
    /* What the reader's partition has lost is still in another one if its home is there: that one holds its share of the footprint. */
    l2 = near + (1 - near) * (partitions - 1) / partitions * footprint_hit_rate(f / partitions, near_capacity(hw));
    llc = fmax(llc, l2);
    h.l2_near = near - l1;
    h.l2_far = l2 - near;
    h.llc = llc - l2;
    h.dram = 1 - llc;
    return h;
}

double footprint_latency_cycles(const struct hardware *hw, int64_t footprint_bytes)
{
    struct footprint_hits h = footprint_hits(hw, footprint_bytes);
    double far = hw->l2.far_latency_cycles > 0 ? hw->l2.far_latency_cycles : hw->l2.near_latency_cycles;

    return h.l1 * hw->sm.l1_latency_cycles + h.l2_near * hw->l2.near_latency_cycles + h.l2_far * far +
           h.llc * hw->llc.latency_s * hw->clock.boost_hz + h.dram * hw->dram.latency_cycles;
}

static double slower(double time_s, double share, double bytes_per_s)
{
    return bytes_per_s > 0 ? fmax(time_s, share / bytes_per_s) : time_s;
}

double footprint_bytes_per_s(const struct hardware *hw, int64_t footprint_bytes)
{
    double f = (double)footprint_bytes, sms = (double)hw->sm.count, hz = hw->clock.boost_hz;
    double miss_l1 = 1 - footprint_hit_rate(f, (double)hw->sm.l1_shared_bytes);
    /* All SMs read all of it: every partition keeps its own copy. */
    double miss_l2 = 1 - footprint_hit_rate(f, near_capacity(hw));
    double miss_llc = hw->llc.bytes > 0 ? 1 - footprint_hit_rate(f, (double)hw->llc.bytes) : miss_l2;
    double time_s = slower(0, 1, sms * hw->sm.l1_bytes_per_cycle * hz); /* of one byte, all SMs together */

    time_s = slower(time_s, miss_l1, sms * hw->sm.l2_read_bytes_per_cycle * hz);
    time_s = slower(time_s, miss_l1, hw->l2.bytes_per_cycle * hz);
    time_s = slower(time_s, fmin(miss_l1, miss_l2), hw->llc.bytes > 0 ? hw->llc.bandwidth_bytes_per_s : 0);
    time_s = slower(time_s, fmin(miss_llc, miss_l2), hw->dram.bandwidth_bytes_per_s * hw->dram.read_efficiency);
    return time_s > 0 ? 1 / time_s : 0;
}
