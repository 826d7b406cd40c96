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
#include "cli/terminal.h"
#include "formats/quant.h"
#include "reports/text_table.h"

enum { CODES_BITS_MAX = 16 }; /* wider formats have no table of their codes */

struct show_options {
    int64_t rows, cols, burst, align;
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
    { .name = "burst", .kind = OPTION_I64, .offset = offsetof(struct show_options, burst), .value = "B", .otherwise = "32", .min = 1,
      .max = 1 << 20, .help = "bytes of one access to memory, for the bytes moved" },
    { .name = "align", .kind = OPTION_I64, .offset = offsetof(struct show_options, align), .value = "B", .otherwise = "256", .min = 1,
      .max = 1 << 30, .help = "bytes at whose multiples arrays are allocated, for the bytes resident" },
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
    const char *name, *text;
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
    json_object_begin(&j, "schemes");
    for (size_t i = 0; (name = quant_preset(i, &text)) != NULL; i++)
        json_text(&j, name, text);
    json_object_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static void table_row(struct text_table *t, const char *name, const char *text)
{
    text_table_cell(t, "%s", name);
    text_table_cell(t, "%s", text);
}

static bool list_text(bool all)
{
    static const struct text_column columns[] = {
        { "format", TEXT_LEFT, TEXT_PLAIN }, { "bits", TEXT_RIGHT, TEXT_PLAIN }, { "exponent", TEXT_RIGHT, TEXT_PLAIN }, { "mantissa", TEXT_RIGHT, TEXT_PLAIN },
        { "planes", TEXT_RIGHT, TEXT_PLAIN }, { "what it is [standard]", TEXT_FLOW, TEXT_PLAIN },
    };
    static const struct text_column scheme_columns[] = { { "scheme", TEXT_LEFT, TEXT_PLAIN }, { "stands for (docs/recipes.md has the grammar)", TEXT_FLOW, TEXT_PLAIN } };
    const struct text_style style = terminal_text();
    const char *name, *text;
    const struct format *f;
    struct text_table t;
    bool good;

    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; (f = listed(i, all)) != NULL; i++) {
        text_table_cell(&t, "%s", f->name);
        text_table_cell(&t, "%d", f->bits);
        text_table_cell(&t, "%d", f->exponent_bits);
        text_table_cell(&t, "%d", f->mantissa_bits);
        text_table_cell(&t, "%d", f->planes);
        text_table_cell(&t, "%s", f->summary);
    }
    good = text_table_end(&t, stdout, &style, 0);
    putchar('\n');
    text_table_begin(&t, scheme_columns, 2);
    for (size_t i = 0; (name = quant_preset(i, &text)) != NULL; i++)
        table_row(&t, name, text);
    table_row(&t, "coded", "ternary in an entropy code, below one bit (QMoE); its size is its data's: llmsim format coded");
    return text_table_end(&t, stdout, &style, 0) && good;
}

static int run_list(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct list_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK && o.json)
        list_json(o.all);
    else if (st == STATUS_OK && !list_text(o.all))
        st = error_no_memory(&err);
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

static bool is_learned(const struct format *f)
{
    return f->family == FORMAT_CODEBOOK && f->codebook == NULL;
}

static void values_text(FILE *out, const struct format *f, bool codes)
{
    char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX], least[NUM_TEXT_MAX], normal[NUM_TEXT_MAX], range[NUM_TEXT_MAX], exact[FORMAT_DECIMAL_MAX];

    if (is_learned(f)) {
        fprintf(out, "range       as learned from each row\n");
        return;
    }
    fprintf(out, "range       %s to %s\n", num_format_double(low, format_lowest(f)), num_format_double(high, format_largest(f)));
    fprintf(out, "smallest    %s", num_format_double(least, format_smallest(f)));
    if (f->family == FORMAT_FLOAT)
        fprintf(out, ", normal %s", num_format_double(normal, format_smallest_normal(f)));
    if (format_smallest(f) > 0)
        fprintf(out, "; dynamic range %s dB", num_format_double(range, dynamic_range_db(f)));
    fprintf(out, "\n");
    for (uint32_t c = 0; codes && c < codes_count(f); c++)
        fprintf(out, "%s0x%0*x  %s\n", c == 0 ? "codes\n" : "", (format_code_bits(f) + 3) / 4, (unsigned)c, format_decimal(exact, format_decode(f, c)));
}

