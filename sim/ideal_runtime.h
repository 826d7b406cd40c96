/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Idealized runtime of one request that has its devices for itself: time without queueing, batching or contention, so that models can be compared
 * on equal hardware and software. docs/fleet.md
 *
 *   T(p, o) = alpha(p) + beta (o - 1)                                                                  (Eq. 3)
 *
 * alpha(p): the iteration that takes in p prompt tokens and gives one; beta: mean of the o - 1 iterations after it, whose contexts are p + 1 ..
 * p + o - 1 (the source finds beta independent of p; here it holds the little that attention adds).
 * Source: Narayanan et al., "Cheaply Evaluating Inference Efficiency Metrics for Autoregressive Transformer APIs", arXiv 2305.02440, Eq. 1.
 */
#ifndef LLMSIM_SIM_IDEAL_RUNTIME_H
#define LLMSIM_SIM_IDEAL_RUNTIME_H

#include "sim/engine.h"

struct ideal_runtime { double alpha_s, beta_s, time_s; };

/** in_tokens, out_tokens >= 1; beta_s is 0 with one output token. */
enum status ideal_runtime(struct ideal_runtime *out, struct engine *e, int64_t in_tokens, int64_t out_tokens, struct error *err);

#endif
