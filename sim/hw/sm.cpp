/* SPDX-License-Identifier: Apache-2.0 */
/* One SM: blocks, copy engine, units. See sm.h. */
#include "sim/hw/sm.h"

#include <algorithm>
#include <cassert>

#include "sim/hw/dispatcher.h"

namespace llmsim {

enum { parts = 4 };   // in which a transfer leaves the window of bytes in flight

static int64_t now_ps() { return static_cast<int64_t>(sc_core::sc_time_stamp().value()); }

Sm::Sm(const sc_core::sc_module_name &name, const SmParams &params, const ClockDomain &clock, Dispatcher *dispatcher)
    : sc_core::sc_module(name), params_(params), clock_(clock), dispatcher_(dispatcher)
{
    SC_METHOD(sequence);
    sensitive << wake_;
    dont_initialize();
}

void Sm::load_program(const Program *program, const SmParams &params)
{
    program_ = program;
    params_ = params;
    slots_.assign(static_cast<size_t>(params.slots), Slot());
    queue_.clear();
    outstanding_.clear();
    bytes_in_flight_ = bytes_wanted_ = 0;
    read_port_fs_ = 0;
    units_.set_lanes(slots_.size());
    units_.reset();
    l1_.reset(params.l1_bytes);
    stats_ = {};
}

void Sm::start_block(int64_t block, int64_t cycle)
{
    for (Slot &slot : slots_) {
        if (slot.state != State::free)
            continue;
        const BlockShape shape = program_->shape(block);
        const int64_t start = params_.block_cycles + (slot.cold ? params_.cold_cycles : 0);
        const int64_t drained = slot.drained;
        slot = Slot();
        slot.cold = false;
        slot.drained = drained;
        slot.state = State::starting;
        slot.block = block;
        units_.set_rank(static_cast<size_t>(index_of(slot)), params_.in_turn ? 0 : block);
        slot.steps = shape.steps;
        slot.stages = std::max(1, std::min(shape.stages, static_cast<int>(max_stages)));
        slot.since = cycle;
        slot.wake = cycle + start;
        if (params_.overlap_epilogue && start == params_.block_cycles)
            request_loads(slot, cycle, slot.stages);   // the loading warps are ahead
        const int64_t at = clock_.ps(slot.wake) - now_ps();
        wake_.notify(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(std::max<int64_t>(at, 0))));
        return;
    }
    assert(!"no free slot");
}

/// Everything that is due now, slots in order of index; then sleeps until the earliest known time.
void Sm::sequence()
{
    ++activations_;
    const int64_t now = clock_.cycle_at_or_after(now_ps());
    bool again = true;
    while (again) {
        copy_engine(now);
        again = false;
        for (Slot &slot : slots_) {
            if (slot.wake <= now) {
                handle(slot, now);
                again = true;
            }
        }
    }
    int64_t next = never;
    for (const Slot &slot : slots_)
        next = std::min(next, slot.wake);
    if (!queue_.empty())
        next = std::min(next, std::max(room_at(), now + 1));
    if (next < never)
        wake_.notify(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(clock_.ps(next) - now_ps())));
}

void Sm::handle(Slot &slot, int64_t now)
{
    slot.wake = never;
    switch (slot.state) {
    case State::starting:
        stats_.start += now - slot.since;
        slot.since = now;
        slot.state = State::waiting;
        request_loads(slot, now, stages_ahead(slot));
        if (slot.steps == 0)
            begin_epilogue(slot, now);
        else
            wait_for_data(slot, now);
        break;
    case State::waiting:
        run_step(slot, now);
        break;
    case State::running:
        finish_step(slot, now);
        break;
    case State::finishing:
        write_results(slot, now);
        break;
    case State::epilogue:
        end_block(slot, now);
        break;
    case State::free:
        break;
    }
}

/// Loads of steps up to `ahead` from the present one go to the copy engine.
void Sm::request_loads(Slot &slot, int64_t now, int ahead)
{
    const int index = index_of(slot);
    while (slot.requested < slot.steps && slot.requested < slot.step + ahead) {
        slot.ready[slot.requested % slot.stages] = never;
        queue_.push_back({index, slot.requested++});
    }
    copy_engine(now);
}

/// Sets the wake-up at which the slot's next step can start; stays asleep while its loads are still queued.
void Sm::wait_for_data(Slot &slot, int64_t earliest)
{
    const int64_t ready = slot.ready[slot.step % slot.stages];
    slot.state = State::waiting;
    slot.wake = ready == never ? never : std::max(earliest, ready);
}

/// Stages that are free to be filled between two steps.
int Sm::stages_ahead(const Slot &slot) const { return params_.holds_stage && slot.stages > 1 ? slot.stages - 1 : slot.stages; }

