/* SPDX-License-Identifier: Apache-2.0 */
/* The die of a run's chip as tiles in proportion to the area of its blocks (docs/cost.md). Tiles are laid in rows, largest first, as
 * squarified treemaps do: Bruls, Huizing and van Wijk, 2000. */
#include "reports/figure_kinds.h"

#include <math.h>
#include <string.h>

#include "costmodel/die.h"

enum { TILES_MAX = DIE_BLOCKS + SM_PARTS };

struct tile { const char *name; double mm2; double x, y, x_high, y_high; };

/* Worst side ratio of tiles[0 .. n) in a strip along a side. */
static double worst(const struct tile *tiles, int n, double side, double scale)
{
    double sum = 0, ratio = 0;

    for (int i = 0; i < n; i++)
        sum += tiles[i].mm2 * scale;
    for (int i = 0; i < n; i++) {
        double a = tiles[i].mm2 * scale, r = side * side * a / (sum * sum);
        ratio = fmax(ratio, fmax(r, 1 / r));
    }
    return ratio;
}

/* Fills the rectangle, strip by strip along its shorter side. */
static void lay(struct tile *tiles, int count, double x, double y, double width, double height)
{
    double left = 0;

    for (int i = 0; i < count; i++)
        left += tiles[i].mm2;
    for (int first = 0, n; first < count; first += n) {
        double scale = width * height / left, side = fmin(width, height), strip = 0, at = 0;

        for (n = 1; first + n < count && worst(tiles + first, n + 1, side, scale) <= worst(tiles + first, n, side, scale); n++)
            ;
        for (int i = 0; i < n; i++)
            strip += tiles[first + i].mm2;
        double depth = strip * scale / side;
        for (int i = first; i < first + n; i++) {
            double length = tiles[i].mm2 * scale / depth;
            bool column = width >= height;

            tiles[i].x = column ? x : x + at, tiles[i].x_high = column ? x + depth : x + at + length;
            tiles[i].y = column ? y + at : y, tiles[i].y_high = column ? y + at + length : y + depth;
            at += length;
        }
        if (width >= height)
            x += depth, width -= depth;
        else
            y += depth, height -= depth;
        left -= strip;
    }
}

/* Blocks of the die; the cores by their parts. */
static int tiles_of(struct tile *tiles, const struct die_area *die)
{
    double parts = 0, cores = die->block_mm2[DIE_CORES].likely;
    int n = 0;

    for (int i = 0; i < SM_PARTS; i++)
        parts += die->sm_mm2[i].likely;
    for (int i = 0; i < SM_PARTS; i++)
        if (die->sm_mm2[i].likely > 0)
            tiles[n++] = (struct tile){ .name = sm_part_names[i], .mm2 = cores * die->sm_mm2[i].likely / parts };
    for (int i = 0; i < DIE_BLOCKS; i++)
        if (i != DIE_CORES && die->block_mm2[i].likely > 0)
            tiles[n++] = (struct tile){ .name = die_block_names[i], .mm2 = die->block_mm2[i].likely };
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && tiles[k].mm2 > tiles[k - 1].mm2; k--) {
            struct tile t = tiles[k];
            tiles[k] = tiles[k - 1];
            tiles[k - 1] = t;
        }
    return n;
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    static const uint32_t colours[] = { 0x56B4E9, 0xE69F00, 0x5FC8A8, 0xE8A0C8, 0xF0E442, 0xDADADA, 0xF2A679 };
    const double aspect = 0.62;
    double *v = arena_array(in->arena, 6 * TILES_MAX, sizeof *v);
    const char **texts = arena_array(in->arena, TILES_MAX, sizeof *texts), **names = arena_array(in->arena, TILES_MAX, sizeof *names);
    uint32_t *rgb = arena_array(in->arena, TILES_MAX, sizeof *rgb);
    struct tile tiles[TILES_MAX];
    const struct technology *technology;
    struct synthesis synthesis;
    struct arch_floorplan plan;
    const struct hardware *hw;
    struct die_area die;
    int n, named = 0;
    enum status st;

    if (!v || !texts || !names || !rgb)
        return error_no_memory(err);
    if ((st = figure_hardware(&hw, &in->runs[0], in->arena, err)) || (st = technology_load(&technology, NULL, in->arena, err)) ||
        (st = synthesis_load(&synthesis, technology, NULL, 0, in->arena, err)) || (st = floorplan_read(&plan, hw, err)) ||
        (st = die_area_of(&die, &plan, hw, &synthesis, err)))
        return st;
    n = tiles_of(tiles, &die);
    lay(tiles, n, 0, 0, 1, aspect);
    for (int i = 0; i < n; i++) {
        const struct tile *t = &tiles[i];

        v[i] = t->x, v[TILES_MAX + i] = t->y, v[2 * TILES_MAX + i] = t->x_high, v[3 * TILES_MAX + i] = t->y_high;
        rgb[i] = colours[i % 7];
        const char *text = arena_printf(in->arena, "%s %.3g", t->name, t->mm2);
        if (!text)
            return error_no_memory(err);
        names[i] = text;
        if (((t->x_high - t->x) * in->width_in * 72 > 3.9 * (double)strlen(text)) && (t->y_high - t->y) * in->width_in * 72 > 8) {
            v[4 * TILES_MAX + named] = (t->x + t->x_high) / 2, v[5 * TILES_MAX + named] = (t->y + t->y_high) / 2;
            texts[named++] = text;
        }
    }
    figure_add(page, (struct figure_series){ .mark = FIGURE_BOXES, .count = n, .x = v, .y = v + TILES_MAX, .x_high = v + 2 * TILES_MAX,
                                             .high = v + 3 * TILES_MAX, .texts = names, .rgb = rgb });
    figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .centred = true, .count = named, .x = v + 4 * TILES_MAX,
                                             .y = v + 5 * TILES_MAX, .texts = texts });
    page->figure.caption = arena_printf(in->arena, "%.4g mm2 (%.4g to %.4g).\nAreas in mm2; small tiles: see the .csv.\n", die.total_mm2.likely,
                                        die.total_mm2.low, die.total_mm2.high);
    struct figure_axis x = { .label = "", .low = 0, .high = 1, .hidden = true }, y = { .label = "", .low = 0, .high = aspect, .hidden = true };
    figure_finish(page, in, arena_printf(in->arena, "Die area of %s", hw->name), x, y, FIGURE_KEY_NONE, in->width_in * aspect + 0.45);
    return STATUS_OK;
}

const struct figure_kind figure_area = {
    .name = "area", .summary = "tiles: area of the blocks of one run's chip", .runs_max = 1, .draw = draw,
};
