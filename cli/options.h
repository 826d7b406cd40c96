/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Commands and their options as tables. One table gives parsing, the help text, defaults, range checks and the nearest
 * valid name. docs/cli.md
 *
 *     struct show_options { bool json; const char *db; };
 *     static const struct option_spec show_table[] = {
 *         { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct show_options, json), .help = "print one JSON object" },
 *         { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct show_options, db), .value = "FILE", .help = "..." },
 *         { 0 }
 *     };
 *     const struct command command_show = { .name = "show", .summary = "...", .operands = "ARCH", .operands_min = 1,
 *                                           .operands_max = 1, .options = show_table, .run = show };
 *
 * Written `--db FILE`, `--db=FILE`, or by letter `-d FILE`; options and operands may be mixed; `--` ends the options;
 * `-` alone is an operand. An option given twice: the last one holds, but OPTION_LIST collects.
 */
#ifndef LLMSIM_CLI_OPTIONS_H
#define LLMSIM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

/** Type of the field at `offset`. */
enum option_kind {
    OPTION_FLAG,   /* bool, takes no value */
    OPTION_TEXT,   /* const char * */
    OPTION_CHOICE, /* const char *, one of `choices` */
    OPTION_I64,    /* int64_t within [min, max] */
    OPTION_DOUBLE, /* double, finite */
    OPTION_LIST,   /* struct text_list, one entry each time it is given */
};

struct text_list {
    const char **items;
    int64_t count;
};

struct option_spec {
    const char *name;           /* long name without dashes; NULL ends the table */
    char letter;                /* short form, or 0 */
    enum option_kind kind;
    size_t offset;              /* of the field in the command's options struct */
    const char *value;          /* placeholder in the help text: "FILE" */
    const char *otherwise;      /* default, as it would be typed; NULL: the field stays as it is */
    const char *const *choices; /* OPTION_CHOICE: ends with NULL */
    int64_t min, max;           /* OPTION_I64 */
    const char *help;
};

struct command {
    const char *name;
    const char *summary;               /* one line, for lists of commands */
    const char *operands;              /* for the usage line: "ARCH TRACE"; NULL none */
    int operands_min, operands_max;    /* max -1: any number */
    const char *about;                 /* paragraphs for the help text (wrapped to the terminal), or NULL */
    const struct option_spec *options; /* NULL none */
    const char *examples;              /* lines for the help text, each ends with a newline; NULL none */
    const struct command *const *subcommands; /* sorted, ends with NULL; NULL none. With subcommands `run` may be NULL. */
    /** argv[0] is the command's name; argv[argc] is NULL. Returns the exit code (enum status). */
    int (*run)(const struct command *self, int argc, char **argv);
};

/**
 * Reads argv[1..] into `target` (the command's options struct) and `operands` (borrowed from argv, list in `arena`).
 * Defaults are applied first. STATUS_BAD_INPUT: unknown option or choice (with the nearest name), missing or superfluous
 * value, number out of range, wrong number of operands.
 */
enum status options_parse(void *target, struct text_list *operands, const struct command *command, int argc, char **argv,
                          struct arena *arena, struct error *err);

/** The whole help text of a command. `path` is what was typed before: "llmsim", "llmsim trace". */
void options_help(FILE *out, const struct command *command, const char *path);

/** Text wrapped at words to lines of `columns`, each after `indent` spaces; the first line starts at column `at`. Ends with a newline. */
void options_wrap(FILE *out, const char *text, int at, int indent, int columns);

/** Width for help on `out`: terminal_columns(), at most 120. */
int options_columns(FILE *out);

/** Prints "llmsim: MESSAGE" on standard error and returns the exit code. */
int command_fail(const struct error *err);

#endif
