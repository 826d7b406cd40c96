/* SPDX-License-Identifier: Apache-2.0 */
/**
 * config.json to struct llm: sizes under whichever name the family gives them, then what the family's row fixes.
 * Numbers that do not change shapes (rope_theta, dropout, token ids, ...) are not looked at, so unknown keys are no error here.
 */
#include <string.h>

#include "base/nearest.h"
#include "workloads/llm.h"

enum { FAMILIES_MAX = 64 };
/* Bounds that keep every product of two sizes, and of a size with the tokens of a step, within 63 bits. */
enum { SIZE_MAX_I64 = 1 << 30, HEADS_MAX = 1 << 20 };

/* Names of one size in the configurations of the families, the commonest first. */
static const char *const hidden_keys[] = { "hidden_size", "n_embd", "d_model", NULL };
static const char *const layer_keys[] = { "num_hidden_layers", "n_layer", "n_layers", NULL };
static const char *const head_keys[] = { "num_attention_heads", "n_head", "n_heads", NULL };
static const char *const kv_head_keys[] = { "num_key_value_heads", "num_kv_heads", NULL };
static const char *const intermediate_keys[] = { "intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size", NULL };
static const char *const head_dim_keys[] = { "head_dim", "kv_channels", NULL };
static const char *const position_keys[] = { "max_position_embeddings", "n_positions", "max_seq_len", NULL };
static const char *const rotary_share_keys[] = { "partial_rotary_factor", "rotary_pct", NULL };
static const char *const function_keys[] = { "hidden_activation", "hidden_act", "activation_function", NULL };

/* Node of the first key that is present and not null, or NULL. */
static const struct yaml_node *first_of(const char **key, const struct yaml_node *config, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const struct yaml_node *node = yaml_find(config, *keys);

        if (node != NULL && !yaml_is_null(node)) {
            *key = *keys;
            return node;
        }
    }
    return NULL;
}

static enum status size_of(int64_t *out, const struct yaml_node *config, const char *const *keys, bool required, struct error *err)
{
    const char *key;

    if (first_of(&key, config, keys) == NULL) {
        if (required)
            return error_set(err, STATUS_BAD_INPUT, config->at, "no key '%s', expected the model's size under this name", keys[0]);
        return STATUS_OK;
    }
    return yaml_get_i64(out, config, key, true, 1, SIZE_MAX_I64, err);
}

static enum status read_flag(bool *out, const struct yaml_node *config, const char *key, struct error *err)
{
    const struct yaml_node *node = yaml_find(config, key);

    return node == NULL || yaml_is_null(node) ? STATUS_OK : yaml_get_bool(out, config, key, true, err);
}

/* Activation functions under the names of transformers' ACT2FN; variants of GELU cost the same. */
static enum status read_function(struct llm *m, const struct yaml_node *config, struct error *err)
{
    static const struct { const char *name, *function; } names[] = {
        { "gelu", "gelu" }, { "gelu_fast", "gelu" }, { "gelu_new", "gelu" }, { "gelu_pytorch_tanh", "gelu" }, { "relu", "relu" },
        { "relu2", "relu2" }, { "silu", "silu" }, { "squared_relu", "relu2" }, { "swish", "silu" },
    };
    enum { COUNT = sizeof names / sizeof names[0] };
    const char *candidates[COUNT], *near, *key;
    const struct yaml_node *node = first_of(&key, config, function_keys);

    if (node == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < COUNT; i++) {
        if (node->kind == YAML_SCALAR && strcmp(node->text, names[i].name) == 0) {
            m->function = names[i].function;
            return STATUS_OK;
        }
        candidates[i] = names[i].name;
    }
    near = node->kind == YAML_SCALAR ? nearest_name(node->text, candidates, COUNT) : NULL;
    return error_set(err, STATUS_BAD_INPUT, node->at, "unknown %s '%s', expected gelu, relu, relu2 or silu%s%s%s", key,
                     node->kind == YAML_SCALAR ? node->text : "(not a word)", near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
}

static enum status read_sizes(struct llm *m, const struct yaml_node *config, struct error *err)
{
    static const char *const vocab_keys[] = { "vocab_size", NULL };
    enum status st;

