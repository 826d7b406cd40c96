/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two runs on a terminal: what was run, what differs of the inputs, by cause, then by phase and role. */
#include <stdlib.h>
#include <string.h>

#include "reports/diff_report.h"
#include "reports/text.h"

enum { COLUMNS_MIN = 72, COLUMNS_MAX = 100, LABEL = 12, ROOM = 160, TIME_WIDTH = 11, DIFFERENCE_WIDTH = 12, SHARE_WIDTH = 9, CAUSE_WIDTH = 9 };

/* "+12.3 ms" */
static void format_difference(char *out, size_t bytes, int64_t ps)
{
    char time[24];

    if (ps == 0) {
        snprintf(out, bytes, "0");
        return;
    }
    text_time(time, sizeof time, ps < 0 ? -ps : ps);
    snprintf(out, bytes, "%s%s", ps < 0 ? "-" : "+", time);
}

/* Share of the whole difference, signed: shares sum to 100 %. */
static void format_share(char *out, size_t bytes, int64_t part_ps, int64_t whole_ps)
{
    if (whole_ps == 0)
        snprintf(out, bytes, "-");
    else
        snprintf(out, bytes, "%.1f %%", 100 * (double)part_ps / (double)whole_ps);
}

static enum text_colour sign_colour(int64_t ps)
{
    return ps < 0 ? TEXT_GREEN : ps > 0 ? TEXT_RED : TEXT_PLAIN;
}

static void put_label(FILE *out, const struct text_style *s, const char *label, const char *value)
{
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, LABEL, label);
    text_wrap(out, s, TEXT_PLAIN, 2 + LABEL, value);
}

static void put_title(FILE *out, const struct text_style *s, const char *title, const char *right)
{
    fputc('\n', out);
    text_cell(out, s, TEXT_BOLD, s->columns - text_width(right), title);
    text_cell(out, s, TEXT_DIM, -text_width(right), right);
    fputc('\n', out);
    text_rule(out, s);
}

static void put_run(FILE *out, const struct text_style *s, const char *label, const struct result *r, const struct report_head *h)
{
    char key[HASH_TEXT_MAX], text[4 * ROOM];

    hash_format(key, r->key);
    key[8] = '\0';
    snprintf(text, sizeof text, "%s, %s, %s, %s, %s mappings, %s, run %s", h->arch ? h->arch : "?", h->stack ? h->stack : "?",
             h->trace ? h->trace : "?", h->layout ? h->layout : "?", h->mapping ? h->mapping : "picked", r->fidelity ? r->fidelity : "?", key);
    put_label(out, s, label, text);
}

/* "recipe: w=fp16,... against w=int4,..." for each input of another value. */
static void put_inputs(FILE *out, const struct text_style *s, const struct diff_view *v)
{
    const struct { const char *name, *a, *b; } inputs[] = {
        { "hardware", v->head_a->arch, v->head_b->arch }, { "software", v->head_a->stack, v->head_b->stack },
        { "workload", v->head_a->trace, v->head_b->trace }, { "recipe", v->head_a->recipe, v->head_b->recipe },
        { "layout", v->head_a->layout, v->head_b->layout }, { "mapping", v->head_a->mapping, v->head_b->mapping },
        { "fidelity", v->a->fidelity, v->b->fidelity }, { "changed", v->head_a->overrides, v->head_b->overrides } };
    int count = 0;

    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        const char *a = inputs[i].a ? inputs[i].a : "nothing", *b = inputs[i].b ? inputs[i].b : "nothing";
        char text[8 * ROOM];

        if (strcmp(a, b) == 0)
            continue;
        snprintf(text, sizeof text, "%s against %s", a, b);
        put_label(out, s, inputs[i].name, text);
        count++;
    }
    if (count == 0)
        put_label(out, s, "inputs", v->a->key.high == v->b->key.high && v->a->key.low == v->b->key.low ? "the same run" :
                  "all names are equal; contents or model versions differ");
}

