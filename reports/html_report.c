/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of runs (reports/html_report.h). reports/html/page.html is written line by line; a line @name@ of it is replaced by one of the parts
 * below. A text comes into the page in two ways only: markup() in the table, and table_json_text() in the data of the script.
 */
#include "reports/html_report.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "html_page.h"
#include "reports/text.h"

enum { HEADING_MAX = 128, VALUE_MAX = 64, SHORT_MAX = 20 };

static void put(struct outfile *out, const char *text)
{
    outfile_write(out, text, strlen(text));
}

/* Any text as the content of an element or of a quoted attribute. Lists may break behind a comma. */
static void markup(struct outfile *out, const char *text, bool breaks)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t left = strlen(text), n; left > 0; p += n, left -= n) {
        uint32_t code = 0;

        n = utf8_decode(&code, p, left);
        switch (n ? code : 0xfffd) {
        case '&':    put(out, "&amp;"); break;
        case '<':    put(out, "&lt;"); break;
        case '>':    put(out, "&gt;"); break;
        case '"':    put(out, "&quot;"); break;
        case '\'':   put(out, "&#39;"); break;
        case 0xfffd: put(out, "&#xFFFD;"); break;
        default:
            if (code < 0x20 || (code >= 0x7f && code < 0xa0))
                put(out, " ");
            else
                outfile_write(out, p, n);
        }
        if (breaks && code == ',' && left > 1)
            put(out, "<wbr>");
        n = n ? n : 1;
    }
}

static void put_heading(struct outfile *out, const struct html_column *c)
{
    char heading[HEADING_MAX];

    table_heading(heading, sizeof heading, &c->as);
    markup(out, heading, false);
}

/* ---- parts of the page ---- */

static void put_title(struct outfile *out, const struct html_page *page)
{
    put(out, "<title>");
    markup(out, page->title, false);
    put(out, "</title>\n");
}

static void put_lines(struct outfile *out, const char *const *lines)
{
    for (; *lines; lines++)
        put(out, *lines);
}

static void put_css(struct outfile *out, const struct html_page *page)
{
    (void)page;
    put_lines(out, page_css);
}

static void put_js(struct outfile *out, const struct html_page *page)
{
    (void)page;
    put_lines(out, page_js);
}

/* The title, and what all runs have in common. */
static void put_head(struct outfile *out, const struct html_page *page)
{
    put(out, "<h1>");
    markup(out, page->title, false);
    outfile_printf(out, "</h1>\n<dl class=\"common\">\n<div><dt>runs</dt> <dd>%lld</dd></div>\n", (long long)page->runs_count);
    for (int k = 0; k < page->columns_count; k++) {
        if (!page->columns[k].common || page->runs_count == 0 || !page->runs[0].cells[k].text)
            continue;
        put(out, "<div><dt>");
        put_heading(out, &page->columns[k]);
        put(out, "</dt> <dd>");
        markup(out, page->runs[0].cells[k].text, true);
        put(out, "</dd></div>\n");
    }
    put(out, "</dl>\n");
}

static void put_cell(struct outfile *out, const struct table_cell *cell, int digits)
{
    char value[VALUE_MAX];

    if (cell->kind == TABLE_TEXT) {
        const char *text = cell->text ? cell->text : "";

        outfile_printf(out, "<td class=\"text%s\">", strchr(text, ',') ? " list" : strlen(text) <= SHORT_MAX ? " short" : "");
        markup(out, text, true);
    } else {
        put(out, "<td class=\"number\">");
        if (cell->kind == TABLE_INTEGER)
            text_count(value, sizeof value, cell->whole);
        else
            table_value(value, sizeof value, cell, digits);
        put(out, value);
    }
    put(out, "</td>");
}

