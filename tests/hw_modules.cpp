/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of the chip, by themselves and wired together. Expected cycles are derived by hand in the comments. */
#include <cmath>

extern "C" {
#include "tests/harness.h"
}
#include "sim/hw/chip.h"
#include "sim/hw/dram_pattern.h"
#include "sim/hw/extrapolate.h"

using namespace llmsim;

/// Cycles of matrix pipe, vector lanes and shared port that a step of so many fragments takes.
static StepCost costs(int64_t matrix, int64_t vector, int64_t shared, int fragments, bool serial = false)
{
    StepCost c;
    c.matrix = matrix, c.vector = vector, c.shared = shared;
    c.fragments = fragments;
    c.serial = serial;
    return c;
}

static void units_form_a_pipeline()
{
    Units u;
    const StepCost c = costs(100, 40, 20, 4);
    // First fragment: shared 5, vector 10, so matrix from 15 to 115; the others end earlier.
    CU_ASSERT_EQUAL(u.run(0, c).end, 115);
    // The next step's first fragment is through at 20 + 5, then 40 + 10 -> matrix is free at 115: it starts there, not at 114.
    CU_ASSERT_EQUAL(u.run(0, c).end, 215);
    Units v;
    const StepCost shared_bound = costs(100, 0, 400, 4);
    const StepEnd e = v.run(0, shared_bound);
    CU_ASSERT_EQUAL(e.end, 425);                        // last fragment leaves shared at 400, then a quarter of the matrix work
    CU_ASSERT(e.limiter == Limiter::shared);
    Units w;
    Units primed;
    CU_ASSERT_EQUAL(primed.run(50, c, true).end, 150);  // all units from the start
    const StepCost serial = costs(100, 60, 10, 4, true);
    CU_ASSERT_EQUAL(w.run(0, serial).end, 170);         // all of shared, then the two in turn
}

/// Two resident blocks: the older takes the unit when it comes, what the younger has left moves back by as much; of one rank they are served in turn.
static void oldest_block_first()
{
    const StepCost c = costs(100, 0, 0, 1);
    Units ranked, in_turn;
    ranked.set_lanes(2);
    in_turn.set_lanes(2);
    ranked.set_rank(1, 1);
    CU_ASSERT_EQUAL(ranked.run(0, c, true, 1).end, 100);   // the younger is alone
    CU_ASSERT_EQUAL(ranked.run(30, c, true, 0).end, 130);  // the older does not wait
    CU_ASSERT_EQUAL(ranked.postponed(1), 100);             // 70 cycles of the younger are left, until 200
    CU_ASSERT_EQUAL(ranked.run(200, c, true, 1).end, 300);
    CU_ASSERT_EQUAL(ranked.postponed(0), 0);
    CU_ASSERT_EQUAL(ranked.matrix().busy(), 300);
    CU_ASSERT_EQUAL(in_turn.run(0, c, true, 1).end, 100);
    CU_ASSERT_EQUAL(in_turn.run(30, c, true, 0).end, 200);
    CU_ASSERT_EQUAL(in_turn.postponed(1), 0);
    CU_ASSERT_EQUAL(in_turn.run(40, costs(0, 0, 0, 1)).end, 40);   // an epilogue that needs no unit waits for none
}

/// An array's pass starts a clock after its first operands; its steps have no warps that could drift apart.
static void an_array_runs_its_passes()
{
    Units u;
    StepCost c = costs(400, 0, 0, 1);
    c.passes = 4;
    c.feed = 50;
    CU_ASSERT_EQUAL(u.run(0, c).end, 401);
    c.feed = 150;                                          // its buffers' ports bound it: 4 x 150, and a clock behind the last operand
    Units starved;
    CU_ASSERT_EQUAL(starved.run(0, c).end, 601);
    CU_ASSERT(starved.run(601, c).limiter == Limiter::shared);
}

