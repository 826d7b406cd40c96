/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags of one L2 partition at the granularity of chunks (tiles), capacity in bytes. What leaves is the least recently used, or one drawn at
 * random, as the hashed sets of a large cache make it (docs/probe.md, Eq. 1): a loop over more than the capacity then keeps some of it.
 * An entry knows when its data arrives: a second reader of a chunk on its way waits for it and fetches nothing.
 * Left out: sets and their conflicts; sectors (a chunk is present as a whole).
 */
#ifndef LLMSIM_SIM_HW_TAG_STORE_H
#define LLMSIM_SIM_HW_TAG_STORE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmsim {

class TagStore {
public:
    enum class Replacement { least_recent, random };
    explicit TagStore(int64_t capacity_bytes, Replacement replacement = Replacement::least_recent)
        : replacement_(replacement), capacity_(capacity_bytes), table_(1024)
    {
    }

    /// Entry index or -1. A hit makes it the most recent.
    int find(uint64_t key);
    int64_t ready(int entry) const { return entries_[static_cast<size_t>(entry)].ready; }

    /// Adds a chunk that is not present. Returns the bytes that have to be written back for it.
    /// @param bytes  room that it takes
    /// @param dirty_bytes  to be written back when it leaves; 0: it is clean
    /// @param keep  false: the next to go
    int64_t insert(uint64_t key, int64_t bytes, int64_t ready, int64_t dirty_bytes, bool keep);

    int64_t bytes() const { return bytes_; }
    int64_t capacity() const { return capacity_; }
    void reset(int64_t capacity_bytes);

private:
    struct Entry {
        uint64_t key;
        int64_t bytes, ready, dirty_bytes;
        int older, newer;   ///< neighbours in order of use, -1 at the ends
        bool used, keep;
    };
    struct Place {             ///< the key beside the entry's index: a search touches the table only
        uint64_t key = 0;
        int entry = -1;
    };
    size_t slot(uint64_t key) const;
    void unlink(int e);
    void link_newest(int e);
    void link_oldest(int e);
    void erase_from_table(uint64_t key);
    void grow();
    int victim();
    int64_t evict(int e);

    const Replacement replacement_;
    uint64_t draw_ = 1;        ///< of a linear congruential sequence, the same in every run
    int64_t capacity_, bytes_ = 0;
    std::vector<Entry> entries_;
    std::vector<int> unused_;
    std::vector<Place> table_;   ///< open addressing, size a power of two
    size_t used_ = 0;
    int oldest_ = -1, newest_ = -1;
};

}  // namespace llmsim

#endif
