/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a database: is it ours, may it be written, which journal does its file system allow, is its schema current.
 *
 * WAL needs memory shared between all users of a file, so that all must be on one host: it does not work on network file
 * systems (SQLite documentation, "Write-Ahead Logging", section 1). There a rollback journal with full syncs is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/fields.h"
#include "store/functions.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store.h"

enum { BUSY_TIMEOUT_MS = 60000, HEADER_BYTES = 100, HEADER_WAL = 2, HEADER_READ_VERSION = 19 };

/* f_type of statfs(2); the constants of linux/magic.h and of the file systems' own sources. */
static const struct { unsigned long type; const char *name; } network_file_systems[] = {
    { 0x6969, "NFS" },        { 0x0BD00BD0, "Lustre" },  { 0x47504653, "GPFS" },  { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB" },
    { 0x517B, "SMB" },        { 0x5346414F, "AFS" },     { 0x00C36400, "Ceph" },  { 0x19830326, "BeeGFS" }, { 0x20030528, "OrangeFS" },
    { 0x01021997, "9P" },     { 0x65735546, "FUSE" },
};

/* Pages in memory, at most 64 MiB (SQLite's own 2 MB make a batch of a thousand runs go to the log and come back). */
static const char cache[] = "PRAGMA cache_size = -65536";

static const char *network_name(const char *path)
{
    char folder[PATH_MAX];
    struct statfs fs;
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (statfs(folder, &fs))
        return NULL;
    for (size_t i = 0; i < sizeof network_file_systems / sizeof network_file_systems[0]; i++)
        if ((unsigned long)(fs.f_type & 0xFFFFFFFF) == network_file_systems[i].type)
            return network_file_systems[i].name;
    return NULL;
}

/* What can be said about the file before SQLite touches it. *wal: its head says so. */
static enum status check_file(bool *wal, const char *path, struct error *err)
{
    unsigned char head[HEADER_BYTES];
    struct stat st;
    size_t got;

    *wal = false;
    if (stat(path, &st))
        return errno == ENOENT ? STATUS_OK : error_plain(err, STATUS_BAD_INPUT, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_plain(err, STATUS_BAD_INPUT, "%s: not a regular file, expected a database", path);
    FILE *f = fopen(path, "rb");
    if (!f)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %s", path, strerror(errno));
    got = fread(head, 1, sizeof head, f);
    fclose(f);
    if (got == 0)
        return STATUS_OK; /* empty: SQLite takes it for a new database */
    if (got < sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s: not an SQLite database (give another file with --db)", path);
    *wal = head[HEADER_READ_VERSION] == HEADER_WAL;
    return STATUS_OK;
}

static enum status check_owner(int64_t *version, struct store *s, struct error *err)
{
    int64_t application = 0, tables = 0;
    enum status st;

    if ((st = sql_i64(&application, s, "PRAGMA application_id", err)) || (st = sql_i64(version, s, "PRAGMA user_version", err)) ||
        (st = sql_i64(&tables, s, "SELECT count(*) FROM sqlite_schema", err)))
        return st;
    if (application != STORE_APPLICATION_ID && (tables > 0 || *version != 0 || application != 0))
        return error_plain(err, STATUS_BAD_INPUT, "%s: a database of another program (give another file with --db)", s->path);
    if (*version > store_schema_version())
        return error_plain(err, STATUS_BAD_INPUT, "%s: schema %lld, this llmsim knows up to %lld: use a newer llmsim, or another file with --db",
                           s->path, (long long)*version, (long long)store_schema_version());
    return STATUS_OK;
}

/* The same at one moment of the file: another process may be making its tables. */
static enum status check_owner_at_once(int64_t *version, struct store *s, struct error *err)
{
    enum status st = sql_exec(s, "BEGIN", "opening it", err);

    if (st)
        return st;
    st = check_owner(version, s, err);
    sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    return st;
}

static enum status migrate_in_transaction(struct store *s, struct error *err)
{
    int64_t version;
    char pragma[96];
    enum status st = check_owner(&version, s, err); /* another process may have been first */

    for (; !st && version < store_schema_version(); version++) {
        st = sql_exec(s, store_migrations[version].sql, "migrating the schema", err);
        if (!st && store_migrations[version].rows)
            st = store_migrations[version].rows(s, err);
    }
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %lld", STORE_APPLICATION_ID,
             (long long)store_schema_version());
    return st ? st : sql_exec(s, pragma, "migrating the schema", err);
}

static enum status migrate(struct store *s, struct error *err)
{
    enum status st = sql_exec(s, "BEGIN IMMEDIATE", "migrating the schema", err);

    if (st)
        return st;
    if (!(st = migrate_in_transaction(s, err)))
        st = sql_exec(s, "COMMIT", "migrating the schema", err);
    if (st)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

static bool allowed(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/* May files be made beside it? SQLite does. */
static bool folder_writable(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return allowed(folder, W_OK | X_OK);
}

/* May the file (if it is there) and its folder be written? */
static bool writable(const char *path)
{
    return folder_writable(path) && (!allowed(path, F_OK) || allowed(path, W_OK));
}

/* What WAL mode keeps beside the file: the log of writes that are not in it yet, and the index of the log, which its users share. */
struct beside { char log[PATH_MAX], shared[PATH_MAX]; bool has_log; };

/* The index of a log belongs to who makes it: one that another user made would keep the owner from his own database. */
static bool may_make_index(const char *path)
{
    struct stat st;

    return folder_writable(path) && stat(path, &st) == 0 && st.st_uid == geteuid();
}

/* An empty log counts where somebody has the file open: it may be written at any moment. */
static void look_beside(struct beside *b, const char *path)
{
    struct stat st;

    b->has_log = snprintf(b->log, sizeof b->log, "%s-wal", path) < (int)sizeof b->log &&
                 snprintf(b->shared, sizeof b->shared, "%s-shm", path) < (int)sizeof b->shared &&
                 stat(b->log, &st) == 0 && (st.st_size > 0 || allowed(b->shared, F_OK));
}

/* "file:PATH?mode=ro": with no log beside it the file is all there is, and immutable=1 spares SQLite the shared memory that
 * WAL mode would have it make in a folder where it may not. */
static enum status open_for_reading(struct store *s, struct error *err)
{
    size_t room = 3 * strlen(s->path) + 64;
    struct beside beside;
    char *uri, *out;
    int code;

    look_beside(&beside, s->path);
    if (beside.has_log && !(allowed(beside.log, R_OK) && (allowed(beside.shared, R_OK) || may_make_index(s->path))))
        return error_plain(err, STATUS_BAD_INPUT, "%s: its latest writes are still in %s, which cannot be read from here: let its owner run "
                           "'llmsim db check' on it, or copy both files to where you may write", s->path, beside.log);
    if (!(uri = out = malloc(room)))
        return error_no_memory(err);
    out += snprintf(out, room, "file:");
    for (const char *p = s->path; *p; p++)
        if (strchr("?#%", *p))
            out += snprintf(out, 4, "%%%02X", (unsigned)*p);
        else
            *out++ = *p;
    snprintf(out, room - (size_t)(out - uri), "?mode=ro%s", beside.has_log ? "" : "&immutable=1");
    sqlite3_close(s->db);
    code = sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    free(uri);
    s->read_only = true;
    return code == SQLITE_OK ? STATUS_OK : s->db ? sql_fail(s, "opening it to read", err) : error_no_memory(err);
}

static enum status set_up_reading(struct store *s, struct error *err)
{
    int64_t version;
    enum status st;

    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(s->db, 1);
    if ((st = functions_register(s, err)) || (st = check_owner_at_once(&version, s, err)))
        return st;
    if (version < store_schema_version())
        return error_plain(err, STATUS_BAD_INPUT, "%s: schema %lld, and read-only: it cannot be brought to %lld (copy it to where it may be written, "
                           "or run with --no-db)", s->path, (long long)version, (long long)store_schema_version());
    return STATUS_OK;
}

static enum status set_up(struct store *s, bool wal, struct error *err)
{
    const char *network = network_name(s->path);
    int64_t version;
    enum status st;

    if (network && wal)
        return error_plain(err, STATUS_BAD_INPUT, "%s: in WAL mode on a network file system (%s), where it can be damaged: "
                           "copy it to a local disk, or run 'PRAGMA journal_mode=DELETE' there first", s->path, network);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_extended_result_codes(s->db, 1);
    if ((st = functions_register(s, err)) || (st = sql_exec(s, "PRAGMA foreign_keys = ON", "opening it", err)) || (st = check_owner_at_once(&version, s, err)))
        return st;
    sqlite3_exec(s->db, cache, NULL, NULL, NULL);
    /* A change of journal can fail while another process reads: then the present one serves. */
    sqlite3_exec(s->db, network ? "PRAGMA synchronous = FULL" : wal ? "PRAGMA synchronous = NORMAL" :
                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    return version < store_schema_version() ? migrate(s, err) : STATUS_OK;
}

static enum status open_and_set_up(struct store *s, bool wal, struct error *err)
{
    bool exists = access(s->path, F_OK) == 0;
    enum status st;

    if (!exists && !writable(s->path))
        return error_plain(err, STATUS_BAD_INPUT, "%s: its folder: %s (--db names another file, --no-db runs without one)", s->path, strerror(errno));
    if (exists && !writable(s->path))
        return (st = open_for_reading(s, err)) ? st : set_up_reading(s, err);
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return s->db ? sql_fail(s, "opening it", err) : error_no_memory(err);
    if (sqlite3_db_readonly(s->db, "main") == 1) /* SQLite fell back to reading */
        return (st = open_for_reading(s, err)) ? st : set_up_reading(s, err);
    return set_up(s, wal, err);
}

bool store_read_only(const struct store *s)
{
    return s->read_only;
}

enum status store_open(struct store **out, const char *path, struct error *err)
{
    struct store *s;
    bool wal;
    enum status st = check_file(&wal, path, err);

    *out = NULL;
    if (st)
        return st;
    s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(path))) {
        free(s);
        return error_no_memory(err);
    }
    if ((st = open_and_set_up(s, wal, err)))
        store_close(s);
    else
        *out = s;
    return st;
}

enum status store_open_memory(struct store **out, struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    enum status st;

    *out = NULL;
    if (!s || !(s->path = strdup("memory"))) {
        free(s);
        return error_no_memory(err);
    }
    st = sqlite3_open_v2(":memory:", &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK ? functions_register(s, err)
         : s->db ? sql_fail(s, "opening it", err) : error_no_memory(err);
    if (st || (st = migrate(s, err)))
        store_close(s);
    else
        *out = s;
    return st;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    field_list_release(s);
    free(s->path);
    free(s);
}
