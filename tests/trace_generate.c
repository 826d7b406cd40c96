/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The generator: parameter counts against the published ones, operators against weights, scenarios against counting by hand.
 * Figures are totals that the models' authors publish, or sums of the tensors that Hugging Face stores for the configuration;
 * bitnet 2B4T: the safetensors total. Rounded ones: gpt-oss arXiv 2508.10925, table 1; YaLM, sizes of its repository; BitNet
 * arXiv 2402.17764; Phi-mini-MoE, its model card.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"
#include "workloads/generate.h"
#include "workloads/llm.h"
#include "workloads/op_math.h"
#include "workloads/roles.h"

static const struct { const char *name; int64_t parameters; } published[] = {
    { "bloom-176b", 176247271424LL },
    { "deepseek-r1-distill-qwen-32b", 32763876352LL },
    { "deepseek-v2", 235741434880LL },
    { "deepseek-v2-lite", 15706484224LL },
    { "deepseek-v3", 671026419200LL },
    { "gemma-2-27b", 27227128320LL },
    { "gemma-2-2b", 2614341888LL },
    { "gemma-2-9b", 9241705984LL },
    { "gpt-j-6b", 6050882784LL },
    { "gpt-neox-20b", 20554567680LL },
    { "gpt2-large", 774030080LL },
    { "gpt3-13b", 12853386240LL },
    { "gpt3-175b", 174604259328LL },
    { "gpt3-2.7b", 2651553280LL },
    { "gpt3-6.7b", 6658404352LL },
    { "gpt3-large-760m", 760300032LL },
    { "gpt3-medium-350m", 355871744LL },
    { "gpt3-small-125m", 125226240LL },
    { "gpt3-xl-1.3b", 1315723264LL },
    { "llama-2-13b", 13015864320LL },
    { "llama-2-70b", 68976648192LL },
    { "llama-2-7b", 6738415616LL },
    { "llama-3-70b", 70553706496LL },
    { "llama-3-8b", 8030261248LL },
    { "llama-3.1-405b", 405853388800LL },
    { "llama-3.1-70b", 70553706496LL },
    { "llama-3.1-70b-instruct-fp8", 70553706496LL },
    { "llama-3.1-8b", 8030261248LL },
    { "llama-3.2-1b", 1235814400LL },
    { "llama-3.2-3b", 3212749824LL },
    { "megatron-gpt-1.7b", 1652230656LL },
    { "megatron-gpt-1008b", 1008038758400LL },
    { "megatron-gpt-145.6b", 145622261760LL },
    { "megatron-gpt-18.4b", 18449756160LL },
    { "megatron-gpt-3.6b", 3562168320LL },
    { "megatron-gpt-310.1b", 310130540544LL },
    { "megatron-gpt-39.1b", 39096041472LL },
    { "megatron-gpt-529.6b", 529600819200LL },
    { "megatron-gpt-7.5b", 7467786240LL },
    { "megatron-gpt-76.1b", 76050739200LL },
    { "megatron-seqpar-175b", 174615846912LL },
    { "megatron-seqpar-1t", 1008038758400LL },
    { "megatron-seqpar-22b", 22074273792LL },
    { "megatron-seqpar-530b", 529600819200LL },
    { "minicpm-2b", 2724880896LL },
    { "mistral-7b", 7241732096LL },
    { "mixtral-8x22b", 140620634112LL },
    { "mixtral-8x7b", 46702792704LL },
    { "mpt-30b", 29957200896LL },
    { "mpt-30b-bench", 29956742144LL },
    { "mpt-70b-bench", 64838443008LL },
    { "mpt-7b", 6649286656LL },
    { "nemotron-4-15b", 15628775424LL },
    { "nemotron-4-340b", 341029195776LL },
    { "opt-1.3b", 1315758080LL },
    { "opt-175b", 174604468224LL },
    { "opt-30b", 29974540288LL },
    { "opt-6.7b", 6658473984LL },
    { "opt-66b", 65719701504LL },
    { "phi-2", 2779683840LL },
    { "plm-1.8b", 1825458176LL },
    { "qwen-72b", 72287920128LL },
    { "qwen2-72b", 72706203648LL },
    { "qwen2-7b", 7615616512LL },
    { "qwen2.5-32b", 32763876352LL },
    { "qwen2.5-72b-instruct", 72706203648LL },
    { "qwen2.5-7b-instruct", 7615616512LL },
    { "qwen3-235b-a22b", 235093634560LL },
    { "qwen3-235b-a22b-fp8", 235093634560LL },
    { "qwen3-30b-a3b", 30532122624LL },
    { "qwen3-32b", 32762123264LL },
    { "qwen3-8b", 8190735360LL },
    { "tinyllama-1.1b", 1100048384LL },
    { "bitnet-b1.58-2b-4t", 2412820480LL },
};

