/* SPDX-License-Identifier: Apache-2.0 */
/* The DRAM channel model. Expected fractions: DRAMsim3 (commit 2981759) with its HBM2_8Gb_x128.ini, driven in order by up to 16
 * requests a cycle, first 10 % of 300 k cycles left out. Gates: sums of JEDEC parameters, in the comment of each row. */
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern "C" {
#include "arch/arch.h"
#include "tests/harness.h"
}
#include "sim/hw/dram_device.h"
#include "sim/hw/dram_pattern.h"

using namespace llmsim;

/// The reference's timing set is DramParams' own defaults; the shipped YAML is held against it below.
static double fraction(const DramParams &p, int channels, bool random, double write_share, int columns = 1)
{
    const DramAddressMap map(p, channels, "rorabgbachco", 0, false);
    DramPattern pattern;
    pattern.random = random;
    pattern.write_share = write_share;
    pattern.columns = columns;
    return 100.0 * DramDevice(p, map).measure(pattern).of_peak;
}

static void reference_fractions()
{
    static const struct {
        const char *label;
        int channels;
        bool random;
        double write_share, expected, tolerance;
    } rows[] = {
        {"sequential reads, 8 channels", 8, false, 0, 92.1, 2},
        {"sequential reads, 1 channel", 1, false, 0, 91.9, 2},
        {"sequential, a third writes, 8 channels", 8, false, 1 / 3.0, 81.3, 4},
        {"sequential, a third writes, 1 channel", 1, false, 1 / 3.0, 82.9, 4},
        {"random reads, 8 channels", 8, true, 0, 24.1, 2},
        {"random reads, 1 channel", 1, true, 0, 24.6, 2},
        {"random, a third writes, 8 channels", 8, true, 1 / 3.0, 23.9, 2},
    };
    for (const auto &r : rows)
        CHECK_ROW(r.label, std::fabs(fraction(DramParams(), r.channels, r.random, r.write_share) - r.expected) <= r.tolerance);
}

static void fractions_move_with_timings()
{
    DramParams p;
    const double random = fraction(p, 8, true, 0);
    p.tFAW *= 2;
    CU_ASSERT(std::fabs(fraction(p, 8, true, 0) / random - 0.5) < 0.03);   // four activates in twice the time
    p = DramParams();
    p.tRFC = 0;
    CU_ASSERT(std::fabs(fraction(p, 8, false, 0) - 98) <= 1.5);
    p = DramParams();
    p.tREFI /= 2;
    CU_ASSERT(std::fabs(fraction(p, 8, false, 0) - 86) <= 2);
    p = DramParams();
    p.tREFI = 0;                                                           // no refresh at all: nothing is left to lose
    CU_ASSERT(fraction(p, 8, false, 0) > 99);
}

/// Blocks of columns stand for single accesses: 2 points, reads and mixed.
static void blocks_agree_with_single_accesses()
{
    CU_ASSERT(std::fabs(fraction(DramParams(), 8, false, 0, 8) - fraction(DramParams(), 8, false, 0)) < 2);
    CU_ASSERT(std::fabs(fraction(DramParams(), 8, false, 1 / 3.0, 8) - fraction(DramParams(), 8, false, 1 / 3.0)) < 2);
}

/// Cycle at which the data of the last of `n` transactions ends; refresh is far away.
static int64_t last_end(const DramParams &p, const DramTransaction *t, int n)
{
    DramChannel channel(p);
    int64_t end = 0;
    for (int i = 0; i < n; ++i)
        channel.enqueue(0, t[i]);
    while (channel.queued() > 0)
        channel.step();
    for (const DramCompletion &c : channel.completions())
        end = c.cycle > end ? c.cycle : end;
    return end;
}

static void tight_gates()
{
    DramParams p;
    p.tREFI = 0;
    DramTransaction t[5];
    for (int i = 0; i < 5; ++i)
        t[i].tag = static_cast<uint64_t>(i);
    CU_ASSERT_EQUAL(last_end(p, t, 1), p.tRCDRD + p.CL + 2);                                 // ACT at 0, RD, burst of 2
    t[1].column = 1;
    CU_ASSERT_EQUAL(last_end(p, t, 2), p.tRCDRD + p.tCCD_L + p.CL + 2);                      // hit in the same bank
    t[1].row = 1;
    CU_ASSERT_EQUAL(last_end(p, t, 2), p.tRAS + p.tRP + p.tRCDRD + p.CL + 2);                // conflict: PRE at tRAS
    t[1].row = 0;
    t[1].bank = 1;
    CU_ASSERT_EQUAL(last_end(p, t, 2), p.tRRD_L + p.tRCDRD + p.CL + 2);                      // same group
    t[1].bank = 4;
    CU_ASSERT_EQUAL(last_end(p, t, 2), p.tRRD_S + p.tRCDRD + p.CL + 2);                      // other group
    for (int i = 0; i < 5; ++i)
        t[i].bank = i < 4 ? 4 * i : 1;
    CU_ASSERT_EQUAL(last_end(p, t, 5), p.tFAW + p.tRCDRD + p.CL + 2);                        // fifth activate waits for the first's window
}

