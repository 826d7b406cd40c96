/* SPDX-License-Identifier: Apache-2.0 */
/** Closed-form time of a streaming (elementwise, norm, gather) kernel. docs/streaming.md */
#ifndef LLMSIM_SIM_STREAM_MODEL_H
#define LLMSIM_SIM_STREAM_MODEL_H

#include "sim/timing.h"

/** Time of one launch of a KERNEL_STREAM; fills all of `out`. Cannot fail. */
void stream_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx);

#endif
