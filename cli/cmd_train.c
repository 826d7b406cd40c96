/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim train: time and memory of a training iteration. docs/training.md */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/training_report.h"
#include "workloads/model_library.h"

enum { DEGREE_MAX = 1 << 20, BATCH_MAX = 1 << 24 };

struct train_options {
    const char *recipe, *stack, *fidelity, *recompute, *sharding;
    int64_t tp, pp, dp, ep, cp, chunks, micro_batch, global_batch, seq;
    bool sequence_parallel, overlap_gradients, overlap_tensor, overlap_dispatch, json;
};

/* In the order of enum recompute and enum sharding. */
static const char *const recomputes[] = { "none", "selective", "full", NULL };
static const char *const shardings[] = { "none", "optimizer", "gradients", "full", NULL };

#define DEGREE(name_, help_)                                                                                                                 \
    { .name = #name_, .kind = OPTION_I64, .offset = offsetof(struct train_options, name_), .value = "N", .otherwise = "1", .min = 1, .max = DEGREE_MAX, .help = help_ }
#define BATCH(name_, field, otherwise_, help_)                                                                                               \
    { .name = name_, .kind = OPTION_I64, .offset = offsetof(struct train_options, field), .value = "N", .otherwise = otherwise_, .min = 1, .max = BATCH_MAX, .help = help_ }
#define FLAG(name_, field, help_) { .name = name_, .kind = OPTION_FLAG, .offset = offsetof(struct train_options, field), .help = help_ }

static const struct option_spec train_table[] = {
    DEGREE(tp, "tensor parallel degree: devices that share every layer"),
    DEGREE(pp, "pipeline stages: devices among which layers are divided"),
    DEGREE(dp, "data parallel replicas"),
    DEGREE(ep, "ranks that experts are divided among; divides dp"),
    DEGREE(cp, "context parallel degree: devices that share a sequence"),
    DEGREE(chunks, "parts of a stage that take turns (interleaved 1F1B)"),
    BATCH("micro-batch", micro_batch, "1", "sequences of one pass of one replica"),
    BATCH("global-batch", global_batch, "64", "sequences of an iteration"),
    BATCH("seq", seq, "2048", "tokens of a sequence"),
    { .name = "recompute", .kind = OPTION_CHOICE, .offset = offsetof(struct train_options, recompute), .value = "R", .otherwise = "none", .choices = recomputes,
      .help = "what the backward pass computes again: nothing, attention's core, whole layers" },
    { .name = "sharding", .kind = OPTION_CHOICE, .offset = offsetof(struct train_options, sharding), .value = "S", .otherwise = "none", .choices = shardings,
      .help = "what replicas share out: optimizer states, gradients too, parameters too (FSDP)" },
    FLAG("sequence-parallel", sequence_parallel, "norms and sums are divided among the tensor parallel devices too"),
    FLAG("overlap-gradients", overlap_gradients, "gradients are exchanged beside the last backward pass"),
    FLAG("overlap-tensor", overlap_tensor, "tensor parallel exchange in pieces beside the products that need it"),
    FLAG("overlap-dispatch", overlap_dispatch, "tokens go to their experts beside another micro-batch's kernels"),
    { .name = "recipe", .letter = 'r', .kind = OPTION_TEXT, .offset = offsetof(struct train_options, recipe), .value = "R", .otherwise = "bf16",
      .help = "number formats (docs/recipes.md)" },
    { .name = "stack", .kind = OPTION_TEXT, .offset = offsetof(struct train_options, stack), .value = "S", .otherwise = "megatron-te",
      .help = "software stack: a name of arch/stacks/ or a path" },
    { .name = "fidelity", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(struct train_options, fidelity), .value = "F", .otherwise = "analytic",
      .choices = job_fidelities, .help = "how operators are timed" },
    FLAG("json", json, "print one JSON object; 'llmsim report' draws its pipeline and memory"),
    { 0 }
};

static int index_of(const char *const *names, const char *name)
{
    int i = 0;

    while (strcmp(names[i], name) != 0)
        i++;
    return i;
}

static enum status load(struct training_spec *s, struct llm *model, const struct train_options *o, const struct text_list *operands, struct arena *arena,
                        struct error *err)
{
    enum status st;

    *s = (struct training_spec){ .model = model, .tp = o->tp, .pp = o->pp, .chunks = o->chunks, .dp = o->dp, .ep = o->ep, .cp = o->cp,
                                 .sequence_parallel = o->sequence_parallel && o->tp > 1, .micro_batch = o->micro_batch, .global_batch = o->global_batch,
                                 .seq = o->seq, .recompute = (enum recompute)index_of(recomputes, o->recompute),
                                 .sharding = (enum sharding)index_of(shardings, o->sharding), .overlap_gradients = o->overlap_gradients,
                                 .overlap_tensor = o->overlap_tensor, .overlap_dispatch = o->overlap_dispatch };
    if ((st = arch_system_load(&s->system, operands->items[0], arena, err)) || (st = model_load(model, operands->items[1], arena, err)) ||
        (st = stack_load(&s->stack, o->stack, NULL, 0, arena, err)) ||
        (st = recipe_parse(&s->recipe, o->recipe, (struct source_pos){ "--recipe", 0, 0 }, err)) || (st = fidelity_find(&s->fidelity, o->fidelity, err)))
        return st;
    if (model->position == POSITION_LEARNED) /* the table is as long as the sequences that are trained */
        model->position_rows = s->seq;
    if (o->pp > 1 && s->sharding >= SHARDING_GRADIENTS)
        return error_plain(err, STATUS_BAD_INPUT, "--sharding %s with --pp %lld is not modelled, expected none or optimizer with a pipeline", o->sharding,
                           (long long)o->pp);
    if (o->chunks > 1 && (o->pp == 1 || model->layers % (o->pp * o->chunks) != 0))
        return error_plain(err, STATUS_BAD_INPUT, "--chunks %lld: %lld layers do not divide among %lld stages of as many chunks", (long long)o->chunks,
                           (long long)model->layers, (long long)o->pp);
    if (o->dp % o->ep != 0)
        return error_plain(err, STATUS_BAD_INPUT, "--ep %lld does not divide --dp %lld", (long long)o->ep, (long long)o->dp);
    return STATUS_OK;
}

static enum status train(const struct train_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    char recipe[RECIPE_TEXT_MAX];
    struct report_style style = terminal_style(0);
    struct training_result r;
    struct training_spec s;
    struct llm model;
    enum status st;

    if ((st = load(&s, &model, o, operands, arena, err)) || (st = training_run(&r, &s, arena, err)))
        return st;
    recipe_format(recipe, sizeof recipe, &s.recipe);
    const struct training_head head = { s.system->name, s.system->device->name, model.name, s.stack->name, recipe, o->fidelity, o->recompute, o->sharding,
                                        s.tp, s.pp, s.dp, s.ep, s.cp, s.chunks, s.micro_batch, s.global_batch, s.seq, s.system->device->dram.bytes };
    if (o->json)
        return report_training_json(stdout, &r, &head, err);
    report_training_text(stdout, &r, &head, &style);
    return STATUS_OK;
}

static int train_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct train_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = train(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_train = {
    .name = "train",
    .summary = "time and memory of a training iteration on a system",
    .operands = "SYSTEM MODEL",
    .operands_min = 2,
    .operands_max = 2,
    .about = "Predicts an iteration of training: forward and backward passes, the pipeline's bubble, what of the exchange nothing hides, the optimizer, and "
             "the memory of the fullest device. SYSTEM is a name of arch/systems/ (a device's name stands for one node of it), MODEL one of "
             "workloads/models/. Memory that does not fit is told, not refused. The figures 'pipeline' and 'memory' of 'llmsim report' draw the JSON.",
    .options = train_table,
    .examples = "  llmsim train selene gpt3-175b --tp 8 --pp 8 --global-batch 64\n"
                "  llmsim train HGX-H100-8xSXM mpt-7b --dp 8 --sharding full --stack fsdp-2023 --micro-batch 4\n"
                "  llmsim train selene gpt3-175b --tp 8 --pp 8 --chunks 3 --json >gpt3.json\n"
                "  llmsim report gpt3.json --figure pipeline --width page -o pipeline.pdf\n",
    .run = train_main,
};
