/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Figures of accuracy kept in a file (validate/scoreboard.yaml) and held against what comes out now: a change that makes one worse than its margin
 * is seen, and one that makes it better has to say so. docs/validation.md, "Scoreboard"
 */
#ifndef LLMSIM_VALIDATE_SCOREBOARD_H
#define LLMSIM_VALIDATE_SCOREBOARD_H

#include "validate/folds.h"

enum { SCOREBOARD_WHERE_MAX = 6 };

/** A statistic over rows, in percent. */
struct scoreboard_statistic {
    const char *name, *summary;
    double (*of)(const struct error_statistics *s); /* as a share; NAN when no row is judged */
    double best;                     /* percent: the further away, the worse; 0 of errors */
};
extern const struct scoreboard_statistic scoreboard_statistics[]; /* ends with a NULL name */

struct scoreboard_entry {
    const char *name, *file;         /* in the folder of measurements */
    int where_count;
    const char *columns[SCOREBOARD_WHERE_MAX], *patterns[SCOREBOARD_WHERE_MAX]; /* validate/where.h */
    const char *fidelity;
    const struct scoreboard_statistic *statistic;
    int64_t sample;                  /* 0: all rows */
    bool uncalibrated;               /* as if no row of the device's generation had been measured (predictor_uncalibrate) */
    const struct fold_set *folds;    /* rows are predicted by the fit that left them out; NULL: by what ships */
    double goal;                     /* percent; NAN: none */
    double goal_low;                 /* percent: the goal is a band from here to `goal`; NAN: at most `goal` */
    double margin;                   /* percentage points either way */
    double value;                    /* percent, two decimals; NAN: not known yet */
    int64_t rows, misses;
    const char *reason;              /* why the goal is missed; "" */
    struct source_pos at;
};

struct scoreboard { int64_t count, set_count; struct scoreboard_entry *entries; struct fold_set *sets; };

/** What comes out now. */
struct scoreboard_result { double value; int64_t rows, misses; bool skipped; };

enum scoreboard_verdict { SCOREBOARD_HOLDS, SCOREBOARD_WORSE, SCOREBOARD_STALE };

/** STATUS_BAD_INPUT with file, line and column: unknown key, statistic or fidelity, no name, negative margin. Text lives in the arena. */
enum status scoreboard_read(struct scoreboard *out, const char *path, struct arena *arena, struct error *err);

/** The whole file, in one form: reading what was written and writing it again gives the same bytes. */
enum status scoreboard_write(const char *path, const struct scoreboard *board, struct error *err);

/** Fits the folds of the entries that `only` matches anew. `only`: pattern of names ("folds*|cycle*"); NULL: all. */
enum status scoreboard_refit(struct scoreboard *board, const char *folder, const char *only, const volatile sig_atomic_t *stop, struct arena *arena,
                             struct error *err);

/** The intervals of all sets' generations (fold_set_residuals) over the shipped ones (residual_library_load), as a file. */
enum status scoreboard_residuals(const char *path, const struct scoreboard *board, const char *folder, const volatile sig_atomic_t *stop, struct arena *arena,
                                 struct error *err);

/** out[board->count]: every entry that `only` matches over the files in `folder`; of the others what is kept, as skipped. STATUS_BAD_INPUT: a file is
 *  not there, an entry has no row, nothing matches `only`. */
enum status scoreboard_evaluate(struct scoreboard_result *out, const struct scoreboard *board, const char *folder, const char *only,
                                const volatile sig_atomic_t *stop, struct error *err);

/** WORSE: more misses, or the value is further from the statistic's best by more than the margin. STALE: nearer by more, or other rows than counted. */
enum scoreboard_verdict scoreboard_judge(const struct scoreboard_entry *e, const struct scoreboard_result *now);

/** Is the goal reached? Without a goal: true. Misses do not reach it. */
bool scoreboard_reached(const struct scoreboard_entry *e);

#endif
