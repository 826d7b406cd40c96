/* SPDX-License-Identifier: Apache-2.0 */
/* Sweep files: the document's sections. See plan.h and docs/sweep_files.md. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/path.h"
#include "base/version.h"
#include "sweep/plan_internal.h"
#include "sweep/sampler.h"
#include "sweep/template.h"

static const char *const top_keys[] = { "name", "about", "source", "arch", "stack", "trace", "recipe", "fidelity", "mapping", "fixed", "axes", "zip",
                                        "derive", "constraints", "objectives", "sample", "refine", "promote" };
static const char *const fidelities[] = { "roofline", "analytic", "cycle" };

static enum status add_fixed(struct plan_reader *r, const char *name, struct source_pos at, const struct yaml_node *node)
{
    enum status st;
    struct plan_name *n = plan_add_name(&st, r, name, at);
    struct value *v = arena_alloc(r->arena, sizeof *v);

    if (!n)
        return st;
    if (!v)
        return error_no_memory(r->err);
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "%s: expected one value (axes stand under `axes`)", name);
    *v = node->quoted ? (struct value){ .text = node->text } : value_of_text(node->text);
    n->values = v;
    return STATUS_OK;
}

static enum status read_fixed(struct plan_reader *r, const struct yaml_node *doc)
{
    static const char *const own[] = { "arch", "stack", "trace", "recipe", "fidelity", "mapping" };
    const struct yaml_node *fixed = yaml_find(doc, "fixed");
    enum status st = STATUS_OK;

    for (size_t i = 0; i < doc->count && !st; i++)
        for (size_t k = 0; k < sizeof own / sizeof own[0] && !st; k++)
            if (strcmp(doc->keys[i], own[k]) == 0)
                st = add_fixed(r, doc->keys[i], doc->key_at[i], doc->items[i]);
    if (!st && fixed && fixed->kind != YAML_MAPPING)
        st = error_set(r->err, STATUS_BAD_INPUT, fixed->at, "fixed: expected a mapping NAME: VALUE");
    for (size_t i = 0; fixed && i < fixed->count && !st; i++)
        st = add_fixed(r, fixed->keys[i], fixed->key_at[i], fixed->items[i]);
    return st;
}

/* One dimension more, of `count` values; its condition may name what stands before it. */
static enum status add_dimension(struct plan_reader *r, int64_t count, const struct yaml_node *when)
{
    struct plan *p = r->plan;
    struct expression *e = NULL;
    enum status st = STATUS_OK;

    if (when && (when->kind != YAML_SCALAR || !*when->text))
        return error_set(r->err, STATUS_BAD_INPUT, when->at, "when: expected an expression");
    if (when)
        st = expression_parse(&e, when->text, (struct source_pos){ when->at.file, when->at.line, when->at.column + when->quoted }, &p->known, r->arena, r->err);
    p->dimensions[p->dimensions_count++] = (struct dimension){ count, e };
    return st;
}

static enum status add_axis(struct plan_reader *r, const char *name, struct source_pos at, const struct yaml_node *node, int64_t dimension, int64_t *count)
{
    const struct value *values = NULL;
    enum status st = plan_read_values(&values, count, r, name, node);
    struct plan_name *n = st ? NULL : plan_add_name(&st, r, name, at);

    if (!n)
        return st;
    n->values = values;
    n->dimension = dimension;
    return STATUS_OK;
}

static enum status read_axes(struct plan_reader *r, const struct yaml_node *axes)
{
    enum status st = STATUS_OK;

