/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `units:` section: rates by format, the instruction of a matrix unit, the lanes of the vector unit. See hardware.h.
 * Left out: parameters that only one unit type knows (sim/unit.h, units_check); of those the text enters the hash.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arch/fields.h"
#include "arch/hardware_read.h"
#include "base/nearest.h"

enum { UNIT_KEYS_MAX = 64 };

#define U(member) offsetof(struct arch_unit, member)

/* Keys of every unit. */
#define COMMON_ROWS                                                                                                                  \
    { .path = "kind", .kind = FIELD_TEXT, .offset = U(kind), .required = true, .doc = "tensor_core, vector, lut_mpgemm ..." },       \
    { .path = "per_sm", .kind = FIELD_COUNT, .offset = U(per_sm), .min = 1, .max = 1024, .required = true, .doc = "copies in an SM" }, \
    { .path = "throughput_x", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(throughput_x), .min = 1e-3, .max = 1e3,       \
      .doc = "multiplies fma_per_cycle_sm" },                                                                                        \
    { .path = "fma_per_cycle_sm", .kind = FIELD_NODE, .doc = "dense multiply-adds of one SM in a clock, by format" },                \
    { .path = "peak", .kind = FIELD_NODE, .doc = "datasheet's dense peaks, by format: checked" },                                    \
    { .path = "instruction", .kind = FIELD_TEXT, .offset = U(instruction), .doc = "mma.sync, wgmma, tcgen05, mfma, systolic, lut" },           \
    { .path = "latency", .kind = FIELD_QUANTITY, .quantity = Q_CYCLES, .offset = U(latency_cycles), .min = 1, .max = 1e5,            \
      .doc = "issue to result" },                                                                                                    \
    { .path = "issue_efficiency", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(issue_efficiency), .min = 0.05, .max = 1, \
      .doc = "best sustained share of the issue rate" },                                                                             \
    { .path = "operands_from_shared", .kind = FIELD_BOOL, .offset = U(operands_from_shared), .doc = "B straight from shared memory" }, \
    { .path = "sparse_2_4", .kind = FIELD_BOOL, .offset = U(sparse_2_4), .doc = "2:4 structured sparsity doubles the rate" }

static const struct field_row common_rows[] = { COMMON_ROWS };

static const struct field_row tensor_rows[] = {
    COMMON_ROWS,
    { .path = "tile.m", .kind = FIELD_COUNT, .offset = U(inst_m), .min = 1, .max = 4096, .required = true, .doc = "rows of one instruction" },
    { .path = "tile.n", .kind = FIELD_COUNT, .offset = U(inst_n), .min = 1, .max = 4096, .required = true, .doc = "columns of one instruction" },
    { .path = "tile.k", .kind = FIELD_BYTES, .offset = U(inst_k_bytes), .min = 1, .max = 4096, .required = true, .doc = "depth in bytes of an operand" },
};

static const struct field_row vector_rows[] = {
    COMMON_ROWS,
    { .path = "fma_fp32_per_cycle_sm", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(fma_fp32_per_cycle_sm), .min = 1, .max = 65536,
      .required = true, .doc = "fp32 lanes of an SM" },
    { .path = "fma_fp16_per_cycle_sm", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(fma_fp16_per_cycle_sm), .min = 1, .max = 65536,
      .required = true, .doc = "16-bit multiply-adds of an SM in a clock" },
    { .path = "int32_ops_per_cycle_sm", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(int32_ops_per_cycle_sm), .min = 1, .max = 65536,
      .required = true, .doc = "integer lanes of an SM" },
    { .path = "sfu_per_cycle_sm", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = U(sfu_per_cycle_sm), .min = 0.25, .max = 4096,
      .required = true, .doc = "exponentials and reciprocals of an SM in a clock" },
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* Which table a kind is read by; a kind that is not here has the common keys and those of its own type. */
static const struct kind_rows { const char *kind; const struct field_row *rows; size_t count; } kinds[] = {
    { "tensor_core", tensor_rows, COUNT(tensor_rows) },
    { "vector", vector_rows, COUNT(vector_rows) },
};

static const struct kind_rows *find_kind(const char *kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return &kinds[i];
    return NULL;
}

/* Is `key` a row of the table, or a section of it? */
static bool has_key(const struct field_row *rows, size_t count, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < count; i++)
        if (strncmp(rows[i].path, key, len) == 0 && (rows[i].path[len] == '\0' || rows[i].path[len] == '.'))
            return true;
    return false;
}

