/* SPDX-License-Identifier: Apache-2.0 */
/* Forward and backward passes of a micro-batch, kernel by kernel. See training.h. */
#include <math.h>
#include <string.h>

#include "sim/attention_model.h"
#include "sim/collective.h"
#include "sim/layout.h"
#include "sim/lower.h"
#include "sim/training_internal.h"
#include "sim/warmth.h"
#include "workloads/generate.h"

struct timer {
    const struct training_spec *s;
    struct timing_context ctx;
    struct timing *sums;
    double longest_s;
    double slowest;       /* Eq. 6: what kernels take on the slowest of the devices over the mean one */
    struct error *err;
};

static double host_launch_s(const struct stack *stack)
{
    return stack->launch_mode == LAUNCH_EAGER ? stack->host_launch_s : 0;
}

static void time_collective(struct timing *t, const struct timer *x, const struct kernel *k)
{
    struct fabric fabric = fabric_of_device(x->ctx.hw, k->collective.ranks);

    collective_timing(t, k, x->ctx.hw, &fabric, x->ctx.stack);
}

static enum status time_kernel(struct timing *t, struct timer *x, const struct kernel *k)
{
    if (k->kind == KERNEL_COLLECTIVE)
        return time_collective(t, x, k), STATUS_OK;
    return x->s->fidelity->time(t, k, &x->ctx, x->err);
}

/* Adds `times` launches of a timing, each lasting `factor` times as long, made of `launches` kernels. */
static void add(struct timer *x, struct pass *p, const struct timing *t, double times, double factor, double launches)
{
    double lasts = factor * (t->parts_s[CAUSE_LINK] > 0 ? 1 : x->slowest), s = times * lasts * t->time_s; /* links do not differ as chips do */

    p->device_s += s;
    p->host_s += times * launches * host_launch_s(x->s->stack);
    for (int c = 0; c < CAUSES; c++)
        x->sums->parts_s[c] += times * lasts * t->parts_s[c];
    x->sums->time_s += s;
    x->sums->flops += times * factor * t->flops;
    if (s > x->longest_s) {
        x->longest_s = s;
        x->sums->mapping = t->mapping;
    }
}

static struct kernel stream_of(const char *role, double rows, double cols, double read_bytes, double write_bytes)
{
    return (struct kernel){ .kind = KERNEL_STREAM, .role = role, .note = "", .count = 1,
                            .stream = { .rows = (int64_t)rows, .cols = (int64_t)cols, .read_bytes = (int64_t)(rows * cols * read_bytes),
                                        .write_bytes = (int64_t)(rows * cols * write_bytes), .vector_ops_per_element = 6, .passes = 1 } };
}

/* ---- backward ---- */

/* dA[m][k] = dC[m][n] B[n][k] */
static struct kernel input_gradient(const struct kernel *k)
{
    struct kernel g = *k;

    g.gemm.n = k->gemm.k;
    g.gemm.k = k->gemm.n;
    g.gemm.a_bytes = k->gemm.out_bytes;
    g.gemm.out_bytes = k->gemm.a_bytes;
    g.gemm.epilogue_ops_per_output = 0;
    g.gemm.epilogue_read_bytes = 0;
    memset(&g.warm, 0, sizeof g.warm);
    return g;
}

/* dB[n][k] = dC^T[n][m] A[m][k]; gradients of four bytes are added to in the product's epilogue, 16-bit ones are written and go to the exchange */
static struct kernel weight_gradient(const struct kernel *k, double gradient_bytes)
{
    struct kernel g = *k;
    int64_t outputs = k->gemm.n * k->gemm.k * k->gemm.batch;

