/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writes databases of made-up runs, for figures of ranking, merging and asking at scale (docs/results.md, "At scale"):
 *
 *     bench_store FILE FIRST COUNT CHIPS
 *
 * Runs FIRST ... FIRST + COUNT - 1 as points of one sweep, each of one of CHIPS variants of a chip and of one of 160 pairs of recipe and layout. Times, energies
 * and memories are integer hashes of the run's number, spread over a decade, so that the same files come out everywhere; they are no predictions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "store/batch.h"

enum { BATCH = 10000, LAYOUTS = 4 };

struct chip { const struct hardware *hw; struct run_base base; char *yaml; };

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Between low and 10 low. */
static int64_t spread(int64_t low, uint64_t seed)
{
    return low + (int64_t)(mix(seed) % (uint64_t)(9 * low));
}

static enum status read_chip(struct chip *out, struct arena *arena, struct error *err)
{
    size_t bytes;
    FILE *f;
    enum status st = arch_load(&out->hw, "A100-80GB", NULL, 0, arena, err);

    if (st)
        return st;
    if (!(f = open_memstream(&out->yaml, &bytes)))
        return error_no_memory(err);
    arch_show(f, out->hw);
    if (fclose(f))
        return error_no_memory(err);
    out->base = (struct run_base){ out->yaml, out->hw->hash };
    return STATUS_OK;
}

/* Of a text that names few: "w=int4g128,a=fp16,..." as a recipe is written in full. */
static const char *recipe_of(char *out, size_t bytes, uint64_t n)
{
    static const char *const weights[] = { "fp16", "int8", "int4g128", "fp8_e4m3", "int2g128", "int4g64", "int4g32", "int8g128" };
    static const char *const activations[] = { "fp16", "int8", "fp8_e4m3", "bf16", "fp16" };

    snprintf(out, bytes, "w=%s,a=%s,kv=fp16,acc=fp32,head=fp16,embed=fp16,attn=fp16,out=fp16", weights[n % 8], activations[n / 8 % 5]);
    return out;
}

static struct result result_of(uint64_t n)
{
    struct result r = { .key = { mix(2 * n), mix(2 * n + 1) }, .fidelity = "analytic", .devices = 1 << n % LAYOUTS, .generated_tokens = 1000,
                        .time_ps = spread(1000000000000, n), .ttft_ps = spread(10000000000, ~n), .phases_count = 2 };

    r.tpot_ps = (r.time_ps - r.ttft_ps) / 1000;
    r.tokens_per_s = 1000 / (1e-12 * (double)r.time_ps);
    r.energy_j = 1e-3 * (double)spread(100000, n ^ 0x5555555555555555u);
    r.memory.weights = r.memory.total = spread(8000000000, n ^ 0x3333333333333333u);
    r.memory.capacity = 80000000000;
    r.phases[0] = (struct phase_result){ PHASE_PREFILL, 1, 1000, r.ttft_ps, 1e12 };
    r.phases[1] = (struct phase_result){ PHASE_DECODE, 1000, 1000, r.time_ps - r.ttft_ps, 1e12 };
    return r;
}

static enum status put_one(struct store_batch *b, const struct chip *chip, uint64_t n, uint64_t chips, struct error *err)
{
    char recipe[128], layout[16], set[64], settings[64], assignment[160];
    struct result r = result_of(n);
    uint64_t variant = mix(n) % chips;
    double bandwidth_tb = 1 + (double)variant / (double)chips;
    struct store_point p = { (int64_t)n, assignment, STATUS_OK, r.key, NULL };
    struct run_inputs in = { .arch_name = chip->hw->name, .stack_name = "bench", .trace_name = "bench.trace", .recipe = recipe_of(recipe, sizeof recipe, n / LAYOUTS),
                             .layout = layout, .mapping = "picked", .model_version = "bench", .overrides = set, .arch_settings = settings, .arch_base = &chip->base,
                             .arch_hash = { mix(variant), variant }, .stack_hash = { 3, 4 }, .trace_hash = { 5, 6 } };
    enum status st;

    snprintf(layout, sizeof layout, "tp=%lld", (long long)r.devices);
    snprintf(set, sizeof set, "dram.bandwidth=%.6f TB/s", bandwidth_tb);
    snprintf(settings, sizeof settings, "{\"dram.bandwidth\":\"%.6f TB/s\"}", bandwidth_tb);
    snprintf(assignment, sizeof assignment, "{\"arch.dram.bandwidth\":\"%.6f TB/s\",\"n\":%llu}", bandwidth_tb, (unsigned long long)n);
    return (st = store_batch_run(b, &r, &in, err)) ? st : store_batch_point(b, &p, err);
}

static enum status put_all(const char *path, uint64_t first, uint64_t count, uint64_t chips, struct arena *arena, struct error *err)
{
    const struct store_sweep sweep = { .hash = { 7, 8 }, .name = "bench", .body = "name: bench\n", .points = -1 };
    struct chip chip = { 0 };
    struct store_batch *b = NULL;
    struct store *s = NULL;
    enum status st;

    if (!(st = read_chip(&chip, arena, err)) && !(st = store_open(&s, path, err)))
        st = store_batch_open(&b, s, &sweep, false, err);
    for (uint64_t n = first; n < first + count && !st; n++)
        if (!(st = put_one(b, &chip, n, chips, err)) && n % BATCH == BATCH - 1)
            st = store_batch_commit(b, err);
    if (!st)
        st = store_batch_commit(b, err);
    store_batch_close(b);
    store_close(s);
    free(chip.yaml);
    return st;
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    enum status st;

    if (argc != 5) {
        fputs("usage: bench_store FILE FIRST COUNT CHIPS\n", stderr);
        return STATUS_BAD_INPUT;
    }
    st = put_all(argv[1], strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), &arena, &err);
    if (st)
        fprintf(stderr, "bench_store: %s\n", err.message);
    arena_free(&arena);
    return (int)st;
}
