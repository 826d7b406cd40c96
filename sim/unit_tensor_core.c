/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A matrix multiply-accumulate unit with instructions of a fixed tile (mma.sync, wgmma, tcgen05, MFMA). Its stanza lists the rate
 * for each operand format and accumulator. A pair that it has no rate for is computed in the cheapest format that holds both
 * values exactly; the conversion of the weights runs on the vector lanes inside the main loop. docs/recipes.md
 *
 * Scales: of a channel or a tensor, one multiply an output in the epilogue (lowering counts it). Of a group along K:
 *   weights converted to a float    the scale is multiplied onto the weights, packed: 1 / (elements a register) ops a weight;
 *   integers, or 8-bit floats       partial sums are scaled: FMA, and int32 -> fp32 before, for each output and group;
 *   block-scaled instructions       (tcgen05 with MX or NV formats) inside the unit, nothing.
 * Left out: operand delivery (shared memory, registers), which is the mapping's.
 */
#include "sim/units.h"

#include <math.h>
#include <string.h>

static const struct param_spec params[] = { { .key = NULL } };
static const char *const text_keys[] = { "datapath", NULL }; /* fused (default), discrete, fma: what its area is of; time does not see it */

struct pick { const struct format *a, *b; double rate; };

/* Native pair first (equal formats, or two 8-bit floats), else the fastest format that holds both. */
static struct pick choose_format(const struct arch_unit *unit, const struct unit_request *q)
{
    const struct format *a = q->a->format, *b = q->b->format;
    struct pick best = { 0 };

    if (a == b && unit_rate(unit, a, q->accumulator) > 0)
        return (struct pick){ a, b, unit_rate(unit, a, q->accumulator) };
    if (a->family == FORMAT_FLOAT && b->family == FORMAT_FLOAT && a->bits == 8 && b->bits == 8) {
        double ra = unit_rate(unit, a, q->accumulator), rb = unit_rate(unit, b, q->accumulator);
        if (ra > 0 && rb > 0)
            return (struct pick){ a, b, fmin(ra, rb) };
    }
    for (int64_t i = 0; i < unit->rates_count; i++) {
        const struct format *f = unit->rates[i].format;
        double rate = unit_rate(unit, f, q->accumulator);
        /* the activations' own format when the unit has it: converting them too would cost more than it gives */
        bool nearer = best.a == NULL || (f == a && best.a != a) || ((f == a) == (best.a == a) && rate > best.rate);
        if (format_fits(a, f) && format_fits(b, f) && nearer)
            best = (struct pick){ f, f, rate };
    }
    return best;
}

static const char *energy_op(const struct format *f)
{
    if (f->family != FORMAT_FLOAT)
        return f->bits <= 4 ? "fma_int4" : "fma_int8";
    if (f->bits <= 4)
        return "fma_fp4";
    if (f->bits <= 8)
        return "fma_fp8";
    return strcmp(f->name, "bf16") == 0 ? "fma_bf16" : f->bits <= 16 ? "fma_fp16" : "fma_tf32";
}

/* Ops to bring one weight from how it is stored to the unit's port. */
static double weight_ops(const struct unit_request *q, const struct format *compute, bool sparse_native)
{
    double ops = format_unpack_ops(q->b->format, compute);

    if (compute != q->b->format && compute->family == FORMAT_FLOAT && q->b->group > 0)
        ops += compute->bits / 32.0;
    if (q->b->two_of_four && !sparse_native)
        ops += 1; /* index decode and scatter of the kept half: two ops for each kept value */
    if (q->b->sparsity > 0)
        /* load as sparse, compute as dense: split word, address, two-byte store for each kept value; the tile is zeroed by
         * 16-byte stores first. Xia et al., Flash-LLM, VLDB 2024, section 4 */
        ops += 4 * (1 - q->b->sparsity) + 1.0 / 8;
    return ops;
}

static bool block_scaled(const struct arch_unit *unit, const struct quant *b)
{
    return unit->instruction != NULL && strcmp(unit->instruction, "tcgen05") == 0 && b->format->family == FORMAT_FLOAT &&
           b->format->bits <= 8 && b->scale != NULL && b->scale->bits == 8;
}

static double scale_ops(const struct unit_request *q, const struct format *compute, const struct arch_unit *unit)
{
    if (q->b->group <= 0 || block_scaled(unit, q->b))
        return 0;
    if (compute->family == FORMAT_FLOAT)
        return compute == q->b->format ? 1 : 0; /* 0: already on the weights */
    return 2 + (q->b->zero_point ? 1 : 0);
}

