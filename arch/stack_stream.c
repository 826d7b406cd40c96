/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming kernels of a stack, by operator (struct stream_kernel). What each field does to the time: docs/streaming.md. */
#include "arch/stack_internal.h"

#include <stdio.h>
#include <string.h>

#include "arch/fields.h"

#define K(member) offsetof(struct stream_kernel, member)
#define COUNT(key, member, lo, hi, text) { .path = key, .kind = FIELD_COUNT, .offset = K(member), .min = lo, .max = hi, .doc = text }

static const struct field_row rows[] = {
    { .path = "load", .kind = FIELD_BYTES, .offset = K(load_bytes), .min = 1, .max = 64, .doc = "bytes that a thread loads at once; default stream.load" },
    COUNT("threads", threads, 32, 1024, "most threads of a block; default 1024"),
    { .path = "flat", .kind = FIELD_BOOL, .offset = K(flat), .doc = "blocks cover the tensor whatever its rows; default a block a row" },
    COUNT("unroll", unroll, 1, 64, "loads of each stream that a thread has in flight; default 1"),
    COUNT("grid_sm", grid_sm, 1, 64, "blocks an SM at most, which stride over the tensor"),
    COUNT("grid", grid, 1, 1 << 20, "blocks in all, which stride over the tensor"),
    COUNT("chain", chain, 0, 16, "dependent loads before a block's first: position, index, offsets"),
    { .path = "row_operand", .kind = FIELD_BOOL, .offset = K(row_operand), .doc = "the last pass reads a vector of the row's length" },
    COUNT("instructions", instructions, 1, 256, "of a thread around one load or store; default stream.instructions"),
    COUNT("launches", launches, 1, 16, "kernels of the operator; default 1"),
    COUNT("warp_cols", warp_cols, 1, 1 << 20, "rows of up to so many columns stay in the registers of a warp each"),
    COUNT("launched", launched, 0, 1 << 16, "elements of a row for each launched thread, where most of them idle"),
    { .path = "instruction", .kind = FIELD_TEXT, .offset = K(instruction), .doc = "only on devices whose matrix unit has it (wgmma ...); others run the general kernel" },
    COUNT("serial_rows", serial_rows, 1, 1024, "up to so many rows a thread walks them one after the other"),
    { .path = "atomic", .kind = FIELD_QUANTITY, .quantity = Q_CYCLES, .offset = K(atomic_cycles), .min = 0, .max = 1000,
      .doc = "of L2 for each block's update of one common word" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

enum status stack_read_streams(struct stack *s, const struct yaml_node *map, struct error *err)
{
    size_t order[STACK_STREAMS_MAX];
    char what[96];
    enum status st;

    s->stream_kernels_count = 0;
    if (!map)
        return STATUS_OK;
    if (map->kind != YAML_MAPPING || map->count > STACK_STREAMS_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "stream.kernels: expected at most %d pairs 'operator: {threads: ...}'", STACK_STREAMS_MAX);
    s->stream_kernels_count = (int64_t)fields_sorted(order, map);
    for (int64_t i = 0; i < s->stream_kernels_count; i++) {
        struct stream_kernel *k = &s->stream_kernels[i];

        *k = (struct stream_kernel){ .name = map->keys[order[i]], .threads = 1024, .unroll = 1, .launches = 1 };
        snprintf(what, sizeof what, "streaming kernel '%.60s'", k->name);
        if ((st = fields_read(k, rows, ROWS, map->items[order[i]], what, err)))
            return st;
    }
    return STATUS_OK;
}

void stack_hash_streams(struct hasher *h, const struct stack *s)
{
    hasher_i64(h, s->stream_kernels_count);
    for (int64_t i = 0; i < s->stream_kernels_count; i++) {
        hasher_text(h, s->stream_kernels[i].name);
        fields_hash(h, rows, ROWS, &s->stream_kernels[i]);
    }
}

const struct stream_kernel *stack_stream(const struct stack *stack, const char *op)
{
    for (int64_t i = 0; op && i < stack->stream_kernels_count; i++)
        if (strcmp(stack->stream_kernels[i].name, op) == 0)
            return &stack->stream_kernels[i];
    return NULL;
}
