/* SPDX-License-Identifier: Apache-2.0 */
/* Examples of the help texts as the parser of options sees them: an example that it refuses is a fault of the help. */
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64, TEXT_MAX = 1024 };

/* Words of the first command of a line, quotes taken off, up to what a shell would not give it. */
static int split(char **words, char *text, const char *line, size_t bytes)
{
    int count = 0;
    char *out = text;

    for (const char *p = line, *end = line + bytes; count < WORDS_MAX - 1;) {
        while (p < end && *p == ' ')
            p++;
        if (p == end || strchr("|&;><", *p))
            break;
        words[count++] = out;
        for (char quote = 0; p < end && (quote || *p != ' '); p++)
            if (*p == quote)
                quote = 0;
            else if (!quote && (*p == '\'' || *p == '"'))
                quote = *p;
            else
                *out++ = *p;
        *out++ = 0;
    }
    words[count] = NULL;
    return count;
}

/* Room for the options struct of any command: its size is known by its table. */
static size_t options_bytes(const struct command *command)
{
    size_t bytes = sizeof(struct text_list);

    for (const struct option_spec *s = command->options; s && s->name; s++)
        if (s->offset + sizeof(struct text_list) > bytes)
            bytes = s->offset + sizeof(struct text_list);
    return bytes;
}

static enum status parse(const struct command *root, int count, char **words, struct error *err)
{
    const struct command *at = root;
    struct arena arena = { 0 };
    struct text_list operands;
    int i = 1;

    for (const struct command *next = at; next && i < count; i += next != NULL) {
        next = NULL;
        for (const struct command *const *c = at->subcommands; c && *c && !next; c++)
            if (strcmp((*c)->name, words[i]) == 0)
                next = at = *c;
        if (!next)
            break;
    }
    if (at->subcommands && !at->run)
        return i < count && strcmp(words[i], "help") == 0 ? STATUS_OK : error_plain(err, STATUS_BAD_INPUT, "no command");
    void *target = calloc(1, options_bytes(at));
    enum status st = target ? options_parse(target, &operands, at, count - i + 1, words + i - 1, &arena, err) : error_no_memory(err);
    free(target);
    arena_free(&arena);
    return st;
}

static int64_t check_command(FILE *out, const struct command *root, const struct command *command, const char *path)
{
    int64_t faults = 0;

    if (!command->examples) {
        fprintf(out, "%s: no example\n", path);
        return 1;
    }
    for (const char *line = command->examples; *line;) {
        size_t bytes = strcspn(line, "\n");
        char *words[WORDS_MAX], text[TEXT_MAX];
        struct error err;
        int count = bytes < TEXT_MAX / 2 ? split(words, text, line, bytes) : 0;

        if (count < 2 || strcmp(words[0], "llmsim") != 0) {
            fprintf(out, "%s: '%.*s' is no command of llmsim\n", path, (int)bytes, line);
            faults++;
        } else if (parse(root, count, words, &err)) {
            fprintf(out, "%s: '%.*s': %s\n", path, (int)bytes, line, err.message);
            faults++;
        }
        line += bytes + (line[bytes] == '\n');
    }
    return faults;
}

int64_t examples_check(FILE *out, const struct command *root, const struct command *command, const char *path)
{
    int64_t faults = check_command(out, root, command, path);

    for (const struct command *const *c = command->subcommands; c && *c; c++) {
        char below[COMMAND_PATH_MAX];

        snprintf(below, sizeof below, "%s %s", path, (*c)->name);
        faults += examples_check(out, root, *c, below);
    }
    return faults;
}
