/* SPDX-License-Identifier: Apache-2.0 */
/** Inside sweep/: designs that are run together, after which the next ones may be chosen. */
#ifndef LLMSIM_SWEEP_STAGE_H
#define LLMSIM_SWEEP_STAGE_H

#include "sweep/sampler.h"
#include "sweep/work.h"

/** Designs to run: those of the sampler, or a list. */
struct stage {
    const struct archive *list;          /* NULL: the sampler's */
    int64_t first, end, ordinal;         /* list: ordinal of its first */
    const char *fidelity;                /* promoted designs */
};

/** Adds to `tally`. STATUS_PARTIAL: stopped, all that was done is stored. */
enum status stage_run(struct sweep_tally *tally, const struct sweep_job *job, const struct stage *stage, struct error *err);

#endif
