/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of the inputs of runs (store/store.h). */
#include <string.h>

#include "store/sql.h"
#include "store/store.h"

static const char reading[] = "reading a description";

static enum status copy(const char **out, sqlite3_stmt *stmt, int column, struct arena *arena, struct error *err)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    *out = text ? arena_strdup(arena, text) : NULL;
    return text && !*out ? error_no_memory(err) : STATUS_OK;
}

static enum status read_settings(struct stored_description *out, struct store *s, int64_t id, struct arena *arena, struct error *err)
{
    static const char sql[] = "SELECT key, value, count(*) OVER () FROM input, json_each(settings) WHERE input.id = ?";
    struct arch_override *items = NULL;
    sqlite3_stmt *stmt;
    int code = SQLITE_DONE;
    enum status st = sql_prepare(&stmt, s, sql, reading, err);

    if (st)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    while (!st && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (!items && !(items = arena_array(arena, (size_t)sqlite3_column_int64(stmt, 2), sizeof *items)))
            st = error_no_memory(err);
        else if (!(st = copy(&items[out->settings_count].key, stmt, 0, arena, err)))
            st = copy(&items[out->settings_count++].value, stmt, 1, arena, err);
    }
    if (!st && code != SQLITE_DONE)
        st = sql_fail(s, reading, err);
    sqlite3_finalize(stmt);
    out->settings = items;
    return st;
}

enum status store_arch(struct stored_description *out, struct store *s, int64_t arch_id, struct arena *arena, struct error *err)
{
    static const char sql[] = "SELECT i.hash, i.name, i.body, b.body, i.settings IS NOT NULL FROM input i LEFT JOIN input b ON b.id = i.base_id"
                              " WHERE i.kind = 'arch' AND i.id = ?";
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, reading, err);

    *out = (struct stored_description){ 0 };
    if (st)
        return st;
    sqlite3_bind_int64(stmt, 1, arch_id);
    int code = sqlite3_step(stmt);
    bool settings = code == SQLITE_ROW && sqlite3_column_int(stmt, 4) != 0;
    if (code == SQLITE_DONE)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: no hardware has the number %lld", s->path, (long long)arch_id);
    else if (code != SQLITE_ROW)
        st = sql_fail(s, reading, err);
    else if (!hash_parse(&out->hash, (const char *)sqlite3_column_text(stmt, 0)))
        st = error_plain(err, STATUS_BAD_INPUT, "%s: the hash of hardware %lld is none (was a row edited by hand?)", s->path, (long long)arch_id);
    else if (!(st = copy(&out->name, stmt, 1, arena, err)) && !(st = copy(&out->yaml, stmt, 2, arena, err)))
        st = copy(&out->base_yaml, stmt, 3, arena, err);
    sqlite3_finalize(stmt);
    return st || !settings ? st : read_settings(out, s, arch_id, arena, err);
}

enum status store_archs(struct stored_name **out, int64_t *count, struct store *s, struct arena *arena, struct error *err)
{
    int64_t all = 0, n = 0;
    struct stored_name *names;
    sqlite3_stmt *stmt;
    int code = SQLITE_DONE;
    enum status st = sql_i64(&all, s, "SELECT count(*) FROM input WHERE kind = 'arch'", err);

    if (st || (st = sql_prepare(&stmt, s, "SELECT id, name FROM input WHERE kind = 'arch' ORDER BY id", reading, err)))
        return st;
    if (!(names = arena_array(arena, (size_t)all + 1, sizeof *names)))
        st = error_no_memory(err);
    for (; !st && n < all && (code = sqlite3_step(stmt)) == SQLITE_ROW; n++) {
        const char *name = (const char *)sqlite3_column_text(stmt, 1);

        names[n].id = sqlite3_column_int64(stmt, 0);
        if (n && name && names[n - 1].name && strcmp(name, names[n - 1].name) == 0)
            names[n].name = names[n - 1].name;
        else
            st = copy(&names[n].name, stmt, 1, arena, err);
    }
    if (!st && code != SQLITE_ROW && code != SQLITE_DONE)
        st = sql_fail(s, reading, err);
    sqlite3_finalize(stmt);
    *out = names;
    *count = n;
    return st;
}
