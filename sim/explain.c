/* SPDX-License-Identifier: Apache-2.0 */
/* Explanation of one kernel: its timing with account, the mappings it might have had, waves, and traffic against peaks. */
#include "sim/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/attention_model.h"
#include "sim/bounds.h"
#include "sim/clock.h"
#include "sim/collective.h"
#include "sim/gemm_model.h"

enum { CANDIDATES_MAX = STACK_TILES_MAX * STACK_SPLITS_MAX, SHOWN_MAX = 6, SPLITS_MAX = 12, TRAFFIC_MAX = 8, TEXT_MAX = 96 };

/* ---- mappings ---- */

static int by_time(const void *a, const void *b)
{
    const struct explain_mapping *x = a, *y = b;

    if (x->time_s != y->time_s)
        return x->time_s < y->time_s ? -1 : 1;
    if (x->picked != y->picked)
        return x->picked ? -1 : 1;
    return strcmp(x->text, y->text);
}

/* Keeps the fastest, and the picked one wherever it stands. */
static void keep_mappings(struct explanation *out, struct explain_mapping *all, int64_t count)
{
    int64_t picked = 0;

    qsort(all, (size_t)count, sizeof *all, by_time);
    while (picked < count && !all[picked].picked)
        picked++;
    out->legal_count = count;
    out->faster_count = picked < count ? picked : 0;
    if (picked >= SHOWN_MAX && picked < count) {
        struct explain_mapping moved = all[picked];

        memmove(&all[SHOWN_MAX], &all[SHOWN_MAX - 1], (size_t)(picked - SHOWN_MAX + 1) * sizeof *all);
        all[SHOWN_MAX - 1] = moved;
    }
    out->mappings = all;
    out->mappings_count = smaller(count, SHOWN_MAX);
}

static const char *format_mapping(const struct mapping *map, struct arena *arena)
{
    char text[TEXT_MAX];

    return arena_strdup(arena, mapping_format(text, sizeof text, map));
}

static bool same_gemm(const struct gemm_mapping *a, const struct gemm_mapping *b)
{
    return a->kernel == b->kernel && a->split_k == b->split_k;
}

static enum status gemm_mappings(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err)
{
    struct gemm_candidate *candidates = arena_array(arena, CANDIDATES_MAX, sizeof *candidates);
    const struct gemm_mapping *picked = &out->timing.mapping.gemm;
    int64_t count = candidates ? smaller(gemm_candidates(candidates, CANDIDATES_MAX, out->kernel, ctx), CANDIDATES_MAX) : 0;
    struct explain_mapping *all = arena_array(arena, (size_t)count + 1, sizeof *all);
    double picked_cycles = 0;

    if (!candidates || !all)
        return error_no_memory(err);
    for (int64_t i = 0; i < count; i++)
        if (same_gemm(&candidates[i].mapping, picked))
            picked_cycles = candidates[i].rule_cycles;
    for (int64_t i = 0; i < count; i++) {
        const struct gemm_candidate *c = &candidates[i];
        struct mapping map = { .kind = KERNEL_GEMM, .gemm = c->mapping };

        all[i] = (struct explain_mapping){ .kernel = c->mapping.kernel->name, .text = format_mapping(&map, arena), .time_s = c->time_s,
                                           .rule = picked_cycles > 0 ? c->rule_cycles / picked_cycles : 0,
                                           .picked = same_gemm(&c->mapping, picked) };
        if (!all[i].text)
            return error_no_memory(err);
    }
    keep_mappings(out, all, count);
    return STATUS_OK;
}

/* The picked tiles with other splits of the keys: what the split rule chose among. */
static enum status attention_mappings(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err)
{
    const struct attention_kernel *kernel = attention_kernel_of(&out->kernel->attention, ctx->stack, ctx->hw);
    const struct attention_mapping *picked = &out->timing.mapping.attention;
    struct explain_mapping *all = arena_array(arena, SPLITS_MAX + 1, sizeof *all);
    struct timing_context quiet = *ctx;
    int64_t count = 0;

    if (!all)
        return error_no_memory(err);
    quiet.account = NULL;
    for (int64_t split = 0; !picked->unfused && count <= SPLITS_MAX; split = split == 0 ? 1 : 2 * split) {
        struct timing t = { .mapping = out->timing.mapping };
        struct attention_mapping *map = &t.mapping.attention;

        if (split > larger(kernel->split_kv_max, 1))
            break;
        if (split == picked->split_kv)
            continue;
        map->split_kv = split == 0 ? picked->split_kv : split;
        map->blocks = picked->blocks / larger(picked->split_kv, 1) * map->split_kv;
        map->waves = picked->waves / (double)larger(picked->split_kv, 1) * (double)map->split_kv;
        attention_time(&t, out->kernel, &quiet);
        all[count++] = (struct explain_mapping){ .kernel = kernel->name, .text = format_mapping(&t.mapping, arena), .time_s = t.time_s,
                                                 .picked = split == 0 };
        if (!all[count - 1].text)
            return error_no_memory(err);
    }
    keep_mappings(out, all, count);
    return STATUS_OK;
}

/* ---- waves ---- */

