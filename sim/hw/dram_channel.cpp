/* SPDX-License-Identifier: Apache-2.0 */
/* The DRAM channel: which command can issue when, and what it forbids after it. What is modelled: dram_channel.h. */
#include "sim/hw/dram_channel.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace llmsim {

static int or_else(int given, int derived) { return given > 0 ? given : derived; }

DramChannel::DramChannel(const DramParams &p, int64_t refresh_phase)
    : params_(p), burst_(p.burst_cycles()), ccd_s_(std::max(p.burst_cycles(), p.tCCD_S)),
      ccd_l_(std::max(p.burst_cycles(), p.tCCD_L)), ccd_r_(or_else(p.tCCD_R, p.burst_cycles() + p.tRTRS)),
      read_to_write_(std::max(1, or_else(p.tRTW, p.CL + p.burst_cycles() + p.tRTRS - p.CWL))),
      rc_(or_else(p.tRC, p.tRAS + p.tRP)), groups_(p.ranks * p.bank_groups), banks_(p.banks()),
      banks_per_group_(p.banks_per_group), groups_per_rank_(p.bank_groups), bank_(static_cast<size_t>(p.banks()))
{
    assert(p.problem().empty());
    for (int b = 0; b < banks_; ++b)
        update_candidates(b);
    for (int g = 0; g < groups_; ++g)
        group_activate_ok_[g] = group_read_ok_[g] = group_write_ok_[g] = 0;
    const int64_t interval = p.refresh == RefreshPolicy::per_bank ? p.tREFI / p.banks_per_rank() : p.tREFI;
    for (int r = 0; r < p.ranks; ++r) {
        std::fill(activates_[r], activates_[r] + 4, -never);
        activate_at_[r] = 0;
        refresh_bank_[r] = 0;
        // Ranks take turns, evenly spaced in one interval.
        refresh_due_[r] = p.tREFI > 0 ? interval * (r + 1) / p.ranks + refresh_phase % std::max<int64_t>(interval, 1) : never;
    }
}

// Queues -------------------------------------------------------------------------------------------------------------

void DramChannel::Waiting::remove(int i)
{
    const auto rest = static_cast<size_t>(count - i - 1);
    accesses -= command[i].columns;
    memmove(bank + i, bank + i + 1, rest);
    memmove(command + i, command + i + 1, rest * sizeof command[0]);
    --count;
}

bool DramChannel::can_accept(bool write) const
{
    return (write ? writes_.accesses : reads_.accesses) < params_.transaction_queue;
}

void DramChannel::enqueue(int64_t cycle, const DramTransaction &t)
{
    if (queued_ == 0) {
        // Refreshes that fell due while idle.
        while (*std::min_element(refresh_due_, refresh_due_ + params_.ranks) < cycle)
            step();
    } else {
        advance(cycle - 1);
    }
    now_ = std::max(now_, cycle);
    assert(can_accept(t.write) && t.bank >= 0 && t.bank < banks_ && t.columns >= 1);
    Waiting &queue = t.write ? writes_ : reads_;
    const Command c = {t.tag, t.row, t.column, t.columns, t.write};
    ++queued_;
    // Invariant: nothing that waits could move. So if its bank has room, nothing older waits for the same bank.
    if (t.write == (draining_ > 0) && bank_[static_cast<size_t>(t.bank)].accesses < params_.command_queue) {
        if (t.write)
            --draining_;
        place(t.bank, c);
        if (t.write && draining_ == 0)
            refill_all();
        return;
    }
    queue.bank[queue.count] = static_cast<uint8_t>(t.bank);
    queue.command[queue.count] = c;
    ++queue.count;
    queue.accesses += c.columns;
    start_draining();
}

/// Writes move to the banks in batches: when their queue is full, when enough wait and no read does, or when nothing else is left.
void DramChannel::start_draining()
{
    if (draining_ > 0 || writes_.count == 0)
        return;
    const bool full = writes_.accesses >= params_.transaction_queue;
    const bool idle = reads_.count == 0 && (writes_.accesses >= params_.write_low_watermark || reads_in_banks_ == 0);
    if (full || idle) {
        draining_ = writes_.count;
        refill_all();
    }
}

