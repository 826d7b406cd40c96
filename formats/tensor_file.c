/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, finding and reading of tensors; the three headers are files of their own. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/nearest.h"
#include "formats/tensor_internal.h"

enum { PIECE_BYTES = 1 << 16, HEADER_ARENA_BYTES = 1 << 29 };

static enum status read_header(struct tensor_file *f, struct error *err)
{
    uint8_t magic[10] = { 0 };
    int64_t n = f->bytes < (int64_t)sizeof magic ? f->bytes : (int64_t)sizeof magic;
    enum status st = tensor_bytes(magic, f, 0, n, err);

    if (st)
        return st;
    if (memcmp(magic, "\x93NUMPY", 6) == 0)
        return tensor_read_npy(f, err);
    if (memcmp(magic, "GGUF", 4) == 0)
        return tensor_read_gguf(f, err);
    if (magic[8] == '{')
        return tensor_read_safetensors(f, err);
    return tensor_error(f, 0, err, "neither GGUF nor .npy nor safetensors, expected one of them by its first bytes");
}

enum status tensor_file_open(struct tensor_file **out, const char *path, struct error *err)
{
    struct tensor_file *f = calloc(1, sizeof *f);
    struct stat s;
    enum status st;

    if (f == NULL)
        return error_no_memory(err);
    f->arena.limit_bytes = HEADER_ARENA_BYTES;
    if ((f->path = arena_strdup(&f->arena, path)) == NULL)
        st = error_no_memory(err);
    else if ((f->in = fopen(path, "rb")) == NULL)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: %s, expected a tensor file", path, strerror(errno));
    else if (fstat(fileno(f->in), &s) != 0 || !S_ISREG(s.st_mode))
        st = error_plain(err, STATUS_BAD_INPUT, "%s: not a regular file, expected a tensor file", path);
    else {
        f->bytes = s.st_size;
        st = read_header(f, err);
    }
    if (st) {
        tensor_file_close(f);
        return st;
    }
    *out = f;
    return STATUS_OK;
}

const struct tensor *tensor_file_list(const struct tensor_file *f, int64_t *count)
{
    *count = f->count;
    return f->list;
}

enum status tensor_file_find(const struct tensor **out, const struct tensor_file *f, const char *name, struct error *err)
{
    const char **names = calloc((size_t)f->count + 1, sizeof *names), *near;
    enum status st;

    for (int64_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].name, name) == 0) {
            free(names);
            *out = &f->list[i];
            return STATUS_OK;
        }
    for (int64_t i = 0; names != NULL && i < f->count; i++)
        names[i] = f->list[i].name;
    near = names != NULL ? nearest_name(name, names, (size_t)f->count) : NULL;
    st = error_plain(err, STATUS_BAD_INPUT, "%s: no tensor '%s' among %lld%s%s%s", f->path, name, (long long)f->count, near ? "; nearest is '" : "", near ? near : "",
                     near ? "'" : "");
    free(names);
    return st;
}

enum status tensor_read(float *out, struct tensor_file *f, const struct tensor *t, int64_t first, int64_t n, struct error *err)
{
    const struct tensor_type *type = t->type;
    uint8_t piece[PIECE_BYTES];
    float block[256];
    int64_t per_piece = PIECE_BYTES / type->block_bytes;

    if (type->unpack == NULL)
        return tensor_error(f, t->offset, err, "tensor '%s' is of type %s, whose values are not read here, expected a float, an integer or Q4_0, Q4_1, Q5_0, Q5_1, Q8_0", t->name, type->name);
    for (int64_t b = first / type->block_elements, end = ceil_div_i64(first + n, type->block_elements); b < end; b += per_piece) {
        int64_t blocks = b + per_piece < end ? per_piece : end - b;
        enum status st = tensor_bytes(piece, f, t->offset + b * type->block_bytes, blocks * type->block_bytes, err);

        if (st)
            return st;
        if (strcmp(type->name, "F32") == 0 && blocks > 0) { /* as they are */
            memcpy(out + (b - first), piece, (size_t)blocks * 4);
            continue;
        }
        for (int64_t i = 0; i < blocks; i++) {
            int64_t start = (b + i) * type->block_elements;
            type->unpack(block, piece + i * type->block_bytes);
            for (int k = 0; k < type->block_elements; k++)
                if (start + k >= first && start + k < first + n)
                    out[start + k - first] = block[k];
        }
    }
    return STATUS_OK;
}

void tensor_file_close(struct tensor_file *f)
{
    if (f == NULL)
        return;
    if (f->in != NULL)
        fclose(f->in);
    arena_free(&f->arena);
    free(f);
}

void tensor_matrix(const struct tensor *t, int64_t *rows, int64_t *cols)
{
    *rows = t->dims > 1 ? t->shape[0] : 1;
    *cols = *rows > 0 ? t->count / *rows : 0;
}
