/* SPDX-License-Identifier: Apache-2.0 */
/* The help text of a command, from its table, as wide as the terminal; 80 columns where there is none. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/options.h"

enum { HELP_COLUMNS = 80, HELP_COLUMNS_MIN = 40, HELP_COLUMNS_MAX = 120, HELP_INDENT = 26 };

int options_columns(FILE *out)
{
    struct winsize size;

    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) || size.ws_col == 0)
        return HELP_COLUMNS;
    return size.ws_col < HELP_COLUMNS_MIN ? HELP_COLUMNS_MIN : size.ws_col > HELP_COLUMNS_MAX ? HELP_COLUMNS_MAX : size.ws_col;
}

void options_wrap(FILE *out, const char *text, int at, int indent, int columns)
{
    int column = at;

    while (*text) {
        size_t length = strcspn(text, " \n");

        if (column > indent && column + 1 + (int)length > columns) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)length, text);
        column += (int)length;
        text += length;
        for (; *text == ' ' || *text == '\n'; text++)
            if (*text == '\n') {
                fprintf(out, "\n%*s", text[1] == '\n' || !text[1] ? 0 : indent, "");
                column = indent;
            }
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const struct option_spec *s)
{
    char left[128], note[512], choices[256] = "";
    size_t used = 0;

    snprintf(left, sizeof left, "  %c%c%s--%s%s%s", s->letter ? '-' : ' ', s->letter ? s->letter : ' ', s->letter ? ", " : "  ",
             s->name, s->value && s->kind != OPTION_FLAG ? " " : "", s->value && s->kind != OPTION_FLAG ? s->value : "");
    for (size_t i = 0; s->kind == OPTION_CHOICE && s->choices[i]; i++) {
        int n = snprintf(choices + used, sizeof choices - used, "%s%s", i ? ", " : ": ", s->choices[i]);
        used = n > 0 && used + (size_t)n < sizeof choices ? used + (size_t)n : sizeof choices - 1;
    }
    snprintf(note, sizeof note, "%s%s%s%s%s", s->help, choices, s->otherwise ? " [default: " : "",
             s->otherwise ? s->otherwise : "", s->otherwise ? "]" : "");
    if (strlen(left) + 2 > HELP_INDENT)
        fprintf(out, "%s\n%*s", left, HELP_INDENT, "");
    else
        fprintf(out, "%-*s", HELP_INDENT, left);
    options_wrap(out, note, HELP_INDENT, HELP_INDENT, options_columns(out));
}

static void print_subcommands(FILE *out, const struct command *command)
{
    fputs("\ncommands:\n", out);
    for (const struct command *const *c = command->subcommands; *c; c++) {
        fprintf(out, "  %-10s ", (*c)->name);
        options_wrap(out, (*c)->summary, 13, 13, options_columns(out));
    }
}

void options_help(FILE *out, const struct command *command, const char *path)
{
    fprintf(out, "usage: %s %s%s%s%s%s\n\n", path, command->name, command->subcommands ? " COMMAND" : "",
            command->options && command->options->name ? " [OPTION...]" : "",
            command->operands ? " " : "", command->operands ? command->operands : "");
    options_wrap(out, command->about ? command->about : command->summary, 0, 0, options_columns(out));
    if (command->subcommands)
        print_subcommands(out, command);
    if (command->options && command->options->name)
        fputs("\noptions:\n", out);
    for (const struct option_spec *s = command->options; s && s->name; s++)
        print_option(out, s);
    if (command->examples)
        fprintf(out, "\nexamples:\n%s", command->examples);
}
