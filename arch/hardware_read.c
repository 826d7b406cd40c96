/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a resolved YAML tree to struct hardware: one table row a value, then the checks that need two values together.
 * Key names are the struct's without the unit, which stands in the value. docs/arch_files.md lists them.
 */
#include "arch/hardware_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/fields.h"
#include "arch/resolve.h"
#include "base/nearest.h"

#define H(member) offsetof(struct hardware, member)
#define QUANTITY(key, of, member, lo, hi, must, text) \
    { .path = key, .kind = FIELD_QUANTITY, .quantity = of, .offset = H(member), .min = lo, .max = hi, .required = must, .doc = text }
#define ENERGY(key, member, must, text)                                                                                    \
    { .path = key, .kind = FIELD_QUANTITY, .quantity = Q_JOULE_PER_BIT, .offset = H(energy.member), .min = 1e-17, .max = 1e-8, \
      .scale = 8, .required = must, .doc = text }
#define INTEGER(key, member, lo, hi, must, text) \
    { .path = key, .kind = FIELD_COUNT, .offset = H(member), .min = lo, .max = hi, .required = must, .doc = text }
#define BYTES(key, member, lo, hi, must, text) \
    { .path = key, .kind = FIELD_BYTES, .offset = H(member), .min = lo, .max = hi, .required = must, .doc = text }
#define TEXT(key, member, must, text) { .path = key, .kind = FIELD_TEXT, .offset = H(member), .required = must, .doc = text }

static const char topologies[] = "switch mesh bridge pcie none";

