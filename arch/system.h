/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A system: devices in nodes and what joins them. arch/systems/ *.yaml; docs/collectives.md, 4.
 * Inside a node, up to `link_domain` devices talk over the device's own link (arch_link), more of them over the host link (PCIe);
 * nodes talk over `nics` network cards a node.
 */
#ifndef LLMSIM_ARCH_SYSTEM_H
#define LLMSIM_ARCH_SYSTEM_H

#include "arch/arch.h"

struct arch_system {
    const char *name, *path, *summary;
    const char *device_name;
    const struct hardware *device;   /* resolved */
    int64_t node_devices;
    int64_t link_domain;             /* devices that the device's link joins; 1: none */
    const char *topology;            /* of the link in this node, where it is not the device's ("mesh": boards of four have no switch); NULL: the device's */
    const char *network;             /* name, NULL: one node */
    double nic_bytes_per_s;          /* payload of one card, one direction, as a message stream reaches it */
    double net_latency_s;            /* device memory to device memory, software of the library left out */
    int64_t nics;                    /* cards of a node that collectives use */
    int64_t devices_per_nic;         /* that share one card before the next is used; 1 unless said otherwise */
};

/**
 * System by name, alias, stem or path; a device's name stands for one node of that device, joined by its link. Names made of a device, a number and
 * how they are joined are taken apart: "4xA40-PCIe-pairwise-NVLink", "B200-8xSXM".
 * STATUS_BAD_INPUT with file:line:column, or the nearest name.
 */
enum status arch_system_load(const struct arch_system **out, const char *name_or_path, struct arena *arena, struct error *err);

/** `hw` as it sits in a node of this system: its link's topology and reach are the node's. NULL: no memory. */
const struct hardware *arch_system_device(const struct arch_system *s, const struct hardware *hw, struct arena *arena);

#endif
