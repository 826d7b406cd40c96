/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units of an SM that a step of a block passes through: shared-memory port, vector lanes, matrix pipe (tensor core or LUT
 * unit), register-file port of partial sums. Each is shared by the resident blocks, the oldest first; within a step the fragments pass from
 * unit to unit as a pipeline.                                          docs/cycle.md, 3
 *
 *   shared at s0 = max(t, free);         vector from the first fragment out of shared;    matrix from the first out of vector
 *   end = max over units of (its end + the last fragment's way through the units behind it)
 * A step that follows the one before without a wait finds its first fragments fetched (primed): all units start at t.
 *
 * `serial` (flash attention, second form): matrix and vector instructions of all resident warps take turns, as the 60 to 65 % of
 * the matrix peak that such kernels reach on A100 shows; nothing of a step overlaps then but its shared-memory reads.
 *
 * A LUT unit's step is its planes in turn: matrix cycles already hold W_BIT passes a tile (struct unit_service), its tables
 * come through the shared port, its partial sums through the register-file port.
 * Policy class: time is an argument (SM cycles).
 */
#ifndef LLMSIM_SIM_HW_UNITS_H
#define LLMSIM_SIM_HW_UNITS_H

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/hw/mac_array.h"
#include "sim/hw/program.h"
#include "sim/hw/server.h"

namespace llmsim {

enum class Limiter { matrix, vector, shared, register_file };

struct StepEnd {
    int64_t end = 0;
    Limiter limiter = Limiter::matrix;   ///< the unit whose work ended last
};

class Units {
public:
    enum { servers = 4 };
    void set_lanes(size_t lanes)
    {
        ranks_.assign(lanes, 0);
        limiter_.assign(lanes, Limiter::matrix);
        for (RankedServer &s : server_)
            s.set_lanes(lanes);
    }
    /// The block of a lane has this rank from now on; lower goes first.
    void set_rank(size_t lane, int64_t rank) { ranks_[lane] = rank; }

    /// Reserves the units for a step that starts at `t`.
    /// @param primed  its first fragments were fetched while the step before was at work (double-buffered registers)
    /// @param lane  of the block among the resident ones
    /// Steps of younger blocks that are under way end later by postponed() of their lane.
    StepEnd run(int64_t t, const StepCost &c, bool primed = false, size_t lane = 0)
    {
        note_frees();
        const StepEnd out = c.passes > 0 ? run_array(t, c, lane) : c.serial ? run_serial(t, c, primed, lane) : run_pipeline(t, c, primed, lane);
        limiter_[lane] = c.serial && out.limiter == Limiter::vector ? Limiter::matrix : out.limiter;   // booked on the one port
        return out;
    }
    /// Cycles by which the last run() put off the end of a step of `lane`, by the unit that limits it.
    int64_t postponed(size_t lane) const
    {
        const auto unit = static_cast<size_t>(limiter_[lane]);
        return server_[unit].free(lane) - before_[unit][lane];
    }
    const RankedServer &matrix() const { return server_[0]; }
    const RankedServer &vector() const { return server_[1]; }
    const RankedServer &shared() const { return server_[2]; }
    void reset()
    {
        for (RankedServer &s : server_)
            s.reset();
        array_.reset();
    }

private:
    int64_t reserve(Limiter unit, size_t lane, int64_t at, int64_t service)
    {
        return server_[static_cast<size_t>(unit)].reserve(lane, ranks_, at, service);
    }
    void note_frees()
    {
        for (size_t u = 0; u < servers && ranks_.size() > 1; ++u) {
            before_[u].resize(ranks_.size());
            for (size_t i = 0; i < ranks_.size(); ++i)
                before_[u][i] = server_[u].free(i);
        }
    }
    /// One port for both: whoever is resident, matrix and vector work of a step follow one another.
    StepEnd run_serial(int64_t t, const StepCost &c, bool primed, size_t lane)
    {
        const int64_t shared_end = reserve(Limiter::shared, lane, t, c.shared) + c.shared;
        const int64_t m0 = reserve(Limiter::matrix, lane, primed ? t : shared_end, c.matrix + c.vector);
        StepEnd out{m0 + c.matrix + c.vector, c.matrix >= c.vector ? Limiter::matrix : Limiter::vector};
        consider(out, shared_end, Limiter::shared);
        out.end += c.latency;
        return out;
    }
    StepEnd run_pipeline(int64_t t, const StepCost &c, bool primed, size_t lane)
    {
        const int64_t n = std::max(c.fragments, 1);
        const int64_t s0 = reserve(Limiter::shared, lane, t, c.shared);
        int64_t first = primed ? t : s0 + (c.shared + n - 1) / n;   // first fragment has left shared memory
        const int64_t shared_end = s0 + c.shared;
        int64_t vector_end = first;
        if (c.vector > 0) {
            const int64_t v0 = reserve(Limiter::vector, lane, first, c.vector);
            first = primed ? first : v0 + (c.vector + n - 1) / n;
            vector_end = v0 + c.vector;
        }
        const int64_t m0 = reserve(Limiter::matrix, lane, first, c.matrix);
        const int64_t register_end = reserve(Limiter::register_file, lane, m0, c.register_file) + c.register_file;
        // The last fragment still passes the units behind.
        const int64_t tail_vector = primed ? 0 : c.vector / n, tail_matrix = primed ? 0 : c.matrix / n;
        StepEnd out{m0 + c.matrix, Limiter::matrix};
        consider(out, shared_end + tail_vector + tail_matrix, Limiter::shared);
        consider(out, vector_end + tail_matrix, Limiter::vector);
        consider(out, register_end, Limiter::register_file);
        // Where the matrix pipe ends last but only because it was fed late, the feeder is the limit.
        if (out.limiter == Limiter::matrix && c.matrix < std::max({c.shared, c.vector, c.register_file}))
            out.limiter = c.shared >= c.vector && c.shared >= c.register_file ? Limiter::shared
                          : c.vector >= c.register_file                       ? Limiter::vector
                                                                              : Limiter::register_file;
        out.end += c.latency;
        return out;
    }
    /// An array takes its operands as they come out of the buffers; group scales run on the lanes beside it.
    StepEnd run_array(int64_t t, const StepCost &c, size_t lane)
    {
        const MacArray::Work work{c.passes, c.matrix / c.passes, c.feed};
        const int64_t end = array_.run(t, work);
        StepEnd out{end, work.feed > work.pass ? Limiter::shared : Limiter::matrix};
        if (c.vector > 0)
            consider(out, reserve(Limiter::vector, lane, t, c.vector) + c.vector, Limiter::vector);
        out.end += c.latency;
        return out;
    }
    static void consider(StepEnd &out, int64_t end, Limiter limiter)
    {
        if (end > out.end) {
            out.end = end;
            out.limiter = limiter;
        }
    }
    MacArray array_;
    RankedServer server_[servers];                 ///< by Limiter
    std::vector<int64_t> ranks_ = {0};
    std::vector<Limiter> limiter_ = {Limiter::matrix};   ///< of each lane's last step
    std::vector<int64_t> before_[servers];         ///< frees before the last run
};

/// Passes that one warp-wide access of `access_bytes` a thread takes when threads are `stride_bytes` apart: 32 banks of 4 B,
/// one word a bank and pass, the same word is broadcast. A quarter warp at a time for 16-byte accesses, half for 8.
/// Source: CUDA programming guide, "Shared memory".
int bank_passes(int threads, int64_t stride_bytes, int access_bytes);

}  // namespace llmsim

#endif
