/* SPDX-License-Identifier: Apache-2.0 */
/** Manual pages and shell completion, from the same tables as the help text. docs/cli.md, "Manual pages and completion" */
#ifndef LLMSIM_CLI_MANUAL_H
#define LLMSIM_CLI_MANUAL_H

#include "cli/options.h"

enum { COMMAND_PATH_MAX = 128 };

/** Manual page in man(7). `path` is what was typed before, as in options_help(); "" for the program itself. */
void manual_page(FILE *out, const struct command *command, const char *path);

/** Words of every command below `root`, one command a line ("trace gen"), in the order of the tables. */
void manual_list(FILE *out, const struct command *root);

/** Parses the examples of `command` and of everything below it by the tables; a line for each command without, and each that does not
 *  parse. Returns their number. */
int64_t examples_check(FILE *out, const struct command *root, const struct command *command, const char *path);

/** Completion functions of all commands below `root`. */
void completion_bash(FILE *out, const struct command *root);
void completion_zsh(FILE *out, const struct command *root);

#endif
