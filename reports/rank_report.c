/* SPDX-License-Identifier: Apache-2.0 */
/* Rankings. See rank_report.h. */
#include "reports/rank_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/design_fields.h"
#include "reports/text.h"

enum { VALUE_COLUMNS = 13, DESIGN_INDENT = 4, KEY_COLUMNS = 10 }; /* the key: eight digits and blanks */

/* Heading of a metric's column; how wide the column is. */
static int value_columns(char *head, size_t bytes, const struct rank_metric *m)
{
    snprintf(head, bytes, "%s%s%s", m->name, *m->unit ? " " : "", m->unit);
    return text_width(head) + 2 > VALUE_COLUMNS ? text_width(head) + 2 : VALUE_COLUMNS;
}

static void heads_text(FILE *out, const struct text_style *s, const struct rank_report *r)
{
    char head[64];

    fputs("\n  ", out);
    text_cell(out, s, TEXT_DIM, -3, "#");
    text_cell(out, s, TEXT_DIM, -9, r->weights ? "score" : "of best");
    for (int64_t m = 0; m < r->metrics_count; m++) {
        text_cell(out, s, TEXT_DIM, -value_columns(head, sizeof head, r->metrics[m]), head);
    }
    fputs("   ", out);
    fputs("time over first\n", out);
}

static void ratio_text(char *text, size_t bytes, const struct rank_line *l, bool first)
{
    bool tie = l->ratio_low <= 1 && l->ratio_high >= 1;

    if (first || isnan(l->ratio))
        snprintf(text, bytes, "%s", first ? "" : "?");
    else if (!l->ratio_known)
        snprintf(text, bytes, "%.3fx", l->ratio);
    else
        snprintf(text, bytes, "%.3fx (%.3f to %.3f)%s", l->ratio, l->ratio_low, l->ratio_high, tie ? " tie" : "");
}

/* The fields that all lines share, or those of one line that they do not, over as many lines as it takes. */
static void fields_text(FILE *out, const struct text_style *s, const struct design_fields *all, int64_t count, const struct design_fields *one, bool shared, int indent)
{
    char *text = NULL;
    size_t bytes;
    FILE *line = open_memstream(&text, &bytes);
    int told = 0;

    for (int i = 0; line && i < one->count; i++)
        if ((count > 1 && design_fields_share(all, count, one->items[i])) == shared)
            fprintf(line, "%s%s", told++ ? ", " : "", one->items[i]);
    if (line && !fclose(line) && told)
        text_wrap(out, s, TEXT_PLAIN, indent, text);
    else
        fputs(shared ? "nothing\n" : "\n", out);
    free(text);
}

static void line_text(FILE *out, const struct text_style *s, const struct rank_report *r, const struct design_fields *designs, int64_t i)
{
    const struct rank_line *l = &r->lines[i];
    char text[96], head[64];

    fputs("  ", out);
    snprintf(text, sizeof text, "%lld", (long long)i + 1);
    text_cell(out, s, TEXT_BOLD, -3, text);
    snprintf(text, sizeof text, "%.3f", l->score);
    text_cell(out, s, TEXT_PLAIN, -9, text);
    for (int64_t m = 0; m < r->metrics_count; m++) {
        snprintf(text, sizeof text, "%.4g", l->values[m]);
        text_cell(out, s, TEXT_PLAIN, -value_columns(head, sizeof head, r->metrics[m]), text);
    }
    ratio_text(text, sizeof text, l, i == 0);
    fprintf(out, "   %s\n%*s", text, DESIGN_INDENT + 1, "");
    snprintf(text, sizeof text, "%s  ", l->key);
    text_cell(out, s, TEXT_DIM, text_width(text), text);
    fields_text(out, s, designs, r->count, &designs[i], false, DESIGN_INDENT + 1 + KEY_COLUMNS);
}

/* "second: dram +2.1 ms, link +0.3 ms" by size, the largest three. */
static void why_text(FILE *out, const struct rank_report *r)
{
    bool told[CAUSES] = { false };

    if (!r->why)
        return;
    fputs("\n  Against the second, the first one's time: ", out);
    for (int n = 0; n < 3; n++) {
        int best = -1;
        char t[32];

        for (int c = 0; c < CAUSES; c++)
            if (!told[c] && r->why->parts_ps[c] != 0 && (best < 0 || llabs(r->why->parts_ps[c]) > llabs(r->why->parts_ps[best])))
                best = c;
        if (best < 0)
            break;
        told[best] = true;
        text_time(t, sizeof t, llabs(r->why->parts_ps[best]));
        fprintf(out, "%s%s %s %s", n ? ", " : "", t, r->why->parts_ps[best] > 0 ? "less" : "more", cause_name((enum cause)best));
    }
    fputs("\n", out);
}

/* Nobody sells a chip with other values: its price is that of the one it was made from. */
static bool any_changed(const struct rank_report *r)
{
    for (int64_t i = 0; i < r->count; i++)
        if (r->lines[i].head.overrides && *r->lines[i].head.overrides)
            return true;
    return false;
}

static void price_text(FILE *out, const struct rank_report *r)
{
    const struct rank_price *p = r->price;

    if (!p)
        return;
    fprintf(out, "  Price: %s at %.4g $/h (%.4g to %.4g, %s) ", p->device, p->usd_per_hour.likely, p->usd_per_hour.low, p->usd_per_hour.high,
            p->date ? p->date : "undated");
    if (isinf(p->first_until_usd_per_hour))
        fputs("stays first at any price: no other device follows\n", out);
    else
        fprintf(out, "stays first up to %.4g $/h: %s its range\n", p->first_until_usd_per_hour,
                p->first_until_usd_per_hour < p->usd_per_hour.high ? "within" : "beyond");
    if (any_changed(r))
        fputs("  Prices are of devices as they are sold: what was changed in them costs nothing here (--by area shows what it takes)\n", out);
}

