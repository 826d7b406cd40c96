/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as gnuplot scripts (reports/figure.h). All text is single-quoted and not "enhanced": gnuplot substitutes nothing inside it. */
#include "reports/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clocale.h"
#include "base/textfile.h"
#include "base/utf8.h"
#include "reports/gnuplot.h"
#include "reports/text.h"

static const double points_per_in = 72.0, title_letter = 0.52; /* width of a letter over its size, in the mean */
static const double left_pt = 40, right_pt = 9, top_pt = 16, bottom_pt = 31, caption_line_pt = 8.5; /* around a panel's axes */
static const double name_pt = 3.9, key_name_pt = 4.0, key_row_pt = 7.4, key_sample_pt = 27.0; /* a character of a name on an axis, of a key; a row; its sample */
static const double png_dpi = 300, dash_scale = 1.6; /* of dashes, which gnuplot counts in widths of the line */

static const char *colour_of(int colour)
{
    static const char *const palette[FIGURE_COLOURS] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F6000" };

    return colour == FIGURE_BLACK ? "#000000" : colour == FIGURE_GREY ? "#808080" : colour == FIGURE_PALE ? "#DADADA" : palette[colour % FIGURE_COLOURS];
}

/* ---- text ---- */

/* 'text' up to `bytes`: quotes doubled, control characters blank, malformed UTF-8 "?". */
static void quoted(FILE *out, const char *text, size_t bytes)
{
    fputc('\'', out);
    for (size_t i = 0, n; i < bytes; i += n) {
        uint32_t code = 0;

        n = utf8_decode(&code, (const unsigned char *)text + i, bytes - i);
        if (n == 0)
            fputc('?', out);
        else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            fputc(' ', out);
        else if (code == '\'')
            fputs("''", out);
        else
            fwrite(text + i, 1, n, out);
        n = n ? n : 1;
    }
    fputc('\'', out);
}

static void quoted_whole(FILE *out, const char *text) { quoted(out, text, strlen(text)); }

static int caption_lines(const struct figure *f)
{
    int lines = f->caption && *f->caption ? 1 : 0;

    for (const char *c = f->caption; c && *c; c++)
        lines += *c == '\n' && c[1];
    return lines;
}

static void caption(FILE *out, const struct figure *f)
{
    double height_pt = f->height_in * points_per_in;
    int line = 0, lines = caption_lines(f);

    for (const char *c = f->caption; c && *c; line++) {
        size_t n = strcspn(c, "\n");

        fprintf(out, "set label %d ", line + 1);
        quoted(out, c, n);
        fprintf(out, " at screen 0.012, screen %.5f left noenhanced font ',6.5' textcolor rgb '#505050'\n",
                ((double)(lines - line) - 0.3) * caption_line_pt / height_pt);
        c += n + (c[n] == '\n');
    }
}

/* ---- data ---- */

static void data_row(FILE *out, const struct figure_series *s, int64_t i)
{
    fprintf(out, "%.6g %.6g", s->x[i], s->y[i]);
    if (s->mark == FIGURE_BOXES)
        fprintf(out, " %.6g", s->x_high[i]);
    if (s->high)
        fprintf(out, " %.6g", s->high[i]);
    if (s->rgb)
        fprintf(out, " %u", (unsigned)s->rgb[i]);
    fputc('\n', out);
}

static void data_blocks(FILE *out, const struct figure *f)
{
    for (int p = 0; p < f->count; p++)
        for (int s = 0; s < f->panels[p].count; s++) {
            const struct figure_series *series = &f->panels[p].series[s];

            if (series->mark == FIGURE_TEXTS || series->count == 0)
                continue;
            fprintf(out, "$p%ds%d << EOD\n", p, s);
            for (int64_t i = 0; i < series->count; i++)
                data_row(out, series, i);
            fputs("EOD\n", out);
        }
}

/* ---- panels ---- */

double figure_names_pt(const struct figure_axis *a)
{
    int longest = 0;

    for (int i = 0; i < a->names_count; i++)
        longest = text_width(a->names[i]) > longest ? text_width(a->names[i]) : longest;
    return longest * name_pt;
}

/* Names under the axis stand upright where they do not fit side by side. */
static bool turned(const struct figure_axis *x, double width_pt) { return x->names && figure_names_pt(x) * x->names_count > 0.95 * width_pt; }

struct frame { double left, right, top, bottom, width_pt; int key_columns, key_longest; }; /* of the axes, shares of the screen */

