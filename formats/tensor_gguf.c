/* SPDX-License-Identifier: Apache-2.0 */
/**
 * GGUF: magic, version, counts of tensors and of key-value pairs, the pairs (passed over but for general.alignment), a record for each tensor, padding, the
 * data. Lengths are 64 bits. GGUF's first dimension is the contiguous one: shapes are turned round.
 */
#include <string.h>

#include "base/checked.h"
#include "formats/tensor_internal.h"

enum { BUFFER_BYTES = 1 << 16, NAME_MAX_BYTES = 1 << 16, KIND_STRING = 8, KIND_ARRAY = 9, KINDS = 13, DEPTH_MAX = 4 };
static const uint8_t kind_bytes[KINDS] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 }; /* u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64 */

static const struct { uint32_t number; const char *type; } types[] = {
    { 0, "F32" },   { 1, "F16" },   { 2, "Q4_0" },  { 3, "Q4_1" },  { 6, "Q5_0" },  { 7, "Q5_1" },  { 8, "Q8_0" },  { 9, "Q8_1" },  { 10, "Q2_K" }, { 11, "Q3_K" },
    { 12, "Q4_K" }, { 13, "Q5_K" }, { 14, "Q6_K" }, { 15, "Q8_K" }, { 24, "I8" },   { 25, "I16" },  { 26, "I32" },  { 27, "I64" },  { 28, "F64" },  { 30, "BF16" },
};

struct cursor {
    struct tensor_file *f;
    int64_t at;                      /* in the file */
    int64_t buffer_at, buffer_bytes; /* what the buffer holds */
    uint8_t buffer[BUFFER_BYTES];
    struct error *err;
};

static enum status bytes(void *out, struct cursor *c, int64_t n)
{
    uint8_t *to = out;

    while (n > 0) {
        int64_t have = c->buffer_at + c->buffer_bytes - c->at, take;
        if (c->at < c->buffer_at || have <= 0) {
            int64_t left = c->f->bytes - c->at, fill = left < BUFFER_BYTES ? left : BUFFER_BYTES;
            enum status st = tensor_bytes(c->buffer, c->f, c->at, fill > 0 ? fill : n, c->err);
            if (st)
                return st;
            c->buffer_at = c->at;
            c->buffer_bytes = have = fill;
        }
        take = n < have ? n : have;
        memcpy(to, c->buffer + (c->at - c->buffer_at), (size_t)take);
        to += take;
        c->at += take;
        n -= take;
    }
    return STATUS_OK;
}

static enum status number(uint64_t *out, struct cursor *c, int n)
{
    uint8_t b[8];
    enum status st = bytes(b, c, n);

    *out = 0;
    for (int i = n - 1; st == STATUS_OK && i >= 0; i--)
        *out = *out << 8 | b[i];
    return st;
}

/* Moves on by n bytes; the file must hold them. */
static enum status pass(struct cursor *c, uint64_t n)
{
    if (n > (uint64_t)(c->f->bytes - c->at))
        return tensor_error(c->f, c->at, c->err, "%llu bytes to come, expected at most the %lld left in the file", (unsigned long long)n, (long long)(c->f->bytes - c->at));
    c->at += (int64_t)n;
    return STATUS_OK;
}

static enum status text(char **out, struct cursor *c)
{
    uint64_t n;
    int64_t at = c->at;
    enum status st = number(&n, c, 8);

    if (st)
        return st;
    if (n > NAME_MAX_BYTES || (int64_t)n > c->f->bytes - c->at)
        return tensor_error(c->f, at, c->err, "a name of %llu bytes, expected at most %d and not beyond the file", (unsigned long long)n, NAME_MAX_BYTES);
    if ((*out = arena_alloc(&c->f->arena, (size_t)n + 1)) == NULL)
        return error_no_memory(c->err);
    return bytes(*out, c, (int64_t)n);
}

static enum status pass_value(struct cursor *c, uint64_t kind, int depth)
{
    uint64_t inner, n;
    int64_t at = c->at;
    enum status st;

    if (kind >= KINDS || depth > DEPTH_MAX)
        return tensor_error(c->f, at, c->err, "a value of kind %llu, expected 0 to %d, arrays at most %d deep", (unsigned long long)kind, KINDS - 1, DEPTH_MAX);
    if (kind == KIND_STRING)
        return (st = number(&n, c, 8)) ? st : pass(c, n);
    if (kind != KIND_ARRAY)
        return pass(c, kind_bytes[kind]);
    if ((st = number(&inner, c, 4)) || (st = number(&n, c, 8)))
        return st;
    if (inner < KINDS && kind_bytes[inner] > 0)
        return n > (uint64_t)INT64_MAX / 8 ? pass(c, n) : pass(c, n * kind_bytes[inner]);
    for (; n > 0; n--) /* each string or array has at least a length, so the file's end stops a large count */
        if ((st = pass_value(c, inner, depth + 1)))
            return st;
    return STATUS_OK;
}

