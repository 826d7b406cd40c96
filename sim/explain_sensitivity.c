/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensitivity of a kernel's time to each value of the hardware (and of the stack's launch and collectives): finite differences on a copy of
 * the description, the kernel evaluated anew. Whatever reads the description is caught, because nothing is told which value matters.
 * Values that lowering has used already (formats a unit takes, tile of an instruction) are left out: another kernel would run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arch/fields.h"
#include "sim/collective.h"
#include "sim/explain.h"

static const double step = 0.1, least_effect = 1e-6;

enum { UNIT_VALUES = 5, FABRIC_VALUES = 4, PROTOCOL_VALUES = 5 };

struct lab {
    const struct explanation *e;
    const struct timing_context *ctx;
    struct hardware hw;          /* the copy that is changed */
    struct stack stack;
    struct fabric fabric;        /* collectives of a system */
    struct kernel kernel;        /* its unit points into the copy */
    char mapping[96];            /* without a change */
    struct explain_sensitivity *list;
    int64_t count, room;
    struct arena *arena;
    struct error *err;
};

/* The copies as they were. */
static void reset(struct lab *lab)
{
    const struct arch_unit **unit = lab->kernel.kind == KERNEL_GEMM ? &lab->kernel.gemm.unit
                                  : lab->kernel.kind == KERNEL_ATTENTION ? &lab->kernel.attention.unit : NULL;

    lab->hw = *lab->e->hw;
    lab->stack = *lab->e->stack;
    lab->kernel = *lab->e->kernel;
    if (lab->ctx->fabric)
        lab->fabric = *lab->ctx->fabric;
    for (int64_t i = 0; unit && i < lab->hw.units_count; i++)
        if (*unit == &lab->e->hw->units[i])
            *unit = &lab->hw.units[i];
}

/* Times the changed copy and keeps the change, scaled from `changed_by` (relative) to the step. */
static enum status measure(struct lab *lab, const char *path, double value, double changed_by)
{
    struct timing_context ctx = *lab->ctx;
    struct timing t;
    struct error ignored;
    char mapping[96];
    double change;

    ctx.hw = &lab->hw;
    ctx.stack = &lab->stack;
    ctx.fabric = lab->ctx->fabric ? &lab->fabric : NULL;
    if (fidelity_analytic.time(&t, &lab->kernel, &ctx, &ignored) == STATUS_OK && lab->count < lab->room) {
        change = (t.time_s / lab->e->timing.time_s - 1) * step / changed_by;
        mapping_format(mapping, sizeof mapping, &t.mapping);
        if (fabs(change) >= least_effect)
            lab->list[lab->count++] = (struct explain_sensitivity){ path, value, change, strcmp(mapping, lab->mapping) != 0 };
    }
    reset(lab);
    return STATUS_OK;
}

static enum status vary_double(struct lab *lab, const char *path, double *at, double most)
{
    double value = *at, factor = most > 0 && value * (1 + step) > most ? 1 - step : 1 + step;

    if (!(value > 0))
        return STATUS_OK;
    *at = value * factor;
    return measure(lab, path, value, factor - 1);
}

/* Counts under ten move in steps that are no small change: left out. */
static enum status vary_count(struct lab *lab, const char *path, int64_t *at)
{
    int64_t value = *at, changed = value + (int64_t)floor((double)value * step + 0.5);

    if (value < 10)
        return STATUS_OK;
    *at = changed;
    return measure(lab, path, (double)value, (double)changed / (double)value - 1);
}

static enum status vary_rows(struct lab *lab, const struct field_row *rows, size_t count, void *in, const char *prefix)
{
    enum status st = STATUS_OK;

    for (size_t i = 0; i < count && !st; i++) {
        const char *path = *prefix ? arena_printf(lab->arena, "%s%s", prefix, rows[i].path) : rows[i].path;

        if (!path)
            return error_no_memory(lab->err);
        if (rows[i].kind == FIELD_QUANTITY)
            st = vary_double(lab, path, (double *)((char *)in + rows[i].offset), rows[i].max);
        else if (rows[i].kind == FIELD_COUNT || rows[i].kind == FIELD_BYTES)
            st = vary_count(lab, path, (int64_t *)((char *)in + rows[i].offset));
    }
    return st;
}

/* A rate of a unit reaches the kernel through what lowering made of it. */
static double *service_rate(struct lab *lab, const struct arch_unit *unit)
{
    if (lab->kernel.kind == KERNEL_GEMM && lab->kernel.gemm.unit == unit)
        return &lab->kernel.gemm.service.fma_per_cycle_sm;
    if (lab->kernel.kind == KERNEL_ATTENTION && lab->kernel.attention.unit == unit)
        return &lab->kernel.attention.service.fma_per_cycle_sm;
    return NULL;
}