static void put_pair(FILE *out, const struct text_style *s, const char *label, int64_t a_ps, int64_t b_ps)
{
    char a[32], b[32], d[64], text[2 * ROOM];

    if (a_ps <= 0 && b_ps <= 0)
        return;
    text_time(a, sizeof a, a_ps);
    text_time(b, sizeof b, b_ps);
    format_difference(d, sizeof d, b_ps - a_ps);
    snprintf(text, sizeof text, "%s against %s: %s", a, b, d);
    if (a_ps > 0 && b_ps > 0)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %.4g times", (double)b_ps / (double)a_ps);
    put_label(out, s, label, text);
}

static void put_causes(FILE *out, const struct text_style *s, const struct run_diff *d)
{
    char text[64];
    int64_t largest = 0;

    format_difference(text, sizeof text, d->difference_ps);
    put_title(out, s, "By cause", text);
    for (int c = 0; c < CAUSES; c++)
        largest = llabs(d->parts_ps[c]) > largest ? llabs(d->parts_ps[c]) : largest;
    for (int c = 0; c < CAUSES; c++) {
        if (d->parts_ps[c] == 0)
            continue;
        fputs("  ", out);
        text_cell(out, s, TEXT_PLAIN, 14, cause_name((enum cause)c));
        format_difference(text, sizeof text, d->parts_ps[c]);
        text_cell(out, s, sign_colour(d->parts_ps[c]), -DIFFERENCE_WIDTH, text);
        format_share(text, sizeof text, d->parts_ps[c], d->difference_ps);
        text_cell(out, s, TEXT_PLAIN, -SHARE_WIDTH - 2, text);
        fputs("  ", out);
        text_bar(out, s, sign_colour(d->parts_ps[c]), largest > 0 ? (double)llabs(d->parts_ps[c]) / (double)largest : 0, 20);
        fputc('\n', out);
    }
}

static int role_width(const struct text_style *s)
{
    return s->columns - 2 - 2 * TIME_WIDTH - DIFFERENCE_WIDTH - SHARE_WIDTH - 2 - CAUSE_WIDTH;
}

static void put_side(FILE *out, const struct text_style *s, const struct diff_side *side)
{
    char text[32];

    text_time(text, sizeof text, side->time_ps);
    text_cell(out, s, side->present ? TEXT_PLAIN : TEXT_DIM, -TIME_WIDTH, side->present ? text : "none");
}

static void put_row(FILE *out, const struct text_style *s, const struct diff_row *r, int64_t whole_ps)
{
    char text[64];

    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, role_width(s), r->role);
    put_side(out, s, &r->a);
    put_side(out, s, &r->b);
    format_difference(text, sizeof text, r->difference_ps);
    text_cell(out, s, sign_colour(r->difference_ps), -DIFFERENCE_WIDTH, text);
    format_share(text, sizeof text, r->difference_ps, whole_ps);
    text_cell(out, s, TEXT_PLAIN, -SHARE_WIDTH, text);
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, CAUSE_WIDTH, r->difference_ps ? cause_name(r->cause) : "");
    fputc('\n', out);
}

/* What of a row is not in the columns: other launches, another mapping, other traffic. */
static void put_row_note(FILE *out, const struct text_style *s, const struct diff_row *r, int64_t whole_ps)
{
    char text[4 * ROOM] = "", time[64];
    size_t used = 0;

    if (!r->a.present || !r->b.present || llabs(r->difference_ps) < llabs(whole_ps) / 50)
        return;
    if (r->a.count != r->b.count) {
        format_difference(time, sizeof time, r->launches_ps);
        used += (size_t)snprintf(text + used, sizeof text - used, "%lld launches against %lld (%s of it)", (long long)r->a.count,
                                 (long long)r->b.count, time);
    }
    if (r->a.mapping[0] && r->b.mapping[0] && strcmp(r->a.mapping, r->b.mapping) != 0)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s against %s", used ? "; " : "", r->a.mapping, r->b.mapping);
    if (r->a.dram_bytes > 0 && r->b.dram_bytes > 0 && (r->b.dram_bytes > 1.02 * r->a.dram_bytes || r->b.dram_bytes < 0.98 * r->a.dram_bytes))
        used += (size_t)snprintf(text + used, sizeof text - used, "%sDRAM bytes %.3g times", used ? "; " : "", r->b.dram_bytes / r->a.dram_bytes);
    if (used == 0)
        return;
    fputs("    ", out);
    text_wrap(out, s, TEXT_DIM, 4, text);
}