void DramChannel::place(int b, const Command &c)
{
    Bank &bank = bank_[static_cast<size_t>(b)];
    bank.queue[bank.count++] = c;
    bank.accesses += c.columns;
    reads_in_banks_ += c.write ? 0 : 1;
    update_candidates(b);
}

/// Bank `b` has room for one more: take the oldest that waits for it.
void DramChannel::refill(int b)
{
    Waiting &queue = draining_ > 0 ? writes_ : reads_;
    if (queue.count > 0) {
        const void *found = memchr(queue.bank, b, static_cast<size_t>(queue.count));
        if (found) {
            const int i = static_cast<int>(static_cast<const uint8_t *>(found) - queue.bank);
            const Command c = queue.command[i];
            queue.remove(i);
            place(b, c);
            if (c.write && --draining_ == 0)
                refill_all();
        }
    }
    start_draining();
}

/// The queue that feeds the banks has changed: move all that fit, oldest first.
void DramChannel::refill_all()
{
    for (;;) {
        const bool draining = draining_ > 0;
        Waiting &queue = draining ? writes_ : reads_;
        int i = 0;
        while (i < queue.count && (draining_ > 0) == draining) {
            const int b = queue.bank[i];
            if (bank_[static_cast<size_t>(b)].accesses >= params_.command_queue) {
                ++i;
                continue;
            }
            const Command c = queue.command[i];
            queue.remove(i);
            if (draining)
                --draining_;
            place(b, c);
        }
        if ((draining_ > 0) == draining)
            return;
    }
}

// Candidates ---------------------------------------------------------------------------------------------------------

/// What bank `b` would do next, as far as the bank alone decides. FR-FCFS: hits first, but at most row_hit_cap past an older miss.
void DramChannel::update_candidates(int b)
{
    Bank &bank = bank_[static_cast<size_t>(b)];
    activate_ready_[b] = precharge_ready_[b] = read_ready_[b] = write_ready_[b] = never;
    bank.read_at = bank.write_at = -1;
    row_dirty_ = column_dirty_ = true;
    if (bank.count == 0)
        return;
    if (bank.row < 0) {
        activate_ready_[b] = bank.activate_ok;
        return;
    }
    for (int i = 0; i < bank.count; ++i) {
        if (bank.queue[i].row != bank.row)
            continue;
        int &first = bank.queue[i].write ? bank.write_at : bank.read_at;
        if (first < 0)
            first = i;
        if (bank.read_at >= 0 && bank.write_at >= 0)
            break;
    }
    const bool older_miss = bank.queue[0].row != bank.row;
    if (older_miss && ((bank.read_at < 0 && bank.write_at < 0) || bank.hits >= params_.row_hit_cap))
        precharge_ready_[b] = bank.precharge_ok;
    if (bank.read_at >= 0)
        read_ready_[b] = bank.read_ok;
    if (bank.write_at >= 0)
        write_ready_[b] = bank.write_ok;
}

/// Activates of a group wait for tRRD and for the window of four activates (tFAW).
int64_t DramChannel::activate_gate(int group) const
{
    const int rank = group / groups_per_rank_;
    return std::max(group_activate_ok_[group], activates_[rank][activate_at_[rank]] + params_.tFAW);
}

void DramChannel::find_row_command() const
{
    int64_t first = never;
    for (int g = 0, b = 0; g < groups_; ++g) {
        int64_t activate = never;
        for (const int end = b + banks_per_group_; b < end; ++b) {
            activate = std::min(activate, activate_ready_[b]);
            first = std::min(first, precharge_ready_[b]);
        }
        if (activate != never)
            first = std::min(first, std::max(activate, activate_gate(g)));
    }
    row_next_ = first == never ? never : std::max({first, row_bus_ok_, now_});
    row_dirty_ = false;
}

void DramChannel::find_column_command() const
{
    int64_t first = never;
    for (int g = 0, b = 0; g < groups_; ++g) {
        int64_t read = never, write = never;
        for (const int end = b + banks_per_group_; b < end; ++b) {
            read = std::min(read, read_ready_[b]);
            write = std::min(write, write_ready_[b]);
        }
        if (read != never)
            first = std::min(first, std::max(read, group_read_ok_[g]));
        if (write != never)
            first = std::min(first, std::max(write, group_write_ok_[g]));
    }
    column_next_ = first == never ? never : std::max({first, column_bus_ok_, now_});
    column_dirty_ = false;
}

