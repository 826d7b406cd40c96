/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim explain: why a kernel takes as long as it does, and what would make it faster. A role of a trace, or a bare shape. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/explain_report.h"
#include "sim/explain.h"
#include "validate/explain_row.h"

enum { SIZE_MAX_ALLOWED = 1 << 30, KEYS_MAX = 8 };

struct explain_options {
    struct job_options job;
    const char *role, *phase, *gemm, *attention, *dtype, *row;
    bool warm_weights, json;
};

static const char *const phases[] = { "any", "prefill", "decode", "mixed", NULL };

static const struct option_spec explain_table[] = {
    { .name = "role", .kind = OPTION_TEXT, .offset = offsetof(struct explain_options, role), .value = "ROLE",
      .help = "role in the trace, as 'llmsim run' shows it: mlp.down, attn.core, mlp.down/quantize" },
    { .name = "phase", .kind = OPTION_CHOICE, .offset = offsetof(struct explain_options, phase), .value = "P", .otherwise = "any", .choices = phases,
      .help = "only steps of this phase" },
    { .name = "gemm", .kind = OPTION_TEXT, .offset = offsetof(struct explain_options, gemm), .value = "MxNxK",
      .help = "a product of this shape in place of a trace" },
    { .name = "attention", .kind = OPTION_TEXT, .offset = offsetof(struct explain_options, attention), .value = "A",
      .help = "attention in place of a trace: prefill or decode, then batch=, q=, kv=, heads=, kv_heads=, head_dim=" },
    { .name = "row", .kind = OPTION_TEXT, .offset = offsetof(struct explain_options, row), .value = "FILE:LINE",
      .help = "a row of measurements, under its harness; may stand alone as FILE:LINE; takes no ARCH, and of the options below only --set and --json" },
    { .name = "dtype", .kind = OPTION_TEXT, .offset = offsetof(struct explain_options, dtype), .value = "AxW",
      .help = "formats of --gemm: fp16, or activations x weights as in fp16xint4g128, fp8xfp8 [default: the recipe's]" },
    { .name = "warm-weights", .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, warm_weights),
      .help = "--gemm finds its weights in L2 as far as they fit" },
    JOB_OPTIONS(struct explain_options, job., "analytic"),
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct explain_options, json), .help = "print one JSON object (docs/explain.md)" },
    { 0 }
};

/* "264x7680x5120" */
static enum status parse_gemm(struct explain_gemm *out, const char *text, struct arena *arena, struct error *err)
{
    int64_t *const sizes[3] = { &out->m, &out->n, &out->k };
    const char *at = text;

    for (int i = 0; i < 3; i++) {
        size_t length = strcspn(at, "xX");
        const char *part = arena_strndup(arena, at, length);
        enum status st;

        if (!part)
            return error_no_memory(err);
        if ((i < 2) != (at[length] != '\0'))
            return error_plain(err, STATUS_BAD_INPUT, "--gemm: found '%s', expected MxNxK, as in 264x7680x5120", text);
        if ((st = quantity_parse_i64(sizes[i], part, 1, SIZE_MAX_ALLOWED, (struct source_pos){ "--gemm", 0, 0 }, err)))
            return st;
        at += length + (at[length] != '\0');
    }
    return STATUS_OK;
}

/* "fp16xint4" to the recipe "a=fp16,w=int4"; the x is the first that leaves a format on both sides. */
static enum status dtype_recipe(const char **out, const char *text, struct arena *arena, struct error *err)
{
    const struct source_pos at = { "--dtype", 0, 0 };
    struct quant ignored;
    struct error quiet;

    for (const char *x = strchr(text, 'x'); x; x = strchr(x + 1, 'x')) {
        const char *a = arena_strndup(arena, text, (size_t)(x - text));

        if (a && quant_parse(&ignored, a, at, &quiet) == STATUS_OK && quant_parse(&ignored, x + 1, at, &quiet) == STATUS_OK) {
            *out = arena_printf(arena, "a=%s,w=%s", a, x + 1);
            return *out ? STATUS_OK : error_no_memory(err);
        }
    }
    enum status st = quant_parse(&ignored, text, at, err);
    *out = arena_printf(arena, "a=%s,w=%s", text, text);
    return st ? st : *out ? STATUS_OK : error_no_memory(err);
}

static enum status set_key(struct explain_attention *out, const char *key, size_t length, const char *value, struct error *err)
{
    static const char *const names[] = { "batch", "q", "kv", "heads", "kv_heads", "head_dim" };
    int64_t *const at[] = { &out->batch, &out->q, &out->kv, &out->heads, &out->kv_heads, &out->head_dim };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(names[i], key, length) == 0)
            return quantity_parse_i64(at[i], value, 1, SIZE_MAX_ALLOWED, (struct source_pos){ "--attention", 0, 0 }, err);
    return error_plain(err, STATUS_BAD_INPUT, "--attention: unknown key '%.*s', expected batch, q, kv, heads, kv_heads or head_dim", (int)length, key);
}

