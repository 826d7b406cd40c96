/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Quantization schemes: text form, and stored size. docs/recipes.md has the grammar and the equations.
 *
 *   FORMAT [gN | pt | pc] [z] [/s=FORMAT] [+2:4 | +sparseF]      or a preset: mxfp4 mxfp6 mxfp8 mxint8 nvfp4
 *
 * A matrix is stored row by row, K along the row, each row padded to a whole byte; scales and zero points follow as dense
 * arrays. Left out: blocks in two dimensions, second-order scales, codebooks.
 * Sources: 2:4 with a 2-bit index for each kept value, NVIDIA PTX ISA, "mma.sp"; Tiled-CSL, Flash-LLM (arXiv 2309.10285);
 * MX presets, OCP Microscaling Formats 1.0, table 1; nvfp4, NVIDIA Blackwell: E4M3 scale for each 16 elements (its second,
 * per-tensor fp32 scale is left out).
 */
#include "formats/format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/checked.h"
#include "base/nearest.h"
#include "base/num.h"

enum { WORD_MAX = 32, GROUP_MAX = 1 << 24 };
enum { CSL_POSITION_BITS = 16, CSL_OFFSET_BYTES = 4, CSL_TILE_ROWS = 128, CSL_TILE_COLS = 64 }; /* Flash-LLM's tile */

static const struct {
    const char *name, *text;
} presets[] = {
    { "mxfp4", "fp4_e2m1g32/s=e8m0" },  { "mxfp6", "fp6_e2m3g32/s=e8m0" },   { "mxfp8", "fp8_e4m3g32/s=e8m0" },
    { "mxint8", "int8g32/s=e8m0" },     { "nvfp4", "fp4_e2m1g16/s=fp8_e4m3" },
};

static bool is_integer(const struct format *f)
{
    return f->family != FORMAT_FLOAT && f->family != FORMAT_SCALE;
}

static enum status unknown_format(const char *text, struct source_pos at, struct error *err)
{
    const char *names[64], *nearest;
    char word[WORD_MAX];
    size_t count, n = strcspn(text, "/+");
    const struct format *const *list = format_list(&count);

    for (size_t i = 0; i < count; i++)
        names[i] = list[i]->name;
    snprintf(word, sizeof word, "%.*s", (int)(n < WORD_MAX ? n : WORD_MAX - 1), text);
    nearest = nearest_name(word, names, count);
    return error_set(err, STATUS_BAD_INPUT, at, "unknown number format '%s', expected one of `llmsim format list`%s%s%s", word,
                     nearest ? "; nearest is '" : "", nearest ? nearest : "", nearest ? "'" : "");
}

/* The longest prefix that names a format, so that "int16" is not "int1" followed by "6". */
static const struct format *take_format(const char **text)
{
    char word[WORD_MAX];
    size_t n = strcspn(*text, "/+");

    for (n = n < WORD_MAX ? n : WORD_MAX - 1; n > 0; n--) {
        const struct format *f;

        memcpy(word, *text, n);
        word[n] = '\0';
        if ((f = format_find(word)) != NULL) {
            *text += n;
            return f;
        }
    }
    return NULL;
}

static enum status take_group(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;

    if (strncasecmp(p, "pt", 2) == 0 || strncasecmp(p, "pc", 2) == 0) {
        q->group = tolower((unsigned char)p[1]) == 't' ? QUANT_PER_TENSOR : QUANT_PER_CHANNEL;
        *text = p + 2;
        return STATUS_OK;
    }
    q->group = 0;
    for (p++; isdigit((unsigned char)*p); p++) {
        q->group = q->group * 10 + (*p - '0');
        if (q->group > GROUP_MAX)
            break;
    }
    if (q->group < 1 || q->group > GROUP_MAX)
        return error_set(err, STATUS_BAD_INPUT, at, "group size in '%s', expected g1 to g%d", *text, GROUP_MAX);
    *text = p;
    return STATUS_OK;
}

static enum status take_scale(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text + 3;
    const struct format *f = take_format(&p);

    if (f == NULL)
        return unknown_format(p, at, err);
    if (is_integer(f) && f->bits != 8)
        return error_set(err, STATUS_BAD_INPUT, at, "scale format '%s', expected a float, e8m0 or int8", f->name);
    q->scale = f;
    *text = p;
    return STATUS_OK;
}

static enum status take_sparsity(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;

    if (strcmp(p, "+2:4") == 0) {
        q->two_of_four = true;
        *text = p + 4;
        return STATUS_OK;
    }
    if (strncasecmp(p, "+sparse", 7) == 0 && num_parse_double(&q->sparsity, p + 7) == 0 && q->sparsity >= 0 && q->sparsity < 1) {
        *text = p + strlen(p);
        return STATUS_OK;
    }
    return error_set(err, STATUS_BAD_INPUT, at, "'%s', expected '+2:4' or '+sparseF' with 0 <= F < 1, as '+sparse0.8'", p);
}

