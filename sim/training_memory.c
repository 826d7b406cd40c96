/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the fullest device of a training iteration: parameters, gradients, optimizer states, activations kept for the backward
 * pass, and what lives for a moment. docs/training.md, "Memory".
 *
 * Activations of a layer and token, of an element's bytes b (16 bit: 2), h hidden, f MLP width, a heads, t tensor parallel:
 *   kept whole on every rank without sequence parallelism, else 1/t: inputs of norms and of the column-parallel products
 *   kept 1/t always: queries, keys, values, attention's output, the MLP's inner activations
 *   unfused attention: 5 bytes a score (probabilities twice and a mask of dropout); flash: 4 bytes a query and head
 *   For the plain GPT layer with dropout this is s b h (10 + 24/t + 5 a s/(h t)): Korthikanti et al., arXiv 2205.05198, Eq. 2 to 6.
 */
#include <math.h>
#include <string.h>

#include "sim/layout.h"
#include "sim/training_internal.h"

static bool is(const char *role, const char *prefix)
{
    return strncmp(role, prefix, strlen(prefix)) == 0;
}

void training_parameters(struct rank_parameters *out, const struct training_spec *s, const struct model_info *info)
{
    struct layout layout = { .tp = s->tp };

    *out = (struct rank_parameters){ 0 };
    for (int64_t i = 0; i < info->weights_count; i++) {
        const struct weight_info *w = &info->weights[i];
        int64_t rows, cols;

        layout_weight(&rows, &cols, w, &layout, info);
        double n = (double)rows * (double)cols * (double)w->matrices;
        if (is(w->role, "embed"))
            out->embedding += n;
        else if (is(w->role, "lm_head")) /* tied: the last stage holds a copy when there are several */
            out->head += w->tied && s->pp == 1 ? 0 : n;
        else if (is(w->role, "moe.") && !is(w->role, "moe.router"))
            out->expert_layers += n / (double)s->ep;
        else
            out->dense_layers += n;
    }
    out->layers = out->dense_layers + out->expert_layers;
}

/* Bytes kept of one token of one layer. */
static double layer_bytes(const struct training_spec *s, bool experts)
{
    const struct llm *m = s->model;
    double b = s->recipe.output->bits / 8, t = (double)s->tp, whole = s->sequence_parallel ? t : 1, h = (double)m->hidden;
    const struct attention_kernel *attention = stack_attention(s->stack, hardware_unit(s->system->device, "tensor_core") ? hardware_unit(s->system->device, "tensor_core")->instruction : "vector", "prefill");
    bool unfused = attention != NULL && strcmp(attention->backend, "unfused") == 0;
    double heads = (double)m->heads, head = (double)m->head_dim, v_head = head, kv = (double)m->kv_heads;
    double dropout = unfused ? 1 : 0; /* a mask of one byte: what trains with plain attention here trains with dropout */
    double inner = (double)m->intermediate, gates = m->gated ? 2 : 1, copies = 1, routed = 0;

    if (s->recompute == RECOMPUTE_FULL)
        return b * h / whole; /* the layer's input */
    if (m->mla.kv_lora > 0) { /* latents, expanded keys and values; arXiv 2405.04434 */
        head = (double)(m->mla.nope_dim + m->mla.rope_dim);
        v_head = (double)m->mla.v_dim;
        kv = heads;
    }
    double latent = m->mla.kv_lora > 0 ? b * 2 * (double)(m->mla.q_lora + m->mla.kv_lora + m->mla.rope_dim) : 0;
    double qkv = b * (heads * head + kv * (head + v_head)) / t, core = b * heads * v_head / t + 4 * heads / t;
    double scores = unfused && s->recompute == RECOMPUTE_NONE ? (2 * b + 1) * heads / t * (double)s->seq / (double)s->cp : 0;
    double norms = 2 * b * h / whole, inputs = 2 * b * h / whole, masks = 2 * dropout * h / whole;
    if (experts) {
        inner = (double)m->moe.intermediate;
        copies = (double)m->moe.top_k;
        routed = copies * b * h * 2; /* gathered inputs of the experts, their outputs before they are weighed */
    }
    double mlp = copies * b * inner * (gates + 1) / t;
    if (experts && m->moe.shared_intermediate > 0)
        mlp += b * (double)m->moe.shared_intermediate * (gates + 1) / t;
    return norms + inputs + masks + latent + qkv + core + scores + mlp + routed;
}

/* Of all passes that are in flight on the first stage; *pass: of one. */
static double activations(double *pass, const struct training_spec *s)
{
    const struct llm *m = s->model;
    double tokens = (double)s->micro_batch * (double)s->seq / (double)s->cp, p = (double)s->pp;
    double dense_layers = m->moe.experts > 0 ? (double)m->moe.first_dense : (double)m->layers, sum;
    double micro_batches = (double)s->global_batch / (double)s->micro_batch / (double)s->dp;
    /* the first stage holds as many micro-batches as there are stages: those of all layers; interleaved a little more */
    double in_flight = s->pp == 1 ? 1 : fmin(1 + (s->chunks > 1 ? (p - 1) / (p * (double)s->chunks) : 0), s->chunks > 1 ? 2 : micro_batches / p);

    sum = dense_layers * layer_bytes(s, false) + ((double)m->layers - dense_layers) * layer_bytes(s, true);
    *pass = sum * tokens / (p * (double)s->chunks);
    return sum * tokens * in_flight;
}

void training_memory_of(struct training_memory *out, const struct training_spec *s, const struct model_info *info)
{
    struct rank_parameters n;
    const struct stack_training *t = &s->stack->training;
    double dp = (double)(s->dp * s->cp), half = s->recipe.output->bits / 8, tokens = (double)s->micro_batch * (double)s->seq / (double)s->cp;
    double expert_dp = dp / (double)s->ep;

    training_parameters(&n, s, info);
    double first = n.dense_layers / (double)s->pp + n.embedding + (s->pp == 1 ? n.head : 0), experts = n.expert_layers / (double)s->pp;
    double all = first + experts, shared = first / dp + experts / expert_dp;
    *out = (struct training_memory){
        .parameters = half * (s->sharding == SHARDING_FULL ? shared : all),
        .gradients = t->gradient_bytes * (s->sharding >= SHARDING_GRADIENTS ? shared : all),
        .optimizer = t->optimizer_bytes * (s->sharding >= SHARDING_OPTIMIZER ? shared : all),
    };
    out->activations = activations(&out->pass_activations, s);
    /* logits of one micro-batch where the head is; the parameters of two layers where they are gathered; one layer computed again */
    double cols = (double)((s->model->vocab + s->tp - 1) / s->tp), logits = tokens * cols * (t->fused_cross_entropy ? 2 * half : half + 8);
    struct training_spec whole = *s;
    whole.recompute = RECOMPUTE_NONE;
    out->temporary = (s->pp == 1 ? logits : 0) + (s->sharding == SHARDING_FULL ? 2 * half * n.layers / (double)s->model->layers : 0) +
                     (s->recompute == RECOMPUTE_FULL ? tokens * layer_bytes(&whole, s->model->moe.experts > 0) : 0);
    out->total = out->parameters + out->gradients + out->optimizer + out->activations + out->temporary;
}
