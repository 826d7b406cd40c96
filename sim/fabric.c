/* SPDX-License-Identifier: Apache-2.0 */
/* What joins the ranks of a collective: a device's own link, PCIe beyond it, network cards between nodes. See collective.h. */
#include <string.h>

#include "sim/bounds.h"
#include "sim/collective.h"

static const int64_t server_cards = 8; /* that a usual server holds and its host link joins */

static double payload_rate(const struct arch_link *l)
{
    return l->bytes_per_s * (l->efficiency > 0 ? l->efficiency : 1);
}

int64_t fabric_ranks_max(const struct hardware *hw)
{
    int64_t most = hw->link.max_ranks > 0 ? hw->link.max_ranks : 1;
    bool switched = hw->link.topology == NULL || strcmp(hw->link.topology, "switch") == 0;

    return !switched && most > 1 && hw->host_link.bytes_per_s > 0 && most < server_cards ? server_cards : most;
}

struct fabric fabric_of_device(const struct hardware *hw, int64_t ranks)
{
    const struct arch_link *l = &hw->link;
    struct fabric f = { .bytes_per_s = payload_rate(l), .latency_s = l->latency_s, .multicast = l->multicast, .nodes = 1,
                        .multicast_share = l->multicast_efficiency, .clock_hz = hw->clock.boost_hz,
                        .pcie = l->topology != NULL && strcmp(l->topology, "pcie") == 0 };

    if (l->max_ranks > 0 && ranks > l->max_ranks && hw->host_link.bytes_per_s > 0) /* bridges join two or four cards: beyond them, the host link */
        return (struct fabric){ .bytes_per_s = payload_rate(&hw->host_link), .latency_s = l->latency_s, .nodes = 1, .pcie = true,
                                .clock_hz = hw->clock.boost_hz };
    if (l->topology != NULL && strcmp(l->topology, "mesh") == 0 && ranks > 1 && ranks < l->max_ranks)
        f.bytes_per_s *= (double)(ranks - 1) / (double)(l->max_ranks - 1);
    if (l->topology != NULL && strcmp(l->topology, "mesh") == 0 && l->max_ranks > 1)
        f.one_link_bytes_per_s = payload_rate(l) / (double)(l->max_ranks - 1);
    return f;
}

struct fabric fabric_of_system(const struct arch_system *system, int64_t ranks, int64_t nodes)
{
    int64_t local = ranks / (nodes > 0 ? nodes : 1);
    const struct hardware *hw = system->device;
    struct fabric f = fabric_of_device(hw, local);

    if (local > system->link_domain) {
        f.bytes_per_s = payload_rate(&hw->host_link);
        f.pcie = true;
        f.multicast = false;
    }
    if (nodes > 1) {
        int64_t cards = (local + system->devices_per_nic - 1) / system->devices_per_nic;

        f.nodes = nodes;
        f.multicast = false;
        f.node_bytes_per_s = system->nic_bytes_per_s * (double)(system->nics < cards ? system->nics : cards);
        f.net_latency_s = system->net_latency_s;
    }
    return f;
}
