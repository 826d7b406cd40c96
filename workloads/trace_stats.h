/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a trace asks for, summed over its steps and iterations: tokens, FLOPs, and the compulsory traffic when every operand
 * moves once a call (no cache, no fusion). Bytes need formats; the rest does not. docs/trace_format.md, "Work".
 */
#ifndef LLMSIM_WORKLOADS_TRACE_STATS_H
#define LLMSIM_WORKLOADS_TRACE_STATS_H

#include "base/arena.h"
#include "formats/format.h"
#include "workloads/trace.h"

/** Formats by kind of tensor; `output` is that of activations and vectors. */
struct trace_formats {
    struct quant weights, head, embed, router, kv;
    const struct format *output;
};

struct role_stats {
    const char *role;      /* borrowed from the table of roles */
    int64_t calls, flops;
    int64_t weight_bytes, activation_bytes, kv_bytes; /* moved; kv: written and read */
};

/** Stored parameters of one `weight` record. */
struct weight_stats {
    int64_t parameters, bytes; /* 0 when tied */
};

struct trace_stats {
    int64_t steps, iterations;
    int64_t prefill_iterations, prefill_tokens; /* of steps `prefill` and `mixed` */
    int64_t decode_iterations, decode_tokens;
    int64_t sequences_max, tokens_max;          /* of one iteration */
    int64_t context_max;                        /* longest sequence */
    int64_t kv_tokens_max;                      /* tokens in the cache of all sequences together, largest iteration */
    int64_t weight_bytes, kv_bytes_max;         /* stored */
    struct role_stats total, prefill, decode;   /* role NULL */
    int64_t roles_count;
    struct role_stats *roles;                   /* in the order of first appearance */
    struct weight_stats *weights;               /* one a record of the model */
};

/** Sums the rest of an open trace. STATUS_BAD_INPUT: what trace_next() says, or sums beyond 63 bits. */
enum status trace_stats(struct trace_stats *out, struct trace *t, const struct trace_formats *formats, struct arena *arena,
                        struct error *err);

#endif
