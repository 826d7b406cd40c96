/* SPDX-License-Identifier: Apache-2.0 */
/* Table-driven reader of YAML mappings. See fields.h. Left out: defaults; a member keeps what the caller put there. */
#include "arch/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum { PATH_MAX_BYTES = 256, CHOICES_MAX = 64 };

static const struct yaml_node *present(const struct yaml_node *node)
{
    return node && !yaml_is_null(node) ? node : NULL;
}

/* `a` and `b` one after the other; false where they do not fit with a dot behind them. */
static bool join_key(char out[PATH_MAX_BYTES], const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length + b_length >= PATH_MAX_BYTES - 1)
        return false;
    memcpy(out, a, a_length);
    memcpy(out + a_length, b, b_length);
    out[a_length + b_length] = '\0';
    return true;
}

const struct yaml_node *fields_find(const struct yaml_node *map, const char *path)
{
    char key[PATH_MAX_BYTES];
    const char *dot;

    for (; map && map->kind == YAML_MAPPING; path = dot + 1) {
        dot = strchr(path, '.');
        if (!dot)
            return present(yaml_find(map, path));
        if (!join_key(key, path, 0, path, (size_t)(dot - path)))
            return NULL;
        map = present(yaml_find(map, key));
    }
    return NULL;
}

static size_t split_choices(const char *words[CHOICES_MAX], char *copy, size_t bytes, const char *choices)
{
    size_t n = 0;
    char *rest;

    snprintf(copy, bytes, "%s", choices);
    for (char *w = strtok_r(copy, " ", &rest); w && n < CHOICES_MAX; w = strtok_r(NULL, " ", &rest))
        words[n++] = w;
    return n;
}

bool fields_choice(const char *choices, const char *text)
{
    const char *words[CHOICES_MAX];
    char copy[1024];
    size_t n = split_choices(words, copy, sizeof copy, choices);

    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return false;
}

enum status fields_bad_choice(struct source_pos at, const char *what, const char *found, const char *choices, struct error *err)
{
    const char *words[CHOICES_MAX];
    char copy[1024];
    size_t n = split_choices(words, copy, sizeof copy, choices);
    const char *nearest = nearest_name(found, words, n);

    if (nearest)
        return error_set(err, STATUS_BAD_INPUT, at, "%s: unknown '%s'; nearest is '%s'", what, found, nearest);
    return error_set(err, STATUS_BAD_INPUT, at, "%s: unknown '%s', expected one of: %s", what, found, choices);
}

/* Child names that the rows allow below `prefix` ("" or "clock."), each once: names[] points into the rows, name_len tells the length. */
static size_t allowed_children(const char **names, const struct field_row *rows, size_t count, const char *prefix, char *store)
{
    size_t n = 0, prefix_len = strlen(prefix);

    for (size_t i = 0; i < count; i++) {
        char *slot = store + n * PATH_MAX_BYTES;
        bool seen = false;

        if (strncmp(rows[i].path, prefix, prefix_len) != 0)
            continue;
        snprintf(slot, PATH_MAX_BYTES, "%.*s", (int)strcspn(rows[i].path + prefix_len, "."), rows[i].path + prefix_len);
        for (size_t k = 0; k < n && !seen; k++)
            seen = strcmp(names[k], slot) == 0;
        if (!seen)
            names[n++] = slot;
    }
    return n;
}

