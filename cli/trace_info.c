/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim trace info: what a trace holds, as text and as JSON (schema llmsim.trace_info/1, docs/trace_format.md). */
#include "cli/terminal.h"
#include "cli/trace_info.h"

#include <stdio.h>

#include "base/json.h"
#include "base/quantity.h"
#include "cli/job.h"
#include "reports/text_table.h"
#include "sim/recipe.h"
#include "workloads/trace.h"
#include "workloads/trace_stats.h"

struct info_options {
    const char *recipe;
    bool json;
};

static const struct option_spec info_table[] = {
    { .name = "recipe", .letter = 'r', .kind = OPTION_TEXT, .offset = offsetof(struct info_options, recipe), .value = "RECIPE",
      .otherwise = "fp16", .help = "number formats that bytes are counted in, as w=int4g128,kv=fp8" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct info_options, json), .help = "print one JSON object" },
    { 0 }
};

static struct trace_formats formats_of(const struct recipe *r)
{
    return (struct trace_formats){ .weights = r->weights, .head = r->head, .embed = r->embed, .router = r->router, .kv = r->kv,
                                   .output = r->output };
}

/* "1.314 P": counts that are no bytes. */
static const char *count(struct arena *arena, int64_t value)
{
    static const char *const prefixes[] = { "", " k", " M", " G", " T", " P", " E" };
    double v = (double)value;
    int p = 0;

    if (value < 100000)
        return arena_printf(arena, "%lld", (long long)value);
    for (; v >= 1000 && p < 6; p++)
        v /= 1000;
    return arena_printf(arena, "%.*f%s", v < 10 ? 3 : v < 100 ? 2 : 1, v, prefixes[p]);
}

static const char *size(struct arena *arena, int64_t bytes)
{
    return bytes == 0 ? "-" : quantity_format(arena, (double)bytes, Q_BYTES);
}

static void print_model(FILE *out, const struct model_info *m, const struct trace_stats *s, const char *recipe, struct arena *a)
{
    fprintf(out, "model       %s: %lld parameters, %lld layers, hidden %lld, %lld heads (%lld key-value) of %lld, vocabulary %lld\n", m->name,
           (long long)m->parameters, (long long)m->layers, (long long)m->hidden, (long long)m->heads, (long long)m->kv_heads,
           (long long)m->head_dim, (long long)m->vocab);
    if (m->experts > 0)
        fprintf(out, "experts     %lld, %lld for each token\n", (long long)m->experts, (long long)m->top_k);
    fprintf(out, "prefill     %lld tokens in %lld iterations\n", (long long)s->prefill_tokens, (long long)s->prefill_iterations);
    fprintf(out, "decode      %lld tokens in %lld iterations\n", (long long)s->decode_tokens, (long long)s->decode_iterations);
    fprintf(out, "batch       up to %lld sequences, context up to %lld tokens, %lld steps\n", (long long)s->sequences_max,
           (long long)s->context_max, (long long)s->steps);
    fprintf(out, "stored      weights %s, KV cache up to %s\n", size(a, s->weight_bytes), size(a, s->kv_bytes_max));
    fprintf(out, "recipe      %s\n\n", recipe);
}

static void role_row(struct text_table *t, const char *name, const struct role_stats *r, struct arena *a)
{
    text_table_cell(t, "%s", name);
    text_table_cell(t, "%s", count(a, r->calls));
    text_table_cell(t, "%s", r->flops ? count(a, r->flops) : "-");
    text_table_cell(t, "%s", size(a, r->weight_bytes));
    text_table_cell(t, "%s", size(a, r->activation_bytes));
    text_table_cell(t, "%s", size(a, r->kv_bytes));
}

static bool print_roles(FILE *out, const struct text_style *style, const struct trace_stats *s, struct arena *a)
{
    static const struct text_column columns[] = {
        { "role", TEXT_LEFT, TEXT_PLAIN }, { "calls", TEXT_RIGHT, TEXT_PLAIN }, { "FLOP", TEXT_RIGHT, TEXT_PLAIN }, { "weights", TEXT_RIGHT, TEXT_PLAIN },
        { "activations", TEXT_RIGHT, TEXT_PLAIN }, { "KV cache", TEXT_RIGHT, TEXT_PLAIN },
    };
    struct text_table t;

    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < s->roles_count; i++)
        role_row(&t, s->roles[i].role, &s->roles[i], a);
    role_row(&t, "prefill", &s->prefill, a);
    role_row(&t, "decode", &s->decode, a);
    role_row(&t, "total", &s->total, a);
    return text_table_end(&t, out, style, 0);
}

static bool print_weights(FILE *out, const struct text_style *style, const struct model_info *m, const struct trace_stats *s, struct arena *a)
{
    static const struct text_column columns[] = {
        { "weight", TEXT_LEFT, TEXT_PLAIN }, { "matrices", TEXT_RIGHT, TEXT_PLAIN }, { "rows x cols", TEXT_RIGHT, TEXT_PLAIN },
        { "parameters", TEXT_RIGHT, TEXT_PLAIN }, { "stored", TEXT_RIGHT, TEXT_PLAIN },
    };
    struct text_table t;

    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < m->weights_count; i++) {
        const struct weight_info *w = &m->weights[i];

        text_table_cell(&t, "%s", w->role);
        text_table_cell(&t, "%lld", (long long)w->matrices);
        text_table_cell(&t, "%lld x %lld", (long long)w->rows, (long long)w->cols);
        text_table_cell(&t, "%s", w->tied ? "tied" : arena_printf(a, "%lld", (long long)s->weights[i].parameters));
        text_table_cell(&t, "%s", size(a, s->weights[i].bytes));
    }
    return text_table_end(&t, out, style, 0);
}

