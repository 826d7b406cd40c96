/* SPDX-License-Identifier: Apache-2.0 */
/* The help text of a command, from its table, as wide as the terminal, up to where lines are no longer easy to read. */
#include <string.h>

#include "cli/manual.h"
#include "cli/options.h"
#include "cli/terminal.h"

enum { HELP_COLUMNS_MAX = 120, HELP_INDENT = 26, HELP_INDENT_NARROW = 8, HELP_NARROW = 60 };

int options_columns(FILE *out)
{
    int columns = terminal_columns(out, TERMINAL_PAGE_COLUMNS);

    return columns > HELP_COLUMNS_MAX ? HELP_COLUMNS_MAX : columns;
}

/* Bytes of the next word; of one wider than a line, up to the last comma that fits, else what fits. */
static size_t wrapped_bytes(const char *text, int room)
{
    size_t length = strcspn(text, " \n"), most = room > 1 ? (size_t)room : 1, comma = 0;

    if (length <= most)
        return length;
    for (size_t i = 0; i < most; i++)
        comma = text[i] == ',' ? i + 1 : comma;
    return comma ? comma : most;
}

void options_wrap(FILE *out, const char *text, int at, int indent, int columns)
{
    int column = at;

    while (*text) {
        size_t length = wrapped_bytes(text, columns - indent);

        if (column > indent && column + 1 + (int)length > columns) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent && text[-1] != ',') {
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
    int columns = options_columns(out), indent = columns < HELP_NARROW ? HELP_INDENT_NARROW : HELP_INDENT;
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
    if (strlen(left) + 2 > (size_t)indent)
        fprintf(out, "%s\n%*s", left, indent, "");
    else
        fprintf(out, "%-*s", indent, left);
    options_wrap(out, note, indent, indent, columns);
}

static void print_subcommands(FILE *out, const struct command *command)
{
    fputs("\ncommands:\n", out);
    for (const struct command *const *c = command->subcommands; *c; c++) {
        fprintf(out, "  %-10s ", (*c)->name);
        options_wrap(out, (*c)->summary, 13, 13, options_columns(out));
    }
}

/* Bytes of the longest beginning of a command that ends at a blank outside quotes within `room`, else of the shortest; 0: no such blank. */
static size_t breakable_bytes(const char *text, size_t bytes, size_t room)
{
    size_t best = 0;
    char quote = 0;

    for (size_t i = 0; i < bytes && (i <= room || best == 0); i++)
        if (quote)
            quote = text[i] == quote ? 0 : quote;
        else if (text[i] == '\'' || text[i] == '"')
            quote = text[i];
        else if (text[i] == ' ')
            best = i;
    return best;
}

/* Examples, each a line of a shell: a long one goes on behind a backslash, so that it can be copied. */
static void print_examples(FILE *out, const char *examples, int columns)
{
    for (const char *line = examples; *line;) {
        size_t bytes = strcspn(line, "\n"), indent = strspn(line, " "), n;
        int more = (int)(2 * indent + 2);

        fprintf(out, "%*s", (int)indent, "");
        line += indent;
        bytes -= indent;
        for (size_t room = (size_t)columns - indent; bytes > room && (n = breakable_bytes(line, bytes, room - 2)); room = (size_t)columns - more) {
            fprintf(out, "%.*s \\\n%*s", (int)n, line, more, "");
            line += n + 1;
            bytes -= n + 1;
        }
        fprintf(out, "%.*s\n", (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
}

static void print_usage(FILE *out, const struct command *command, const char *path, int columns)
{
    char head[COMMAND_PATH_MAX + 64], rest[512];
    int at;

    snprintf(rest, sizeof rest, "%s%s%s%s", command->subcommands ? " COMMAND" : "", command->options && command->options->name ? " [OPTION...]" : "",
             command->operands ? " " : "", command->operands ? command->operands : "");
    snprintf(head, sizeof head, "usage: %s %s%s", path, command->name, *rest ? " " : "");
    at = (int)strlen(head);
    fputs(head, out);
    options_wrap(out, *rest ? rest + 1 : rest, at, at < columns / 2 ? at : 8, columns);
    fputc('\n', out);
}

void options_help(FILE *out, const struct command *command, const char *path)
{
    int columns = options_columns(out);

    print_usage(out, command, path, columns);
    options_wrap(out, command->about ? command->about : command->summary, 0, 0, columns);
    if (command->subcommands)
        print_subcommands(out, command);
    if (command->options && command->options->name)
        fputs("\noptions:\n", out);
    for (const struct option_spec *s = command->options; s && s->name; s++)
        print_option(out, s);
    if (command->examples) {
        fputs("\nexamples:\n", out);
        print_examples(out, command->examples, columns);
    }
}
