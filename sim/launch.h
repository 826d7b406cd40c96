/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The part of a kernel's time that is not its work: gap before it, ramp, cold program, drain, host. docs/streaming.md, 2.
 *
 *   gap    LAUNCH_KERNEL_ONLY none; LAUNCH_GRAPH launch.graph_gap_s; LAUNCH_EAGER launch.stream_gap_s
 *   ramp   launch.block_launch_s, half of it for kernels with a small program (streams; none between nodes of a graph), hidden by programmatic dependent launch where the stack uses it
 *   cold   launch.cold_program_s for kernels with a large program (GEMM, attention)
 *   drain  launch.drain_s
 * The host is no part of a kernel: it fills a queue that the device drains, and where it is late is a matter of the kernels together
 * (sim/replay.h, host_queue).
 */
#ifndef LLMSIM_SIM_LAUNCH_H
#define LLMSIM_SIM_LAUNCH_H

#include "sim/timing.h"

/** Gap, ramp, cold program and drain in seconds. */
double launch_overhead_s(const struct timing_context *ctx, bool large_program);

/** Adds the overhead to `parts_s` and sums: fills time_s and bound of `out`. */
void launch_finish(struct timing *out, const struct timing_context *ctx, bool large_program);

#endif
