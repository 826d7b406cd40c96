/* SPDX-License-Identifier: Apache-2.0 */
/** Breakdown rows of one phase folded by role, longest first: what the tables of the text report show. */
#ifndef LLMSIM_REPORTS_FOLD_H
#define LLMSIM_REPORTS_FOLD_H

#include "sim/run.h"

struct folded_row {
    const char *role;
    int64_t count, time_ps, best_time_ps, roofline_time_ps;
    int64_t parts_ps[CAUSES];
    enum cause bound;   /* largest part of the sum */
    int64_t order;      /* of first appearance: breaks ties */
};

/** Folds rows of `phase` into out[] (room for r->rows_count) and returns how many there are. */
int64_t fold_roles(struct folded_row *out, const struct result *r, enum phase phase);

/** Adds b to a; a's role stays. */
void fold_add(struct folded_row *a, const struct folded_row *b);

#endif
