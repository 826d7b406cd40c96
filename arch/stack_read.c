/* SPDX-License-Identifier: Apache-2.0 */
/* From a resolved YAML tree to struct stack. See stack.h and docs/stacks.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/fields.h"
#include "arch/resolve.h"
#include "arch/stack_internal.h"

#define K(member) offsetof(struct gemm_kernel, member)
#define A(member) offsetof(struct attention_kernel, member)
#define S(member) offsetof(struct stack, member)
#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const char instructions[] = "mma.sync wgmma tcgen05 mfma systolic lut vector";

static const struct field_row kernel_rows[] = {
    { .path = "instruction", .kind = FIELD_CHOICE, .offset = K(instruction), .required = true, .choices = instructions, .doc = "of the unit it needs" },
    { .path = "tile", .kind = FIELD_NODE, .required = true, .doc = "rows x columns of a block's output, as in 128x256" },
    { .path = "k", .kind = FIELD_BYTES, .offset = K(tile_k_bytes), .min = 16, .max = 4096, .required = true, .doc = "depth of a step, bytes of an operand" },
    { .path = "warp", .kind = FIELD_NODE, .doc = "rows x columns of a warp's (warp group's) part; default: the tile" },
    { .path = "stages", .kind = FIELD_COUNT, .offset = K(stages), .min = 1, .max = 32, .required = true, .doc = "depth of the shared-memory pipeline" },
    { .path = "cluster", .kind = FIELD_NODE, .doc = "blocks that share loads, as in 2x1; default 1x1" },
    { .path = "persistent", .kind = FIELD_BOOL, .offset = K(persistent), .doc = "one block an SM for all tiles" },
    { .path = "warp_specialised", .kind = FIELD_BOOL, .offset = K(warp_specialised), .doc = "producer warps move, consumer warps multiply" },
    { .path = "operands", .kind = FIELD_CHOICE, .offset = K(operands), .choices = "any int8 fp8 widened block_scaled", .doc = "formats it is written for; default any" },
    { .path = "split_k_max", .kind = FIELD_COUNT, .offset = K(split_k_max), .max = 1024, .doc = "largest factor it takes; 0 = all of gemm.split_k" },
    { .path = "weight_bits", .kind = FIELD_COUNT, .offset = K(weight_bits), .max = 64, .doc = "width of the weights it is written for; 0 = any" },
    { .path = "rows_min", .kind = FIELD_COUNT, .offset = K(rows_min), .max = 1 << 20, .doc = "least rows it is offered for" },
    { .path = "rows_max", .kind = FIELD_COUNT, .offset = K(rows_max), .max = 1 << 20, .doc = "most rows it is offered for; 0 = all" },
    { .path = "step_loads", .kind = FIELD_COUNT, .offset = K(step_loads), .max = 64, .doc = "dependent memory round trips of a step that fetches nothing ahead; 0 = fetches ahead" },
    { .path = "absent_rows", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = K(absent_rows_per_cycle), .max = 1e4, .doc = "rows beyond the matrix that all copies together fill in a cycle; 0 = free" },
    { .path = "regroup", .kind = FIELD_QUANTITY, .quantity = Q_CYCLES, .offset = K(regroup_cycles), .max = 1e5, .doc = "grouped: new copy descriptors before a tile of another expert" },
    { .path = "pick", .kind = FIELD_CHOICE, .offset = K(pick), .choices = "timed fill", .doc = "how one of its class is picked; default gemm.pick_rule" },
    { .path = "efficiency", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = K(efficiency), .min = 0.1, .max = 1, .doc = "main loop's speed against a hand-written one; default 1" },
    { .path = "align", .kind = FIELD_COUNT, .offset = K(align_elements), .max = 4096, .doc = "elements that a row's length must be a multiple of for wide loads; 0 = any" },
    { .path = "unaligned", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = K(unaligned_efficiency), .min = 0.05, .max = 1, .doc = "share of its speed without wide loads; default 1" },
    { .path = "gap", .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = K(gap_s), .max = 1e-3, .doc = "time around its launch beside the stack's" },
    { .path = "stream_k", .kind = FIELD_BOOL, .offset = K(stream_k), .doc = "tiles split evenly over SMs" },
};

static const struct field_row attention_rows[] = {
    { .path = "instruction", .kind = FIELD_CHOICE, .offset = A(instruction), .required = true, .choices = instructions, .doc = "of the unit it needs" },
    { .path = "backend", .kind = FIELD_CHOICE, .offset = A(backend), .required = true, .choices = "flash2 flash3 unfused", .doc = "algorithm" },
    { .path = "phase", .kind = FIELD_CHOICE, .offset = A(phase), .required = true, .choices = "prefill decode any", .doc = "when it is used" },
    { .path = "tile_q", .kind = FIELD_COUNT, .offset = A(tile_q), .min = 1, .max = 4096, .required = true, .doc = "query rows of a block" },
    { .path = "tile_kv", .kind = FIELD_COUNT, .offset = A(tile_kv), .min = 1, .max = 4096, .required = true, .doc = "keys of a step" },
    { .path = "warps", .kind = FIELD_COUNT, .offset = A(warps), .min = 1, .max = 64, .required = true, .doc = "of a block" },
    { .path = "tile_q_min", .kind = FIELD_COUNT, .offset = A(tile_q_min), .min = 1, .max = 4096, .doc = "least rows of a block; default 16" },
    { .path = "tile_elements", .kind = FIELD_COUNT, .offset = A(tile_elements), .min = 256, .max = 1 << 20, .doc = "elements of a K tile, instead of tile_kv" },
    { .path = "split_needs_packing", .kind = FIELD_BOOL, .offset = A(split_needs_packing), .doc = "no split without packed heads" },
    { .path = "combine_in_kernel", .kind = FIELD_BOOL, .offset = A(combine_in_kernel), .doc = "the last block adds the parts up" },
    { .path = "combine_in_flight", .kind = FIELD_COUNT, .offset = A(combine_in_flight), .min = 1, .max = 64, .doc = "parts loaded at once when they are added up" },
    { .path = "chain_loads", .kind = FIELD_COUNT, .offset = A(chain_loads), .max = 64, .doc = "dependent round trips of a block beside its main loop" },
    { .path = "chain_later", .kind = FIELD_COUNT, .offset = A(chain_later), .max = 64, .doc = "round trips of later tiles of persistent blocks; 0 = each tile is a block" },
    { .path = "packing_max", .kind = FIELD_COUNT, .offset = A(packing_max), .min = 1, .max = 4096, .doc = "largest group that is packed" },
    { .path = "packed_kernels", .kind = FIELD_COUNT, .offset = A(packed_kernels), .max = 16, .doc = "further small kernels where heads are packed" },
    { .path = "packed_copies", .kind = FIELD_COUNT, .offset = A(packed_copies), .max = 16, .doc = "copies of queries and results where heads of several sequences and groups are packed" },
    { .path = "group_min", .kind = FIELD_COUNT, .offset = A(group_min), .max = 1 << 16, .doc = "least query heads of a KV head" },
    { .path = "group_max", .kind = FIELD_COUNT, .offset = A(group_max), .max = 1 << 16, .doc = "most query heads of a KV head" },
    { .path = "compute_kv", .kind = FIELD_BOOL, .offset = A(compute_kv), .doc = "products in the KV cache's format" },
    { .path = "windowed", .kind = FIELD_BOOL, .offset = A(windowed), .doc = "for models with a sliding window only" },
    { .path = "kv_in_registers", .kind = FIELD_BOOL, .offset = A(kv_in_registers), .doc = "keys and values do not pass shared memory" },
    { .path = "tile_loads", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(tile_loads), .min = 0, .max = 64, .doc = "dependent round trips in each tile of keys" },
    { .path = "scores_max", .kind = FIELD_COUNT, .offset = A(scores_max), .max = 1 << 20, .doc = "keys whose scores a block keeps in shared memory; 0 = none" },
    { .path = "split_blocks_max", .kind = FIELD_COUNT, .offset = A(split_blocks_max), .max = 1 << 20, .doc = "blocks up to which the context is split; 0 = no limit" },
    { .path = "convert_ops", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(convert_ops), .min = 0, .max = 64, .doc = "lane operations to widen or transpose one K or V element" },
    { .path = "convert_first", .kind = FIELD_BOOL, .offset = A(convert_first), .doc = "products wait for the widening" },
    { .path = "kv_bits", .kind = FIELD_COUNT, .offset = A(kv_bits), .max = 32, .doc = "for KV elements of this width only" },
    { .path = "resident_max", .kind = FIELD_COUNT, .offset = A(resident_max), .max = 32, .doc = "blocks an SM holds at most" },
    { .path = "resident_sums", .kind = FIELD_COUNT, .offset = A(resident_sums), .max = 1 << 20, .doc = "elements of output sums that an SM's registers hold" },
    { .path = "rotary_elements", .kind = FIELD_COUNT, .offset = A(rotary_elements), .max = 1 << 20, .doc = "of its queries rotated in one round trip" },
    { .path = "split_tiles_min", .kind = FIELD_COUNT, .offset = A(split_tiles_min), .min = 2, .max = 1024, .doc = "tiles of the shortest context that is split" },
    { .path = "split_prefill", .kind = FIELD_BOOL, .offset = A(split_prefill), .doc = "prompts are split too" },
    { .path = "writes_kv", .kind = FIELD_BOOL, .offset = A(writes_kv), .doc = "rotary embedding and KV write are part of it" },
    { .path = "matrix_share", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(matrix_share), .min = 0.05, .max = 1, .doc = "share of the unit's rate that its instruction reaches" },
    { .path = "warp_issue", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(warp_issue), .min = 0.05, .max = 1, .doc = "instructions a cycle of one warp" },
    { .path = "prepare_kernels", .kind = FIELD_COUNT, .offset = A(prepare_kernels), .max = 16, .doc = "small kernels before it" },
    { .path = "split_kv_max", .kind = FIELD_COUNT, .offset = A(split_kv_max), .min = 1, .max = 1024, .doc = "parts of the context" },
    { .path = "gqa_packing", .kind = FIELD_BOOL, .offset = A(gqa_packing), .doc = "heads of a group share a tile" },
    { .path = "split_softmax", .kind = FIELD_BOOL, .offset = A(split_softmax), .doc = "softmax overlaps the other warp group" },
    { .path = "lane_ops", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(lane_ops), .min = 0, .max = 256, .doc = "lane instructions for one K or V element and query head; 0 = products on the matrix unit" },
    { .path = "warp_mma", .kind = FIELD_QUANTITY, .quantity = Q_CYCLES, .offset = A(warp_mma_cycles), .min = 0, .max = 1000, .doc = "latency of one warp's mma.sync that is waited for; 0 = products at the unit's rate" },
    { .path = "swapped", .kind = FIELD_BOOL, .offset = A(swapped), .doc = "queries on the columns of the instruction, not on its rows" },
    { .path = "split_rule", .kind = FIELD_CHOICE, .offset = A(split_rule), .choices = "fill history balance", .doc = "how the parts of the context are counted; default fill" },
    { .path = "fill_min", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = A(fill_min), .min = 0, .max = 64, .doc = "blocks over SMs below which `fallback` runs" },
    { .path = "fill_keys", .kind = FIELD_COUNT, .offset = A(fill_keys), .min = 1, .max = 1 << 20, .doc = "keys of a part in that count" },
    { .path = "fallback", .kind = FIELD_TEXT, .offset = A(fallback), .doc = "entry that runs instead" },
};

#define QUANTITY(key, of, member, lo, hi, must, text) \
    { .path = key, .kind = FIELD_QUANTITY, .quantity = of, .offset = S(member), .min = lo, .max = hi, .required = must, .doc = text }
#define BOOL(key, member, text) { .path = key, .kind = FIELD_BOOL, .offset = S(member), .required = true, .doc = text }
#define CHOICE(key, member, words, text) \
    { .path = key, .kind = FIELD_CHOICE, .offset = S(member), .required = true, .choices = words, .doc = text }

static const struct field_row stack_rows[] = {
    { .path = "gemm.kernels", .kind = FIELD_NODE, .required = true, .doc = "name: {instruction, tile, k, stages ...}" },
    { .path = "gemm.split_k", .kind = FIELD_NODE, .required = true, .doc = "allowed factors, 1 first" },
    CHOICE("gemm.pick_rule", pick_rule, "waves best", "how the library chooses"),
    { .path = "gemm.without", .kind = FIELD_TEXT, .offset = S(gemm_without), .doc = "matrix instruction that the library's GEMM kernels do not use" },
    QUANTITY("gemm.pick_block", Q_CYCLES, pick_block_cycles, 0, 1e6, true, "what the library's cost model adds for each wave"),
    QUANTITY("gemm.pick_split", Q_SECONDS, pick_split_s, 0, 1e-3, true, "what it adds for a split-K reduction"),
    { .path = "gemm.profile_rows_max", .kind = FIELD_COUNT, .offset = S(profile_rows_max), .max = 1 << 20, .doc = "rows, by powers of two up to this, that kernels picked by timing are timed at; 0 = each product's own" },
    BOOL("gemm.split_k_separate", split_k_separate, "reduction by a second kernel"),
    { .path = "gemm.swizzle", .kind = FIELD_COUNT, .offset = S(swizzle), .max = 1024, .required = true, .doc = "rasterisation group; 0 = the model picks" },
    { .path = "moe", .kind = FIELD_NODE, .required = true, .doc = "how mixtures of experts run" },
    { .path = "attention", .kind = FIELD_NODE, .required = true, .doc = "name: {instruction, backend, phase ...}" },
    { .path = "stream.load", .kind = FIELD_BYTES, .offset = S(stream_load_bytes), .min = 1, .max = 64, .required = true, .doc = "bytes that a thread of an elementwise kernel loads at once" },
    { .path = "stream.instructions", .kind = FIELD_COUNT, .offset = S(stream_access_instructions), .min = 1, .max = 64, .required = true, .doc = "instructions of a thread around one of its loads or stores" },
    { .path = "stream.kernels", .kind = FIELD_NODE, .doc = "operator: {threads, load, flat ...}" },
    BOOL("fusion.residual_norm", fuse_residual_norm, "add and norm in one kernel"),
    BOOL("fusion.activation", fuse_activation, "gated activation in the epilogue"),
    BOOL("fusion.rope_kv_write", fuse_rope_kv_write, "rotary and KV write in one kernel"),
    BOOL("fusion.bias", fuse_bias, "bias in the epilogue"),
    BOOL("fusion.quantize", quantize_fused, "activation quantization in the operator before"),
    CHOICE("lut.precompute", lut_precompute, "split fused per_unit", "where tables are built"),
    CHOICE("dequantize", dequantize, "main_loop separate", "where weights are widened"),
    { .path = "launch.mode", .kind = FIELD_NODE, .required = true, .doc = "kernel_only, graph, eager" },
    QUANTITY("launch.host", Q_SECONDS, host_launch_s, 0, 1, true, "CPU time of one launch"),
    QUANTITY("launch.graph", Q_SECONDS, graph_launch_s, 0, 1, true, "start of a graph"),
    QUANTITY("launch.node_gap", Q_SECONDS, node_gap_s, 0, 1e-3, false, "between two nodes of a graph, beside the device's own gap"),
    QUANTITY("launch.step_host", Q_SECONDS, step_host_s, 0, 10, true, "host work of an engine step that nothing hides"),
    QUANTITY("launch.sequence_host", Q_SECONDS, sequence_host_s, 0, 1, true, "the same for each sequence of the step"),
    QUANTITY("launch.ranks_host", Q_SECONDS, ranks_host_s, 0, 1, true, "what a step over several ranks adds"),
    { .path = "batching.sequences", .kind = FIELD_COUNT, .offset = S(batching.sequences_max), .min = 1, .max = 1 << 20, .required = true, .doc = "that decode together" },
    { .path = "batching.tokens", .kind = FIELD_COUNT, .offset = S(batching.tokens_max), .min = 1, .max = 1 << 24, .required = true, .doc = "prompt tokens of an iteration" },
    QUANTITY("batching.memory_share", Q_RATIO, batching.memory_share, 0.05, 1, true, "of device memory for weights and cache, or of what the weights leave for the cache"),
    BOOL("batching.of_free", batching.of_free, "the share is of what the weights leave"),
    QUANTITY("batching.runtime", Q_BYTES, batching.runtime_bytes, 0, 1e12, true, "context, buffers, workspace"),
    { .path = "batching.block", .kind = FIELD_COUNT, .offset = S(batching.block_tokens), .min = 1, .max = 1 << 16, .required = true, .doc = "tokens of a cache block" },
    BOOL("batching.reserve", batching.reserve, "admit when the whole request fits, else when its prompt does"),
    BOOL("batching.mixed", batching.mixed, "prompts and decoding sequences in one iteration"),
    { .path = "batching.static_cache", .kind = FIELD_BOOL, .offset = S(batching.static_cache), .doc = "decoding works on the cache of the whole length" },
    QUANTITY("training.attention_share", Q_RATIO, training.attention_share, 0.1, 1, true, "rate of the framework's flash attention over the catalogue's"),
    { .path = "training.dispatch_once_a_node", .kind = FIELD_BOOL, .offset = S(training.dispatch_once_a_node), .doc = "a token goes to a node once" },
    { .path = "training.dispatch_sms", .kind = FIELD_COUNT, .offset = S(training.dispatch_sms), .max = 1024, .doc = "SMs that dispatch takes beside other kernels" },
    { .path = "training.separate_gradients", .kind = FIELD_BOOL, .offset = S(training.separate_gradients), .doc = "gradients of biases and joined ones of query, key, value by kernels of their own" },
    { .path = "training.exchange_sms", .kind = FIELD_COUNT, .offset = S(training.exchange_sms), .max = 1024, .doc = "SMs that exchanged parameters and gradients take beside other kernels" },
    { .path = "training.recompute_stops_early", .kind = FIELD_BOOL, .offset = S(training.recompute_stops_early), .doc = "a layer's last product is not computed again" },
    QUANTITY("training.attention_backward_share", Q_RATIO, training.attention_backward_share, 0.1, 1, true, "rate of flash attention's backward pass over its forward"),
    BOOL("training.fused_cross_entropy", training.fused_cross_entropy, "loss and gradient in one pass over the logits"),
    QUANTITY("training.gradient", Q_BYTES, training.gradient_bytes, 1, 8, true, "of a parameter"),
    QUANTITY("training.optimizer", Q_BYTES, training.optimizer_bytes, 0, 32, true, "states of a parameter"),
    QUANTITY("training.chip_spread", Q_RATIO, training.chip_spread, 0, 0.2, false, "standard deviation of chips' times for the same work, over their mean"),
    QUANTITY("training.reserved_share", Q_RATIO, training.reserved_share, 0, 1, true, "held by the allocator beyond what is allocated"),
    BOOL("launch.dependent", dependent_launch, "programmatic dependent launch"),
    CHOICE("collective.all_reduce", all_reduce, "nccl one_shot auto", "algorithm"),
    { .path = "collective.one_shot_max", .kind = FIELD_BYTES, .offset = S(one_shot_max_bytes), .max = 1e12, .required = true, .doc = "largest message" },
    QUANTITY("collective.one_shot_share", Q_RATIO, one_shot_share, 0.05, 1, true, "share of the link rate that reads of peers' memory reach"),
    { .path = "collective.two_shot_max", .kind = FIELD_BYTES, .offset = S(two_shot_max_bytes), .max = 1e12, .required = true, .doc = "largest message of the two-shot kernel; 0 B none" },
    QUANTITY("collective.one_shot_flag", Q_SECONDS, one_shot_flag_s, 0, 1e-3, true, "store of a flag to one peer"),
    { .path = "collective.one_shot_flag_from", .kind = FIELD_BYTES, .offset = S(one_shot_flag_bytes), .max = 1e12, .required = true, .doc = "smallest message with flags of its own" },
    { .path = "collective.protocols", .kind = FIELD_NODE, .required = true, .doc = "name: {algorithm, pick_base, base, share ...}" },
    { .path = "name", .kind = FIELD_TEXT, .offset = S(name), .required = true, .doc = "as tables name it" },
    { .path = "summary", .kind = FIELD_TEXT, .offset = S(summary), .required = true, .doc = "one line" },
};

const struct field_row *stack_fields(size_t *count)
{
    *count = sizeof stack_rows / sizeof stack_rows[0];
    return stack_rows;
}

/* "128x256" */
static enum status parse_pair(int64_t *a, int64_t *b, const struct yaml_node *node, const char *what, struct error *err)
{
    char *end;

