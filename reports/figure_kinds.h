/* SPDX-License-Identifier: Apache-2.0 */
/** Kinds of figures of runs: each is one file reports/figure_NAME.c and one line in reports/figure_kinds.c. docs/reports.md */
#ifndef LLMSIM_REPORTS_FIGURE_KINDS_H
#define LLMSIM_REPORTS_FIGURE_KINDS_H

#include "arch/arch.h"
#include "reports/figure.h"
#include "reports/run_report.h"
#include "reports/training_report.h"

enum { FIGURE_RUNS_MAX = 5000, FIGURE_SERIES_MAX = 64 };

/** What a step of a run holds on one device, in bytes, while it lasts. */
struct figure_memory_step { double start_s, end_s, kv, activations, workspace; };
struct figure_memory {
    int64_t count;
    struct figure_memory_step *steps; /* in order of time, without gaps */
    double weights, capacity;         /* bytes; capacity 0: not known */
};

/** A run as a figure takes it. */
struct figure_run {
    struct result result;
    struct report_head head;
    const char *label;               /* what tells it from the others: filled by figure_labels() */
    const char *generation;          /* of its hardware, for intervals; NULL: not known */
    double x, y, value;              /* of the columns below; NaN: none */
    const char *x_text, *y_text, *by;
    struct figure_memory memory;     /* of kinds that take it; count 0: none */
};

struct figure_input {
    struct figure_run *runs;
    int64_t count;
    double width_in;                 /* 3.3 or 6.9 */
    const char *title;               /* NULL: the kind's own */
    const char *x, *y, *value;       /* headings of the columns: "time (s)" */
    const char *x_name, *y_name;     /* their names: "time_s" */
    bool y_up;                       /* more of y is better (tokens per s) */
    const struct residual_library *residuals;
    const struct training_result *training; /* in place of runs, where the kind takes it; NULL: runs */
    const struct training_head *training_head;
    struct arena *arena;
};

struct figure_page {
    struct figure figure;
    struct figure_panel panel;
    struct figure_series series[FIGURE_SERIES_MAX];
    int count;
};

struct figure_kind {
    const char *name, *summary;
    const char *x, *y, *value, *by;  /* columns by default; NULL: the kind takes none */
    int64_t runs_max;                /* 0: any number */
    bool rows;                       /* needs the rows of the breakdown */
    bool memory;                     /* needs what the run's steps hold: it is replayed */
    bool training, training_only;    /* draws an iteration of training, too or only */
    enum status (*draw)(struct figure_page *page, const struct figure_input *in, struct error *err);
};

/** Sorted by name; the list ends with NULL. */
extern const struct figure_kind *const figure_kinds[];
/** STATUS_BAD_INPUT names the nearest one. */
enum status figure_kind_find(const struct figure_kind **out, const char *name, struct error *err);

/* ---- what kinds share (reports/figure_kinds.c) ---- */

/** Labels of runs: of hardware, workload, formats, layout and fidelity, what differs between them; of `by`, `x_text`
 *  and `y_text` recipes become the parts that differ, traces lose their ending. False: no memory. */
bool figure_labels(struct figure_run *runs, int64_t count, struct arena *arena);
/** What an axis of a unit is divided by, and how it is then called: { "ms", 1e-3 } for seconds up to 0.9. Units without prefixes stay. */
struct figure_scale { const char *unit; double of; };
struct figure_scale figure_scale_of(const char *unit, double largest);
/** What an axis of a column is called: "time per output token (ms)"; `heading`: of the column in tables. NULL: no memory. */
const char *figure_heading(const char *heading, const char *column, const char *unit, struct arena *arena);
/** Three significant digits without an exponent where that is readable: "1510", "0.0422". NULL: no memory. */
const char *figure_number(double value, struct arena *arena);
/** Adds a series; NULL where there are FIGURE_SERIES_MAX already. */
struct figure_series *figure_add(struct figure_page *page, struct figure_series series);
/** From zero to a round number above `top`. */
struct figure_axis figure_axis_zero(const char *label, double top);
/** Around values[count] that are above 0: logarithmic where they span over a decade and a half, else linear with some room. */
struct figure_axis figure_axis_around(const char *label, const double *values, int64_t count, struct arena *arena);
/** Places 1 .. count under names. */
struct figure_axis figure_axis_names(const char *label, const char *const *names, int count);
/** Title, axes, key and height of the only panel. */
void figure_finish(struct figure_page *page, const struct figure_input *in, const char *title, struct figure_axis x, struct figure_axis y,
                   enum figure_key key, double height_in);
/** Hardware of a run by its name, with what --set changed. STATUS_BAD_INPUT: it is not among the shipped ones and no file here. */
enum status figure_hardware(const struct hardware **out, const struct figure_run *run, struct arena *arena, struct error *err);

#endif
