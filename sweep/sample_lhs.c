/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Latin hypercube: with N designs each dimension is cut into N equal strata, and each stratum is used once. The strata of a dimension
 * are put in an order by a keyed permutation of 0 .. N - 1 that needs no table: a Feistel network over the next even power of two, walked
 * until it lands below N (Black and Rogaway, CT-RSA 2002). Source of the method: McKay, Beckman, Conover, Technometrics 21(2), 1979.
 */
#include "sweep/sampler.h"

enum { ROUNDS = 6 };

static uint64_t permute(uint64_t x, uint64_t n, uint64_t seed, uint64_t dimension)
{
    int half = 1;

    while (half < 31 && ((uint64_t)1 << (2 * half)) < n)
        half++;
    uint64_t mask = ((uint64_t)1 << half) - 1;
    do {
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t r = 0; r < ROUNDS; r++) {
            uint64_t next = left ^ (sample_bits(seed ^ (r << 56), dimension, right) & mask);
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= n);
    return x;
}

static int64_t count(const struct plan *plan) { return plan->points; }

static enum status at(int64_t *index, struct sampler *s, const struct plan *plan, int64_t i, struct error *err)
{
    (void)s;
    (void)err;
    for (int64_t d = 0; d < plan->dimensions_count; d++) {
        uint64_t stratum = permute((uint64_t)i, (uint64_t)plan->points, (uint64_t)plan->seed, (uint64_t)d);
        /* a place within the stratum, then the index into which it falls: floor((stratum + u) values / N) with u in 2^-32 */
        uint64_t u = sample_bits((uint64_t)plan->seed + 1, (uint64_t)i, (uint64_t)d) >> 32;
        unsigned __int128 place = (((unsigned __int128)stratum << 32) + u) * (uint64_t)plan->dimensions[d].count;
        index[d] = (int64_t)(place / ((unsigned __int128)(uint64_t)plan->points << 32));
    }
    return STATUS_OK;
}

const struct sampler_type sampler_lhs = { .name = "lhs", .summary = "Latin hypercube: every stratum of every dimension once", .sized = true,
                                          .count = count, .at = at };
