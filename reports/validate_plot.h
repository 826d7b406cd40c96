/* SPDX-License-Identifier: Apache-2.0 */
/** Predicted against measured, and the error by size, as one figure of two panels. docs/validation.md, "Plots" */
#ifndef LLMSIM_REPORTS_VALIDATE_PLOT_H
#define LLMSIM_REPORTS_VALIDATE_PLOT_H

#include "validate/evaluate.h"

enum { VALIDATE_PLOT_POINTS_MAX = 1200 }; /* more would only cover one another */

/** Writes `path` (.svg, .pdf or .png). Colours by `by`, a name as in evaluation_by(). STATUS_BAD_INPUT: no row was predicted that has a measured value;
 *  else as figure_write(). */
enum status report_validate_plot(const char *path, const struct evaluation *e, const char *by, const char *fidelity, const struct predictor *p,
                                 struct arena *arena, struct error *err);

#endif