int64_t DramChannel::next_internal() const
{
    if (row_dirty_)
        find_row_command();
    if (column_dirty_)
        find_column_command();
    int64_t next = std::min(row_next_, column_next_);
    for (int r = 0; r < params_.ranks; ++r)
        next = std::min(next, std::max(refresh_due_[r], now_));
    return next;
}

// Commands -----------------------------------------------------------------------------------------------------------

void DramChannel::advance(int64_t cycle)
{
    while (queued_ > 0 && next_internal() <= cycle)
        step();
    now_ = std::max(now_, cycle);
}

int64_t DramChannel::step()
{
    const int64_t t = next_internal();
    now_ = t;
    for (int r = 0; r < params_.ranks; ++r) {
        if (refresh_due_[r] <= t) {
            if (params_.refresh == RefreshPolicy::per_bank)
                refresh_one_bank(r);
            else
                refresh_all_bank(r);
            return t;
        }
    }
    ++stats_.commands;
    if (params_.dual_command_bus) {
        if (column_next_ <= t)
            issue_column(t);
        else
            issue_row(t);
        return t;
    }
    // One bus: the older of the two turns goes first; a column command wins, since it moves data.
    if (column_next_ <= t)
        issue_column(t);
    else
        issue_row(t);
    row_bus_ok_ = column_bus_ok_ = t + 1;
    row_dirty_ = column_dirty_ = true;
    return t;
}

void DramChannel::issue_row(int64_t t)
{
    for (int i = 1; i <= banks_; ++i) {
        const int b = row_turn_ + i < banks_ ? row_turn_ + i : row_turn_ + i - banks_;
        const bool activate = activate_ready_[b] <= t && activate_gate(b / banks_per_group_) <= t;
        if (!activate && precharge_ready_[b] > t)
            continue;
        row_turn_ = b;
        row_bus_ok_ = t + 1;
        Bank &bank = bank_[static_cast<size_t>(b)];
        if (activate) {
            issue_activate(b, t);
        } else {
            ++stats_.precharges;
            bank.row = -1;
            bank.activate_ok = std::max(bank.activate_ok, t + params_.tRP);
        }
        update_candidates(b);
        return;
    }
    assert(false);
}

void DramChannel::issue_activate(int b, int64_t t)
{
    Bank &bank = bank_[static_cast<size_t>(b)];
    const int group = b / banks_per_group_, rank = group / groups_per_rank_;
    ++stats_.activates;
    bank.row = bank.queue[0].row;
    bank.hits = 0;
    bank.read_ok = t + params_.tRCDRD;
    bank.write_ok = t + params_.tRCDWR;
    bank.precharge_ok = t + params_.tRAS;
    bank.activate_ok = t + rc_;
    activates_[rank][activate_at_[rank]] = t;
    activate_at_[rank] = (activate_at_[rank] + 1) % 4;
    for (int g = rank * groups_per_rank_; g < (rank + 1) * groups_per_rank_; ++g)
        group_activate_ok_[g] = std::max(group_activate_ok_[g], t + (g == group ? params_.tRRD_L : params_.tRRD_S));
}

void DramChannel::issue_column(int64_t t)
{
    for (int i = 1; i <= banks_; ++i) {
        const int b = column_turn_ + i < banks_ ? column_turn_ + i : column_turn_ + i - banks_;
        const int group = b / banks_per_group_;
        const bool read = std::max(read_ready_[b], group_read_ok_[group]) <= t;
        const bool write = std::max(write_ready_[b], group_write_ok_[group]) <= t;
        if (!read && !write)
            continue;
        Bank &bank = bank_[static_cast<size_t>(b)];
        const int at = !write || (read && bank.read_at < bank.write_at) ? bank.read_at : bank.write_at;
        const Command c = bank.queue[at];
        std::copy(bank.queue + at + 1, bank.queue + bank.count, bank.queue + at);
        --bank.count;
        bank.accesses -= c.columns;
        --queued_;
        reads_in_banks_ -= c.write ? 0 : 1;
        column_turn_ = b;
        column_bus_ok_ = t + 1;
        const int64_t last = t + static_cast<int64_t>(c.columns - 1) * ccd_l_;   // its last column command
        if (c.write) {
            bank.precharge_ok = std::max(bank.precharge_ok, last + params_.CWL + burst_ + params_.tWR);
            stats_.write_accesses += c.columns;
        } else {
            bank.precharge_ok = std::max(bank.precharge_ok, last + params_.tRTP);
            stats_.read_accesses += c.columns;
        }
        stats_.row_hits += c.columns - (bank.hits == 0 ? 1 : 0);
        bank.hits += c.columns;
        update_column_limits(group, t, c);
        const int64_t end = last + (c.write ? params_.CWL : params_.CL) + burst_;
        bus_free_ = std::max(bus_free_, end);
        completions_.push_back({c.tag, end, c.write});
        update_candidates(b);
        refill(b);
        return;
    }
    assert(false);
}

