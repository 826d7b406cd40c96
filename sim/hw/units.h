/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units of an SM that a step of a block passes through: shared-memory port, vector lanes, matrix pipe (tensor core or LUT
 * unit), register-file port of partial sums. Each is a first-in first-out resource shared by the resident blocks; within a
 * step the fragments pass from unit to unit as a pipeline.                                          docs/cycle.md, 3
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
    /// Reserves the units for a step that starts at `t`.
    /// @param primed  its first fragments were fetched while the step before was at work (double-buffered registers)
    StepEnd run(int64_t t, const StepCost &c, bool primed = false)
    {
        if (c.passes > 0)
            return run_array(t, c);
        const int64_t n = c.serial ? 1 : std::max(c.fragments, 1);
        const int64_t s0 = shared_.reserve(t, c.shared);
        int64_t first = primed ? t : s0 + (c.shared + n - 1) / n;   // first fragment has left shared memory
        const int64_t shared_end = s0 + c.shared;
        int64_t vector_end = first, matrix_end;
        if (c.serial) {   // one port for both: whoever is resident, matrix and vector work of a step follow one another
            const int64_t m0 = matrix_.reserve(first, c.matrix + c.vector);
            StepEnd both{m0 + c.matrix + c.vector, c.matrix >= c.vector ? Limiter::matrix : Limiter::vector};
            consider(both, shared_end, Limiter::shared);
            both.end += c.latency;
            return both;
        }
        if (c.vector > 0) {
            const int64_t v0 = vector_.reserve(first, c.vector);
            first = primed ? first : v0 + (c.vector + n - 1) / n;
            vector_end = v0 + c.vector;
        }
        const int64_t m0 = matrix_.reserve(first, c.matrix);
        matrix_end = m0 + c.matrix;
        const int64_t r0 = register_file_.reserve(m0, c.register_file);
        const int64_t register_end = r0 + c.register_file;
        // The last fragment still passes the units behind.
        const int64_t tail_vector = primed ? 0 : c.vector / n, tail_matrix = primed ? 0 : c.matrix / n;
        StepEnd out;
        out.end = matrix_end;
        out.limiter = Limiter::matrix;
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
    const Server &matrix() const { return matrix_; }
    const Server &vector() const { return vector_; }
    const Server &shared() const { return shared_; }
    void reset()
    {
        matrix_.reset();
        vector_.reset();
        shared_.reset();
        register_file_.reset();
        array_.reset();
    }

private:
    /// An array takes its operands as they come out of the buffers; group scales run on the lanes beside it.
    StepEnd run_array(int64_t t, const StepCost &c)
    {
        const MacArray::Work work{c.passes, c.matrix / c.passes, c.feed};
        const int64_t end = array_.run(t, work);
        StepEnd out{end, work.feed > work.pass ? Limiter::shared : Limiter::matrix};
        if (c.vector > 0)
            consider(out, vector_.reserve(t, c.vector) + c.vector, Limiter::vector);
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
    Server matrix_, vector_, shared_, register_file_;
    MacArray array_;
};

/// Passes that one warp-wide access of `access_bytes` a thread takes when threads are `stride_bytes` apart: 32 banks of 4 B,
/// one word a bank and pass, the same word is broadcast. A quarter warp at a time for 16-byte accesses, half for 8.
/// Source: CUDA programming guide, "Shared memory".
int bank_passes(int threads, int64_t stride_bytes, int access_bytes);

}  // namespace llmsim

#endif
