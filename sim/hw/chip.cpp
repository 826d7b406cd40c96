/* SPDX-License-Identifier: Apache-2.0 */
/* Building a chip in a simulation context of its own, and one run. See chip.h. */
#include "sim/hw/chip.h"

#include <memory>
#include <string>

#include "sim/hw/dispatcher.h"

namespace llmsim {

namespace {

/// Makes a fresh simulation context current for its lifetime.
class Context {
public:
    Context() : before_(sc_core::sc_curr_simcontext), fresh_(new sc_core::sc_simcontext())
    {
        sc_core::sc_curr_simcontext = fresh_;
        sc_core::sc_set_time_resolution(1, sc_core::SC_PS);
    }
    ~Context()
    {
        delete fresh_;
        sc_core::sc_curr_simcontext = before_;
    }
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

private:
    sc_core::sc_simcontext *before_, *fresh_;
};

class Chip {
public:
    explicit Chip(const ChipParams &params)
        : map_(params.dram_timing, params.dram_channels, params.dram_mapping, params.dram_interleave_bytes, params.dram_hash),
          clock_(params.clock_hz), dram_("dram", params.dram, map_), l2_("l2", params.l2), dispatcher_("dispatcher", clock_)
    {
        l2_.dram(dram_);
        sms_.reserve(static_cast<size_t>(params.sms));
        for (int i = 0; i < params.sms; ++i) {
            SmParams sm = params.sm;
            sm.index = i;
            sms_.push_back(std::make_unique<Sm>(("sm" + std::to_string(i)).c_str(), sm, clock_, &dispatcher_));
            sms_.back()->memory(l2_);
            dispatcher_.connect(sms_.back().get());
        }
    }

    RunStats run(const ChipParams &params, const Program &program, int64_t blocks)
    {
        for (size_t i = 0; i < sms_.size(); ++i) {
            SmParams sm = params.sm;
            sm.index = static_cast<int>(i);
            sms_[i]->load_program(&program, sm);
        }
        dispatcher_.start(blocks, params.sm.slots, 0);
        sc_core::sc_start();
        return collect();
    }

private:
    RunStats collect()
    {
        RunStats out;
        for (const auto &sm : sms_) {
            const SmStats &s = sm->stats();
            out.sm.start += s.start;
            out.sm.wait_dram += s.wait_dram;
            out.sm.wait_l2 += s.wait_l2;
            out.sm.barrier += s.barrier;
            out.sm.epilogue += s.epilogue;
            for (int i = 0; i < 4; ++i)
                out.sm.run[i] += s.run[i];
            out.sm.steps += s.steps;
            out.sm.blocks += s.blocks;
            out.cycles = std::max(out.cycles, s.last_cycle);
            out.activations += sm->activations();
            out.matrix_busy += sm->units().matrix().busy();
            out.vector_busy += sm->units().vector().busy();
            out.shared_busy += sm->units().shared().busy();
        }
        // What L2 could not keep has to be in memory when the kernel ends.
        out.cycles = std::max(out.cycles, clock_.cycle_at_or_after(dram_.stats().last_write_ps));
        out.sm.last_cycle = out.cycles;
        out.activations += dispatcher_.stats().blocks;
        out.wave_start = dispatcher_.stats().wave_start;
        out.l2 = l2_.stats();
        out.dram = dram_.stats();
        return out;
    }

    const DramAddressMap map_;
    const ClockDomain clock_;
    DramModule dram_;
    L2Module l2_;
    Dispatcher dispatcher_;
    std::vector<std::unique_ptr<Sm>> sms_;
};

}  // namespace

RunStats chip_run(const ChipParams &params, const Program &program, int64_t blocks)
{
    Context context;
    Chip chip(params);
    return chip.run(params, program, blocks < 0 ? program.blocks() : blocks);
}

}  // namespace llmsim

/// libsystemc refers to a main function of its own; nobody calls it here, since chip_run() drives the kernel itself.
extern "C" int sc_main(int argc, char *argv[]);
extern "C" int sc_main(int argc, char *argv[])
{
    (void)argc, (void)argv;
    return 0;
}
