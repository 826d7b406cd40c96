/* SPDX-License-Identifier: Apache-2.0 */
/** The scoreboard as text, Markdown (docs/scoreboard.md) and JSON (schema "llmsim.scoreboard/1"). */
#ifndef LLMSIM_REPORTS_SCOREBOARD_REPORT_H
#define LLMSIM_REPORTS_SCOREBOARD_REPORT_H

#include "base/json.h"
#include "reports/run_report.h"
#include "validate/scoreboard.h"

/** One line an entry: committed, now, goal, verdict. */
void report_scoreboard_text(FILE *out, const struct scoreboard *board, const struct scoreboard_result *now, const struct report_style *style);
void report_scoreboard_json(struct json *j, const struct scoreboard *board, const struct scoreboard_result *now);
/** The committed values as a table, the command behind each, the reasons of those that miss their goal. */
enum status report_scoreboard_markdown(const char *path, const struct scoreboard *board, struct error *err);

#endif
