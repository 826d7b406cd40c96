/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Inside store/: writes runs with statements that are prepared once. The caller holds the transaction.
 */
#ifndef LLMSIM_STORE_WRITER_H
#define LLMSIM_STORE_WRITER_H

#include "store/sql.h"
#include "store/store.h"

enum { WRITER_INPUTS = 256 }; /* ids of inputs that are remembered, so that a batch over one chip asks for them once */

/* An input that is there keeps what it has and takes what it lacks; who has a body needs no base. */
#define INPUT_JOINED \
    " ON CONFLICT (kind, hash) DO UPDATE SET packed = coalesce(packed, excluded.packed), body = coalesce(body, excluded.body)," \
    " base_id = CASE WHEN body IS NULL AND excluded.body IS NULL THEN coalesce(base_id, excluded.base_id) END," \
    " settings = coalesce(json_patch(excluded.settings, settings), settings, excluded.settings)"

struct writer {
    struct store *s;
    sqlite3_stmt *find, *find_input, *input, *run, *phase, *breakdown, *warning, *complete;
    struct { char kind; bool settings; struct hash128 hash; int64_t id; } inputs[WRITER_INPUTS];
};

enum status writer_open(struct writer *w, struct store *s, struct error *err);
/** Forgets the ids of inputs: after a rollback they may be others'. */
void writer_forget(struct writer *w);
/** *id 0: there is no run of this key. */
enum status writer_find(int64_t *id, bool *detail, struct writer *w, struct hash128 key, struct error *err);
/** Stores a run, without its breakdown rows unless `detail`. A row that is there is compared, completed, or (with `replace`) replaced
 *  under its id. */
enum status writer_put(int64_t *id, struct writer *w, const struct result *r, const struct run_inputs *in, bool detail, bool replace,
                       struct error *err);
void writer_close(struct writer *w);

#endif
