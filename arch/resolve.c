/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `extends:` chains, included DRAM timings and `--set` overrides, on YAML trees. See resolve.h and docs/arch_files.md.
 * The tree keeps the place and the source of every value, so that `arch show` can tell where it came from.
 */
#include "arch/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "arch/fields.h"
#include "base/path.h"
#include "base/quantity.h"

/* Files that are being read, outermost first. */
struct chain {
    const char *paths[EXTENDS_MAX]; /* canonical */
    int depth;
    bool uncalibrated;              /* `calibration:` lines are passed over */
};

static bool is_own_key(const char *key)
{
    return strcmp(key, "name") == 0 || strcmp(key, "aliases") == 0 || strcmp(key, "summary") == 0;
}

static void remove_pair(struct yaml_node *map, size_t i)
{
    size_t rest = map->count - i - 1;

    memmove(&map->items[i], &map->items[i + 1], rest * sizeof *map->items);
    memmove(&map->keys[i], &map->keys[i + 1], rest * sizeof *map->keys);
    memmove(&map->key_at[i], &map->key_at[i + 1], rest * sizeof *map->key_at);
    map->count--;
    map->sorted = NULL;
}

static void remove_key(struct yaml_node *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], key) == 0) {
            remove_pair(map, i);
            return;
        }
}

static void remove_own_keys(struct yaml_node *map)
{
    for (size_t i = map->count; i-- > 0;)
        if (is_own_key(map->keys[i]))
            remove_pair(map, i);
}

static void remove_nulls(struct yaml_node *node)
{
    for (size_t i = node->count; i-- > 0;) {
        if (node->kind == YAML_MAPPING && yaml_is_null(node->items[i]))
            remove_pair(node, i);
        else
            remove_nulls(node->items[i]);
    }
}

static enum status enter(struct chain *chain, const char *path, struct source_pos at, struct arena *arena, struct error *err)
{
    char *real = realpath(path, NULL);
    const char *canonical = arena_strdup(arena, real ? real : path);

    free(real);
    if (!canonical)
        return error_no_memory(err);
    for (int i = 0; i < chain->depth; i++)
        if (strcmp(chain->paths[i], canonical) == 0)
            return error_set(err, STATUS_BAD_INPUT, at, "extends: '%s' is already being extended: a cycle of %d file%s", path,
                             chain->depth - i, chain->depth - i == 1 ? "" : "s");
    if (chain->depth == EXTENDS_MAX)
        return error_set(err, STATUS_BAD_INPUT, at, "extends: more than %d files in a chain", EXTENDS_MAX);
    chain->paths[chain->depth++] = canonical;
    return STATUS_OK;
}

static enum status read_chain(struct yaml_node **out, const char *path, struct source_pos at, struct chain *chain, struct arena *arena,
                              struct error *err);

/* A scalar `dram.timing` becomes the contents of the file that it names. *included tells whether it was one. */
static enum status include_timing(bool *included, struct yaml_node *doc, struct chain *chain, struct arena *arena, struct error *err)
{
    struct yaml_node *dram = yaml_find(doc, "dram"), *timing;
    enum status st;

    *included = false;
    if (!dram || dram->kind != YAML_MAPPING)
        return STATUS_OK;
    for (size_t i = 0; i < dram->count; i++) {
        const char *path;

        timing = dram->items[i];
        if (strcmp(dram->keys[i], "timing") != 0 || timing->kind != YAML_SCALAR || yaml_is_null(timing))
            continue;
        if (strncmp(timing->at.file, "--set", 5) == 0)
            path = data_path(timing->text, arena) ? data_path(timing->text, arena) : timing->text;
        else
            path = path_beside(arena, timing->at.file, timing->text);
        if (!path)
            return error_no_memory(err);
        if ((st = read_chain(&dram->items[i], path, timing->at, chain, arena, err)))
            return st;
        *included = true;
    }
    return STATUS_OK;
}

static enum status lay_over(struct yaml_node **base, struct yaml_node *over, struct chain *chain, struct arena *arena, struct error *err)
{
    struct yaml_node *dram;
    enum status st;
    bool included;

    if ((st = include_timing(&included, over, chain, arena, err)))
        return st;
    if (included && *base && (dram = yaml_find(*base, "dram")) && dram->kind == YAML_MAPPING)
        remove_key(dram, "timing");
    *base = *base ? yaml_merge(*base, over, arena) : over;
    return *base ? STATUS_OK : error_no_memory(err);
}

