/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim format: lists the number formats, and shows one or a quantization scheme with its stored size. docs/recipes.md */
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "formats/format.h"

struct show_options {
    int64_t rows, cols;
    bool json;
};
struct list_options {
    bool json;
};

static const struct option_spec list_table[] = {
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct list_options, json), .help = "print one JSON object" },
    { 0 }
};
static const struct option_spec show_table[] = {
    { .name = "rows", .kind = OPTION_I64, .offset = offsetof(struct show_options, rows), .value = "R", .otherwise = "4096", .min = 1,
      .max = (int64_t)1 << 48, .help = "rows (outputs) of the matrix whose size is shown" },
    { .name = "cols", .kind = OPTION_I64, .offset = offsetof(struct show_options, cols), .value = "C", .otherwise = "4096", .min = 1,
      .max = (int64_t)1 << 48, .help = "columns (along K) of it" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct show_options, json), .help = "print one JSON object" },
    { 0 }
};

static void list_json(const struct format *const *list, size_t count)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.formats/1");
    json_array_begin(&j, "formats");
    for (size_t i = 0; i < count; i++) {
        json_object_begin(&j, NULL);
        json_text(&j, "name", list[i]->name);
        json_text(&j, "summary", list[i]->summary);
        json_i64(&j, "bits", list[i]->bits);
        json_i64(&j, "exponent_bits", list[i]->exponent_bits);
        json_i64(&j, "mantissa_bits", list[i]->mantissa_bits);
        json_i64(&j, "planes", list[i]->planes);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static int run_list(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct list_options o = { 0 };
    struct text_list operands;
    struct error err;
    size_t count;
    const struct format *const *list = format_list(&count);
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK && o.json)
        list_json(list, count);
    else if (st == STATUS_OK) {
        printf("%-10s %4s %8s %8s %6s  %s\n", "format", "bits", "exponent", "mantissa", "planes", "what it is [standard]");
        for (size_t i = 0; i < count; i++)
            printf("%-10s %4d %8d %8d %6d  %s\n", list[i]->name, list[i]->bits, list[i]->exponent_bits, list[i]->mantissa_bits,
                   list[i]->planes, list[i]->summary);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static void show_text(const struct quant *q, const struct show_options *o, const char *scheme, int64_t bytes)
{
    char number[NUM_TEXT_MAX];

    printf("scheme      %s\n", scheme);
    printf("elements    %s: %s\n", q->format->name, q->format->summary);
    if (q->scale == NULL)
        printf("scales      none\n");
    else if (q->group > 0)
        printf("scales      %s for each %lld elements along K%s\n", q->scale->name, (long long)q->group, q->zero_point ? ", with a zero point" : "");
    else
        printf("scales      %s for each %s%s\n", q->scale->name, q->group == QUANT_PER_TENSOR ? "matrix" : "row",
               q->zero_point ? ", with a zero point" : "");
    printf("bits        %s an element%s\n", num_format_double(number, quant_bits_per_element(q)),
           q->scale != NULL && q->group <= 0 ? ", and the scales" : "");
    printf("stored      %lld B for %lld x %lld\n", (long long)bytes, (long long)o->rows, (long long)o->cols);
}

static void show_json(const struct quant *q, const struct show_options *o, const char *scheme, int64_t bytes)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format/1");
    json_text(&j, "scheme", scheme);
    json_text(&j, "format", q->format->name);
    json_text(&j, "scale", q->scale != NULL ? q->scale->name : NULL);
    json_i64(&j, "group", q->group);
    json_bool(&j, "zero_point", q->zero_point);
    json_double(&j, "bits_per_element", quant_bits_per_element(q));
    json_i64(&j, "rows", o->rows);
    json_i64(&j, "cols", o->cols);
    json_i64(&j, "stored_bytes", bytes);
    json_object_end(&j);
    json_close(&j);
}

static enum status show(const struct show_options *o, const char *text, struct error *err)
{
    struct quant q;
    char scheme[128];
    int64_t bytes;
    enum status st = quant_parse(&q, text, (struct source_pos){ 0 }, err);

    if (st)
        return st;
    if ((bytes = quant_stored_bytes(&q, o->rows, o->cols)) < 0)
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld elements are too many to count in 63 bits", (long long)o->rows, (long long)o->cols);
    quant_format(scheme, sizeof scheme, &q);
    (o->json ? show_json : show_text)(&q, o, scheme, bytes);
    return STATUS_OK;
}

static int run_show(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct show_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        st = show(&o, operands.items[0], &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command list = {
    .name = "list", .summary = "all number formats, with their standards", .options = list_table, .run = run_list,
};
static const struct command show_command = {
    .name = "show", .summary = "a quantization scheme, and what a matrix in it takes", .operands = "SCHEME", .operands_min = 1,
    .operands_max = 1, .options = show_table, .run = run_show,
    .examples = "  llmsim format show int4g128z --rows 28672 --cols 8192\n",
};
static const struct command *const subcommands[] = { &list, &show_command, NULL };

const struct command command_format = {
    .name = "format", .summary = "list number formats, show quantization schemes", .subcommands = subcommands,
};
