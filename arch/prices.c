/* SPDX-License-Identifier: Apache-2.0 */
/* Reads prices. See prices.h. */
#include "arch/prices.h"

#include <string.h>

#include "arch/fields.h"
#include "base/yaml.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define RANGE(key, text) { .path = key, .kind = FIELD_NODE, .required = true, .doc = text }
#define P(member) offsetof(struct prices, member)

static const struct field_row price_rows[] = {
    RANGE("cloud_usd_per_hour", "rent of one device"),
    RANGE("purchase_usd", "price of one device"),
    { .path = "date", .kind = FIELD_TEXT, .offset = offsetof(struct device_price, date), .required = true, .doc = "year and month" },
};

static const struct field_row file_rows[] = {
    RANGE("devices", "name: {cloud_usd_per_hour: ..., purchase_usd: ..., date: ...}"),
    RANGE("operation.server_x", "server and network over the devices' price"),
    RANGE("operation.pue", "power of the building over that of its servers"),
    RANGE("operation.usd_per_kwh", "electricity"),
    RANGE("operation.lifetime_years", "depreciation"),
    RANGE("operation.busy_share", "share of the lifetime in which it serves"),
    RANGE("operation.carbon_g_per_kwh", "grid, CO2 equivalent"),
};

static const struct { const char *path; size_t offset; } ranges[] = {
    { "operation.server_x", P(server_x) },
    { "operation.pue", P(pue) },
    { "operation.usd_per_kwh", P(usd_per_kwh) },
    { "operation.lifetime_years", P(lifetime_years) },
    { "operation.busy_share", P(busy_share) },
    { "operation.carbon_g_per_kwh", P(carbon_g_per_kwh) },
};

static enum status read_price(struct device_price *p, const char *name, const struct yaml_node *map, struct error *err)
{
    enum status st;

    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "devices.%.60s: expected {cloud_usd_per_hour: ..., purchase_usd: ..., date: ...}", name);
    *p = (struct device_price){ .device = name, .source = map->source };
    if ((st = fields_read(p, price_rows, COUNT(price_rows), map, "price", err)) ||
        (st = tech_range_read(&p->cloud_usd_per_hour, map, "cloud_usd_per_hour", err)))
        return st;
    return tech_range_read(&p->purchase_usd, map, "purchase_usd", err);
}

static enum status read_devices(struct prices *p, const struct yaml_node *map, struct error *err)
{
    enum status st = STATUS_OK;

    if (map->kind != YAML_MAPPING || map->count > PRICES_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "devices: expected at most %d 'name: {...}' pairs", PRICES_MAX);
    for (size_t i = 0; i < map->count && !st; i++)
        st = read_price(&p->devices[p->count++], map->keys[i], map->items[i], err);
    return st;
}

/* Ranges that are divided by. */
static enum status check(const struct prices *p, const struct yaml_node *doc, struct error *err)
{
    if (!(p->lifetime_years.low > 0 && p->busy_share.low > 0 && p->busy_share.high <= 1))
        return error_set(err, STATUS_BAD_INPUT, fields_find(doc, "operation")->at, "operation: expected lifetime_years above 0 and busy_share within 0 to 1");
    return STATUS_OK;
}

enum status prices_load(const struct prices **out, const char *path, struct arena *arena, struct error *err)
{
    struct prices *p = arena_alloc(arena, sizeof *p);
    struct yaml_node *doc;
    enum status st;

    if (path == NULL && (path = data_path("arch/technology/prices.yaml", arena)) == NULL)
        return error_plain(err, STATUS_INTERNAL, "the shipped file arch/technology/prices.yaml is missing");
    if (p == NULL)
        return error_no_memory(err);
    if ((st = yaml_read_file(&doc, path, arena, err)))
        return st;
    *p = (struct prices){ .path = path };
    if (doc->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected prices: devices, operation");
    st = fields_read(p, file_rows, COUNT(file_rows), doc, "price list", err);
    for (size_t i = 0; i < COUNT(ranges) && !st; i++)
        st = tech_range_read((struct tech_range *)((char *)p + ranges[i].offset), doc, ranges[i].path, err);
    if (!st && !(st = read_devices(p, yaml_find(doc, "devices"), err)))
        st = check(p, doc, err);
    *out = p;
    return st;
}

const struct device_price *prices_find(const struct prices *p, const char *device)
{
    for (int64_t i = 0; i < p->count; i++)
        if (strcmp(p->devices[i].device, device) == 0)
            return &p->devices[i];
    return NULL;
}
