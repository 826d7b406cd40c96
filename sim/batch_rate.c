/* SPDX-License-Identifier: Apache-2.0 */
/* Highest rate under a limit of time per output token. See batch_rate.h. */
#include "sim/batch_rate.h"

const char *batch_limit_name(enum batch_limit limit)
{
    static const char *const names[] = { [BATCH_LIMIT_TPOT] = "TPOT", [BATCH_LIMIT_MEMORY] = "cache", [BATCH_LIMIT_SEQUENCES] = "sequences" };

    return names[limit];
}

/* n sequences, or as many as fit (n = 0); keeps the better of two that are in time. *in_time: this one is. */
static enum status try_sequences(struct batch_rate *best, bool *in_time, int64_t *together, struct engine *e, const struct batch_load *size, int64_t n,
                                 double tpot_limit_s, struct error *err)
{
    struct batch_load load = { n, size->in_tokens, size->out_tokens };
    struct batch_result r;
    enum status st = batch_run_max_load(&r, e, &load, err);

    if (st)
        return st;
    double rate = (double)r.together / (r.time_s * (double)size->out_tokens);
    *in_time = tpot_limit_s <= 0 || r.time_s <= tpot_limit_s;
    *together = r.together;
    if (*in_time && rate > best->requests_per_s)
        *best = (struct batch_rate){ rate, r.time_s, r.together, BATCH_LIMIT_TPOT };
    else if (best->requests_per_s <= 0)
        best->tpot_s = r.time_s;
    return STATUS_OK;
}

enum status batch_rate_max(struct batch_rate *out, struct engine *e, const struct batch_load *load, double tpot_limit_s, struct error *err)
{
    int64_t most, low = 1, tried;
    bool in_time;
    enum status st;

    *out = (struct batch_rate){ .limit = BATCH_LIMIT_MEMORY };
    st = try_sequences(out, &in_time, &most, e, load, 0, tpot_limit_s, err);
    if (st == STATUS_INFEASIBLE)
        return STATUS_OK;
    if (st)
        return st;
    if (in_time) {
        out->limit = most >= engine_spec(e)->stack->batching.sequences_max ? BATCH_LIMIT_SEQUENCES : BATCH_LIMIT_MEMORY;
        return STATUS_OK;
    }
    for (int64_t high = most; high - low > 1;) { /* low is in time, or 1; high is not */
        int64_t n = low + (high - low) / 2;

        if ((st = try_sequences(out, &in_time, &tried, e, load, n, tpot_limit_s, err)))
            return st;
        if (in_time)
            low = n;
        else
            high = n;
    }
    if (low == 1 && (st = try_sequences(out, &in_time, &tried, e, load, 1, tpot_limit_s, err)))
        return st;
    out->limit = BATCH_LIMIT_TPOT;
    return STATUS_OK;
}
