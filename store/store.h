/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Results in SQLite. One row a run, keyed by the content hash; inputs in full, stored once by hash; breakdown rows.
 * Forward migrations by PRAGMA user_version. A database is consistent whatever kills the process. docs/results.md
 */
#ifndef LLMSIM_STORE_STORE_H
#define LLMSIM_STORE_STORE_H

#include <stdbool.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/pack.h"
#include "sim/run.h"

struct store; /* handle */

enum { STORE_TRACE_BYTES_MAX = 64 << 20 }; /* of a trace's text: a longer one stays where it is, known by hash and name */

/** The description that settings were laid over, stored once for all its variants: these then have no body of their own. */
struct run_base { const char *yaml; struct hash128 hash; };

/** What a run changes of a description (`--set`, axes of sweeps) as it is kept, {"dram.bandwidth":"2 TB/s"}, in `arena`; *out NULL where count is 0.
 *  A key that comes twice keeps its last value, as arch_load() does. */
enum status store_settings_text(const char **out, const struct arch_override *set, int64_t count, struct arena *arena, struct error *err);

/** Texts of the inputs, to be kept beside the result. Any text may be NULL but model_version, recipe and layout. */
struct run_inputs {
    const char *arch_name, *arch_yaml, *stack_name, *stack_yaml, *trace_name, *recipe, *layout, *model_version;
    const char *mapping;   /* "picked" or "best" */
    const char *overrides; /* what `--set` changed, "a.b=v" separated by spaces; arch_hash is of the result */
    const char *arch_settings, *stack_settings; /* the same as JSON objects (store/settings.h); NULL: nothing changed */
    const struct run_base *arch_base, *stack_base; /* NULL: none is known */
    struct hash128 arch_hash, stack_hash, trace_hash;
    struct packed trace_text; /* borrowed; kept once for each hash; empty: not kept (longer than STORE_TRACE_BYTES_MAX) */
};

/**
 * Opens, or creates and brings to the current schema. WAL on local file systems, a rollback journal on network ones.
 * What may not be written (the file or its folder) is opened for reading; store_put() then fails.
 * STATUS_BAD_INPUT: not a database, another program's database, a newer schema, an older one that may not be written, a folder that is
 * missing, or a database in WAL mode on a network file system. STATUS_INTERNAL: disk full, input/output failure, locked for too long.
 */
enum status store_open(struct store **out, const char *path, struct error *err);
/** A database in memory, which ends with the handle. */
enum status store_open_memory(struct store **out, struct error *err);
bool store_read_only(const struct store *s);
/** Finds a run by key; *found false: not there. The result (rows included) is read into `arena` and equals what was put, bit for bit
 *  (but for the sign of zero, and NaN, which has one form). */
enum status store_get(struct result *out, bool *found, struct store *s, struct hash128 key, struct arena *arena, struct error *err);
/** The same, also of a run that was stored without its breakdown rows: then rows_count is 0. */
enum status store_get_any(struct result *out, bool *found, struct store *s, struct hash128 key, struct arena *arena, struct error *err);
/** Finds a run by the first digits of its key (at least 4), or "#ID"; `names` gets the names of its inputs (in `arena`), not their bodies.
 *  STATUS_BAD_INPUT: none, or several. */
enum status store_find(struct hash128 *key, struct run_inputs *names, struct store *s, const char *text, struct arena *arena, struct error *err);
/** Text of the trace of a run, by malloc(); *text NULL: not kept. STATUS_BAD_INPUT: no such run, or a damaged text. */
enum status store_trace(char **text, size_t *bytes, struct store *s, struct hash128 key, struct error *err);

/** A description as it is kept, texts in the arena: `yaml` as it was resolved; else `base_yaml`, over which the settings are to be laid; else only its name. */
struct stored_description {
    const char *name, *yaml, *base_yaml;
    struct hash128 hash;                   /* of its values, with the settings */
    const struct arch_override *settings;  /* [settings_count] */
    int64_t settings_count;
};
/** Of the hardware with this id (column arch_id of the view "runs"). STATUS_BAD_INPUT: no such id. */
enum status store_arch(struct stored_description *out, struct store *s, int64_t arch_id, struct arena *arena, struct error *err);
struct stored_name { int64_t id; const char *name; };
/** All hardware by id, in `arena`: names without their descriptions. Equal names that follow one another are one text. */
enum status store_archs(struct stored_name **out, int64_t *count, struct store *s, struct arena *arena, struct error *err);
/** One transaction: all of it is stored or nothing. An existing row with the same values is left; with other values (nondeterminism)
 *  it is an error that names the first value that differs, unless `replace`. */
enum status store_put(struct store *s, const struct result *result, const struct run_inputs *inputs, bool replace, struct error *err);
/** NULL is allowed. */
void store_close(struct store *s);

#endif