    if (axes->kind != YAML_MAPPING)
        return error_set(r->err, STATUS_BAD_INPUT, axes->at, "axes: expected a mapping NAME: VALUES");
    for (size_t i = 0; i < axes->count && !st; i++) {
        const struct yaml_node *node = axes->items[i];
        int64_t count = 0;

        if (r->plan->dimensions_count == PLAN_NAMES_MAX)
            return error_set(r->err, STATUS_BAD_INPUT, node->at, "more than %d axes", PLAN_NAMES_MAX);
        /* the condition is read first: it may not name the axis itself */
        if (!(st = add_dimension(r, 1, node->kind == YAML_MAPPING ? yaml_find(node, "when") : NULL)) &&
            !(st = add_axis(r, axes->keys[i], axes->key_at[i], node, r->plan->dimensions_count - 1, &count)))
            r->plan->dimensions[r->plan->dimensions_count - 1].count = count;
    }
    return st;
}

/* Axes that advance together: one dimension a group. */
static enum status read_zip(struct plan_reader *r, const struct yaml_node *zip)
{
    enum status st = STATUS_OK;

    if (zip->kind != YAML_SEQUENCE)
        return error_set(r->err, STATUS_BAD_INPUT, zip->at, "zip: expected a list of mappings NAME: VALUES");
    for (size_t g = 0; g < zip->count && !st; g++) {
        const struct yaml_node *group = zip->items[g];
        int64_t first = 0, count = 0;

        if (group->kind != YAML_MAPPING || group->count == 0 || r->plan->dimensions_count == PLAN_NAMES_MAX)
            return error_set(r->err, STATUS_BAD_INPUT, group->at, "zip: expected a mapping NAME: VALUES, %d groups at most", PLAN_NAMES_MAX);
        st = add_dimension(r, 1, yaml_find(group, "when"));
        for (size_t i = 0; i < group->count && !st; i++) {
            if (strcmp(group->keys[i], "when") == 0)
                continue;
            st = add_axis(r, group->keys[i], group->key_at[i], group->items[i], r->plan->dimensions_count - 1, &count);
            if (!st && first && count != first)
                st = error_set(r->err, STATUS_BAD_INPUT, group->items[i]->at, "zip: %s has %lld values, those before it %lld", group->keys[i],
                               (long long)count, (long long)first);
            first = count;
        }
        if (!st && first == 0)
            st = error_set(r->err, STATUS_BAD_INPUT, group->at, "zip: a group without axes");
        r->plan->dimensions[r->plan->dimensions_count - 1].count = first > 0 ? first : 1;
    }
    return st;
}

static enum status read_derived(struct plan_reader *r, const struct yaml_node *derive)
{
    enum status st = STATUS_OK;

    if (derive->kind != YAML_MAPPING)
        return error_set(r->err, STATUS_BAD_INPUT, derive->at, "derive: expected a mapping NAME: \"{expression} unit\"");
    for (size_t i = 0; i < derive->count && !st; i++) {
        const struct yaml_node *node = derive->items[i];
        struct value_template *t;

        if (node->kind != YAML_SCALAR)
            return error_set(r->err, STATUS_BAD_INPUT, node->at, "derive: expected a text such as \"{2 * var.x} GB/s\"");
        struct source_pos at = { node->at.file, node->at.line, node->at.column + node->quoted };
        if ((st = template_parse(&t, node->text, at, &r->plan->known, r->arena, r->err)))
            return st;
        struct plan_name *n = plan_add_name(&st, r, derive->keys[i], derive->key_at[i]);
        if (n)
            n->derived = t;
    }
    return st;
}

static enum status read_constraints(struct plan_reader *r, const struct yaml_node *list)
{
    enum status st = STATUS_OK;

    if (list->kind != YAML_SEQUENCE || list->count > PLAN_NAMES_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, list->at, "constraints: expected a list of up to %d expressions", PLAN_NAMES_MAX);
    for (size_t i = 0; i < list->count && !st; i++) {
        const struct yaml_node *node = list->items[i];
        struct expression *e;

        if (node->kind != YAML_SCALAR)
            return error_set(r->err, STATUS_BAD_INPUT, node->at, "constraints: expected an expression");
        struct source_pos at = { node->at.file, node->at.line, node->at.column + node->quoted };
        st = expression_parse(&e, node->text, at, &r->plan->known, r->arena, r->err);
        r->plan->constraints[r->plan->constraints_count++] = e;
    }
    return st;
}

