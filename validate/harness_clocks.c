/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of devices under sources of measurements (validate/harness.h, docs/calibration.md). */
#include <string.h>
#include <unistd.h>

#include "base/yaml.h"
#include "validate/harness.h"

static enum status read_clock(struct harness_clock *c, const struct yaml_node *node, struct error *err)
{
    static const char *const keys[] = { "source", "device", "share", "low", "high" };
    enum status st;

    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "expected {source: ..., device: ..., share: ..., low: ..., high: ...}");
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], err)) || (st = yaml_get_text(&c->source, node, "source", true, err)) ||
        (st = yaml_get_text(&c->device, node, "device", true, err)) ||
        (st = yaml_get_quantity(&c->share, node, "share", true, Q_RATIO, 0.3, 1, err)) ||
        (st = yaml_get_quantity(&c->low, node, "low", true, Q_RATIO, 0.3, 1, err)))
        return st;
    return yaml_get_quantity(&c->high, node, "high", true, Q_RATIO, 0.3, 1, err);
}

enum status harness_clocks_read(struct harness_clock_list *out, const char *path, struct arena *arena, struct error *err)
{
    const struct yaml_node *list;
    struct yaml_node *doc;
    enum status st;

    *out = (struct harness_clock_list){ 0 };
    if (access(path, F_OK) != 0)
        return STATUS_OK;
    if ((st = yaml_read_file(&doc, path, arena, err)))
        return st;
    list = doc->kind == YAML_MAPPING ? yaml_find(doc, "clocks") : NULL;
    if (!list || list->kind != YAML_SEQUENCE)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected 'clocks:' and a list");
    if (!(out->items = arena_array(arena, list->count + 1, sizeof *out->items)))
        return error_no_memory(err);
    for (size_t i = 0; i < list->count; i++)
        if ((st = read_clock(&out->items[out->count++], list->items[i], err)))
            return st;
    return STATUS_OK;
}

static bool of_source(const struct harness *h, const char *source)
{
    size_t n = strlen(source), colon = strcspn(h->source, ":");

    return n == colon && strncmp(h->source, source, n) == 0 && h->source[colon] == ':';
}

enum status harness_clock_set(struct harness_library *lib, const char *source, const char *device, double share, struct error *err)
{
    for (int64_t i = 0; i < lib->count; i++) {
        struct harness *h = &lib->items[i];
        int64_t at = 0;

        if (!of_source(h, source))
            continue;
        while (at < h->clocks_count && strcmp(h->clocks[at].device, device) != 0)
            at++;
        if (at == HARNESS_CLOCKS_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "source '%s' has clocks of more than %d devices", source, HARNESS_CLOCKS_MAX);
        h->clocks[at] = (struct harness_clock){ source, device, share, share, share };
        h->clocks_count += at == h->clocks_count;
    }
    return STATUS_OK;
}

void harness_clocks_clear(struct harness_library *lib)
{
    for (int64_t i = 0; i < lib->count; i++)
        lib->items[i].clocks_count = 0;
}

double harness_clock_share(const struct harness *h, const char *device)
{
    for (int64_t i = 0; i < h->clocks_count; i++)
        if (strcmp(h->clocks[i].device, device) == 0)
            return h->clocks[i].share;
    return 0.0;
}