static void put_phase(FILE *out, const struct text_style *s, const struct run_diff *d, enum phase phase, int rows_max)
{
    struct diff_row rest = { .role = "other", .a.present = true, .b.present = true };
    int64_t shown = 0, difference_ps = 0, others = 0;
    char title[32], right[64];

    for (int64_t i = 0; i < d->rows_count; i++)
        difference_ps += d->rows[i].phase == phase ? d->rows[i].difference_ps : 0;
    snprintf(title, sizeof title, "%s", phase_name(phase));
    title[0] = (char)(title[0] - 'a' + 'A');
    format_difference(right, sizeof right, difference_ps);
    put_title(out, s, title, right);
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, role_width(s), "role");
    text_cell(out, s, TEXT_DIM, -TIME_WIDTH, "A");
    text_cell(out, s, TEXT_DIM, -TIME_WIDTH, "B");
    text_cell(out, s, TEXT_DIM, -DIFFERENCE_WIDTH, "B - A");
    text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, "of all");
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, CAUSE_WIDTH, "mostly");
    fputc('\n', out);
    for (int64_t i = 0; i < d->rows_count; i++) {
        const struct diff_row *r = &d->rows[i];

        if (r->phase != phase)
            continue;
        if (rows_max > 0 && shown >= rows_max) {
            rest.a.time_ps += r->a.time_ps;
            rest.b.time_ps += r->b.time_ps;
            rest.difference_ps += r->difference_ps;
            for (int c = 0; c < CAUSES; c++)
                rest.parts_ps[c] += r->parts_ps[c];
            others++;
            continue;
        }
        put_row(out, s, r, d->difference_ps);
        put_row_note(out, s, r, d->difference_ps);
        shown++;
    }
    for (int c = 1; c < CAUSES; c++)
        if (llabs(rest.parts_ps[c]) > llabs(rest.parts_ps[rest.cause]))
            rest.cause = (enum cause)c;
    if (others > 0)
        put_row(out, s, &rest, d->difference_ps);
}

static void put_report(FILE *out, const struct diff_view *v, const struct report_style *style)
{
    int columns = style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns > COLUMNS_MAX ? COLUMNS_MAX : style->columns;
    struct text_style s = { .columns = columns, .colour = style->colour, .utf8 = style->utf8 };
    int last = -1;

    text_cell(out, &s, TEXT_BOLD, columns, "A against B");
    fputc('\n', out);
    text_rule(out, &s);
    put_run(out, &s, "A", v->a, v->head_a);
    put_run(out, &s, "B", v->b, v->head_b);
    put_inputs(out, &s, v);
    fputc('\n', out);
    put_pair(out, &s, "first token", v->a->ttft_ps, v->b->ttft_ps);
    put_pair(out, &s, "each token", v->a->tpot_ps, v->b->tpot_ps);
    put_pair(out, &s, "total", v->a->time_ps, v->b->time_ps);
    if (v->ratio_known && v->a->time_ps > 0) {
        char text[64];

        snprintf(text, sizeof text, "%.4g to %.4g times the total", v->ratio_low, v->ratio_high);
        put_label(out, &s, "80 %", text);
    }
    put_causes(out, &s, v->diff);
    for (int64_t i = 0; i < v->diff->rows_count; i++)
        if ((int)v->diff->rows[i].phase != last) {
            last = (int)v->diff->rows[i].phase;
            put_phase(out, &s, v->diff, v->diff->rows[i].phase, style->rows_max);
        }
}

void report_diff_text(FILE *out, const struct diff_view *view, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;

    put_report(text_page_begin(&page), view, style);
    text_page_end(&page, out, &s);
}
