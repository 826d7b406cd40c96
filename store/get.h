/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: a run as it is stored, with or without its breakdown rows. */
#ifndef LLMSIM_STORE_GET_H
#define LLMSIM_STORE_GET_H

#include <stdbool.h>

#include "sim/run.h"
#include "store/sql.h"

/** Reads a run within the caller's transaction. *run_id 0: not there. *detail: its breakdown rows are stored. */
enum status get_run(struct result *r, int64_t *run_id, bool *detail, struct store *s, struct hash128 key, struct arena *arena, struct error *err);

#endif
