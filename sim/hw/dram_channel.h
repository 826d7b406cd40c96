/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One DRAM channel with its controller: bank groups, banks and rows; open page; FR-FCFS over per-bank queues; reads and
 * writes in queues of their own, with write draining; refresh.
 *
 * It is a policy class: the time (a cycle of tCK) is an argument, so it runs without any simulation kernel. It is event
 * driven: next_event() says when the next command can issue, advance() carries out all commands up to a cycle. Between
 * two commands nothing is computed.
 *
 * A transaction is a run of `columns` consecutive accesses in one row. With columns = 1 every column command is scheduled by
 * itself (the exact model). A longer run is issued as one block: its bank and bank group are busy at tCCD_L, the data bus for
 * its own bursts only, so that blocks of other bank groups interleave with it. tests/test_dram.cpp holds the two against
 * each other.
 *
 * Queues are counted in accesses, so a longer run fills as much of them as its accesses would.
 *
 * Left out: data hazards (forwarding from queued writes, order of a read and a write to one address: the model moves no data),
 * merging of writes, self refresh and power-down.
 * Sources: JEDEC standards as in dram_params.h; Rixner et al., "Memory access scheduling", ISCA 2000 (FR-FCFS). Equations:
 * docs/dram.md.
 */
#ifndef LLMSIM_SIM_HW_DRAM_CHANNEL_H
#define LLMSIM_SIM_HW_DRAM_CHANNEL_H

#include <cstdint>
#include <vector>

#include "sim/hw/dram_params.h"

namespace llmsim {

/// Work for a channel: `columns` accesses (1 to a row) from `column` of `row` in `bank`.
struct DramTransaction {
    uint64_t tag = 0;     ///< given back with the completion
    int64_t row = 0;
    int bank = 0;
    int column = 0;
    int columns = 1;
    bool write = false;
};

/// A transaction whose last data has crossed the bus.
struct DramCompletion {
    uint64_t tag;
    int64_t cycle;   ///< end of its last burst
    bool write;
};

struct DramStats {
    int64_t read_accesses = 0, write_accesses = 0;   ///< column commands
    int64_t activates = 0, precharges = 0, refreshes = 0;
    int64_t row_hits = 0;                            ///< column commands after the first to an open row
    int64_t commands = 0;                            ///< commands scheduled (a block counts once): the model's own work
};

class DramChannel {
public:
    static constexpr int max_banks = 128;
    static constexpr int max_groups = 64;
    static constexpr int max_ranks = 16;
    static constexpr int max_commands = 32;
    static constexpr int max_transactions = 256;
    static constexpr int64_t never = INT64_MAX / 4;

    /// @param params  problem() must be empty
    /// @param refresh_phase  cycles by which this channel's refreshes are shifted, so that channels need not stop together
    explicit DramChannel(const DramParams &params, int64_t refresh_phase = 0);

    bool can_accept(bool write) const;

    /// Adds a transaction at `cycle` (>= any cycle given before; all commands before it must have been carried out by
    /// advance(cycle - 1), which this calls). can_accept(t.write) must hold.
    void enqueue(int64_t cycle, const DramTransaction &t);

    /// Cycle of the next command, refresh included; `never` when nothing is queued.
    int64_t next_event() const { return queued_ ? next_internal() : never; }

    /// Carries out everything up to and including `cycle`. Completions are appended to completions().
    void advance(int64_t cycle);

    /// Runs one event at next_event(). Returns its cycle.
    int64_t step();

    std::vector<DramCompletion> &completions() { return completions_; }
    const DramStats &stats() const { return stats_; }
    const DramParams &params() const { return params_; }
    int queued() const { return queued_; }   ///< transactions not yet issued to the end
    int64_t data_bus_free() const { return bus_free_; }

private:
    struct Command {
        uint64_t tag;
        int64_t row;
        int32_t column;
        int32_t columns;
        bool write;
    };
    struct Bank {
        int64_t activate_ok = 0, precharge_ok = 0, read_ok = 0, write_ok = 0;
        int64_t row = -1;      ///< open row, -1: closed
        int hits = 0;          ///< column commands since it was opened
        int count = 0;         ///< commands queued
        int accesses = 0;      ///< column commands in them: what the queue's depth bounds
        int read_at = -1, write_at = -1;   ///< first queued hit of each kind
        Command queue[max_commands];
    };
    struct Waiting {           ///< transactions before the per-bank queues, in order of arrival
        int count = 0;
        int accesses = 0;
        uint8_t bank[max_transactions];
        Command command[max_transactions];
        void remove(int i);
    };

    int64_t next_internal() const;
    void refresh_all_bank(int rank);
    void refresh_one_bank(int rank);
    void block_bank(int b, int64_t until);

    void update_candidates(int b);
    void find_row_command() const;
    void find_column_command() const;
    int64_t activate_gate(int group) const;
    void issue_row(int64_t t);
    void issue_column(int64_t t);
    void issue_activate(int b, int64_t t);
    void update_column_limits(int group, int64_t t, const Command &c);

    void place(int b, const Command &c);
    void refill(int b);
    void refill_all();
    void start_draining();

    const DramParams params_;
    const int burst_, ccd_s_, ccd_l_, ccd_r_, read_to_write_, rc_;
    const int groups_, banks_, banks_per_group_, groups_per_rank_;

    std::vector<Bank> bank_;
    Waiting reads_, writes_;
    int draining_ = 0;     ///< writes still to move in this drain; > 0 stops reads from entering the command queues
    int reads_in_banks_ = 0;
    int queued_ = 0;
    int64_t now_ = 0;

    // Candidates: earliest cycle as far as the bank itself is concerned; `never` where it has none.
    int64_t activate_ready_[max_banks], precharge_ready_[max_banks], read_ready_[max_banks], write_ready_[max_banks];
    // Limits above the bank.
    int64_t group_activate_ok_[max_groups], group_read_ok_[max_groups], group_write_ok_[max_groups];
    int64_t activates_[max_ranks][4];   ///< last four, a ring
    int activate_at_[max_ranks];
    int64_t row_bus_ok_ = 0, column_bus_ok_ = 0, bus_free_ = 0;
    int64_t refresh_due_[max_ranks];
    int refresh_bank_[max_ranks];
    int row_turn_ = 0, column_turn_ = 0;   ///< round robin: the bank that issued last

    mutable bool row_dirty_ = true, column_dirty_ = true;
    mutable int64_t row_next_ = never, column_next_ = never;

    std::vector<DramCompletion> completions_;
    DramStats stats_;
};

}  // namespace llmsim

#endif