static enum status vary_units(struct lab *lab)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < lab->hw.units_count && !st; i++) {
        struct arch_unit *u = &lab->hw.units[i];
        struct { const char *key; double *at; double most; } values[UNIT_VALUES] = {
            { "fma_per_cycle_sm", service_rate(lab, u), 0 }, { "issue_efficiency", &u->issue_efficiency, 1 }, { "latency", &u->latency_cycles, 0 },
            { "fma_fp32_per_cycle_sm", &u->fma_fp32_per_cycle_sm, 0 }, { "sfu_per_cycle_sm", &u->sfu_per_cycle_sm, 0 } };

        for (int v = 0; v < UNIT_VALUES && !st; v++) {
            const char *path = arena_printf(lab->arena, "units.%s.%s", u->name, values[v].key);

            if (!path)
                return error_no_memory(lab->err);
            if (values[v].at)
                st = vary_double(lab, path, values[v].at, values[v].most);
        }
    }
    for (int64_t i = 0; i < lab->hw.energy.ops_count && !st; i++) {
        const char *path = arena_printf(lab->arena, "energy.ops.%s", lab->hw.energy.ops[i].name);

        if (!path)
            return error_no_memory(lab->err);
        st = vary_double(lab, path, &lab->hw.energy.ops[i].j, 0);
    }
    return st;
}

/* What a system says of its links and its network. */
static enum status vary_fabric(struct lab *lab)
{
    struct { const char *path; double *at; } values[FABRIC_VALUES] = {
        { "system link bandwidth", &lab->fabric.bytes_per_s }, { "system link latency", &lab->fabric.latency_s },
        { "system network bandwidth", &lab->fabric.node_bytes_per_s }, { "system network latency", &lab->fabric.net_latency_s } };
    enum status st = STATUS_OK;

    for (int i = 0; lab->ctx->fabric && i < FABRIC_VALUES && !st; i++)
        st = vary_double(lab, values[i].path, values[i].at, 0);
    return st;
}

/* Protocols of the collective library: what the one that is picked takes. */
static enum status vary_protocols(struct lab *lab)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; lab->kernel.kind == KERNEL_COLLECTIVE && i < lab->stack.protocols_count && !st; i++) {
        struct collective_protocol *p = &lab->stack.protocols[i];
        struct { const char *key; double *at; double most; } values[PROTOCOL_VALUES] = {
            { "base", &p->base_s, 0 }, { "hop", &p->hop_s, 0 }, { "ramp", &p->ramp_s, 0 }, { "share", &p->share, 1 }, { "net_share", &p->net_share, 1 } };

        for (int v = 0; v < PROTOCOL_VALUES && !st; v++) {
            const char *path = arena_printf(lab->arena, "stack %s %s", p->name, values[v].key);

            if (!path)
                return error_no_memory(lab->err);
            st = vary_double(lab, path, values[v].at, values[v].most);
        }
    }
    return st;
}

static int by_effect(const void *a, const void *b)
{
    const struct explain_sensitivity *x = a, *y = b;
    double p = fabs(x->change), q = fabs(y->change);

    return p != q ? (p > q ? -1 : 1) : strcmp(x->path, y->path);
}

enum status explain_sensitivities(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err)
{
    size_t hardware_count, stack_count;
    const struct field_row *hardware_rows = hardware_fields(&hardware_count), *stack_rows = stack_fields(&stack_count);
    struct lab *lab = arena_alloc(arena, sizeof *lab);
    enum status st;

    if (!lab)
        return error_no_memory(err);
    *lab = (struct lab){ .e = out, .ctx = ctx, .arena = arena, .err = err,
                         .room = (int64_t)(hardware_count + stack_count) + ARCH_UNITS_MAX * UNIT_VALUES + FABRIC_VALUES + PROTOCOL_VALUES * STACK_PROTOCOLS_MAX + ARCH_ENERGY_OPS_MAX };
    if (!(lab->list = arena_array(arena, (size_t)lab->room, sizeof *lab->list)))
        return error_no_memory(err);
    mapping_format(lab->mapping, sizeof lab->mapping, &out->timing.mapping);
    reset(lab);
    if ((st = vary_rows(lab, hardware_rows, hardware_count, &lab->hw, "")) || (st = vary_units(lab)) || (st = vary_fabric(lab)) || (st = vary_protocols(lab)) ||
        (st = vary_rows(lab, stack_rows, stack_count, &lab->stack, "stack.")))
        return st;
    qsort(lab->list, (size_t)lab->count, sizeof *lab->list, by_effect);
    out->sensitivities = lab->list;
    out->sensitivities_count = lab->count;
    return STATUS_OK;
}
