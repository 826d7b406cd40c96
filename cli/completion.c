/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion for bash and zsh, from the tables of the commands: subcommands, options, choices, shipped devices, traces and formats
 * where the usage line or an option's value says ARCH, TRACE, SCHEME ..., file names elsewhere. A key is the words of a command with a space before each: " trace gen".
 */
#include "cli/manual.h"

#include <string.h>

typedef void visit_fn(FILE *out, const struct command *command, const char *key);

/* Calls `visit` for the command and everything below it. */
static void walk(FILE *out, const struct command *command, const char *key, visit_fn *visit)
{
    visit(out, command, key);
    for (const struct command *const *c = command->subcommands; c && *c; c++) {
        char below[COMMAND_PATH_MAX];

        snprintf(below, sizeof below, "%s %s", key, (*c)->name);
        walk(out, *c, below, visit);
    }
}

/* What a placeholder of the tables stands for, or the value of an option of that name, beside files: names that a command lists in its first column. */
static const struct names { const char *name, *list, *option, *words[4]; } all_names[] = {
    { "devices", "arch list", "device", { "ARCH", "SYSTEM" } },
    { "traces", "trace list", NULL, { "TRACE" } },
    { "formats", "format list", "recipe", { "SCHEME", "FORMAT", "RECIPE" } },
};
enum { NAMES = sizeof all_names / sizeof all_names[0] };

static bool stands_for(const char *placeholder, const char *option, const struct names *n)
{
    if (option && n->option && strcmp(option, n->option) == 0)
        return true;
    for (int i = 0; placeholder && n->words[i]; i++)
        if (strstr(placeholder, n->words[i]))
            return true;
    return false;
}

/* " devices=1 traces=1": all that a placeholder stands for. */
static void put_names(FILE *out, const char *placeholder, const char *option)
{
    for (int i = 0; i < NAMES; i++)
        if (stands_for(placeholder, option, &all_names[i]))
            fprintf(out, " %s=1", all_names[i].name);
}

/* A pipe that lists them: one a line, whatever the terminal's width. */
static void put_list(FILE *out, const struct names *n)
{
    fprintf(out, "COLUMNS='' llmsim %s 2>/dev/null | awk 'NR > 1 && NF && $1 != \"scheme\" { print $1 }'", n->list);
}

/* --- bash ----------------------------------------------------------------------------------------------------------- */

static void bash_descend(FILE *out, const struct command *command, const char *key)
{
    (void)command;
    if (*key)
        fprintf(out, "        \"%s\") ;;\n", key);
}

static void bash_value(FILE *out, const struct command *command, const char *key)
{
    for (const struct option_spec *s = command->options; s && s->name; s++) {
        if (s->kind == OPTION_FLAG)
            continue;
        fprintf(out, "    \"%s:--%s\"", key, s->name);
        if (s->letter)
            fprintf(out, " | \"%s:-%c\"", key, s->letter);
        fputs(s->kind == OPTION_CHOICE ? ") words='" : ") files=1", out);
        for (size_t i = 0; s->kind == OPTION_CHOICE && s->choices[i]; i++)
            fprintf(out, "%s%s", i ? " " : "", s->choices[i]);
        if (s->kind != OPTION_CHOICE)
            put_names(out, s->value, s->name);
        fputs(s->kind == OPTION_CHOICE ? "' ;;\n" : " ;;\n", out);
    }
}

static void bash_words(FILE *out, const struct command *command, const char *key)
{
    fprintf(out, "        \"%s\") words='", key);
    for (const struct command *const *c = command->subcommands; c && *c; c++)
        fprintf(out, "%s ", (*c)->name);
    for (const struct option_spec *s = command->options; s && s->name; s++)
        fprintf(out, "--%s ", s->name);
    fprintf(out, "--help%s'%s", *key ? "" : " --version help", command->operands ? " files=1" : "");
    put_names(out, command->operands, NULL);
    fputs(" ;;\n", out);
}

void completion_bash(FILE *out, const struct command *root)
{
    fputs("# bash completion for llmsim; written by 'llmsim help --completion bash'\n"
          "_llmsim()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} key='' words='' files='' devices='' traces='' formats='' i\n"
          "    COMPREPLY=()\n"
          "    if [[ $cur == '=' ]]; then cur=''\n"
          "    elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        if [[ $i == 1 && ${COMP_WORDS[i]} == help ]]; then continue; fi\n"
          "        case \"$key ${COMP_WORDS[i]}\" in\n", out);
    walk(out, root, "", bash_descend);
    fputs("        *) break ;;\n        esac\n        key=\"$key ${COMP_WORDS[i]}\"\n    done\n"
          "    case \"$key:$prev\" in\n", out);
    walk(out, root, "", bash_value);
    fputs("    *)\n        case \"$key\" in\n", out);
    walk(out, root, "", bash_words);
    fputs("        esac ;;\n    esac\n", out);
    for (int i = 0; i < NAMES; i++) {
        fprintf(out, "    if [[ $%s && $cur != -* ]]; then words+=\" $(", all_names[i].name);
        put_list(out, &all_names[i]);
        fputs(")\"; fi\n", out);
    }
    fputs("    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; [[ $files && $cur != -* ]] && compgen -f -- \"$cur\")\n"
          "    if [[ $files ]]; then compopt -o filenames 2>/dev/null; fi\n"
          "}\ncomplete -F _llmsim llmsim\n", out);
}

