/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, rules, bars and numbers of terminal reports. */
#include "reports/text.h"

#include <math.h>
#include <string.h>

#include "reports/run_report.h"

static const char *const escapes[] = {
    [TEXT_PLAIN] = "", [TEXT_BOLD] = "\033[1m", [TEXT_DIM] = "\033[2m", [TEXT_RED] = "\033[31m", [TEXT_GREEN] = "\033[32m",
    [TEXT_YELLOW] = "\033[33m", [TEXT_BLUE] = "\033[34m", [TEXT_MAGENTA] = "\033[35m", [TEXT_CYAN] = "\033[36m",
};

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct text_style text_style_within(const struct report_style *style, int least, int most)
{
    int columns = style->columns < least ? least : style->columns > most ? most : style->columns;

    return (struct text_style){ columns, style->colour, style->utf8 };
}

int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += !continues(*text);
    return width;
}

static void put_characters(FILE *out, const char *text, int count)
{
    for (int done = 0; *text; text++) {
        if (!continues(*text) && done++ == count)
            return;
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
    }
}

static void begin(FILE *out, const struct text_style *style, enum text_colour colour)
{
    if (style->colour && colour != TEXT_PLAIN)
        fputs(escapes[colour], out);
}

static void end(FILE *out, const struct text_style *style, enum text_colour colour)
{
    if (style->colour && colour != TEXT_PLAIN)
        fputs("\033[0m", out);
}

void text_cell(FILE *out, const struct text_style *style, enum text_colour colour, int width, const char *text)
{
    int room = width < 0 ? -width : width, used = text_width(text);
    bool cut = used > room;
    int pad = cut ? 0 : room - used;

    if (width < 0)
        fprintf(out, "%*s", pad, "");
    begin(out, style, colour);
    put_characters(out, text, cut ? room - 1 : used);
    if (cut)
        fputs(style->utf8 ? "…" : "~", out);
    end(out, style, colour);
    if (width > 0)
        fprintf(out, "%*s", pad, "");
}

/* Characters, and with *bytes their bytes, of the first line of a text in `room` columns (1 or more). */
static int first_line(size_t *bytes, const char *text, int room)
{
    int width = 0, blank_width = 0, comma_width = 0;
    size_t blank = 0, comma = 0, i = 0;

    for (; text[i]; i++) {
        if (text[i] == ' ' && i > 0 && text[i - 1] != ' ') {
            blank = i;
            blank_width = width;
        }
        if (!continues(text[i]) && width++ == room) {
            *bytes = blank ? blank : comma ? comma : i;
            return blank ? blank_width : comma ? comma_width : room;
        }
        if (text[i] == ',') {
            comma = i + 1;
            comma_width = width;
        }
    }
    *bytes = i;
    return width;
}

void text_wrap(FILE *out, const struct text_style *style, enum text_colour colour, int indent, const char *text)
{
    int room = style->columns - indent > 1 ? style->columns - indent : 1;

    for (bool first = true; first || *text; first = false) {
        size_t bytes;
        int width = first_line(&bytes, text, room);

        if (!first)
            fprintf(out, "%*s", indent, "");
        begin(out, style, colour);
        put_characters(out, text, width);
        end(out, style, colour);
        fputc('\n', out);
        text += bytes;
        text += strspn(text, " ");
    }
}

void text_rule(FILE *out, const struct text_style *style)
{
    begin(out, style, TEXT_DIM);
    for (int i = 0; i < style->columns; i++)
        fputs(style->utf8 ? "─" : "-", out);
    end(out, style, TEXT_DIM);
    fputc('\n', out);
}

void text_bar(FILE *out, const struct text_style *style, enum text_colour colour, double share, int width)
{
    static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    double exact = share > 0 ? (share < 1 ? share : 1) * width : 0;
    int parts = style->utf8 ? 8 : 1;
    int units = (int)floor(exact * parts + 0.5);
    int whole = units / parts, rest = units % parts;

    begin(out, style, colour);
    for (int i = 0; i < whole; i++)
        fputs(style->utf8 ? "█" : "#", out);
    fputs(eighths[rest], out);
    end(out, style, colour);
    fprintf(out, "%*s", width - whole - (rest > 0), "");
}

/* Four significant digits; values are scaled to [1, 1000) before. */
static int digits_after_point(double scaled)
{
    return scaled >= 999.95 ? 0 : scaled >= 99.995 ? 1 : scaled >= 9.9995 ? 2 : 3;
}

void text_time(char *out, size_t bytes, int64_t time_ps)
{
    static const struct { double limit_ps, unit_ps; const char *name; } units[] = {
        { 999.5e3, 1e3, "ns" }, { 999.95e6, 1e6, "us" }, { 999.95e9, 1e9, "ms" }, { INFINITY, 1e12, "s" },
    };
    size_t i = 0;

    while ((double)time_ps >= units[i].limit_ps)
        i++;
    double scaled = (double)time_ps / units[i].unit_ps;
    snprintf(out, bytes, "%.*f %s", digits_after_point(scaled), scaled, units[i].name);
}

static void scale(char *out, size_t bytes, double value, double base, const char *const *prefixes, int count, const char *unit)
{
    int i = 0;

    for (; i + 1 < count && fabs(value) >= base * 0.99995; i++)
        value /= base;
    snprintf(out, bytes, "%.*f %s%s", i == 0 && value == floor(value) ? 0 : digits_after_point(fabs(value)), value, prefixes[i], unit);
}

void text_bytes(char *out, size_t bytes, double value)
{
    static const char *const prefixes[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi" };

    scale(out, bytes, value, 1024, prefixes, 6, "B");
}

void text_si(char *out, size_t bytes, double value, const char *unit)
{
    static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
    static const char *const small[] = { "", "m", "u", "n", "p" };
    int i = 0;

    if (fabs(value) >= 0.99995 || value == 0) {
        scale(out, bytes, value, 1000, prefixes, 7, unit);
        return;
    }
    for (; i < 4 && fabs(value) < 0.99995; i++)
        value *= 1000;
    snprintf(out, bytes, "%.*f %s%s", digits_after_point(fabs(value)), value, small[i], unit);
}

void text_count(char *out, size_t bytes, int64_t value)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    size_t used = 0;

    for (int i = 0; i < length && used + 2 < bytes; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

void text_trimmed(FILE *out, const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), kept = length;

        while (kept > 0 && line[kept - 1] == ' ')
            kept--;
        fwrite(line, 1, kept, out);
        fputc('\n', out);
        line += length + (line[length] == '\n');
    }
}
