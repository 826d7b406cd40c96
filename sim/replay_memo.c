/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memo of timed kernels, by kernel_hash, of decode attention over iterations, and of sums of launches; open addressing, never shrinks. Order of
 * insertion changes no result.
 *
 * A run counts a miss for each kernel that it is the first to ask for in this run, as if no other run had been. A series of attention is asked
 * for as a whole: where no other series has a kernel of it (the rule), one mark counts for all its kernels.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/num.h"
#include "sim/clock.h"
#include "sim/collective.h"
#include "sim/replay.h"

struct slot { struct hash128 key; void *kept; };
struct table { struct slot *slots; size_t capacity, used; };

struct kept_series { struct attention_series series; int64_t run, distinct; bool shares; }; /* run: asked for it as a whole last; distinct: of its kernels */

struct memo_mark { int64_t run; struct kept_series *of; };
struct kept_kernel { struct timed_kernel timed; struct memo_mark mark; };

struct memo {
    const struct fidelity *fidelity;
    struct timing_context ctx;
    struct arena arena;
    struct hasher *hasher;
    struct table kernels, series, sums;
    int64_t hits, misses;
    int64_t run;             /* that counts; 0: there is only one */
};

struct memo *memo_open(const struct fidelity *fidelity, const struct timing_context *ctx)
{
    struct memo *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->fidelity = fidelity;
    m->ctx = *ctx;
    m->kernels.slots = calloc(m->kernels.capacity = 1024, sizeof *m->kernels.slots);
    m->series.slots = calloc(m->series.capacity = 64, sizeof *m->series.slots);
    m->sums.slots = calloc(m->sums.capacity = 64, sizeof *m->sums.slots);
    m->hasher = hasher_open();
    if (m->kernels.slots == NULL || m->series.slots == NULL || m->sums.slots == NULL || m->hasher == NULL) {
        memo_close(m);
        return NULL;
    }
    return m;
}

void memo_close(struct memo *m)
{
    if (m == NULL)
        return;
    arena_free(&m->arena);
    hasher_close(m->hasher);
    free(m->kernels.slots);
    free(m->series.slots);
    free(m->sums.slots);
    free(m);
}

bool memo_shared(const struct memo *m)
{
    return m->run > 1;
}

void memo_begin(struct memo *m)
{
    m->run++;
    m->hits = m->misses = 0;
}

size_t memo_bytes(const struct memo *m)
{
    return m->arena.used_bytes + (m->kernels.capacity + m->series.capacity + m->sums.capacity) * sizeof(struct slot);
}

void memo_counts(int64_t *hits, int64_t *misses, const struct memo *m)
{
    *hits = m->hits;
    *misses = m->misses;
}

static struct slot *find(const struct table *t, struct hash128 key)
{
    size_t i = (size_t)key.low & (t->capacity - 1);

    while (t->slots[i].kept != NULL && (t->slots[i].key.low != key.low || t->slots[i].key.high != key.high))
        i = (i + 1) & (t->capacity - 1);
    return &t->slots[i];
}

static bool grow(struct table *t)
{
    struct table grown = { .slots = calloc(2 * t->capacity, sizeof *grown.slots), .capacity = 2 * t->capacity, .used = t->used };

    if (grown.slots == NULL)
        return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slots[i].kept != NULL)
            *find(&grown, t->slots[i].key) = t->slots[i];
    free(t->slots);
    *t = grown;
    return true;
}

static enum status insert(struct table *t, struct hash128 key, void *kept, struct error *err)
{
    if (kept == NULL || (2 * t->used > t->capacity && !grow(t)))
        return error_no_memory(err);
    *find(t, key) = (struct slot){ key, kept };
    t->used++;
    return STATUS_OK;
}

static enum status time_by_model(struct timed_kernel *t, struct memo *m, const struct kernel *k, struct error *err)
{
    struct timing bound;
    enum status st;

    if ((st = fidelity_roofline.time(&bound, k, &m->ctx, err)))
        return st;
    t->roofline_s = bound.time_s;
    if (k->kind != KERNEL_COLLECTIVE)
        return m->fidelity->time(&t->timing, k, &m->ctx, err);
    struct fabric fabric = fabric_of_device(m->ctx.hw, k->collective.ranks);
    collective_timing(&t->timing, k, m->ctx.hw, &fabric, m->ctx.stack);
    return STATUS_OK;
}

static enum status time_now(struct timed_kernel *t, struct memo *m, const struct kernel *k, struct error *err)
{
    enum status st = time_by_model(t, m, k, err);

    if (st)
        return st;
    struct dynamic_energy energy = dynamic_energy_of(&t->timing.events, t->timing.bytes, t->timing.table_bytes, m->ctx.hw);
    t->core_j = dynamic_energy_core_j(&energy);
    t->voltage_share = clock_voltage_share(m->ctx.hw, t->timing.clock_hz);
    if (k->kind == KERNEL_GEMM || k->kind == KERNEL_ATTENTION)
        mapping_format(t->mapping, sizeof t->mapping, &t->timing.mapping);
    return STATUS_OK;
}