static enum status unknown_key(const struct field_row *rows, size_t count, const char *prefix, const char *key, struct source_pos at,
                               const char *what, struct error *err)
{
    const char **names = calloc(count + 1, sizeof *names);
    char *store = calloc(count + 1, PATH_MAX_BYTES);
    char list[512] = "";
    const char *nearest;
    size_t n;

    if (!names || !store) {
        free(names);
        free(store);
        return error_no_memory(err);
    }
    n = allowed_children(names, rows, count, prefix, store);
    nearest = nearest_name(key, names, n);
    for (size_t i = 0, used = 0; i < n && used < sizeof list - 1; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    if (nearest)
        error_set(err, STATUS_BAD_INPUT, at, "unknown key '%s%s' in %s; nearest is '%s'", prefix, key, what, nearest);
    else
        error_set(err, STATUS_BAD_INPUT, at, "unknown key '%s%s' in %s, expected one of: %s", prefix, key, what, list);
    free(names);
    free(store);
    return STATUS_BAD_INPUT;
}

/* 0: no such key; 1: a row of its own; 2: a section */
static int row_match(const struct field_row *rows, size_t count, const char *path)
{
    size_t len = strlen(path);

    for (size_t i = 0; i < count; i++) {
        if (strncmp(rows[i].path, path, len) != 0)
            continue;
        if (rows[i].path[len] == '\0')
            return 1;
        if (rows[i].path[len] == '.')
            return 2;
    }
    return 0;
}

static enum status check_keys(const struct field_row *rows, size_t count, const struct yaml_node *map, const char *prefix,
                              const char *what, struct error *err)
{
    char path[PATH_MAX_BYTES];
    size_t prefix_length = strlen(prefix);
    enum status st;

    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *value = map->items[i];
        int found;

        found = join_key(path, prefix, prefix_length, map->keys[i], strlen(map->keys[i])) && !strchr(map->keys[i], '.') ? row_match(rows, count, path) : 0;
        if (found == 0)
            return unknown_key(rows, count, prefix, map->keys[i], map->key_at[i], what, err);
        if (found == 1 || yaml_is_null(value))
            continue;
        if (value->kind != YAML_MAPPING)
            return error_set(err, STATUS_BAD_INPUT, value->at, "'%s' is a section of %s: expected 'key: value' pairs below it", path, what);
        strcat(path, ".");
        if ((st = check_keys(rows, count, value, path, what, err)))
            return st;
    }
    return STATUS_OK;
}

/* What a row takes, in words: "a value such as '1410 MHz'". */
static const char *expected(char *out, size_t bytes, const struct field_row *row)
{
    switch (row->kind) {
    case FIELD_QUANTITY: snprintf(out, bytes, "a value such as '%s'", quantity_example(row->quantity)); break;
    case FIELD_BYTES: snprintf(out, bytes, "a value such as '%s'", quantity_example(Q_BYTES)); break;
    case FIELD_COUNT: snprintf(out, bytes, "a whole number"); break;
    case FIELD_BOOL: snprintf(out, bytes, "true or false"); break;
    case FIELD_CHOICE: snprintf(out, bytes, "one of: %s", row->choices); break;
    case FIELD_TEXT: snprintf(out, bytes, "a text"); break;
    default: snprintf(out, bytes, "a value"); break;
    }
    return out;
}

/* The innermost mapping on the way to `path` that exists: where a missing key is reported. */
static struct source_pos place_of_missing(const struct yaml_node *map, const char *path)
{
    char prefix[PATH_MAX_BYTES];

    snprintf(prefix, sizeof prefix, "%s", path);
    for (char *dot = strrchr(prefix, '.'); dot; dot = strrchr(prefix, '.')) {
        const struct yaml_node *section;

        *dot = '\0';
        if ((section = fields_find(map, prefix)))
            return section->at;
    }
    return map->at;
}

static enum status out_of_range(const struct field_row *row, const struct yaml_node *node, struct error *err)
{
    enum quantity_kind kind = row->kind == FIELD_BYTES ? Q_BYTES : row->quantity;
    double s = row->scale > 0 ? row->scale : 1;
    struct arena arena = { 0 };
    const char *low = quantity_format(&arena, row->min / s, kind), *high = quantity_format(&arena, row->max / s, kind);

    error_set(err, STATUS_BAD_INPUT, node->at, "%s: '%s' is out of range, expected %s to %s", row->path, node->text, low ? low : "?",
              high ? high : "?");
    arena_free(&arena);
    return STATUS_BAD_INPUT;
}

static bool bounded(const struct field_row *row)
{
    return row->min != 0 || row->max != 0;
}

static enum status read_double(double *out, const struct field_row *row, const struct yaml_node *node, struct error *err)
{
    enum quantity_kind kind = row->kind == FIELD_BYTES ? Q_BYTES : row->quantity;
    enum status st = quantity_parse(out, node->text, kind, node->at, err);

    if (st)
        return st;
    if (row->scale > 0)
        *out *= row->scale;
    if (bounded(row) && (*out < row->min || *out > row->max))
        return out_of_range(row, node, err);
    return STATUS_OK;
}