/* --- zsh ------------------------------------------------------------------------------------------------------------ */

/* Text inside '...' of a specification for _arguments or _describe. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '\'': fputs("'\\''", out); break;
        case '\n': fputc(' ', out); break;
        case ':': case '[': case ']': case '\\': fputc('\\', out); /* fall through */
        default:   fputc(*text, out);
        }
}

static void zsh_function_name(FILE *out, const char *key)
{
    fputs("_llmsim", out);
    for (; *key; key++)
        fputc(*key == ' ' ? '_' : *key, out);
}

/* Names and files that a placeholder stands for. */
static void zsh_action(FILE *out, const char *placeholder, const char *option)
{
    bool any = false;

    for (int i = 0; i < NAMES; i++)
        if (stands_for(placeholder, option, &all_names[i])) {
            fprintf(out, "%s %s", any ? "" : ":_llmsim-names", all_names[i].name);
            any = true;
        }
    fputs(any ? "" : ":_files", out);
}

static void zsh_option(FILE *out, const struct option_spec *s)
{
    fputs(" \\\n        ", out);
    if (s->letter)
        fprintf(out, "'(-%c --%s)'{-%c,--%s}'", s->letter, s->name, s->letter, s->name);
    else
        fprintf(out, "'%s--%s", s->kind == OPTION_LIST ? "*" : "", s->name);
    fputc('[', out);
    zsh_text(out, s->help);
    fputc(']', out);
    if (s->kind != OPTION_FLAG) {
        fputc(':', out);
        zsh_text(out, s->value ? s->value : "value");
        fputs(s->kind == OPTION_CHOICE ? ":(" : "", out);
        if (s->kind != OPTION_CHOICE)
            zsh_action(out, s->value, s->name);
    }
    for (size_t i = 0; s->kind == OPTION_CHOICE && s->choices[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", s->choices[i]);
    fputs(s->kind == OPTION_CHOICE ? ")'" : "'", out);
}

static void zsh_subcommands(FILE *out, const struct command *command, const char *key)
{
    fputs("    local -a commands=(", out);
    for (const struct command *const *c = command->subcommands; *c; c++) {
        fprintf(out, "\n        '%s:", (*c)->name);
        zsh_text(out, (*c)->summary);
        fputc('\'', out);
    }
    if (!*key)
        fputs("\n        'help:help of a command'", out);
    fputs(")\n    if (( CURRENT == 2 )); then _describe command commands; return; fi\n", out);
    if (!*key)
        fputs("    if [[ $words[2] == help ]]; then shift words; (( CURRENT-- )); _llmsim; return; fi\n", out);
    fputs("    local name=$words[2]\n    shift words; (( CURRENT-- ))\n    (( $+functions[", out);
    zsh_function_name(out, key);
    fputs("_$name] )) && ", out);
    zsh_function_name(out, key);
    fputs("_$name\n", out);
}

static void zsh_function(FILE *out, const struct command *command, const char *key)
{
    zsh_function_name(out, key);
    fputs("()\n{\n", out);
    if (command->subcommands) {
        zsh_subcommands(out, command, key);
    } else {
        fputs("    _arguments '(- *)'{-h,--help}'[help]'", out);
        for (const struct option_spec *s = command->options; s && s->name; s++)
            zsh_option(out, s);
        if (command->operands) {
            fputs(" \\\n        '*:operand", out);
            zsh_action(out, command->operands, NULL);
            fputc('\'', out);
        }
        fputc('\n', out);
    }
    fputs("}\n\n", out);
}

void completion_zsh(FILE *out, const struct command *root)
{
    fputs("#compdef llmsim\n# zsh completion for llmsim; written by 'llmsim help --completion zsh'\n\n"
          "# what is asked for by name (devices, traces, formats), and files\n"
          "_llmsim-names()\n{\n"
          "    local -a devices traces formats kinds\n    local kind\n"
          "    for kind in devices traces formats; do\n        (( $argv[(I)$kind] )) || continue\n        case $kind in\n", out);
    for (int i = 0; i < NAMES; i++) {
        fprintf(out, "        %s) %s=(${(f)\"$(", all_names[i].name, all_names[i].name);
        put_list(out, &all_names[i]);
        fputs(")\"}) ;;\n", out);
    }
    fputs("        esac\n        kinds+=(\"$kind:${kind%s}:compadd -a $kind\")\n    done\n"
          "    _alternative $kinds 'files:file:_files'\n"
          "}\n\n", out);
    walk(out, root, "", zsh_function);
    fputs("_llmsim \"$@\"\n", out);
}