/* Totals published in rounded form only, to their digits; 0: no figure that the recalled configuration could be held to. */
static const struct { const char *name; double parameters, tolerance; } rounded[] = {
    { "gpt-oss-120b", 116.83e9, 0.005e9 }, { "gpt-oss-20b", 20.91e9, 0.005e9 }, { "yalm-100b", 102.0e9, 0.05e9 },
    { "bitnet-b1.58-3b", 3.3e9, 0.05e9 },  { "phi-mini-moe", 7.6e9, 0.05e9 },   { "falcon-40b", 0, 0 },
    { "falcon-180b", 0, 0 },               { "geb-1.3b", 0, 0 },
};

static const struct { const char *name, *reason; } refused[] = {
    { "mamba-2.8b", "state-space" },      { "matmulfree-370m", "recurrent" },       { "matmulfree-1.3b", "recurrent" },
    { "matmulfree-2.7b", "recurrent" },   { "nllb-moe-54b", "encoder-decoder" },    { "switch-c-2048", "encoder-decoder" },
};

/* One configuration a shape of block, in the fields that matter: these run without the published files. */
static const struct { const char *name, *text; int64_t parameters; } inline_configs[] = {
    { "qwen2-7b", "model_type: qwen2\nhidden_size: 3584\nintermediate_size: 18944\nnum_hidden_layers: 28\nnum_attention_heads: 28\n"
      "num_key_value_heads: 4\nvocab_size: 152064\nuse_sliding_window: false\nsliding_window: 131072\n", 7615616512LL },
    { "qwen3-30b-a3b", "model_type: qwen3_moe\nhidden_size: 2048\nintermediate_size: 6144\nmoe_intermediate_size: 768\nnum_experts: 128\n"
      "num_experts_per_tok: 8\nnum_hidden_layers: 48\nnum_attention_heads: 32\nnum_key_value_heads: 4\nhead_dim: 128\nvocab_size: 151936\n",
      30532122624LL },
    { "deepseek-v3", "model_type: deepseek_v3\nhidden_size: 7168\nintermediate_size: 18432\nmoe_intermediate_size: 2048\n"
      "num_hidden_layers: 61\nnum_attention_heads: 128\nnum_key_value_heads: 128\nvocab_size: 129280\nn_routed_experts: 256\n"
      "n_shared_experts: 1\nnum_experts_per_tok: 8\nfirst_k_dense_replace: 3\nkv_lora_rank: 512\nq_lora_rank: 1536\n"
      "qk_nope_head_dim: 128\nqk_rope_head_dim: 64\nv_head_dim: 128\n", 671026419200LL },
    { "gemma-2-2b", "model_type: gemma2\nhidden_size: 2304\nintermediate_size: 9216\nnum_hidden_layers: 26\nnum_attention_heads: 8\n"
      "num_key_value_heads: 4\nhead_dim: 256\nvocab_size: 256000\nsliding_window: 4096\nhidden_act: gelu_pytorch_tanh\n", 2614341888LL },
    { "gpt-j-6b", "model_type: gptj\nn_embd: 4096\nn_layer: 28\nn_head: 16\nn_inner: null\nn_positions: 2048\nrotary_dim: 64\n"
      "vocab_size: 50400\nactivation_function: gelu_new\ntie_word_embeddings: false\n", 6050882784LL },
    { "gpt-neox-20b", "model_type: gpt_neox\nhidden_size: 6144\nintermediate_size: 24576\nnum_hidden_layers: 44\n"
      "num_attention_heads: 64\nvocab_size: 50432\nrotary_pct: 0.25\nuse_parallel_residual: true\nhidden_act: gelu_fast\n", 20554567680LL },
    { "mpt-7b", "model_type: mpt\nd_model: 4096\nn_heads: 32\nn_layers: 32\nexpansion_ratio: 4\nvocab_size: 50432\nno_bias: true\n"
      "attn_config: { alibi: true }\n", 6649286656LL },
    { "phi-2", "model_type: phi\nhidden_size: 2560\nintermediate_size: 10240\nnum_hidden_layers: 32\nnum_attention_heads: 32\n"
      "num_key_value_heads: 32\nvocab_size: 51200\npartial_rotary_factor: 0.4\nhidden_act: gelu_new\nqk_layernorm: false\n", 2779683840LL },
    /* by hand: 23 (in 10304, conv 6144 x 4, out 4096), 6 (qkv 36 x 128), 23 (128 x 2 x 1856, shared 2 x 3712); 31.6e9 published */
    { "nemotron-3-nano", "model_type: nemotron_h\nhidden_size: 2688\nintermediate_size: 1856\nnum_hidden_layers: 52\nnum_attention_heads: 32\n"
      "num_key_value_heads: 2\nhead_dim: 128\nvocab_size: 131072\nhybrid_override_pattern: MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME\n"
      "mamba_num_heads: 64\nmamba_head_dim: 64\nssm_state_size: 128\nn_groups: 8\nconv_kernel: 4\nchunk_size: 128\nn_routed_experts: 128\n"
      "num_experts_per_tok: 6\nmoe_intermediate_size: 1856\nmoe_shared_expert_intermediate_size: 3712\n", 31577937344LL },
};

