/* SPDX-License-Identifier: Apache-2.0 */
/* One engine iteration: operators made in memory, lowered, timed, added up. See engine.h. */
#include "sim/engine.h"

#include <stdlib.h>

#include "base/checked.h"
#include "base/num.h"
#include "sim/layout.h"
#include "sim/memory.h"
#include "sim/replay.h"
#include "sim/unit.h"
#include "sim/warmth.h"
#include "workloads/generate.h"

struct engine {
    struct engine_spec spec;
    struct model_info info;
    struct memo *memo;
    struct lower_context lower;
    struct arena arena, scratch; /* of the engine; of one iteration */
    double weight_bytes, kv_token_bytes;
};

enum status engine_open(struct engine **out, const struct engine_spec *spec, struct error *err)
{
    struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .ranks = spec->layout.tp, .clock_limit_hz = spec->clock_limit_hz, .operand_activity = spec->operand_activity,
                                  .context_max = spec->model->position_rows };
    struct engine *e;
    enum status st;

    if ((st = units_check(spec->hw, err)) || (st = layout_check(&spec->layout, spec->hw, err)))
        return st;
    if (spec->pp < 1 || spec->pp > spec->model->layers)
        return error_plain(err, STATUS_BAD_INPUT, "%lld pipeline stages, expected 1 to %lld layers", (long long)spec->pp, (long long)spec->model->layers);
    if ((e = calloc(1, sizeof *e)) == NULL)
        return error_no_memory(err);
    e->spec = *spec;
    if ((e->memo = memo_open(spec->fidelity, &ctx)) == NULL)
        st = error_no_memory(err);
    else
        st = llm_model_info(&e->info, spec->model, spec->layers, &e->arena, err);
    if (st) {
        engine_close(e);
        return st;
    }
    e->lower = (struct lower_context){ e->spec.hw, e->spec.stack, &e->spec.recipe, &e->spec.layout, &e->info, NULL };
    e->weight_bytes = (double)memory_weights(&e->info, &e->spec.recipe, &e->spec.layout) / (double)spec->pp;
    for (int64_t i = 0; i < e->info.kv_count; i++)
        e->kv_token_bytes += (double)layout_kv_elements(&e->info.kv[i], &e->spec.layout) * (double)e->info.kv[i].layers *
                             quant_bits_per_element(&e->spec.recipe.kv) / 8 / (double)spec->pp;
    *out = e;
    return STATUS_OK;
}

void engine_close(struct engine *e)
{
    if (e == NULL)
        return;
    memo_close(e->memo);
    arena_free(&e->scratch);
    arena_free(&e->arena);
    free(e);
}

double engine_weight_bytes(const struct engine *e) { return e->weight_bytes; }
double engine_kv_token_bytes(const struct engine *e) { return e->kv_token_bytes; }
const struct engine_spec *engine_spec(const struct engine *e) { return &e->spec; }

static void add_timing(struct timing *sums, double *longest_s, const struct timing *t, double launches)
{
    sums->time_s += launches * t->time_s;
    sums->flops += launches * t->flops;
    sums->simulated_fraction += launches * t->time_s * t->simulated_fraction;
    sums->extrapolation_error += launches * t->time_s * t->extrapolation_error;
    for (int c = 0; c < CAUSES; c++)
        sums->parts_s[c] += launches * t->parts_s[c];
    for (int level = 0; level < LEVELS; level++)
        sums->bytes[level] += launches * t->bytes[level];
    if (launches * t->time_s > *longest_s) {
        *longest_s = launches * t->time_s;
        sums->mapping = t->mapping;
    }
}

/* Waits of the device in an iteration that the host launches kernel by kernel; layers are unfolded. */
static double eager_waits_s(const struct lowered_step *low, const struct timed_kernel *const *timed, double launch_s)
{
    struct host_queue q = { .launch_ps = num_ps(launch_s) };
    int64_t waited_ps = 0;

    for (int64_t first = 0, end; first < low->count; first = end) {
        int64_t layers = low->kernels[first].kernel.count;
        for (end = first; end < low->count && low->kernels[end].kernel.count == layers; end++)
            ;
        for (int64_t layer = 0; layer < layers; layer++)
            for (int64_t i = first; i < end; i++)
                waited_ps += host_queue_launch(&q, num_ps(timed[i]->timing.time_s));
    }
    return (double)waited_ps * 1e-12;
}

