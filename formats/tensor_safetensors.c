/* SPDX-License-Identifier: Apache-2.0 */
/**
 * safetensors: 64-bit length of a JSON header, the header, the data. {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 * "__metadata__": {"key": "text"}}; offsets count from the end of the header. The header is at most 100 MB (the format's own limit).
 * A scanner of just this form, so that each message has its byte.
 */
#include <string.h>

#include "formats/tensor_internal.h"

enum { HEADER_MAX = 100000000 };

struct scan {
    struct tensor_file *f;
    const char *text; /* the header */
    int64_t at, end;
    struct error *err;
};

static enum status expected(const struct scan *s, const char *what)
{
    char found[2] = { s->at < s->end ? s->text[s->at] : '\0', '\0' };

    if (s->at >= s->end)
        return tensor_error(s->f, 8 + s->at, s->err, "the header ends, expected %s", what);
    return tensor_error(s->f, 8 + s->at, s->err, "'%s' in the header, expected %s", found, what);
}

static void space(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", s->text[s->at]) != NULL && s->text[s->at] != '\0')
        s->at++;
}

/* The next byte that is no space, if it is c. */
static bool take(struct scan *s, char c)
{
    space(s);
    if (s->at >= s->end || s->text[s->at] != c)
        return false;
    s->at++;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* A string; \uXXXX above ASCII becomes '?' (names of tensors are ASCII). */
static enum status string(char **out, struct scan *s)
{
    static const char escapes[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    int64_t start;
    char *text, *to;

    if (!take(s, '"'))
        return expected(s, "a string");
    for (start = s->at; s->at < s->end && s->text[s->at] != '"'; s->at++)
        s->at += s->text[s->at] == '\\';
    if (s->at >= s->end)
        return expected(s, "the end of a string");
    if ((text = to = arena_alloc(&s->f->arena, (size_t)(s->at - start) + 1)) == NULL)
        return error_no_memory(s->err);
    for (int64_t i = start; i < s->at; i++) {
        const char *known;
        if ((unsigned char)s->text[i] < 0x20)
            return tensor_error(s->f, 8 + i, s->err, "a control byte in a string of the header");
        if (s->text[i] != '\\') {
            *to++ = s->text[i];
            continue;
        }
        i++;
        if (s->text[i] == 'u' && i + 4 < s->at && is_hex(s->text[i + 1]) && is_hex(s->text[i + 2]) && is_hex(s->text[i + 3]) && is_hex(s->text[i + 4])) {
            *to++ = '?';
            i += 4;
        } else if ((known = strchr(escapes, s->text[i])) != NULL && *known != '\0')
            *to++ = meaning[known - escapes];
        else
            return tensor_error(s->f, 8 + i, s->err, "an unknown escape in a string of the header");
    }
    s->at++;
    *out = text;
    return STATUS_OK;
}

static enum status integer(int64_t *out, struct scan *s)
{
    int64_t v = 0;

    space(s);
    if (s->at >= s->end || s->text[s->at] < '0' || s->text[s->at] > '9')
        return expected(s, "a count");
    for (; s->at < s->end && s->text[s->at] >= '0' && s->text[s->at] <= '9'; s->at++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s->text[s->at] - '0', &v))
            return expected(s, "a count below 2^63");
    *out = v;
    return STATUS_OK;
}

static enum status integers(int64_t *out, int *count, int most, const char *what, struct scan *s)
{
    enum status st;

    *count = 0;
    if (!take(s, '['))
        return expected(s, what);
    if (take(s, ']'))
        return STATUS_OK;
    do {
        if (*count == most)
            return expected(s, what);
        if ((st = integer(&out[(*count)++], s)))
            return st;
    } while (take(s, ','));
    return take(s, ']') ? STATUS_OK : expected(s, "',' or ']'");
}

/* {"text": "text"}: passed over. */
static enum status metadata(struct scan *s)
{
    char *ignored;
    enum status st;

    if (!take(s, '{'))
        return expected(s, "an object of texts");
    if (take(s, '}'))
        return STATUS_OK;
    do {
        if ((st = string(&ignored, s)))
            return st;
        if (!take(s, ':'))
            return expected(s, "':'");
        if ((st = string(&ignored, s)))
            return st;
    } while (take(s, ','));
    return take(s, '}') ? STATUS_OK : expected(s, "',' or '}'");
}

static enum status field(struct tensor *t, int64_t range[2], unsigned *seen, struct scan *s)
{
    char *key, *type;
    int64_t at = s->at;
    enum status st = string(&key, s);
    int n;

    if (st)
        return st;
    if (!take(s, ':'))
        return expected(s, "':'");
    unsigned bit = strcmp(key, "dtype") == 0 ? 1 : strcmp(key, "shape") == 0 ? 2 : strcmp(key, "data_offsets") == 0 ? 4 : 0;
    if (bit == 0 || (*seen & bit))
        return tensor_error(s->f, 8 + at, s->err, "key '%s' of tensor '%s', expected dtype, shape and data_offsets, once each", key, t->name);
    *seen |= bit;
    if (bit == 2)
        return integers(t->shape, &t->dims, TENSOR_DIMS_MAX, "a list of at most 8 counts", s);
    if (bit == 4) {
        if ((st = integers(range, &n, 2, "a list of two offsets", s)))
            return st;
        return n == 2 ? STATUS_OK : expected(s, "two offsets");
    }
    at = s->at;
    if ((st = string(&type, s)))
        return st;
    if ((t->type = tensor_type_find(type)) == NULL || t->type->block_elements != 1)
        return tensor_error(s->f, 8 + at, s->err, "dtype '%s' of tensor '%s', expected F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 to I64, U8 to U64 or BOOL", type, t->name);
    return STATUS_OK;
}

static enum status tensor_of(struct scan *s, const char *name, int64_t at)
{
    struct tensor t = { .name = name };
    int64_t range[2] = { 0 };
    unsigned seen = 0;
    enum status st;

    if (!take(s, '{'))
        return expected(s, "an object with dtype, shape and data_offsets");
    do {
        if ((st = field(&t, range, &seen, s)))
            return st;
    } while (take(s, ','));
    if (!take(s, '}'))
        return expected(s, "',' or '}'");
    if (seen != 7)
        return tensor_error(s->f, 8 + at, s->err, "tensor '%s' without %s", name, !(seen & 1) ? "dtype" : !(seen & 2) ? "shape" : "data_offsets");
    if (range[1] < range[0] || __builtin_add_overflow(range[0], 8 + s->end, &t.offset))
        return tensor_error(s->f, 8 + at, s->err, "data_offsets of tensor '%s' are %lld and %lld, expected them in order", name, (long long)range[0], (long long)range[1]);
    if ((st = tensor_add(s->f, &t, 8 + at, s->err)))
        return st;
    if (s->f->list[s->f->count - 1].bytes != range[1] - range[0])
        return tensor_error(s->f, 8 + at, s->err, "tensor '%s' has %lld bytes by its data_offsets, expected %lld by its shape", name, (long long)(range[1] - range[0]),
                            (long long)s->f->list[s->f->count - 1].bytes);
    return STATUS_OK;
}

static enum status object(struct scan *s)
{
    enum status st;
    char *name;

    if (!take(s, '{'))
        return expected(s, "'{'");
    if (!take(s, '}')) {
        do {
            int64_t at = s->at;
            if ((st = string(&name, s)))
                return st;
            if (!take(s, ':'))
                return expected(s, "':'");
            st = strcmp(name, "__metadata__") == 0 ? metadata(s) : tensor_of(s, name, at);
            if (st)
                return st;
        } while (take(s, ','));
        if (!take(s, '}'))
            return expected(s, "',' or '}'");
    }
    space(s);
    return s->at == s->end ? STATUS_OK : expected(s, "the end of the header");
}

enum status tensor_read_safetensors(struct tensor_file *f, struct error *err)
{
    struct scan s = { .f = f, .err = err };
    uint8_t length[8];
    uint64_t n = 0;
    char *text;
    enum status st = tensor_bytes(length, f, 0, 8, err);

    if (st)
        return st;
    for (int i = 7; i >= 0; i--)
        n = n << 8 | length[i];
    if (n > HEADER_MAX || (int64_t)n > f->bytes - 8)
        return tensor_error(f, 0, err, "a header of %llu bytes, expected at most %d and not beyond the file's %lld", (unsigned long long)n, HEADER_MAX, (long long)f->bytes);
    if ((text = arena_alloc(&f->arena, (size_t)n + 1)) == NULL)
        return error_no_memory(err);
    if ((st = tensor_bytes(text, f, 8, (int64_t)n, err)))
        return st;
    s.text = text;
    s.end = (int64_t)n;
    return object(&s);
}
