/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One SM: slots with resident thread blocks, their copy engine and their units.
 *
 * A block's life: program start (block_cycles), then for each step: its chunks are in shared memory (multi-stage pipeline, at
 * most `stages` steps ahead), the units work through it, a barrier ends it and frees its stage; after the last step the
 * epilogue reads, computes and writes. Resident blocks share copy engine and units, and so hide each other's waits.
 * The copy engine takes one chunk at a time at the SM's port rate and holds at most `max_bytes_in_flight`.
 * Times are cycles of the SM clock. docs/cycle.md, 2 and 3.
 * Left out: warp schedulers and instruction issue (their cost is in the step's cycles), register-bank conflicts.
 */
#ifndef LLMSIM_SIM_HW_SM_H
#define LLMSIM_SIM_HW_SM_H

#include <deque>
#include <systemc>
#include <vector>

#include "sim/hw/clock_domain.h"
#include "sim/hw/memory_if.h"
#include "sim/hw/program.h"
#include "sim/hw/tag_store.h"
#include "sim/hw/units.h"

namespace llmsim {

class Dispatcher;

struct SmParams {
    int index = 0;
    int slots = 1;
    int64_t block_cycles = 0;          ///< start of a block's program
    int64_t cold_cycles = 0;           ///< more for the first block of a slot: its parameters and first translation come from L2 and memory
    int64_t barrier_cycles = 0;        ///< between steps of one block
    double read_bytes_per_cycle = 64;  ///< port from L2
    double write_bytes_per_cycle = 64;
    int64_t max_bytes_in_flight = 0;   ///< 0: no limit
    int64_t l1_bytes = 0, l1_latency_cycles = 0;   ///< for chunks that go through L1
    bool in_turn = false;              ///< resident blocks' steps are served as they come, none before another's: they keep in step
    bool holds_stage = false;          ///< a step's stage is free when the next step has begun: cp.async is issued after the wait for that step, wgmma keeps
                                       ///< one group of instructions in flight; so stages - 1 steps are fetched ahead
    bool overlap_epilogue = false;     ///< persistent kernel: the next block starts while this one's epilogue runs
};

/// Slot-cycles by what the block was doing; the rest of a run is idle slots.
struct SmStats {
    int64_t start = 0, wait_dram = 0, wait_l2 = 0, barrier = 0, epilogue = 0;
    int64_t run[4] = {};               ///< by Limiter
    int64_t steps = 0, blocks = 0;
    int64_t last_cycle = 0;            ///< end of its last block
};

class Sm : public sc_core::sc_module {
public:
    sc_core::sc_port<MemoryIf> memory{"memory"};

    Sm(const sc_core::sc_module_name &name, const SmParams &params, const ClockDomain &clock, Dispatcher *dispatcher);

    void load_program(const Program *program, const SmParams &params);
    /// A free slot takes `block`, whose program starts at `cycle` (>= now).
    void start_block(int64_t block, int64_t cycle);
    const SmStats &stats() const { return stats_; }
    int64_t activations() const { return activations_; }
    const Units &units() const { return units_; }

private:
    enum class State { free, starting, waiting, running, finishing, epilogue };
    static constexpr int64_t never = INT64_MAX / 4;
    static constexpr int max_stages = 16;
    struct Slot {
        State state = State::free;
        bool cold = true;                    ///< has not run a block yet
        int64_t drained = 0;                 ///< results of the block before have left: their place in shared memory is free
        int64_t block = 0, step = 0, steps = 0;
        int stages = 1;
        int64_t requested = 0;               ///< steps whose loads have been handed to the copy engine
        int64_t ready[max_stages] = {};      ///< of step i at i % stages; never: not issued yet
        bool from_dram[max_stages] = {};
        int64_t wake = never, since = 0;
    };
    struct Request {
        int slot;
        int64_t step;
    };
    struct Outstanding {
        int64_t ready, bytes;
    };
    SC_HAS_PROCESS(Sm);
    void sequence();   // one activity: the SM's control, woken when a block can go on or the copy engine can

    void handle(Slot &slot, int64_t now);
    int index_of(const Slot &slot) const { return static_cast<int>(&slot - slots_.data()); }
    int stages_ahead(const Slot &slot) const;
    void request_loads(Slot &slot, int64_t now, int ahead);
    int64_t hold_for_barrier(StepCost *cost) const;
    StepEnd run_units(Slot &slot, int64_t at, const StepCost &cost, bool primed);
    void run_step(Slot &slot, int64_t at);
    void finish_step(Slot &slot, int64_t now);
    void begin_epilogue(Slot &slot, int64_t now);
    void write_results(Slot &slot, int64_t now);
    void end_block(Slot &slot, int64_t now);
    void copy_engine(int64_t now);
    bool has_room(int64_t bytes) const;
    void put_in_flight(const Outstanding &o);
    int64_t room_at() const;
    bool issue(const Request &r, int64_t now);
    struct Fetched {
        int64_t arrived, transfer;   ///< cycle of the last byte; cycles over which the bytes come in
        bool from_dram;
    };
    Fetched issue_chunks(const Chunk *chunks, int count, int64_t now);
    void wait_for_data(Slot &slot, int64_t earliest);

    SmParams params_;
    const ClockDomain clock_;
    Dispatcher *const dispatcher_;
    const Program *program_ = nullptr;
    std::vector<Slot> slots_;
    std::deque<Request> queue_;            ///< copy engine's, in order
    std::vector<Outstanding> outstanding_;
    int64_t bytes_in_flight_ = 0;
    int64_t bytes_wanted_ = 0;             ///< by the request at the head of queue_, when it has to wait; else 0
    int64_t read_port_fs_ = 0;             ///< port free, femto-cycles: kept fine so that small chunks do not round up
    Units units_;
    TagStore l1_{0};
    sc_core::sc_event wake_;
    int64_t activations_ = 0;
    SmStats stats_;
};

}  // namespace llmsim

#endif
