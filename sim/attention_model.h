/* SPDX-License-Identifier: Apache-2.0 */
/** Closed-form attention: tiles, split-KV, softmax on vector lanes and special-function units. docs/attention.md */
#ifndef LLMSIM_SIM_ATTENTION_MODEL_H
#define LLMSIM_SIM_ATTENTION_MODEL_H

#include "sim/timing.h"

/** Kernel of the stack's catalogue for this launch (by instruction, phase, width of the cache, heads of a group, blocks over SMs), or NULL. */
const struct attention_kernel *attention_kernel_of(const struct attention_kernel_shape *a, const struct stack *stack, const struct hardware *hw);

/** Takes unit and format of the products from the KV cache where the stack's kernel computes in its format (compute_kv) and the chip can. */
void attention_products(struct attention_kernel_shape *a, const struct stack *stack, const struct hardware *hw);

/** Query heads that share a block's rows: the group of a KV head where the kernel packs groups of that size, else 1. */
int64_t attention_packed_heads(const struct attention_kernel_shape *a, const struct attention_kernel *kernel);

/** Tiles and split-KV as the stack's backend picks them. STATUS_INFEASIBLE when no tile fits an SM. */
enum status attention_mapping_choose(struct attention_mapping *out, const struct kernel *k, const struct timing_context *ctx, struct error *err);

/** Time of one launch with the mapping in `out->mapping.attention`; fills the rest of `out`. */
void attention_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx);
/** clock_settle() of a fused attention that another model timed. */
void attention_settle(struct timing *out, const struct kernel *k, const struct timing_context *ctx);

/** What the walk over keys costs, beside the traffic that `cycle` simulates. docs/attention.md, 3 and 4 */
struct attention_tile {
    double matrix_cycles, softmax_cycles, shared_cycles; /* one KV tile of one block */
    double l2_bytes;                 /* keys and values of a tile */
    double first_before_cycles, later_before_cycles; /* start and dependent loads before a block's first tile of keys, in the first wave and in later ones: Eq. 4
                                                        less two round trips, of the first tile and of the results */
    double fill_cycles;              /* more for the first tile: its product and softmax have nothing to run under */
    double tile_loads;               /* round trips to memory in each tile */
};
void attention_tile_of(struct attention_tile *out, const struct kernel *k, const struct attention_mapping *map, const struct timing_context *ctx);

/** Adds what the backend launches around its kernel, and what adds up the parts of split KV, at clock hz. */
void attention_add_around(double parts_s[CAUSES], const struct kernel *k, const struct attention_mapping *map, const struct timing_context *ctx, double hz);

/** Work of one launch, exact: what roofline and the model share. */
struct attention_work {
    double fma;             /* unmasked query-key pairs x (head_dim + v_head_dim) x heads */
    double pairs;           /* unmasked pairs x heads: exponentials */
    double q_bytes, kv_bytes, o_bytes; /* each read or written once; kv only what the window reaches */
};
void attention_work_of(struct attention_work *out, const struct attention_kernel_shape *a);

#endif