    if ((st = size_of(&m->hidden, config, hidden_keys, true, err)) || (st = size_of(&m->layers, config, layer_keys, true, err)) ||
        (st = size_of(&m->heads, config, head_keys, true, err)) || (st = size_of(&m->vocab, config, vocab_keys, true, err)))
        return st;
    m->kv_heads = m->heads;
    m->intermediate = 4 * m->hidden; /* GPT's custom, where the configuration does not say */
    if ((st = size_of(&m->kv_heads, config, kv_head_keys, false, err)) || (st = size_of(&m->intermediate, config, intermediate_keys, false, err)))
        return st;
    m->head_dim = m->hidden / m->heads;
    if (yaml_find(config, "head_dim") == NULL && yaml_find(config, "kv_channels") == NULL && m->hidden % m->heads != 0)
        return error_set(err, STATUS_BAD_INPUT, config->at, "hidden size %lld is not a multiple of %lld heads, and no 'head_dim' is given",
                         (long long)m->hidden, (long long)m->heads);
    return size_of(&m->head_dim, config, head_dim_keys, false, err);
}

static enum status read_positions(struct llm *m, const struct yaml_node *config, struct error *err)
{
    static const char *const rotary_dim_keys[] = { "rotary_dim", NULL };
    const char *key;
    double share = 1;
    enum status st;

    if ((st = size_of(&m->position_rows, config, position_keys, m->position == POSITION_LEARNED, err)))
        return st;
    if (first_of(&key, config, rotary_share_keys) != NULL &&
        (st = yaml_get_quantity(&share, config, key, true, Q_RATIO, 0, 1, err)))
        return st;
    m->rotary_dim = (int64_t)(share * (double)m->head_dim);
    if (m->rotary_dim < 1)
        m->rotary_dim = 1;
    return size_of(&m->rotary_dim, config, rotary_dim_keys, false, err);
}

static enum status read_biases(struct llm *m, const struct yaml_node *config, struct error *err)
{
    enum status st;
    bool attention = m->qkv_bias && m->out_bias;

    if (yaml_find(config, "attention_bias") != NULL) {
        if ((st = read_flag(&attention, config, "attention_bias", err)))
            return st;
        m->qkv_bias = m->out_bias = attention;
    }
    if ((st = read_flag(&m->mlp_bias, config, "mlp_bias", err)))
        return st;
    return read_flag(&m->tied, config, "tie_word_embeddings", err);
}

static enum status find_family(const struct family **out, const struct yaml_node *config, struct error *err)
{
    const char *names[FAMILIES_MAX], *type = NULL, *near;
    const struct yaml_node *node = yaml_find(config, "model_type");
    const struct family *all;
    size_t count;
    enum status st;

