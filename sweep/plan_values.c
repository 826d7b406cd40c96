/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of a sweep file and their values: lists, linear and doubling ranges. Ranges are computed on decimal numbers with the unit that both
 * ends share ("1 TB/s" to "4 TB/s"), value i as from + i (to - from) / (steps - 1) rounded to 12 significant digits: no libm, the same everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "sweep/plan_internal.h"

static const struct { const char *name; enum target target; bool dotted; } targets[] = {
    { "arch", TARGET_ARCH, false },         { "arch.", TARGET_ARCH_PATH, true },      { "fidelity", TARGET_FIDELITY, false },
    { "layout.tp", TARGET_TP, false },      { "mapping", TARGET_MAPPING, false },     { "recipe", TARGET_RECIPE, false },
    { "recipe.a", TARGET_RECIPE_KEY, false }, { "recipe.acc", TARGET_RECIPE_KEY, false }, { "recipe.attn", TARGET_RECIPE_KEY, false },
    { "recipe.embed", TARGET_RECIPE_KEY, false }, { "recipe.head", TARGET_RECIPE_KEY, false }, { "recipe.kv", TARGET_RECIPE_KEY, false },
    { "recipe.out", TARGET_RECIPE_KEY, false }, { "recipe.w", TARGET_RECIPE_KEY, false }, { "stack", TARGET_STACK, false },
    { "stack.", TARGET_STACK_PATH, true },  { "trace", TARGET_TRACE, false },         { "var.", TARGET_VARIABLE, true },
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static enum status find_target(struct plan_name *n, struct error *err)
{
    const char *names[TARGETS];

    for (size_t i = 0; i < TARGETS; i++) {
        size_t length = strlen(targets[i].name);
        names[i] = targets[i].name;
        if (targets[i].dotted ? strncmp(n->name, targets[i].name, length) != 0 || n->name[length] == '\0' : strcmp(n->name, targets[i].name) != 0)
            continue;
        n->target = targets[i].target;
        n->path = targets[i].dotted ? n->name + length : targets[i].target == TARGET_RECIPE_KEY ? n->name + 7 : NULL;
        return STATUS_OK;
    }
    const char *near = nearest_name(n->name, names, TARGETS);
    return error_set(err, STATUS_BAD_INPUT, n->at, "nothing is called '%s'%s%s", n->name, near ? "; nearest is " : ", expected arch, arch.PATH, stack, stack.PATH, "
                     "trace, recipe, recipe.KEY, layout.tp, fidelity, mapping or var.NAME", near ? near : "");
}

struct plan_name *plan_add_name(enum status *st, struct plan_reader *r, const char *name, struct source_pos at)
{
    struct plan *p = r->plan;
    struct plan_name n = { .name = name, .at = at, .dimension = -1 };

    for (int64_t i = 0; i < p->names_count; i++)
        if (strcmp(p->names[i].name, name) == 0) {
            *st = error_set(r->err, STATUS_BAD_INPUT, at, "'%s' is given twice: it stands in line %d already", name, p->names[i].at.line);
            return NULL;
        }
    if (p->names_count == PLAN_NAMES_MAX) {
        *st = error_set(r->err, STATUS_BAD_INPUT, at, "more than %d names", PLAN_NAMES_MAX);
        return NULL;
    }
    if ((*st = find_target(&n, r->err)))
        return NULL;
    p->known_list[p->names_count] = name;
    p->names[p->names_count] = n;
    p->known = (struct names){ p->known_list, (size_t)p->names_count + 1 };
    return &p->names[p->names_count++];
}

static enum status scalar_value(struct value *out, struct plan_reader *r, const char *name, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: expected a value", name);
    *out = node->quoted ? (struct value){ .text = node->text } : value_of_text(node->text);
    return STATUS_OK;
}

static enum status read_list(const struct value **values, int64_t *count, struct plan_reader *r, const char *name, const struct yaml_node *node)
{
    struct value *v = arena_array(r->arena, node->count + 1, sizeof *v);
    enum status st = v ? STATUS_OK : error_no_memory(r->err);

    if (!st && (node->count == 0 || node->count > PLAN_VALUES_MAX))
        st = error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: %zu values, expected 1 to %d", name, node->count, PLAN_VALUES_MAX);
    for (size_t i = 0; i < node->count && !st; i++)
        if (!(st = scalar_value(&v[i], r, name, node->items[i])))
            for (size_t j = 0; j < i && !st && node->count <= 4096; j++)
                if (strcmp(v[i].text, v[j].text) == 0)
                    st = error_set(r->err, STATUS_BAD_INPUT, node->items[i]->at, "%s: '%s' is given twice", name, v[i].text);
    *values = v;
    *count = (int64_t)node->count;
    return st;
}

struct range { double from, to; const char *unit; struct source_pos at; };

/* "1.5 TB/s": a number and a unit. */
static enum status read_end(double *x, const char **unit, struct plan_reader *r, const char *name, const struct yaml_node *node)
{
    size_t bytes = node->kind == YAML_SCALAR ? num_decimal_length(node->text) : 0;
    const char *number = arena_strndup(r->arena, bytes ? node->text : "", bytes);

    if (!number)
        return error_no_memory(r->err);
    if (!bytes || num_parse_double(x, number))
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: found '%s', expected a number, with a unit where the value has one", name,
                         node->kind == YAML_SCALAR ? node->text : "a list or mapping");
    *unit = node->text + bytes;
    return STATUS_OK;
}

