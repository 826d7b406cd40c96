/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim scoreboard: figures of accuracy kept in a file, held against what comes out now. */
#include <math.h>
#include <stddef.h>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/scoreboard_report.h"

struct scoreboard_options { const char *markdown, *only, *residuals; bool write, refit, json; };

static const struct option_spec scoreboard_table[] = {
    { .name = "write", .kind = OPTION_FLAG, .offset = offsetof(struct scoreboard_options, write), .help = "write the values that came out into FILE" },
    { .name = "only", .kind = OPTION_TEXT, .offset = offsetof(struct scoreboard_options, only), .value = "PATTERN",
      .help = "only figures whose name matches ('*' and '?' as in the shell, '|' between alternatives)" },
    { .name = "refit", .kind = OPTION_FLAG, .offset = offsetof(struct scoreboard_options, refit),
      .help = "fit the folds anew first (minutes); with --write the values are kept" },
    { .name = "markdown", .kind = OPTION_TEXT, .offset = offsetof(struct scoreboard_options, markdown), .value = "OUT.md",
      .help = "write the table, with commands and reasons" },
    { .name = "residuals", .kind = OPTION_TEXT, .offset = offsetof(struct scoreboard_options, residuals), .value = "OUT.yaml",
      .help = "write the intervals of rows that the kept fits left out, beside those of other kinds and generations, and judge nothing" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct scoreboard_options, json), .help = "print one JSON object" },
    { 0 }
};

static enum status show(const struct scoreboard *board, const struct scoreboard_result *now, bool as_json, struct error *err)
{
    struct report_style style = terminal_style(0);
    struct json j;

    if (!as_json) {
        report_scoreboard_text(stdout, board, now, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_scoreboard_json(&j, board, now);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static enum status verdict(const struct scoreboard *board, const struct scoreboard_result *now, struct error *err)
{
    int64_t worse = 0, stale = 0;

    for (int64_t i = 0; i < board->count; i++) {
        enum scoreboard_verdict v = scoreboard_judge(&board->entries[i], &now[i]);

        worse += v == SCOREBOARD_WORSE;
        stale += v == SCOREBOARD_STALE;
    }
    if (worse + stale == 0)
        return STATUS_OK;
    return error_plain(err, STATUS_TOLERANCE, "%lld of %lld figures are worse than their margin, %lld are stale (--write takes them over)", (long long)worse,
                       (long long)board->count, (long long)stale);
}

static enum status evaluate(const struct scoreboard_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct scoreboard_result *now;
    struct scoreboard board;
    enum status st;

    catch_interrupt();
    if ((st = scoreboard_read(&board, operands->items[0], arena, err)))
        return st;
    if (o->residuals)
        return scoreboard_residuals(o->residuals, &board, operands->items[1], &interrupted, arena, err);
    if (!(now = arena_array(arena, (size_t)board.count + 1, sizeof *now)))
        return error_no_memory(err);
    if (o->refit && (st = scoreboard_refit(&board, operands->items[1], o->only, &interrupted, arena, err)))
        return st;
    if ((st = scoreboard_evaluate(now, &board, operands->items[1], o->only, &interrupted, err)) || (st = show(&board, now, o->json, err)))
        return st;
    if (!o->write && !o->markdown)
        return verdict(&board, now, err);
    for (int64_t i = 0; i < board.count; i++) {
        board.entries[i].value = now[i].value;
        board.entries[i].rows = now[i].rows;
        board.entries[i].misses = now[i].misses;
    }
    if (o->write && (st = scoreboard_write(operands->items[0], &board, err)))
        return st;
    return o->markdown ? report_scoreboard_markdown(o->markdown, &board, err) : STATUS_OK;
}

static int scoreboard_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct scoreboard_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = evaluate(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_scoreboard = {
    .name = "scoreboard",
    .summary = "figures of accuracy kept in a file, held against what comes out now",
    .operands = "FILE.yaml DIR",
    .operands_min = 2,
    .operands_max = 2,
    .about = "Evaluates each figure of FILE over the measurements in DIR (docs/validation.md, \"Scoreboard\").\n\nExit code: 0 all within their margins, or "
             "written; 2 bad usage or input; 4 a figure is worse, or better than FILE says.",
    .options = scoreboard_table,
    .examples = "  llmsim scoreboard validate/scoreboard.yaml ../shared/measurements\n"
                "  llmsim scoreboard validate/scoreboard.yaml ../shared/measurements --write --markdown docs/scoreboard.md\n"
                "  llmsim scoreboard validate/scoreboard.yaml ../shared/measurements --only 'left out*' --refit\n"
                "  llmsim scoreboard validate/scoreboard.yaml ../shared/measurements --residuals residuals.yaml\n",
    .run = scoreboard_main,
};
