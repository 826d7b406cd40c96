/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays side by side. See array_report.h. */
#include "reports/array_report.h"

#include <math.h>
#include <stdio.h>

#include "costmodel/netlist.h"
#include "reports/range.h"
#include "reports/text_table.h"

enum { DETAILED_MAX = 8 };

/* What every form shows of a row. */
struct figures { char activation[16], table[16], sums[16]; double area_error, power_mw, tops_per_mm2, tops_per_w; };

static struct figures figures_of(const struct array_report *r, const struct array_row *row)
{
    struct figures f = { .area_error = row->cost.area_um2.high / row->cost.area_um2.likely - 1, .power_mw = array_power_mw(&row->cost, r->clock_hz),
                         .tops_per_mm2 = array_tops_per_mm2(&row->cost, r->clock_hz), .tops_per_w = array_tops_per_w(&row->cost, r->clock_hz) };

    datapath_number_text(f.activation, sizeof f.activation, row->design.activation);
    datapath_number_text(f.table, sizeof f.table, row->design.table);
    datapath_number_text(f.sums, sizeof f.sums, row->design.accumulator);
    return f;
}

/* What the table has no room for. */
static void details(FILE *out, const struct array_row *row)
{
    const struct array_cost *c = &row->cost;

    fprintf(out, "  %s: %.0f gate equivalents, leakage %.3g mW", row->design.kind->name, c->gates, c->leakage_nw * 1e-6);
    if (!isnan(c->delay_ps))
        fprintf(out, ", an element's delay %.3g ns", c->delay_ps * 1e-3);
    fputc('\n', out);
}

static void add_row(struct text_table *t, const struct array_report *r, const struct array_row *row)
{
    struct figures f = figures_of(r, row), first = figures_of(r, r->rows);
    const struct array_design *d = &row->design;

    text_table_cell(t, "%s%s", d->kind->name, row->cost.extrapolated ? " *" : "");
    text_table_cell(t, "%lldx%lldx%lld", (long long)d->m, (long long)d->n, (long long)d->k);
    text_table_cell(t, "%.0f", row->cost.area_um2.likely);
    text_table_cell(t, "%.3f", f.power_mw);
    text_table_cell(t, "%.2f", f.tops_per_mm2);
    text_table_cell(t, "%.2f", f.tops_per_w);
    text_table_cell(t, "%.2fx", f.tops_per_mm2 / first.tops_per_mm2);
    text_table_cell(t, "%.2fx", f.tops_per_w / first.tops_per_w);
}

void report_array_text(FILE *to, const struct array_report *r, const struct report_style *style)
{
    static const struct text_column columns[] = {
        { "kind", TEXT_LEFT, TEXT_PLAIN }, { "MxNxK", TEXT_LEFT, TEXT_PLAIN }, { "um2", TEXT_RIGHT, TEXT_PLAIN }, { "mW", TEXT_RIGHT, TEXT_PLAIN },
        { "TOP/s /mm2", TEXT_RIGHT, TEXT_PLAIN }, { "TOP/s /W", TEXT_RIGHT, TEXT_PLAIN }, { "density", TEXT_RIGHT, TEXT_PLAIN }, { "efficiency", TEXT_RIGHT, TEXT_PLAIN },
    };
    const struct text_style own = text_style_within(style, 40, 100), *s = &own;
    struct text_page page;
    FILE *out = text_page_begin(&page);
    struct text_table t;
    struct figures f = figures_of(r, r->rows);
    char title[200];
    bool beyond = false;

    snprintf(title, sizeof title, "%s activations by %d-bit weights, sums in %s; %g nm, %g GHz, netlists without placement", f.activation, r->rows->design.weight_bits, f.sums, r->node_nm, r->clock_hz * 1e-9);
    text_wrap(out, s, TEXT_BOLD, 0, title);
    text_rule(out, s);
    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < r->count; i++) {
        add_row(&t, r, &r->rows[i]);
        beyond |= r->rows[i].cost.extrapolated;
    }
    text_table_end(&t, out, s, 2);
    fputs("  density, efficiency: over the first row\n", out);
    for (int64_t i = 0; i < r->count && r->count <= DETAILED_MAX; i++)
        details(out, &r->rows[i]);
    if (beyond)
        fputs("  * beyond the rows that its formula is fitted to\n", out);
    text_page_end(&page, to, s);
}

