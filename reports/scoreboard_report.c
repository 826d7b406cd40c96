/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of the scoreboard (reports/scoreboard_report.h). */
#include "reports/scoreboard_report.h"

#include <math.h>

#include "base/textfile.h"
#include "reports/text.h"

enum { NAME_WIDTH = 52, CELL = 32 };

static const char *verdict_name(enum scoreboard_verdict v)
{
    return v == SCOREBOARD_HOLDS ? "holds" : v == SCOREBOARD_WORSE ? "worse" : "stale";
}

static void percent(char *out, double value)
{
    if (isnan(value))
        snprintf(out, CELL, "-");
    else
        snprintf(out, CELL, "%.2f %%", value);
}

void report_scoreboard_text(FILE *to, const struct scoreboard *board, const struct scoreboard_result *now, const struct report_style *style)
{
    struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;
    FILE *out = text_page_begin(&page);
    static const char *const heads[] = { "now", "kept", "goal" };

    text_cell(out, &s, TEXT_DIM, NAME_WIDTH, "figure");
    for (int i = 0; i < 3; i++)
        text_cell(out, &s, TEXT_DIM, -9, heads[i]);
    fputc('\n', out);
    text_rule(out, &s);
    for (int64_t i = 0; i < board->count; i++) {
        const struct scoreboard_entry *e = &board->entries[i];
        enum scoreboard_verdict v = scoreboard_judge(e, &now[i]);
        const double values[] = { now[i].value, e->value, e->goal };
        char cell[CELL];

        if (now[i].skipped)
            continue;
        text_cell(out, &s, TEXT_PLAIN, NAME_WIDTH, e->name);
        for (int k = 0; k < 3; k++) {
            percent(cell, values[k]);
            text_cell(out, &s, TEXT_PLAIN, -9, cell);
        }
        fprintf(out, "  %s", verdict_name(v));
        if (now[i].misses)
            fprintf(out, ", %lld of %lld rows missed", (long long)now[i].misses, (long long)now[i].rows);
        fputc('\n', out);
    }
    text_page_end(&page, to, &s);
}

void report_scoreboard_json(struct json *j, const struct scoreboard *board, const struct scoreboard_result *now)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.scoreboard/1");
    json_array_begin(j, "figures");
    for (int64_t i = 0; i < board->count; i++) {
        const struct scoreboard_entry *e = &board->entries[i];

        if (now[i].skipped)
            continue;
        json_object_begin(j, NULL);
        json_text(j, "name", e->name);
        json_text(j, "statistic", e->statistic->name);
        json_double(j, "value", now[i].value);
        json_double(j, "kept", e->value);
        json_double(j, "margin", e->margin);
        json_double(j, "goal", e->goal);
        if (!isnan(e->goal_low))
            json_double(j, "goal_low", e->goal_low);
        json_i64(j, "rows", now[i].rows);
        json_i64(j, "misses", now[i].misses);
        json_text(j, "verdict", verdict_name(scoreboard_judge(e, &now[i])));
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static void goal_text(char *out, const struct scoreboard_entry *e)
{
    if (isnan(e->goal))
        snprintf(out, CELL, "-");
    else if (isnan(e->goal_low))
        snprintf(out, CELL, "%g %%", e->goal);
    else
        snprintf(out, CELL, "%g to %g %%", e->goal_low, e->goal);
}

static void command(struct outfile *out, const struct scoreboard_entry *e)
{
    if (e->folds) {
        outfile_printf(out, "llmsim scoreboard FILE DIR --only '%s' --refit", e->name);
        return;
    }
    outfile_printf(out, "llmsim validate %s --by ''", e->file);
    for (int i = 0; i < e->where_count; i++)
        outfile_printf(out, " --where '%s=%s'", e->columns[i], e->patterns[i]);
    if (e->sample)
        outfile_printf(out, " --sample %lld", (long long)e->sample);
    if (e->uncalibrated)
        outfile_printf(out, " --uncalibrated");
    outfile_printf(out, " --fidelity %s", e->fidelity);
}

enum status report_scoreboard_markdown(const char *path, const struct scoreboard *board, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    outfile_printf(out, "<!-- Written by `make scoreboard` from validate/scoreboard.yaml. -->\n# Scoreboard\n\n"
                        "Accuracy on measured rows. Every row that fits the description counts, those that parameters were fitted on too; but of figures \"left out\" each row is\n"
                        "predicted by a fit that left its model or shapes out ([calibration.md](calibration.md), \"Folds that are kept\"), and of figures \"unseen\" no row of the device's\n"
                        "generation was fitted on. A row that cannot be predicted is a miss, and a figure with misses does not\n"
                        "reach its goal. `make check` fails when a figure leaves its margin, either way.\n\n"
                        "| figure | rows | misses | statistic | value | goal | reached | margin |\n|---|---|---|---|---|---|---|---|\n");
    for (int64_t i = 0; i < board->count; i++) {
        const struct scoreboard_entry *e = &board->entries[i];
        char value[CELL], goal[CELL];

        percent(value, e->value);
        goal_text(goal, e);
        outfile_printf(out, "| %s | %lld | %lld | %s | %s | %s | %s | %g |\n", e->name, (long long)e->rows, (long long)e->misses, e->statistic->name, value,
                       goal, isnan(e->goal) ? "-" : scoreboard_reached(e) ? "yes" : "no", e->margin);
    }
    outfile_printf(out, "\n## Why goals are missed\n");
    for (int64_t i = 0; i < board->count; i++)
        if (!scoreboard_reached(&board->entries[i]))
            outfile_printf(out, "- %s: %s\n", board->entries[i].name, *board->entries[i].reason ? board->entries[i].reason : "not explained yet");
    outfile_printf(out, "\n## Commands\nIn the folder of measurements; `llmsim scoreboard validate/scoreboard.yaml ../shared/measurements` evaluates all.\n\n");
    for (int64_t i = 0; i < board->count; i++) {
        outfile_printf(out, "- %s: `", board->entries[i].name);
        command(out, &board->entries[i]);
        outfile_printf(out, "`\n");
    }
    return outfile_commit(out, err);
}
