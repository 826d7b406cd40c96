/* SPDX-License-Identifier: Apache-2.0 */
/** Inside sim/: steps one after the other, from a file as it streams or from memory. */
#ifndef LLMSIM_SIM_STEP_SOURCE_H
#define LLMSIM_SIM_STEP_SOURCE_H

#include "workloads/trace.h"

struct step_source {
    const struct model_info *model;
    struct trace *trace;                 /* streams; or NULL: */
    const struct step *const *steps;     /* count of them */
    int64_t count, at;
    struct arena *scratch;               /* memory that stays from run to run; NULL: each has its own */
    struct lower_memo *lowered;          /* of steps in memory that were lowered for other runs; NULL: they were not */
};

/** Next step, of `arena` where it streams (the caller resets that between steps); *out NULL at the end. */
static inline enum status step_source_next(const struct step **out, struct step_source *s, struct arena *arena, struct error *err)
{
    if (s->trace)
        return trace_next(out, s->trace, arena, err);
    *out = s->at < s->count ? s->steps[s->at++] : NULL;
    return STATUS_OK;
}

#endif
