/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel's thread blocks do, as the modules see it: each block runs a number of steps; a step needs some chunks of
 * memory in shared memory first, then occupies the units of its SM; at the end the block writes its result.
 * GEMM, attention and streaming kernels are programs (gemm_program.cpp, attention_program.cpp, stream_program.cpp).
 */
#ifndef LLMSIM_SIM_HW_PROGRAM_H
#define LLMSIM_SIM_HW_PROGRAM_H

#include <cstdint>

namespace llmsim {

/// A piece of a tensor that is fetched as one: `rows` runs of `row_bytes`, `pitch_bytes` apart, from `address`.
struct Chunk {
    uint64_t key = 0;          ///< identity in L2: same key, same data
    uint64_t address = 0;
    int64_t bytes = 0;         ///< rows x row_bytes
    int64_t fetch_bytes = 0;   ///< what a miss brings into L2: whole lines; 0 = bytes
    int32_t rows = 1;
    int64_t pitch_bytes = 0;
    bool warm = false;         ///< lay in L2 when the kernel began
    bool through_l1 = false;   ///< ordinary loads; copies into shared memory bypass L1
    bool keep = true;          ///< allocated in L2 (false: streamed past, evicted first)
};

/// SM cycles that a step (or an epilogue) takes of each unit.
struct StepCost {
    int64_t matrix = 0, vector = 0, shared = 0, register_file = 0;
    int64_t latency = 0;       ///< after the units: dependent accesses that occupy nothing
    int fragments = 1;         ///< parts of the step that pass from unit to unit as a pipeline
    bool serial = false;       ///< matrix and vector work take turns at the issue port (softmax between two products)
    int64_t passes = 0;        ///< of an array over the tile (mac_array.h); 0: the matrix unit is none
    int64_t feed = 0;          ///< of the operand buffers' ports, one pass
};

struct BlockShape {
    int64_t steps = 0;
    int stages = 2;            ///< chunks in flight: depth of the block's software pipeline
};

enum { max_chunks = 4 };

class Program {
public:
    virtual ~Program() = default;
    virtual int64_t blocks() const = 0;
    virtual BlockShape shape(int64_t block) const = 0;
    /// Chunks that step `step` waits for; returns how many.
    virtual int loads(int64_t block, int64_t step, Chunk out[max_chunks]) const = 0;
    virtual StepCost cost(int64_t block, int64_t step) const = 0;
    /// Bytes written when step `step` ends (streams); 0 for none.
    virtual int stores(int64_t block, int64_t step, Chunk out[max_chunks]) const
    {
        (void)block, (void)step, (void)out;
        return 0;
    }
    /// After the last step: reads (residual, bias), work of the units, results.
    virtual int epilogue_loads(int64_t block, Chunk out[max_chunks]) const
    {
        (void)block, (void)out;
        return 0;
    }
    virtual StepCost epilogue_cost(int64_t block) const
    {
        (void)block;
        return {};
    }
    virtual int epilogue_stores(int64_t block, Chunk out[max_chunks]) const
    {
        (void)block, (void)out;
        return 0;
    }
    /// Resident blocks of one SM.
    virtual int blocks_per_sm() const = 0;
};

}  // namespace llmsim

#endif
