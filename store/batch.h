/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Points of a sweep and their runs, many a transaction. docs/results.md, "Sweeps"
 *
 *     store_batch_open(&b, store, &sweep, false, err);
 *     for each point: store_batch_run(b, &result, &inputs, err), store_batch_point(b, &point, err);
 *     store_batch_commit(b, err);        every thousand points or so: what was committed survives whatever kills the process
 *     store_batch_close(b);              what was not committed is rolled back
 */
#ifndef LLMSIM_STORE_BATCH_H
#define LLMSIM_STORE_BATCH_H

#include "store/store.h"

struct store_sweep {
    struct hash128 hash;          /* of everything that decides which points there are */
    const char *name, *body;      /* body: the sweep file */
    int64_t points;               /* planned; -1: results decide */
};

struct store_point {
    int64_t ordinal;              /* position in the sweep, from 0 */
    const char *assignment;       /* values of the axes, a JSON object */
    enum status status;           /* STATUS_OK: `key` is its run; else `reason` says why there is none */
    struct hash128 key;
    const char *reason;
};

struct store_batch; /* handle */

/** `sweep` is put if it is not there. One batch a store at a time. */
enum status store_batch_open(struct store_batch **out, struct store *s, const struct store_sweep *sweep, bool detail, struct error *err);
/** Stores a run (its breakdown rows with `detail` only). The same key with other values is an error, as in store_put(). */
enum status store_batch_run(struct store_batch *b, const struct result *result, const struct run_inputs *inputs, struct error *err);
/** Is the run there (with its breakdown rows, if the batch was opened with `detail`)? */
enum status store_batch_has(bool *has, struct store_batch *b, struct hash128 key, struct error *err);
/** Of `count` runs at once: has[i] of keys[i]. Between transactions it takes the database's locks once, not once for each. */
enum status store_batch_has_all(bool *has, struct store_batch *b, const struct hash128 *keys, int64_t count, struct error *err);
/** Head of a run (no phases, rows, warnings), texts in `arena`. */
enum status store_batch_get(struct result *out, bool *found, struct store_batch *b, struct hash128 key, struct arena *arena, struct error *err);
/** Stores a point, or replaces it. Its run must be there (STATUS_INTERNAL else). */
enum status store_batch_point(struct store_batch *b, const struct store_point *point, struct error *err);
/** Is the point there, and how did it end? */
enum status store_batch_knows(bool *known, enum status *status, struct store_batch *b, int64_t ordinal, struct error *err);
/** Makes all since the last commit permanent. */
enum status store_batch_commit(struct store_batch *b, struct error *err);
/** NULL is allowed. */
void store_batch_close(struct store_batch *b);

/** Points of a sweep by status; `first`: those with an ordinal below `below`, whatever their status. found false: the sweep is not in the database. */
struct store_sweep_counts { bool found; int64_t planned, done, infeasible, failed, first; };
enum status store_sweep_count(struct store_sweep_counts *out, struct store *s, struct hash128 sweep, int64_t below, struct error *err);

/** Calls `each` for every point of the sweep in order; `r` is the head of its run (status OK only). Stops at the first failure. */
typedef enum status store_point_reader(void *context, const struct store_point *point, const struct result *r, struct error *err);
enum status store_sweep_points(struct store *s, struct hash128 sweep, store_point_reader *each, void *context, struct error *err);

/** Merging is in store/merge.c: all of a shard or nothing, in one transaction; again is harmless. */
struct store_merged { int64_t runs, runs_new, points, points_new; };
/** STATUS_BAD_INPUT: not one of ours, another schema. STATUS_INTERNAL: a row is there with other values (which one: in the message). */
enum status store_merge(struct store_merged *out, struct store *into, const char *shard, struct error *err);

#endif