/// Reserves the units for a slot; younger blocks' steps under way end later.
StepEnd Sm::run_units(Slot &slot, int64_t at, const StepCost &cost, bool primed)
{
    const StepEnd end = units_.run(at, cost, primed, static_cast<size_t>(index_of(slot)));
    for (Slot &other : slots_) {
        if (&other == &slot || other.block <= slot.block || (other.state != State::running && other.state != State::finishing))
            continue;
        const int64_t later = units_.postponed(static_cast<size_t>(index_of(other)));
        other.wake += later;
        if (other.state == State::running) {
            other.since += later;
            stats_.run[static_cast<int>(end.limiter)] += later;
        }
    }
    return end;
}

/// While a block is at its barrier the unit that bounds its steps lacks that block's warps, one part in as many as are resident, and works that much
/// slower. Adds the loss to the unit's time and returns it; the block waits for the rest of its barrier. An array has no warps: it loses nothing.
int64_t Sm::hold_for_barrier(StepCost *cost) const
{
    if (cost->passes > 0)
        return 0;
    int64_t resident = 0;
    for (const Slot &slot : slots_)
        resident += slot.state != State::free;
    const int64_t lost = params_.barrier_cycles / std::max<int64_t>(resident, 1);
    int64_t *busiest = &cost->matrix;
    for (int64_t *unit : {&cost->vector, &cost->shared, &cost->register_file})
        busiest = *unit > *busiest ? unit : busiest;
    *busiest += lost;
    return lost;
}

/// The barrier belongs to the step: what follows, loads into the freed stage included, comes after it.
void Sm::run_step(Slot &slot, int64_t now)
{
    if (params_.holds_stage)
        request_loads(slot, now, slot.stages);
    (slot.from_dram[slot.step % slot.stages] ? stats_.wait_dram : stats_.wait_l2) += now - slot.since;
    StepCost cost = program_->cost(slot.block, slot.step);
    const int64_t held = slot.step + 1 < slot.steps ? hold_for_barrier(&cost) : 0;
    const StepEnd end = run_units(slot, now, cost, slot.step > 0 && now == slot.since);
    stats_.run[static_cast<int>(end.limiter)] += end.end - now;
    ++stats_.steps;
    slot.since = end.end;
    if (slot.step + 1 < slot.steps) {
        slot.since += params_.barrier_cycles - held;
        stats_.barrier += params_.barrier_cycles - held;
    }
    slot.state = State::running;
    slot.wake = slot.since;
}

void Sm::finish_step(Slot &slot, int64_t now)
{
    Chunk out[max_chunks];
    const int count = program_->stores(slot.block, slot.step, out);
    for (int i = 0; i < count; ++i)
        memory->write(clock_.ps(now), params_.index, out[i]);
    ++slot.step;
    if (slot.step == slot.steps) {
        begin_epilogue(slot, now);
        return;
    }
    request_loads(slot, now, stages_ahead(slot));
    wait_for_data(slot, now);
    // Alone on its SM nothing can come between: the step is begun at once for its future start.
    if (slot.wake <= now || (slots_.size() == 1 && slot.wake != never))
        run_step(slot, slot.wake);
}

void Sm::begin_epilogue(Slot &slot, int64_t now)
{
    Chunk chunks[max_chunks];
    int count = program_->epilogue_loads(slot.block, chunks);
    const int64_t loaded = std::max(count > 0 ? issue_chunks(chunks, count, now).arrived : now, slot.drained);
    slot.state = State::finishing;
    slot.since = now;
    slot.wake = run_units(slot, loaded, program_->epilogue_cost(slot.block), false).end;
    if (slot.wake == now)
        write_results(slot, now);
}

void Sm::write_results(Slot &slot, int64_t now)
{
    Chunk chunks[max_chunks];
    const int count = program_->epilogue_stores(slot.block, chunks);
    int64_t end = now, staged = now;
    for (int i = 0; i < count; ++i) {
        const int64_t done = memory->write(clock_.ps(now), params_.index, chunks[i]);
        const auto port = static_cast<int64_t>(static_cast<double>(chunks[i].bytes) / params_.write_bytes_per_cycle + 0.5);
        end = std::max({end, clock_.cycle_at_or_after(done), now + port});
        staged = std::max(staged, now + port / 2);
    }
    slot.state = State::epilogue;
    slot.wake = slot.drained = end;
    stats_.last_cycle = std::max(stats_.last_cycle, end);
    if (params_.overlap_epilogue)   // one group of warps multiplies on when its half of the results has left its registers
        slot.wake = staged;
    if (slot.wake <= now)
        end_block(slot, now);
}

