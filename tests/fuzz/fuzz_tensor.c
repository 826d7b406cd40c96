/* SPDX-License-Identifier: Apache-2.0 */
/** Fuzz target of the readers of tensor files: any bytes are tensors inside the file or a message. Seeds: tests/fuzz/tensor/, one of each form. */
#define _GNU_SOURCE
#include "formats/tensor_file.h"
#include "tests/fuzz/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_file file = bytes_open(data, size);
    struct tensor_file *f;
    struct error err = { 0 };
    enum status st = tensor_file_open(&f, file.path, &err);
    float values[64];
    int64_t count = 0;

    require_told(st, &err);
    const struct tensor *list = st == STATUS_OK ? tensor_file_list(f, &count) : NULL;
    for (int64_t i = 0; i < count; i++) {
        const struct tensor *t = &list[i];
        int64_t n = t->count < 64 ? t->count : 64;

        require(t->offset >= 0 && t->bytes >= 0 && t->offset + t->bytes <= (int64_t)size && t->count >= 0);
        require_told(tensor_read(values, f, t, 0, n, &err), &err);
        require_told(tensor_read(values, f, t, t->count - n, n, &err), &err);
    }
    if (st == STATUS_OK)
        tensor_file_close(f);
    close(file.fd);
    return 0;
}
