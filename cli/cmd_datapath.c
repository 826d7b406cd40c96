/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim datapath: area, power and density of arrays of datapaths, side by side, from synthesis. docs/datapaths.md */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "formats/format.h"
#include "reports/array_report.h"

enum { ROWS_MAX = 4096 };

struct datapath_options {
    const char *activation, *table, *accumulator, *shape, *clock, *technology;
    struct text_list rows_of;
    int64_t weight_bits, lanes, node;
    const char *format;
    bool json;
};

static const char *const forms[] = { "text", "csv", NULL };

static const struct option_spec datapath_table[] = {
    { .name = "activation", .letter = 'a', .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, activation), .value = "FORMAT", .otherwise = "fp16",
      .help = "fp16, bf16, fp8_e4m3, int8, or any intN or eXmY" },
    { .name = "weight-bits", .letter = 'w', .kind = OPTION_I64, .offset = offsetof(struct datapath_options, weight_bits), .value = "W", .otherwise = "1", .min = 1, .max = 16,
      .help = "bits of a weight; kinds that take one bit a clock need W clocks" },
    { .name = "shape", .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, shape), .value = "MxNxK",
      .help = "rows of activations, columns of weights, products of each [default: 1x1x4]" },
    { .name = "lanes", .kind = OPTION_I64, .offset = offsetof(struct datapath_options, lanes), .value = "L", .otherwise = "0", .min = 0, .max = 1 << 20,
      .help = "every M, N, K (powers of two) of this product in place of --shape, by area times power" },
    { .name = "table-format", .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, table), .value = "FORMAT",
      .help = "entries of lookup tables [default: exact sums where the array builds them, else the activations' format]" },
    { .name = "accumulator", .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, accumulator), .value = "FORMAT",
      .help = "sums [default: int32; of floats fp16]" },
    { .name = "node", .kind = OPTION_I64, .offset = offsetof(struct datapath_options, node), .value = "NM", .otherwise = "45", .min = 1, .max = 1000,
      .help = "CMOS node, nm; the synthesis is of 45" },
    { .name = "clock", .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, clock), .value = "HZ", .otherwise = "1 GHz", .help = "clock of power and density" },
    { .name = "technology", .kind = OPTION_TEXT, .offset = offsetof(struct datapath_options, technology), .value = "FILE",
      .help = "nodes [default: arch/technology/cmos.yaml]" },
    { .name = "table", .kind = OPTION_LIST, .offset = offsetof(struct datapath_options, rows_of), .value = "FILE",
      .help = "synthesis rows of your own beside the shipped ones; may be given often" },
    { .name = "format", .kind = OPTION_CHOICE, .offset = offsetof(struct datapath_options, format), .choices = forms, .otherwise = "text",
      .help = "of what is printed: text or csv" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct datapath_options, json), .help = "print one JSON object" },
    { 0 }
};

/* "fp16" by its format, else "int8", "e4m3" as a port has them. NULL: none. */
static enum status number(struct datapath_number *out, const char *text, struct error *err)
{
    const struct format *f = text != NULL ? format_find(text) : NULL;

    *out = (struct datapath_number){ 0 };
    if (text == NULL)
        return STATUS_OK;
    if (f != NULL && f->family == FORMAT_FLOAT) {
        *out = datapath_number_of(f);
        return STATUS_OK;
    }
    if (datapath_number_parse(out, text, (struct source_pos){ 0 }, err) || out->kind == NUMBER_NONE || out->kind == NUMBER_FIXED)
        return error_plain(err, STATUS_BAD_INPUT, "'%.40s' is no number of an array, expected fp16, bf16, fp8_e4m3, intN or eXmY", text);
    return STATUS_OK;
}

static enum status shape(struct array_design *d, const char *text, struct error *err)
{
    long long m, n, k;
    int end = 0;

    if (sscanf(text, "%9lldx%9lldx%9lld%n", &m, &n, &k, &end) != 3 || text[end] != '\0')
        return error_plain(err, STATUS_BAD_INPUT, "--shape is '%.40s', expected M, N and K as in 2x64x4", text);
    d->m = m;
    d->n = n;
    d->k = k;
    return STATUS_OK;
}

struct rows { struct array_row *items; int64_t count; const struct synthesis *s; const struct tech_node *node; };

static enum status append(struct rows *rows, struct array_design d, struct error *err)
{
    struct array_row *row = &rows->items[rows->count];

    array_defaults(&d);
    row->design = d;
    enum status st = array_cost_of(&row->cost, &d, rows->s, rows->node, err);
    rows->count += st == STATUS_OK;
    return st;
}

/* All M, N, K of one product; what no element exists for is left out. STATUS_INFEASIBLE: all of them. */
static enum status append_lanes(struct rows *rows, struct array_design d, int64_t lanes, struct error *err)
{
    enum status st = error_plain(err, STATUS_BAD_INPUT, "--lanes is %lld, expected a power of two, 4 or more", (long long)lanes);
    int64_t before = rows->count;

