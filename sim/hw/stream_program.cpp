/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming kernels: blocks as their library cuts them (struct stream_shape), rounds of load, compute, store (docs/streaming.md, 1). A gather
 * reads an index first; a norm passes over its row twice, the second time from L1, which costs cycles and no traffic.
 * Blocks that would move less than 2 KiB a round are simulated in bundles of neighbours, to keep transactions tile-sized.
 */
#include <algorithm>
#include <cmath>

#include "sim/hw/programs.h"

namespace llmsim {

static int64_t cycles(double x) { return std::llround(x); }

StreamProgram::StreamProgram(const struct kernel &k, const struct timing_context &ctx) : kernel_(k)
{
    const struct stream_kernel_shape &s = k.stream;
    const struct hardware &hw = *ctx.hw;
    const double l2 = 0.5 * (hw.l2.near_latency_cycles + hw.l2.far_latency_cycles);
    stream_shape_of(&shape_, &k, &ctx);
    const double blocks = std::max(shape_.blocks, 1.0), steps = std::max(shape_.iterations, 1.0);
    iterations_ = static_cast<int64_t>(steps);
    gather_ = s.gather;
    const double per_round = static_cast<double>(std::max(s.read_bytes, s.write_bytes)) / blocks / steps;
    // Bundles: no more blocks than would still leave every SM its share.
    const double bundle = std::max(std::floor(std::min({2048.0 / std::max(per_round, 1.0), blocks / static_cast<double>(hw.sm.count), shape_.resident})), 1.0);
    const auto resident = static_cast<int64_t>(shape_.resident);
    int64_t together = static_cast<int64_t>(bundle);
    while (resident % together != 0)   // as many blocks stay resident as without bundles
        --together;
    blocks_ = static_cast<int64_t>(std::ceil(blocks / static_cast<double>(together)));
    resident_ = static_cast<int>(resident / together);
    read_per_step_ = static_cast<double>(s.read_bytes) / static_cast<double>(blocks_ * iterations_);
    write_per_step_ = static_cast<double>(s.write_bytes) / static_cast<double>(blocks_ * iterations_);
    step_.vector = cycles(static_cast<double>(together) * stream_issue_cycles(&shape_, &k, &hw) / shape_.resident);
    step_.latency = cycles(stream_wait_cycles(&shape_, &k, &hw, 0.0, l2));   // beyond the first load, which is simulated
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
