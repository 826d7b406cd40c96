/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program on a chip, from runs of a part of it: which parts are run, and how the rest follows from them with a checked error.
 * GEMM: waves within loop lengths; streams: waves; attention: steps.                                  docs/cycle.md, 6
 */
#ifndef LLMSIM_SIM_HW_SIMULATE_H
#define LLMSIM_SIM_HW_SIMULATE_H

#include "sim/hw/chip.h"
#include "sim/hw/extrapolate.h"
#include "sim/hw/programs.h"

namespace llmsim {

/// Places in a Measure. Time first.
enum {
    in_cycles, in_start, in_wait_dram, in_wait_l2, in_barrier, in_epilogue, in_matrix, in_vector, in_shared, in_register, in_steps,
    in_l2_read, in_l2_write, in_miss, in_written_back, in_dram_busy, in_l2_busy
};

/// What may be spent on one kernel.
struct Effort {
    double tolerance = 0.005;    ///< share of time by which two estimates may differ
    int64_t steps = 140000;      ///< of all blocks in one run, beyond which no run is made longer to meet the tolerance
};
/// Everything is simulated: for tests.
constexpr Effort whole_effort = {0, INT64_MAX / 4};

struct Simulated {
    Measure value{};
    double fraction = 1;   ///< of the steps
    double error = 0;      ///< share of the time by which the extrapolation may be off: half of what its two estimates differ by
    int64_t events = 0;    ///< process activations
};

/// llmsim_cycle_time() with an effort of one's own (tests hold extrapolations against whole simulations).
enum status cycle_time_with(struct timing *out, const struct kernel *k, const struct timing_context *ctx, const Effort &effort, struct error *err);

Simulated simulate_gemm(const ChipParams &chip, GemmProgram *program, int64_t slots, const Effort &effort);
Simulated simulate_attention(const ChipParams &chip, AttentionProgram *program, int64_t slots, const Effort &effort);
Simulated simulate_stream(const ChipParams &chip, const StreamProgram &program, int64_t slots, const Effort &effort);

}  // namespace llmsim

#endif
