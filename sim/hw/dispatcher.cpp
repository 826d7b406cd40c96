/* SPDX-License-Identifier: Apache-2.0 */
/* Grid dispatcher. See dispatcher.h. */
#include "sim/hw/dispatcher.h"

#include <algorithm>

#include "sim/hw/sm.h"

namespace llmsim {

Dispatcher::Dispatcher(const sc_core::sc_module_name &name, const ClockDomain &clock) : sc_core::sc_module(name), clock_(clock)
{
    SC_METHOD(dispatch);
    sensitive << wake_;
    dont_initialize();
}

void Dispatcher::start(int64_t blocks, int slots_per_sm, int64_t first_cycle)
{
    stats_ = {};
    next_block_ = 0;
    blocks_ = blocks;
    next_cycle_ = first_cycle;
    free_.assign(sms_.size(), slots_per_sm);
    most_free_ = slots_per_sm;
    slots_ = std::max<int64_t>(static_cast<int64_t>(sms_.size()) * slots_per_sm, 1);
    const int64_t now_ps = static_cast<int64_t>(sc_core::sc_time_stamp().value());
    wake_.notify(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(clock_.ps(first_cycle) - now_ps)));
}

void Dispatcher::slot_free(int sm, int64_t cycle)
{
    ++free_[static_cast<size_t>(sm)];
    most_free_ = std::max(most_free_, free_[static_cast<size_t>(sm)]);
    if (next_block_ >= blocks_)
        return;
    next_cycle_ = std::max(next_cycle_, cycle);
    const int64_t now_ps = static_cast<int64_t>(sc_core::sc_time_stamp().value());
    wake_.notify(sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(std::max<int64_t>(clock_.ps(next_cycle_) - now_ps, 0))));
}

/// The whole burst that can go now goes in one activation: block i starts i cycles later.
void Dispatcher::dispatch()
{
    while (next_block_ < blocks_) {
        size_t best = sms_.size();
        for (; most_free_ > 0 && best == sms_.size(); --most_free_) {
            for (size_t i = 0; i < sms_.size() && best == sms_.size(); ++i)
                if (free_[i] == most_free_)
                    best = i;
            if (best < sms_.size())
                break;
        }
        if (best == sms_.size())
            return;
        --free_[best];
        if (next_block_ % slots_ == 0)
            stats_.wave_start.push_back(next_cycle_);
        sms_[best]->start_block(next_block_++, next_cycle_);
        ++stats_.blocks;
        stats_.last_cycle = next_cycle_++;
    }
}

}  // namespace llmsim
