/* SPDX-License-Identifier: Apache-2.0 */
/**
 * LUTs, flip-flops, DSPs and logic depth of multiply-accumulate cells on an FPGA: the synthesis table where it has the cell, beyond it a formula whose
 * coefficients are fitted on the table when asked for. docs/datapaths.md, 2 has the formulas, what each term is of the circuit, and their errors.
 *
 * A cell takes `terms` pairs of operands a clock and adds their products to its register(s):
 *     int_mac      integer product, two's complement register of A bits
 *     kulisch_mac  minifloat product shifted into a fixed-point register of A bits: exact (arXiv 2311.12359)
 *     fp16_mac     minifloat product rounded into an fp16 (fp32_mac: fp32) register, to nearest even
 *     int_dot4     four integer products and a 32-bit register
 *     fp32_dot4    four minifloat products aligned, one sum, one normalization, fp32 register
 *     add_dot4     four integers added or subtracted by sign: weights of -1, +1 (and 0, which gates), no multiplier (arXiv 2406.02528)
 * Cells are single cycle and not placed: pipeline registers are the unit's (sim/fpga_datapath.h).
 */
#ifndef LLMSIM_SIM_FPGA_SYNTHESIS_H
#define LLMSIM_SIM_FPGA_SYNTHESIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "formats/format.h"

/** What a multiplier sees of a number format. */
struct fpga_operand {
    bool integer;
    int exponent_bits;               /* 0 of integers */
    int significand_bits;            /* floats: mantissa and hidden bit; integers: all bits, sign included */
};

/** Of integers (ternary: 2 bits, binary and bipolar: their bits) and floats; false for others, and for more bits than any multiplier here takes. */
bool fpga_operand_of(struct fpga_operand *out, const struct format *f);

enum { FPGA_TERMS_MAX = 5 };

struct fpga_cell {
    const char *name, *summary, *formula;
    int terms;
    int features_count;
    /** Terms of the formula. a is the wider operand. */
    void (*features)(double x[FPGA_TERMS_MAX], const struct fpga_operand *a, const struct fpga_operand *b, int accumulator_bits);
};
/** The cells, `*count` of them. NULL of fpga_cell_find(): no such cell. */
const struct fpga_cell *fpga_cells(int64_t *count);
const struct fpga_cell *fpga_cell_find(const char *name);

enum fpga_source {
    FPGA_FROM_TABLE,                 /* the table has this very cell */
    FPGA_FROM_TABLE_WIDTH,           /* the table has it with another accumulator width: moved by the fitted cost of a bit */
    FPGA_FROM_FORMULA
};

struct fpga_estimate {
    double lut, ff, dsp, levels;     /* of one cell; ff: the register alone */
    enum fpga_source source;
    bool extrapolated;               /* a term of the formula lies beyond those it was fitted on */
    /* by fpga_estimate_error() */
    bool unverified;                 /* the formula has as many coefficients as rows: its error is not known */
    double error_mean, error_max;    /* of the formula on cells left out of its fit, a factor either way less 1; 0 of table rows */
    int64_t rows;                    /* that it was fitted on */
};

/**
 * One cell on a fabric of the table ("lut6", "lut4"). `in_dsp`: each multiplier in a DSP: the table's row where its tool put it there, else the LUTs of
 * the multiplier alone are taken off the cell in LUTs.
 * STATUS_BAD_INPUT: the fabric has no such cell.
 */
enum status fpga_estimate(struct fpga_estimate *out, const struct fpga_cell *cell, const struct fpga_operand *a, const struct fpga_operand *b,
                          int accumulator_bits, const char *fabric, bool in_dsp, struct error *err);

/** Sets the errors of an estimate that came from a formula: as many fits as the table has rows of the cell. */
void fpga_estimate_error(struct fpga_estimate *estimate, const struct fpga_cell *cell, const char *fabric);

/** Each row of a cell predicted by a fit on the others. */
struct fpga_validation {
    int64_t rows, within_10_percent;
    double error_mean, error_max;    /* relative_off(): a factor either way, less 1 */
    struct fpga_operand worst_a, worst_b;
    double worst_lut, worst_predicted;
};
/** false: fewer rows than coefficients + 1. */
bool fpga_validate(struct fpga_validation *out, const struct fpga_cell *cell, const char *fabric);

#endif