static void key_size(int *columns, int *rows, int *widest, const struct figure_panel *p, double width_pt)
{
    int entries = 0, longest = 0;

    for (int s = 0; s < p->count; s++)
        if (p->series[s].label) {
            entries++;
            longest = text_width(p->series[s].label) > longest ? text_width(p->series[s].label) : longest;
        }
    *columns = (int)((width_pt + left_pt / 2) / (longest * key_name_pt + key_sample_pt));
    *columns = *columns < 1 ? 1 : *columns > entries && entries > 0 ? entries : *columns;
    *widest = longest;
    *rows = p->key == FIGURE_KEY_ABOVE ? (entries + *columns - 1) / *columns : 0;
}

static struct frame frame_of(const struct figure *f, const struct figure_panel *p, double from, double to)
{
    double width_pt = f->width_in * points_per_in, height_pt = f->height_in * points_per_in;
    double left = p->y.names ? 12 + (p->y.label[0] ? 15 : 0) + figure_names_pt(&p->y) : p->y.hidden ? right_pt : left_pt;
    double below = p->x.hidden ? right_pt : bottom_pt;
    struct frame frame;
    int rows;

    left = left > 0.5 * width_pt ? 0.5 * width_pt : left;
    double right = right_pt + p->margin_pt;
    frame.width_pt = (to - from) * width_pt - left - right;
    if (p->x.names)
        below = (turned(&p->x, frame.width_pt) ? 8 + figure_names_pt(&p->x) : 14) + (p->x.label[0] ? 12 : 0);
    below = below > 0.7 * height_pt ? 0.7 * height_pt : below;
    key_size(&frame.key_columns, &rows, &frame.key_longest, p, frame.width_pt);
    frame.left = from + left / width_pt;
    frame.right = to - right / width_pt;
    frame.bottom = (below + caption_line_pt * caption_lines(f)) / height_pt;
    frame.top = 1.0 - (top_pt + (rows ? 2 : 0) + rows * key_row_pt) / height_pt;
    return frame;
}

static void numbers(FILE *out, char name, const struct figure_axis *a)
{
    fprintf(out, a->step > 0 ? "set %ctics %.6g norotate\n" : "set %ctics auto norotate\n", name, a->step);
    fprintf(out, "%s logscale %c\nset format %c '%s'\nset %crange [%.6g:%.6g]\nset m%ctics %d\n", a->log ? "set" : "unset", name, name,
            a->log ? "10^{%L}" : "%g", name, a->low, a->high, name, a->log ? 10 : 1);
}

static void names(FILE *out, char name, const struct figure_axis *a, bool upright)
{
    fprintf(out, "unset logscale %c\nset format %c '%%g'\nunset m%ctics\nset %crange [%.6g:%.6g]\nset %ctics %s noenhanced scale 0 (", name, name, name,
            name, a->low, a->high, name, upright ? "rotate by 90 right" : "norotate");
    for (int i = 0; i < a->names_count; i++) {
        fputs(i ? ", " : "", out);
        quoted_whole(out, a->names[i]);
        fprintf(out, " %d", i + 1);
    }
    fputs(")\n", out);
}

/* In SVG gnuplot places the label of x; the other terminals take a line of text for half as high as it is, and would set it into the numbers. */
static void axis(FILE *out, char name, const struct figure_axis *a, double width_pt, bool svg)
{
    bool upright = name == 'x' && turned(a, width_pt);

    if (a->names)
        names(out, name, a, upright);
    else
        numbers(out, name, a);
    if (a->hidden)
        fprintf(out, "unset %ctics\n", name);
    fprintf(out, "set %clabel ", name);
    quoted_whole(out, name == 'y' || !svg ? "" : a->label); /* the others: edge_label(), below_label() */
    fprintf(out, " noenhanced offset 0,%s\n", a->names && !upright ? "0.6" : a->names ? "0" : "1.0");
}

/* The label of y stands at the panel's edge: where gnuplot places it depends on what each terminal takes for the width of the axis' texts. */
static void edge_label(FILE *out, const struct figure_axis *y, double from, double width_pt)
{
    if (!y->label[0])
        return;
    fputs("set label 101 ", out);
    quoted_whole(out, y->label);
    fprintf(out, " at screen %.5f, graph 0.5 center rotate by 90 noenhanced font ',8'\n", from + 6 / width_pt);
}

/* The label of x, above the caption. */
static void below_label(FILE *out, const struct figure *f, const struct figure_axis *x, const struct frame *frame)
{
    if (!x->label[0])
        return;
    fputs("set label 102 ", out);
    quoted_whole(out, x->label);
    fprintf(out, " at screen %.5f, screen %.5f center noenhanced font ',8'\n", (frame->left + frame->right) / 2,
            (caption_line_pt * caption_lines(f) + 9) / (f->height_in * points_per_in));
}

