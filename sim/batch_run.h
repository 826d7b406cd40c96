/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A set of equal requests through a serving engine: the stack's batching rules, the cache's capacity, iteration times of an engine.
 * docs/endtoend.md, "Batching"
 *
 * Static batch: all requests are there at the start. Iterations either take in prompts (as many as sequences, prompt tokens and cache
 * allow) or decode; requests of one age are one cohort, and the iterations between two events (a cohort ends, the cache runs out) are
 * summed by quadrature over context lengths, halved until a midpoint lies within 1 % of the line through its ends.
 * Where the cache runs out and the engine admits by prompt, the youngest request is put back and computes its tokens again.
 *
 * Maximum load: the steady state of endless requests. n sequences decode, spread evenly over their outputs; each iteration one in
 * `out` of them leaves and is replaced:    tokens/s = n / T(n decoding, n / out prompts)                   docs/endtoend.md, Eq. 3
 */
#ifndef LLMSIM_SIM_BATCH_RUN_H
#define LLMSIM_SIM_BATCH_RUN_H

#include "sim/engine.h"

struct batch_load { int64_t requests, in_tokens, out_tokens; };

struct batch_result {
    double time_s;                 /* start to the last token */
    double ttft_s;                 /* start to the first tokens of the first prompts taken in */
    double tokens_per_s;           /* output tokens of all requests over time_s; maximum load: the steady rate */
    int64_t together;              /* most sequences that decoded together */
    int64_t rounds;                /* iterations that took in prompts */
    int64_t preempted;             /* requests put back */
    struct timing sums;            /* of all iterations (mapping: of the longest kernel of the last shape) */
};

/** STATUS_INFEASIBLE: weights, or one request's cache, do not fit. out_tokens 1: prompts only. */
enum status batch_run_static(struct batch_result *out, struct engine *e, const struct batch_load *load, struct error *err);
/** `requests` 0: as many as fit. */
enum status batch_run_max_load(struct batch_result *out, struct engine *e, const struct batch_load *load, struct error *err);

/** Tokens of cache that fit on the devices of the engine beside its weights. */
enum status batch_cache_tokens(int64_t *out, const struct engine *e, struct error *err);

#endif