static const struct { const char *label, *text, *message; } bad[] = {
    { "unknown family", "model_type: lama\n", "nearest is 'llama'" },
    { "no family", "hidden_size: 8\n", "model_type" },
    { "no size", "model_type: llama\nnum_hidden_layers: 2\n", "no key 'hidden_size'" },
    { "heads", "model_type: llama\nhidden_size: 10\nnum_hidden_layers: 2\nnum_attention_heads: 3\nvocab_size: 8\n", "not a multiple of 3 heads" },
    { "kv heads", "model_type: llama\nhidden_size: 64\nnum_hidden_layers: 2\nnum_attention_heads: 8\nnum_key_value_heads: 3\nvocab_size: 8\n",
      "not a multiple of 3 key-value heads" },
    { "function", "model_type: llama\nhidden_size: 64\nnum_hidden_layers: 2\nnum_attention_heads: 8\nvocab_size: 8\nhidden_act: sillu\n",
      "nearest is 'silu'" },
    { "zero", "model_type: llama\nhidden_size: 0\nnum_hidden_layers: 2\nnum_attention_heads: 8\nvocab_size: 8\n", "hidden_size" },
    { "huge", "model_type: llama\nhidden_size: 1073741824\nnum_hidden_layers: 60000\nnum_attention_heads: 8\nvocab_size: 1073741824\n",
      "parameters of the model" },
    { "beyond the bound", "model_type: llama\nhidden_size: 1000000000000\n", "hidden_size" },
    { "heads beyond", "model_type: llama\nhidden_size: 1073741824\nnum_hidden_layers: 1\nnum_attention_heads: 1073741824\nvocab_size: 8\n",
      "more than 1048576 heads" },
    { "published total", "model_type: llama\nhidden_size: 64\nintermediate_size: 128\nnum_hidden_layers: 2\nnum_attention_heads: 8\n"
      "vocab_size: 8\nparameters: 7\n", "parameters is 7, but the sizes make" },
    { "layers of a kind that is not known", "model_type: nemotron_h\nhidden_size: 8\nnum_hidden_layers: 2\nnum_attention_heads: 2\nvocab_size: 8\n"
      "hybrid_override_pattern: MX\n", "hybrid_override_pattern has 'X', expected M (Mamba-2)" },
    { "not a map", "- 1\n", "not a model configuration" },
};

static char config_path[64], trace_path[64];

