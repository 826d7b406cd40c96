/* SPDX-License-Identifier: Apache-2.0 */
/** Choosing rows by their columns. docs/validation.md, "Scoreboard" */
#ifndef LLMSIM_VALIDATE_WHERE_H
#define LLMSIM_VALIDATE_WHERE_H

#include "validate/evaluate.h"

/**
 * Keeps the rows whose column matches; others leave `e`. A pattern is a list of alternatives parted by '|', each with the shell's wildcards
 * ("vidur:*|aic:*"), or a bound of a number (">=65536", "<65536"). The measured column counts as empty.
 * STATUS_BAD_INPUT: no file has the column, or a bound is no number.
 */
enum status evaluation_where(struct evaluation *e, const char *column, const char *pattern, struct error *err);

#endif
