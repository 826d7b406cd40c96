/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats of tables (reports/table.h). CSV: RFC 4180, a text that a spreadsheet would take for a formula stays as it is (names here never begin
 * so). TSV: tabs and line ends in a text become blanks. LaTeX: all ten special characters escaped, to be used with the package booktabs.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "base/utf8.h"
#include "reports/table.h"

enum { NAMES_MAX = 16, VALUE_MAX = 64, HEADING_MAX = 128 };

/* ---- values ---- */

/* Units that a name ends in, which a heading puts in parentheses instead. */
static const char *const suffixes[] = { "_s", "_j", "_w", "_bytes", "_js", "_tokens" };

void table_heading(char *out, size_t bytes, const struct table_column *column)
{
    size_t n = strlen(column->name);
    bool cut = false;

    for (size_t i = 0; *column->unit && !cut && i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t k = strlen(suffixes[i]);

        cut = n > k && strcmp(column->name + n - k, suffixes[i]) == 0 && (strchr(column->unit, '/') == NULL || column->unit[0] == 'J');
        n -= cut ? k : 0;
    }
    snprintf(out, bytes, "%.*s%s%s%s", (int)n, column->name, *column->unit ? " (" : "", column->unit, *column->unit ? ")" : "");
    for (char *c = out; *c && *c != '('; c++)
        *c = *c == '_' ? ' ' : *c;
}

static bool has_value(const struct table_cell *c)
{
    return c->kind == TABLE_TEXT ? c->text != NULL : c->kind == TABLE_INTEGER || (c->kind == TABLE_REAL && isfinite(c->real));
}

void table_value(char *out, size_t bytes, const struct table_cell *c, int digits)
{
    if (!has_value(c))
        snprintf(out, bytes, "%s", "");
    else if (c->kind == TABLE_INTEGER)
        snprintf(out, bytes, "%lld", (long long)c->whole);
    else
        snprintf(out, bytes, "%.*g", digits, c->real);
}

/* All digits: what programs read. */
static void exact(char out[VALUE_MAX], const struct table_cell *c)
{
    char number[NUM_TEXT_MAX];

    if (c->kind == TABLE_REAL && has_value(c))
        snprintf(out, VALUE_MAX, "%s", num_format_double(number, c->real));
    else
        table_value(out, VALUE_MAX, c, 17);
}

/* ---- CSV and TSV ---- */

static void csv_text(struct table *t, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        outfile_printf(t->out, "%s", text);
        return;
    }
    outfile_write(t->out, "\"", 1);
    for (; *text; text++)
        outfile_write(t->out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    outfile_write(t->out, "\"", 1);
}

static void tsv_text(struct table *t, const char *text)
{
    for (; *text; text++)
        outfile_write(t->out, strchr("\t\r\n", *text) ? " " : text, 1);
}

static void separated_begin(struct table *t, char separator)
{
    for (int i = 0; i < t->count; i++)
        outfile_printf(t->out, "%s%c", t->columns[i].name, i + 1 < t->count ? separator : '\n');
}

static void separated_row(struct table *t, const struct table_cell *cells, char separator, void (*text)(struct table *, const char *))
{
    char value[VALUE_MAX];

    for (int i = 0; i < t->count; i++) {
        exact(value, &cells[i]);
        if (cells[i].kind != TABLE_TEXT)
            outfile_printf(t->out, "%s", value);
        else if (cells[i].text)
            text(t, cells[i].text);
        outfile_printf(t->out, "%c", i + 1 < t->count ? separator : '\n');
    }
}

static void csv_begin(struct table *t) { separated_begin(t, ','); }
static void csv_row(struct table *t, const struct table_cell *cells) { separated_row(t, cells, ',', csv_text); }
static void tsv_begin(struct table *t) { separated_begin(t, '\t'); }
static void tsv_row(struct table *t, const struct table_cell *cells) { separated_row(t, cells, '\t', tsv_text); }
static void nothing(struct table *t) { (void)t; }

/* ---- Markdown ---- */

static void md_text(struct table *t, const char *text)
{
    for (; *text; text++)
        if (strchr("\\|`*_<>[]&~#", *text))
            outfile_printf(t->out, "\\%c", *text);
        else
            outfile_write(t->out, (unsigned char)*text < ' ' ? " " : text, 1);
}

static void md_begin(struct table *t)
{
    char heading[HEADING_MAX];

    for (int i = 0; i < t->count; i++) {
        table_heading(heading, sizeof heading, &t->columns[i]);
        outfile_printf(t->out, "| %s ", heading);
    }
    outfile_printf(t->out, "|\n");
    for (int i = 0; i < t->count; i++)
        outfile_printf(t->out, "| %s ", t->columns[i].kind == TABLE_TEXT ? "---" : "---:");
    outfile_printf(t->out, "|\n");
}

static void md_row(struct table *t, const struct table_cell *cells)
{
    char value[VALUE_MAX];

    for (int i = 0; i < t->count; i++) {
        outfile_printf(t->out, "| ");
        if (cells[i].kind == TABLE_TEXT && cells[i].text) {
            md_text(t, cells[i].text);
            outfile_printf(t->out, " ");
            continue;
        }
        table_value(value, sizeof value, &cells[i], t->digits);
        outfile_printf(t->out, "%s%s", value, *value ? " " : "");
    }
    outfile_printf(t->out, "|\n");
}

/* ---- LaTeX ---- */

