/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim format quality: published perplexities of a scheme of weights, and a proxy fitted on the table of them. docs/formats.md, 9 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "costmodel/quality.h"
#include "reports/text_table.h"

struct quality_options {
    const char *model, *method, *table;
    double parameters;
    bool json;
};

static const char *const methods[] = { "nearest", "calibrated", NULL };

#define FIELD(name) offsetof(struct quality_options, name)
static const struct option_spec table[] = {
    { .name = "model", .kind = OPTION_TEXT, .offset = FIELD(model), .value = "NAME", .help = "published rows of this model only (as the table spells it, any case)" },
    { .name = "method", .kind = OPTION_CHOICE, .offset = FIELD(method), .choices = methods, .value = "M", .otherwise = "nearest",
      .help = "proxy for weights rounded to nearest, or chosen with calibration data (GPTQ, AWQ ...)" },
    { .name = "parameters", .kind = OPTION_DOUBLE, .offset = FIELD(parameters), .value = "B", .otherwise = "7", .help = "size of the model that the proxy is for, in billions" },
    { .name = "table", .kind = OPTION_TEXT, .offset = FIELD(table), .value = "FILE", .help = "another table of published perplexities" },
    { .name = "json", .kind = OPTION_FLAG, .offset = FIELD(json), .help = "print one JSON object" },
    { 0 }
};

struct answer {
    const struct quality_options *o;
    struct quality_table table;
    struct quality_fit fit;
    struct quality_estimate estimate;
    char scheme[192];
};

static bool equal_folded(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a | 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b | 32 : *b))
            return false;
    return *a == *b;
}

static bool is_published(const struct answer *a, const struct quality_row *r)
{
    char text[192];

    return r->has_scheme && strcmp(quant_format(text, sizeof text, &r->scheme), a->scheme) == 0 && (a->o->model == NULL || equal_folded(r->model, a->o->model));
}

static double short_number(double v)
{
    char text[NUM_TEXT_MAX];

    snprintf(text, sizeof text, "%.5g", v);
    return isfinite(v) ? strtod(text, NULL) : v;
}

static bool show_text(const struct answer *a)
{
    static const struct text_column columns[] = {
        { "published: model", TEXT_LEFT, TEXT_PLAIN }, { "method", TEXT_LEFT, TEXT_PLAIN }, { "a", TEXT_LEFT, TEXT_PLAIN }, { "kv", TEXT_LEFT, TEXT_PLAIN },
        { "data", TEXT_LEFT, TEXT_PLAIN }, { "context", TEXT_RIGHT, TEXT_PLAIN }, { "perplexity", TEXT_RIGHT, TEXT_PLAIN }, { "16 bits", TEXT_RIGHT, TEXT_PLAIN },
        { "from", TEXT_LEFT, TEXT_PLAIN }, { "source", TEXT_FLOW, TEXT_PLAIN },
    };
    const struct text_style style = terminal_text();
    struct text_table t;
    int64_t shown = 0;
    bool good;

    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);

    for (int64_t i = 0; i < a->table.count; i++) {
        const struct quality_row *r = &a->table.rows[i];
        if (!is_published(a, r))
            continue;
        shown++;
        text_table_cell(&t, "%s", r->model);
        text_table_cell(&t, "%s", r->method);
        text_table_cell(&t, "%s", *r->activations ? r->activations : "fp16");
        text_table_cell(&t, "%s", *r->kv ? r->kv : "fp16");
        text_table_cell(&t, "%s", r->dataset);
        text_table_cell(&t, "%lld", (long long)r->context);
        text_table_cell(&t, "%.4g", r->perplexity);
        text_table_cell(&t, "%.4g", r->perplexity_16bit);
        text_table_cell(&t, "%s", r->provenance);
        text_table_cell(&t, "%s", r->source);
    }
    good = text_table_end(&t, stdout, &style, 0);
    if (shown == 0)
        terminal_printf("published   none for %s\n", a->scheme);
    terminal_printf("proxy       perplexity x %.4f, 90 %% within %.4f to %.4f, weights of %s alone, %g billion parameters%s\n", a->estimate.ratio, a->estimate.low, a->estimate.high, a->scheme,
           a->o->parameters, a->estimate.extrapolated ? "; extrapolated" : "");
    terminal_printf("fit         ln ln ratio = %.4f %+.4f SQNR_dB %+.4f ln(parameters/1e9) on %lld rows of %lld models (%s), SQNR %.1f to %.1f dB, here %.2f; scatter %.3f, %.3f on models left out\n",
           a->fit.coefficient[0], a->fit.coefficient[1], a->fit.coefficient[2], (long long)a->fit.rows, (long long)a->fit.models, a->o->method, a->fit.lowest_sqnr_db,
           a->fit.highest_sqnr_db, a->estimate.sqnr_db, a->fit.residual, a->fit.left_out);
    return good;
}

