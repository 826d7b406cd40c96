/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Array of multiply-accumulate cells on an FPGA, for integers and minifloats (arXiv 2311.12359), with exact or floating sums; with
 * `arithmetic: add`, additions only for ternary weights (MatMul-free LM, arXiv 2406.02528). docs/datapaths.md, 3 has the equations.
 *
 * The datapath is built for one pair of formats. It takes any pair whose values its ports hold exactly, as stored: unpacking at the edge of the
 * array is wiring and a few LUTs. Everything else (attention in 16 bits, another recipe) goes to the vector unit, visibly.
 * Left out: NaN and infinity (ports take every code as a number), conversion of sums to the output format beyond the epilogue's lane operation.
 */
#include "sim/units.h"

#include <string.h>

#include "base/nearest.h"
#include "sim/fpga_datapath.h"

static const struct param_spec params[] = {
    { .key = "rows", .kind = Q_COUNT, .min = 1, .max = 4096, .otherwise = 16, .doc = "elements along M (tokens)" },
    { .key = "columns", .kind = Q_COUNT, .min = 1, .max = 4096, .otherwise = 16, .doc = "elements along N (outputs)" },
    { .key = "dot", .kind = Q_COUNT, .min = 1, .max = 256, .otherwise = 1, .doc = "products of an element in a clock: 1, or a multiple of 4" },
    { .key = "k_max", .kind = Q_COUNT, .min = 1, .max = 1 << 24, .otherwise = 4608, .doc = "longest dot product without overflow: width of exact sums" },
    { .key = "accumulator_bits", .kind = Q_COUNT, .min = 0, .max = 640, .otherwise = 0, .doc = "of exact sums; 0: lossless for k_max" },
    { .key = "stages", .kind = Q_COUNT, .min = 0, .max = 64, .otherwise = 0, .doc = "pipeline depth of an element; 0: as the likely clock needs" },
    { .key = "dsp_share", .kind = Q_RATIO, .min = 0, .max = 1, .otherwise = 0, .doc = "share of the elements whose multipliers are in DSPs" },
    { .key = "dsp_pack", .kind = Q_COUNT, .min = 1, .max = 4, .otherwise = 1, .doc = "products that share a DSP (two of 8 bits, four of 4)" },
    { .key = NULL },
};
static const char *const text_keys[] = { "a", "w", "accumulator", "dataflow", "arithmetic", NULL };

static const char *energy_op(const struct format *f)
{
    if (f->family != FORMAT_FLOAT)
        return f->bits <= 4 ? "fma_int4" : "fma_int8";
    return f->bits <= 4 ? "fma_fp4" : f->bits <= 8 ? "fma_fp8" : "fma_fp16";
}

static const char *note_of(const struct fpga_datapath *d)
{
    return d->additions_only                            ? "additions only, exact sums"
           : d->sum != NULL                             ? "floating sums"
           : strcmp(d->accumulator, "integer") == 0     ? "exact integer sums"
                                                        : "exact fixed-point sums (Kulisch)";
}

/* Clocks from an operand's entry to the last result of a pass: skew of the wavefront, or broadcast trees that fan out by four. */
static double fill_cycles(const struct fpga_datapath *d, int64_t stages)
{
    double skew = strcmp(d->dataflow, "systolic") == 0 ? (double)(d->rows + d->columns - 2) : 0;

    if (skew == 0)
        for (int64_t reach = d->rows > d->columns ? d->rows : d->columns; reach > 1; reach = (reach + 3) / 4)
            skew += 1;
    return skew + (double)stages;
}

/* Stages without the table: serving must not fail. Auto depth only moves a fill of some clocks. */
static int64_t stages_of(const struct fpga_datapath *d, const struct hardware *hw)
{
    struct fpga_unit_use use;
    struct error ignored;

    if (d->stages_asked > 0 || hw->fpga.budget.lut <= 0)
        return d->stages_asked > 0 ? d->stages_asked : 1;
    return fpga_datapath_use(&use, d, &hw->fpga, &ignored) == STATUS_OK ? use.stages : 1;
}

static bool serve(struct unit_service *s, const struct arch_unit *unit, const struct hardware *hw, const struct unit_request *q, const char **reason)
{
    struct fpga_datapath d = fpga_datapath_of(unit);

    *reason = !format_fits(q->a->format, d.a)               ? "the array's activation port does not hold this format"
              : !format_fits(q->b->format, d.w)             ? "the array's weight port does not hold this format"
              : q->b->two_of_four || q->b->sparsity > 0     ? "the array has no index logic for sparse weights"
              : q->b->outliers > 0 || q->b->columns > 0     ? "the array has no second path for outliers"
                                                            : NULL;
    if (*reason != NULL)
        return false;
    int64_t stages = stages_of(&d, hw);

    *s = (struct unit_service){
        .compute_a = q->a->format, .compute_b = q->b->format,
        .fma_per_cycle_sm = (double)(d.rows * d.columns * d.dot * d.copies),
        .latency_cycles = (double)stages,
        .whole_passes = true,
        .fill_cycles = fill_cycles(&d, stages),
        .accumulate_cycles = d.sum != NULL ? (double)stages : 1,
        .tile_m = d.rows, .tile_n = d.columns, .tile_k = d.dot,
        .a_shared_bits = q->a->format->bits, .b_shared_bits = q->b->format->bits,
        .a_expand = 1,
        .operands_from_shared = true,
        .scale_group = q->b->group > 0 ? q->b->group : 0,
        .vector_ops_per_scale_output = q->b->group > 0 ? (d.sum != NULL ? 1.0 : 2.0) + (q->b->zero_point ? 1 : 0) : 0,
        .register_bits_per_output = (double)d.accumulator_bits,
        .energy_op = energy_op(d.a->bits >= d.w->bits ? d.a : d.w),
        .energy_ops_per_fma = 1,
        .note = note_of(&d),
    };
    return true;
}

