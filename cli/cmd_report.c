/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim report: tables, figures and pages of stored runs. docs/reports.md */
#include <stddef.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "reports/table.h"
#include "reports/text_table.h"

static const char *const formats[] = { "csv", "json", "md", "tex", "tsv", NULL };
static const char *const widths[] = { "column", "page", NULL };
static const char *const tables[] = { "kernels", "phases", "roles", "runs", "warnings", NULL };

static const struct option_spec report_options_table[] = {
    { .name = "table", .letter = 't', .kind = OPTION_CHOICE, .offset = offsetof(struct report_options, table), .value = "T", .otherwise = "runs",
      .choices = tables, .help = "what a row is" },
    { .name = "columns", .letter = 'c', .kind = OPTION_TEXT, .offset = offsetof(struct report_options, columns), .value = "A,B",
      .help = "columns in this order, or all; --list shows them" },
    { .name = "where", .letter = 'w', .kind = OPTION_TEXT, .offset = offsetof(struct report_options, where), .value = "FILTER",
      .help = "rows for which it holds: \"devices <= 8 and recipe ~ *fp8*\"" },
    { .name = "sort", .letter = 's', .kind = OPTION_TEXT, .offset = offsetof(struct report_options, sort), .value = "A,-B",
      .help = "order of the rows, - before a column: largest first" },
    { .name = "limit", .letter = 'n', .kind = OPTION_I64, .offset = offsetof(struct report_options, limit), .value = "N", .otherwise = "0", .min = 0,
      .max = INT64_MAX, .help = "rows at most; 0 = all" },
    { .name = "format", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(struct report_options, format), .value = "F", .otherwise = "md",
      .choices = formats, .help = "how a table is written" },
    { .name = "digits", .kind = OPTION_I64, .offset = offsetof(struct report_options, digits), .value = "N", .otherwise = "4", .min = 1, .max = 17,
      .help = "significant digits in md, tex and --html; csv, tsv and json have all" },
    { .name = "output", .letter = 'o', .kind = OPTION_LIST, .offset = offsetof(struct report_options, output), .value = "FILE",
      .help = "where it goes; a table: standard output without it, .gz and .zst compress" },
    { .name = "figure", .letter = 'F', .kind = OPTION_TEXT, .offset = offsetof(struct report_options, figure), .value = "KIND",
      .help = "draw area, breakdown, heatmap, line, memory, pareto, pipeline, roofline, speedup or tornado into --output (.svg, .pdf, .png; may be given often)" },
    { .name = "width", .kind = OPTION_CHOICE, .offset = offsetof(struct report_options, width), .value = "W", .otherwise = "column", .choices = widths,
      .help = "of a figure: 3.3 in or 6.9 in" },
    { .name = "x", .kind = OPTION_TEXT, .offset = offsetof(struct report_options, x), .value = "COLUMN", .help = "pareto, line, heatmap, --html: along x" },
    { .name = "y", .kind = OPTION_TEXT, .offset = offsetof(struct report_options, y), .value = "COLUMN", .help = "the same, along y" },
    { .name = "value", .kind = OPTION_TEXT, .offset = offsetof(struct report_options, value), .value = "COLUMN", .help = "heatmap: in the cells" },
    { .name = "by", .kind = OPTION_TEXT, .offset = offsetof(struct report_options, by), .value = "COLUMN", .help = "pareto, line, --html: what colours tell apart" },
    { .name = "title", .kind = OPTION_TEXT, .offset = offsetof(struct report_options, title), .value = "TEXT", .help = "of a figure or page, in place of its own" },
    { .name = "html", .kind = OPTION_FLAG, .offset = offsetof(struct report_options, html),
      .help = "one page of runs that loads nothing: table to sort and filter, Pareto plot of --x, --y, --by, breakdowns" },
    { .name = "list", .kind = OPTION_FLAG, .offset = offsetof(struct report_options, list), .help = "list tables and their columns, and end" },
    { 0 }
};

static enum status list_all(struct error *err)
{
    static const struct text_column columns[] = { { "", TEXT_LEFT, TEXT_PLAIN }, { "column", TEXT_LEFT, TEXT_PLAIN }, { "unit", TEXT_LEFT, TEXT_PLAIN }, { "what it is", TEXT_FLOW, TEXT_PLAIN } };
    const struct text_style style = terminal_text();
    struct text_table t;
    bool good = true;

    for (const struct store_view *const *v = store_views; *v; v++) {
        terminal_printf("%s: %s\n", (*v)->name, (*v)->summary);
        text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
        for (const struct store_column *const *part = (*v)->columns; *part; part++)
            for (const struct store_column *c = *part; c->name; c++) {
                text_table_cell(&t, "%s", c->shown ? "*" : " ");
                text_table_cell(&t, "%s", c->name);
                text_table_cell(&t, "%s", c->unit);
                text_table_cell(&t, "%s", c->help);
            }
        good = text_table_end(&t, stdout, &style, 2) && good;
    }
    fputs("* is shown where --columns does not choose.\n", stdout);
    terminal_printf("Runs make more: recipe.w, layout.tp (a field of that column), arch.dram.bandwidth, stack.PATH (what was changed by --set or a sweep).\n");
    return good ? STATUS_OK : error_no_memory(err);
}

static enum status report(const struct report_options *o, const struct text_list *paths, struct arena *arena, struct error *err)
{
    struct report_sources sources;
    enum status st;

    if (o->list)
        return list_all(err);
    if (paths->count == 1 && report_training_is(paths->items[0]))
        return report_training_figure(o, paths->items[0], arena, err);
    st = report_sources_open(&sources, paths, arena, err);
    for (int64_t i = 0; i < o->output.count && !st; i++)
        st = paths->count ? outfile_ready(o->output.items[i], paths->items, paths->count, err)
                          : outfile_ready(o->output.items[i], sources.names, sources.count, err);
    if (!st)
        st = o->html ? report_html_page(o, &sources, arena, err) : o->figure ? report_figure(o, &sources, arena, err) : report_table(o, &sources, arena, err);
    report_sources_close(&sources);
    return st;
}

static int report_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct report_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = report(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_report = {
    .name = "report",
    .summary = "tables, figures and pages of stored runs, for papers and for programs",
    .operands = "[DB|RUN.json ... | TRAINING.json]",
    .operands_min = 0,
    .operands_max = -1,
    .about = "Reads databases of results and files of 'llmsim run --json' (nothing named: the database of 'llmsim run') and writes a table of them, draws a figure or makes a page. "
             "Beside a figure stand its data (.csv) and its script for gnuplot (.gp). The output of 'llmsim train --json' has the figures pipeline and memory.",
    .options = report_options_table,
    .examples = "  llmsim report --where 'arch = H100 and time_s < 2' --sort -tokens_per_s\n"
                "  llmsim report results.db --table roles --columns role,time_s,share,bound --where 'run = f2ace1f4' --format tex -o roles.tex\n"
                "  llmsim report a.db b.db --format csv -o all.csv.gz\n"
                "  llmsim report results.db --figure pareto --x tpot_s --y energy_per_token_j --by arch -o pareto.pdf -o pareto.png\n"
                "  llmsim report results.db --html --x tpot_s --y energy_per_token_j -o runs.html\n",
    .run = report_main,
};
