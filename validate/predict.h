/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One measured row in, one prediction out. A kind of measurement (gemm, elementwise, attention, moe, collective, endtoend, training,
 * training_memory) is one file validate/kind_NAME.c and one line in the table of validate/kinds.c; its schema is recognised by its
 * columns. A prediction never reads the measured column: struct predictor has no access to it.
 */
#ifndef LLMSIM_VALIDATE_PREDICT_H
#define LLMSIM_VALIDATE_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "sim/timing.h"
#include "validate/harness.h"

/** Typed access to the fields of one row; the measured column answers as if it were empty. */
struct row;
const char *row_text(const struct row *row, const char *column);                                       /* "" when absent */
enum status row_count(int64_t *out, const struct row *row, const char *column, int64_t low, int64_t high, struct error *err);
bool row_has(const struct row *row, const char *column);

/** What a prediction says. `value` is in the row's unit (kernels: microseconds). */
struct prediction {
    double value, low, high;          /* low, high: 80 % interval (validate/interval.h) */
    struct timing timing;             /* of the kernel, or sums over the kernels of the row; zero where there is none */
    char mapping[96];                 /* of the (longest) kernel */
    const char *bound;                /* cause_name() */
    double simulated_fraction;
};

/** Devices, stacks and harnesses loaded once; owned by the caller, not shared between threads. */
struct predictor {
    struct arena arena;               /* lives as long as the predictor */
    const struct fidelity *fidelity;
    struct harness_library *harnesses;
    const struct arch_override *overrides; int64_t overrides_count; /* laid over every device: calibration, sensitivity */
    void *devices;                    /* cache by name; private */
};

enum status predictor_open(struct predictor *out, const char *fidelity, struct error *err);
void predictor_close(struct predictor *p);
/** Device by name or alias. STATUS_BAD_INPUT with the nearest name when there is none: the row is a miss. */
enum status predictor_device(const struct hardware **out, struct predictor *p, const char *name, struct error *err);
/** Stack of a harness, loaded once. */
enum status predictor_stack(const struct stack **out, struct predictor *p, const char *name, struct error *err);

struct measurement_kind {
    const char *name;                 /* "gemm" */
    const char *columns;              /* blank-separated: a file that has all of them is of this kind; kinds are tried in order, most special first */
    const char *measured, *unit_column; /* "time_us", NULL; "value", "unit" */
    /** arena: scratch of this row. Not OK: the row cannot be predicted and err says why. */
    enum status (*predict)(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p,
                           struct arena *arena, struct error *err);
};

extern const struct measurement_kind *const measurement_kinds[];
extern const int measurement_kinds_count;

#endif
