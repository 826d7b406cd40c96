/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LUT mpGEMM unit: products of low-bit weights and activations by table lookup, bit-serial over the weight's planes.
 * Mo et al., "LUT Tensor Core", arXiv 2408.06003 (ISCA 2025), sections 3 and 4. docs/lut_mpgemm.md has the equations.
 *
 * An array holds M tables of K activations and N weight columns: M N K one-bit multiply-adds a clock, so a weight of W planes
 * takes W clocks and the array does M N K / W multiply-adds a clock. A table has 2^(K-1) entries (the other half is its
 * negation), or 2^K in the conventional form. Arrays of one tensor core together hold 256 X reference_weight_bits lanes, X being
 * the stanza's throughput_x: its `rates` give the multiply-adds at reference_weight_bits, at X = 1, by activation format.
 *
 * Ports of an array, bits a pass of W clocks: tables M entries table_bits in, weights K N W in, partial sums M N C in and M N C out.
 * Tables are read by all N columns and not kept in the array. An array adds consecutive K slices of one instruction (psum_depth
 * activations) in its own registers; partial sums cross their port once an instruction, in and out.
 * Left out: half-precision rounding of tables (numerics), the clock gating of planes that are all zero.
 */
#include "sim/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "sim/lut.h"

static const struct param_spec params[] = {
    { .key = "array_m", .kind = Q_COUNT, .min = 1, .max = 1024, .otherwise = 2, .doc = "tables an array holds (M)" },
    { .key = "array_n", .kind = Q_COUNT, .min = 1, .max = 4096, .otherwise = 64, .doc = "weight columns that share a table (N)" },
    { .key = "array_k", .kind = Q_COUNT, .min = 1, .max = 8, .otherwise = 4, .doc = "activations one table covers (K)" },
    { .key = "reference_weight_bits", .kind = Q_COUNT, .min = 1, .max = 8, .otherwise = 2,
      .doc = "weight planes at which the stanza's rates hold: lanes = rate x this" },
    { .key = "max_weight_bits", .kind = Q_COUNT, .min = 1, .max = 8, .otherwise = 4, .doc = "most planes a weight may have" },
    { .key = "psum_depth", .kind = Q_COUNT, .min = 1, .max = 4096, .otherwise = 32,
      .doc = "activations along K that an array sums up before partial sums go through their port: depth of one instruction" },
    { .key = "table_scale_group", .kind = Q_COUNT, .min = 0, .max = 65536, .otherwise = 0,
      .doc = "activations along K that share a table scale; 0: a whole row (applied in the epilogue)" },
    { .key = NULL },
};
static const char *const text_keys[] = { "table", "table_format", "precompute", "psum_format", NULL };

struct lut_shape lut_shape_of(const struct arch_unit *unit, const struct format *activation)
{
    const char *table = unit_text(unit, "table"), *build = unit_text(unit, "precompute");
    const char *format = unit_text(unit, "table_format"), *psum = unit_text(unit, "psum_format");
    struct lut_shape s = {
        .m = (int64_t)unit_param(unit, "array_m"),
        .n = (int64_t)unit_param(unit, "array_n"),
        .k = (int64_t)unit_param(unit, "array_k"),
        .reference_bits = (int64_t)unit_param(unit, "reference_weight_bits"),
        .table_format = format != NULL ? format_find(format) : activation,
        .psum_format = psum != NULL ? format_find(psum) : NULL,
        .full_table = table != NULL && strcmp(table, "full") == 0,
        .built_at_unit = build != NULL && strcmp(build, "unit") == 0,
    };
    s.entries = (int64_t)1 << (s.full_table ? s.k : s.k - 1);
    return s;
}

int64_t lut_planes(const struct format *weight)
{
    return weight->planes;
}

/* Adds to build one table: the two halves' tables, then one addition an entry. Signs are free. A(1) = 0. */
static double build_adds(int64_t k, int64_t entries)
{
    if (k <= 1)
        return 0;
    int64_t left = k / 2, right = k - left;
    return (double)entries + build_adds(left, (int64_t)1 << (left - 1)) + build_adds(right, (int64_t)1 << (right - 1));
}

double lut_build_ops_per_activation(const struct lut_shape *s)
{
    /* additions run packed where two entries fill a register; the store packs them, one op a register */
    double per_register = s->table_format->bits >= 32 ? 1 : 32.0 / s->table_format->bits;
    double packed_add = s->table_format->family == FORMAT_FLOAT && s->table_format->bits <= 16 ? 2 : 1;

    return (build_adds(s->k, s->entries) / packed_add + (double)s->entries / per_register) / (double)s->k;
}