void memo_again(struct memo *m, const struct timed_kernel *t)
{
    struct memo_mark *mark = t->mark;

    if (mark->run == m->run || (mark->of != NULL && mark->of->run == m->run))
        m->hits++;
    else
        m->misses++;
    mark->run = m->run;
}

static void series_again(struct memo *m, struct kept_series *k)
{
    const struct attention_series *s = &k->series;

    if (k->shares) {
        for (int64_t i = 0; i < s->count; i++)
            memo_again(m, s->at[i].timed);
        return;
    }
    int64_t misses = k->run == m->run ? 0 : k->distinct;
    m->misses += misses;
    m->hits += s->count - misses;
    k->run = m->run;
}

static struct hash128 key_of(struct memo *m, const struct kernel *k)
{
    hasher_reset(m->hasher);
    kernel_hash(m->hasher, k);
    return hasher_value(m->hasher);
}

enum status memo_time(const struct timed_kernel **out, struct memo *m, const struct kernel *k, struct error *err)
{
    struct hash128 key = key_of(m, k);
    struct kept_kernel *kept = find(&m->kernels, key)->kept;
    enum status st;

    if (kept != NULL) {
        memo_again(m, &kept->timed);
        *out = &kept->timed;
        return STATUS_OK;
    }
    if ((kept = arena_alloc(&m->arena, sizeof *kept)) == NULL)
        return error_no_memory(err);
    if ((st = time_now(&kept->timed, m, k, err)) || (st = insert(&m->kernels, key, kept, err)))
        return st;
    kept->timed.mark = &kept->mark;
    kept->mark.run = m->run;
    m->misses++;
    *out = &kept->timed;
    return STATUS_OK;
}

const struct attention_series *memo_series(struct hash128 *key, struct memo *m, const struct kernel *k, int64_t repeat, bool sample)
{
    hasher_reset(m->hasher);
    kernel_hash(m->hasher, k);
    hasher_i64(m->hasher, repeat);
    hasher_i64(m->hasher, sample);
    *key = hasher_value(m->hasher);
    struct kept_series *kept = find(&m->series, *key)->kept;
    if (kept == NULL)
        return NULL;
    series_again(m, kept);
    return &kept->series;
}

/* Its kernels are in a series from now on; those of another one are in both. */
static void mark_kernels(struct kept_series *k)
{
    for (int64_t i = 0; i < k->series.count; i++) {
        struct memo_mark *mark = k->series.at[i].timed->mark;
        if (mark->of != NULL && mark->of != k)
            mark->of->shares = k->shares = true;
        k->distinct += mark->of != k;
        mark->of = k;
    }
}

enum status memo_keep_series(const struct attention_series **series, struct memo *m, struct hash128 key, struct error *err)
{
    const struct attention_series *s = *series;

    if (!memo_shared(m))
        return STATUS_OK;
    struct kept_series *kept = arena_alloc(&m->arena, sizeof *kept);
    int64_t *iteration = arena_array(&m->arena, (size_t)s->count, sizeof *iteration);
    struct ps_timing *at = arena_array(&m->arena, (size_t)s->count, sizeof *at);

    if (kept == NULL || iteration == NULL || at == NULL)
        return error_no_memory(err);
    *kept = (struct kept_series){ .series = *s, .run = m->run };
    kept->series.iteration = memcpy(iteration, s->iteration, (size_t)s->count * sizeof *iteration);
    kept->series.at = memcpy(at, s->at, (size_t)s->count * sizeof *at);
    mark_kernels(kept);
    *series = &kept->series;
    return insert(&m->series, key, kept, err);
}

const void *memo_sum(const struct memo *m, struct hash128 key)
{
    return find(&m->sums, key)->kept;
}

enum status memo_keep_sum(struct memo *m, struct hash128 key, const void *sum, size_t bytes, struct error *err)
{
    void *kept = arena_alloc(&m->arena, bytes);

    if (kept != NULL)
        memcpy(kept, sum, bytes);
    return insert(&m->sums, key, kept, err);
}

struct hasher *memo_hasher(struct memo *m)
{
    hasher_reset(m->hasher);
    return m->hasher;
}

enum status ps_from_timing(struct ps_timing *out, const struct timed_kernel *timed, const char *role, struct error *err)
{
    const struct timing *t = &timed->timing;
    int64_t sum = 0;
    int largest = CAUSE_STALL;

    *out = (struct ps_timing){ .time_ps = num_ps(t->time_s), .roofline_ps = num_ps(timed->roofline_s), .timing = t, .timed = timed };
    for (int i = 0; i < CAUSES; i++) {
        out->parts_ps[i] = num_ps(t->parts_s[i]);
        if (out->parts_ps[i] < 0 || out->time_ps < 0)
            return error_plain(err, STATUS_INTERNAL, "%s: the timing model gave no valid time (%g s)", role, t->time_s);
        sum += out->parts_ps[i];
        if (out->parts_ps[i] > out->parts_ps[largest])
            largest = i;
    }
    out->parts_ps[largest] += out->time_ps - sum;
    /* without a mapping to choose there is no better one */
    int64_t best = t->best_time_s > 0 ? num_ps(t->best_time_s) : out->time_ps;
    out->best_ps = best >= 0 && best < out->time_ps ? best : out->time_ps;
    return STATUS_OK;
}
