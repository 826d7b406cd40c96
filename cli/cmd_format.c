/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim format: lists the number formats, and shows one with its values or a quantization scheme with its stored size.
 * docs/formats.md, docs/recipes.md */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "formats/codec.h"

enum { CODES_BITS_MAX = 16 }; /* wider formats have no table of their codes */

struct show_options {
    int64_t rows, cols;
    bool json, codes;
};
struct list_options {
    bool json, all;
};

static const struct option_spec list_table[] = {
    { .name = "all", .kind = OPTION_FLAG, .offset = offsetof(struct list_options, all), .help = "minifloats ExMy in all variants too" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct list_options, json), .help = "print one JSON object" },
    { 0 }
};
static const struct option_spec show_table[] = {
    { .name = "rows", .kind = OPTION_I64, .offset = offsetof(struct show_options, rows), .value = "R", .otherwise = "4096", .min = 1,
      .max = (int64_t)1 << 48, .help = "rows (outputs) of the matrix whose size is shown" },
    { .name = "cols", .kind = OPTION_I64, .offset = offsetof(struct show_options, cols), .value = "C", .otherwise = "4096", .min = 1,
      .max = (int64_t)1 << 48, .help = "columns (along K) of it" },
    { .name = "codes", .kind = OPTION_FLAG, .offset = offsetof(struct show_options, codes), .help = "the value of each code too, exactly (formats of at most 16 bits)" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct show_options, json), .help = "print one JSON object, codes included" },
    { 0 }
};

/* What list prints: the named formats, then the minifloats in the order of their table. */
static const struct format *listed(size_t i, bool all)
{
    size_t named, minis;
    const struct format *const *list = format_list(&named);
    const struct format *mini = format_minifloats(&minis);

    return i < named ? list[i] : all && i - named < minis ? &mini[i - named] : NULL;
}

static void list_json(bool all)
{
    const struct format *f;
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.formats/1");
    json_array_begin(&j, "formats");
    for (size_t i = 0; (f = listed(i, all)) != NULL; i++) {
        json_object_begin(&j, NULL);
        json_text(&j, "name", f->name);
        json_text(&j, "summary", f->summary);
        json_i64(&j, "bits", f->bits);
        json_i64(&j, "exponent_bits", f->exponent_bits);
        json_i64(&j, "mantissa_bits", f->mantissa_bits);
        json_i64(&j, "planes", f->planes);
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
    const struct format *f;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK && o.json)
        list_json(o.all);
    else if (st == STATUS_OK) {
        printf("%-11s %4s %8s %8s %6s  %s\n", "format", "bits", "exponent", "mantissa", "planes", "what it is [standard]");
        for (size_t i = 0; (f = listed(i, o.all)) != NULL; i++)
            printf("%-11s %4d %8d %8d %6d  %s\n", f->name, f->bits, f->exponent_bits, f->mantissa_bits, f->planes, f->summary);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

/* 20 log10(largest / smallest) to a hundredth: decibels between the ends of the range. */
static double dynamic_range_db(const struct format *f)
{
    return round(2000 * log10(format_largest(f) / format_smallest(f))) / 100;
}

/* Codes that mean something: ternary's fourth does not. */
static uint32_t codes_count(const struct format *f)
{
    return format_code_bits(f) > CODES_BITS_MAX ? 0 : f->family == FORMAT_TERNARY ? 3 : (uint32_t)1 << format_code_bits(f);
}

static void values_text(const struct format *f, bool codes)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX], least[NUM_TEXT_MAX], normal[NUM_TEXT_MAX], range[NUM_TEXT_MAX], exact[FORMAT_DECIMAL_MAX];

    printf("range       %s to %s\n", num_format_double(low, format_lowest(f)), num_format_double(high, format_largest(f)));
    printf("smallest    %s", num_format_double(least, format_smallest(f)));
    if (f->family == FORMAT_FLOAT)
        printf(", normal %s", num_format_double(normal, format_smallest_normal(f)));
    if (format_smallest(f) > 0)
        printf("; dynamic range %s dB", num_format_double(range, dynamic_range_db(f)));
    printf("\n");
    for (uint32_t c = 0; codes && c < codes_count(f); c++)
        printf("%s0x%0*x  %s\n", c == 0 ? "codes\n" : "", (format_code_bits(f) + 3) / 4, (unsigned)c, format_decimal(exact, format_decode(f, c)));
}

static void values_json(struct json *j, const struct format *f)
{
    char exact[FORMAT_DECIMAL_MAX];

    json_double(j, "lowest", format_lowest(f));
    json_double(j, "largest", format_largest(f));
    json_double(j, "smallest_normal", format_smallest_normal(f));
    json_double(j, "smallest", format_smallest(f));
    json_double(j, "dynamic_range_db", format_smallest(f) > 0 ? dynamic_range_db(f) : NAN);
    if (codes_count(f) == 0)
        return;
    json_array_begin(j, "codes");
    for (uint32_t c = 0; c < codes_count(f); c++) {
        json_object_begin(j, NULL);
        json_i64(j, "code", c);
        json_text(j, "value", format_decimal(exact, format_decode(f, c)));
        json_object_end(j);
    }
    json_array_end(j);
}

/* A format of scales alone: no scheme of elements is made of it. */
static void show_scale(const struct format *f, const struct show_options *o)
{
    struct json j;

    if (!o->json) {
        printf("scales      %s: %s\n", f->name, f->summary);
        values_text(f, o->codes);
        return;
    }
    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format/1");
    json_text(&j, "name", f->name);
    json_i64(&j, "bits", f->bits);
    values_json(&j, f);
    json_object_end(&j);
    json_close(&j);
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
    values_text(q->format, o->codes);
}

static void show_json(const struct quant *q, const struct show_options *o, const char *scheme, int64_t bytes)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format/1");
    json_text(&j, "name", q->format->name);
    json_i64(&j, "bits", q->format->bits);
    json_text(&j, "scheme", scheme);
    json_text(&j, "format", q->format->name);
    json_text(&j, "scale", q->scale != NULL ? q->scale->name : NULL);
    json_i64(&j, "group", q->group);
    json_bool(&j, "zero_point", q->zero_point);
    json_double(&j, "bits_per_element", quant_bits_per_element(q));
    json_i64(&j, "rows", o->rows);
    json_i64(&j, "cols", o->cols);
    json_i64(&j, "stored_bytes", bytes);
    values_json(&j, q->format);
    json_object_end(&j);
    json_close(&j);
}

static enum status show(const struct show_options *o, const char *text, struct error *err)
{
    struct quant q;
    char scheme[128];
    int64_t bytes;
    const struct format *f = format_find(text);
    enum status st;

    if (f != NULL && f->family == FORMAT_SCALE) {
        show_scale(f, o);
        return STATUS_OK;
    }
    st = quant_parse(&q, text, (struct source_pos){ 0 }, err);
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
    .name = "list", .summary = "the number formats, with their standards", .options = list_table, .run = run_list,
};
static const struct command show_command = {
    .name = "show", .summary = "a format's values or a quantization scheme, and what a matrix in it takes", .operands = "SCHEME", .operands_min = 1,
    .operands_max = 1, .options = show_table, .run = run_show,
    .examples = "  llmsim format show int4g128z --rows 28672 --cols 8192\n"
                "  llmsim format show e4m3fnuz --codes\n",
};
static const struct command *const subcommands[] = { &list, &show_command, NULL };

const struct command command_format = {
    .name = "format", .summary = "list number formats, show quantization schemes", .subcommands = subcommands,
};