static const struct arch_rate *activation_rate(const struct arch_unit *unit, const struct format *a)
{
    for (int64_t i = 0; i < unit->rates_count; i++)
        if (unit->rates[i].format == a)
            return &unit->rates[i];
    return NULL;
}

static bool weight_ok(const struct arch_unit *unit, const struct unit_request *q, const char **reason)
{
    const struct format *w = q->b->format;

    *reason = !q->b_is_weight                                     ? "tables need static weights: the second operand is an activation"
              : w->planes == 0                                    ? "weights have no bit planes"
              : w->planes > unit_param(unit, "max_weight_bits")   ? "weights have more planes than the unit walks through"
              : q->b->two_of_four || q->b->sparsity > 0           ? "sparse weights cannot index a table"
                                                                  : NULL;
    return *reason == NULL;
}

/* Scaling of partial sums in the main loop: an FMA an output and group, an int32 -> fp32 conversion before it where sums are integers. */
static void scale_cost(struct unit_service *s, const struct arch_unit *unit, const struct unit_request *q, bool integer_sums)
{
    int64_t weight_group = q->b->group > 0 ? q->b->group : 0, table_group = (int64_t)unit_param(unit, "table_scale_group");
    double each = integer_sums ? 2 : 1;

    if (table_group > 0 && (weight_group == 0 || table_group < weight_group)) {
        s->scale_group = table_group;
        s->vector_ops_per_scale_output = each;
        if (weight_group > 0) /* weights' scales come on top, less often */
            s->vector_ops_per_scale_output += (1.0 + (q->b->zero_point ? 1 : 0)) * (double)table_group / (double)weight_group;
        return;
    }
    s->scale_group = weight_group;
    s->vector_ops_per_scale_output = weight_group > 0 ? each + (q->b->zero_point ? 1 : 0) : 0;
}

static bool serve(struct unit_service *s, const struct arch_unit *unit, const struct hardware *hw, const struct unit_request *q,
                  const char **reason)
{
    const struct arch_rate *rate = activation_rate(unit, q->a->format);

    (void)hw;
    if (!weight_ok(unit, q, reason))
        return false;
    if (rate == NULL) {
        *reason = "the unit builds no table for this activation format";
        return false;
    }
    struct lut_shape shape = lut_shape_of(unit, q->a->format);
    int64_t planes = lut_planes(q->b->format);
    const struct format *psum = shape.psum_format != NULL ? shape.psum_format : rate->accumulator != NULL ? rate->accumulator : q->accumulator;
    int64_t depth = (int64_t)unit_param(unit, "psum_depth");
    bool integer_sums = shape.table_format->family != FORMAT_FLOAT;

    *s = (struct unit_service){
        .compute_a = q->a->format,
        .compute_b = q->b->format,
        .fma_per_cycle_sm = rate->fma_per_cycle_sm * (double)shape.reference_bits / (double)planes,
        /* one clock a plane, one more to the register between lookup and adder (variant B of the authors' RTL) */
        .latency_cycles = (double)planes + 1,
        .tile_m = shape.m, .tile_n = shape.n, .tile_k = shape.k > depth ? shape.k : depth,
        .a_expand = (double)shape.entries / (double)shape.k,
        .a_shared_bits = (double)shape.entries / (double)shape.k * shape.table_format->bits,
        .b_shared_bits = q->b->format->bits,
        .table_format = shape.table_format,
        .table_at_unit = shape.built_at_unit,
        .psum_bits = 2.0 * psum->bits,
        .register_bits_per_output = psum->bits,
        .energy_op = integer_sums ? "lut_lane_int8" : shape.table_format->bits <= 8 ? "lut_lane_fp8" : "lut_lane_fp16",
        .energy_ops_per_fma = (double)planes,
        .entry_op = !shape.built_at_unit ? NULL : integer_sums ? "lut_entry_int8" : shape.table_format->bits <= 8 ? "lut_entry_fp8" : "lut_entry_fp16",
        .entries_per_fma = shape.built_at_unit ? (double)shape.entries / (double)(shape.k * shape.n) : 0,
        .note = shape.built_at_unit ? "table lookup, tables built beside each lookup unit" : "table lookup",
    };
    if (shape.built_at_unit) { /* activations travel, not tables; the full table is rebuilt in hardware for every pass */
        s->a_shared_bits = q->a->format->bits;
        s->a_expand = 1;
        s->latency_cycles += 1 + ceil(log2((double)shape.k)); /* a stage a level of the adders that build a table, one for its register */
    }
    scale_cost(s, unit, q, integer_sums);
    return true;
}

static enum status check_text(const struct arch_unit *unit, const char *key, const char *const *allowed, size_t count, struct error *err)
{
    const char *text = unit_text(unit, key);

