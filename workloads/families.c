/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table of model families: what each one's block looks like, and what its config.json calls things. docs/models.md
 * shows the blocks and the papers; field names are those of Hugging Face transformers' configuration classes.
 * A new family is a row here, and a function where its config.json has keys of its own.
 */
#include <stddef.h>
#include <string.h>

#include "workloads/llm.h"

enum { DIM_MAX = 1 << 30 }; /* as in llm_config.c */

static enum status get(int64_t *out, const struct yaml_node *config, const char *key, int64_t min, struct error *err)
{
    const struct yaml_node *node = yaml_find(config, key);

    if (node != NULL && yaml_is_null(node))
        return STATUS_OK;
    return yaml_get_i64(out, config, key, false, min, DIM_MAX, err);
}

static enum status need(int64_t *out, const struct yaml_node *config, const char *key, struct error *err)
{
    return yaml_get_i64(out, config, key, true, 1, DIM_MAX, err);
}

static enum status flag(bool *out, const struct yaml_node *config, const char *key, struct error *err)
{
    const struct yaml_node *node = yaml_find(config, key);

    if (node != NULL && yaml_is_null(node))
        return STATUS_OK;
    return yaml_get_bool(out, config, key, false, err);
}

/* OPT: embeddings as wide as the model and norms before the blocks, or it is another network (OPT-350m). */
static enum status fill_opt(struct llm *m, const struct yaml_node *config, struct error *err)
{
    int64_t projection = m->hidden;
    bool before = true;
    enum status st;

    if ((st = get(&projection, config, "word_embed_proj_dim", 1, err)) || (st = flag(&before, config, "do_layer_norm_before", err)))
        return st;
    if (projection != m->hidden || !before)
        return error_set(err, STATUS_BAD_INPUT, config->at, "this OPT projects its embeddings or normalises after the blocks (OPT-350m), "
                         "expected word_embed_proj_dim = hidden_size and do_layer_norm_before = true");
    m->position_rows += 2; /* OPTLearnedPositionalEmbedding keeps an offset of 2 */
    return STATUS_OK;
}

/* Falcon 40B and 180B ("new decoder") have grouped heads and two norms; 7B has one key-value head and one norm. */
static enum status fill_falcon(struct llm *m, const struct yaml_node *config, struct error *err)
{
    bool new_decoder = false, multi_query = true, parallel = true, alibi = false, bias = false;
    enum status st;

    if ((st = flag(&new_decoder, config, "new_decoder_architecture", err)) || (st = flag(&multi_query, config, "multi_query", err)) ||
        (st = flag(&parallel, config, "parallel_attn", err)) || (st = flag(&alibi, config, "alibi", err)) ||
        (st = flag(&bias, config, "bias", err)))
        return st;
    m->parallel = parallel || new_decoder;
    m->one_norm = m->parallel && !new_decoder;
    if (!new_decoder)
        m->kv_heads = multi_query ? 1 : m->heads;
    m->position = alibi ? POSITION_ALIBI : POSITION_ROPE;
    m->qkv_bias = m->out_bias = m->mlp_bias = bias;
    return STATUS_OK;
}

static enum status fill_gpt_neox(struct llm *m, const struct yaml_node *config, struct error *err)
{
    return flag(&m->parallel, config, "use_parallel_residual", err);
}

/* MPT names everything in its own way, and puts attention's settings into a map. */
static enum status fill_mpt(struct llm *m, const struct yaml_node *config, struct error *err)
{
    const struct yaml_node *attention = yaml_find(config, "attn_config");
    bool alibi = false, no_bias = false, learned = true;
    int64_t ratio = 4;
    enum status st;

    if ((st = get(&ratio, config, "expansion_ratio", 1, err)) || (st = flag(&no_bias, config, "no_bias", err)) ||
        (st = flag(&learned, config, "learned_pos_emb", err)))
        return st;
    if (attention != NULL && attention->kind == YAML_MAPPING && (st = flag(&alibi, attention, "alibi", err)))
        return st;
    m->intermediate = ratio * m->hidden;
    m->position = alibi ? POSITION_ALIBI : learned ? POSITION_LEARNED : POSITION_NONE;
    m->qkv_bias = m->out_bias = m->mlp_bias = m->norm_bias = !no_bias;
    return STATUS_OK;
}

