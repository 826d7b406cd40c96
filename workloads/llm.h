/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A resolved decoder-only transformer: what the generator knows of a model after its config.json was read and its family
 * recognised. Weights (llm_weights.c) and operators (llm_ops.c) are two views of this one description, so that they agree.
 * docs/models.md has each family's block. Read by workloads/ and by those who make steps in memory (sim/engine.h, sim/training.h).
 */
#ifndef LLMSIM_WORKLOADS_LLM_H
#define LLMSIM_WORKLOADS_LLM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/yaml.h"
#include "workloads/trace.h"

enum position { POSITION_NONE, POSITION_ROPE, POSITION_LEARNED, POSITION_ALIBI };

/** Mixture of experts; experts = 0 in a dense model. */
struct moe {
    int64_t experts, top_k;
    int64_t intermediate;         /* of one expert */
    int64_t shared_intermediate;  /* of the shared experts together; 0 = none */
    int64_t first_dense;          /* layers before the first one with experts */
    bool router_bias;             /* a vector of `experts` (DeepSeek-V3's correction, GPT-OSS) */
    bool expert_bias;
    bool shared_gate;
};

/** Multi-head latent attention; kv_lora = 0 in others. */
struct mla {
    int64_t q_lora;               /* 0: the query is not compressed */
    int64_t kv_lora, nope_dim, rope_dim, v_dim;
};

/**
 * Hybrid of Mamba-2, attention and MLP or expert layers, each with one mixer (Nemotron-H, arXiv 2504.03624); heads = 0 in others.
 * A layer with Mamba-2 (SSD, arXiv 2405.21060): width heads x head_dim, a state of `state` for each of its channels, B and C of `groups`.
 */
struct ssm {
    int64_t heads, head_dim, state, groups, conv, chunk;  /* conv: taps; chunk: tokens that one product takes at once */
    int64_t mamba_layers, attention_layers, mlp_layers, expert_layers;
};

struct family;
struct scenario;

struct llm {
    const char *name;
    const struct family *family;
    int64_t layers, hidden, heads, kv_heads, head_dim, vocab, intermediate;
    enum position position;
    int64_t position_rows;        /* longest context that the configuration names (rows of the table, POSITION_LEARNED); 0: none */
    int64_t rotary_dim;           /* POSITION_ROPE: rotated part of a head */
    enum norm_type norm;
    bool norm_bias;               /* NORM_LAYER with a bias vector */
    bool qkv_bias, out_bias, mlp_bias, head_bias;
    bool gated;
    const char *function;
    bool tied;                    /* LM head shares the embedding */
    bool parallel;                /* attention and MLP read the same residual */
    bool one_norm;                /* parallel, and even the same norm */
    bool post_norms;              /* a norm after attention and after the MLP as well */
    bool inner_norms;             /* BitNet: a norm before the output and the down projection */
    bool embed_norm;
    bool qk_norm;                 /* a norm of head_dim over each query and key head */
    bool sinks;                   /* a learned sink logit for each head */
    int64_t window, window_period;/* of every `window_period` layers all but the last slide; 1 = all slide; window 0 = none */
    struct moe moe;
    struct mla mla;
    struct ssm ssm;
};

/** A family: which config.json it is, and what it fixes. Rows in families.c. */
struct family {
    const char *model_type;       /* config.json "model_type" */
    const char *summary;          /* one line, for docs and messages */
    const char *refusal;          /* not NULL: the family is known and not supported, for this reason */
    struct llm preset;            /* what the family fixes; sizes are 0 and come from the config */
    /** Reads what is the family's own, after the common keys; NULL: nothing. */
    enum status (*fill)(struct llm *m, const struct yaml_node *config, struct error *err);
};

const struct family *family_list(size_t *count);
const struct family *family_find(const char *model_type);

/** Reads a config.json (or a YAML of the same keys); checks that the sizes agree with one another. */
enum status llm_read(struct llm *out, const char *config_path, const char *name, struct arena *arena, struct error *err);

/** A run of equal layers, in the order of the model: `count` blocks, each of `period` layers of which only the window differs. */
struct layer_run {
    int64_t count;
    bool experts;
    int64_t window[2];            /* of the layers in the block */
    int period;                   /* 1 or 2 */
};
enum { LAYER_RUNS_MAX = 6 };

/** The last `layers` layers (0 = all) as runs. @return how many runs. */
int llm_layer_runs(struct layer_run out[LAYER_RUNS_MAX], const struct llm *m, int64_t layers);

/** Header of the trace. @param layers  as in llm_layer_runs; not 0: embedding, final norm and head are left out. */
enum status llm_model_info(struct model_info *out, const struct llm *m, int64_t layers, struct arena *arena, struct error *err);

/** Operators of one step, into the arena. step->seqs, sequences, tokens, phase must be set. */
enum status llm_step_ops(struct step *step, const struct llm *m, const struct scenario *scenario, struct arena *arena, struct error *err);

#endif