    if (node->kind == YAML_SCALAR && node->text[0] >= '1' && node->text[0] <= '9' && strlen(node->text) < 16) {
        *a = strtol(node->text, &end, 10);
        if (*end == 'x' && end[1] >= '1' && end[1] <= '9') {
            *b = strtol(end + 1, &end, 10);
            if (*end == '\0' && *a <= 4096 && *b <= 4096)
                return STATUS_OK;
        }
    }
    return error_set(err, STATUS_BAD_INPUT, node->at, "%s: '%s', expected ROWSxCOLUMNS from 1x1 to 4096x4096, as in 128x256", what,
                     node->kind == YAML_SCALAR ? node->text : "");
}

static enum status optional_pair(int64_t *a, int64_t *b, const struct yaml_node *map, const char *key, struct error *err)
{
    const struct yaml_node *node = fields_find(map, key);

    return node ? parse_pair(a, b, node, key, err) : STATUS_OK;
}

enum status stack_read_kernel(struct gemm_kernel *k, const char *name, const struct yaml_node *node, struct error *err)
{
    char what[96];
    enum status st;

    snprintf(what, sizeof what, "GEMM kernel '%.60s'", name);
    *k = (struct gemm_kernel){ .name = name, .cluster_m = 1, .cluster_n = 1, .efficiency = 1, .unaligned_efficiency = 1 };
    if ((st = fields_read(k, kernel_rows, ROWS(kernel_rows), node, what, err)) ||
        (st = parse_pair(&k->tile_m, &k->tile_n, fields_find(node, "tile"), "tile", err)))
        return st;
    k->warp_m = k->tile_m;
    k->warp_n = k->tile_n;
    if ((st = optional_pair(&k->warp_m, &k->warp_n, node, "warp", err)) ||
        (st = optional_pair(&k->cluster_m, &k->cluster_n, node, "cluster", err)))
        return st;
    if (k->tile_m % k->warp_m || k->tile_n % k->warp_n)
        return error_set(err, STATUS_BAD_INPUT, node->at, "%s: a tile of %lldx%lld is no multiple of its warps' %lldx%lld", what,
                         (long long)k->tile_m, (long long)k->tile_n, (long long)k->warp_m, (long long)k->warp_n);
    return STATUS_OK;
}

