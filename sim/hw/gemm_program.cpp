/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GEMM's blocks: which tiles they fetch in each step, in the library's raster order. docs/gemm.md, 3; docs/cycle.md, 5.
 * A is row major with K contiguous, and so are 16-bit weights; narrower weights are reordered offline so that a tile is one run
 * (as quantized kernels and LUT units need). Left out: page tables, alignment padding of rows.
 */
#include <algorithm>
#include <cmath>

#include "sim/hw/programs.h"

namespace llmsim {

static int64_t cycles(double x) { return static_cast<int64_t>(x + 0.5); }   // of what is not negative

bool key_in_share(uint64_t key, double share)
{
    const uint64_t mixed = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15u;
    return share > 0 && static_cast<double>(mixed >> 11) * 0x1p-53 < share;
}

static double share_of(int64_t warm, int64_t bytes)
{
    return bytes > 0 ? std::min(static_cast<double>(warm) / static_cast<double>(bytes), 1.0) : 0.0;
}

GemmProgram::GemmProgram(const struct kernel &k, const struct gemm_mapping &map, const struct gemm_cost &cost, const struct hardware &hw)
    : kernel_(k), map_(map), cost_(cost), blocks_(map.blocks), full_steps_(map.k_steps), panel_rows_(std::max<int64_t>(cost.reuse.panel_rows, 1)),
      line_bytes_(std::max<int64_t>(hw.l2.line_bytes, 32))
{
    const struct gemm_kernel_shape &g = k.gemm;
    a_bytes_per_element_ = static_cast<double>(g.a_bytes) / (static_cast<double>(g.m) * static_cast<double>(g.k) * static_cast<double>(g.batch));
    b_bytes_per_element_ = static_cast<double>(g.b_bytes) / (static_cast<double>(g.n) * static_cast<double>(g.k) * static_cast<double>(g.batch));
    a_warm_ = share_of(k.warm.a_bytes, g.a_bytes);
    b_warm_ = share_of(k.warm.b_bytes, g.b_bytes);
    other_warm_ = share_of(k.warm.other_bytes, g.epilogue_read_bytes);
    if (map.stream_k) {   // the main loops of all tiles, end to end, cut into one equal piece a slot
        const auto slots = static_cast<int64_t>(cost.slots);
        const int64_t all = map.blocks * map.k_steps;
        blocks_ = std::min(slots, map.blocks);
        full_steps_ = (all + blocks_ - 1) / blocks_;
    }
    steps_ = full_steps_;
    step_.matrix = cycles(cost.step.matrix_cycles);
    step_.shared = cycles(cost.step.shared_cycles);
    step_.vector = cycles(cost.step.vector_cycles);
    step_.register_file = cycles(cost.step.register_cycles);
    stretch_busiest(cost.step, hw);
    if (g.service.whole_passes) {
        step_.passes = std::max<int64_t>(cycles(gemm_array_passes(&map, &g)), 1);
        step_.feed = cycles(cost.step.shared_cycles / static_cast<double>(step_.passes));
    }
    // Warps are at different fragments of a step: k-fragments of the instruction, times warps that share a sub-core.
    const int64_t depth = std::max<int64_t>(map.tile_k / std::max<int64_t>(g.service.tile_k, 1), 1);
    for (int64_t b = 0; b < std::min<int64_t>(map.blocks, places_kept); ++b)
        places_.push_back(compute_place(b));
    const int64_t shared_by = std::max<int64_t>(map.warps / std::max<int64_t>(g.unit->per_sm, 1), 1);
    step_.fragments = static_cast<int>(std::min<int64_t>(std::max<int64_t>(depth * shared_by, 2), 16));
}

/// Units of an SM get their instructions from the same schedulers, so the busiest is held up by the others: its time is the
/// p-norm of all, p measured on the chip (sm.overlap_exponent; docs/gemm.md, Eq. 4). The port that takes in the tile is one of them, with what this block of a
/// cluster fetches itself; memory beyond it is not: that contends here.
void GemmProgram::stretch_busiest(const struct gemm_step &s, const struct hardware &hw)
{
    const struct gemm_kernel_shape &g = kernel_.gemm;
    const double rows = static_cast<double>(std::min(map_.tile_m, g.m)), columns = static_cast<double>(std::min(map_.tile_n, g.n));
    const double terms[] = {s.matrix_cycles, s.vector_cycles, s.shared_cycles, s.register_cycles, s.l2_bytes / std::max(hw.sm.l2_read_bytes_per_cycle, 1.0)};
    int64_t *const places[] = {&step_.matrix, &step_.vector, &step_.shared, &step_.register_file};
    size_t busiest = 0;
    for (size_t i = 1; i < 4; ++i)
        busiest = terms[i] > terms[busiest] ? i : busiest;
    *places[busiest] = cycles(overlap_norm(terms, 5, hw.sm.overlap_exponent));
    for (int64_t *place : places)
        *place = map_.efficiency > 0 ? cycles(static_cast<double>(*place) / map_.efficiency) : *place;
    // Kernels of mma.sync turn their results round in shared memory to write whole lines: four bytes in, four out. Bulk stores have a port of their own,
    // an array's results leave through its drain.
    if (!map_.kernel->warp_specialised && !g.service.whole_passes)
        staging_cycles_ = 8.0 * rows * columns / hw.sm.shared_bytes_per_cycle;
    edge_cycles_ = map_.stream_k ? 0 : cycles(gemm_edge_step_cycles(&map_, &g, static_cast<double>(hw.sm.count * map_.blocks_per_sm)));
}

BlockShape GemmProgram::shape(int64_t block) const
{
    (void)block;
    return {steps_, static_cast<int>(map_.stages)};
}

/// Raster order: splits outermost, then batch, panels of rows, columns, rows of the panel.
GemmProgram::Place GemmProgram::compute_place(int64_t block) const
{
    const int64_t tiles = map_.grid_m * map_.grid_n, batch = kernel_.gemm.batch;
    Place p;
    p.split = block / (tiles * batch);
    block %= tiles * batch;
    p.batch = block / tiles;
    const int64_t tile = block % tiles, panel = tile / (panel_rows_ * map_.grid_n);
    const int64_t rows = std::min(panel_rows_, map_.grid_m - panel * panel_rows_), in_panel = tile - panel * panel_rows_ * map_.grid_n;
    p.n = in_panel / rows;
    p.m = panel * panel_rows_ + in_panel % rows;
    return p;
}

Chunk GemmProgram::operand(int which, const Place &p, int64_t k_step, int64_t tile, int64_t rows_total, int64_t tile_rows,
                           double bytes_per_element, bool contiguous, int64_t parts, int64_t part) const
{
    const int64_t k = kernel_.gemm.k, row = tile * tile_rows, rows = std::max<int64_t>(std::min(tile_rows, rows_total - row), 1);
    const int64_t here = parts == 1 ? rows : std::max<int64_t>((rows + parts - 1) / parts, 1);
    const double row_bytes = static_cast<double>(map_.tile_k) * bytes_per_element, pitch = static_cast<double>(k) * bytes_per_element;
    Chunk c;
    const uint64_t base_key = static_cast<uint64_t>(which + 1) << 61 ^ static_cast<uint64_t>(part) << 57 ^
                              static_cast<uint64_t>(p.batch) << 44 ^ static_cast<uint64_t>(tile) << 24;
    c.key = base_key ^ static_cast<uint64_t>(k_step);
    c.bytes = std::max<int64_t>(cycles(static_cast<double>(here) * row_bytes), 32);
    const double base = static_cast<double>(p.batch * rows_total + row + part * here) * pitch;
    if (contiguous) {
        c.rows = 1;
        c.address = static_cast<uint64_t>(base + static_cast<double>(k_step) * static_cast<double>(here) * row_bytes);
    } else {
        // Copies ask L2 for whole lines: steps that share a line share the fetch.
        if (row_bytes + row_bytes <= static_cast<double>(line_bytes_)) {
            const auto share = static_cast<int64_t>(static_cast<double>(line_bytes_) / row_bytes);
            c.fetch_bytes = c.bytes * share;
            k_step /= share;
            c.key = base_key ^ static_cast<uint64_t>(k_step);
            k_step *= share;
        } else {
            c.fetch_bytes = c.bytes;
        }
        c.rows = static_cast<int32_t>(here);
        c.pitch_bytes = cycles(pitch);
        c.address = static_cast<uint64_t>(base + static_cast<double>(k_step) * row_bytes);
    }
    c.address += static_cast<uint64_t>(which) << 36;   // operands lie far apart
    return c;
}

int GemmProgram::loads(int64_t block, int64_t step, Chunk out[max_chunks]) const
{
    const struct gemm_kernel_shape &g = kernel_.gemm;
    int64_t k_step;
    Place p;
    if (map_.stream_k) {
        const int64_t at = block * full_steps_ + step;
        p = place(std::min(at / map_.k_steps, map_.blocks - 1));
        k_step = at % map_.k_steps;
    } else {
        p = place(block);
        k_step = p.split * map_.k_steps + step;
    }
    const int64_t cm = std::max<int64_t>(std::min(map_.kernel->cluster_m, map_.grid_m), 1);
    const int64_t cn = std::max<int64_t>(std::min(map_.kernel->cluster_n, map_.grid_n), 1);
    const bool packed = g.b_is_weight && g.b.format && g.b.format->bits < 16;
    out[0] = operand(0, p, k_step, p.m, g.m, map_.tile_m, a_bytes_per_element_, false, cn, p.n % cn);
    out[0].warm = key_in_share(out[0].key, a_warm_);
    out[1] = operand(1, p, k_step, p.n, g.n, map_.tile_n, b_bytes_per_element_, packed, cm, p.m % cm);
    out[1].warm = key_in_share(out[1].key, b_warm_);
    return 2;
}

StepCost GemmProgram::cost(int64_t block, int64_t step) const
{
    StepCost c = step_;
    if (edge_cycles_ > 0 && place(block).m + 1 == map_.grid_m)
        c.matrix += edge_cycles_;
    if (step + 1 == steps_)
        c.latency += cycles(cost_.fill_cycles);
    return c;
}

int GemmProgram::epilogue_loads(int64_t block, Chunk out[max_chunks]) const
{
    const int64_t tiles = map_.grid_m * map_.grid_n * kernel_.gemm.batch;
    if (kernel_.gemm.epilogue_read_bytes <= 0 || map_.split_k > 1)
        return 0;
    out[0] = Chunk();
    out[0].key = uint64_t{5} << 61 ^ uint64_t{1} << 60 ^ static_cast<uint64_t>(block);
    out[0].bytes = std::max<int64_t>(cycles(static_cast<double>(kernel_.gemm.epilogue_read_bytes) * share_ / static_cast<double>(tiles)), 32);
    out[0].address = (uint64_t{3} << 36) + static_cast<uint64_t>(block * out[0].bytes);
    out[0].warm = key_in_share(out[0].key, other_warm_);
    out[0].keep = false;
    return 1;
}

StepCost GemmProgram::epilogue_cost(int64_t block) const
{
    (void)block;
    StepCost c;
    c.vector = cycles(cost_.epilogue_vector_cycles * share_);
    c.register_file = cycles(cost_.drain_cycles * share_);
    c.shared = cycles(staging_cycles_ * share_);
    return c;
}

int GemmProgram::epilogue_stores(int64_t block, Chunk out[max_chunks]) const
{
    const struct gemm_kernel_shape &g = kernel_.gemm;
    const int64_t tiles = map_.grid_m * map_.grid_n * g.batch;
    const double bytes = map_.split_k > 1 ? static_cast<double>(g.m * g.n * g.batch) * 4.0 : static_cast<double>(g.out_bytes);
    out[0] = Chunk();
    out[0].key = uint64_t{3} << 61 ^ static_cast<uint64_t>(block);
    out[0].bytes = std::max<int64_t>(cycles(bytes * share_ / static_cast<double>(tiles)), 32);
    out[0].address = (uint64_t{2} << 36) + static_cast<uint64_t>(block * out[0].bytes);
    return 1;
}

double GemmProgram::panel_waves(int64_t slots) const
{
    return static_cast<double>(std::min(panel_rows_, map_.grid_m) * map_.grid_n) / static_cast<double>(slots);
}

int64_t GemmProgram::window_bytes(int64_t slots) const
{
    const int64_t at_once = std::min(slots, blocks_), rows = std::min(panel_rows_, at_once), columns = (at_once + rows - 1) / rows;
    const double bytes = (static_cast<double>(rows * map_.tile_m) * a_bytes_per_element_ +
                          static_cast<double>(columns * map_.tile_n) * b_bytes_per_element_) * static_cast<double>(map_.tile_k);
    return cycles(bytes * static_cast<double>(map_.stages + 1));
}

/// Bytes of one row that are in flight at once: what the controllers' queues see together, and can serve from one open row. At least a
/// pair of lines (assumption): with lines by themselves the bank model gives GDDR6 a third less than A40 reaches.
int64_t GemmProgram::run_in_flight(double bytes_per_element) const
{
    const int64_t bytes = cycles(static_cast<double>(std::max<int64_t>(map_.stages - 1, 1) * map_.tile_k) * bytes_per_element);
    return std::max<int64_t>((bytes + line_bytes_ - 1) / line_bytes_, 2) * line_bytes_;
}

TilePattern GemmProgram::activations(int64_t slots) const
{
    TilePattern p;
    p.rows = std::min(map_.tile_m, kernel_.gemm.m);
    p.row_bytes = run_in_flight(a_bytes_per_element_);
    p.pitch_bytes = cycles(static_cast<double>(kernel_.gemm.k) * a_bytes_per_element_);
    p.tiles = std::max<int64_t>(std::min({slots, panel_rows_, map_.grid_m}), 1);
    return p;
}

TilePattern GemmProgram::weights(int64_t slots) const
{
    const struct gemm_kernel_shape &g = kernel_.gemm;
    const bool packed = g.b_is_weight && g.b.format && g.b.format->bits < 16;
    const double tile = static_cast<double>(map_.tile_k * std::min(map_.tile_n, g.n)) * b_bytes_per_element_;
    TilePattern p;
    p.rows = packed ? 1 : std::min(map_.tile_n, g.n);
    p.row_bytes = packed ? std::max<int64_t>(cycles(tile), 32) : run_in_flight(b_bytes_per_element_);
    p.pitch_bytes = packed ? 0 : cycles(static_cast<double>(g.k) * b_bytes_per_element_);
    p.tiles = std::max<int64_t>(std::min(std::min(slots, blocks()) / panel_rows_, map_.grid_n), 1);
    return p;
}

}  // namespace llmsim
