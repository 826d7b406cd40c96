/* SPDX-License-Identifier: Apache-2.0 */
/** The program that draws our figures, gnuplot (Debian package gnuplot-nox), run as a child without a shell. */
#ifndef LLMSIM_REPORTS_GNUPLOT_H
#define LLMSIM_REPORTS_GNUPLOT_H

#include <stdio.h>

#include "base/textfile.h"

/** Is gnuplot there? STATUS_BAD_INPUT names the package. */
enum status gnuplot_find(struct error *err);

/** Runs a script (from its start) and appends what gnuplot writes to its standard output to `out`. No settings of the user's are read.
 *  STATUS_BAD_INPUT: no gnuplot; STATUS_INTERNAL: it failed, with its first words. */
enum status gnuplot_run(struct outfile *out, FILE *script, struct error *err);

#endif
