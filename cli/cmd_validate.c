/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim validate: predictions held against measurements. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/textfile.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/figure.h"
#include "reports/validate_plot.h"
#include "reports/validate_report.h"
#include "validate/where.h"

struct validate_options {
    const char *fidelity, *by, *csv, *plot;
    struct text_list sets, where;
    int64_t sample;
    double max_mape;
    bool json, uncalibrated;
};

static const char *const fidelities[] = { "roofline", "analytic", "cycle", NULL };

static const char by_default[] = "kind,device,source";

static const struct option_spec validate_table[] = {
    { .name = "fidelity", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(struct validate_options, fidelity), .value = "F",
      .otherwise = "analytic", .choices = fidelities, .help = "how operators are timed" },
    { .name = "by", .kind = OPTION_TEXT, .offset = offsetof(struct validate_options, by), .value = "NAMES", .otherwise = by_default,
      .help = "groups of the table: kind, device, source, op, label, dtype, size, model or a column, with commas" },
    { .name = "csv", .kind = OPTION_TEXT, .offset = offsetof(struct validate_options, csv), .value = "FILE",
      .help = "write every row with its prediction to FILE" },
    { .name = "plot", .kind = OPTION_TEXT, .offset = offsetof(struct validate_options, plot), .value = "FILE.svg",
      .help = "draw predicted against measured and the error by size; colours by device, or by the first name of --by (needs gnuplot)" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct validate_options, json), .help = "print one JSON object" },
    { .name = "sample", .kind = OPTION_I64, .offset = offsetof(struct validate_options, sample), .value = "N", .otherwise = "0", .min = 0,
      .max = INT64_MAX, .help = "predict about N rows, spread evenly; 0 = all" },
    { .name = "max-mape", .kind = OPTION_DOUBLE, .offset = offsetof(struct validate_options, max_mape), .value = "X", .otherwise = "0",
      .help = "exit 4 when the mean error of all rows, in percent, is above X or a row is missed; 0 = never" },
    { .name = "where", .kind = OPTION_LIST, .offset = offsetof(struct validate_options, where), .value = "column=pattern",
      .help = "only rows whose column matches ('*' and '?' as in the shell, '|' between alternatives, or >=N, <N); may be given often" },
    { .name = "uncalibrated", .kind = OPTION_FLAG, .offset = offsetof(struct validate_options, uncalibrated),
      .help = "as if no row of a device's generation had been measured: without fitted values and clocks, intervals of other generations" },
    { .name = "set", .kind = OPTION_LIST, .offset = offsetof(struct validate_options, sets), .value = "a.b=v",
      .help = "changes a value of every device's description; may be given often" },
    { 0 }
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum status read_sets(struct predictor *p, const struct text_list *sets, struct error *err)
{
    struct arch_override *list = arena_array(&p->arena, (size_t)sets->count + 1, sizeof *list);

    if (!list)
        return error_no_memory(err);
    for (int64_t i = 0; i < sets->count; i++) {
        const char *equal = strchr(sets->items[i], '=');

        if (!equal || equal == sets->items[i])
            return error_plain(err, STATUS_BAD_INPUT, "--set: '%s', expected key=value", sets->items[i]);
        list[i].key = arena_strndup(&p->arena, sets->items[i], (size_t)(equal - sets->items[i]));
        list[i].value = equal + 1;
        if (!list[i].key)
            return error_no_memory(err);
    }
    p->overrides = list;
    p->overrides_count = sets->count;
    return STATUS_OK;
}

static enum status choose(struct evaluation *e, const struct text_list *where, struct arena *arena, struct error *err)
{
    for (int64_t i = 0; i < where->count; i++) {
        const char *equal = strchr(where->items[i], '='), *column;
        enum status st;

        if (!equal || equal == where->items[i])
            return error_plain(err, STATUS_BAD_INPUT, "--where: '%s', expected column=pattern", where->items[i]);
        if (!(column = arena_strndup(arena, where->items[i], (size_t)(equal - where->items[i]))))
            return error_no_memory(err);
        if ((st = evaluation_where(e, column, equal + 1, err)))
            return st;
        if (e->count == 0)
            return error_plain(err, STATUS_BAD_INPUT, "--where: no row matches '%s'", where->items[i]);
    }
    return STATUS_OK;
}

/* A --set that no device of any row takes is the user's mistake, not the rows'. */
static enum status check_sets(const struct evaluation *e, const struct text_list *sets, struct error *err)
{
    if (sets->count == 0 || e->count == 0)
        return STATUS_OK;
    for (int64_t i = 0; i < e->count; i++)
        if (!e->rows[i].reason || strncmp(e->rows[i].reason, "--set ", 6) != 0)
            return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "%s", e->rows[0].reason);
}

