/* SPDX-License-Identifier: Apache-2.0 */
/* The list of subcommands, sorted by name. */
#include "cli/commands.h"

#include <stddef.h>

const struct command *const commands[] = {
    &command_arch,
    &command_calibrate,
    &command_cost,
    &command_datapath,
    &command_db,
    &command_diff,
    &command_explain,
    &command_fleet,
    &command_format,
    &command_probe,
    &command_rank,
    &command_report,
    &command_rtl,
    &command_run,
    &command_scoreboard,
    &command_sram,
    &command_sweep,
    &command_trace,
    &command_train,
    &command_validate,
    NULL,
};
