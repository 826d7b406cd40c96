/* SPDX-License-Identifier: Apache-2.0 */
/* The llmsim command: finds the subcommand and hands over. Results go to stdout, talk to stderr. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/version.h"
#include "cli/commands.h"

static void print_help(FILE *out)
{
    fputs("usage: llmsim COMMAND [ARGUMENT...]\n"
          "       llmsim COMMAND --help\n"
          "       llmsim --version\n"
          "\n"
          "Simulates large language models on described hardware.\n"
          "\n"
          "commands:\n", out);
    for (const struct command *const *c = commands; *c; c++)
        fprintf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
}

static const struct command *find_command(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int unknown(const char *what, const char *name)
{
    fprintf(stderr, "llmsim: unknown %s '%s'; 'llmsim --help' lists the commands\n", what, name);
    return STATUS_BAD_INPUT;
}

static int is_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* `llmsim help [COMMAND]` */
static int help(const char *name)
{
    if (!name) {
        print_help(stdout);
        return STATUS_OK;
    }
    const struct command *c = find_command(name);
    if (!c)
        return unknown("command", name);
    fputs(c->usage, stdout);
    return STATUS_OK;
}

/* A result that did not reach its reader is no result: a full disk or a closed pipe behind stdout is an error. */
static int flush_stdout(int code)
{
    if ((fflush(stdout) || ferror(stdout)) && code == STATUS_OK) {
        fputs("llmsim: cannot write to standard output\n", stderr);
        return STATUS_INTERNAL;
    }
    return code;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return STATUS_BAD_INPUT;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("llmsim %s (model %s)\n", version_program(), version_model());
        return STATUS_OK;
    }
    if (is_help(name) || strcmp(name, "help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    const struct command *c = find_command(name);
    if (!c)
        return unknown(name[0] == '-' ? "option" : "command", name);
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i]))
            return help(c->name);
    return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    return flush_stdout(dispatch(argc, argv));
}
