/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A matrix unit as the K-loop sees it, whatever it is: tensor core, LUT mpGEMM unit, FPGA minifloat datapath, vector unit.
 * A unit type is one const descriptor in one file (sim/unit_*.c) and one line in sim/units.c; core loops never compare names.
 */
#ifndef LLMSIM_SIM_UNIT_H
#define LLMSIM_SIM_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/hardware.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/quantity.h"
#include "formats/format.h"
#include "sim/datapath.h"

/** What a matrix product asks of a unit. */
struct unit_request {
    const struct quant *a, *b;          /* activations, weights (or the second activation) */
    const struct format *accumulator;
    const char *without;                /* units with this instruction are left out: the library has no kernels for it; NULL: none */
    bool b_is_weight;                   /* static: may be reordered offline; a LUT unit needs it */
};

/** How a unit serves a request. Rates are of one SM, all `per_sm` copies together, in SM clocks; issue_efficiency is not in them. */
struct unit_service {
    const struct format *compute_a, *compute_b; /* formats at the unit's ports: b after dequantization when it has no native path */
    bool dequantize;                    /* vector lanes convert b in the main loop (unless the stack does it separately) */
    double fma_per_cycle_sm;            /* sustained peak: multiply-adds of the logical product */
    double latency_cycles;              /* issue to result */
    bool whole_passes;                  /* an array of tile_m x tile_n elements: a smaller tile takes its time too, a larger one takes passes */
    double fill_cycles;                 /* array: from a block's last operands to its last results (skew of the wavefront, pipeline) */
    double accumulate_cycles;           /* array: between two additions to one output (float sums); other passes of the tile fill them. 0 or 1: none */
    int64_t tile_m, tile_n, tile_k;     /* instruction or array tile, elements: kernels tile in multiples of it */
    double a_shared_bits, b_shared_bits;/* bits an element occupies in shared memory, scales excluded (LUT: a is table entries) */
    double a_expand;                    /* table entries per activation: LUT 2^(K-1)/K; 1 elsewhere */
    const struct format *table_format;  /* LUT: entry format; else NULL */
    bool operands_from_shared;
    double vector_ops_per_weight;       /* lane operations to dequantize one weight once */
    double vector_ops_per_scale_output; /* lane FMAs per output element and K-group: group scales and zero points on partial sums */
    int64_t scale_group;                /* elements along K of such a group; 0: none in the main loop */
    bool table_at_unit;                 /* LUT: hardware beside each lookup unit builds the tables; nothing is precomputed */
    double psum_bits;                   /* partial-sum port: bits per output element and pass, in and out */
    double register_bits_per_output;    /* accumulators held while a tile is worked on */
    const char *energy_op;              /* name in hardware.energy.ops of one logical FMA (or lane operation) */
    double energy_ops_per_fma;          /* LUT: bit planes / K lookups ... */
    const char *entry_op;               /* LUT: the same of a table entry that the unit builds; NULL: it builds none */
    double entries_per_fma;             /* entries built at the unit: entries of a table over the K N multiply-adds that it serves in a pass */
    const char *note;                   /* for the report: "int2 x int8 by table lookup, 2 planes" */
};

struct param_spec {
    const char *key;
    enum quantity_kind kind;
    double min, max, otherwise;         /* otherwise: default; NAN = required */
    const char *doc;
};

/** Parts that serve several formats with the same hardware: the widest need of a class decides. */
enum unit_share { PART_OWN, PART_SHARED_FLOAT, PART_SHARED_INT };

struct unit_part {
    struct datapath what;
    double count;                       /* built in one SM */
    enum unit_share share;
    int rate;                           /* shared: parts of one rate of the stanza are built together */
};

struct fpga_unit_use;

enum { UNIT_PARTS_MAX = 2 * ARCH_RATES_MAX };

/** Technology-neutral resources of all copies in one SM: datapaths, and flip-flops beside those inside them (tables, operands). costmodel/ turns them into gates, mm2 and joules. */
struct unit_resources {
    int64_t parts_count;
    struct unit_part parts[UNIT_PARTS_MAX];
    double register_bits;
};
/** Adds a part; nothing where the list is full or the count is not above 0. */
void unit_part_add(struct unit_resources *out, const struct datapath *what, double count, enum unit_share share, int rate);

/** Where a unit's area is reported. */
enum unit_block { UNIT_BLOCK_LOOKUP, UNIT_BLOCK_MATRIX, UNIT_BLOCK_VECTOR };

struct unit_type {
    const char *name, *summary;
    const struct param_spec *params;    /* ends with key NULL */
    enum unit_block block;
    bool last_resort;                   /* chosen only when no other unit serves (vector lanes) */
    const char *const *text_keys;       /* other keys of the stanza that the type reads (text or mappings); ends with NULL */
    /** Can it do the request? Fills `service` and returns true; else false and says why in `reason` (static text). */
    bool (*serve)(struct unit_service *service, const struct arch_unit *unit, const struct hardware *hw,
                  const struct unit_request *request, const char **reason);
    /** Checks what params alone cannot (text keys). NULL: nothing more. */
    enum status (*check)(const struct arch_unit *unit, struct error *err);
    /** What it is built of; NULL: unknown */
    void (*resources)(struct unit_resources *out, const struct arch_unit *unit);
    /** Blocks of an FPGA that the unit of a chip with a fabric takes (sim/fpga_datapath.h). NULL: it cannot be built there. */
    enum status (*fpga_use)(struct fpga_unit_use *out, const struct arch_unit *unit, const struct hardware *hw, struct error *err);
};

const struct unit_type *const *unit_types(int64_t *count);
const struct unit_type *unit_type_find(const char *name);
/** Checks the stanzas of every unit of a chip against their types. */
enum status units_check(const struct hardware *hw, struct error *err);
/** Value of a parameter of a checked unit. */
double unit_param(const struct arch_unit *unit, const char *key);

/** Best unit of the chip for a request: native before dequantized, fastest first, order in the file breaks ties. Falls to the vector unit, visibly. NULL: none. */
const struct arch_unit *unit_choose(struct unit_service *service, const struct hardware *hw, const struct unit_request *request);

#endif
