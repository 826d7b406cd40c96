/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of `llmsim validate` (reports/validate_report.h). */
#include "reports/validate_report.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "reports/text.h"

enum { NUMBER_WIDTH = 8, REASONS_MAX = 8, CELL_MAX = 256 };

/* ---- text ---- */

static void percent(FILE *out, const struct text_style *s, double share)
{
    char cell[NUM_TEXT_MAX];

    if (isnan(share))
        snprintf(cell, sizeof cell, "-");
    else
        snprintf(cell, sizeof cell, fabs(share) < 9.995 ? "%.1f %%" : "%.0f %%", 100.0 * share);
    text_cell(out, s, TEXT_PLAIN, -NUMBER_WIDTH - 1, cell);
}

static void count_cell(FILE *out, const struct text_style *s, int64_t value)
{
    char cell[NUM_TEXT_MAX];

    text_count(cell, sizeof cell, value);
    text_cell(out, s, TEXT_PLAIN, -NUMBER_WIDTH, cell);
}

static void group_name(char *out, size_t bytes, const struct error_statistics *g, int by_count)
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < by_count && n < bytes; i++)
        n += (size_t)snprintf(out + n, bytes - n, "%s%s", i ? ", " : "", g->keys[i] && g->keys[i][0] ? g->keys[i] : "-");
    if (by_count == 0)
        snprintf(out, bytes, "all rows");
}

static void table_head(FILE *out, const struct text_style *s)
{
    static const char *const heads[] = { "MAPE", "median", "bias", "p90", "weighted" };

    text_cell(out, s, TEXT_DIM, -NUMBER_WIDTH, "rows");
    text_cell(out, s, TEXT_DIM, -NUMBER_WIDTH, "misses");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        text_cell(out, s, TEXT_DIM, -NUMBER_WIDTH - 1, heads[i]);
    text_cell(out, s, TEXT_DIM, -NUMBER_WIDTH - 1, "in 80 %");
    fputc('\n', out);
    text_rule(out, s);
}

static void table_row(FILE *out, const struct text_style *s, const struct error_statistics *g)
{
    count_cell(out, s, g->rows);
    count_cell(out, s, g->misses);
    percent(out, s, g->mape);
    percent(out, s, g->median_ape);
    percent(out, s, g->bias);
    percent(out, s, g->p90_ape);
    percent(out, s, g->time_weighted);
    percent(out, s, g->with_interval ? (double)g->covered / (double)g->with_interval : NAN);
    fputc('\n', out);
}

static void describe_row(char *out, size_t bytes, const struct evaluated_row *r)
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < r->row.columns && n < bytes; i++)
        if (strcmp(r->row.names[i], r->row.kind->measured) != 0 && r->row.fields[i][0])
            n += (size_t)snprintf(out + n, bytes - n, "%s%s", n ? ", " : "", r->row.fields[i]);
}

static void worst_rows(FILE *out, const struct text_style *s, const struct error_statistics *all)
{
    char text[CELL_MAX + 64], row[CELL_MAX];

    if (all->worst_count == 0)
        return;
    fputs("\nFarthest off\n", out);
    text_rule(out, s);
    for (int64_t i = 0; i < all->worst_count; i++) {
        const struct evaluated_row *r = all->worst[i];

        describe_row(row, sizeof row, r);
        fprintf(out, "  %+6.0f %%  ", 100.0 * (r->value / r->measured - 1.0));
        snprintf(text, sizeof text, "%s:%d: %.4g for %.4g: %s", r->row.at.file, r->row.at.line, r->value, r->measured, row);
        text_wrap(out, s, TEXT_PLAIN, 12, text);
    }
}

/* The first reasons, each with how many rows say the same behind their place. */
static const char *reason_text(const struct evaluated_row *r)
{
    const char *space = strstr(r->reason, ": ");

    return strncmp(r->reason, r->row.at.file, strlen(r->row.at.file)) == 0 && space ? space + 2 : r->reason;
}

static const char *note_text(const struct evaluated_row *r) { return r->note; }

/* Misses by reason, or predicted rows by what was assumed about them. */
static void listed(FILE *out, const struct text_style *s, const struct validate_report *r, const char *heading, bool notes)
{
    const char *(*text_of)(const struct evaluated_row *) = notes ? note_text : reason_text;
    struct { const struct evaluated_row *first; int64_t rows; } seen[REASONS_MAX];
    int count = 0;
    int64_t others = 0;

    for (int64_t i = 0; i < r->evaluation->count; i++) {
        const struct evaluated_row *row = &r->evaluation->rows[i];
        int at = 0;

        if (!row->selected || (notes ? row->reason || !row->note : !row->reason))
            continue;
        while (at < count && strcmp(text_of(seen[at].first), text_of(row)) != 0)
            at++;
        if (at < count)
            seen[at].rows++;
        else if (count < REASONS_MAX) {
            seen[count].first = row;
            seen[count++].rows = 1;
        } else
            others++;
    }
    if (count == 0)
        return;
    fprintf(out, "\n%s\n", heading);
    text_rule(out, s);
    for (int i = 0; i < count; i++) {
        char text[CELL_MAX * 4];

        fprintf(out, "  %6lld  ", (long long)seen[i].rows);
        snprintf(text, sizeof text, "%s (first: %s:%d)", text_of(seen[i].first), seen[i].first->row.at.file, seen[i].first->row.at.line);
        text_wrap(out, s, TEXT_PLAIN, 10, text);
    }
    if (others)
        fprintf(out, "  %6lld  with other reasons (--csv lists each)\n", (long long)others);
}

