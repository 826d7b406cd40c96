/* SPDX-License-Identifier: Apache-2.0 */
/* Where shipped files are, and finding a description by stem, name or alias. See arch.h and resolve.h. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "arch/fields.h"
#include "arch/resolve.h"
#include "base/nearest.h"
#include "base/path.h"

#ifndef LLMSIM_PKGDATADIR
#define LLMSIM_PKGDATADIR "/usr/local/share/llmsim"
#endif

enum { ENTRIES_MAX = 1024, EXE_MAX = 4096, UP_MAX = 4 };

static bool is_data_dir(const char *dir, struct arena *arena)
{
    const char *marker = arena_printf(arena, "%s/arch/generations", dir);

    return marker && access(marker, R_OK) == 0;
}

/* An uninstalled command lies some folders below the top of the source tree; an installed one in PREFIX/bin. */
static const char *data_dir_by_executable(struct arena *arena)
{
    char exe[EXE_MAX];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    const char *dir;

    if (len <= 0)
        return NULL;
    exe[len] = '\0';
    for (int up = 0; up <= UP_MAX; up++) {
        char *slash = strrchr(exe, '/');

        if (!slash)
            return NULL;
        *slash = '\0';
        if (is_data_dir(exe, arena))
            return arena_strdup(arena, exe);
        dir = arena_printf(arena, "%s/share/llmsim", exe);
        if (dir && is_data_dir(dir, arena))
            return dir;
    }
    return NULL;
}

static const char *data_dir(struct arena *arena)
{
    const char *env = getenv("LLMSIM_DATA"), *found;

    if (env && *env)
        return env;
    if ((found = data_dir_by_executable(arena)))
        return found;
    return LLMSIM_PKGDATADIR;
}

const char *data_path(const char *relative, struct arena *arena)
{
    const char *path = arena_printf(arena, "%s/%s", data_dir(arena), relative);

    return path && access(path, R_OK) == 0 ? path : NULL;
}

const char *arch_display_path(const char *path, struct arena *arena)
{
    const char *dir = path_collapse(arena_printf(arena, "%s/", data_dir(arena)));
    const char *flat = path_collapse(arena_strdup(arena, path));

    return dir && flat && strncmp(flat, dir, strlen(dir)) == 0 ? flat + strlen(dir) : path;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), s = strlen(suffix);

    return n >= s && strcmp(text + n - s, suffix) == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of dir/ *.yaml, sorted. A directory that is not there holds nothing. */
static enum status list_dir(const char **paths, size_t *count, const char *dir, struct arena *arena, struct error *err)
{
    const char *full = data_path(dir, arena);
    DIR *d = full ? opendir(full) : NULL;
    enum status st = STATUS_OK;
    size_t first = *count;

    if (!d)
        return STATUS_OK;
    for (struct dirent *e = readdir(d); e && !st; e = readdir(d)) {
        if (e->d_name[0] == '.' || !has_suffix(e->d_name, ".yaml"))
            continue;
        if (*count == ENTRIES_MAX)
            st = error_plain(err, STATUS_BAD_INPUT, "more than %d descriptions below '%s'", ENTRIES_MAX, full);
        else if (!(paths[(*count)++] = arena_printf(arena, "%s/%s", full, e->d_name)))
            st = error_no_memory(err);
    }
    closedir(d);
    qsort(paths + first, *count - first, sizeof *paths, by_text);
    return st;
}

static const char *scalar_text(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = fields_find(map, key);

    return node && node->kind == YAML_SCALAR ? node->text : NULL;
}

/* "a, b, c" from a sequence of scalars. */
static const char *join(const struct yaml_node *list, struct arena *arena)
{
    const char *out = "";

    if (!list || list->kind != YAML_SEQUENCE)
        return out;
    for (size_t i = 0; i < list->count && out; i++)
        if (list->items[i]->kind == YAML_SCALAR)
            out = arena_printf(arena, "%s%s%s", out, *out ? ", " : "", list->items[i]->text);
    return out ? out : "";
}

static int by_name(const void *a, const void *b)
{
    const struct arch_entry *x = a, *y = b;
    int c = strcasecmp(x->name, y->name);

    return c ? c : strcmp(x->path, y->path);
}