static enum status fill_phi(struct llm *m, const struct yaml_node *config, struct error *err)
{
    return flag(&m->qk_norm, config, "qk_layernorm", err);
}

/* Qwen 1 counts both halves of its gated MLP in intermediate_size. */
static enum status fill_qwen(struct llm *m, const struct yaml_node *config, struct error *err)
{
    if (m->intermediate % 2 != 0)
        return error_set(err, STATUS_BAD_INPUT, config->at, "intermediate_size of qwen is odd, expected twice the width of w1");
    m->intermediate /= 2;
    return STATUS_OK;
}

static enum status fill_window(struct llm *m, const struct yaml_node *config, struct error *err)
{
    m->window_period = 1;
    return get(&m->window, config, "sliding_window", 1, err);
}

/* Qwen 2: a window only where use_sliding_window says so, in the layers from max_window_layers on. */
static enum status fill_qwen2(struct llm *m, const struct yaml_node *config, struct error *err)
{
    bool use = false;
    int64_t from = m->layers;
    enum status st;

    if ((st = flag(&use, config, "use_sliding_window", err)) || (st = get(&from, config, "max_window_layers", 0, err)))
        return st;
    if (!use || from >= m->layers)
        return STATUS_OK;
    if (from > 0)
        return error_set(err, STATUS_BAD_INPUT, config->at, "max_window_layers %lld leaves some layers without the window, expected 0 or %lld",
                         (long long)from, (long long)m->layers);
    return fill_window(m, config, err);
}

static enum status fill_experts(struct llm *m, const struct yaml_node *config, const char *experts, const char *width, struct error *err)
{
    enum status st;

    if ((st = need(&m->moe.experts, config, experts, err)) || (st = need(&m->moe.top_k, config, "num_experts_per_tok", err)))
        return st;
    m->moe.intermediate = m->intermediate;
    if (width != NULL && (st = need(&m->moe.intermediate, config, width, err)))
        return st;
    if (m->moe.top_k > m->moe.experts)
        return error_set(err, STATUS_BAD_INPUT, config->at, "num_experts_per_tok %lld is more than %s %lld", (long long)m->moe.top_k, experts,
                         (long long)m->moe.experts);
    return STATUS_OK;
}

static enum status fill_mixtral(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st = fill_experts(m, config, "num_local_experts", NULL, err);

    return st ? st : fill_window(m, config, err);
}

/* "MEMEM*...": Mamba-2, experts, attention; "-" MLP. */
static enum status count_layers(struct llm *m, const struct yaml_node *config, struct error *err)
{
    const char *pattern = NULL;
    enum status st = yaml_get_text(&pattern, config, "hybrid_override_pattern", true, err);

    if (st)
        return st;
    for (const char *c = pattern; *c != '\0'; c++) {
        int64_t *n = *c == 'M' ? &m->ssm.mamba_layers : *c == 'E' ? &m->ssm.expert_layers : *c == '*' ? &m->ssm.attention_layers
                   : *c == '-' ? &m->ssm.mlp_layers : NULL;
        if (n == NULL)
            return error_set(err, STATUS_BAD_INPUT, yaml_find(config, "hybrid_override_pattern")->at,
                             "hybrid_override_pattern has '%c', expected M (Mamba-2), E (experts), * (attention) and - (MLP)", *c);
        ++*n;
    }
    if ((int64_t)strlen(pattern) != m->layers)
        return error_set(err, STATUS_BAD_INPUT, yaml_find(config, "hybrid_override_pattern")->at, "hybrid_override_pattern has %lld layers, expected %lld",
                         (long long)strlen(pattern), (long long)m->layers);
    return STATUS_OK;
}

static enum status fill_nemotron_h(struct llm *m, const struct yaml_node *config, struct error *err)
{
    int64_t shared = 0;
    enum status st;

