/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim trace: makes, describes and checks traces. The trace format is docs/trace_format.md, the families docs/models.md. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "cli/trace_info.h"
#include "reports/text_table.h"
#include "workloads/generate.h"
#include "workloads/trace.h"

struct gen_options {
    const char *output, *name, *requests, *distribution, *note;
    int64_t batch, in_tokens, out_tokens, first, context, layers;
    bool prefill_only, decode_only;
};

static const struct option_spec gen_table[] = {
    { .name = "output", .letter = 'o', .kind = OPTION_TEXT, .offset = offsetof(struct gen_options, output), .value = "FILE", .otherwise = "-",
      .help = "where the trace goes; a name in .gz or .zst compresses" },
    { .name = "name", .kind = OPTION_TEXT, .offset = offsetof(struct gen_options, name), .value = "NAME",
      .help = "the model's name in the trace (from the file's name)" },
    { .name = "batch", .letter = 'b', .kind = OPTION_I64, .offset = offsetof(struct gen_options, batch), .value = "B", .otherwise = "1",
      .min = 1, .max = 1 << 20, .help = "equal sequences of a static batch" },
    { .name = "isl", .kind = OPTION_I64, .offset = offsetof(struct gen_options, in_tokens), .value = "N", .otherwise = "1024",
      .min = 1, .max = (int64_t)1 << 40, .help = "input tokens of each sequence" },
    { .name = "osl", .kind = OPTION_I64, .offset = offsetof(struct gen_options, out_tokens), .value = "N", .otherwise = "128",
      .min = 1, .max = (int64_t)1 << 40, .help = "output tokens of each sequence; the prefill gives the first" },
    { .name = "requests", .kind = OPTION_TEXT, .offset = offsetof(struct gen_options, requests), .value = "FILE.csv",
      .help = "one batch of the requests in this file (columns arrival_s,in_tokens,out_tokens), in place of --batch --isl --osl" },
    { .name = "first", .kind = OPTION_I64, .offset = offsetof(struct gen_options, first), .value = "N", .otherwise = "0",
      .min = 0, .max = 1 << 20, .help = "only the first N requests of the file; 0 = all" },
    { .name = "prefill-only", .kind = OPTION_FLAG, .offset = offsetof(struct gen_options, prefill_only), .help = "no decode steps" },
    { .name = "decode-only", .kind = OPTION_FLAG, .offset = offsetof(struct gen_options, decode_only),
      .help = "no prefill: --osl decode iterations on a cache that holds --context tokens of each sequence" },
    { .name = "context", .kind = OPTION_I64, .offset = offsetof(struct gen_options, context), .value = "C", .otherwise = "-1",
      .min = -1, .max = (int64_t)1 << 40, .help = "with --decode-only: tokens in the cache before the first iteration; -1 = the input tokens" },
    { .name = "layers", .kind = OPTION_I64, .offset = offsetof(struct gen_options, layers), .value = "N", .otherwise = "0",
      .min = 0, .max = 65536, .help = "only the last N layers, without embedding and LM head; 0 = the whole model" },
    { .name = "dist", .kind = OPTION_TEXT, .offset = offsetof(struct gen_options, distribution), .value = "DIST", .otherwise = "uniform",
      .help = "how tokens spread over experts: uniform, or power_law:EXPONENT" },
    { .name = "note", .kind = OPTION_TEXT, .offset = offsetof(struct gen_options, note), .value = "TEXT",
      .help = "a comment line for the trace, as a source's attribution" },
    { 0 }
};

static enum status read_distribution(struct scenario *s, const char *text, struct error *err)
{
    if (strcmp(text, "uniform") == 0)
        return STATUS_OK;
    if (strncmp(text, "power_law:", 10) == 0 && num_parse_double(&s->skew, text + 10) == 0 && s->skew > 0 && s->skew <= 1e3) {
        s->routing = ROUTING_POWER_LAW;
        return STATUS_OK;
    }
    return error_plain(err, STATUS_BAD_INPUT, "--dist '%s', expected uniform or power_law:EXPONENT, as power_law:1.2", text);
}

static enum status static_batch(struct scenario *s, const struct gen_options *o, struct arena *arena, struct error *err)
{
    struct request *requests = arena_array(arena, (size_t)o->batch, sizeof *requests);

    if (requests == NULL)
        return error_no_memory(err);
    for (int64_t i = 0; i < o->batch; i++)
        requests[i] = (struct request){ 0, o->in_tokens, o->out_tokens };
    s->requests = requests;
    s->count = o->batch;
    return STATUS_OK;
}

static enum status read_scenario(struct scenario *s, const struct gen_options *o, struct arena *arena, struct error *err)
{
    struct request *requests;
    enum status st;

    *s = (struct scenario){ .prefill = !o->decode_only, .decode = !o->prefill_only, .layers = o->layers, .context = o->context,
                            .note = o->note };
    if (o->prefill_only && o->decode_only)
        return error_plain(err, STATUS_BAD_INPUT, "--prefill-only and --decode-only exclude each other");
    if (o->context >= 0 && !o->decode_only)
        return error_plain(err, STATUS_BAD_INPUT, "--context needs --decode-only");
    if (o->first > 0 && o->requests == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "--first needs --requests");
    if (o->note != NULL && strpbrk(o->note, "\r\n") != NULL)
        return error_plain(err, STATUS_BAD_INPUT, "--note holds a line break, expected one line");
    if ((st = read_distribution(s, o->distribution, err)))
        return st;
    if (o->requests == NULL)
        return static_batch(s, o, arena, err);
    st = requests_read(&requests, &s->count, o->requests, o->first, arena, err);
    s->requests = requests;
    return st;
}