static void not_before_and_at()
{
    DramParams p;
    p.tREFI = 0;
    DramChannel channel(p);
    channel.enqueue(0, DramTransaction());
    channel.advance(0);   // ACT
    CU_ASSERT_EQUAL(channel.next_event(), p.tRCDRD);
    channel.advance(p.tRCDRD - 1);
    CU_ASSERT_EQUAL(channel.stats().read_accesses, 0);
    channel.advance(p.tRCDRD);
    CU_ASSERT_EQUAL(channel.stats().read_accesses, 1);
    CU_ASSERT_EQUAL(channel.next_event(), DramChannel::never);
}

static void turn_around_gates()
{
    DramParams p;
    p.tREFI = 0;
    p.write_low_watermark = 1;
    DramTransaction read, write;
    write.write = true;
    write.bank = 4;
    write.column = 3;
    DramChannel channel(p);
    channel.enqueue(0, write);
    while (channel.queued() > 0)
        channel.step();
    const int64_t written = channel.completions()[0].cycle;   // tRCDWR + CWL + burst
    CU_ASSERT_EQUAL(written, p.tRCDWR + p.CWL + 2);
    read.bank = 4;
    channel.enqueue(p.tRCDWR + 1, read);
    while (channel.queued() > 0)
        channel.step();
    // Same group: RD no sooner than WR + CWL + burst + tWTR_L.
    CU_ASSERT_EQUAL(channel.completions()[1].cycle, p.tRCDWR + p.CWL + 2 + p.tWTR_L + p.CL + 2);
}

static void address_map_is_a_bijection()
{
    DramParams p;
    p.rows = 4;
    for (const bool hash : {false, true}) {
        const DramAddressMap map(p, 5, "rorabacobgchcl", 256, hash);
        CU_ASSERT(map.problem().empty());
        const uint64_t accesses = static_cast<uint64_t>(5 * p.banks() * p.rows * p.columns());
        std::string seen(accesses, '\0');
        bool twice = false;
        for (uint64_t i = 0; i < accesses; ++i) {
            const DramAddress a = map.decode(i * static_cast<uint64_t>(p.access_bytes()));
            CU_ASSERT_EQUAL_FATAL(a.channel, map.channel(i * static_cast<uint64_t>(p.access_bytes())));
            const auto at = static_cast<size_t>(((a.channel * p.banks() + a.bank) * p.rows + a.row) * p.columns() + a.column);
            twice = twice || seen[at];
            seen[at] = 1;
        }
        CU_ASSERT(!twice);
    }
    CU_ASSERT(!DramAddressMap(p, 5, "rorabgbachxx", 0, false).problem().empty());
    CU_ASSERT(!DramAddressMap(p, 5, "rorobgbachco", 0, false).problem().empty());
    CU_ASSERT(!DramAddressMap(p, 5, "robgbachco", 0, false).problem().empty());
    CU_ASSERT(!DramAddressMap(p, 5, "rorabacobgchcl", 100, false).problem().empty());
}

/// A stride of all channels' interleave camps on one channel without hashing, and does not with it.
static void strides_camp_without_hash()
{
    DramParams p;
    DramPattern stride;
    stride.stride_bytes = 8 * 256;
    stride.cycles = 50000;
    const double plain = DramDevice(p, DramAddressMap(p, 8, "rorabacobgchcl", 256, false)).measure(stride).of_peak;
    const double hashed = DramDevice(p, DramAddressMap(p, 8, "rorabacobgchcl", 256, true)).measure(stride).of_peak;
    CU_ASSERT(plain < 0.125);        // one channel of eight
    CU_ASSERT(hashed > 2 * plain);
}

static const char *source_file(char *out, size_t bytes, const char *relative)
{
    const char *top = getenv("TOP_SRCDIR");
    snprintf(out, bytes, "%s/%s", top ? top : ".", relative);
    return out;
}

