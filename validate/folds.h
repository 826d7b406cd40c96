/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Cross-validation that is kept: which rows are left out together, and what was fitted without them, so that rows left out can be predicted again
 * without fitting again. docs/calibration.md, "Folds that are kept"
 *
 * Values are kept, predictions are not: a change of the model is seen at once, judged by parameters that never saw the rows.
 */
#ifndef LLMSIM_VALIDATE_FOLDS_H
#define LLMSIM_VALIDATE_FOLDS_H

#include "validate/calibrate.h"

enum { FOLD_FILES_MAX = 8 };

struct fold_set {
    const char *name, *device;       /* device: any of the generation */
    const char *files[FOLD_FILES_MAX]; /* in the folder of measurements */
    int file_count;
    bool by_shape;                   /* shapes are left out also where rows name models */
    int64_t folds, rows;             /* rows: of each fit, thinned evenly; 0 = all */
    struct fold_fit fits[CALIBRATE_FOLDS_MAX]; /* count 0: none kept yet */
    struct source_pos at;
};

/** Fits each fold anew (minutes) and puts the values, at four digits as they are kept, into s->fits. Texts live in the arena. */
enum status fold_set_refit(struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop, struct arena *arena, struct error *err);

/**
 * Every row of the set's files; those of the device's generation predicted by the fit that left them out, with the 80 % interval that the residuals of
 * the other folds give. Any other row has a reason why it is not. STATUS_BAD_INPUT: no fits are kept, or a value is missing.
 */
enum status fold_set_predict(struct evaluation *out, const struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop,
                             struct arena *arena, struct error *err);

/** The classes of the set's generation and of the kinds of its rows anew, from the rows as fold_set_predict has them; others stay. Texts live in the arena. */
enum status fold_set_residuals(struct residual_library *lib, const struct fold_set *s, const char *folder, const volatile sig_atomic_t *stop,
                               struct arena *arena, struct error *err);

/** A predicted row as the classes of residuals take it. */
enum status residual_of_row(struct residual *out, const struct evaluated_row *r, struct arena *arena, struct error *err);

#endif
