/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up in the synthesis table, fits on it by least squares of relative errors (GSL), and their cross-validation. See fpga_synthesis.h.
 *
 * Terms follow the circuit. A multiplier of n x m bits in LUTs is ceil(m/2) rows, each of which adds two partial products, and as many adders of rows;
 * with m odd the last row has one partial product. A Kulisch cell has the significands' multiplier, a shifter of ceil stages of 4:1
 * multiplexers over the product's bits, and an adder over A bits. Float accumulators cost a constant: alignment, adder, normalization of their own width.
 */
#include "sim/fpga_synthesis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_machine.h>

#include "base/relative_fit.h"

#include "fpga_tables.h"

struct row { const char *unit; struct fpga_operand a, b; int accumulator_bits; const char *fabric; double lut, ff, dsp, levels; };

#define ROW(unit, ai, ae, as, bi, be, bs, acc, fabric, lut, ff, dsp, levels) { unit, { ai, ae, as }, { bi, be, bs }, acc, fabric, lut, ff, dsp, levels },
static const struct row rows[] = { FPGA_ROWS(ROW) };
enum { ROWS = sizeof rows / sizeof rows[0], FIT_ROWS_MAX = 64 };

/* Formulas ------------------------------------------------------------------------------------------------------------ */

static double half_up(int x) { return (double)((x + 1) / 2); }

static double product_area(const struct fpga_operand *a, const struct fpga_operand *b)
{
    return (double)a->significand_bits * (double)b->significand_bits;
}

static void int_mac(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    double n = a->significand_bits;

    x[0] = n * half_up(b->significand_bits);
    x[1] = n * (b->significand_bits % 2);
    x[2] = half_up(b->significand_bits);
    x[3] = accumulator_bits;
    x[4] = n;
}

static void int_multiply(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    double n = a->significand_bits;

    (void)accumulator_bits;
    x[0] = product_area(a, b);
    x[1] = n * (b->significand_bits % 2);
    x[2] = n + b->significand_bits;
    x[3] = 1;
}

static void float_multiply(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    (void)accumulator_bits;
    x[0] = product_area(a, b);
    x[1] = a->exponent_bits + b->exponent_bits;
    x[2] = 1;
}

/* Bits of a product that a shifter moves: a product of two hidden bits is one bit. */
static double product_bits(const struct fpga_operand *a, const struct fpga_operand *b)
{
    return a->significand_bits == 1 && b->significand_bits == 1 ? 1 : a->significand_bits + b->significand_bits;
}

static void kulisch_mac(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    int stages = (a->exponent_bits > b->exponent_bits ? a->exponent_bits : b->exponent_bits) + 1;

    x[0] = product_area(a, b);
    x[1] = accumulator_bits;
    x[2] = product_bits(a, b) * stages;
    x[3] = 1;
}

static void float_mac(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    (void)accumulator_bits;
    x[0] = product_area(a, b);
    x[1] = 1;
}

static void int_dot4(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    (void)accumulator_bits;
    x[0] = product_area(a, b);
    x[1] = (double)a->significand_bits * (b->significand_bits % 2);
    x[2] = 1;
}

static void fp32_dot4(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    (void)accumulator_bits;
    x[0] = product_area(a, b);
    x[1] = 0.5 * (a->significand_bits + b->significand_bits);
    x[2] = 1;
}

/* Adder bits: two sums of two, a sum of those, the register's. */
static void add_dot4(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits)
{
    (void)b;
    x[0] = 2.0 * (a->significand_bits + 1) + (a->significand_bits + 2) + accumulator_bits;
}

static const struct fpga_cell cells[] = {
    { "int_mac", "integer multiply-accumulate", "c1 n ceil(m/2) + c2 n (m odd) + c3 ceil(m/2) + c4 A + c5 n", 1, 5, int_mac },
    { "kulisch_mac", "minifloat multiply-accumulate, exact fixed-point register", "c1 p q + c2 A + c3 (p + q)(max x + 1) + c4", 1, 4, kulisch_mac },
    { "fp16_mac", "minifloat multiply, fp16 accumulate", "c1 p q + c2", 1, 2, float_mac },
    { "fp32_mac", "minifloat multiply, fp32 accumulate", "c1 p q + c2", 1, 2, float_mac },
    { "int_dot4", "four integer products, 32-bit register", "c1 n m + c2 n (m odd) + c3", 4, 3, int_dot4 },
    { "fp32_dot4", "four minifloat products, one normalization, fp32 register", "c1 p q + c2 (p + q)/2 + c3", 4, 3, fp32_dot4 },
    { "add_dot4", "four integers added or subtracted", "c1 (adder bits)", 4, 1, add_dot4 },
    { "int_multiply", "integer multiplier alone", "c1 n m + c2 n (m odd) + c3 (n + m) + c4", 1, 4, int_multiply },
    { "float_multiply", "minifloat multiplier alone, product not normalized", "c1 p q + c2 (xa + xb) + c3", 1, 3, float_multiply },
};
enum { CELLS = sizeof cells / sizeof cells[0] };

const struct fpga_cell *fpga_cells(int64_t *count)
{
    *count = CELLS;
    return cells;
}

