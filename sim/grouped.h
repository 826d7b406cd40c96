/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Grouped GEMM: one launch over the products of a mixture's experts, each with rows of its own. docs/moe.md
 * Every expert's rows are padded to whole tiles, so the grid is   sum over experts ceil(rows / tile_m) x ceil(n / tile_n)   blocks.
 */
#ifndef LLMSIM_SIM_GROUPED_H
#define LLMSIM_SIM_GROUPED_H

#include "sim/kernel.h"
#include "sim/mapping.h"
#include "sim/timing.h"

/** Rows of all products together; plain: m x batch. */
double gemm_rows(const struct gemm_kernel_shape *g);
/** Rows of tiles of all products together; plain: ceil(m / tile_m) x batch. */
int64_t gemm_row_tiles(const struct gemm_kernel_shape *g, int64_t tile_m);

/**
 * The stack's grouped kernel for k->gemm.grouped: its tuned shapes and rule "best" take the fastest of its catalogue (moe.kernels, or
 * the GEMM catalogue where it has none for the unit's instruction), rule "tokens" the small kernel up to as many tokens as experts.
 * @param by_library  by the stack's rule; else the fastest of the catalogue
 * @return its time at the sustained clock (s); INFINITY: none is legal, and `why`
 */
double grouped_search(struct gemm_mapping *out, const struct kernel *k, const struct timing_context *ctx, bool by_library, const char **why);

#endif