enum status arch_scan(const struct arch_entry **out, int64_t *count, const char *const *dirs, struct arena *arena, struct error *err)
{
    const char **paths = arena_array(arena, ENTRIES_MAX, sizeof *paths);
    struct arch_entry *entries;
    size_t n = 0, kept = 0;
    enum status st;

    if (!paths)
        return error_no_memory(err);
    for (; *dirs; dirs++)
        if ((st = list_dir(paths, &n, *dirs, arena, err)))
            return st;
    if (!(entries = arena_array(arena, n + 1, sizeof *entries)))
        return error_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct yaml_node *doc;

        if ((st = yaml_read_file(&doc, paths[i], arena, err)))
            return st;
        if (!scalar_text(doc, "name"))
            return error_set(err, STATUS_BAD_INPUT, doc->at, "missing key 'name'");
        entries[kept++] = (struct arch_entry){ .name = scalar_text(doc, "name"), .path = paths[i],
                                               .summary = scalar_text(doc, "summary") ? scalar_text(doc, "summary") : "",
                                               .aliases = join(fields_find(doc, "aliases"), arena) };
    }
    qsort(entries, kept, sizeof *entries, by_name);
    *out = entries;
    *count = (int64_t)kept;
    return STATUS_OK;
}

static const char *stem_of(const char *path, struct arena *arena)
{
    const char *name = path_name(path);

    return arena_strndup(arena, name, strlen(name) - strlen(".yaml"));
}

static const char *skip_separators(const char *p, const char *end)
{
    while (p < end && (*p == '-' || *p == '_' || *p == ' '))
        p++;
    return p;
}

/* Names of one device differ in case and separators from table to table: "RTX PRO 6000", "rtx-pro-6000". */
static bool same_name(const char *a, size_t a_length, const char *b)
{
    const char *a_end = a + a_length, *b_end = b + strlen(b);

    for (;; a++, b++) {
        a = skip_separators(a, a_end);
        b = skip_separators(b, b_end);
        if (a == a_end || b == b_end)
            return a == a_end && b == b_end;
        if (strncasecmp(a, b, 1) != 0)
            return false;
    }
}

/* Length of the word at `p`; of a socket ("SXM5") without its number. */
static size_t word_length(size_t *compared, const char *p, const char *end)
{
    size_t n = 0;

    while (p + n < end && p[n] != '-' && p[n] != '_' && p[n] != ' ')
        n++;
    *compared = n == 4 && strncasecmp(p, "SXM", 3) == 0 ? 3 : n;
    return n;
}

/* Is every word of `a` one of `b`'s? */
static bool words_within(const char *a, const char *a_end, const char *b, const char *b_end)
{
    size_t n, m, whole, step;

    for (a = skip_separators(a, a_end); a < a_end; a = skip_separators(a + whole, a_end)) {
        const char *at = skip_separators(b, b_end);

        for (whole = word_length(&n, a, a_end); at < b_end; at = skip_separators(at + step, b_end))
            if ((step = word_length(&m, at, b_end), m == n) && strncasecmp(a, at, n) == 0)
                break;
        if (at == b_end)
            return false;
    }
    return true;
}

/* Tables also put the words in another order: "H200-SXM5-141GB", "H200-141GB-SXM". */
static bool same_words(const char *a, size_t a_length, const char *b)
{
    return words_within(a, a + a_length, b, b + strlen(b)) && words_within(b, b + strlen(b), a, a + a_length);
}

typedef bool (*name_match)(const char *a, size_t a_length, const char *b);

/* Is `word` one of the ", "-separated aliases? */
static bool has_alias(const char *aliases, const char *word, name_match match)
{
    for (const char *a = aliases; *a;) {
        size_t n = strcspn(a, ",");

        if (match(a, n, word))
            return true;
        a += n;
        a += strspn(a, ", ");
    }
    return false;
}

