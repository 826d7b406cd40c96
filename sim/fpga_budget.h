/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Does a design fit its FPGA? Blocks of every part against the fabric's ceiling, feed of the arrays against the ports of the operand buffers, clock
 * against what pipeline and fabric give. docs/datapaths.md, 4
 */
#ifndef LLMSIM_SIM_FPGA_BUDGET_H
#define LLMSIM_SIM_FPGA_BUDGET_H

#include "sim/fpga_datapath.h"

enum { FPGA_PARTS_MAX = ARCH_UNITS_MAX + 4 };

struct fpga_part {
    const char *name;                /* of the unit, or "shell", "registers", "shared", "l2" */
    const char *made_of;             /* memories: "lutram", "bram", "uram"; else NULL */
    struct fpga_blocks blocks;       /* all copies */
    const struct arch_unit *unit;    /* NULL: no unit */
    struct fpga_unit_use use;        /* of a unit */
};

enum fpga_bound { FPGA_LUT, FPGA_FF, FPGA_DSP, FPGA_BRAM, FPGA_URAM, FPGA_PORTS, FPGA_CLOCK, FPGA_BOUNDS };
const char *fpga_bound_name(enum fpga_bound bound); /* "LUT" ... "port x clock", "clock" */
double fpga_block(const struct fpga_blocks *b, enum fpga_bound which); /* which < FPGA_PORTS */

struct fpga_budget {
    int64_t parts_count;
    struct fpga_part parts[FPGA_PARTS_MAX];
    struct fpga_blocks total;
    double share[FPGA_BOUNDS];       /* of what is allowed: ceiling of blocks, ports, clock's high end; above 1: does not fit */
    enum fpga_bound binds;           /* largest share; the clock only where it is above 1 */
    double macs_per_cycle;           /* of the arrays together, vector lanes left out */
    double feed_bytes_per_cycle;     /* of the arrays together */
    double clock_hz[3];              /* low, likely, high */
};

/** Only for chips with a fabric (hw->fpga.budget.lut > 0). `errors`: cross-validate the formulas too (some hundred small fits). */
enum status fpga_budget_of(struct fpga_budget *out, const struct hardware *hw, bool errors, struct error *err);

/** STATUS_INFEASIBLE names what binds and the nearest array that fits. Chips without a fabric pass. */
enum status fpga_check(const struct hardware *hw, struct error *err);

#endif