bool arch_unit_key(const char *key)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (has_key(kinds[i].rows, kinds[i].count, key))
            return true;
    return false;
}

static enum status find_format(const struct format **out, const char *name, struct source_pos at, struct error *err)
{
    const char *names[64];
    const struct format *const *list;
    const char *nearest;
    size_t count, n = 0;

    if ((*out = format_find(name)))
        return STATUS_OK;
    list = format_list(&count);
    for (size_t i = 0; i < count && n < COUNT(names); i++)
        names[n++] = list[i]->name;
    if ((nearest = nearest_name(name, names, n)))
        return error_set(err, STATUS_BAD_INPUT, at, "unknown number format '%s'; nearest is '%s'", name, nearest);
    return error_set(err, STATUS_BAD_INPUT, at, "unknown number format '%s', expected fp16, bf16, int8 ...", name);
}

/* "fp16" (accumulates in fp32, or int32 for integers) or "fp16/fp16". */
static enum status parse_pair(struct arch_rate *out, const char *key, struct source_pos at, struct error *err)
{
    char format[64], accumulator[64];
    const char *slash = strchr(key, '/');
    enum status st;

    snprintf(format, sizeof format, "%.*s", (int)(slash ? slash - key : (ptrdiff_t)strlen(key)), key);
    if ((st = find_format(&out->format, format, at, err)))
        return st;
    snprintf(accumulator, sizeof accumulator, "%s", slash ? slash + 1 : out->format->family == FORMAT_FLOAT ? "fp32" : "int32");
    return find_format(&out->accumulator, accumulator, at, err);
}

static enum status read_rates(struct arch_unit *unit, const struct yaml_node *map, struct error *err)
{
    size_t order[ARCH_RATES_MAX], n;
    enum status st;

    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "fma_per_cycle_sm: expected 'format: multiply-adds' pairs, as in {fp16: 1024}");
    if (map->count > ARCH_RATES_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "fma_per_cycle_sm: %zu formats, at most %d", map->count, ARCH_RATES_MAX);
    n = fields_sorted(order, map);
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *value = map->items[order[i]];
        struct arch_rate *rate = &unit->rates[i];

        if ((st = parse_pair(rate, map->keys[order[i]], map->key_at[order[i]], err)))
            return st;
        if (value->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, value->at, "fma_per_cycle_sm: expected a number of multiply-adds");
        if ((st = quantity_parse(&rate->fma_per_cycle_sm, value->text, Q_RATIO, value->at, err)))
            return st;
        if (rate->fma_per_cycle_sm <= 0 || rate->fma_per_cycle_sm > 1e7)
            return error_set(err, STATUS_BAD_INPUT, value->at, "fma_per_cycle_sm: '%s' is out of range, expected above 0 to 1e7", value->text);
        rate->fma_per_cycle_sm *= unit->throughput_x;
    }
    unit->rates_count = (int64_t)n;
    return STATUS_OK;
}

/* Values of the common rows of a unit whose type has further keys: only the known part is handed to the table. */
static enum status read_open(struct arch_unit *unit, const struct yaml_node *node, struct error *err)
{
    const char *keys[UNIT_KEYS_MAX];
    struct source_pos places[UNIT_KEYS_MAX];
    struct yaml_node *items[UNIT_KEYS_MAX];
    struct yaml_node known = *node;