    if (lanes < 4 || (lanes & (lanes - 1)) != 0)
        return st;
    for (d.k = 1; d.k <= lanes; d.k *= 2)
        for (d.m = 1; d.m <= lanes / d.k && rows->count < ROWS_MAX; d.m *= 2) {
            d.n = lanes / d.k / d.m;
            if ((st = append(rows, d, err)) == STATUS_INTERNAL)
                return st;
        }
    return rows->count > before ? STATUS_OK : st;
}

static double area_times_power(const struct array_row *r)
{
    return r->cost.area_um2.likely * array_power_mw(&r->cost, 1e9) / r->cost.macs_per_clock / r->cost.macs_per_clock;
}

static int by_area_times_power(const void *a, const void *b)
{
    double x = area_times_power(a), y = area_times_power(b);

    return (x > y) - (x < y);
}

static enum status show(const struct array_report *r, const struct datapath_options *o, struct error *err)
{
    struct report_style style = terminal_style(0);
    struct json j;

    if (!o->json) {
        if (strcmp(o->format, "csv") == 0)
            report_array_csv(stdout, r);
        else
            report_array_text(stdout, r, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_array_json(&j, r);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static enum status designs(struct rows *rows, const struct datapath_options *o, const struct text_list *kinds, struct error *err)
{
    struct array_design d = { .weight_bits = (int)o->weight_bits };
    enum status st;

    if (o->shape != NULL && o->lanes > 0)
        return error_plain(err, STATUS_BAD_INPUT, "--shape and --lanes together, expected one of them");
    if ((st = number(&d.activation, o->activation, err)) || (st = number(&d.table, o->table, err)) || (st = number(&d.accumulator, o->accumulator, err)) ||
        (st = shape(&d, o->shape != NULL ? o->shape : "1x1x4", err)))
        return st;
    for (int64_t i = 0; i < kinds->count && !st; i++) {
        if ((d.kind = array_kind_find(kinds->items[i], err)) == NULL)
            return STATUS_BAD_INPUT;
        st = o->lanes > 0 ? append_lanes(rows, d, o->lanes, err) : append(rows, d, err);
    }
    if (!st && o->lanes > 0)
        qsort(rows->items, (size_t)rows->count, sizeof *rows->items, by_area_times_power);
    return st;
}

static enum status datapath(const struct datapath_options *o, const struct text_list *kinds, struct arena *arena, struct error *err)
{
    const struct technology *t;
    struct synthesis s;
    struct rows rows = { .items = arena_array(arena, ROWS_MAX, sizeof *rows.items), .s = &s };
    struct array_report r = { .node_nm = (double)o->node };
    enum status st;

    if (rows.items == NULL)
        return error_no_memory(err);
    if (kinds->count > 64)
        return error_plain(err, STATUS_BAD_INPUT, "%lld kinds, at most 64", (long long)kinds->count);
    if ((st = quantity_parse(&r.clock_hz, o->clock, Q_HZ, (struct source_pos){ 0 }, err)) || (st = technology_load(&t, o->technology, arena, err)) ||
        (st = technology_node(&rows.node, t, (double)o->node, err)) || (st = synthesis_load(&s, t, o->rows_of.items, o->rows_of.count, arena, err)))
        return st;
    if (!(r.clock_hz > 0))
        return error_plain(err, STATUS_BAD_INPUT, "--clock is '%s', expected more than 0, as in '1 GHz'", o->clock);
    if ((st = designs(&rows, o, kinds, err)))
        return st;
    r.rows = rows.items;
    r.count = rows.count;
    return show(&r, o, err);
}

static int datapath_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct datapath_options o = { 0 };
    struct text_list kinds;
    struct error err = { 0 };
    enum status st = options_parse(&o, &kinds, self, argc, argv, &arena, &err);

    if (!st)
        st = datapath(&o, &kinds, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_datapath = {
    .name = "datapath",
    .summary = "area, power and density of arrays: multiply-accumulate, adders, table lookup",
    .operands = "KIND...",
    .operands_min = 1,
    .operands_max = -1,
    .about = "Kinds: mac (weights widened to the activations' format), add (an addition a weight bit), lut (half tables that an operator before builds), lut-built (half "
             "tables built in the array), unpu (full tables built in the array), lut-conventional (a builder beside each lookup unit). Areas and energies are of "
             "synthesized netlists and of formulas fitted to them, not placed; several kinds stand side by side, over the first (docs/datapaths.md).",
    .options = datapath_table,
    .examples = "  llmsim datapath mac add lut lut-conventional -a fp16 -w 1\n"
                "  llmsim datapath lut --lanes 512 -a int8 -w 2 --node 28\n"
                "  llmsim datapath unpu lut-built lut --shape 2x64x4 -a int8 -w 2 --format csv\n",
    .run = datapath_main,
};
