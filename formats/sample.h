/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Numbers of known distributions, each from its own counter, so that any piece can be made at any time. docs/formats.md, 8.
 * Inverse distribution functions of SplitMix64's output (Steele et al., OOPSLA 2014); quantiles from GSL.
 */
#ifndef LLMSIM_FORMATS_SAMPLE_H
#define LLMSIM_FORMATS_SAMPLE_H

#include "base/error.h"
#include "formats/quant.h"

enum sample_kind { SAMPLE_GAUSSIAN, SAMPLE_LAPLACE, SAMPLE_STUDENT_T, SAMPLE_UNIFORM, SAMPLE_OUTLIER, SAMPLE_LOWRANK };

enum { SAMPLE_RANK_MAX = 256 };

struct sample {
    enum sample_kind kind;
    double nu;            /* SAMPLE_STUDENT_T: degrees of freedom, > 0 */
    double share, factor; /* SAMPLE_OUTLIER: Gaussian, a share of the columns larger by a factor; SAMPLE_LOWRANK: share of the variance in common factors */
    int rank;             /* SAMPLE_LOWRANK: factors */
    uint64_t seed;
};

/** "gaussian", "laplace" (both of variance 1), "uniform" (-1 to 1), "student_t:NU", "outlier" or "outlier:SHARE:FACTOR" (0.01, 20),
 *  "lowrank" or "lowrank:RANK:SHARE" (16, 0.9): columns that go together, as activations of a model do; x = sqrt(1 - SHARE) g + sqrt(SHARE / RANK)
 *  sum_r s_r,column z_r,row, signs s and Gaussian z, variance 1. */
enum status sample_parse(struct sample *out, const char *text, uint64_t seed, struct error *err);
/** values[n]: numbers first, first + 1, ... of a matrix of `cols` columns, row-major. */
void sample_fill(float *values, const struct sample *s, int64_t first, int64_t n, int64_t cols);

#endif
