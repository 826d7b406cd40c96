/* SPDX-License-Identifier: Apache-2.0 */
/* The llmsim command: finds the subcommand and hands over. Results go to stdout, talk to stderr. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/manual.h"

enum { COMMANDS_MAX = 64, PATH_MAX_CHARS = COMMAND_PATH_MAX };

/* The command above all: not in the list, never run itself. */
static const struct command root = {
    .name = "llmsim",
    .summary = "simulates large language models on described hardware",
    .about = "Each command has a page of its own; 'llmsim help COMMAND' prints its help.",
    .examples = "  llmsim run A100 workloads/llama70b.trace\n  llmsim help run\n",
    .subcommands = commands,
};

static void print_help(FILE *out)
{
    fputs("usage: llmsim COMMAND [ARGUMENT...]\n"
          "       llmsim help COMMAND\n"
          "       llmsim --version\n"
          "\n"
          "Simulates large language models on described hardware.\n"
          "\n"
          "commands:\n", out);
    for (const struct command *const *c = commands; *c; c++) {
        fprintf(out, "  %-10s ", (*c)->name);
        options_wrap(out, (*c)->summary, 13, 13, options_columns(out));
    }
}

static const struct command *find(const struct command *const *list, const char *name)
{
    for (const struct command *const *c = list; c && *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

/* "llmsim: arch: unknown command 'lsit'; nearest is 'list'" */
static int unknown(const struct command *in, const char *path, const char *name)
{
    const char *names[COMMANDS_MAX] = { "--help", "--version" };
    size_t count = name[0] == '-' ? 2 : 0;
    struct error err;

    for (const struct command *const *c = in->subcommands; name[0] != '-' && *c && count < COMMANDS_MAX; c++)
        names[count++] = (*c)->name;
    const char *near = nearest_name(name, names, count);
    const char *colon = *path ? ": " : "", *space = *path ? " " : "", *what = name[0] == '-' ? "option" : "command";
    if (near)
        error_plain(&err, STATUS_BAD_INPUT, "%s%sunknown %s '%s'; nearest is '%s'", path, colon, what, name, near);
    else
        error_plain(&err, STATUS_BAD_INPUT, "%s%sunknown %s '%s'; 'llmsim help%s%s' lists the commands", path, colon, what,
                    name, space, path);
    return command_fail(&err);
}

static int is_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* `llmsim help a b`: the help of a's subcommand b; after --man its manual page. */
static int help(char **names)
{
    const struct command *at = &root;
    char before[PATH_MAX_CHARS + 8] = "", path[PATH_MAX_CHARS] = ""; /* "llmsim a" and "a" */
    bool man = *names && strcmp(*names, "--man") == 0;

    if (man)
        names++;

    for (char **name = names; *name && !is_help(*name); name++) {
        const struct command *next = find(at->subcommands, *name);
        if (!next && !at->subcommands)
            break;
        if (!next)
            return unknown(at, path, *name);
        snprintf(before, sizeof before, "llmsim%s%s", *path ? " " : "", path);
        size_t used = strlen(path);
        snprintf(path + used, sizeof path - used, "%s%s", used ? " " : "", next->name);
        at = next;
    }
    if (man)
        manual_page(stdout, at, before);
    else if (at == &root)
        print_help(stdout);
    else
        options_help(stdout, at, before);
    return STATUS_OK;
}

/* What the build and the tests ask for: `help --list`, `help --check-examples`, `help --completion SHELL`. */
static int generate(const char *what, const char *shell)
{
    struct error err;

    if (strcmp(what, "--list") == 0)
        manual_list(stdout, &root);
    else if (strcmp(what, "--check-examples") == 0)
        return examples_check(stdout, &root, &root, root.name) ? STATUS_BAD_INPUT : STATUS_OK;
    else if (shell && strcmp(shell, "bash") == 0)
        completion_bash(stdout, &root);
    else if (shell && strcmp(shell, "zsh") == 0)
        completion_zsh(stdout, &root);
    else {
        error_plain(&err, STATUS_BAD_INPUT, "help --completion: found '%s', expected bash or zsh", shell ? shell : "nothing");
        return command_fail(&err);
    }
    return STATUS_OK;
}

static int asks_for_help(char **args)
{
    for (; *args && strcmp(*args, "--") != 0; args++)
        if (is_help(*args))
            return 1;
    return 0;
}

/* Goes down the tables as far as the words are names of subcommands, then runs what it found. */
static int dispatch(int argc, char **argv)
{
    const struct command *at = &root;
    char path[PATH_MAX_CHARS] = "";
    int i = 1;

    for (; i < argc && at->subcommands; i++) {
        const struct command *next = find(at->subcommands, argv[i]);
        if (!next && at->run)
            break;
        if (!next)
            return unknown(at, path, argv[i]);
        size_t used = strlen(path);
        snprintf(path + used, sizeof path - used, "%s%s", used ? " " : "", next->name);
        at = next;
    }
    if (!at->run) {
        fprintf(stderr, "llmsim: %s: a command is missing; 'llmsim help %s' lists them\n", path, path);
        return STATUS_BAD_INPUT;
    }
    return at->run(at, argc - i + 1, argv + i - 1);
}

static int start(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return STATUS_BAD_INPUT;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("llmsim %s (model %s)\n", version_program(), version_model());
        return STATUS_OK;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2 && (strcmp(argv[2], "--list") == 0 || strcmp(argv[2], "--check-examples") == 0 ||
                                                                 strcmp(argv[2], "--completion") == 0))
        return generate(argv[2], argv[3]);
    if (strcmp(argv[1], "help") == 0)
        return help(argv + 2);
    if (asks_for_help(argv + 1))
        return help(argv + 1);
    return dispatch(argc, argv);
}

/* A result that did not reach its reader is no result: a full disk behind stdout is an error. */
static int flush_stdout(int code)
{
    if ((fflush(stdout) || ferror(stdout)) && code == STATUS_OK) {
        fputs("llmsim: cannot write to standard output\n", stderr);
        return STATUS_INTERNAL;
    }
    return code;
}

int main(int argc, char **argv)
{
    return flush_stdout(start(argc, argv));
}
