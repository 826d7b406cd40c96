/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the JSON of a run back (schema "llmsim.run/1", docs/results.md): JSON is YAML, so base/yaml.h reads it, with places. */
#include <string.h>

#include "base/checked.h"
#include "base/num.h"
#include "base/yaml.h"
#include "reports/run_report.h"

static enum status get_ps(int64_t *out, const struct yaml_node *map, const char *key, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, key);

    if (!node || node->kind != YAML_SCALAR || node->quoted || num_parse_ps(out, node->text))
        return error_set(err, STATUS_BAD_INPUT, node ? node->at : map->at, "%s: expected decimal seconds of at most 12 decimals", key);
    return STATUS_OK;
}

static enum status get_double(double *out, const struct yaml_node *map, const char *key, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, key);

    *out = 0;
    if (!node || yaml_is_null(node))
        return STATUS_OK;
    if (node->kind != YAML_SCALAR || num_parse_double(out, node->text))
        return error_set(err, STATUS_BAD_INPUT, node->at, "%s: expected a number", key);
    return STATUS_OK;
}

/* A text, or NULL for null. */
static enum status get_name(const char **out, const struct yaml_node *map, const char *key, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, key);

    *out = NULL;
    return !node || yaml_is_null(node) ? STATUS_OK : yaml_get_text(out, map, key, true, err);
}

static enum status get_list(const struct yaml_node **out, const struct yaml_node *map, const char *key, enum yaml_kind kind, struct error *err)
{
    *out = yaml_find(map, key);
    if (!*out || (*out)->kind != kind)
        return error_set(err, STATUS_BAD_INPUT, *out ? (*out)->at : map->at, "%s: expected %s (is this the output of 'llmsim run --json'?)", key,
                         kind == YAML_MAPPING ? "an object" : "a list");
    return STATUS_OK;
}

static enum status get_phase(enum phase *out, const struct yaml_node *map, struct error *err)
{
    const char *text;
    enum status st = yaml_get_text(&text, map, "phase", true, err);

    for (int p = PHASE_PREFILL; !st && p <= PHASE_MIXED; p++)
        if (strcmp(text, phase_name((enum phase)p)) == 0) {
            *out = (enum phase)p;
            return STATUS_OK;
        }
    return st ? st : error_set(err, STATUS_BAD_INPUT, map->at, "phase: found '%s', expected prefill, decode or mixed", text);
}

static enum status read_parts(struct breakdown_row *row, const struct yaml_node *map, struct error *err)
{
    const struct yaml_node *parts, *bytes;
    int64_t sum = 0;
    enum status st;

    if ((st = get_list(&parts, map, "parts_s", YAML_MAPPING, err)) || (st = get_list(&bytes, map, "bytes", YAML_MAPPING, err)))
        return st;
    for (int c = 0; c < CAUSES; c++) {
        if ((st = get_ps(&row->parts_ps[c], parts, cause_name((enum cause)c), err)))
            return st;
        if (!checked_add_i64(&sum, sum, row->parts_ps[c]))
            return error_set(err, STATUS_BAD_INPUT, parts->at, "parts_s: their sum overflows");
        if (row->parts_ps[c] > row->parts_ps[row->bound])
            row->bound = (enum cause)c;
    }
    for (int l = 0; l < LEVELS; l++)
        if ((st = get_double(&row->bytes[l], bytes, level_name((enum level)l), err)))
            return st;
    if (sum != row->time_ps)
        return error_set(err, STATUS_BAD_INPUT, parts->at, "parts_s of %s do not sum to its time_s (was the file edited?)", row->role);
    return STATUS_OK;
}

static enum status read_row(struct breakdown_row *row, const struct yaml_node *map, struct error *err)
{
    const char *mapping;
    enum status st;

