/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the inputs of runs (store/store.h). */
#include "store/sql.h"
#include "store/store.h"

enum status store_arch_yaml(const char **out, const char **hash, struct store *s, int64_t arch_id, struct arena *arena, struct error *err)
{
    static const char doing[] = "reading a description";
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, "SELECT body, hash FROM input WHERE kind = 'arch' AND id = ?", doing, err);
    int code;

    if (st)
        return st;
    sqlite3_bind_int64(stmt, 1, arch_id);
    code = sqlite3_step(stmt);
    *out = NULL;
    if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT) {
        *out = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0));
        if (hash)
            *hash = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 1));
        if (!*out || (hash && !*hash))
            st = error_no_memory(err);
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        st = sql_fail(s, doing, err);
    }
    sqlite3_finalize(stmt);
    return st;
}
