/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Trace generation from a Hugging Face config.json and a scenario. docs/trace_format.md, docs/models.md.
 * Model families are rows of one table (workloads/families.c): field names, block structure, biases, tying.
 */
#ifndef LLMSIM_WORKLOADS_GENERATE_H
#define LLMSIM_WORKLOADS_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/textfile.h"
#include "workloads/trace.h"

struct request {
    double arrival_s;
    int64_t in_tokens, out_tokens;
};

/** One static batch: all sequences prefilled together (packed), then decoded until each has its out_tokens; those that finish leave.
 *  The prefill gives the first output token, so that out_tokens - 1 decode iterations follow; without it there are out_tokens. */
struct scenario {
    int64_t count;
    const struct request *requests;
    bool prefill;          /* emit the prefill step */
    bool decode;           /* emit decode steps (false: prefill only) */
    int64_t layers;        /* 0 = all; N = the last N layers, no embedding, no head (layer studies) */
    int64_t context;       /* decode-only scenarios: tokens already in the cache of each sequence; < 0: its in_tokens */
    enum routing routing;  /* MoE: how tokens spread over experts */
    double skew;           /* ROUTING_POWER_LAW: exponent */
    const char *note;      /* one line of comment for the trace (attribution); NULL: none */
};

/** Reads config.json (by YAML reader: places are known), recognises the family, and gives header and steps to `out`.
 *  Unknown or unsupported families (Mamba, encoder-decoder...) are STATUS_BAD_INPUT with the reason.
 *  @param name  the model's name in the trace; NULL: from the file's name. The caller commits `out`. */
enum status trace_generate(struct outfile *out, const char *config_path, const char *name, const struct scenario *scenario, struct error *err);

/** Requests of a CSV with the columns arrival_s, in_tokens, out_tokens (others are ignored): the first `first` rows, 0 = all.
 *  Fewer rows than `first`, or more than 2^20, is an error. */
enum status requests_read(struct request **out, int64_t *count, const char *path, int64_t first, struct arena *arena, struct error *err);

#endif
