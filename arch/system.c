/* SPDX-License-Identifier: Apache-2.0 */
/* Reads descriptions of systems. See system.h. */
#include "arch/system.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arch/fields.h"
#include "arch/resolve.h"

#define Y(member) offsetof(struct arch_system, member)

static const struct field_row system_rows[] = {
    { .path = "name", .kind = FIELD_TEXT, .offset = Y(name), .required = true, .doc = "as tables name it" },
    { .path = "summary", .kind = FIELD_TEXT, .offset = Y(summary), .required = true, .doc = "one line" },
    { .path = "aliases", .kind = FIELD_NODE, .doc = "other names" },
    { .path = "device", .kind = FIELD_TEXT, .offset = Y(device_name), .required = true, .doc = "of every node" },
    { .path = "node.devices", .kind = FIELD_COUNT, .offset = Y(node_devices), .min = 1, .max = 1024, .required = true, .doc = "in a node" },
    { .path = "node.link_domain", .kind = FIELD_COUNT, .offset = Y(link_domain), .min = 1, .max = 1024, .doc = "that the device's link joins; default: what the link allows" },
    { .path = "node.topology", .kind = FIELD_CHOICE, .offset = Y(topology), .choices = "switch mesh bridge pcie", .doc = "of the device's link here; default: the device's" },
    { .path = "network.name", .kind = FIELD_TEXT, .offset = Y(network), .doc = "between nodes" },
    { .path = "network.bandwidth", .kind = FIELD_QUANTITY, .quantity = Q_BYTES_PER_S, .offset = Y(nic_bytes_per_s), .min = 1e6, .max = 1e13, .doc = "of one card, one direction" },
    { .path = "network.latency", .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = Y(net_latency_s), .min = 1e-8, .max = 1, .doc = "device to device" },
    { .path = "network.nics", .kind = FIELD_COUNT, .offset = Y(nics), .min = 1, .max = 1024, .doc = "cards of a node" },
    { .path = "network.devices_per_nic", .kind = FIELD_COUNT, .offset = Y(devices_per_nic), .min = 1, .max = 1024, .doc = "that share a card; default 1" },
};

static const char *const system_dirs[] = { "arch/systems", NULL };

const struct hardware *arch_system_device(const struct arch_system *s, const struct hardware *hw, struct arena *arena)
{
    struct hardware *here = arena_alloc(arena, sizeof *here);

    if (here == NULL || s->topology == NULL)
        return here != NULL ? hw : NULL;
    *here = *hw;
    here->link.topology = s->topology;
    here->link.max_ranks = s->link_domain;
    here->link.multicast = here->link.multicast && strcmp(s->topology, "switch") == 0;
    return here;
}

static enum status complete(struct arch_system *s, const struct yaml_node *tree, struct arena *arena, struct error *err)
{
    enum status st = arch_load(&s->device, s->device_name, NULL, 0, arena, err);

    if (st)
        return st;
    if (s->link_domain == 0)
        s->link_domain = s->device->link.max_ranks < s->node_devices ? s->device->link.max_ranks : s->node_devices;
    if (s->link_domain < 1)
        s->link_domain = 1;
    if ((s->device = arch_system_device(s, s->device, arena)) == NULL)
        return error_no_memory(err);
    if (s->network != NULL && (s->nic_bytes_per_s <= 0 || s->net_latency_s <= 0 || s->nics < 1))
        return error_set(err, STATUS_BAD_INPUT, tree->at, "network: expected bandwidth, latency and nics");
    return STATUS_OK;
}

/* One node of a device, joined by its own link. */
static enum status of_device(struct arch_system *s, const char *name, struct arena *arena, struct error *err)
{
    enum status st = arch_load(&s->device, name, NULL, 0, arena, err);

    if (st)
        return st;
    s->name = s->device_name = s->device->name;
    s->summary = s->device->summary;
    s->path = s->device->path;
    s->link_domain = s->node_devices = s->device->link.max_ranks > 1 ? s->device->link.max_ranks : 1;
    return STATUS_OK;
}

static bool has_text(const char *name, const char *part)
{
    for (size_t n = strlen(part); *name; name++)
        if (strncasecmp(name, part, n) == 0)
            return true;
    return false;
}

/* "8x" before the name, or in a piece of it ("B200-8xSXM"): devices of a node; 0: does not say. */
static int64_t devices_in(const char *piece, const char **rest)
{
    char *end;
    long n = strtol(piece, &end, 10);

    *rest = piece;
    if (end == piece || *end != 'x' || n < 1 || n > 1024)
        return 0;
    *rest = end + 1;
    return n;
}

/* How devices are joined: "SXM", "NVLink4", "PCIe", "pairwise". */
static bool says_how(const char *piece)
{
    static const char *const words[] = { "SXM", "PCIe", "NVLink", "pairwise", "OAM", "mesh" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t n = strlen(words[i]);
        if (strncasecmp(piece, words[i], n) == 0 && strspn(piece + n, "0123456789") == strlen(piece + n))
            return true;
    }
    return false;
}

/* Names that tables make of a device, how many there are, and how they are joined: "4xA40-PCIe-pairwise-NVLink", "DGX-B200-8xSXM". The
 * longest part that names a device is it; "pairwise" puts two behind a bridge, PCIe without NVLink means that there are no bridges. */
static enum status of_parts(struct arch_system *s, const char *name, struct arena *arena, struct error *err)
{
    const char *rest, *how;
    int64_t devices = devices_in(name, &rest), more;
    char *text, *dash;

    if (strncasecmp(rest, "DGX-", 4) == 0 || strncasecmp(rest, "HGX-", 4) == 0)
        rest += 4;
    if (!(text = arena_strdup(arena, rest)))
        return error_no_memory(err);
    while (of_device(s, text, arena, err)) {
        if (!(dash = strrchr(text, '-')))
            return STATUS_BAD_INPUT;
        if ((more = devices_in(dash + 1, &how)) > 0)
            devices = more;
        if (*how != '\0' && !says_how(how))
            return STATUS_BAD_INPUT;
        *dash = '\0';
    }
    if (devices > 0)
        s->node_devices = devices;
    if (has_text(name, "pairwise"))
        s->link_domain = 2;
    else if (has_text(name, "PCIe") && !has_text(name, "NVLink"))
        s->link_domain = 1;
    if (s->link_domain > s->node_devices)
        s->link_domain = s->node_devices;
    s->name = name;
    return STATUS_OK;
}

enum status arch_system_load(const struct arch_system **out, const char *name_or_path, struct arena *arena, struct error *err)
{
    struct arch_system *s = arena_alloc(arena, sizeof *s);
    struct error unknown_device;
    struct yaml_node *tree;
    enum status st;

    if (!s)
        return error_no_memory(err);
    *s = (struct arch_system){ .devices_per_nic = 1 };
    *out = s;
    if ((st = arch_find_file(&s->path, name_or_path, system_dirs, "system", arena, err)))
        return of_device(s, name_or_path, arena, &unknown_device) && of_parts(s, name_or_path, arena, &unknown_device) ? st : STATUS_OK;
    if ((st = arch_resolve(&tree, s->path, NULL, 0, arena, err)) ||
        (st = fields_read(s, system_rows, sizeof system_rows / sizeof system_rows[0], tree, "system description", err)))
        return st;
    return complete(s, tree, arena, err);
}