    if ((st = count_layers(m, config, err)) || (st = need(&m->ssm.heads, config, "mamba_num_heads", err)) ||
        (st = need(&m->ssm.head_dim, config, "mamba_head_dim", err)) || (st = need(&m->ssm.state, config, "ssm_state_size", err)) ||
        (st = need(&m->ssm.groups, config, "n_groups", err)) || (st = need(&m->ssm.conv, config, "conv_kernel", err)) ||
        (st = need(&m->ssm.chunk, config, "chunk_size", err)))
        return st;
    if (m->ssm.heads > 1 << 16 || m->ssm.groups > 1 << 16 || m->ssm.heads * m->ssm.head_dim > DIM_MAX || m->ssm.groups * m->ssm.state > DIM_MAX || m->ssm.heads * m->ssm.head_dim * m->ssm.state > DIM_MAX)
        return error_set(err, STATUS_BAD_INPUT, config->at, "more than 65536 heads or groups, or mamba_num_heads x mamba_head_dim x ssm_state_size more than %d", DIM_MAX);
    if (m->ssm.expert_layers == 0)
        return STATUS_OK;
    if ((st = fill_experts(m, config, "n_routed_experts", "moe_intermediate_size", err)) ||
        (st = get(&shared, config, "moe_shared_expert_intermediate_size", 0, err)))
        return st;
    m->moe.shared_intermediate = shared;
    return STATUS_OK;
}

static enum status fill_phimoe(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st = flag(&m->head_bias, config, "lm_head_bias", err);

    return st ? st : fill_mixtral(m, config, err);
}

static enum status every_layer_sparse(const struct yaml_node *config, struct error *err)
{
    const struct yaml_node *dense = yaml_find(config, "mlp_only_layers");
    int64_t period = 1;
    enum status st = get(&period, config, "decoder_sparse_step", 1, err);

    if (st)
        return st;
    if (period != 1 || (dense != NULL && dense->kind == YAML_SEQUENCE && dense->count > 0))
        return error_set(err, STATUS_BAD_INPUT, config->at, "experts only in some layers, expected decoder_sparse_step = 1 and no mlp_only_layers");
    return STATUS_OK;
}

static enum status fill_qwen3_moe(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st = every_layer_sparse(config, err);

    if (st || (st = fill_experts(m, config, "num_experts", "moe_intermediate_size", err)))
        return st;
    return fill_qwen2(m, config, err);
}

static enum status fill_qwen2_moe(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st = fill_qwen3_moe(m, config, err);

    if (st)
        return st;
    m->moe.shared_gate = true;
    return need(&m->moe.shared_intermediate, config, "shared_expert_intermediate_size", err);
}

static enum status fill_mla(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st;

    if ((st = need(&m->mla.kv_lora, config, "kv_lora_rank", err)) || (st = get(&m->mla.q_lora, config, "q_lora_rank", 1, err)) ||
        (st = need(&m->mla.nope_dim, config, "qk_nope_head_dim", err)) || (st = need(&m->mla.rope_dim, config, "qk_rope_head_dim", err)) ||
        (st = need(&m->mla.v_dim, config, "v_head_dim", err)))
        return st;
    m->head_dim = m->mla.nope_dim + m->mla.rope_dim;
    m->rotary_dim = m->mla.rope_dim;
    return STATUS_OK;
}

static enum status fill_deepseek(struct llm *m, const struct yaml_node *config, struct error *err)
{
    int64_t shared = 0, period = 1;
    enum status st;

    if ((st = fill_mla(m, config, err)) || (st = fill_experts(m, config, "n_routed_experts", "moe_intermediate_size", err)) ||
        (st = get(&shared, config, "n_shared_experts", 0, err)) || (st = get(&m->moe.first_dense, config, "first_k_dense_replace", 0, err)) ||
        (st = get(&period, config, "moe_layer_freq", 1, err)))
        return st;
    if (period != 1)
        return error_set(err, STATUS_BAD_INPUT, config->at, "moe_layer_freq is %lld, expected 1", (long long)period);
    m->moe.shared_intermediate = shared * m->moe.intermediate;
    return STATUS_OK;
}

static enum status fill_plm(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st = flag(&m->gated, config, "mlp_gated", err);

    return st ? st : fill_mla(m, config, err);
}

static enum status fill_gemma2(struct llm *m, const struct yaml_node *config, struct error *err)
{
    m->window_period = 2;
    return get(&m->window, config, "sliding_window", 1, err);
}

