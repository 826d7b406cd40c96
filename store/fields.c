/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that runs make. See fields.h. */
#include "store/fields.h"

#include <stdlib.h>
#include <string.h>

#include "store/functions.h"

/* sql and values: %s is the name behind the prefix, in letters that need no quoting. values: all that it holds. */
static const struct field_kind {
    const char *prefix;
    bool text, whole;            /* kind that is known beforehand; neither: the values decide */
    const char *sql, *values, *names, *help;
} kinds[] = {
    { "recipe.", true, false, "llmsim_field(r.recipe, '%s')", "SELECT llmsim_field(recipe, '%s') AS v FROM run WHERE v IS NOT NULL LIMIT 1",
      "SELECT recipe FROM run LIMIT 1", "of the recipe" },
    { "layout.", false, true, "CAST(llmsim_field(r.layout, '%s') AS INTEGER)", "SELECT llmsim_field(layout, '%s') AS v FROM run WHERE v IS NOT NULL LIMIT 1",
      "SELECT layout FROM run LIMIT 1", "of the layout" },
    { "arch.", false, false, "a.settings ->> '$.\"%s\"'", "SELECT DISTINCT settings ->> '$.\"%s\"' AS v FROM input WHERE kind = 'arch' AND v IS NOT NULL",
      "SELECT DISTINCT j.key FROM input, json_each(settings) j WHERE kind = 'arch' ORDER BY 1", "what was changed in the hardware" },
    { "stack.", false, false, "s.settings ->> '$.\"%s\"'", "SELECT DISTINCT settings ->> '$.\"%s\"' AS v FROM input WHERE kind = 'stack' AND v IS NOT NULL",
      "SELECT DISTINCT j.key FROM input, json_each(settings) j WHERE kind = 'stack' ORDER BY 1", "what was changed in the stack" },
};

struct field { struct field *next; struct store_column column; };
struct field_list { struct field *first; struct store *const *peers; int peers_count, users; };

static const char doing[] = "reading what runs are made of";

/* ---- lists ---- */

static enum status list_of(struct field_list **out, struct store *s, struct error *err)
{
    *out = s->fields;
    if (s->fields)
        return STATUS_OK;
    if (!(*out = s->fields = calloc(1, sizeof *s->fields)))
        return error_no_memory(err);
    s->fields->users = 1;
    return STATUS_OK;
}

enum status store_join(struct store *const *stores, int count, struct error *err)
{
    struct field_list *list;

    for (int i = 0; i < count; i++) {
        enum status st = STATUS_OK;
        field_list_release(stores[i]);
        if (i == 0 && (st = list_of(&list, stores[0], err)))
            return st;
        stores[i]->fields = list;
        list->users = i + 1;
    }
    if (count > 0) {
        list->peers = stores;
        list->peers_count = count;
    }
    return STATUS_OK;
}

void field_list_release(struct store *s)
{
    struct field_list *list = s->fields;

    s->fields = NULL;
    if (!list || --list->users > 0)
        return;
    for (struct field *f = list->first, *next; f; f = next) {
        next = f->next;
        free(f);
    }
    free(list);
}

/* ---- what a field holds ---- */

struct held { bool any, texts; enum quantity_kind kind; };

static void hold(struct held *h, const char *text)
{
    enum quantity_kind kind;
    double value;
    bool is_number = functions_number(&value, &kind, text);

    if (!is_number || (h->any && kind != h->kind && (kind > Q_RATIO || h->kind > Q_RATIO)))
        h->texts = true;
    else
        h->kind = h->any && h->kind > kind ? h->kind : kind;
    h->any = true;
}

static enum status look(struct held *h, struct store *s, const char *pattern, const char *path, struct error *err)
{
    char *sql = sqlite3_mprintf(pattern, path);
    sqlite3_stmt *stmt;
    enum status st = sql ? sql_prepare(&stmt, s, sql, doing, err) : error_no_memory(err);
    int code;

    sqlite3_free(sql);
    if (st)
        return st;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        if (sqlite3_column_text(stmt, 0))
            hold(h, (const char *)sqlite3_column_text(stmt, 0));
    if (code != SQLITE_DONE)
        st = sql_fail(s, doing, err);
    sqlite3_finalize(stmt);
    return st;
}