/* Where a file cannot be read and something asked for it, say who asked. */
static enum status unreadable(const char *path, struct source_pos at, struct error *err)
{
    if (!at.file)
        return err ? err->status : STATUS_BAD_INPUT;
    return error_set(err, STATUS_BAD_INPUT, at, "cannot read '%s', expected a YAML file (paths are relative to the file that names them)", path);
}

/* `calibration: FILE` of a document: fitted values, laid over the document's own, so that both can be seen. */
static enum status calibrated(struct yaml_node **doc, const char *path, struct chain *chain, struct arena *arena, struct error *err)
{
    struct yaml_node *named = yaml_find(*doc, "calibration"), *fitted;
    const char *file;
    enum status st;

    if (!named || yaml_is_null(named))
        return STATUS_OK;
    if (chain->uncalibrated) {
        remove_key(*doc, "calibration");
        return STATUS_OK;
    }
    if (named->kind != YAML_SCALAR)
        return error_set(err, STATUS_BAD_INPUT, named->at, "calibration: expected one path, relative to this file");
    if (!(file = path_beside(arena, path, named->text)))
        return error_no_memory(err);
    if ((st = read_chain(&fitted, file, named->at, chain, arena, err)))
        return st;
    remove_own_keys(fitted);
    remove_key(*doc, "calibration");
    return (*doc = yaml_merge(*doc, fitted, arena)) ? STATUS_OK : error_no_memory(err);
}

/* Lays a document over what it extends. */
static enum status inherit(struct yaml_node **out, struct yaml_node *doc, const char *path, struct chain *chain, struct arena *arena,
                           struct error *err)
{
    struct yaml_node *extends, *base = NULL;
    enum status st;

    if (doc->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected a mapping ('key: value' lines) at the top of the file");
    extends = yaml_find(doc, "extends");
    if (extends && !yaml_is_null(extends)) {
        const char *parent;

        if (extends->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, extends->at, "extends: expected one path, relative to this file");
        if (!(parent = path_beside(arena, path, extends->text)))
            return error_no_memory(err);
        if ((st = read_chain(&base, parent, extends->at, chain, arena, err)))
            return st;
        remove_own_keys(base);
    }
    remove_key(doc, "extends");
    if ((st = calibrated(&doc, path, chain, arena, err)))
        return st;
    st = lay_over(&base, doc, chain, arena, err);
    *out = base;
    return st;
}

static enum status read_chain(struct yaml_node **out, const char *path, struct source_pos at, struct chain *chain, struct arena *arena,
                              struct error *err)
{
    FILE *probe = at.file ? fopen(path, "rb") : NULL;
    struct yaml_node *doc;
    enum status st;

    if (at.file && !probe)
        return unreadable(path, at, err);
    if (probe)
        fclose(probe);
    if ((st = enter(chain, path, at, arena, err)) || (st = yaml_read_file(&doc, path, arena, err)))
        return st;
    st = inherit(out, doc, path, chain, arena, err);
    chain->depth--;
    return st;
}

enum status arch_resolve_document(struct yaml_node **out, struct yaml_node *doc, const char *path, struct arena *arena, struct error *err)
{
    struct chain chain = { .depth = 0 };
    enum status st;

    if ((st = enter(&chain, path, (struct source_pos){ 0 }, arena, err)) || (st = inherit(out, doc, path, &chain, arena, err)))
        return st;
    remove_nulls(*out);
    return STATUS_OK;
}

/* "a.b.c" and a value node become nested mappings {a: {b: {c: value}}}. */
static struct yaml_node *wrap(const char *key, struct yaml_node *value, struct arena *arena)
{
    const char *dot = strrchr(key, '.');
    struct yaml_node *map = arena_alloc(arena, sizeof *map);

    if (!map || !(map->items = arena_alloc(arena, sizeof *map->items)) || !(map->keys = arena_alloc(arena, sizeof *map->keys)) ||
        !(map->key_at = arena_alloc(arena, sizeof *map->key_at)) || !(map->keys[0] = arena_strdup(arena, dot ? dot + 1 : key)))
        return NULL;
    map->kind = YAML_MAPPING;
    map->at = map->key_at[0] = value->at;
    map->items[0] = value;
    map->count = 1;
    if (!dot)
        return map;
    return (key = arena_strndup(arena, key, (size_t)(dot - key))) ? wrap(key, map, arena) : NULL;
}

static enum status check_override_key(const char *key, const char *name, struct error *err)
{
    const struct source_pos at = { .file = name };
    int parts = 1;