static enum status read_attention(struct attention_kernel *k, const char *name, const struct yaml_node *node, struct error *err)
{
    char what[96];

    snprintf(what, sizeof what, "attention kernel '%.60s'", name);
    *k = (struct attention_kernel){ .name = name, .split_kv_max = 1, .tile_q_min = 16, .combine_in_flight = 1, .chain_loads = 4,
                                     .split_tiles_min = 2, .matrix_share = 1, .warp_issue = 0.5, .convert_ops = 1, .tile_loads = 0.5,
                                     .split_rule = "fill", .fill_keys = 128 };
    return fields_read(k, attention_rows, ROWS(attention_rows), node, what, err);
}

/* Checks that `map` is a mapping of 1 to `max` entries and gives their order by name. */
static enum status entries(size_t *order, size_t *count, const struct yaml_node *map, const char *what, size_t max, struct error *err)
{
    if (map->kind != YAML_MAPPING || map->count == 0)
        return error_set(err, STATUS_BAD_INPUT, map->at, "%s: expected 'name: {instruction: ...}' pairs", what);
    if (map->count > max)
        return error_set(err, STATUS_BAD_INPUT, map->at, "%s: %zu of them, at most %zu", what, map->count, max);
    *count = fields_sorted(order, map);
    return STATUS_OK;
}

