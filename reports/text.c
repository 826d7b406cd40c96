/* SPDX-License-Identifier: Apache-2.0 */
/* Cells, rules, bars and numbers of terminal reports. */
#include "reports/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const escapes[] = {
    [TEXT_PLAIN] = "", [TEXT_BOLD] = "\033[1m", [TEXT_DIM] = "\033[2m", [TEXT_RED] = "\033[31m", [TEXT_GREEN] = "\033[32m",
    [TEXT_YELLOW] = "\033[33m", [TEXT_BLUE] = "\033[34m", [TEXT_MAGENTA] = "\033[35m", [TEXT_CYAN] = "\033[36m",
};

enum { FITTED_MIN = 8 }; /* no narrower than that: lines must take a character at least */

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct text_style text_style_within(const struct report_style *style, int least, int most)
{
    int columns = style->columns < least ? least : style->columns > most ? most : style->columns;

    return (struct text_style){ columns, style->colour, style->utf8 };
}

/* Bytes of the escape sequence of a colour at the beginning of a text; 0: there is none. */
static size_t escape_bytes(const char *text)
{
    size_t n = text[0] == '\033' && text[1] == '[' ? 2 + strspn(text + 2, "0123456789;") : 0;

    return n > 0 && text[n] == 'm' ? n + 1 : 0;
}

int text_width(const char *text)
{
    int width = 0;

    while (*text) {
        size_t escape = escape_bytes(text);

        width += !escape && !continues(*text);
        text += escape ? escape : 1;
    }
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

int text_first_line(size_t *bytes, const char *text, int room)
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
        int width = text_first_line(&bytes, text, room);

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

/* Bytes of a line without the blanks at its end. */
static size_t kept_bytes(const char *line, size_t bytes)
{
    while (bytes > 0 && line[bytes - 1] == ' ')
        bytes--;
    return bytes;
}

void text_trimmed(FILE *out, const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");

        fwrite(line, 1, kept_bytes(line, length), out);
        fputc('\n', out);
        line += length + (line[length] == '\n');
    }
}

/* Column under which a long line goes on: behind its label, which two blanks end, else where it began, or 2. */
static int hanging_indent(const char *line, size_t bytes, int columns)
{
    size_t i = strspn(line, " ");
    int column = 0, own = (int)i, otherwise = own == 0 ? 2 : own <= columns / 2 ? own : 0;

    while (i < bytes && column < columns) {
        size_t escape = escape_bytes(line + i);

        if (i > (size_t)own && line[i] != ' ' && i >= 2 && line[i - 1] == ' ' && line[i - 2] == ' ')
            return own + column <= columns / 2 ? own + column : otherwise;
        column += !escape && !continues(line[i]);
        i += escape ? escape : 1;
    }
    return otherwise;
}

/* Bytes of what fits into `room` columns, up to a blank where one is after the indentation, else behind a comma; `cut`: else in the middle of a word. */
static size_t fitting_bytes(const char *line, size_t bytes, int room, bool cut)
{
    size_t i = strspn(line, " "), blank = 0, comma = 0;
    int width = (int)i;

    while (i < bytes) {
        size_t escape = escape_bytes(line + i);

        if (line[i] == ' ' && line[i - 1] != ' ')
            blank = i;
        if (!escape && !continues(line[i]) && width++ == room)
            return blank ? blank : comma ? comma : cut ? i : 0;
        if (line[i] == ',')
            comma = i + 1;
        i += escape ? escape : 1;
    }
    return bytes;
}

static void fit_line(FILE *out, const char *line, size_t bytes, int columns)
{
    int hang = hanging_indent(line, bytes, columns), indent = 0;

    while (bytes > 0) {
        size_t n = fitting_bytes(line, bytes, columns - indent, indent == 0);

        if (n == 0) { /* a word too wide for what the indentation leaves */
            indent = 0;
            continue;
        }
        fprintf(out, "%*s", indent, "");
        fwrite(line, 1, kept_bytes(line, n), out);
        for (line += n, bytes -= n; bytes > 0 && *line == ' '; line++, bytes--)
            ;
        if (bytes > 0)
            fputc('\n', out);
        indent = hang;
    }
    fputc('\n', out);
}

void text_fitted(FILE *out, const char *text, int columns)
{
    columns = columns < FITTED_MIN ? FITTED_MIN : columns;
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");

        fit_line(out, line, kept_bytes(line, length), columns);
        line += length + (line[length] == '\n');
    }
}

FILE *text_page_begin(struct text_page *page)
{
    *page = (struct text_page){ 0 };
    page->out = open_memstream(&page->text, &page->bytes);
    return page->out ? page->out : stdout;
}

void text_page_end(struct text_page *page, FILE *to, const struct text_style *style)
{
    if (page->out && fclose(page->out) == 0)
        text_fitted(to, page->text, style->columns);
    free(page->text);
}
