/* SPDX-License-Identifier: Apache-2.0 */
/** What the readers of tensor files share; for formats/tensor_*.c alone. */
#ifndef LLMSIM_FORMATS_TENSOR_INTERNAL_H
#define LLMSIM_FORMATS_TENSOR_INTERNAL_H

#include <stdio.h>

#include "formats/tensor_file.h"

struct tensor_file {
    FILE *in;
    const char *path;
    int64_t bytes;    /* of the file */
    struct arena arena;
    struct tensor *list;
    int64_t count, room;
};

/** "path:offset: ..." */
enum status tensor_error(const struct tensor_file *f, int64_t offset, struct error *err, const char *format, ...) __attribute__((format(printf, 4, 5)));
/** n bytes from `offset`; a file that ends before is an error. */
enum status tensor_bytes(void *out, struct tensor_file *f, int64_t offset, int64_t n, struct error *err);
/** One more tensor: count and bytes are worked out from type and shape; offset must be set; `at`: where the header speaks of it. */
enum status tensor_add(struct tensor_file *f, struct tensor *t, int64_t at, struct error *err);

/** Types by the name of the file format; the list ends with name NULL. */
extern const struct tensor_type tensor_types[];
const struct tensor_type *tensor_type_find(const char *name);

enum status tensor_read_safetensors(struct tensor_file *f, struct error *err);
enum status tensor_read_npy(struct tensor_file *f, struct error *err);
enum status tensor_read_gguf(struct tensor_file *f, struct error *err);

#endif
