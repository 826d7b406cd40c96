/* SPDX-License-Identifier: Apache-2.0 */
/** Fuzz target of filters (store/query.h) over an empty database: every text is a filter or is told; SQLite takes each statement that is made. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "store/query.h"
#include "tests/fuzz/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct store *store;
    struct arena arena = { .limit_bytes = (size_t)64 << 20 };
    struct error err = { 0 };
    struct store_query *q = NULL;
    char *text = malloc(size + 1);
    bool more;

    require(text && (store || !store_open_memory(&store, &err)));
    memcpy(text, data, size);
    text[size] = '\0';
    enum status st = store_query_open(&q, store, &(struct store_selection){ .view = "runs", .columns = "id", .where = text }, &arena, &err);
    require_told(st, &err);
    require(st == STATUS_OK || st == STATUS_BAD_INPUT);
    if (!st)
        require(!store_query_next(&more, q, &err) && !more);
    store_query_close(q);
    arena_free(&arena);
    free(text);
    return 0;
}
