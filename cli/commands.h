/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The subcommands of `llmsim`. A new one is a file cli/cmd_NAME.c that defines `const struct command command_NAME`
 * (cli/options.h), its declaration here, its row in commands.c and its line in local.mk.
 */
#ifndef LLMSIM_CLI_COMMANDS_H
#define LLMSIM_CLI_COMMANDS_H

#include "cli/options.h"

extern const struct command command_arch;
extern const struct command command_calibrate;
extern const struct command command_cost;
extern const struct command command_datapath;
extern const struct command command_db;
extern const struct command command_diff;
extern const struct command command_explain;
extern const struct command command_fleet;
extern const struct command command_format;
extern const struct command command_probe;
extern const struct command command_rank;
extern const struct command command_report;
extern const struct command command_rtl;
extern const struct command command_run;
extern const struct command command_scoreboard;
extern const struct command command_sram;
extern const struct command command_sweep;
extern const struct command command_trace;
extern const struct command command_train;
extern const struct command command_validate;

/** Subcommand of `fleet` (cmd_fleet_runtime.c). */
extern const struct command command_fleet_runtime;

/** Subcommands of `format` (cmd_format_NAME.c). */
extern const struct command command_format_coded, command_format_error, command_format_quality;

/** Subcommands of `sweep` (sweep_queue.c), and the shards that operands name: files, and all in a folder. */
extern const struct command command_sweep_plan, command_sweep_status, command_sweep_submit;
enum status sweep_shards(struct text_list *out, const struct text_list *operands, struct arena *arena, struct error *err);

/** Explains the kernels of one role after a run (cmd_explain.c), as text. */
struct job;
enum status explain_role(const struct job *job, const char *role, struct arena *arena, struct error *err);

/** All commands, sorted by name; the list ends with NULL. */
extern const struct command *const commands[];

#endif