static enum status read_split_k(struct stack *s, const struct yaml_node *list, struct error *err)
{
    enum status st;

    if (list->kind != YAML_SEQUENCE || list->count == 0 || list->count > STACK_SPLITS_MAX)
        return error_set(err, STATUS_BAD_INPUT, list->at, "gemm.split_k: expected a list of 1 to %d factors, 1 first", STACK_SPLITS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *item = list->items[i];

        if (item->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, item->at, "gemm.split_k: expected a whole number");
        if ((st = quantity_parse_i64(&s->split_k[i], item->text, 1, 1024, item->at, err)))
            return st;
        if (s->split_k[i] <= (i ? s->split_k[i - 1] : 0) || (i == 0 && s->split_k[i] != 1))
            return error_set(err, STATUS_BAD_INPUT, item->at, "gemm.split_k: '%s' is out of order, expected rising factors, 1 first", item->text);
    }
    s->split_k_count = (int64_t)list->count;
    return STATUS_OK;
}

static enum status read_launch_mode(struct stack *s, const struct yaml_node *node, struct error *err)
{
    static const char modes[] = "kernel_only graph eager";
    const char *text = node->kind == YAML_SCALAR ? node->text : "";

    if (!fields_choice(modes, text))
        return fields_bad_choice(node->at, "launch.mode", text, modes, err);
    s->launch_mode = text[0] == 'k' ? LAUNCH_KERNEL_ONLY : text[0] == 'g' ? LAUNCH_GRAPH : LAUNCH_EAGER;
    return STATUS_OK;
}