static bool serve(struct unit_service *s, const struct arch_unit *unit, const struct hardware *hw, const struct unit_request *q,
                  const char **reason)
{
    struct pick pick = choose_format(unit, q);
    bool sparse = q->b->two_of_four && unit->sparse_2_4;

    (void)hw;
    if (pick.a == NULL || !(pick.rate > 0)) {
        *reason = "no operand format of the unit holds both";
        return false;
    }
    double ops = weight_ops(q, pick.b, sparse);
    int64_t k = unit->inst_k_bytes * 8 / pick.a->bits;

    *s = (struct unit_service){
        .compute_a = pick.a,
        .compute_b = pick.b,
        .dequantize = ops > 0,
        .fma_per_cycle_sm = pick.rate * (sparse ? 2 : 1),
        .latency_cycles = unit->latency_cycles,
        .tile_m = unit->inst_m, .tile_n = unit->inst_n, .tile_k = k > 0 ? k * (sparse ? 2 : 1) : 1,
        .a_shared_bits = pick.a->bits,
        .b_shared_bits = quant_bits_per_element(&(struct quant){ .format = q->b->format, .group = QUANT_PER_CHANNEL,
                                                                 .two_of_four = q->b->two_of_four }),
        .a_expand = 1,
        .operands_from_shared = unit->operands_from_shared,
        .vector_ops_per_weight = ops,
        .vector_ops_per_scale_output = scale_ops(q, pick.b, unit),
        .register_bits_per_output = 32,
        .energy_op = energy_op(pick.a),
        .energy_ops_per_fma = sparse ? 0.5 : 1,
        .note = ops > 0 ? "weights converted on the vector lanes" : NULL,
    };
    s->scale_group = s->vector_ops_per_scale_output > 0 ? q->b->group : 0;
    if (q->accumulator != NULL && q->accumulator->bits < 32 && pick.a->family == FORMAT_FLOAT)
        s->register_bits_per_output = q->accumulator->bits;
    return true;
}

static enum status check(const struct arch_unit *unit, struct error *err)
{
    static const char *const styles[] = { "fused", "discrete", "fma" };
    const char *style = unit_text(unit, "datapath");

    for (size_t i = 0; style != NULL && i < sizeof styles / sizeof styles[0]; i++)
        if (strcmp(style, styles[i]) == 0)
            return STATUS_OK;
    return style == NULL ? STATUS_OK : error_set(err, STATUS_BAD_INPUT, yaml_find(unit->node, "datapath")->at,
                                                 "'datapath' of unit '%s' is '%s', expected fused, discrete or fma", unit->name, style);
}

/* Dot products of four where fused, fused multiply-adds, or multipliers and adders apart. One set of multipliers serves all floats, one all integers. */
static void rate_parts(struct unit_resources *out, const struct arch_rate *r, const char *style, int rate)
{
    bool floats = r->format->family == FORMAT_FLOAT, wide = r->accumulator == NULL || r->accumulator->family != FORMAT_FLOAT || r->accumulator->bits >= 32;
    struct datapath_number operand = datapath_number_of(r->format);
    struct datapath_number sum = !floats ? (struct datapath_number){ .kind = NUMBER_INT, .bits = 32 }
                                 : wide ? (struct datapath_number){ .kind = NUMBER_FLOAT, .bits = 32, .e = 8, .m = 23 } : datapath_number_of(r->accumulator);
    struct datapath d = { .kind = floats ? DATAPATH_FLOAT_DOT : DATAPATH_INT_DOT, .k = 4, .activation = operand, .weight = operand, .accumulator = sum };
    struct datapath multiply = { .kind = DATAPATH_FLOAT_MUL, .k = 1, .activation = operand, .weight = operand };
    struct datapath add = { .kind = DATAPATH_FLOAT_ADD, .k = 1, .activation = sum, .accumulator = sum };
    enum unit_share share = floats ? PART_SHARED_FLOAT : PART_SHARED_INT;

    if (floats && style != NULL && strcmp(style, "discrete") == 0) {
        unit_part_add(out, &multiply, r->fma_per_cycle_sm, share, rate);
        unit_part_add(out, &add, r->fma_per_cycle_sm, share, rate);
        return;
    }
    if (style != NULL && strcmp(style, "fma") == 0)
        d.k = 1;
    unit_part_add(out, &d, r->fma_per_cycle_sm / d.k, share, rate);
}

static void resources(struct unit_resources *out, const struct arch_unit *unit)
{
    *out = (struct unit_resources){ 0 };
    for (int64_t i = 0; i < unit->rates_count; i++)
        rate_parts(out, &unit->rates[i], unit_text(unit, "datapath"), (int)i);
}

const struct unit_type unit_tensor_core = {
    .name = "tensor_core",
    .block = UNIT_BLOCK_MATRIX,
    .check = check,
    .resources = resources,
    .summary = "matrix multiply-accumulate instructions on tiles",
    .params = params,
    .text_keys = text_keys,
    .serve = serve,
};
