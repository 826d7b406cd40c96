/* SPDX-License-Identifier: Apache-2.0 */
/* Reads how a stack runs mixtures of experts. See stack_internal.h and docs/moe.md. */
#include <stdlib.h>
#include <string.h>

#include "arch/fields.h"
#include "arch/stack_internal.h"

#define M(member) offsetof(struct stack_moe, member)
#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct field_row moe_rows[] = {
    { .path = "kernels", .kind = FIELD_NODE, .doc = "grouped GEMM catalogue, as gemm.kernels; default: that one" },
    { .path = "pick_rule", .kind = FIELD_CHOICE, .offset = M(pick_rule), .required = true, .choices = "best tokens", .doc = "how a kernel is chosen" },
    { .path = "small", .kind = FIELD_TEXT, .offset = M(small), .doc = "rule tokens: kernel up to as many tokens as experts" },
    { .path = "large", .kind = FIELD_TEXT, .offset = M(large), .doc = "rule tokens: kernel for more tokens" },
    { .path = "tuned", .kind = FIELD_NODE, .doc = "experts x inner width, as in 8x7168: shapes with kernels chosen by measurement" },
    { .path = "sort_launches", .kind = FIELD_COUNT, .offset = M(sort_launches), .max = 64, .required = true, .doc = "kernels that sort token copies by expert" },
    { .path = "sort_launches_many", .kind = FIELD_COUNT, .offset = M(sort_launches_many), .max = 64, .doc = "the same from sort_many_tokens on" },
    { .path = "sort_many_tokens", .kind = FIELD_COUNT, .offset = M(sort_many_tokens), .max = 1e9, .doc = "tokens from which sort_launches_many holds; 0 = never" },
    { .path = "sort_serial", .kind = FIELD_COUNT, .offset = M(sort_serial), .max = 64, .required = true, .doc = "of these, kernels of one thread block" },
    { .path = "quantizes_separately", .kind = FIELD_BOOL, .offset = M(quantizes_separately), .required = true, .doc = "run-time scales by a kernel of its own" },
    { .path = "copies_rows", .kind = FIELD_BOOL, .offset = M(copies_rows), .required = true, .doc = "rows are copied in the experts' order before the GEMM" },
    { .path = "all_rows", .kind = FIELD_BOOL, .offset = M(all_rows), .required = true, .doc = "activation and sum pass over other devices' copies too" },
    { .path = "chunk_tokens", .kind = FIELD_COUNT, .offset = M(chunk_tokens), .max = 1e12, .required = true, .doc = "tokens at once; 0 = all" },
};

static enum status read_tuned(struct stack_moe *moe, const struct yaml_node *list, struct error *err)
{
    if (!list)
        return STATUS_OK;
    if (list->kind != YAML_SEQUENCE || list->count > STACK_TUNED_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "moe.tuned: expected a list of at most %d EXPERTSxWIDTH", STACK_TUNED_MAX);
    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->items[i]->kind == YAML_SCALAR ? list->items[i]->text : "";
        char *end;
        long experts = strtol(text, &end, 10), inner = *end == 'x' ? strtol(end + 1, &end, 10) : 0;

        if (experts < 1 || inner < 1 || *end != '\0' || strlen(text) > 20)
            return error_set(err, STATUS_BAD_INPUT, list->items[i]->at, "moe.tuned: '%s', expected EXPERTSxWIDTH, as in 8x7168", text);
        moe->tuned[moe->tuned_count++] = (struct moe_tuned){ experts, inner };
    }
    return STATUS_OK;
}

static enum status read_kernels(struct stack_moe *moe, const struct yaml_node *map, struct error *err)
{
    size_t order[STACK_MOE_TILES_MAX], n;
    enum status st;

    if (!map)
        return STATUS_OK;
    if (map->kind != YAML_MAPPING || map->count > STACK_MOE_TILES_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "moe.kernels: expected at most %d 'name: {instruction: ...}' pairs", STACK_MOE_TILES_MAX);
    n = fields_sorted(order, map);
    for (size_t i = 0; i < n; i++)
        if ((st = stack_read_kernel(&moe->kernels[i], map->keys[order[i]], map->items[order[i]], err)))
            return st;
    moe->kernels_count = (int64_t)n;
    return STATUS_OK;
}

static bool has_kernel(const struct stack_moe *moe, const char *name)
{
    for (int64_t i = 0; name && i < moe->kernels_count; i++)
        if (strcmp(moe->kernels[i].name, name) == 0)
            return true;
    return false;
}

enum status stack_read_moe(struct stack *s, const struct yaml_node *map, struct error *err)
{
    struct stack_moe *moe = &s->moe;
    enum status st;

    if ((st = fields_read(moe, moe_rows, ROWS(moe_rows), map, "moe", err)) || (st = read_kernels(moe, fields_find(map, "kernels"), err)) ||
        (st = read_tuned(moe, fields_find(map, "tuned"), err)))
        return st;
    if (strcmp(moe->pick_rule, "tokens") == 0 && (!has_kernel(moe, moe->small) || !has_kernel(moe, moe->large)))
        return error_set(err, STATUS_BAD_INPUT, map->at, "moe.pick_rule tokens: expected moe.small and moe.large to name entries of moe.kernels");
    return STATUS_OK;
}

void stack_hash_moe(struct hasher *h, const struct stack *s)
{
    fields_hash(h, moe_rows, ROWS(moe_rows), &s->moe);
    hasher_i64(h, s->moe.kernels_count);
    for (int64_t i = 0; i < s->moe.kernels_count; i++)
        stack_hash_kernel(h, &s->moe.kernels[i]);
    hasher_i64(h, s->moe.tuned_count);
    for (int64_t i = 0; i < s->moe.tuned_count; i++) {
        hasher_i64(h, s->moe.tuned[i].experts);
        hasher_i64(h, s->moe.tuned[i].inner);
    }
}