static enum status read_bool(bool *out, const struct field_row *row, const struct yaml_node *node, struct error *err)
{
    if (!node->quoted && strcmp(node->text, "true") == 0)
        *out = true;
    else if (!node->quoted && strcmp(node->text, "false") == 0)
        *out = false;
    else
        return error_set(err, STATUS_BAD_INPUT, node->at, "%s: '%s', expected true or false", row->path, node->text);
    return STATUS_OK;
}

static enum status read_row(void *out, const struct field_row *row, const struct yaml_node *node, struct error *err)
{
    char *member = (char *)out + row->offset, words[320];
    enum status st;
    double value;

    if (row->kind == FIELD_NODE)
        return STATUS_OK;
    if (node->kind != YAML_SCALAR)
        return error_set(err, STATUS_BAD_INPUT, node->at, "%s: expected %s, not a list or mapping", row->path, expected(words, sizeof words, row));
    switch (row->kind) {
    case FIELD_QUANTITY:
        return read_double((double *)(void *)member, row, node, err);
    case FIELD_COUNT: {
        double hi = bounded(row) ? row->max : 9e15;

        return quantity_parse_i64((int64_t *)(void *)member, node->text, (int64_t)row->min, (int64_t)hi, node->at, err);
    }
    case FIELD_BYTES:
        if ((st = read_double(&value, row, node, err)))
            return st;
        if (value != floor(value) || value > 9e15)
            return error_set(err, STATUS_BAD_INPUT, node->at, "%s: '%s' is not a whole number of bytes", row->path, node->text);
        *(int64_t *)(void *)member = (int64_t)value;
        return STATUS_OK;
    case FIELD_BOOL:
        return read_bool((bool *)member, row, node, err);
    case FIELD_CHOICE:
        if (!fields_choice(row->choices, node->text))
            return fields_bad_choice(node->at, row->path, node->text, row->choices, err);
        /* fall through */
    default:
        if (node->text[0] == '\0')
            return error_set(err, STATUS_BAD_INPUT, node->at, "%s: empty, expected %s", row->path, expected(words, sizeof words, row));
        *(const char **)(void *)member = node->text;
        return STATUS_OK;
    }
}

enum status fields_read(void *out, const struct field_row *rows, size_t count, const struct yaml_node *map, const char *what,
                        struct error *err)
{
    char words[320];
    enum status st;

    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "expected a mapping with the keys of a %s", what);
    if ((st = check_keys(rows, count, map, "", what, err)))
        return st;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *node = fields_find(map, rows[i].path);

        if (!node && rows[i].required)
            return error_set(err, STATUS_BAD_INPUT, place_of_missing(map, rows[i].path), "missing key '%s' in %s, expected %s (%s)",
                             rows[i].path, what, expected(words, sizeof words, &rows[i]), rows[i].doc ? rows[i].doc : "required");
        if (node && (st = read_row(out, &rows[i], node, err)))
            return st;
    }
    return STATUS_OK;
}

void fields_hash(struct hasher *h, const struct field_row *rows, size_t count, const void *in)
{
    for (size_t i = 0; i < count; i++) {
        const char *member = (const char *)in + rows[i].offset;

        if (rows[i].kind == FIELD_NODE)
            continue;
        hasher_text(h, rows[i].path);
        switch (rows[i].kind) {
        case FIELD_QUANTITY: hasher_double(h, *(const double *)(const void *)member); break;
        case FIELD_COUNT:
        case FIELD_BYTES: hasher_i64(h, *(const int64_t *)(const void *)member); break;
        case FIELD_BOOL: hasher_i64(h, *(const bool *)member); break;
        default: hasher_text(h, *(const char *const *)(const void *)member); break;
        }
    }
}

size_t fields_sorted(size_t *order, const struct yaml_node *map)
{
    size_t n = 0;

    for (size_t i = 0; i < map->count; i++) {
        size_t at = n;

        if (yaml_is_null(map->items[i]))
            continue;
        for (; at > 0 && strcmp(map->keys[order[at - 1]], map->keys[i]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
        n++;
    }
    return n;
}
