/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Figures: panels side by side, each with two axes and series of points, lines and bands, written as SVG, PDF or PNG by gnuplot.
 *
 * One look for all: a column or a page wide, 8 pt, Okabe and Ito's colours (told apart by readers with any colour vision). Same figure, same bytes
 * with one version of gnuplot: no date, and the text stays text. Source of the palette: Okabe and Ito, "Color Universal Design", 2008.
 */
#ifndef LLMSIM_REPORTS_FIGURE_H
#define LLMSIM_REPORTS_FIGURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

enum figure_mark {
    FIGURE_POINTS, FIGURE_LINE, FIGURE_LINE_POINTS,
    FIGURE_STEPS,                /* a line that goes right, then up or down */
    FIGURE_BAND,                 /* from y to high */
    FIGURE_BOXES,                /* from (x, y) to (x_high, high): bars, cells, tiles */
    FIGURE_ERRORS,               /* whiskers from y to high */
    FIGURE_TEXTS,                /* texts at (x, y) */
};
/* Texts: beginning above and right of the place, right beside it, around it, or standing upright on it. */
enum figure_align { FIGURE_BEGIN, FIGURE_BESIDE, FIGURE_CENTRE, FIGURE_UPRIGHT };
/* ABOVE: between the title and the axes, in as many columns as fit. */
enum figure_key { FIGURE_KEY_NONE, FIGURE_KEY_TOP_LEFT, FIGURE_KEY_TOP_RIGHT, FIGURE_KEY_BOTTOM_RIGHT, FIGURE_KEY_ABOVE };

/** Colours: 0 .. FIGURE_COLOURS - 1 of the palette, or one of these. */
enum { FIGURE_COLOURS = 7, FIGURE_BLACK = 100, FIGURE_GREY, FIGURE_PALE };

struct figure_series {
    const char *label;           /* in the key; NULL: not there. Any text */
    enum figure_mark mark;
    int colour;
    bool dashed;
    int64_t count;
    const double *x, *y, *high;
    const double *x_high;        /* boxes */
    const char *const *texts;    /* texts; boxes: what the .csv calls each, not drawn. NULL: nothing */
    const uint32_t *rgb;         /* boxes: 0xRRGGBB of each, in place of `colour`; NULL: none */
    bool borderless;             /* boxes: so many that borders would hide them */
    int pattern;                 /* boxes, and bands with a label: 0 plain, 1.. hatched, so that neighbours differ in grey */
    int shape;                   /* points: 0 small dots, 1.. shapes that differ in grey */
    enum figure_align align;     /* texts */
};

struct figure_axis {
    const char *label;           /* any text */
    bool log;
    double low, high;            /* low < high; above 0 where log */
    const char *const *names;    /* of places 1, 2, .. names_count on the axis, in place of numbers; NULL: numbers */
    int names_count;
    bool hidden;                 /* no axis at all: tiles */
    double step;                 /* between numbers; 0: as they fit */
};

struct figure_panel {
    const char *title;
    double share;                /* of the width, in proportion to the others' */
    struct figure_axis x, y;
    enum figure_key key;
    const struct figure_series *series; /* drawn in this order */
    int count;
    double margin_pt;            /* room right of the axes, for texts there; 0: little */
};

struct figure {
    double width_in, height_in;  /* 3.3 a column, 6.9 a page */
    const struct figure_panel *panels;
    int count;
    const char *caption;         /* small, below; lines end in \n. NULL: none */
};

/** Width in points of the longest of an axis' names. */
double figure_names_pt(const struct figure_axis *a);

/** Can a figure be written to `path`? STATUS_BAD_INPUT: the name does not end in .svg, .pdf or .png, the place is not writable, gnuplot is absent.
 *  For those who have much to compute first. */
enum status figure_ready(const char *path, struct error *err);

/** Draws into `path`, in the format of its name, which is written whole or not at all. PDF: fonts embedded; PNG: 300 dpi.
 *  Errors as figure_ready(); STATUS_INTERNAL where gnuplot fails. */
enum status figure_write(const char *path, const struct figure *figure, struct error *err);

/** The same, and beside it what authors restyle it with: the script (.gp, which holds the data) and the data (.csv). */
enum status figure_write_all(const char *path, const struct figure *figure, struct arena *arena, struct error *err);

/** The gnuplot script of a figure, data included, for those who restyle it. False: it could not be written. */
bool figure_script(FILE *out, const struct figure *figure);

#endif