    for (const char *c = key; *c; c++)
        parts += *c == '.';
    if (key[0] == '\0' || key[0] == '.' || strstr(key, "..") || key[strlen(key) - 1] == '.' || parts > 16 || strlen(key) > 200)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is no key, expected names joined by dots, as in clock.boost=1500MHz", key);
    return STATUS_OK;
}

static enum status apply_override(struct yaml_node **tree, const struct arch_override *over, struct chain *chain, struct arena *arena,
                                  struct error *err)
{
    const char *name = arena_printf(arena, "--set %s", over->key);
    struct yaml_node *value, *wrapped;
    enum status st;

    if (!name)
        return error_no_memory(err);
    if ((st = check_override_key(over->key, name, err)) ||
        (st = yaml_read_memory(&value, name, over->value, strlen(over->value), arena, err)))
        return st;
    if (strcmp(over->key, "extends") == 0)
        return error_set(err, STATUS_BAD_INPUT, value->at, "extends cannot be set: name another file instead");
    if (!(wrapped = wrap(over->key, value, arena)))
        return error_no_memory(err);
    return lay_over(tree, wrapped, chain, arena, err);
}

/* What is built of a thing of which a part is in use: spare cores and slices of a die, to which yield sends the faulty ones. */
static const struct { const char *used, *built; enum quantity_kind kind; const char *unit; } built_of[] = {
    { "sm.count", "floorplan.sms", Q_COUNT, "" },
    { "l2.size", "floorplan.l2", Q_BYTES, " B" },
};

static bool value_at(double *out, const struct yaml_node *tree, const char *path, enum quantity_kind kind)
{
    const struct yaml_node *node = fields_find(tree, path);
    struct error unknown;

    return node && node->kind == YAML_SCALAR && quantity_parse(out, node->text, kind, node->at, &unknown) == STATUS_OK && *out > 0;
}

/* Is `key` that path or a value under it? */
static bool is_under(const char *key, const char *path)
{
    size_t n = strlen(path);

    return strncmp(key, path, n) == 0 && (key[n] == '\0' || key[n] == '.');
}

/* The stated area of a die is that of the chip as it is made: another one has the area that its blocks come to. */
static bool changes_die(const struct arch_override *overrides, int64_t count)
{
    static const char *const shapes[] = { "sm", "l2", "llc", "units", "floorplan", "link", "dram.channels" };
    bool changed = false;

    for (int64_t i = 0; i < count; i++) {
        if (is_under("area.die", overrides[i].key)) /* it is set, alone or with all of `area` */
            return false;
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            changed = changed || is_under(overrides[i].key, shapes[k]);
    }
    return changed;
}

/* A changed number of cores or size of L2 is built with the same share to spare, so that area follows it; floorplan's own settings come after. */
static enum status build_changed(struct yaml_node **tree, const struct yaml_node *before, struct chain *chain, struct arena *arena, struct error *err)
{
    for (size_t i = 0; i < sizeof built_of / sizeof built_of[0]; i++) {
        double was, is, built;

        if (!value_at(&was, before, built_of[i].used, built_of[i].kind) || !value_at(&is, *tree, built_of[i].used, built_of[i].kind) || was == is ||
            !value_at(&built, before, built_of[i].built, built_of[i].kind))
            continue;
        struct arch_override follow = { built_of[i].built, arena_printf(arena, "%.0f%s", built / was * is, built_of[i].unit) };
        enum status st = follow.value ? apply_override(tree, &follow, chain, arena, err) : error_no_memory(err);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* "calibration=none" is not a value of the tree: it says how to read the files. */
static bool is_calibration(const struct arch_override *over) { return strcmp(over->key, "calibration") == 0; }

static bool is_floorplan(const struct arch_override *over) { return is_under(over->key, "floorplan"); }

/* All of them but that of calibration, in order. */
static enum status apply_overrides(struct yaml_node **tree, const struct arch_override *overrides, int64_t count, struct chain *chain, struct arena *arena,
                                   struct error *err)
{
    const struct yaml_node *before = *tree;
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < count && !st; i++)
        if (!is_calibration(&overrides[i]) && !is_floorplan(&overrides[i]))
            st = apply_override(tree, &overrides[i], chain, arena, err);
    if (!st && count > 0)
        st = build_changed(tree, before, chain, arena, err);
    if (!st && changes_die(overrides, count) && fields_find(*tree, "area.die"))
        st = apply_override(tree, &(struct arch_override){ "area.die", "null" }, chain, arena, err);
    for (int64_t i = 0; i < count && !st; i++)
        if (is_floorplan(&overrides[i]))
            st = apply_override(tree, &overrides[i], chain, arena, err);
    return st;
}

static enum status leave_calibration_out(struct chain *chain, const struct arch_override *over, struct error *err)
{
    if (strcmp(over->value, "none") != 0)
        return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ "--set calibration", 1, 1 },
                         "calibration: '%s', expected none (leaves fitted values out)", over->value);
    chain->uncalibrated = true;
    return STATUS_OK;
}

