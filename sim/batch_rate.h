/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Most requests a second of one size that an engine can serve in the steady state while each sequence gets its tokens in time. docs/fleet.md
 *
 *   rate(n) = n / (T(n) out),   TPOT(n) = T(n)        n sequences decode, one in `out` of them is replaced in each iteration   (Eq. 1)
 *   rate    = the largest rate(n) over the n that fit, with TPOT(n) <= limit
 *
 * T(n) is the iteration of batch_run_max_load(). It grows with n but for steps of wave quantization, so that the largest n under the limit is
 * found by bisection. Left out: queueing and bursts (arrivals are even), so that the rate is the one at saturation.
 * Source: Griggs et al., "Melange", arXiv 2404.14527, MaxTput(g, s, SLO).
 */
#ifndef LLMSIM_SIM_BATCH_RATE_H
#define LLMSIM_SIM_BATCH_RATE_H

#include "sim/batch_run.h"

enum batch_limit { BATCH_LIMIT_TPOT, BATCH_LIMIT_MEMORY, BATCH_LIMIT_SEQUENCES };
const char *batch_limit_name(enum batch_limit limit); /* "TPOT", "cache", "sequences" */

struct batch_rate {
    double requests_per_s;      /* 0: not even one sequence is in time, or one request does not fit */
    double tpot_s;              /* of the n that was taken; where the rate is 0 because of the limit, of one sequence; 0: does not fit */
    int64_t together;           /* n */
    enum batch_limit limit;     /* what keeps the rate from being higher */
};

/** load->requests is not read. tpot_limit_s 0: none. Weights or a request that do not fit are a rate of 0, not an error. */
enum status batch_rate_max(struct batch_rate *out, struct engine *e, const struct batch_load *load, double tpot_limit_s, struct error *err);

#endif