    known.keys = keys;
    known.key_at = places;
    known.items = items;
    known.count = 0;
    known.sorted = NULL;
    for (size_t i = 0; i < node->count && known.count < COUNT(keys); i++)
        if (arch_unit_key(node->keys[i])) {
            keys[known.count] = node->keys[i];
            places[known.count] = node->key_at[i];
            items[known.count++] = node->items[i];
        }
    return fields_read(unit, common_rows, COUNT(common_rows), &known, "unit", err);
}

static enum status check_sizes(const struct yaml_node *node, struct error *err)
{
    enum status st = STATUS_OK;

    if (node->kind == YAML_MAPPING && node->count > UNIT_KEYS_MAX)
        return error_set(err, STATUS_BAD_INPUT, node->at, "%zu keys in a unit's mapping, at most %d", node->count, UNIT_KEYS_MAX);
    for (size_t i = 0; node->kind != YAML_SCALAR && i < node->count && !st; i++)
        st = check_sizes(node->items[i], err);
    return st;
}

static enum status read_unit(struct arch_unit *unit, const char *name, const struct yaml_node *node, struct error *err)
{
    const struct kind_rows *rows;
    const struct yaml_node *kind, *rates;
    char what[96];
    enum status st;

    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "units.%s: expected the keys of a unit (kind, per_sm ...)", name);
    if (!(kind = fields_find(node, "kind")) || kind->kind != YAML_SCALAR)
        return error_set(err, STATUS_BAD_INPUT, node->at, "missing key 'kind' in unit '%s', expected tensor_core, vector, lut_mpgemm ...", name);
    if ((st = check_sizes(node, err)))
        return st;
    *unit = (struct arch_unit){ .name = name, .node = node, .throughput_x = 1, .issue_efficiency = 1 };
    snprintf(what, sizeof what, "unit '%.40s' (%.40s)", name, kind->text);
    rows = find_kind(kind->text);
    st = rows ? fields_read(unit, rows->rows, rows->count, node, what, err) : read_open(unit, node, err);
    if (st)
        return st;
    if ((rates = fields_find(node, "fma_per_cycle_sm")) && (st = read_rates(unit, rates, err)))
        return st;
    if (rows && unit->instruction && !unit->rates_count) /* other types may derive theirs */
        return error_set(err, STATUS_BAD_INPUT, node->at, "missing key 'fma_per_cycle_sm' in %s, expected rates by format, as in {fp16: 1024}", what);
    if (rows && rows->rows == tensor_rows && (!unit->instruction || unit->latency_cycles <= 0))
        return error_set(err, STATUS_BAD_INPUT, node->at, "missing key '%s' in %s", unit->instruction ? "latency" : "instruction", what);
    return STATUS_OK;
}

enum status arch_units_read(struct hardware *hw, const struct yaml_node *units, struct error *err)
{
    size_t order[ARCH_UNITS_MAX], n;
    enum status st;

    if (units->kind != YAML_MAPPING || units->count == 0)
        return error_set(err, STATUS_BAD_INPUT, units->at, "units: expected 'name: {kind: ...}' pairs");
    if (units->count > ARCH_UNITS_MAX)
        return error_set(err, STATUS_BAD_INPUT, units->at, "units: %zu of them, at most %d", units->count, ARCH_UNITS_MAX);
    n = fields_sorted(order, units);
    for (size_t i = 0; i < n; i++)
        if ((st = read_unit(&hw->units[i], units->keys[order[i]], units->items[order[i]], err)))
            return st;
    hw->units_count = (int64_t)n;
    if (!hardware_unit(hw, "vector"))
        return error_set(err, STATUS_BAD_INPUT, units->at, "units: none of kind 'vector', expected one: it runs what no other unit can");
    return STATUS_OK;
}