static const struct field_row rows[] = {
    TEXT("vendor", vendor, true, "who makes it"),
    TEXT("generation", generation, true, "architecture's name"),
    TEXT("default_stack", default_stack, true, "name in arch/stacks/"),
    TEXT("default_recipe", default_recipe, false, "number formats when --recipe is not given"),
    QUANTITY("clock.boost", Q_HZ, clock.boost_hz, 1e7, 1e11, true, "highest clock"),
    QUANTITY("clock.peak", Q_HZ, clock.peak_hz, 1e7, 1e11, true, "clock at which the datasheet's matrix peak comes out"),
    QUANTITY("clock.base", Q_HZ, clock.base_hz, 0, 1e11, false, "guaranteed clock"),
    QUANTITY("power.tdp", Q_WATT, power.tdp_w, 0.1, 1e5, true, "board power limit"),
    QUANTITY("power.idle", Q_WATT, power.idle_w, 0, 1e5, true, "clocks on, nothing running"),
    QUANTITY("power.voltage_exponent", Q_RATIO, power.voltage_exponent, 1, 4, true, "dynamic power goes with clock to this power"),
    QUANTITY("power.voltage_knee", Q_HZ, power.voltage_knee_hz, 1e7, 1e11, true, "below it the voltage stands still"),
    QUANTITY("power.real_operands", Q_RATIO, power.real_operands, 0.5, 4, false, "dynamic energy of long runs on real operands over that of `energy`"),
    QUANTITY("power.time_constant", Q_SECONDS, power.time_constant_s, 0, 100, true, "of the power controller"),
    INTEGER("sm.count", sm.count, 1, 1e5, true, "SMs (CUs) that are on"),
    INTEGER("sm.subcores", sm.subcores, 1, 64, true, "schedulers of an SM"),
    INTEGER("sm.warp_threads", sm.warp_threads, 1, 1024, true, "threads of a warp (wave)"),
    INTEGER("sm.max_warps", sm.max_warps, 1, 4096, true, "resident warps"),
    INTEGER("sm.max_blocks", sm.max_blocks, 1, 4096, true, "resident thread blocks"),
    INTEGER("sm.cluster_blocks", sm.cluster_blocks, 1, 64, false, "thread blocks of a cluster that one load can reach; 1 without clusters"),
    BYTES("sm.registers", sm.register_bytes, 1024, 1e9, true, "register file of an SM"),
    INTEGER("sm.max_registers_per_thread", sm.max_registers_per_thread, 1, 65536, true, "32-bit registers"),
    QUANTITY("sm.register_bandwidth", Q_BYTES_PER_CYCLE, sm.register_bytes_per_cycle, 0, 1e6, false, "register file of an SM"),
    BYTES("sm.shared", sm.shared_bytes, 1024, 1e9, true, "largest shared memory of an SM"),
    BYTES("sm.shared_block", sm.shared_block_bytes, 1024, 1e9, true, "largest shared memory of a thread block"),
    BYTES("sm.shared_reserved", sm.shared_reserved_bytes, 0, 1e6, true, "taken by the system for each block"),
    BYTES("sm.l1_shared", sm.l1_shared_bytes, 1024, 1e9, true, "L1 and shared memory together"),
    QUANTITY("sm.shared_bandwidth", Q_BYTES_PER_CYCLE, sm.shared_bytes_per_cycle, 1, 1e5, true, "of one SM"),
    QUANTITY("sm.shared_latency", Q_CYCLES, sm.shared_latency_cycles, 1, 1e4, true, "load to use"),
    QUANTITY("sm.l1_bandwidth", Q_BYTES_PER_CYCLE, sm.l1_bytes_per_cycle, 1, 1e5, true, "of one SM"),
    QUANTITY("sm.l1_latency", Q_CYCLES, sm.l1_latency_cycles, 1, 1e4, true, "pointer chase"),
    QUANTITY("sm.l2_read_bandwidth", Q_BYTES_PER_CYCLE, sm.l2_read_bytes_per_cycle, 0.5, 1e5, true, "what one SM takes from L2"),
    QUANTITY("sm.bytes_in_flight", Q_BYTES, sm.max_bytes_in_flight, 32, 1e9, true, "outstanding load bytes of one SM"),
    QUANTITY("sm.barrier", Q_CYCLES, sm.barrier_cycles, 0, 1e4, true, "one step of a main loop beside its work"),
    QUANTITY("sm.epilogue_bandwidth", Q_BYTES_PER_CYCLE, sm.epilogue_bytes_per_cycle, 0, 1e5, false, "results of a GEMM block to L2, one SM"),
    QUANTITY("sm.overlap_exponent", Q_RATIO, sm.overlap_exponent, 1, 1000, true, "p-norm that joins busy resources of a step"),
    BYTES("sm.tensor_memory", sm.tensor_memory_bytes, 0, 1e9, false, "of one SM"),
    BYTES("l2.size", l2.bytes, 1024, 1e12, true, "whole chip"),
    INTEGER("l2.partitions", l2.partitions, 1, 64, true, "parts; data used by all takes room in each"),
    INTEGER("l2.slices", l2.slices, 1, 4096, true, "whole chip"),
    BYTES("l2.line", l2.line_bytes, 16, 4096, true, "tag granularity"),
    BYTES("l2.sector", l2.sector_bytes, 16, 4096, true, "transfer granularity"),
    QUANTITY("l2.bandwidth", Q_BYTES_PER_CYCLE, l2.bytes_per_cycle, 1, 1e7, true, "whole chip, reads, SM clock"),
    QUANTITY("l2.write_bandwidth", Q_BYTES_PER_CYCLE, l2.write_bytes_per_cycle, 1, 1e7, true, "whole chip, writes, SM clock"),
    QUANTITY("l2.near_latency", Q_CYCLES, l2.near_latency_cycles, 1, 1e5, true, "hit in the near part"),
    QUANTITY("l2.far_latency", Q_CYCLES, l2.far_latency_cycles, 1, 1e5, true, "hit in the far part"),
    QUANTITY("l2.capacity_share", Q_RATIO, l2.hash_capacity_share, 0.01, 1, true, "share of l2.size that a stream can use"),
    BYTES("llc.size", llc.bytes, 0, 1e13, false, "memory-side cache"),
    QUANTITY("llc.bandwidth", Q_BYTES_PER_S, llc.bandwidth_bytes_per_s, 0, 1e16, false, "memory-side cache"),
    QUANTITY("llc.latency", Q_SECONDS, llc.latency_s, 0, 1e-3, false, "memory-side cache"),
    TEXT("dram.type", dram.type, true, "HBM2e, GDDR6 ..."),
    BYTES("dram.size", dram.bytes, 1024, 1e15, true, "usable capacity"),
    QUANTITY("dram.bandwidth", Q_BYTES_PER_S, dram.bandwidth_bytes_per_s, 1e6, 1e15, true, "datasheet peak"),
    QUANTITY("dram.read_efficiency", Q_RATIO, dram.read_efficiency, 0.05, 1, true, "streaming reads, share of the peak"),
    QUANTITY("dram.write_efficiency", Q_RATIO, dram.write_efficiency, 0.05, 1, true, "streaming writes, share of the peak"),
    QUANTITY("dram.latency", Q_CYCLES, dram.latency_cycles, 1, 1e6, true, "pointer chase, L2 miss included"),
    QUANTITY("dram.loaded_latency", Q_CYCLES, dram.loaded_latency_cycles, 1, 1e6, true, "tile load while the memory is busy"),
    QUANTITY("dram.tiled_efficiency", Q_RATIO, dram.tiled_efficiency, 0.05, 1, true, "share of streaming that tile loads reach"),
    INTEGER("dram.channels", dram.channels, 1, 4096, true, "(pseudo) channels"),
    { .path = "dram.timing", .kind = FIELD_NODE, .doc = "a file of arch/dram/" },
    TEXT("link.name", link.name, true, "NVLink3, PCIe4 ..."),
    { .path = "link.topology", .kind = FIELD_CHOICE, .offset = H(link.topology), .required = true, .choices = topologies,
      .doc = "how devices are joined" },
    QUANTITY("link.bandwidth", Q_BYTES_PER_S, link.bytes_per_s, 0, 1e15, false, "one direction, all links together"),
    QUANTITY("link.efficiency", Q_RATIO, link.efficiency, 0.05, 1, false, "share reached by large messages"),
    QUANTITY("link.latency", Q_SECONDS, link.latency_s, 0, 1, false, "one hop"),
    INTEGER("link.max_ranks", link.max_ranks, 1, 1e6, false, "devices in one domain"),
    { .path = "link.multicast", .kind = FIELD_BOOL, .offset = H(link.multicast), .doc = "reduction in the switch" },
    { .path = "link.multicast_efficiency", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = H(link.multicast_efficiency), .min = 0.1, .max = 1, .doc = "share of the link's payload rate through it" },
    TEXT("host_link.name", host_link.name, true, "PCIe 4.0 x16 ..."),
    { .path = "host_link.topology", .kind = FIELD_CHOICE, .offset = H(host_link.topology), .choices = topologies, .doc = "pcie, switch" },
    QUANTITY("host_link.bandwidth", Q_BYTES_PER_S, host_link.bytes_per_s, 1e6, 1e15, true, "one direction"),
    QUANTITY("host_link.efficiency", Q_RATIO, host_link.efficiency, 0.05, 1, true, "share reached by large copies"),
    QUANTITY("host_link.latency", Q_SECONDS, host_link.latency_s, 0, 1, true, "one transfer"),
    INTEGER("host_link.max_ranks", host_link.max_ranks, 1, 1e6, false, "devices in one host"),
    QUANTITY("launch.stream_gap", Q_SECONDS, launch.stream_gap_s, 0, 1e-2, true, "end of a kernel to start of the next"),
    QUANTITY("launch.graph_gap", Q_SECONDS, launch.graph_gap_s, 0, 1e-2, true, "the same between nodes of a graph"),
    QUANTITY("launch.block_launch", Q_SECONDS, launch.block_launch_s, 0, 1e-2, true, "start of a kernel to its first instruction"),
    QUANTITY("launch.drain", Q_SECONDS, launch.drain_s, 0, 1e-2, true, "last block's end to the kernel's end"),
    QUANTITY("launch.block", Q_CYCLES, launch.block_cycles, 0, 1e6, true, "dispatch of a thread block on an SM"),
    QUANTITY("launch.cold_program", Q_SECONDS, launch.cold_program_s, 0, 1e-2, true, "program fetched after another kernel ran"),
    { .path = "units", .kind = FIELD_NODE, .required = true, .doc = "name: {kind: ...}" },
    { .path = "fpga", .kind = FIELD_NODE, .doc = "programmable fabric: budget, blocks, clocks" },
    { .path = "energy.ops", .kind = FIELD_NODE, .required = true, .doc = "energy by operation: {fma_fp16: 0.7 pJ}" },
    ENERGY("energy.register", register_j_per_byte, true, "register file"),
    ENERGY("energy.shared", shared_j_per_byte, true, "shared memory"),
    ENERGY("energy.l1", l1_j_per_byte, true, "L1"),
    ENERGY("energy.l2", l2_j_per_byte, true, "L2 with the way across the chip"),
    ENERGY("energy.llc", llc_j_per_byte, false, "memory-side cache"),
    ENERGY("energy.dram", dram_j_per_byte, true, "device memory with its interface"),
    ENERGY("energy.link", link_j_per_byte, true, "link between devices"),
    QUANTITY("energy.zero_operand", Q_RATIO, energy.zero_operand, 0.05, 1, false, "a multiply-add one operand of which is zero (padding), over one of random operands; 1"),
    QUANTITY("energy.instruction", Q_JOULE, energy.instruction_j, 0, 1e-6, true, "fetch, decode and schedule of a warp instruction"),
    QUANTITY("area.die", Q_MM2, area.die_mm2, 0, 1e5, false, "silicon"),
    QUANTITY("area.process_nm", Q_RATIO, area.process_nm, 1, 1000, false, "node class in nm"),
    QUANTITY("area.transistors", Q_RATIO, area.transistors, 1e3, 1e14, false, "number of them"),
    TEXT("area.process", process, false, "foundry's name of the process"),
    TEXT("name", name, true, "as tables name it"),
    TEXT("summary", summary, true, "one line"),
    { .path = "aliases", .kind = FIELD_NODE, .doc = "other names" },
    { .path = "floorplan", .kind = FIELD_NODE, .doc = "what is built on a die: arch/technology.h; not part of a run's key" },
    { .path = "calibrate", .kind = FIELD_NODE, .doc = "free parameters: {key: {low: ..., high: ..., means: ...}}" },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const struct field_row *hardware_fields(size_t *count)
{
    *count = ROWS;
    return rows;
}

static enum status read_aliases(struct hardware *hw, const struct yaml_node *list, struct error *err)
{
    if (!list)
        return STATUS_OK;
    if (list->kind != YAML_SEQUENCE || list->count > ARCH_ALIASES_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "aliases: expected a list of at most %d names", ARCH_ALIASES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != YAML_SCALAR || list->items[i]->text[0] == '\0')
            return error_set(err, STATUS_BAD_INPUT, list->items[i]->at, "aliases: expected a name");
        hw->aliases[hw->aliases_count++] = list->items[i]->text;
    }
    return STATUS_OK;
}