static enum status pair(struct cursor *c, uint64_t *alignment)
{
    char *key;
    uint64_t kind;
    int64_t at;
    enum status st = text(&key, c);

    if (st || (st = number(&kind, c, 4)))
        return st;
    if (strcmp(key, "general.alignment") != 0 || kind != 4)
        return pass_value(c, kind, 0);
    at = c->at;
    if ((st = number(alignment, c, 4)))
        return st;
    if (*alignment == 0 || *alignment % 8 != 0 || *alignment > 1 << 20)
        return tensor_error(c->f, at, c->err, "general.alignment of %llu, expected a multiple of 8 up to 2^20", (unsigned long long)*alignment);
    return STATUS_OK;
}

static enum status record(struct cursor *c)
{
    struct tensor t = { 0 };
    uint64_t dims, size, type, offset;
    char *name;
    int64_t at = c->at;
    enum status st = text(&name, c);

    if (st || (st = number(&dims, c, 4)))
        return st;
    t.name = name;
    if (dims > TENSOR_DIMS_MAX)
        return tensor_error(c->f, at, c->err, "tensor '%s' of %llu dimensions, expected at most %d", name, (unsigned long long)dims, TENSOR_DIMS_MAX);
    t.dims = (int)dims;
    for (int i = t.dims - 1; i >= 0; i--) {
        if ((st = number(&size, c, 8)))
            return st;
        t.shape[i] = size > INT64_MAX ? -1 : (int64_t)size;
    }
    if ((st = number(&type, c, 4)) || (st = number(&offset, c, 8)))
        return st;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].number == type)
            t.type = tensor_type_find(types[i].type);
    if (t.type == NULL)
        return tensor_error(c->f, at, c->err, "tensor '%s' of type %llu, expected one of F32 to Q8_K, I8 to F64, BF16", name, (unsigned long long)type);
    t.offset = offset > (uint64_t)c->f->bytes ? c->f->bytes : (int64_t)offset; /* from the start of the data; moved below */
    t.bytes = at;
    /* kept in the list as it is; tensor_add() checks it once the data's start is known */
    if (c->f->count == c->f->room) {
        int64_t room = c->f->room > 0 ? 2 * c->f->room : 64;
        struct tensor *more = arena_array(&c->f->arena, (size_t)room, sizeof *more);
        if (more == NULL)
            return error_no_memory(c->err);
        if (c->f->count > 0)
            memcpy(more, c->f->list, (size_t)c->f->count * sizeof *more);
        c->f->list = more;
        c->f->room = room;
    }
    c->f->list[c->f->count++] = t;
    return STATUS_OK;
}

static enum status place_all(struct tensor_file *f, int64_t data, struct error *err)
{
    int64_t count = f->count;
    struct tensor *found = f->list;
    enum status st = STATUS_OK;

    f->list = NULL;
    f->count = f->room = 0;
    for (int64_t i = 0; st == STATUS_OK && i < count; i++) {
        int64_t at = found[i].bytes;
        if (!checked_add_i64(&found[i].offset, found[i].offset, data))
            found[i].offset = -1;
        st = tensor_add(f, &found[i], at, err);
    }
    return st;
}

enum status tensor_read_gguf(struct tensor_file *f, struct error *err)
{
    struct cursor *c = arena_alloc(&f->arena, sizeof *c);
    uint64_t version, tensors, pairs, alignment = 32;
    enum status st;

    if (c == NULL)
        return error_no_memory(err);
    c->f = f;
    c->err = err;
    c->at = 4;
    if ((st = number(&version, c, 4)))
        return st;
    if (version != 2 && version != 3)
        return tensor_error(f, 4, err, "version %llu of GGUF, expected 2 or 3 (little-endian)", (unsigned long long)version);
    if ((st = number(&tensors, c, 8)) || (st = number(&pairs, c, 8)))
        return st;
    for (uint64_t i = 0; i < pairs; i++)
        if ((st = pair(c, &alignment)))
            return st;
    for (uint64_t i = 0; i < tensors; i++)
        if ((st = record(c)))
            return st;
    return place_all(f, ceil_div_i64(c->at, (int64_t)alignment) * (int64_t)alignment, err);
}
