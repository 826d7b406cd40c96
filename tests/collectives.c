/* SPDX-License-Identifier: Apache-2.0 */
/* Collectives: what the library picks, what it takes, systems of several nodes. Expected choices are worked out from NCCL's tuner. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arch/system.h"
#include "sim/collective.h"
#include "tests/harness.h"

static struct arena arena;
static struct error err;

static const struct stack *stack_of(const char *name)
{
    const struct stack *s = NULL;

    CHECK_ROW(name, stack_load(&s, name, NULL, 0, &arena, &err) == STATUS_OK);
    return s;
}

static const struct arch_system *system_of(const char *name)
{
    const struct arch_system *s = NULL;

    CHECK_ROW(name, arch_system_load(&s, name, &arena, &err) == STATUS_OK);
    return s;
}

static struct collective_cost cost(const struct arch_system *s, enum collective_op op, int64_t bytes, int64_t ranks, int64_t nodes, bool nccl)
{
    struct stack stack = *stack_of("library");
    struct collective_kernel_shape c = { op, bytes, ranks };
    struct fabric f = fabric_of_system(s, ranks, nodes);

    stack.all_reduce = nccl ? "nccl" : "auto";
    return collective_cost(&c, &f, &stack);
}

/*
 * NCCL's tuner by hand, A100 with 12 links of 20 GB/s: LL 0.37 x 240 GB/s. All-gather over 4: LL 8.4 us + n / 118 GB/s against Simple
 * 18.6 us + n / 320 GB/s cross at 1.91 MB. All-reduce over 2: 7.8 us + n / 88.8 against 15.2 us + n / 240 cross at 1.04 MB. Over 8: LL128 40.6 us +
 * n / 126 against Simple 56 us + n / 137 cross at 24 MB. Measured times jump at the same sizes (53 after 23 us, 41 after 19 us).
 * Two nodes of two, one card: ring sends 3/2 n, the tree n at 0.92 of the rate times 0.8 (8 MiB), 0.7 (16 MiB), 0.8 (64 MiB).
 */
