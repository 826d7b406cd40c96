/* SPDX-License-Identifier: Apache-2.0 */
/* Reads technologies and floorplans. See technology.h. Ranges are lists of three numbers, checked to rise. */
#include "arch/technology.h"

#include <stdio.h>

#include "arch/fields.h"
#include "base/yaml.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define T(member) offsetof(struct technology, member)
#define N(member) offsetof(struct tech_node, member)
#define L(member) offsetof(struct tech_library, member)
#define F(member) offsetof(struct arch_floorplan, member)
#define NUMBER(key, at, lo, hi, text) { .path = key, .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = at, .min = lo, .max = hi, .required = true, .doc = text }
#define RANGE(key, text) { .path = key, .kind = FIELD_NODE, .required = true, .doc = text }
#define COUNTED(key, at, lo, hi, must, text) { .path = key, .kind = FIELD_COUNT, .offset = at, .min = lo, .max = hi, .required = must, .doc = text }

static const struct field_row technology_rows[] = {
    { .path = "nodes", .kind = FIELD_NODE, .required = true, .doc = "name: {nm: ...}" },
    { .path = "libraries", .kind = FIELD_NODE, .required = true, .doc = "name: {nm: ..., nand2_um2: ...} of the synthesis tables" },
    RANGE("logic.utilization", "share of a placed area that cells take"),
    RANGE("logic.float_pipelining", "area of pipelined float units over single-cycle ones"),
    RANGE("logic.integer_pipelining", "the same of integer units"),
    NUMBER("logic.nand2_um2_45nm", T(nand2_um2_45nm), 1e-3, 1e3, "area of a gate equivalent"),
    NUMBER("logic.register_bit_gates", T(register_bit_gates), 1, 100, "gate equivalents of a flip-flop"),
    NUMBER("logic.register_clock_fj_45nm", T(register_clock_fj_45nm), 0, 1e4, "energy of a flip-flop's clock pin, one clock"),
    NUMBER("logic.leakage_nw_per_um2_45nm", T(leakage_nw_per_um2_45nm), 0, 1e6, "of a netlist"),
    RANGE("sram.wire_fj_per_bit_mm", "of a wire on chip, one bit over one millimetre"),
    NUMBER("sram.wire_ns_per_mm", T(wire_ns_per_mm), 0, 100, "delay of a wire with repeaters"),
    RANGE("sram.cache_area_x", "cache over the SRAM of its bits"),
    RANGE("sram.register_area_x", "register file over the SRAM of its bits"),
    RANGE("subcore_control_mtransistors", "of one sub-core beside arithmetic and memories"),
    RANGE("crossbar.pitch_um", "of one wire"),
    NUMBER("crossbar.layers", T(crossbar_layers), 1, 20, "metal layers of the crossbar"),
    NUMBER("crossbar.length_of_die", T(crossbar_length_of_die), 0.01, 4, "mean way over the die's edge"),
    NUMBER("interface.hbm_stack_mm2", T(hbm_stack_mm2), 0.01, 1000, "PHY"),
    NUMBER("interface.gddr_32bit_mm2", T(gddr_32bit_mm2), 0.01, 1000, "PHY"),
    NUMBER("interface.hbm_stack_mtransistors", T(hbm_stack_mtransistors), 0, 1e5, "controller"),
    NUMBER("interface.gddr_32bit_mtransistors", T(gddr_32bit_mtransistors), 0, 1e5, "controller"),
    { .path = "interface.hbm_controller_rate", .kind = FIELD_QUANTITY, .quantity = Q_BYTES_PER_S, .offset = T(hbm_controller_bytes_per_s), .min = 1e9, .max = 1e14, .required = true,
      .doc = "of the stack whose controller that is" },
    { .path = "interface.gddr_controller_rate", .kind = FIELD_QUANTITY, .quantity = Q_BYTES_PER_S, .offset = T(gddr_controller_bytes_per_s), .min = 1e8, .max = 1e14, .required = true,
      .doc = "of the 32 bits whose controller that is" },
    NUMBER("interface.pcie_lane_mm2", T(pcie_lane_mm2), 0, 100, "PHY"),
    NUMBER("interface.link_mtransistors", T(link_mtransistors), 0, 1e5, "controller"),
    RANGE("interface.other_mm2", "what belongs to no block"),
    NUMBER("cost.wafer_diameter_mm", T(wafer_diameter_mm), 50, 450, "of a wafer"),
    NUMBER("cost.yield_clusters", T(yield_clusters), 0.1, 100, "of the negative binomial"),
    RANGE("cost.hbm_usd_per_gib", "HBM"),
    RANGE("cost.other_memory_usd_per_gib", "GDDR, LPDDR, DDR"),
    RANGE("cost.package_usd_per_mm2", "substrate, interposer, assembly, over logic area"),
    RANGE("cost.board_usd", "board, cooler, test"),
    RANGE("cost.memory_carbon_kg_per_gib", "embodied, CO2 equivalent"),
};