const struct fpga_cell *fpga_cell_find(const char *name)
{
    for (int64_t i = 0; i < CELLS; i++)
        if (strcmp(cells[i].name, name) == 0)
            return &cells[i];
    return NULL;
}

bool fpga_operand_of(struct fpga_operand *out, const struct format *f)
{
    enum { SIGNIFICAND_MAX = 64 };

    *out = (struct fpga_operand){ .integer = f->family != FORMAT_FLOAT };
    if (f->family == FORMAT_FLOAT) {
        out->exponent_bits = f->exponent_bits;
        out->significand_bits = f->mantissa_bits + 1;
    } else
        out->significand_bits = f->bits;
    return f->family != FORMAT_CODEBOOK && f->family != FORMAT_SCALE && out->significand_bits <= SIGNIFICAND_MAX;
}

/* Fit ------------------------------------------------------------------------------------------------------------------ */

/* Rows of one cell on one fabric that a formula is fitted on; on lut6_dsp those whose multiplier is in a DSP. */
struct sample { const struct row *row[FIT_ROWS_MAX]; int64_t count; };

static struct sample sample_of(const struct fpga_cell *cell, const char *fabric)
{
    struct sample s = { .count = 0 };
    bool dsp = strstr(fabric, "_dsp") != NULL;

    for (int64_t i = 0; i < ROWS && s.count < FIT_ROWS_MAX; i++)
        if (strcmp(rows[i].unit, cell->name) == 0 && strcmp(rows[i].fabric, fabric) == 0 && (!dsp || rows[i].dsp > 0))
            s.row[s.count++] = &rows[i];
    return s;
}

static double lut_of(const struct row *r) { return r->lut; }
static double levels_of(const struct row *r) { return r->levels; }

struct fit { double c[FPGA_TERMS_MAX]; bool ok; };

/* Least squares of relative errors over the sample without row `left_out` (-1: all). */
static struct fit fit_sample(const struct fpga_cell *cell, const struct sample *s, int64_t left_out, double (*value)(const struct row *))
{
    double x[FIT_ROWS_MAX * FPGA_TERMS_MAX], y[FIT_ROWS_MAX], f[FPGA_TERMS_MAX];
    struct fit fit = { 0 };
    int64_t n = 0;

    for (int64_t i = 0; i < s->count; i++) {
        if (i == left_out)
            continue;
        cell->features(f, &s->row[i]->a, &s->row[i]->b, s->row[i]->accumulator_bits);
        memcpy(&x[n * cell->features_count], f, (size_t)cell->features_count * sizeof f[0]);
        y[n++] = value(s->row[i]);
    }
    fit.ok = relative_fit(fit.c, x, y, n, cell->features_count, GSL_DBL_EPSILON) > 0;
    return fit;
}

static double evaluate(const struct fpga_cell *cell, const struct fit *fit, const struct fpga_operand *a, const struct fpga_operand *b, int bits)
{
    double f[FPGA_TERMS_MAX], sum = 0;

    cell->features(f, a, b, bits);
    for (int t = 0; t < cell->features_count; t++)
        sum += fit->c[t] * f[t];
    return sum;
}

bool fpga_validate(struct fpga_validation *out, const struct fpga_cell *cell, const char *fabric)
{
    struct sample s = sample_of(cell, fabric);

    *out = (struct fpga_validation){ .rows = s.count };
    if (s.count <= cell->features_count)
        return false;
    for (int64_t i = 0; i < s.count; i++) {
        const struct row *r = s.row[i];
        struct fit fit = fit_sample(cell, &s, i, lut_of);
        double predicted = fit.ok ? evaluate(cell, &fit, &r->a, &r->b, r->accumulator_bits) : 0, error = relative_off(predicted, r->lut);

        out->error_mean += error / (double)s.count;
        out->within_10_percent += error <= 0.10;
        if (error <= out->error_max)
            continue;
        out->error_max = error;
        out->worst_a = r->a;
        out->worst_b = r->b;
        out->worst_lut = r->lut;
        out->worst_predicted = predicted;
    }
    return true;
}

/* Estimate -------------------------------------------------------------------------------------------------------------- */

static bool same_operand(const struct fpga_operand *a, const struct fpga_operand *b)
{
    return a->integer == b->integer && a->exponent_bits == b->exponent_bits && a->significand_bits == b->significand_bits;
}

/* The row with these operands whose accumulator is nearest; NULL: none. */
static const struct row *nearest_row(const struct sample *s, const struct fpga_operand *a, const struct fpga_operand *b, int bits)
{
    const struct row *best = NULL;

    for (int64_t i = 0; i < s->count; i++) {
        const struct row *r = s->row[i];

        if (same_operand(&r->a, a) && same_operand(&r->b, b) &&
            (best == NULL || abs(r->accumulator_bits - bits) < abs(best->accumulator_bits - bits)))
            best = r;
    }
    return best;
}

