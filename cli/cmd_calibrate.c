/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim calibrate: fits the few free parameters of a generation to measurements. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/path.h"
#include "base/textfile.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/calibrate_report.h"
#include "validate/folds.h"

struct calibrate_cli {
    const char *write, *judge, *residuals, *clocks;
    int64_t rows, folds;
    bool json, by_shape, clocks_only;
};

static const struct option_spec calibrate_table[] = {
    { .name = "folds", .kind = OPTION_I64, .offset = offsetof(struct calibrate_cli, folds), .value = "N", .otherwise = "0", .min = 0,
      .max = CALIBRATE_FOLDS_MAX, .help = "cross-validate: N times leave out whole models and shapes, fit on the rest, judge by what was left out" },
    { .name = "by-shape", .kind = OPTION_FLAG, .offset = offsetof(struct calibrate_cli, by_shape),
      .help = "with --folds: leave out shapes also where rows name models" },
    { .name = "rows", .kind = OPTION_I64, .offset = offsetof(struct calibrate_cli, rows), .value = "N", .otherwise = "1200", .min = 0, .max = INT64_MAX,
      .help = "rows of the fit, thinned evenly; 0 = all" },
    { .name = "judge", .kind = OPTION_TEXT, .offset = offsetof(struct calibrate_cli, judge), .value = "FILE.csv",
      .help = "refuse to fit when a row of FILE stands in the fit too" },
    { .name = "write", .kind = OPTION_TEXT, .offset = offsetof(struct calibrate_cli, write), .value = "FILE.yaml",
      .help = "write the values, with sources and intervals, as a calibration file" },
    { .name = "clocks", .kind = OPTION_TEXT, .offset = offsetof(struct calibrate_cli, clocks), .value = "FILE.yaml",
      .help = "write the clocks of the devices under each source into this file, beside the others'" },
    { .name = "clocks-only", .kind = OPTION_FLAG, .offset = offsetof(struct calibrate_cli, clocks_only),
      .help = "fit the clocks of sources and nothing else: the generation's parameters stay as they are" },
    { .name = "residuals", .kind = OPTION_TEXT, .offset = offsetof(struct calibrate_cli, residuals), .value = "FILE.yaml",
      .help = "with --folds: write the intervals of the generation, from its left-out rows, beside the others' (docs/intervals.md)" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct calibrate_cli, json), .help = "print one JSON object" },
    { 0 }
};

static enum status read_files(struct evaluation *e, const struct text_list *operands, const struct calibrate_cli *o, struct arena *arena,
                              struct error *err)
{
    struct evaluation judge = { 0 };
    enum status st;

    for (int64_t i = 1; i < operands->count; i++)
        if ((st = evaluation_read(e, operands->items[i], arena, err)))
            return st;
    if (!o->judge)
        return STATUS_OK;
    if ((st = evaluation_read(&judge, o->judge, arena, err)))
        return st;
    return calibrate_disjoint(e, &judge, err);
}

/* "gemm.csv, attention.csv": names without folders, since the file that is written travels. */
static const char *file_names(const struct text_list *operands, struct arena *arena)
{
    const char *out = "";

    for (int64_t i = 1; i < operands->count && out; i++)
        out = arena_printf(arena, "%s%s%s", out, *out ? ", " : "", path_name(operands->items[i]));
    return out ? out : "";
}

static enum status write_residuals(const struct calibrate_cli *o, const struct evaluation *e, const struct calibration *c, struct arena *arena,
                                   struct error *err)
{
    struct residual *rows = arena_array(arena, (size_t)e->count + 1, sizeof *rows);
    struct residual_library lib;
    int64_t n = 0;
    enum status st;

    if (!rows)
        return error_no_memory(err);
    if ((st = residual_library_load(&lib, arena, err)))
        return st;
    for (int64_t i = 0; i < e->count; i++) {
        if (e->rows[i].selected && (st = residual_of_row(&rows[n++], &e->rows[i], arena, err)))
            return st;
    }
    return residual_library_write(o->residuals, &lib, c->generation, rows, n, arena, err);
}

/* What can be refused before the fit, which takes minutes. */
static enum status check_places(const struct calibrate_cli *o, const struct text_list *operands, struct error *err)
{
    const char *const places[] = { o->write, o->clocks, o->residuals };

    if (o->clocks_only && o->write)
        return error_plain(err, STATUS_BAD_INPUT, "--write has nothing to write with --clocks-only, expected --clocks FILE.yaml");
    if (o->residuals && o->folds < 2)
        return error_plain(err, STATUS_BAD_INPUT, "--residuals needs --folds of 2 or more: rows that were fitted say nothing about those that were not");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        enum status st = places[i] ? outfile_ready(places[i], operands->items, operands->count, err) : STATUS_OK;

        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status run_calibrate(const struct calibrate_cli *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct calibrate_options options = { .rows = o->rows, .folds = o->folds, .by_shape = o->by_shape, .clocks_only = o->clocks_only, .stop = &interrupted };
    struct report_style style = terminal_style(0);
    struct evaluation e = { 0 };
    struct calibration c;
    struct json j;
    enum status st;

    if ((st = check_places(o, operands, err)) || (st = read_files(&e, operands, o, arena, err)))
        return st;
    catch_interrupt();
    if ((st = calibrate(&c, &e, operands->items[0], &options, arena, err)))
        return st;
    if (o->residuals && (st = write_residuals(o, &e, &c, arena, err)))
        return st;
    if (o->write && (st = calibrate_write(o->write, &c, file_names(operands, arena), err)))
        return st;
    if (o->clocks && (st = calibrate_write_clocks(o->clocks, &c, arena, err)))
        return st;
    if (!o->json) {
        report_calibrate_text(stdout, &c, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_calibrate_json(&j, &c);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static int calibrate_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct calibrate_cli o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = run_calibrate(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .summary = "fit a generation's few free parameters to measurements, say what was fitted and on what",
    .operands = "ARCH FILE.csv...",
    .operands_min = 2,
    .operands_max = -1,
    .about = "Fits the parameters that ARCH's generation declares (calibrate: in its file) to the rows of devices of that generation, inside their "
             "bounds, and prints value, interval and whether the rows can tell it. Nothing is changed unless --write names a file "
             "(docs/calibration.md).",
    .options = calibrate_table,
    .examples = "  llmsim calibrate A100 gemm.csv --folds 4\n"
                "  llmsim calibrate H100 gemm.csv attention.csv --write hopper.yaml\n"
                "  llmsim calibrate H100 training.csv --clocks-only --folds 3 --clocks clocks.yaml\n",
    .run = calibrate_main,
};