    g.gemm.m = k->gemm.n;
    g.gemm.n = k->gemm.k;
    g.gemm.k = k->gemm.m;
    g.gemm.a_bytes = k->gemm.out_bytes;
    g.gemm.b_bytes = k->gemm.a_bytes;
    g.gemm.out_bytes = (int64_t)gradient_bytes * outputs;
    g.gemm.epilogue_read_bytes = gradient_bytes >= 4 ? g.gemm.out_bytes : 0;
    g.gemm.epilogue_ops_per_output = gradient_bytes >= 4 ? 1 : 0;
    g.gemm.b_is_weight = false;
    g.gemm.grouped = NULL; /* one product an expert, of the mean number of rows */
    memset(&g.warm, 0, sizeof g.warm);
    return g;
}

/* Reads its input and its output's gradient, writes its input's; a sum only passes gradients on and adds those of the two branches. */
static struct kernel stream_gradient(const struct kernel *k)
{
    struct kernel g = *k;

    if (strstr(k->role, ".add") == NULL) {
        g.stream.read_bytes = k->stream.read_bytes + k->stream.write_bytes;
        g.stream.write_bytes = k->stream.read_bytes;
        g.stream.vector_ops_per_element *= 2;
    }
    memset(&g.warm, 0, sizeof g.warm);
    return g;
}

static bool is_unfused(const struct timer *x, const struct kernel *k)
{
    const struct attention_kernel *a = attention_kernel_of(&k->attention, x->s->stack, x->s->system->device);

    return a != NULL && strcmp(a->backend, "unfused") == 0;
}

/* Time of the framework's own attention kernel over the catalogue's. */
static double attention_factor(const struct timer *x, const struct kernel *k)
{
    return k->kind != KERNEL_ATTENTION || is_unfused(x, k) ? 1 : 1 / x->s->stack->training.attention_share;
}

/* Attention kernel's backward pass over its forward: 5 products for 2; flash kernels reach less of the peak there (stack). */
static double attention_backward_factor(const struct timer *x, const struct kernel *k)
{
    if (is_unfused(x, k))
        return 2; /* four batched products for two, the softmax's gradient for the softmax */
    return 2.5 / x->s->stack->training.attention_backward_share;
}

static bool has_bias(const struct llm *m, const struct kernel *k)
{
    if (strncmp(k->role, "attn.qkv", 8) == 0)
        return m->qkv_bias;
    return strncmp(k->role, "attn.", 5) == 0 ? m->out_bias : strncmp(k->role, "mlp.", 4) == 0 && m->mlp_bias;
}

/* Eager frameworks: a bias' gradient is the sum of the output's over tokens; those of query, key and value are copied into one tensor. */
static enum status add_separate_gradients(struct timer *x, struct pass *p, const struct kernel *k)
{
    double rows = (double)k->gemm.m, cols = (double)k->gemm.n, out = (double)k->gemm.out_bytes / rows / cols;
    struct kernel sum = stream_of("bias.gradient", rows, cols, out, out / rows), join = stream_of("qkv.gradient", rows, cols, out, out);
    struct timing t;
    enum status st = STATUS_OK;

    if (has_bias(x->s->model, k) && !(st = time_kernel(&t, x, &sum)))
        add(x, p, &t, (double)k->count, 1, 1);
    if (!st && strncmp(k->role, "attn.qkv", 8) == 0 && !(st = time_kernel(&t, x, &join)))
        add(x, p, &t, (double)k->count, 1, 1);
    return st;
}

static enum status add_backward(struct timer *x, struct pass *p, const struct kernel *k, const struct timing *forward)
{
    struct timing t;
    struct kernel g;
    enum status st;

    switch (k->kind) {
    case KERNEL_GEMM:
        g = input_gradient(k);
        if ((st = time_kernel(&t, x, &g)))
            return st;
        add(x, p, &t, (double)k->count, 1, 1);
        if (x->s->stack->training.separate_gradients && k->gemm.b_is_weight && (st = add_separate_gradients(x, p, k)))
            return st;
        g = weight_gradient(k, x->s->stack->training.gradient_bytes);
        break;
    case KERNEL_ATTENTION: add(x, p, forward, (double)k->count, attention_factor(x, k) * attention_backward_factor(x, k), 3); return STATUS_OK;
    case KERNEL_STREAM: g = stream_gradient(k); break;
    default: add(x, p, forward, (double)k->count, 1, 1); return STATUS_OK;
    }
    if ((st = time_kernel(&t, x, &g)))
        return st;
    add(x, p, &t, (double)k->count, 1, 1);
    return STATUS_OK;
}

