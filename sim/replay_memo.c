/* SPDX-License-Identifier: Apache-2.0 */
/* Memo of timed kernels, by kernel_hash; open addressing, never shrinks. Order of insertion changes no result. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/num.h"
#include "sim/collective.h"
#include "sim/replay.h"

struct slot { struct hash128 key; struct timed_kernel *timed; int64_t run; };

struct memo {
    const struct fidelity *fidelity;
    struct timing_context ctx;
    struct arena arena;
    struct hasher *hasher;
    struct slot *slots;
    size_t capacity, used;
    int64_t hits, misses;
    int64_t run;             /* that counts; a slot was a miss in its run */
};

struct memo *memo_open(const struct fidelity *fidelity, const struct timing_context *ctx)
{
    struct memo *m = calloc(1, sizeof *m);

    if (m == NULL)
        return NULL;
    m->fidelity = fidelity;
    m->ctx = *ctx;
    m->capacity = 1024;
    m->slots = calloc(m->capacity, sizeof *m->slots);
    m->hasher = hasher_open();
    if (m->slots == NULL || m->hasher == NULL) {
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
    free(m->slots);
    free(m);
}

void memo_begin(struct memo *m)
{
    m->run++;
    m->hits = m->misses = 0;
}

void memo_counts(int64_t *hits, int64_t *misses, const struct memo *m)
{
    *hits = m->hits;
    *misses = m->misses;
}

static struct slot *find(struct slot *slots, size_t capacity, struct hash128 key)
{
    size_t i = (size_t)key.low & (capacity - 1);

    while (slots[i].timed != NULL && (slots[i].key.low != key.low || slots[i].key.high != key.high))
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

static bool grow(struct memo *m)
{
    size_t capacity = 2 * m->capacity;
    struct slot *slots = calloc(capacity, sizeof *slots);

    if (slots == NULL)
        return false;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].timed != NULL)
            *find(slots, capacity, m->slots[i].key) = m->slots[i];
    free(m->slots);
    m->slots = slots;
    m->capacity = capacity;
    return true;
}

static enum status time_now(struct timed_kernel *t, struct memo *m, const struct kernel *k, struct error *err)
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

enum status memo_time(const struct timed_kernel **out, struct memo *m, const struct kernel *k, struct error *err)
{
    hasher_reset(m->hasher);
    kernel_hash(m->hasher, k);
    struct hash128 key = hasher_value(m->hasher);
    struct slot *s = find(m->slots, m->capacity, key);
    if (s->timed != NULL) {
        if (s->run == m->run)
            m->hits++;
        else
            m->misses++;
        s->run = m->run;
        *out = s->timed;
        return STATUS_OK;
    }
    struct timed_kernel *t = arena_alloc(&m->arena, sizeof *t);
    if (t == NULL || (2 * m->used > m->capacity && !grow(m)))
        return error_no_memory(err);
    enum status st = time_now(t, m, k, err);
    if (st)
        return st;
    m->misses++;
    m->used++;
    *find(m->slots, m->capacity, key) = (struct slot){ key, t, m->run };
    *out = t;
    return STATUS_OK;
}

enum status ps_from_timing(struct ps_timing *out, const struct timed_kernel *timed, const char *role, struct error *err)
{
    const struct timing *t = &timed->timing;
    int64_t sum = 0;
    int largest = CAUSE_STALL;

    *out = (struct ps_timing){ .time_ps = num_ps(t->time_s), .roofline_ps = num_ps(timed->roofline_s), .timing = t };
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
