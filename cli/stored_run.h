/* SPDX-License-Identifier: Apache-2.0 */
/** A run of a database made ready to be computed again, for what the database does not keep of it. */
#ifndef LLMSIM_CLI_STORED_RUN_H
#define LLMSIM_CLI_STORED_RUN_H

#include "cli/job.h"

struct stored_run {
    struct job job;
    bool temporary;          /* the trace is a copy, to be removed */
};

/**
 * Hardware, stack, recipe, layout and trace (as the run read it, where the database keeps it) of the run `names` under `key`; close also after a failure.
 * STATUS_BAD_INPUT: a file is gone, or its inputs or the models are not what they were: the key would be another.
 */
enum status stored_run_open(struct stored_run *out, struct store *from, const struct run_inputs *names, struct hash128 key, const char *fidelity,
                            struct arena *arena, struct error *err);
void stored_run_close(struct stored_run *run);

/** The result of such a run with its breakdown, computed again (milliseconds, but for `cycle`). Errors as above. */
enum status stored_run_again(struct result *out, struct store *from, const struct run_inputs *names, struct hash128 key, const char *fidelity,
                             struct arena *arena, struct error *err);

/** A run by its key with its breakdown, which is computed again where the database does not keep it. STATUS_BAD_INPUT: it is not there, of `cycle`, or cannot be. */
enum status stored_run_whole(struct result *out, struct store *from, const char *key, struct arena *arena, struct error *err);

#endif