/* GPT-OSS: layer_types must alternate sliding, full, as in both published models. */
static enum status fill_gpt_oss(struct llm *m, const struct yaml_node *config, struct error *err)
{
    const struct yaml_node *types = yaml_find(config, "layer_types");
    enum status st;

    if ((st = fill_experts(m, config, "num_local_experts", NULL, err)) || (st = fill_gemma2(m, config, err)))
        return st;
    for (size_t i = 0; types != NULL && i < types->count; i++) {
        const char *text = types->kind == YAML_SEQUENCE ? types->items[i]->text : "";

        if (strcmp(text ? text : "", i % 2 == 0 ? "sliding_attention" : "full_attention") != 0)
            return error_set(err, STATUS_BAD_INPUT, types->items[i]->at, "layer_types[%zu] is '%s', expected sliding_attention and "
                             "full_attention in turn", i, text ? text : "");
    }
    return STATUS_OK;
}

static enum status fill_yalm(struct llm *m, const struct yaml_node *config, struct error *err)
{
    return flag(&m->gated, config, "gated_mlp", err);
}

/* What Llama made common: RMS norm, rotary embedding, gated SiLU, no biases. */
#define LLAMA_BLOCK .position = POSITION_ROPE, .norm = NORM_RMS, .gated = true, .function = "silu"
/* What GPT made common: layer norm with bias, biases everywhere, a plain GELU MLP. */
#define GPT_BLOCK .norm = NORM_LAYER, .norm_bias = true, .qkv_bias = true, .out_bias = true, .mlp_bias = true, .function = "gelu"