static bool beyond_sample(const struct fpga_cell *cell, const struct sample *s, const struct fpga_operand *a, const struct fpga_operand *b, int bits)
{
    double f[FPGA_TERMS_MAX], low[FPGA_TERMS_MAX], high[FPGA_TERMS_MAX];

    for (int64_t i = 0; i < s->count; i++) {
        cell->features(f, &s->row[i]->a, &s->row[i]->b, s->row[i]->accumulator_bits);
        for (int t = 0; t < cell->features_count; t++) {
            low[t] = i == 0 || f[t] < low[t] ? f[t] : low[t];
            high[t] = i == 0 || f[t] > high[t] ? f[t] : high[t];
        }
    }
    cell->features(f, a, b, bits);
    for (int t = 0; t < cell->features_count; t++)
        if (f[t] < low[t] || f[t] > high[t])
            return true;
    return false;
}

/* By the table, or by the formula fitted on it. */
static bool estimate_on(struct fpga_estimate *out, const struct fpga_cell *cell, const struct fpga_operand *a, const struct fpga_operand *b, int bits,
                        const char *fabric)
{
    struct sample s = sample_of(cell, fabric);
    const struct row *row = nearest_row(&s, a, b, bits);

    if (row != NULL && row->accumulator_bits == bits) {
        *out = (struct fpga_estimate){ row->lut, bits, row->dsp, row->levels, .source = FPGA_FROM_TABLE, .rows = 1 };
        return true;
    }
    struct fit lut = fit_sample(cell, &s, -1, lut_of), levels = fit_sample(cell, &s, -1, levels_of);
    if (!lut.ok || !levels.ok)
        return false;
    *out = (struct fpga_estimate){ .lut = evaluate(cell, &lut, a, b, bits), .ff = bits, .dsp = s.row[0]->dsp, .levels = evaluate(cell, &levels, a, b, bits),
                                   .source = FPGA_FROM_FORMULA, .rows = s.count, .extrapolated = beyond_sample(cell, &s, a, b, bits) };
    if (row != NULL) { /* what the formula misses of this cell, it misses at the other width too */
        out->lut += row->lut - evaluate(cell, &lut, a, b, row->accumulator_bits);
        out->levels += row->levels - evaluate(cell, &levels, a, b, row->accumulator_bits);
        out->source = FPGA_FROM_TABLE_WIDTH;
    }
    out->lut = out->lut > 1 ? out->lut : 1; /* a cell takes a LUT at least, whatever a line says near zero */
    out->levels = out->levels > 1 ? out->levels : 1;
    return true;
}

/* The multiplier of a cell moved from LUTs into a DSP: what the multiplier alone takes of LUTs comes off; the way to and from the DSP and the
 * exponents' adder stay, as far as the table has multipliers in a DSP. */
static bool move_to_dsp(struct fpga_estimate *out, const struct fpga_cell *cell, const struct fpga_operand *a, const struct fpga_operand *b, int bits,
                        const char *fabric, const char *with_dsp)
{
    const struct fpga_cell *multiplier = fpga_cell_find(a->integer && b->integer ? "int_multiply" : "float_multiply");
    struct fpga_estimate in_luts, around = { .lut = 0 };

    if (!estimate_on(out, cell, a, b, bits, fabric) || !estimate_on(&in_luts, multiplier, a, b, 0, fabric))
        return false;
    (void)estimate_on(&around, multiplier, a, b, 0, with_dsp);
    out->lut = fmax(out->lut - cell->terms * fmax(in_luts.lut - around.lut, 0), 1);
    out->dsp = cell->terms;
    out->source = FPGA_FROM_FORMULA;
    return true;
}

void fpga_estimate_error(struct fpga_estimate *estimate, const struct fpga_cell *cell, const char *fabric)
{
    struct fpga_validation v;

    if (estimate->source == FPGA_FROM_TABLE)
        return;
    estimate->unverified = !fpga_validate(&v, cell, fabric);
    estimate->error_mean = estimate->unverified ? 0 : v.error_mean;
    estimate->error_max = estimate->unverified ? 0 : v.error_max;
}

static bool wider(const struct fpga_operand *a, const struct fpga_operand *b)
{
    return a->significand_bits > b->significand_bits || (a->significand_bits == b->significand_bits && a->exponent_bits >= b->exponent_bits);
}

enum status fpga_estimate(struct fpga_estimate *out, const struct fpga_cell *cell, const struct fpga_operand *a, const struct fpga_operand *b,
                          int accumulator_bits, const char *fabric, bool in_dsp, struct error *err)
{
    const struct fpga_operand *first = wider(a, b) ? a : b, *second = wider(a, b) ? b : a;
    char with_dsp[32];
    bool found;

    snprintf(with_dsp, sizeof with_dsp, "%.24s_dsp", fabric);
    found = estimate_on(out, cell, first, second, accumulator_bits, in_dsp ? with_dsp : fabric);
    if (in_dsp && (!found || out->source == FPGA_FROM_FORMULA)) /* few rows of the table have a DSP: the difference is the better guide */
        found = move_to_dsp(out, cell, first, second, accumulator_bits, fabric, with_dsp);
    if (!found)
        return error_plain(err, STATUS_BAD_INPUT, "no synthesis of %s on fabric %s", cell->name, fabric);
    return STATUS_OK;
}
