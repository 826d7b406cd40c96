/* SPDX-License-Identifier: Apache-2.0 */
/* Histogram of requests. See request_bins.h. */
#include "workloads/request_bins.h"

#include <string.h>

#include "base/quantity.h"
#include "workloads/op_table.h"

enum { NUMBER_MAX = 32 };

enum status request_edges_parse(struct request_edges *out, const char *text, const char *what, struct error *err)
{
    struct source_pos at = { what, 0, 0 };

    out->count = 0;
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ",");
        char number[NUMBER_MAX] = "";
        int64_t *edge = &out->tokens[out->count];
        enum status st;

        if (out->count == REQUEST_EDGES_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "%s: more than %d edges", what, REQUEST_EDGES_MAX);
        memcpy(number, p, n < NUMBER_MAX ? n : NUMBER_MAX - 1);
        if ((st = quantity_parse_i64(edge, number, 1, TRACE_CONTEXT_MAX, at, err)))
            return st;
        if (out->count > 0 && *edge <= edge[-1])
            return error_plain(err, STATUS_BAD_INPUT, "%s: found %lld after %lld, expected ascending edges, as in 100,500,2000", what, (long long)*edge,
                               (long long)edge[-1]);
        out->count++;
        p += n;
        if (*p == '\0')
            return STATUS_OK;
    }
}

static int64_t bin_of(const struct request_edges *edges, int64_t tokens)
{
    int64_t i = 0;

    while (i < edges->count && tokens > edges->tokens[i])
        i++;
    return i;
}

enum status request_bins(struct request_bin **out, int64_t *count, const struct request *requests, int64_t requests_count, const struct request_edges *in,
                         const struct request_edges *out_edges, struct arena *arena, struct error *err)
{
    int64_t columns = out_edges->count + 1, cells = (in->count + 1) * columns, n = 0;
    struct request_bin *bins = arena_array(arena, (size_t)cells, sizeof *bins);

    if (!bins)
        return error_no_memory(err);
    for (int64_t i = 0; i < requests_count; i++) { /* sums first: 2^20 requests of 2^40 tokens fit */
        struct request_bin *b = &bins[bin_of(in, requests[i].in_tokens) * columns + bin_of(out_edges, requests[i].out_tokens)];

        b->requests++;
        b->in_tokens += requests[i].in_tokens;
        b->out_tokens += requests[i].out_tokens;
    }
    for (int64_t i = 0; i < cells; i++)
        if (bins[i].requests > 0) {
            int64_t r = bins[i].requests;

            bins[n++] = (struct request_bin){ r, (bins[i].in_tokens + r / 2) / r, (bins[i].out_tokens + r / 2) / r };
        }
    *out = bins;
    *count = n;
    return STATUS_OK;
}
