/* SPDX-License-Identifier: Apache-2.0 */
/** From the values of a design to its run. What designs share (chips, stacks, recipes, traces, timed kernels) is worked out once. */
#ifndef LLMSIM_SWEEP_EVALUATE_H
#define LLMSIM_SWEEP_EVALUATE_H

#include "store/batch.h"
#include "sweep/plan.h"

struct evaluator; /* handle */

/* Designs that may be made ready before the first of them is run: timed kernels are kept of so many chips. */
enum { EVALUATOR_AHEAD = 64 };

/** A design made ready: its key is known, its result is not. */
struct prepared_point {
    struct hash128 key;
    struct run_inputs inputs;        /* texts live in the evaluator until evaluator_trim(), or in the arena */
    struct runner *runner;
    const struct hardware *hw;
    struct recipe recipe;
    struct layout layout;
};

enum status evaluator_open(struct evaluator **out, const struct plan *plan, struct error *err);
/** `fidelity` NULL: the design's own. STATUS_BAD_INPUT, STATUS_INFEASIBLE: the design's; `err` says why. */
enum status evaluator_prepare(struct prepared_point *out, struct evaluator *e, const struct value *values, const char *fidelity, struct arena *arena,
                              struct error *err);
/** `rows` false: the result comes without its rows, which then take no memory in `arena`. */
enum status evaluator_run(struct result *out, struct evaluator *e, const struct prepared_point *p, bool rows, struct arena *arena,
                          const volatile sig_atomic_t *stop, struct error *err);
/** Are there so many chips that evaluator_trim() would let go of them? */
bool evaluator_full(const struct evaluator *e);
/** Between batches: lets go of chips once there are many. Results and inputs made before become invalid. */
void evaluator_trim(struct evaluator *e);
void evaluator_close(struct evaluator *e);

#endif
