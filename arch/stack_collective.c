/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the protocols of a stack's collective library. See stack_internal.h and docs/collectives.md. */
#include "arch/stack_internal.h"

#include <stdio.h>

#include "arch/fields.h"

#define P(member) offsetof(struct collective_protocol, member)
#define ROWS(table) (sizeof(table) / sizeof(table)[0])
#define TIME(key, member, must, text) \
    { .path = key, .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = P(member), .max = 1e-2, .required = must, .doc = text }
#define SHARE(key, member, hi, must, text) \
    { .path = key, .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = P(member), .min = 0.01, .max = hi, .required = must, .doc = text }

static const struct field_row protocol_rows[] = {
    { .path = "algorithm", .kind = FIELD_CHOICE, .offset = P(algorithm), .required = true, .choices = "ring tree nvls all_to_all send", .doc = "who sends what to whom" },
    TIME("pick_base", pick_base_s, true, "library's cost model: a call"),
    TIME("pick_hop", pick_hop_s, true, "library's cost model: a hop over the link"),
    TIME("pick_hop_pcie", pick_hop_pcie_s, true, "library's cost model: a hop over PCIe"),
    TIME("pick_hop_net", pick_hop_net_s, true, "library's cost model: a hop over the network"),
    SHARE("pick_share", pick_share, 4, true, "library's cost model: share of the link rate"),
    { .path = "pick_corrections", .kind = FIELD_NODE, .doc = "factors on pick_share by power of two of the message from 64 B" },
    TIME("base", base_s, true, "start and end of the library's kernel"),
    TIME("hop", hop_s, true, "software part of a hop"),
    TIME("ramp", ramp_s, false, "more for all channels at work"),
    { .path = "ramp_bytes", .kind = FIELD_BYTES, .offset = P(ramp_bytes), .min = 1, .max = 1e12, .doc = "message from which all channels work" },
    SHARE("share", share, 1.25, true, "payload share of the link rate"),
    SHARE("net_share", net_share, 1, false, "payload share of the rate of a node's network cards; default 1"),
    { .path = "clock", .kind = FIELD_QUANTITY, .quantity = Q_HZ, .offset = P(clock_hz), .min = 1e8, .max = 1e10, .doc = "SM clock for which base, hop and ramp hold; others take as many cycles" },
    { .path = "one_link", .kind = FIELD_BOOL, .offset = P(one_link), .doc = "its channels follow one ring of a mesh" },
    { .path = "ranks_min", .kind = FIELD_COUNT, .offset = P(ranks_min), .max = 1e6, .doc = "not picked for fewer ranks" },
    SHARE("copy_share", copy_share, 16, false, "rate of copies that go over no link, in link rates"),
};

static enum status read_corrections(struct collective_protocol *p, const struct yaml_node *map, struct error *err)
{
    const struct yaml_node *list = fields_find(map, "pick_corrections");
    enum status st;

    if (!list)
        return STATUS_OK;
    if (list->kind != YAML_SEQUENCE || list->count > STACK_CORRECTIONS_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "pick_corrections: expected a list of at most %d factors", STACK_CORRECTIONS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *item = list->items[i];

        if (item->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, item->at, "pick_corrections: expected a number");
        if ((st = quantity_parse(&p->pick_corrections[i], item->text, Q_RATIO, item->at, err)))
            return st;
        if (!(p->pick_corrections[i] > 0 && p->pick_corrections[i] <= 1))
            return error_set(err, STATUS_BAD_INPUT, item->at, "pick_corrections: '%s', expected a factor above 0 and up to 1", item->text);
    }
    p->pick_corrections_count = (int64_t)list->count;
    return STATUS_OK;
}

static enum status read_protocol(struct collective_protocol *p, const char *name, const struct yaml_node *node, struct error *err)
{
    char what[96];
    enum status st;

    snprintf(what, sizeof what, "collective protocol '%.60s'", name);
    *p = (struct collective_protocol){ .name = name, .net_share = 1 };
    if ((st = fields_read(p, protocol_rows, ROWS(protocol_rows), node, what, err)))
        return st;
    if (p->ramp_s > 0 && p->ramp_bytes == 0)
        return error_set(err, STATUS_BAD_INPUT, node->at, "%s: ramp without ramp_bytes, expected the message from which all channels work", what);
    return read_corrections(p, node, err);
}

enum status stack_read_protocols(struct stack *s, const struct yaml_node *map, struct error *err)
{
    size_t order[STACK_PROTOCOLS_MAX], n;
    enum status st;

    if (map->kind != YAML_MAPPING || map->count == 0 || map->count > STACK_PROTOCOLS_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "collective.protocols: expected 1 to %d 'name: {algorithm: ...}' pairs", STACK_PROTOCOLS_MAX);
    n = fields_sorted(order, map);
    for (size_t i = 0; i < n; i++)
        if ((st = read_protocol(&s->protocols[i], map->keys[order[i]], map->items[order[i]], err)))
            return st;
    s->protocols_count = (int64_t)n;
    return STATUS_OK;
}

void stack_hash_protocols(struct hasher *h, const struct stack *s)
{
    hasher_i64(h, s->protocols_count);
    for (int64_t i = 0; i < s->protocols_count; i++) {
        const struct collective_protocol *p = &s->protocols[i];

        fields_hash(h, protocol_rows, ROWS(protocol_rows), p);
        hasher_i64(h, p->pick_corrections_count);
        for (int64_t j = 0; j < p->pick_corrections_count; j++)
            hasher_double(h, p->pick_corrections[j]);
    }
}