static enum status read_objectives(struct plan_reader *r, const struct yaml_node *list)
{
    struct plan *p = r->plan;

    if (list->kind != YAML_SEQUENCE || list->count == 0 || list->count > PLAN_OBJECTIVES_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, list->at, "objectives: expected a list of 1 to %d", PLAN_OBJECTIVES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *node = list->items[i];
        enum status st = node->kind != YAML_SCALAR ? error_set(r->err, STATUS_BAD_INPUT, node->at, "objectives: expected a name")
                                                   : objective_find(&p->objectives[p->objectives_count++], node->text, node->at, r->err);
        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status read_sample(struct plan_reader *r, const struct yaml_node *node)
{
    static const char *const keys[] = { "method", "points", "seed", "population", "generations" };
    struct plan *p = r->plan;
    const char *method = "grid";
    enum status st;

    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], r->err)) || (st = yaml_get_text(&method, node, "method", true, r->err)) ||
        (st = sampler_find(&p->sampler, method, yaml_find(node, "method")->at, r->err)) ||
        (st = yaml_get_i64(&p->points, node, "points", p->sampler->sized, 1, 1000000000, r->err)) ||
        (st = yaml_get_i64(&p->seed, node, "seed", false, 0, 1 << 30, r->err)) ||
        (st = yaml_get_i64(&p->population, node, "population", false, 2, 4096, r->err)) ||
        (st = yaml_get_i64(&p->generations, node, "generations", false, 1, 4096, r->err)))
        return st;
    if (p->points && !p->sampler->sized)
        return error_set(r->err, STATUS_BAD_INPUT, node->at, "sample: %s takes no `points`", method);
    return STATUS_OK;
}

static enum status read_refine(struct plan_reader *r, const struct yaml_node *node)
{
    static const char *const keys[] = { "rounds" };
    enum status st = yaml_check_keys(node, keys, 1, r->err);

    return st ? st : yaml_get_i64(&r->plan->refine_rounds, node, "rounds", true, 1, 1000, r->err);
}

static enum status read_promote(struct plan_reader *r, const struct yaml_node *list)
{
    static const char *const keys[] = { "to", "within" };
    enum status st = STATUS_OK;

    if (list->kind != YAML_SEQUENCE || list->count > PLAN_PROMOTIONS_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, list->at, "promote: expected a list of up to %d {to: FIDELITY, within: RATIO}", PLAN_PROMOTIONS_MAX);
    for (size_t i = 0; i < list->count && !st; i++) {
        struct promotion *p = &r->plan->promotions[r->plan->promotions_count++];
        bool known = false;

        if ((st = yaml_check_keys(list->items[i], keys, 2, r->err)) || (st = yaml_get_text(&p->fidelity, list->items[i], "to", true, r->err)) ||
            (st = yaml_get_quantity(&p->within, list->items[i], "within", true, Q_RATIO, 0, 100, r->err)))
            return st;
        for (size_t f = 0; f < sizeof fidelities / sizeof fidelities[0]; f++)
            known = known || strcmp(p->fidelity, fidelities[f]) == 0;
        if (!known)
            st = error_set(r->err, STATUS_BAD_INPUT, yaml_find(list->items[i], "to")->at, "promote: '%s', expected roofline, analytic or cycle", p->fidelity);
    }
    return st;
}

static bool names_target(const struct plan *p, enum target target)
{
    for (int64_t i = 0; i < p->names_count; i++)
        if (p->names[i].target == target)
            return true;
    return false;
}

static enum status check_whole(struct plan_reader *r, const struct yaml_node *doc)
{
    struct plan *p = r->plan;

