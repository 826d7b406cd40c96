/* SPDX-License-Identifier: Apache-2.0 */
/** Plain-text tables for a terminal: columns counted in characters (not bytes), thin rules, bars, sparing colour. */
#ifndef LLMSIM_REPORTS_TEXT_H
#define LLMSIM_REPORTS_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum text_colour { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_RED, TEXT_GREEN, TEXT_YELLOW, TEXT_BLUE, TEXT_MAGENTA, TEXT_CYAN };

struct text_style {
    int columns;
    bool colour, utf8;
};

/** How the caller wants a report. */
struct report_style {
    int columns;   /* width of the terminal; a report fills at most 100 of them (rank 160) */
    bool colour;   /* ANSI colours */
    bool utf8;     /* rules and bars; else ASCII */
    int rows_max;  /* rows of each table of roles; the rest is one line; 0 = all */
};

/** The caller's style with columns no fewer than `least` and no more than `most`: tables need a width and gain nothing beyond another. */
struct text_style text_style_within(const struct report_style *style, int least, int most);

/** Characters of UTF-8 text (each counts one column: names are ASCII, units are narrow). Escape sequences of colours take none. */
int text_width(const char *text);

/** Characters, and with *bytes their bytes, of the first line of `text` in `room` columns (1 or more): up to a blank, else behind a comma,
 *  else what fits. */
int text_first_line(size_t *bytes, const char *text, int room);

/** `text` in `width` columns: width > 0 flush left, < 0 flush right; longer text is cut and ends in "…" (or "~"). Control bytes become '?'. */
void text_cell(FILE *out, const struct text_style *style, enum text_colour colour, int width, const char *text);

/** `text` from column `indent`, where the cursor is, over as many lines as it takes, and a newline. Lines break at blanks, else behind a
 *  comma, else where they are full; nothing is cut but blanks at a break. Control bytes become '?'. */
void text_wrap(FILE *out, const struct text_style *style, enum text_colour colour, int indent, const char *text);

/** A rule over all columns. */
void text_rule(FILE *out, const struct text_style *style);

/** A bar of at most `width` columns for share in [0, 1], padded with blanks to `width`. In UTF-8 an eighth of a column is resolved. */
void text_bar(FILE *out, const struct text_style *style, enum text_colour colour, double share, int width);

/** `text` without the blanks at the ends of its lines: cells are padded to their width. */
void text_trimmed(FILE *out, const char *text);

/** text_trimmed(), and no line is wider than `columns`: a longer one goes on below, under the text behind its label ("recipe      w=..."), else
 *  under its beginning, or indented by two. Lines break at blanks; a word is cut in two only where it is wider than a whole line. */
void text_fitted(FILE *out, const char *text, int columns);

/**
 * What is written into `out` of a page comes out fitted to the style's columns:
 *
 *     struct text_page page;
 *     FILE *out = text_page_begin(&page);
 *     fprintf(out, ...);
 *     text_page_end(&page, stdout, &style);
 *
 * `out` is never NULL: without memory for the page it is standard output, and lines stay as they are.
 */
struct text_page { char *text; size_t bytes; FILE *out; };
FILE *text_page_begin(struct text_page *page);
void  text_page_end(struct text_page *page, FILE *to, const struct text_style *style);

/** Four significant digits and a fitting prefix: "812.4 ms", "23.41 us", "1204 s". */
void text_time(char *out, size_t bytes, int64_t time_ps);
/** "61.2 GiB" */
void text_bytes(char *out, size_t bytes, double value);
/** SI prefixes: value 1.234e12, "FLOP/s" gives "1.234 TFLOP/s". */
void text_si(char *out, size_t bytes, double value, const char *unit);
/** Whole number with thin groups: 12 345 678. */
void text_count(char *out, size_t bytes, int64_t value);

#endif
