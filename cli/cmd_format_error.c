/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim format error: what a scheme does to values of a distribution or of a file's tensors. docs/formats.md, 8 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/json.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "formats/quant_error.h"
#include "formats/tensor_file.h"
#include "reports/text_table.h"

struct error_options {
    const char *tensor, *dist, *per, *clip, *rounding, *codebook, *a, *a_dist, *a_tensor;
    int64_t rows, cols, seed, group, gemm, tokens, gptq_tokens, gptq_block;
    double smooth, gptq_damping;
    bool hadamard, json;
};

static const char *const per_choices[] = { "tensor", "channel", "group", NULL };
static const char *const clip_choices[] = { "none", "search", "up", NULL };
static const char *const rounding_choices[] = { "nearest", "stochastic", "zero", "gptq", NULL };

#define FIELD(name) offsetof(struct error_options, name)
static const struct option_spec table[] = {
    { .name = "tensor", .kind = OPTION_TEXT, .offset = FIELD(tensor), .value = "FILE[:NAME]", .help = "values of a .safetensors, .npy or GGUF file; without NAME each tensor of numbers" },
    { .name = "dist", .kind = OPTION_TEXT, .offset = FIELD(dist), .value = "D", .help = "values of a distribution: gaussian (as without), laplace, uniform, student_t:NU, outlier[:SHARE:FACTOR], lowrank[:RANK:SHARE]" },
    { .name = "rows", .kind = OPTION_I64, .offset = FIELD(rows), .value = "R", .otherwise = "256", .min = 1, .max = 1 << 24, .help = "rows of a distribution" },
    { .name = "cols", .kind = OPTION_I64, .offset = FIELD(cols), .value = "C", .otherwise = "4096", .min = 1, .max = 1 << 24, .help = "columns of a distribution" },
    { .name = "seed", .kind = OPTION_I64, .offset = FIELD(seed), .value = "N", .otherwise = "1", .min = 0, .max = INT64_MAX, .help = "of distributions and stochastic rounding" },
    { .name = "per", .kind = OPTION_CHOICE, .offset = FIELD(per), .choices = per_choices, .value = "WHAT", .help = "scales of the tensor, each channel (row) or group, in place of the scheme's" },
    { .name = "group", .kind = OPTION_I64, .offset = FIELD(group), .value = "N", .otherwise = "128", .min = 1, .max = 1 << 24, .help = "elements of a group, with --per group" },
    { .name = "clip", .kind = OPTION_CHOICE, .offset = FIELD(clip), .choices = clip_choices, .value = "HOW", .otherwise = "none",
      .help = "search: the scale of least squared error; up: power-of-two scales rounded up" },
    { .name = "rounding", .kind = OPTION_CHOICE, .offset = FIELD(rounding), .choices = rounding_choices, .value = "HOW", .otherwise = "nearest",
      .help = "of elements; gptq: nearest, column by column, each error made up for in the columns after it" },
    { .name = "codebook", .kind = OPTION_TEXT, .offset = FIELD(codebook), .value = "FILE", .help = "levels from a CSV (code,value) in place of the scheme's element format" },
    { .name = "hadamard", .kind = OPTION_FLAG, .offset = FIELD(hadamard), .help = "rotate rows by a Hadamard matrix before, and back after" },
    { .name = "gemm", .kind = OPTION_I64, .offset = FIELD(gemm), .value = "K", .min = 1, .max = 1 << 24, .help = "error after a product with activations over K columns too" },
    { .name = "a", .kind = OPTION_TEXT, .offset = FIELD(a), .value = "SCHEME", .help = "quantize the product's activations too" },
    { .name = "a-dist", .kind = OPTION_TEXT, .offset = FIELD(a_dist), .value = "D", .otherwise = "gaussian", .help = "distribution of the product's activations" },
    { .name = "a-tensor", .kind = OPTION_TEXT, .offset = FIELD(a_tensor), .value = "FILE[:NAME]", .help = "activations of a file, a row a token, in place of --a-dist: the first --tokens for the product, the next for gptq" },
    { .name = "gptq-tokens", .kind = OPTION_I64, .offset = FIELD(gptq_tokens), .value = "T", .otherwise = "2048", .min = 1, .max = 1 << 20, .help = "activations that gptq's Hessian is of" },
    { .name = "gptq-block", .kind = OPTION_I64, .offset = FIELD(gptq_block), .value = "N", .otherwise = "512", .min = 1, .max = 1 << 13, .help = "columns of a block of the Hessian" },
    { .name = "gptq-damping", .kind = OPTION_DOUBLE, .offset = FIELD(gptq_damping), .value = "D", .otherwise = "0.01", .help = "of the Hessian, over its mean diagonal" },
    { .name = "tokens", .kind = OPTION_I64, .offset = FIELD(tokens), .value = "T", .otherwise = "8", .min = 1, .max = 64, .help = "rows of activations in the product" },
    { .name = "smooth", .kind = OPTION_DOUBLE, .offset = FIELD(smooth), .value = "ALPHA", .otherwise = "-1", .help = "move scale from activations to weights as SmoothQuant, with --gemm" },
    { .name = "json", .kind = OPTION_FLAG, .offset = FIELD(json), .help = "print one JSON object" },
    { 0 }
};