/* The SVG terminal takes text for wider and its lines for higher than they are drawn: fewer columns would fit, and rows would reach the title. */
static void key(FILE *out, enum figure_key where, const struct frame *frame, bool svg)
{
    static const char *const places[] = {
        [FIGURE_KEY_TOP_LEFT] = "at graph 0.02, graph 0.985 left top Left reverse",
        [FIGURE_KEY_TOP_RIGHT] = "at graph 0.98, graph 0.985 right top Right noreverse",
        [FIGURE_KEY_BOTTOM_RIGHT] = "at graph 0.98, graph 0.03 right bottom Right noreverse",
    };

    fputs("set key default\n", out);
    if (where == FIGURE_KEY_NONE)
        fputs("unset key\n", out);
    else if (where == FIGURE_KEY_ABOVE)
        fprintf(out, "set key at screen %.5f, screen %.5f left bottom horizontal maxcols %d Left reverse samplen 1.6 spacing %s width %.3g noenhanced font ',6.5'\n",
                frame->left, frame->top + 0.008, frame->key_columns, svg ? "0.76" : "0.95", svg ? -0.8 - 0.25 * frame->key_longest : 1);
    else
        fprintf(out, "set key %s samplen 0.9 spacing 0.95 noenhanced font ',6.5'\n", places[where]);
}

static void texts(FILE *out, const struct figure_series *s, int *label)
{
    static const char *const places[] = {
        [FIGURE_BEGIN] = "left offset char 0.6,0.25", [FIGURE_BESIDE] = "left offset char 0.4,0", [FIGURE_CENTRE] = "center", [FIGURE_UPRIGHT] = "rotate by 90 left",
    };

    for (int64_t i = 0; i < s->count; i++) {
        fprintf(out, "set label %d ", ++*label);
        quoted_whole(out, s->texts[i]);
        fprintf(out, " at first %.6g, first %.6g %s noenhanced front font ',6' textcolor rgb '%s'\n", s->x[i], s->y[i],
                places[s->align], s->rgb && s->rgb[i] ? "#FFFFFF" : colour_of(s->colour));
    }
}

static const char *fill(int pattern)
{
    static const char *const fills[] = { "solid 1", "pattern 4", "pattern 1", "pattern 5", "pattern 2", "pattern 6", "pattern 7" };

    return fills[pattern % (int)(sizeof fills / sizeof fills[0])];
}

/* gnuplot's: circle, square, triangle, diamond, filled, then hollow. */
static int shape(const struct figure_series *s)
{
    static const int shapes[] = { 7, 7, 5, 9, 13, 6, 4, 8, 12 };

    return shapes[s->shape % (int)(sizeof shapes / sizeof shapes[0])];
}

static void points(FILE *out, const struct figure_series *s, const char *colour)
{
    fprintf(out, "using 1:2 with points pt %d ps %s lc rgb '%s'", shape(s), s->shape ? "0.5" : "0.22", colour);
}

static void boxes(FILE *out, const struct figure_series *s, const char *colour)
{
    fprintf(out, "using (($1+$3)/2):(($2+$4)/2):1:3:2:4%s with boxxyerror fs %s %s lw 0.4 ", s->rgb ? ":5" : "", fill(s->pattern),
            s->borderless ? "noborder" : "border lc rgb '#404040'");
    if (s->rgb)
        fputs("fc rgb variable", out);
    else
        fprintf(out, "fc rgb '%s'", colour);
}

static void series(FILE *out, const struct figure_series *s, int panel, int index, bool first)
{
    const char *colour = colour_of(s->colour), *dashes = s->dashed ? "(5,4)" : "1";

    fprintf(out, "%s $p%ds%d ", first ? "plot" : ", \\\n    ", panel, index);
    switch (s->mark) {
    case FIGURE_POINTS:      points(out, s, colour); break;
    case FIGURE_LINE:        fprintf(out, "using 1:2 with lines lw 0.7 dt %s lc rgb '%s'", dashes, colour); break;
    case FIGURE_STEPS:       fprintf(out, "using 1:2 with steps lw 0.9 dt %s lc rgb '%s'", dashes, colour); break;
    case FIGURE_LINE_POINTS: fprintf(out, "using 1:2 with linespoints lw 1.1 pt %d ps %s dt %s lc rgb '%s'", shape(s), s->shape ? "0.45" : "0.3", dashes, colour);
                             break;
    case FIGURE_BAND:        fprintf(out, "using 1:2:3 with filledcurves fs %s noborder lc rgb '%s'", s->label ? fill(s->pattern) : "transparent solid 0.25", colour); break;
    case FIGURE_BOXES:       boxes(out, s, colour); break;
    case FIGURE_ERRORS:      fprintf(out, "using 1:2:(0):($3-$2) with vectors heads size screen 0.008,90 lw 0.8 lc rgb '%s'", colour); break;
    case FIGURE_TEXTS:       break;
    }
    if (!s->label) {
        fputs(" notitle", out);
        return;
    }
    fputs(" title ", out);
    quoted_whole(out, s->label);
}

