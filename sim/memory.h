/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory of one device at the peak of a run: weights as stored, KV cache at its fullest, live activations, workspace.
 * docs/memory.md has the equations. Left out: paging granularity, allocator fragmentation, the CUDA context.
 */
#ifndef LLMSIM_SIM_MEMORY_H
#define LLMSIM_SIM_MEMORY_H

#include "sim/lower.h"
#include "sim/run.h"
#include "sim/step_source.h"

/** KV tokens of each kv_info record at the iteration where the cache is fullest. */
struct kv_peak {
    int64_t records;
    double tokens[8];
    double total_elements; /* of that iteration, unsharded */
};

/** Stored bytes of all weights on one rank; -1: overflow. Tied weights count once. */
int64_t memory_weights(const struct model_info *model, const struct recipe *recipe, const struct layout *layout);
/** KV bytes on one rank at the peak. */
int64_t memory_kv(const struct kv_peak *peak, const struct model_info *model, const struct recipe *recipe, const struct layout *layout);
/** Takes the last iteration of a step (contexts grow, so it is the step's fullest) into the peak. */
void memory_kv_step(struct kv_peak *peak, const struct model_info *model, const struct step *step);

/** KV bytes on one rank after iteration `repetition` (from 0) of a step. */
int64_t memory_kv_iteration(const struct model_info *model, const struct run_spec *spec, const struct step *step, int64_t repetition);
/** Activations and workspace of a step (the other members 0), lowered into `arena`. */
enum status memory_step(struct memory_use *out, const struct run_spec *spec, const struct model_info *model, const struct step *step, struct arena *arena,
                        struct error *err);

/**
 * Reads the whole trace and fills *out. Does not fit: STATUS_INFEASIBLE, the message names the binding constraint and the nearest
 * designs that fit.
 */
enum status memory_account(struct memory_use *out, const struct run_spec *spec, const char *trace_path, struct error *err);
/** The same of steps that come from somewhere; `name` is for messages. */
enum status memory_account_steps(struct memory_use *out, const struct run_spec *spec, struct step_source *source, const char *name, struct error *err);

#endif