static const struct family families[] = {
    { "bitnet", "BitNet b1.58: Llama with a norm before each low-bit projection's output", NULL,
      { LLAMA_BLOCK, .inner_norms = true, .tied = true }, NULL },
    { "bloom", "BLOOM: ALiBi, a norm after the embedding", NULL,
      { GPT_BLOCK, .position = POSITION_ALIBI, .embed_norm = true, .tied = true }, NULL },
    { "deepseek_v2", "DeepSeek-V2: latent attention, shared and routed experts", NULL, { LLAMA_BLOCK }, fill_deepseek },
    { "deepseek_v3", "DeepSeek-V3: as V2, with a correction bias in the router", NULL,
      { LLAMA_BLOCK, .moe.router_bias = true }, fill_deepseek },
    { "falcon", "Falcon: parallel blocks, grouped or single key-value head", NULL,
      { .norm = NORM_LAYER, .norm_bias = true, .function = "gelu", .tied = true }, fill_falcon },
    { "geb", "GEB: Llama's block (sizes of the public model are partly guesses)", NULL, { LLAMA_BLOCK }, NULL },
    { "gemma", "Gemma: wide heads, gated GELU, tied", NULL,
      { .position = POSITION_ROPE, .norm = NORM_RMS, .gated = true, .function = "gelu", .tied = true }, NULL },
    { "gemma2", "Gemma 2: norms on both sides, every other layer slides", NULL,
      { .position = POSITION_ROPE, .norm = NORM_RMS, .gated = true, .function = "gelu", .tied = true, .post_norms = true }, fill_gemma2 },
    { "gpt2", "GPT-2 and GPT-3: learned positions", NULL, { GPT_BLOCK, .position = POSITION_LEARNED, .tied = true }, NULL },
    { "gpt_neox", "GPT-NeoX: parallel blocks with two norms, partial rotary", NULL,
      { GPT_BLOCK, .position = POSITION_ROPE, .parallel = true }, fill_gpt_neox },
    { "gpt_oss", "GPT-OSS: experts with biases, attention sinks, every other layer slides", NULL,
      { LLAMA_BLOCK, .sinks = true, .moe.router_bias = true, .moe.expert_bias = true }, fill_gpt_oss },
    { "gptj", "GPT-J: parallel blocks with one norm, biases in the MLP and the head", NULL,
      { .position = POSITION_ROPE, .norm = NORM_LAYER, .norm_bias = true, .mlp_bias = true, .head_bias = true, .function = "gelu",
        .parallel = true, .one_norm = true }, NULL },
    { "hgrn_bit", "MatMul-free LM", "it is recurrent (HGRN): no attention over a KV cache, and traces have no operator for its scan", { 0 }, NULL },
    { "llama", "Llama 1 to 3", NULL, { LLAMA_BLOCK }, NULL },
    { "mamba", "Mamba", "it is a state-space model: no attention over a KV cache, and traces have no operator for its scan", { 0 }, NULL },
    { "minicpm", "MiniCPM: Llama's block, tied", NULL, { LLAMA_BLOCK, .tied = true }, NULL },
    { "mistral", "Mistral: Llama with a sliding window", NULL, { LLAMA_BLOCK }, fill_window },
    { "mixtral", "Mixtral: Mistral with experts", NULL, { LLAMA_BLOCK }, fill_mixtral },
    { "mpt", "MPT: ALiBi, no biases", NULL, { .norm = NORM_LAYER, .function = "gelu", .tied = true }, fill_mpt },
    { "nemotron", "Nemotron: layer norm, squared ReLU without gate, partial rotary", NULL,
      { .position = POSITION_ROPE, .norm = NORM_LAYER, .norm_bias = true, .function = "relu2" }, NULL },
    { "nemotron_h", "Nemotron-H and Nemotron 3: Mamba-2, attention, MLP and expert layers, squared ReLU without gate", NULL,
      { .norm = NORM_RMS, .function = "relu2" }, fill_nemotron_h },
    { "nllb-moe", "NLLB-MoE", "it is an encoder-decoder: traces describe decoder-only models", { 0 }, NULL },
    { "opt", "OPT: learned positions, ReLU", NULL,
      { .norm = NORM_LAYER, .norm_bias = true, .qkv_bias = true, .out_bias = true, .mlp_bias = true, .function = "relu",
        .position = POSITION_LEARNED, .tied = true }, fill_opt },
    { "phi", "Phi 1.5 and 2: parallel blocks with one norm, biases everywhere", NULL,
      { GPT_BLOCK, .position = POSITION_ROPE, .head_bias = true, .parallel = true, .one_norm = true }, fill_phi },
    { "phi3", "Phi 3: Llama's block with a window", NULL, { LLAMA_BLOCK }, fill_window },
    { "phimoe", "Phi MoE: experts, layer norm, biases in attention", NULL,
      { .position = POSITION_ROPE, .norm = NORM_LAYER, .norm_bias = true, .gated = true, .function = "silu" }, fill_phimoe },
    { "plm", "PLM: latent attention with a squared-ReLU MLP", NULL,
      { .position = POSITION_ROPE, .norm = NORM_RMS, .function = "relu2", .tied = true }, fill_plm },
    { "qwen", "Qwen 1: Llama with biases in the QKV projection", NULL, { LLAMA_BLOCK, .qkv_bias = true }, fill_qwen },
    { "qwen2", "Qwen 2 and 2.5: biases in the QKV projection, grouped heads", NULL, { LLAMA_BLOCK, .qkv_bias = true }, fill_qwen2 },
    { "qwen2_moe", "Qwen 2 MoE: experts and a gated shared expert", NULL, { LLAMA_BLOCK, .qkv_bias = true }, fill_qwen2_moe },
    { "qwen3", "Qwen 3: norms of query and key heads", NULL, { LLAMA_BLOCK, .qk_norm = true }, fill_qwen2 },
    { "qwen3_moe", "Qwen 3 MoE: norms of query and key heads, experts", NULL, { LLAMA_BLOCK, .qk_norm = true }, fill_qwen3_moe },
    { "switch_transformers", "Switch Transformer", "it is an encoder-decoder: traces describe decoder-only models", { 0 }, NULL },
    { "t5", "T5", "it is an encoder-decoder: traces describe decoder-only models", { 0 }, NULL },
    { "yalm", "YaLM 100B: gated GELU, biases, rotary embedding", NULL, { GPT_BLOCK, .position = POSITION_ROPE, .tied = true }, fill_yalm },
};

const struct family *family_list(size_t *count)
{
    *count = sizeof families / sizeof families[0];
    return families;
}

const struct family *family_find(const char *model_type)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(model_type, families[i].model_type) == 0)
            return &families[i];
    return NULL;
}
