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

/** One static batch: all sequences prefilled together (packed), then decoded until each has its out_tokens; those that finish leave. */
struct scenario {
    int64_t count;
    const struct request *requests;
    bool prefill;          /* emit the prefill step */
    bool decode;           /* emit decode steps (false: prefill only) */
    int64_t layers;        /* 0 = all; 1 = a single layer (no embedding, no head) for layer studies */
    int64_t context;       /* decode-only scenarios: tokens already in the cache of each sequence */
};

/** Reads config.json (by YAML reader: places are known), recognises the family, and gives header and steps to `out`.
 *  Unknown or unsupported families (Mamba, encoder-decoder...) are STATUS_BAD_INPUT with the reason. */
enum status trace_generate(struct outfile *out, const char *config_path, const char *name, const struct scenario *scenario, struct error *err);

/** Only the header: parameter counts by role. */
enum status model_from_config(struct model_info **out, const char *config_path, const char *name, struct arena *arena, struct error *err);

#endif
