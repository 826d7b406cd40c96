/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of a lowered step on one device: each is timed once, its launches go to their row, and eager launches wait for the host. */
#include "base/checked.h"
#include "base/num.h"
#include "sim/replay_state.h"
#include "sim/unit.h"

static void warn_kernel(struct replay *r, const struct kernel *k)
{
    if (k->kind != KERNEL_GEMM && k->kind != KERNEL_ATTENTION)
        return;
    const struct arch_unit *unit = k->kind == KERNEL_GEMM ? k->gemm.unit : k->attention.unit;
    const struct unit_type *type = unit_type_find(unit->kind);
    if (type != NULL && type->last_resort)
        replay_warn(r, arena_printf(r->arena, "%s: %s (no matrix unit of %s takes the pair)", k->role, k->note, r->spec->hw->name));
}

/* What a step that outlives the run knows of its kernels: the timing found last, and with which of its inputs in L2. */
struct known_kernel {
    struct warmth warm;
    struct ps_timing at;
    int64_t row;                       /* index in the run before */
    const char *role, *note;           /* texts, of this recipe's steps, that it was made for */
};

static struct known_kernel *known_kernels(const struct lowered_step *low)
{
    if (low->kept == NULL)
        return NULL;
    if (low->kept->known == NULL)
        low->kept->known = arena_array(low->kept->arena, (size_t)low->count + 1, sizeof(struct known_kernel));
    return low->kept->known;
}

static bool same_warmth(const struct warmth *a, const struct warmth *b)
{
    return a->a_bytes == b->a_bytes && a->b_bytes == b->b_bytes && a->other_bytes == b->other_bytes && a->out_bytes == b->out_bytes;
}

/* A kernel of which nothing but the warmth can have changed since it was timed need not be hashed. */
static enum status time_kernel(struct ps_timing *out, struct replay *r, const struct lowered_kernel *k, struct known_kernel *known)
{
    const struct timed_kernel *t;
    enum status st;

    if (known != NULL && known->at.timed != NULL && k->cache == NULL && same_warmth(&known->warm, &k->kernel.warm)) {
        memo_again(r->memo, known->at.timed);
        *out = known->at;
        return STATUS_OK;
    }
    if ((st = memo_time(&t, r->memo, &k->kernel, r->err)) || (st = ps_from_timing(out, t, k->kernel.role, r->err)))
        return st;
    if (known != NULL) {
        known->warm = k->kernel.warm;
        known->at = *out;
    }
    return STATUS_OK;
}

enum status replay_time_kernels(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iterations)
{
    struct known_kernel *known = known_kernels(low);

    for (int64_t i = 0; i < low->count; i++) {
        const struct kernel *k = &low->kernels[i].kernel;
        enum status st;

        warn_kernel(r, k);
        if (k->kind == KERNEL_ATTENTION)
            st = attention_series_time(&timed[i].series, r->memo, k, iterations, r->fidelity->costly, &r->scratch, r->err);
        else
            st = time_kernel(&timed[i].at, r, &low->kernels[i], known != NULL ? &known[i] : NULL);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* Texts of kept steps stay where they are: where the row was made for the same ones as in the run before, it is the row again. */
static struct breakdown_row *row_of(struct replay *r, enum phase phase, const struct lowered_kernel *k, struct known_kernel *known)
{
    if (known != NULL && k->cache == NULL && known->role != NULL && replay_row_made_for(r, known->row, known->role, known->note))
        return &r->rows[known->row];
    struct breakdown_row *row = replay_row(r, phase, k->kernel.role, k->kernel.note, known != NULL ? known->row : 0);
    if (known != NULL && row != NULL) {
        known->row = row - r->rows;
        known->role = r->states[known->row].role;
        known->note = r->states[known->row].note;
    }
    return row;
}

enum status replay_add_rows(struct replay *r, struct timed *timed, const struct lowered_step *low, enum phase phase, int64_t iterations)
{
    struct known_kernel *known = known_kernels(low);

    for (int64_t i = 0; i < low->count; i++) {
        const struct kernel *k = &low->kernels[i].kernel;
        int64_t launches;
        struct breakdown_row *row = row_of(r, phase, &low->kernels[i], known != NULL ? &known[i] : NULL);
        enum status st;

        if (row == NULL)
            return STATUS_INTERNAL;
        timed[i].row = row - r->rows;
        if (!checked_mul_i64(&launches, k->count, iterations) || !checked_add_i64(&row->count, row->count, launches))
            return replay_too_long(r);
        bool attention = k->kind == KERNEL_ATTENTION;
        const struct launched l = { .kind = replay_kind(k, attention ? timed[i].series->at[0].timing : timed[i].at.timing), .timed = attention ? NULL : timed[i].at.timed,
                                    .series = timed[i].series, .launches = attention ? k->count : launches, .iterations = attention ? iterations : 0 };
        if ((st = memo_shared(r->memo) ? replay_note_launches(r, timed[i].row, &l) : replay_row_launches(r, row, &l, &timed[i].at)))
            return st;
    }
    return STATUS_OK;
}

int64_t replay_kernel_ps(struct timed *t, const struct kernel *k, int64_t iteration)
{
    int64_t time_ps, parts_ps[CAUSES];

    if (k->kind != KERNEL_ATTENTION)
        return t->at.time_ps;
    attention_series_at(&time_ps, parts_ps, t->series, iteration, &t->hint);
    return time_ps;
}

/* Layers are unfolded: kernels of one count in a row are the body. */
enum status replay_launches(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iteration, int64_t *waited_ps)
{
    bool eager = r->spec->stack->launch_mode == LAUNCH_EAGER, shown = r->watch != NULL && r->watch->unrolled;
    struct host_queue q = { .launch_ps = num_ps(r->spec->stack->host_launch_s) };
    enum status st;

    *waited_ps = 0;
    for (int64_t first = 0, end; first < low->count; first = end) {
        int64_t layers = low->kernels[first].kernel.count;
        for (end = first; end < low->count && low->kernels[end].kernel.count == layers; end++)
            ;
        for (int64_t layer = 0; layer < layers; layer++)
            for (int64_t i = first; i < end; i++) {
                int64_t idle = eager ? host_queue_launch(&q, replay_kernel_ps(&timed[i], &low->kernels[i].kernel, iteration)) : 0;
                *waited_ps += idle;
                if ((idle > 0 && (st = replay_row_idle(r, &r->rows[timed[i].row], idle))) || (shown && (st = replay_watch_launch(r, i, layer, idle))))
                    return st;
            }
    }
    return STATUS_OK;
}
