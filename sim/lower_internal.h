/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by sim/lower*.c: the step under construction. */
#ifndef LLMSIM_SIM_LOWER_INTERNAL_H
#define LLMSIM_SIM_LOWER_INTERNAL_H

#include "sim/lower.h"

/* Activations made ready for a linear layer: quantized, or turned into tables. Layers that share an input share them. */
struct prepared {
    int64_t input, k;            /* made from this kernel's output; -1: nothing prepared */
    int64_t kernel;              /* made by this kernel (the input's own where it rides there) */
    const struct format *format, *table;
    int64_t bytes;
};

/* What of a kernel depends on the KV cache's format, and the kernel without it. */
struct cache_use {
    int64_t rows, cols;                  /* a stream: elements that it writes to the cache */
    double flop_ops;                     /* operations of an element that count in flops, cache aside */
    int64_t activation_bytes;            /* cache aside */
    bool activation;                     /* what goes to the cache is the operator's output */
    bool replaced;                       /* another format of its output was chosen since: the cache's bytes are not in it */
    union { struct stream_kernel_shape stream; struct attention_kernel_shape attention; };
};

struct lowering {
    const struct lower_context *ctx;
    const struct step *step;
    struct arena *arena;
    struct error *err;
    struct lowered_step *out;
    int64_t capacity;
    int64_t current, residual;   /* kernels that wrote the activations and the residual stream; -1 none yet */
    struct prepared prepared;
    /* The norm at the head of the layer loop that the last residual sum of the layer before takes along (fuse_residual_norm). */
    int64_t head_norm;           /* its kernel (first layer only), -1 none */
    struct expert_loads loads;   /* of one chunk of the step's tokens; tokens 0: not worked out yet */
    int64_t chunks;              /* passes over the experts */
};

/* Appends a kernel; NULL: no memory (err is set). `role` and `suffix` give "role/suffix". */
struct lowered_kernel *lower_add(struct lowering *l, enum kernel_kind kind, const char *role, const char *suffix, int64_t count);
int64_t lower_index(const struct lowering *l, const struct lowered_kernel *k);

/* a x b x c elements of `bits` bits in bytes, rounded up; -1: overflow. */
int64_t bytes_of(int64_t a, int64_t b, int64_t c, double bits);
enum status lower_overflow(struct lowering *l, const struct op *op);

/* Linear layers and products of activations. `fused_activation`: applied in the epilogue, or NULL. op is sharded already. */
enum status lower_gemm(struct lowering *l, const struct op *op, const struct op *fused_activation);
/* Quantized activations or tables for a GEMM of m rows and depth k. Gives the kernel that makes them and their bytes. */
enum status lower_prepare(struct lowering *l, struct gemm_kernel_shape *g, const struct op *op, int64_t rows, int64_t *from);

enum status lower_attention(struct lowering *l, const struct op *op);
enum status lower_stream(struct lowering *l, const struct op *op);
/* residual sum and norm in one kernel */
enum status lower_add_norm(struct lowering *l, const struct op *add, const struct op *norm);
/* rotary embedding and KV write in one kernel */
enum status lower_rope_kv_write(struct lowering *l, const struct op *rope, const struct op *write);
enum status lower_collective(struct lowering *l, const char *role, enum collective_op op, int64_t bytes, int64_t ranks, int64_t count);

/* Mixture of experts: sorting and gather, or the sum by token. */
enum status lower_route(struct lowering *l, const struct op *op);
/* Loads of the experts of a grouped GEMM; sets op->m to their rows and multiplies op->count by the chunks. rows_read: distinct rows of A. */
enum status lower_grouping(const struct gemm_grouping **out, int64_t *rows_read, struct lowering *l, struct op *op);
/* Copies over which activation, sum and the products' outputs go: those of this device's experts, or all. After lower_grouping(). */
int64_t lower_moe_rows(const struct lowering *l);
/* Rows and count of the experts' activation function. */
enum status lower_moe_activation(struct lowering *l, struct op *op);

/* Vector lane and special-function operations of an activation function, one output. */
void activation_cost(double *vector_ops, double *sfu_ops, const struct op *op);

#endif