/* Over the axes in 8 pt; a title that is too long for that begins at the panel's edge, and where it would be cut there it is smaller. */
static void title(FILE *out, const struct figure *f, const char *text, double left, double from, double to)
{
    double width_pt = f->width_in * points_per_in, least = title_letter * (text_width(text) + 1), size = (to - left) * width_pt / least;

    if (size < 8) {
        left = from + 3 / width_pt;
        size = (to - left) * width_pt / least;
    }
    fputs("set label 100 ", out);
    quoted_whole(out, text);
    fprintf(out, " at screen %.5f, screen %.5f left noenhanced font ',%.3g'\n", left, 1.0 - 0.6 * top_pt / (f->height_in * points_per_in),
            size > 8 ? 8 : size < 4.5 ? 4.5 : size);
}

static void panel(FILE *out, const struct figure *f, int index, double from, double to, bool svg)
{
    const struct figure_panel *p = &f->panels[index];
    struct frame frame = frame_of(f, p, from, to);
    int label = 1000, drawn = 0;

    fprintf(out, "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset bmargin at screen %.5f\nset tmargin at screen %.5f\n",
            frame.left, frame.right, frame.bottom, frame.top);
    fputs(p->x.hidden && p->y.hidden ? "unset border\nunset grid\n" : "set border 3 lw 0.6 lc rgb '#404040'\nset grid lt 1 lc rgb '#E6E6E6' lw 0.4\n", out);
    axis(out, 'x', &p->x, frame.width_pt, svg);
    axis(out, 'y', &p->y, frame.width_pt, svg);
    if (!svg)
        below_label(out, f, &p->x, &frame);
    edge_label(out, &p->y, from, f->width_in * points_per_in);
    key(out, p->key, &frame, svg);
    title(out, f, p->title, frame.left, from, to);
    for (int s = 0; s < p->count; s++)
        if (p->series[s].mark == FIGURE_TEXTS)
            texts(out, &p->series[s], &label);
    for (int s = 0; s < p->count; s++)
        if (p->series[s].mark != FIGURE_TEXTS && p->series[s].count > 0)
            series(out, &p->series[s], index, s, !drawn++);
    fputs(drawn ? "\nunset label\n" : "plot 1/0 notitle\nunset label\n", out);
}

/* ---- formats ---- */

static const struct format { const char *ending; void (*terminal)(FILE *, const struct figure *); } formats[3];

static void svg_terminal(FILE *out, const struct figure *f)
{
    fprintf(out, "set terminal svg enhanced font 'Arial,8' size %.0f,%.0f linewidth 1 dashlength 1.6 rounded background 'white'\n", f->width_in * points_per_in,
            f->height_in * points_per_in);
}

/* A point of pdfcairo's text is 1.33 pt, one of its lines 0.5 pt. */
static void pdf_terminal(FILE *out, const struct figure *f)
{
    fprintf(out, "set terminal pdfcairo enhanced color font 'Liberation Sans,8' fontscale 0.75 size %.4gin,%.4gin linewidth 2 dashlength %.2g rounded\n", f->width_in,
            f->height_in, dash_scale);
}

static void png_terminal(FILE *out, const struct figure *f)
{
    fprintf(out, "set terminal pngcairo enhanced color font 'Liberation Sans,8' fontscale %.6g size %.0f,%.0f linewidth %.6g pointscale %.6g dashlength %.6g "
                 "rounded\n", png_dpi / 96, f->width_in * png_dpi, f->height_in * png_dpi, png_dpi / points_per_in, png_dpi / points_per_in, dash_scale);
}

static const struct format formats[3] = { { ".svg", svg_terminal }, { ".pdf", pdf_terminal }, { ".png", png_terminal } };

static const struct format *format_of(const char *path)
{
    size_t n = strlen(path);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (n > 4 && strcmp(path + n - 4, formats[i].ending) == 0)
            return &formats[i];
    return NULL;
}

