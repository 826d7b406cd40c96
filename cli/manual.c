/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages in man(7), from the tables of the commands. */
#include "cli/manual.h"

#include <ctype.h>
#include <string.h>

#include "base/version.h"

/* Of the text of the pages, not of the build: the same sources give the same pages. */
static const char page_date[] = "2026-11-28";

/* Text of ours as roff: nothing in it is a request, an escape or a typographer's dash. */
static void put_text(FILE *out, const char *text)
{
    bool line_start = true;

    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        line_start = *text == '\n';
        if (line_start && text[1] == '\n') { /* a blank line: a paragraph */
            fputs("\n.PP", out);
            continue;
        }
        fputs(*text == '-' ? "\\-" : *text == '\\' ? "\\e" : (char[]){ *text, 0 }, out);
    }
}

/* "llmsim trace" and "gen": llmsim-trace-gen */
static void put_page_name(FILE *out, const struct command *command, const char *path, bool upper)
{
    char name[COMMAND_PATH_MAX + 64];

    snprintf(name, sizeof name, "%s%s%s", path, *path ? "-" : "", command->name);
    for (char *p = name; *p; p++) {
        int c = *p == ' ' ? '-' : upper ? toupper((unsigned char)*p) : *p;
        fputs(c == '-' ? "\\-" : (char[]){ (char)c, 0 }, out);
    }
}

static void put_option(FILE *out, const struct option_spec *s)
{
    fputs(".TP\n", out);
    if (s->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", s->letter);
    fputs("\\fB\\-\\-", out);
    put_text(out, s->name);
    fputs("\\fR", out);
    if (s->value && s->kind != OPTION_FLAG) {
        fputs(" \\fI", out);
        put_text(out, s->value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_text(out, s->help);
    for (size_t i = 0; s->kind == OPTION_CHOICE && s->choices[i]; i++) {
        fputs(i ? ", " : ": ", out);
        put_text(out, s->choices[i]);
    }
    if (s->otherwise) {
        fputs(" [default: ", out);
        put_text(out, s->otherwise);
        fputc(']', out);
    }
    fputc('\n', out);
}

static void put_synopsis(FILE *out, const struct command *command, const char *path)
{
    fprintf(out, ".SH SYNOPSIS\n\\fB%s%s", path, *path ? " " : "");
    put_text(out, command->name);
    fprintf(out, "\\fR%s%s%s", command->subcommands ? " \\fICOMMAND\\fR" : "",
            command->options && command->options->name ? " [\\fIOPTION\\fR...]" : "", command->operands ? " \\fI" : "");
    if (command->operands) {
        put_text(out, command->operands);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

static void put_commands(FILE *out, const struct command *command)
{
    fputs(".SH COMMANDS\n", out);
    for (const struct command *const *c = command->subcommands; *c; c++) {
        fputs(".TP\n\\fB", out);
        put_text(out, (*c)->name);
        fputs("\\fR\n", out);
        put_text(out, (*c)->summary);
        fputc('\n', out);
    }
}

static void put_see_also(FILE *out, const struct command *command, const char *path)
{
    char below[COMMAND_PATH_MAX + 64], parent[COMMAND_PATH_MAX];
    const struct command *const *c = command->subcommands;

    snprintf(below, sizeof below, "%s%s%s", path, *path ? " " : "", command->name);
    snprintf(parent, sizeof parent, "%s", path);
    if (!*path && !c)
        return;
    fputs(".SH SEE ALSO\n", out);
    if (*path) {
        fputs(".BR ", out);
        put_page_name(out, &(struct command){ .name = parent }, "", false);
        fprintf(out, " (1)%s\n", c ? "," : "");
    }
    for (; c && *c; c++) {
        fputs(".BR ", out);
        put_page_name(out, *c, below, false);
        fprintf(out, " (1)%s\n", c[1] ? "," : "");
    }
}

void manual_page(FILE *out, const struct command *command, const char *path)
{
    fputs(".TH ", out);
    put_page_name(out, command, path, true);
    fprintf(out, " 1 %s \"llmsim %s\" \"llmsim manual\"\n.SH NAME\n", page_date, version_program());
    put_page_name(out, command, path, false);
    fputs(" \\- ", out);
    put_text(out, command->summary);
    fputc('\n', out);
    put_synopsis(out, command, path);
    fputs(".SH DESCRIPTION\n", out);
    put_text(out, command->about ? command->about : command->summary);
    fputc('\n', out);
    if (command->subcommands)
        put_commands(out, command);
    if (command->options && command->options->name)
        fputs(".SH OPTIONS\n", out);
    for (const struct option_spec *s = command->options; s && s->name; s++)
        put_option(out, s);
    fputs(".SH EXIT STATUS\n0: done. 1: an internal failure, input/output included. 2: bad input or usage.\n"
          "3: no feasible design; the message names the constraint. 4: a tolerance was exceeded.\n"
          "5: partial, can be resumed. 130: interrupted.\n", out);
    if (command->examples) {
        fputs(".SH EXAMPLES\n.nf\n", out);
        put_text(out, command->examples);
        fputs(".fi\n", out);
    }
    put_see_also(out, command, path);
}

static void list_below(FILE *out, const struct command *command, const char *path)
{
    for (const struct command *const *c = command->subcommands; c && *c; c++) {
        char below[COMMAND_PATH_MAX];

        snprintf(below, sizeof below, "%s%s%s", path, *path ? " " : "", (*c)->name);
        fprintf(out, "%s\n", below);
        list_below(out, *c, below);
    }
}

void manual_list(FILE *out, const struct command *root)
{
    list_below(out, root, "");
}