static const struct { const char *path; size_t offset; } technology_ranges[] = {
    { "logic.utilization", T(utilization) },
    { "logic.float_pipelining", T(float_pipelining) },
    { "logic.integer_pipelining", T(integer_pipelining) },
    { "sram.wire_fj_per_bit_mm", T(wire_fj_per_bit_mm) },
    { "sram.cache_area_x", T(cache_area_x) },
    { "sram.register_area_x", T(register_area_x) },
    { "subcore_control_mtransistors", T(subcore_control_mtransistors) },
    { "crossbar.pitch_um", T(crossbar_pitch_um) },
    { "interface.other_mm2", T(other_mm2) },
    { "cost.hbm_usd_per_gib", T(hbm_usd_per_gib) },
    { "cost.other_memory_usd_per_gib", T(other_memory_usd_per_gib) },
    { "cost.package_usd_per_mm2", T(package_usd_per_mm2) },
    { "cost.board_usd", T(board_usd) },
    { "cost.memory_carbon_kg_per_gib", T(memory_carbon_kg_per_gib) },
};

static const struct field_row node_rows[] = {
    NUMBER("nm", N(nm), 0.5, 1000, "length that names the node"),
    RANGE("logic_area_x", "area over 45 nm"),
    RANGE("logic_energy_x", "energy over 45 nm"),
    RANGE("logic_delay_x", "delay over 45 nm"),
    RANGE("logic_leakage_x", "leakage over 45 nm"),
    NUMBER("mtransistors_per_mm2", N(mtransistors_per_mm2), 1e-3, 1e4, "logic density"),
    NUMBER("sram_cell_um2", N(sram_cell_um2), 1e-4, 1e3, "SRAM bit cell"),
    RANGE("sram_energy_x", "access of an SRAM macro over the library of the macros"),
    RANGE("wafer_usd", "price of a wafer"),
    RANGE("defects_per_cm2", "defect density"),
    RANGE("carbon_kg_per_cm2", "embodied, CO2 equivalent"),
};

static const struct { const char *path; size_t offset; } node_ranges[] = {
    { "logic_area_x", N(logic_area_x) },
    { "logic_energy_x", N(logic_energy_x) },
    { "logic_delay_x", N(logic_delay_x) },
    { "logic_leakage_x", N(logic_leakage_x) },
    { "sram_energy_x", N(sram_energy_x) },
    { "wafer_usd", N(wafer_usd) },
    { "defects_per_cm2", N(defects_per_cm2) },
    { "carbon_kg_per_cm2", N(carbon_kg_per_cm2) },
};

static const struct field_row library_rows[] = {
    NUMBER("nm", L(nm), 0.5, 1000, "node"),
    NUMBER("nand2_um2", L(nand2_um2), 1e-4, 1e3, "area of a two-input NAND"),
    NUMBER("area_x", L(area_x), 1e-4, 1e3, "area of its netlists over the 45 nm library's"),
    NUMBER("area_spread", L(area_spread), 0, 1, "one sigma of area_x, relative"),
};

static const struct field_row floorplan_rows[] = {
    COUNTED("dies", F(dies), 1, 64, false, "equal dies of the device; default 1"),
    COUNTED("sms", F(sms), 1, 1e5, true, "SMs (CUs) built on one die"),
    { .path = "l2", .kind = FIELD_BYTES, .offset = F(l2_bytes), .min = 0, .max = 1e12, .required = true, .doc = "built on one die" },
    COUNTED("memory_sites", F(memory_sites), 0, 1024, true, "HBM stacks or 32-bit channels with PHYs on one die"),
    COUNTED("links", F(links), 0, 1024, true, "ports of the device link"),
    { .path = "link_phy", .kind = FIELD_QUANTITY, .quantity = Q_MM2, .offset = F(link_mm2), .max = 1000, .doc = "PHY of one port" },
    COUNTED("pcie_lanes", F(pcie_lanes), 0, 1024, true, "of the host link"),
    { .path = "fp64_fma_per_cycle_sm", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(fp64_fma_per_cycle_sm), .max = 65536, .doc = "double precision units built" },
};

enum status tech_range_read(struct tech_range *out, const struct yaml_node *map, const char *path, struct error *err)
{
    const struct yaml_node *list = fields_find(map, path);
    double v[3];
    enum status st;

    if (list == NULL || list->kind != YAML_SEQUENCE || list->count != 3)
        return error_set(err, STATUS_BAD_INPUT, list ? list->at : map->at, "%s: expected [low, likely, high]", path);
    for (size_t i = 0; i < 3; i++) {
        const struct yaml_node *item = list->items[i];

        if (item->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, item->at, "%s: expected a number", path);
        if ((st = quantity_parse(&v[i], item->text, Q_RATIO, item->at, err)))
            return st;
    }
    if (!(v[0] <= v[1] && v[1] <= v[2] && v[2] < 1e9))
        return error_set(err, STATUS_BAD_INPUT, list->at, "%s: %g, %g, %g do not rise, expected low <= likely <= high", path, v[0], v[1], v[2]);
    *out = (struct tech_range){ v[0], v[1], v[2] };
    return STATUS_OK;
}

