/* SPDX-License-Identifier: Apache-2.0 */
/**
 * YAML (and so JSON) documents as trees with places, read from libyaml's events.
 *
 * Every node knows file, line and column, so that every message can. Refused, each with one clear message: several documents,
 * duplicate keys, anchors and aliases (alias bombs), tags, more than 64 levels, files over 16 MiB, NUL and invalid UTF-8,
 * non-scalar keys. Scalars stay text: the caller's typed getters parse them. Nodes live in the arena given.
 */
#ifndef LLMSIM_BASE_YAML_H
#define LLMSIM_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/quantity.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_key {
    const char *key;
    size_t index;                /* in keys[] */
};

struct yaml_node {
    enum yaml_kind kind;
    struct source_pos at;
    const char *source;          /* text of a "# source: ..." comment on the scalar's or mapping's line, or NULL */
    const char *text;            /* YAML_SCALAR: the value; "" and null are both allowed */
    bool quoted;                 /* YAML_SCALAR: '...' or "...": never null, true, or a number */
    size_t count;                /* items, or pairs */
    struct yaml_node **items;    /* YAML_SEQUENCE: items[count]; YAML_MAPPING: values[count] */
    const char **keys;           /* YAML_MAPPING: keys[count] in the order of the file */
    struct source_pos *key_at;   /* YAML_MAPPING: places of the keys */
    const struct yaml_key *sorted; /* YAML_MAPPING: keys[] in the order of strcmp, made by yaml_sort_keys(); NULL: not sorted */
};

/** Reads one document. The tree and `path` are kept in `arena`. */
enum status yaml_read_file(struct yaml_node **out, const char *path, struct arena *arena, struct error *err);
enum status yaml_read_memory(struct yaml_node **out, const char *name, const void *data, size_t bytes,
                             struct arena *arena, struct error *err);

/** Makes yaml_find() take logarithmic time (a mapping put together by hand works without). False: no memory. */
bool yaml_sort_keys(struct yaml_node *mapping, struct arena *arena);

/** Value of a key, or NULL. */
struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key);

/** Typed getters. `map` is a mapping. With `required` false a missing key leaves *out as it is. Errors name key, place and expected form. */
enum status yaml_get_text(const char **out, const struct yaml_node *map, const char *key, bool required, struct error *err);
enum status yaml_get_i64(int64_t *out, const struct yaml_node *map, const char *key, bool required,
                         int64_t min, int64_t max, struct error *err);
enum status yaml_get_bool(bool *out, const struct yaml_node *map, const char *key, bool required, struct error *err);
enum status yaml_get_quantity(double *out, const struct yaml_node *map, const char *key, bool required,
                              enum quantity_kind kind, double min, double max, struct error *err);

/** Every key must be in `allowed` (count names); else an error with the nearest. */
enum status yaml_check_keys(const struct yaml_node *map, const char *const *allowed, size_t count, struct error *err);

/** `over` laid upon `base`, mappings merged by key and deep, anything else replaced; result in arena, inputs untouched.
 *  Order: base's keys first, then new ones. Places and sources are those of the winner. */
struct yaml_node *yaml_merge(const struct yaml_node *base, const struct yaml_node *over, struct arena *arena);

/** Is the scalar null (empty, ~ or null, unquoted)? */
bool yaml_is_null(const struct yaml_node *node);

#endif
