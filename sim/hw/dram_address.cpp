/* SPDX-License-Identifier: Apache-2.0 */
/* Address decoding in mixed radix; the map is described in dram_address.h. */
#include "sim/hw/dram_address.h"

namespace llmsim {

static int log2_exact(uint64_t n)
{
    int shift = 0;
    while ((uint64_t{1} << shift) < n)
        ++shift;
    return (uint64_t{1} << shift) == n ? shift : -1;
}

void DramAddressMap::add(Field field, uint64_t count)
{
    digits_[used_++] = {field, count, log2_exact(count)};
}

DramAddressMap::DramAddressMap(const DramParams &params, int channels, const std::string &text, int64_t interleave_bytes,
                               bool hash)
    : channels_(channels), groups_(params.bank_groups), banks_per_group_(params.banks_per_group), banks_(params.banks()),
      access_bytes_(static_cast<uint64_t>(params.access_bytes())), low_columns_(1), hash_(hash)
{
    static const char *const names[fields] = {"ro", "ra", "bg", "ba", "ch", "co", "cl"};
    const bool split = text.find("cl") != std::string::npos;
    const uint64_t columns = static_cast<uint64_t>(params.columns());
    if (split) {
        low_columns_ = static_cast<uint64_t>(interleave_bytes) / access_bytes_;
        if (interleave_bytes < params.access_bytes() || interleave_bytes % params.access_bytes() != 0 || columns % low_columns_ != 0) {
            problem_ = "interleave_bytes must be a multiple of one access and divide a row";
            return;
        }
    }
    const uint64_t counts[fields] = {static_cast<uint64_t>(params.rows),
                                     static_cast<uint64_t>(params.ranks),
                                     static_cast<uint64_t>(groups_),
                                     static_cast<uint64_t>(banks_per_group_),
                                     static_cast<uint64_t>(channels),
                                     columns / low_columns_,
                                     low_columns_};
    bool seen[fields] = {};
    for (size_t end = text.size(); end >= 2; end -= 2) {
        const std::string token = text.substr(end - 2, 2);
        int f = 0;
        while (f < fields && token != names[f])
            ++f;
        if (f == fields || seen[f]) {
            problem_ = "address map holds '" + token + "', expected each of ro ra bg ba ch co (and cl) once";
            return;
        }
        seen[f] = true;
        add(static_cast<Field>(f), counts[f]);
    }
    if (text.size() % 2 != 0 || used_ != (split ? fields : fields - 1))
        problem_ = "address map must name each of ro ra bg ba ch co once, two letters each";
}

/// Digits of the address, least significant first.
void DramAddressMap::split(uint64_t address, uint64_t value[fields]) const
{
    uint64_t rest = address / access_bytes_;
    for (int i = 0; i < used_; ++i) {
        const Digit &d = digits_[i];
        if (d.shift >= 0) {
            value[d.field] = rest & (d.count - 1);
            rest >>= d.shift;
        } else {
            value[d.field] = rest % d.count;
            rest /= d.count;
        }
    }
}

/// Row, column and bank are folded so that every bit above the channel field moves the channel.
int DramAddressMap::hashed_channel(const uint64_t value[fields]) const
{
    if (!hash_)
        return static_cast<int>(value[ch]);
    uint64_t mix = value[ro] * 0x9e3779b97f4a7c15u + value[co] * 0xc2b2ae3d27d4eb4fu + value[ba] * 0x165667b19e3779f9u +
                   value[bg] * 0x27d4eb2f165667c5u;
    mix ^= mix >> 29;
    const auto turn = static_cast<uint32_t>(mix >> 32) % static_cast<uint32_t>(channels_);
    const uint32_t turned = static_cast<uint32_t>(value[ch]) + turn;
    return static_cast<int>(turned >= static_cast<uint32_t>(channels_) ? turned - static_cast<uint32_t>(channels_) : turned);
}

int DramAddressMap::channel(uint64_t address) const
{
    uint64_t value[fields] = {};
    split(address, value);
    return hashed_channel(value);
}

DramAddress DramAddressMap::decode(uint64_t address) const
{
    uint64_t value[fields] = {};
    split(address, value);
    DramAddress out;
    out.channel = hashed_channel(value);
    out.row = static_cast<int64_t>(value[ro]);
    out.column = static_cast<int>(value[co] * low_columns_ + value[cl]);
    out.bank = static_cast<int>((value[ra] * static_cast<uint64_t>(groups_) + value[bg]) *
                                    static_cast<uint64_t>(banks_per_group_) + value[ba]);
    if (hash_) {
        // The bank is rotated by the row alone: one row of one bank stays one row of one bank.
        const uint64_t turn = (value[ro] * 0x9e3779b97f4a7c15u) >> 40;
        out.bank = static_cast<int>((static_cast<uint64_t>(out.bank) + turn) % static_cast<uint64_t>(banks_));
    }
    return out;
}

}  // namespace llmsim
