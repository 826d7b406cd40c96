/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Time of one engine iteration of a model, without a trace: its operators are made in memory, lowered, timed and added up as replay
 * does. Serving (sim/batch_run.h) asks for thousands of iterations that differ only in sequences and contexts; kernels are timed once.
 *
 *   device   sum of the kernels, gaps of the stack's launch mode included
 *   waits    eager only: the device's waits for the host, which launches one kernel each launch.host while the queue drains
 *   host     launch.step_host + launch.ranks_host (several ranks) + sequences x launch.sequence_host, and the start of a graph in mode `graph`
 *   time     device + waits + host                                                                docs/endtoend.md, Eq. 1
 *
 * Pipeline stages (pp > 1): a batch runs as pp micro-batches, one in each stage, so that all of it advances by one token in the time
 * that one micro-batch takes through all stages; each border is a send of the activations. docs/endtoend.md, Eq. 2
 * Left out: overlap of the host with the device across iterations, uneven stages.
 */
#ifndef LLMSIM_SIM_ENGINE_H
#define LLMSIM_SIM_ENGINE_H

#include "sim/lower.h"
#include "sim/run.h"
#include "sim/timing.h"
#include "workloads/llm.h"

struct engine_spec {
    const struct hardware *hw;
    const struct stack *stack;
    struct recipe recipe;
    struct layout layout;
    int64_t pp;                    /* pipeline stages, 1 .. layers */
    const struct fidelity *fidelity;
    const struct llm *model;
    int64_t layers;                /* 0 = the whole model; N = the last N layers, without embedding and head */
    double clock_limit_hz;         /* 0 = none */
    double operand_activity;        /* sim/timing.h; 0 = 1 */
};

struct engine_step {
    double time_s, device_s, wait_s, host_s;
    struct timing sums;            /* over all launches; mapping of the longest kernel */
};

struct engine; /* handle: keeps the kernels timed so far */
/** STATUS_INFEASIBLE: more ranks than the link joins. `spec`'s pointers are borrowed. */
enum status engine_open(struct engine **out, const struct engine_spec *spec, struct error *err);
void engine_close(struct engine *e);
/** One iteration over these sequences. PHASE_MIXED: prompts and decoding sequences in one iteration. */
enum status engine_step(struct engine_step *out, struct engine *e, enum phase phase, const struct seq_group *groups, int64_t groups_count,
                        struct error *err);

/** Bytes of one device: weights (a stage's part), and those of one token's KV cache. */
double engine_weight_bytes(const struct engine *e);
double engine_kv_token_bytes(const struct engine *e);
const struct engine_spec *engine_spec(const struct engine *e);

#endif
