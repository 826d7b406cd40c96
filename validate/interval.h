/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Error bars: how far left-out rows of the same class were off. docs/intervals.md
 *
 * A class is (generation, kind, group, size): group is the formats of a GEMM, the phase of attention, the operator of a stream, the metric of a
 * serving row; size is the decade of the predicted time. validate/residuals.yaml holds the 10 % and 90 % quantiles of measured / predicted of rows
 * that the calibration had not seen. A class of its own generation is used where it has rows enough; a generation without data takes the widest
 * of the others', spread further, because three generations do not show how generations differ.
 */
#ifndef LLMSIM_VALIDATE_INTERVAL_H
#define LLMSIM_VALIDATE_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/** Quantiles of measured / predicted over `rows` rows. */
struct residual_class {
    const char *generation, *kind, *group, *size; /* group "", size "": all */
    double low, high, median;
    int64_t rows;
};

struct residual_library { int64_t count, capacity; struct residual_class *items; };

enum { INTERVAL_ROWS_MIN = 25 }; /* fewer tell no 10 % quantile */

/** Reads a file of intervals. */
enum status residual_library_read(struct residual_library *out, const char *path, struct arena *arena, struct error *err);
/** Reads validate/residuals.yaml of the data directory; absent: an empty library. */
enum status residual_library_load(struct residual_library *out, struct arena *arena, struct error *err);

/** "under 10 us", "10 to 30 us", "30 to 100 us", "over 100 us". */
const char *interval_size_of(double time_s);

/** 80 % interval of measured / predicted with its median (1 for a generation without data: *own false); false where nothing is known of the kind. */
bool interval_of(double *low, double *median, double *high, bool *own, const struct residual_library *lib, const char *generation, const char *kind, const char *group,
                 double time_s);

/** 80 % interval of measured / predicted where `generation` has no data, or as if it had none: what the other generations give, spread; false where
 *  none knows the kind. */
bool interval_unseen(double *low, double *high, const struct residual_library *lib, const char *generation, const char *kind, const char *group,
                     double time_s);

/** Replaces the classes of `generation` of the kinds that the rows hold by those of their ratios (measured / predicted). */
struct residual { const char *kind, *group; double time_s, ratio; };
enum status residual_library_replace(struct residual_library *lib, const char *generation, const struct residual *rows, int64_t count,
                                     struct arena *arena, struct error *err);

/** The same, and writes the file. */
enum status residual_library_write(const char *path, struct residual_library *lib, const char *generation, const struct residual *rows, int64_t count,
                                   struct arena *arena, struct error *err);

#endif
