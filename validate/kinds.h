/* SPDX-License-Identifier: Apache-2.0 */
/** The kinds of measurement, and what kinds of single kernels share. */
#ifndef LLMSIM_VALIDATE_KINDS_H
#define LLMSIM_VALIDATE_KINDS_H

#include "validate/predict.h"

extern const struct measurement_kind kind_gemm, kind_attention, kind_elementwise, kind_collective, kind_moe;
extern const struct measurement_kind kind_endtoend, kind_training, kind_training_memory;

/** Bytes of an operand that lie in L2 under a cache state; 0 or all of them. */
int64_t harness_warm_bytes(enum harness_cache cache, int64_t copies, int64_t bytes, const struct hardware *hw);

/** Device, stack and clock of a row under its harness. */
enum status row_context(struct timing_context *out, const struct row *row, const struct harness *harness, struct predictor *p, struct error *err);

/** Tells who watches the predictor of a kernel of the row; predict_kernel() does so itself. Copies the longest: what it points to may be on the
 *  caller's stack, but hw, stack and fabric of `ctx` must live as long as the predictor. */
enum status watch_kernel(struct predictor *p, const struct kernel *k, const struct timing_context *ctx, double time_s, struct error *err);

/** Times a kernel, adds it to the prediction in microseconds; the longest kernel gives mapping, bound and timing. */
enum status predict_kernel(struct prediction *out, const struct kernel *k, const struct timing_context *ctx, struct predictor *p, struct error *err);

/** The elementwise operator `op` over rows x cols, as the profiled libraries write it. STATUS_BAD_INPUT: unknown, with the nearest. */
enum status stream_kernel_of(struct kernel *out, const char *op, int64_t rows, int64_t cols, const struct row *at, struct error *err);

/** One call of `op` under a harness: its kernel with the operands that the harness leaves in L2, and the host's time; added to `out`. */
enum status stream_call(struct prediction *out, const char *op, int64_t rows, int64_t cols, const struct harness *harness,
                        const struct timing_context *ctx, struct predictor *p, const struct row *at, struct error *err);

#endif
