/* SPDX-License-Identifier: Apache-2.0 */
/** Use of YAML trees: finding keys, typed values with errors that name key, place and expected form, merging by key. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "base/yaml.h"

enum { LISTED_MAX = 400 };

/* Order of two keys of a mapping; equal keys in the order of the file. */
static int compare_keys(const void *a, const void *b)
{
    const struct yaml_key *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

bool yaml_sort_keys(struct yaml_node *node, struct arena *arena)
{
    struct yaml_key *sorted = arena_array(arena, node->count, sizeof *sorted);

    if (!sorted)
        return false;
    for (size_t i = 0; i < node->count; i++)
        sorted[i] = (struct yaml_key){ node->keys[i], i };
    qsort(sorted, node->count, sizeof *sorted, compare_keys);
    node->sorted = sorted;
    return true;
}

/* Index of a key, or SIZE_MAX. */
static size_t key_index(const struct yaml_node *map, const char *key)
{
    size_t low = 0, high = map->count;

    if (map->kind != YAML_MAPPING)
        return SIZE_MAX;
    if (!map->sorted) { /* a mapping that was put together by hand */
        for (size_t i = 0; i < map->count; i++)
            if (strcmp(map->keys[i], key) == 0)
                return i;
        return SIZE_MAX;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(map->sorted[middle].key, key);

        if (order == 0)
            return map->sorted[middle].index;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key)
{
    size_t i = key_index(mapping, key);

    return i == SIZE_MAX ? NULL : mapping->items[i];
}

bool yaml_is_null(const struct yaml_node *node)
{
    const char *t = node->text;

    return node->kind == YAML_SCALAR && !node->quoted &&
           (*t == '\0' || strcmp(t, "~") == 0 || strcmp(t, "null") == 0 || strcmp(t, "Null") == 0 || strcmp(t, "NULL") == 0);
}

/* The scalar of a key: *out = NULL where it is missing and not required. `expected` is said in errors. */
static enum status get_scalar(const struct yaml_node **out, const struct yaml_node *map, const char *key, bool required,
                              const char *expected, struct error *err)
{
    const struct yaml_node *node;

    *out = NULL;
    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "a %s, expected a mapping with key '%s'",
                         map->kind == YAML_SCALAR ? "single value" : "sequence", key);
    node = yaml_find(map, key);
    if (!node && required)
        return error_set(err, STATUS_BAD_INPUT, map->at, "key '%s' is missing, expected %s", key, expected);
    if (!node)
        return STATUS_OK;
    if (node->kind != YAML_SCALAR)
        return error_set(err, STATUS_BAD_INPUT, node->at, "key '%s' has a %s, expected %s", key,
                         node->kind == YAML_MAPPING ? "mapping" : "sequence", expected);
    if (yaml_is_null(node))
        return error_set(err, STATUS_BAD_INPUT, node->at, "key '%s' has no value, expected %s", key, expected);
    *out = node;
    return STATUS_OK;
}

/* Puts "key 'KEY': " before the text of a message that starts with `at`. */
static enum status name_key(struct error *err, const char *key, struct source_pos at, enum status status, const char *text)
{
    return error_set(err, status, at, "key '%s': %s", key, text);
}

enum status yaml_get_text(const char **out, const struct yaml_node *map, const char *key, bool required, struct error *err)
{
    const struct yaml_node *node;
    enum status st = get_scalar(&node, map, key, required, "a text", err);

    if (st || !node)
        return st;
    *out = node->text;
    return STATUS_OK;
}

enum status yaml_get_i64(int64_t *out, const struct yaml_node *map, const char *key, bool required,
                         int64_t min, int64_t max, struct error *err)
{
    struct error inner = { 0 };
    const struct yaml_node *node;
    enum status st = get_scalar(&node, map, key, required, "a whole number", err);

    if (st || !node)
        return st;
    if (node->quoted)
        return error_set(err, STATUS_BAD_INPUT, node->at, "key '%s' has the text \"%s\", expected a whole number without quotes",
                         key, node->text);
    st = quantity_parse_i64(out, node->text, min, max, (struct source_pos){ 0 }, &inner);
    return st ? name_key(err, key, node->at, st, inner.message) : STATUS_OK;
}

enum status yaml_get_bool(bool *out, const struct yaml_node *map, const char *key, bool required, struct error *err)
{
    static const char *const words[2][3] = { { "false", "False", "FALSE" }, { "true", "True", "TRUE" } };
    const struct yaml_node *node;
    enum status st = get_scalar(&node, map, key, required, "true or false", err);

    if (st || !node)
        return st;
    for (int value = 0; value < 2 && !node->quoted; value++) {
        for (int i = 0; i < 3; i++) {
            if (strcmp(node->text, words[value][i]) == 0) {
                *out = value != 0;
                return STATUS_OK;
            }
        }
    }
    return error_set(err, STATUS_BAD_INPUT, node->at, "key '%s' is %s%s%s, expected true or false", key,
                     node->quoted ? "\"" : "'", node->text, node->quoted ? "\"" : "'");
}

static enum status out_of_range(struct error *err, const char *key, const struct yaml_node *node, enum quantity_kind kind,
                                double min, double max)
{
    struct arena scratch = { 0 };
    const char *low = quantity_format(&scratch, min, kind), *high = quantity_format(&scratch, max, kind);
    enum status st;

    if (!low || !high)
        st = error_no_memory(err);
    else if (isinf(max))
        st = error_set(err, STATUS_BAD_INPUT, node->at, "key '%s': '%s' is out of range, expected at least %s", key,
                       node->text, low);
    else
        st = error_set(err, STATUS_BAD_INPUT, node->at, "key '%s': '%s' is out of range, expected %s to %s", key,
                       node->text, low, high);
    arena_free(&scratch);
    return st;
}

enum status yaml_get_quantity(double *out, const struct yaml_node *map, const char *key, bool required,
                              enum quantity_kind kind, double min, double max, struct error *err)
{
    struct error inner = { 0 };
    const struct yaml_node *node;
    double value;
    enum status st = get_scalar(&node, map, key, required, quantity_example(kind), err);

    if (st || !node)
        return st;
    if (node->quoted && (kind == Q_COUNT || kind == Q_RATIO))
        return error_set(err, STATUS_BAD_INPUT, node->at, "key '%s' has the text \"%s\", expected a number without quotes", key,
                         node->text);
    st = quantity_parse(&value, node->text, kind, (struct source_pos){ 0 }, &inner);
    if (st)
        return name_key(err, key, node->at, st, inner.message);
    if (value < min || value > max)
        return out_of_range(err, key, node, kind, min, max);
    *out = value;
    return STATUS_OK;
}

/* "a, b, c", cut with "..." when long. */
static void list_names(char out[LISTED_MAX], const char *const *names, size_t count)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t need = strlen(names[i]) + 2;

        if (used + need + sizeof "..." > LISTED_MAX) {
            strcpy(out + used, "...");
            return;
        }
        used += (size_t)snprintf(out + used, LISTED_MAX - used, "%s%s", names[i], i + 1 < count ? ", " : "");
    }
}

