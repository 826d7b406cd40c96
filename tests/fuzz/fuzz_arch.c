/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of hardware descriptions (libFuzzer's entry point): YAML reader, inheritance, tables of keys, cross checks. Whatever
 * the bytes, loading ends with a status, a bad description has a message of one line, and a good one has sane values and can be
 * shown. Seeds: tests/fuzz/arch/, which are whole descriptions, so that mutation reaches every key.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "sim/unit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void use(const struct hardware *hw)
{
    FILE *out = fopen("/dev/null", "w");
    struct error err = { 0 };

    require(hw->clock.peak_hz > 0 && hw->clock.peak_hz <= hw->clock.boost_hz);
    require(hw->sm.count >= 1 && hw->units_count >= 1 && hw->dram.bandwidth_bytes_per_s > 0);
    require(units_check(hw, &err) == STATUS_OK || err.message[0] != '\0');
    if (out) {
        arch_show(out, hw);
        fclose(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { .limit_bytes = (size_t)256 << 20 };
    const struct hardware *hw = NULL;
    struct error err = { 0 };
    enum status st = arch_load_memory(&hw, "fuzz.yaml", data, size, &arena, &err);

    if (st == STATUS_OK)
        use(hw);
    else
        require((st == STATUS_BAD_INPUT || st == STATUS_INTERNAL) && err.message[0] != '\0' && strchr(err.message, '\n') == NULL);
    arena_free(&arena);
    return 0;
}