/* Eq. 5. arXiv 2205.05198, section 4.2.2: g and its conjugate; pieces: Transformer Engine's userbuffers. */
static void add_sequence_parallel(struct timer *x, struct pass *forward, struct pass *backward, struct pass *again, const struct kernel *k)
{
    const struct training_spec *s = x->s;
    struct kernel gather = *k, scatter = *k;
    struct timing g, r;
    double left = s->overlap_tensor ? 1 / (double)k->collective.ranks : 1, count = (double)k->count;

    gather.collective.op = COLLECTIVE_ALL_GATHER;
    gather.collective.bytes = k->collective.bytes / k->collective.ranks > 0 ? k->collective.bytes / k->collective.ranks : 1;
    scatter.collective.op = COLLECTIVE_REDUCE_SCATTER;
    time_collective(&g, x, &gather);
    time_collective(&r, x, &scatter);
    add(x, forward, &g, count, left, 1);
    add(x, forward, &r, count, left, 1);
    if (again != NULL) {
        add(x, again, &g, count, left, 1);
        add(x, again, &r, count, left, 1);
    }
    add(x, backward, &g, 2 * count, left, 1);
    add(x, backward, &r, count, left, 1);
}

static enum status add_kernel(struct timer *x, struct pass *forward, struct pass *backward, struct pass *again, const struct kernel *k)
{
    struct timing t;
    enum status st;

    if (k->kind == KERNEL_COLLECTIVE && k->collective.op == COLLECTIVE_ALL_REDUCE && x->s->sequence_parallel)
        return add_sequence_parallel(x, forward, backward, again, k), STATUS_OK;
    if ((st = time_kernel(&t, x, k)))
        return st;
    double factor = attention_factor(x, k);
    add(x, forward, &t, (double)k->count, factor, 1);
    if (again != NULL)
        add(x, again, &t, (double)k->count, factor, 1);
    return add_backward(x, backward, k, &t);
}

/* ---- layers ---- */

/* What training does otherwise: no cache; norms and sums of a sequence's part (sequence parallel); experts of a rank (expert parallel). */
static void adapt_ops(struct op *ops, int64_t *count, const struct training_spec *s)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < *count; i++) {
        struct op op = ops[i];
        if (op.kind == OP_KV_WRITE)
            continue;
        if (s->sequence_parallel && (op.kind == OP_NORM || op.kind == OP_ADD) && op.rows >= s->tp)
            op.rows /= s->tp;
        if (op.kind == OP_GROUPED_GEMM && op.groups >= s->ep)
            op.groups /= s->ep;
        ops[kept++] = op;
    }
    *count = kept;
}

/* Nodes that hold one of k experts drawn evenly from N nodes, in the mean. */
static double nodes_visited(double nodes, int64_t k)
{
    double missed = 1;

    for (int64_t i = 0; i < k; i++)
        missed *= 1 - 1 / nodes;
    return nodes * (1 - missed);
}

/* Exchange of `bytes` of a rank, top_k copies of each token. Libraries that know nodes send one copy to each and hand it on over the node's links. */
static double dispatch_s(const struct training_spec *s, double bytes, int64_t top_k)
{
    int64_t local = s->ep < s->system->node_devices ? s->ep : s->system->node_devices;
    double nodes = ceil((double)s->ep / (double)local);

    if (nodes <= 1 || !s->stack->training.dispatch_once_a_node)
        return training_collective_s(s, COLLECTIVE_ALL_TO_ALL, bytes, s->ep, 1);
    double net_s = training_collective_s(s, COLLECTIVE_ALL_TO_ALL, bytes * nodes_visited(nodes, top_k) / (double)top_k, s->ep, 1);
    return fmax(net_s, training_collective_s(s, COLLECTIVE_ALL_TO_ALL, bytes, local, 1));
}

