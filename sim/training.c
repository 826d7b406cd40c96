/* SPDX-License-Identifier: Apache-2.0 */
/* A training iteration: passes in a pipeline, gradients exchanged, parameters updated. See training.h. */
#include "sim/training.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/collective.h"
#include "sim/training_internal.h"

double training_bubble_share(int64_t pp, int64_t chunks, int64_t micro_batches)
{
    return (double)(pp - 1) / ((double)chunks * (double)micro_batches);
}

double training_collective_s(const struct training_spec *s, enum collective_op op, double bytes, int64_t ranks, int64_t stride)
{
    struct kernel k = { .kind = KERNEL_COLLECTIVE, .collective = { op, (int64_t)fmin(bytes, 9e18), ranks } };
    int64_t near = s->system->node_devices / stride > 1 ? s->system->node_devices / stride : 1; /* ranks of one node */
    int64_t local = ranks < near ? ranks : near, nodes = (ranks + local - 1) / local;
    struct fabric fabric = fabric_of_system(s->system, local * nodes, nodes);
    struct timing t;

    if (ranks <= 1 || bytes < 1)
        return 0;
    k.collective.ranks = local * nodes;
    collective_timing(&t, &k, s->system->device, &fabric, s->stack);
    return t.time_s;
}

/* ---- chips of one type ---- */

/* Devices that exchange something in every layer or iteration wait for the slowest: expected largest of so many normal deviates (Blom 1958). */
double training_slowest_factor(double spread, int64_t devices)
{
    return 1 + spread * gsl_cdf_ugaussian_Pinv(((double)devices - 0.375) / ((double)devices + 0.25));
}

/* ---- pipeline ---- */

/* Sends of a micro-batch between neighbouring stages, forward and backward, for each chunk. */
static double border_s(const struct training_spec *s)
{
    double bytes = (double)s->micro_batch * (double)s->seq / (double)s->cp * (double)s->model->hidden * s->recipe.output->bits / 8;

    if (s->pp == 1)
        return 0;
    if (s->sequence_parallel)
        bytes /= (double)s->tp;
    struct kernel k = { .kind = KERNEL_COLLECTIVE, .collective = { COLLECTIVE_SEND_RECV, (int64_t)bytes, 2 } };
    struct fabric fabric = fabric_of_system(s->system, 2, s->tp * s->dp >= s->system->node_devices || s->system->node_devices / s->tp < 2 ? 2 : 1);
    struct timing t;
    collective_timing(&t, &k, s->system->device, &fabric, s->stack);
    return 2 * (double)s->chunks * t.time_s;
}

/* The pipeline's fill and drain, of the mean stage: the last one has the head alone. What training_schedule() lays out. */
static void lay_out(struct training_result *out, const struct training_spec *s, const struct passes *p, int64_t micro_batches)
{
    double head_s = pass_s(&p->head_forward) + pass_s(&p->head_backward), mean_s = out->forward_s + out->backward_s - head_s * (1 - 1 / (double)s->pp);

    out->bubble_s = training_bubble_share(s->pp, s->chunks, micro_batches) * (double)micro_batches * mean_s;
    out->pipeline = (struct training_pipeline){ .stages = s->pp, .chunks = s->chunks, .forward_s = out->forward_s - pass_s(&p->head_forward),
                                                .backward_s = out->backward_s - pass_s(&p->head_backward), .head_forward_s = pass_s(&p->head_forward),
                                                .head_backward_s = pass_s(&p->head_backward) };
}

/* ---- data parallel ---- */

/* Ranks with the same parameters: those of a sequence's parts sum their gradients with the others. */
static int64_t replicas(const struct training_spec *s)
{
    return s->dp * s->cp;
}

/* Exchange of so many parameters: gather before they are used, reduce-scatter of their gradients. Wire: 16 bit. */
struct exchange { double gather_s, reduce_s; };

static struct exchange exchange_of(const struct training_spec *s, double parameters)
{
    double bytes = parameters * s->recipe.output->bits / 8, grads = parameters * s->stack->training.gradient_bytes;

    return (struct exchange){ training_collective_s(s, COLLECTIVE_ALL_GATHER, bytes / (double)replicas(s), replicas(s), s->tp),
                              training_collective_s(s, COLLECTIVE_REDUCE_SCATTER, grads, replicas(s), s->tp) };
}

