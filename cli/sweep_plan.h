/* SPDX-License-Identifier: Apache-2.0 */
/** What the subcommands of `sweep` that work on one sweep file share: options and plan are read, then the subcommand acts. */
#ifndef LLMSIM_CLI_SWEEP_PLAN_H
#define LLMSIM_CLI_SWEEP_PLAN_H

#include "cli/options.h"
#include "sweep/plan.h"

/** `options`: the subcommand's own, filled by the time it acts; `path`: the sweep file as it was given. */
typedef enum status (*sweep_act)(const struct plan *plan, const char *path, const void *options, struct arena *arena, struct error *err);

/** The exit code of the subcommand. */
int sweep_on_plan(const struct command *self, int argc, char **argv, void *options, sweep_act act);

#endif
