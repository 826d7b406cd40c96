/* SPDX-License-Identifier: Apache-2.0 */
/* Private to sim/training*.c: passes over a stage's layers and what they hold. */
#ifndef LLMSIM_SIM_TRAINING_INTERNAL_H
#define LLMSIM_SIM_TRAINING_INTERNAL_H

#include "sim/training.h"

/* Device and host time of work. */
struct pass { double device_s, host_s; };
static inline double pass_s(const struct pass *p) { return p->device_s > p->host_s ? p->device_s : p->host_s; }

struct passes {
    struct pass forward, backward, recompute; /* all layers of the model, one micro-batch */
    double dispatch_s;                        /* of forward, and as much of backward: tokens to their experts and back */
    struct pass head_forward, head_backward;  /* final norm, head, loss; embedding */
    struct timing sums;
};

/* Parameters of one rank: `layers` of all layers together, before the pipeline divides them. */
struct rank_parameters { double layers, dense_layers, expert_layers, embedding, head; };

enum status training_passes(struct passes *out, const struct training_spec *s, const struct model_info *info, struct arena *arena, struct error *err);
void training_parameters(struct rank_parameters *out, const struct training_spec *s, const struct model_info *info);
void training_memory_of(struct training_memory *out, const struct training_spec *s, const struct model_info *info);

/* Data-parallel collective of `bytes` in the library's counting (sim/kernel.h) over `ranks` ranks that lie `stride` devices apart. */
double training_collective_s(const struct training_spec *s, enum collective_op op, double bytes, int64_t ranks, int64_t stride);

#endif
