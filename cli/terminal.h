/* SPDX-License-Identifier: Apache-2.0 */
/** What standard output is: how wide, whether it takes colours and characters beyond ASCII. docs/cli.md, "Widths" */
#ifndef LLMSIM_CLI_TERMINAL_H
#define LLMSIM_CLI_TERMINAL_H

#include <stdio.h>

#include "reports/text.h"

/** Columns of text on `out`: $COLUMNS where that is a number from 1 up, else those of the terminal, else `otherwise`; at least 40. */
int terminal_columns(FILE *out, int otherwise);

/** Of pages (help, reports) in a pipe. */
enum { TERMINAL_PAGE_COLUMNS = 80 };

/** How to print on standard output: colours on a terminal unless NO_COLOR is set, always with CLICOLOR_FORCE; UTF-8 where the locale has it. */
struct report_style terminal_style(int64_t rows_max);

/** printf() whose lines break where the terminal ends (text_fitted()), and nowhere in a pipe. At most 4095 bytes. */
void terminal_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** For lists, which are as wide as the terminal; in a pipe a row is a line, however long, so that grep and awk see it whole. */
struct text_style terminal_text(void);

#endif