static void tex_text(struct table *t, const char *text)
{
    static const char *const special[][2] = {
        { "\\", "\\textbackslash{}" }, { "~", "\\textasciitilde{}" }, { "^", "\\textasciicircum{}" }, { "&", "\\&" }, { "%", "\\%" },
        { "$", "\\$" }, { "#", "\\#" }, { "_", "\\_" }, { "{", "\\{" }, { "}", "\\}" }, { "<", "\\textless{}" }, { ">", "\\textgreater{}" },
        { "|", "\\textbar{}" }, { "\"", "\\textquotedbl{}" },
    };

    for (; *text; text++) {
        const char *as = NULL;

        for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
            as = *text == special[i][0][0] ? special[i][1] : as;
        if (as)
            outfile_printf(t->out, "%s", as);
        else
            outfile_write(t->out, (unsigned char)*text < ' ' ? " " : text, 1);
    }
}

/* "1.234e-05" as $1.234 \times 10^{-5}$. */
static void tex_number(struct table *t, const char *value)
{
    const char *e = strchr(value, 'e');
    int power = 0;

    if (!e || sscanf(e + 1, "%d", &power) != 1)
        outfile_printf(t->out, *value == '-' ? "$%s$" : "%s", value);
    else
        outfile_printf(t->out, "$%.*s \\times 10^{%d}$", (int)(e - value), value, power);
}

static void tex_begin(struct table *t)
{
    char heading[HEADING_MAX];

    outfile_printf(t->out, "%% \\usepackage{booktabs}\n\\begin{tabular}{");
    for (int i = 0; i < t->count; i++)
        outfile_printf(t->out, "%s", t->columns[i].kind == TABLE_TEXT ? "l" : "r");
    outfile_printf(t->out, "}\n\\toprule\n");
    for (int i = 0; i < t->count; i++) {
        table_heading(heading, sizeof heading, &t->columns[i]);
        tex_text(t, heading);
        outfile_printf(t->out, "%s", i + 1 < t->count ? " & " : " \\\\\n\\midrule\n");
    }
}

static void tex_row(struct table *t, const struct table_cell *cells)
{
    char value[VALUE_MAX];

    for (int i = 0; i < t->count; i++) {
        table_value(value, sizeof value, &cells[i], t->digits);
        if (cells[i].kind != TABLE_TEXT)
            tex_number(t, value);
        else if (cells[i].text)
            tex_text(t, cells[i].text);
        outfile_printf(t->out, "%s", i + 1 < t->count ? " & " : " \\\\\n");
    }
}

static void tex_end(struct table *t) { outfile_printf(t->out, "\\bottomrule\n\\end{tabular}\n"); }

/* ---- JSON ---- */

void table_json_text(struct outfile *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = text ? strlen(text) : 0;

    if (!text) {
        outfile_printf(out, "null");
        return;
    }
    outfile_write(out, "\"", 1);
    for (size_t n; left > 0; p += n, left -= n) {
        uint32_t code = 0;

        n = utf8_decode(&code, p, left);
        if (n == 0)
            outfile_printf(out, "\\ufffd");
        else if (code < 0x20 || code == 0x7f || (code < 0x7f && strchr("\"\\<>&", (int)code)) || code == 0x2028 || code == 0x2029)
            outfile_printf(out, "\\u%04x", (unsigned)code);
        else
            outfile_write(out, p, n);
        n = n ? n : 1;
    }
    outfile_write(out, "\"", 1);
}

void table_json(struct outfile *out, const struct table_cell *cell)
{
    char value[VALUE_MAX];

    if (!has_value(cell)) {
        outfile_printf(out, "null");
    } else if (cell->kind == TABLE_TEXT) {
        table_json_text(out, cell->text);
    } else {
        exact(value, cell);
        outfile_printf(out, "%s", value);
    }
}

static void json_begin(struct table *t)
{
    outfile_printf(t->out, "{\"schema\": \"llmsim.table/1\", \"table\": \"%s\", \"columns\": [", t->title);
    for (int i = 0; i < t->count; i++)
        outfile_printf(t->out, "%s\n  {\"name\": \"%s\", \"unit\": \"%s\"}", i ? "," : "", t->columns[i].name, t->columns[i].unit);
    outfile_printf(t->out, "],\n \"rows\": [");
}

static void json_row(struct table *t, const struct table_cell *cells)
{
    outfile_printf(t->out, "%s\n  {", t->rows ? "," : "");
    for (int i = 0; i < t->count; i++) {
        outfile_printf(t->out, "%s\"%s\": ", i ? ", " : "", t->columns[i].name);
        table_json(t->out, &cells[i]);
    }
    outfile_printf(t->out, "}");
}

static void json_end(struct table *t) { outfile_printf(t->out, "]}\n"); }

/* ---- the list ---- */

static const struct table_format
    csv = { "csv", "comma-separated, all digits, for programs", csv_begin, csv_row, nothing },
    json = { "json", "one object, schema llmsim.table/1", json_begin, json_row, json_end },
    md = { "md", "a table of Markdown", md_begin, md_row, nothing },
    tex = { "tex", "a tabular of LaTeX with booktabs' rules", tex_begin, tex_row, tex_end },
    tsv = { "tsv", "tab-separated, all digits", tsv_begin, tsv_row, nothing };

const struct table_format *const table_formats[] = { &csv, &json, &md, &tex, &tsv, NULL };

enum status table_format_find(const struct table_format **out, const char *name, struct error *err)
{
    const char *names[NAMES_MAX], *near;
    size_t count = 0;

    for (const struct table_format *const *f = table_formats; *f; f++) {
        if (strcmp((*f)->name, name) == 0) {
            *out = *f;
            return STATUS_OK;
        }
        names[count++] = (*f)->name;
    }
    near = nearest_name(name, names, count);
    return error_plain(err, STATUS_BAD_INPUT, "--format: '%s' is not one of csv, json, md, tex, tsv%s%s", name, near ? "; nearest is " : "", near ? near : "");
}
