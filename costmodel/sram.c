/* SPDX-License-Identifier: Apache-2.0 */
/* SRAM from compiled macros: the table, its fit, memories of macros. See sram.h. */
#include "costmodel/sram.h"

#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/relative_fit.h"

enum { ROWS_MAX = 256 };
enum column { LIBRARY, WORDS, BITS, AREA, READ, WRITE, ACCESS, LEAKAGE, COLUMNS };

const char *const sram_quantity_names[SRAM_QUANTITIES] = { "area", "read", "write", "access", "leakage" };
const char *const sram_quantity_terms[SRAM_QUANTITIES] = { "1, B, W, W B", "1, B, W B", "1, B, W B", "1, sqrt(W)", "W B" };

static const char *const columns[COLUMNS] = { "library", "words", "bits", "area_um2", "read_pj", "write_pj", "access_ns", "leakage_nw" };
static const double singular_least = 1e-9, joules_per_pj = 1e-12, um2_per_mm2 = 1e6;

struct macro { double words, bits, measured[SRAM_QUANTITIES]; };

/* ---- the fit ------------------------------------------------------------------------------------------------------------------ */

static int terms_of(double *x, enum sram_quantity q, double words, double bits)
{
    switch (q) {
    case SRAM_AREA:
        x[0] = 1, x[1] = bits, x[2] = words, x[3] = words * bits;
        return 4;
    case SRAM_READ:
    case SRAM_WRITE:
        x[0] = 1, x[1] = bits, x[2] = words * bits; /* decoder and control; sense amplifiers; bit lines, which all columns of a row swing */
        return 3;
    case SRAM_ACCESS:
        x[0] = 1, x[1] = sqrt(words); /* word and bit lines of a folded array */
        return 2;
    default:
        x[0] = words * bits;
        return 1;
    }
}

static double value(const double *c, enum sram_quantity q, double words, double bits)
{
    double x[SRAM_TERMS_MAX], sum = 0;
    int terms = terms_of(x, q, words, bits);

    for (int i = 0; i < terms; i++)
        sum += c[i] * x[i];
    return sum;
}

/* Fits all rows but `without` (-1: all). False: they do not determine the coefficients. */
static bool fit_rows(double *c, enum sram_quantity q, const struct macro *rows, int64_t count, int64_t without)
{
    double x[ROWS_MAX * SRAM_TERMS_MAX], y[ROWS_MAX];
    int64_t n = 0;
    int terms = 0;

    for (int64_t i = 0; i < count; i++) {
        double one[SRAM_TERMS_MAX];

        if (i == without)
            continue;
        terms = terms_of(one, q, rows[i].words, rows[i].bits);
        memcpy(x + n * terms, one, (size_t)terms * sizeof *one);
        y[n++] = rows[i].measured[q];
    }
    return terms > 0 && relative_fit(c, x, y, n, terms, singular_least) == terms;
}

static bool fit_quantity(struct sram_fit *fit, enum sram_quantity q, const struct macro *rows, int64_t count)
{
    double without[SRAM_TERMS_MAX];

    if (!fit_rows(fit->coefficients[q], q, rows, count, -1))
        return false;
    for (int64_t i = 0; i < count; i++) {
        fit->worst[q] = fmax(fit->worst[q], relative_off(value(fit->coefficients[q], q, rows[i].words, rows[i].bits), rows[i].measured[q]));
        fit->left_out[q] = fmax(fit->left_out[q], fit_rows(without, q, rows, count, i)
                                                      ? relative_off(value(without, q, rows[i].words, rows[i].bits), rows[i].measured[q]) : INFINITY);
    }
    return true;
}

double sram_macro(const struct sram_fit *fit, enum sram_quantity q, double words, double bits)
{
    return value(fit->coefficients[q], q, words, bits);
}

/* ---- the table ---------------------------------------------------------------------------------------------------------------- */

static enum status read_library(struct sram_fit *fit, const char *name, const struct technology *t, struct source_pos pos, struct error *err)
{
    const char *names[TECH_LIBRARIES_MAX] = { NULL };
    const struct tech_library *library = NULL;

