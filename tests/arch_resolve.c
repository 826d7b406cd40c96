/* SPDX-License-Identifier: Apache-2.0 */
/* Inheritance, overrides and the content hash. Expected values follow from the rules of docs/arch_files.md by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/arch.h"
#include "arch/fields.h"
#include "tests/harness.h"

static struct arena arena;
static struct error err;
static char folder[] = "/tmp/llmsim-arch.XXXXXX";

static const char *file(const char *name, const char *text)
{
    const char *path = arena_printf(&arena, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static const char *parent(void)
{
    return realpath(data_path("arch/devices/a100-80gb-sxm.yaml", &arena), NULL);
}

/* A child of the A100 with these lines. */
static const char *child(const char *name, const char *lines)
{
    char *base = (char *)parent();
    const char *path = file(name, arena_printf(&arena, "extends: %s\nname: %s\nsummary: test\n%s", base, name, lines));

    free(base);
    return path;
}

static enum status load_with(const struct hardware **hw, const char *path, const struct arch_override *set, int64_t count)
{
    *hw = NULL;
    return arch_load(hw, path, set, count, &arena, &err);
}

static enum status load(const struct hardware **hw, const char *path)
{
    return load_with(hw, path, NULL, 0);
}

static void later_wins(void)
{
    const struct hardware *hw;
    const struct arch_override set[] = { { "power.tdp", "350 W" }, { "power.tdp", "375 W" }, { "sm.count", "54" } };

    CU_ASSERT_EQUAL_FATAL(load(&hw, child("one.yaml", "power: { tdp: 300 W }\n")), STATUS_OK);
    CU_ASSERT_EQUAL(hw->power.tdp_w, 300);    /* the child over the parent */
    CU_ASSERT_EQUAL(hw->power.idle_w, 90);    /* merged by key: the parent's other values stay */
    CU_ASSERT_EQUAL(hw->sm.count, 108);
    CU_ASSERT_EQUAL_FATAL(load_with(&hw, child("two.yaml", "power: { tdp: 300 W }\n"), set, 3), STATUS_OK);
    CU_ASSERT_EQUAL(hw->power.tdp_w, 375);    /* --set over files, the later over the earlier */
    CU_ASSERT_EQUAL(hw->sm.count, 54);
}

static void names_are_not_inherited(void)
{
    const struct hardware *hw;

    CU_ASSERT_EQUAL_FATAL(load(&hw, child("own.yaml", "")), STATUS_OK);
    CU_ASSERT_STRING_EQUAL(hw->name, "own.yaml");
    CU_ASSERT_EQUAL(hw->aliases_count, 0);
    CU_ASSERT_EQUAL(load(&hw, file("anonymous.yaml", arena_printf(&arena, "extends: %s/own.yaml\n", folder))), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "missing key 'name'"));
}

static void null_removes(void)
{
    const struct hardware *hw;

    CU_ASSERT_EQUAL_FATAL(load(&hw, child("removed.yaml", "units: { tensor: null }\ndram: { timing: null }\n")), STATUS_OK);
    CU_ASSERT_EQUAL(hw->units_count, 1);
    CU_ASSERT_PTR_NULL(hardware_unit(hw, "tensor_core"));
    CU_ASSERT_EQUAL(hw->dram.timing.bus_bits, 0);
}

/* Another timing file displaces all of the inherited one; a mapping changes single values of it. */
static void timing_is_included(void)
{
    const struct hardware *hw;
    const struct arch_override set[] = { { "dram.timing.tFAW", "56" } };
    const struct arch_override other[] = { { "dram.timing", "arch/dram/hbm2.yaml" } };

    CU_ASSERT_EQUAL_FATAL(load(&hw, "A100-80GB"), STATUS_OK);
    CU_ASSERT_STRING_EQUAL(hw->dram.timing.standard, "HBM2e");
    CU_ASSERT_EQUAL(hw->dram.timing.tFAW, 28);
    CU_ASSERT_EQUAL_FATAL(load_with(&hw, "A100-80GB", set, 1), STATUS_OK);
    CU_ASSERT_EQUAL(hw->dram.timing.tFAW, 56);
    CU_ASSERT_STRING_EQUAL(hw->dram.timing.standard, "HBM2e");
    CU_ASSERT_EQUAL_FATAL(load_with(&hw, "A100-80GB", other, 1), STATUS_OK);
    CU_ASSERT_STRING_EQUAL(hw->dram.timing.standard, "HBM2");
    CU_ASSERT_DOUBLE_EQUAL(hw->dram.timing.tCK_s, 1e-9, 1e-20);
}

static void cycles_are_errors(void)
{
    const struct hardware *hw;
    const char *a = file("a.yaml", "extends: b.yaml\nname: a\nsummary: a\n");

    file("b.yaml", "extends: ./a.yaml\nname: b\nsummary: b\n");
    CU_ASSERT_EQUAL(load(&hw, a), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "cycle of 2 files"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "b.yaml:1:10:"));
    CU_ASSERT_EQUAL(load(&hw, file("self.yaml", "extends: self.yaml\n")), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "cycle of 1 file"));
}

