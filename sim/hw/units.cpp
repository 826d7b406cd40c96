/* SPDX-License-Identifier: Apache-2.0 */
/* Bank conflicts of shared memory. See units.h. */
#include "sim/hw/units.h"

#include <set>

namespace llmsim {

int bank_passes(int threads, int64_t stride_bytes, int access_bytes)
{
    enum { banks = 32, bank_bytes = 4 };
    const int words = std::max(access_bytes / bank_bytes, 1);
    const int group = std::max(banks / words, 1);   // threads that fit in one pass without conflicts
    int passes = 0;
    for (int first = 0; first < threads; first += group) {
        std::set<int64_t> in_bank[banks];
        size_t worst = 1;
        for (int t = first; t < std::min(first + group, threads); ++t) {
            for (int w = 0; w < words; ++w) {
                const int64_t word = (t * stride_bytes + int64_t{w} * bank_bytes) / bank_bytes;
                std::set<int64_t> &bank = in_bank[word % banks];
                bank.insert(word);
                worst = std::max(worst, bank.size());
            }
        }
        passes += static_cast<int>(worst);
    }
    return passes;
}

}  // namespace llmsim
