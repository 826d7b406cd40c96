/* SPDX-License-Identifier: Apache-2.0 */
/**
 * NumPy's .npy: "\x93NUMPY", version, length of a header (16 bits in version 1, 32 in 2 and 3), the header as a Python dictionary of three
 * known keys, the data. The one array is called "array".
 */
#include <stdlib.h>
#include <string.h>

#include "formats/tensor_internal.h"

enum { HEADER_MAX = 1 << 20 };

static const struct { const char *descr, *type; } descrs[] = {
    { "<f8", "F64" }, { "<f4", "F32" }, { "<f2", "F16" }, { "<i8", "I64" }, { "<i4", "I32" }, { "<i2", "I16" }, { "|i1", "I8" },
    { "<u8", "U64" }, { "<u4", "U32" }, { "<u2", "U16" }, { "|u1", "U8" },  { "|b1", "BOOL" },
};

/* What follows "'key':" in the header, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[32];
    const char *p;

    snprintf(quoted, sizeof quoted, "'%s'", key);
    if ((p = strstr(header, quoted)) == NULL)
        return NULL;
    p += strlen(quoted);
    p += strspn(p, " ");
    return *p == ':' ? p + 1 + strspn(p + 1, " ") : NULL;
}

static const struct tensor_type *type_of(const char *p)
{
    for (size_t i = 0; p != NULL && i < sizeof descrs / sizeof descrs[0]; i++)
        if ((*p == '\'' || *p == '"') && strncmp(p + 1, descrs[i].descr, 3) == 0 && p[4] == *p)
            return tensor_type_find(descrs[i].type);
    return NULL;
}

static bool shape_of(struct tensor *t, const char *p)
{
    if (p == NULL || *p++ != '(')
        return false;
    for (;;) {
        int64_t v = 0;

        p += strspn(p, " ,");
        if (*p == ')')
            return true;
        if (*p < '0' || *p > '9' || t->dims == TENSOR_DIMS_MAX)
            return false;
        for (; *p >= '0' && *p <= '9'; p++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
                return false;
        t->shape[t->dims++] = v;
    }
}

enum status tensor_read_npy(struct tensor_file *f, struct error *err)
{
    struct tensor t = { .name = "array" };
    uint8_t start[12] = { 0 };
    enum status st = tensor_bytes(start, f, 0, 10, err);
    const char *order;
    int64_t length, from;
    char *header;

    if (st)
        return st;
    if (start[6] < 1 || start[6] > 3)
        return tensor_error(f, 6, err, "version %d of .npy, expected 1 to 3", start[6]);
    from = start[6] == 1 ? 10 : 12;
    if ((st = tensor_bytes(start, f, 0, from, err)))
        return st;
    length = start[8] | start[9] << 8 | (from == 12 ? (int64_t)start[10] << 16 | (int64_t)start[11] << 24 : 0);
    if (length > HEADER_MAX)
        return tensor_error(f, 8, err, "a header of %lld bytes, expected at most %d", (long long)length, HEADER_MAX);
    if ((header = arena_alloc(&f->arena, (size_t)length + 1)) == NULL)
        return error_no_memory(err);
    if ((st = tensor_bytes(header, f, from, length, err)))
        return st;
    if ((t.type = type_of(value_of(header, "descr"))) == NULL)
        return tensor_error(f, from, err, "'descr' in the header, expected one of <f8 <f4 <f2, <i8 to |i1, <u8 to |u1, |b1 (little-endian)");
    order = value_of(header, "fortran_order");
    if (order == NULL || strncmp(order, "False", 5) != 0)
        return tensor_error(f, from, err, "'fortran_order' in the header, expected False (save numpy.ascontiguousarray of it)");
    if (!shape_of(&t, value_of(header, "shape")))
        return tensor_error(f, from, err, "'shape' in the header, expected at most %d counts in parentheses", TENSOR_DIMS_MAX);
    t.offset = from + length;
    return tensor_add(f, &t, from, err);
}