static void bank_conflicts()
{
    static const struct {
        const char *label;
        int64_t stride;
        int access, passes;
    } rows[] = {
        {"words in a row", 4, 4, 1}, {"every second word", 8, 4, 2}, {"rows of 128 B: one bank", 128, 4, 32},
        {"padded rows of 132 B", 132, 4, 1}, {"one word for all", 0, 4, 1}, {"16 B in a row", 16, 16, 4}, {"16 B, rows of 128 B", 128, 16, 32},
    };
    for (const auto &r : rows)
        CHECK_ROW(r.label, bank_passes(32, r.stride, r.access) == r.passes);
}

static void calendar_serves_by_arrival()
{
    Calendar c(10);                              // slices of 1024
    CU_ASSERT_EQUAL(c.reserve(100000, 500), 100500);
    CU_ASSERT_EQUAL(c.reserve(0, 500), 500);     // booked later, arrives earlier: does not wait
    int64_t end = 0;
    for (int i = 0; i < 100; ++i)
        end = c.reserve(0, 1024);
    CU_ASSERT(end >= 100 * 1024 && end <= 102 * 1024);   // 102 900 less what is left: the rate is kept
    CU_ASSERT_EQUAL(c.busy(), 1000 + 100 * 1024);
}

static void tags_leave_in_order_of_use()
{
    TagStore t(300);
    CU_ASSERT_EQUAL(t.insert(1, 100, 0, 0, true), 0);
    t.insert(2, 100, 0, 100, true);
    t.insert(3, 100, 0, 0, true);
    CU_ASSERT(t.find(1) >= 0);                              // 2 is now the oldest
    CU_ASSERT_EQUAL(t.insert(4, 100, 0, 0, true), 100); // and dirty
    CU_ASSERT(t.find(2) < 0 && t.find(1) >= 0 && t.find(3) >= 0 && t.find(4) >= 0);
    CU_ASSERT_EQUAL(t.insert(5, 1000, 0, 1000, true), 1000);   // larger than all: passes through
    for (uint64_t k = 10; k < 5000; ++k)
        t.insert(k, 3, 0, 0, true);
    CU_ASSERT(t.bytes() <= 300 && t.find(4999) >= 0 && t.find(10) < 0);
}

static void clocks_do_not_drift()
{
    const ClockDomain c(1.41e9);
    for (int64_t n = 0; n < 2000000; n += 99991) {
        CU_ASSERT_EQUAL(c.cycle_at_or_after(c.ps(n)), n);
        CU_ASSERT_EQUAL(c.cycle_at_or_after(c.ps(n) + 1), n + 1);
    }
}

static void straight_lines_are_exact()
{
    int runs = 0;
    const auto line = [&](int64_t k) {
        Measure m{};
        m[0] = 1000.0 + 7.0 * static_cast<double>(k);
        ++runs;
        return m;
    };
    const Extrapolation e = extrapolate(line, 1000, 8, 100, 0.01);
    CU_ASSERT(std::fabs(e.value[0] - 8000) < 1e-6);
    CU_ASSERT_EQUAL(e.simulated, 16);
    CU_ASSERT_EQUAL(runs, 3);
    const auto bent = [](int64_t k) {
        Measure m{};
        m[0] = static_cast<double>(k < 13 ? 10 * k : 130 + 30 * (k - 13));
        return m;
    };
    const Extrapolation b = extrapolate(bent, 1000, 8, 200, 0.01);   // a bend inside the prefix: longer prefixes are run
    CU_ASSERT(b.simulated > 16);
    CU_ASSERT(std::fabs(b.value[0] - 29740) < 0.01 * 29740);
}

// The chip ------------------------------------------------------------------------------------------------------------

