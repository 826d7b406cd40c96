/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a scheme of weights costs in a model's quality: perplexities as published, and a proxy where none is. docs/formats.md, 9.
 *
 * The table (costmodel/tables/quality.csv) has a row for each published perplexity, the 16-bit perplexity beside it, and who says so. The proxy is a
 * regression over its rows of weights-only schemes whose error can be computed:
 *     ln ln(perplexity / perplexity in 16 bits) = c0 + c1 SQNR_dB + c2 ln(parameters / 1e9)                 (Eq. 5)
 * SQNR of the scheme on Gaussian weights, rows of 4096. It is fitted when asked, never stored. Its scatter is that of models left out: each model's
 * rows are predicted by the fit to all others.
 */
#ifndef LLMSIM_COSTMODEL_QUALITY_H
#define LLMSIM_COSTMODEL_QUALITY_H

#include "base/arena.h"
#include "formats/quant.h"

/** Rounding to nearest alone, or with weights chosen with the help of data (GPTQ, AWQ, OmniQuant, SqueezeLLM, rotations ...). Neither: trained again. */
enum quality_method { QUALITY_NEAREST, QUALITY_CALIBRATED, QUALITY_TRAINED };

struct quality_row {
    const char *model, *weights, *activations, *kv, *method, *dataset, *provenance, *source; /* activations, kv: "" where 16 bits */
    double parameters_billion; /* NaN: several models together */
    double perplexity, perplexity_16bit; /* 16 bits NaN: not published with it */
    int64_t context;
    enum quality_method kind;
    bool has_scheme;           /* `weights` is a scheme of ours, in `scheme` */
    struct quant scheme;
};

struct quality_table {
    const struct quality_row *rows;
    int64_t count;
};

/** `path` NULL: the shipped table. Rows in `arena`. Errors name file, line and column. */
enum status quality_load(struct quality_table *out, const char *path, struct arena *arena, struct error *err);

struct quality_fit {
    enum quality_method kind;
    double coefficient[3];           /* Eq. 5 */
    double covariance[3][3];         /* of the coefficients over the residual variance */
    double residual, left_out;       /* root mean square of Eq. 5's left side: in the fit; with each model left out in turn */
    int64_t rows, models, passed_over; /* passed over: no increase to take the logarithm of */
    double lowest_sqnr_db, highest_sqnr_db; /* of the rows */
};
/** STATUS_BAD_INPUT with fewer than 8 rows or 4 models of the kind. */
enum status quality_fit_rows(struct quality_fit *out, const struct quality_table *table, enum quality_method kind, struct arena *arena, struct error *err);

/** SQNR (dB) of a scheme on Gaussian weights, 64 rows of 4096. */
enum status quality_sqnr_db(double *out, const struct quant *scheme, struct error *err);

struct quality_estimate {
    double sqnr_db, ratio, low, high; /* of perplexity to that in 16 bits; low to high: 90 % prediction interval */
    bool extrapolated;                /* SQNR outside the rows of the fit */
};
void quality_estimate(struct quality_estimate *out, const struct quality_fit *fit, double sqnr_db, double parameters_billion);

#endif
