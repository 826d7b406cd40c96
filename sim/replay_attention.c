/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention of a repeated decode step: contexts grow by q each iteration. A cheap fidelity times every iteration; a costly one
 * times samples, and each interval is halved until its midpoint lies within the tolerance of the line through its ends.
 */
#include <string.h>

#include "base/checked.h"
#include "sim/lower.h"
#include "sim/replay.h"

enum { EXACT_MAX = 4096 }; /* iterations that a cheap fidelity still times one by one */
static const double tolerance = 0.01;

struct sampler {
    struct attention_series *out;
    struct memo *memo;
    const struct kernel *kernel;
    int64_t capacity;
    struct arena *arena;
    struct error *err;
};

static enum status time_iteration(struct ps_timing *out, struct sampler *s, int64_t iteration)
{
    const struct attention_kernel_shape *a = &s->kernel->attention;
    struct seq_group *groups = arena_array(s->arena, (size_t)a->groups_count, sizeof *groups);
    struct kernel k = *s->kernel;
    const struct timed_kernel *t;
    enum status st;

    if (groups == NULL)
        return error_no_memory(s->err);
    for (int64_t i = 0; i < a->groups_count; i++) {
        groups[i] = a->groups[i];
        groups[i].kv += iteration * a->groups[i].q;
    }
    k.attention.groups = groups;
    k.flops = attention_kernel_flops(&k.attention);
    if (iteration > 0 && k.warm.other_bytes > 0) { /* warmth grows with the cache */
        double first = attention_kernel_kv_bytes(a), now = attention_kernel_kv_bytes(&k.attention);
        k.warm.other_bytes = first > 0 ? (int64_t)((double)k.warm.other_bytes * (now / first)) : 0;
    }
    if ((st = memo_time(&t, s->memo, &k, s->err)))
        return st;
    return ps_from_timing(out, t, k.role, s->err);
}

static enum status append(struct sampler *s, int64_t iteration, const struct ps_timing *at)
{
    struct attention_series *o = s->out;

    if (o->count == s->capacity) {
        int64_t grown = s->capacity > 0 ? 2 * s->capacity : 64;
        int64_t *iterations = arena_array(s->arena, (size_t)grown, sizeof *iterations);
        struct ps_timing *timings = arena_array(s->arena, (size_t)grown, sizeof *timings);
        if (iterations == NULL || timings == NULL)
            return error_no_memory(s->err);
        if (o->count > 0) {
            memcpy(iterations, o->iteration, (size_t)o->count * sizeof *iterations);
            memcpy(timings, o->at, (size_t)o->count * sizeof *timings);
        }
        o->iteration = iterations;
        o->at = timings;
        s->capacity = grown;
    }
    o->iteration[o->count] = iteration;
    o->at[o->count++] = *at;
    return STATUS_OK;
}

/* Appends what lies strictly between two timed iterations. */
static enum status bisect(struct sampler *s, int64_t low, const struct ps_timing *at_low, int64_t high, const struct ps_timing *at_high)
{
    int64_t mid = low + (high - low) / 2;
    struct ps_timing at;
    enum status st;

    if (mid == low)
        return STATUS_OK;
    if ((st = time_iteration(&at, s, mid)))
        return st;
    double share = (double)(mid - low) / (double)(high - low);
    double line = (double)at_low->time_ps + share * (double)(at_high->time_ps - at_low->time_ps);
    double error = line > (double)at.time_ps ? line - (double)at.time_ps : (double)at.time_ps - line;
    bool straight = error <= tolerance * (double)at.time_ps;

    /* the midpoint now stands itself: a parabola's distance from the two halves of the line is a quarter of what it was */
    if (straight && error > 4 * s->out->error * (double)at.time_ps)
        s->out->error = error / (4 * (double)at.time_ps);
    if (!straight && (st = bisect(s, low, at_low, mid, &at)))
        return st;
    if ((st = append(s, mid, &at)))
        return st;
    return straight ? STATUS_OK : bisect(s, mid, &at, high, at_high);
}

