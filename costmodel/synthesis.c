/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of synthesis tables. See synthesis.h. */
#include "costmodel/synthesis.h"

#include <math.h>
#include <string.h>

#include "arch/arch.h"
#include "base/csv.h"
#include "base/nearest.h"
#include "base/num.h"
#include "costmodel/netlist.h"

enum { ROWS_MAX = 1 << 13 };
enum column { UNIT, K, ACTIVATION, WEIGHT, ACCUMULATOR, TABLE, PLANES, SCHEDULE, STYLE, LIBRARY, AREA, DELAY, LEAKAGE, ENERGY, ENERGY_HELD, CLOCK, FLIP_FLOPS, CELLS, TOOL, SOURCE, COLUMNS };

static const char *const columns[COLUMNS] = { "unit", "k", "activation", "weight", "accumulator", "table", "planes", "schedule", "style", "library", "area_um2",
                                              "delay_ps", "leakage_nw", "energy_fj", "energy_held_fj", "clock_fj", "flip_flops", "cells", "tool", "source" };
static const char *const shipped[] = { "costmodel/tables/synthesis_asic.csv", "costmodel/tables/synthesis_lookup.csv" };

struct table { struct synthesis_row *rows; int64_t count; };

/* A number in [min, max]; empty gives NaN where that is allowed. */
static enum status number(double *out, const char *text, enum column c, double min, double max, bool optional, struct source_pos at, struct error *err)
{
    *out = NAN;
    if (optional && *text == '\0')
        return STATUS_OK;
    if (num_parse_double(out, text) != 0 || !(*out >= min && *out <= max))
        return error_set(err, STATUS_BAD_INPUT, at, "%s is '%.40s', expected a number from %g to %g", columns[c], text, min, max);
    return STATUS_OK;
}

static enum status choice(int *out, const char *text, enum column c, const char *const *names, struct source_pos at, struct error *err)
{
    size_t count = 0;

    for (; names[count] != NULL; count++)
        if (strcmp(names[count], text) == 0) {
            *out = (int)count;
            return STATUS_OK;
        }
    const char *near = nearest_name(text, names, count);
    return error_set(err, STATUS_BAD_INPUT, at, "unknown %s '%.40s'; %s%s", columns[c], text, near != NULL ? "nearest is " : "expected one as ", near != NULL ? near : names[0]);
}

static enum status read_datapath(struct synthesis_row *row, const char *const *v, const int *at, struct source_pos pos, struct error *err)
{
    static const char *const schedules[] = { "parallel", "serial", "full", NULL }, *const styles[] = { "mapped", "tree", NULL };
    struct datapath *d = &row->what;
    int kind = 0, schedule = 0, style = 0;
    double k, planes;
    enum status st;

    if ((st = choice(&kind, v[at[UNIT]], UNIT, datapath_kinds, pos, err)) || (st = choice(&schedule, v[at[SCHEDULE]], SCHEDULE, schedules, pos, err)) ||
        (st = choice(&style, v[at[STYLE]], STYLE, styles, pos, err)) || (st = number(&k, v[at[K]], K, 1, 64, false, pos, err)) ||
        (st = number(&planes, v[at[PLANES]], PLANES, 0, 64, true, pos, err)) || (st = datapath_number_parse(&d->activation, v[at[ACTIVATION]], pos, err)) ||
        (st = datapath_number_parse(&d->weight, v[at[WEIGHT]], pos, err)) || (st = datapath_number_parse(&d->accumulator, v[at[ACCUMULATOR]], pos, err)) ||
        (st = datapath_number_parse(&d->table, v[at[TABLE]], pos, err)))
        return st;
    d->kind = (enum datapath_kind)kind;
    d->k = (int)k;
    d->planes = isnan(planes) ? 0 : (int)planes;
    d->serial = schedule == 1;
    d->full = schedule == 2;
    row->tree = style == 1;
    return STATUS_OK;
}

static enum status read_library(struct synthesis_row *row, const char *name, const struct technology *t, struct source_pos pos, struct error *err)
{
    const char *names[TECH_LIBRARIES_MAX + 1] = { NULL };
    int which = 0;
    enum status st;

    for (int64_t i = 0; i < t->libraries_count; i++)
        names[i] = t->libraries[i].name;
    if ((st = choice(&which, name, LIBRARY, names, pos, err)) == STATUS_OK)
        row->library = &t->libraries[which];
    return st;
}

static enum status read_row(struct synthesis_row *row, const char *const *v, const int *at, const char *file, struct source_pos pos, const struct technology *t,
                            struct arena *arena, struct error *err)
{
    const struct { enum column c; double *out; } measured[] = {
        { DELAY, &row->delay_ps }, { LEAKAGE, &row->leakage_nw }, { ENERGY, &row->energy_fj }, { ENERGY_HELD, &row->energy_held_fj }, { CLOCK, &row->clock_fj },
    };
    double flip_flops;
    enum status st;

