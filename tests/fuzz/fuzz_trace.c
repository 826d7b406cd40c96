/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of the trace reader (libFuzzer's entry point): whatever the bytes, reading ends with a status, a bad trace has a
 * message of one line, and the work of every accepted operator fits in 63 bits. Seeds: tests/fuzz/trace/.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/op_math.h"
#include "workloads/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void use(const struct step *step)
{
    struct op_elements e;

    for (int64_t i = 0; i < step->ops_count; i++) {
        require(op_flops_total(&step->ops[i], step) >= 0);
        require(op_elements_total(&e, &step->ops[i], step));
        require(op_elements(&e, &step->ops[i], step, step->repeat - 1) && e.kv_read >= 0 && e.input >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct trace *t = NULL;
    const struct step *step = NULL;
    enum status st = trace_open_memory(&t, "fuzz", data, size, &err);

    while (st == STATUS_OK && (st = trace_next(&step, t, &arena, &err)) == STATUS_OK && step != NULL) {
        use(step);
        arena_reset(&arena);
    }
    if (st != STATUS_OK)
        require(st == STATUS_BAD_INPUT && err.message[0] != '\0' && strchr(err.message, '\n') == NULL);
    trace_close(t);
    arena_free(&arena);
    return 0;
}
