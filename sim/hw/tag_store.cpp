/* SPDX-License-Identifier: Apache-2.0 */
/* L2 tags by chunk: an open-addressing table of entries that also form a list in order of use. See tag_store.h. */
#include "sim/hw/tag_store.h"

#include <algorithm>

namespace llmsim {

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ (x >> 29);
}

/// Slot of `key`, or the empty slot where it would go.
size_t TagStore::slot(uint64_t key) const
{
    const size_t mask = table_.size() - 1;
    size_t i = mix(key) & mask;
    while (table_[i].entry >= 0 && table_[i].key != key)
        i = (i + 1) & mask;
    return i;
}

int TagStore::find(uint64_t key)
{
    const int e = table_[slot(key)].entry;
    if (e >= 0 && e != newest_) {
        unlink(e);
        link_newest(e);
    }
    return e;
}

int64_t TagStore::insert(uint64_t key, int64_t bytes, int64_t ready, int64_t dirty_bytes, bool keep)
{
    int64_t dirty_out = 0;
    while (bytes_ + bytes > capacity_ && oldest_ >= 0)
        dirty_out += evict(victim());
    if (bytes > capacity_)
        return dirty_out + dirty_bytes;   // passes through
    if ((used_ + 1) * 2 > table_.size())
        grow();
    int e;
    if (unused_.empty()) {
        e = static_cast<int>(entries_.size());
        entries_.push_back({});
    } else {
        e = unused_.back();
        unused_.pop_back();
    }
    entries_[static_cast<size_t>(e)] = {key, bytes, ready, dirty_bytes, -1, -1, true, keep};
    table_[slot(key)] = {key, e};
    ++used_;
    bytes_ += bytes;
    if (keep)
        link_newest(e);
    else
        link_oldest(e);
    return dirty_out;
}

void TagStore::reset(int64_t capacity_bytes)
{
    capacity_ = capacity_bytes;
    bytes_ = 0;
    entries_.clear();
    unused_.clear();
    std::fill(table_.begin(), table_.end(), Place());
    used_ = 0;
    draw_ = 1;
    oldest_ = newest_ = -1;
}

/// Knuth's MMIX constants. A place that is free just now stands for the least recent.
int TagStore::victim()
{
    if (replacement_ == Replacement::least_recent || !entries_[static_cast<size_t>(oldest_)].keep)
        return oldest_;
    draw_ = draw_ * 6364136223846793005u + 1442695040888963407u;
    const auto e = static_cast<size_t>((draw_ >> 33) % entries_.size());
    return entries_[e].used ? static_cast<int>(e) : oldest_;
}

int64_t TagStore::evict(int e)
{
    const Entry entry = entries_[static_cast<size_t>(e)];
    entries_[static_cast<size_t>(e)].used = false;
    unlink(e);
    erase_from_table(entry.key);
    unused_.push_back(e);
    --used_;
    bytes_ -= entry.bytes;
    return entry.dirty_bytes;
}

void TagStore::unlink(int e)
{
    const Entry &x = entries_[static_cast<size_t>(e)];
    (x.older >= 0 ? entries_[static_cast<size_t>(x.older)].newer : oldest_) = x.newer;
    (x.newer >= 0 ? entries_[static_cast<size_t>(x.newer)].older : newest_) = x.older;
}

void TagStore::link_newest(int e)
{
    Entry &x = entries_[static_cast<size_t>(e)];
    x.older = newest_;
    x.newer = -1;
    (newest_ >= 0 ? entries_[static_cast<size_t>(newest_)].newer : oldest_) = e;
    newest_ = e;
}

void TagStore::link_oldest(int e)
{
    Entry &x = entries_[static_cast<size_t>(e)];
    x.newer = oldest_;
    x.older = -1;
    (oldest_ >= 0 ? entries_[static_cast<size_t>(oldest_)].older : newest_) = e;
    oldest_ = e;
}

/// Deletion by backward shift: no tombstones, so the table never degrades.
void TagStore::erase_from_table(uint64_t key)
{
    const size_t mask = table_.size() - 1;
    size_t hole = slot(key), i = hole;
    for (;;) {
        i = (i + 1) & mask;
        if (table_[i].entry < 0)
            break;
        const size_t home = mix(table_[i].key) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table_[hole] = table_[i];
            hole = i;
        }
    }
    table_[hole] = Place();
}

void TagStore::grow()
{
    table_.assign(table_.size() * 2, Place());
    for (int e = oldest_; e >= 0; e = entries_[static_cast<size_t>(e)].newer)
        table_[slot(entries_[static_cast<size_t>(e)].key)] = {entries_[static_cast<size_t>(e)].key, e};
}

}  // namespace llmsim
