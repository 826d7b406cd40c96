/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks, pipeline and clock of an array of cells. See fpga_datapath.h; docs/datapaths.md, 3.
 *
 * Flip-flops of an element: its accumulator, its operand registers where operands pass on, and those that cut its logic into stages: one for each
 * LUT that is not in the last stage (own synthesis: a pipelined float unit of 5 to 8 stages has about one flip-flop a LUT).
 * Left out: fan-out trees' LUTs, control of the array (in the shell), routing beyond what a level's delay holds.
 */
#include "sim/fpga_datapath.h"

#include <math.h>
#include <string.h>

#include "formats/dot.h"
#include "sim/units.h"

enum { STAGES_MAX = 64, CARRY_BITS = 4 };
static const double carry_levels = 0.3; /* as the synthesis table counts a carry cell */

static const char *text_or(const struct arch_unit *unit, const char *key, const char *otherwise)
{
    const char *text = unit_text(unit, key);

    return text != NULL ? text : otherwise;
}

static const char *cell_name(const struct fpga_datapath *d)
{
    if (d->additions_only)
        return "add_dot4";
    if (strcmp(d->accumulator, "integer") == 0)
        return d->dot > 1 ? "int_dot4" : "int_mac";
    if (strcmp(d->accumulator, "kulisch") == 0)
        return d->dot > 1 ? NULL : "kulisch_mac";
    if (strcmp(d->accumulator, "fp32") == 0)
        return d->dot > 1 ? "fp32_dot4" : "fp32_mac";
    return d->dot > 1 ? NULL : "fp16_mac";
}

struct fpga_datapath fpga_datapath_of(const struct arch_unit *unit)
{
    struct fpga_datapath d = {
        .a = format_find(text_or(unit, "a", "int8")),
        .w = format_find(text_or(unit, "w", "int8")),
        .accumulator = text_or(unit, "accumulator", "kulisch"),
        .dataflow = text_or(unit, "dataflow", "systolic"),
        .additions_only = strcmp(text_or(unit, "arithmetic", "multiply"), "add") == 0,
        .rows = (int64_t)unit_param(unit, "rows"), .columns = (int64_t)unit_param(unit, "columns"), .dot = (int64_t)unit_param(unit, "dot"),
        .copies = unit->per_sm,
        .k_max = (int64_t)unit_param(unit, "k_max"),
        .stages_asked = (int64_t)unit_param(unit, "stages"),
        .dsp_share = unit_param(unit, "dsp_share"), .dsp_pack = unit_param(unit, "dsp_pack"),
    };
    int64_t asked = (int64_t)unit_param(unit, "accumulator_bits");
    const char *name = cell_name(&d);

    d.cell = name != NULL ? fpga_cell_find(name) : NULL;
    if (strcmp(d.accumulator, "fp16") == 0 || strcmp(d.accumulator, "fp32") == 0) {
        d.sum = format_find(d.accumulator);
        d.accumulator_bits = d.sum->bits;
        return d;
    }
    d.lossless_bits = d.a != NULL && d.w != NULL ? dot_width(d.a, d.w, d.k_max) : 0;
    d.accumulator_bits = asked > 0 ? asked : d.lossless_bits;
    return d;
}

/* Levels of the loop through an accumulator that cannot be cut: an addition over all its bits. Float sums are taken in turn, so that they can. */
static double loop_levels(const struct fpga_datapath *d)
{
    return d->sum != NULL ? 1 : 1 + carry_levels * ceil((double)d->accumulator_bits / CARRY_BITS);
}

static double stage_levels(const struct fpga_datapath *d, double levels, int64_t stages)
{
    return fmax(levels / (double)stages, loop_levels(d));
}

/* Stages with which the logic is no slower than the fabric's likely clock. */
static int64_t stages_for(const struct fpga_datapath *d, const struct arch_fpga *fabric, double levels)
{
    double room_s = 1 / fabric->clock_hz[1] - fabric->register_s, stages = room_s > 0 ? ceil(levels * fabric->level_s[1] / room_s) : STAGES_MAX;

    (void)d;
    return (int64_t)fmin(fmax(stages, 1), STAGES_MAX);
}

