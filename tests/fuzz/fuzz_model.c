/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of model configurations (config.json) and request lists: what is read has positive sizes and counts that did not overflow, or
 * a message of one line. Seeds: tests/fuzz/model/.
 */
#define _GNU_SOURCE
#include "tests/fuzz/bytes.h"
#include "workloads/generate.h"
#include "workloads/llm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_file f = bytes_open(data, size);
    struct arena arena = { .limit_bytes = (size_t)64 << 20 };
    struct error err = { 0 };
    struct model_info info = { 0 };
    struct request *requests;
    struct llm m = { 0 };
    int64_t count = 0;
    enum status st = llm_read(&m, f.path, "fuzz", &arena, &err);

    require_told(st, &err);
    if (st == STATUS_OK) {
        st = llm_model_info(&info, &m, 0, &arena, &err);
        require_told(st, &err);
    }
    require_told(st = requests_read(&requests, &count, f.path, 0, &arena, &err), &err);
    for (int64_t i = 0; st == STATUS_OK && i < count; i++)
        require(requests[i].in_tokens >= 0 && requests[i].out_tokens >= 0);
    arena_free(&arena);
    close(f.fd);
    return 0;
}