static enum status read_node(struct tech_node *node, const char *name, const struct yaml_node *map, struct error *err)
{
    char what[64];
    enum status st;

    snprintf(what, sizeof what, "node '%.40s'", name);
    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "nodes.%.40s: expected {nm: ..., logic_area_x: ...}", name);
    node->name = name;
    st = fields_read(node, node_rows, COUNT(node_rows), map, what, err);
    for (size_t i = 0; i < COUNT(node_ranges) && !st; i++)
        st = tech_range_read((struct tech_range *)((char *)node + node_ranges[i].offset), map, node_ranges[i].path, err);
    return st;
}

static enum status read_nodes(struct technology *t, const struct yaml_node *map, struct error *err)
{
    enum status st = STATUS_OK;

    if (map->kind != YAML_MAPPING || map->count == 0 || map->count > TECH_NODES_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "nodes: expected 1 to %d 'name: {nm: ...}' pairs", TECH_NODES_MAX);
    for (size_t i = 0; i < map->count && !st; i++)
        st = read_node(&t->nodes[t->nodes_count++], map->keys[i], map->items[i], err);
    return st;
}

static enum status read_libraries(struct technology *t, const struct yaml_node *map, struct error *err)
{
    enum status st = STATUS_OK;

    if (map->kind != YAML_MAPPING || map->count == 0 || map->count > TECH_LIBRARIES_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "libraries: expected 1 to %d 'name: {nm: ...}' pairs", TECH_LIBRARIES_MAX);
    for (size_t i = 0; i < map->count && !st; i++) {
        struct tech_library *l = &t->libraries[t->libraries_count++];

        *l = (struct tech_library){ .name = map->keys[i] };
        if (map->items[i]->kind != YAML_MAPPING)
            return error_set(err, STATUS_BAD_INPUT, map->items[i]->at, "libraries.%.40s: expected {nm: ..., nand2_um2: ...}", map->keys[i]);
        st = fields_read(l, library_rows, COUNT(library_rows), map->items[i], "library", err);
        l->reference = l->area_x == 1;
    }
    return st;
}

enum status technology_load(const struct technology **out, const char *path, struct arena *arena, struct error *err)
{
    struct technology *t = arena_alloc(arena, sizeof *t);
    struct yaml_node *doc;
    enum status st;

    if (path == NULL && (path = data_path("arch/technology/cmos.yaml", arena)) == NULL)
        return error_plain(err, STATUS_INTERNAL, "the shipped file arch/technology/cmos.yaml is missing");
    if (t == NULL)
        return error_no_memory(err);
    if ((st = yaml_read_file(&doc, path, arena, err)))
        return st;
    *t = (struct technology){ .path = path };
    if (doc->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected a technology: nodes, logic, libraries ...");
    st = fields_read(t, technology_rows, COUNT(technology_rows), doc, "technology", err);
    for (size_t i = 0; i < COUNT(technology_ranges) && !st; i++)
        st = tech_range_read((struct tech_range *)((char *)t + technology_ranges[i].offset), doc, technology_ranges[i].path, err);
    if (!st && !(st = read_nodes(t, yaml_find(doc, "nodes"), err)))
        st = read_libraries(t, yaml_find(doc, "libraries"), err);
    *out = t;
    return st;
}

enum status technology_node(const struct tech_node **out, const struct technology *t, double nm, struct error *err)
{
    char known[TECH_NODES_MAX * 12] = "";
    size_t n = 0;

    for (int64_t i = 0; i < t->nodes_count; i++) {
        if (t->nodes[i].nm == nm) {
            *out = &t->nodes[i];
            return STATUS_OK;
        }
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, " %g", t->nodes[i].nm);
    }
    return error_plain(err, STATUS_BAD_INPUT, "%s: no node of %g nm, it has%s", t->path, nm, known);
}

enum status floorplan_read(struct arch_floorplan *out, const struct hardware *hw, struct error *err)
{
    const struct yaml_node *map = fields_find(hw->tree, "floorplan");

    *out = (struct arch_floorplan){ .dies = 1 };
    if (map == NULL)
        return error_set(err, STATUS_BAD_INPUT, hw->tree->at, "'%s' has no floorplan, expected floorplan: {sms: ..., l2: ..., memory_sites: ..., links: ..., pcie_lanes: ...}",
                         hw->name);
    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "floorplan: expected {sms: ..., l2: ...}");
    return fields_read(out, floorplan_rows, COUNT(floorplan_rows), map, "floorplan", err);
}
