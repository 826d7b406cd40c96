/* SPDX-License-Identifier: Apache-2.0 */
/* Lowered steps that outlive a run. See lower_memo.h. */
#include "sim/lower_memo.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRAMS_MAX = 16, TEXT_MAX = 1024 };

/* A step of the trace, lowered; in a list in the order in which steps were first asked for. */
struct kept_step {
    struct kept_step *next;
    const struct step *step;
    struct lowered_step low;
    struct lowered_kept kept;
};

/* All steps for one recipe. */
struct program {
    struct program *next;
    char recipe[TEXT_MAX];     /* canonical text, cache aside */
    struct arena arena;
    struct kept_step *first, *last, *at; /* at: asked for last; steps are asked for in the order of the trace */
};

struct lower_memo { struct program *programs; int64_t count; struct recipe bare; }; /* the latest first; its recipe, cache aside */

static void program_close(struct program *p)
{
    arena_free(&p->arena);
    free(p);
}

struct lower_memo *lower_memo_open(void)
{
    return calloc(1, sizeof(struct lower_memo));
}

void lower_memo_close(struct lower_memo *m)
{
    for (struct program *p = m ? m->programs : NULL, *next; p; p = next) {
        next = p->next;
        program_close(p);
    }
    free(m);
}

size_t lower_memo_bytes(const struct lower_memo *m)
{
    size_t bytes = sizeof *m;

    for (const struct program *p = m->programs; p; p = p->next)
        bytes += sizeof *p + p->arena.used_bytes;
    return bytes;
}

static void forget_oldest(struct lower_memo *m)
{
    struct program **last = &m->programs;

    while ((*last)->next)
        last = &(*last)->next;
    program_close(*last);
    *last = NULL;
    m->count--;
}

enum status lower_memo_recipe(struct lower_memo *m, const struct recipe *recipe, struct error *err)
{
    const struct quant plain = { .format = recipe->output, .group = QUANT_PER_CHANNEL };
    struct recipe bare = *recipe;
    char text[TEXT_MAX];

    bare.kv = plain;
    if (m->programs && memcmp(&bare, &m->bare, sizeof bare) == 0) /* the same bytes are the same recipe; others may be */
        return STATUS_OK;
    memcpy(&m->bare, &bare, sizeof bare);
    recipe_format(text, sizeof text, &bare);
    for (struct program **at = &m->programs; *at; at = &(*at)->next)
        if (strcmp((*at)->recipe, text) == 0) {
            struct program *p = *at;
            *at = p->next;
            p->next = m->programs;
            m->programs = p;
            return STATUS_OK;
        }
    struct program *p = calloc(1, sizeof *p);
    if (!p)
        return error_no_memory(err);
    memcpy(p->recipe, text, sizeof text);
    if (m->count == PROGRAMS_MAX)
        forget_oldest(m);
    p->next = m->programs;
    m->programs = p;
    m->count++;
    return STATUS_OK;
}

static struct kept_step *find(struct program *p, const struct step *step)
{
    struct kept_step *next = p->at && p->at->next ? p->at->next : p->first;

    if (next && next->step == step)
        return p->at = next;
    for (struct kept_step *k = p->first; k; k = k->next)
        if (k->step == step)
            return p->at = k;
    return NULL;
}

enum status lower_memo_step(struct lowered_step *out, struct lower_memo *m, const struct step *step, const struct lower_context *ctx, struct arena *arena,
                            struct error *err)
{
    struct program *p = m->programs;
    struct kept_step *k = find(p, step);
    enum status st;

    if (!k) {
        if (!(k = arena_alloc(&p->arena, sizeof *k)))
            return error_no_memory(err);
        *k = (struct kept_step){ .step = step };
        if ((st = lower_step_body(&k->low, step, ctx, &p->arena, err)))
            return st;
        k->kept.arena = &p->arena;
        k->low.kept = &k->kept;
        *(p->first ? &p->last->next : &p->first) = k;
        p->last = p->at = k;
    }
    st = lower_step_cache(&k->low, step, ctx, arena, err);
    *out = k->low;
    return st;
}