    if (!names_target(p, TARGET_ARCH) || !names_target(p, TARGET_TRACE))
        return error_set(r->err, STATUS_BAD_INPUT, doc->at, "missing key '%s': a fixed value or an axis", names_target(p, TARGET_ARCH) ? "trace" : "arch");
    if ((p->sampler->propose || p->refine_rounds || p->promotions_count) && p->objectives_count == 0)
        return error_set(r->err, STATUS_BAD_INPUT, doc->at, "missing key 'objectives': %s goes by them", p->sampler->propose ? p->sampler->name : "refine or promote");
    if (!p->sampler->propose && p->sampler->count(p) < 0)
        return error_set(r->err, STATUS_BAD_INPUT, doc->at, "the axes have more than 2^62 combinations");
    return STATUS_OK;
}

static enum status read_document(struct plan_reader *r, const struct yaml_node *doc)
{
    static const struct { const char *key; enum status (*read)(struct plan_reader *r, const struct yaml_node *node); } sections[] = {
        { "axes", read_axes }, { "zip", read_zip }, { "derive", read_derived }, { "constraints", read_constraints }, { "objectives", read_objectives },
        { "sample", read_sample }, { "refine", read_refine }, { "promote", read_promote },
    };
    enum status st = yaml_check_keys(doc, top_keys, sizeof top_keys / sizeof top_keys[0], r->err);

    if (st || (st = yaml_get_text(&r->plan->name, doc, "name", false, r->err)) || (st = read_fixed(r, doc)))
        return st;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0] && !st; i++) {
        const struct yaml_node *node = yaml_find(doc, sections[i].key);
        if (node)
            st = sections[i].read(r, node);
    }
    return st ? st : check_whole(r, doc);
}

static enum status hash_plan(struct plan *p, const void *data, size_t bytes, struct error *err)
{
    struct hasher *h = hasher_open();

    if (!h)
        return error_no_memory(err);
    hasher_text(h, "llmsim.sweep/1");
    hasher_text(h, version_model());
    hasher_bytes(h, data, bytes);
    p->hash = hasher_value(h);
    hasher_close(h);
    return STATUS_OK;
}

static const char *stem(const char *path, struct arena *arena)
{
    const char *base = path_name(path), *dot = strrchr(base, '.');

    return arena_strndup(arena, base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

enum status plan_read_memory(struct plan **out, const char *name, const void *data, size_t bytes, struct arena *arena, struct error *err)
{
    struct plan *p = arena_alloc(arena, sizeof *p);
    struct plan_reader r = { p, arena, err };
    struct yaml_node *doc;
    enum status st;

    if (!p || !(p->path = arena_strdup(arena, name)) || !(p->name = stem(name, arena)) || !(p->body = arena_strndup(arena, data, bytes)))
        return error_no_memory(err);
    p->sampler = &sampler_grid;
    p->population = 32;
    p->generations = 16;
    p->known = (struct names){ p->known_list, 0 };
    if ((st = yaml_read_memory(&doc, p->path, data, bytes, arena, err)) || (st = read_document(&r, doc)) || (st = hash_plan(p, data, bytes, err)))
        return st;
    *out = p;
    return STATUS_OK;
}

enum status plan_read(struct plan **out, const char *path, struct arena *arena, struct error *err)
{
    enum { BYTES_MAX = 1 << 20 };
    FILE *f = fopen(path, "rb");
    char *data = f ? arena_alloc(arena, BYTES_MAX + 1) : NULL;
    size_t bytes;

    if (!f)
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot be read, expected a sweep file (docs/sweep_files.md)", path);
    if (!data) {
        fclose(f);
        return error_no_memory(err);
    }
    bytes = fread(data, 1, BYTES_MAX + 1, f);
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad || bytes > BYTES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %s", path, bad ? "cannot be read" : "over 1 MiB, expected a sweep file");
    return plan_read_memory(out, path, data, bytes, arena, err);
}
