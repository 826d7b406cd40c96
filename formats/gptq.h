/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Rounding that makes up for its errors (GPTQ, arXiv 2210.17323): columns of W are rounded in order, and the error of each is taken out of the columns
 * after it as the Hessian of the layer's output error has it. docs/formats.md, 8.
 *
 *   H = sum x x^T / tokens + damping mean(diag) I        x: calibration activations           H^-1 = U^T U, U upper
 *   e = (w_i - q_i) / U_ii,   w_j -= e U_ij  for j > i                                        (Eq. 6)
 *
 * H is taken in blocks of columns on its diagonal, so that memory is cols x block doubles whatever the rows and tokens; between blocks nothing moves.
 * Scales, zero points, levels and places are those of rounding alone ("static groups"); what a scheme leaves out (sparsity) or holds in fp16 takes part
 * with the error it has. Left out: columns in the order of the diagonal ("act order"), scales chosen anew as weights move.
 */
#ifndef LLMSIM_FORMATS_GPTQ_H
#define LLMSIM_FORMATS_GPTQ_H

#include "formats/quant.h"

struct gptq;

/** `block`: columns of a block, at least 1; lowered so that the blocks take at most 64 MiB. Handle: gptq_close(). */
enum status gptq_open(struct gptq **out, int64_t cols, int64_t block, struct error *err);
/** Columns of a block as taken. */
int64_t gptq_block(const struct gptq *g);
/** Adds activations x[tokens][cols], in the basis that the weights are quantized in. Values that are not finite count as 0. */
void gptq_add(struct gptq *g, const float *x, int64_t tokens);
/** Factors the Hessians; after the last gptq_add(), before the first gptq_round(). `damping` over the mean of the diagonal, 1e-4 to 1.
 *  STATUS_BAD_INPUT: no activation but zeros. */
enum status gptq_factor(struct gptq *g, double damping, struct error *err);
/** Rounds the elements of m = quant_quantize(values[rows][cols]) anew. `first_element` as there. */
enum status gptq_round(struct quant_matrix *m, const struct gptq *g, const float *values, const struct encode_rule *rule, int64_t first_element, struct error *err);
void gptq_close(struct gptq *g); /* NULL allowed */

#endif
