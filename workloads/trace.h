/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Traces: what a model computed, with shapes and roles, and nothing about hardware, number formats or sharding.
 *
 * A trace is a header (model, parameters by role, KV cache layout) and a stream of steps. A step is one engine iteration over a
 * set of sequences; `repeat` folds iterations in which every sequence's context grows by its `q` new tokens each time (decode).
 * Inside a step operators are listed once with `count` (layers are folded). docs/trace_format.md has the grammar.
 * Reading is streaming: one step in memory at a time.
 */
#ifndef LLMSIM_WORKLOADS_TRACE_H
#define LLMSIM_WORKLOADS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/textfile.h"

enum { TRACE_VERSION = 1 };

enum op_kind {
    OP_GEMM,       /* C[m][n] = A[m][k] B[k][n], `batch` times; B is a parameter unless `activation_b` */
    OP_GROUPED_GEMM, /* MoE experts: m rows (tokens x top_k) spread over `groups` weight matrices [k][n] */
    OP_ATTENTION,  /* softmax(Q K^T / sqrt d) V over the step's sequences */
    OP_NORM,       /* rows x cols; rms or layer */
    OP_ROPE,       /* rows x cols, cols = (heads + kv_heads) head_dim */
    OP_ACTIVATION, /* rows x cols outputs; gated reads 2 cols */
    OP_ADD,        /* residual: reads 2, writes 1, rows x cols */
    OP_EMBED,      /* gathers rows of cols from a table of `table_rows` */
    OP_KV_WRITE,   /* writes rows x cols elements into the paged KV cache */
    OP_SOFTMAX,    /* rows x cols (router, sampling) */
    OP_SAMPLE,     /* picks a token: reads rows x cols logits */
    OP_ROUTE,      /* MoE gather (role moe.gather) or scatter (moe.scatter): rows = tokens, cols, top_k copies of each */
    OP_COLLECTIVE, /* imported traces only: `collective` over `ranks` of rows x cols elements */
    OP_KINDS
};

enum norm_type { NORM_RMS, NORM_LAYER };
enum routing { ROUTING_UNIFORM, ROUTING_POWER_LAW };

/** One operator with concrete shapes. Unused fields are 0. All counts are elements, rows or matrices, never bytes. */
struct op {
    enum op_kind kind;
    const char *role;      /* attn.qkv attn.core attn.out mlp.gate_up mlp.down moe.* lm_head embed norm.attn ... workloads/roles.h */
    int64_t count;         /* how often in one iteration of the step (layers); neighbours of one count form a loop body */
    int64_t m, n, k, batch;
    bool activation_b;     /* OP_GEMM: B is an activation (no LUT, no weight format) */
    bool bias;             /* adds a vector of n in the epilogue */
    int64_t groups, top_k; /* MoE */
    enum routing routing;
    double skew;           /* ROUTING_POWER_LAW exponent */
    int64_t rows, cols;
    bool gated;            /* OP_ACTIVATION */
    const char *function;  /* OP_ACTIVATION: silu gelu relu relu2 */
    enum norm_type norm;
    int64_t table_rows;
    /* OP_ATTENTION */
    int64_t heads, kv_heads, head_dim, v_head_dim; /* head_dim: of Q and K; v_head_dim: of V (MLA: 576 and 512 in absorbed form) */
    int64_t window;        /* sliding window in tokens; 0 = none */
    bool causal;
    bool mla;              /* K and V are the same latent, stored once (kv_elements = head_dim) */
    const char *collective; int64_t ranks;
};

/** A run of equal sequences of a step: each brings `q` new tokens and attends over `kv` (the new ones included). */
struct seq_group {
    int64_t count, q, kv;
};

enum phase { PHASE_PREFILL, PHASE_DECODE, PHASE_MIXED };
const char *phase_name(enum phase phase);

struct step {
    enum phase phase;
    int64_t repeat;              /* iterations >= 1; in iteration i every kv is larger by i * q */
    int64_t seq_groups;
    const struct seq_group *seqs;
    int64_t sequences, tokens;   /* sums over the groups: count, count * q */
    int64_t ops_count;
    const struct op *ops;        /* in order */
    int64_t line;                /* in the file, for messages */
};

/** Parameters of one role, all layers together. */
struct weight_info {
    const char *role;  /* of the operator that uses it; vectors of biases: that role + ".bias" */
    int64_t matrices;  /* how many (layers x experts ...) */
    int64_t rows, cols;/* of each: rows = n (outputs), cols = k; vectors: rows = 1 */
    bool tied;         /* shares storage with another role (tied embeddings): counted as no parameters, no bytes */
};

/** KV cache of a set of layers. */
struct kv_info {
    int64_t layers;
    int64_t elements_per_token; /* of one layer: 2 kv_heads head_dim, or the MLA latent */
    int64_t heads;              /* that tensor parallelism can split: kv_heads; 1 = replicated (MLA) */
    int64_t window;             /* 0 = whole context */
};

struct model_info {
    const char *name;
    int64_t layers, hidden, heads, kv_heads, head_dim, vocab, intermediate, experts, top_k;
    int64_t weights_count;
    const struct weight_info *weights;
    int64_t kv_count;
    const struct kv_info *kv;
    int64_t parameters;         /* sum over untied weights; equals the published count */
};

struct trace; /* handle */

/** Opens and reads the header. "-" = stdin. */
enum status trace_open(struct trace **out, const char *path, struct error *err);
enum status trace_open_memory(struct trace **out, const char *name, const void *data, size_t bytes, struct error *err);
/** Header; lives as long as the handle. */
const struct model_info *trace_model(const struct trace *t);
/** Next step, allocated in step_arena (the caller resets it between steps). *out = NULL at the end. */
enum status trace_next(const struct step **out, struct trace *t, struct arena *step_arena, struct error *err);
/** Content hash of all that was read so far, of values and not of bytes (comments, spacing and compression do not matter). Complete at the end. */
struct hash128 trace_hash(const struct trace *t);
void trace_close(struct trace *t);

/** Writer: the text form, canonical; parse of print is identity. */
void trace_write_header(struct outfile *out, const struct model_info *model);
void trace_write_step(struct outfile *out, const struct step *step);
/** @param steps  how many were written: the last line tells a whole file from a truncated one. */
void trace_write_end(struct outfile *out, int64_t steps);

/** FLOPs of an operator, all `count` of it, in iteration `iteration` of its step (multiply-add = 2; attention: QK^T and PV, causal halves counted exactly). -1: overflow. */
int64_t op_flops(const struct op *op, const struct step *step, int64_t iteration);

#endif
