/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GEMM, attention and streaming kernels as programs of thread blocks, from the same `struct kernel` and `struct mapping` that
 * `analytic` uses. Costs of a step are the same equations (docs/gemm.md, attention.md, streaming.md); what differs is that
 * here they contend.
 *
 * `Scale` cuts a program short for extrapolation: `steps` of each block's main loop (of all when 0). docs/cycle.md, 6
 */
#ifndef LLMSIM_SIM_HW_PROGRAMS_H
#define LLMSIM_SIM_HW_PROGRAMS_H

#include <vector>

#include "sim/hw/dram_pattern.h"
#include "sim/hw/program.h"

extern "C" {
#include "sim/attention_model.h"
#include "sim/clock.h"
#include "sim/gemm_model.h"
#include "sim/stream_model.h"
#include "sim/timing.h"
}

namespace llmsim {

class GemmProgram : public Program {
public:
    GemmProgram(const struct kernel &k, const struct gemm_mapping &map, const struct gemm_cost &cost, const struct hardware &hw);

    /// Main loop cut to `steps` (0: whole), and results and epilogue with it: a block in small, with the whole's mix of reads and writes.
    void cut(int64_t steps)
    {
        steps_ = steps > 0 ? steps : full_steps_;
        share_ = static_cast<double>(steps_) / static_cast<double>(full_steps_);
    }
    int64_t full_steps() const { return full_steps_; }

    int64_t blocks() const override { return blocks_; }
    int blocks_per_sm() const override { return static_cast<int>(map_.blocks_per_sm); }
    BlockShape shape(int64_t block) const override;
    int loads(int64_t block, int64_t step, Chunk out[max_chunks]) const override;
    StepCost cost(int64_t block, int64_t step) const override;
    int epilogue_loads(int64_t block, Chunk out[max_chunks]) const override;
    StepCost epilogue_cost(int64_t block) const override;
    int epilogue_stores(int64_t block, Chunk out[max_chunks]) const override;

    /// Waves of `slots` blocks until the next panel of rows begins: the order of the grid repeats after it.
    double panel_waves(int64_t slots) const;
    /// Bytes that the blocks of a full chip have in flight together, each counted once: what L2 must hold at any length of loop.
    int64_t window_bytes(int64_t slots) const;
    /// How activations and weights lie in memory, and how many of their tiles `slots` blocks fetch side by side.
    TilePattern activations(int64_t slots) const;
    TilePattern weights(int64_t slots) const;

private:
    struct Place {
        int64_t batch, m, n, split;
    };
    enum { places_kept = 1 << 16 };
    int64_t run_in_flight(double bytes_per_element) const;
    Place compute_place(int64_t block) const;
    void stretch_busiest(const struct gemm_step &s, const struct hardware &hw);
    Place place(int64_t block) const { return block < places_kept ? places_[static_cast<size_t>(block)] : compute_place(block); }
    Chunk operand(int which, const Place &p, int64_t k_step, int64_t tile, int64_t rows_total, int64_t tile_rows, double bytes_per_element,
                  bool contiguous, int64_t parts, int64_t part) const;

    const struct kernel &kernel_;
    const struct gemm_mapping map_;
    const struct gemm_cost cost_;
    int64_t blocks_, full_steps_, steps_, panel_rows_, line_bytes_;
    double share_ = 1;            ///< steps_ / full_steps_
    double a_bytes_per_element_, b_bytes_per_element_, a_warm_, b_warm_, other_warm_;
    StepCost step_;
    double staging_cycles_ = 0;   ///< of the shared-memory port, by results on their way out
    int64_t edge_cycles_ = 0;     ///< more matrix cycles in a step of tiles at the lower edge (gemm_edge_step_cycles)
    std::vector<Place> places_;   ///< of the first blocks: looked up in every step
};

class AttentionProgram : public Program {
public:
    AttentionProgram(const struct kernel &k, const struct attention_mapping &map, const struct timing_context &ctx);

    int64_t blocks() const override { return static_cast<int64_t>(blocks_.size()); }
    int blocks_per_sm() const override { return static_cast<int>(map_.blocks_per_sm); }
    BlockShape shape(int64_t block) const override;
    int loads(int64_t block, int64_t step, Chunk out[max_chunks]) const override;
    StepCost cost(int64_t block, int64_t step) const override;
    int epilogue_stores(int64_t block, Chunk out[max_chunks]) const override;

    int64_t total_steps() const { return total_steps_; }
    int64_t longest() const { return longest_; }
    /// Blocks walk length/longest() of their tiles, at least one: the grid in small, with its order and its unequal blocks. 0: whole.
    void cut(int64_t length) { length_ = length > 0 ? length : longest_; }
    /// Bytes of keys and values that `slots` blocks have in flight.
    int64_t window_bytes(int64_t slots) const { return slots * tile_bytes_ * (stages_ + 1); }
    /// Partial results that a second kernel adds up (split KV).
    int64_t combine_bytes() const { return combine_bytes_; }

private:
    struct Block {
        int32_t group, sequence, head;
        int32_t first, count;   ///< KV tiles
        int32_t rows, keys;     ///< queries that exist; keys that the sequence has
    };
    void stretch_busiest(const struct attention_tile &t, const struct hardware &hw);

    const struct attention_mapping map_;
    std::vector<Block> blocks_;
    StepCost step_;
    int64_t fill_cycles_ = 0, longest_ = 1, length_ = 1;
    int stages_ = 2;
    int64_t heads_per_kv_ = 1;   ///< blocks' heads that read one KV head
    int64_t tile_bytes_, total_steps_ = 0, combine_bytes_ = 0;
    double q_row_bytes_, o_row_bytes_;
    double warm_;
};

class StreamProgram : public Program {
public:
    StreamProgram(const struct kernel &k, const struct timing_context &ctx);

    int64_t blocks() const override { return blocks_; }
    int blocks_per_sm() const override { return resident_; }
    BlockShape shape(int64_t block) const override;
    int loads(int64_t block, int64_t step, Chunk out[max_chunks]) const override;
    StepCost cost(int64_t block, int64_t step) const override;
    int stores(int64_t block, int64_t step, Chunk out[max_chunks]) const override;

    /// How its library cuts the operator into blocks.
    const struct stream_shape &cut() const { return shape_; }

private:
    const struct kernel &kernel_;
    struct stream_shape shape_;
    int64_t blocks_, iterations_;
    int resident_;
    double read_per_step_, write_per_step_, warm_;
    StepCost step_;
    bool gather_;
};

/// A share of keys, the same ones every time: is `key` among the warm ones?
bool key_in_share(uint64_t key, double share);

}  // namespace llmsim

#endif