static void write_config(const char *text)
{
    FILE *f = fopen(config_path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

/* Only the header: parameter counts by role. */
static enum status model_from_config(struct model_info **out, const char *from, const char *name, struct arena *arena, struct error *err)
{
    struct model_info *info = arena_alloc(arena, sizeof *info);
    struct llm m;
    enum status st;

    if (info == NULL)
        return error_no_memory(err);
    if ((st = llm_read(&m, from, name, arena, err)) || (st = llm_model_info(info, &m, 0, arena, err)))
        return st;
    *out = info;
    return STATUS_OK;
}

static void inline_parameters(void)
{
    for (size_t i = 0; i < sizeof inline_configs / sizeof inline_configs[0]; i++) {
        struct arena arena = { 0 };
        struct model_info *m = NULL;
        struct error err = { 0 };

        write_config(inline_configs[i].text);
        CHECK_ROW(inline_configs[i].name, model_from_config(&m, config_path, "m", &arena, &err) == STATUS_OK);
        CHECK_ROW(inline_configs[i].name, m != NULL && m->parameters == inline_configs[i].parameters);
        arena_free(&arena);
    }
}

static void published_parameters(void)
{
    const char *dir = shared_dir();

    if (dir == NULL)
        return;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        struct arena arena = { 0 };
        struct model_info *m = NULL;
        struct error err = { 0 };
        char path[512];

        snprintf(path, sizeof path, "%s/models/%s.config.json", dir, published[i].name);
        CHECK_ROW(published[i].name, model_from_config(&m, path, NULL, &arena, &err) == STATUS_OK);
        CHECK_ROW(published[i].name, m != NULL && m->parameters == published[i].parameters);
        arena_free(&arena);
    }
}

static void refusals_give_the_reason(void)
{
    const char *dir = shared_dir();

    if (dir == NULL)
        return;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct arena arena = { 0 };
        struct model_info *m;
        struct error err = { 0 };
        char path[512];

        snprintf(path, sizeof path, "%s/models/%s.config.json", dir, refused[i].name);
        CHECK_ROW(refused[i].name, model_from_config(&m, path, NULL, &arena, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(refused[i].name, strstr(err.message, refused[i].reason) != NULL);
        arena_free(&arena);
    }
}

static void bad_configurations_say_why(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena arena = { 0 };
        struct model_info *m;
        struct error err = { 0 };

        write_config(bad[i].text);
        CHECK_ROW(bad[i].label, model_from_config(&m, config_path, "m", &arena, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(bad[i].label, strstr(err.message, bad[i].message) != NULL);
        arena_free(&arena);
    }
}

/* --- operators against weights --------------------------------------------------------------------------------------- */

static struct trace *generate(const char *config, const struct scenario *s)
{
    struct outfile *out = NULL;
    struct trace *t = NULL;
    struct error err = { 0 };
    enum status st = outfile_open(&out, trace_path, &err);

    if (st == STATUS_OK && (st = trace_generate(out, config, "m", s, &err)) != STATUS_OK)
        outfile_abandon(out);
    else if (st == STATUS_OK)
        st = outfile_commit(out, &err);
    if (st == STATUS_OK)
        st = trace_open(&t, trace_path, &err);
    if (st != STATUS_OK)
        printf("# %s\n", err.message);
    CU_ASSERT_EQUAL_FATAL(st, STATUS_OK);
    return t;
}

/* Elements of the matrices of a role: in the header, and as the products of a step use them. Experts count with all groups. */
static int64_t stored(const struct model_info *m, const char *role)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < m->weights_count; i++)
        if (strcmp(m->weights[i].role, role) == 0)
            sum += m->weights[i].matrices * m->weights[i].rows * m->weights[i].cols;
    return sum;
}

static int64_t used(const struct step *step, const char *role)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < step->ops_count; i++) {
        const struct op *op = &step->ops[i];

        if (strcmp(op->role, role) == 0)
            sum += op->count * op->n * op->k * (op->kind == OP_GROUPED_GEMM ? op->groups : op->batch);
    }
    return sum;
}

/* Every matrix of the header is used once in a step, and every product finds its matrix. Latent attention uses kv_up whole in the
 * prefill, and in its two halves in the decode. */