/* Tokens to their experts' ranks and back. With sequence parallelism each tensor-parallel rank sends its part; experts are not cut. */
static enum status add_dispatch(struct timer *x, struct passes *out, const struct op *op)
{
    const struct training_spec *s = x->s;
    double rows = (double)op->rows / (s->sequence_parallel ? (double)s->tp : 1);
    struct timing t = { .time_s = dispatch_s(s, rows * (double)op->top_k * (double)op->cols * s->recipe.output->bits / 8, op->top_k) };
    double times = (double)op->count;

    t.parts_s[CAUSE_LINK] = t.time_s;
    add(x, &out->forward, &t, times, 1, 1);
    add(x, &out->backward, &t, times, 1, 1);
    out->dispatch_s += times * t.time_s;
    if (s->recompute == RECOMPUTE_FULL)
        add(x, &out->recompute, &t, times, 1, 1);
    return STATUS_OK;
}

/* Eq. 4: what is left of the exchange when another micro-batch's kernels run beside it; they lack the SMs that it takes. */
static void overlap_dispatch(struct passes *out, const struct training_spec *s)
{
    double taken = (double)s->stack->training.dispatch_sms / (double)s->system->device->sm.count, d = out->dispatch_s;
    struct pass *both[] = { &out->forward, &out->backward };

    for (int i = 0; i < 2; i++)
        both[i]->device_s = fmax(both[i]->device_s - d + d * taken, d);
}

/* Last of a layer: its input is kept, its output is the next layer's. */
static bool ends_layer(const struct kernel *k)
{
    return strncmp(k->role, "mlp.down", 8) == 0 || strncmp(k->role, "mlp.add", 7) == 0 || strncmp(k->role, "moe.scatter", 11) == 0;
}

static bool recomputed(const struct training_spec *s, const struct kernel *k)
{
    if (s->recompute == RECOMPUTE_FULL && s->stack->training.recompute_stops_early && ends_layer(k))
        return false;
    return s->recompute == RECOMPUTE_FULL || (s->recompute == RECOMPUTE_SELECTIVE && k->kind == KERNEL_ATTENTION);
}

static enum status add_layers(struct timer *x, struct passes *out, const struct lower_context *lower, struct arena *arena)
{
    const struct training_spec *s = x->s;
    int64_t q = (s->seq + s->cp - 1) / s->cp;
    /* of a causal sequence each rank has as many pairs: q keys of its own, half of the others' in the mean */
    struct seq_group group = { s->micro_batch, q, (s->seq + q) / 2 };
    struct step step = { .phase = PHASE_PREFILL, .repeat = 1, .seq_groups = 1, .seqs = &group, .sequences = s->micro_batch, .tokens = s->micro_batch * q };
    struct scenario scenario = { .layers = s->model->layers };
    struct lowered_step low;
    enum status st;

    if ((st = llm_step_ops(&step, s->model, &scenario, arena, x->err)))
        return st;
    struct op *ops = arena_array(arena, (size_t)step.ops_count + 1, sizeof *ops);
    if (ops == NULL)
        return error_no_memory(x->err);
    memcpy(ops, step.ops, (size_t)step.ops_count * sizeof *ops);
    for (int64_t i = 0; s->ep > 1 && i < step.ops_count; i++)
        if (ops[i].kind == OP_ROUTE && (st = add_dispatch(x, out, &ops[i])))
            return st;
    adapt_ops(ops, &step.ops_count, s);
    step.ops = ops;
    if ((st = lower_step(&low, &step, lower, arena, x->err)))
        return st;
    warmth_assign(&low, x->ctx.hw, false);
    for (int64_t i = 0; i < low.count; i++)
        if ((st = add_kernel(x, &out->forward, &out->backward, recomputed(s, &low.kernels[i].kernel) ? &out->recompute : NULL, &low.kernels[i].kernel)))
            return st;
    return STATUS_OK;
}

/* ---- embedding, head and loss ---- */