enum status yaml_check_keys(const struct yaml_node *map, const char *const *allowed, size_t count, struct error *err)
{
    char listed[LISTED_MAX];

    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "a %s, expected a mapping",
                         map->kind == YAML_SCALAR ? "single value" : "sequence");
    for (size_t i = 0; i < map->count; i++) {
        const char *near;
        bool known = false;

        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(map->keys[i], allowed[j]) == 0;
        if (known)
            continue;
        near = nearest_name(map->keys[i], allowed, count);
        if (near)
            return error_set(err, STATUS_BAD_INPUT, map->key_at[i], "unknown key '%s'; nearest is '%s'", map->keys[i], near);
        list_names(listed, allowed, count);
        return error_set(err, STATUS_BAD_INPUT, map->key_at[i], "unknown key '%s', expected one of: %s", map->keys[i], listed);
    }
    return STATUS_OK;
}

/* A mapping with room for `room` pairs and none in it. */
static struct yaml_node *empty_mapping(const struct yaml_node *winner, size_t room, struct arena *arena)
{
    struct yaml_node *node = arena_alloc(arena, sizeof *node);

    if (!node)
        return NULL;
    *node = *winner;
    node->count = 0;
    node->sorted = NULL;
    node->items = arena_array(arena, room, sizeof *node->items);
    node->keys = arena_array(arena, room, sizeof *node->keys);
    node->key_at = arena_array(arena, room, sizeof *node->key_at);
    return node->items && node->keys && node->key_at ? node : NULL;
}

static void add_pair(struct yaml_node *map, const struct yaml_node *from, size_t i, struct yaml_node *value)
{
    map->keys[map->count] = from->keys[i];
    map->key_at[map->count] = from->key_at[i];
    map->items[map->count++] = value;
}

struct yaml_node *yaml_merge(const struct yaml_node *base, const struct yaml_node *over, struct arena *arena)
{
    struct yaml_node *merged;

    if (base->kind != YAML_MAPPING || over->kind != YAML_MAPPING) {
        merged = arena_alloc(arena, sizeof *merged);
        if (merged)
            *merged = *over;
        return merged;
    }
    merged = empty_mapping(over, base->count + over->count, arena);
    if (!merged)
        return NULL;
    for (size_t i = 0; i < base->count; i++) {
        size_t j = key_index(over, base->keys[i]);
        struct yaml_node *value = base->items[i];

        if (j != SIZE_MAX) {
            value = yaml_merge(base->items[i], over->items[j], arena);
            if (!value)
                return NULL;
        }
        add_pair(merged, j != SIZE_MAX ? over : base, j != SIZE_MAX ? j : i, value);
    }
    for (size_t j = 0; j < over->count; j++)
        if (key_index(base, over->keys[j]) == SIZE_MAX)
            add_pair(merged, over, j, over->items[j]);
    return yaml_sort_keys(merged, arena) ? merged : NULL;
}
