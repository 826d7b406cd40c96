/* SPDX-License-Identifier: Apache-2.0 */
/** What a design is, field by field, so that a table of designs can say once what they have in common. */
#ifndef LLMSIM_REPORTS_DESIGN_FIELDS_H
#define LLMSIM_REPORTS_DESIGN_FIELDS_H

#include "base/arena.h"
#include "reports/run_report.h"

enum { DESIGN_FIELDS_MAX = 96 };

/** "A100-80GB-SXM", "llama3-8b.trace", "w=int4g128", ..., "tp=4", "dram.bandwidth=3 TB/s", "stack vllm", "analytic". What is beyond DESIGN_FIELDS_MAX is left out. */
struct design_fields { int count; const char *items[DESIGN_FIELDS_MAX]; };

/** Texts live in `arena`. `fidelity` NULL: not said. Out of memory: fewer fields. */
void design_fields(struct design_fields *out, const struct report_head *head, const char *fidelity, struct arena *arena);

/** Whether all of `count` designs have a field of this text. */
bool design_fields_share(const struct design_fields *designs, int64_t count, const char *item);

#endif
