/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and finding harnesses (validate/harness.h). */
#include "validate/harness.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/fields.h"
#include "arch/resolve.h"

static const char caches[] = "cold fresh warm rotating";

struct raw { struct harness h; const char *activations, *weights, *kv; };

#define H(member) offsetof(struct raw, h.member)
static const struct field_row rows[] = {
    { .path = "name", .kind = FIELD_TEXT, .offset = H(name), .required = true, .doc = "as reports name it" },
    { .path = "summary", .kind = FIELD_NODE, .required = true, .doc = "one line" },
    { .path = "source", .kind = FIELD_TEXT, .offset = H(source), .required = true, .doc = "pattern of the rows' source column" },
    { .path = "kinds", .kind = FIELD_TEXT, .offset = H(kinds), .doc = "blank-separated kinds; default all" },
    { .path = "stack", .kind = FIELD_TEXT, .offset = H(stack), .required = true, .doc = "software stack that ran" },
    { .path = "sustained", .kind = FIELD_BOOL, .offset = H(sustained), .required = true, .doc = "long enough for the power cap to act" },
    { .path = "operand_activity", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = H(operand_activity), .min = 0.5, .max = 3, .doc = "dynamic energy with the operands used over that with near-constant ones" },
    { .path = "real_operands", .kind = FIELD_BOOL, .offset = H(real_operands), .doc = "real weights and activations for long: the device's power.real_operands in place of operand_activity" },
    { .path = "activations", .kind = FIELD_CHOICE, .offset = offsetof(struct raw, activations), .choices = caches, .doc = "cache state" },
    { .path = "weights", .kind = FIELD_CHOICE, .offset = offsetof(struct raw, weights), .choices = caches, .doc = "cache state" },
    { .path = "kv", .kind = FIELD_CHOICE, .offset = offsetof(struct raw, kv), .choices = caches, .doc = "cache state" },
    { .path = "replays", .kind = FIELD_COUNT, .offset = H(replays), .max = 1e6, .doc = "a timed kernel runs this often back to back; 0: power never acts" },
    { .path = "weight_copies", .kind = FIELD_COUNT, .offset = H(weight_copies), .min = 1, .max = 1e6, .doc = "buffers in turn" },
    { .path = "sync", .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = H(sync_s), .min = 0, .max = 1, .doc = "wall clock beside the kernel" },
    { .path = "leftover_piled", .kind = FIELD_BOOL, .offset = H(leftover_piled), .doc = "skewed MoE rows: copies left over by rounding go to the least loaded experts in their order" },
    { .path = "quantizes_activations", .kind = FIELD_BOOL, .offset = H(quantizes_activations), .doc = "low-precision rows quantize too" },
    { .path = "kv_write", .kind = FIELD_BOOL, .offset = H(kv_write), .doc = "attention rows include the KV-cache write" },
    { .path = "rope", .kind = FIELD_BOOL, .offset = H(rope), .doc = "attention rows include rotary embedding and the QKV split" },
    { .path = "fp8", .kind = FIELD_TEXT, .offset = H(fp8), .doc = "recipe of serving rows of dtype fp8" },
    { .path = "sender.calls", .kind = FIELD_COUNT, .offset = H(sender_calls), .min = 1, .max = HARNESS_SENDER_CALLS_MAX, .doc = "send/receive: the sender's median over so many calls in a row" },
    { .path = "sender.reads", .kind = FIELD_TEXT, .offset = H(sender_reads), .doc = "generation on which the receiver reads over the link" },
    { .path = "sender.buffer", .kind = FIELD_BYTES, .offset = H(sender_buffer_bytes), .min = 1, .max = 1e12, .doc = "that the sender fills" },
    { .path = "sender.copy_share", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = H(sender_copy_share), .min = 0.1, .max = 16, .doc = "rate at which it does, in payload rates of the link" },
    { .path = "sharding", .kind = FIELD_CHOICE, .offset = H(sharding), .choices = "none optimizer gradients full", .doc = "training: what data-parallel ranks share out" },
    { .path = "causal_flops", .kind = FIELD_BOOL, .offset = H(causal_flops), .doc = "training: reported FLOPs count the unmasked half of attention" },
    { .path = "overlap_gradients", .kind = FIELD_BOOL, .offset = H(overlap_gradients), .doc = "training: exchange beside the last backward pass" },
    { .path = "overlap_tensor", .kind = FIELD_BOOL, .offset = H(overlap_tensor), .doc = "training: tensor-parallel exchange in pieces beside products" },
    { .path = "overlap_dispatch", .kind = FIELD_TEXT, .offset = H(overlap_dispatch), .doc = "training: models whose experts' tokens are exchanged beside another micro-batch" },
    { .path = "sequence_parallel", .kind = FIELD_BOOL, .offset = H(sequence_parallel), .doc = "training: with tensor parallelism" },
    { .path = "systems", .kind = FIELD_NODE, .doc = "training: cluster by device" },
    { .path = "dies", .kind = FIELD_NODE, .doc = "serving: packages that are two devices to software, and the name of one" },
    { .path = "stacks", .kind = FIELD_NODE, .doc = "software of devices, generations or vendors whose software is not `stack`" },
    { .path = "requests", .kind = FIELD_NODE, .doc = "serving: requests of a run at maximum load, by INxOUT" },
    { .path = "overhead", .kind = FIELD_NODE, .doc = "framework's CPU time by operator" },
    { .path = "overhead_on", .kind = FIELD_NODE, .doc = "the same on named devices, generations or vendors" },
    { .path = "host_after_on", .kind = FIELD_NODE, .doc = "host_after on named devices, generations or vendors" },
    { .path = "host_after", .kind = FIELD_NODE, .doc = "host time after the launch, beside the kernel, by operator" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static enum harness_cache cache_of(const char *text, enum harness_cache otherwise)
{
    return !text                             ? otherwise
           : strcmp(text, "cold") == 0       ? HARNESS_COLD
           : strcmp(text, "fresh") == 0      ? HARNESS_FRESH
           : strcmp(text, "rotating") == 0   ? HARNESS_ROTATING
                                             : HARNESS_WARM;
}

static enum status read_overheads(struct harness_overhead *items, int64_t *count, const struct yaml_node *map, const char *where, struct error *err)
{
    enum status st;

    if (!map)
        return STATUS_OK;
    if (map->kind != YAML_MAPPING || (int64_t)map->count > HARNESS_OVERHEADS_MAX - *count)
        return error_set(err, STATUS_BAD_INPUT, map->at, "expected pairs of operator and time, %d in all", HARNESS_OVERHEADS_MAX);
    for (size_t i = 0; i < map->count; i++) {
        struct harness_overhead *o = &items[(*count)++];

        o->op = map->keys[i];
        o->where = where;
        if ((st = yaml_get_quantity(&o->s, map, o->op, true, Q_SECONDS, 0, 1, err)))
            return st;
    }
    return STATUS_OK;
}

/* The same for named devices, generations or vendors: { AMD: { gemm: 34 us } } */
static enum status read_overheads_on(struct harness_overhead *items, int64_t *count, const struct yaml_node *map, struct error *err)
{
    enum status st = STATUS_OK;

    if (map && map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map->at, "expected pairs of a device, generation or vendor and its operators' times");
    for (size_t i = 0; map && st == STATUS_OK && i < map->count; i++)
        st = read_overheads(items, count, map->items[i], map->keys[i], err);
    return st;
}

static enum status read_names(struct harness_system *list, int64_t *count, const char *what, const struct yaml_node *map, struct error *err)
{
    enum status st;

    if (!map)
        return STATUS_OK;
    if (map->kind != YAML_MAPPING || map->count > HARNESS_SYSTEMS_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "%s: expected at most %d pairs of names", what, HARNESS_SYSTEMS_MAX);
    for (size_t i = 0; i < map->count; i++) {
        struct harness_system *y = &list[(*count)++];

        y->device = map->keys[i];
        if ((st = yaml_get_text(&y->system, map, y->device, true, err)))
            return st;
    }
    return STATUS_OK;
}

const char *harness_die(int64_t *dies, const struct harness *h, const char *device)
{
    *dies = 1;
    for (int64_t i = 0; i < h->dies_count; i++)
        if (strcmp(h->dies[i].device, device) == 0)
            return *dies = 2, h->dies[i].system;
    return device;
}

double harness_activity(const struct harness *h, const struct hardware *hw)
{
    return h->real_operands && hw->power.real_operands > 0 ? hw->power.real_operands : h->operand_activity;
}

const char *harness_system(const struct harness *h, const char *device)
{
    for (int64_t i = 0; i < h->systems_count; i++)
        if (strcmp(h->systems[i].device, device) == 0)
            return h->systems[i].system;
    return device;
}

const char *harness_stack(const struct harness *h, const struct hardware *hw)
{
    const char *const names[] = { hw->name, hw->generation, hw->vendor };

    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (int64_t i = 0; names[n] && i < h->stacks_count; i++)
            if (strcmp(h->stacks[i].device, names[n]) == 0)
                return h->stacks[i].system;
    return h->stack;
}

static enum status read_requests(struct harness *h, const struct yaml_node *map, struct error *err)
{
    enum status st;

    if (!map)
        return STATUS_OK;
    if (map->kind != YAML_MAPPING || map->count > HARNESS_SYSTEMS_MAX)
        return error_set(err, STATUS_BAD_INPUT, map->at, "requests: expected at most %d pairs of INxOUT and number", HARNESS_SYSTEMS_MAX);
    for (size_t i = 0; i < map->count; i++) {
        struct harness_requests *r = &h->requests[h->requests_count++];

        r->shape = map->keys[i];
        if ((st = yaml_get_i64(&r->count, map, r->shape, true, 1, 1 << 20, err)))
            return st;
    }
    return STATUS_OK;
}

int64_t harness_requests(const struct harness *h, int64_t in_tokens, int64_t out_tokens)
{
    char shape[64];

    snprintf(shape, sizeof shape, "%lldx%lld", (long long)in_tokens, (long long)out_tokens);
    for (int64_t i = 0; i < h->requests_count; i++)
        if (strcmp(h->requests[i].shape, shape) == 0)
            return h->requests[i].count;
    return 0;
}

enum status harness_read(struct harness *out, const char *path, struct arena *arena, struct error *err)
{
    struct raw raw = { .h = { .path = path, .weight_copies = 1 } };
    struct yaml_node *tree;
    enum status st;

    if ((st = arch_resolve(&tree, path, NULL, 0, arena, err)) || (st = fields_read(&raw, rows, ROWS, tree, "harness", err)) ||
        (st = read_overheads(raw.h.overheads, &raw.h.overheads_count, yaml_find(tree, "overhead"), NULL, err)) ||
        (st = read_overheads_on(raw.h.overheads, &raw.h.overheads_count, yaml_find(tree, "overhead_on"), err)) ||
        (st = read_overheads(raw.h.host_afters, &raw.h.host_afters_count, yaml_find(tree, "host_after"), NULL, err)) ||
        (st = read_overheads_on(raw.h.host_afters, &raw.h.host_afters_count, yaml_find(tree, "host_after_on"), err)) ||
        (st = read_names(raw.h.systems, &raw.h.systems_count, "systems", yaml_find(tree, "systems"), err)) ||
        (st = read_names(raw.h.dies, &raw.h.dies_count, "dies", yaml_find(tree, "dies"), err)) ||
        (st = read_requests(&raw.h, yaml_find(tree, "requests"), err)) ||
        (st = read_names(raw.h.stacks, &raw.h.stacks_count, "stacks", yaml_find(tree, "stacks"), err)))
        return st;
    if (raw.h.sender_calls > 0 && (!raw.h.sender_reads || raw.h.sender_buffer_bytes == 0 || raw.h.sender_copy_share <= 0))
        return error_set(err, STATUS_BAD_INPUT, tree->at, "sender: expected reads, buffer and copy_share beside calls");
    raw.h.activations = cache_of(raw.activations, HARNESS_WARM);
    raw.h.weights = cache_of(raw.weights, HARNESS_COLD);
    raw.h.kv = cache_of(raw.kv, HARNESS_WARM);
    *out = raw.h;
    return STATUS_OK;
}

/* Those of validate/clocks.yaml, where calibrate has written them. */
static enum status apply_clocks(struct harness_library *lib, struct arena *arena, struct error *err)
{
    const char *path = data_path("validate/clocks.yaml", arena);
    struct harness_clock_list list;
    enum status st = path ? harness_clocks_read(&list, path, arena, err) : STATUS_OK;

    for (int64_t i = 0; path && i < list.count && !st; i++)
        st = harness_clock_set(lib, list.items[i].source, list.items[i].device, list.items[i].share, err);
    return st;
}

enum status harness_library_load(struct harness_library *out, struct arena *arena, struct error *err)
{
    static const char *const dirs[] = { "validate/harness", NULL };
    const struct arch_entry *entries;
    struct harness *items;
    enum status st;
    int64_t count;

    if ((st = arch_scan(&entries, &count, dirs, arena, err)))
        return st;
    if (!(items = arena_array(arena, (size_t)count + 1, sizeof *items)))
        return error_no_memory(err);
    for (int64_t i = 0; i < count; i++)
        if ((st = harness_read(&items[i], entries[i].path, arena, err)))
            return st;
    *out = (struct harness_library){ count, items };
    return apply_clocks(out, arena, err);
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *w = words; w && *w; w += strcspn(w, " "), w += strspn(w, " "))
        if (strcspn(w, " ") == n && strncmp(w, word, n) == 0)
            return true;
    return false;
}

bool harness_sender_reads(const struct harness *h, const struct hardware *hw)
{
    return h->sender_calls > 0 && hw->generation != NULL && strcmp(h->sender_reads, hw->generation) == 0;
}

bool harness_is_default(const struct harness *h) { return strcmp(h->source, "*") == 0; }

const struct harness *harness_find(const struct harness_library *lib, const char *source, const char *kind)
{
    const struct harness *best = NULL;

    for (int64_t i = 0; i < lib->count; i++) {
        const struct harness *h = &lib->items[i];

        if (fnmatch(h->source, source, 0) != 0 || (h->kinds && !has_word(h->kinds, kind)))
            continue;
        if (!best || strlen(h->source) > strlen(best->source))
            best = h;
    }
    return best;
}

/* Time of `op` in a list: the entry for the device, generation or vendor before the one for all; -1 when there is none. */
static double time_of(const struct harness_overhead *items, int64_t count, const char *op, const struct hardware *hw)
{
    double found = -1.0;

    for (int64_t i = 0; i < count; i++) {
        const struct harness_overhead *o = &items[i];

        if (strcmp(o->op, op) != 0)
            continue;
        if (!o->where && found < 0.0)
            found = o->s;
        if (o->where && hw && (strcmp(o->where, hw->name) == 0 || strcmp(o->where, hw->generation) == 0 || strcmp(o->where, hw->vendor) == 0))
            found = o->s;
    }
    return found;
}

double harness_overhead_s(const struct harness *h, const char *op, const struct hardware *hw)
{
    double own = time_of(h->overheads, h->overheads_count, op, hw), any = time_of(h->overheads, h->overheads_count, "any", hw);

    return h->sync_s + (own >= 0.0 ? own : any >= 0.0 ? any : 0.0);
}

double harness_host_after_s(const struct harness *h, const char *op, const struct hardware *hw)
{
    double own = time_of(h->host_afters, h->host_afters_count, op, hw);

    return own >= 0.0 ? own : 0.0;
}
