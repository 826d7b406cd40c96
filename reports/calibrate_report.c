/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of `llmsim calibrate` (reports/calibrate_report.h). */
#include "reports/calibrate_report.h"

#include "reports/text_table.h"

static void add_parameter(struct text_table *t, const struct free_parameter *p)
{
    text_table_cell(t, "%s", p->key);
    text_table_cell(t, "%.4g", p->start);
    text_table_cell(t, "%.4g", p->value);
    text_table_cell(t, "%.3g .. %.3g", p->low80, p->high80);
    text_table_cell(t, "%.3g .. %.3g", p->low, p->high);
    text_table_cell(t, "%s", p->unit);
    text_table_cell(t, "%s", p->remark);
}

void report_calibrate_text(FILE *to, const struct calibration *c, const struct report_style *style)
{
    static const struct text_column columns[] = {
        { "parameter", TEXT_LEFT, TEXT_PLAIN }, { "before", TEXT_RIGHT, TEXT_PLAIN }, { "fitted", TEXT_RIGHT, TEXT_BOLD }, { "80 % interval", TEXT_LEFT, TEXT_PLAIN },
        { "bounds", TEXT_LEFT, TEXT_DIM }, { "unit", TEXT_LEFT, TEXT_PLAIN }, { "remark", TEXT_FLOW, TEXT_PLAIN },
    };
    struct text_style s = text_style_within(style, 40, 160);
    struct text_page page;
    struct text_table t;
    FILE *out = text_page_begin(&page);

    fprintf(out, "%s (%s): %lld rows, mean error %.1f %% before, %.1f %% after\n", c->device, c->generation, (long long)c->rows_used,
            100.0 * c->error_before, 100.0 * c->error_after);
    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < c->count; i++)
        add_parameter(&t, &c->parameters[i]);
    text_table_end(&t, out, &s, 0);
    if (c->folds > 0)
        fputs("\nLeft out, and predicted by a fit without them\n", out);
    for (int64_t f = 0; f < c->folds; f++)
        fprintf(out, "  fold %lld: %6lld rows, mean error %5.1f %% before, %5.1f %% fitted\n", (long long)f + 1, (long long)c->fold_rows[f],
                100.0 * c->fold_error_before[f], 100.0 * c->fold_error[f]);
    text_page_end(&page, to, &s);
}

void report_calibrate_json(struct json *j, const struct calibration *c)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.calibrate/1");
    json_text(j, "device", c->device);
    json_text(j, "generation", c->generation);
    json_i64(j, "rows", c->rows_used);
    json_double(j, "error_before", c->error_before);
    json_double(j, "error_after", c->error_after);
    json_array_begin(j, "parameters");
    for (int64_t i = 0; i < c->count; i++) {
        const struct free_parameter *p = &c->parameters[i];

        json_object_begin(j, NULL);
        json_text(j, "key", p->key);
        json_text(j, "unit", p->unit);
        json_text(j, "means", p->means);
        json_double(j, "low", p->low);
        json_double(j, "high", p->high);
        json_double(j, "start", p->start);
        json_double(j, "value", p->value);
        json_double(j, "low80", p->low80);
        json_double(j, "high80", p->high80);
        json_text(j, "remark", p->remark);
        json_object_end(j);
    }
    json_array_end(j);
    json_array_begin(j, "folds");
    for (int64_t f = 0; f < c->folds; f++) {
        json_object_begin(j, NULL);
        json_i64(j, "rows", c->fold_rows[f]);
        json_double(j, "error_before", c->fold_error_before[f]);
        json_double(j, "error", c->fold_error[f]);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}
