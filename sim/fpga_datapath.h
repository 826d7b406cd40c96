/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An array of multiply-accumulate cells on an FPGA: what its stanza asks for, and what it takes of the fabric. docs/datapaths.md, 3
 *
 * rows x columns processing elements, each `dot` products wide, copies of it `per_sm`. Sums stay in the elements (output stationary): an element
 * works on one output, or on several in turn (`contexts`, held in the accumulator banks that are the chip's registers).
 *     systolic            operands pass from element to element: registers for both in each, results skewed by rows + columns - 2
 *     output_stationary   operands are broadcast along rows and columns over trees of registers
 *     dot_product         the same, elements of `dot` >= 4 products with one sum
 * Feed, bits a clock:  dot (rows a_bits + columns w_bits), from the operand buffers through their ports.
 */
#ifndef LLMSIM_SIM_FPGA_DATAPATH_H
#define LLMSIM_SIM_FPGA_DATAPATH_H

#include "arch/hardware.h"
#include "sim/fpga_synthesis.h"

struct fpga_datapath {
    const struct format *a, *w;      /* at the ports: activations, weights */
    const struct format *sum;        /* float the elements accumulate in; NULL: integer or fixed point, exact */
    const char *accumulator;         /* "integer", "kulisch", "fp16", "fp32" */
    const char *dataflow;
    const struct fpga_cell *cell;
    bool additions_only;             /* weights of -1, 0, +1: no multiplier */
    int64_t rows, columns, dot, copies;
    int64_t accumulator_bits;        /* lossless for k_max terms (formats/dot.h, dot_width), or as the stanza says */
    int64_t lossless_bits;           /* what k_max terms need; 0 of float accumulators */
    int64_t k_max;
    int64_t stages_asked;            /* pipeline depth; 0: as the fabric's likely clock needs */
    double dsp_share;                /* share of the elements whose multipliers are in DSPs */
    double dsp_pack;                 /* products that share a DSP */
};

/** From a stanza that passed the type's check. */
struct fpga_datapath fpga_datapath_of(const struct arch_unit *unit);

/** What a unit takes of the fabric, all copies in the chip together, and what it gives. */
struct fpga_unit_use {
    struct fpga_blocks blocks;       /* of all copies */
    struct fpga_blocks each;         /* of one copy */
    int64_t copies;
    double macs_per_cycle;           /* all copies */
    double feed_bytes_per_cycle;     /* all copies, from the operand buffers; 0: none of its own */
    int64_t stages;                  /* pipeline depth */
    double clock_hz[3];              /* low, likely, high; 0: no limit of its own */
    struct fpga_estimate cell;       /* multipliers in LUTs, or in DSPs where all are */
    const struct fpga_cell *cell_type; /* NULL: no array */
    int64_t accumulator_bits;
};

enum status fpga_datapath_use(struct fpga_unit_use *out, const struct fpga_datapath *d, const struct arch_fpga *fabric, struct error *err);

#endif