static void put_table(struct outfile *out, const struct html_page *page)
{
    put(out, "<thead><tr>");
    for (int k = 0; k < page->columns_count; k++) {
        const struct html_column *c = &page->columns[k];

        if (!c->shown)
            continue;
        outfile_printf(out, "<th scope=\"col\" data-column=\"%s\" class=\"%s\">", c->as.name, c->as.kind == TABLE_TEXT ? "text" : "number");
        put_heading(out, c);
        put(out, "</th>");
    }
    put(out, "</tr></thead>\n<tbody>\n");
    for (int64_t i = 0; i < page->runs_count; i++) {
        outfile_printf(out, "<tr id=\"r%lld\">", (long long)i);
        for (int k = 0; k < page->columns_count; k++)
            if (page->columns[k].shown)
                put_cell(out, &page->runs[i].cells[k], page->digits);
        put(out, "</tr>\n");
    }
    put(out, "</tbody>\n");
}

/* ---- data of the script ---- */

static void data_columns(struct outfile *out, const struct html_page *page)
{
    char heading[HEADING_MAX];

    for (int k = 0; k < page->columns_count; k++) {
        const struct html_column *c = &page->columns[k];

        table_heading(heading, sizeof heading, &c->as);
        outfile_printf(out, "%s\n{\"name\":", k ? "," : "");
        table_json_text(out, c->as.name);
        put(out, ",\"heading\":");
        table_json_text(out, heading);
        put(out, ",\"unit\":");
        table_json_text(out, c->as.unit);
        put(out, ",\"help\":");
        table_json_text(out, c->help);
        outfile_printf(out, ",\"number\":%s,\"up\":%s}", c->as.kind == TABLE_TEXT ? "false" : "true", c->up ? "true" : "false");
    }
}

static void data_roles(struct outfile *out, const struct html_run *run)
{
    char number[NUM_TEXT_MAX];

    for (int64_t i = 0; i < run->roles_count; i++) {
        const struct html_role *r = &run->roles[i];

        outfile_printf(out, "%s[\"%s\",", i ? "," : "", phase_name(r->phase));
        table_json_text(out, r->role);
        for (int c = 0; c < CAUSES; c++)
            outfile_printf(out, "%s%s", c ? "," : ",[", num_format_ps(number, r->parts_ps[c]));
        put(out, "]]");
    }
}

static void put_data(struct outfile *out, const struct html_page *page)
{
    put(out, "{\"x\":");
    table_json_text(out, page->x);
    put(out, ",\"y\":");
    table_json_text(out, page->y);
    put(out, ",\"by\":");
    table_json_text(out, page->by);
    put(out, ",\"causes\":[");
    for (int c = 0; c < CAUSES; c++)
        outfile_printf(out, "%s\"%s\"", c ? "," : "", cause_name((enum cause)c));
    put(out, "],\"columns\":[");
    data_columns(out, page);
    put(out, "],\n\"labels\":[");
    for (int64_t i = 0; i < page->runs_count; i++) {
        put(out, i ? ",\n" : "\n");
        table_json_text(out, page->runs[i].label);
    }
    put(out, "],\n\"rows\":[");
    for (int64_t i = 0; i < page->runs_count; i++) {
        put(out, i ? ",\n[" : "\n[");
        for (int k = 0; k < page->columns_count; k++) {
            put(out, k ? "," : "");
            table_json(out, &page->runs[i].cells[k]);
        }
        put(out, "]");
    }
    put(out, "],\n\"roles\":[");
    for (int64_t i = 0; i < page->runs_count; i++) { /* seconds by cause, as in "causes" */
        put(out, i ? ",\n[" : "\n[");
        data_roles(out, &page->runs[i]);
        put(out, "]");
    }
    put(out, "]}\n");
}

/* ---- the page ---- */

static const struct { const char *line; void (*put)(struct outfile *out, const struct html_page *page); } parts[] = {
    { "@css@\n", put_css }, { "@data@\n", put_data }, { "@heading@\n", put_head }, { "@js@\n", put_js }, { "@table@\n", put_table }, { "@title@\n", put_title },
};

void report_html(struct outfile *out, const struct html_page *page)
{
    for (const char *const *line = page_html; *line; line++) {
        size_t k = 0;

        while (k < sizeof parts / sizeof parts[0] && strcmp(parts[k].line, *line) != 0)
            k++;
        if (k < sizeof parts / sizeof parts[0])
            parts[k].put(out, page);
        else
            put(out, *line);
    }
}