/* The head is lowered as the operator of a step that wants every token's logits. */
static enum status add_head(struct timer *x, struct passes *out, const struct lower_context *lower, struct arena *arena)
{
    const struct training_spec *s = x->s;
    const struct llm *m = s->model;
    int64_t tokens = s->micro_batch * ((s->seq + s->cp - 1) / s->cp);
    struct op ops[] = {
        { .kind = OP_NORM, .role = "norm.final", .count = 1, .rows = s->sequence_parallel && tokens >= s->tp ? tokens / s->tp : tokens, .cols = m->hidden, .norm = m->norm },
        { .kind = OP_GEMM, .role = "lm_head", .count = 1, .m = tokens, .n = m->vocab, .k = m->hidden, .batch = 1 },
    };
    struct seq_group group = { s->micro_batch, tokens / s->micro_batch, tokens / s->micro_batch };
    struct step step = { .phase = PHASE_PREFILL, .repeat = 1, .seq_groups = 1, .seqs = &group, .sequences = s->micro_batch, .tokens = tokens, .ops = ops, .ops_count = 2 };
    double cols = (double)((m->vocab + s->tp - 1) / s->tp), half = s->recipe.output->bits / 8;
    /* loss: logits widened to fp32, maximum, sum of exponentials; backward: probabilities to gradients. Fused: read once, written once */
    bool fused = s->stack->training.fused_cross_entropy;
    struct kernel loss = stream_of("loss", (double)tokens, cols, fused ? half : half + 8, fused ? 0.1 : 4);
    struct kernel loss_back = stream_of("loss.gradient", (double)tokens, cols, fused ? half : 8, fused ? half : 4 + half);
    struct kernel embed = stream_of("embed", (double)tokens, (double)m->hidden, half, half);
    struct kernel embed_back = stream_of("embed.gradient", (double)tokens, (double)m->hidden, half + 4, 4);
    struct lowered_step low;
    struct timing t;
    enum status st;

    if ((st = lower_step(&low, &step, lower, arena, x->err)))
        return st;
    for (int64_t i = 0; i < low.count; i++) /* every rank keeps its part of the logits: no gather */
        if (low.kernels[i].kernel.kind != KERNEL_COLLECTIVE &&
            (st = add_kernel(x, &out->head_forward, &out->head_backward, NULL, &low.kernels[i].kernel)))
            return st;
    struct kernel *const streams[] = { &loss, &embed, &loss_back, &embed_back };
    for (int i = 0; i < 4; i++) {
        if ((st = time_kernel(&t, x, streams[i])))
            return st;
        add(x, i < 2 ? &out->head_forward : &out->head_backward, &t, 1, 1, 1);
    }
    return STATUS_OK;
}

enum status training_passes(struct passes *out, const struct training_spec *s, const struct model_info *info, struct arena *arena, struct error *err)
{
    struct layout layout = { .tp = s->tp };
    struct lower_context lower = { .hw = s->system->device, .stack = s->stack, .recipe = &s->recipe, .layout = &layout, .model = info };
    struct timer x = { .s = s, .sums = &out->sums, .err = err, .slowest = training_slowest_factor(s->stack->training.chip_spread, s->tp * s->pp * s->dp * s->cp),
                       .ctx = { .hw = s->system->device, .stack = s->stack, .ranks = s->tp, .clock_limit_hz = s->clock_limit_hz,
                                .operand_activity = s->operand_activity } };
    enum status st;

    *out = (struct passes){ 0 };
    if ((st = layout_check(&layout, s->system->device, err)) || (st = add_layers(&x, out, &lower, arena)) || (st = add_head(&x, out, &lower, arena)))
        return st;
    if (s->overlap_dispatch)
        overlap_dispatch(out, s);
    out->sums.simulated_fraction = 1;
    for (int c = 1; c < CAUSES; c++)
        if (out->sums.parts_s[c] > out->sums.parts_s[out->sums.bound])
            out->sums.bound = (enum cause)c;
    return STATUS_OK;
}