/* Splits aliases into `names` for the nearest valid name. */
static size_t add_names(const char **names, size_t n, size_t max, const struct arch_entry *e, struct arena *arena)
{
    const char *stem = stem_of(e->path, arena);

    if (n < max)
        names[n++] = e->name;
    if (stem && strcasecmp(stem, e->name) != 0 && n < max)
        names[n++] = stem;
    for (const char *a = e->aliases; *a && n < max;) {
        size_t len = strcspn(a, ",");
        const char *one = arena_strndup(arena, a, len);

        if (one)
            names[n++] = one;
        a += len;
        a += strspn(a, ", ");
    }
    return n;
}

static enum status unknown_name(const char *name, const struct arch_entry *entries, int64_t count, const char *what, struct arena *arena,
                                struct error *err)
{
    enum { NAMES_MAX = 4 * ENTRIES_MAX };
    const char **names = arena_array(arena, NAMES_MAX, sizeof *names), *nearest;
    size_t n = 0;

    if (!names)
        return error_no_memory(err);
    for (int64_t i = 0; i < count; i++)
        n = add_names(names, n, NAMES_MAX, &entries[i], arena);
    if ((nearest = nearest_name(name, names, n)))
        return error_plain(err, STATUS_BAD_INPUT, "unknown %s '%s'; nearest is '%s'", what, name, nearest);
    return error_plain(err, STATUS_BAD_INPUT, "unknown %s '%s', expected a YAML file or a shipped name", what, name);
}

static const char *by_stem(const char *name, const char *const *dirs, struct arena *arena)
{
    char *lower = arena_strdup(arena, name);

    for (char *c = lower; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    for (; lower && *dirs; dirs++) {
        const char *relative = arena_printf(arena, "%s/%s.yaml", *dirs, lower);
        const char *path = relative ? data_path(relative, arena) : NULL;

        if (path)
            return path;
    }
    return NULL;
}

/* "NVIDIA L40S", "NVIDIA-H100-80GB-HBM3": what follows the vendor; NULL when no vendor leads. */
static const char *after_vendor(const char *name)
{
    static const char *const vendors[] = { "NVIDIA", "AMD", "Intel", "Instinct", "Tesla", "GeForce", "Google", "Habana" };

    for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++) {
        size_t n = strlen(vendors[i]);
        if (strncasecmp(name, vendors[i], n) == 0 && (name[n] == ' ' || name[n] == '-') && name[n + 1] != '\0')
            return name + n + 1;
    }
    return NULL;
}

enum status arch_find_file(const char **out, const char *name_or_path, const char *const *dirs, const char *what, struct arena *arena,
                           struct error *err)
{
    static const name_match matches[] = { same_name, same_words };
    const char *const asked = name_or_path;
    const struct arch_entry *entries;
    enum status st;
    int64_t count;

    if (name_or_path[0] == '\0')
        return error_plain(err, STATUS_BAD_INPUT, "empty name of a %s, expected a YAML file or a shipped name", what);
    if ((strchr(name_or_path, '/') && !strchr(name_or_path, ' ')) || has_suffix(name_or_path, ".yaml")) { /* "NAME (w/ MTP)" is a name */
        if (access(name_or_path, F_OK) == 0)
            *out = arena_strdup(arena, name_or_path);
        else if (!(*out = data_path(name_or_path, arena)))
            return error_plain(err, STATUS_BAD_INPUT, "no such file: '%s', expected the YAML file of a %s", name_or_path, what);
        return *out ? STATUS_OK : error_no_memory(err);
    }
    if ((*out = by_stem(name_or_path, dirs, arena)))
        return STATUS_OK;
    if ((st = arch_scan(&entries, &count, dirs, arena, err)))
        return st;
    for (size_t m = 0; m < sizeof matches / sizeof matches[0]; m++)
        for (int64_t i = 0; i < count; i++)
            if (matches[m](entries[i].name, strlen(entries[i].name), name_or_path) || has_alias(entries[i].aliases, name_or_path, matches[m])) {
                *out = entries[i].path;
                return STATUS_OK;
            }
    if ((name_or_path = after_vendor(name_or_path)))
        return arch_find_file(out, name_or_path, dirs, what, arena, err);
    return unknown_name(asked, entries, count, what, arena, err);
}