/// Blocks of equal steps; step s of block b loads `bytes` with the key and address that `reuse` and `stride` give.
struct Toy : Program {
    int64_t blocks_ = 1, steps = 1, bytes = 4096, reuse = 0, stride = 0, store = 0;
    int slots = 1, stages = 1;
    StepCost work = costs(100, 0, 0, 1);
    int64_t blocks() const override { return blocks_; }
    int blocks_per_sm() const override { return slots; }
    BlockShape shape(int64_t) const override { return {steps, stages}; }
    int loads(int64_t b, int64_t s, Chunk out[max_chunks]) const override
    {
        const int64_t i = reuse > 0 ? (b * steps + s) % reuse : b * steps + s;
        out[0] = Chunk();
        out[0].key = static_cast<uint64_t>(i + 1);
        out[0].bytes = bytes;
        out[0].address = static_cast<uint64_t>(i * (stride > 0 ? stride : bytes));
        return bytes > 0 ? 1 : 0;
    }
    StepCost cost(int64_t, int64_t) const override { return work; }
    int stores(int64_t b, int64_t s, Chunk out[max_chunks]) const override
    {
        out[0] = Chunk();
        out[0].key = uint64_t{1} << 60 | static_cast<uint64_t>(b * steps + s);
        out[0].bytes = store;
        out[0].address = (uint64_t{1} << 36) + static_cast<uint64_t>((b * steps + s) * store);
        return store > 0 ? 1 : 0;
    }
};

/// 1 GHz, so that a cycle is 1000 ps; 8 channels of 32 GB/s.
static ChipParams small_chip()
{
    ChipParams p;
    p.sms = 4;
    p.clock_hz = 1e9;
    p.sm.block_cycles = 50;
    p.sm.barrier_cycles = 10;
    p.sm.read_bytes_per_cycle = 64;
    p.l2.bytes = 1 << 20;
    p.l2.read_bytes_per_s = p.l2.write_bytes_per_s = 1e12;
    p.l2.near_ps = p.l2.far_ps = 200000;
    p.dram.read_bytes_per_s = p.dram.write_bytes_per_s = 32e9;
    p.dram.latency_ps = 300000;
    p.dram.turnaround_ps = 30000;
    p.dram_channels = 8;
    p.dram_mapping = "rorabacobgchcl";
    p.dram_interleave_bytes = 256;
    return p;
}

static void one_block_by_hand()
{
    ChipParams p = small_chip();
    Toy t;
    t.bytes = 0;
    CU_ASSERT_EQUAL(chip_run(p, t).cycles, 150);                 // start 50, work 100
    t.steps = 3;
    CU_ASSERT_EQUAL(chip_run(p, t).cycles, 50 + 300 + 2 * 10);   // barriers between steps
    t.steps = 1;
    t.bytes = 256;
    // start 50, request to L2 100, channel 8 (256 B at 32 GB/s), DRAM 300, back 100, work 100.
    CU_ASSERT_EQUAL(chip_run(p, t).cycles, 50 + 100 + 8 + 300 + 100 + 100);
    t.blocks_ = 2;
    t.reuse = 1;
    p.sms = 1;
    // The second block finds the chunk in L2: 50 + 200 latency (256 B at 1 TB/s: 0.256 ns, the next edge), work 100.
    CU_ASSERT_EQUAL(chip_run(p, t).cycles, 658 + 50 + 201 + 100);
}

static void resident_blocks_hide_waits()
{
    ChipParams p = small_chip();
    p.sms = 1;
    Toy t;
    t.blocks_ = 8;
    t.steps = 8;
    t.bytes = 1024;
    const int64_t alone = chip_run(p, t).cycles;
    p.sm.slots = t.slots = 4;
    const int64_t together = chip_run(p, t).cycles;
    CU_ASSERT(together < alone / 2);
    CU_ASSERT(together >= 8 * 8 * 100);        // the matrix pipe is one
    p.sm.slots = t.slots = 1;
    t.stages = 4;
    CU_ASSERT(chip_run(p, t).cycles < alone);   // and so does prefetching
}

