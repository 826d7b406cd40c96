/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vector lanes of an SM as a matrix unit: what nothing else takes runs here, visibly slowly. One FMA a lane and clock in fp32;
 * 16-bit pairs at the packed rate when they also accumulate in 16 bits. Integers go through the fp32 lanes or, four 8-bit
 * products at a time, through the integer ones (dp4a). Left out: register bank conflicts.
 */
#include "sim/units.h"

#include <math.h>

#include "sim/fpga_datapath.h"

static const struct param_spec params[] = { { .key = NULL } };
static const char *const text_keys[] = { NULL };

static bool wide_integer(const struct format *f)
{
    return f->family != FORMAT_FLOAT && f->family != FORMAT_CODEBOOK && f->bits <= 8;
}

static bool serve(struct unit_service *s, const struct arch_unit *unit, const struct hardware *hw, const struct unit_request *q,
                  const char **reason)
{
    const struct format *a = q->a->format, *b = q->b->format;
    bool half = a->family == FORMAT_FLOAT && a->bits == 16 && b == a && q->accumulator != NULL && q->accumulator->bits == 16;
    bool bytes = wide_integer(a) && wide_integer(b);
    const struct format *compute = half ? a : bytes ? format_find("int8") : format_find("fp32");

    (void)hw;
    *reason = NULL;
    *s = (struct unit_service){
        .compute_a = compute,
        .compute_b = compute,
        .dequantize = b != compute,
        .fma_per_cycle_sm = half ? unit->fma_fp16_per_cycle_sm : bytes ? 4 * unit->int32_ops_per_cycle_sm : unit->fma_fp32_per_cycle_sm,
        .latency_cycles = 4,
        .tile_m = 1, .tile_n = 1, .tile_k = bytes ? 4 : half ? 2 : 1,
        .a_shared_bits = compute->bits,
        .b_shared_bits = b->bits,
        .a_expand = 1,
        .vector_ops_per_weight = format_unpack_ops(b, compute) + format_unpack_ops(a, compute) * 0,
        .vector_ops_per_scale_output = q->b->group > 0 && bytes ? 2 + (q->b->zero_point ? 1 : 0) : 0,
        .scale_group = q->b->group > 0 && bytes ? q->b->group : 0,
        .register_bits_per_output = 32,
        .energy_op = half ? "fma_fp16_vector" : bytes ? "dp4a" : "fma_fp32_vector",
        .energy_ops_per_fma = bytes ? 0.25 : 1,
        .note = "no matrix unit takes the pair: vector lanes",
    };
    if (s->fma_per_cycle_sm <= 0)
        s->fma_per_cycle_sm = unit->fma_fp32_per_cycle_sm;
    if (!bytes && q->b->group > 0 && s->dequantize)
        s->vector_ops_per_weight += 1; /* group scale: one multiply a weight in fp32 */
    return s->fma_per_cycle_sm > 0;
}

/* On an FPGA lanes are built of blocks that the fabric's description gives. */
static enum status fpga_use(struct fpga_unit_use *out, const struct arch_unit *unit, const struct hardware *hw, struct error *err)
{
    const struct fpga_blocks *lane = &hw->fpga.lane, *sfu = &hw->fpga.sfu;
    double lanes = unit->fma_fp32_per_cycle_sm, functions = unit->sfu_per_cycle_sm;

    (void)err;
    *out = (struct fpga_unit_use){ .copies = 1, .macs_per_cycle = lanes };
    out->each = (struct fpga_blocks){ .lut = lanes * lane->lut + functions * sfu->lut, .ff = lanes * lane->ff + functions * sfu->ff,
                                      .dsp = lanes * lane->dsp + functions * sfu->dsp, .bram = lanes * lane->bram + functions * sfu->bram,
                                      .uram = lanes * lane->uram + functions * sfu->uram };
    out->blocks = out->each;
    return STATUS_OK;
}

/* A fused multiply-add and an integer multiplier a lane; packed halves, shifts and logic ride in them. Special functions are left out. */
static void resources(struct unit_resources *out, const struct arch_unit *unit)
{
    struct datapath_number fp32 = { .kind = NUMBER_FLOAT, .bits = 32, .e = 8, .m = 23 }, int32 = { .kind = NUMBER_INT, .bits = 32 };
    struct datapath fma = { .kind = DATAPATH_FLOAT_DOT, .k = 1, .activation = fp32, .weight = fp32, .accumulator = fp32 };
    struct datapath multiply = { .kind = DATAPATH_INT_MUL, .k = 1, .activation = int32, .weight = int32 };

    *out = (struct unit_resources){ 0 };
    unit_part_add(out, &fma, unit->fma_fp32_per_cycle_sm, PART_OWN, 0);
    unit_part_add(out, &multiply, unit->int32_ops_per_cycle_sm, PART_OWN, 0);
}

const struct unit_type unit_vector = {
    .name = "vector",
    .block = UNIT_BLOCK_VECTOR,
    .resources = resources,
    .summary = "vector lanes: one multiply-add each a clock, any format",
    .params = params,
    .text_keys = text_keys,
    .last_resort = true,
    .serve = serve,
    .fpga_use = fpga_use,
};