    if (map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "breakdown: expected an object");
    if ((st = get_phase(&row->phase, map, err)) || (st = yaml_get_text(&row->role, map, "role", true, err)) ||
        (st = yaml_get_text(&row->note, map, "note", true, err)) || (st = get_name(&row->kind, map, "kind", err)) ||
        (st = yaml_get_i64(&row->count, map, "count", true, 0, INT64_MAX, err)) ||
        (st = get_ps(&row->time_ps, map, "time_s", err)) || (st = get_ps(&row->best_time_ps, map, "best_time_s", err)) ||
        (st = get_ps(&row->roofline_time_ps, map, "roofline_time_s", err)) || (st = get_double(&row->flops, map, "flops", err)) ||
        (st = get_name(&mapping, map, "mapping", err)))
        return st;
    snprintf(row->mapping, sizeof row->mapping, "%s", mapping ? mapping : "");
    return read_parts(row, map, err);
}

static enum status read_rows(struct result *r, const struct yaml_node *root, struct arena *arena, struct error *err)
{
    const struct yaml_node *list;
    int64_t sum = 0;
    enum status st = get_list(&list, root, "breakdown", YAML_SEQUENCE, err);

    if (st)
        return st;
    if (!(r->rows = arena_array(arena, list->count + 1, sizeof *r->rows)))
        return error_no_memory(err);
    for (size_t i = 0; i < list->count; i++) {
        if ((st = read_row(&r->rows[i], list->items[i], err)))
            return st;
        if (!checked_add_i64(&sum, sum, r->rows[i].time_ps))
            return error_set(err, STATUS_BAD_INPUT, list->at, "breakdown: times overflow");
    }
    r->rows_count = (int64_t)list->count;
    if (sum != r->time_ps)
        return error_set(err, STATUS_BAD_INPUT, list->at, "breakdown: times do not sum to time_s (was the file edited?)");
    return STATUS_OK;
}

static enum status read_phases(struct result *r, const struct yaml_node *root, struct error *err)
{
    const struct yaml_node *list;
    enum status st = get_list(&list, root, "phases", YAML_SEQUENCE, err);

    if (!st && list->count > sizeof r->phases / sizeof r->phases[0])
        return error_set(err, STATUS_BAD_INPUT, list->at, "phases: found %zu, expected at most 3", list->count);
    for (size_t i = 0; !st && i < list->count; i++) {
        const struct yaml_node *map = list->items[i];
        struct phase_result *p = &r->phases[i];

        if (map->kind != YAML_MAPPING)
            return error_set(err, STATUS_BAD_INPUT, map->at, "phases: expected an object");
        if (!(st = get_phase(&p->phase, map, err)) && !(st = yaml_get_i64(&p->steps, map, "steps", true, 0, INT64_MAX, err)) &&
            !(st = yaml_get_i64(&p->tokens, map, "tokens", true, 0, INT64_MAX, err)) && !(st = get_ps(&p->time_ps, map, "time_s", err)))
            r->phases_count++;
    }
    return st;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum status read_key(struct hash128 *out, const struct yaml_node *root, struct error *err)
{
    const char *text;
    uint64_t halves[2] = { 0 };
    enum status st = yaml_get_text(&text, root, "key", true, err);

    for (int i = 0; !st && i < HASH_TEXT_MAX - 1; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return error_set(err, STATUS_BAD_INPUT, root->at, "key: expected %d hex digits", HASH_TEXT_MAX - 1);
        halves[i / 16] = halves[i / 16] << 4 | (uint64_t)digit;
    }
    if (!st)
        *out = (struct hash128){ halves[0], halves[1] };
    return st;
}

static enum status read_head(struct report_head *head, struct result *r, const struct yaml_node *root, struct error *err)
{
    const struct yaml_node *inputs;
    enum status st;