/* Check of a stanza ---------------------------------------------------------------------------------------------------- */

static struct source_pos place(const struct arch_unit *unit, const char *key)
{
    const struct yaml_node *node = yaml_find(unit->node, key);

    return node != NULL ? node->at : unit->node->at;
}

static enum status check_word(const struct arch_unit *unit, const char *key, const char *const *words, size_t count, struct error *err)
{
    const char *text = unit_text(unit, key), *near;

    if (text == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return STATUS_OK;
    near = nearest_name(text, words, count);
    return error_set(err, STATUS_BAD_INPUT, place(unit, key), "'%s' of unit '%s' is '%s'; %s %s", key, unit->name, text,
                     near != NULL ? "nearest is" : "expected a word such as", near != NULL ? near : words[0]);
}

static enum status check_format(const struct arch_unit *unit, const char *key, struct error *err)
{
    const char *text = unit_text(unit, key);
    const struct format *f = text != NULL ? format_find(text) : NULL;
    struct fpga_operand operand;

    if (text == NULL)
        return error_set(err, STATUS_BAD_INPUT, unit->node->at, "missing key '%s' in unit '%s', expected the format at that port, as in e4m3 or int8", key, unit->name);
    if (f == NULL)
        return error_set(err, STATUS_BAD_INPUT, place(unit, key), "unknown number format '%s' in unit '%s', expected int2 to int8, ternary, e2m1, e4m3 ...", text, unit->name);
    if (!fpga_operand_of(&operand, f) || f->bits > 16)
        return error_set(err, STATUS_BAD_INPUT, place(unit, key), "'%s' of unit '%s' is '%s', expected an integer or a float of at most 16 bits", key, unit->name, text);
    return STATUS_OK;
}

static enum status check_pair(const struct arch_unit *unit, const struct fpga_datapath *d, struct error *err)
{
    bool floats = d->a->family == FORMAT_FLOAT || d->w->family == FORMAT_FLOAT, integer = strcmp(d->accumulator, "integer") == 0;

    if (floats == integer)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "accumulator"), "accumulator of unit '%s' is '%s' for %s x %s, expected %s", unit->name, d->accumulator,
                         d->a->name, d->w->name, floats ? "kulisch, fp16 or fp32" : "integer");
    if (d->additions_only && (d->a->family == FORMAT_FLOAT || d->w->bits > 2 || d->w->family == FORMAT_FLOAT))
        return error_set(err, STATUS_BAD_INPUT, place(unit, "arithmetic"), "unit '%s' adds only: w is %s and a is %s, expected ternary or binary weights and integers",
                         unit->name, d->w->name, d->a->name);
    if (d->dot > 1 && d->dot % 4 != 0)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "dot"), "dot of unit '%s' is %lld, expected 1 or a multiple of 4", unit->name, (long long)d->dot);
    if (d->additions_only && d->dot == 1)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "dot"), "dot of unit '%s' is 1, expected a multiple of 4: cells that only add take four", unit->name);
    if ((strcmp(d->dataflow, "dot_product") == 0) != (d->dot > 1))
        return error_set(err, STATUS_BAD_INPUT, place(unit, "dataflow"), "dataflow of unit '%s' is %s with dot %lld, expected dot_product for dot above 1 alone",
                         unit->name, d->dataflow, (long long)d->dot);
    if (d->cell == NULL)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "dot"), "no synthesized cell takes %lld products into %s sums, expected dot: 1, or fp32 sums",
                         (long long)d->dot, d->accumulator);
    if (d->sum == NULL && d->lossless_bits == 0)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "accumulator"), "unit '%s': exact sums of %s x %s have no finite width", unit->name, d->a->name, d->w->name);
    return STATUS_OK;
}

static enum status check(const struct arch_unit *unit, struct error *err)
{
    static const char *const accumulators[] = { "kulisch", "integer", "fp16", "fp32" }, *const arithmetics[] = { "multiply", "add" };
    static const char *const dataflows[] = { "systolic", "output_stationary", "dot_product" };
    enum status st;

    if ((st = check_format(unit, "a", err)) || (st = check_format(unit, "w", err)) || (st = check_word(unit, "accumulator", accumulators, 4, err)) ||
        (st = check_word(unit, "arithmetic", arithmetics, 2, err)) || (st = check_word(unit, "dataflow", dataflows, 3, err)))
        return st;
    if (unit->instruction == NULL || strcmp(unit->instruction, "systolic") != 0)
        return error_set(err, STATUS_BAD_INPUT, place(unit, "instruction"), "unit '%s': expected instruction: systolic, under which stacks list kernels of arrays", unit->name);
    struct fpga_datapath d = fpga_datapath_of(unit);
    return check_pair(unit, &d, err);
}

static enum status fpga_use(struct fpga_unit_use *out, const struct arch_unit *unit, const struct hardware *hw, struct error *err)
{
    struct fpga_datapath d = fpga_datapath_of(unit);

    return fpga_datapath_use(out, &d, &hw->fpga, err);
}

const struct unit_type unit_fpga_minifloat = {
    .name = "fpga_minifloat",
    .summary = "array of integer or minifloat multiply-accumulate cells on an FPGA",
    .params = params,
    .text_keys = text_keys,
    .serve = serve,
    .check = check,
    .fpga_use = fpga_use,
};