enum status quant_parse(struct quant *out, const char *text, struct source_pos at, struct error *err)
{
    struct quant q = { .group = QUANT_PER_TENSOR };
    const char *p = text;
    bool grouped = false;
    enum status st;

    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcasecmp(text, presets[i].name) == 0)
            p = presets[i].text;
    if ((q.format = take_format(&p)) == NULL)
        return unknown_format(text, at, err);
    if (q.format->family == FORMAT_SCALE)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' holds scales, expected a format of elements", q.format->name);
    if ((*p == 'g' || *p == 'G') || strncasecmp(p, "pt", 2) == 0 || strncasecmp(p, "pc", 2) == 0) {
        grouped = true;
        if ((st = take_group(&q, &p, at, err)))
            return st;
    } else if (is_integer(q.format)) {
        q.group = QUANT_PER_CHANNEL;
    }
    if (grouped || is_integer(q.format))
        q.scale = format_find("fp16");
    if (*p == 'z' || *p == 'Z') {
        if (q.format->family != FORMAT_INT)
            return error_set(err, STATUS_BAD_INPUT, at, "zero point in '%s', expected only with int2 to int16", text);
        q.zero_point = true;
        p++;
    }
    if (strncasecmp(p, "/s=", 3) == 0) {
        if (q.scale == NULL)
            return error_set(err, STATUS_BAD_INPUT, at, "'%s' has a scale format but no group, expected gN, pc or pt before '/s='", text);
        if ((st = take_scale(&q, &p, at, err)))
            return st;
    }
    if (*p == '+' && (st = take_sparsity(&q, &p, at, err)))
        return st;
    if (*p != '\0')
        return error_set(err, STATUS_BAD_INPUT, at, "unexpected '%s' in scheme '%s', expected FORMAT [gN|pt|pc] [z] [/s=FORMAT] [+2:4|+sparseF]", p, text);
    *out = q;
    return STATUS_OK;
}

const char *quant_format(char *out, size_t bytes, const struct quant *q)
{
    char group[WORD_MAX] = "", sparse[NUM_TEXT_MAX + 8] = "", number[NUM_TEXT_MAX];
    bool custom_scale = q->scale != NULL && strcmp(q->scale->name, "fp16") != 0;

    if (q->scale != NULL && q->group > 0)
        snprintf(group, sizeof group, "g%lld", (long long)q->group);
    else if (q->scale != NULL && q->group == QUANT_PER_TENSOR)
        snprintf(group, sizeof group, "pt");
    else if (q->scale != NULL && !is_integer(q->format))
        snprintf(group, sizeof group, "pc");
    if (q->two_of_four)
        snprintf(sparse, sizeof sparse, "+2:4");
    else if (q->sparsity > 0)
        snprintf(sparse, sizeof sparse, "+sparse%s", num_format_double(number, q->sparsity));
    snprintf(out, bytes, "%s%s%s%s%s%s", q->format->name, group, q->zero_point ? "z" : "", custom_scale ? "/s=" : "",
             custom_scale ? q->scale->name : "", sparse);
    return out;
}

/* Bytes of `elements` of a format packed together, or -1. */
static int64_t packed_bytes(const struct format *f, int64_t elements)
{
    int64_t bits;

    if (!checked_mul_i64(&bits, ceil_div_i64(elements, f->packed_elements), f->packed_bits))
        return -1;
    return ceil_div_i64(bits, 8);
}

/* rows * (a + b), or -1; negative arguments are overflows of a step before. */
static int64_t rows_times(int64_t rows, int64_t a, int64_t b)
{
    int64_t sum, all;

    if (a < 0 || b < 0 || !checked_add_i64(&sum, a, b) || !checked_mul_i64(&all, rows, sum))
        return -1;
    return all;
}

static int64_t element_bytes(const struct quant *q, int64_t rows, int64_t cols)
{
    if (q->two_of_four) {
        int64_t kept = ceil_div_i64(cols, 4) * 2;

        return rows_times(rows, packed_bytes(q->format, kept), ceil_div_i64(kept, 4)); /* 2-bit index: 4 in a byte */
    }
    if (q->sparsity > 0) {
        int64_t all, kept, offsets, position_bytes;

        if (!checked_mul_i64(&all, rows, cols))
            return -1;
        kept = all - (int64_t)floor((double)all * q->sparsity);
        if (!checked_mul_i64(&position_bytes, kept, CSL_POSITION_BITS / 8) ||
            !checked_mul_i64(&offsets, ceil_div_i64(rows, CSL_TILE_ROWS), ceil_div_i64(cols, CSL_TILE_COLS)) ||
            !checked_mul_i64(&offsets, offsets, CSL_OFFSET_BYTES))
            return -1;
        return rows_times(1, packed_bytes(q->format, kept), rows_times(1, position_bytes, offsets));
    }
    return rows_times(rows, packed_bytes(q->format, cols), 0);
}

static int64_t scale_count(const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t count;

    if (q->scale == NULL)
        return 0;
    if (q->group == QUANT_PER_TENSOR)
        return 1;
    if (q->group == QUANT_PER_CHANNEL)
        return rows;
    return checked_mul_i64(&count, rows, ceil_div_i64(cols, q->group)) ? count : -1;
}

int64_t quant_stored_bytes(const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t elements, scales, zeros;

    if (rows <= 0 || cols <= 0)
        return rows == 0 || cols == 0 ? 0 : -1;
    if (cols > INT64_MAX / 64)
        return -1;
    elements = element_bytes(q, rows, cols);
    scales = scale_count(q, rows, cols);
    if (elements < 0 || scales < 0)
        return -1;
    zeros = q->zero_point ? packed_bytes(q->format, scales) : 0;
    if (q->scale != NULL)
        scales = packed_bytes(q->scale, scales);
    return rows_times(1, elements, rows_times(1, scales, zeros));
}

double quant_bits_per_element(const struct quant *q)
{
    double bits = (double)q->format->packed_bits / q->format->packed_elements;

    if (q->two_of_four)
        bits = bits / 2 + 1; /* half the values, 2 bits for each of them */
    else if (q->sparsity > 0)
        bits = (1 - q->sparsity) * (bits + CSL_POSITION_BITS) +
               8.0 * CSL_OFFSET_BYTES / (CSL_TILE_ROWS * CSL_TILE_COLS);
    if (q->group > 0 && q->scale != NULL)
        bits += (q->scale->bits + (q->zero_point ? q->format->bits : 0)) / (double)q->group;
    return bits;
}