static int run_gen(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct gen_options o = { 0 };
    struct text_list operands;
    struct scenario scenario;
    struct outfile *out = NULL;
    struct error err;
    enum status st;

    if ((st = options_parse(&o, &operands, self, argc, argv, &arena, &err)) == STATUS_OK &&
        (st = read_scenario(&scenario, &o, &arena, &err)) == STATUS_OK && (st = outfile_open(&out, o.output, &err)) == STATUS_OK) {
        st = trace_generate(out, operands.items[0], o.name, &scenario, &err);
        if (st == STATUS_OK)
            st = outfile_commit(out, &err);
        else
            outfile_abandon(out);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static int run_check(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 }, steps = { 0 };
    struct text_list operands;
    struct trace *t = NULL;
    const struct step *step = NULL;
    char none, hash[HASH_TEXT_MAX];
    int64_t count = 0;
    const char *path;
    struct error err;
    enum status st;

    if ((st = options_parse(&none, &operands, self, argc, argv, &arena, &err)) == STATUS_OK &&
        (st = job_trace(&path, operands.items[0], &arena, &err)) == STATUS_OK && (st = trace_open(&t, path, &err)) == STATUS_OK) {
        while ((st = trace_next(&step, t, &steps, &err)) == STATUS_OK && step != NULL) {
            count++;
            arena_reset(&steps);
        }
        if (st == STATUS_OK)
            terminal_printf("%s: ok, %s, %lld steps, content %s\n", operands.items[0], trace_model(t)->name, (long long)count,
                   hash_format(hash, trace_hash(t)));
    }
    trace_close(t);
    arena_free(&steps);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

/* Adds name, model and the most sequences in a step of a shipped trace, of its header alone. */
static enum status add_trace(struct text_table *table, const char *name, struct arena *arena, struct error *err)
{
    struct trace *t = NULL;
    const char *path;
    enum status st;

    if ((st = job_trace(&path, name, arena, err)) == STATUS_OK && (st = trace_open(&t, path, err)) == STATUS_OK) {
        text_table_cell(table, "%s", name);
        text_table_cell(table, "%s", trace_model(t)->name);
        text_table_cell(table, "%.4g", (double)trace_model(t)->parameters * 1e-9);
        text_table_cell(table, "%lld", (long long)trace_model(t)->layers);
    }
    trace_close(t);
    return st;
}

static int run_list(const struct command *self, int argc, char **argv)
{
    static const struct text_column columns[] = {
        { "trace", TEXT_LEFT, TEXT_PLAIN }, { "model", TEXT_LEFT, TEXT_PLAIN }, { "parameters 1e9", TEXT_RIGHT, TEXT_PLAIN }, { "layers", TEXT_RIGHT, TEXT_PLAIN },
    };
    const struct text_style style = terminal_text();
    const char *names[JOB_TRACES_MAX];
    struct arena arena = { 0 };
    struct text_list operands;
    struct text_table table;
    struct error err;
    char none;
    enum status st = options_parse(&none, &operands, self, argc, argv, &arena, &err);

    text_table_begin(&table, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0, n = st ? 0 : job_shipped_traces(names, &arena); i < n && !st; i++)
        st = add_trace(&table, names[i], &arena, &err);
    if (!text_table_end(&table, stdout, &style, 0) && !st)
        st = error_no_memory(&err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command gen = {
    .name = "gen", .summary = "makes a trace from a model's config.json and a scenario", .operands = "CONFIG", .operands_min = 1,
    .operands_max = 1, .options = gen_table, .run = run_gen,
    .about = "CONFIG is a Hugging Face config.json, or a YAML file with the same keys, as workloads/models/*.yaml. The batch is prefilled "
             "in one packed step and decoded until each sequence has its output tokens; those that finish leave.",
    .examples = "  llmsim trace gen workloads/models/llama-3-8b.yaml --batch 8 --isl 1024 --osl 256 -o a.trace\n"
                "  llmsim trace gen config.json --requests log.csv --first 16 -o b.trace.zst\n",
};
static const struct command check = {
    .name = "check", .summary = "reads a whole trace and says whether it is sound", .operands = "TRACE", .operands_min = 1, .operands_max = 1,
    .run = run_check, .examples = "  llmsim trace check workloads/llama70b.trace\n",
};
static const struct command list = {
    .name = "list", .summary = "shipped traces and their models", .run = run_list, .examples = "  llmsim trace list\n",
};
static const struct command *const subcommands[] = { &check, &gen, &trace_info_command, &list, &trace_stored_command, NULL };

const struct command command_trace = {
    .name = "trace", .summary = "make, list, describe and check traces", .subcommands = subcommands,
    .examples = "  llmsim trace info workloads/llama70b.trace\n  llmsim trace gen workloads/models/llama-3-8b.yaml --batch 8 -o a.trace\n",
};
