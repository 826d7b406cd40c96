/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Quantization schemes: text form. docs/recipes.md has the grammar; what a scheme stores is quant_layout.c, its arithmetic quantize.c.
 *
 * Presets, by source: OCP Microscaling Formats 1.0, table 1 (mx*); NVIDIA Blackwell, E4M3 scale for each 16 elements and an fp32
 * scale for the tensor (nvfp4); block floating point of Microsoft's MSFP-12 and -16, sign and 3 or 7 bits with one 8-bit exponent for
 * 16 (Rouhani et al., NeurIPS 2020); QLoRA's double quantization (arXiv 2305.14314, section 3); DGQ, arXiv 2310.04836; SqueezeLLM,
 * arXiv 2306.07629. Left out: blocks in two dimensions, codebooks of vectors.
 */
#include "formats/format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/num.h"

enum { WORD_MAX = 32, GROUP_MAX = 1 << 24, OF_MAX = 64 };

static const struct {
    const char *name, *text;
} presets[] = {
    { "dgq", "uint4g128z/s=int8/ss=fp16pc" },
    { "msfp12", "int4symg16/s=e8m0" },
    { "msfp16", "int8symg16/s=e8m0" },
    { "mxfp4", "fp4_e2m1g32/s=e8m0" },
    { "mxfp6", "fp6_e2m3g32/s=e8m0" },
    { "mxfp6e2m3", "fp6_e2m3g32/s=e8m0" },
    { "mxfp6e3m2", "fp6_e3m2g32/s=e8m0" },
    { "mxfp8", "fp8_e4m3g32/s=e8m0" },
    { "mxfp8e4m3", "fp8_e4m3g32/s=e8m0" },
    { "mxfp8e5m2", "fp8_e5m2g32/s=e8m0" },
    { "mxint8", "int8g32/s=e8m0" },
    { "nf4dq", "nf4g64/s=fp8_e4m3/ss=fp32g256" },
    { "nvfp4", "fp4_e2m1g16/s=fp8_e4m3/ss=fp32pt" },
    { "squeezellm3", "cb3+out0.0045" },
    { "squeezellm4", "cb4+out0.0045" },
};

static bool is_integer(const struct format *f)
{
    return f->family != FORMAT_FLOAT && f->family != FORMAT_SCALE;
}

static enum status unknown_format(const char *text, struct source_pos at, struct error *err)
{
    const char *names[96], *nearest;
    char word[WORD_MAX];
    size_t count, n = strcspn(text, "/+");
    const struct format *const *list = format_list(&count);

