/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of unit types, the check of their stanzas and the choice of a unit for a matrix product. A new unit is one file
 * (sim/unit_NAME.c), one line in `types` and one stanza in a chip's YAML. docs/lut_mpgemm.md, docs/recipes.md
 */
#include "sim/units.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "sim/fpga_budget.h"

static const struct unit_type *const types[] = {
    &unit_fpga_minifloat,
    &unit_lut_mpgemm,
    &unit_tensor_core,
    &unit_vector,
};
enum { TYPES = sizeof types / sizeof types[0], KEYS_MAX = 64 };

const struct unit_type *const *unit_types(int64_t *count)
{
    *count = TYPES;
    return types;
}

const struct unit_type *unit_type_find(const char *name)
{
    for (int64_t i = 0; i < TYPES; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

static const struct param_spec *param_find(const struct unit_type *type, const char *key)
{
    for (const struct param_spec *p = type->params; p->key != NULL; p++)
        if (strcmp(p->key, key) == 0)
            return p;
    return NULL;
}

static bool text_key(const struct unit_type *type, const char *key)
{
    for (const char *const *k = type->text_keys; *k != NULL; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

static const char *nearest_key(const struct unit_type *type, const char *key)
{
    const char *names[KEYS_MAX];
    size_t count = 0;

    for (const struct param_spec *p = type->params; p->key != NULL && count < KEYS_MAX; p++)
        names[count++] = p->key;
    for (const char *const *k = type->text_keys; *k != NULL && count < KEYS_MAX; k++)
        names[count++] = *k;
    return nearest_name(key, names, count);
}

static enum status check_param(const struct yaml_node *node, const struct param_spec *p, struct error *err)
{
    double value = 0;

    if (yaml_find(node, p->key) == NULL && !isnan(p->otherwise))
        return STATUS_OK;
    return yaml_get_quantity(&value, node, p->key, true, p->kind, p->min, p->max, err);
}

static enum status check_unit(const struct arch_unit *unit, struct error *err)
{
    const struct unit_type *type = unit_type_find(unit->kind);
    const struct yaml_node *node = unit->node;
    enum status st;

    if (type == NULL) {
        const char *names[TYPES];
        for (size_t i = 0; i < TYPES; i++)
            names[i] = types[i]->name;
        const char *near = nearest_name(unit->kind, names, TYPES);
        return error_set(err, STATUS_BAD_INPUT, node != NULL ? node->at : (struct source_pos){ 0 },
                         "unit '%s' is of unknown kind '%s'%s%s", unit->name, unit->kind,
                         near != NULL ? "; nearest is " : ", expected fpga_minifloat, lut_mpgemm, tensor_core or vector", near != NULL ? near : "");
    }
    if (node == NULL)
        return STATUS_OK;
    for (size_t i = 0; i < node->count; i++) {
        if (arch_unit_key(node->keys[i]) || param_find(type, node->keys[i]) != NULL || text_key(type, node->keys[i]))
            continue;
        const char *near = nearest_key(type, node->keys[i]);
        return error_set(err, STATUS_BAD_INPUT, node->key_at[i], "unknown key '%s' in unit '%s' of kind %s%s%s", node->keys[i],
                         unit->name, type->name, near != NULL ? "; nearest is " : "", near != NULL ? near : "");
    }
    for (const struct param_spec *p = type->params; p->key != NULL; p++)
        if ((st = check_param(node, p, err)))
            return st;
    return type->check != NULL ? type->check(unit, err) : STATUS_OK;
}

enum status units_check(const struct hardware *hw, struct error *err)
{
    for (int64_t i = 0; i < hw->units_count; i++) {
        enum status st = check_unit(&hw->units[i], err);
        if (st)
            return st;
    }
    return fpga_check(hw, err);
}

double unit_param(const struct arch_unit *unit, const char *key)
{
    const struct unit_type *type = unit_type_find(unit->kind);
    const struct param_spec *p = type != NULL ? param_find(type, key) : NULL;

    if (p == NULL)
        return NAN;
    double value = p->otherwise;
    if (unit->node != NULL && yaml_find(unit->node, key) != NULL)
        (void)yaml_get_quantity(&value, unit->node, key, true, p->kind, p->min, p->max, NULL);
    return value;
}

const char *unit_text(const struct arch_unit *unit, const char *key)
{
    const char *text = NULL;

    if (unit->node != NULL)
        (void)yaml_get_text(&text, unit->node, key, false, NULL);
    return text;
}

/* Is candidate `a` to be preferred to `b`? Last resorts last, native before dequantized, then the faster. */
static bool better(const struct unit_type *ta, const struct unit_service *a, const struct unit_type *tb, const struct unit_service *b)
{
    if (ta->last_resort != tb->last_resort)
        return tb->last_resort;
    if (a->dequantize != b->dequantize)
        return b->dequantize;
    return a->fma_per_cycle_sm > b->fma_per_cycle_sm;
}

const struct arch_unit *unit_choose(struct unit_service *service, const struct hardware *hw, const struct unit_request *request)
{
    const struct arch_unit *best = NULL;
    const struct unit_type *best_type = NULL;

    for (int64_t i = 0; i < hw->units_count; i++) {
        const struct unit_type *type = unit_type_find(hw->units[i].kind);
        struct unit_service s = { 0 };
        const char *reason = NULL;

        if (request->without != NULL && hw->units[i].instruction != NULL && strcmp(hw->units[i].instruction, request->without) == 0)
            continue;
        if (type == NULL || !type->serve(&s, &hw->units[i], hw, request, &reason))
            continue;
        if (best != NULL && !better(type, &s, best_type, service))
            continue;
        best = &hw->units[i];
        best_type = type;
        *service = s;
    }
    return best;
}

void unit_part_add(struct unit_resources *out, const struct datapath *what, double count, enum unit_share share, int rate)
{
    if (count > 0 && out->parts_count < UNIT_PARTS_MAX)
        out->parts[out->parts_count++] = (struct unit_part){ .what = *what, .count = count, .share = share, .rate = rate };
}
