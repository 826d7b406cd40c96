/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Operators of one step of a decoder-only transformer, as an inference engine launches them: query, key and value in one
 * product, gate and up in one product, only the last token of a sequence through the LM head. docs/models.md, "Blocks".
 * Left out: dropout, logit soft-capping (element-wise, inside attention and sampling), the scaling of embeddings.
 */
#include <string.h>

#include "base/checked.h"
#include "workloads/generate.h"
#include "workloads/llm.h"
#include "workloads/trace_check.h"

enum { OPS_MAX = 512 };

struct emitter {
    struct op *ops;
    int64_t count, repeat;   /* repeat: layers, the `count` of what is emitted now */
    const struct llm *m;
    const struct step *step;
    const struct scenario *scenario;
    int64_t tokens, keys;    /* keys: sum of kv over the sequences */
};

static void emit(struct emitter *e, struct op op)
{
    op.count = e->repeat;
    if (e->count < OPS_MAX)
        e->ops[e->count] = op;
    e->count++;
}

static void gemm(struct emitter *e, const char *role, int64_t m, int64_t n, int64_t k, bool bias)
{
    emit(e, (struct op){ .kind = OP_GEMM, .role = role, .m = m, .n = n, .k = k, .batch = 1, .bias = bias });
}

static void matrix(struct emitter *e, enum op_kind kind, const char *role, int64_t rows, int64_t cols)
{
    emit(e, (struct op){ .kind = kind, .role = role, .rows = rows, .cols = cols });
}

static void norm(struct emitter *e, const char *role, int64_t rows, int64_t cols)
{
    emit(e, (struct op){ .kind = OP_NORM, .role = role, .rows = rows, .cols = cols, .norm = e->m->norm });
}

static void activation(struct emitter *e, const char *role, int64_t rows, int64_t cols, bool gated)
{
    emit(e, (struct op){ .kind = OP_ACTIVATION, .role = role, .rows = rows, .cols = cols, .gated = gated, .function = e->m->function });
}

static void embed(struct emitter *e, const char *role, int64_t table_rows)
{
    emit(e, (struct op){ .kind = OP_EMBED, .role = role, .rows = e->tokens, .cols = e->m->hidden, .table_rows = table_rows });
}

static void attention(struct emitter *e, int64_t kv_heads, int64_t head_dim, int64_t v_head_dim, int64_t window, bool mla)
{
    emit(e, (struct op){ .kind = OP_ATTENTION, .role = "attn.core", .heads = e->m->heads, .kv_heads = kv_heads, .head_dim = head_dim,
                         .v_head_dim = v_head_dim, .window = window, .causal = true, .mla = mla });
}

/* One product a head with a slice of kv_up: how latent attention avoids expanding its cache. DeepSeek-V2, arXiv 2405.04434, 2.1.2. */
static void absorb(struct emitter *e, const char *role, int64_t n, int64_t k)
{
    emit(e, (struct op){ .kind = OP_GEMM, .role = role, .m = e->tokens, .n = n, .k = k, .batch = e->m->heads });
}

static void mla_block(struct emitter *e)
{
    const struct llm *m = e->m;
    const struct mla *a = &m->mla;
    int64_t t = e->tokens, query = a->nope_dim + a->rope_dim;

    if (a->q_lora > 0) {
        gemm(e, "attn.q_down", t, a->q_lora, m->hidden, m->qkv_bias);
        norm(e, "norm.q_latent", t, a->q_lora);
        gemm(e, "attn.q_up", t, m->heads * query, a->q_lora, false);
    } else {
        gemm(e, "attn.q", t, m->heads * query, m->hidden, false);
    }
    gemm(e, "attn.kv_down", t, a->kv_lora + a->rope_dim, m->hidden, m->qkv_bias);
    norm(e, "norm.kv_latent", t, a->kv_lora);
    matrix(e, OP_ROPE, "attn.rope", t, (m->heads + 1) * a->rope_dim);
    matrix(e, OP_KV_WRITE, "kv.write", t, a->kv_lora + a->rope_dim);
    if (e->step->phase == PHASE_DECODE) { /* absorbed: attention on the latent itself */
        absorb(e, "attn.q_absorb", a->kv_lora, a->nope_dim);
        attention(e, 1, a->kv_lora + a->rope_dim, a->kv_lora, 0, true);
        absorb(e, "attn.v_absorb", a->v_dim, a->kv_lora);
    } else {                              /* expanded: keys and values of every head */
        gemm(e, "attn.kv_up", e->keys, m->heads * (a->nope_dim + a->v_dim), a->kv_lora, false);
        attention(e, m->heads, query, a->v_dim, 0, false);
    }
    gemm(e, "attn.out", t, m->hidden, m->heads * a->v_dim, m->out_bias);
}