/// Half the datasheet bandwidth by a slip in burst, pseudo channel or column bits would show in every row here.
static void every_memory_reaches_its_datasheet()
{
    static const struct {
        const char *device, *label;
        int64_t bus_bits;         // of the board, from its datasheet
        double gbit_per_pin;      // the memory's data rate: datasheet bandwidth x 8 / bus
    } rows[] = {
        {"v100-32gb-sxm2", "HBM2, V100", 4096, 1.758},
        {"a100-40gb-sxm", "HBM2, A100-40", 5120, 2.430},
        {"a100-80gb-sxm", "HBM2e, A100-80", 5120, 3.186},
        {"h100-80gb-sxm", "HBM3, H100", 5120, 5.2375},
        {"h200-141gb-sxm", "HBM3e, H200", 6144, 6.25},
        {"a40", "GDDR6, A40", 384, 14.5},
        {"l40", "GDDR6, L40", 384, 18.0},
        {"rtx-4090", "GDDR6X, RTX 4090", 384, 21.0},
        {"rtx-pro-6000-bse", "GDDR7, RTX PRO 6000", 512, 24.95},
        {"mi300x", "HBM3, MI300X", 8192, 5.2},
    };
    struct arena arena = {};
    for (const auto &r : rows) {
        char relative[128], path[4096];
        const struct hardware *hw;
        struct error err;
        snprintf(relative, sizeof relative, "arch/devices/%s.yaml", r.device);
        if (arch_load(&hw, source_file(path, sizeof path, relative), nullptr, 0, &arena, &err)) {
            CHECK_ROW(r.label, !"does not load");
            continue;
        }
        CHECK_ROW(r.label, hw->dram.channels * hw->dram.timing.bus_bits == r.bus_bits);
        const DramParams p = DramParams::from_timing(hw->dram.timing, hw->dram.channels, hw->dram.bandwidth_bytes_per_s);
        CHECK_ROW(r.label, p.problem().empty());
        const double rate = p.beats_per_tCK * 1e6 / static_cast<double>(p.tCK_fs);
        CHECK_ROW(r.label, std::fabs(rate / r.gbit_per_pin - 1) < 0.005);
        CHECK_ROW(r.label, std::fabs(p.peak_bytes_per_s() * static_cast<double>(hw->dram.channels) / hw->dram.bandwidth_bytes_per_s - 1) < 1e-4);
        const DramAddressMap map(p, static_cast<int>(hw->dram.channels), hw->dram.timing.mapping, hw->dram.timing.interleave_bytes, hw->dram.timing.hash);
        CHECK_ROW(r.label, map.problem().empty());
        DramPattern pattern;
        pattern.cycles = 40000;
        pattern.offered_per_cycle = 2 * static_cast<int>(hw->dram.channels);
        CHECK_ROW(r.label, DramDevice(p, map, true).measure(pattern).of_peak > 0.85);
    }
    arena_free(&arena);
}

/// The shipped reference set says what DramParams' defaults say.
static void shipped_reference_set()
{
    char path[4096];
    struct arena arena = {};
    struct yaml_node *doc;
    struct error err;
    int64_t value;
    if (yaml_read_file(&doc, source_file(path, sizeof path, "arch/dram/hbm2-legacy-8gb.yaml"), &arena, &err)) {
        CU_FAIL("does not load");
        return;
    }
    const DramParams p;
    const struct {
        const char *key;
        int value;
    } rows[] = {{"CL", p.CL}, {"CWL", p.CWL}, {"tRCDRD", p.tRCDRD}, {"tRP", p.tRP}, {"tRAS", p.tRAS}, {"tRFC", p.tRFC}, {"tREFI", p.tREFI},
                {"tRRD_S", p.tRRD_S}, {"tRRD_L", p.tRRD_L}, {"tFAW", p.tFAW}, {"tWTR_S", p.tWTR_S}, {"tWTR_L", p.tWTR_L}, {"tWR", p.tWR},
                {"tCCD_L", p.tCCD_L}, {"tRTP_L", p.tRTP}, {"tRTRS", p.tRTRS}, {"bus_bits", p.bus_bits}, {"BL", p.BL}};
    for (const auto &r : rows) {
        value = -1;
        CHECK_ROW(r.key, yaml_get_i64(&value, doc, r.key, true, 0, 1000000, &err) == STATUS_OK && value == r.value);
    }
    arena_free(&arena);
}

static void nonsense_is_refused()
{
    DramParams p;
    p.BL = 3;
    CU_ASSERT(!p.problem().empty());
    p = DramParams();
    p.tREFI = 100;
    CU_ASSERT(!p.problem().empty());
    p = DramParams();
    p.bank_groups = 64;
    p.banks_per_group = 64;
    CU_ASSERT(!p.problem().empty());
}

static const struct test tests[] = {
    {"fractions of the reference simulator", reference_fractions},
    {"fractions move with the timings", fractions_move_with_timings},
    {"blocks of columns agree with single accesses", blocks_agree_with_single_accesses},
    {"latencies are sums of the standard's parameters", tight_gates},
    {"a command is not issued a cycle early", not_before_and_at},
    {"write to read waits for tWTR", turn_around_gates},
    {"addresses map one to one", address_map_is_a_bijection},
    {"strides camp on a channel without hashing", strides_camp_without_hash},
    {"every memory type reaches its datasheet", every_memory_reaches_its_datasheet},
    {"the shipped reference set", shipped_reference_set},
    {"nonsense is refused", nonsense_is_refused},
};
TEST_MAIN("hw_dram", tests)