static enum status read_tree(struct stack *s, struct error *err)
{
    const struct yaml_node *kernels, *attention;
    size_t order[STACK_TILES_MAX], n;
    enum status st;

    if ((st = fields_read(s, stack_rows, ROWS(stack_rows), s->tree, "software stack", err)) ||
        (st = read_split_k(s, fields_find(s->tree, "gemm.split_k"), err)) ||
        (st = read_launch_mode(s, fields_find(s->tree, "launch.mode"), err)))
        return st;
    kernels = fields_find(s->tree, "gemm.kernels");
    if ((st = entries(order, &n, kernels, "gemm.kernels", STACK_TILES_MAX, err)))
        return st;
    for (size_t i = 0; i < n; i++)
        if ((st = stack_read_kernel(&s->gemm_kernels[i], kernels->keys[order[i]], kernels->items[order[i]], err)))
            return st;
    s->gemm_kernels_count = (int64_t)n;
    attention = fields_find(s->tree, "attention");
    if ((st = entries(order, &n, attention, "attention", STACK_ATTENTION_MAX, err)))
        return st;
    for (size_t i = 0; i < n; i++)
        if ((st = read_attention(&s->attention_kernels[i], attention->keys[order[i]], attention->items[order[i]], err)))
            return st;
    s->attention_kernels_count = (int64_t)n;
    for (size_t i = 0; i < n; i++)
        if (s->attention_kernels[i].fallback && !stack_attention_named(s, s->attention_kernels[i].fallback))
            return error_set(err, STATUS_BAD_INPUT, attention->items[order[i]]->at, "attention.%s.fallback: '%s' is no entry of attention",
                             s->attention_kernels[i].name, s->attention_kernels[i].fallback);
    if ((st = stack_read_moe(s, fields_find(s->tree, "moe"), err)) || (st = stack_read_streams(s, fields_find(s->tree, "stream.kernels"), err)))
        return st;
    return stack_read_protocols(s, fields_find(s->tree, "collective.protocols"), err);
}

