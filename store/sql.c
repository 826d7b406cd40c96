/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite calls with messages that say what to do. Which cause is whose (the user's 2, the machine's 1): docs/results.md. */
#include "store/sql.h"

#include <string.h>

static const struct {
    int code; /* primary result code */
    enum status status;
    const char *text;
} causes[] = {
    { SQLITE_FULL,     STATUS_INTERNAL,  "disk full" },
    { SQLITE_READONLY, STATUS_BAD_INPUT, "the database is read-only" },
    { SQLITE_NOTADB,   STATUS_BAD_INPUT, "not an SQLite database" },
    { SQLITE_CORRUPT,  STATUS_BAD_INPUT, "the database is damaged ('sqlite3 FILE .recover' saves what can be read)" },
    { SQLITE_BUSY,     STATUS_INTERNAL,  "locked by another process for too long" },
    { SQLITE_LOCKED,   STATUS_INTERNAL,  "locked by another process for too long" },
    { SQLITE_CANTOPEN, STATUS_BAD_INPUT, "cannot open the database" },
    { SQLITE_PERM,     STATUS_BAD_INPUT, "permission denied" },
    { SQLITE_NOMEM,    STATUS_INTERNAL,  "out of memory" },
    { SQLITE_IOERR,    STATUS_INTERNAL,  "input/output failure" },
    { SQLITE_PROTOCOL, STATUS_INTERNAL,  "locking failed (a network file system?)" },
};

enum status sql_fail(struct store *s, const char *doing, struct error *err)
{
    int code = sqlite3_errcode(s->db) & 0xff, cause = sqlite3_system_errno(s->db);
    bool told = (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && cause != 0;

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].code == code)
            return error_plain(err, causes[i].status, "%s: %s%s%s while %s", s->path, causes[i].text,
                               told ? ": " : "", told ? strerror(cause) : "", doing);
    return error_plain(err, STATUS_INTERNAL, "%s: %s while %s", s->path, sqlite3_errmsg(s->db), doing);
}

enum status sql_exec(struct store *s, const char *sql, const char *doing, struct error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? STATUS_OK : sql_fail(s, doing, err);
}

enum status sql_prepare(sqlite3_stmt **out, struct store *s, const char *sql, const char *doing, struct error *err)
{
    return sqlite3_prepare_v2(s->db, sql, -1, out, NULL) == SQLITE_OK ? STATUS_OK : sql_fail(s, doing, err);
}

enum status sql_run(struct store *s, sqlite3_stmt *stmt, const char *doing, struct error *err)
{
    int code = sqlite3_step(stmt);
    enum status st = code == SQLITE_DONE || code == SQLITE_ROW ? STATUS_OK : sql_fail(s, doing, err);

    sqlite3_reset(stmt);
    return st;
}

enum status sql_i64(int64_t *out, struct store *s, const char *sql, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, s, sql, "reading its head", err);

    if (st)
        return st;
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *out = sqlite3_column_int64(stmt, 0);
    else
        st = sql_fail(s, "reading its head", err);
    sqlite3_finalize(stmt);
    return st;
}