    for (int64_t i = 0; i < t->libraries_count; i++) {
        names[i] = t->libraries[i].name;
        library = strcmp(names[i], name) == 0 ? &t->libraries[i] : library;
    }
    if (library == NULL) {
        const char *near = nearest_name(name, names, (size_t)t->libraries_count);
        return error_set(err, STATUS_BAD_INPUT, pos, "unknown library '%.40s'%s%s", name, near != NULL ? "; nearest is " : ", expected one of the technology's", near != NULL ? near : "");
    }
    if (fit->library != NULL && fit->library != library)
        return error_set(err, STATUS_BAD_INPUT, pos, "a macro of '%.40s' after one of '%s', expected one library", name, fit->library->name);
    fit->library = library;
    return STATUS_OK;
}

static enum status read_row(struct macro *m, struct sram_fit *fit, const char *const *v, const int *at, struct source_pos pos, const struct technology *t, struct error *err)
{
    static const struct { double min, max; } limits[COLUMNS] = {
        [WORDS] = { 1, 1 << 24 }, [BITS] = { 1, 1 << 16 }, [AREA] = { 1e-3, 1e12 }, [READ] = { 1e-9, 1e9 }, [WRITE] = { 1e-9, 1e9 }, [ACCESS] = { 1e-9, 1e9 }, [LEAKAGE] = { 1e-9, 1e12 },
    };
    double *const out[COLUMNS] = { [WORDS] = &m->words, [BITS] = &m->bits, [AREA] = &m->measured[SRAM_AREA], [READ] = &m->measured[SRAM_READ],
                                   [WRITE] = &m->measured[SRAM_WRITE], [ACCESS] = &m->measured[SRAM_ACCESS], [LEAKAGE] = &m->measured[SRAM_LEAKAGE] };
    enum status st = read_library(fit, v[at[LIBRARY]], t, pos, err);

    for (int c = WORDS; c < COLUMNS && !st; c++)
        if (num_parse_double(out[c], v[at[c]]) != 0 || !(*out[c] >= limits[c].min && *out[c] <= limits[c].max))
            st = error_set(err, STATUS_BAD_INPUT, pos, "%s is '%.40s', expected a number from %g to %g", columns[c], v[at[c]], limits[c].min, limits[c].max);
    return st;
}

static void widen(struct sram_fit *fit, const struct macro *m)
{
    bool first = fit->rows == 0;

    fit->words_min = first ? m->words : fmin(fit->words_min, m->words);
    fit->bits_min = first ? m->bits : fmin(fit->bits_min, m->bits);
    fit->words_max = fmax(fit->words_max, m->words);
    fit->bits_max = fmax(fit->bits_max, m->bits);
    fit->capacity_bits_max = fmax(fit->capacity_bits_max, m->words * m->bits);
    fit->rows++;
}

static enum status read_table(struct sram_fit *fit, struct macro *rows, struct csv *csv, const struct technology *t, struct error *err)
{
    const char *const *v = NULL;
    enum status st = STATUS_OK;
    int at[COLUMNS];

    for (int i = 0; i < COLUMNS && !st; i++)
        if ((at[i] = csv_column(csv, columns[i])) < 0)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "no column '%s'", columns[i]);
    while (!st && (st = csv_next(csv, &v, err)) == STATUS_OK && v != NULL) {
        if (fit->rows == ROWS_MAX)
            return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "more than %d macros", ROWS_MAX);
        if ((st = read_row(&rows[fit->rows], fit, v, at, csv_pos(csv), t, err)) == STATUS_OK)
            widen(fit, &rows[fit->rows]);
    }
    for (int q = 0; q < SRAM_QUANTITIES && !st; q++)
        if (!fit_quantity(fit, (enum sram_quantity)q, rows, fit->rows))
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "%lld macros do not determine the fit of %s (%s), expected at least five of different words and bits",
                           (long long)fit->rows, sram_quantity_names[q], sram_quantity_terms[q]);
    return st;
}

enum status sram_load(struct sram_fit *out, const struct technology *t, const char *path, struct arena *arena, struct error *err)
{
    struct macro rows[ROWS_MAX];
    struct csv *csv;
    enum status st;

    *out = (struct sram_fit){ 0 };
    if (path == NULL && (path = data_path("costmodel/tables/sram_macros.csv", arena)) == NULL)
        return error_plain(err, STATUS_BAD_INPUT, "no costmodel/tables/sram_macros.csv among llmsim's data, expected it below LLMSIM_DATA or where llmsim is installed");
    if ((st = csv_open(&csv, path, err)))
        return st;
    st = read_table(out, rows, csv, t, err);
    csv_close(csv);
    return st;
}

