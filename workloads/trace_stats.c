/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over a trace. See trace_stats.h. */
#include "workloads/trace_stats.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "workloads/op_math.h"
#include "workloads/roles.h"

static bool add(int64_t *total, int64_t value)
{
    return value >= 0 && checked_add_i64(total, *total, value);
}

static bool add_stats(struct role_stats *total, const struct role_stats *one)
{
    return add(&total->calls, one->calls) && add(&total->flops, one->flops) && add(&total->weight_bytes, one->weight_bytes) &&
           add(&total->activation_bytes, one->activation_bytes) && add(&total->kv_bytes, one->kv_bytes);
}

static const struct quant *format_of(const struct trace_formats *f, const char *role)
{
    const struct role *r = role_find(role);

    if (r->group == ROLE_HEAD)
        return &f->head;
    if (r->group == ROLE_EMBED)
        return &f->embed;
    return strcmp(r->name, "moe.router") == 0 ? &f->router : &f->weights;
}

static int64_t times(int64_t a, int64_t b)
{
    int64_t product;

    return a >= 0 && b >= 0 && checked_mul_i64(&product, a, b) ? product : -1;
}

/* Elements without scales of their own (a row of a table, keys and values): whole bytes. */
static int64_t element_bytes(const struct quant *q, int64_t elements)
{
    double bytes = ceil((double)elements * quant_bits_per_element(q) / 8);

    return bytes < 0x1p62 ? (int64_t)bytes : -1;
}

/* Bytes of the matrices that all calls of the operator read. */
static int64_t weight_traffic(const struct op *op, const struct op_elements *e, const struct trace_formats *f, int64_t calls)
{
    const struct quant *q = format_of(f, op->role);

    switch (op->kind) {
    case OP_GEMM:
        return op->activation_b ? 0 : times(times(quant_stored_bytes(q, op->n, op->k), op->batch), calls);
    case OP_GROUPED_GEMM:
        return times(times(quant_stored_bytes(q, op->n, op->k), op->groups < op->m ? op->groups : op->m), calls);
    default:
        return element_bytes(q, e->weights);
    }
}

static bool op_stats(struct role_stats *out, const struct op *op, const struct step *step, const struct trace_formats *f)
{
    struct role_stats s = { .role = op->role };
    struct op_elements e;
    int64_t elements = 0, kv = 0;

    if (!op_elements_total(&e, op, step) || (s.calls = times(op->count, step->repeat)) < 0 || (s.flops = op_flops_total(op, step)) < 0 ||
        !add(&elements, e.input) || !add(&elements, e.input_b) || !add(&elements, e.output) || !add(&kv, e.kv_read) || !add(&kv, e.kv_write))
        return false;
    s.weight_bytes = weight_traffic(op, &e, f, s.calls);
    s.kv_bytes = element_bytes(&f->kv, kv);
    elements = times(elements, f->output->bits);
    e.bias = times(e.bias, f->output->bits);
    if (elements < 0 || e.bias < 0 || !add(&s.weight_bytes, e.bias / 8) || s.kv_bytes < 0)
        return false;
    s.activation_bytes = elements / 8;
    *out = s;
    return true;
}

static struct role_stats *row_of(struct trace_stats *s, const char *role)
{
    for (int64_t i = 0; i < s->roles_count; i++)
        if (s->roles[i].role == role) /* roles are rows of one table */
            return &s->roles[i];
    s->roles[s->roles_count].role = role;
    return &s->roles[s->roles_count++];
}

static bool add_sequences(struct trace_stats *s, const struct step *step)
{
    int64_t tokens = 0;

    for (int64_t i = 0; i < step->seq_groups; i++) {
        int64_t kv = seq_kv(&step->seqs[i], step->repeat - 1);

        s->context_max = kv > s->context_max ? kv : s->context_max;
        if (!add(&tokens, times(kv, step->seqs[i].count)))
            return false;
    }
    s->kv_tokens_max = tokens > s->kv_tokens_max ? tokens : s->kv_tokens_max;
    s->sequences_max = step->sequences > s->sequences_max ? step->sequences : s->sequences_max;
    s->tokens_max = step->tokens > s->tokens_max ? step->tokens : s->tokens_max;
    return true;
}

