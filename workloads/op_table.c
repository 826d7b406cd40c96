/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the trace format: operators, header records, sequences. See op_table.h and docs/trace_format.md. */
#include "workloads/op_table.h"

#include <string.h>

#define DIM(record, member) { .key = #member, .type = FIELD_I64, .offset = offsetof(record, member), .required = true,                \
                          .minimum = 1, .maximum = TRACE_DIMENSION_MAX }
#define OPT(record, member, least, missing) { .key = #member, .type = FIELD_I64, .offset = offsetof(record, member),                  \
                                          .minimum = least, .maximum = TRACE_DIMENSION_MAX, .value = missing }
#define FLAG(record, member) { .key = #member, .type = FIELD_FLAG, .offset = offsetof(record, member) }
#define END { .key = NULL } /* closes a list of fields */

static const char *const norm_words[] = { [NORM_RMS] = "rms", [NORM_LAYER] = "layer", NULL };
static const char *const routing_words[] = { [ROUTING_UNIFORM] = "uniform", [ROUTING_POWER_LAW] = "power_law", NULL };
static const char *const function_words[] = { "gelu", "relu", "relu2", "silu", NULL };
static const char *const collective_words[] = { "all_gather", "all_reduce", "all_to_all", "broadcast", "reduce_scatter",
                                                "send_recv", NULL };

static const struct field gemm_fields[] = {
    DIM(struct op, m), DIM(struct op, n), DIM(struct op, k), OPT(struct op, batch, 1, 1),
    FLAG(struct op, bias), FLAG(struct op, activation_b), END
};
static const struct field grouped_gemm_fields[] = {
    DIM(struct op, m), DIM(struct op, n), DIM(struct op, k), DIM(struct op, groups), DIM(struct op, top_k),
    { .key = "routing", .type = FIELD_ENUM, .offset = offsetof(struct op, routing), .words = routing_words },
    { .key = "skew", .type = FIELD_DOUBLE, .offset = offsetof(struct op, skew) },
    FLAG(struct op, bias), END
};
static const struct field attention_fields[] = {
    DIM(struct op, heads), DIM(struct op, kv_heads), DIM(struct op, head_dim), DIM(struct op, v_head_dim),
    OPT(struct op, window, 0, 0), FLAG(struct op, causal), FLAG(struct op, mla), END
};
static const struct field norm_fields[] = {
    { .key = "norm", .type = FIELD_ENUM, .offset = offsetof(struct op, norm), .required = true, .words = norm_words },
    DIM(struct op, rows), DIM(struct op, cols), END
};
static const struct field matrix_fields[] = { DIM(struct op, rows), DIM(struct op, cols), END };
static const struct field activation_fields[] = {
    { .key = "function", .type = FIELD_WORD, .offset = offsetof(struct op, function), .required = true, .words = function_words },
    DIM(struct op, rows), DIM(struct op, cols), FLAG(struct op, gated), END
};
static const struct field embed_fields[] = { DIM(struct op, rows), DIM(struct op, cols), DIM(struct op, table_rows), END };
static const struct field route_fields[] = { DIM(struct op, rows), DIM(struct op, cols), DIM(struct op, top_k), END };
static const struct field collective_fields[] = {
    { .key = "collective", .type = FIELD_WORD, .offset = offsetof(struct op, collective), .required = true, .words = collective_words },
    DIM(struct op, ranks), DIM(struct op, rows), DIM(struct op, cols), END
};

static const struct op_type types[OP_KINDS] = {
    [OP_GEMM] = { OP_GEMM, "gemm", "matrix product, batched", gemm_fields },
    [OP_GROUPED_GEMM] = { OP_GROUPED_GEMM, "grouped_gemm", "experts' matrix products", grouped_gemm_fields },
    [OP_ATTENTION] = { OP_ATTENTION, "attention", "softmax(Q K^T / sqrt d) V", attention_fields },
    [OP_NORM] = { OP_NORM, "norm", "RMS or layer normalisation of rows", norm_fields },
    [OP_ROPE] = { OP_ROPE, "rope", "rotary position embedding", matrix_fields },
    [OP_ACTIVATION] = { OP_ACTIVATION, "activation", "element-wise function, gated or not", activation_fields },
    [OP_ADD] = { OP_ADD, "add", "residual sum", matrix_fields },
    [OP_EMBED] = { OP_EMBED, "embed", "table lookup", embed_fields },
    [OP_KV_WRITE] = { OP_KV_WRITE, "kv_write", "keys and values into the paged cache", matrix_fields },
    [OP_SOFTMAX] = { OP_SOFTMAX, "softmax", "softmax of rows", matrix_fields },
    [OP_SAMPLE] = { OP_SAMPLE, "sample", "picks a token from each row of logits", matrix_fields },
    [OP_ROUTE] = { OP_ROUTE, "route", "gather or scatter of tokens to experts", route_fields },
    [OP_COLLECTIVE] = { OP_COLLECTIVE, "collective", "communication of an imported trace", collective_fields },
};

const struct field model_fields[] = {
    DIM(struct model_info, layers), DIM(struct model_info, hidden), DIM(struct model_info, heads),
    DIM(struct model_info, kv_heads), DIM(struct model_info, head_dim), DIM(struct model_info, vocab),
    DIM(struct model_info, intermediate), OPT(struct model_info, experts, 0, 0), OPT(struct model_info, top_k, 0, 0), END
};
const struct field weight_fields[] = {
    DIM(struct weight_info, matrices), DIM(struct weight_info, rows), DIM(struct weight_info, cols),
    FLAG(struct weight_info, tied), END
};
const struct field kv_fields[] = {
    DIM(struct kv_info, layers), DIM(struct kv_info, elements_per_token), DIM(struct kv_info, heads),
    OPT(struct kv_info, window, 0, 0), END
};
const struct field seq_fields[] = {
    OPT(struct seq_group, count, 1, 1),
    { .key = "q", .type = FIELD_I64, .offset = offsetof(struct seq_group, q), .required = true, .minimum = 1, .maximum = TRACE_CONTEXT_MAX },
    { .key = "kv", .type = FIELD_I64, .offset = offsetof(struct seq_group, kv), .required = true, .minimum = 1, .maximum = TRACE_CONTEXT_MAX },
    END
};
const struct field step_fields[] = {
    { .key = "repeat", .type = FIELD_I64, .offset = offsetof(struct step, repeat), .minimum = 1, .maximum = TRACE_REPEAT_MAX, .value = 1 },
    END
};

const struct op_type *op_type_of(enum op_kind kind)
{
    return &types[kind];
}

const struct op_type *op_type_find(const char *name)
{
    for (size_t i = 0; i < OP_KINDS; i++)
        if (strcmp(name, types[i].name) == 0)
            return &types[i];
    return NULL;
}
