/* SPDX-License-Identifier: Apache-2.0 */
/** Predictions over files of measured rows, and how far they are off, by group. docs/validation.md */
#ifndef LLMSIM_VALIDATE_EVALUATE_H
#define LLMSIM_VALIDATE_EVALUATE_H

#include <signal.h>

#include "base/progress.h"
#include "validate/predict.h"

enum { EVALUATE_BY_MAX = 6, EVALUATE_WORST_MAX = 5 };

struct evaluated_row {
    struct row row;                  /* copied into the arena */
    double measured;                 /* NAN: empty */
    bool selected;                   /* by the sample */
    const char *reason;              /* why it could not be predicted; NULL: it was */
    int64_t fold;                    /* of a cross-validation, which leaves it out; -1: none */
    double value, low, high, simulated_fraction, extrapolation_error;
    const char *mapping, *bound;
    const char *note;                /* what was assumed about a predicted row; NULL: nothing */
};

struct evaluation { struct evaluated_row *rows; int64_t count, capacity; };

/** Appends the rows of a file. A row whose measured value is no number is kept as a miss. */
enum status evaluation_read(struct evaluation *e, const char *path, struct arena *arena, struct error *err);

/** Keeps about `sample` rows, stratified in proportion: rows of a file are put in order of what they are (device, phase or operator, formats,
 *  source), of the half decade of the product of their whole numbers (shapes, ranks, bytes: never what was measured), then of reading, and taken at
 *  even steps. Same rows every time, whatever the measured column holds; 0 (or no memory to sort in) = all. */
void evaluation_sample(struct evaluation *e, int64_t sample);

/** Predicts every selected row. Only STATUS_INTERNAL and STATUS_INTERRUPTED end it; anything else makes the row a miss. */
enum status evaluation_predict(struct evaluation *e, struct predictor *p, struct arena *arena, const volatile sig_atomic_t *stop,
                               struct progress *progress, struct error *err);

/** Errors of a group of rows. Relative errors are (predicted - measured) / measured. */
struct error_statistics {
    const char *keys[EVALUATE_BY_MAX];
    int64_t rows, misses, judged;    /* selected; not predicted; predicted with a measured value */
    double mape, median_ape, bias, p90_ape; /* mean |e|, median |e|, mean e, 90th percentile of |e|; NAN when none is judged */
    double time_weighted;            /* sum |predicted - measured| / sum measured */
    int64_t with_interval, covered;  /* rows with an interval; measured inside it */
    int64_t worst_count;
    const struct evaluated_row *worst[EVALUATE_WORST_MAX];
};

/** Names for `by`: a column of the files, or kind, op (phase, metric), dtype, source (the harness), size (decade of the time). */
enum status evaluation_by(const char **by, int *count, const char *text, struct arena *arena, struct error *err);

/** Text of a row under such a name; NULL without memory. */
const char *evaluation_key(const struct evaluated_row *r, const char *name, const struct predictor *p, struct arena *arena);

/** Was it predicted, and has it a measured value? (Whether it was selected is not asked.) */
bool evaluated_row_judged(const struct evaluated_row *r);

/** Groups in the order of their keys; with by_count 0 one group. `all` gets the whole. */
enum status evaluation_statistics(struct error_statistics **groups, int64_t *count, struct error_statistics *all, const struct evaluation *e,
                                  const char *const *by, int by_count, const struct predictor *p, struct arena *arena, struct error *err);

#endif