static void long_chains_end(void)
{
    const struct hardware *hw;
    const char *last = NULL;

    for (int i = 0; i < 18; i++)
        last = i == 0 ? child("c0.yaml", "")
                      : file(arena_printf(&arena, "c%d.yaml", i), arena_printf(&arena, "extends: c%d.yaml\nname: c\nsummary: c\n", i - 1));
    CU_ASSERT_EQUAL(load(&hw, last), STATUS_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "more than 16 files"));
    CU_ASSERT_EQUAL(load(&hw, arena_printf(&arena, "%s/c3.yaml", folder)), STATUS_OK);
}

static struct hash128 hash_of(const char *path, const struct arch_override *set, int64_t count)
{
    const struct hardware *hw;

    CU_ASSERT_EQUAL_FATAL(load_with(&hw, path, set, count), STATUS_OK);
    return hw->hash;
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.high == b.high && a.low == b.low;
}

static void hash_is_of_values(void)
{
    struct hash128 a100 = hash_of("A100", NULL, 0);
    const struct arch_override unit[] = { { "clock.boost", "1.41 GHz" } }, faster[] = { { "clock.boost", "1411 MHz" } };
    const struct arch_override lut[] = { { "units.lut.max_weight_bits", "3" } }, recipe[] = { { "default_recipe", "bf16" } };

    CU_ASSERT(same(a100, hash_of(child("renamed.yaml", "# a comment\n"), NULL, 0)));       /* name, place, comment: no */
    CU_ASSERT(same(a100, hash_of("A100", unit, 1)));                                       /* the same value, written otherwise */
    CU_ASSERT(!same(a100, hash_of("A100", faster, 1)));
    CU_ASSERT(!same(a100, hash_of("A100-40GB", NULL, 0)));
    CU_ASSERT(!same(a100, hash_of("A100", recipe, 1)));
    CU_ASSERT(!same(hash_of("lut_tc", NULL, 0), hash_of("lut_tc", lut, 1)));               /* keys of a unit's type count too */
    CU_ASSERT(same(hash_of("lut_tc", NULL, 0), hash_of("LUT-TC", NULL, 0)));
}

/* The order of lines changes nothing. */
static void order_does_not_count(void)
{
    struct hash128 a = hash_of(child("order1.yaml", "units:\n  lanes: { kind: lut_mpgemm, per_sm: 1, array_m: 2, array_n: 8 }\n"
                                                    "  zero: { kind: lut_mpgemm, per_sm: 2 }\n"), NULL, 0);
    struct hash128 b = hash_of(child("order2.yaml", "units:\n  zero: { per_sm: 2, kind: lut_mpgemm }\n"
                                                    "  lanes: { array_n: 8, kind: lut_mpgemm, array_m: 2, per_sm: 1 }\n"), NULL, 0);

    CU_ASSERT(same(a, b));
}

/* What `arch show` prints reads back as the same description. */
static void shown_is_read_back(void)
{
    static const char *const names[] = { "A100", "lut_tc_conventional", "MI300X", "H100", "GB300" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *path = arena_printf(&arena, "%s/shown.yaml", folder);
        const struct hardware *hw;
        FILE *out;

        CU_ASSERT_EQUAL_FATAL(load(&hw, names[i]), STATUS_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(out = fopen(path, "w"));
        arch_show(out, hw);
        fclose(out);
        CHECK_ROW(names[i], same(hw->hash, hash_of(path, NULL, 0)));
    }
}

static void throughput_x_scales(void)
{
    const struct arch_override set[] = { { "units.lut.throughput_x", "8" } };
    const struct hardware *a, *b;

    CU_ASSERT_EQUAL_FATAL(load(&a, "lut_tc"), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(load_with(&b, "lut_tc", set, 1), STATUS_OK);
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(hardware_unit(a, "lut_mpgemm"), format_find("int8"), NULL), 4096);
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(hardware_unit(b, "lut_mpgemm"), format_find("int8"), NULL), 8192);
}

/* Pairs of an accumulator: GeForce accumulates fp16 products at half rate in fp32. RTX 3090 datasheet: 71.2 and 142.3 TFLOP/s. */
static void accumulators_have_their_rate(void)
{
    const struct hardware *hw;
    const struct arch_unit *tensor;

    CU_ASSERT_EQUAL_FATAL(load(&hw, "RTX-3090"), STATUS_OK);
    tensor = hardware_unit(hw, "tensor_core");
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(tensor, format_find("fp16"), format_find("fp32")), 256);
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(tensor, format_find("fp16"), format_find("fp16")), 512);
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(tensor, format_find("fp16"), NULL), 512);
    CU_ASSERT_EQUAL(unit_fma_per_cycle_sm(tensor, format_find("fp8"), NULL), 0);
}

static void energy_is_per_byte(void)
{
    const struct hardware *hw;

    CU_ASSERT_EQUAL_FATAL(load(&hw, "A100"), STATUS_OK);
    CU_ASSERT_DOUBLE_EQUAL(hw->energy.dram_j_per_byte, 48e-12, 1e-18);   /* 6.0 pJ/bit */
    CU_ASSERT_DOUBLE_EQUAL(hw->energy.register_j_per_byte, 0.5e-12, 1e-18); /* 0.5 pJ/B */
    CU_ASSERT(energy_op_j(&hw->energy, "fma_fp16") > 0);
    CU_ASSERT_EQUAL(energy_op_j(&hw->energy, "fma_fp4"), -1);
}

