/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A sweep file, read and checked: names and the values they take, dimensions, conditions, how designs are chosen. docs/sweep_files.md
 *
 * A design is one index for each dimension; zipped axes share a dimension. plan_assign() turns it into values.
 */
#ifndef LLMSIM_SWEEP_PLAN_H
#define LLMSIM_SWEEP_PLAN_H

#include <stdint.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/yaml.h"
#include "sweep/expression.h"

struct sampler_type;
struct objective;
struct value_template;

enum { PLAN_NAMES_MAX = 64, PLAN_VALUES_MAX = 1 << 20, PLAN_OBJECTIVES_MAX = 4, PLAN_PROMOTIONS_MAX = 2 };

/** What a name sets. */
enum target { TARGET_ARCH, TARGET_ARCH_PATH, TARGET_STACK, TARGET_STACK_PATH, TARGET_RECIPE, TARGET_RECIPE_KEY, TARGET_TP, TARGET_TRACE,
              TARGET_FIDELITY, TARGET_MAPPING, TARGET_VARIABLE };

struct plan_name {
    const char *name;            /* "arch.dram.bandwidth" */
    enum target target;
    const char *path;            /* of what follows the target: "dram.bandwidth", "w"; NULL none */
    struct source_pos at;
    int64_t dimension;           /* -1: fixed or derived */
    const struct value *values;  /* an axis: one for each index of its dimension; fixed: one; derived: none. `text` is always set. */
    const struct value_template *derived;
};

struct dimension {
    int64_t count;
    const struct expression *when; /* NULL always; else at designs where it is false its names are absent and only index 0 counts */
};

struct promotion { const char *fidelity; double within; };

struct plan {
    const char *name, *path, *body;
    struct hash128 hash;         /* of the file's bytes and the models' version */
    int64_t names_count;
    struct plan_name names[PLAN_NAMES_MAX]; /* fixed, then axes by dimension, then derived */
    int64_t dimensions_count;
    struct dimension dimensions[PLAN_NAMES_MAX];
    int64_t constraints_count;
    const struct expression *constraints[PLAN_NAMES_MAX];
    const struct sampler_type *sampler;
    int64_t points, seed, population, generations, refine_rounds;
    int64_t objectives_count;
    const struct objective *objectives[PLAN_OBJECTIVES_MAX];
    int64_t promotions_count;
    struct promotion promotions[PLAN_PROMOTIONS_MAX];
    struct names known;          /* names[].name */
    const char *known_list[PLAN_NAMES_MAX];
};

/** Reads and checks a file. Everything lives in `arena`. */
enum status plan_read(struct plan **out, const char *path, struct arena *arena, struct error *err);
enum status plan_read_memory(struct plan **out, const char *name, const void *data, size_t bytes, struct arena *arena, struct error *err);

/** Product of the dimensions' sizes. -1: over 2^62. */
int64_t plan_grid(const struct plan *plan);

/**
 * Values of a design, one for each name (text NULL: absent). *valid false: a constraint excludes it, or it repeats another one (an absent
 * dimension with an index other than 0). Texts live in the plan or in `arena`.
 */
enum status plan_assign(struct value values[PLAN_NAMES_MAX], bool *valid, const struct plan *plan, const int64_t *index, struct arena *arena,
                        struct error *err);

/** {"recipe.w": "int8", ...}: axes and derived values that are present, in the order of the file. NULL: no memory. */
const char *plan_assignment(const struct plan *plan, const struct value *values, const char *fidelity, struct arena *arena);

#endif
