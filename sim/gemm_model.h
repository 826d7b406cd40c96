/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The closed-form GEMM model: cycles of one main-loop step by resource, waves, prologue and epilogue. docs/gemm.md
 * Used by the picking rule (sim/mapping.c) and by `analytic` (sim/gemm_time.c).
 */
#ifndef LLMSIM_SIM_GEMM_MODEL_H
#define LLMSIM_SIM_GEMM_MODEL_H

#include "sim/l2_reuse.h"
#include "sim/mapping.h"
#include "sim/timing.h"

/** What one block needs of the resources of its SM in one step of its main loop (tile_k deep). Cycles and bytes. */
struct gemm_step {
    double matrix_cycles;     /* unit busy: tile_m tile_n tile_k / rate, padding included */
    double shared_cycles;     /* shared-memory port: fragments read, tiles written */
    double vector_cycles;     /* dequantization, group scales, tables built in the kernel */
    double register_cycles;   /* partial-sum port: psum bytes over the register file's rate */
    double l2_bytes;          /* fetched through L2 by the block, multicast counted once a cluster */
    double shared_bytes;      /* moved through the shared-memory port */
    double psum_bytes, table_bytes, vector_ops;
    double vector_lanes;      /* of an SM: operations a clock */
};

/** Cost of a mapping, independent of the clock. */
struct gemm_cost {
    struct gemm_step step;
    struct l2_reuse reuse;
    double blocks_full;       /* blocks in whole waves / slots of a wave = number of whole waves */
    double rest_blocks;       /* blocks of the last, partial wave */
    double edge_step_cycles;  /* gemm_edge_step_cycles() */
    double slots;             /* SMs x blocks_per_sm */
    double regroup_cycles;    /* of a grouped kernel before each tile whose expert is not the last one's */
    double epilogue_bytes;    /* of one block, through L2 */
    double epilogue_vector_cycles;
    double fill_cycles;       /* array: from a block's last operands to its last results; 0 elsewhere */
    double drain_cycles;      /* array: results of a block leave its elements row by row; 0 elsewhere */
    double reduce_bytes;      /* split-K partial sums, written and read */
    double dram_read_bytes, dram_write_bytes, l2_read_bytes, l2_write_bytes;
};

/** Fills what one step of one block needs; independent of the split. */
void gemm_step_of(struct gemm_step *out, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw);

/** Passes of an array of service.tile_m x tile_n elements over a tile: those that no row of the product falls into are skipped. */
double gemm_array_passes(const struct gemm_mapping *map, const struct gemm_kernel_shape *g);

/** Cycles for which the copies of all SMs together are at rows beyond the matrix, in a step of the tiles at its lower edge. */
double gemm_edge_step_cycles(const struct gemm_mapping *map, const struct gemm_kernel_shape *g, double slots);

/** True if the kernel is written for the instruction and the class of operands ("any": for none in particular). */
bool gemm_kernel_is_for(const struct gemm_kernel *kernel, const char *instruction, const char *operands);

/** True if the library offers the kernel for so many rows and weights of this width. */
bool gemm_kernel_takes(const struct gemm_kernel *kernel, const struct gemm_kernel_shape *g);

#define GEMM_SUM_BYTES 4.0 /* of a partial sum of split-K: fp32 */

/** fp32 partial sums of split-K: each part written, all read once. Bytes. */
double gemm_reduce_bytes(const struct gemm_mapping *map, const struct kernel *k);

/** Time in which the partial sums of split-K are added up (s); 0 without a split. */
double gemm_reduce_s(const struct gemm_cost *cost, const struct timing_context *ctx, double hz);

/** Of that, what passes before the first sum: latency, or the launch of a kernel of its own (s). */
double gemm_reduce_start_s(const struct timing_context *ctx, double hz);

/** Fills the cost of a legal mapping. */
void gemm_cost_of(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw,
                  const struct stack *stack);

/** The same where the step is known, which no split changes. */
void gemm_cost_of_step(struct gemm_cost *out, const struct gemm_step *step, const struct gemm_mapping *map, const struct kernel *k,
                       const struct hardware *hw, const struct stack *stack);