static enum status fill(const struct value **values, int64_t *count, struct plan_reader *r, const struct range *g, int64_t steps, bool doubling)
{
    struct value *v = arena_array(r->arena, (size_t)steps, sizeof *v);
    double x = g->from;

    if (!v)
        return error_no_memory(r->err);
    for (int64_t i = 0; i < steps; i++, x *= 2) {
        char digits[NUM_TEXT_MAX], text[NUM_TEXT_MAX];
        double at = doubling ? x : i == steps - 1 ? g->to : g->from + (g->to - g->from) * (double)i / (double)(steps - 1);
        snprintf(digits, sizeof digits, "%.12g", at);
        if (num_parse_double(&at, digits))
            return error_set(r->err, STATUS_BAD_INPUT, g->at, "the range is not finite");
        const char *all = arena_printf(r->arena, "%s%s", num_format_double(text, at), g->unit);
        if (!all)
            return error_no_memory(r->err);
        v[i] = value_of_text(all);
    }
    *values = v;
    *count = steps;
    return STATUS_OK;
}

/* Values of a range by `step`, `steps` or doubling. */
static enum status range_steps(int64_t *steps, bool *doubling, struct plan_reader *r, const char *name, const struct yaml_node *node, const struct range *g)
{
    const char *scale = "linear";
    double step = 1;
    const char *unit;
    struct yaml_node *by = yaml_find(node, "step");
    enum status st = yaml_get_text(&scale, node, "scale", false, r->err);

    *steps = 0;
    if (st || (st = yaml_get_i64(steps, node, "steps", false, 2, PLAN_VALUES_MAX, r->err)))
        return st;
    if (by && (st = read_end(&step, &unit, r, name, by)))
        return st;
    *doubling = strcmp(scale, "log2") == 0;
    if (!*doubling && strcmp(scale, "linear") != 0)
        return error_set(r->err, STATUS_BAD_INPUT, yaml_find(node, "scale")->at, "%s: scale is '%s', expected linear or log2", name, scale);
    if (*doubling && (by || *steps || g->from <= 0))
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: a log2 range doubles from a number above 0, and has neither step nor steps", name);
    if (by && *steps)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: step and steps exclude each other", name);
    if (g->to < g->from)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: the range ends below its start", name);
    if (by && (step <= 0 || strcmp(unit, g->unit) != 0))
        return error_set(r->err, STATUS_BAD_INPUT, by->at, "%s: expected a step above 0 with the unit of the ends", name);
    double n = (g->to - g->from) / step;
    if (*doubling)
        for (double x = g->from; x <= g->to && *steps < 1024; x *= 2)
            ++*steps;
    else if (!*steps && n >= PLAN_VALUES_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: over %d values", name, PLAN_VALUES_MAX);
    else if (!*steps) {
        *steps = (int64_t)(n + 1e-9) + 1;
    }
    return STATUS_OK;
}

static enum status read_range(const struct value **values, int64_t *count, struct plan_reader *r, const char *name, const struct yaml_node *node)
{
    struct yaml_node *from = yaml_find(node, "from"), *to = yaml_find(node, "to");
    struct range g = { .at = node->at };
    const char *unit;
    bool doubling;
    int64_t steps;
    enum status st;

    if (!from || !to)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: expected `values`, or `from` and `to`", name);
    if ((st = read_end(&g.from, &g.unit, r, name, from)) || (st = read_end(&g.to, &unit, r, name, to)))
        return st;
    if (strcmp(unit, g.unit) != 0)
        return error_set(r->err, STATUS_BAD_INPUT, to->at, "%s: the unit of the end is '%s', that of the start '%s'", name, unit, g.unit);
    if ((st = range_steps(&steps, &doubling, r, name, node, &g)))
        return st;
    struct yaml_node *by = yaml_find(node, "step");
    if (by) { /* the last value is the last that the step reaches */
        double step = 0;
        if ((st = read_end(&step, &unit, r, name, by)))
            return st;
        g.to = g.from + step * (double)(steps - 1);
    } else if (!doubling && !yaml_find(node, "steps")) {
        g.to = g.from + (double)(steps - 1);
    }
    return fill(values, count, r, &g, steps, doubling);
}

enum status plan_read_values(const struct value **values, int64_t *count, struct plan_reader *r, const char *name, const struct yaml_node *node)
{
    static const char *const keys[] = { "values", "from", "to", "step", "steps", "scale", "when" };
    struct yaml_node *list;
    enum status st;

    if (node->kind == YAML_SEQUENCE)
        return read_list(values, count, r, name, node);
    if (node->kind == YAML_SCALAR)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: an axis is a list [a, b] or a range {from: a, to: b}; a fixed value stands under `fixed`", name);
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], r->err)))
        return st;
    if (!(list = yaml_find(node, "values")))
        return read_range(values, count, r, name, node);
    if (list->kind != YAML_SEQUENCE || node->count > (yaml_find(node, "when") ? 2u : 1u))
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: `values` is a list and stands alone (or with `when`)", name);
    return read_list(values, count, r, name, list);
}
