/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Roles: what an operator does in the model, so that a layout knows how to shard it and a recipe which format it gets.
 * A role that holds weights names the `weight` record as well; its bias vector is ROLE + ".bias".
 */
#ifndef LLMSIM_WORKLOADS_ROLES_H
#define LLMSIM_WORKLOADS_ROLES_H

#include <stdbool.h>
#include <stddef.h>

/** How tensor parallelism of p ranks splits the operator. Source: Megatron-LM, arXiv 1909.08053, section 3. */
enum role_shard {
    SHARD_NONE,   /* every rank does all of it */
    SHARD_COLUMN, /* n / p; each rank has a slice of the outputs */
    SHARD_ROW,    /* k / p; partial sums, all-reduced */
    SHARD_HEADS,  /* heads / p; for element-wise operators: cols / p */
    SHARD_VOCAB,  /* rows of the vocabulary / p */
    SHARD_EXPERT, /* experts, or the inner dimension of each */
};

enum role_class { ROLE_EMBED, ROLE_ATTENTION, ROLE_MLP, ROLE_MOE, ROLE_NORM, ROLE_RESIDUAL, ROLE_KV, ROLE_HEAD, ROLE_COMM, ROLE_OTHER };

struct role {
    const char *name;
    const char *summary;
    enum role_class group;
    enum role_shard shard;
};

/** All roles, sorted by name. */
const struct role *role_list(size_t *count);
/** Exact name, or the name with ".bias"; NULL when unknown. The returned row's `name` is never freed. */
const struct role *role_find(const char *name);
/** Nearest role, or NULL. */
const char *role_nearest(const char *name);

#endif
