/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming kernels: one thread block a row, rounds of load, compute, store (docs/streaming.md, 1). A gather reads an index
 * first; a norm passes over its row twice, the second time from L1, which costs cycles and no traffic.
 * Blocks that would move less than 2 KiB a round are simulated in bundles of neighbours, to keep transactions tile-sized.
 */
#include <algorithm>
#include <cmath>

#include "sim/hw/programs.h"

namespace llmsim {

static int64_t cycles(double x) { return std::llround(x); }

/// Address, predicate, conversion and loop instructions of a load or store of one thread (assumed, 6 to 14), as in stream_time.c.
static const double instructions_per_access = 8.0;

StreamProgram::StreamProgram(const struct kernel &k, const struct timing_context &ctx) : kernel_(k)
{
    const struct stream_kernel_shape &s = k.stream;
    const struct arch_sm &sm = ctx.hw->sm;
    const struct arch_unit *vector = hardware_unit(ctx.hw, "vector");
    const double lanes = vector && vector->fma_fp32_per_cycle_sm > 0 ? vector->fma_fp32_per_cycle_sm : 1;
    const double sfu = vector && vector->sfu_per_cycle_sm > 0 ? vector->sfu_per_cycle_sm : lanes;
    const double rows = std::max(static_cast<double>(s.rows), 1.0), cols = std::max(static_cast<double>(s.cols), 1.0);
    const struct stream_kernel *how = stack_stream(ctx.stack, s.op);
    const double width = how && how->load_bytes > 0 ? static_cast<double>(how->load_bytes) : s.load_bytes > 0 ? static_cast<double>(s.load_bytes) : std::max(static_cast<double>(ctx.stack->stream_load_bytes), 2.0);
    const double widest = std::max(static_cast<double>(s.read_bytes), static_cast<double>(s.write_bytes)) / (rows * cols);
    const double streams = std::max(std::floor(widest / 2.0 + 0.5), 1.0), warp = static_cast<double>(sm.warp_threads);
    const double per_load = std::max(width * streams / std::max(widest, 0.25), 1.0);
    const double threads = std::min(std::ceil(cols / per_load / warp) * warp, 1024.0);
    const double resident = std::max(std::min(std::floor(static_cast<double>(sm.max_warps * sm.warp_threads) / threads),
                                              static_cast<double>(sm.max_blocks)), 1.0);
    iterations_ = static_cast<int64_t>(std::ceil(cols / (threads * per_load)));
    passes_ = std::max<int64_t>(s.passes, 1);
    gather_ = s.gather;
    const double per_round = static_cast<double>(std::max(s.read_bytes, s.write_bytes)) / rows / static_cast<double>(iterations_);
    // Bundles: no more rows than would still leave every SM its share.
    rows_per_block_ = std::max<int64_t>(std::min<int64_t>({static_cast<int64_t>(2048.0 / std::max(per_round, 1.0)),
                                                           static_cast<int64_t>(rows / static_cast<double>(sm.count)),
                                                           static_cast<int64_t>(resident)}), 1);
    blocks_ = (s.rows + rows_per_block_ - 1) / rows_per_block_;
    resident_ = static_cast<int>(std::max<int64_t>(static_cast<int64_t>(resident) / rows_per_block_, 1));
    const double bundle = static_cast<double>(rows_per_block_), elements = threads * per_load * bundle;
    read_per_step_ = static_cast<double>(s.read_bytes) / rows / static_cast<double>(iterations_) * bundle;
    write_per_step_ = static_cast<double>(s.write_bytes) / rows / static_cast<double>(iterations_) * bundle;
    const double issue = threads * bundle * (streams + 1.0) * instructions_per_access / lanes + elements * s.vector_ops_per_element / lanes +
                         elements * s.sfu_ops_per_element / sfu;
    const double again = (sm.l1_latency_cycles > 0 ? sm.l1_latency_cycles : ctx.hw->l2.near_latency_cycles) + 2.0 * sm.barrier_cycles;
    step_.vector = cycles(static_cast<double>(passes_) * issue);
    // Later passes wait for L1 and two barriers each; nothing of the chip is busy meanwhile, so it stands as a chain before the issue.
    step_.latency = cycles(static_cast<double>(passes_ - 1) * again +
                           (gather_ ? 0.5 * (ctx.hw->l2.near_latency_cycles + ctx.hw->l2.far_latency_cycles) : 0.0));
    const double warm = static_cast<double>(k.warm.a_bytes + k.warm.b_bytes + k.warm.other_bytes);
    warm_ = s.read_bytes > 0 ? std::min(warm / static_cast<double>(s.read_bytes), 1.0) : 0.0;
}

BlockShape StreamProgram::shape(int64_t block) const
{
    (void)block;
    return {iterations_, 1};   // the next round's loads wait for the stores of this one: registers hold one round
}

int StreamProgram::loads(int64_t block, int64_t step, Chunk out[max_chunks]) const
{
    const int64_t bytes = cycles(read_per_step_);
    if (bytes <= 0)
        return 0;
    out[0] = Chunk();
    out[0].key = uint64_t{1} << 60 ^ static_cast<uint64_t>(block * iterations_ + step);
    out[0].bytes = bytes;
    out[0].address = gather_ ? (out[0].key * 0x9e3779b97f4a7c15u >> 28) / 256 * 256 : static_cast<uint64_t>((block * iterations_ + step) * bytes);
    out[0].warm = key_in_share(out[0].key, warm_);
    return 1;
}

StepCost StreamProgram::cost(int64_t block, int64_t step) const
{
    (void)block, (void)step;
    return step_;
}

TilePattern StreamProgram::rows(int64_t slots) const
{
    TilePattern p;
    p.row_bytes = std::max<int64_t>(cycles(read_per_step_), 1);
    p.pitch_bytes = gather_ ? 0 : iterations_ * p.row_bytes;
    p.tiles = std::max<int64_t>(std::min(slots, blocks_), 1);
    return p;
}

int StreamProgram::stores(int64_t block, int64_t step, Chunk out[max_chunks]) const
{
    const int64_t bytes = cycles(write_per_step_);
    if (bytes <= 0)
        return 0;
    out[0] = Chunk();
    out[0].key = uint64_t{3} << 60 ^ static_cast<uint64_t>(block * iterations_ + step);
    out[0].bytes = bytes;
    out[0].address = (uint64_t{2} << 36) + static_cast<uint64_t>((block * iterations_ + step) * bytes);
    return 1;
}

}  // namespace llmsim