    *row = (struct synthesis_row){ .file = file, .line = pos.line, .tool = arena_strdup(arena, v[at[TOOL]]), .source = arena_strdup(arena, v[at[SOURCE]]) };
    if (row->tool == NULL || row->source == NULL)
        return error_no_memory(err);
    if ((st = read_datapath(row, v, at, pos, err)) || (st = read_library(row, v[at[LIBRARY]], t, pos, err)) ||
        (st = number(&row->area_um2, v[at[AREA]], AREA, 1e-4, 1e9, false, pos, err)) || (st = number(&flip_flops, v[at[FLIP_FLOPS]], FLIP_FLOPS, 0, 1e6, true, pos, err)))
        return st;
    row->flip_flops = isnan(flip_flops) ? 0 : (int64_t)flip_flops;
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++)
        if ((st = number(measured[i].out, v[at[measured[i].c]], measured[i].c, 0, 1e12, true, pos, err)))
            return st;
    return STATUS_OK;
}

static bool same(const struct datapath *a, const struct datapath *b)
{
    return a->kind == b->kind && a->k == b->k && datapath_number_equal(a->activation, b->activation) && datapath_number_equal(a->weight, b->weight) &&
           datapath_number_equal(a->accumulator, b->accumulator) && datapath_number_equal(a->table, b->table) && (a->planes > 1 ? a->planes : 1) == (b->planes > 1 ? b->planes : 1) &&
           a->serial == b->serial && a->full == b->full;
}

/* The first row of a file stays where the file has two; a row of a later file takes the place of an earlier file's. */
static void keep(struct table *table, const struct synthesis_row *row, int64_t file_begins)
{
    for (int64_t i = 0; i < table->count; i++) {
        struct synthesis_row *old = &table->rows[i];

        if (!same(&old->what, &row->what) || old->tree != row->tree || old->library != row->library)
            continue;
        if (i < file_begins && strcmp(old->file, row->file) != 0)
            *old = *row;
        return;
    }
    table->rows[table->count++] = *row;
}

static enum status read_file(struct table *table, const char *path, const struct technology *t, struct arena *arena, struct error *err)
{
    const char *const *v = NULL;
    int64_t begins = table->count;
    int at[COLUMNS];
    struct csv *csv;
    enum status st = csv_open(&csv, path, err);

    if (st)
        return st;
    for (int i = 0; st == STATUS_OK && i < COLUMNS; i++)
        if ((at[i] = csv_column(csv, columns[i])) < 0)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "no column '%s'", columns[i]);
    while (st == STATUS_OK && (st = csv_next(csv, &v, err)) == STATUS_OK && v != NULL) {
        struct synthesis_row row;

        if (table->count == ROWS_MAX)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "more than %d rows", ROWS_MAX);
        else if ((st = read_row(&row, v, at, path, csv_pos(csv), t, arena, err)) == STATUS_OK)
            keep(table, &row, begins);
    }
    csv_close(csv);
    return st;
}

enum status synthesis_load(struct synthesis *out, const struct technology *t, const char *const *extra, int64_t extra_count, struct arena *arena,
                           struct error *err)
{
    struct table table = { .rows = arena_array(arena, ROWS_MAX, sizeof *table.rows) };
    enum status st = STATUS_OK;

    if (table.rows == NULL)
        return error_no_memory(err);
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0] && !st; i++) {
        const char *path = data_path(shipped[i], arena);

        st = path != NULL ? read_file(&table, path, t, arena, err)
                          : error_plain(err, STATUS_BAD_INPUT, "no %s among llmsim's data, expected it below LLMSIM_DATA or where llmsim is installed", shipped[i]);
    }
    for (int64_t i = 0; i < extra_count && !st; i++)
        st = read_file(&table, extra[i], t, arena, err);
    *out = (struct synthesis){ .technology = t, .rows = table.rows, .count = table.count };
    if (!st)
        netlist_fit(out);
    return st ? st : sram_load(&out->sram, t, NULL, arena, err);
}

bool synthesis_reference(const struct synthesis_row *row)
{
    return row->library->reference;
}

double synthesis_area_45(const struct synthesis *s, const struct synthesis_row *row)
{
    (void)s;
    return row->area_um2 / row->library->area_x;
}

const struct synthesis_row *synthesis_find(const struct synthesis *s, const struct datapath *what)
{
    const struct synthesis_row *best = NULL;

    for (int64_t i = 0; i < s->count; i++) {
        const struct synthesis_row *r = &s->rows[i];

        if (same(&r->what, what) && (best == NULL || (r->tree && !best->tree) || (r->tree == best->tree && synthesis_reference(r) && !synthesis_reference(best))))
            best = r;
    }
    return best;
}