    if ((st = get_list(&inputs, root, "inputs", YAML_MAPPING, err)) || (st = get_name(&head->arch, inputs, "arch", err)) ||
        (st = get_name(&head->stack, inputs, "stack", err)) || (st = get_name(&head->trace, inputs, "trace", err)) ||
        (st = get_name(&head->model, inputs, "model", err)) || (st = get_name(&head->recipe, inputs, "recipe", err)) ||
        (st = get_name(&head->layout, inputs, "layout", err)) || (st = get_name(&head->mapping, inputs, "mapping", err)) ||
        (st = get_name(&head->overrides, inputs, "overrides", err)))
        return st;
    return yaml_get_i64(&r->devices, inputs, "devices", true, 1, INT64_MAX, err);
}

/* Parts of the energy, as far as the file has them. */
static enum status read_energy(struct result *r, const struct yaml_node *root, struct error *err)
{
    const struct yaml_node *parts = yaml_find(root, "energy_parts_j");
    enum status st = get_double(&r->average_power_w, root, "average_power_w", err);

    if (st || parts == NULL || parts->kind != YAML_MAPPING)
        return st;
    if ((st = get_double(&r->energy_static_j, parts, "static", err)) || (st = get_double(&r->energy_matrix_j, parts, "matrix", err)) ||
        (st = get_double(&r->energy_vector_j, parts, "vector", err)) || (st = get_double(&r->energy_onchip_j, parts, "onchip", err)) ||
        (st = get_double(&r->energy_dram_j, parts, "dram", err)))
        return st;
    return get_double(&r->energy_link_j, parts, "link", err);
}

/* Bytes of one device, as far as the file has them. */
static enum status read_memory(struct memory_use *m, const struct yaml_node *root, struct error *err)
{
    const struct yaml_node *map = yaml_find(root, "memory_bytes");
    enum status st;

    if (map == NULL || map->kind != YAML_MAPPING)
        return STATUS_OK;
    if ((st = yaml_get_i64(&m->weights, map, "weights", true, 0, INT64_MAX, err)) || (st = yaml_get_i64(&m->kv, map, "kv", true, 0, INT64_MAX, err)) ||
        (st = yaml_get_i64(&m->activations, map, "activations", true, 0, INT64_MAX, err)) ||
        (st = yaml_get_i64(&m->workspace, map, "workspace", true, 0, INT64_MAX, err)) ||
        (st = yaml_get_i64(&m->total, map, "total", true, 0, INT64_MAX, err)))
        return st;
    return yaml_get_i64(&m->capacity, map, "capacity", true, 0, INT64_MAX, err);
}

enum status report_run_read(struct result *out, struct report_head *head, const char *path, struct arena *arena, struct error *err)
{
    struct result r = { 0 };
    struct report_head h = { 0 };
    struct yaml_node *root;
    const char *schema = NULL;
    enum status st;

    if ((st = yaml_read_file(&root, path, arena, err)))
        return st;
    if (root->kind == YAML_MAPPING && (st = get_name(&schema, root, "schema", err)))
        return st;
    if (!schema || strcmp(schema, "llmsim.run/1") != 0)
        return error_set(err, STATUS_BAD_INPUT, root->at, "schema: found '%s', expected 'llmsim.run/1' (the output of 'llmsim run --json')",
                         schema ? schema : "none");
    if ((st = read_key(&r.key, root, err)) || (st = yaml_get_text(&r.fidelity, root, "fidelity", true, err)) ||
        (st = read_head(&h, &r, root, err)) || (st = get_ps(&r.time_ps, root, "time_s", err)) || (st = get_ps(&r.ttft_ps, root, "ttft_s", err)) ||
        (st = get_ps(&r.tpot_ps, root, "tpot_s", err)) || (st = get_double(&r.energy_j, root, "energy_j", err)) || (st = read_energy(&r, root, err)) ||
        (st = yaml_get_i64(&r.generated_tokens, root, "generated_tokens", true, 0, INT64_MAX, err)) ||
        (st = get_double(&r.tokens_per_s, root, "tokens_per_s", err)) || (st = read_memory(&r.memory, root, err)) ||
        (st = get_double(&r.simulated_fraction, root, "simulated_fraction", err)) ||
        (st = get_double(&r.extrapolation_error, root, "extrapolation_error", err)) || (st = read_phases(&r, root, err)) ||
        (st = read_rows(&r, root, arena, err)))
        return st;
    *out = r;
    *head = h;
    return STATUS_OK;
}
