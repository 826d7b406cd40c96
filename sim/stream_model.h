/* SPDX-License-Identifier: Apache-2.0 */
/** Closed-form time of a streaming (elementwise, norm, gather) kernel. docs/streaming.md */
#ifndef LLMSIM_SIM_STREAM_MODEL_H
#define LLMSIM_SIM_STREAM_MODEL_H

#include "sim/timing.h"

/** Thread blocks of a streaming kernel, as its library writes it (stack_stream()) or a block a row. */
struct stream_shape {
    const struct stream_kernel *how; /* NULL: the stack's general kernel */
    double blocks, threads;      /* of the kernel; of a block */
    double elements_per_round;   /* that a thread takes in one round */
    double iterations;           /* rounds of a block, each pass */
    double resident, waves;      /* blocks on a busy SM; blocks / (SMs resident) */
    double accesses;             /* loads and stores of a thread in a round */
    double passes;               /* dependent passes over a row */
    double instructions;         /* of a thread for one access, beside the operations: address, predicate, conversion, loop */
};
void stream_shape_of(struct stream_shape *out, const struct kernel *k, const struct timing_context *ctx);

/** Issue of one round of all resident blocks of an SM, all passes (SM cycles). */
double stream_issue_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw);

/** What a thread waits for in one round: `first` for its data, then for what later passes read again. SM cycles. */
double stream_wait_cycles(const struct stream_shape *shape, const struct kernel *k, const struct hardware *hw, double first, double l2);

/** Dispatch and prologue of a block of such a small program, SM cycles. */
double stream_start_cycles(const struct hardware *hw);

/** Adds the operator's further small kernels and the launch, and sums up. */
void stream_finish(struct timing *out, const struct stream_shape *shape, const struct timing_context *ctx);

/** Time of one launch of a KERNEL_STREAM; fills all of `out`. Cannot fail. */
void stream_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx);

#endif
