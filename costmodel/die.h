/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Area of a chip's die, block by block, from what is built on it: arithmetic, memories, control, crossbar, interfaces. docs/cost.md
 * Blocks are those of LLMCompass (arXiv 2312.03134, figure 6). Areas in mm2 of one die, each with the range of its uncertain inputs.
 */
#ifndef LLMSIM_COSTMODEL_DIE_H
#define LLMSIM_COSTMODEL_DIE_H

#include "arch/technology.h"
#include "costmodel/synthesis.h"
#include "sim/unit.h"

enum die_block { DIE_CORES, DIE_INTERCONNECT, DIE_L2, DIE_MEMORY_PHY, DIE_MEMORY_CONTROL, DIE_LINK_PHY, DIE_LINK_CONTROL, DIE_HOST_PHY, DIE_OTHER, DIE_BLOCKS };

/** Memories on chip. A sub-core's registers are as wide as a warp's operand, an SM's L1 as its shared memory, a slice of L2 as a sector. */
enum die_memory { MEMORY_REGISTERS, MEMORY_L1, MEMORY_L2, DIE_MEMORIES };
extern const char *const die_memory_names[DIE_MEMORIES];

/** Parts of one SM. */
enum sm_part { SM_MATRIX, SM_FP64, SM_VECTOR, SM_LUT, SM_REGISTERS, SM_L1, SM_CONTROL, SM_PARTS };

struct die_area {
    struct tech_range block_mm2[DIE_BLOCKS], sm_mm2[SM_PARTS];
    struct tech_range sm_total_mm2, total_mm2; /* ends of ranges are sums of ends: wider than 80 % */
    struct sram memory[DIE_MEMORIES];          /* one of each: SRAM of its bits, without what cache_area_x and register_area_x add */
    double memory_bytes[DIE_MEMORIES], memory_port_bits[DIE_MEMORIES], memory_count[DIE_MEMORIES]; /* on one die */
    struct tech_range across_j_per_byte;       /* wires from an SM to L2: the crossbar's mean way; beside the read of the slice itself */
    double known_mm2;                          /* area.die over dies; 0: not known */
};

extern const char *const die_block_names[DIE_BLOCKS], *const sm_part_names[SM_PARTS];

/** STATUS_BAD_INPUT: no floorplan, no node; STATUS_INFEASIBLE: a part that no synthesis row and no formula covers. */
enum status die_area_of(struct die_area *out, const struct arch_floorplan *plan, const struct hardware *hw, const struct synthesis *s, struct error *err);

/** SRAM of one of a chip's memories. bytes 0: it has none. */
enum status die_memory_of(struct sram *out, double *bytes, double *port_bits, enum die_memory which, const struct hardware *hw, const struct synthesis *s,
                          const struct tech_node *node, struct error *err);

/** Netlists of a unit's parts at 45 nm, pipelined, not placed, of all its copies in one SM: um2. What parts of one class share is counted once. */
enum status unit_area_45(struct tech_range *um2, const struct unit_resources *r, const struct synthesis *s, struct error *err);

#endif
