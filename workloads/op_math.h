/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Elements that an operator touches when each operand moves once (compulsory traffic), apart from any format or cache.
 * Equations: docs/trace_format.md, "Work". FLOPs: op_flops() in trace.h.
 */
#ifndef LLMSIM_WORKLOADS_OP_MATH_H
#define LLMSIM_WORKLOADS_OP_MATH_H

#include "workloads/trace.h"

/** Elements, all `count` calls of the operator in one iteration. */
struct op_elements {
    int64_t weights;  /* of matrices: what a weight format applies to. Grouped GEMM: of min(groups, m) experts, an upper bound */
    int64_t bias;     /* vectors: biases, norm gains */
    int64_t input;    /* activations read */
    int64_t input_b;  /* the second operand of an activation-by-activation product */
    int64_t output;   /* activations written */
    int64_t kv_read, kv_write;
};

/** @return false on overflow; *out untouched. */
bool op_elements(struct op_elements *out, const struct op *op, const struct step *step, int64_t iteration);

/** The same for all iterations of the step together, in closed form. */
bool op_elements_total(struct op_elements *out, const struct op *op, const struct step *step);

/** FLOPs of all iterations of the step together, in closed form; -1: overflow. */
int64_t op_flops_total(const struct op *op, const struct step *step);

/** Query-key pairs of one sequence with q new tokens and kv keys, causal mask and window counted exactly. -1: overflow. */
int64_t attention_pairs(const struct op *op, int64_t q, int64_t kv);

/** Keys of a sequence of the group in an iteration: kv + iteration q. */
int64_t seq_kv(const struct seq_group *seq, int64_t iteration);

#endif