static enum status check_peak(const struct hardware *hw, const struct arch_unit *unit, const char *key, struct source_pos key_at,
                              const struct yaml_node *value, struct error *err)
{
    struct arch_rate pair;
    double stated, computed;
    enum status st;

    if ((st = parse_pair(&pair, key, key_at, err)))
        return st;
    if (value->kind != YAML_SCALAR)
        return error_set(err, STATUS_BAD_INPUT, value->at, "peak: expected %s", quantity_example(Q_OPS_DENSE));
    if ((st = quantity_parse(&stated, value->text, Q_OPS_DENSE, value->at, err)))
        return st;
    computed = hardware_peak_ops_per_s(hw, unit, pair.format, pair.accumulator);
    if (computed == 0)
        return error_set(err, STATUS_BAD_INPUT, value->at, "peak: unit '%s' has no rate for %s with %s accumulation", unit->name,
                         pair.format->name, pair.accumulator->name);
    if (fabs(stated - computed) > 0.01 * computed)
        return error_set(err, STATUS_BAD_INPUT, value->at,
                         "peak: '%s' does not follow from 2 x fma_per_cycle_sm x sm.count x clock.peak = %.5g Tera op/s (1 %% allowed; is it a sparse peak?)",
                         value->text, computed * 1e-12);
    return STATUS_OK;
}

enum status arch_units_check_peaks(const struct hardware *hw, struct error *err)
{
    for (int64_t u = 0; u < hw->units_count; u++) {
        const struct yaml_node *peak = fields_find(hw->units[u].node, "peak");
        enum status st;

        if (!peak)
            continue;
        if (peak->kind != YAML_MAPPING)
            return error_set(err, STATUS_BAD_INPUT, peak->at, "peak: expected 'format: rate' pairs, as in {fp16: 312 TFLOP/s dense}");
        for (size_t i = 0; i < peak->count; i++)
            if ((st = check_peak(hw, &hw->units[u], peak->keys[i], peak->key_at[i], peak->items[i], err)))
                return st;
    }
    return STATUS_OK;
}

static void hash_node(struct hasher *h, const struct yaml_node *node)
{
    size_t order[UNIT_KEYS_MAX], n;

    hasher_i64(h, node->kind);
    switch (node->kind) {
    case YAML_SCALAR:
        hasher_text(h, node->text);
        break;
    case YAML_SEQUENCE:
        hasher_i64(h, (int64_t)node->count);
        for (size_t i = 0; i < node->count; i++)
            hash_node(h, node->items[i]);
        break;
    case YAML_MAPPING:
        if (node->count > UNIT_KEYS_MAX) /* read_unit() refuses the like */
            return;
        n = fields_sorted(order, node);
        hasher_i64(h, (int64_t)n);
        for (size_t i = 0; i < n; i++) {
            hasher_text(h, node->keys[order[i]]);
            hash_node(h, node->items[order[i]]);
        }
    }
}

static void hash_unit(struct hasher *h, const struct arch_unit *unit)
{
    const struct kind_rows *rows = find_kind(unit->kind);
    size_t order[UNIT_KEYS_MAX], n;

    hasher_text(h, unit->name);
    fields_hash(h, rows ? rows->rows : common_rows, rows ? rows->count : COUNT(common_rows), unit);
    hasher_i64(h, unit->rates_count);
    for (int64_t i = 0; i < unit->rates_count; i++) {
        hasher_text(h, unit->rates[i].format->name);
        hasher_text(h, unit->rates[i].accumulator->name);
        hasher_double(h, unit->rates[i].fma_per_cycle_sm);
    }
    n = fields_sorted(order, unit->node);
    for (size_t i = 0; i < n && !rows; i++)
        if (!arch_unit_key(unit->node->keys[order[i]])) {
            hasher_text(h, unit->node->keys[order[i]]);
            hash_node(h, unit->node->items[order[i]]);
        }
}

void arch_units_hash(struct hasher *h, const struct hardware *hw)
{
    hasher_i64(h, hw->units_count);
    for (int64_t i = 0; i < hw->units_count; i++)
        hash_unit(h, &hw->units[i]);
}
