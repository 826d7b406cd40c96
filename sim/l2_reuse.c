/* SPDX-License-Identifier: Apache-2.0 */
/* L2 reuse of a GEMM from its tile schedule (sim/l2_reuse.h, docs/gemm.md section 3). */
#include "sim/l2_reuse.h"

#include <math.h>

double l2_shared_capacity_bytes(const struct arch_l2 *l2)
{
    return (double)l2->bytes * l2->hash_capacity_share;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Share of an operand of `bytes` that is still in a cache of `capacity` when it is walked again: a cyclic walk over more
 * than the cache keeps about what the random-like replacement of a hashed cache leaves, capacity / bytes. */
static double kept_share(double bytes, double capacity)
{
    return bytes <= capacity ? 1.0 : clamp(capacity / bytes, 0.0, 1.0);
}

/* Height of a panel in tiles. Unset: the wave's footprint is squarest, rows x tile_m = columns x tile_n. */
static int64_t panel_height(int64_t grid_m, double concurrent, int64_t tile_m, int64_t tile_n, int64_t swizzle)
{
    double rows = swizzle > 0 ? (double)(swizzle * 128) / (double)tile_m
                              : sqrt(concurrent * (double)tile_n / (double)tile_m);

    return (int64_t)clamp(floor(rows + 0.5), 1.0, (double)grid_m);
}

void l2_reuse_gemm(struct l2_reuse *out, const struct gemm_kernel_shape *g, const struct warmth *warm, const struct arch_l2 *l2,
                   int64_t grid_m, int64_t grid_n, double concurrent, int64_t tile_m, int64_t tile_n, int64_t swizzle)
{
    double capacity = l2_shared_capacity_bytes(l2), batch = (double)g->batch;
    double a = (double)g->a_bytes / batch, b = (double)g->b_bytes / batch;
    int64_t rows = panel_height(grid_m, concurrent, tile_m, tile_n, swizzle);
    double panels = ceil((double)grid_m / (double)rows);
    double waves_of_panel = clamp((double)rows * (double)grid_n / concurrent, 1.0, (double)grid_n);
    double panel_bytes = a / panels, kept_a, kept_b, room;

    if (concurrent >= (double)grid_m * (double)grid_n) { /* all tiles at once: each operand passes once */
        panels = 1.0;
        waves_of_panel = 1.0;
    }
    kept_a = kept_share(panel_bytes, capacity);
    room = clamp(capacity - panel_bytes, 0.0, capacity);
    kept_b = kept_share(b, room > 0.25 * capacity ? room : 0.25 * capacity);
    if (b > 2.0 * capacity) /* streamed through: nothing is left of it when the next panel starts */
        kept_b = 0.0;
    out->panel_rows = rows;
    out->a_dram_bytes = (a * (1.0 + (waves_of_panel - 1.0) * (1.0 - kept_a))) * batch;
    out->b_dram_bytes = (b * (1.0 + (panels - 1.0) * (1.0 - kept_b))) * batch;
    out->a_dram_bytes = clamp(out->a_dram_bytes - (double)warm->a_bytes, 0.0, INFINITY);
    out->b_dram_bytes = clamp(out->b_dram_bytes - (double)warm->b_bytes, 0.0, INFINITY);
    out->a_miss_share = clamp(out->a_dram_bytes / (a * waves_of_panel * batch + 1.0), 0.0, 1.0);
    out->b_miss_share = clamp(out->b_dram_bytes / (b * panels * batch + 1.0), 0.0, 1.0);
    out->write_dram_bytes = clamp((double)g->out_bytes - capacity, 0.0, INFINITY);
}
