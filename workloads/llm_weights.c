/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Parameters of a model by role, and its KV cache. The sum is what Hugging Face stores (docs/models.md, "Parameters");
 * multi-token-prediction modules are left out.
 */
#include <string.h>

#include "base/checked.h"
#include "workloads/generate.h"
#include "workloads/llm.h"
#include "workloads/trace_check.h"

enum { WEIGHTS_MAX = 96 };

struct builder {
    struct weight_info *items;
    int64_t count;
    struct arena *arena;
    bool failed;
};

static void add_tied(struct builder *b, const char *role, int64_t matrices, int64_t rows, int64_t cols, bool tied)
{
    if (matrices == 0 || b->count == WEIGHTS_MAX || b->failed) {
        b->failed = b->failed || b->count == WEIGHTS_MAX;
        return;
    }
    b->items[b->count++] = (struct weight_info){ .role = role, .matrices = matrices, .rows = rows, .cols = cols, .tied = tied };
}

static void add(struct builder *b, const char *role, int64_t matrices, int64_t rows, int64_t cols)
{
    add_tied(b, role, matrices, rows, cols, false);
}

static void add_bias(struct builder *b, const char *role, int64_t matrices, int64_t cols)
{
    const char *name = arena_printf(b->arena, "%s.bias", role);

    b->failed = b->failed || name == NULL;
    add(b, name, matrices, 1, cols);
}

/* A projection [rows][cols], with its bias of `rows` when there is one. */
static void add_linear(struct builder *b, const char *role, int64_t matrices, int64_t rows, int64_t cols, bool bias)
{
    add(b, role, matrices, rows, cols);
    if (bias)
        add_bias(b, role, matrices, rows);
}

static void add_norm(struct builder *b, const struct llm *m, const char *role, int64_t matrices, int64_t cols)
{
    add(b, role, matrices, 1, cols);
    if (m->norm_bias)
        add_bias(b, role, matrices, cols);
}

static void add_mla(struct builder *b, const struct llm *m, int64_t layers)
{
    const struct mla *a = &m->mla;
    int64_t query = m->heads * (a->nope_dim + a->rope_dim);

    if (a->q_lora > 0) {
        add_linear(b, "attn.q_down", layers, a->q_lora, m->hidden, m->qkv_bias);
        add(b, "norm.q_latent", layers, 1, a->q_lora);
        add(b, "attn.q_up", layers, query, a->q_lora);
    } else {
        add(b, "attn.q", layers, query, m->hidden);
    }
    add_linear(b, "attn.kv_down", layers, a->kv_lora + a->rope_dim, m->hidden, m->qkv_bias);
    add(b, "norm.kv_latent", layers, 1, a->kv_lora);
    add(b, "attn.kv_up", layers, m->heads * (a->nope_dim + a->v_dim), a->kv_lora);
    add_linear(b, "attn.out", layers, m->hidden, m->heads * a->v_dim, m->out_bias);
}

static void add_attention(struct builder *b, const struct llm *m, int64_t layers)
{
    add_norm(b, m, "norm.attn", layers, m->hidden);
    if (m->mla.kv_lora > 0) {
        add_mla(b, m, layers);
        return;
    }
    add_linear(b, "attn.qkv", layers, (m->heads + 2 * m->kv_heads) * m->head_dim, m->hidden, m->qkv_bias);
    if (m->qk_norm) {
        add_norm(b, m, "norm.q", layers, m->head_dim);
        add_norm(b, m, "norm.k", layers, m->head_dim);
    }
    if (m->sinks)
        add(b, "attn.sink", layers, 1, m->heads);
    if (m->inner_norms)
        add_norm(b, m, "norm.attn_inner", layers, m->heads * m->head_dim);
    add_linear(b, "attn.out", layers, m->hidden, m->heads * m->head_dim, m->out_bias);
    if (m->post_norms)
        add_norm(b, m, "norm.attn_post", layers, m->hidden);
}

