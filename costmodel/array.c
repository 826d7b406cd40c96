/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays composed of netlists. See array.h. */
#include "costmodel/array.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "costmodel/netlist.h"

enum { SIZE_MAX_EACH = 4096, TABLE_K_MAX = 8, DOT_K = 4, WEIGHT_BITS_MAX = 16 };

const struct array_kind array_kinds[] = {
    { "mac", "whole products, weights widened to the activations' format", DATAPATH_INT_DOT, false, false, BUILDER_NONE },
    { "add", "one addition a weight bit", DATAPATH_ADD_DOT, true, false, BUILDER_NONE },
    { "lut", "half tables that an operator before the array builds", DATAPATH_LUT_DOT, true, false, BUILDER_NONE },
    { "lut-built", "half tables, a builder a table in the array", DATAPATH_LUT_DOT, true, false, BUILDER_TABLE },
    { "unpu", "full tables, a builder a table in the array (UNPU)", DATAPATH_LUT_DOT, true, true, BUILDER_TABLE },
    { "lut-conventional", "full tables, a builder beside each lookup unit", DATAPATH_LUT_DOT, true, true, BUILDER_LOOKUP },
    { .name = NULL },
};

const struct array_kind *array_kind_find(const char *name, struct error *err)
{
    const char *names[sizeof array_kinds / sizeof array_kinds[0]];
    size_t count = 0;

    for (; array_kinds[count].name != NULL; count++) {
        if (strcmp(array_kinds[count].name, name) == 0)
            return &array_kinds[count];
        names[count] = array_kinds[count].name;
    }
    const char *near = nearest_name(name, names, count);
    error_plain(err, STATUS_BAD_INPUT, "unknown kind of datapath '%.60s', expected mac, add, lut, lut-built, unpu or lut-conventional%s%s", name, near != NULL ? "; nearest is " : "", near != NULL ? near : "");
    return NULL;
}

static bool looks_up(const struct array_design *d) { return d->kind->element == DATAPATH_LUT_DOT; }
static bool floats(const struct array_design *d) { return d->activation.kind == NUMBER_FLOAT; }

void array_defaults(struct array_design *d)
{
    if (d->accumulator.kind == NUMBER_NONE)
        d->accumulator = floats(d) ? (struct datapath_number){ .kind = NUMBER_FLOAT, .bits = 16, .e = 5, .m = 10 } : (struct datapath_number){ .kind = NUMBER_INT, .bits = 32 };
    if (!looks_up(d) || d->table.kind != NUMBER_NONE)
        return;
    d->table = d->activation;
    if (!floats(d) && d->kind->builder != BUILDER_NONE)
        d->table.bits += (int)ceil(log2((double)d->k));
}

static enum status check(const struct array_design *d, struct error *err)
{
    const int64_t sizes[] = { d->m, d->n, d->k };

    for (int i = 0; i < 3; i++)
        if (sizes[i] < 1 || sizes[i] > SIZE_MAX_EACH)
            return error_plain(err, STATUS_BAD_INPUT, "%c of the array is %lld, expected 1 to %d", "MNK"[i], (long long)sizes[i], SIZE_MAX_EACH);
    if (d->weight_bits < 1 || d->weight_bits > WEIGHT_BITS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "weights of %d bits, expected 1 to %d", d->weight_bits, WEIGHT_BITS_MAX);
    if (looks_up(d) && (d->k < 2 || d->k > TABLE_K_MAX))
        return error_plain(err, STATUS_INFEASIBLE, "tables of %lld activations, expected 2 to %d: nearest K is %d", (long long)d->k, TABLE_K_MAX, d->k < 2 ? 2 : TABLE_K_MAX);
    if (!looks_up(d) && d->k % DOT_K != 0 && (d->k != 1 || d->kind->serial))
        return error_plain(err, STATUS_INFEASIBLE, "K of '%s' is %lld, expected a multiple of %d: nearest is %lld", d->kind->name, (long long)d->k, DOT_K,
                           (long long)(d->k < DOT_K ? DOT_K : d->k - d->k % DOT_K));
    return STATUS_OK;
}

static double entries(const struct array_design *d)
{
    return looks_up(d) ? ldexp(1, (int)d->k - (d->kind->full ? 0 : 1)) : 0;
}

/* One element: a lookup over all of K, or a dot product of four (of one where K is one). */
static struct datapath element(const struct array_design *d)
{
    const struct datapath_number bit = { .kind = NUMBER_INT, .bits = 1 };
    struct datapath e = { .kind = d->kind->element, .activation = d->activation, .weight = d->kind->serial ? bit : d->activation, .accumulator = d->accumulator, .table = d->table };

    if (e.kind == DATAPATH_INT_DOT && floats(d))
        e.kind = DATAPATH_FLOAT_DOT;
    e.k = looks_up(d) ? (int)d->k : d->k == 1 ? 1 : DOT_K;
    e.planes = d->kind->serial ? 1 : 0;
    e.serial = looks_up(d);
    e.full = d->kind->full;
    return e;
}

