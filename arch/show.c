/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a resolved description as YAML; behind every value stands where it came from. The output reads back as the same description. */
#include <stdio.h>
#include <string.h>

#include "arch/resolve.h"

enum { COMMENT_COLUMN = 56 };

static bool plain_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' || c == '$' ||
           c == '+' || c == '(';
}

/* Can the text stand without quotes and mean the same? */
static bool is_plain(const struct yaml_node *node)
{
    const char *t = node->text;

    if (node->quoted || !plain_start(t[0]) || t[strlen(t) - 1] == ' ' || t[strlen(t) - 1] == ':')
        return false;
    for (const char *c = t; *c; c++)
        if ((unsigned char)*c < ' ' || strchr("[]{},\"'\\&*!|>%@`", *c) || (c[0] == ':' && c[1] == ' ') || (c[0] == ' ' && c[1] == '#'))
            return false;
    return true;
}

static int print_scalar(FILE *out, const struct yaml_node *node)
{
    int n = 2;

    if (is_plain(node))
        return fprintf(out, "%s", node->text);
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)node->text; *c; c++) {
        if (*c == '"' || *c == '\\')
            n += fprintf(out, "\\%c", *c);
        else if (*c < ' ' || *c == 0x7f)
            n += fprintf(out, "\\x%02x", *c);
        else {
            fputc(*c, out);
            n++;
        }
    }
    fputc('"', out);
    return n;
}

static void print_from(FILE *out, const struct yaml_node *node, const char *source, int column, struct arena *arena)
{
    const char *file = arch_display_path(node->at.file ? node->at.file : "?", arena);

    if (column < COMMENT_COLUMN)
        fprintf(out, "%*s", COMMENT_COLUMN - column, "");
    if (strncmp(file, "--set", 5) == 0)
        fprintf(out, " # from --set");
    else
        fprintf(out, " # from %s:%d", file, node->at.line);
    if (source)
        fprintf(out, "; source: %s", source);
    fputc('\n', out);
}

static bool is_flat(const struct yaml_node *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind != YAML_SCALAR)
            return false;
    return true;
}

static int print_list(FILE *out, const struct yaml_node *list)
{
    int n = fprintf(out, "[");

    for (size_t i = 0; i < list->count; i++)
        n += fprintf(out, "%s", i ? ", " : "") + print_scalar(out, list->items[i]);
    return n + fprintf(out, "]");
}

/* A source on the line of a flow mapping counts for the values of that line; merged values come from other lines. */
const char *arch_source_of(const struct yaml_node *value, const struct yaml_node *map)
{
    bool same_line = map->at.file && value->at.file && strcmp(map->at.file, value->at.file) == 0 && map->at.line == value->at.line;

    return value->source ? value->source : same_line ? map->source : NULL;
}

static void print_node(FILE *out, const struct yaml_node *map, int depth, struct arena *arena)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *value = map->items[i];
        int column = fprintf(out, "%*s%s:", 2 * depth, "", map->keys[i]);

        if (value->kind == YAML_MAPPING && value->count > 0) {
            fputc('\n', out);
            print_node(out, value, depth + 1, arena);
            continue;
        }
        column += fprintf(out, " ");
        if (value->kind == YAML_MAPPING)
            column += fprintf(out, "{}");
        else if (value->kind == YAML_SEQUENCE)
            column += is_flat(value) ? print_list(out, value) : fprintf(out, "[...]");
        else
            column += print_scalar(out, value);
        print_from(out, value, arch_source_of(value, map), column, arena);
    }
}

void arch_print_tree(FILE *out, const struct yaml_node *tree)
{
    struct arena arena = { 0 };

    print_node(out, tree, 0, &arena);
    arena_free(&arena);
}

void arch_show(FILE *out, const struct hardware *hw)
{
    arch_print_tree(out, hw->tree);
}

void stack_show(FILE *out, const struct stack *stack)
{
    arch_print_tree(out, stack->tree);
}