static void set_clock(struct fpga_unit_use *out, const struct fpga_datapath *d, const struct arch_fpga *fabric)
{
    double levels = stage_levels(d, out->cell.levels, out->stages);

    for (int i = 0; i < 3; i++) /* the slowest routing gives the lowest clock */
        out->clock_hz[i] = fmin(fabric->clock_hz[i], 1 / (fabric->register_s + levels * fabric->level_s[2 - i]));
}

/* DSPs of one product: tiles of the signed multiplier that cover it. */
static double dsp_tiles(const struct fpga_operand *a, const struct fpga_operand *b, const struct arch_fpga *fabric)
{
    int n = a->significand_bits + (a->integer ? 0 : 1), m = b->significand_bits + (b->integer ? 0 : 1); /* signed inputs */
    int wide = n > m ? n : m, narrow = n > m ? m : n;

    return ceil((double)wide / (double)fabric->dsp_a_bits) * ceil((double)narrow / (double)fabric->dsp_b_bits);
}

static double element_ff(const struct fpga_datapath *d, double cells, int bits, double lut, int64_t stages)
{
    bool passes = strcmp(d->dataflow, "systolic") == 0;
    double operands = passes ? (double)d->dot * (d->a->bits + d->w->bits) : 0, cut = lut * (1 - 1 / (double)stages);

    return cells * bits + operands + cut;
}

enum status fpga_datapath_use(struct fpga_unit_use *out, const struct fpga_datapath *d, const struct arch_fpga *fabric, struct error *err)
{
    struct fpga_estimate in_lut, in_dsp;
    struct fpga_operand a, w;
    double elements = (double)d->rows * (double)d->columns, cells = (double)(d->dot / d->cell->terms), share = d->dsp_share;
    enum status st;

    if (!fpga_operand_of(&a, d->a) || !fpga_operand_of(&w, d->w))
        return error_plain(err, STATUS_BAD_INPUT, "no multiplier takes %s x %s", d->a->name, d->w->name);
    int bits = (int)(strcmp(d->cell->name, "kulisch_mac") == 0 || strcmp(d->cell->name, "int_mac") == 0 ? d->accumulator_bits : d->sum != NULL ? d->sum->bits : 32);
    if ((st = fpga_estimate(&in_lut, d->cell, &a, &w, bits, fabric->synthesis, false, err)) ||
        (share > 0 && (st = fpga_estimate(&in_dsp, d->cell, &a, &w, bits, fabric->synthesis, true, err))))
        return st;
    if (share <= 0)
        in_dsp = in_lut;
    *out = (struct fpga_unit_use){ .copies = d->copies, .cell = share >= 1 ? in_dsp : in_lut, .cell_type = d->cell, .accumulator_bits = bits };
    out->stages = d->stages_asked > 0 ? d->stages_asked : stages_for(d, fabric, in_lut.levels);
    double lut = cells * ((1 - share) * in_lut.lut + share * in_dsp.lut);
    out->each.lut = elements * lut;
    out->each.ff = elements * element_ff(d, cells, bits, lut, out->stages);
    out->each.dsp = ceil(elements * share * (double)d->dot * dsp_tiles(&a, &w, fabric) / d->dsp_pack);
    out->blocks = (struct fpga_blocks){ .lut = out->each.lut * (double)d->copies, .ff = out->each.ff * (double)d->copies,
                                        .dsp = out->each.dsp * (double)d->copies };
    out->macs_per_cycle = elements * (double)(d->dot * d->copies);
    out->feed_bytes_per_cycle = (double)(d->dot * d->copies) * ((double)d->rows * d->a->bits + (double)d->columns * d->w->bits) / 8;
    set_clock(out, d, fabric);
    return STATUS_OK;
}