    for (size_t i = 0; i < count; i++)
        names[i] = list[i]->name;
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        names[count++] = presets[i].name;
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

/* gN, pc or pt, if the text goes on with one. */
static bool has_group(const char *p)
{
    return *p == 'g' || *p == 'G' || strncasecmp(p, "pt", 2) == 0 || strncasecmp(p, "pc", 2) == 0;
}

static enum status take_group(int64_t *out, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;
    int64_t group = 0;

    if (strncasecmp(p, "pt", 2) == 0 || strncasecmp(p, "pc", 2) == 0) {
        *out = tolower((unsigned char)p[1]) == 't' ? QUANT_PER_TENSOR : QUANT_PER_CHANNEL;
        *text = p + 2;
        return STATUS_OK;
    }
    for (p++; isdigit((unsigned char)*p) && group <= GROUP_MAX; p++)
        group = group * 10 + (*p - '0');
    if (group < 1 || group > GROUP_MAX)
        return error_set(err, STATUS_BAD_INPUT, at, "group size in '%s', expected g1 to g%d", *text, GROUP_MAX);
    *out = group;
    *text = p;
    return STATUS_OK;
}

static enum status take_scale_format(const struct format **out, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;
    const struct format *f = take_format(&p);

    if (f == NULL)
        return unknown_format(p, at, err);
    if (f->family == FORMAT_CODEBOOK || (is_integer(f) && f->bits != 8))
        return error_set(err, STATUS_BAD_INPUT, at, "scale format '%s', expected a float, e8m0 or int8", f->name);
    *out = f;
    *text = p;
    return STATUS_OK;
}

/* /s=FORMAT and /ss=FORMAT(gN|pc|pt). */
static enum status take_scales(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;
    enum status st;

    if (strncasecmp(p, "/s=", 3) == 0) {
        if (q->scale == NULL)
            return error_set(err, STATUS_BAD_INPUT, at, "'%s' has a scale format but no group, expected gN, pc or pt before '/s='", p);
        p += 3;
        if ((st = take_scale_format(&q->scale, &p, at, err)))
            return st;
    }
    if (strncasecmp(p, "/ss=", 4) == 0) {
        if (q->scale == NULL || q->group == QUANT_PER_TENSOR)
            return error_set(err, STATUS_BAD_INPUT, at, "'%s' scales scales, expected groups or rows with a scale before '/ss='", p);
        p += 4;
        if ((st = take_scale_format(&q->scale2, &p, at, err)))
            return st;
        if (q->scale2->family != FORMAT_FLOAT)
            return error_set(err, STATUS_BAD_INPUT, at, "second scale format '%s', expected a float", q->scale2->name);
        if (!has_group(p))
            return error_set(err, STATUS_BAD_INPUT, at, "'%s', expected gN, pc or pt after the format of the second scale", *text);
        if ((st = take_group(&q->scale2_group, &p, at, err)))
            return st;
        if (q->scale2_group == QUANT_PER_CHANNEL && q->group == QUANT_PER_CHANNEL)
            return error_set(err, STATUS_BAD_INPUT, at, "'%s': a row has one scale, expected gN or pt for the second", *text);
    }
    *text = p;
    return STATUS_OK;
}

/* A share in [0, 1) after a word, up to the next '+'. */
static bool take_share(double *out, const char **text, size_t word)
{
    char number[NUM_TEXT_MAX];
    const char *p = *text + word;
    size_t n = strcspn(p, "+");

    /* "1e+06" has a plus of its own, but is no share */
    if (n == 0 || n >= sizeof number)
        return false;
    memcpy(number, p, n);
    number[n] = '\0';
    if (num_parse_double(out, number) != 0 || !(*out >= 0 && *out < 1))
        return false;
    *text = p + n;
    return true;
}

static bool take_structured(struct quant *q, const char **text)
{
    char *end;
    long keep = strtol(*text + 1, &end, 10), of;

    if (!isdigit((unsigned char)(*text)[1]) || *end != ':' || !isdigit((unsigned char)end[1]))
        return false;
    of = strtol(end + 1, &end, 10);
    if (keep < 1 || of <= keep || of > OF_MAX)
        return false;
    if (keep == 2 && of == 4)
        q->two_of_four = true;
    else {
        q->sparse = SPARSE_N_OF_M;
        q->keep = (int)keep;
        q->of = (int)of;
        q->sparsity = 1 - (double)keep / (double)of;
    }
    *text = end;
    return true;
}

static enum status take_mixed(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text + 4;
    const struct format *f = take_format(&p);

    if (f == NULL)
        return unknown_format(p, at, err);
    if (*p != ':' || q->group <= 0 || !is_integer(f) || !is_integer(q->format) || f->family == FORMAT_CODEBOOK ||
        q->format->family == FORMAT_CODEBOOK || q->zero_point)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s', expected +mixFORMAT:F, integers both, on groups (gN) without zero points", *text);
    if (!take_share(&q->mixed_share, &p, 1))
        return error_set(err, STATUS_BAD_INPUT, at, "share of groups in '%s', expected 0 <= F < 1", *text);
    q->mixed = f;
    *text = p;
    return STATUS_OK;
}

/* The '+' clause: at most one. */
static enum status take_clause(struct quant *q, const char **text, struct source_pos at, struct error *err)
{
    const char *p = *text;
    bool ok = false;

    if (take_structured(q, text))
        return STATUS_OK;
    if (strncasecmp(p, "+sparse", 7) == 0)
        ok = take_share(&q->sparsity, text, 7);
    else if (strncasecmp(p, "+bitmask", 8) == 0) {
        ok = take_share(&q->sparsity, text, 8);
        q->sparse = q->sparsity > 0 ? SPARSE_BITMASK : SPARSE_TILED_CSL;
    } else if (strncasecmp(p, "+out", 4) == 0)
        ok = take_share(&q->outliers, text, 4);
    else if (strncasecmp(p, "+cols", 5) == 0)
        ok = take_share(&q->columns, text, 5);
    else if (strncasecmp(p, "+mix", 4) == 0)
        return take_mixed(q, text, at, err);
    if (ok)
        return STATUS_OK;
    return error_set(err, STATUS_BAD_INPUT, at, "'%s', expected '+2:4', '+N:M', '+sparseF', '+bitmaskF', '+outF', '+colsF' or '+mixFORMAT:F', "
                     "one of them, 0 <= F < 1 (as '+sparse0.8')", p);
}

const char *quant_preset(size_t i, const char **text)
{
    if (i >= sizeof presets / sizeof presets[0])
        return NULL;
    *text = presets[i].text;
    return presets[i].name;
}

static const char *preset_text(const char *text)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcasecmp(text, presets[i].name) == 0)
            return presets[i].text;
    return text;
}

