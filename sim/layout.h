/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tensor parallelism by role: what of an operator one rank does, and where ranks must exchange. docs/layout.md
 * Source: Shoeybi et al., Megatron-LM, arXiv 1909.08053, section 3 (columns, then rows, one all-reduce after each pair).
 */
#ifndef LLMSIM_SIM_LAYOUT_H
#define LLMSIM_SIM_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "sim/kernel.h"
#include "sim/run.h"
#include "workloads/roles.h"
#include "workloads/trace.h"

/** tp is 1 .. and no more than the link joins. STATUS_INFEASIBLE says how many. */
enum status layout_check(const struct layout *layout, const struct hardware *hw, struct error *err);

/** The operator as the busiest rank sees it: every split is rounded up. KV heads fewer than ranks are replicated. */
struct op layout_op(const struct op *op, const struct layout *layout, const struct model_info *model);

/** Share of a weight record that one rank holds: rows and cols of each matrix after sharding. */
void layout_weight(int64_t *rows, int64_t *cols, const struct weight_info *w, const struct layout *layout, const struct model_info *model);

/** KV elements of a token and layer on one rank. */
int64_t layout_kv_elements(const struct kv_info *kv, const struct layout *layout);

/** Collective that must follow the operator (already sharded) before the next one; false: none. `shared_experts`: the step sums them later. */
bool layout_collective(enum collective_op *out, const struct op *op, const struct layout *layout, bool shared_experts);

/** A line for the report where a split is uneven or replicated; NULL: even. In `arena`. */
const char *layout_uneven(const struct layout *layout, const struct model_info *model, struct arena *arena);

#endif
