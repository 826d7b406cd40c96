/* SPDX-License-Identifier: Apache-2.0 */
/** What a well-formed record must hold beyond its syntax; the reader calls these, so that nobody downstream needs to. */
#ifndef LLMSIM_WORKLOADS_TRACE_CHECK_H
#define LLMSIM_WORKLOADS_TRACE_CHECK_H

#include "base/error.h"
#include "workloads/trace.h"

/** heads divisible by kv_heads, top_k at most groups... and every product of sizes within 63 bits in the first and the last
 *  iteration of the step. `at`: the operator's line. */
enum status trace_check_op(const struct op *op, const struct step *step, struct source_pos at, struct error *err);
/** kv >= q, and within bounds in the last iteration. */
enum status trace_check_seq(const struct seq_group *seq, const struct step *step, struct source_pos at, struct error *err);
/** Sum of parameters without overflow, stored in *parameters. */
enum status trace_check_model(const struct model_info *model, int64_t *parameters, struct source_pos at, struct error *err);

#endif
