/* SPDX-License-Identifier: Apache-2.0 */
/* The die of a run's chip as tiles in proportion to the area of its blocks (docs/cost.md). Tiles are laid in rows, largest first, as
 * squarified treemaps do: Bruls, Huizing and van Wijk, 2000. */
#include "reports/figure_kinds.h"

#include <math.h>
#include <string.h>

#include "costmodel/die.h"

enum { TILES_MAX = DIE_BLOCKS + SM_PARTS };

static const double letter_pt = 3.3, line_pt = 7.5; /* of the text in tiles */

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

struct drawing {
    const struct figure_input *in;
    double *box[4], *text_x, *text_y;
    uint32_t *rgb;
    const char **names, **texts, *legend;
    int n, lines, numbered;
};

static bool open_drawing(struct drawing *d, const struct figure_input *in)
{
    double *v = arena_array(in->arena, 8 * TILES_MAX, sizeof *v);

    *d = (struct drawing){ .in = in, .text_x = v + 4 * TILES_MAX, .text_y = v + 6 * TILES_MAX, .rgb = arena_array(in->arena, TILES_MAX, sizeof *d->rgb),
                           .names = arena_array(in->arena, TILES_MAX, sizeof *d->names), .texts = arena_array(in->arena, 2 * TILES_MAX, sizeof *d->texts),
                           .legend = "" };
    for (int i = 0; v && i < 4; i++)
        d->box[i] = v + i * TILES_MAX;
    return v && d->rgb && d->names && d->texts;
}

static void add_line(struct drawing *d, double x, double y, const char *text)
{
    d->text_x[d->lines] = x;
    d->text_y[d->lines] = y;
    d->texts[d->lines++] = text;
}

/* A tile's name over its area where both fit, on one line where that fits; else a number that the caption explains. */
static bool add_tile(struct drawing *d, const struct tile *t)
{
    static const uint32_t colours[] = { 0x56B4E9, 0xE69F00, 0x5FC8A8, 0xE8A0C8, 0xF0E442, 0xDADADA, 0xF2A679, 0xA8BBD8, 0xFFFFFF, 0xC8B88A, 0xB5E0C0 };
    struct arena *arena = d->in->arena;
    double pt = d->in->width_in * 72 - 18, width = (t->x_high - t->x) * pt, height = (t->y_high - t->y) * pt, x = (t->x + t->x_high) / 2, y = (t->y + t->y_high) / 2;
    const char *area = figure_number(t->mm2, arena), *both = area ? arena_printf(arena, "%s %s", t->name, area) : NULL;

    if (!both)
        return false;
    d->box[0][d->n] = t->x, d->box[1][d->n] = t->y, d->box[2][d->n] = t->x_high, d->box[3][d->n] = t->y_high;
    d->rgb[d->n] = colours[d->n % (int)(sizeof colours / sizeof colours[0])];
    d->names[d->n++] = both;
    if (width > letter_pt * (double)strlen(both) + 4 && height > line_pt) {
        add_line(d, x, y, both);
    } else if (width > letter_pt * (double)strlen(t->name) + 4 && height > 2 * line_pt) {
        add_line(d, x, y + 0.5 * line_pt / pt, t->name);
        add_line(d, x, y - 0.5 * line_pt / pt, area);
    } else {
        const char *number = arena_printf(arena, "%d", ++d->numbered);

        if (!number || !(d->legend = arena_printf(arena, "%s%s%s %s", d->legend, *d->legend ? ", " : "", number, both)))
            return false;
        if (width > 4 && height > 6)
            add_line(d, x, y, number);
    }
    return true;
}

/* A caption's words in lines of `width` characters. NULL: no memory. */
static const char *broken(const char *text, size_t width, struct arena *arena)
{
    char *out = arena_strdup(arena, text);
    size_t start = 0, blank = 0;

    for (size_t i = 0; out && out[i]; i++) {
        blank = out[i] == ' ' && i > 0 && out[i - 1] == ',' ? i : blank;
        if (i - start > width && blank > start) {
            out[blank] = '\n';
            start = blank + 1;
        }
    }
    return out;
}

static enum status find_die(struct die_area *die, const struct hardware **hw, const struct figure_input *in, struct error *err)
{
    const struct technology *technology;
    struct synthesis synthesis;
    struct arch_floorplan plan;
    enum status st;

    if ((st = figure_hardware(hw, &in->runs[0], in->arena, err)) || (st = technology_load(&technology, NULL, in->arena, err)) ||
        (st = synthesis_load(&synthesis, technology, NULL, 0, in->arena, err)) || (st = floorplan_read(&plan, *hw, err)))
        return st;
    return die_area_of(die, &plan, *hw, &synthesis, err);
}

static enum status draw(struct figure_page *page, const struct figure_input *in, struct error *err)
{
    const double aspect = 0.62;
    struct tile tiles[TILES_MAX];
    const struct hardware *hw;
    struct drawing d;
    struct die_area die;
    enum status st = open_drawing(&d, in) ? find_die(&die, &hw, in, err) : error_no_memory(err);

    if (st)
        return st;
    int n = tiles_of(tiles, &die);
    lay(tiles, n, 0, 0, 1, aspect);
    for (int i = 0; i < n; i++)
        if (!add_tile(&d, &tiles[i]))
            return error_no_memory(err);
    figure_add(page, (struct figure_series){ .mark = FIGURE_BOXES, .count = n, .x = d.box[0], .y = d.box[1], .x_high = d.box[2], .high = d.box[3], .texts = d.names,
                                             .rgb = d.rgb });
    figure_add(page, (struct figure_series){ .mark = FIGURE_TEXTS, .colour = FIGURE_BLACK, .align = FIGURE_CENTRE, .count = d.lines, .x = d.text_x, .y = d.text_y,
                                             .texts = d.texts });
    const char *legend = broken(d.legend, (size_t)(in->width_in * 72 / letter_pt) - 6, in->arena);
    page->figure.caption = legend ? arena_printf(in->arena, "Areas in mm2; the die %.4g (%.4g to %.4g).\n%s%s", die.total_mm2.likely, die.total_mm2.low,
                                                 die.total_mm2.high, legend, *legend ? "\n" : "") : NULL;
    struct figure_axis x = { .label = "", .low = 0, .high = 1, .hidden = true }, y = { .label = "", .low = 0, .high = aspect, .hidden = true };
    int lines = 1;
    for (const char *c = legend; c && *c; c++)
        lines += c == legend || *c == '\n';
    figure_finish(page, in, arena_printf(in->arena, "Die area of %s", hw->name), x, y, FIGURE_KEY_NONE, in->width_in * aspect + 0.3 + 0.12 * lines);
    return page->figure.caption ? STATUS_OK : error_no_memory(err);
}

const struct figure_kind figure_area = {
    .name = "area", .summary = "tiles: area of the blocks of one run's chip", .runs_max = 1, .draw = draw,
};