/* Operations have the names that units give them: fma_FORMAT, fma_FORMAT_vector, lut_lane_FORMAT, lut_entry_FORMAT, or one of `others`. */
static bool is_energy_op(const char *name)
{
    static const char *const prefixes[] = { "fma_", "lut_lane_", "lut_entry_" };
    static const char others[] = "sfu int_op";
    char format[64];

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t len = strlen(prefixes[i]), n;

        if (strncmp(name, prefixes[i], len) != 0)
            continue;
        n = strlen(name + len);
        if (i == 0 && n > 7 && strcmp(name + len + n - 7, "_vector") == 0)
            n -= 7;
        snprintf(format, sizeof format, "%.*s", (int)n, name + len);
        return format_find(format) != NULL;
    }
    return fields_choice(others, name);
}

static enum status read_energy_ops(struct arch_energy *energy, const struct yaml_node *ops, struct error *err)
{
    size_t order[ARCH_ENERGY_OPS_MAX], n;
    enum status st;

    if (ops->kind != YAML_MAPPING || ops->count > ARCH_ENERGY_OPS_MAX)
        return error_set(err, STATUS_BAD_INPUT, ops->at, "energy.ops: expected at most %d pairs such as fma_fp16: 0.7 pJ", ARCH_ENERGY_OPS_MAX);
    n = fields_sorted(order, ops);
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *value = ops->items[order[i]];
        struct arch_energy_op *op = &energy->ops[i];