static void lines_text(FILE *out, const struct text_style *s, const struct rank_report *r)
{
    struct arena arena = { 0 };
    struct design_fields *designs = arena_array(&arena, (size_t)r->count, sizeof *designs);
    bool mixed = false;

    for (int64_t i = 0; designs && i < r->count; i++) {
        design_fields(&designs[i], &r->lines[i].head, r->lines[i].fidelity, &arena);
        mixed = mixed || strcmp(r->lines[i].fidelity, r->lines[0].fidelity) != 0;
    }
    if (mixed)
        fputs("  of more than one fidelity: differences may be the models'; keep one by --where 'fidelity = NAME'\n", out);
    if (designs && r->count > 1) {
        fputs("  All: ", out);
        fields_text(out, s, designs, r->count, &designs[0], true, 7);
    }
    heads_text(out, s, r);
    for (int64_t i = 0; designs && i < r->count; i++)
        line_text(out, s, r, designs, i);
    arena_free(&arena);
}

static void whole_text(FILE *out, const struct rank_report *r, const struct text_style *s)
{
    char text[160];

    snprintf(text, sizeof text, r->weights ? "%lld designs, %lld with all metrics" : "%lld designs, %lld that no other dominates", (long long)r->designs,
             (long long)r->ranked);
    text_cell(out, s, TEXT_BOLD, text_width(text), text);
    fputc('\n', out);
    if (r->mixed_traces)
        fputs("  of more than one workload: times do not compare; keep one by --where 'trace = NAME'\n", out);
    if (r->count == 0)
        return;
    lines_text(out, s, r);
    why_text(out, r);
    price_text(out, r);
    if (r->ties >= 0)
        fprintf(out, "  %lld of the %lld shown tie with the first within 80 %% intervals of their times' ratios\n", (long long)r->ties, (long long)r->count - 1);
    else if (r->count > 1)
        fprintf(out, "  No intervals: breakdown rows are not kept with these runs (sweep run --detail)%s%s\n", r->no_rows ? "; " : "", r->no_rows ? r->no_rows : "");
}

void report_rank_text(FILE *out, const struct rank_report *r, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 160);
    struct text_page page;

    whole_text(text_page_begin(&page), r, &s);
    text_page_end(&page, out, &s);
}

static void put_line(struct json *j, const struct rank_report *r, int64_t i)
{
    const struct rank_line *l = &r->lines[i];

    json_object_begin(j, NULL);
    json_text(j, "run", l->key);
    json_text(j, "arch", l->head.arch);
    json_text(j, "stack", l->head.stack);
    json_text(j, "trace", l->head.trace);
    json_text(j, "recipe", l->head.recipe);
    json_text(j, "layout", l->head.layout);
    json_text(j, "fidelity", l->fidelity);
    json_text(j, "mapping", l->head.mapping);
    json_text(j, "overrides", l->head.overrides);
    json_double(j, "score", l->score);
    json_object_begin(j, "values");
    for (int64_t m = 0; m < r->metrics_count; m++)
        json_double(j, r->metrics[m]->name, l->values[m]);
    json_object_end(j);
    json_double(j, "time_ratio", l->ratio);
    json_double(j, "time_ratio_low", l->ratio_known ? l->ratio_low : NAN);
    json_double(j, "time_ratio_high", l->ratio_known ? l->ratio_high : NAN);
    json_object_end(j);
}

void report_rank_json(struct json *j, const struct rank_report *r)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.rank/1");
    json_i64(j, "designs", r->designs);
    json_i64(j, "ranked", r->ranked);
    json_bool(j, "mixed_traces", r->mixed_traces);
    json_array_begin(j, "metrics");
    for (int64_t m = 0; m < r->metrics_count; m++) {
        json_object_begin(j, NULL);
        json_text(j, "name", r->metrics[m]->name);
        json_text(j, "unit", r->metrics[m]->unit);
        json_bool(j, "higher_is_better", r->metrics[m]->higher_is_better);
        json_double(j, "weight", r->weights ? r->weights[m] : NAN);
        json_object_end(j);
    }
    json_array_end(j);
    json_array_begin(j, "lines");
    for (int64_t i = 0; i < r->count; i++)
        put_line(j, r, i);
    json_array_end(j);
    if (r->why) {
        json_object_begin(j, "second_minus_first_s");
        for (int c = 0; c < CAUSES; c++)
            json_time_ps(j, cause_name((enum cause)c), r->why->parts_ps[c]);
        json_object_end(j);
    }
    if (r->price) {
        json_object_begin(j, "price");
        json_text(j, "device", r->price->device);
        json_double(j, "usd_per_hour", r->price->usd_per_hour.likely);
        json_double(j, "usd_per_hour_low", r->price->usd_per_hour.low);
        json_double(j, "usd_per_hour_high", r->price->usd_per_hour.high);
        json_double(j, "first_until_usd_per_hour", isinf(r->price->first_until_usd_per_hour) ? NAN : r->price->first_until_usd_per_hour);
        json_object_end(j);
    }
    if (r->ties >= 0)
        json_i64(j, "ties_with_first", r->ties);
    json_object_end(j);
}
