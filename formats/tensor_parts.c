/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of headers are made of: bytes at a place, errors with the place, the list of tensors. See tensor_internal.h. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/checked.h"
#include "formats/tensor_internal.h"

enum status tensor_error(const struct tensor_file *f, int64_t offset, struct error *err, const char *format, ...)
{
    char text[512];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return error_plain(err, STATUS_BAD_INPUT, "%s:%lld: %s", f->path, (long long)offset, text);
}

enum status tensor_bytes(void *out, struct tensor_file *f, int64_t offset, int64_t n, struct error *err)
{
    if (offset < 0 || n < 0 || n > f->bytes || offset > f->bytes - n)
        return tensor_error(f, offset, err, "the file ends at byte %lld, expected %lld bytes here", (long long)f->bytes, (long long)n);
    if (fseeko(f->in, (off_t)offset, SEEK_SET) != 0 || fread(out, 1, (size_t)n, f->in) != (size_t)n)
        return tensor_error(f, offset, err, "cannot read %lld bytes: %s", (long long)n, ferror(f->in) ? strerror(errno) : "the file became shorter");
    return STATUS_OK;
}

enum status tensor_add(struct tensor_file *f, struct tensor *t, int64_t at, struct error *err)
{
    int64_t count = 1;

    for (int i = 0; i < t->dims; i++)
        if (t->shape[i] < 0 || !checked_mul_i64(&count, count, t->shape[i]))
            return tensor_error(f, at, err, "tensor '%s' has a shape of more than 2^63 elements", t->name);
    if (count % t->type->block_elements != 0)
        return tensor_error(f, at, err, "tensor '%s' of type %s has %lld elements, expected a multiple of %d", t->name, t->type->name, (long long)count,
                            t->type->block_elements);
    if (!checked_mul_i64(&t->bytes, count / t->type->block_elements, t->type->block_bytes) || t->bytes > f->bytes || t->offset < 0 || t->offset > f->bytes - t->bytes)
        return tensor_error(f, at, err, "tensor '%s' ends beyond the file: %lld elements of %s from byte %lld, and the file has %lld", t->name, (long long)count,
                            t->type->name, (long long)t->offset, (long long)f->bytes);
    t->count = count;
    if (f->count == f->room) {
        int64_t room = f->room > 0 ? 2 * f->room : 64;
        struct tensor *more = arena_array(&f->arena, (size_t)room, sizeof *more);
        if (more == NULL)
            return error_no_memory(err);
        if (f->count > 0)
            memcpy(more, f->list, (size_t)f->count * sizeof *more);
        f->list = more;
        f->room = room;
    }
    f->list[f->count++] = *t;
    return STATUS_OK;
}