/** Fills what follows from the number of blocks: slots, waves, edge tiles, partial sums. */
void gemm_cost_waves(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw);

/** Fills what the results of one block take on their way out: epilogue_bytes, epilogue_vector_cycles, drain_cycles. out->step is there. */
void gemm_cost_epilogue(struct gemm_cost *out, const struct gemm_mapping *map, const struct kernel *k);

/** A lower bound of gemm_cost_time_s() at `hz` and below: memory is idle, later waves are covered. s */
double gemm_cost_bound_s(const struct gemm_cost *cost, const struct gemm_mapping *map, const struct hardware *hw, const struct stack *stack, double hz);

/** Seconds at clock `hz`; parts_s[CAUSES] sum to the result (parts may be NULL). */
double gemm_cost_time_s(double *parts_s, const struct gemm_cost *cost, const struct gemm_mapping *map,
                        const struct timing_context *ctx, double hz);

/** Countable events of one launch. */
void gemm_cost_events(struct events *events, const struct gemm_cost *cost, const struct gemm_mapping *map, const struct kernel *k, const struct hardware *hw);

/** Legal mapping of one catalogue entry and split, or false and the binding constraint. */
bool gemm_mapping_legal(struct gemm_mapping *out, const struct gemm_kernel *kernel, int64_t split_k, const struct kernel *k,
                        const struct hardware *hw, const char **why);

/** Splits K of an unsplit legal mapping, or false and the binding constraint. */
bool gemm_mapping_split(struct gemm_mapping *map, int64_t split_k, const struct gemm_kernel_shape *g, const struct hardware *hw, const char **why);

/** Could gemm_mapping_split() split it so? Else the binding constraint. */
bool gemm_mapping_splits(const struct gemm_mapping *unsplit, int64_t split_k, const char **why);

/** The instruction that a catalogue entry must be written for: the unit's, or plain lanes. */
const char *gemm_instruction(const struct arch_unit *unit);

/** What a kernel must be written for to take these operands (gemm_kernel.operands); NULL: nothing special. */
const char *gemm_operand_class(const struct gemm_kernel_shape *g);

/** The mapping by the library's rule (else the fastest) and, unless NULL, the best time of any legal mapping at the sustained clock of `ctx` (s).
 *  The library knows nothing of `ctx` but chip and stack. False: none is legal; `why` is the constraint that binds. */
bool gemm_choose(struct gemm_mapping *picked, double *best_s, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why);

/** mapping_choose() of a GEMM by ctx->choice, with the best time as in gemm_choose(). */
enum status mapping_choose_gemm(struct mapping *out, double *best_s, const struct kernel *k, const struct timing_context *ctx, struct error *err);

/** A legal mapping, what the library's rule makes of it, and its full analytic time. */
struct gemm_candidate {
    struct gemm_mapping mapping;
    double rule_cycles;     /* docs/gemm.md, Eq. 7: the rule picks the least; 0: its class is picked otherwise */
    double time_s;
};

/** All legal mappings, catalogue order, splits rising; at most `room`. Returns how many there are. */
int64_t gemm_candidates(struct gemm_candidate *out, int64_t room, const struct kernel *k, const struct timing_context *ctx);

/** Everything around the kernel's own work: launch, and the engine's own time. s */
double gemm_around_s(const struct gemm_mapping *map, const struct timing_context *ctx);

/** Full analytic evaluation of one mapping: sustained clock, time, parts. */
double gemm_mapping_time_s(struct timing *out, const struct gemm_mapping *map, const struct kernel *k, const struct timing_context *ctx);

/** The same where the cost of the mapping is known. */
double gemm_sustained_time_s(struct timing *out, const struct gemm_cost *cost, const struct gemm_mapping *map, const struct kernel *k,
                             const struct timing_context *ctx);

/** clock_settle() of a GEMM that another model timed. */
void gemm_settle(struct timing *out, const struct kernel *k, const struct timing_context *ctx);

#endif
