/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One measured row in, one prediction out. A kind of measurement (gemm, elementwise, attention, moe, collective, endtoend, training,
 * training_memory) is one file validate/kind_NAME.c and one line in the table of validate/kinds.c; its schema is recognised by its
 * columns. A prediction never reads the measured column: row_text() answers "" for it.
 */
#ifndef LLMSIM_VALIDATE_PREDICT_H
#define LLMSIM_VALIDATE_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "sim/timing.h"
#include "validate/harness.h"
#include "validate/interval.h"
#include "validate/rows.h"

enum { PREDICTION_MAPPING_MAX = 96 };

/** What a prediction says. `value` is in the row's unit (kernels: microseconds). */
struct prediction {
    double value;
    double low, high;                 /* 80 % interval; NAN where there is none */
    const char *generation;           /* of the device that was timed; NULL: that of the column `device` */
    struct timing timing;             /* of the kernel, or the longest of the row; zero where there is none */
    char mapping[PREDICTION_MAPPING_MAX];
    const char *bound;                /* cause_name(); "" none */
    double simulated_fraction;
    const char *note;                 /* what was assumed about this row beyond its source, in the arena of the row; NULL: nothing */
};

/** What predict_kernel() saw of a row: for those who want the kernel itself. */
struct prediction_watch {
    int64_t kernels;                  /* timed */
    double kernels_s, longest_s;
    struct kernel kernel;             /* the longest, owned by the predictor's arena; role "" becomes the row's kind */
    struct timing_context ctx;        /* it was timed in */
};

/** Devices, stacks and harnesses loaded once; owned by the caller, not shared between threads. */
struct predictor {
    struct arena arena;               /* lives as long as the predictor */
    const struct fidelity *fidelity;
    struct harness_library harnesses;
    struct residual_library residuals;
    const struct arch_override *overrides; /* laid over every device (calibration, sensitivity); set before the first row */
    int64_t overrides_count;
    bool uncalibrated;                     /* predictor_uncalibrate() was called */
    struct engine_entry *engines;          /* private: validate/engines.h */
    struct prediction_watch *watch;        /* NULL: nobody watches */
    struct predictor_entry *devices, *stacks; /* private: what was loaded, by name */
};

enum status predictor_open(struct predictor *out, const char *fidelity, struct error *err);
/** From here on every device is predicted as if no row of its generation had been measured: without fitted values, without clocks of its sources,
 *  with the intervals that other generations give. Before the first row. */
void predictor_uncalibrate(struct predictor *p);
void predictor_close(struct predictor *p);
/** Device by name or alias. STATUS_BAD_INPUT with the nearest name when there is none: the row is a miss. */
enum status predictor_device(const struct hardware **out, struct predictor *p, const char *name, struct error *err);
/** Stack of a harness. */
enum status predictor_stack(const struct stack **out, struct predictor *p, const char *name, struct error *err);

struct measurement_kind {
    const char *name;                 /* "gemm" */
    const char *columns;              /* blank-separated: a file that has all of them is of this kind; kinds are tried in the table's order */
    const char *measured;             /* "time_us", "value" */
    const char *group_op;             /* column that `--by op` means; NULL: the kind's name */
    /** arena: scratch of this row. Not OK: the row cannot be predicted and err says why. */
    enum status (*predict)(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p,
                           struct arena *arena, struct error *err);
};

/** All kinds, most special first; ends with NULL. */
extern const struct measurement_kind *const measurement_kinds[];

/** What intervals call a row of this kind: formats, phase, operator, metric. Text in `arena`, or NULL without memory. */
const char *row_group(const struct row *row, struct arena *arena);

/** Finds the row's harness and calls its kind; low and high by the class of residuals, where the kind gave none. */
enum status predict_row(struct prediction *out, const struct row *row, struct predictor *p, struct arena *arena, struct error *err);

#endif