    if (config->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, config->at, "not a model configuration: expected keys such as \"model_type\"");
    if ((st = yaml_get_text(&type, config, "model_type", true, err)))
        return st;
    if ((*out = family_find(type)) == NULL) {
        all = family_list(&count);
        for (size_t i = 0; i < count; i++)
            names[i] = all[i].model_type;
        near = nearest_name(type, names, count);
        return error_set(err, STATUS_BAD_INPUT, node->at, "unknown model_type '%s', expected one of docs/models.md%s%s%s", type,
                         near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
    }
    if ((*out)->refusal != NULL)
        return error_set(err, STATUS_BAD_INPUT, node->at, "model_type '%s' (%s) is not supported: %s", type, (*out)->summary, (*out)->refusal);
    return STATUS_OK;
}

static enum status check_sizes(const struct llm *m, const struct yaml_node *config, struct error *err)
{
    if (m->heads > HEADS_MAX || m->kv_heads > HEADS_MAX || m->moe.experts > HEADS_MAX)
        return error_set(err, STATUS_BAD_INPUT, config->at, "more than %d heads or experts", HEADS_MAX);
    if (m->mla.kv_lora == 0 && m->heads % m->kv_heads != 0)
        return error_set(err, STATUS_BAD_INPUT, config->at, "%lld heads are not a multiple of %lld key-value heads", (long long)m->heads,
                         (long long)m->kv_heads);
    if (m->rotary_dim > m->head_dim)
        return error_set(err, STATUS_BAD_INPUT, config->at, "rotary_dim %lld is more than head_dim %lld", (long long)m->rotary_dim,
                         (long long)m->head_dim);
    if (m->layers > 65536)
        return error_set(err, STATUS_BAD_INPUT, config->at, "%lld layers, expected at most 65536", (long long)m->layers);
    if (m->moe.first_dense > m->layers)
        return error_set(err, STATUS_BAD_INPUT, config->at, "first_k_dense_replace %lld is more than %lld layers",
                         (long long)m->moe.first_dense, (long long)m->layers);
    return STATUS_OK;
}

/* "llama-2-70b" of ".../llama-2-70b.config.json"; the folder's name of ".../llama-2-70b/config.json". */
static const char *name_of_path(const char *path, struct arena *arena)
{
    static const char *const endings[] = { ".config.json", ".json", ".yaml", ".yml", NULL };
    const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path;
    size_t length = strlen(start);

    if (slash != NULL && strcmp(start, "config.json") == 0) {
        const char *end = slash;

        for (start = end; start > path && start[-1] != '/'; start--)
            ;
        return start < end ? arena_strndup(arena, start, (size_t)(end - start)) : "model";
    }
    for (const char *const *e = endings; *e != NULL; e++) {
        size_t n = strlen(*e);

        if (length > n && strcmp(start + length - n, *e) == 0)
            return arena_strndup(arena, start, length - n);
    }
    return arena_strdup(arena, start);
}

static enum status check_name(const char *name, struct error *err)
{
    size_t n = strlen(name);

    if (n < 1 || n > 128 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+:") != n)
        return error_plain(err, STATUS_BAD_INPUT, "model name '%s', expected 1 to 128 letters, digits or . _ - + : (give --name)", name);
    return STATUS_OK;
}

/* A description of our own states the published total: a slip in it would show here. */
static enum status check_parameters(const struct llm *m, const struct yaml_node *config, struct arena *arena, struct error *err)
{
    struct model_info info;
    int64_t published = 0;
    enum status st;

    if (yaml_find(config, "parameters") == NULL)
        return STATUS_OK;
    if ((st = yaml_get_i64(&published, config, "parameters", true, 1, INT64_MAX, err)) || (st = llm_model_info(&info, m, 0, arena, err)))
        return st;
    if (info.parameters != published)
        return error_set(err, STATUS_BAD_INPUT, yaml_find(config, "parameters")->at, "parameters is %lld, but the sizes make %lld",
                         (long long)published, (long long)info.parameters);
    return STATUS_OK;
}

enum status llm_read(struct llm *out, const char *config_path, const char *name, struct arena *arena, struct error *err)
{
    struct yaml_node *config;
    const struct family *family = NULL;
    struct llm m;
    enum status st;

    if ((st = yaml_read_file(&config, config_path, arena, err)) || (st = find_family(&family, config, err)))
        return st;
    m = family->preset;
    m.family = family;
    m.name = name ? name : name_of_path(config_path, arena);
    if (m.name == NULL)
        return error_no_memory(err);
    if ((st = check_name(m.name, err)) || (st = read_sizes(&m, config, err)) || (st = read_positions(&m, config, err)) ||
        (st = read_function(&m, config, err)) || (st = read_biases(&m, config, err)) ||
        (family->fill != NULL && (st = family->fill(&m, config, err))) || (st = check_sizes(&m, config, err)) ||
        (st = check_parameters(&m, config, arena, err)))
        return st;
    *out = m;
    return STATUS_OK;
}
