/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of measured rows: CSV, recognised schemas, every kind's columns, and the prediction of each row. A row is predicted with sane
 * values or has a reason of one line. Seeds: tests/fuzz/rows/, one file a kind.
 */
#define _GNU_SOURCE
#include <math.h>

#include "tests/fuzz/bytes.h"
#include "validate/evaluate.h"

static void use(struct evaluation *e, struct predictor *p, struct arena *arena)
{
    struct error err = { 0 };

    if (evaluation_predict(e, p, arena, NULL, NULL, &err))
        return;
    for (int64_t i = 0; i < e->count; i++) {
        const struct evaluated_row *r = &e->rows[i];

        if (r->reason)
            require(r->reason[0] != '\0' && strchr(r->reason, '\n') == NULL);
        else
            require(isfinite(r->value) && r->value > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_file f = bytes_open(data, size);
    struct arena arena = { .limit_bytes = (size_t)256 << 20 };
    struct predictor p;
    struct evaluation e = { 0 };
    struct error err = { 0 };
    enum status st = evaluation_read(&e, f.path, &arena, &err);

    require_told(st, &err);
    if (!st && !predictor_open(&p, "analytic", &err)) {
        use(&e, &p, &arena);
        predictor_close(&p);
    }
    arena_free(&arena);
    close(f.fd);
    return 0;
}