/* Results are kept until all is done: a late error leaves nothing on standard output. */
struct item {
    const char *name, *type;
    struct quant_error error;
    struct item *next;
};

struct output {
    const struct error_options *o;
    struct arena *arena;
    struct quant scheme;
    struct item *first, **last;
};

/* ---- sources --------------------------------------------------------------------------------------------------------------- */

struct sampled {
    struct sample sample;
    int64_t cols;
};

static enum status read_sample(float *values, void *context, int64_t first_row, int64_t rows, struct error *err)
{
    const struct sampled *s = context;

    (void)err;
    sample_fill(values, &s->sample, first_row * s->cols, rows * s->cols, s->cols);
    return STATUS_OK;
}

struct stored {
    struct tensor_file *file;
    const struct tensor *tensor;
    int64_t cols;
};

static enum status read_stored(float *values, void *context, int64_t first_row, int64_t rows, struct error *err)
{
    const struct stored *s = context;
    int64_t first = first_row * s->cols, n = rows * s->cols;

    return tensor_read(values, s->file, s->tensor, first, n, err);
}

/* ---- results --------------------------------------------------------------------------------------------------------------- */

static double rounded(double v)
{
    char text[NUM_TEXT_MAX];

    /* six digits: sums of other hosts' mathematical libraries may differ in the last places */
    snprintf(text, sizeof text, "%.6g", v);
    return isfinite(v) ? strtod(text, NULL) : v;
}

static void sums_json(struct json *j, const struct error_sums *s)
{
    json_double(j, "mse", rounded(error_mse(s)));
    json_double(j, "sqnr_db", rounded(error_sqnr_db(s)));
    json_double(j, "max_abs_error", rounded(s->largest));
    json_double(j, "cosine", rounded(error_cosine(s)));
}

static void item_json(struct json *j, const struct error_options *o, const struct item *item)
{
    const struct quant_error *e = &item->error;

    json_object_begin(j, NULL);
    json_text(j, "name", item->name);
    json_text(j, "type", item->type);
    json_i64(j, "rows", e->rows);
    json_i64(j, "cols", e->cols);
    json_i64(j, "not_finite", e->not_finite);
    sums_json(j, &e->values);
    json_double(j, "kl_nats", rounded(e->kl_nats));
    json_double(j, "worst_row_sqnr_db", rounded(e->worst_row_sqnr_db));
    json_i64(j, "worst_row", e->worst_row);
    if (e->rotation > 0)
        json_i64(j, "rotation", e->rotation);
    if (e->gptq_tokens > 0) {
        json_object_begin(j, "gptq");
        json_i64(j, "tokens", e->gptq_tokens);
        json_i64(j, "block", e->gptq_block);
        json_double(j, "damping", o->gptq_damping);
        json_text(j, "activations", o->a_tensor != NULL ? o->a_tensor : o->a_dist);
        json_object_end(j);
    }
    if (o->gemm > 0) {
        json_object_begin(j, "gemm");
        json_i64(j, "k", o->gemm);
        sums_json(j, &e->product);
        json_object_end(j);
    }
    json_object_end(j);
}

