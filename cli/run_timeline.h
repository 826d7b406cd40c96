/* SPDX-License-Identifier: Apache-2.0 */
/** The timeline of `llmsim run`: its options, checked before the run, and what is said of the file. */
#ifndef LLMSIM_CLI_RUN_TIMELINE_H
#define LLMSIM_CLI_RUN_TIMELINE_H

#include "cli/job.h"
#include "reports/timeline.h"

struct timeline_request { const char *path, *steps; }; /* as given; NULL: not */

/** Are the steps well formed, and can the file be written? STATUS_BAD_INPUT. */
enum status run_timeline_check(const struct timeline_request *request, const char *arch, const char *trace, struct error *err);
enum status run_timeline_open(struct timeline **out, const struct timeline_request *request, const struct job *job, struct error *err);
/** Finishes the file and tells on stderr which steps are folded; the handle is gone whatever happens. */
enum status run_timeline_close(struct timeline *t, const struct timeline_request *request, const struct result *result, struct error *err);

#endif