void stack_hash_kernel(struct hasher *h, const struct gemm_kernel *k)
{
    fields_hash(h, kernel_rows, ROWS(kernel_rows), k);
    hasher_i64(h, k->tile_m);
    hasher_i64(h, k->tile_n);
    hasher_i64(h, k->warp_m);
    hasher_i64(h, k->warp_n);
    hasher_i64(h, k->cluster_m);
    hasher_i64(h, k->cluster_n);
}

static void hash_kernels(struct hasher *h, const struct stack *s)
{
    for (int64_t i = 0; i < s->gemm_kernels_count; i++)
        stack_hash_kernel(h, &s->gemm_kernels[i]);
    for (int64_t i = 0; i < s->attention_kernels_count; i++)
        fields_hash(h, attention_rows, ROWS(attention_rows), &s->attention_kernels[i]);
    stack_hash_protocols(h, s);
    stack_hash_moe(h, s);
    stack_hash_streams(h, s);
}

static void hash_stack(struct hash128 *out, struct hasher *h, const struct stack *s)
{
    enum { OWN_KEYS = 2 }; /* name, summary: the last rows */

    fields_hash(h, stack_rows, ROWS(stack_rows) - OWN_KEYS, s);
    hasher_i64(h, s->launch_mode);
    hasher_i64(h, s->split_k_count);
    for (int64_t i = 0; i < s->split_k_count; i++)
        hasher_i64(h, s->split_k[i]);
    hasher_i64(h, s->gemm_kernels_count);
    hasher_i64(h, s->attention_kernels_count);
    hash_kernels(h, s);
    *out = hasher_value(h);
}

