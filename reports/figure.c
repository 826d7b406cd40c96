/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as gnuplot scripts (reports/figure.h). All text is single-quoted and not "enhanced": gnuplot substitutes nothing inside it. */
#include "reports/figure.h"

#include <string.h>

#include "base/clocale.h"
#include "base/textfile.h"
#include "base/utf8.h"
#include "reports/gnuplot.h"

static const double points_per_in = 72.0;
static const double left_pt = 40, right_pt = 9, top_pt = 16, bottom_pt = 31, caption_line_pt = 8.5; /* around a panel's axes */

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

static void data_blocks(FILE *out, const struct figure *f)
{
    for (int p = 0; p < f->count; p++)
        for (int s = 0; s < f->panels[p].count; s++) {
            const struct figure_series *series = &f->panels[p].series[s];

            fprintf(out, "$p%ds%d << EOD\n", p, s);
            for (int64_t i = 0; i < series->count; i++) {
                fprintf(out, "%.6g %.6g", series->x[i], series->y[i]);
                if (series->mark == FIGURE_BAND)
                    fprintf(out, " %.6g", series->high[i]);
                fputc('\n', out);
            }
            fputs("EOD\n", out);
        }
}

/* ---- panels ---- */

static void axis(FILE *out, char name, const struct figure_axis *a)
{
    fprintf(out, "%s logscale %c\nset format %c '%s'\nset %crange [%.6g:%.6g]\nset m%ctics %d\nset %clabel ", a->log ? "set" : "unset", name, name,
            a->log ? "10^{%L}" : "%g", name, a->low, a->high, name, a->log ? 10 : 1, name);
    quoted_whole(out, a->label);
    fprintf(out, " noenhanced offset %s\n", name == 'x' ? "0,1.0" : "1.4,0");
}

static void key(FILE *out, enum figure_key where)
{
    static const char *const places[] = {
        [FIGURE_KEY_TOP_LEFT] = "at graph 0.02, graph 0.985 left top Left reverse",
        [FIGURE_KEY_TOP_RIGHT] = "at graph 0.98, graph 0.985 right top Right noreverse",
        [FIGURE_KEY_BOTTOM_RIGHT] = "at graph 0.98, graph 0.03 right bottom Right noreverse",
    };

    if (where == FIGURE_KEY_NONE)
        fputs("unset key\n", out);
    else
        fprintf(out, "set key %s samplen 0.9 spacing 0.95 noenhanced font ',6.5'\n", places[where]);
}

static void series(FILE *out, const struct figure_series *s, int panel, int index)
{
    const char *colour = colour_of(s->colour);

    fprintf(out, "%s $p%ds%d ", index ? ", \\\n    " : "plot", panel, index);
    switch (s->mark) {
    case FIGURE_POINTS:      fprintf(out, "using 1:2 with points pt 7 ps 0.22 lc rgb '%s'", colour); break;
    case FIGURE_LINE:        fprintf(out, "using 1:2 with lines lw 0.7 dt %s lc rgb '%s'", s->dashed ? "(4,3)" : "1", colour); break;
    case FIGURE_LINE_POINTS: fprintf(out, "using 1:2 with linespoints lw 1.1 pt 7 ps 0.3 dt %s lc rgb '%s'", s->dashed ? "(4,3)" : "1", colour); break;
    case FIGURE_BAND:        fprintf(out, "using 1:2:3 with filledcurves fs solid noborder lc rgb '%s'", colour); break;
    }
    if (!s->label) {
        fputs(" notitle", out);
        return;
    }
    fputs(" title ", out);
    quoted_whole(out, s->label);
}

static void panel(FILE *out, const struct figure *f, int index, double from, double to)
{
    const struct figure_panel *p = &f->panels[index];
    double width_pt = f->width_in * points_per_in, height_pt = f->height_in * points_per_in;
    double below_pt = bottom_pt + caption_line_pt * caption_lines(f);

    fprintf(out, "set lmargin at screen %.5f\nset rmargin at screen %.5f\nset bmargin at screen %.5f\nset tmargin at screen %.5f\n",
            from + left_pt / width_pt, to - right_pt / width_pt, below_pt / height_pt, 1.0 - top_pt / height_pt);
    axis(out, 'x', &p->x);
    axis(out, 'y', &p->y);
    key(out, p->key);
    fputs("set label 100 ", out);
    quoted_whole(out, p->title);
    fprintf(out, " at screen %.5f, screen %.5f left noenhanced font ',8'\n", from + left_pt / width_pt, 1.0 - 0.6 * top_pt / height_pt);
    for (int s = 0; s < p->count; s++)
        series(out, &p->series[s], index, s);
    fputs(p->count ? "\nunset label\n" : "plot 1/0 notitle\nunset label\n", out);
}

bool figure_script(FILE *out, const struct figure *f)
{
    struct clocale locale = clocale_enter();
    double shares = 0.0, from = 0.0;

    fprintf(out, "set encoding utf8\nset terminal svg enhanced font 'Arial,8' size %.0f,%.0f linewidth 1 rounded background 'white'\n",
            f->width_in * points_per_in, f->height_in * points_per_in);
    fputs("set minussign\nset border 3 lw 0.6 lc rgb '#404040'\nset tics nomirror out scale 0.5 font ',7' textcolor rgb 'black'\n"
          "set xtics offset 0,0.3\nset ytics offset 0.6,0\nset grid lt 1 lc rgb '#E6E6E6' lw 0.4\n", out);
    data_blocks(out, f);
    fputs("set multiplot\n", out);
    caption(out, f);
    for (int i = 0; i < f->count; i++)
        shares += f->panels[i].share;
    for (int i = 0; i < f->count; i++) {
        double to = from + f->panels[i].share / shares;

        panel(out, f, i, from, to);
        from = to;
    }
    fputs("unset multiplot\n", out);
    clocale_leave(locale);
    return !ferror(out);
}

/* ---- files ---- */

static enum status check_name(const char *path, struct error *err)
{
    size_t n = strlen(path);

    if (n > 4 && strcmp(path + n - 4, ".svg") == 0)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "'%s' is no place for a figure, expected a name that ends in .svg", path);
}

enum status figure_ready(const char *path, struct error *err)
{
    enum status st = check_name(path, err);

    return st || (st = outfile_ready(path, NULL, 0, err)) ? st : gnuplot_find(err);
}

enum status figure_write_svg(const char *path, const struct figure *f, struct error *err)
{
    FILE *script = NULL;
    struct outfile *out;
    enum status st = check_name(path, err);

    if (st || (st = outfile_open(&out, path, err)))
        return st;
    if (!(script = tmpfile()) || !figure_script(script, f))
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