        op->name = ops->keys[order[i]];
        if (!is_energy_op(op->name))
            return error_set(err, STATUS_BAD_INPUT, ops->key_at[order[i]],
                             "energy.ops: unknown operation '%s', expected fma_FORMAT, fma_FORMAT_vector, lut_lane_FORMAT, lut_entry_FORMAT, sfu or int_op", op->name);
        if (value->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, value->at, "energy.ops.%s: expected %s", op->name, quantity_example(Q_JOULE));
        if ((st = quantity_parse(&op->j, value->text, Q_JOULE, value->at, err)))
            return st;
        if (op->j > 1e-6)
            return error_set(err, STATUS_BAD_INPUT, value->at, "energy.ops.%s: '%s' is out of range, expected at most 1 uJ", op->name, value->text);
    }
    energy->ops_count = (int64_t)n;
    return STATUS_OK;
}

static const char *text_of(const struct hardware *hw, const char *path)
{
    const struct yaml_node *node = fields_find(hw->tree, path);

    return node && node->kind == YAML_SCALAR ? node->text : "?";
}

static struct source_pos place(const struct hardware *hw, const char *path)
{
    const struct yaml_node *node = fields_find(hw->tree, path);

    return node ? node->at : hw->tree->at;
}

/* Two values of which the first must not exceed the second. */
static enum status check_order(const struct hardware *hw, const char *low_path, double low, const char *high_path, double high, struct error *err)
{
    if (low <= high)
        return STATUS_OK;
    return error_set(err, STATUS_BAD_INPUT, place(hw, low_path), "%s is '%s', above %s, which is '%s'", low_path,
                     text_of(hw, low_path), high_path, text_of(hw, high_path));
}