/// One block too many costs a whole wave.
static void stragglers_in_the_last_wave()
{
    ChipParams p = small_chip();
    Toy t;
    t.bytes = 0;
    t.steps = 20;
    t.blocks_ = 8;
    const int64_t two = chip_run(p, t).cycles;
    t.blocks_ = 9;
    const int64_t three = chip_run(p, t).cycles;
    CU_ASSERT(std::fabs(static_cast<double>(three) / static_cast<double>(two) - 1.5) < 0.01);
}

/// A pitch of all channels' interleave queues on one channel; hashed, or at another pitch, it does not.
static void channel_camping()
{
    ChipParams p = small_chip();
    p.sm.slots = 8;
    Toy t;
    t.slots = 8;
    t.blocks_ = 32;
    t.steps = 64;
    t.bytes = 256;
    t.stages = 16;   // 128 KiB in flight: more than the channels' rate times the latency
    t.work.matrix = 1;
    const double spread = static_cast<double>(chip_run(p, t).cycles);
    t.stride = 8 * 256;
    const double camped = static_cast<double>(chip_run(p, t).cycles);
    p.dram_hash = true;
    const double hashed = static_cast<double>(chip_run(p, t).cycles);
    CU_ASSERT(camped >= 32 * 64 * 8);           // 8 cycles of one channel each, one after the other
    CU_ASSERT(camped > 2 * spread);
    CU_ASSERT(hashed < 0.75 * camped);
}

/// Rows of a tile at a hashed pitch: one calendar for all channels gives the time of calendars of their own, within what the
/// throw of the hash costs; and who camps is told apart.
static void even_channels_are_one()
{
    ChipParams p = small_chip();
    p.dram_hash = true;
    p.sm.slots = 4;
    p.sm.read_bytes_per_cycle = 256;
    struct Rows : Toy {
        int loads(int64_t b, int64_t s, Chunk out[max_chunks]) const override
        {
            Toy::loads(b, s, out);
            out[0].rows = 64;
            out[0].pitch_bytes = 8192;
            out[0].address = static_cast<uint64_t>(b) * 64 * 8192 + static_cast<uint64_t>(s) * 256;
            return 1;
        }
    } t;
    t.slots = 4;
    t.blocks_ = 16;
    t.steps = 32;
    t.bytes = 64 * 256;
    t.stages = 4;
    t.work.matrix = 1;
    const double apart = static_cast<double>(chip_run(p, t).cycles);
    p.dram.even = true;
    const RunStats together = chip_run(p, t);
    CU_ASSERT(static_cast<double>(together.cycles) >= 16.0 * 32 * 16384 / 256);   // 256 bytes a cycle are all there is
    CU_ASSERT(std::fabs(apart / static_cast<double>(together.cycles) - 1) < 0.05);

    const DramAddressMap hashed(p.dram_timing, 8, p.dram_mapping, 256, true), plain(p.dram_timing, 8, p.dram_mapping, 256, false);
    TilePattern rows;
    rows.tiles = 16, rows.rows = 64, rows.row_bytes = 256, rows.pitch_bytes = 8192;
    CU_ASSERT_EQUAL(dram_pattern_even(hashed, rows), true);
    CU_ASSERT_EQUAL(dram_pattern_even(plain, rows), false);   // 8192 is a multiple of 8 x 256
    rows.pitch_bytes = 8192 + 256;
    CU_ASSERT_EQUAL(dram_pattern_even(plain, rows), true);
}

/// The same bytes take longer when writes are mixed in than when all are read: the buses turn around.
static void reads_and_writes_mixed()
{
    ChipParams p = small_chip();
    p.l2.bytes = 1 << 16;                        // results do not stay
    p.sm.read_bytes_per_cycle = 256;             // memory is the limit
    p.sm.slots = 4;
    Toy t;
    t.slots = 4;
    t.blocks_ = 64;
    t.steps = 16;
    t.stages = 4;
    t.work.matrix = 1;
    t.bytes = 8192;
    const double reads = static_cast<double>(chip_run(p, t).cycles);
    t.bytes = t.store = 4096;
    const RunStats mixed = chip_run(p, t);
    CU_ASSERT(mixed.dram.write_batches > 0);
    CU_ASSERT(static_cast<double>(mixed.cycles) > 1.03 * reads);
    p.dram.turnaround_ps = 0;
    CU_ASSERT(static_cast<double>(chip_run(p, t).cycles) < 1.02 * reads);
}

