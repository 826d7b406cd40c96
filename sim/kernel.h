/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A device kernel: what lowering makes of an operator, and what mapping and timing work on. Shapes are of one device (after sharding).
 * Every size is exact: bytes are stored bytes of the formats, with scales, zero points and indices.
 */
#ifndef LLMSIM_SIM_KERNEL_H
#define LLMSIM_SIM_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/format.h"
#include "sim/unit.h"
#include "workloads/trace.h"

enum kernel_kind { KERNEL_GEMM, KERNEL_ATTENTION, KERNEL_STREAM, KERNEL_COLLECTIVE, KERNEL_KINDS };

/** Experts of a grouped GEMM that got the same number of rows. */
struct gemm_group { int64_t count, rows; };

/** How the rows of a grouped GEMM (mixture of experts) are spread. docs/moe.md */
struct gemm_grouping {
    int64_t groups_count;
    const struct gemm_group *groups;     /* active experts, most rows first */
    int64_t rows;                        /* of all of them */
    int64_t experts;                     /* on this device, active or not */
    int64_t tokens;                      /* that enter the block */
    int64_t inner;                       /* width between the experts' two products on this device */
};

/** C[m][n] = A[m][k] B[n][k]^T, `batch` independent products (grouped GEMM: one per active expert, m = mean rows rounded up). */
struct gemm_kernel_shape {
    int64_t m, n, k, batch;
    struct quant a, b;
    const struct format *accumulator, *out;
    bool b_is_weight;
    const struct gemm_grouping *grouped; /* NULL: every product has m rows */
    const struct arch_unit *unit;
    struct unit_service service;
    int64_t a_bytes, b_bytes, out_bytes; /* stored, whole kernel (all batches); a_bytes as read: LUT tables when built before */
    double epilogue_ops_per_output;      /* vector lane operations: bias, activation, residual, requantization */
    int64_t epilogue_read_bytes;         /* residual, bias, second operand */
    bool table_in_kernel;                /* LUT: tables are built at the lookup unit or in the prologue of each block, not read */
    double table_build_ops_per_a;        /* vector ops per activation element in that case */
};

/** One launch over sequence groups. Bytes: q, k, v, o of 16-bit or quantized KV. */
struct attention_kernel_shape {
    int64_t groups_count;
    const struct seq_group *groups;      /* count, q, kv: as the step has them in this iteration */
    int64_t heads, kv_heads, head_dim, v_head_dim, window;
    bool causal, mla;
    const struct format *compute;        /* of QK^T and PV */
    struct quant kv;
    const struct format *out;
    const struct arch_unit *unit;        /* both products are activation x activation: never a LUT unit */
    struct unit_service service;
};

/** Elementwise, norm, rotary, embedding, quantization, table precompute, KV write...: streams with some arithmetic. */
struct stream_kernel_shape {
    int64_t rows, cols;                  /* work items: rows are independent (a norm reduces over cols) */
    int64_t read_bytes, write_bytes;     /* of memory traffic if nothing is warm */
    double vector_ops_per_element;       /* lane operations per (row, col) */
    double sfu_ops_per_element;
    int64_t passes;                      /* dependent passes over a row held on chip (norm: 2) */
    bool gather;                         /* embedding: row-wise gather */
    int64_t load_bytes;                  /* width of one thread's load; 0 = the stack's stream_load_bytes */
    const char *op;                      /* operator as the stack's `stream.kernels` names it; NULL: as any other */
};

enum collective_op { COLLECTIVE_ALL_REDUCE, COLLECTIVE_ALL_GATHER, COLLECTIVE_REDUCE_SCATTER, COLLECTIVE_ALL_TO_ALL, COLLECTIVE_SEND_RECV };

struct collective_kernel_shape {
    enum collective_op op;
    int64_t bytes;                       /* of one rank's buffer before the operation */
    int64_t ranks;
};

/** What of a kernel's inputs already lies in L2 when it starts: computed by replay from what ran before and what fits. Bytes. */
struct warmth {
    int64_t a_bytes, b_bytes, other_bytes; /* GEMM A, weights; other: residual, KV, stream input */
    int64_t out_bytes;                     /* of a stream's results: already there from the run before, so that writing them evicts nothing */
};

struct kernel {
    enum kernel_kind kind;
    const char *role;       /* of the operator it came from, with a suffix for inserted ones: "mlp.down/lut.precompute" */
    const char *note;       /* for the report: formats, unit, what was inserted */
    int64_t count;          /* identical launches, one after the other with others between */
    double flops;           /* of one launch, logical: 2 per multiply-add */
    struct warmth warm;
    union {
        struct gemm_kernel_shape gemm;
        struct attention_kernel_shape attention;
        struct stream_kernel_shape stream;
        struct collective_kernel_shape collective;
    };
};

/** A GEMM of other rows and columns: bytes, what of them is warm and flops go with the shape. */
struct kernel kernel_resized(const struct kernel *k, int64_t m, int64_t n);

/** Feeds every value that timing may depend on (shape, formats, warmth; not role, note, count): key of the memo. */
void kernel_hash(struct hasher *h, const struct kernel *k);

#endif