static void show_json(const struct output *out, const char *scheme)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.format_error/1");
    json_text(&j, "scheme", scheme);
    json_double(&j, "bits_per_element", quant_bits_per_element(&out->scheme));
    json_array_begin(&j, "results");
    for (const struct item *i = out->first; i != NULL; i = i->next)
        item_json(&j, out->o, i);
    json_array_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static bool show_text(const struct output *out, const char *scheme)
{
    static const struct text_column columns[] = {
        { "values", TEXT_LEFT, TEXT_PLAIN }, { "elements", TEXT_RIGHT, TEXT_PLAIN }, { "SQNR dB", TEXT_RIGHT, TEXT_PLAIN }, { "MSE", TEXT_RIGHT, TEXT_PLAIN },
        { "max error", TEXT_RIGHT, TEXT_PLAIN }, { "KL nats", TEXT_RIGHT, TEXT_PLAIN }, { "cosine", TEXT_RIGHT, TEXT_PLAIN }, { "GEMM dB", TEXT_RIGHT, TEXT_PLAIN },
    };
    const struct text_style style = terminal_text();
    bool products = out->o->gemm > 0, good;
    struct text_table t;

    terminal_printf("scheme %s, %g bits an element\n", scheme, quant_bits_per_element(&out->scheme));
    text_table_begin(&t, columns, products ? 8 : 7);
    for (const struct item *i = out->first; i != NULL; i = i->next) {
        const struct quant_error *e = &i->error;

        text_table_cell(&t, "%s", i->name);
        text_table_cell(&t, "%lld", (long long)(e->rows * e->cols));
        text_table_cell(&t, "%.2f", error_sqnr_db(&e->values));
        text_table_cell(&t, "%.4g", error_mse(&e->values));
        text_table_cell(&t, "%.4g", e->values.largest);
        text_table_cell(&t, "%.4g", e->kl_nats);
        text_table_cell(&t, "%.6f", error_cosine(&e->values));
        if (products)
            text_table_cell(&t, "%.2f", error_sqnr_db(&e->product));
    }
    good = text_table_end(&t, stdout, &style, 0);
    if (out->first != NULL && out->first->error.gptq_tokens > 0)
        terminal_printf("rounded column by column against the error of a product with %lld activations of %s, Hessian in blocks of %lld columns (GPTQ)%s\n",
               (long long)out->first->error.gptq_tokens, out->o->a_tensor != NULL ? out->o->a_tensor : out->o->a_dist, (long long)out->first->error.gptq_block,
               products ? "; GEMM dB: over other activations" : "");
    return good;
}

static enum status measure(struct output *out, const struct quant_error_spec *spec, const struct quant_source *source, const char *name, const char *type, struct error *err)
{
    struct item *item = arena_alloc(out->arena, sizeof *item);

    if (item == NULL || (item->name = arena_strdup(out->arena, name)) == NULL)
        return error_no_memory(err);
    item->type = type;
    *out->last = item;
    out->last = &item->next;
    return quant_error_measure(&item->error, spec, source, err);
}

/* ---- what is asked ----------------------------------------------------------------------------------------------------------- */

