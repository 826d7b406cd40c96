/* SPDX-License-Identifier: Apache-2.0 */
/* Curves as tables with bars: the bar is linear in y, or in the rate where a time is shown by bytes. */
#include "reports/probe_report.h"

#include <string.h>

#include "base/num.h"
#include "reports/text.h"

enum { CELL_MAX = 64, X_WIDTH = 12, Y_WIDTH = 16 };

static void format_value(char *out, size_t bytes, const char *name, double value)
{
    size_t length = strlen(name);

    if (length >= 11 && strcmp(name + length - 11, "bytes_per_s") == 0)
        text_si(out, bytes, value, "B/s");
    else if (length >= 5 && strcmp(name + length - 5, "bytes") == 0)
        text_bytes(out, bytes, value);
    else if (strcmp(name, "time_s") == 0)
        text_time(out, bytes, num_ps(value));
    else
        snprintf(out, bytes, "%.4g", value);
}

void report_probe_text(FILE *to, const struct probe_curve *curve, const struct report_style *style)
{
    struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;
    FILE *out = text_page_begin(&page);
    double largest = 0;
    char cell[CELL_MAX];

    for (int64_t i = 0; i < curve->count; i++)
        largest = curve->points[i].y > largest ? curve->points[i].y : largest;
    fputc('\n', out);
    text_cell(out, &s, TEXT_BOLD, text_width(curve->name), curve->name);
    fputc('\n', out);
    text_rule(out, &s);
    text_cell(out, &s, TEXT_DIM, -(X_WIDTH + 4), curve->x_name);
    text_cell(out, &s, TEXT_DIM, -Y_WIDTH, curve->y_name);
    fputc('\n', out);
    for (int64_t i = 0; i < curve->count; i++) {
        format_value(cell, sizeof cell, curve->x_name, curve->points[i].x);
        text_cell(out, &s, TEXT_PLAIN, -(X_WIDTH + 4), cell);
        format_value(cell, sizeof cell, curve->y_name, curve->points[i].y);
        text_cell(out, &s, TEXT_PLAIN, -Y_WIDTH, cell);
        fputs("  ", out);
        text_bar(out, &s, TEXT_BLUE, largest > 0 ? curve->points[i].y / largest : 0, s.columns - X_WIDTH - Y_WIDTH - 6);
        fputc('\n', out);
    }
    text_page_end(&page, to, &s);
}

void report_probe_csv_head(struct outfile *out)
{
    outfile_printf(out, "probe,x_name,x,y_name,y\n");
}

void report_probe_csv(struct outfile *out, const struct probe_curve *curve)
{
    char x[NUM_TEXT_MAX], y[NUM_TEXT_MAX];

    for (int64_t i = 0; i < curve->count; i++)
        outfile_printf(out, "%s,%s,%s,%s,%s\n", curve->name, curve->x_name, num_format_double(x, curve->points[i].x), curve->y_name,
                       num_format_double(y, curve->points[i].y));
}

void report_probe_json(struct json *j, const struct probe_curve *curve)
{
    json_object_begin(j, curve->name);
    json_array_begin(j, curve->x_name);
    for (int64_t i = 0; i < curve->count; i++)
        json_double(j, NULL, curve->points[i].x);
    json_array_end(j);
    json_array_begin(j, curve->y_name);
    for (int64_t i = 0; i < curve->count; i++)
        json_double(j, NULL, curve->points[i].y);
    json_array_end(j);
    json_object_end(j);
}