void report_array_csv(FILE *out, const struct array_report *r)
{
    fputs("kind,m,n,k,activation,weight_bits,table,accumulator,node_nm,clock_hz,macs_per_clock,area_um2,area_low_um2,area_high_um2,element_um2,builder_um2,register_um2,power_mw,tops_per_mm2,tops_per_w,extrapolated,gate_equivalents,leakage_mw,delay_ns\n", out);
    for (int64_t i = 0; i < r->count; i++) {
        const struct array_row *row = &r->rows[i];
        const struct array_design *d = &row->design;
        const struct array_cost *c = &row->cost;
        struct figures f = figures_of(r, row);

        fprintf(out, "%s,%lld,%lld,%lld,%s,%d,%s,%s,%g,%g,%g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%d,%.6g,%.6g", d->kind->name, (long long)d->m, (long long)d->n, (long long)d->k,
                f.activation, d->weight_bits, f.table, f.sums, r->node_nm, r->clock_hz, c->macs_per_clock, c->area_um2.likely, c->area_um2.low, c->area_um2.high,
                c->element_um2.likely, c->builder_um2.likely, c->register_um2, f.power_mw, f.tops_per_mm2, f.tops_per_w, c->extrapolated, c->gates, c->leakage_nw * 1e-6);
        if (isnan(c->delay_ps))
            fputs(",\n", out);
        else
            fprintf(out, ",%.6g\n", c->delay_ps * 1e-3);
    }
}

static void row_json(struct json *j, const struct array_report *r, const struct array_row *row)
{
    struct figures f = figures_of(r, row);

    json_object_begin(j, NULL);
    json_text(j, "kind", row->design.kind->name);
    json_i64(j, "m", row->design.m);
    json_i64(j, "n", row->design.n);
    json_i64(j, "k", row->design.k);
    json_text(j, "activation", f.activation);
    json_i64(j, "weight_bits", row->design.weight_bits);
    json_text(j, "table", *f.table ? f.table : NULL);
    json_text(j, "accumulator", f.sums);
    json_double(j, "macs_per_clock", row->cost.macs_per_clock);
    range_json(j, "area_um2", row->cost.area_um2);
    range_json(j, "element_um2", row->cost.element_um2);
    range_json(j, "builder_um2", row->cost.builder_um2);
    json_double(j, "register_um2", row->cost.register_um2);
    range_json(j, "energy_fj_per_clock", row->cost.energy_fj);
    json_double(j, "power_mw", f.power_mw);
    json_double(j, "gate_equivalents", row->cost.gates);
    json_double(j, "leakage_mw", row->cost.leakage_nw * 1e-6);
    json_double(j, "delay_ns", row->cost.delay_ps * 1e-3);
    json_double(j, "tops_per_mm2", f.tops_per_mm2);
    json_double(j, "tops_per_w", f.tops_per_w);
    json_text(j, "formula", row->cost.fit != NULL ? row->cost.fit->formula->name : NULL);
    json_bool(j, "extrapolated", row->cost.extrapolated);
    json_object_end(j);
}

void report_array_json(struct json *j, const struct array_report *r)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.datapath/1");
    json_double(j, "node_nm", r->node_nm);
    json_double(j, "clock_hz", r->clock_hz);
    json_array_begin(j, "rows");
    for (int64_t i = 0; i < r->count; i++)
        row_json(j, r, &r->rows[i]);
    json_array_end(j);
    json_object_end(j);
}