/* FILE or FILE:NAME; a file's name may hold colons. */
static const char *split_name(char *path)
{
    struct stat s;
    char *colon = strrchr(path, ':');

    if (colon == NULL || stat(path, &s) == 0)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

enum { LONG_ROW = 1 << 22, CUT = 1 << 20, CUT_MIN = 1 << 12 };

/* One long row is cut into rows at a multiple of its groups, if that makes no difference to its codes: the scales stay as they are. */
static void cut_long_row(struct quant_error_spec *spec, struct quant_source *s)
{
    struct quant *q = &spec->scheme;
    bool learned = q->format->family == FORMAT_CODEBOOK && q->format->codebook == NULL;
    bool of_row = learned || q->sparsity > 0 || q->outliers > 0 || q->columns > 0 || q->mixed != NULL || (q->scale2 != NULL && q->scale2_group == QUANT_PER_CHANNEL);
    int64_t each = q->group > 0 ? q->group * (q->scale2_group > 0 ? q->scale2_group : 1) : 1;

    if (s->rows != 1 || s->cols <= LONG_ROW || of_row || spec->hadamard)
        return;
    for (int64_t width = CUT / each * each; width >= each && width >= CUT_MIN; width -= each)
        if (s->cols % width == 0) {
            q->group = q->group == QUANT_PER_CHANNEL && q->scale != NULL ? QUANT_PER_TENSOR : q->group;
            s->rows = s->cols / width;
            s->cols = width;
            return;
        }
}

static enum status of_tensor(struct output *out, const struct quant_error_spec *spec, struct tensor_file *file, const struct tensor *t, struct error *err)
{
    struct stored stored = { .file = file, .tensor = t };
    struct quant_source source = { .read = read_stored, .context = &stored };
    struct quant_error_spec own = *spec;

    tensor_matrix(t, &source.rows, &source.cols);
    cut_long_row(&own, &source);
    stored.cols = source.cols;
    return measure(out, &own, &source, t->name, t->type->name, err);
}

static enum status of_file(struct output *out, const struct quant_error_spec *spec, const char *text, struct arena *arena, struct error *err)
{
    char *path = arena_strdup(arena, text);
    struct tensor_file *file;
    const struct tensor *list, *t;
    const char *name;
    int64_t count, read = 0;
    enum status st;

    if (path == NULL)
        return error_no_memory(err);
    name = split_name(path);
    if ((st = tensor_file_open(&file, path, err)))
        return st;
    list = tensor_file_list(file, &count);
    if (name != NULL && (st = tensor_file_find(&t, file, name, err)) == STATUS_OK) {
        st = of_tensor(out, spec, file, t, err);
        read++;
    }
    for (int64_t i = 0; name == NULL && st == STATUS_OK && i < count; i++) {
        if (list[i].count == 0 || (count > 1 && list[i].type->is_integer))
            continue;
        if (list[i].type->unpack == NULL) {
            fprintf(stderr, "llmsim: %s: '%s' is passed over: values of type %s are not read\n", path, list[i].name, list[i].type->name);
            continue;
        }
        st = of_tensor(out, spec, file, &list[i], err);
        read++;
    }
    if (st == STATUS_OK && read == 0)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: no tensor of numbers among %lld", path, (long long)count);
    tensor_file_close(file);
    return st;
}

/* The activations of --a-tensor: a tensor of its own, held open while weights are measured. */
struct activations {
    struct tensor_file *file;
    struct stored stored;
    struct quant_source source;
};

static enum status activations_open(struct activations *a, const char *text, struct arena *arena, struct error *err)
{
    char *path = arena_strdup(arena, text);
    const char *name;
    enum status st;

    if (path == NULL)
        return error_no_memory(err);
    name = split_name(path);
    if ((st = tensor_file_open(&a->file, path, err)))
        return st;
    if (name != NULL)
        st = tensor_file_find(&a->stored.tensor, a->file, name, err);
    else {
        int64_t count;

        a->stored.tensor = tensor_file_list(a->file, &count);
        if (count != 1)
            st = error_plain(err, STATUS_BAD_INPUT, "%s: %lld tensors, expected FILE:NAME to say which holds the activations", path, (long long)count);
    }
    if (st)
        return st;
    if (a->stored.tensor->type->unpack == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "%s: values of type %s are not read", path, a->stored.tensor->type->name);
    a->source = (struct quant_source){ .read = read_stored, .context = &a->stored };
    tensor_matrix(a->stored.tensor, &a->source.rows, &a->source.cols);
    a->stored.file = a->file;
    a->stored.cols = a->source.cols;
    return STATUS_OK;
}

static enum status spec_of(struct quant_error_spec *out, const struct error_options *o, const char *scheme, struct arena *arena, struct error *err)
{
    struct quant_error_spec s = { .gemm_k = o->gemm, .tokens = o->tokens, .hadamard = o->hadamard, .smooth_alpha = o->smooth, .has_activation_scheme = o->a != NULL };
    struct format *levels;
    enum status st;

    if ((st = quant_parse(&s.scheme, scheme, (struct source_pos){ 0 }, err)) ||
        (o->a != NULL && (st = quant_parse(&s.activation_scheme, o->a, (struct source_pos){ 0 }, err))) || (st = sample_parse(&s.activations, o->a_dist, (uint64_t)o->seed + 1, err)))
        return st;
    if (o->codebook != NULL) {
        if ((levels = arena_alloc(arena, sizeof *levels)) == NULL)
            return error_no_memory(err);
        if ((st = codebook_read(levels, o->codebook, arena, err)))
            return st;
        s.scheme.format = levels;
        s.scheme.zero_point = false;
    }
    if (o->per != NULL) {
        if (s.scheme.format->family == FORMAT_CODEBOOK && s.scheme.format->codebook == NULL)
            return error_plain(err, STATUS_BAD_INPUT, "--per with '%s', expected no scales: learned levels are of a row each", scheme);
        s.scheme.group = strcmp(o->per, "tensor") == 0 ? QUANT_PER_TENSOR : strcmp(o->per, "channel") == 0 ? QUANT_PER_CHANNEL : o->group;
        s.scheme.scale = s.scheme.scale != NULL ? s.scheme.scale : format_find("fp16");
        if (s.scheme.group <= 0 && (s.scheme.scale2 != NULL || s.scheme.mixed != NULL))
            return error_plain(err, STATUS_BAD_INPUT, "--per %s with '%s', whose scales are of groups, expected --per group", o->per, scheme);
    }
    s.rule.encode = (struct encode_rule){ .saturate = true, .seed = (uint64_t)o->seed,
                                          .rounding = strcmp(o->rounding, "stochastic") == 0 ? ROUND_STOCHASTIC : strcmp(o->rounding, "zero") == 0 ? ROUND_TOWARD_ZERO : ROUND_NEAREST_EVEN };
    s.gptq_tokens = strcmp(o->rounding, "gptq") == 0 ? o->gptq_tokens : 0;
    s.gptq_block = o->gptq_block;
    s.gptq_damping = o->gptq_damping;
    s.rule.scale = strcmp(o->clip, "search") == 0 ? SCALE_SEARCH : strcmp(o->clip, "up") == 0 ? SCALE_NO_CLIP : SCALE_STANDARD;
    *out = s;
    return STATUS_OK;
}

static enum status error_of(struct output *out, const char *scheme, struct activations *activations, struct arena *arena, struct error *err)
{
    const struct error_options *o = out->o;
    struct quant_error_spec spec;
    struct sampled sampled = { .cols = o->cols };
    struct quant_source source = { .rows = o->rows, .cols = o->cols, .read = read_sample, .context = &sampled };
    const char *dist = o->dist != NULL ? o->dist : "gaussian";
    char text[192];
    enum status st;

    if (o->tensor != NULL && o->dist != NULL)
        return error_plain(err, STATUS_BAD_INPUT, "--tensor and --dist, expected one of them");
    if (o->a_tensor != NULL && o->gemm == 0 && strcmp(o->rounding, "gptq") != 0)
        return error_plain(err, STATUS_BAD_INPUT, "--a-tensor without a use for activations, expected --gemm or --rounding gptq");
    if (o->a_tensor != NULL && (st = activations_open(activations, o->a_tensor, arena, err)))
        return st;
    if ((st = spec_of(&spec, o, scheme, arena, err)) || (o->tensor == NULL && (st = sample_parse(&sampled.sample, dist, (uint64_t)o->seed, err))))
        return st;
    spec.activation_source = o->a_tensor != NULL ? &activations->source : NULL;
    out->scheme = spec.scheme;
    st = o->tensor != NULL ? of_file(out, &spec, o->tensor, arena, err) : measure(out, &spec, &source, dist, "sampled", err);
    if (st)
        return st;
    quant_format(text, sizeof text, &spec.scheme);
    if (!o->json)
        return show_text(out, text) ? STATUS_OK : error_no_memory(err);
    show_json(out, text);
    return STATUS_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct error_options o = { 0 };
    struct output out = { .o = &o, .arena = &arena, .last = &out.first };
    struct activations activations = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        st = error_of(&out, operands.items[0], &activations, &arena, &err);
    tensor_file_close(activations.file);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_format_error = {
    .name = "error", .summary = "what a scheme does to values: SQNR, MSE, largest error, KL, cosine, error of a product", .operands = "SCHEME", .operands_min = 1,
    .operands_max = 1, .options = table, .run = run,
    .examples = "  llmsim format error mxfp4 --dist student_t:5 --gemm 4096 --a mxfp8\n"
                "  llmsim format error int4g128 --rounding gptq --a-dist lowrank:32:0.9 --gemm 4096\n"
                "  llmsim format error int4 --per group --group 64 --clip search --tensor model.safetensors:lm_head.weight\n",
};
