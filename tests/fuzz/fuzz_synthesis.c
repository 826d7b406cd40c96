/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of synthesis tables and of SRAM macros (`--table`): CSV, datapaths, numbers, libraries, and the fits that follow. A table is refused with one line, or every
 * datapath of its rows has an area of its own row or formula in a range that rises; a memory of a table of macros has one too. Seeds: tests/fuzz/synthesis/.
 */
#define _GNU_SOURCE
#include <math.h>

#include "costmodel/netlist.h"
#include "tests/fuzz/bytes.h"

static void use(const struct synthesis *s)
{
    for (int64_t i = 0; i < s->count; i++) {
        struct error err = { 0 };
        struct netlist n;
        enum status st = netlist_of(&n, s, &s->rows[i].what, &err);

        require_told(st, &err);
        require(st != STATUS_OK || (n.area_um2.low > 0 && n.area_um2.low <= n.area_um2.likely && n.area_um2.likely <= n.area_um2.high && isfinite(n.area_um2.high)));
        require(st != STATUS_OK || (n.energy_fj.likely >= 0 && isfinite(n.energy_fj.likely)));
    }
}

static void use_macros(const struct technology *t, const char *path, struct arena *arena)
{
    static const double sizes[][2] = { { 512, 8 }, { 65536, 1024 }, { 1e9, 64 } };
    const struct tech_node *node = &t->nodes[t->nodes_count / 2];
    struct sram_fit fit;
    struct error err = { 0 };
    enum status st = sram_load(&fit, t, path, arena, &err);

    require_told(st, &err);
    for (size_t i = 0; !st && i < sizeof sizes / sizeof sizes[0]; i++) {
        struct sram s;
        enum status of = sram_of(&s, &fit, t, node, sizes[i][0], sizes[i][1], &err);

        require_told(of, &err);
        require(of != STATUS_OK || (s.area_mm2.low > 0 && s.area_mm2.low <= s.area_mm2.likely && s.area_mm2.likely <= s.area_mm2.high && isfinite(s.area_mm2.high)));
        require(of != STATUS_OK || (s.read_j.low > 0 && s.read_j.low <= s.read_j.likely && isfinite(s.read_j.high) && s.access_s > 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_file f = bytes_open(data, size);
    struct arena arena = { .limit_bytes = (size_t)256 << 20 };
    const struct technology *t;
    const char *path = f.path;
    struct synthesis s;
    struct error err = { 0 };
    enum status st = technology_load(&t, NULL, &arena, &err);

    require(st == STATUS_OK);
    st = synthesis_load(&s, t, &path, 1, &arena, &err);
    require_told(st, &err);
    if (!st)
        use(&s);
    use_macros(t, f.path, &arena);
    arena_free(&arena);
    close(f.fd);
    return 0;
}