static void heads_block(struct emitter *e, int64_t window)
{
    const struct llm *m = e->m;
    int64_t t = e->tokens;

    gemm(e, "attn.qkv", t, (m->heads + 2 * m->kv_heads) * m->head_dim, m->hidden, m->qkv_bias);
    if (m->qk_norm) {
        norm(e, "norm.q", t * m->heads, m->head_dim);
        norm(e, "norm.k", t * m->kv_heads, m->head_dim);
    }
    if (m->position == POSITION_ROPE)
        matrix(e, OP_ROPE, "attn.rope", t, (m->heads + m->kv_heads) * m->rotary_dim);
    matrix(e, OP_KV_WRITE, "kv.write", t, 2 * m->kv_heads * m->head_dim);
    attention(e, m->kv_heads, m->head_dim, m->head_dim, window, false);
    if (m->inner_norms)
        norm(e, "norm.attn_inner", t, m->heads * m->head_dim);
    gemm(e, "attn.out", t, m->hidden, m->heads * m->head_dim, m->out_bias);
    if (m->post_norms)
        norm(e, "norm.attn_post", t, m->hidden);
}

static void mlp_block(struct emitter *e)
{
    const struct llm *m = e->m;
    int64_t t = e->tokens;

    gemm(e, m->gated ? "mlp.gate_up" : "mlp.up", t, (m->gated ? 2 : 1) * m->intermediate, m->hidden, m->mlp_bias);
    activation(e, "mlp.act", t, m->intermediate, m->gated);
    if (m->inner_norms)
        norm(e, "norm.mlp_inner", t, m->intermediate);
    gemm(e, "mlp.down", t, m->hidden, m->intermediate, m->mlp_bias);
}

static void grouped(struct emitter *e, const char *role, int64_t n, int64_t k)
{
    const struct moe *x = &e->m->moe;
    bool skewed = e->scenario->routing == ROUTING_POWER_LAW;

    emit(e, (struct op){ .kind = OP_GROUPED_GEMM, .role = role, .m = e->tokens * x->top_k, .n = n, .k = k, .groups = x->experts,
                         .top_k = x->top_k, .routing = e->scenario->routing, .skew = skewed ? e->scenario->skew : 0,
                         .bias = x->expert_bias });
}

static void route(struct emitter *e, const char *role)
{
    emit(e, (struct op){ .kind = OP_ROUTE, .role = role, .rows = e->tokens, .cols = e->m->hidden, .top_k = e->m->moe.top_k });
}

static void experts_block(struct emitter *e)
{
    const struct llm *m = e->m;
    const struct moe *x = &m->moe;
    int64_t t = e->tokens;

    gemm(e, "moe.router", t, x->experts, m->hidden, x->router_bias);
    matrix(e, OP_SOFTMAX, "moe.topk", t, x->experts);
    route(e, "moe.gather");
    grouped(e, "moe.gate_up", (m->gated ? 2 : 1) * x->intermediate, m->hidden);
    activation(e, "moe.act", t * x->top_k, x->intermediate, m->gated);
    grouped(e, "moe.down", m->hidden, x->intermediate);
    route(e, "moe.scatter");
    if (x->shared_intermediate == 0)
        return;
    gemm(e, "shared.gate_up", t, (m->gated ? 2 : 1) * x->shared_intermediate, m->hidden, false);
    activation(e, "shared.act", t, x->shared_intermediate, m->gated);
    gemm(e, "shared.down", t, m->hidden, x->shared_intermediate, false);
    if (x->shared_gate)
        gemm(e, "shared.gate", t, 1, m->hidden, false);
    matrix(e, OP_ADD, "shared.add", t, m->hidden);
}

static void layer(struct emitter *e, bool experts, int64_t window)
{
    const struct llm *m = e->m;

    norm(e, "norm.attn", e->tokens, m->hidden);
    if (m->mla.kv_lora > 0)
        mla_block(e);
    else
        heads_block(e, window);
    matrix(e, OP_ADD, "attn.add", e->tokens, m->hidden);
    if (!m->one_norm)
        norm(e, "norm.mlp", e->tokens, m->hidden);
    if (experts)
        experts_block(e);
    else
        mlp_block(e);
    if (m->post_norms)
        norm(e, "norm.mlp_post", e->tokens, m->hidden);
    matrix(e, OP_ADD, "mlp.add", e->tokens, m->hidden);
}

static void scan_product(struct emitter *e, const char *role, int64_t m, int64_t n, int64_t k, int64_t batch)
{
    emit(e, (struct op){ .kind = OP_GEMM, .role = role, .m = m, .n = n, .k = k, .batch = batch, .activation_b = true });
}

/*
 * SSD by chunks of Q tokens (arXiv 2405.21060, section 6): C B^T, times X inside a chunk; states of chunks B^T X; C times the state before. A
 * decoding step updates the state alone. Decays and the pass of states between chunks are left out: 1 / Q of the rest.
 */