/* A copy whose collections may be changed; scalars are shared. NULL: no memory. */
static struct yaml_node *copy_collections(struct yaml_node *node, struct arena *arena)
{
    struct yaml_node *copy;
    bool mapping = node->kind == YAML_MAPPING;

    if (node->kind == YAML_SCALAR)
        return node;
    if (!(copy = arena_alloc(arena, sizeof *copy)))
        return NULL;
    *copy = *node;
    copy->items = arena_array(arena, node->count, sizeof *copy->items);
    copy->keys = mapping ? arena_array(arena, node->count, sizeof *copy->keys) : NULL;
    copy->key_at = mapping ? arena_array(arena, node->count, sizeof *copy->key_at) : NULL;
    if (!copy->items || (mapping && (!copy->keys || !copy->key_at)))
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (!(copy->items[i] = copy_collections(node->items[i], arena)))
            return NULL;
    for (size_t i = 0; mapping && i < node->count; i++) {
        copy->keys[i] = node->keys[i];
        copy->key_at[i] = node->key_at[i];
    }
    return copy;
}

enum status arch_base_find(struct arch_base **out, const char *name_or_path, const char *const *dirs, const char *what, struct arena *arena,
                           struct error *err)
{
    if (!(*out = arena_alloc(arena, sizeof **out)))
        return error_no_memory(err);
    (*out)->arena = arena;
    return arch_find_file(&(*out)->path, name_or_path, dirs, what, arena, err);
}

enum status arch_resolve_base(struct yaml_node **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                              struct arena *arena, struct error *err)
{
    struct chain chain = { .depth = 0 };
    struct yaml_node *tree;
    enum status st;

    for (int64_t i = 0; i < overrides_count; i++)
        if (is_calibration(&overrides[i]) && (st = leave_calibration_out(&chain, &overrides[i], err)))
            return st;
    struct yaml_node **read = &base->trees[chain.uncalibrated];
    if (!*read && (st = read_chain(read, base->path, (struct source_pos){ 0 }, &chain, base->arena, err))) {
        *read = NULL;
        return st;
    }
    if (!(tree = copy_collections(*read, arena)))
        return error_no_memory(err);
    if ((st = apply_overrides(&tree, overrides, overrides_count, &chain, arena, err)))
        return st;
    remove_nulls(tree);
    *out = tree;
    return STATUS_OK;
}

enum status arch_lay_over(struct yaml_node **tree, const struct arch_override *overrides, int64_t overrides_count, struct arena *arena, struct error *err)
{
    struct chain chain = { .depth = 0 };
    enum status st;

    for (int64_t i = 0; i < overrides_count; i++)
        if (is_calibration(&overrides[i]))
            return error_plain(err, STATUS_BAD_INPUT, "calibration cannot be left out of a resolved description");
    if ((st = apply_overrides(tree, overrides, overrides_count, &chain, arena, err)))
        return st;
    remove_nulls(*tree);
    return STATUS_OK;
}

enum status arch_resolve(struct yaml_node **out, const char *path, const struct arch_override *overrides, int64_t overrides_count,
                         struct arena *arena, struct error *err)
{
    struct arch_base once = { .path = path, .arena = arena };

    return arch_resolve_base(out, &once, overrides, overrides_count, arena, err);
}