static void fill_waves(struct explain_waves *w, const struct explanation *e)
{
    const struct mapping *map = &e->timing.mapping;

    *w = (struct explain_waves){ .sms = e->hw->sm.count, .tile_share = 1 };
    if (e->kernel->kind == KERNEL_GEMM) {
        const struct gemm_kernel_shape *g = &e->kernel->gemm;
        double area = (double)map->gemm.grid_m * (double)map->gemm.tile_m * (double)map->gemm.grid_n * (double)map->gemm.tile_n;

        w->blocks = map->gemm.blocks;
        w->blocks_per_sm = map->gemm.blocks_per_sm;
        w->tile_share = area > 0 ? (double)g->m * (double)g->n / area : 1;
    } else if (e->kernel->kind == KERNEL_ATTENTION) {
        w->blocks = map->attention.blocks;
        w->blocks_per_sm = map->attention.blocks_per_sm;
    }
    w->slots = w->sms * w->blocks_per_sm;
    w->waves = w->slots > 0 ? (double)w->blocks / (double)w->slots : 0;
    w->wave_share = w->waves > 0 ? w->waves / ceil(w->waves) : 1;
}

/* ---- traffic ---- */

static void add_traffic(struct explain_traffic *list, int64_t *count, const char *name, enum cause cause, const char *unit, double amount, double peak_per_s)
{
    if (amount > 0 && peak_per_s > 0 && *count < TRAFFIC_MAX)
        list[(*count)++] = (struct explain_traffic){ name, cause, amount, peak_per_s, amount / peak_per_s, unit };
}

static enum status fill_traffic(struct explanation *e, const struct fabric *fabric, struct arena *arena, struct error *err)
{
    const struct hardware *hw = e->hw;
    const struct timing *t = &e->timing;
    const struct arch_unit *vector = hardware_unit(hw, "vector");
    const struct unit_service *s = e->kernel->kind == KERNEL_GEMM ? &e->kernel->gemm.service
                                 : e->kernel->kind == KERNEL_ATTENTION ? &e->kernel->attention.service : NULL;
    struct explain_traffic *list = arena_array(arena, TRAFFIC_MAX, sizeof *list);
    double sm_hz = (double)hw->sm.count * t->clock_hz;

    if (!list)
        return error_no_memory(err);
    if (s)
        add_traffic(list, &e->traffic_count, "matrix unit", CAUSE_MATRIX, "FLOP", 2 * t->events.fma, 2 * s->fma_per_cycle_sm * sm_hz);
    if (vector) {
        add_traffic(list, &e->traffic_count, "vector lanes", CAUSE_VECTOR, "op", t->events.vector_ops, vector->fma_fp32_per_cycle_sm * sm_hz);
        add_traffic(list, &e->traffic_count, "special functions", CAUSE_VECTOR, "op", t->events.sfu_ops, vector->sfu_per_cycle_sm * sm_hz);
    }
    add_traffic(list, &e->traffic_count, "shared memory", CAUSE_SHARED, "B", t->bytes[LEVEL_SHARED], hw->sm.shared_bytes_per_cycle * sm_hz);
    add_traffic(list, &e->traffic_count, "L2", CAUSE_L2, "B", t->bytes[LEVEL_L2], hw->l2.bytes_per_cycle * t->clock_hz);
    add_traffic(list, &e->traffic_count, "DRAM", CAUSE_DRAM, "B", t->bytes[LEVEL_DRAM], hw->dram.bandwidth_bytes_per_s);
    add_traffic(list, &e->traffic_count, "link", CAUSE_LINK, "B", t->bytes[LEVEL_LINK], fabric ? fabric->bytes_per_s : hw->link.bytes_per_s);
    e->traffic = list;
    return STATUS_OK;
}

/* ---- all of it ---- */

/* A kind whose model writes no account (collectives) is explained by the causes alone. */
static void account_from_parts(struct account *a, const struct timing *t)
{
    static const char *const names[CAUSES] = { "matrix unit", "vector lanes", "shared memory", "L2", "DRAM", "transfer over the link",
                                               "launch and library", "latency" };

    if (a->parts_count == 0)
        for (int i = 0; i < CAUSES; i++)
            account_part(a, names[i], (enum cause)i, t->parts_s[i]);
}

enum status explain_kernel(struct explanation *out, const struct kernel *kernel, const struct timing_context *given, struct arena *arena,
                           struct error *err)
{
    struct explanation e = { .kernel = kernel, .hw = given->hw, .stack = given->stack };
    struct timing_context ctx = *given;
    struct timing bound;
    enum status st;

    ctx.account = &e.account;
    if ((st = fidelity_analytic.time(&e.timing, kernel, &ctx, err)))
        return st;
    ctx.account = NULL;
    account_from_parts(&e.account, &e.timing);
    if ((st = fidelity_roofline.time(&bound, kernel, &ctx, err)))
        return st;
    e.roofline_s = bound.time_s;
    e.roofline_bound = bound.bound;
    e.highest_hz = clock_highest_hz(&ctx);
    fill_waves(&e.waves, &e);
    if (kernel->kind == KERNEL_GEMM)
        st = gemm_mappings(&e, &ctx, arena, err);
    else if (kernel->kind == KERNEL_ATTENTION)
        st = attention_mappings(&e, &ctx, arena, err);
    if (st || (st = fill_traffic(&e, ctx.fabric, arena, err)) || (st = explain_sensitivities(&e, &ctx, arena, err)) ||
        (st = explain_shapes(&e, &ctx, arena, err)))
        return st;
    *out = e;
    return STATUS_OK;
}
