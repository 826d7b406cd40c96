/* SPDX-License-Identifier: Apache-2.0 */
/* The table of roles. See roles.h; docs/trace_format.md lists them with their shapes. */
#include "workloads/roles.h"

#include <string.h>

#include "base/nearest.h"

static const struct role roles[] = {
    { "attn.add", "residual sum after attention", ROLE_RESIDUAL, SHARD_NONE },
    { "attn.core", "attention itself", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.kv_down", "MLA: hidden to latent and rotary key", ROLE_ATTENTION, SHARD_NONE },
    { "attn.kv_up", "MLA: latent to keys and values (expanded form)", ROLE_ATTENTION, SHARD_COLUMN },
    { "attn.out", "output projection", ROLE_ATTENTION, SHARD_ROW },
    { "attn.q", "MLA without query compression: query projection", ROLE_ATTENTION, SHARD_COLUMN },
    { "attn.q_absorb", "MLA: query times the key part of kv_up (absorbed form)", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.q_down", "MLA: query compression", ROLE_ATTENTION, SHARD_NONE },
    { "attn.q_up", "MLA: query expansion", ROLE_ATTENTION, SHARD_COLUMN },
    { "attn.qkv", "query, key and value projections, fused", ROLE_ATTENTION, SHARD_COLUMN },
    { "attn.rope", "rotary embedding of queries and keys", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.score", "unfused Q K^T", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.sink", "learned sink logits, one a head", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.softmax", "unfused softmax", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.v_absorb", "MLA: context times the value part of kv_up (absorbed form)", ROLE_ATTENTION, SHARD_HEADS },
    { "attn.value", "unfused P V", ROLE_ATTENTION, SHARD_HEADS },
    { "comm.all_gather", "all-gather of an imported trace", ROLE_COMM, SHARD_NONE },
    { "comm.all_reduce", "all-reduce of an imported trace", ROLE_COMM, SHARD_NONE },
    { "comm.all_to_all", "all-to-all of an imported trace", ROLE_COMM, SHARD_NONE },
    { "comm.other", "other communication of an imported trace", ROLE_COMM, SHARD_NONE },
    { "embed", "token embedding", ROLE_EMBED, SHARD_VOCAB },
    { "embed.add", "sum of token and position embedding", ROLE_EMBED, SHARD_NONE },
    { "embed.position", "learned position embedding", ROLE_EMBED, SHARD_NONE },
    { "kv.write", "keys and values into the cache", ROLE_KV, SHARD_HEADS },
    { "lm_head", "hidden to logits", ROLE_HEAD, SHARD_VOCAB },
    { "mlp.act", "activation function of the MLP", ROLE_MLP, SHARD_HEADS },
    { "mlp.add", "residual sum after the MLP or experts", ROLE_RESIDUAL, SHARD_NONE },
    { "mlp.down", "down projection", ROLE_MLP, SHARD_ROW },
    { "mlp.gate_up", "gate and up projections, fused", ROLE_MLP, SHARD_COLUMN },
    { "mlp.up", "up projection of an MLP without gate", ROLE_MLP, SHARD_COLUMN },
    { "moe.act", "activation function of the experts", ROLE_MOE, SHARD_EXPERT },
    { "moe.down", "experts' down projections", ROLE_MOE, SHARD_EXPERT },
    { "moe.gate_up", "experts' gate and up projections", ROLE_MOE, SHARD_EXPERT },
    { "moe.gather", "tokens sorted by expert", ROLE_MOE, SHARD_NONE },
    { "moe.router", "router projection", ROLE_MOE, SHARD_NONE },
    { "moe.scatter", "experts' outputs weighted and summed by token", ROLE_MOE, SHARD_NONE },
    { "moe.topk", "router softmax and top-k", ROLE_MOE, SHARD_NONE },
    { "norm.attn", "norm before attention", ROLE_NORM, SHARD_NONE },
    { "norm.attn_inner", "BitNet: norm before the output projection", ROLE_NORM, SHARD_NONE },
    { "norm.attn_post", "Gemma 2: norm after attention", ROLE_NORM, SHARD_NONE },
    { "norm.embed", "BLOOM: norm after the embedding", ROLE_NORM, SHARD_NONE },
    { "norm.final", "norm before the LM head", ROLE_NORM, SHARD_NONE },
    { "norm.k", "norm of keys, by head", ROLE_NORM, SHARD_HEADS },
    { "norm.kv_latent", "MLA: norm of the latent", ROLE_NORM, SHARD_NONE },
    { "norm.mlp", "norm before the MLP", ROLE_NORM, SHARD_NONE },
    { "norm.mlp_inner", "BitNet: norm before the down projection", ROLE_NORM, SHARD_NONE },
    { "norm.mlp_post", "Gemma 2: norm after the MLP", ROLE_NORM, SHARD_NONE },
    { "norm.q", "norm of queries, by head", ROLE_NORM, SHARD_HEADS },
    { "norm.q_latent", "MLA: norm of the compressed query", ROLE_NORM, SHARD_NONE },
    { "norm.ssm", "norm before a state-space layer", ROLE_NORM, SHARD_NONE },
    { "norm.ssm_inner", "norm before its output projection", ROLE_NORM, SHARD_HEADS },
    { "other", "anything else, of an imported trace", ROLE_OTHER, SHARD_NONE },
    { "sample", "choice of the next token", ROLE_HEAD, SHARD_NONE },
    { "shared.act", "activation function of the shared experts", ROLE_MOE, SHARD_HEADS },
    { "shared.add", "sum of routed and shared experts", ROLE_MOE, SHARD_NONE },
    { "shared.down", "shared experts' down projection", ROLE_MOE, SHARD_ROW },
    { "shared.gate", "Qwen 2 MoE: sigmoid gate of the shared expert", ROLE_MOE, SHARD_NONE },
    { "shared.gate_up", "shared experts' gate and up projections", ROLE_MOE, SHARD_COLUMN },
    { "ssm.add", "residual sum after a state-space layer", ROLE_RESIDUAL, SHARD_NONE },
    { "ssm.before", "SSD: C times the state before a chunk", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.conv", "short convolution of x, B and C, with its activation", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.gate", "gate of a state-space layer's output", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.in", "projection to z, x, B, C and time steps", ROLE_ATTENTION, SHARD_COLUMN },
    { "ssm.inside", "SSD: scores times x inside a chunk", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.out", "output projection of a state-space layer", ROLE_ATTENTION, SHARD_ROW },
    { "ssm.scores", "SSD: C B^T inside a chunk", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.state", "update of the state by one token; A, D and time steps' bias", ROLE_ATTENTION, SHARD_HEADS },
    { "ssm.states", "SSD: states that chunks add", ROLE_ATTENTION, SHARD_HEADS },
};
enum { ROLES = sizeof roles / sizeof roles[0] };

const struct role *role_list(size_t *count)
{
    *count = ROLES;
    return roles;
}

const struct role *role_find(const char *name)
{
    size_t length = strlen(name);

    if (length > 5 && strcmp(name + length - 5, ".bias") == 0)
        length -= 5;
    for (size_t i = 0; i < ROLES; i++)
        if (*name == *roles[i].name && strncmp(name, roles[i].name, length) == 0 && roles[i].name[length] == '\0')
            return &roles[i];
    return NULL;
}

const char *role_nearest(const char *name)
{
    const char *names[ROLES];

    for (size_t i = 0; i < ROLES; i++)
        names[i] = roles[i].name;
    return nearest_name(name, names, ROLES);
}
