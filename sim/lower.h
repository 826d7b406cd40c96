/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lowering: what one rank launches for a step, given recipe, layout and stack. docs/replay.md, docs/recipes.md
 *
 * Formats are chosen here and whatever a unit does not take natively is made explicit: activation quantization, table precompute
 * and dequantization as kernels of their own or as more work inside a neighbour, as the stack says; each says so in `note`.
 * Fusions of the stack (residual + norm, activation in the epilogue, rotary + KV write) are applied here as well.
 */
#ifndef LLMSIM_SIM_LOWER_H
#define LLMSIM_SIM_LOWER_H

#include "arch/hardware.h"
#include "arch/stack.h"
#include "base/arena.h"
#include "base/error.h"
#include "sim/experts.h"
#include "sim/kernel.h"
#include "sim/recipe.h"
#include "sim/run.h"
#include "workloads/trace.h"

struct cache_use; /* sim/lower_internal.h: what of a kernel depends on the format of the KV cache */

/** A kernel with where its inputs come from, so that replay can tell what still lies in L2. Bytes of one launch. */
struct lowered_kernel {
    struct kernel kernel;
    int64_t input, second, weights_from; /* kernels of this step that wrote A or the stream's input; the residual; B. -1: none, or older */
    int64_t second_bytes;                /* read of `second`'s output; the rest of the activation input is `input`'s */
    int64_t weight_bytes;                /* parameters read */
    int64_t activation_bytes;            /* of write_bytes or out_bytes: what the next operator reads */
    struct cache_use *cache;             /* NULL: the kernel is the same whatever the format of the KV cache */
};

/** A lowered step that outlives the run (sim/lower_memo.h): what its user knows of the kernels stays with it, in its arena. */
struct lowered_kept { struct arena *arena; void *known; };

struct lowered_step {
    int64_t count;
    struct lowered_kernel *kernels;      /* in launch order; kernel.count is how often in one iteration */
    bool cache_seen;                     /* lower_step_cache() was there */
    struct lowered_kept *kept;           /* NULL: lives as long as the arena given */
};

struct lower_context {
    const struct hardware *hw;
    const struct stack *stack;
    const struct recipe *recipe;
    const struct layout *layout;
    const struct model_info *model;
    const struct expert_loads *experts; /* of this rank, where they are known; NULL: from each step's routing */
};

/**
 * Kernels of one iteration; attention has the context lengths of iteration 0. `step` must outlive the result.
 * STATUS_INFEASIBLE: a product that no unit of the chip takes. STATUS_BAD_INPUT: sizes that overflow.
 */
enum status lower_step(struct lowered_step *out, const struct step *step, const struct lower_context *ctx, struct arena *arena,
                       struct error *err);

/**
 * lower_step() in its two parts. The first sees nothing of the KV cache's format (ctx->recipe->kv is not read), the second does what follows from
 * it; it can be done again for another format, the rest of ctx being the same. Notes of the second part live in its `arena`.
 */
enum status lower_step_body(struct lowered_step *out, const struct step *step, const struct lower_context *ctx, struct arena *arena, struct error *err);
enum status lower_step_cache(struct lowered_step *low, const struct step *step, const struct lower_context *ctx, struct arena *arena, struct error *err);

/** Bytes that one launch moves through L2 if nothing is warm: what it reads, writes, and streams of weights and KV cache. */
double lowered_touched_bytes(const struct lowered_kernel *k);

/** FLOPs of an attention kernel over its groups: 2 (d_qk + d_v) heads for each query-key pair that mask and window leave. */
double attention_kernel_flops(const struct attention_kernel_shape *a);
/** KV bytes that an attention kernel reads once over: stored bytes of the keys and values in its groups' windows. */
double attention_kernel_kv_bytes(const struct attention_kernel_shape *a);

#endif
