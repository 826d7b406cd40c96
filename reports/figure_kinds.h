/* SPDX-License-Identifier: Apache-2.0 */
/** Kinds of figures of runs: each is one file reports/figure_NAME.c and one line in reports/figure_kinds.c. docs/reports.md */
#ifndef LLMSIM_REPORTS_FIGURE_KINDS_H
#define LLMSIM_REPORTS_FIGURE_KINDS_H

#include "reports/figure.h"
#include "reports/run_report.h"

enum { FIGURE_RUNS_MAX = 5000, FIGURE_SERIES_MAX = 64 };

/** A run as a figure takes it. */
struct figure_run {
    struct result result;
    struct report_head head;
    const char *label;               /* what tells it from the others: filled by figure_labels() */
    const char *generation;          /* of its hardware, for intervals; NULL: not known */
    double x, y, value;              /* of the columns below; NaN: none */
    const char *x_text, *y_text, *by;
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
    enum status (*draw)(struct figure_page *page, const struct figure_input *in, struct error *err);
};

/** Sorted by name; the list ends with NULL. */
extern const struct figure_kind *const figure_kinds[];
/** STATUS_BAD_INPUT names the nearest one. */
enum status figure_kind_find(const struct figure_kind **out, const char *name, struct error *err);

/* ---- what kinds share (reports/figure_kinds.c) ---- */

/** Labels of runs: of hardware, workload, formats, layout and fidelity, what differs between them; `by` where it is the recipe: the parts of it that
 *  differ. False: no memory. */
bool figure_labels(struct figure_run *runs, int64_t count, struct arena *arena);
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
