/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MoE rows: the routed experts' block of one rank (sort, gather, gate-up, activation, down, sum by token), lowered as `run` lowers a trace's.
 * `tokens` enter the block, experts are split over moe_ep and their width over moe_tp. distribution: "balanced", "uniform" or "power_law_ALPHA"
 * (sim/experts.h). A label with "nongated" has one product in and relu2.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "sim/lower.h"
#include "sim/warmth.h"
#include "validate/kinds.h"

enum { TOKENS_MAX = 1 << 24, WIDTH_MAX = 1 << 20, EXPERTS_MAX = 1 << 14 };

struct block { int64_t tokens, hidden, inter, top_k, experts, tp, ep; bool gated; };

static enum status read_block(struct block *b, const struct row *row, struct error *err)
{
    enum status st;

    if ((st = row_count(&b->tokens, row, "tokens", 1, TOKENS_MAX, err)) || (st = row_count(&b->hidden, row, "hidden", 1, WIDTH_MAX, err)) ||
        (st = row_count(&b->inter, row, "inter", 1, WIDTH_MAX, err)) || (st = row_count(&b->experts, row, "n_expert", 1, EXPERTS_MAX, err)) ||
        (st = row_count(&b->top_k, row, "top_k", 1, b->experts, err)) || (st = row_count(&b->tp, row, "moe_tp", 1, b->inter, err)) ||
        (st = row_count(&b->ep, row, "moe_ep", 1, b->experts, err)))
        return st;
    if (b->experts % b->ep != 0)
        return error_set(err, STATUS_BAD_INPUT, row->at, "%lld experts over moe_ep %lld, expected as many on each rank", (long long)b->experts, (long long)b->ep);
    b->gated = strstr(row_text(row, "label"), "nongated") == NULL;
    b->inter = (b->inter + b->tp - 1) / b->tp;
    return STATUS_OK;
}

static enum status read_loads(struct expert_loads *out, const struct block *b, const struct row *row, const struct harness *harness, struct arena *arena, struct error *err)
{
    static const char law[] = "power_law_";
    const char *text = row_text(row, "distribution");
    char *end;

    if (strcmp(text, "balanced") == 0 || strcmp(text, "uniform") == 0)
        return experts_balanced(out, b->tokens, b->top_k, b->experts, b->ep, arena, err);
    if (strncmp(text, law, sizeof law - 1) == 0) {
        double alpha = strtod(text + sizeof law - 1, &end);
        if (*end == '\0' && alpha > 0 && alpha < 10 && fabs(alpha - 1) > 1e-3)
            return experts_power_law(out, b->tokens, b->top_k, b->experts, b->ep, alpha, harness->leftover_piled, arena, err);
    }
    return error_set(err, STATUS_BAD_INPUT, row->at, "distribution is '%s', expected balanced, uniform or power_law_ALPHA, as in power_law_1.2", text);
}

static enum status read_recipe(struct recipe *out, const struct row *row, struct error *err)
{
    static const struct { const char *dtype, *recipe; } table[] = {
        { "bf16", "bf16" },
        { "bfloat16", "bf16" },
        { "float16", "fp16" },
        { "fp16", "fp16" },
        { "fp8", "w=fp8pt,a=fp8pt,out=bf16" },
        { "fp8_e4m3", "w=fp8pt,a=fp8pt,out=bf16" },
        { "fp8_block", "w=fp8g128,a=fp8g128,out=bf16" },
        { "int4_wo", "w=int4g128,a=bf16,out=bf16" },
        { "int8", "w=int8,a=int8,out=bf16" },
        { "int8_wo", "w=int8,a=bf16,out=bf16" },
        { "mxfp4", "w=mxfp4,a=bf16,out=bf16" },
        { "mxfp8", "w=mxfp8,a=mxfp8,out=bf16" },
        { "nvfp4", "w=nvfp4,a=nvfp4,out=bf16" },
        { "sq", "w=int8,a=int8,out=bf16" },
        { "w4a16", "w=int4g128,a=bf16,out=bf16" },
        { "w4a16_mxfp4", "w=mxfp4,a=bf16,out=bf16" },
        { "w4a8_mxfp4_fp8", "w=mxfp4,a=fp8pt,out=bf16" },
        { "w4a8_mxfp4_mxfp8", "w=mxfp4,a=mxfp8,out=bf16" },
        { "w4afp8", "w=int4g128,a=fp8,out=bf16" },
    };
    enum { ENTRIES = sizeof table / sizeof table[0] };
    const char *text = row_text(row, "dtype"), *names[ENTRIES], *nearest;