/*
 * The commonest slip of memory descriptions is half the bandwidth, or twice. Bandwidth over pins is the device's rate of a pin; the
 * timing file names the rate of its standard's speed bin; parts run at 0.65 (H200, HBM3e)
 * to 1.2 times of it (A100-40GB, HBM2).
 */
static enum status check_dram(const struct hardware *hw, struct error *err)
{
    const struct dram_timing *t = &hw->dram.timing;
    double device_rate, file_rate;

    if (t->bus_bits == 0)
        return STATUS_OK;
    device_rate = hw->dram.bandwidth_bytes_per_s * 8 / ((double)hw->dram.channels * (double)t->bus_bits);
    file_rate = (double)t->beats_per_clock / t->tCK_s;
    if (device_rate < 0.58 * file_rate || device_rate > 1.6 * file_rate)
        return error_set(err, STATUS_BAD_INPUT, place(hw, "dram.channels"),
                         "dram.bandwidth over %lld channels x %lld bit is %.4g Gb/s a pin, but dram.timing (%s) runs at %.4g: "
                         "are channels, bus_bits or bandwidth off by a factor? %.0f channels give this bandwidth",
                         (long long)hw->dram.channels, (long long)t->bus_bits, device_rate * 1e-9, t->standard, file_rate * 1e-9,
                         ceil((double)hw->dram.channels * device_rate / file_rate));
    return STATUS_OK;
}