static void library_picks_as_its_tuner(void)
{
    static const struct { const char *label, *system; enum collective_op op; int64_t bytes, ranks, nodes; const char *picks; } rows[] = {
        { "gather 4 x 1 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_GATHER, 262144, 4, 1, "ring_ll" },
        { "gather 4 x 2 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_GATHER, 524288, 4, 1, "ring_simple" },
        { "reduce 2 x 512 KiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 524288, 2, 1, "ring_ll" },
        { "reduce 2 x 1 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 1048576, 2, 1, "ring_simple" },
        { "reduce 8 x 16 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 16777216, 8, 1, "ring_ll128" },
        { "reduce 8 x 32 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 33554432, 8, 1, "ring_simple" },
        { "2 nodes x 2, 8 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 8388608, 4, 2, "tree_simple" },
        { "2 nodes x 2, 16 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 16777216, 4, 2, "ring_simple" },
        { "2 nodes x 2, 64 MiB", "HGX-A100-8xSXM", COLLECTIVE_ALL_REDUCE, 67108864, 4, 2, "tree_simple" },
        { "NVLS at 8 x 64 MiB", "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 67108864, 8, 1, "nvls" },
        { "no NVLS over four", "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 268435456, 4, 1, "ring_simple" }, /* NCCL 2.29's log: 160 against 240 GB/s */
        { "no NVLS between two", "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 67108864, 2, 1, "ring_simple" },
        { "LL on H100", "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 65536, 8, 1, "ring_ll" },
        { "pairs over PCIe", "4xA100-PCIe-pairwise-NVLink", COLLECTIVE_ALL_REDUCE, 67108864, 4, 1, "ring_simple" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct collective_cost c = cost(system_of(rows[i].system), rows[i].op, rows[i].bytes, rows[i].ranks, rows[i].nodes, true);
        CHECK_ROW(rows[i].label, strcmp(c.algorithm, rows[i].picks) == 0);
    }
}

/* Payload of a rank (Eq. 1): all-reduce 2 (p-1)/p n; gather (p-1) m; one-shot (p-1) n; NVLS (1 + 1/p) n. */
static void bytes_are_those_of_the_algorithm(void)
{
    const struct arch_system *a100 = system_of("HGX-A100-8xSXM"), *h100 = system_of("HGX-H100-8xSXM");

    CU_ASSERT_EQUAL(cost(a100, COLLECTIVE_ALL_REDUCE, 1 << 20, 8, 1, true).link_bytes, 1.75 * (1 << 20));
    CU_ASSERT_EQUAL(cost(a100, COLLECTIVE_ALL_GATHER, 1 << 20, 8, 1, true).link_bytes, 7.0 * (1 << 20));
    CU_ASSERT_EQUAL(cost(a100, COLLECTIVE_ALL_REDUCE, 1 << 16, 4, 1, false).link_bytes, 3.0 * (1 << 16));
    CU_ASSERT_EQUAL(cost(h100, COLLECTIVE_ALL_REDUCE, 1 << 26, 8, 1, true).link_bytes, 1.125 * (1 << 26));
    CU_ASSERT_EQUAL(cost(a100, COLLECTIVE_ALL_REDUCE, 1 << 20, 1, 1, true).transfer_s, 0);
}

/* Published nccl-tests tables: NVIDIA's own of a DGX H100 (8 ranks), an HGX H100 (4), Azure's GB200 (ring of 4). Time of the kernel, us. */
static void other_generations_as_published(void)
{
    static const struct { const char *system; enum collective_op op; int64_t bytes, ranks; double us; } rows[] = {
        { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 65536, 8, 19.5 },      { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 1048576, 8, 27.4 },
        { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 4194304, 8, 54.2 },    { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 16777216, 8, 123.8 },
        { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 268435456, 8, 1112 },  { "HGX-H100-8xSXM", COLLECTIVE_ALL_REDUCE, 536870912, 4, 2315 },
        { "HGX-H100-8xSXM", COLLECTIVE_ALL_GATHER, 16777216, 4, 67.2 },   { "HGX-H100-8xSXM", COLLECTIVE_REDUCE_SCATTER, 67108864, 4, 189.9 },
        { "GB200-NVL72", COLLECTIVE_ALL_REDUCE, 262144, 4, 17.5 },        { "GB200-NVL72", COLLECTIVE_ALL_REDUCE, 268435456, 4, 678 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t bytes = rows[i].op == COLLECTIVE_ALL_GATHER ? rows[i].bytes / rows[i].ranks : rows[i].bytes; /* nccl-tests counts the whole */
        struct collective_cost c = cost(system_of(rows[i].system), rows[i].op, bytes, rows[i].ranks, 1, true);
        double us = (c.base_s + c.hops_s + c.transfer_s) * 1e6;
        CHECK_ROW(c.algorithm, us > 0.8 * rows[i].us && us < 1.2 * rows[i].us);
    }
}

static void rates_follow_the_fabric(void)
{
    const struct arch_system *pairs = system_of("4xA100-PCIe-pairwise-NVLink"), *mi = system_of("8xMI300X"), *dgx = system_of("DGX-A100-8xSXM");

    CU_ASSERT_FALSE(fabric_of_system(pairs, 2, 1).pcie);
    CU_ASSERT_TRUE(fabric_of_system(pairs, 4, 1).pcie); /* a ring over both pairs is as fast as its slowest link: 31.5 x 0.8 GB/s */
    CU_ASSERT_DOUBLE_EQUAL(fabric_of_system(pairs, 4, 1).bytes_per_s, 25.2e9, 1e6);
    /* a board of four without a switch: three ranks' worth of links for four, one between two, and LL's one ring on it whatever the ranks */
    const struct arch_system *board = system_of("4xA100-SXM-NVLink3");
    CU_ASSERT_DOUBLE_EQUAL(fabric_of_system(board, 4, 1).bytes_per_s, 240e9, 1);
    CU_ASSERT_DOUBLE_EQUAL(fabric_of_system(board, 2, 1).bytes_per_s, 80e9, 1);
    struct collective_cost on_mesh = cost(board, COLLECTIVE_ALL_REDUCE, 1 << 19, 4, 1, true), switched = cost(dgx, COLLECTIVE_ALL_REDUCE, 1 << 19, 4, 1, true);
    CU_ASSERT_STRING_EQUAL(on_mesh.algorithm, "ring_ll");
    CU_ASSERT_DOUBLE_EQUAL(on_mesh.link_bytes / 0.55 / 80e9 - switched.link_bytes / 0.55 / 240e9, on_mesh.transfer_s - switched.transfer_s, 1e-9);
    CU_ASSERT_FALSE(fabric_of_device(system_of("4xH100-80GB-SXM")->device, 4).multicast);
    /* a mesh of 8: two ranks have one of the seven links between them */
    CU_ASSERT_DOUBLE_EQUAL(fabric_of_system(mi, 2, 1).bytes_per_s * 7, fabric_of_system(mi, 8, 1).bytes_per_s, 1);
    CU_ASSERT_DOUBLE_EQUAL(fabric_of_system(dgx, 2, 2).node_bytes_per_s * 2, fabric_of_system(dgx, 16, 2).node_bytes_per_s, 1);
    CU_ASSERT_FALSE(fabric_of_system(system_of("HGX-H100-8xSXM"), 16, 2).multicast);
    CU_ASSERT_PTR_EQUAL(system_of("H100-80GB-SXM")->network, NULL);
}

static void more_bytes_never_take_less_in_one_protocol(void)
{
    const struct arch_system *s = system_of("HGX-A100-8xSXM");
    struct collective_cost before = { 0 };

    for (int64_t bytes = 512; bytes <= (int64_t)1 << 30; bytes *= 2) {
        struct collective_cost c = cost(s, COLLECTIVE_ALL_REDUCE, bytes, 8, 1, true);
        double now = c.base_s + c.hops_s + c.transfer_s, then = before.base_s + before.hops_s + before.transfer_s;
        CHECK_ROW(c.algorithm, before.algorithm == NULL || strcmp(before.algorithm, c.algorithm) != 0 || now >= then);
        before = c;
    }
}

/* 1 B to 16 GiB: a time above 0, no payload faster than its wires (shares are of the payload rate, 0.8 of the wires'), never less for more in one protocol. */
static bool sensible(enum collective_op op, int64_t p, const struct fabric *f, const struct stack *stack)
{
    /* what a rank must at least send: its own part to each other, or all of it once */
    double parts = op == COLLECTIVE_ALL_GATHER ? (double)(p - 1) : op == COLLECTIVE_ALL_TO_ALL || op == COLLECTIVE_REDUCE_SCATTER ? (double)(p - 1) / (double)p : 1;
    const char *algorithm = "";
    bool good = true;
    double then = 0;

    for (int64_t bytes = 1; bytes <= (int64_t)16 << 30; bytes *= 4) {
        struct collective_kernel_shape shape = { op, bytes, p };
        struct collective_cost c = collective_cost(&shape, f, stack);
        double now = c.base_s + c.hops_s + c.transfer_s, least = parts * (double)bytes;

        good &= isfinite(now) && now > 0 && now >= least / (f->bytes_per_s * 1.25) && c.link_bytes >= least * (1 - 1e-9);
        good &= strcmp(algorithm, c.algorithm) != 0 || now >= then;
        algorithm = c.algorithm;
        then = now;
    }
    return good;
}

static void sensible_for_rows_unseen(void)
{
    static const char *const systems[] = { "HGX-A100-8xSXM", "HGX-H100-8xSXM", "HGX-B200-8xSXM", "GB200-NVL72", "8xL40S-PCIe", "8xMI300X", "4xA40-PCIe-pairwise-NVLink",
                                           "4xA100-SXM-NVLink3", "V100-32GB-SXM2" };
    enum { RANKS = 9, OPS = 5 };
    static const int64_t ranks[RANKS] = { 2, 3, 4, 6, 8, 12, 24, 72, 1024 };
    static const enum collective_op ops[OPS] = { COLLECTIVE_ALL_REDUCE, COLLECTIVE_ALL_GATHER, COLLECTIVE_REDUCE_SCATTER, COLLECTIVE_ALL_TO_ALL, COLLECTIVE_SEND_RECV };

    struct stack stack = *stack_of("library");

    stack.all_reduce = "nccl";
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++) {
        const struct arch_system *s = system_of(systems[i]);
        bool good = true;

        for (size_t j = 0; j < RANKS * OPS; j++) {
            struct fabric f = fabric_of_system(s, ranks[j / OPS], 1);
            good &= sensible(ops[j % OPS], ranks[j / OPS], &f, &stack);
        }
        CHECK_ROW(systems[i], good);
    }
}

static void bad_descriptions_are_refused(void)
{
    const struct arch_system *s;
    const struct stack *stack;
    struct arch_override wide = { "collective.protocols.ring_ll.share", "3" }, odd = { "collective.protocols.ring_ll.algorithm", "star" };

    CU_ASSERT_EQUAL(arch_system_load(&s, "HGX-A100-8xSXN", &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "HGX-A100-8xSXM"));
    CU_ASSERT_EQUAL(arch_system_load(&s, "8xA40-star", &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(stack_load(&stack, "library", &wide, 1, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(stack_load(&stack, "library", &odd, 1, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "ring"));
}

static void shipped_systems_load(void)
{
    static const char *const names[] = { "HGX-A100-8xSXM", "4xA100-SXM-NVLink3", "HGX-H100-8xSXM", "HGX-H200-8xSXM", "HGX-B200-8xSXM", "HGX-B300-8xSXM",
                                         "GB200-NVL72", "GB300-NVL72", "8xMI300X", "8xL40S-PCIe", "8xRTX-PRO-6000-PCIe", "4xA100-PCIe-pairwise-NVLink" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_ROW(names[i], system_of(names[i])->node_devices >= 4);
}

/* Names that no file has: a device, a number, and how they are joined. A bridge joins two cards, what lies beyond goes over PCIe. */
static void names_are_taken_apart(void)
{
    static const struct { const char *name, *device; int64_t devices, domain; } rows[] = {
        { "4xA40-PCIe-pairwise-NVLink", "A40", 4, 2 },     { "4xH100-PCIe-pairwise-NVLink", "H100-80GB-PCIe", 4, 2 },
        { "B200-8xSXM", "B200-180GB-SXM", 8, 8 },          { "4xH100-SXM-NVLink4", "H100-80GB-SXM", 4, 4 },
        { "4xA100-PCIe", "A100-80GB-PCIe", 4, 1 },         { "DGX-H800-8xSXM", "H800-80GB-SXM", 8, 8 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct arch_system *s = system_of(rows[i].name);
        CHECK_ROW(rows[i].name, strcmp(s->device->name, rows[i].device) == 0 && s->node_devices == rows[i].devices && s->link_domain == rows[i].domain);
    }
    struct fabric pair = fabric_of_device(system_of("A40")->device, 2), four = fabric_of_device(system_of("A40")->device, 4);
    CU_ASSERT_TRUE(!pair.pcie && four.pcie && four.bytes_per_s < pair.bytes_per_s);
    CU_ASSERT_EQUAL(fabric_ranks_max(system_of("A40")->device), 8);
    CU_ASSERT_EQUAL(fabric_ranks_max(system_of("HGX-H100-8xSXM")->device), 8);
}

/* HGX-A100, nccl-tests and a custom all-reduce, microseconds: within 15 % each, 7 % in the mean. */
static void against_measured(void)
{
    static const struct { const char *label; enum collective_op op; int64_t ranks, bytes; bool custom; double us; } rows[] = {
        { "reduce 8 x 512 B", COLLECTIVE_ALL_REDUCE, 8, 512, false, 22.57 },        { "reduce 8 x 1 MiB", COLLECTIVE_ALL_REDUCE, 8, 1048576, false, 38.85 },
        { "reduce 8 x 64 MiB", COLLECTIVE_ALL_REDUCE, 8, 67108864, false, 595.3 },  { "reduce 8 x 512 MiB", COLLECTIVE_ALL_REDUCE, 8, 536870912, false, 4225.9 },
        { "reduce 4 x 64 KiB", COLLECTIVE_ALL_REDUCE, 4, 65536, false, 17.8 },      { "reduce 2 x 128 MiB", COLLECTIVE_ALL_REDUCE, 2, 134217728, false, 747.5 },
        { "gather 4 x 8 MiB", COLLECTIVE_ALL_GATHER, 4, 2097152, false, 73.19 },    { "scatter 8 x 32 MiB", COLLECTIVE_REDUCE_SCATTER, 8, 33554432, false, 210.0 },
        { "all-to-all 4 x 32 MiB", COLLECTIVE_ALL_TO_ALL, 4, 33554432, false, 172.9 },
        { "custom 8 x 256 B", COLLECTIVE_ALL_REDUCE, 8, 256, true, 4.37 },          { "custom 8 x 256 KiB", COLLECTIVE_ALL_REDUCE, 8, 262144, true, 16.28 },
        { "custom 4 x 512 KiB", COLLECTIVE_ALL_REDUCE, 4, 524288, true, 13.87 },    { "custom 2 x 128 KiB", COLLECTIVE_ALL_REDUCE, 2, 131072, true, 5.19 },
    };
    const struct arch_system *s = system_of("HGX-A100-8xSXM");
    double sum = 0;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stack stack = *stack_of("library");
        struct kernel k = { .kind = KERNEL_COLLECTIVE, .collective = { rows[i].op, rows[i].bytes, rows[i].ranks } };
        struct fabric f = fabric_of_system(s, rows[i].ranks, 1);
        struct timing t;

        stack.all_reduce = rows[i].custom ? "one_shot" : "nccl";
        stack.one_shot_max_bytes = 1 << 20;
        stack.two_shot_max_bytes = 0;
        collective_timing(&t, &k, s->device, &f, &stack);
        double error = t.time_s * 1e6 / rows[i].us - 1;
        printf("# %-22s measured %8.2f us, predicted %8.2f us, %+.0f %%\n", rows[i].label, rows[i].us, t.time_s * 1e6, 100 * error);
        sum += fabs(error);
        CHECK_ROW(rows[i].label, fabs(error) < 0.15);
    }
    CU_ASSERT_TRUE(sum / (double)(sizeof rows / sizeof rows[0]) < 0.07);
}

static const struct test tests[] = {
    { "the library picks as its tuner", library_picks_as_its_tuner },
    { "bytes are those of the algorithm", bytes_are_those_of_the_algorithm },
    { "other generations as published", other_generations_as_published },
    { "rates follow the fabric", rates_follow_the_fabric },
    { "more bytes never take less in one protocol", more_bytes_never_take_less_in_one_protocol },
    { "sensible for rows unseen", sensible_for_rows_unseen },
    { "bad descriptions are refused", bad_descriptions_are_refused },
    { "shipped systems load", shipped_systems_load },
    { "names are taken apart", names_are_taken_apart },
    { "against measured", against_measured },
};
TEST_MAIN("collectives", tests)