    for (int i = 0; i < ENTRIES; i++) {
        if (strcmp(text, table[i].dtype) == 0)
            return recipe_parse(out, table[i].recipe, row->at, err);
        names[i] = table[i].dtype;
    }
    nearest = nearest_name(text, names, ENTRIES);
    return error_set(err, STATUS_BAD_INPUT, row->at, "unknown dtype '%s'%s%s", text, nearest ? "; nearest is " : ", expected bf16, fp8, fp8_block ...",
                     nearest ? nearest : "");
}

/* The block as a step of five operators. */
static void make_step(struct step *step, struct op ops[5], const struct block *b)
{
    int64_t copies = b->tokens * b->top_k;

    ops[0] = (struct op){ .kind = OP_ROUTE, .role = "moe.gather", .count = 1, .rows = b->tokens, .cols = b->hidden, .top_k = b->top_k };
    ops[1] = (struct op){ .kind = OP_GROUPED_GEMM, .role = "moe.gate_up", .count = 1, .m = copies, .n = (b->gated ? 2 : 1) * b->inter, .k = b->hidden,
                          .groups = b->experts, .top_k = b->top_k };
    ops[2] = (struct op){ .kind = OP_ACTIVATION, .role = "moe.act", .count = 1, .rows = copies, .cols = b->inter, .gated = b->gated,
                          .function = b->gated ? "silu" : "relu2" };
    ops[3] = (struct op){ .kind = OP_GROUPED_GEMM, .role = "moe.down", .count = 1, .m = copies, .n = b->hidden, .k = b->inter, .groups = b->experts,
                          .top_k = b->top_k };
    ops[4] = (struct op){ .kind = OP_ROUTE, .role = "moe.scatter", .count = 1, .rows = b->tokens, .cols = b->hidden, .top_k = b->top_k };
    *step = (struct step){ .phase = PHASE_PREFILL, .repeat = 1, .tokens = b->tokens, .sequences = 1, .ops_count = 5, .ops = ops };
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct model_info model = { .name = "experts" };
    struct layout layout = { .tp = 1 };
    struct timing_context timing;
    struct expert_loads loads;
    struct lowered_step low;
    struct recipe recipe;
    struct block b;
    struct step step;
    struct op ops[5];
    enum status st;

    if ((st = row_context(&timing, row, harness, p, err)) || (st = read_block(&b, row, err)) || (st = read_recipe(&recipe, row, err)) ||
        (st = read_loads(&loads, &b, row, harness, arena, err)))
        return st;
    make_step(&step, ops, &b);
    struct lower_context lower = { timing.hw, timing.stack, &recipe, &layout, &model, &loads };
    if ((st = lower_step(&low, &step, &lower, arena, err)))
        return st;
    warmth_assign(&low, timing.hw, harness->weights != HARNESS_COLD);
    for (int64_t i = 0; i < low.count; i++) {
        double before = out->value;

        if ((st = predict_kernel(out, &low.kernels[i].kernel, &timing, p, err)))
            return st;
        out->value = before + (out->value - before) * (double)low.kernels[i].kernel.count;
    }
    out->value += harness_overhead_s(harness, "moe", timing.hw) * 1e6;
    return STATUS_OK;
}

const struct measurement_kind kind_moe = { "moe", "device dtype tokens hidden inter top_k n_expert moe_tp moe_ep time_us source", "time_us", "distribution", predict };