static enum status check_link(const struct hardware *hw, struct error *err)
{
    const struct arch_link *l = &hw->link;

    if (strcmp(l->topology, "none") == 0 || (l->bytes_per_s > 0 && l->efficiency > 0 && l->latency_s > 0 && l->max_ranks > 1))
        return STATUS_OK;
    return error_set(err, STATUS_BAD_INPUT, place(hw, "link"),
                     "link of topology '%s' needs bandwidth, efficiency, latency and max_ranks above 1 (or topology: none)", l->topology);
}

static enum status check_together(const struct hardware *hw, struct error *err)
{
    enum status st;

    if ((st = check_order(hw, "clock.peak", hw->clock.peak_hz, "clock.boost", hw->clock.boost_hz, err)) ||
        (st = check_order(hw, "clock.base", hw->clock.base_hz, "clock.boost", hw->clock.boost_hz, err)) ||
        (st = check_order(hw, "power.idle", hw->power.idle_w, "power.tdp", hw->power.tdp_w, err)) ||
        (st = check_order(hw, "sm.shared_block", (double)hw->sm.shared_block_bytes, "sm.shared", (double)hw->sm.shared_bytes, err)) ||
        (st = check_order(hw, "sm.shared", (double)hw->sm.shared_bytes, "sm.l1_shared", (double)hw->sm.l1_shared_bytes, err)) ||
        (st = check_order(hw, "l2.near_latency", hw->l2.near_latency_cycles, "l2.far_latency", hw->l2.far_latency_cycles, err)) ||
        (st = check_order(hw, "l2.sector", (double)hw->l2.sector_bytes, "l2.line", (double)hw->l2.line_bytes, err)) ||
        (st = check_order(hw, "l2.partitions", (double)hw->l2.partitions, "l2.slices", (double)hw->l2.slices, err)))
        return st;
    if (hw->llc.bytes > 0 && (hw->llc.bandwidth_bytes_per_s <= 0 || hw->llc.latency_s <= 0 || hw->energy.llc_j_per_byte <= 0))
        return error_set(err, STATUS_BAD_INPUT, place(hw, "llc"), "llc needs bandwidth, latency and energy.llc beside size");
    if ((st = check_link(hw, err)))
        return st;
    return check_dram(hw, err);
}

static void hash_hardware(struct hash128 *out, struct hasher *h, const struct hardware *hw)
{
    enum { OWN_KEYS = 5 }; /* name, summary, aliases, floorplan, calibrate: the last rows; what a chip is called, what is built on its die and what may be fitted changes no result */

    fields_hash(h, rows, ROWS - OWN_KEYS, hw);
    arch_units_hash(h, hw);
    arch_dram_timing_hash(h, &hw->dram.timing);
    hasher_i64(h, hw->energy.ops_count);
    for (int64_t i = 0; i < hw->energy.ops_count; i++) {
        hasher_text(h, hw->energy.ops[i].name);
        hasher_double(h, hw->energy.ops[i].j);
    }
    if (hw->fpga.budget.lut > 0)
        arch_fpga_hash(h, &hw->fpga);
    *out = hasher_value(h);
}

static enum status read_tree(struct hardware *hw, bool check_peaks, struct error *err)
{
    const struct yaml_node *timing;
    enum status st;