/* Fully sharded (or gradients only, where parameters stay): forward and backward of a stage's layers with their exchange beside them, each micro-batch. */
static void sharded_passes(struct training_result *out, const struct training_spec *s, const struct passes *p, const struct rank_parameters *n, int64_t micro_batches)
{
    double all = (double)s->model->layers, layers = all / (double)s->pp, borders_s = border_s(s);
    struct exchange x = exchange_of(s, n->layers / all), root = exchange_of(s, n->embedding);
    double gather_s = s->sharding == SHARDING_FULL ? x.gather_s : 0;
    double forward_s = pass_s(&p->forward) / all, backward_s = (pass_s(&p->backward) + pass_s(&p->recompute)) / all;
    double exchange_s = gather_s + x.reduce_s, taken = (double)s->stack->training.exchange_sms / (double)s->system->device->sm.count;
    double forward_layer_s = fmax(forward_s + taken * gather_s, gather_s), backward_layer_s = fmax(backward_s + taken * exchange_s, exchange_s);
    /* nothing is beside the first gather (embedding and first layer) and the last reduce-scatter (the same) */
    double first_s = s->sharding == SHARDING_FULL ? gather_s + root.gather_s : 0, last_s = x.reduce_s + root.reduce_s;

    out->forward_s = layers * forward_layer_s + first_s + pass_s(&p->head_forward) + borders_s / 2;
    out->backward_s = layers * backward_layer_s + last_s + pass_s(&p->head_backward) + borders_s / 2;
    out->exchange_s = layers * (forward_layer_s - forward_s + backward_layer_s - backward_s) + first_s + last_s;
    lay_out(out, s, p, micro_batches);
}

/* Replicated parameters: gradients summed once an iteration, beside the last backward pass where the framework overlaps. */
static double exchange_exposed_s(const struct training_spec *s, const struct rank_parameters *n, double backward_s)
{
    double stage = n->dense_layers / (double)s->pp + n->embedding, experts = n->expert_layers / (double)s->pp;
    double grad = s->stack->training.gradient_bytes, half = s->recipe.output->bits / 8, total_s, gather_s = 0;
    int64_t expert_dp = replicas(s) / s->ep;

    if (s->sharding >= SHARDING_OPTIMIZER) {
        total_s = training_collective_s(s, COLLECTIVE_REDUCE_SCATTER, grad * stage, replicas(s), s->tp) +
                  training_collective_s(s, COLLECTIVE_REDUCE_SCATTER, grad * experts, expert_dp, s->tp * s->ep);
        gather_s = training_collective_s(s, COLLECTIVE_ALL_GATHER, half * stage / (double)replicas(s), replicas(s), s->tp) +
                   training_collective_s(s, COLLECTIVE_ALL_GATHER, half * experts / (double)expert_dp, expert_dp, s->tp * s->ep);
    } else {
        total_s = training_collective_s(s, COLLECTIVE_ALL_REDUCE, grad * stage, replicas(s), s->tp) +
                  training_collective_s(s, COLLECTIVE_ALL_REDUCE, grad * experts, expert_dp, s->tp * s->ep);
    }
    if (s->overlap_gradients)
        return fmax(total_s - backward_s, 0) + fmax(gather_s - backward_s / 2, 0);
    return total_s + gather_s;
}

/* Adam: fp32 copy, two moments and the gradient are read, all but the gradient and the 16-bit copy written. Memory bound. */
static double optimizer_s(const struct training_spec *s, const struct rank_parameters *n)
{
    const struct arch_dram *d = &s->system->device->dram;
    double share = s->sharding >= SHARDING_OPTIMIZER ? (double)replicas(s) : 1, expert_share = share > 1 ? (double)(replicas(s) / s->ep) : 1;
    double mine = ((n->dense_layers) / (double)s->pp + n->embedding) / share + n->expert_layers / (double)s->pp / expert_share;
    double bytes = mine * (2 * s->stack->training.optimizer_bytes + s->stack->training.gradient_bytes + s->recipe.output->bits / 8);

    return bytes / (d->bandwidth_bytes_per_s * d->read_efficiency);
}

/* ---- replicated parameters ---- */

