/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel to be explained: that of a role in a trace, lowered and warmed as replay does it, or one of bare shape, lowered from a step
 * of a single operator so that formats, unit and epilogue are those of the recipe.
 */
#include <string.h>

#include "base/checked.h"
#include "base/nearest.h"
#include "sim/explain.h"
#include "sim/l2_reuse.h"
#include "sim/layout.h"
#include "sim/replay.h"
#include "sim/units.h"
#include "sim/warmth.h"

enum { ROLES_MAX = 256 };

struct finder {
    struct explain_found *out;
    const char *role;
    int phase;
    struct lower_context lower;
    struct memo *memo;
    const char *roles[ROLES_MAX];
    size_t roles_count;
    bool weights_seen;
    struct arena *arena;         /* of the result */
    struct arena scratch;        /* of one step */
    struct error *err;
};

static enum status note_role(struct finder *f, const char *role)
{
    for (size_t i = 0; i < f->roles_count; i++)
        if (strcmp(f->roles[i], role) == 0)
            return STATUS_OK;
    if (f->roles_count == ROLES_MAX)
        return STATUS_OK;
    if (!(f->roles[f->roles_count] = arena_strdup(f->arena, role)))
        return error_no_memory(f->err);
    f->roles_count++;
    return STATUS_OK;
}

/* The kernel with what it points to copied out of the step. Attention: as it is in the middle of the step's iterations. */
static enum status keep_kernel(struct finder *f, const struct kernel *k)
{
    struct kernel *copy = arena_alloc(f->arena, sizeof *copy);

    if (!copy)
        return error_no_memory(f->err);
    *copy = *k;
    copy->role = arena_strdup(f->arena, k->role);
    copy->note = arena_strdup(f->arena, k->note);
    if (k->kind == KERNEL_ATTENTION) {
        struct seq_group *groups = arena_array(f->arena, (size_t)k->attention.groups_count, sizeof *groups);
        if (!groups)
            return error_no_memory(f->err);
        memcpy(groups, k->attention.groups, (size_t)k->attention.groups_count * sizeof *groups);
        copy->attention.groups = groups;
    }
    f->out->kernel = copy;
    return copy->role && copy->note ? STATUS_OK : error_no_memory(f->err);
}

static enum status look_at_kernel(struct finder *f, const struct step *s, const struct kernel *k, int64_t iteration)
{
    const struct timed_kernel *t;
    int64_t launches;
    enum status st;

    if ((st = note_role(f, k->role)) || (st = memo_time(&t, f->memo, k, f->err)))
        return st;
    if (!checked_mul_i64(&launches, k->count, s->repeat))
        return error_plain(f->err, STATUS_BAD_INPUT, "the step at line %lld: its launches overflow 64 bits", (long long)s->line);
    double launches_s = (double)launches * t->timing.time_s;
    f->out->trace_s += launches_s;
    if (strcmp(k->role, f->role) != 0)
        return STATUS_OK;
    f->out->role_s += launches_s;
    if (f->out->kernel && launches_s <= f->out->launches_s)
        return STATUS_OK;
    f->out->phase = s->phase;
    f->out->step_line = s->line;
    f->out->iteration = iteration;
    f->out->launches = launches;
    f->out->launches_s = launches_s;
    return keep_kernel(f, k);
}

static enum status look_at_step(struct finder *f, const struct step *s)
{
    struct seq_group *middle = arena_array(&f->scratch, (size_t)s->seq_groups + 1, sizeof *middle);
    struct lowered_step low;
    int64_t iteration = s->repeat / 2;
    struct step at = *s;
    enum status st;

    if (f->phase != EXPLAIN_ANY_PHASE && (int)s->phase != f->phase)
        return STATUS_OK;
    if (!middle)
        return error_no_memory(f->err);
    for (int64_t i = 0; i < s->seq_groups; i++) {
        middle[i] = s->seqs[i];
        middle[i].kv += iteration * s->seqs[i].q;
    }
    at.seqs = middle;
    if ((st = lower_step(&low, &at, &f->lower, &f->scratch, f->err)))
        return st;
    bool resident = warmth_step_bytes(&low) <= warmth_capacity(f->lower.hw);
    warmth_assign(&low, f->lower.hw, f->weights_seen || (resident && s->repeat > 1));
    f->weights_seen = f->weights_seen || resident;
    for (int64_t i = 0; i < low.count && !st; i++)
        st = look_at_kernel(f, s, &low.kernels[i].kernel, iteration);
    return st;
}

static enum status unknown_role(struct finder *f)
{
    const char *near = nearest_name(f->role, f->roles, f->roles_count);
    char list[512] = "";
    size_t used = 0;

    for (size_t i = 0; i < f->roles_count && used < sizeof list - 40; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.30s", i ? ", " : "", f->roles[i]);
    return error_plain(f->err, STATUS_BAD_INPUT, "no kernel has the role '%s'%s%s; there %s %s", f->role, near ? "; nearest is " : "",
                       near ? near : "", f->roles_count ? "are" : "is", f->roles_count ? list : "none in this phase");
}

static enum status walk(struct finder *f, struct trace *t)
{
    const struct step *s;
    enum status st;