static void row_json(struct json *j, const struct quality_row *r)
{
    json_object_begin(j, NULL);
    json_text(j, "label", "published");
    json_text(j, "model", r->model);
    json_text(j, "method", r->method);
    json_text(j, "activations", *r->activations ? r->activations : "fp16");
    json_text(j, "kv", *r->kv ? r->kv : "fp16");
    json_text(j, "dataset", r->dataset);
    json_i64(j, "context", r->context);
    json_double(j, "perplexity", r->perplexity);
    json_double(j, "perplexity_16bit", r->perplexity_16bit);
    json_text(j, "provenance", r->provenance);
    json_text(j, "source", r->source);
    json_object_end(j);
}

static void show_json(const struct answer *a)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format_quality/1");
    json_text(&j, "scheme", a->scheme);
    json_array_begin(&j, "published");
    for (int64_t i = 0; i < a->table.count; i++)
        if (is_published(a, &a->table.rows[i]))
            row_json(&j, &a->table.rows[i]);
    json_array_end(&j);
    json_object_begin(&j, "proxy");
    json_text(&j, "label", "proxy");
    json_text(&j, "method", a->o->method);
    json_double(&j, "parameters_billion", a->o->parameters);
    json_double(&j, "sqnr_db", short_number(a->estimate.sqnr_db));
    json_double(&j, "perplexity_ratio", short_number(a->estimate.ratio));
    json_double(&j, "perplexity_ratio_low", short_number(a->estimate.low));
    json_double(&j, "perplexity_ratio_high", short_number(a->estimate.high));
    json_bool(&j, "extrapolated", a->estimate.extrapolated);
    json_object_begin(&j, "fit");
    json_double(&j, "constant", short_number(a->fit.coefficient[0]));
    json_double(&j, "per_db", short_number(a->fit.coefficient[1]));
    json_double(&j, "per_ln_parameters", short_number(a->fit.coefficient[2]));
    json_i64(&j, "rows", a->fit.rows);
    json_i64(&j, "models", a->fit.models);
    json_i64(&j, "passed_over", a->fit.passed_over);
    json_double(&j, "scatter", short_number(a->fit.residual));
    json_double(&j, "scatter_left_out", short_number(a->fit.left_out));
    json_object_end(&j);
    json_object_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static enum status answer(const struct quality_options *o, const char *text, struct arena *arena, struct error *err)
{
    struct answer a = { .o = o };
    struct quant scheme;
    double sqnr_db;
    enum status st;

    if (!(o->parameters > 0 && o->parameters < 1e6))
        return error_plain(err, STATUS_BAD_INPUT, "--parameters %g, expected billions above 0 and below 1e6", o->parameters);
    if ((st = quant_parse(&scheme, text, (struct source_pos){ 0 }, err)) || (st = quality_load(&a.table, o->table, arena, err)) ||
        (st = quality_fit_rows(&a.fit, &a.table, strcmp(o->method, "nearest") == 0 ? QUALITY_NEAREST : QUALITY_CALIBRATED, arena, err)) || (st = quality_sqnr_db(&sqnr_db, &scheme, err)))
        return st;
    quality_estimate(&a.estimate, &a.fit, sqnr_db, o->parameters);
    quant_format(a.scheme, sizeof a.scheme, &scheme);
    if (!o->json)
        return show_text(&a) ? STATUS_OK : error_no_memory(err);
    show_json(&a);
    return STATUS_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct quality_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        st = answer(&o, operands.items[0], &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_format_quality = {
    .name = "quality", .summary = "perplexity that a scheme of weights costs: as published, and a proxy fitted on that", .operands = "SCHEME", .operands_min = 1, .operands_max = 1,
    .options = table, .run = run, .examples = "  llmsim format quality int4g128 --model Llama-2-7B\n  llmsim format quality mxfp4 --parameters 70 --json\n",
};