static void check_step(const char *label, const struct model_info *m, const struct step *step)
{
    bool absorbed = used(step, "attn.q_absorb") > 0;

    for (int64_t i = 0; i < m->weights_count; i++) {
        const char *role = m->weights[i].role;

        if (m->weights[i].rows == 1 || strncmp(role, "embed", 5) == 0)
            continue;
        if (absorbed && strcmp(role, "attn.kv_up") == 0)
            CHECK_ROW(label, stored(m, role) == used(step, "attn.q_absorb") + used(step, "attn.v_absorb"));
        else
            CHECK_ROW(label, stored(m, role) == used(step, role));
    }
    for (int64_t i = 0; i < step->ops_count; i++) {
        const struct op *op = &step->ops[i];

        if ((op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM) && strstr(op->role, "_absorb") == NULL && op->n > 1 && !op->activation_b)
            CHECK_ROW(label, stored(m, op->role) > 0);
    }
}

static void operators_use_every_matrix_once(void)
{
    const struct request requests[] = { { 0, 100, 3 }, { 0, 200, 5 } };
    struct scenario s = { .count = 2, .requests = requests, .prefill = true, .decode = true, .context = -1 };

    for (size_t i = 0; i < sizeof inline_configs / sizeof inline_configs[0]; i++)
        for (s.layers = 0; s.layers <= 2; s.layers += 2) {
            struct arena arena = { 0 };
            struct error err = { 0 };
            const struct step *step;
            struct trace *t;
            int steps = 0;

            write_config(inline_configs[i].text);
            t = generate(config_path, &s);
            while (trace_next(&step, t, &arena, &err) == STATUS_OK && step != NULL) {
                check_step(inline_configs[i].name, trace_model(t), step);
                steps++;
            }
            CHECK_ROW(inline_configs[i].name, steps == 3);
            trace_close(t);
            arena_free(&arena);
        }
}

/* --- scenarios ------------------------------------------------------------------------------------------------------- */

static const char small[] = "model_type: llama\nhidden_size: 64\nintermediate_size: 128\nnum_hidden_layers: 3\nnum_attention_heads: 8\n"
                            "num_key_value_heads: 2\nvocab_size: 100\n";

