/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of `llmsim calibrate` (reports/calibrate_report.h). */
#include "reports/calibrate_report.h"

#include "reports/text.h"

enum { KEY_WIDTH = 34, NUMBER_WIDTH = 9, CELL_MAX = 128 };

static void number(FILE *out, const struct text_style *s, double value)
{
    char cell[32];

    snprintf(cell, sizeof cell, "%.4g", value);
    text_cell(out, s, TEXT_PLAIN, -NUMBER_WIDTH, cell);
}

static void parameter(FILE *out, const struct text_style *s, const struct free_parameter *p)
{
    char cell[CELL_MAX];

    text_cell(out, s, TEXT_BOLD, KEY_WIDTH, p->key);
    number(out, s, p->start);
    number(out, s, p->value);
    snprintf(cell, sizeof cell, "  %.3g .. %.3g", p->low80, p->high80);
    text_cell(out, s, TEXT_PLAIN, 18, cell);
    snprintf(cell, sizeof cell, "%.3g .. %.3g %s", p->low, p->high, p->unit);
    text_wrap(out, s, TEXT_DIM, KEY_WIDTH + 2 * NUMBER_WIDTH + 18, cell);
    if (p->remark[0])
        fprintf(out, "    %s\n", p->remark);
}

void report_calibrate_text(FILE *out, const struct calibration *c, const struct report_style *style)
{
    struct text_style s = { style->columns < 96 ? 96 : style->columns, style->colour, style->utf8 };

    fprintf(out, "%s (%s): %lld rows, mean error %.1f %% before, %.1f %% after\n", c->device, c->generation, (long long)c->rows_used,
            100.0 * c->error_before, 100.0 * c->error_after);
    text_cell(out, &s, TEXT_DIM, KEY_WIDTH, "parameter");
    text_cell(out, &s, TEXT_DIM, -NUMBER_WIDTH, "before");
    text_cell(out, &s, TEXT_DIM, -NUMBER_WIDTH, "fitted");
    text_cell(out, &s, TEXT_DIM, 18, "  80 % interval");
    text_cell(out, &s, TEXT_DIM, 10, "bounds");
    fputc('\n', out);
    text_rule(out, &s);
    for (int64_t i = 0; i < c->count; i++)
        parameter(out, &s, &c->parameters[i]);
    if (c->folds > 0)
        fputs("\nLeft out, and predicted by a fit without them\n", out);
    for (int64_t f = 0; f < c->folds; f++)
        fprintf(out, "  fold %lld: %6lld rows, mean error %5.1f %% before, %5.1f %% fitted\n", (long long)f + 1, (long long)c->fold_rows[f],
                100.0 * c->fold_error_before[f], 100.0 * c->fold_error[f]);
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