static void pipeline_passes(struct training_result *out, const struct training_spec *s, const struct passes *p, int64_t micro_batches)
{
    double stages = (double)s->pp, borders_s = border_s(s);

    /* the slowest stage sets the pace: the last one has the head; the first the embedding, which is less */
    out->forward_s = pass_s(&p->forward) / stages + pass_s(&p->head_forward) + borders_s / 2;
    out->backward_s = (pass_s(&p->backward) + pass_s(&p->recompute)) / stages + pass_s(&p->head_backward) + borders_s / 2;
    lay_out(out, s, p, micro_batches);
}

/* 6 N + 12 layers hidden seq: PaLM, arXiv 2204.02311, appendix B, the count behind MFU */
static double model_flops_per_token(const struct training_spec *s, const struct model_info *info)
{
    double active = (double)info->parameters;

    if (info->experts > 0) /* only the experts that a token visits */
        for (int64_t i = 0; i < info->weights_count; i++) {
            const struct weight_info *w = &info->weights[i];
            if (w->matrices >= info->experts && w->rows > 1 && w->role[0] == 'm' && w->role[1] == 'o' && w->role[2] == 'e' && w->matrices % info->experts == 0)
                active -= (double)w->matrices * (double)w->rows * (double)w->cols * (1 - (double)info->top_k / (double)info->experts);
        }
    double width = (double)s->model->head_dim, value = s->model->mla.v_dim > 0 ? (double)s->model->mla.v_dim : width;
    const struct ssm *ssm = &s->model->ssm;
    double layers = ssm->heads > 0 ? (double)ssm->attention_layers : (double)s->model->layers;
    /* scan of a state-space layer, as Megatron counts it: 7 operations for a channel and element of its state, three times */
    double scan = 21 * (double)ssm->mamba_layers * (double)ssm->heads * (double)ssm->head_dim * (double)ssm->state;
    double attention = 12 * layers * (double)s->model->heads * (double)s->seq;

    return 6 * active + scan + attention * (s->causal_flops ? (width + value) / 4 : width);
}

static enum status check(const struct training_spec *s, struct error *err)
{
    int64_t devices = s->tp * s->pp * s->dp * s->cp;

    if (s->tp < 1 || s->pp < 1 || s->dp < 1 || s->ep < 1 || s->cp < 1 || s->chunks < 1 || s->micro_batch < 1 || s->seq < 1)
        return error_plain(err, STATUS_BAD_INPUT, "training layout: expected degrees and sizes of 1 or more");
    if (s->global_batch % (s->micro_batch * s->dp) != 0)
        return error_plain(err, STATUS_BAD_INPUT, "global batch %lld is no multiple of micro-batch %lld x dp %lld", (long long)s->global_batch,
                           (long long)s->micro_batch, (long long)s->dp);
    if (s->pp > s->model->layers)
        return error_plain(err, STATUS_BAD_INPUT, "%lld pipeline stages for %lld layers", (long long)s->pp, (long long)s->model->layers);
    if (devices > s->system->node_devices && s->system->network == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "%lld devices, but system %s is one node of %lld without a network", (long long)devices,
                           s->system->name, (long long)s->system->node_devices);
    return STATUS_OK;
}

enum status training_run(struct training_result *out, const struct training_spec *s, struct arena *arena, struct error *err)
{
    struct model_info info;
    struct rank_parameters n;
    struct passes p;
    enum status st;

    *out = (struct training_result){ 0 };
    if ((st = check(s, err)) || (st = llm_model_info(&info, s->model, 0, arena, err)) || (st = training_passes(&p, s, &info, arena, err)))
        return st;
    int64_t micro_batches = s->global_batch / s->micro_batch / s->dp;
    training_parameters(&n, s, &info);
    if (s->sharding >= SHARDING_GRADIENTS) {
        sharded_passes(out, s, &p, &n, micro_batches);
    } else {
        pipeline_passes(out, s, &p, micro_batches);
        out->exchange_s = exchange_exposed_s(s, &n, out->backward_s);
    }
    out->pipeline.micro_batches = micro_batches;
    out->optimizer_s = optimizer_s(s, &n);
    out->iteration_s = (double)micro_batches * (out->forward_s + out->backward_s) + out->bubble_s + out->optimizer_s +
                       (s->sharding >= SHARDING_GRADIENTS ? 0 : out->exchange_s);
    out->tokens = (double)s->global_batch * (double)s->seq;
    out->parameters = (double)info.parameters;
    out->flops_per_token = model_flops_per_token(s, &info);
    out->sums = p.sums;
    training_memory_of(&out->memory, s, &info);
    return STATUS_OK;
}