/* "decode,batch=32,kv=4096,heads=64,kv_heads=8,head_dim=128" */
static enum status parse_attention(struct explain_attention *out, const char *text, struct arena *arena, struct error *err)
{
    bool decode = strncmp(text, "decode", 6) == 0 && (text[6] == ',' || !text[6]), prefill = strncmp(text, "prefill", 7) == 0 && (text[7] == ',' || !text[7]);
    enum status st;

    *out = (struct explain_attention){ .batch = 1, .heads = 32, .head_dim = 128 };
    if (!decode && !prefill)
        return error_plain(err, STATUS_BAD_INPUT, "--attention: found '%s', expected prefill or decode first, then key=value", text);
    for (const char *at = strchr(text, ','); at; at = strchr(at, ',')) {
        const char *equals = strchr(++at, '='), *value;

        if (!equals || strcspn(at, ",") < (size_t)(equals - at))
            return error_plain(err, STATUS_BAD_INPUT, "--attention: found '%s', expected key=value", at);
        if (!(value = arena_strndup(arena, equals + 1, strcspn(equals + 1, ","))))
            return error_no_memory(err);
        if ((st = set_key(out, at, (size_t)(equals - at), value, err)))
            return st;
    }
    if (out->q == 0)
        out->q = decode ? 1 : out->kv;
    if (out->kv == 0)
        out->kv = decode ? 0 : out->q;
    out->kv_heads = out->kv_heads ? out->kv_heads : out->heads;
    if (out->kv < out->q || out->q < 1 || out->heads % out->kv_heads != 0)
        return error_plain(err, STATUS_BAD_INPUT, "--attention: found q %lld, kv %lld, heads %lld, kv_heads %lld; expected 1 <= q <= kv and heads a multiple of kv_heads",
                           (long long)out->q, (long long)out->kv, (long long)out->heads, (long long)out->kv_heads);
    return STATUS_OK;
}

static int phase_of(const char *name)
{
    for (int p = PHASE_PREFILL; p <= PHASE_MIXED; p++)
        if (strcmp(name, phase_name((enum phase)p)) == 0)
            return p;
    return EXPLAIN_ANY_PHASE;
}

/* "gemm.csv:17" in place of ARCH: no device has a name that ends so. */
static bool names_row(const char *operand)
{
    const char *colon = strrchr(operand, ':');

    return colon && colon > operand && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
}

/* What is asked: one of a row, a trace with --role, --gemm, --attention. */
static enum status check_request(const struct explain_options *o, const struct text_list *operands, struct error *err)
{
    int asked = (operands->count == 2) + (o->gemm != NULL) + (o->attention != NULL) + (o->row != NULL);

    if (asked != 1)
        return error_plain(err, STATUS_BAD_INPUT, "explain: expected FILE.csv:LINE, or ARCH and one of TRACE with --role, --gemm, --attention; found %s", asked ? "more" : "none");
    if (o->row ? operands->count > 0 : operands->count == 0)
        return error_plain(err, STATUS_BAD_INPUT, o->row ? "explain --row: superfluous operand '%s': the row names its device" :
                           "explain: found no operand, expected ARCH%s", o->row ? operands->items[0] : "");
    if (operands->count == 2 && !o->role)
        return error_plain(err, STATUS_BAD_INPUT, "explain: a trace needs --role ROLE ('llmsim run' lists the roles)");
    if (strcmp(o->job.fidelity, "analytic") != 0)
        return error_plain(err, STATUS_BAD_INPUT, "explain: --fidelity '%s': only analytic is in closed form and can be taken apart", o->job.fidelity);
    return STATUS_OK;
}

static enum status find_kernel(const struct kernel **kernel, struct explain_found *found, struct job *job, const struct explain_options *o,
                               const struct text_list *operands, struct arena *arena, struct error *err)
{
    enum status st;

    if (o->gemm) {
        struct explain_gemm shape = { .warm_weights = o->warm_weights };
        return (st = parse_gemm(&shape, o->gemm, arena, err)) ? st : explain_gemm_kernel(kernel, &shape, &job->spec, arena, err);
    }
    if (o->attention) {
        struct explain_attention shape;
        return (st = parse_attention(&shape, o->attention, arena, err)) ? st : explain_attention_kernel(kernel, &shape, &job->spec, arena, err);
    }
    if ((st = job_trace(&job->trace_path, operands->items[1], arena, err)) ||
        (st = explain_find(found, &job->spec, job->trace_path, o->role, phase_of(o->phase), arena, err)))
        return st;
    *kernel = found->kernel;
    return STATUS_OK;
}

static enum status show(const struct explanation *e, const struct explain_head *head, bool json, struct error *err)
{
    struct report_style style = terminal_style(0);

    if (json)
        return report_explain_json(stdout, e, head, err);
    report_explain_text(stdout, e, head, &style);
    return STATUS_OK;
}

/* "gemm.csv:17" */
static enum status explain_measured(const struct explain_options *o, struct arena *arena, struct error *err)
{
    const char *colon = strrchr(o->row, ':');
    struct arch_override *overrides = arena_array(arena, (size_t)o->job.set.count + 1, sizeof *overrides);
    struct predictor p;
    struct explained_row row;
    struct explanation e;
    int64_t line, count = 0;
    enum status st;