static const char *const stack_dirs[] = { "arch/stacks", NULL };

enum status stack_list(const struct arch_entry **out, int64_t *count, struct arena *arena, struct error *err)
{
    return arch_scan(out, count, stack_dirs, arena, err);
}

enum status stack_base_open(struct arch_base **out, const char *name_or_path, struct arena *arena, struct error *err)
{
    return arch_base_find(out, name_or_path, stack_dirs, "software stack", arena, err);
}

enum status stack_load_from(const struct stack **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                            struct arena *arena, struct error *err)
{
    struct stack *s = arena_alloc(arena, sizeof *s);
    struct yaml_node *tree;
    struct hasher *hasher;
    enum status st;

    if (!s)
        return error_no_memory(err);
    if ((st = arch_resolve_base(&tree, base, overrides, overrides_count, arena, err)))
        return st;
    s->path = base->path;
    s->tree = tree;
    if ((st = read_tree(s, err)))
        return st;
    if (!(hasher = hasher_open()))
        return error_no_memory(err);
    hash_stack(&s->hash, hasher, s);
    hasher_close(hasher);
    *out = s;
    return STATUS_OK;
}

enum status stack_load(const struct stack **out, const char *name_or_path, const struct arch_override *overrides, int64_t overrides_count,
                       struct arena *arena, struct error *err)
{
    struct arch_base *base;
    enum status st = stack_base_open(&base, name_or_path, arena, err);