void report_validate_text(FILE *to, const struct validate_report *r, const struct report_style *style)
{
    struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;
    FILE *out = text_page_begin(&page);
    char name[CELL_MAX];

    fprintf(out, "Predicted (%s) against measured\n", r->fidelity);
    table_head(out, &s);
    for (int64_t i = 0; i < r->groups_count && r->by_count > 0; i++) {
        group_name(name, sizeof name, &r->groups[i], r->by_count);
        text_cell(out, &s, TEXT_BOLD, text_width(name), name);
        fputc('\n', out);
        table_row(out, &s, &r->groups[i]);
    }
    if (r->by_count > 0) {
        text_rule(out, &s);
        fputs("all rows\n", out);
    }
    table_row(out, &s, r->all);
    worst_rows(out, &s, r->all);
    listed(out, &s, r, "Not predicted", false);
    listed(out, &s, r, "Assumed beyond what the rows say", true);
    text_page_end(&page, to, &s);
}

/* ---- CSV ---- */

static void csv_field(struct outfile *out, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        outfile_printf(out, "%s", text);
        return;
    }
    outfile_write(out, "\"", 1);
    for (; *text; text++)
        outfile_write(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    outfile_write(out, "\"", 1);
}

static void csv_number(struct outfile *out, double value)
{
    char text[NUM_TEXT_MAX];

    outfile_printf(out, ",%s", isnan(value) ? "" : num_format_double(text, value));
}

static bool same_header(const struct row *a, const struct row *b)
{
    if (a->kind != b->kind || a->columns != b->columns)
        return false;
    for (int i = 0; a->names != b->names && i < a->columns; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

enum status report_validate_csv(const char *path, const struct validate_report *r, struct error *err)
{
    const struct evaluation *e = r->evaluation;
    struct outfile *out;
    enum status st;

    for (int64_t i = 1; i < e->count; i++)
        if (!same_header(&e->rows[0].row, &e->rows[i].row))
            return error_plain(err, STATUS_BAD_INPUT, "--csv: '%s' and '%s' have other columns: give files of one kind", e->rows[0].row.at.file,
                               e->rows[i].row.at.file);
    if ((st = outfile_open(&out, path, err)))
        return st;
    for (int i = 0; e->count > 0 && i < e->rows[0].row.columns; i++) {
        csv_field(out, e->rows[0].row.names[i]);
        outfile_write(out, ",", 1);
    }
    outfile_printf(out, "%s,error_pct,low,high,mapping,bound,simulated_fraction,extrapolation_error,reason\n",
                   e->count > 0 && strcmp(e->rows[0].row.kind->measured, "time_us") == 0 ? "predicted_us" : "predicted");
    for (int64_t i = 0; i < e->count; i++) {
        const struct evaluated_row *row = &e->rows[i];

        if (!row->selected)
            continue;
        for (int c = 0; c < row->row.columns; c++) {
            if (c)
                outfile_write(out, ",", 1);
            csv_field(out, row->row.fields[c]);
        }
        csv_number(out, row->value);
        csv_number(out, row->reason ? NAN : 100.0 * (row->value - row->measured) / row->measured);
        csv_number(out, row->low);
        csv_number(out, row->high);
        outfile_write(out, ",", 1);
        csv_field(out, row->mapping);
        outfile_printf(out, ",%s", row->bound);
        csv_number(out, row->reason ? NAN : row->simulated_fraction);
        csv_number(out, row->reason ? NAN : row->extrapolation_error);
        outfile_write(out, ",", 1);
        csv_field(out, row->reason ? row->reason : row->note ? row->note : "");
        outfile_write(out, "\n", 1);
    }
    return outfile_commit(out, err);
}

/* ---- JSON ---- */

static void json_statistics(struct json *j, const struct error_statistics *g, const struct validate_report *r, bool keys)
{
    json_object_begin(j, keys ? NULL : "all");
    for (int i = 0; keys && i < r->by_count; i++)
        json_text(j, r->by[i], g->keys[i]);
    json_i64(j, "rows", g->rows);
    json_i64(j, "misses", g->misses);
    json_i64(j, "judged", g->judged);
    json_double(j, "mape", g->mape);
    json_double(j, "median_ape", g->median_ape);
    json_double(j, "bias", g->bias);
    json_double(j, "p90_ape", g->p90_ape);
    json_double(j, "time_weighted", g->time_weighted);
    json_i64(j, "with_interval", g->with_interval);
    json_i64(j, "covered", g->covered);
    json_object_end(j);
}

void report_validate_json(struct json *j, const struct validate_report *r)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.validate/1");
    json_text(j, "fidelity", r->fidelity);
    json_statistics(j, r->all, r, false);
    json_array_begin(j, "groups");
    for (int64_t i = 0; r->by_count > 0 && i < r->groups_count; i++)
        json_statistics(j, &r->groups[i], r, true);
    json_array_end(j);
    json_array_begin(j, "worst");
    for (int64_t i = 0; i < r->all->worst_count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "file", r->all->worst[i]->row.at.file);
        json_i64(j, "line", r->all->worst[i]->row.at.line);
        json_double(j, "measured", r->all->worst[i]->measured);
        json_double(j, "predicted", r->all->worst[i]->value);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}