static void add(struct tech_range *to, struct tech_range r, double times)
{
    to->low += r.low * times;
    to->likely += r.likely * times;
    to->high += r.high * times;
}

static enum status elements(struct array_cost *c, const struct array_design *d, const struct synthesis *s, struct error *err)
{
    struct datapath e = element(d);
    struct netlist one;
    double count = (double)(d->m * d->n) * (looks_up(d) ? 1 : (double)(d->k / e.k));
    enum status st = netlist_of(&one, s, &e, err);

    if (st)
        return st;
    add(&c->element_um2, one.area_um2, count);
    add(&c->energy_fj, one.energy_fj, count);
    add(&c->energy_fj, (struct tech_range){ one.clock_fj, one.clock_fj, one.clock_fj }, count);
    c->leakage_nw += one.leakage_nw * count;
    c->delay_ps = one.delay_ps;
    c->extrapolated = one.extrapolated;
    c->fit = one.fit;
    return STATUS_OK;
}

/* A table is built once and looked up for every plane: its builder's inputs change once in W clocks. */
static enum status builders(struct array_cost *c, const struct array_design *d, const struct synthesis *s, struct error *err)
{
    struct datapath b = { .kind = DATAPATH_LUT_TABLE, .k = (int)d->k, .activation = d->activation, .table = d->table, .full = d->kind->full };
    double count = d->kind->builder == BUILDER_NONE ? 0 : (double)d->m * (d->kind->builder == BUILDER_LOOKUP ? (double)d->n : 1);
    struct netlist one;
    enum status st = count > 0 ? netlist_of(&one, s, &b, err) : STATUS_OK;

    if (st || count == 0)
        return st;
    add(&c->builder_um2, one.area_um2, count);
    add(&c->energy_fj, one.energy_fj, count / d->weight_bits);
    c->leakage_nw += one.leakage_nw * count;
    c->extrapolated |= one.extrapolated;
    return STATUS_OK;
}

/* Operands are registered where they enter, tables where they are looked up; what stays for W clocks is clocked once in W. */
static void registers(struct array_cost *c, const struct array_design *d, const struct synthesis *s)
{
    double tables = (double)d->m * (d->kind->builder == BUILDER_LOOKUP ? (double)d->n : 1) * entries(d) * d->table.bits;
    double activations = looks_up(d) && d->kind->builder == BUILDER_NONE ? 0 : (double)(d->m * d->k) * d->activation.bits;
    double weights = (double)(d->n * d->k) * (d->kind->serial ? 1 : d->activation.bits);
    struct netlist all, held;
    double clocks;

    netlist_registers(&all, s, tables + activations + weights);
    netlist_registers(&held, s, tables + activations);
    clocks = all.clock_fj - held.clock_fj * (d->kind->serial ? 1 - 1.0 / d->weight_bits : 0);
    c->register_um2 = all.area_um2.likely;
    c->leakage_nw += all.leakage_nw;
    add(&c->energy_fj, (struct tech_range){ clocks, clocks, clocks }, 1);
}

static void to_node(struct array_cost *c, const struct tech_node *node)
{
    c->element_um2 = tech_range_product(c->element_um2, node->logic_area_x);
    c->builder_um2 = tech_range_product(c->builder_um2, node->logic_area_x);
    c->area_um2 = tech_range_product(c->area_um2, node->logic_area_x);
    c->energy_fj = tech_range_product(c->energy_fj, node->logic_energy_x);
    c->register_um2 *= node->logic_area_x.likely;
    c->leakage_nw *= node->logic_leakage_x.likely;
    c->delay_ps *= node->logic_delay_x.likely;
}

enum status array_cost_of(struct array_cost *out, const struct array_design *d, const struct synthesis *s, const struct tech_node *node, struct error *err)
{
    enum status st = check(d, err);

    *out = (struct array_cost){ .macs_per_clock = (double)(d->m * d->n * d->k) / (d->kind->serial ? d->weight_bits : 1) };
    if (st || (st = elements(out, d, s, err)) || (st = builders(out, d, s, err)))
        return st;
    registers(out, d, s);
    add(&out->area_um2, out->element_um2, 1);
    add(&out->area_um2, out->builder_um2, 1);
    add(&out->area_um2, (struct tech_range){ out->register_um2, out->register_um2, out->register_um2 }, 1);
    out->gates = out->area_um2.likely / s->technology->nand2_um2_45nm;
    if (node != NULL)
        to_node(out, node);
    return STATUS_OK;
}

double array_power_mw(const struct array_cost *c, double clock_hz)
{
    return c->energy_fj.likely * 1e-15 * clock_hz * 1e3 + c->leakage_nw * 1e-6;
}

double array_tops_per_mm2(const struct array_cost *c, double clock_hz)
{
    return 2 * c->macs_per_clock * clock_hz * 1e-12 / (c->area_um2.likely * 1e-6);
}

double array_tops_per_w(const struct array_cost *c, double clock_hz)
{
    return 2 * c->macs_per_clock * clock_hz * 1e-12 / (array_power_mw(c, clock_hz) * 1e-3);
}
