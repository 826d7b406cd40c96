/* SPDX-License-Identifier: Apache-2.0 */
/* Memory accounting, and what to do when it does not fit. See memory.h. */
#include "sim/memory.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "sim/layout.h"
#include "sim/lower_memo.h"

/* Scheme in which a role's parameters are stored. Vectors (norms, biases) stay in the output format. */
static struct quant weight_scheme(const struct weight_info *w, const struct recipe *r)
{
    const struct role *role = role_find(w->role);
    struct quant plain = { .format = r->output, .group = QUANT_PER_CHANNEL };

    if (w->rows <= 1 || role == NULL)
        return plain;
    switch (role->group) {
    case ROLE_EMBED: return strcmp(w->role, "embed") == 0 ? r->embed : plain;
    case ROLE_HEAD: return r->head;
    case ROLE_NORM: return plain;
    default: return strcmp(w->role, "moe.router") == 0 || strcmp(w->role, "shared.gate") == 0 ? r->router : r->weights;
    }
}

int64_t memory_weights(const struct model_info *model, const struct recipe *recipe, const struct layout *layout)
{
    int64_t sum = 0;

    for (int64_t i = 0; i < model->weights_count; i++) {
        const struct weight_info *w = &model->weights[i];
        struct quant q = weight_scheme(w, recipe);
        int64_t rows, cols, bytes;

        if (w->tied)
            continue;
        layout_weight(&rows, &cols, w, layout, model);
        bytes = quant_stored_bytes(&q, rows, cols);
        if (bytes < 0 || !checked_mul_i64(&bytes, bytes, w->matrices) || !checked_add_i64(&sum, sum, bytes))
            return -1;
    }
    return sum;
}

void memory_kv_step(struct kv_peak *peak, const struct model_info *model, const struct step *step)
{
    struct kv_peak now = { .records = model->kv_count < 8 ? model->kv_count : 8 };

    for (int64_t r = 0; r < now.records; r++) {
        const struct kv_info *kv = &model->kv[r];
        for (int64_t g = 0; g < step->seq_groups; g++) {
            const struct seq_group *s = &step->seqs[g];
            double tokens = (double)s->kv + (double)(step->repeat - 1) * (double)s->q;
            if (kv->window > 0 && tokens > (double)(kv->window + s->q))
                tokens = (double)(kv->window + s->q);
            now.tokens[r] += (double)s->count * tokens;
        }
        now.total_elements += now.tokens[r] * (double)kv->elements_per_token * (double)kv->layers;
    }
    if (now.total_elements > peak->total_elements)
        *peak = now;
}

int64_t memory_kv(const struct kv_peak *peak, const struct model_info *model, const struct recipe *recipe, const struct layout *layout)
{
    double elements = 0;

    for (int64_t r = 0; r < peak->records; r++)
        elements += peak->tokens[r] * (double)layout_kv_elements(&model->kv[r], layout) * (double)model->kv[r].layers;
    double bytes = elements * quant_bits_per_element(&recipe->kv) / 8;
    return bytes < 9e18 ? (int64_t)bytes : -1;
}

/* Live at once while a kernel runs: its activation input and output, and the residual stream. Workspace: what was inserted for it. */
static void activations_of(struct memory_use *use, const struct lowered_step *low, const struct step *step, const struct lower_context *ctx)
{
    double bits = ctx->recipe->output->bits;
    int64_t residual = (int64_t)((double)step->tokens * (double)ctx->model->hidden * bits / 8);

    for (int64_t i = 0; i < low->count; i++) {
        const struct lowered_kernel *k = &low->kernels[i];
        int64_t in = k->input >= 0 ? low->kernels[k->input].activation_bytes : 0, live = in + k->activation_bytes + residual, work = 0;

        if (k->kernel.kind == KERNEL_STREAM && (strstr(k->kernel.role, "/dequantize") != NULL || strstr(k->kernel.role, "/lut.precompute") != NULL)) {
            work = k->activation_bytes;
            live = in + residual;
        } else if (k->kernel.kind == KERNEL_COLLECTIVE) {
            work = k->kernel.collective.bytes;
        }
        use->activations = live > use->activations ? live : use->activations;
        use->workspace = work > use->workspace ? work : use->workspace;
    }
}

int64_t memory_kv_iteration(const struct model_info *model, const struct run_spec *spec, const struct step *step, int64_t repetition)
{
    struct step until = *step;
    struct kv_peak now = { 0 };

    until.repeat = repetition + 1;
    memory_kv_step(&now, model, &until);
    return memory_kv(&now, model, &spec->recipe, &spec->layout);
}

enum status memory_step(struct memory_use *out, const struct run_spec *spec, const struct model_info *model, const struct step *step, struct arena *arena,
                        struct error *err)
{
    struct lower_context ctx = { spec->hw, spec->stack, &spec->recipe, &spec->layout, model, NULL };
    struct lowered_step low;
    enum status st = lower_step(&low, step, &ctx, arena, err);

    *out = (struct memory_use){ 0 };
    if (!st)
        activations_of(out, &low, step, &ctx);
    return st;
}

static enum status read_trace(struct memory_use *use, struct kv_peak *peak, const struct lower_context *ctx, struct step_source *source,
                              struct error *err)
{
    struct arena own = { 0 }, *arena = source->scratch ? source->scratch : &own;
    int64_t most_tokens = 0;
    enum status st;

