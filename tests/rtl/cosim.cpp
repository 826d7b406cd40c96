// SPDX-License-Identifier: Apache-2.0
// Drives every unit of a list (module cosim_top of `llmsim rtl emit --top cosim`) with its stimulus, all in parallel, and compares each
// output with the C model, bit for bit. docs/rtl.md
//     cosim UNITS VECTORS SEED       VECTORS random ones after all pairs; exit 0 without a mismatch, 1 with, 2 bad usage
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "Vcosim_top.h"
#include "verilated.h"

extern "C" {
#include "costmodel/rtl/list.h"
#include "costmodel/rtl/stimulus.h"
}

// Verilator's integers and wide vectors as 32-bit words, lowest first.
template <class T> static void put(T &port, const std::vector<uint32_t> &words)
{
    if constexpr (std::is_integral_v<T>)
        port = static_cast<T>(words[0] | (words.size() > 1 ? uint64_t{words[1]} << 32 : 0));
    else
        for (size_t i = 0; i < words.size(); i++)
            port[i] = words[i];
}

template <class T> static uint32_t word(const T &port, int i)
{
    if constexpr (std::is_integral_v<T>)
        return static_cast<uint32_t>(uint64_t{port} >> 32 * i);
    else
        return port[i];
}

struct Unit {
    std::unique_ptr<stimulus> s;
    int in, out, in_words, out_words; // slices, in 32-bit words
};

static bool done(const std::vector<Unit> &units, int64_t vectors)
{
    for (const Unit &u : units)
        if (u.s->mismatches == 0 && u.s->random < vectors)
            return false;
    return true;
}

static void cycle(Vcosim_top &top, std::vector<Unit> &units, std::vector<uint32_t> &in, std::vector<uint32_t> &clear)
{
    uint64_t words[RTL_WORDS];

    for (size_t i = 0; i < units.size(); i++) {
        bool clr;
        stimulus_drive(units[i].s.get(), words, &clr);
        memcpy(&in[units[i].in], words, 4 * static_cast<size_t>(units[i].in_words)); // little endian, as Verilator's own words
        clear[i / 32] = (clear[i / 32] & ~(1u << i % 32)) | (clr ? 1u : 0u) << i % 32;
    }
    top.clk = 0;
    put(top.clr, clear);
    put(top.in, in);
    top.eval();
    top.clk = 1;
    top.eval();
    for (Unit &u : units) {
        memset(words, 0, sizeof words);
        for (int i = 0; i < u.out_words; i++)
            words[i / 2] |= uint64_t{word(top.out, u.out + i)} << 32 * (i % 2);
        stimulus_check(u.s.get(), words);
    }
}

static void print(const char *what, const uint64_t *words, int bits)
{
    printf("# %s ", what);
    for (int i = (bits - 1) / 64; i >= 0; i--)
        printf("%016" PRIx64, words[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    struct arena arena = {};
    struct rtl_list list;
    struct error err;
    std::vector<Unit> units;
    int64_t bad = 0;

    if (argc != 4)
        return 2;
    if (rtl_list_load(&list, argv[1], &arena, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 2;
    }
    for (int64_t i = 0; i < list.count; i++) {
        Unit u{std::make_unique<stimulus>(), rtl_slice(&list, i, false) / 32, rtl_slice(&list, i, true) / 32, 0, 0};
        u.in_words = rtl_slice(&list, i + 1, false) / 32 - u.in;
        u.out_words = rtl_slice(&list, i + 1, true) / 32 - u.out;
        u.s->spec = &list.specs[i];
        u.s->seed = strtoull(argv[3], nullptr, 10) + static_cast<uint64_t>(i);
        units.push_back(std::move(u));
    }
    VerilatedContext context;
    Vcosim_top top{&context};
    std::vector<uint32_t> in(static_cast<size_t>(rtl_slice(&list, list.count, false) / 32)), clear(static_cast<size_t>(list.count + 31) / 32);
    clock_t start = clock();
    while (!done(units, strtoll(argv[2], nullptr, 10)))
        cycle(top, units, in, clear);
    double seconds = static_cast<double>(clock() - start) / CLOCKS_PER_SEC;

    printf("%-90s %10s %10s %8s %10s\n", "# unit", "vectors", "compared", "pairs", "mismatches");
    for (const Unit &u : units) {
        char name[RTL_NAME_MAX];
        printf("%-90s %10" PRId64 " %10" PRId64 " %8" PRId64 " %10" PRId64 "\n", rtl_name(name, u.s->spec), u.s->vectors, u.s->checks, u.s->pairs,
               u.s->mismatches);
        if (u.s->mismatches > 0) {
            print("expected", u.s->want, rtl_bits(u.s->spec, true));
            print("got     ", u.s->got, rtl_bits(u.s->spec, true));
        }
        bad += u.s->mismatches > 0;
    }
    printf("# %zu units, %" PRId64 " with mismatches, %.2f CPU s\n", units.size(), bad, seconds);
    arena_free(&arena);
    return bad > 0;
}