/* ---- memories ----------------------------------------------------------------------------------------------------------------- */

/* [v / (1 + off), v, v (1 + off)] times a factor of the node. */
static struct tech_range spread(double v, double off, struct tech_range by)
{
    return (struct tech_range){ v / (1 + off) * by.low, v * by.likely, v * (1 + off) * by.high };
}

static struct tech_range over(struct tech_range r, double by)
{
    return (struct tech_range){ r.low / by, r.likely / by, r.high / by };
}

/* A read of `lanes` macros and the wires to them, J. */
static struct tech_range access_j(const struct sram_fit *fit, enum sram_quantity q, const struct sram *s, const struct technology *t, const struct tech_node *node, double port_bits)
{
    struct tech_range macros = spread(s->lanes * sram_macro(fit, q, s->words, s->bits) * joules_per_pj, fit->left_out[q], node->sram_energy_x);
    double bit_mm = port_bits * 1e-15;

    return (struct tech_range){ macros.low + bit_mm * t->wire_fj_per_bit_mm.low * sqrt(s->area_mm2.low), macros.likely + bit_mm * t->wire_fj_per_bit_mm.likely * sqrt(s->area_mm2.likely),
                                macros.high + bit_mm * t->wire_fj_per_bit_mm.high * sqrt(s->area_mm2.high) };
}

static struct sram with_banks(const struct sram_fit *fit, const struct technology *t, const struct tech_node *node, const struct tech_node *from, double words, double lanes,
                              double banks, double port_bits)
{
    struct sram s = { .words = ceil(words / banks), .bits = port_bits / lanes, .lanes = lanes, .banks = banks };
    double x = node->sram_cell_um2 / from->sram_cell_um2, macros = banks * lanes;

    s.area_mm2 = spread(macros * sram_macro(fit, SRAM_AREA, s.words, s.bits) / um2_per_mm2, fit->left_out[SRAM_AREA], (struct tech_range){ x, x, x });
    s.read_j = access_j(fit, SRAM_READ, &s, t, node, port_bits);
    s.write_j = access_j(fit, SRAM_WRITE, &s, t, node, port_bits);
    s.leakage_w = spread(macros * sram_macro(fit, SRAM_LEAKAGE, s.words, s.bits) * 1e-9, fit->left_out[SRAM_LEAKAGE], over(node->logic_leakage_x, from->logic_leakage_x.likely));
    s.access_s = sram_macro(fit, SRAM_ACCESS, s.words, s.bits) * 1e-9 * node->logic_delay_x.likely / from->logic_delay_x.likely + t->wire_ns_per_mm * 1e-9 * sqrt(s.area_mm2.likely);
    s.extrapolated = s.words < fit->words_min || s.bits < fit->bits_min;
    return s;
}

enum status sram_of(struct sram *out, const struct sram_fit *fit, const struct technology *t, const struct tech_node *node, double bytes, double port_bits, struct error *err)
{
    const struct tech_node *from;
    double lanes, words, banks;
    enum status st;

    *out = (struct sram){ 0 };
    if (!(bytes * 8 >= port_bits && port_bits >= 1 && bytes <= 1e12 && port_bits <= 1e6))
        return error_plain(err, STATUS_BAD_INPUT, "a memory of %g bytes with a port of %g bits, expected at most 1 TB and a port of at least one bit, no wider than the memory", bytes, port_bits);
    if ((st = technology_node(&from, t, fit->library->nm, err)))
        return st;
    lanes = ceil(port_bits / fit->bits_max);
    words = ceil(bytes * 8 / port_bits);
    banks = fmax(ceil(words * port_bits / lanes / fit->capacity_bits_max), ceil(words / fit->words_max));
    *out = with_banks(fit, t, node, from, words, lanes, banks, port_bits);
    if (!(out->area_mm2.low > 0 && isfinite(out->area_mm2.high) && out->read_j.low > 0 && out->write_j.low > 0 && isfinite(out->read_j.high) && isfinite(out->write_j.high) && out->access_s > 0))
        return error_plain(err, STATUS_INFEASIBLE, "the fit over %lld macros of %s has no answer for %.0f words of %.0f bits", (long long)fit->rows, fit->library->name, out->words, out->bits);
    return STATUS_OK;
}