    return st ? st : stack_load_from(out, base, overrides, overrides_count, arena, err);
}

const struct attention_kernel *stack_attention_for(const struct stack *stack, const char *instruction, const char *phase, int64_t kv_bits, int64_t group)
{
    const struct attention_kernel *any = NULL;

    for (int64_t i = 0; i < stack->attention_kernels_count; i++) {
        const struct attention_kernel *k = &stack->attention_kernels[i];

        if (k->windowed || strcmp(k->instruction, instruction) != 0 || (strcmp(k->phase, phase) != 0 && strcmp(k->phase, "any") != 0) ||
            (group > 0 && (group < k->group_min || (k->group_max > 0 && group > k->group_max))))
            continue;
        if (k->kv_bits == kv_bits && kv_bits > 0)
            return k;
        if (k->kv_bits == 0 && !any)
            any = k;
    }
    return any;
}

const struct attention_kernel *stack_attention_named(const struct stack *stack, const char *name)
{
    for (int64_t i = 0; i < stack->attention_kernels_count; i++)
        if (strcmp(stack->attention_kernels[i].name, name) == 0)
            return &stack->attention_kernels[i];
    return NULL;
}

const struct attention_kernel *stack_attention_windowed(const struct stack *stack, const char *instruction, const char *phase)
{
    for (int64_t i = 0; i < stack->attention_kernels_count; i++) {
        const struct attention_kernel *k = &stack->attention_kernels[i];

        if (k->windowed && strcmp(k->instruction, instruction) == 0 && (strcmp(k->phase, phase) == 0 || strcmp(k->phase, "any") == 0))
            return k;
    }
    return NULL;
}

const struct attention_kernel *stack_attention(const struct stack *stack, const char *instruction, const char *phase)
{
    return stack_attention_for(stack, instruction, phase, 0, 0);
}