static void scan(struct emitter *e)
{
    const struct ssm *s = &e->m->ssm;
    int64_t q = s->chunk < e->tokens ? s->chunk : e->tokens, chunks = (e->tokens + q - 1) / q;

    if (e->step->phase == PHASE_DECODE) {
        activation(e, "ssm.state", e->tokens, s->heads * s->head_dim * s->state, true); /* old state, input: new state */
        return;
    }
    scan_product(e, "ssm.scores", q, q, s->state, chunks * s->groups);
    scan_product(e, "ssm.inside", q, s->head_dim, q, chunks * s->heads);
    scan_product(e, "ssm.states", s->state, s->head_dim, q, chunks * s->heads);
    scan_product(e, "ssm.before", q, s->head_dim, s->state, chunks * s->heads);
}

static void mamba_layer(struct emitter *e)
{
    const struct llm *m = e->m;
    const struct ssm *s = &m->ssm;
    int64_t t = e->tokens, width = s->heads * s->head_dim, mixed = width + 2 * s->groups * s->state;

    norm(e, "norm.ssm", t, m->hidden);
    gemm(e, "ssm.in", t, width + mixed + s->heads, m->hidden, false);
    emit(e, (struct op){ .kind = OP_ACTIVATION, .role = "ssm.conv", .rows = t, .cols = mixed, .function = "silu" });
    scan(e);
    emit(e, (struct op){ .kind = OP_ACTIVATION, .role = "ssm.gate", .rows = t, .cols = width, .gated = true, .function = "silu" });
    norm(e, "norm.ssm_inner", t, width);
    gemm(e, "ssm.out", t, m->hidden, width, false);
    matrix(e, OP_ADD, "ssm.add", t, m->hidden);
}

static void attention_layer(struct emitter *e)
{
    norm(e, "norm.attn", e->tokens, e->m->hidden);
    heads_block(e, 0);
    matrix(e, OP_ADD, "attn.add", e->tokens, e->m->hidden);
}

static void mlp_layer(struct emitter *e, bool experts)
{
    norm(e, "norm.mlp", e->tokens, e->m->hidden);
    if (experts)
        experts_block(e);
    else
        mlp_block(e);
    matrix(e, OP_ADD, "mlp.add", e->tokens, e->m->hidden);
}

/* All layers of a kind together: nothing here depends on their order. */
static void hybrid_layers(struct emitter *e)
{
    const struct ssm *s = &e->m->ssm;

    if ((e->repeat = s->mamba_layers) > 0)
        mamba_layer(e);
    if ((e->repeat = s->attention_layers) > 0)
        attention_layer(e);
    if ((e->repeat = s->mlp_layers) > 0)
        mlp_layer(e, false);
    if ((e->repeat = s->expert_layers) > 0)
        mlp_layer(e, true);
}

static void before_layers(struct emitter *e)
{
    const struct llm *m = e->m;

    embed(e, "embed", m->vocab);
    if (m->position == POSITION_LEARNED) {
        embed(e, "embed.position", m->position_rows);
        matrix(e, OP_ADD, "embed.add", e->tokens, m->hidden);
    }
    if (m->embed_norm)
        norm(e, "norm.embed", e->tokens, m->hidden);
}

/* Every sequence of a step yields one token, from its last position. */
static void after_layers(struct emitter *e)
{
    const struct llm *m = e->m;

    norm(e, "norm.final", e->tokens, m->hidden);
    gemm(e, "lm_head", e->step->sequences, m->vocab, m->hidden, m->head_bias);
    matrix(e, OP_SAMPLE, "sample", e->step->sequences, m->vocab);
}

static enum status check_all(const struct step *step, const struct llm *m, struct error *err)
{
    struct source_pos at = { m->name, 0, 0 };
    enum status st;

    for (int64_t i = 0; i < step->ops_count; i++)
        if ((st = trace_check_op(&step->ops[i], step, at, err)))
            return st;
    return STATUS_OK;
}

enum status llm_step_ops(struct step *step, const struct llm *m, const struct scenario *scenario, struct arena *arena, struct error *err)
{
    struct emitter e = { .ops = arena_array(arena, OPS_MAX, sizeof(struct op)), .repeat = 1, .m = m, .step = step,
                         .scenario = scenario, .tokens = step->tokens };
    struct layer_run runs[LAYER_RUNS_MAX];
    int n = llm_layer_runs(runs, m, scenario->layers);

    if (e.ops == NULL)
        return error_no_memory(err);
    for (int64_t i = 0; i < step->seq_groups; i++)
        e.keys += step->seqs[i].count * step->seqs[i].kv;
    if (scenario->layers == 0)
        before_layers(&e);
    if (m->ssm.heads > 0)
        hybrid_layers(&e);
    for (int i = 0; i < n && m->ssm.heads == 0; i++) {
        e.repeat = runs[i].count;
        for (int p = 0; p < runs[i].period; p++)
            layer(&e, runs[i].experts, runs[i].window[p]);
    }
    e.repeat = 1;
    if (scenario->layers == 0)
        after_layers(&e);
    if (e.count > OPS_MAX)
        return error_plain(err, STATUS_INTERNAL, "more than %d operators in a generated step", OPS_MAX);
    step->ops = e.ops;
    step->ops_count = e.count;
    return check_all(step, m, err);
}
