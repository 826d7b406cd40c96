/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a database: each is a query that gives one line for each fault. Owner and schema version were checked when it was opened. */
#include "store/check.h"

#include <stddef.h>
#include <string.h>

#include "store/sql.h"

static const struct { const char *name, *sql; } checks[] = {
    { "integrity", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok' LIMIT 100" },
    { "references", "SELECT \"table\" || ' row ' || ifnull(rowid, '?') || ': no such ' || parent FROM pragma_foreign_key_check LIMIT 100" },
    /* Times are integers: their sums are exact. */
    { "phases", "SELECT 'run ' || substr(r.key, 1, 8) || ': its phases sum to ' || p.ps || ' ps, expected ' || r.time_ps "
                "FROM run r JOIN (SELECT run_id, sum(time_ps) AS ps FROM phase GROUP BY run_id) p ON p.run_id = r.id "
                "WHERE p.ps <> r.time_ps ORDER BY r.key LIMIT 100" },
    { "breakdown", "SELECT 'run ' || substr(r.key, 1, 8) || ': its breakdown rows sum to ' || b.ps || ' ps, expected ' || r.time_ps "
                   "FROM run r JOIN (SELECT run_id, sum(time_ps) AS ps FROM breakdown GROUP BY run_id) b ON b.run_id = r.id "
                   "WHERE r.detail AND b.ps <> r.time_ps ORDER BY r.key LIMIT 100" },
    { "causes", "SELECT 'run ' || substr(r.key, 1, 8) || ': the causes of breakdown row ' || b.ordinal || ' sum to ' || "
                "(matrix_ps + vector_ps + shared_ps + l2_ps + dram_ps + link_ps + launch_ps + stall_ps) || ' ps, expected ' || b.time_ps "
                "FROM breakdown b JOIN run r ON r.id = b.run_id "
                "WHERE matrix_ps + vector_ps + shared_ps + l2_ps + dram_ps + link_ps + launch_ps + stall_ps <> b.time_ps "
                "ORDER BY r.key, b.ordinal LIMIT 100" },
    { "inputs", "SELECT i.kind || ' ' || ifnull(i.name, i.hash) || ' (' || i.id || '): ' || CASE WHEN i.base_id = i.id THEN 'is its own base' "
                "WHEN b.kind <> i.kind OR b.body IS NULL THEN 'its base has no description' ELSE 'its settings are no JSON object' END "
                "FROM input i LEFT JOIN input b ON b.id = i.base_id "
                "WHERE i.base_id = i.id OR b.kind <> i.kind OR (b.id IS NOT NULL AND b.body IS NULL) OR "
                "(i.settings IS NOT NULL AND CASE WHEN json_valid(i.settings) THEN json_type(i.settings) END IS NOT 'object') ORDER BY i.kind, i.hash LIMIT 100" },
    { "points", "SELECT 'sweep ' || w.name || ': point ' || p.ordinal || CASE p.status WHEN 0 THEN ' has no run' ELSE ' has no reason' END "
                "FROM point p JOIN sweep w ON w.id = p.sweep_id WHERE CASE p.status WHEN 0 THEN p.run_id ELSE p.reason END IS NULL "
                "ORDER BY w.hash, p.ordinal LIMIT 100" },
};

static enum status run_check(int64_t *faults, struct store *s, size_t which, store_fault_fn *tell, void *to, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status st = sql_prepare(&stmt, s, checks[which].sql, "checking it", err);

    if (st)
        return st;
    for (; (code = sqlite3_step(stmt)) == SQLITE_ROW; ++*faults)
        tell(to, checks[which].name, (const char *)sqlite3_column_text(stmt, 0));
    if (code != SQLITE_DONE)
        st = sql_fail(s, "checking it", err);
    sqlite3_finalize(stmt);
    return st;
}

enum status store_check(int64_t *faults, struct store *s, store_fault_fn *tell, void *to, struct error *err)
{
    enum status st = STATUS_OK;

    *faults = 0;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && !st; i++)
        st = run_check(faults, s, i, tell, to, err);
    return st;
}
