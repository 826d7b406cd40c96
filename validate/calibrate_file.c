/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit reads of a description and writes to files (validate/calibrate.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/textfile.h"
#include "validate/calibrate_internal.h"

/* ---- declared parameters ---- */

static bool number_and_unit(double *value, const char **unit, const struct yaml_node *node, struct arena *arena)
{
    size_t n = node && node->kind == YAML_SCALAR ? num_decimal_length(node->text) : 0;
    char *number = n ? arena_strndup(arena, node->text, n) : NULL;

    if (!number || num_parse_double(value, number) != 0)
        return false;
    *unit = node->text + n + strspn(node->text + n, " ");
    return true;
}

static const struct yaml_node *node_at(const struct yaml_node *map, const char *path, struct arena *arena)
{
    while (map && map->kind == YAML_MAPPING) {
        size_t n = strcspn(path, ".");
        const char *key = arena_strndup(arena, path, n);

        map = key ? yaml_find(map, key) : NULL;
        if (path[n] == '\0')
            return map;
        path += n + 1;
    }
    return NULL;
}

static enum status declared_one(struct free_parameter *p, const char *key, const struct yaml_node *stanza, const struct hardware *hw,
                                struct arena *arena, struct error *err)
{
    static const char *const allowed[] = { "low", "high", "means" };
    const struct yaml_node *value = node_at(hw->tree, key, arena);
    const char *high_unit = "", *unit = "";
    enum status st;

    *p = (struct free_parameter){ .key = key, .remark = "" };
    if (stanza->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: '%s': expected {low: ..., high: ..., means: ...}", key);
    if ((st = yaml_check_keys(stanza, allowed, 3, err)) || (st = yaml_get_text(&p->means, stanza, "means", true, err)))
        return st;
    if (!number_and_unit(&p->low, &p->unit, yaml_find(stanza, "low"), arena) ||
        !number_and_unit(&p->high, &high_unit, yaml_find(stanza, "high"), arena) || strcmp(p->unit, high_unit) != 0 || p->low >= p->high)
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: '%s': expected low < high in one unit", key);
    if (!number_and_unit(&p->start, &unit, value, arena))
        return error_set(err, STATUS_BAD_INPUT, stanza->at, "calibrate: the description has no number '%s'", key);
    if (strcmp(unit, p->unit) != 0)
        return error_set(err, STATUS_BAD_INPUT, value->at, "'%s' is in '%s', but its bounds (%s:%d) in '%s'", key, unit, stanza->at.file,
                         stanza->at.line, p->unit);
    p->value = p->low80 = p->high80 = p->start;
    return STATUS_OK;
}

enum status calibrate_declared(struct calibration *out, const struct hardware *hw, struct arena *arena, struct error *err)
{
    const struct yaml_node *list = yaml_find(hw->tree, "calibrate");
    enum status st;

    memset(out, 0, sizeof *out);
    out->device = hw->name;
    out->generation = hw->generation ? hw->generation : "";
    if (!list || list->kind != YAML_MAPPING || list->count == 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s declares no free parameters ('calibrate:' of its generation's file)", hw->name);
    if (list->count > CALIBRATE_PARAMETERS_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "calibrate: %zu parameters, at most %d", list->count, CALIBRATE_PARAMETERS_MAX);
    for (size_t i = 0; i < list->count; i++)
        if ((st = declared_one(&out->parameters[out->count++], list->keys[i], list->items[i], hw, arena, err)))
            return st;
    return STATUS_OK;
}

/* ---- the file ---- */

enum status calibrate_write(const char *path, const struct calibration *c, const char *rows, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    outfile_printf(out, "# SPDX-License-Identifier: Apache-2.0\n# Written by `llmsim calibrate %s`: %lld rows of %s,\n"
                        "# mean error on them %.1f %% before, %.1f %% after.\n", c->device, (long long)c->rows_used, rows,
                   100.0 * c->error_before, 100.0 * c->error_after);
    for (int64_t f = 0; f < c->folds; f++)
        outfile_printf(out, "# left-out fold %lld: %lld rows, %.1f %% before, %.1f %% fitted without them.\n", (long long)f + 1,
                       (long long)c->fold_rows[f], 100.0 * c->fold_error_before[f], 100.0 * c->fold_error[f]);
    for (int64_t i = 0; i < c->count && !c->parameters[i].clock_device; i++) { /* clocks come last; one nested flow of mappings a key keeps each value on its line, with its source */
        const struct free_parameter *p = &c->parameters[i];
        size_t section = strcspn(p->key, ".");
        bool first = true;

        for (int64_t j = 0; j < i; j++)
            first = first && !(strcspn(c->parameters[j].key, ".") == section && strncmp(c->parameters[j].key, p->key, section) == 0);
        if (!first)
            continue;
        outfile_printf(out, "%.*s:\n", (int)section, p->key);
        for (int64_t j = i; j < c->count && !c->parameters[j].clock_device; j++) {
            const struct free_parameter *q = &c->parameters[j];
            const char *rest = q->key + section + 1;
            int depth = 1;

            if (strncmp(q->key, p->key, section + 1) != 0)
                continue;
            for (; strchr(rest, '.'); depth++) {
                size_t head = (size_t)(strchr(rest, '.') - q->key) + 1;

                if (j == i || strncmp(c->parameters[j - 1].key, q->key, head) != 0) /* keys of one mapping stand together */
                    outfile_printf(out, "%*s%.*s:\n", 2 * depth, "", (int)strcspn(rest, "."), rest);
                rest = q->key + head;
            }
            outfile_printf(out, "%*s%s: %.4g%s%s  # source: [F] 80 %% interval %.3g to %.3g within %.3g to %.3g%s%s\n", 2 * depth, "", rest, q->value,
                           q->unit[0] ? " " : "", q->unit, q->low80, q->high80, q->low, q->high, q->remark[0] ? "; " : "", q->remark);
        }
    }
    return outfile_commit(out, err);
}

/* ---- the file of clocks ---- */

static const struct free_parameter *fitted_clock(const struct calibration *c, const struct harness_clock *clock)
{
    for (int64_t i = 0; i < c->count; i++) {
        const struct free_parameter *p = &c->parameters[i];

        if (p->clock_device && strcmp(p->clock_device, clock->device) == 0 && strcmp(p->clock_source, clock->source) == 0)
            return p;
    }
    return NULL;
}

static void write_clock(struct outfile *out, const char *source, const char *device, double share, double low, double high)
{
    outfile_printf(out, "  - { source: %s, device: %s, share: %.3f, low: %.3f, high: %.3f }\n", source, device, share, low, high);
}

static double at_most_boost(double share)
{
    return share < 1.0 ? share : 1.0;
}

enum status calibrate_write_clocks(const char *path, const struct calibration *c, struct arena *arena, struct error *err)
{
    struct harness_clock_list old;
    struct outfile *out;
    enum status st;

    if ((st = harness_clocks_read(&old, path, arena, err)) || (st = outfile_open(&out, path, err)))
        return st;
    outfile_printf(out, "# SPDX-License-Identifier: Apache-2.0\n"
                        "# Highest clock of a device under a source of measurements, over its boost clock, with its 80 %% interval: the one number that a\n"
                        "# source and a device may have fitted. source: [F] `llmsim calibrate --clocks`, docs/calibration.md\nclocks:\n");
    for (int64_t i = 0; i < old.count; i++)
        if (!fitted_clock(c, &old.items[i]))
            write_clock(out, old.items[i].source, old.items[i].device, old.items[i].share, old.items[i].low, old.items[i].high);
    for (int64_t i = 0; i < c->count; i++) {
        const struct free_parameter *p = &c->parameters[i];

        if (p->clock_device)
            write_clock(out, p->clock_source, p->clock_device, at_most_boost(p->value), at_most_boost(p->low80), at_most_boost(p->high80));
    }
    return outfile_commit(out, err);
}