static bool is_learned(const struct format *f)
{
    return f->family == FORMAT_CODEBOOK && f->codebook == NULL;
}

enum status quant_parse(struct quant *out, const char *text, struct source_pos at, struct error *err)
{
    struct quant q = { .group = QUANT_PER_TENSOR };
    const char *p = preset_text(text);
    bool grouped;
    enum status st;

    if ((q.format = take_format(&p)) == NULL)
        return unknown_format(text, at, err);
    if (q.format->family == FORMAT_SCALE)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' holds scales, expected a format of elements", q.format->name);
    if ((grouped = has_group(p)) && (st = take_group(&q.group, &p, at, err)))
        return st;
    if (!grouped && is_integer(q.format))
        q.group = QUANT_PER_CHANNEL;
    if (is_learned(q.format) && q.group != QUANT_PER_CHANNEL)
        return error_set(err, STATUS_BAD_INPUT, at, "group in '%s', expected none: learned levels are of a row each", text);
    if ((grouped || is_integer(q.format)) && !is_learned(q.format))
        q.scale = format_find("fp16");
    if (*p == 'z' || *p == 'Z') {
        if (q.format->family != FORMAT_INT)
            return error_set(err, STATUS_BAD_INPUT, at, "zero point in '%s', expected only with int2 to int16", text);
        q.zero_point = true;
        p++;
    }
    if ((st = take_scales(&q, &p, at, err)))
        return st;
    if (*p == '+' && (st = take_clause(&q, &p, at, err)))
        return st;
    if (*p != '\0')
        return error_set(err, STATUS_BAD_INPUT, at, "unexpected '%s' in scheme '%s', expected FORMAT [gN|pt|pc] [z] [/s=FORMAT] [/ss=FORMAT(gN|pt|pc)] [+2:4|+sparseF|...]", p, text);
    *out = q;
    return STATUS_OK;
}

static const char *group_text(char out[WORD_MAX], int64_t group)
{
    char *end = out + WORD_MAX - 1;

    if (group <= 0)
        return strcpy(out, group == QUANT_PER_TENSOR ? "pt" : "pc");
    *end = '\0';
    for (; group > 0; group /= 10)
        *--end = (char)('0' + group % 10);
    *out = 'g';
    memmove(out + 1, end, strlen(end) + 1);
    return out;
}

/* "+word" and a share, at `at`; nothing for a share of zero. */
static void add_share(char *out, size_t bytes, const char *word, double share)
{
    char number[NUM_TEXT_MAX];
    size_t at = strlen(out);

    if (share > 0)
        snprintf(out + at, bytes - at, "%s%s", word, num_format_double(number, share));
}

/* Texts one after the other, cut where they do not fit: printf() would take most of a scheme's time, and sweeps print many. */
static void join(char *out, size_t bytes, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count && bytes > 1; i++) {
        size_t n = strnlen(texts[i], bytes - 1);
        memcpy(out, texts[i], n);
        out += n;
        bytes -= n;
    }
    *out = '\0';
}

const char *quant_format(char *out, size_t bytes, const struct quant *q)
{
    char group[WORD_MAX] = "", group2[WORD_MAX], tail[256] = "";
    bool custom_scale = q->scale != NULL && strcmp(q->scale->name, "fp16") != 0;

    if (q->scale != NULL && !(q->group == QUANT_PER_CHANNEL && is_integer(q->format)))
        group_text(group, q->group);
    if (q->scale2 != NULL)
        snprintf(tail, sizeof tail, "/ss=%s%s", q->scale2->name, group_text(group2, q->scale2_group));
    if (q->two_of_four || (q->sparsity > 0 && q->sparse == SPARSE_N_OF_M))
        snprintf(tail + strlen(tail), sizeof tail - strlen(tail), "+%d:%d", q->two_of_four ? 2 : q->keep, q->two_of_four ? 4 : q->of);
    else
        add_share(tail, sizeof tail, q->sparse == SPARSE_BITMASK ? "+bitmask" : "+sparse", q->sparsity);
    add_share(tail, sizeof tail, "+out", q->outliers);
    add_share(tail, sizeof tail, "+cols", q->columns);
    if (q->mixed != NULL) {
        char number[NUM_TEXT_MAX];
        snprintf(tail + strlen(tail), sizeof tail - strlen(tail), "+mix%s:%s", q->mixed->name, num_format_double(number, q->mixed_share));
    }
    const char *const parts[] = { q->format->name, group, q->zero_point ? "z" : "", custom_scale ? "/s=" : "", custom_scale ? q->scale->name : "", tail };
    join(out, bytes, parts, sizeof parts / sizeof parts[0]);
    return out;
}