static bool add_step(struct trace_stats *s, const struct step *step, const struct trace_formats *f)
{
    bool decode = step->phase == PHASE_DECODE;
    int64_t tokens = times(step->tokens, step->repeat);

    for (int64_t i = 0; i < step->ops_count; i++) {
        struct role_stats one;

        if (!op_stats(&one, &step->ops[i], step, f) || !add_stats(row_of(s, step->ops[i].role), &one) || !add_stats(&s->total, &one) ||
            !add_stats(decode ? &s->decode : &s->prefill, &one))
            return false;
    }
    s->steps++;
    return add(&s->iterations, step->repeat) && add(decode ? &s->decode_iterations : &s->prefill_iterations, step->repeat) &&
           add(decode ? &s->decode_tokens : &s->prefill_tokens, tokens) && add_sequences(s, step);
}

/* Stored bytes of the model: matrices in their formats, vectors in the output format. */
static bool add_weights(struct trace_stats *s, const struct model_info *m, const struct trace_formats *f)
{
    for (int64_t i = 0; i < m->weights_count; i++) {
        const struct weight_info *w = &m->weights[i];
        struct weight_stats *one = &s->weights[i];

        if (w->tied)
            continue;
        one->parameters = times(times(w->rows, w->cols), w->matrices);
        one->bytes = w->rows > 1 ? times(quant_stored_bytes(format_of(f, w->role), w->rows, w->cols), w->matrices)
                                 : times(one->parameters, f->output->bits);
        if (one->bytes >= 0 && w->rows == 1)
            one->bytes /= 8;
        if (one->parameters < 0 || !add(&s->weight_bytes, one->bytes))
            return false;
    }
    return true;
}

/* The cache at its largest. Layers with a window keep at most that many tokens of each sequence: bounded by sequences x window. */
static bool add_kv(struct trace_stats *s, const struct model_info *m, const struct trace_formats *f)
{
    for (int64_t i = 0; i < m->kv_count; i++) {
        const struct kv_info *kv = &m->kv[i];
        int64_t tokens = s->kv_tokens_max, kept = times(s->sequences_max, kv->window);

        if (kv->window > 0 && kept >= 0 && kept < tokens)
            tokens = kept;
        tokens = times(times(tokens, kv->elements_per_token), kv->layers);
        if (tokens < 0 || !add(&s->kv_bytes_max, element_bytes(&f->kv, tokens)))
            return false;
    }
    return true;
}

enum status trace_stats(struct trace_stats *out, struct trace *t, const struct trace_formats *formats, struct arena *arena, struct error *err)
{
    const struct model_info *m = trace_model(t);
    struct trace_stats s = { 0 };
    struct arena step_arena = { 0 };
    const struct step *step = NULL;
    size_t roles;
    bool fits;
    enum status st;

    role_list(&roles);
    s.roles = arena_array(arena, roles, sizeof *s.roles);
    s.weights = arena_array(arena, m->weights_count > 0 ? (size_t)m->weights_count : 1, sizeof *s.weights);
    if (s.roles == NULL || s.weights == NULL)
        return error_no_memory(err);
    fits = add_weights(&s, m, formats);
    while (fits && (st = trace_next(&step, t, &step_arena, err)) == STATUS_OK && step != NULL) {
        fits = add_step(&s, step, formats);
        arena_reset(&step_arena);
    }
    arena_free(&step_arena);
    if (!fits || (st == STATUS_OK && !add_kv(&s, m, formats)))
        return error_plain(err, STATUS_BAD_INPUT, "%s: the sums over the trace do not fit in 63 bits", m->name);
    if (st == STATUS_OK)
        *out = s;
    return st;
}
