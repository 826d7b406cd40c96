/* SPDX-License-Identifier: Apache-2.0 */
/** The subcommands of `llmsim`: a command is one file cli/cmd_NAME.c, one declaration here and one row in commands.c. */
#ifndef LLMSIM_CLI_COMMANDS_H
#define LLMSIM_CLI_COMMANDS_H

struct command {
    const char *name;
    const char *summary;  /* one line, for `llmsim --help` */
    const char *usage;    /* for `llmsim NAME --help`: "usage: llmsim NAME ...\n" and the options, ends with a newline */
    /** argv[0] is the command's name; argv[argc] is NULL. Returns the exit code (enum status). */
    int (*run)(int argc, char **argv);
};

/** All commands, sorted by name; the list ends with NULL. */
extern const struct command *const commands[];

#endif
