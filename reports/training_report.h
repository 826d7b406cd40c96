/* SPDX-License-Identifier: Apache-2.0 */
/** The report of one training iteration: on a terminal, as JSON (schema "llmsim.training/1", docs/training.md), and read back for figures. */
#ifndef LLMSIM_REPORTS_TRAINING_REPORT_H
#define LLMSIM_REPORTS_TRAINING_REPORT_H

#include "reports/run_report.h"
#include "sim/training.h"

/** What was trained, as names and sizes. */
struct training_head {
    const char *system, *device, *model, *stack, *recipe, *fidelity, *recompute, *sharding;
    int64_t tp, pp, dp, ep, cp, chunks, micro_batch, global_batch, seq;
    int64_t capacity_bytes;          /* memory of a device */
};

void report_training_text(FILE *out, const struct training_result *r, const struct training_head *head, const struct report_style *style);

/** One JSON object. Same result, same bytes. STATUS_INTERNAL: the stream failed. */
enum status report_training_json(FILE *out, const struct training_result *r, const struct training_head *head, struct error *err);

/** Is this file such a JSON? False also where it cannot be read. */
bool report_training_is(const char *path);

/** Reads it back; of the result what the file has: no `sums`. STATUS_BAD_INPUT with place: another file, a member that is missing, negative or too large. */
enum status report_training_read(struct training_result *out, struct training_head *head, const char *path, struct arena *arena, struct error *err);

#endif
