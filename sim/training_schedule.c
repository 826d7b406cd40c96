/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of a pipeline over time (sim/training_schedule.h). Each stage has a fixed order; a pass waits for the one before it there and for its neighbour. */
#include "sim/training_schedule.h"

#include <math.h>

/* Pass `index` of a stage's forward (or backward) passes: which chunk and micro-batch. Interleaved: as many micro-batches as stages go through a
 * chunk, then through the next; backward from the last chunk to the first. */
static void pass_at(struct training_slot *out, const struct training_pipeline *p, int64_t index)
{
    int64_t group = p->stages * p->chunks, chunk = p->chunks > 1 ? index % group / p->stages : 0;

    out->chunk = out->backward ? p->chunks - 1 - chunk : chunk;
    out->micro_batch = p->chunks > 1 ? index / group * p->stages + index % p->stages : index;
}

/* Forward passes before the first backward one. */
static int64_t warm_up(const struct training_pipeline *p, int64_t stage)
{
    int64_t all = p->micro_batches * p->chunks, behind = p->stages - stage - 1;
    int64_t first = p->chunks > 1 ? 2 * behind + (p->chunks - 1) * p->stages : behind;

    return first < all ? first : all;
}

static double pass_time_s(const struct training_pipeline *p, const struct training_slot *s)
{
    bool head = s->stage == p->stages - 1 && s->chunk == p->chunks - 1;

    return (s->backward ? p->backward_s : p->forward_s) / (double)p->chunks + (head ? s->backward ? p->head_backward_s : p->head_forward_s : 0);
}

/* Order of a stage's slots. */
static void order_stage(struct training_slot *slots, const struct training_pipeline *p, int64_t stage)
{
    int64_t all = p->micro_batches * p->chunks, warm = warm_up(p, stage), forward = 0, backward = 0;

    for (int64_t i = 0; i < 2 * all; i++) {
        bool back = forward == all || (forward > warm && forward - warm > backward);

        slots[i] = (struct training_slot){ .stage = stage, .backward = back };
        pass_at(&slots[i], p, back ? backward++ : forward++);
        slots[i].time_s = pass_time_s(p, &slots[i]);
    }
}

/* Ends of passes by [backward][chunk][stage][micro_batch]; NaN: not done. */
struct ends { double *at; const struct training_pipeline *p; };

static double *end_of(const struct ends *e, bool backward, int64_t chunk, int64_t stage, int64_t micro_batch)
{
    return &e->at[(((backward ? e->p->chunks : 0) + chunk) * e->p->stages + stage) * e->p->micro_batches + micro_batch];
}

/* When what a pass needs has come: forward from the stage before, backward from the one behind; 0: nothing is needed; NaN: not yet known. */
static double ready_s(const struct ends *e, const struct training_slot *s)
{
    const struct training_pipeline *p = e->p;

    if (!s->backward)
        return s->stage > 0 ? *end_of(e, false, s->chunk, s->stage - 1, s->micro_batch)
             : s->chunk > 0 ? *end_of(e, false, s->chunk - 1, p->stages - 1, s->micro_batch) : 0;
    return s->stage < p->stages - 1   ? *end_of(e, true, s->chunk, s->stage + 1, s->micro_batch)
         : s->chunk < p->chunks - 1 ? *end_of(e, true, s->chunk + 1, 0, s->micro_batch)
                                    : *end_of(e, false, s->chunk, s->stage, s->micro_batch);
}

/* Lays slots as far as each stage can go, until none is left. False: no stage can go on. */
static bool lay(struct training_schedule *out, const struct ends *e, int64_t *next, double *free_s, int64_t each)
{
    for (int64_t left = out->count, before; left > 0; ) {
        before = left;
        for (int64_t stage = 0; stage < e->p->stages; stage++)
            for (; next[stage] < each; next[stage]++, left--) {
                struct training_slot *s = &out->slots[stage * each + next[stage]];
                double ready = ready_s(e, s);

                if (isnan(ready))
                    break;
                s->start_s = fmax(ready, free_s[stage]);
                *end_of(e, s->backward, s->chunk, s->stage, s->micro_batch) = free_s[stage] = s->start_s + s->time_s;
                out->time_s = fmax(out->time_s, free_s[stage]);
            }
        if (left == before)
            return false;
    }
    return true;
}

enum status training_schedule(struct training_schedule *out, const struct training_pipeline *p, struct arena *arena, struct error *err)
{
    double slots = 2.0 * (double)p->chunks * (double)p->micro_batches * (double)p->stages, busy_s = 0;

    *out = (struct training_schedule){ 0 };
    if (p->stages < 1 || p->chunks < 1 || p->micro_batches < 1 || slots > TRAINING_SLOTS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "schedule of %lld stages and %lld micro-batches: none, or over %d passes", (long long)p->stages,
                           (long long)p->micro_batches, TRAINING_SLOTS_MAX);
    if (p->chunks > 1 && p->micro_batches % p->stages != 0)
        return error_plain(err, STATUS_BAD_INPUT, "interleaved schedule: %lld micro-batches are no multiple of %lld stages", (long long)p->micro_batches,
                           (long long)p->stages);
    int64_t each = 2 * p->chunks * p->micro_batches;
    out->count = each * p->stages;
    struct ends ends = { arena_array(arena, (size_t)out->count, sizeof *ends.at), p };
    int64_t *next = arena_array(arena, (size_t)p->stages, sizeof *next);
    double *free_s = arena_array(arena, (size_t)p->stages, sizeof *free_s);
    out->slots = arena_array(arena, (size_t)out->count, sizeof *out->slots);
    if (!ends.at || !next || !free_s || !out->slots)
        return error_no_memory(err);
    for (int64_t i = 0; i < out->count; i++)
        ends.at[i] = NAN;
    for (int64_t s = 0; s < p->stages; s++) {
        next[s] = 0, free_s[s] = 0;
        order_stage(out->slots + s * each, p, s);
    }
    if (!lay(out, &ends, next, free_s, each))
        return error_plain(err, STATUS_INTERNAL, "schedule: stages wait for one another");
    for (int64_t i = 0; i < out->count; i++)
        busy_s += out->slots[i].time_s;
    out->idle_share = out->time_s > 0 ? 1 - busy_s / ((double)p->stages * out->time_s) : 0;
    return STATUS_OK;
}

int64_t training_schedule_in_flight(const struct training_schedule *s, int64_t stage)
{
    int64_t now = 0, most = 0;

    for (int64_t i = 0; i < s->count; i++)
        if (s->slots[i].stage == stage) {
            now += s->slots[i].backward ? -1 : 1;
            most = now > most ? now : most;
        }
    return most;
}
