/* SPDX-License-Identifier: Apache-2.0 */
/** Microbenchmarks run on the model itself, as one would run them on the chip. docs/probe.md */
#ifndef LLMSIM_SIM_PROBE_H
#define LLMSIM_SIM_PROBE_H

#include <stdint.h>

#include "arch/hardware.h"
#include "arch/stack.h"
#include "base/arena.h"
#include "base/error.h"
#include "sim/timing.h"

struct probe_context {
    const struct hardware *hw;
    const struct stack *stack;
    const struct fidelity *fidelity;
    int64_t ranks;              /* of the all-reduce */
    int64_t gemm_n, gemm_k;
};

struct probe_point { double x, y; };

struct probe_curve {
    const char *name, *x_name, *y_name; /* names end in units: "footprint_bytes", "latency_cycles" */
    int64_t count;
    const struct probe_point *points;
};

struct probe_type {
    const char *name, *summary;
    enum status (*run)(struct probe_curve *out, const struct probe_context *ctx, struct arena *arena, struct error *err);
};

/** latency, bandwidth, gemm, allreduce: in this order. */
const struct probe_type *const *probe_types(int64_t *count);

#endif