void Sm::end_block(Slot &slot, int64_t now)
{
    stats_.epilogue += now - slot.since;
    ++stats_.blocks;
    stats_.last_cycle = std::max(stats_.last_cycle, now);
    slot.state = State::free;
    slot.wake = never;
    dispatcher_->slot_free(params_.index, now);
}

// Copy engine --------------------------------------------------------------------------------------------------------

void Sm::copy_engine(int64_t now)
{
    size_t gone = 0;
    while (gone < outstanding_.size() && outstanding_[gone].ready <= now)
        bytes_in_flight_ -= outstanding_[gone++].bytes;
    if (gone > 0)
        outstanding_.erase(outstanding_.begin(), outstanding_.begin() + static_cast<std::ptrdiff_t>(gone));
    if (bytes_wanted_ > 0 && !has_room(bytes_wanted_))
        return;
    while (!queue_.empty() && issue(queue_.front(), now))
        queue_.pop_front();
}

bool Sm::has_room(int64_t bytes) const
{
    return params_.max_bytes_in_flight <= 0 || bytes_in_flight_ <= 0 || bytes_in_flight_ + bytes <= params_.max_bytes_in_flight;
}

/// Kept in order of arrival.
void Sm::put_in_flight(const Outstanding &o)
{
    size_t at = outstanding_.size();
    outstanding_.push_back(o);
    for (; at > 0 && outstanding_[at - 1].ready > o.ready; --at)
        outstanding_[at] = outstanding_[at - 1];
    outstanding_[at] = o;
}

/// When enough of what is in flight has arrived for the request that waits.
int64_t Sm::room_at() const
{
    int64_t left = bytes_in_flight_;
    for (const Outstanding &o : outstanding_) {
        left -= o.bytes;
        if (left <= 0 || left + bytes_wanted_ <= params_.max_bytes_in_flight)
            return o.ready;
    }
    return never;
}

/// Sends the loads of one step, unless they would exceed the bytes in flight. One request always may go.
bool Sm::issue(const Request &r, int64_t now)
{
    Slot &slot = slots_[static_cast<size_t>(r.slot)];
    Chunk chunks[max_chunks];
    const int count = program_->loads(slot.block, r.step, chunks);
    int64_t bytes = 0;
    for (int i = 0; i < count; ++i)
        bytes += chunks[i].bytes;
    // A transfer is many lines: it may begin when a part of it has room.
    const int64_t part = (bytes + parts - 1) / parts;
    bytes_wanted_ = has_room(part) ? 0 : part;
    if (bytes_wanted_ > 0)
        return false;
    const auto at = static_cast<size_t>(r.step % slot.stages);
    const Fetched fetched = issue_chunks(chunks, count, now);
    const int64_t ready = fetched.arrived;
    slot.ready[at] = ready;
    slot.from_dram[at] = fetched.from_dram;
    // Its lines arrive one after the other: the first parts leave the window before the last.
    for (int64_t i = 1; bytes > 0 && i <= parts; ++i)
        put_in_flight({std::max(ready - fetched.transfer * (parts - i) / parts, now + 1), part});
    bytes_in_flight_ += bytes > 0 ? parts * part : 0;
    if (slot.state == State::waiting && slot.step == r.step)
        slot.wake = std::max({ready, slot.since, now});
    return true;
}

/// Chunks leave one after the other at the port's rate.
Sm::Fetched Sm::issue_chunks(const Chunk *chunks, int count, int64_t now)
{
    const int64_t period = clock_.period_fs();
    int64_t arrived_ps = clock_.ps(now), memory_ps = 0, port_fs = 0;
    bool from_dram = false;
    for (int i = 0; i < count; ++i) {
        if (chunks[i].through_l1 && l1_.find(chunks[i].key) >= 0) {
            arrived_ps = std::max(arrived_ps, clock_.ps(now + params_.l1_latency_cycles));
            continue;
        }
        const int64_t start_fs = std::max(now * period, read_port_fs_);
        const auto transfer_fs = static_cast<int64_t>(static_cast<double>(chunks[i].bytes) / params_.read_bytes_per_cycle *
                                                      static_cast<double>(period));
        read_port_fs_ = start_fs + transfer_fs;
        port_fs += transfer_fs;
        const int64_t back_ps = memory->read(start_fs / 1000, params_.index, chunks[i]);
        from_dram = from_dram || memory->last_from_dram();
        memory_ps += memory->last_transfer_ps();
        if (chunks[i].through_l1)
            l1_.insert(chunks[i].key, chunks[i].bytes, 0, 0, true);
        // The first bytes arrive a latency after the request; the port then takes its time for the rest.
        arrived_ps = std::max({arrived_ps, back_ps, read_port_fs_ / 1000});
    }
    return {clock_.cycle_at_or_after(arrived_ps), std::max(memory_ps * 1000, port_fs) / period, from_dram};
}

}  // namespace llmsim
