/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tensors in files: safetensors, NumPy's .npy and GGUF, told apart by their first bytes. The header is read and checked against the file's size, the
 * values are read in pieces, as fp32. docs/formats.md, 8.
 *
 * Errors are "file:offset: what was found, what was expected", the offset in bytes from the start.
 * Sources: safetensors README, "Format"; NEP 1 and numpy.lib.format (versions 1 to 3); GGUF specification (ggml docs/gguf.md), versions 2 and 3, block
 * layouts of ggml-common.h. Left out: Fortran order and big-endian arrays, K-quants' values (their sizes are known).
 */
#ifndef LLMSIM_FORMATS_TENSOR_FILE_H
#define LLMSIM_FORMATS_TENSOR_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { TENSOR_DIMS_MAX = 8 };

/** How elements are stored. `unpack` NULL: their values cannot be read here. */
struct tensor_type {
    const char *name;   /* "F32", "BF16", "Q8_0": the file format's own word */
    int block_elements; /* 1, or the elements of a block of GGUF */
    int block_bytes;
    bool is_integer;    /* token numbers, masks: not weights */
    void (*unpack)(float *out, const uint8_t *block); /* block_elements values */
};

struct tensor {
    const char *name;
    const struct tensor_type *type;
    int dims;
    int64_t shape[TENSOR_DIMS_MAX]; /* outermost first; the last is contiguous */
    int64_t count;                  /* of elements; may be 0 */
    int64_t offset, bytes;          /* in the file, checked to lie inside */
};

struct tensor_file;

/** Reads the header. Handle: tensor_file_close(). */
enum status tensor_file_open(struct tensor_file **out, const char *path, struct error *err);
/** Its tensors, in the order of the file, borrowed. */
const struct tensor *tensor_file_list(const struct tensor_file *f, int64_t *count);
/** By name; STATUS_BAD_INPUT with the nearest. */
enum status tensor_file_find(const struct tensor **out, const struct tensor_file *f, const char *name, struct error *err);
/** Elements first to first + n - 1 as fp32 (integers beyond 2^24 are rounded). Within the tensor's count. */
enum status tensor_read(float *out, struct tensor_file *f, const struct tensor *t, int64_t first, int64_t n, struct error *err);
void tensor_file_close(struct tensor_file *f); /* NULL allowed */

/** A tensor as a matrix: the first dimension is rows (outputs), the others together columns; one dimension is one row. */
void tensor_matrix(const struct tensor *t, int64_t *rows, int64_t *cols);

#endif