    hw->link.efficiency = hw->host_link.efficiency = 1;
    hw->host_link.topology = "pcie";
    hw->host_link.max_ranks = 1;
    hw->sm.cluster_blocks = 1;
    if ((st = fields_read(hw, rows, ROWS, hw->tree, "hardware description", err)) ||
        (st = read_aliases(hw, fields_find(hw->tree, "aliases"), err)) ||
        (st = arch_units_read(hw, fields_find(hw->tree, "units"), err)) ||
        (st = read_energy_ops(&hw->energy, fields_find(hw->tree, "energy.ops"), err)))
        return st;
    if ((timing = fields_find(hw->tree, "dram.timing")) && (st = arch_dram_timing_read(&hw->dram.timing, timing, err)))
        return st;
    if ((st = arch_fpga_read(&hw->fpga, fields_find(hw->tree, "fpga"), err)))
        return st;
    if ((st = check_together(hw, err)))
        return st;
    return check_peaks ? arch_units_check_peaks(hw, err) : STATUS_OK;
}

static const char *const hardware_dirs[] = { "arch/devices", "arch", NULL };

enum status arch_list(const struct arch_entry **out, int64_t *count, struct arena *arena, struct error *err)
{
    return arch_scan(out, count, hardware_dirs, arena, err);
}

/* From a resolved tree to a checked description with its hash. */
static enum status finish(const struct hardware **out, struct hardware *hw, bool check_peaks, struct error *err)
{
    struct hasher *hasher;
    enum status st;

    if ((st = read_tree(hw, check_peaks, err)))
        return st;
    if (!(hasher = hasher_open()))
        return error_no_memory(err);
    hash_hardware(&hw->hash, hasher, hw);
    hasher_close(hasher);
    *out = hw;
    return STATUS_OK;
}

enum status arch_base_open(struct arch_base **out, const char *name_or_path, struct arena *arena, struct error *err)
{
    return arch_base_find(out, name_or_path, hardware_dirs, "device", arena, err);
}

enum status arch_load_from(const struct hardware **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                           struct arena *arena, struct error *err)
{
    struct hardware *hw = arena_alloc(arena, sizeof *hw);
    struct yaml_node *tree;
    enum status st;

    if (!hw)
        return error_no_memory(err);
    if ((st = arch_resolve_base(&tree, base, overrides, overrides_count, arena, err)))
        return st;
    hw->path = base->path;
    hw->tree = tree;
    /* A datasheet's peak holds for the chip as it is sold, not for one that --set has changed. */
    return finish(out, hw, overrides_count == 0, err);
}

enum status arch_load(const struct hardware **out, const char *name_or_path, const struct arch_override *overrides, int64_t overrides_count,
                      struct arena *arena, struct error *err)
{
    struct arch_base *base;
    enum status st = arch_base_open(&base, name_or_path, arena, err);

    return st ? st : arch_load_from(out, base, overrides, overrides_count, arena, err);
}

enum status arch_load_memory(const struct hardware **out, const char *name, const void *data, size_t bytes, struct arena *arena,
                             struct error *err)
{
    struct hardware *hw = arena_alloc(arena, sizeof *hw);
    struct yaml_node *doc, *tree;
    enum status st;

    if (!hw || !(hw->path = arena_strdup(arena, name)))
        return error_no_memory(err);
    if ((st = yaml_read_memory(&doc, hw->path, data, bytes, arena, err)) ||
        (st = arch_resolve_document(&tree, doc, hw->path, arena, err)))
        return st;
    hw->tree = tree;
    return finish(out, hw, true, err);
}

enum status arch_load_shown(const struct hardware **out, const char *name, const char *text, const struct arch_override *overrides, int64_t overrides_count,
                            struct arena *arena, struct error *err)
{
    struct hardware *hw = arena_alloc(arena, sizeof *hw);
    struct yaml_node *doc, *tree;
    enum status st;

    if (!hw || !(hw->path = arena_strdup(arena, name)))
        return error_no_memory(err);
    if ((st = yaml_read_memory(&doc, hw->path, text, strlen(text), arena, err)) || (st = arch_resolve_document(&tree, doc, hw->path, arena, err)) ||
        (st = arch_lay_over(&tree, overrides, overrides_count, arena, err)))
        return st;
    hw->tree = tree;
    return finish(out, hw, false, err); /* peaks were held against the datasheet when it was read from its file, if it was as sold */
}