static bool print_text(const struct model_info *m, const struct trace_stats *s, const char *recipe, struct arena *a)
{
    const struct text_style style = terminal_text();
    struct text_page page;
    FILE *out = text_page_begin(&page);
    bool good;

    print_model(out, m, s, recipe, a);
    good = print_roles(out, &style, s, a);
    fputc('\n', out);
    good = print_weights(out, &style, m, s, a) && good;
    text_page_end(&page, stdout, &style);
    return good;
}

static void json_row(struct json *j, const char *key, const struct role_stats *r)
{
    json_object_begin(j, key);
    if (r->role != NULL)
        json_text(j, "role", r->role);
    json_i64(j, "calls", r->calls);
    json_i64(j, "flops", r->flops);
    json_i64(j, "weight_bytes", r->weight_bytes);
    json_i64(j, "activation_bytes", r->activation_bytes);
    json_i64(j, "kv_bytes", r->kv_bytes);
    json_object_end(j);
}

static void json_model(struct json *j, const struct model_info *m, const struct trace_stats *s)
{
    json_object_begin(j, "model");
    json_text(j, "name", m->name);
    json_i64(j, "parameters", m->parameters);
    json_i64(j, "layers", m->layers);
    json_i64(j, "hidden", m->hidden);
    json_i64(j, "heads", m->heads);
    json_i64(j, "kv_heads", m->kv_heads);
    json_i64(j, "head_dim", m->head_dim);
    json_i64(j, "vocab", m->vocab);
    json_i64(j, "experts", m->experts);
    json_i64(j, "top_k", m->top_k);
    json_array_begin(j, "weights");
    for (int64_t i = 0; i < m->weights_count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "role", m->weights[i].role);
        json_i64(j, "matrices", m->weights[i].matrices);
        json_i64(j, "rows", m->weights[i].rows);
        json_i64(j, "cols", m->weights[i].cols);
        json_bool(j, "tied", m->weights[i].tied);
        json_i64(j, "parameters", s->weights[i].parameters);
        json_i64(j, "stored_bytes", s->weights[i].bytes);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static bool print_json(const struct model_info *m, const struct trace_stats *s, const char *recipe, struct hash128 content)
{
    char hash[HASH_TEXT_MAX];
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.trace_info/1");
    json_text(&j, "content", hash_format(hash, content));
    json_text(&j, "recipe", recipe);
    json_i64(&j, "steps", s->steps);
    json_i64(&j, "iterations", s->iterations);
    json_i64(&j, "prefill_iterations", s->prefill_iterations);
    json_i64(&j, "prefill_tokens", s->prefill_tokens);
    json_i64(&j, "decode_iterations", s->decode_iterations);
    json_i64(&j, "decode_tokens", s->decode_tokens);
    json_i64(&j, "sequences_max", s->sequences_max);
    json_i64(&j, "context_max", s->context_max);
    json_i64(&j, "weight_bytes", s->weight_bytes);
    json_i64(&j, "kv_bytes_max", s->kv_bytes_max);
    json_row(&j, "total", &s->total);
    json_row(&j, "prefill", &s->prefill);
    json_row(&j, "decode", &s->decode);
    json_array_begin(&j, "roles");
    for (int64_t i = 0; i < s->roles_count; i++)
        json_row(&j, NULL, &s->roles[i]);
    json_array_end(&j);
    json_model(&j, m, s);
    json_object_end(&j);
    return json_close(&j);
}

static enum status info(const struct info_options *o, const char *path, struct trace **t, struct arena *arena, struct error *err)
{
    struct trace_formats formats;
    struct trace_stats stats;
    struct recipe recipe;
    char text[512];
    enum status st;

    if ((st = recipe_parse(&recipe, o->recipe, (struct source_pos){ "--recipe", 0, 0 }, err)) || (st = trace_open(t, path, err)))
        return st;
    formats = formats_of(&recipe);
    recipe_format(text, sizeof text, &recipe);
    if ((st = trace_stats(&stats, *t, &formats, arena, err)))
        return st;
    if (o->json && !print_json(trace_model(*t), &stats, text, trace_hash(*t)))
        return error_plain(err, STATUS_INTERNAL, "cannot write to standard output");
    if (!o->json && !print_text(trace_model(*t), &stats, text, arena))
        return error_no_memory(err);
    return STATUS_OK;
}

static int run_info(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct info_options o = { 0 };
    struct text_list operands;
    struct trace *t = NULL;
    struct error err;
    const char *path;
    enum status st;

    if ((st = options_parse(&o, &operands, self, argc, argv, &arena, &err)) == STATUS_OK && (st = job_trace(&path, operands.items[0], &arena, &err)) == STATUS_OK)
        st = info(&o, path, &t, &arena, &err);
    trace_close(t);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command trace_info_command = {
    .name = "info", .summary = "FLOPs, bytes and parameters by role", .operands = "TRACE", .operands_min = 1, .operands_max = 1,
    .options = info_table, .run = run_info,
    .about = "Bytes are compulsory traffic: each operand of each call moves once, without caches or fusion. A matrix product or attention "
             "counts two FLOPs a multiply-add, with the causal mask counted exactly; element-wise operators count none.",
    .examples = "  llmsim trace info workloads/llama70b.trace\n",
};