    for (size_t i = 0; text != NULL && i < count; i++)
        if (strcmp(text, allowed[i]) == 0)
            return STATUS_OK;
    if (text == NULL)
        return STATUS_OK;
    const char *near = nearest_name(text, allowed, count);
    return error_set(err, STATUS_BAD_INPUT, yaml_find(unit->node, key)->at, "'%s' of unit '%s' is '%s', expected %s or %s%s%s", key,
                     unit->name, text, allowed[0], allowed[1], near != NULL ? "; nearest is " : "", near != NULL ? near : "");
}

static enum status check(const struct arch_unit *unit, struct error *err)
{
    static const char *const tables[] = { "half", "full" }, *const builds[] = { "operator", "unit" };
    static const char *const formats[] = { "table_format", "psum_format" };
    enum status st;

    if (unit->rates_count == 0)
        return error_set(err, STATUS_BAD_INPUT, unit->node->at, "missing key 'fma_per_cycle_sm' in unit '%s' (%s), expected rates by format, as in {int8: 1024}",
                         unit->name, unit->kind);
    if ((st = check_text(unit, "table", tables, 2, err)) || (st = check_text(unit, "precompute", builds, 2, err)))
        return st;
    for (size_t i = 0; i < 2; i++) {
        const char *text = unit_text(unit, formats[i]);
        if (text != NULL && format_find(text) == NULL)
            return error_set(err, STATUS_BAD_INPUT, yaml_find(unit->node, formats[i])->at, "unknown number format '%s'", text);
    }
    return STATUS_OK;
}

/* Widest rate of the stanza: its table format and accumulator are built, narrower ones use them. */
static const struct arch_rate *widest_rate(const struct arch_unit *unit)
{
    const struct arch_rate *best = unit->rates_count > 0 ? &unit->rates[0] : NULL;

    for (int64_t i = 1; i < unit->rates_count; i++)
        if (unit->rates[i].format->bits > best->format->bits || (unit->rates[i].format->bits == best->format->bits && unit->rates[i].format->family == FORMAT_FLOAT && best->format->family != FORMAT_FLOAT))
            best = &unit->rates[i];
    return best;
}

void lut_parts_of(struct lut_parts *out, const struct arch_unit *unit, const struct arch_rate *rate)
{
    struct lut_shape s = lut_shape_of(unit, rate->format);
    const struct format *sums = s.psum_format != NULL ? s.psum_format : rate->accumulator;
    bool integers = s.table_format->family != FORMAT_FLOAT;
    double lanes = rate->fma_per_cycle_sm * (double)s.reference_bits, arrays = lanes / (double)(s.m * s.n * s.k);
    struct datapath lookup = {
        .kind = DATAPATH_LUT_DOT, .k = (int)s.k, .activation = datapath_number_of(rate->format), .weight = { .kind = NUMBER_INT, .bits = 1 },
        .accumulator = sums != NULL ? datapath_number_of(sums) : (struct datapath_number){ .kind = NUMBER_INT, .bits = 32 },
        .table = datapath_number_of(s.table_format), .planes = 1, .serial = true, .full = s.full_table,
    };

    if (integers) /* a conversion of the sums to another format waits for the epilogue */
        lookup.accumulator = (struct datapath_number){ .kind = NUMBER_INT, .bits = 32 };
    *out = (struct lut_parts){
        .lookup = lookup, .lookups = lanes / (double)s.k,
        .builder = { .kind = DATAPATH_LUT_TABLE, .k = (int)s.k, .activation = lookup.activation, .table = lookup.table, .full = s.full_table },
        .builders = s.built_at_unit ? arrays * (double)s.m : 0,
        .entries = (double)s.entries,
        .register_bits = arrays * (double)(s.m * lut_table_bits(&s) + s.n * s.k),
    };
}

static void resources(struct unit_resources *out, const struct arch_unit *unit)
{
    const struct arch_rate *rate = widest_rate(unit);
    struct lut_parts p;

    *out = (struct unit_resources){ 0 };
    if (rate == NULL)
        return;
    lut_parts_of(&p, unit, rate);
    unit_part_add(out, &p.lookup, p.lookups, PART_OWN, 0);
    unit_part_add(out, &p.builder, p.builders, PART_OWN, 0);
    out->register_bits = p.register_bits;
}

const struct unit_type unit_lut_mpgemm = {
    .name = "lut_mpgemm",
    .block = UNIT_BLOCK_LOOKUP,
    .summary = "table lookup, bit-serial over the weight's bits",
    .params = params,
    .text_keys = text_keys,
    .serve = serve,
    .check = check,
    .resources = resources,
};
