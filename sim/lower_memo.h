/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Lowered steps of a trace in memory that outlive a run, for one chip, stack and layout. docs/replay.md, "Many runs"
 *
 * A step is lowered once for each recipe, its KV cache's format aside; lower_step_cache() adds what follows from that. Recipes are compared by
 * their canonical text with the cache's format taken out, so that whatever the first part may read is in the key.
 */
#ifndef LLMSIM_SIM_LOWER_MEMO_H
#define LLMSIM_SIM_LOWER_MEMO_H

#include "sim/lower.h"

struct lower_memo; /* handle */

struct lower_memo *lower_memo_open(void); /* NULL: no memory */
/** Which recipe the steps asked for next are lowered for; of the oldest ones, beyond 16, all is forgotten. */
enum status lower_memo_recipe(struct lower_memo *m, const struct recipe *recipe, struct error *err);
/**
 * As lower_step(), for a step that outlives the memo and the recipe set last. The result is the memo's and valid until the step is asked for
 * again; out->kept stays with the body.
 */
enum status lower_memo_step(struct lowered_step *out, struct lower_memo *m, const struct step *step, const struct lower_context *ctx, struct arena *arena,
                            struct error *err);
/** Bytes that it holds. */
size_t lower_memo_bytes(const struct lower_memo *m);
void lower_memo_close(struct lower_memo *m); /* NULL is allowed */

#endif