static bool script_for(FILE *out, const struct figure *f, const struct format *format)
{
    struct clocale locale = clocale_enter();
    double shares = 0.0, from = 0.0;

    fputs("set encoding utf8\n", out);
    format->terminal(out, f);
    fputs("set minussign\nset border 3 lw 0.6 lc rgb '#404040'\nset tics nomirror out scale 0.5 font ',7' textcolor rgb 'black'\n"
          "set xtics offset 0,0.3\nset ytics offset 0.6,0\nset grid lt 1 lc rgb '#E6E6E6' lw 0.4\n", out);
    data_blocks(out, f);
    fputs("set multiplot\n", out);
    caption(out, f);
    for (int i = 0; i < f->count; i++)
        shares += f->panels[i].share;
    for (int i = 0; i < f->count; i++) {
        double to = from + f->panels[i].share / shares;

        panel(out, f, i, from, to, format == &formats[0]);
        from = to;
    }
    fputs("unset multiplot\n", out);
    clocale_leave(locale);
    return !ferror(out);
}

bool figure_script(FILE *out, const struct figure *f) { return script_for(out, f, &formats[0]); }

/* ---- files ---- */

static enum status check_name(const char *path, struct error *err)
{
    if (format_of(path))
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "'%s' is no place for a figure, expected a name that ends in .svg, .pdf or .png", path);
}

enum status figure_ready(const char *path, struct error *err)
{
    enum status st = check_name(path, err);

    return st || (st = outfile_ready(path, NULL, 0, err)) ? st : gnuplot_find(err);
}

enum status figure_write(const char *path, const struct figure *f, struct error *err)
{
    FILE *script = NULL;
    struct outfile *out;
    enum status st = check_name(path, err);

    if (st || (st = outfile_open(&out, path, err)))
        return st;
    if (!(script = tmpfile()) || !script_for(script, f, format_of(path)))
        st = error_plain(err, STATUS_INTERNAL, "cannot write a temporary file: %m");
    else
        st = gnuplot_run(out, script, err);
    if (script)
        fclose(script);
    if (!st)
        return outfile_commit(out, err);
    outfile_abandon(out);
    return st;
}

static void csv_text(struct outfile *out, const char *text)
{
    outfile_printf(out, "\"");
    for (; text && *text; text++)
        outfile_write(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    outfile_printf(out, "\"");
}

/* One row for every point, box or text: panel, series, text, x, y, x_high, y_high. */
static void csv_data(struct outfile *out, const struct figure *f)
{
    outfile_printf(out, "panel,series,text,x,y,x_high,y_high\n");
    for (int p = 0; p < f->count; p++)
        for (int k = 0; k < f->panels[p].count; k++) {
            const struct figure_series *s = &f->panels[p].series[k];

            for (int64_t i = 0; i < s->count; i++) {
                csv_text(out, f->panels[p].title);
                outfile_printf(out, ",");
                csv_text(out, s->label);
                outfile_printf(out, ",");
                csv_text(out, s->texts ? s->texts[i] : "");
                outfile_printf(out, ",%.9g,%.9g,", s->x[i], s->y[i]);
                if (s->x_high)
                    outfile_printf(out, "%.9g", s->x_high[i]);
                outfile_printf(out, s->high ? ",%.9g\n" : ",\n", s->high ? s->high[i] : 0.0);
            }
        }
}

static void script_text(struct outfile *out, const struct figure *f)
{
    char *text = NULL;
    size_t bytes;
    FILE *script = open_memstream(&text, &bytes);

    outfile_printf(out, "# gnuplot FILE.gp > FILE.svg; for papers: set terminal pdfcairo enhanced color font 'Liberation Sans,8' fontscale 0.75 size "
                        "%.4gin,%.4gin linewidth 2 rounded\n", f->width_in, f->height_in);
    if (script && figure_script(script, f) && !fclose(script))
        outfile_write(out, text, bytes);
    free(text);
}

static enum status write_side(const char *path, const char *ending, const struct figure *f, void (*put)(struct outfile *, const struct figure *),
                              struct arena *arena, struct error *err)
{
    const char *name = arena_printf(arena, "%.*s%s", (int)strlen(path) - 4, path, ending);
    struct outfile *out;
    enum status st = name ? outfile_open(&out, name, err) : error_no_memory(err);

    if (st)
        return st;
    put(out, f);
    return outfile_commit(out, err);
}

enum status figure_write_all(const char *path, const struct figure *f, struct arena *arena, struct error *err)
{
    enum status st = figure_write(path, f, err);

    if (st || (st = write_side(path, ".gp", f, script_text, arena, err)))
        return st;
    return write_side(path, ".csv", f, csv_data, arena, err);
}
