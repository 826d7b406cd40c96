/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a GEMM's blocks take from L2 and what of it comes from DRAM, from the order in which tiles are walked. docs/gemm.md, 3.
 *
 * Blocks are walked in panels of `swizzle` tile rows: down the panel's rows, then along N, then the next panel. So
 *   A:  a panel's rows are read once from DRAM if the panel stays in L2 while N is walked, else once per wave of the panel;
 *   B:  read once per panel, less what L2 still holds of it from the panel before.
 * The capacity that a reused operand can count on is bytes x hash_capacity_share, which with two partitions is about half:
 * data that both sides read takes room in both. Left out: set conflicts, replacement order, blocks of a wave drifting apart.
 */
#ifndef LLMSIM_SIM_L2_REUSE_H
#define LLMSIM_SIM_L2_REUSE_H

#include "arch/hardware.h"
#include "sim/kernel.h"

struct l2_reuse {
    double a_dram_bytes, b_dram_bytes; /* read from DRAM, whole kernel */
    double a_miss_share, b_miss_share; /* of the first touches of a wave: what waits for DRAM, 0 to 1 */
    double write_dram_bytes;           /* results that L2 cannot hold */
    int64_t panel_rows;                /* tile rows of a panel */
};

/** Bytes of L2 that data read by every SM can count on. */
double l2_shared_capacity_bytes(const struct arch_l2 *l2);

/**
 * @param grid_m, grid_n   tiles of one matrix of the batch
 * @param concurrent_tiles output tiles worked on at once (blocks in flight / split_k)
 * @param tile_m           rows of a tile; @param swizzle panel height in blocks of 128 rows, 0 = the model picks the squarest wave
 */
void l2_reuse_gemm(struct l2_reuse *out, const struct gemm_kernel_shape *g, const struct warmth *warm, const struct arch_l2 *l2,
                   int64_t grid_m, int64_t grid_n, double concurrent_tiles, int64_t tile_m, int64_t tile_n, int64_t swizzle);

#endif