static void stacks_inherit(void)
{
    const struct stack *library, *eager, *unfused;

    CU_ASSERT_EQUAL_FATAL(stack_load(&library, "library", NULL, 0, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(stack_load(&eager, "eager", NULL, 0, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(stack_load(&unfused, "unfused", NULL, 0, &arena, &err), STATUS_OK);
    CU_ASSERT_EQUAL(eager->gemm_kernels_count, library->gemm_kernels_count);
    CU_ASSERT_EQUAL(eager->launch_mode, LAUNCH_EAGER);
    CU_ASSERT_EQUAL(library->launch_mode, LAUNCH_GRAPH);
    CU_ASSERT_STRING_EQUAL(stack_attention(library, "wgmma", "prefill")->backend, "flash3");
    CU_ASSERT_STRING_EQUAL(stack_attention(unfused, "wgmma", "prefill")->backend, "unfused");
    CU_ASSERT_PTR_NULL(stack_attention(library, "lut", "prefill"));
    CU_ASSERT(!same(library->hash, eager->hash));
}

static const char *shown(const struct hardware *hw)
{
    char *text = NULL;
    size_t bytes;
    FILE *f = open_memstream(&text, &bytes);

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    arch_show(f, hw);
    fclose(f);
    const char *kept = arena_strdup(&arena, text);
    free(text);
    return kept;
}

/* One override over files that others were laid over before; and over files read for it alone. */
static void check_override(struct arch_base *base, struct arch_override set)
{
    const char *label = arena_printf(&arena, "%s=%s", set.key, set.value);
    const struct hardware *alone, *shared;
    struct error why = { 0 };
    enum status st = load_with(&alone, "A100-80GB-SXM", &set, 1);

    CHECK_ROW(label, arch_load_from(&shared, base, &set, 1, &arena, &why) == st);
    CHECK_ROW(label, st ? strcmp(err.message, why.message) == 0 : same(alone->hash, shared->hash) && strcmp(shown(alone), shown(shared)) == 0);
}

/* Every field with the value that another chip has there, values that displace or remove more than themselves, and wrong ones; forth and back. */
static void files_are_read_once(void)
{
    static const struct arch_override others[] = {
        { "dram.timing", "arch/dram/hbm2.yaml" }, { "dram.timing", "arch/dram/none.yaml" }, { "dram.timing", "null" }, { "units.tensor", "null" },
        { "calibration", "none" }, { "calibration", "all" }, { "extends", "a.yaml" }, { "sm.cuont", "3" }, { "sm.count", "three" }, { "units", "{" },
        { "energy.ops", "{ fma_fp16: 1 pJ }" }, { "aliases", "[x, y]" }, { "sm..count", "3" }, { "dram", "{ channels: 8 }" }, { "l2.size", "null" },
    };
    enum { OTHERS = sizeof others / sizeof others[0] };
    size_t fields;
    const struct field_row *rows = hardware_fields(&fields);
    const struct hardware *donor;
    struct arch_base *base;
    int64_t set = 0;

    CU_ASSERT_EQUAL_FATAL(load(&donor, "H100-80GB-SXM"), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(arch_base_open(&base, "A100-80GB-SXM", &arena, &err), STATUS_OK);
    for (size_t i = 0; i < 2 * (fields + OTHERS); i++) {
        size_t at = i < fields + OTHERS ? i : 2 * (fields + OTHERS) - 1 - i;
        const struct yaml_node *value = at < fields ? fields_find(donor->tree, rows[at].path) : NULL;

        if (at >= fields)
            check_override(base, others[at - fields]);
        else if (value && value->kind == YAML_SCALAR && set++ >= 0)
            check_override(base, (struct arch_override){ rows[at].path, value->text });
    }
    CU_ASSERT(set > 120);
}

static const struct test tests[] = {
    { "the later of file, parent and --set wins", later_wins },
    { "names are a file's own", names_are_not_inherited },
    { "null removes", null_removes },
    { "timing files are included and displaced", timing_is_included },
    { "cycles of extends are errors", cycles_are_errors },
    { "long chains are refused", long_chains_end },
    { "the hash is of values", hash_is_of_values },
    { "the order of lines changes nothing", order_does_not_count },
    { "what is shown reads back", shown_is_read_back },
    { "throughput_x multiplies rates", throughput_x_scales },
    { "accumulators have their own rates", accumulators_have_their_rate },
    { "energies are of bytes", energy_is_per_byte },
    { "stacks inherit", stacks_inherit },
    { "files read once give what files read anew give", files_are_read_once },
};

int main(void)
{
    int code;

    if (!mkdtemp(folder))
        return 99;
    code = run_tests("arch_resolve", tests, sizeof tests / sizeof tests[0]);
    arena_free(&arena);
    return code;
}