/// Two streams that each fit L2 and together do not: what hit misses.
static void two_streams_share_l2()
{
    struct Two : Toy {
        int64_t streams = 1;
        int loads(int64_t b, int64_t s, Chunk out[max_chunks]) const override
        {
            out[0] = Chunk();
            out[0].key = static_cast<uint64_t>((b % streams) * 1000000 + s % 160 + 1);
            out[0].bytes = 4096;
            out[0].address = out[0].key * 4096;
            return 1;
        }
    } t;
    ChipParams p = small_chip();
    p.sms = 2;
    t.blocks_ = 2;
    t.steps = 160 * 4;
    t.work.matrix = 1;
    const RunStats one = chip_run(p, t);         // both read the same 640 KiB of 1 MiB
    t.streams = 2;
    const RunStats two = chip_run(p, t);         // 1280 KiB
    CU_ASSERT(one.l2.misses <= 2 * 160);
    CU_ASSERT(two.l2.misses > 4 * one.l2.misses);
    CU_ASSERT(two.cycles > one.cycles);
}

/// Data that both halves of a partitioned L2 read takes room in both.
static void partitions_duplicate()
{
    ChipParams p = small_chip();
    p.sms = 2;
    Toy t;
    t.blocks_ = 2;
    t.steps = 160 * 4;
    t.reuse = 160;                               // 640 KiB, read by both SMs
    t.work.matrix = 1;
    const RunStats whole = chip_run(p, t);
    p.l2.partitions = 2;
    p.l2.far_ps = 400000;
    const RunStats halves = chip_run(p, t);      // 512 KiB a half
    CU_ASSERT(whole.l2.misses <= 2 * 160);
    CU_ASSERT(halves.l2.misses > whole.l2.misses);
}

/// A run leaves nothing behind: same figures before and after another one.
static void runs_are_pure()
{
    ChipParams p = small_chip();
    Toy t, other;
    t.blocks_ = 37;
    t.steps = 9;
    other.blocks_ = 5;
    other.steps = 50;
    const RunStats first = chip_run(p, t);
    chip_run(p, other);
    const RunStats again = chip_run(p, t);
    CU_ASSERT_EQUAL(first.cycles, again.cycles);
    CU_ASSERT_EQUAL(first.activations, again.activations);
    CU_ASSERT_EQUAL(first.sm.wait_dram, again.sm.wait_dram);
    CU_ASSERT_EQUAL(first.dram.busiest_channel_ps, again.dram.busiest_channel_ps);
}

static const struct test tests[] = {
    {"units form a pipeline", units_form_a_pipeline},
    {"the oldest block first", oldest_block_first},
    {"an array runs its passes", an_array_runs_its_passes},
    {"bank conflicts of shared memory", bank_conflicts},
    {"a calendar serves by arrival", calendar_serves_by_arrival},
    {"tags leave in order of use", tags_leave_in_order_of_use},
    {"clocks do not drift", clocks_do_not_drift},
    {"straight lines are extrapolated exactly", straight_lines_are_exact},
    {"one block by hand", one_block_by_hand},
    {"resident blocks hide waits", resident_blocks_hide_waits},
    {"stragglers in the last wave", stragglers_in_the_last_wave},
    {"channel camping", channel_camping},
    {"even channels are one", even_channels_are_one},
    {"reads and writes mixed", reads_and_writes_mixed},
    {"two streams share L2", two_streams_share_l2},
    {"partitions duplicate", partitions_duplicate},
    {"runs are pure", runs_are_pure},
};
TEST_MAIN("hw_modules", tests)