static enum status predict_all(struct evaluation *e, struct predictor *p, const struct text_list *files, const struct validate_options *o,
                               struct arena *arena, struct error *err)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    struct progress progress = { 0 };
    enum status st;

    for (int64_t i = 0; i < files->count; i++)
        if ((st = evaluation_read(e, files->items[i], arena, err)))
            return st;
    if ((st = choose(e, &o->where, arena, err)))
        return st;
    evaluation_sample(e, o->sample);
    catch_interrupt();
    progress_begin(&progress, terminal ? stderr : NULL, terminal, "rows", e->count, now_s());
    st = evaluation_predict(e, p, arena, &interrupted, &progress, err);
    progress_end(&progress, now_s());
    return st ? st : check_sets(e, &o->sets, err);
}

static enum status show(const struct validate_report *r, const struct validate_options *o, struct error *err)
{
    struct report_style style = terminal_style(0);
    struct json j;
    enum status st;

    if (o->csv && (st = report_validate_csv(o->csv, r, err)))
        return st;
    if (!o->json) {
        report_validate_text(stdout, r, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_validate_json(&j, r);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static enum status tolerance(const struct error_statistics *all, double max_mape, struct error *err)
{
    if (max_mape <= 0.0 || (all->misses == 0 && 100.0 * all->mape <= max_mape))
        return STATUS_OK;
    if (all->misses > 0)
        return error_plain(err, STATUS_TOLERANCE, "%lld of %lld rows could not be predicted", (long long)all->misses, (long long)all->rows);
    if (isnan(all->mape))
        return error_plain(err, STATUS_TOLERANCE, "no row has a measured value to judge by");
    return error_plain(err, STATUS_TOLERANCE, "mean error %.2f %%, above %.4g %%", 100.0 * all->mape, max_mape);
}

/* What colours tell apart: the first name of --by where it was given. */
static const char *plot_by(const struct validate_options *o, const char *const *by, int by_count, const struct evaluation *e)
{
    if (by_count > 0 && strcmp(o->by, by_default) != 0)
        return by[0];
    for (int64_t i = 0; i < e->count; i++)
        if (row_has(&e->rows[i].row, "device"))
            return "device";
    return "source";
}

static enum status validate(struct predictor *p, const struct validate_options *o, const struct text_list *files, struct arena *arena, struct error *err)
{
    const char *by[EVALUATE_BY_MAX];
    struct error_statistics *groups, all;
    struct evaluation e = { 0 };
    int by_count;
    int64_t count;
    enum status st;

    if (o->max_mape < 0.0)
        return error_plain(err, STATUS_BAD_INPUT, "--max-mape: %.4g is below zero, expected a percentage, or 0 for no limit", o->max_mape);
    if (o->csv && (st = outfile_ready(o->csv, files->items, files->count, err)))
        return st;
    if (o->uncalibrated)
        predictor_uncalibrate(p);
    if ((st = evaluation_by(by, &by_count, o->by, arena, err)) || (o->plot && (st = figure_ready(o->plot, err))) || (st = read_sets(p, &o->sets, err)) ||
        (st = predict_all(&e, p, files, o, arena, err)) ||
        (st = evaluation_statistics(&groups, &count, &all, &e, by, by_count, p, arena, err)))
        return st;
    struct validate_report report = { &e, groups, &all, count, by, by_count, o->fidelity };
    if (o->plot && (st = report_validate_plot(o->plot, &e, plot_by(o, by, by_count, &e), o->fidelity, p, arena, err)))
        return st;
    if ((st = show(&report, o, err)))
        return st;
    return tolerance(&all, o->max_mape, err);
}

static int validate_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct validate_options o = { 0 };
    struct predictor p = { 0 };
    struct text_list files;
    struct error err = { 0 };
    enum status st = options_parse(&o, &files, self, argc, argv, &arena, &err);

    if (!st && !(st = predictor_open(&p, o.fidelity, &err))) {
        st = validate(&p, &o, &files, &arena, &err);
        predictor_close(&p);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_validate = {
    .name = "validate",
    .summary = "predicted against measured, per operator and device",
    .operands = "FILE.csv...",
    .operands_min = 1,
    .operands_max = -1,
    .about = "Predicts every row of files of measurements and says how far off it is. The kind of a file is known by its columns, the device by "
             "its name or alias, what the clock included by the source (docs/validation.md). The measured column may be empty: predictions "
             "never depend on it. A row that cannot be predicted is listed with its reason.\n\nExit code: 0 done, 2 bad usage or input, 4 above "
             "--max-mape.",
    .options = validate_table,
    .examples = "  llmsim validate gemm.csv\n"
                "  llmsim validate gemm.csv attention.csv --by kind,device,dtype,size\n"
                "  llmsim validate gemm.csv --by dtype,source --plot gemm.svg\n"
                "  llmsim validate gemm.csv --fidelity cycle --sample 500 --csv rows.csv\n",
    .run = validate_main,
};