static void values_json(struct json *j, const struct format *f)
{
    char exact[FORMAT_DECIMAL_MAX];

    if (is_learned(f))
        return;
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
        values_text(stdout, f, o->codes);
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

struct shown {
    char scheme[192];
    struct quant_layout layout;
    struct quant_sizes sizes;
};

static void show_text(const struct quant *q, const struct show_options *o, const struct shown *s)
{
    const struct text_style style = terminal_text();
    char number[NUM_TEXT_MAX];
    struct text_page page;
    FILE *out = text_page_begin(&page);
    int arrays = 0;

    fprintf(out, "scheme      %s\n", s->scheme);
    fprintf(out, "elements    %s: %s\n", q->format->name, q->format->summary);
    if (q->scale == NULL)
        fprintf(out, "scales      none\n");
    else if (q->scale2 != NULL && q->scale2_group > 0)
        fprintf(out, "scales      %s for each %lld elements along K%s, with %s for each %lld of them\n", q->scale->name, (long long)q->group,
               q->zero_point ? ", with a zero point" : "", q->scale2->name, (long long)q->scale2_group);
    else if (q->scale2 != NULL && q->group > 0)
        fprintf(out, "scales      %s for each %lld elements along K%s, with %s for each %s\n", q->scale->name, (long long)q->group,
               q->zero_point ? ", with a zero point" : "", q->scale2->name, q->scale2_group == QUANT_PER_TENSOR ? "matrix" : "row");
    else if (q->group > 0)
        fprintf(out, "scales      %s for each %lld elements along K%s\n", q->scale->name, (long long)q->group, q->zero_point ? ", with a zero point" : "");
    else
        fprintf(out, "scales      %s for each %s%s\n", q->scale->name, q->group == QUANT_PER_TENSOR ? "matrix" : "row",
               q->zero_point ? ", with a zero point" : "");
    fprintf(out, "bits        %s an element%s\n", num_format_double(number, quant_bits_per_element(q)),
           q->scale != NULL && q->group <= 0 ? ", and the scales" : "");
    fprintf(out, "logical     %lld B for %lld x %lld\n", (long long)s->sizes.logical_bytes, (long long)o->rows, (long long)o->cols);
    fprintf(out, "stored      %lld B", (long long)s->sizes.stored_bytes);
    for (int i = 0; i < PART_COUNT; i++)
        if (s->layout.bytes[i] > 0)
            fprintf(out, "%s%s %lld", arrays++ == 0 ? ": " : ", ", quant_part_names[i], (long long)s->layout.bytes[i]);
    fprintf(out, "\nmoved       %lld B in bursts of %lld\n", (long long)s->sizes.moved_bytes, (long long)o->burst);
    fprintf(out, "resident    %lld B in multiples of %lld\n", (long long)s->sizes.resident_bytes, (long long)(o->align > o->burst ? o->align : o->burst));
    values_text(out, q->format, o->codes);
    text_page_end(&page, stdout, &style);
}

static void show_json(const struct quant *q, const struct show_options *o, const struct shown *s)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format/1");
    json_text(&j, "name", q->format->name);
    json_i64(&j, "bits", q->format->bits);
    json_text(&j, "scheme", s->scheme);
    json_text(&j, "format", q->format->name);
    json_text(&j, "scale", q->scale != NULL ? q->scale->name : NULL);
    json_i64(&j, "group", q->group);
    json_text(&j, "second_scale", q->scale2 != NULL ? q->scale2->name : NULL);
    json_bool(&j, "zero_point", q->zero_point);
    json_double(&j, "bits_per_element", quant_bits_per_element(q));
    json_i64(&j, "rows", o->rows);
    json_i64(&j, "cols", o->cols);
    json_i64(&j, "logical_bytes", s->sizes.logical_bytes);
    json_i64(&j, "stored_bytes", s->sizes.stored_bytes);
    json_i64(&j, "moved_bytes", s->sizes.moved_bytes);
    json_i64(&j, "resident_bytes", s->sizes.resident_bytes);
    json_object_begin(&j, "parts");
    for (int i = 0; i < PART_COUNT; i++)
        if (s->layout.bytes[i] > 0)
            json_i64(&j, quant_part_names[i], s->layout.bytes[i]);
    json_object_end(&j);
    values_json(&j, q->format);
    json_object_end(&j);
    json_close(&j);
}

static enum status show(const struct show_options *o, const char *text, struct error *err)
{
    const struct quant_memory memory = { o->burst, o->align };
    struct quant q;
    struct shown s;
    const struct format *f = format_find(text);
    enum status st;

    if (f != NULL && f->family == FORMAT_SCALE) {
        show_scale(f, o);
        return STATUS_OK;
    }
    st = quant_parse(&q, text, (struct source_pos){ 0 }, err);
    if (st)
        return st;
    if (!quant_layout(&s.layout, &q, o->rows, o->cols) || !quant_sizes(&s.sizes, &q, o->rows, o->cols, &memory))
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld elements are too many to count in 63 bits", (long long)o->rows, (long long)o->cols);
    quant_format(s.scheme, sizeof s.scheme, &q);
    (o->json ? show_json : show_text)(&q, o, &s);
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
    .examples = "  llmsim format list\n",
};
static const struct command show_command = {
    .name = "show", .summary = "a format's values or a quantization scheme, and what a matrix in it takes", .operands = "SCHEME", .operands_min = 1,
    .operands_max = 1, .options = show_table, .run = run_show,
    .examples = "  llmsim format show int4g128z --rows 28672 --cols 8192\n"
                "  llmsim format show e4m3fnuz --codes\n",
};
static const struct command *const subcommands[] = { &command_format_coded, &command_format_error, &list, &command_format_quality, &show_command, NULL };

const struct command command_format = {
    .name = "format", .summary = "list number formats, show quantization schemes, their error and what they cost in quality", .subcommands = subcommands,
    .examples = "  llmsim format list\n  llmsim format show int4g128z --rows 28672 --cols 8192\n",
};