    for (;;) {
        const struct step *step;
        arena_reset(arena);
        if ((st = step_source_next(&step, source, arena, err)) || step == NULL)
            break;
        memory_kv_step(peak, ctx->model, step);
        if (step->tokens <= most_tokens)
            continue;
        struct lowered_step low;
        if ((st = source->lowered ? lower_memo_step(&low, source->lowered, step, ctx, arena, err) : lower_step(&low, step, ctx, arena, err)))
            break;
        activations_of(use, &low, step, ctx);
        most_tokens = step->tokens;
    }
    arena_free(&own);
    return st;
}

/* ---- what would fit ---- */

static int64_t total_with(const struct kv_peak *peak, const struct model_info *model, const struct recipe *r, const struct layout *layout,
                          int64_t activations, int64_t workspace)
{
    int64_t w = memory_weights(model, r, layout), kv = memory_kv(peak, model, r, layout);
    return w < 0 || kv < 0 ? INT64_MAX : w + kv + activations + workspace;
}

static void suggest(char *out, size_t bytes, const struct run_spec *spec, const struct kv_peak *peak, const struct model_info *model,
                    const struct memory_use *use)
{
    static const char *const weights[] = { "int8", "int4g128", "int3g128", "int2g128" };
    char text[64];
    int n = 0;

    out[0] = '\0';
    for (int64_t tp = 2 * spec->layout.tp; tp <= spec->hw->link.max_ranks; tp *= 2) {
        struct layout layout = { .tp = tp };
        if (total_with(peak, model, &spec->recipe, &layout, use->activations, use->workspace) <= use->capacity) {
            n += snprintf(out, bytes, "--tp %lld", (long long)tp);
            break;
        }
    }
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
        struct recipe r = spec->recipe;
        if (quant_parse(&r.weights, weights[i], (struct source_pos){ 0 }, NULL) ||
            quant_bits_per_element(&r.weights) >= quant_bits_per_element(&spec->recipe.weights))
            continue;
        if (total_with(peak, model, &r, &spec->layout, use->activations, use->workspace) <= use->capacity) {
            n += snprintf(out + n, bytes - (size_t)n, "%s--recipe w=%s,a=%s", n > 0 ? ", or " : "", weights[i],
                          quant_format(text, sizeof text, &spec->recipe.activations));
            break;
        }
    }
    struct recipe r = spec->recipe;
    if (n == 0 && quant_parse(&r.kv, "fp8", (struct source_pos){ 0 }, NULL) == STATUS_OK &&
        total_with(peak, model, &r, &spec->layout, use->activations, use->workspace) <= use->capacity)
        snprintf(out, bytes, "--recipe kv=fp8");
}

static enum status infeasible(const struct run_spec *spec, const struct kv_peak *peak, const struct model_info *model,
                              const struct memory_use *use, struct error *err)
{
    char fits[256];
    const char *what = use->weights > use->capacity                 ? "the weights alone do not fit"
                       : use->weights + use->kv > use->capacity     ? "weights and KV cache do not fit together"
                                                                    : "activations do not fit beside weights and KV cache";
    double gib = 1024.0 * 1024.0 * 1024.0;

    suggest(fits, sizeof fits, spec, peak, model, use);
    return error_plain(err, STATUS_INFEASIBLE,
                       "%s needs %.1f GiB on each device (weights %.1f, KV cache %.1f, activations %.1f, workspace %.1f) and %s has %.1f GiB: %s%s%s",
                       model->name, (double)use->total / gib, (double)use->weights / gib, (double)use->kv / gib,
                       (double)use->activations / gib, (double)use->workspace / gib, spec->hw->name, (double)use->capacity / gib, what,
                       fits[0] != '\0' ? "; nearest that fits: " : "; no split over this link and no weight format fits", fits);
}

enum status memory_account_steps(struct memory_use *out, const struct run_spec *spec, struct step_source *source, const char *name, struct error *err)
{
    struct memory_use use = { .capacity = spec->hw->dram.bytes };
    struct kv_peak peak = { 0 };
    struct lower_context ctx = { spec->hw, spec->stack, &spec->recipe, &spec->layout, source->model, NULL };
    enum status st = read_trace(&use, &peak, &ctx, source, err);

    if (st)
        return st;
    use.weights = memory_weights(source->model, &spec->recipe, &spec->layout);
    use.kv = memory_kv(&peak, source->model, &spec->recipe, &spec->layout);
    if (use.weights < 0 || use.kv < 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s: weights or KV cache overflow 64 bits", name);
    use.total = use.weights + use.kv + use.activations + use.workspace;
    if (use.capacity > 0 && use.total > use.capacity)
        return infeasible(spec, &peak, source->model, &use, err);
    *out = use;
    return STATUS_OK;
}

enum status memory_account(struct memory_use *out, const struct run_spec *spec, const char *trace_path, struct error *err)
{
    struct trace *t = NULL;
    enum status st = trace_open(&t, trace_path, err);

    if (st)
        return st;
    struct step_source source = { .model = trace_model(t), .trace = t };
    st = memory_account_steps(out, spec, &source, trace_path, err);
    trace_close(t);
    return st;
}
