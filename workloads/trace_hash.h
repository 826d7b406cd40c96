/* SPDX-License-Identifier: Apache-2.0 */
/** Content hash of trace records: values by the field table, so that spacing, comments and defaults written out do not matter. */
#ifndef LLMSIM_WORKLOADS_TRACE_HASH_H
#define LLMSIM_WORKLOADS_TRACE_HASH_H

#include "base/hash.h"
#include "workloads/trace.h"

void trace_hash_model(struct hasher *h, const struct model_info *model);
void trace_hash_step(struct hasher *h, const struct step *step);

#endif