    if (!overrides)
        return error_no_memory(err);
    if (!colon || colon == o->row)
        return error_plain(err, STATUS_BAD_INPUT, "--row: found '%s', expected FILE:LINE, as in gemm.csv:17", o->row);
    const char *path = arena_strndup(arena, o->row, (size_t)(colon - o->row));
    if (!path)
        return error_no_memory(err);
    if ((st = quantity_parse_i64(&line, colon + 1, 2, INT64_MAX, (struct source_pos){ "--row", 0, 0 }, err)) ||
        (st = job_overrides_split(overrides, &count, NULL, NULL, &o->job.set, arena, err)) || (st = predictor_open(&p, "analytic", err)))
        return st;
    p.overrides = overrides;
    p.overrides_count = count;
    if (!(st = explain_row(&row, path, line, &p, arena, err)) && !(st = explain_kernel(&e, &row.seen.kernel, &row.seen.ctx, arena, err))) {
        double measured_s = row.measured_s - (row.predicted_s - row.seen.longest_s); /* of this kernel, if all else is as predicted */
        struct explain_head head = { .arch = row.seen.ctx.hw->name, .stack = row.seen.ctx.stack->name, .row = &row };
        struct explain_gap gap;

        if (row.measured_s > 0 && measured_s > 0 && !(st = explain_gap(&gap, &e, measured_s, arena, err)))
            head.gap = &gap;
        if (!st)
            st = show(&e, &head, o->json, err);
    }
    predictor_close(&p);
    return st;
}

static struct timing_context context_of(const struct job *job)
{
    return (struct timing_context){ .hw = job->spec.hw, .stack = job->spec.stack, .choice = job->spec.choice, .ranks = job->spec.layout.tp };
}

enum status explain_role(const struct job *job, const char *role, struct arena *arena, struct error *err)
{
    const struct timing_context ctx = context_of(job);
    struct explain_found found;
    struct explanation e;
    enum status st;

    if ((st = explain_find(&found, &job->spec, job->trace_path, role, EXPLAIN_ANY_PHASE, arena, err)) ||
        (st = explain_kernel(&e, found.kernel, &ctx, arena, err)))
        return st;
    struct explain_head head = { .arch = ctx.hw->name, .stack = ctx.stack->name, .recipe = job->recipe, .trace = job->trace_path, .found = &found };
    fputc('\n', stdout);
    return show(&e, &head, false, err);
}

static enum status explain(struct job *job, const struct explain_options *o, const struct text_list *operands, struct arena *arena,
                           struct error *err)
{
    struct timing_context ctx;
    struct job_options with_dtype = o->job;
    struct explain_found found = { 0 };
    struct explanation e;
    const struct kernel *kernel;
    enum status st;

    if (operands->count == 1 && !o->row && names_row(operands->items[0])) {
        struct explain_options of_row = *o; /* as --row, so that both are refused in the same words */

        of_row.row = operands->items[0];
        return explain(job, &of_row, &(struct text_list){ 0 }, arena, err);
    }
    if ((st = check_request(o, operands, err)))
        return st;
    if (o->row)
        return explain_measured(o, arena, err);
    if ((o->dtype && (st = dtype_recipe(&with_dtype.recipe, o->dtype, arena, err))) ||
        (st = job_load(job, &with_dtype, operands->items[0], arena, err)) ||
        (st = find_kernel(&kernel, &found, job, o, operands, arena, err)))
        return st;
    ctx = context_of(job);
    if ((st = explain_kernel(&e, kernel, &ctx, arena, err)))
        return st;
    struct explain_head head = { .arch = ctx.hw->name, .stack = ctx.stack->name, .recipe = job->recipe,
                                 .trace = job->trace_path, .found = job->trace_path ? &found : NULL };
    return show(&e, &head, o->json, err);
}

static int explain_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct explain_options o = { 0 };
    struct text_list operands;
    struct job job = { 0 };
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = explain(&job, &o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "why a kernel takes as long as it does, and what would make it faster",
    .operands = "ARCH [TRACE] | FILE.csv:LINE",
    .operands_min = 0,
    .operands_max = 2,
    .about = "Takes one kernel apart in closed form: the mapping that the library picks and the runners-up, waves, what a step of the main loop "
             "waits for, where the time goes line by line, traffic against peaks, the clock, the sensitivity of the time to each value of the "
             "hardware, and neighbouring shapes that use the chip better. Of a role in a trace it takes the launches that weigh most.",
    .options = explain_table,
    .examples = "  llmsim explain A100 llama70b --tp 4 --role mlp.down --phase decode\n"
                "  llmsim explain A100 --gemm 264x7680x5120 --stack kernel-only\n"
                "  llmsim explain H100 --gemm 16x28672x8192 --dtype fp16xint4g128\n"
                "  llmsim explain ../shared/measurements/gemm.csv:17\n"
                "  llmsim explain H100 --attention decode,batch=32,kv=4096,heads=64,kv_heads=8\n",
    .run = explain_main,
};
