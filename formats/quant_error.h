/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Error that a scheme makes on a matrix that comes in pieces, in constant memory: of the values, and of products with them. docs/formats.md, 8.
 */
#ifndef LLMSIM_FORMATS_QUANT_ERROR_H
#define LLMSIM_FORMATS_QUANT_ERROR_H

#include "formats/sample.h"

/** Where values come from: rows first_row to first_row + rows - 1, row-major; may be called for the same rows again. */
struct quant_source {
    int64_t rows, cols;
    enum status (*read)(float *values, void *context, int64_t first_row, int64_t rows, struct error *err);
    void *context;
};

/** x the value, y what the scheme makes of it; over finite x. */
struct error_sums {
    int64_t count;
    double signal, noise, cross, other; /* sums of x^2, (x - y)^2, x y, y^2 */
    double largest;                     /* |x - y| */
};
double error_mse(const struct error_sums *s);
double error_sqnr_db(const struct error_sums *s); /* 10 log10(signal / noise); infinite without noise, NaN without signal */
double error_cosine(const struct error_sums *s);

struct quant_error_spec {
    struct quant scheme;
    struct quantize_rule rule;
    bool hadamard;           /* rows are rotated by Walsh-Hadamard blocks before, and back after: QuaRot, arXiv 2404.00456 */
    int64_t gemm_k;          /* 0: no product; else terms of a dot product, at most cols: Y = X W^T on columns 0 to k - 1 */
    struct sample activations; /* X[tokens][k] */
    int64_t tokens;
    bool has_activation_scheme;
    struct quant activation_scheme;
    const struct quant_source *activation_source; /* X in place of `activations`, of the weights' columns: its first `tokens` rows; NULL: none */
    int64_t gptq_tokens;     /* 0: elements are rounded alone; else errors are made up for (formats/gptq.h), by the Hessian of so many activations after
                                those that the product is measured on */
    int64_t gptq_block;      /* columns of a block of the Hessian */
    double gptq_damping;
    double smooth_alpha;     /* < 0: none; else W[:, j] s_j, X[:, j] / s_j, s_j = max|X_j|^alpha / max|W_j|^(1 - alpha): SmoothQuant, arXiv 2211.10438 */
};

struct quant_error {
    int64_t rows, cols, not_finite;
    int64_t rotation;          /* size of the Hadamard blocks, 0 none */
    int64_t gptq_tokens, gptq_block; /* as taken: a source may have fewer, memory room for less; 0 none */
    struct error_sums values, product;
    double kl_nats;            /* of histograms, see docs */
    double worst_row_sqnr_db;
    int64_t worst_row;
};

/** STATUS_BAD_INPUT: what the scheme, shape or options do not allow, or the source's errors. */
enum status quant_error_measure(struct quant_error *out, const struct quant_error_spec *spec, const struct quant_source *source, struct error *err);

#endif