/// What a column command (or a block of them) at `t` forbids: its own group runs at tCCD_L, others share the data bus.
void DramChannel::update_column_limits(int group, int64_t t, const Command &c)
{
    const int rank = group / groups_per_rank_;
    const int64_t more = c.columns - 1;
    for (int g = 0; g < groups_; ++g) {
        const bool same_rank = g / groups_per_rank_ == rank;
        // Last column of the block as other groups see it: their own columns interleave, so the bus counts its bursts only.
        const int64_t last = t + more * (g == group ? ccd_l_ : ccd_s_);
        const int64_t same_kind = last + (g == group ? ccd_l_ : same_rank ? ccd_s_ : ccd_r_);
        int64_t &same = c.write ? group_write_ok_[g] : group_read_ok_[g];
        int64_t &other = c.write ? group_read_ok_[g] : group_write_ok_[g];
        same = std::max(same, same_kind);
        int64_t turn = read_to_write_;
        if (c.write) {
            const int data = params_.CWL + burst_;
            turn = !same_rank ? std::max(1, data + params_.tRTRS - params_.CL)
                              : data + (g == group ? params_.tWTR_L : params_.tWTR_S);
        }
        other = std::max(other, last + turn);
    }
}

// Refresh ------------------------------------------------------------------------------------------------------------

void DramChannel::block_bank(int b, int64_t until)
{
    Bank &bank = bank_[static_cast<size_t>(b)];
    bank.row = -1;
    bank.activate_ok = std::max(bank.activate_ok, until);
    update_candidates(b);
}

/// PREA as soon as every open bank allows it, REF tRP later, then nothing for tRFC.
void DramChannel::refresh_all_bank(int rank)
{
    const int first = rank * params_.banks_per_rank(), end = first + params_.banks_per_rank();
    int64_t precharge = std::max(now_, row_bus_ok_), refresh = 0;
    bool open = false;
    for (int b = first; b < end; ++b) {
        const Bank &bank = bank_[static_cast<size_t>(b)];
        if (bank.row >= 0) {
            open = true;
            precharge = std::max(precharge, bank.precharge_ok);
        }
    }
    for (int b = first; b < end; ++b)
        if (bank_[static_cast<size_t>(b)].row < 0)
            refresh = std::max(refresh, bank_[static_cast<size_t>(b)].activate_ok);
    refresh = std::max({refresh, now_, open ? precharge + params_.tRP : 0});
    stats_.precharges += open ? 1 : 0;
    ++stats_.refreshes;
    for (int b = first; b < end; ++b)
        block_bank(b, refresh + params_.tRFC);
    refresh_due_[rank] += params_.tREFI;
}

/// One bank, in turn: it is closed and stops for tRFCpb, the others go on.
void DramChannel::refresh_one_bank(int rank)
{
    const int in_rank = params_.banks_per_rank();
    const int b = rank * in_rank + refresh_bank_[rank];
    const Bank &bank = bank_[static_cast<size_t>(b)];
    const bool open = bank.row >= 0;
    const int64_t refresh = std::max(now_, open ? std::max(now_, bank.precharge_ok) + params_.tRP : bank.activate_ok);
    stats_.precharges += open ? 1 : 0;
    ++stats_.refreshes;
    block_bank(b, refresh + params_.tRFCpb);
    refresh_bank_[rank] = (refresh_bank_[rank] + 1) % in_rank;
    refresh_due_[rank] += params_.tREFI / in_rank;
}

}  // namespace llmsim