static enum status time_borders(struct engine_step *out, struct engine *e, int64_t tokens, struct error *err)
{
    const struct timed_kernel *t;
    struct kernel k = { .kind = KERNEL_COLLECTIVE, .role = "pipeline.send", .note = "", .count = e->spec.pp - 1 };
    double longest_s = 1e30;
    enum status st;

    k.collective = (struct collective_kernel_shape){ .op = COLLECTIVE_SEND_RECV, .ranks = 2,
                                                     .bytes = (int64_t)((double)tokens * (double)e->info.hidden * e->spec.recipe.output->bits / 8) };
    if ((st = memo_time(&t, e->memo, &k, err)))
        return st;
    add_timing(&out->sums, &longest_s, &t->timing, (double)k.count);
    return STATUS_OK;
}

static enum status time_kernels(struct engine_step *out, struct engine *e, const struct lowered_step *low, struct error *err)
{
    const struct timed_kernel **timed = arena_array(&e->scratch, (size_t)low->count + 1, sizeof *timed);
    double longest_s = 0;
    enum status st;

    if (timed == NULL)
        return error_no_memory(err);
    for (int64_t i = 0; i < low->count; i++) {
        if ((st = memo_time(&timed[i], e->memo, &low->kernels[i].kernel, err)))
            return st;
        add_timing(&out->sums, &longest_s, &timed[i]->timing, (double)low->kernels[i].kernel.count);
    }
    if (e->spec.stack->launch_mode == LAUNCH_EAGER)
        out->wait_s = eager_waits_s(low, timed, e->spec.stack->host_launch_s);
    return STATUS_OK;
}

static double step_host_s(const struct stack *s, int64_t ranks, int64_t sequences)
{
    if (s->launch_mode == LAUNCH_KERNEL_ONLY)
        return 0;
    return s->step_host_s + (ranks > 1 ? s->ranks_host_s : 0) + s->sequence_host_s * (double)sequences + (s->launch_mode == LAUNCH_GRAPH ? s->graph_launch_s : 0);
}

/* Sequences of one of `pp` micro-batches: the larger ones. */
static int64_t micro_batch(struct seq_group *groups, int64_t count, int64_t pp)
{
    int64_t sequences = 0;

    for (int64_t i = 0; i < count; i++) {
        sequences += groups[i].count;
        groups[i].count = ceil_div_i64(groups[i].count, pp);
    }
    return sequences;
}

enum status engine_step(struct engine_step *out, struct engine *e, enum phase phase, const struct seq_group *groups, int64_t groups_count,
                        struct error *err)
{
    struct scenario scenario = { .layers = e->spec.layers };
    struct step step = { .phase = phase, .repeat = 1, .seq_groups = groups_count };
    struct lowered_step low;
    enum status st;

    *out = (struct engine_step){ 0 };
    arena_reset(&e->scratch);
    struct seq_group *own = arena_array(&e->scratch, (size_t)groups_count + 1, sizeof *own);
    if (own == NULL)
        return error_no_memory(err);
    for (int64_t i = 0; i < groups_count; i++)
        own[i] = groups[i];
    int64_t sequences = micro_batch(own, groups_count, e->spec.pp);
    step.seqs = own;
    for (int64_t i = 0; i < groups_count; i++) {
        step.sequences += own[i].count;
        step.tokens += own[i].count * own[i].q;
    }
    if ((st = llm_step_ops(&step, e->spec.model, &scenario, &e->scratch, err)) || (st = lower_step(&low, &step, &e->lower, &e->scratch, err)))
        return st;
    warmth_assign(&low, e->spec.hw, true);
    if ((st = time_kernels(out, e, &low, err)) || (e->spec.pp > 1 && (st = time_borders(out, e, step.tokens, err))))
        return st;
    out->device_s = out->sums.time_s;
    out->host_s = step_host_s(e->spec.stack, e->spec.layout.tp * e->spec.pp, sequences);
    out->time_s = out->device_s + out->wait_s + out->host_s;
    out->sums.parts_s[CAUSE_LAUNCH] += out->wait_s + out->host_s;
    out->sums.extrapolation_error = out->sums.time_s > 0 ? out->sums.extrapolation_error / out->sums.time_s : 0;
    out->sums.simulated_fraction = out->sums.time_s > 0 ? out->sums.simulated_fraction / out->sums.time_s : 1;
    out->sums.time_s = out->time_s;
    for (int c = 1; c < CAUSES; c++)
        if (out->sums.parts_s[c] > out->sums.parts_s[out->sums.bound])
            out->sums.bound = (enum cause)c;
    return STATUS_OK;
}