static void add_mlp(struct builder *b, const struct llm *m, int64_t layers)
{
    add_linear(b, m->gated ? "mlp.gate_up" : "mlp.up", layers, (m->gated ? 2 : 1) * m->intermediate, m->hidden, m->mlp_bias);
    if (m->inner_norms)
        add_norm(b, m, "norm.mlp_inner", layers, m->intermediate);
    add_linear(b, "mlp.down", layers, m->hidden, m->intermediate, m->mlp_bias);
}

static void add_experts(struct builder *b, const struct llm *m, int64_t layers)
{
    const struct moe *e = &m->moe;

    add_linear(b, "moe.router", layers, e->experts, m->hidden, e->router_bias);
    add_linear(b, "moe.gate_up", layers * e->experts, (m->gated ? 2 : 1) * e->intermediate, m->hidden, e->expert_bias);
    add_linear(b, "moe.down", layers * e->experts, m->hidden, e->intermediate, e->expert_bias);
    if (e->shared_intermediate > 0) {
        add(b, "shared.gate_up", layers, (m->gated ? 2 : 1) * e->shared_intermediate, m->hidden);
        add(b, "shared.down", layers, m->hidden, e->shared_intermediate);
    }
    if (e->shared_gate)
        add(b, "shared.gate", layers, 1, m->hidden);
}

/* in: z, x, B, C and time steps; A, D and the bias of time steps, one a head. */
static void add_mamba(struct builder *b, const struct llm *m, int64_t layers)
{
    const struct ssm *s = &m->ssm;
    int64_t width = s->heads * s->head_dim, mixed = width + 2 * s->groups * s->state;

    add_norm(b, m, "norm.ssm", layers, m->hidden);
    add(b, "ssm.in", layers, width + mixed + s->heads, m->hidden);
    add(b, "ssm.conv", layers, 1, mixed * s->conv); /* a vector of taps for each channel */
    add_bias(b, "ssm.conv", layers, mixed);
    add(b, "ssm.state", 3 * layers, 1, s->heads);
    add(b, "norm.ssm_inner", layers, 1, width);
    add(b, "ssm.out", layers, m->hidden, width);
}

static void add_layers(struct builder *b, const struct llm *m, int64_t dense, int64_t sparse)
{
    const struct ssm *s = &m->ssm;
    int64_t attention = s->heads > 0 ? s->attention_layers : dense + sparse;

    if (s->heads > 0) {
        dense = s->mlp_layers;
        sparse = s->expert_layers;
        add_mamba(b, m, s->mamba_layers);
    }
    add_attention(b, m, attention);
    if (!m->one_norm)
        add_norm(b, m, "norm.mlp", dense + sparse, m->hidden);
    add_mlp(b, m, dense);
    if (sparse > 0)
        add_experts(b, m, sparse);
    if (m->post_norms)
        add_norm(b, m, "norm.mlp_post", dense + sparse, m->hidden);
}

static void add_all(struct builder *b, const struct llm *m, int64_t layers)
{
    struct layer_run runs[LAYER_RUNS_MAX];
    int64_t dense = 0, sparse = 0;
    int n = llm_layer_runs(runs, m, layers);

    for (int i = 0; i < n; i++)
        *(runs[i].experts ? &sparse : &dense) += runs[i].count * runs[i].period;
    if (layers == 0) {
        add(b, "embed", 1, m->vocab, m->hidden);
        if (m->position == POSITION_LEARNED)
            add(b, "embed.position", 1, m->position_rows, m->hidden);
        if (m->embed_norm)
            add_norm(b, m, "norm.embed", 1, m->hidden);
    }
    add_layers(b, m, dense, sparse);
    if (layers == 0) {
        add_norm(b, m, "norm.final", 1, m->hidden);
        add_tied(b, "lm_head", 1, m->vocab, m->hidden, m->tied);
        if (m->head_bias)
            add_bias(b, "lm_head", 1, m->vocab);
    }
}