    for (;;) {
        arena_reset(&f->scratch);
        if ((st = trace_next(&s, t, &f->scratch, f->err)) || !s)
            break;
        if ((st = look_at_step(f, s)))
            return st;
    }
    return st ? st : f->out->kernel ? STATUS_OK : unknown_role(f);
}

enum status explain_find(struct explain_found *out, const struct run_spec *spec, const char *trace_path, const char *role, int phase,
                         struct arena *arena, struct error *err)
{
    struct timing_context ctx = { .hw = spec->hw, .stack = spec->stack, .choice = spec->choice, .ranks = spec->layout.tp };
    struct explain_found found = { 0 };
    struct finder f = { .out = &found, .role = role, .phase = phase, .arena = arena, .err = err };
    struct trace *t = NULL;
    enum status st;

    if ((st = units_check(spec->hw, err)) || (st = layout_check(&spec->layout, spec->hw, err)))
        return st;
    if (!(f.memo = memo_open(&fidelity_analytic, &ctx)))
        return error_no_memory(err);
    if (!(st = trace_open(&t, trace_path, err))) {
        f.lower = (struct lower_context){ spec->hw, spec->stack, &spec->recipe, &spec->layout, trace_model(t), NULL };
        st = walk(&f, t);
    }
    if (!st)
        *out = found;
    trace_close(t);
    arena_free(&f.scratch);
    memo_close(f.memo);
    return st;
}

/* ---- bare shapes ---- */

/* The last kernel of one kind that a step of one operator lowers to. */
static enum status lower_one(struct kernel **out, const struct step *s, enum kernel_kind kind, const struct run_spec *spec, struct arena *arena,
                             struct error *err)
{
    static const struct model_info no_model = { .name = "shape" };
    const struct lower_context ctx = { spec->hw, spec->stack, &spec->recipe, &spec->layout, &no_model, NULL };
    struct lowered_step low;
    enum status st;

    if ((st = units_check(spec->hw, err)) || (st = lower_step(&low, s, &ctx, arena, err)))
        return st;
    *out = NULL;
    for (int64_t i = 0; i < low.count; i++)
        if (low.kernels[i].kernel.kind == kind)
            *out = &low.kernels[i].kernel;
    return *out ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "the shape lowers to no kernel of its kind");
}

enum status explain_gemm_kernel(const struct kernel **out, const struct explain_gemm *shape, const struct run_spec *spec, struct arena *arena,
                                struct error *err)
{
    struct op op = { .kind = OP_GEMM, .role = "gemm", .count = 1, .m = shape->m, .n = shape->n, .k = shape->k, .batch = 1 };
    struct step s = { .phase = PHASE_PREFILL, .repeat = 1, .ops_count = 1, .ops = &op, .sequences = 1, .tokens = shape->m };
    double capacity = l2_shared_capacity_bytes(&spec->hw->l2);
    struct kernel *k;
    enum status st = lower_one(&k, &s, KERNEL_GEMM, spec, arena, err);

    if (st)
        return st;
    if ((double)k->gemm.a_bytes < capacity)
        k->warm.a_bytes = k->gemm.a_bytes;
    if (shape->warm_weights && (double)k->gemm.a_bytes + (double)k->gemm.b_bytes < capacity)
        k->warm.b_bytes = k->gemm.b_bytes;
    *out = k;
    return STATUS_OK;
}

enum status explain_attention_kernel(const struct kernel **out, const struct explain_attention *shape, const struct run_spec *spec,
                                     struct arena *arena, struct error *err)
{
    struct seq_group *group = arena_alloc(arena, sizeof *group);
    struct op op = { .kind = OP_ATTENTION, .role = "attention", .count = 1, .heads = shape->heads, .kv_heads = shape->kv_heads,
                     .head_dim = shape->head_dim, .v_head_dim = shape->head_dim, .causal = true };
    struct step s = { .phase = shape->q > 1 ? PHASE_PREFILL : PHASE_DECODE, .repeat = 1, .seq_groups = 1, .seqs = group, .sequences = shape->batch,
                      .ops_count = 1, .ops = &op };
    struct kernel *k;
    enum status st;

    if (!group)
        return error_no_memory(err);
    if (!checked_mul_i64(&s.tokens, shape->batch, shape->q))
        return error_plain(err, STATUS_BAD_INPUT, "attention of %lld sequences of %lld new tokens overflows 64 bits", (long long)shape->batch,
                           (long long)shape->q);
    *group = (struct seq_group){ shape->batch, shape->q, shape->kv };
    if ((st = lower_one(&k, &s, KERNEL_ATTENTION, spec, arena, err)))
        return st;
    *out = k;
    return STATUS_OK;
}
