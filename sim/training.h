/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Time and memory of a training iteration from sums over operators. docs/training.md has the equations and their sources.
 *
 *   passes     a micro-batch through the layers of a rank: forward; backward, where a product C = A B has two (dA = dC B^T, dB = A^T dC),
 *              attention 5 products for 2, an element-wise operator reads its gradient too; recomputation adds forward work to backward
 *   pipeline   T = n (F + B) + (pp - 1)/v (F + B)         1F1B, v chunks a stage; n micro-batches; F, B of a stage          Eq. 1
 *   FSDP       a layer's gather runs beside the layer before: max(compute, gather); backward: gather and reduce-scatter     Eq. 2
 *   experts    over several nodes a token crosses the network once a node: E[nodes] = N (1 - (1 - 1/N)^k); beside other kernels: max(C + D q, D),
 *              q = share of SMs that the exchange takes                                                                Eq. 4
 *   tensor     with sequence parallelism a sum over ranks is a reduce-scatter and the gather before the next product; backward gathers inputs
 *              again for the weights' gradients; in pieces beside products: 1 / ranks of each is left                   Eq. 5
 *   iteration  pipeline + gradients' exchange that nothing hides + optimizer                                                Eq. 3
 *   chips      kernels of N devices that wait for each other take 1 + s z(N) of one's: s the spread of chips of a type, z(N) the expected
 *              largest of N normal deviates                                                                             Eq. 6
 *
 * Left out: dropout, devices that are ill, data loading, uneven expert loads.
 */
#ifndef LLMSIM_SIM_TRAINING_H
#define LLMSIM_SIM_TRAINING_H

#include "arch/system.h"
#include "sim/recipe.h"
#include "sim/run.h"
#include "sim/training_schedule.h"
#include "workloads/llm.h"

enum recompute { RECOMPUTE_NONE, RECOMPUTE_SELECTIVE, RECOMPUTE_FULL }; /* selective: the attention core only (arXiv 2205.05198) */

/** What data-parallel ranks share out. ZeRO, arXiv 1910.02054: optimizer states; gradients too; parameters too. */
enum sharding { SHARDING_NONE, SHARDING_OPTIMIZER, SHARDING_GRADIENTS, SHARDING_FULL };

struct training_spec {
    const struct arch_system *system;
    const struct stack *stack;
    struct recipe recipe;
    const struct fidelity *fidelity;
    const struct llm *model;        /* with the number of layers that is trained */
    int64_t tp, pp, chunks, dp, ep, cp; /* chunks: of a stage (interleaving), 1 = none; ep divides dp */
    bool sequence_parallel;
    int64_t micro_batch, global_batch, seq; /* sequences of one data-parallel rank and pass; of an iteration; tokens */
    enum recompute recompute;
    enum sharding sharding;
    bool causal_flops;              /* model FLOPs count the unmasked half of attention, and values at their own width */
    bool overlap_gradients;         /* exchange of gradients beside the last micro-batch's backward pass */
    bool overlap_tensor;            /* tensor-parallel exchange in pieces beside the products that need or make them */
    bool overlap_dispatch;          /* tokens go to their experts beside another micro-batch's kernels */
    double clock_limit_hz;          /* 0 = none */
    double operand_activity;        /* sim/timing.h; 0 = 1 */
};

/** Bytes of the fullest device. */
struct training_memory {
    double parameters, gradients, optimizer, activations, temporary, total;
    double pass_activations;        /* kept from one forward pass (a micro-batch through a chunk of a stage) to its backward pass */
};

struct training_result {
    double iteration_s;
    double forward_s, backward_s;   /* of one micro-batch on one stage, launches included; backward holds recomputation */
    double bubble_s, exchange_s, optimizer_s; /* exchange: exposed part */
    struct training_pipeline pipeline; /* what training_schedule() lays out over time */
    double tokens;                  /* of an iteration, all devices */
    double flops_per_token;         /* of the model: 6 N + 12 layers heads head_dim seq, as the field counts MFU; `causal_flops`: half of the second */
    double parameters;
    struct training_memory memory;
    struct timing sums;             /* of forward and backward of one micro-batch */
};

/** STATUS_INFEASIBLE: more ranks than a link domain joins. Memory that does not fit is not an error here: the caller sees it. */
enum status training_run(struct training_result *out, const struct training_spec *spec, struct arena *arena, struct error *err);

/**
 * Time of the slowest of `devices` (1 or more) chips over the mean chip's, where times of chips spread by `spread` of their mean: docs/training.md, Eq. 6.
 * z(N) = Phi^-1((N - 3/8) / (N + 1/4)): Blom, Statistical Estimates and Transformed Beta-Variables, 1958. One device: 1.
 */
double training_slowest_factor(double spread, int64_t devices);

/** Idle share of a pipeline's busy time: (pp - 1) / (chunks micro_batches). Narayanan et al., arXiv 2104.04473, 2.2. */
double training_bubble_share(int64_t pp, int64_t chunks, int64_t micro_batches);

#endif
