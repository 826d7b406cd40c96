/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flash attention's blocks: each walks the KV tiles that its queries may see; a tile is fetched, QK^T, softmax, PV. In flash2 form
 * the units follow one another within a block (resident blocks fill the gaps); with split softmax two warp groups overlap.
 * Costs of a tile: docs/attention.md, 3. Decode gathers paged KV: every tile is one run of its own.
 * Left out: the page-table walk beside its latency, unfused backends (cycle.cpp takes their closed form).
 */
#include <algorithm>
#include <cmath>

#include "sim/hw/programs.h"

namespace llmsim {

static int64_t cycles(double x) { return std::llround(x); }
static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

AttentionProgram::AttentionProgram(const struct kernel &k, const struct attention_mapping &map, const struct timing_context &ctx)
    : map_(map)
{
    const struct attention_kernel_shape &a = k.attention;
    const struct attention_kernel &backend = *attention_kernel_of(&a, ctx.stack, ctx.hw);
    const double operand = a.compute && a.compute->bits > 0 ? a.compute->bits / 8.0 : 2.0;
    struct attention_tile tile;
    attention_tile_of(&tile, &k, &map, &ctx);
    tile_bytes_ = std::max<int64_t>(cycles(tile.l2_bytes), 32);
    step_.matrix = cycles(tile.matrix_cycles);
    step_.vector = cycles(tile.softmax_cycles);
    step_.shared = cycles(tile.shared_cycles);
    step_.serial = !backend.split_softmax;
    step_.fragments = 4;   // split softmax: two warp groups, each with its next product under way (FlashAttention-3, 3.1 and 3.2)
    stretch_busiest(tile, *ctx.hw);
    q_row_bytes_ = static_cast<double>(a.head_dim) * operand;
    o_row_bytes_ = static_cast<double>(a.v_head_dim) * (map.split_kv > 1 ? 4.0 : a.out ? a.out->bits / 8.0 : 2.0);
    fill_cycles_ = cycles(tile.fill_cycles);
    if (tile.tile_loads > 0)
        stages_ = static_cast<int>(std::max(std::min(std::round(1.0 / tile.tile_loads), 16.0), 1.0));

    const int64_t packing = attention_packed_heads(&a, &backend);
    const int64_t heads = a.heads / packing;
    heads_per_kv_ = std::max<int64_t>(heads / std::max<int64_t>(a.kv_heads, 1), 1);
    for (int64_t g = 0; g < a.groups_count; ++g) {
        const struct seq_group &s = a.groups[g];
        const int64_t tiles = divide_up(s.q * packing, map.tile_q);
        for (int64_t sequence = 0; sequence < s.count; ++sequence) {
            for (int64_t head = 0; head < heads; ++head) {
                for (int64_t t = tiles - 1; t >= 0; --t) {   // longest first, as causal kernels do
                    const int64_t last_query = std::min((t + 1) * map.tile_q / packing, s.q), first_query = t * map.tile_q / packing;
                    int64_t to = a.causal ? s.kv - s.q + std::max<int64_t>(last_query, 1) : s.kv, from = 0;
                    if (a.window > 0)
                        from = std::max<int64_t>(0, (a.causal ? s.kv - s.q + first_query + 1 : s.kv) - a.window);
                    const int64_t first = from / map.tile_kv, count = divide_up(std::max<int64_t>(to, 1), map.tile_kv) - first;
                    const int64_t each = divide_up(count, map.split_kv), rows = std::min(map.tile_q, s.q * packing - t * map.tile_q);
                    for (int64_t split = 0; split < map.split_kv && split * each < count; ++split) {
                        const int64_t n = std::min(each, count - split * each);
                        blocks_.push_back({static_cast<int32_t>(g), static_cast<int32_t>(sequence), static_cast<int32_t>(head),
                                           static_cast<int32_t>(first + split * each), static_cast<int32_t>(n),
                                           static_cast<int32_t>(rows), static_cast<int32_t>(s.kv)});
                        combine_bytes_ += cycles(static_cast<double>(rows) * o_row_bytes_);
                        total_steps_ += n;
                        longest_ = std::max(longest_, n);
                    }
                }
            }
        }
    }
    const double warm = static_cast<double>(k.warm.a_bytes + k.warm.b_bytes + k.warm.other_bytes);
    struct attention_work work;
    attention_work_of(&work, &a);
    warm_ = std::min(warm / std::max(work.q_bytes + work.kv_bytes, 1.0), 1.0);
    combine_bytes_ = map.split_kv > 1 ? combine_bytes_ : 0;
    length_ = longest_;
}

/// Product and softmax of a tile, where one runs under the other, take the root of the sum of their squares (docs/attention.md, Eq. 2). Both share
/// their schedulers with the port of shared memory and the one that takes in the tile: the busiest is stretched, as a GEMM's.
void AttentionProgram::stretch_busiest(const struct attention_tile &t, const struct hardware &hw)
{
    const double both[] = {t.matrix_cycles, t.softmax_cycles};
    const double compute = step_.serial ? both[0] + both[1] : overlap_norm(both, 2, 2.0);
    const double terms[] = {compute, t.shared_cycles, t.l2_bytes / std::max(hw.sm.l2_read_bytes_per_cycle, 1.0)};
    const double joint = overlap_norm(terms, 3, hw.sm.overlap_exponent);
    if (compute >= t.shared_cycles) {
        int64_t &busier = step_.vector > step_.matrix ? step_.vector : step_.matrix;
        busier = cycles(joint) - (step_.serial ? std::min(step_.vector, step_.matrix) : 0);
    } else {
        step_.shared = cycles(joint);
    }
}

BlockShape AttentionProgram::shape(int64_t block) const
{
    const int64_t count = blocks_[static_cast<size_t>(block)].count;
    return {std::max<int64_t>(length_ < longest_ ? (2 * count * length_ + longest_) / (2 * longest_) : count, 1), stages_};
}

int AttentionProgram::loads(int64_t block, int64_t step, Chunk out[max_chunks]) const
{
    const Block &b = blocks_[static_cast<size_t>(block)];
    // Query heads that share a KV head read the same tiles.
    const int64_t head = b.head / heads_per_kv_;
    out[0] = Chunk();
    out[0].key = uint64_t{1} << 63 ^ static_cast<uint64_t>(b.group) << 54 ^ static_cast<uint64_t>(b.sequence) << 36 ^
                 static_cast<uint64_t>(head) << 24 ^ static_cast<uint64_t>(b.first + step);
    const int64_t keys = std::max<int64_t>(std::min<int64_t>(b.keys - (b.first + step) * map_.tile_kv, map_.tile_kv), 1);
    out[0].bytes = std::max<int64_t>(tile_bytes_ * keys / map_.tile_kv, 32);
    out[0].address = (out[0].key * 0x9e3779b97f4a7c15u >> 24) / 256 * 256;   // pages of the cache lie anywhere
    out[0].warm = key_in_share(out[0].key, warm_);
    if (step > 0)
        return 1;
    out[1] = Chunk();   // its queries
    out[1].key = uint64_t{3} << 62 ^ static_cast<uint64_t>(block);
    out[1].bytes = std::max<int64_t>(cycles(b.rows * q_row_bytes_), 32);
    out[1].address = (uint64_t{1} << 36) + static_cast<uint64_t>(block * out[1].bytes);
    out[1].warm = key_in_share(out[1].key, warm_);
    out[1].keep = false;
    return 2;
}

StepCost AttentionProgram::cost(int64_t block, int64_t step) const
{
    (void)block;
    StepCost c = step_;
    c.latency += step == 0 ? fill_cycles_ : 0;   // the first softmax has no product to run under
    return c;
}

int AttentionProgram::epilogue_stores(int64_t block, Chunk out[max_chunks]) const
{
    out[0] = Chunk();
    out[0].key = uint64_t{1} << 62 ^ static_cast<uint64_t>(block);
    out[0].bytes = std::max<int64_t>(cycles(blocks_[static_cast<size_t>(block)].rows * o_row_bytes_), 32);
    out[0].address = (uint64_t{2} << 36) + static_cast<uint64_t>(block * out[0].bytes);
    out[0].keep = false;
    return 1;
}

}  // namespace llmsim