/* One record for the layers of each window. */
static enum status make_kv(struct model_info *out, const struct llm *m, int64_t layers, struct arena *arena, struct error *err)
{
    struct layer_run runs[LAYER_RUNS_MAX];
    int n = llm_layer_runs(runs, m, layers);
    struct kv_info *kv = arena_array(arena, 2, sizeof *kv);
    bool latent = m->mla.kv_lora > 0;
    int64_t count = 0;

    if (kv == NULL)
        return error_no_memory(err);
    for (int i = 0; i < n; i++)
        for (int p = 0; p < runs[i].period; p++) {
            int64_t j = 0;

            while (j < count && kv[j].window != runs[i].window[p])
                j++;
            if (j == count)
                kv[count++] = (struct kv_info){
                    .elements_per_token = latent ? m->mla.kv_lora + m->mla.rope_dim : 2 * m->kv_heads * m->head_dim,
                    .heads = latent ? 1 : m->kv_heads, .window = runs[i].window[p] };
            kv[j].layers += runs[i].count;
        }
    if (m->ssm.heads > 0) { /* the others keep a state of fixed size, which is left out */
        kv[0].layers = m->ssm.attention_layers;
        count = m->ssm.attention_layers > 0 ? 1 : 0;
    }
    out->kv = kv;
    out->kv_count = count;
    return STATUS_OK;
}

/* Layers [first, end) of one kind; with a period of 2 the even layers slide. @return runs added. */
static int split_windows(struct layer_run *out, const struct llm *m, bool experts, int64_t first, int64_t end)
{
    struct layer_run run = { .experts = experts, .period = 1, .count = end - first, .window = { m->window } };
    int n = 0;

    if (first >= end)
        return 0;
    if (m->window == 0 || m->window_period != 2) {
        out[0] = run;
        return 1;
    }
    if (first % 2 != 0) {
        out[n++] = (struct layer_run){ .experts = experts, .period = 1, .count = 1 };
        first++;
    }
    if (end - first >= 2) {
        run.period = 2;
        run.count = (end - first) / 2;
        out[n++] = run;
    }
    if (first < end && (end - first) % 2 != 0)
        out[n++] = (struct layer_run){ .experts = experts, .period = 1, .count = 1, .window = { m->window } };
    return n;
}

int llm_layer_runs(struct layer_run out[LAYER_RUNS_MAX], const struct llm *m, int64_t layers)
{
    int64_t first = layers > 0 && layers < m->layers ? m->layers - layers : 0;
    int64_t border = m->moe.experts > 0 ? m->moe.first_dense : m->layers;
    int n;

    if (border < first)
        border = first;
    n = split_windows(out, m, false, first, border);
    return n + split_windows(out + n, m, true, border, m->layers);
}

enum status llm_model_info(struct model_info *out, const struct llm *m, int64_t layers, struct arena *arena, struct error *err)
{
    struct builder b = { .items = arena_array(arena, WEIGHTS_MAX, sizeof(struct weight_info)), .arena = arena };
    struct model_info info = {
        .name = m->name, .layers = layers > 0 && layers < m->layers ? layers : m->layers, .hidden = m->hidden, .heads = m->heads,
        .kv_heads = m->kv_heads, .head_dim = m->head_dim, .vocab = m->vocab, .intermediate = m->intermediate,
        .experts = m->moe.experts, .top_k = m->moe.top_k,
    };
    enum status st;

    if (b.items == NULL)
        return error_no_memory(err);
    add_all(&b, m, layers);
    if (b.failed)
        return error_no_memory(err);
    info.weights = b.items;
    info.weights_count = b.count;
    if ((st = make_kv(&info, m, layers, arena, err)) ||
        (st = trace_check_model(&info, &info.parameters, (struct source_pos){ m->name, 0, 0 }, err)))
        return st;
    *out = info;
    return STATUS_OK;
}