/* Sums over all iterations, for runs that find the series again. */
static void sum_series(struct attention_series *s, int64_t repeat)
{
    int64_t sum_ps = 0, parts[CAUSES] = { 0 };
    bool fits = true;

    for (int64_t n = 0, hint = 0; n < repeat && fits; n++) {
        int64_t time_ps, parts_ps[CAUSES];
        attention_series_at(&time_ps, parts_ps, s, n, &hint);
        fits = checked_add_i64(&sum_ps, sum_ps, time_ps);
        for (int c = 0; c < CAUSES && fits; c++)
            fits = checked_add_i64(&parts[c], parts[c], parts_ps[c]);
    }
    if (!fits)
        return;
    s->sum_ps = sum_ps;
    memcpy(s->sum_parts_ps, parts, sizeof parts);
}

static enum status series_time(struct attention_series *out, struct memo *m, const struct kernel *k, int64_t repeat, bool sample,
                               struct arena *arena, struct error *err)
{
    struct sampler s = { out, m, k, 0, arena, err };
    struct ps_timing first, last;
    enum status st;

    *out = (struct attention_series){ .simulated_fraction = 1 };
    if ((st = time_iteration(&first, &s, 0)) || (st = append(&s, 0, &first)))
        return st;
    if (repeat == 1)
        return STATUS_OK;
    if (!sample && repeat <= EXACT_MAX) {
        for (int64_t i = 1; i < repeat; i++)
            if ((st = time_iteration(&last, &s, i)) || (st = append(&s, i, &last)))
                return st;
        return STATUS_OK;
    }
    if ((st = time_iteration(&last, &s, repeat - 1)) || (st = bisect(&s, 0, &first, repeat - 1, &last)) ||
        (st = append(&s, repeat - 1, &last)))
        return st;
    if (sample)
        out->simulated_fraction = (double)out->count / (double)repeat;
    return STATUS_OK;
}

enum status attention_series_time(const struct attention_series **out, struct memo *m, const struct kernel *k, int64_t repeat, bool sample,
                                  struct arena *arena, struct error *err)
{
    struct hash128 key;
    const struct attention_series *kept = memo_series(&key, m, k, repeat, sample);
    enum status st;

    if ((*out = kept) != NULL)
        return STATUS_OK;
    struct attention_series *series = arena_alloc(arena, sizeof *series);
    if (series == NULL)
        return error_no_memory(err);
    if ((st = series_time(series, m, k, repeat, sample, arena, err)))
        return st;
    sum_series(series, repeat);
    *out = series;
    return memo_keep_series(out, m, key, err);
}

static int64_t interpolate(int64_t a, int64_t b, int64_t step, int64_t steps)
{
    return a + (int64_t)((__int128)(b - a) * step / steps);
}

void attention_series_at(int64_t *time_ps, int64_t parts_ps[CAUSES], const struct attention_series *s, int64_t iteration, int64_t *hint)
{
    int64_t i = *hint;

    while (i + 1 < s->count && s->iteration[i + 1] <= iteration)
        i++;
    *hint = i;
    const struct ps_timing *a = &s->at[i], *b = i + 1 < s->count ? &s->at[i + 1] : a;
    int64_t steps = b == a ? 1 : s->iteration[i + 1] - s->iteration[i], step = iteration - s->iteration[i], sum = 0;
    int largest = 0;

    if (step == 0) {
        *time_ps = a->time_ps;
        memcpy(parts_ps, a->parts_ps, sizeof a->parts_ps);
        return;
    }
    *time_ps = interpolate(a->time_ps, b->time_ps, step, steps);
    for (int c = 0; c < CAUSES; c++) {
        parts_ps[c] = interpolate(a->parts_ps[c], b->parts_ps[c], step, steps);
        sum += parts_ps[c];
        if (parts_ps[c] > parts_ps[largest])
            largest = c;
    }
    parts_ps[largest] += *time_ps - sum;
}

double attention_series_weight(const struct attention_series *s, int64_t i)
{
    double weight = 1;

    /* sum over the iterations of an interval of length n, without its ends, of the falling (or rising) hat: (n - 1) / 2 */
    if (i > 0)
        weight += ((double)(s->iteration[i] - s->iteration[i - 1]) - 1) / 2;
    if (i + 1 < s->count)
        weight += ((double)(s->iteration[i + 1] - s->iteration[i]) - 1) / 2;
    return weight;
}

int64_t host_queue_launch(struct host_queue *q, int64_t time_ps)
{
    q->host_ps += q->launch_ps;
    int64_t idle = q->host_ps > q->device_ps ? q->host_ps - q->device_ps : 0;
    q->device_ps += idle + time_ps;
    return idle;
}
