/* SPDX-License-Identifier: Apache-2.0 */
/** Mapping of GEMM and attention kernels to thread blocks, as a library does it: the stack's catalogue and picking rule. docs/gemm.md */
#ifndef LLMSIM_SIM_MAPPING_H
#define LLMSIM_SIM_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/hardware.h"
#include "arch/stack.h"
#include "base/error.h"
#include "sim/kernel.h"

struct gemm_mapping {
    const struct gemm_kernel *kernel;   /* of the stack's catalogue */
    int64_t tile_m, tile_n, tile_k;     /* elements */
    int64_t warps, stages, split_k;
    bool stream_k;
    bool paired;                        /* tcgen05: two SMs of a cluster work as one on 2 tile_m rows, each with half of B */
    int64_t blocks_per_sm;              /* occupancy: limited by shared memory, registers, warps */
    int64_t grid_m, grid_n, blocks;     /* blocks = grid_m grid_n split_k batch */
    double waves;                       /* blocks / (SMs x blocks_per_sm) */
    int64_t k_steps;                    /* of one block */
    int64_t swizzle;                    /* blocks of M that a wave walks together */
    int64_t shared_bytes, registers_per_thread; /* of one block / thread */
    double efficiency;                  /* main loop's speed against the model's */
};

struct attention_mapping {
    int64_t tile_q, tile_kv, split_kv;
    int64_t blocks, blocks_per_sm;
    double waves;
    bool unfused;
};

struct mapping {
    enum kernel_kind kind;
    union { struct gemm_mapping gemm; struct attention_mapping attention; };
};

enum mapping_choice { MAPPING_PICKED, MAPPING_BEST };

/**
 * Legal mapping by the stack's rule (MAPPING_PICKED), or the one that `analytic` finds fastest (MAPPING_BEST).
 * STATUS_INFEASIBLE with the constraint that binds when none is legal (shared memory, registers).
 * Streams and collectives need no mapping: kind alone is set.
 */
enum status mapping_choose(struct mapping *out, const struct kernel *k, const struct hardware *hw, const struct stack *stack,
                           enum mapping_choice choice, struct error *err);
/** "128x256x64, 3 stages, split-K 2, 1.04 waves" */
const char *mapping_format(char *out, size_t bytes, const struct mapping *m);

#endif
