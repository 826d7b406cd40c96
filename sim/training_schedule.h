/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which stage of a pipeline does what when: forward and backward passes of an iteration's micro-batches, in the order of 1F1B.
 *
 * A stage does some forward passes, then one forward and one backward in turn, then what is left of backward (Narayanan et al., PipeDream-Flush, and with
 * chunks its interleaved form: arXiv 2104.04473, 2.2). A pass starts when the stage is free and its neighbour has sent what it needs; sending is part of
 * a pass's time, as in sim/training.h. Where all stages take the same time the end is Eq. 1 of docs/training.md to the last digit; with a head on the
 * last stage Eq. 1 charges the fill and drain a share of it, the schedule what the stages take.
 */
#ifndef LLMSIM_SIM_TRAINING_SCHEDULE_H
#define LLMSIM_SIM_TRAINING_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct training_pipeline {
    int64_t stages, chunks, micro_batches;      /* each >= 1; chunks: of a stage, 1 = not interleaved */
    double forward_s, backward_s;               /* of a micro-batch on one stage, all chunks of it, without the head */
    double head_forward_s, head_backward_s;     /* head and loss, on the last stage's last chunk */
};

struct training_slot {
    int64_t stage, chunk, micro_batch;          /* from 0 */
    bool backward;
    double start_s, time_s;
};

struct training_schedule {
    int64_t count;                              /* 2 stages chunks micro_batches */
    struct training_slot *slots;                /* stage by stage, in order of time */
    double time_s;                              /* end of the last slot */
    double idle_share;                          /* of stages x time_s, in which a stage waits */
};

enum { TRAINING_SLOTS_MAX = 1 << 20 };

/** STATUS_BAD_INPUT: interleaved and micro_batches is no multiple of stages (the order is defined for those only), or over TRAINING_SLOTS_MAX slots. */
enum status training_schedule(struct training_schedule *out, const struct training_pipeline *p, struct arena *arena, struct error *err);

/** Most passes that a stage has begun forward and not yet ended backward at one moment: it keeps the activations of so many. */
int64_t training_schedule_in_flight(const struct training_schedule *s, int64_t stage);

#endif
