/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a run by what a user types: the first digits of its key as reports show them, or "#ID". */
#include <string.h>

#include "store/sql.h"
#include "store/store.h"

enum { PREFIX_MIN = 4 };

static const char finding[] = "finding a run";

/* Key, names of the inputs. */
static const char selection[] =
    "SELECT r.key, a.name, s.name, t.name, r.recipe, r.layout, r.mapping, r.overrides, r.model_version FROM run r"
    " JOIN input a ON a.id = r.arch_id JOIN input s ON s.id = r.stack_id JOIN input t ON t.id = r.trace_id WHERE ";

static bool is_hex(const char *text)
{
    return strspn(text, "0123456789abcdef") == strlen(text);
}

static enum status read_names(struct hash128 *key, struct run_inputs *names, sqlite3_stmt *stmt, struct arena *arena, struct error *err)
{
    const char **const at[] = { &names->arch_name, &names->stack_name, &names->trace_name, &names->recipe, &names->layout, &names->mapping,
                                &names->overrides, &names->model_version };

    *names = (struct run_inputs){ 0 };
    if (!hash_parse(key, (const char *)sqlite3_column_text(stmt, 0)))
        return error_plain(err, STATUS_BAD_INPUT, "database: the key of a run is none (was a row edited by hand?)");
    for (int i = 0; i < (int)(sizeof at / sizeof at[0]); i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, i + 1);

        if (text && !(*at[i] = arena_strdup(arena, text)))
            return error_no_memory(err);
    }
    return STATUS_OK;
}

enum status store_find(struct hash128 *key, struct run_inputs *names, struct store *s, const char *text, struct arena *arena, struct error *err)
{
    bool by_id = text[0] == '#';
    const char *sql = arena_printf(arena, "%s%s", selection, by_id ? "r.id = ?" : "r.key GLOB ? ORDER BY r.key LIMIT 2");
    const char *pattern = arena_printf(arena, by_id ? "%s" : "%s*", text + by_id);
    sqlite3_stmt *stmt;
    enum status st;
    int code;

    if (!sql || !pattern)
        return error_no_memory(err);
    if (!by_id && (strlen(text) < PREFIX_MIN || !is_hex(text)))
        return error_plain(err, STATUS_BAD_INPUT, "'%s' is no key of a run: expected at least %d of its hex digits, or #ID", text, PREFIX_MIN);
    if ((st = sql_prepare(&stmt, s, sql, finding, err)))
        return st;
    sqlite3_bind_text(stmt, 1, pattern, -1, SQLITE_TRANSIENT);
    code = sqlite3_step(stmt);
    if (code == SQLITE_DONE)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: no run %s", s->path, text);
    else if (code != SQLITE_ROW)
        st = sql_fail(s, finding, err);
    else if (!(st = read_names(key, names, stmt, arena, err)) && sqlite3_step(stmt) == SQLITE_ROW)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: several runs begin with %s: give more digits", s->path, text);
    sqlite3_finalize(stmt);
    return st;
}

enum status store_trace(char **text, size_t *bytes, struct store *s, struct hash128 key, struct error *err)
{
    static const char sql[] = "SELECT t.packed FROM run r JOIN input t ON t.id = r.trace_id WHERE r.key = ?";
    char hex[HASH_TEXT_MAX];
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, finding, err);

    *text = NULL;
    *bytes = 0;
    if (st)
        return st;
    sqlite3_bind_text(stmt, 1, hash_format(hex, key), -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_DONE)
        st = error_plain(err, STATUS_BAD_INPUT, "%s: no run %s", s->path, hex);
    else if (code != SQLITE_ROW)
        st = sql_fail(s, finding, err);
    else if (sqlite3_column_type(stmt, 0) == SQLITE_BLOB)
        st = pack_text(text, bytes, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), STORE_TRACE_BYTES_MAX, err);
    sqlite3_finalize(stmt);
    return st;
}
