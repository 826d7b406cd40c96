/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by sweep/plan*.c: the plan under construction. */
#ifndef LLMSIM_SWEEP_PLAN_INTERNAL_H
#define LLMSIM_SWEEP_PLAN_INTERNAL_H

#include "sweep/plan.h"

struct plan_reader {
    struct plan *plan;
    struct arena *arena;
    struct error *err;
};

/* Adds a name: the target that it stands for, or the nearest valid one. NULL: *st says why. */
struct plan_name *plan_add_name(enum status *st, struct plan_reader *r, const char *name, struct source_pos at);
/* Values of an axis: a list, a range, or a mapping {values or from/to..., when}. */
enum status plan_read_values(const struct value **values, int64_t *count, struct plan_reader *r, const char *name, const struct yaml_node *node);

#endif
