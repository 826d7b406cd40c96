/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storing a run in one transaction: BEGIN IMMEDIATE takes the write lock at once (a deferred one that is upgraded later can
 * fail with BUSY in spite of the timeout), and whatever fails or kills the process before COMMIT leaves nothing behind.
 */
#include "store/writer.h"

static enum status put_in_transaction(struct store *s, const struct result *r, const struct run_inputs *in, bool replace, struct error *err)
{
    struct writer w;
    int64_t id;
    enum status st = writer_open(&w, s, err);

    if (st)
        return st;
    st = writer_put(&id, &w, r, in, true, replace, err);
    writer_close(&w);
    return st;
}

enum status store_put(struct store *s, const struct result *result, const struct run_inputs *inputs, bool replace, struct error *err)
{
    enum status st = sql_exec(s, "BEGIN IMMEDIATE", "storing a run", err);

    if (st)
        return st;
    if (!(st = put_in_transaction(s, result, inputs, replace, err)))
        st = sql_exec(s, "COMMIT", "storing a run", err);
    if (st)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}