/* Three sequences that leave after 1, 3 and 6 tokens: the first never decodes. Worked out by hand. */
static void sequences_leave_as_they_finish(void)
{
    static const struct { enum phase phase; int64_t repeat, sequences, tokens, kv; } expected[] = {
        { PHASE_PREFILL, 1, 3, 60, 10 }, { PHASE_DECODE, 2, 2, 2, 21 }, { PHASE_DECODE, 3, 1, 1, 33 },
    };
    const struct request requests[] = { { 0, 10, 1 }, { 0, 20, 3 }, { 0, 30, 6 } };
    struct scenario s = { .count = 3, .requests = requests, .prefill = true, .decode = true, .context = -1 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct step *step;
    struct trace *t;
    size_t n = 0;

    write_config(small);
    t = generate(config_path, &s);
    for (; trace_next(&step, t, &arena, &err) == STATUS_OK && step != NULL && n < 3; n++) {
        CU_ASSERT_EQUAL(step->phase, expected[n].phase);
        CU_ASSERT_EQUAL(step->repeat, expected[n].repeat);
        CU_ASSERT_EQUAL(step->sequences, expected[n].sequences);
        CU_ASSERT_EQUAL(step->tokens, expected[n].tokens);
        CU_ASSERT_EQUAL(step->seqs[0].kv, expected[n].kv);
        CU_ASSERT_EQUAL(step->ops[step->ops_count - 2].m, expected[n].sequences); /* lm_head: the last tokens only */
    }
    CU_ASSERT_EQUAL(n, 3);
    trace_close(t);
    arena_free(&arena);
}

/* FLOPs of a dense prefill: 2 tokens x linear parameters, 4 pairs x width for attention, the head for the last token. */
static void prefill_flops_by_formula(void)
{
    const struct request requests[] = { { 0, 50, 1 } };
    struct scenario s = { .count = 1, .requests = requests, .prefill = true, .context = -1 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct step *step;
    int64_t flops = 0, linear = 3 * ((64 + 2 * 16) * 64 + 64 * 64 + 3 * 128 * 64);
    struct trace *t;

    write_config(small);
    t = generate(config_path, &s);
    CU_ASSERT_EQUAL_FATAL(trace_next(&step, t, &arena, &err), STATUS_OK);
    for (int64_t i = 0; i < step->ops_count; i++)
        flops += op_flops(&step->ops[i], step, 0);
    CU_ASSERT_EQUAL(flops, 2 * 50 * linear + 3 * 4 * (50 * 51 / 2) * 64 + 2 * 100 * 64);
    trace_close(t);
    arena_free(&arena);
}

/* Gemma 2: of 26 layers every other one slides; its cache is kept apart. */
static void windows_alternate(void)
{
    const struct request requests[] = { { 0, 50, 1 } };
    struct scenario s = { .count = 1, .requests = requests, .prefill = true, .context = -1 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct step *step;
    int64_t sliding = 0, full = 0;
    struct trace *t;

    write_config(inline_configs[3].text);
    t = generate(config_path, &s);
    CU_ASSERT_EQUAL_FATAL(trace_next(&step, t, &arena, &err), STATUS_OK);
    for (int64_t i = 0; i < step->ops_count; i++)
        if (step->ops[i].kind == OP_ATTENTION)
            *(step->ops[i].window == 4096 ? &sliding : &full) += step->ops[i].count;
    CU_ASSERT_EQUAL(sliding, 13);
    CU_ASSERT_EQUAL(full, 13);
    CU_ASSERT_EQUAL_FATAL(trace_model(t)->kv_count, 2);
    CU_ASSERT_EQUAL(trace_model(t)->kv[0].layers, 13);
    trace_close(t);
    arena_free(&arena);
}

/* @return parameters, having checked that prefill and decode are sound */
static int64_t generates_soundly(const char *name)
{
    const struct request requests[] = { { 0, 128, 4 } };
    struct scenario s = { .count = 1, .requests = requests, .prefill = true, .decode = true, .context = -1 };
    struct arena arena = { 0 };
    struct error err = { 0 };
    const struct step *step;
    struct trace *t;
    int64_t parameters;
    char path[512];
    int steps = 0;

    snprintf(path, sizeof path, "%s/models/%s.config.json", shared_dir(), name);
    t = generate(path, &s);
    while (trace_next(&step, t, &arena, &err) == STATUS_OK && step != NULL) {
        check_step(name, trace_model(t), step);
        steps++;
    }
    CHECK_ROW(name, steps == 2);
    parameters = trace_model(t)->parameters;
    trace_close(t);
    arena_free(&arena);
    return parameters;
}

static void all_published_generate(void)
{
    if (shared_dir() == NULL)
        return;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        CHECK_ROW(published[i].name, generates_soundly(published[i].name) == published[i].parameters);
    for (size_t i = 0; i < sizeof rounded / sizeof rounded[0]; i++) {
        double difference = (double)generates_soundly(rounded[i].name) - rounded[i].parameters;

        CHECK_ROW(rounded[i].name, rounded[i].parameters == 0 || (difference <= rounded[i].tolerance && difference >= -rounded[i].tolerance));
    }
}

static const struct test tests[] = {
    { "parameters of eight families", inline_parameters },
    { "parameters of every published configuration", published_parameters },
    { "unsupported families are refused with the reason", refusals_give_the_reason },
    { "bad configurations say what was expected", bad_configurations_say_why },
    { "operators use every matrix once", operators_use_every_matrix_once },
    { "every published configuration makes a sound trace", all_published_generate },
    { "sequences leave as they finish", sequences_leave_as_they_finish },
    { "FLOPs of a prefill by formula", prefill_flops_by_formula },
    { "sliding and full layers alternate", windows_alternate },
};

int main(void)
{
    int code;

    snprintf(config_path, sizeof config_path, "trace_generate.%ld.tmp.yaml", (long)getpid());
    snprintf(trace_path, sizeof trace_path, "trace_generate.%ld.tmp.trace", (long)getpid());
    code = run_tests("trace_generate", tests, sizeof tests / sizeof tests[0]);
    remove(config_path);
    remove(trace_path);
    return code;
}
