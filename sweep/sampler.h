/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Samplers: which designs of a sweep are looked at. One file each (sample_NAME.c); the list stands in samplers.c. docs/sweep_files.md, "Sampling"
 *
 * A static sampler gives design number i from (plan, i) alone, so that any slice of a sweep can be computed anywhere. An adaptive one
 * proposes generations, each from the results of those before. All randomness is integer arithmetic on the seed: the same points everywhere.
 */
#ifndef LLMSIM_SWEEP_SAMPLER_H
#define LLMSIM_SWEEP_SAMPLER_H

#include "sweep/objective.h"
#include "sweep/plan.h"

struct sampler; /* handle */

/** Designs that were looked at, in order. */
struct archive {
    int64_t count, dimensions, objectives;
    int64_t *index;              /* [count][dimensions] */
    double *cost;                /* [count][objectives]; feasible only */
    bool *feasible;              /* [count]: has a run */
    int64_t capacity;
};

enum status archive_add(struct archive *a, const int64_t *index, struct error *err); /* infeasible until told otherwise */
bool archive_holds(const struct archive *a, const int64_t *index);
void archive_free(struct archive *a);

struct sampler_type {
    const char *name, *summary;
    bool sized;                  /* `points` says how many; else the sampler does */
    /** Static: number of designs (invalid ones included), and design `i`. NULL for adaptive ones. */
    int64_t (*count)(const struct plan *plan);
    enum status (*open)(struct sampler **out, const struct plan *plan, struct error *err); /* NULL: needs no state */
    enum status (*at)(int64_t *index, struct sampler *s, const struct plan *plan, int64_t i, struct error *err);
    void (*close)(struct sampler *s);
    /** Adaptive: appends the next generation to `next` (which is empty); nothing appended: the end. `generation` counts from 0. */
    enum status (*propose)(struct archive *next, const struct plan *plan, const struct archive *seen, int64_t generation, struct error *err);
};

/** Designs of a static sampler that no constraint excludes, of the first `limit`. */
enum status sampler_valid(int64_t *valid, const struct plan *plan, int64_t limit, struct error *err);

/** Sorted by name; ends with NULL. */
extern const struct sampler_type *const samplers[];
enum status sampler_find(const struct sampler_type **out, const char *name, struct source_pos at, struct error *err);
extern const struct sampler_type sampler_grid, sampler_lhs, sampler_nsga2, sampler_random, sampler_sobol;

/** Neighbours (one step along one dimension) of the Pareto front of `seen` that were not looked at yet. */
enum status refine_propose(struct archive *next, const struct plan *plan, const struct archive *seen, struct error *err);

/** Uniform 64 bits from a seed and two counters (SplitMix64's finalizer, twice). Source: Steele, Lea, Flood, OOPSLA 2014. */
uint64_t sample_bits(uint64_t seed, uint64_t a, uint64_t b);
/** Uniform in 0 .. n - 1, n >= 1: the high half of the product (Lemire, ACM Trans. Model. Comput. Simul. 29(1), 2019, without rejection). */
int64_t sample_below(uint64_t bits, int64_t n);

#endif
