/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical address to channel, rank, bank group, bank, row and column.
 *
 * The map is a string of six two-letter fields, most significant first, e.g. "rorabgbachco" (row, rank, bank group, bank,
 * channel, column). Counts need not be powers of two (a GPU may have 40 channels): the address is read as a number in
 * mixed radix. A second column field may be given by writing "cl" for its low part, whose size is `interleave_bytes`:
 * "rorabacobgchcl" puts that many consecutive bytes into one channel, then changes channel, then bank group. So streams
 * keep all bank groups busy, which standards with tCCD_L > burst need.
 *
 * `hash`: channel and bank are rotated by the row number, so that power-of-two strides do not camp on one channel.
 * Zhang, Zhu and Zhang, "A permutation-based page interleaving scheme", MICRO 2000, uses exclusive or; a rotation does the
 * same where the count is no power of two. The rotation used by real GPUs is not published: an assumption.
 */
#ifndef LLMSIM_SIM_HW_DRAM_ADDRESS_H
#define LLMSIM_SIM_HW_DRAM_ADDRESS_H

#include <cstdint>
#include <string>

#include "sim/hw/dram_params.h"

namespace llmsim {

struct DramAddress {
    int channel = 0;
    int bank = 0;        ///< (rank * bank_groups + group) * banks_per_group + bank in the group
    int64_t row = 0;
    int column = 0;      ///< in accesses
};

class DramAddressMap {
public:
    /// `text` as above. Call problem() before decode(): a bad text gives a map that must not be used.
    DramAddressMap(const DramParams &params, int channels, const std::string &text, int64_t interleave_bytes, bool hash);

    const std::string &problem() const { return problem_; }  ///< empty: usable
    DramAddress decode(uint64_t address) const;              ///< addresses wrap at the capacity
    int channel(uint64_t address) const;                     ///< decode(address).channel, cheaper
    int channels() const { return channels_; }

private:
    enum Field { ro, ra, bg, ba, ch, co, cl, fields };
    struct Digit {
        Field field;
        uint64_t count;
        int shift;  ///< log2(count), or -1 where count is no power of two
    };
    void add(Field field, uint64_t count);
    void split(uint64_t address, uint64_t value[fields]) const;
    int hashed_channel(const uint64_t value[fields]) const;

    int channels_, groups_, banks_per_group_, banks_;
    uint64_t access_bytes_, low_columns_;
    bool hash_;
    Digit digits_[fields];
    int used_ = 0;  ///< digits_[0] is the least significant
    std::string problem_;
};

}  // namespace llmsim

#endif