static enum status make(struct field_list *list, const struct field_kind *k, const struct held *h, const char *name, struct error *err)
{
    bool text = k->text || (!k->whole && h->texts), number = !text && !k->whole;
    char *inner = sqlite3_mprintf(k->sql, name + strlen(k->prefix));
    size_t n = strlen(name) + 1, sql_bytes = inner ? strlen(inner) + sizeof "llmsim_number()" : 0;
    struct field *f = inner ? calloc(1, sizeof *f + n + sql_bytes) : NULL;
    char *at = f ? (char *)(f + 1) : NULL;

    if (!f) {
        sqlite3_free(inner);
        return error_no_memory(err);
    }
    memcpy(at, name, n);
    snprintf(at + n, sql_bytes, "%s%s%s", number ? "llmsim_number(" : "", inner, number ? ")" : "");
    sqlite3_free(inner);
    f->column = (struct store_column){ .name = at, .unit = number ? functions_unit(h->kind) : "", .kind = text ? STORE_TEXT : k->whole ? STORE_INTEGER : STORE_REAL,
                                       .sql = at + n, .help = k->help };
    f->next = list->first;
    list->first = f;
    return STATUS_OK;
}

static const struct field_kind *kind_of(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].prefix);
        if (strncmp(name, kinds[i].prefix, n) == 0 && name[n] && name[n + strspn(name + n, letters)] == '\0')
            return &kinds[i];
    }
    return NULL;
}

enum status field_find(const struct store_column **out, struct store *s, const char *name, struct error *err)
{
    const struct field_kind *k = kind_of(name);
    struct field_list *list;
    struct held h = { 0 };
    enum status st;

    *out = NULL;
    if (!k || (st = list_of(&list, s, err)))
        return k ? st : STATUS_OK;
    for (const struct field *f = list->first; f; f = f->next)
        if (strcmp(f->column.name, name) == 0) {
            *out = &f->column;
            return STATUS_OK;
        }
    for (int i = 0; i < (list->peers_count ? list->peers_count : 1); i++)
        if ((st = look(&h, list->peers_count ? list->peers[i] : s, k->values, name + strlen(k->prefix), err)))
            return st;
    if (h.any && !(st = make(list, k, &h, name, err)))
        *out = &list->first->column;
    return st;
}

/* ---- all of them ---- */

/* A text of fields, "w=int4g128,a=fp16", or a key. */
static bool tell(const struct field_kind *k, const char *text, bool (*each)(void *to, const char *name), void *to)
{
    bool more = true;

    for (const char *at = text; more && *at; at += strcspn(at, ","), at += *at == ',') {
        char name[128];
        snprintf(name, sizeof name, "%s%.*s", k->prefix, (int)strcspn(at, "=,"), at);
        more = each(to, name);
    }
    return more;
}

enum status field_names(struct store *s, bool (*each)(void *to, const char *name), void *to, struct error *err)
{
    bool more = true;

    for (size_t i = 0; more && i < sizeof kinds / sizeof kinds[0]; i++) {
        sqlite3_stmt *stmt;
        enum status st = sql_prepare(&stmt, s, kinds[i].names, doing, err);
        if (st)
            return st;
        while (more && sqlite3_step(stmt) == SQLITE_ROW)
            more = tell(&kinds[i], (const char *)sqlite3_column_text(stmt, 0), each, to);
        sqlite3_finalize(stmt);
    }
    return STATUS_OK;
}

struct all { const struct store_column **list; int count; struct store *store; struct error *err; enum status status; };

static bool take_one(void *to, const char *name)
{
    struct all *a = to;
    const struct store_column *c;

    if (a->count == FIELDS_MAX || (a->status = field_find(&c, a->store, name, a->err)))
        return false;
    if (c)
        a->list[a->count++] = c;
    return true;
}

enum status store_field_columns(const struct store_column *const **out, struct store *s, struct arena *arena, struct error *err)
{
    struct all a = { .list = arena_array(arena, FIELDS_MAX + 1, sizeof *a.list), .store = s, .err = err };
    enum status st = a.list ? field_names(s, take_one, &a, err) : error_no_memory(err);

    *out = a.list;
    return st ? st : a.status;
}
