/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Table-driven reading of a YAML mapping into a struct: one row of the table is one key, with its quantity kind, range and
 * place in the struct. From the same rows come the checks for unknown, missing and absurd values, and the content hash.
 *
 * A path may be dotted ("clock.boost"); then the sections on its way are mappings, and only keys that some row names may
 * stand in them. Values that a row cannot hold (lists, mappings with free keys) are FIELD_NODE: the caller reads them.
 */
#ifndef LLMSIM_ARCH_FIELDS_H
#define LLMSIM_ARCH_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/yaml.h"

enum field_kind {
    FIELD_QUANTITY, /* double, in the base unit of `quantity`, times `scale` where that is not 0 */
    FIELD_COUNT,    /* int64_t: a bare whole number */
    FIELD_BYTES,    /* int64_t: Q_BYTES, must come out whole */
    FIELD_BOOL,     /* bool */
    FIELD_TEXT,     /* const char * */
    FIELD_CHOICE,   /* const char *, one of `choices` (blank-separated) */
    FIELD_NODE      /* not read here; allowed, and required if so marked */
};

struct field_row {
    const char *path;
    enum field_kind kind;
    enum quantity_kind quantity;
    size_t offset;
    double min, max;        /* of the value as stored; both 0: no bounds */
    bool required;
    double scale;           /* 0 = 1 */
    const char *choices;
    const char *doc;        /* one line with what it means */
};

/**
 * Reads `map` into `out` by `rows`. A key whose value is null counts as missing, and a missing key that is not required
 * leaves its member as it is. `what` names the mapping in messages ("hardware description").
 * @return STATUS_BAD_INPUT with file:line:column for unknown keys (with the nearest), missing ones, wrong units, absurd values.
 */
enum status fields_read(void *out, const struct field_row *rows, size_t count, const struct yaml_node *map, const char *what,
                        struct error *err);

/** Feeds path and value of every row but FIELD_NODE, in the order of the table. */
void fields_hash(struct hasher *h, const struct field_row *rows, size_t count, const void *in);

/** The rows of a hardware description (into struct hardware) and of a stack (into struct stack), for those who vary values. */
const struct field_row *hardware_fields(size_t *count);
const struct field_row *stack_fields(size_t *count);

/** Node at a dotted path below `map`, or NULL; null scalars count as absent. */
const struct yaml_node *fields_find(const struct yaml_node *map, const char *path);

/** Is `text` one of the blank-separated words? */
bool fields_choice(const char *choices, const char *text);

/** Error for a name that is none of the blank-separated `choices`: names the nearest. */
enum status fields_bad_choice(struct source_pos at, const char *what, const char *found, const char *choices, struct error *err);

/** Indices of a mapping's pairs in the order of their keys (strcmp), null values left out: order[] has room for map->count.
 *  Returns how many. So that the order of lines in a file changes nothing. */
size_t fields_sorted(size_t *order, const struct yaml_node *map);

#endif
