/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module asks of the memory below it. Calls are made in the order in which requests leave the caller, and carry the
 * time at which the request arrives; the answer is the time at which the data is back (blocking transport with timing
 * annotation: nothing is scheduled in the kernel for a request that nobody waits on). Times in picoseconds.
 */
#ifndef LLMSIM_SIM_HW_MEMORY_IF_H
#define LLMSIM_SIM_HW_MEMORY_IF_H

#include <systemc>

#include "sim/hw/program.h"

namespace llmsim {

class MemoryIf : public virtual sc_core::sc_interface {
public:
    /// @param requester  SM, or L2 partition for DRAM
    /// @return when the last byte is there
    virtual int64_t read(int64_t at_ps, int requester, const Chunk &chunk) = 0;
    /// Did the last read wait for DRAM? (Statistics: what a block waits for.)
    virtual bool last_from_dram() const = 0;
    /// Time over which the bytes of the last read came in, at the slowest place on their way.
    virtual int64_t last_transfer_ps() const = 0;
    /// @return when the write is accepted (posted)
    virtual int64_t write(int64_t at_ps, int requester, const Chunk &chunk) = 0;
};

}  // namespace llmsim

#endif
