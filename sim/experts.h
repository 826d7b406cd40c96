/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Loads of experts: how many token copies each expert of a device gets. Expectations and quantiles, no random numbers. docs/moe.md, 1
 */
#ifndef LLMSIM_SIM_EXPERTS_H
#define LLMSIM_SIM_EXPERTS_H

#include "base/arena.h"
#include "base/error.h"
#include "sim/kernel.h"
#include "workloads/trace.h"

/** What enters the block and what of it belongs to the experts of one device. */
struct expert_loads {
    int64_t tokens, top_k;
    int64_t experts;                 /* on this device */
    int64_t rows, active;            /* copies for them; experts with at least one */
    int64_t groups_count;
    const struct gemm_group *groups; /* of the active ones, most rows first */
};

/** Loads of all `op->groups` experts for an OP_GROUPED_GEMM by its routing: uniform, or shares ~ 1 / i^skew. */
enum status experts_of_op(struct expert_loads *out, const struct op *op, struct arena *arena, struct error *err);

/** As even as can be: tokens top_k / ep copies on the device's experts / ep experts. */
enum status experts_balanced(struct expert_loads *out, int64_t tokens, int64_t top_k, int64_t experts, int64_t ep, struct arena *arena, struct error *err);

/**
 * Loads drawn from a bounded power law of density x^-alpha, as ai-dynamo/aiconfigurator's collector does (collector/helper.py): between 1 and
 * 0.8 tokens (0.01 and 2 with fewer copies than experts), scaled to tokens top_k in all, no expert above `tokens`, and the rank of the most copies
 * taken. Here the experts' loads are the quantiles (i + 1/2) / experts of the law, and the rank is the median heaviest of nine fixed placements.
 * @param piled  copies that rounding left over go to the experts of fewest copies, the last of equals first (older versions of that collector: a
 *               few tokens then all meet on one rank); else to the ranks in turn
 */
enum status experts_power_law(struct expert_loads *out, int64_t tokens, int64_t top_k, int64_t experts, int64_t ep, double alpha, bool piled,
                              struct arena *arena, struct error *err);

/** The part of one of `parts` passes over as many tokens. */
enum status experts_part(struct expert_loads *out, const struct expert_loads *whole, int64_t parts, struct arena *arena, struct error *err);

#endif
