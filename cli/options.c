/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of command lines by table. The help text is in cli/help.c. */
#include "cli/options.h"

#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "base/quantity.h"

enum { NAMES_MAX = 64 };

/* `value` is set when it was written in the same argument ("--db=x"); else the next argument is taken. */
struct cursor {
    int argc, index;
    char **argv;
    const char *value;
};

static void *field(void *target, const struct option_spec *spec)
{
    return (char *)target + spec->offset;
}

static enum status unknown_option(const struct command *command, const char *name, struct error *err)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (const struct option_spec *s = command->options; s && s->name && count < NAMES_MAX; s++)
        names[count++] = s->name;
    const char *near = nearest_name(name, names, count);
    if (near)
        return error_plain(err, STATUS_BAD_INPUT, "unknown option '--%s'; nearest is '--%s'", name, near);
    return error_plain(err, STATUS_BAD_INPUT, "unknown option '--%s'; --help lists the options", name);
}

static enum status unknown_choice(const struct option_spec *spec, const char *value, struct error *err)
{
    char list[256] = "";
    size_t count = 0, used = 0;

    for (; spec->choices[count]; count++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", count ? ", " : "", spec->choices[count]);
        used = n > 0 && used + (size_t)n < sizeof list ? used + (size_t)n : sizeof list - 1;
    }
    const char *near = nearest_name(value, spec->choices, count);
    return error_plain(err, STATUS_BAD_INPUT, "--%s: '%s' is not one of %s%s%s", spec->name, value, list,
                       near ? "; nearest is " : "", near ? near : "");
}

static enum status set_choice(void *target, const struct option_spec *spec, const char *value, struct error *err)
{
    for (const char *const *c = spec->choices; *c; c++)
        if (strcmp(*c, value) == 0) {
            *(const char **)field(target, spec) = *c;
            return STATUS_OK;
        }
    return unknown_choice(spec, value, err);
}

static enum status set_double(void *target, const struct option_spec *spec, const char *value, struct error *err)
{
    if (num_parse_double(field(target, spec), value))
        return error_plain(err, STATUS_BAD_INPUT, "--%s: found '%s', expected a number", spec->name, value);
    return STATUS_OK;
}

static enum status set_i64(void *target, const struct option_spec *spec, const char *value, struct error *err)
{
    char place[64];

    snprintf(place, sizeof place, "--%s", spec->name);
    return quantity_parse_i64(field(target, spec), value, spec->min, spec->max, (struct source_pos){ place, 0, 0 }, err);
}

static enum status append(void *target, const struct option_spec *spec, const char *value, struct arena *arena, struct error *err)
{
    struct text_list *list = field(target, spec);
    const char **items = arena_array(arena, (size_t)list->count + 1, sizeof *items);

    if (!items)
        return error_no_memory(err);
    if (list->count)
        memcpy(items, list->items, (size_t)list->count * sizeof *items);
    items[list->count++] = value;
    list->items = items;
    return STATUS_OK;
}

static enum status set_value(void *target, const struct option_spec *spec, const char *value, struct arena *arena, struct error *err)
{
    switch (spec->kind) {
    case OPTION_FLAG:   *(bool *)field(target, spec) = true; return STATUS_OK;
    case OPTION_TEXT:   *(const char **)field(target, spec) = value; return STATUS_OK;
    case OPTION_CHOICE: return set_choice(target, spec, value, err);
    case OPTION_I64:    return set_i64(target, spec, value, err);
    case OPTION_DOUBLE: return set_double(target, spec, value, err);
    case OPTION_LIST:   return append(target, spec, value, arena, err);
    }
    return error_plain(err, STATUS_INTERNAL, "option table: --%s has no kind", spec->name);
}

static enum status take_option(void *target, const struct option_spec *spec, struct cursor *c, struct arena *arena, struct error *err)
{
    if (spec->kind == OPTION_FLAG) {
        if (c->value)
            return error_plain(err, STATUS_BAD_INPUT, "--%s takes no value, found '%s'", spec->name, c->value);
        return set_value(target, spec, NULL, arena, err);
    }
    if (!c->value) {
        if (c->index + 1 >= c->argc)
            return error_plain(err, STATUS_BAD_INPUT, "--%s needs a value: --%s %s", spec->name, spec->name,
                               spec->value ? spec->value : "VALUE");
        c->value = c->argv[++c->index];
    }
    return set_value(target, spec, c->value, arena, err);
}

static enum status long_option(void *target, const struct command *command, struct cursor *c, struct arena *arena, struct error *err)
{
    const char *text = c->argv[c->index] + 2;
    const char *equals = strchr(text, '=');
    char *name = arena_strndup(arena, text, equals ? (size_t)(equals - text) : strlen(text));

    if (!name)
        return error_no_memory(err);
    c->value = equals ? equals + 1 : NULL;
    for (const struct option_spec *s = command->options; s && s->name; s++)
        if (strcmp(s->name, name) == 0)
            return take_option(target, s, c, arena, err);
    return unknown_option(command, name, err);
}

/* -d FILE or -dFILE; flags may not be bundled. */
static enum status short_option(void *target, const struct command *command, struct cursor *c, struct arena *arena, struct error *err)
{
    const char *text = c->argv[c->index];

    c->value = text[2] ? text + 2 : NULL;
    for (const struct option_spec *s = command->options; s && s->name; s++)
        if (s->letter && s->letter == text[1])
            return take_option(target, s, c, arena, err);
    return error_plain(err, STATUS_BAD_INPUT, "unknown option '%s'; --help lists the options", text);
}

static enum status apply_defaults(void *target, const struct command *command, struct arena *arena, struct error *err)
{
    for (const struct option_spec *s = command->options; s && s->name; s++) {
        enum status st = s->otherwise ? set_value(target, s, s->otherwise, arena, err) : STATUS_OK;
        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status check_operands(const struct text_list *operands, const struct command *command, struct error *err)
{
    if (operands->count < command->operands_min)
        return error_plain(err, STATUS_BAD_INPUT, "%s: found %lld operand%s, expected %s; 'llmsim help %s' explains",
                           command->name, (long long)operands->count, operands->count == 1 ? "" : "s",
                           command->operands, command->name);
    if (command->operands_max >= 0 && operands->count > command->operands_max)
        return error_plain(err, STATUS_BAD_INPUT, "%s: superfluous operand '%s'%s%s", command->name,
                           operands->items[command->operands_max], command->operands ? ", expected " : "",
                           command->operands ? command->operands : "");
    return STATUS_OK;
}

enum status options_parse(void *target, struct text_list *operands, const struct command *command, int argc, char **argv,
                          struct arena *arena, struct error *err)
{
    struct cursor c = { .argc = argc, .argv = argv };
    bool only_operands = false;
    enum status st;

    *operands = (struct text_list){ .items = arena_array(arena, (size_t)argc + 1, sizeof *operands->items) };
    if (!operands->items)
        return error_no_memory(err);
    if ((st = apply_defaults(target, command, arena, err)))
        return st;
    for (c.index = 1; c.index < argc; c.index++) {
        const char *text = argv[c.index];

        if (only_operands || text[0] != '-' || !text[1])
            operands->items[operands->count++] = text;
        else if (strcmp(text, "--") == 0)
            only_operands = true;
        else if ((st = text[1] == '-' ? long_option(target, command, &c, arena, err) : short_option(target, command, &c, arena, err)))
            return st;
    }
    return check_operands(operands, command, err);
}

int command_fail(const struct error *err)
{
    fprintf(stderr, "llmsim: %s\n", err->message);
    return err->status;
}
