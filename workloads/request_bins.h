/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Requests by size: a histogram over prompt and output lengths whose bins keep the mean lengths of what fell into them, so that the tokens of all
 * bins together are those of the requests. docs/fleet.md
 */
#ifndef LLMSIM_WORKLOADS_REQUEST_BINS_H
#define LLMSIM_WORKLOADS_REQUEST_BINS_H

#include "workloads/generate.h"

enum { REQUEST_EDGES_MAX = 32 };

/** Upper edges, ascending, tokens; what is longer than the last falls into one more bin. */
struct request_edges { int64_t count; int64_t tokens[REQUEST_EDGES_MAX]; };

struct request_bin {
    int64_t requests;               /* > 0 */
    int64_t in_tokens, out_tokens;  /* means, rounded; 1 or more */
};

/** "25,100,250": STATUS_BAD_INPUT for what is no ascending list of 1 or more. `what` names it in the message. */
enum status request_edges_parse(struct request_edges *out, const char *text, const char *what, struct error *err);

/** Bins that hold requests, by prompt length, then output length; in `arena`. */
enum status request_bins(struct request_bin **out, int64_t *count, const struct request *requests, int64_t requests_count, const struct request_edges *in,
                         const struct request_edges *out_edges, struct arena *arena, struct error *err);

#endif
